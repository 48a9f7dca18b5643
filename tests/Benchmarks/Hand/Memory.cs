// Aligned, padded, never freed memory for the data and buffers of the hand-written gradients, and two vector helpers.
using System;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ppl.Benchmarks.Hand;

internal static unsafe class Memory
{
    /// <summary>A zeroed buffer of n doubles, 64-byte aligned, with at least one vector of zeros behind it.</summary>
    public static double* Buffer(int n)
    {
        nuint bytes = (nuint)(((n + 7) / 8 * 8) + 8) * sizeof(double);
        void* memory = NativeMemory.AlignedAlloc(bytes, 64);
        NativeMemory.Clear(memory, bytes);
        return (double*)memory;
    }

    /// <summary>The values in aligned memory, padded with zeros.</summary>
    public static double* Column(double[] values)
    {
        double* column = Buffer(values.Length);
        values.CopyTo(new Span<double>(column, values.Length));
        return column;
    }

    /// <summary>The function of each value, in aligned memory, padded with zeros.</summary>
    public static double* Column(double[] values, Func<double, double> f) => Column(values.Select(f).ToArray());

    /// <summary>
    /// All bits set in the lanes of the last, incomplete vector of n rows (none if n is a multiple of 8).
    /// </summary>
    public static Vector512<double> TailMask(int n) =>
        Vector512.LessThan(Vector512.Create(0.0, 1, 2, 3, 4, 5, 6, 7), Vector512.Create((double)(n % 8)));
}

internal static class V
{
    public const double HalfLogTwoPi = 0.91893853320467274178;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Fma(Vector512<double> a, Vector512<double> b, Vector512<double> c) =>
        Vector512.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> All(double x) => Vector512.Create(x);
}
