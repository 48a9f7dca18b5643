// One row of ExponentialSums after the other: the choice of the width, the padded tail, and what the lanes come to.
// Relies on Math/ExponentialRows for the loops.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ppl.Kernels;

/// <summary>What the eight lanes of a row come to.</summary>
internal unsafe struct LaneTotals
{
    internal fixed double SumLanes[8];
    internal fixed double CheckLanes[8];
    internal fixed double TopLanes[8];

    internal double* Sums => (double*)Unsafe.AsPointer(ref SumLanes[0]);

    internal double* Checks => (double*)Unsafe.AsPointer(ref CheckLanes[0]);

    internal double* Tops => (double*)Unsafe.AsPointer(ref TopLanes[0]);
}

/// <summary>Rows of elements of type double or float.</summary>
internal unsafe partial struct ExponentialRow<T>
    where T : unmanaged
{
    // 1.5 * 2^48: adding it rounds to sixteenths, whose number is in the low bits of the sum.
    private const double SixteenthShifter = 422212465065984.0;

    // 2^(j/16)
    private const double Root0 = 1.0;
    private const double Root1 = 1.0442737824274138;
    private const double Root2 = 1.0905077326652577;
    private const double Root3 = 1.1387886347566916;
    private const double Root4 = 1.189207115002721;
    private const double Root5 = 1.241857812073484;
    private const double Root6 = 1.2968395546510096;
    private const double Root7 = 1.3542555469368927;
    private const double Root8 = 1.4142135623730951;
    private const double Root9 = 1.4768261459394993;
    private const double Root10 = 1.5422108254079407;
    private const double Root11 = 1.6104903319492543;
    private const double Root12 = 1.681792830507429;
    private const double Root13 = 1.7562521603732995;
    private const double Root14 = 1.8340080864093424;
    private const double Root15 = 1.9152065613971474;

    private LaneTotals totals;

    /// <summary>Elements of a row.</summary>
    internal nint Count;

    /// <summary>The largest element, NaN left out, of the row last looked at.</summary>
    internal double Top;

    private readonly nint Whole => Count & ~(nint)7;

    /// <summary>Looks for the largest element of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Search(T* x)
    {
        double* buffer = stackalloc double[8];
        double* tail = Pad(x, buffer);
        if (Vector512.IsHardwareAccelerated)
        {
            SearchVector512(x, Whole, tail, ref totals);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            SearchVector256(x, Whole, tail, ref totals);
        }
        else
        {
            SearchVector128(x, Whole, tail, ref totals);
        }

        Top = Highest();
    }

    /// <summary>The sum of e^(x - top) of a row; looks for the largest element of the next one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal double Add(T* x, double top, T* next, out bool isNaN)
    {
        double* buffers = stackalloc double[16];
        double* tail = Pad(x, buffers);
        double* nextTail = Pad(next, buffers + 8);
        if (Vector512.IsHardwareAccelerated)
        {
            AddVector512(x, next, Whole, tail, nextTail, top, ref totals);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            AddVector256(x, next, Whole, tail, nextTail, top, ref totals);
        }
        else
        {
            AddVector128(x, next, Whole, tail, nextTail, top, ref totals);
        }

        Top = Highest();
        isNaN = double.IsNaN(FixedOrder.Reduce(Vector512.Load(totals.Checks)));
        return FixedOrder.Reduce(Vector512.Load(totals.Sums));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private double Highest()
    {
        double highest = totals.Tops[0];
        for (int lane = 1; lane < 8; lane++)
        {
            highest = Math.Max(highest, totals.Tops[lane]);
        }

        return highest;
    }

    // The last, incomplete block of eight with -infinity for what is missing; null if there is none.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly double* Pad(T* x, double* buffer)
    {
        if (Count == Whole)
        {
            return null;
        }

        for (nint i = 0; i < 8; i++)
        {
            buffer[i] = Whole + i < Count ? AsDouble(x[Whole + i]) : double.NegativeInfinity;
        }

        return buffer;
    }

    private static double AsDouble(T x) => typeof(T) == typeof(float) ? (float)(object)x : (double)(object)x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> LoadVector512(T* x) =>
        typeof(T) == typeof(float) ? SingleLanes.Widen512(Vector256.Load((float*)x)) : Vector512.Load((double*)x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> LoadVector256(T* x) =>
        typeof(T) == typeof(float) ? SingleLanes.Widen256(Vector128.Load((float*)x)) : Vector256.Load((double*)x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> LoadVector128(T* x) =>
        typeof(T) == typeof(float)
            ? SingleLanes.Widen128(Vector128.CreateScalarUnsafe(*(double*)x).AsSingle())
            : Vector128.Load((double*)x);

    // 2^(j/16) for the number j in the low four bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> RootVector512(Vector512<long> bits)
    {
        if (Avx512F.IsSupported)
        {
            var low = Vector512.Create(Root0, Root1, Root2, Root3, Root4, Root5, Root6, Root7);
            var high = Vector512.Create(Root8, Root9, Root10, Root11, Root12, Root13, Root14, Root15);
            return Avx512F.PermuteVar8x64x2(low, bits, high);
        }

        return Vector512.Create(RootVector256(bits.GetLower()), RootVector256(bits.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> RootVector256(Vector256<long> bits) =>
        Vector256.Create(RootVector128(bits.GetLower()), RootVector128(bits.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> RootVector128(Vector128<long> bits)
    {
        ReadOnlySpan<double> roots =
        [
            Root0, Root1, Root2, Root3, Root4, Root5, Root6, Root7,
            Root8, Root9, Root10, Root11, Root12, Root13, Root14, Root15,
        ];
        return Vector128.Create(roots[(int)(bits[0] & 15)], roots[(int)(bits[1] & 15)]);
    }
}
