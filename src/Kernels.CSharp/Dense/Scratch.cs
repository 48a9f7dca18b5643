// Temporary memory for packed operands: the stack when small, else one block per thread that grows and is used again.
using System;
using System.Runtime.InteropServices;

namespace Ppl.Kernels;

/// <summary>
/// A thread's own scratch block; at most one user at a time (the dense kernels do not call one another with it).
/// </summary>
internal static unsafe class Scratch
{
    /// <summary>Up to so many doubles callers take from the stack.</summary>
    internal const int StackDoubles = 2048;

    [ThreadStatic]
    private static Block? block;

    /// <summary>At least `count` doubles, not cleared, valid until the thread's next call.</summary>
    internal static double* Rent(nint count)
    {
        var current = block ??= new Block();
        current.Grow(count);
        return current.Pointer;
    }

    private sealed class Block
    {
        private nint capacity;

        internal double* Pointer { get; private set; }

        internal void Grow(nint count)
        {
            if (count > capacity)
            {
                NativeMemory.AlignedFree(Pointer);
                Pointer = (double*)NativeMemory.AlignedAlloc(checked((nuint)count * sizeof(double)), 64);
                capacity = count;
            }
        }

        ~Block() => NativeMemory.AlignedFree(Pointer);
    }
}
