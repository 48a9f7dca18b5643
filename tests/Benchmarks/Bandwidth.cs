// The memory bandwidth that reading alone reaches: hand-written loops with several accumulators, in one stream or four, with and
// without prefetching; the best of them, on one thread or several.
using System;
using System.Diagnostics;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Threading;

namespace Ppl.Benchmarks;

/// <summary>Reads an array far beyond the caches.</summary>
internal static unsafe class Bandwidth
{
    private const int Count = 1 << 24;
    private const int Runs = 21;
    private const int Ahead = 128;

    private static readonly Reader[] Readers = [OneStream, Prefetched, FourStreams];

    private delegate double Reader(double* x, nint n);

    /// <summary>Bytes per nanosecond (GB/s).</summary>
    public static double Measure(int threads)
    {
        double* x = Hand.Memory.Buffer(Count + (2 * Ahead));
        new Span<double>(x, Count).Fill(1.0);
        return Readers.Max(reader => Enumerable.Range(0, Runs).Max(_ => Rate(reader, x, threads)));
    }

    // All threads start together; the time ends with the last.
    private static double Rate(Reader reader, double* x, int threads)
    {
        nint part = Count / threads;
        using var barrier = new Barrier(threads);
        long start = 0;
        double total = 0.0;
        void Run(int number)
        {
            barrier.SignalAndWait();
            Interlocked.CompareExchange(ref start, Stopwatch.GetTimestamp(), 0);
            double own = reader(x + (number * part), part);
            lock (barrier)
            {
                total += own;
            }
        }

        Thread[] helpers = Enumerable.Range(1, threads - 1).Select(n => new Thread(() => Run(n))).ToArray();
        Array.ForEach(helpers, thread => thread.Start());
        Run(0);
        Array.ForEach(helpers, thread => thread.Join());
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return total == Count ? 8e-9 * Count / seconds : throw new InvalidOperationException("The sum is wrong.");
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double OneStream(double* x, nint n)
    {
        var (a, b, c, d) = Zeros();
        for (nint i = 0; i < n; i += 32)
        {
            a += Vector512.Load(x + i);
            b += Vector512.Load(x + i + 8);
            c += Vector512.Load(x + i + 16);
            d += Vector512.Load(x + i + 24);
        }

        return Vector512.Sum((a + b) + (c + d));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Prefetched(double* x, nint n)
    {
        var (a, b, c, d) = Zeros();
        for (nint i = 0; i < n; i += 32)
        {
            for (int line = 0; line < 32 && Sse.IsSupported; line += 8)
            {
                Sse.Prefetch0(x + i + Ahead + line);
            }

            a += Vector512.Load(x + i);
            b += Vector512.Load(x + i + 8);
            c += Vector512.Load(x + i + 16);
            d += Vector512.Load(x + i + 24);
        }

        return Vector512.Sum((a + b) + (c + d));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double FourStreams(double* x, nint n)
    {
        var (a, b, c, d) = Zeros();
        nint quarter = n / 4;
        for (nint i = 0; i < quarter; i += 8)
        {
            a += Vector512.Load(x + i);
            b += Vector512.Load(x + quarter + i);
            c += Vector512.Load(x + (2 * quarter) + i);
            d += Vector512.Load(x + (3 * quarter) + i);
        }

        return Vector512.Sum((a + b) + (c + d));
    }

    private static (Vector512<double> A, Vector512<double> B, Vector512<double> C, Vector512<double> D) Zeros() => default;
}
