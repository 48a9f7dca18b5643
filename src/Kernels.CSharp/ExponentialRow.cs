// One row of ExponentialSums after the other: the choice of the width, the padded tail, and what the lanes come to.
// Relies on Math/ExponentialRows for the loops.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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
    private LaneTotals totals;

    /// <summary>Elements of a row.</summary>
    internal nint Count;

    /// <summary>The largest element, NaN left out, of the row last looked at.</summary>
    internal double Top;

    private readonly nint Whole => Count & ~(nint)7;

    /// <summary>Looks for the largest element of a row.</summary>
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
}
