// Stable sorts of rows of numbers and of their indices, and binary search. Every element type is mapped to an unsigned key
// in its order, so that one implementation serves all: merge sort for short rows, radix sort by 11-bit digits for long ones.
using System;
using System.Runtime.CompilerServices;

namespace Ppl.Kernels;

/// <summary>
/// Stable ascending sorts of rows: -0 and 0 are equal and keep their order, as do NaNs, which come last.
/// </summary>
public static unsafe class Sorting
{
    private const int Run = 16;
    private const int DigitBits = 11;
    private const int Digits = 6;
    private const int Buckets = 1 << DigitBits;

    // Below it, the passes over all digits cost more than the levels of merging.
    private const int RadixFrom = 700;

    /// <summary>Each row of n elements of the source, sorted, in the destination (not overlapping).</summary>
    public static void Sort(ReadOnlySpan<double> source, Span<double> destination, int n) =>
        Sort<double, RealKey>(source, destination, n);

    /// <inheritdoc cref="Sort(ReadOnlySpan{double}, Span{double}, int)"/>
    public static void Sort(ReadOnlySpan<long> source, Span<long> destination, int n) =>
        Sort<long, IntegerKey>(source, destination, n);

    /// <summary>For each row of n elements the indices, from 0, in the order of the sorted elements.</summary>
    public static void ArgSort(ReadOnlySpan<double> source, Span<long> destination, int n) =>
        ArgSort<double, RealKey>(source, destination, n);

    /// <inheritdoc cref="ArgSort(ReadOnlySpan{double}, Span{long}, int)"/>
    public static void ArgSort(ReadOnlySpan<long> source, Span<long> destination, int n) =>
        ArgSort<long, IntegerKey>(source, destination, n);

    /// <summary>
    /// For each of m values of a row, how many of the n ascending elements of the same row are below it, or, if `right`,
    /// not above it.
    /// </summary>
    public static void Search(
        ReadOnlySpan<double> sorted, ReadOnlySpan<double> values, Span<long> destination, int n, int m, bool right) =>
        Search<double, RealKey>(sorted, values, destination, n, m, right);

    /// <inheritdoc cref="Search(ReadOnlySpan{double}, ReadOnlySpan{double}, Span{long}, int, int, bool)"/>
    public static void Search(
        ReadOnlySpan<long> sorted, ReadOnlySpan<long> values, Span<long> destination, int n, int m, bool right) =>
        Search<long, IntegerKey>(sorted, values, destination, n, m, right);

    /// <summary>An element as an unsigned number in the same order.</summary>
    private interface IKey<T>
    {
        static abstract ulong Of(T x);
    }

