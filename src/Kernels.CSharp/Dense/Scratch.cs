// Temporary memory for packed operands: the stack when small, else blocks per thread that grow and are used again.
using System;
using System.Runtime.InteropServices;

namespace Ppl.Kernels;

/// <summary>What a block of scratch memory is for: kernels that call one another use different ones.</summary>
internal enum ScratchUse
{
    /// <summary>Packed operands of a matrix product.</summary>
    Product,

    /// <summary>A result before it is scaled and added to the old one.</summary>
    Result,

    /// <summary>A matrix while it is decomposed.</summary>
    Decomposition,

    /// <summary>The other half of a sort.</summary>
    Sorting,

    /// <summary>What one pass of a Fourier transform leaves for the next.</summary>
    Fourier,
}

/// <summary>A thread's own scratch blocks; at most one user of each at a time.</summary>
internal static unsafe class Scratch
{
    [ThreadStatic]
    private static Block[]? blocks;

    /// <summary>At least `bytes`, aligned, not cleared, valid until the thread's next call for the same use.</summary>
    internal static void* Rent(ScratchUse use, nint bytes)
    {
        var current = (blocks ??= [new Block(), new Block(), new Block(), new Block(), new Block()])[(int)use];
        current.Grow(bytes);
        return current.Pointer;
    }

    private sealed class Block
    {
        private nint capacity;

        internal void* Pointer { get; private set; }

        internal void Grow(nint bytes)
        {
            if (bytes > capacity)
            {
                NativeMemory.AlignedFree(Pointer);
                Pointer = NativeMemory.AlignedAlloc((nuint)bytes, 64);
                capacity = bytes;
            }
        }

        ~Block() => NativeMemory.AlignedFree(Pointer);
    }
}
