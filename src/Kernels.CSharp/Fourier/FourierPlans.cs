// What a transform of one length needs: which passes, and tables of roots of unity. Plans are made once per length and kept.
using System;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ppl.Kernels;

/// <summary>The transform of one length.</summary>
internal abstract unsafe class Plan
{
    /// <summary>How much scratch memory a run needs.</summary>
    internal abstract nint ScratchLength { get; }

    /// <summary>y = the transform of x, which stays as it is.</summary>
    internal abstract void Run(Parts x, Parts y, double* scratch);
}

/// <summary>The plans of lengths seen so far.</summary>
internal static class FourierPlans
{
    // A plan of length n takes about 16 n bytes (a chirp 100 n); so many lengths are hardly in use at once.
    private const int Most = 256;

    private static readonly ConcurrentDictionary<int, Plan> Plans = new();

    internal static Plan Of(int n)
    {
        if (Plans.TryGetValue(n, out var known))
        {
            return known;
        }

        if (Plans.Count >= Most)
        {
            Plans.Clear();
        }

        return Plans.GetOrAdd(n, static n => Radices.TryFactor(n, out var radices) ? new FourierPlan(n, radices) : new ChirpPlan(n));
    }
}

/// <summary>A table of numbers that does not move.</summary>
internal sealed unsafe class FourierTable(nint length)
{
    private readonly double[] memory = GC.AllocateUninitializedArray<double>((int)length, pinned: true);

    internal double* Pointer => (double*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(memory));
}

/// <summary>Roots of unity.</summary>
internal static class Roots
{
    /// <summary>e^(-2 pi i k / n) for k at least 0, within an ulp of one: the angle is brought to [0, pi/4] in integers.</summary>
    internal static (double Re, double Im) Of(long k, long n)
    {
        var (quadrant, rest) = Math.DivRem(4 * (k % n), n);
        var mirrored = 2 * rest > n;
        var angle = Math.PI / 2 * (mirrored ? n - rest : rest) / n;
        var (sin, cos) = (VectorMath.Sin(angle), VectorMath.Cos(angle));
        var (x, y) = mirrored ? (sin, cos) : (cos, sin);
        return quadrant switch
        {
            0 => (x, -y),
            1 => (-y, -x),
            2 => (-x, y),
            _ => (y, x),
        };
    }
}

/// <summary>The order of radices.</summary>
internal static class Radices
{
    /// <summary>The largest prime factor that has passes.</summary>
    internal const int Largest = 13;

    /// <summary>
    /// The factors of n in the order of the passes: 8 first where there are lanes for it, then 4, 2 and the odd ones. False if there
    /// is a prime factor above 13.
    /// </summary>
    internal static bool TryFactor(int n, out int[] radices)
    {
        var found = new System.Collections.Generic.List<int>();
        var rest = n;

        void Divide(int radix)
        {
            rest /= radix;
            found.Add(radix);
        }

        if (n % 8 == 0 && n >= 64)
        {
            Divide(8);
        }

        while (rest % 4 == 0)
        {
            Divide(4);
        }

        for (var radix = 2; radix <= Largest; radix++)
        {
            while (rest % radix == 0)
            {
                Divide(radix);
            }
        }

        radices = found.ToArray();
        return rest == 1;
    }
}