    private readonly struct RealKey : IKey<double>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ulong Of(double x)
        {
            // Adding 0 makes one zero of both; all NaNs are one key above that of infinity.
            var bits = BitConverter.DoubleToUInt64Bits(x + 0.0);
            var key = (long)bits < 0 ? ~bits : bits | 0x8000_0000_0000_0000;
            return double.IsNaN(x) ? ulong.MaxValue : key;
        }
    }

    private readonly struct IntegerKey : IKey<long>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ulong Of(long x) => (ulong)x ^ 0x8000_0000_0000_0000;
    }

    private readonly struct Itself : IKey<Entry>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ulong Of(Entry x) => x.Key;
    }

    private struct Entry
    {
        internal ulong Key;
        internal long Index;
    }

    private static void Sort<T, TKey>(ReadOnlySpan<T> source, Span<T> destination, int n)
        where T : unmanaged
        where TKey : struct, IKey<T>
    {
        source.CopyTo(destination);
        if (n < 2)
        {
            return;
        }

        var scratch = (T*)Scratch.Rent(ScratchUse.Sorting, n * sizeof(T));
        fixed (T* rows = destination)
        {
            for (nint start = 0; start < source.Length; start += n)
            {
                SortRow<T, TKey>(rows + start, n, scratch);
            }
        }
    }

    private static void ArgSort<T, TKey>(ReadOnlySpan<T> source, Span<long> destination, int n)
        where T : unmanaged
        where TKey : struct, IKey<T>
    {
        if (n == 0)
        {
            return;
        }

        var entries = (Entry*)Scratch.Rent(ScratchUse.Sorting, 2 * (nint)n * sizeof(Entry));
        for (var start = 0; start < source.Length; start += n)
        {
            for (var i = 0; i < n; i++)
            {
                entries[i] = new Entry { Key = TKey.Of(source[start + i]), Index = i };
            }

            SortRow<Entry, Itself>(entries, n, entries + n);
            for (var i = 0; i < n; i++)
            {
                destination[start + i] = entries[i].Index;
            }
        }
    }

    private static void SortRow<T, TKey>(T* x, nint n, T* scratch)
        where T : unmanaged
        where TKey : struct, IKey<T>
    {
        if (n < RadixFrom)
        {
            MergeSort<T, TKey>(x, n, scratch);
        }
        else
        {
            RadixSort<T, TKey>(x, n, scratch);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RadixSort<T, TKey>(T* x, nint n, T* scratch)
        where T : unmanaged
        where TKey : struct, IKey<T>
    {
        var counts = stackalloc int[Digits * Buckets];
        new Span<int>(counts, Digits * Buckets).Clear();
        for (nint i = 0; i < n; i++)
        {
            var key = TKey.Of(x[i]);
            for (var digit = 0; digit < Digits; digit++)
            {
                counts[(digit * Buckets) + (int)((key >> (digit * DigitBits)) & (Buckets - 1))]++;
            }
        }

        var (source, target) = ((nint)x, (nint)scratch);
        for (var digit = 0; digit < Digits; digit++)
        {
            // A digit that all elements share leaves the order as it is.
            if (!IsShared(counts + (digit * Buckets), (int)n))
            {
                Distribute<T, TKey>((T*)source, (T*)target, n, counts + (digit * Buckets), digit * DigitBits);
                (source, target) = (target, source);
            }
        }

        CopyBack(x, (T*)source, n);
    }

    private static bool IsShared(int* counts, int n) => new ReadOnlySpan<int>(counts, Buckets).Contains(n);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Distribute<T, TKey>(T* source, T* target, nint n, int* counts, int shift)
        where T : unmanaged
        where TKey : struct, IKey<T>
    {
        var place = 0;
        for (var bucket = 0; bucket < Buckets; bucket++)
        {
            (counts[bucket], place) = (place, place + counts[bucket]);
        }

        for (nint i = 0; i < n; i++)
        {
            target[counts[(int)((TKey.Of(source[i]) >> shift) & (Buckets - 1))]++] = source[i];
        }
    }

    private static void CopyBack<T>(T* x, T* source, nint n)
        where T : unmanaged
    {
        if (source != x)
        {
            Buffer.MemoryCopy(source, x, n * sizeof(T), n * sizeof(T));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MergeSort<T, TKey>(T* x, nint n, T* scratch)
        where T : unmanaged
        where TKey : struct, IKey<T>
    {
        for (nint start = 0; start < n; start += Run)
        {
            InsertionSort<T, TKey>(x + start, Math.Min(Run, n - start));
        }

        var (source, target) = ((nint)x, (nint)scratch);
        for (nint width = Run; width < n; width *= 2)
        {
            for (nint start = 0; start < n; start += 2 * width)
            {
                var middle = Math.Min(start + width, n);
                Merge<T, TKey>((T*)source, start, middle, Math.Min(middle + width, n), (T*)target);
            }

            (source, target) = (target, source);
        }

        CopyBack(x, (T*)source, n);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void InsertionSort<T, TKey>(T* x, nint n)
        where T : unmanaged
        where TKey : struct, IKey<T>
    {
        for (nint i = 1; i < n; i++)
        {
            var value = x[i];
            var key = TKey.Of(value);
            var j = i;
            for (; j > 0 && key < TKey.Of(x[j - 1]); j--)
            {
                x[j] = x[j - 1];
            }

            x[j] = value;
        }
    }

    // Takes from the right run only what must come before the left run's head: equal elements keep their order.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Merge<T, TKey>(T* source, nint start, nint middle, nint end, T* target)
        where T : unmanaged
        where TKey : struct, IKey<T>
    {
        var (left, right) = (start, middle);
        for (var i = start; i < end; i++)
        {
            var fromRight = right < end && (left == middle || TKey.Of(source[right]) < TKey.Of(source[left]));
            target[i] = fromRight ? source[right++] : source[left++];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Search<T, TKey>(
        ReadOnlySpan<T> sorted, ReadOnlySpan<T> values, Span<long> destination, int n, int m, bool right)
        where T : unmanaged
        where TKey : struct, IKey<T>
    {
        for (var i = 0; i < values.Length; i++)
        {
            var row = sorted.Slice(i / m * n, n);
            var key = TKey.Of(values[i]);
            var (low, high) = (0, n);
            while (low < high)
            {
                var middle = (int)((uint)(low + high) >> 1);
                var other = TKey.Of(row[middle]);
                var isBefore = right ? other <= key : other < key;
                (low, high) = isBefore ? (middle + 1, high) : (low, middle);
            }

            destination[i] = low;
        }
    }
}
