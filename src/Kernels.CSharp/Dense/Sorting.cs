// Stable merge sort of binary64 values and of their indices; NaN sorts last.
using System;
using System.Runtime.CompilerServices;

namespace Ppl.Kernels;

/// <summary>Stable ascending sorts: -0 and 0 are equal and keep their order, as do NaNs, which come last.</summary>
public static unsafe class Sorting
{
    private const int Run = 16;

    private interface IOrder<T>
    {
        /// <summary>Whether `a` must come before `b`.</summary>
        bool Before(T a, T b);
    }

    /// <summary>Sorts x[0..n) in place; `scratch` holds n values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sort(double* x, nint n, double* scratch) => MergeSort(x, n, scratch, default(ByValue));

    /// <summary>
    /// indices = the permutation with x[indices[0]] at most x[indices[1]] and so on; `scratch` holds n indices.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ArgSort(double* x, nint n, long* indices, long* scratch)
    {
        for (nint i = 0; i < n; i++)
        {
            indices[i] = i;
        }

        MergeSort(indices, n, scratch, new ByKey(x));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Precedes(double a, double b) => a < b || (double.IsNaN(b) && !double.IsNaN(a));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MergeSort<T, TOrder>(T* x, nint n, T* scratch, TOrder order)
        where T : unmanaged
        where TOrder : struct, IOrder<T>
    {
        for (nint start = 0; start < n; start += Run)
        {
            InsertionSort(x + start, Math.Min(Run, n - start), order);
        }

        var (source, target) = ((nint)x, (nint)scratch);
        for (nint width = Run; width < n; width *= 2)
        {
            for (nint start = 0; start < n; start += 2 * width)
            {
                var middle = Math.Min(start + width, n);
                Merge((T*)source, start, middle, Math.Min(middle + width, n), (T*)target, order);
            }

            (source, target) = (target, source);
        }

        if (source != (nint)x)
        {
            Buffer.MemoryCopy((T*)source, x, n * sizeof(T), n * sizeof(T));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void InsertionSort<T, TOrder>(T* x, nint n, TOrder order)
        where T : unmanaged
        where TOrder : struct, IOrder<T>
    {
        for (nint i = 1; i < n; i++)
        {
            var value = x[i];
            var j = i;
            for (; j > 0 && order.Before(value, x[j - 1]); j--)
            {
                x[j] = x[j - 1];
            }

            x[j] = value;
        }
    }

    // Takes from the right run only what must come before the left run's head: equal elements keep their order.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Merge<T, TOrder>(T* source, nint start, nint middle, nint end, T* target, TOrder order)
        where T : unmanaged
        where TOrder : struct, IOrder<T>
    {
        var (left, right) = (start, middle);
        for (var i = start; i < end; i++)
        {
            var fromRight = right < end && (left == middle || order.Before(source[right], source[left]));
            target[i] = fromRight ? source[right++] : source[left++];
        }
    }

    private readonly struct ByValue : IOrder<double>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool Before(double a, double b) => Precedes(a, b);
    }

    private readonly struct ByKey(double* keys) : IOrder<long>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool Before(long a, long b) => Precedes(keys[a], keys[b]);
    }
}
