// How anything is timed here: on one core, warmed up until the runtime has finished optimising, in short blocks that
// alternate between the contestants (so that a change of clock speed meets all of them alike), and the median over the
// blocks.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Numerics;
using System.Runtime;

namespace Ppl.Benchmarks;

/// <summary>Something that evaluates one gradient at each of the points.</summary>
public abstract class Contestant
{
    /// <summary>Evaluates at all points, so many times; returns a number that depends on all results.</summary>
    public abstract double Sweep(int times);
}

/// <summary>A contestant given by a function pointer.</summary>
public sealed unsafe class PointerContestant(delegate*<double*, double*, double> function, Points points) : Contestant
{
    private readonly double* gradient = Hand.Memory.Buffer(points.Dimension);

    /// <inheritdoc/>
    public override double Sweep(int times)
    {
        double sum = 0.0;
        for (int n = 0; n < times; n++)
        {
            double* q = points.Address;
            for (int i = 0; i < Points.Count; i++, q += points.Dimension)
            {
                sum += function(q, gradient);
            }
        }

        return sum;
    }
}

/// <summary>The clock.</summary>
public static class Timing
{
    private const int Blocks = 31;
    private const double BlockSeconds = 0.001;
    private const double WarmupSeconds = 0.5;
    private const int WarmupSweeps = 30;

    /// <summary>Keeps this process on one core, where the system allows it; returns whether it did.</summary>
    public static bool PinToOneCore()
    {
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsWindows())
        {
            return false;
        }

        try
        {
            using var process = Process.GetCurrentProcess();
            long allowed = process.ProcessorAffinity;
            process.ProcessorAffinity = (nint)(1L << BitOperations.Log2((ulong)allowed));
            return true;
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or PlatformNotSupportedException)
        {
            return false;
        }
    }

    /// <summary>Lets this process run on all cores again.</summary>
    public static void UseAllCores()
    {
        if (OperatingSystem.IsLinux() || OperatingSystem.IsWindows())
        {
            using var process = Process.GetCurrentProcess();
            process.ProcessorAffinity = (nint)(long)(ulong.MaxValue >> (64 - Math.Min(64, Environment.ProcessorCount)));
        }
    }

    /// <summary>Median nanoseconds per evaluation of each contestant.</summary>
    public static double[] Nanoseconds(IReadOnlyList<Contestant> contestants)
    {
        int[] sweeps = contestants.Select(WarmUp).ToArray();
        double[][] times = contestants.Select(_ => new double[Blocks]).ToArray();
        for (int block = 0; block < Blocks; block++)
        {
            for (int c = 0; c < contestants.Count; c++)
            {
                times[c][block] = Seconds(contestants[c], sweeps[c]) * 1e9 / (sweeps[c] * (double)Points.Count);
            }
        }

        return times.Select(Median).ToArray();
    }

    /// <summary>The median (the mean of the two middle values if their number is even).</summary>
    public static double Median(double[] values)
    {
        double[] sorted = values.Order().ToArray();
        return 0.5 * (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]);
    }

    // The optimising compiler works in the background and starts 100 ms after the last new method, so the warm-up has
    // pauses, which give it the core, and ends when nothing has been compiled for a while: on a busy machine that takes
    // longer. Returns the number of sweeps that fill a block.
    private static int WarmUp(Contestant contestant)
    {
        long start = Stopwatch.GetTimestamp();
        long methods = JitInfo.GetCompiledMethodCount();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < WarmupSeconds)
        {
            for (int sweep = 0; sweep < WarmupSweeps; sweep++)
            {
                Seconds(contestant, 1);
            }

            System.Threading.Thread.Sleep(30);
            long now = JitInfo.GetCompiledMethodCount();
            if (now != methods)
            {
                methods = now;
                start = Stopwatch.GetTimestamp();
            }
        }

        int sweeps = 1;
        while (Seconds(contestant, sweeps) < BlockSeconds)
        {
            sweeps *= 2;
        }

        return sweeps;
    }

    private static double Seconds(Contestant contestant, int sweeps)
    {
        long start = Stopwatch.GetTimestamp();
        double sum = contestant.Sweep(sweeps);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (double.IsNaN(sum))
        {
            throw new InvalidOperationException("A log density at a typical point is not a number.");
        }

        return seconds;
    }
}
