// Matrices of four rows in vector registers, for the hand-written Kalman filter. They are passed by value: references
// would keep the rows in memory, at 1.5 times the time. Needs AVX.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ppl.Benchmarks.Hand;

/// <summary>A 4 by 4 matrix by rows.</summary>
internal unsafe struct Matrix4
{
    public Vector256<double> R0, R1, R2, R3;

    /// <summary>The matrix at this aligned address.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Matrix4 Load(double* x) => new()
    {
        R0 = Vector256.Load(x),
        R1 = Vector256.Load(x + 4),
        R2 = Vector256.Load(x + 8),
        R3 = Vector256.Load(x + 12),
    };

    /// <summary>Writes the matrix.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(double* x)
    {
        R0.Store(x);
        R1.Store(x + 4);
        R2.Store(x + 8);
        R3.Store(x + 12);
    }

    /// <summary>A B + C, with A in memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Matrix4 MultiplyAdd(double* a, Matrix4 b, Matrix4 c) => new()
    {
        R0 = Combine(a, b, c.R0),
        R1 = Combine(a + 4, b, c.R1),
        R2 = Combine(a + 8, b, c.R2),
        R3 = Combine(a + 12, b, c.R3),
    };

    /// <summary>A + u v' for a vector u in memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Matrix4 AddOuter(Matrix4 a, double* u, Vector256<double> v) => new()
    {
        R0 = Fma(u[0], v, a.R0),
        R1 = Fma(u[1], v, a.R1),
        R2 = Fma(u[2], v, a.R2),
        R3 = Fma(u[3], v, a.R3),
    };

    /// <summary>A' u for a vector u in memory: in two sums, for a shorter chain.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> TransposedTimes(Matrix4 a, double* u) =>
        Fma(u[0], a.R0, u[1] * a.R1) + Fma(u[2], a.R2, u[3] * a.R3);

    /// <summary>The transpose.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Matrix4 Transpose(Matrix4 a)
    {
        Vector256<double> low01 = Low(a.R0, a.R1), high01 = High(a.R0, a.R1);
        Vector256<double> low23 = Low(a.R2, a.R3), high23 = High(a.R2, a.R3);
        return new()
        {
            R0 = Vector256.Create(low01.GetLower(), low23.GetLower()),
            R1 = Vector256.Create(high01.GetLower(), high23.GetLower()),
            R2 = Vector256.Create(low01.GetUpper(), low23.GetUpper()),
            R3 = Vector256.Create(high01.GetUpper(), high23.GetUpper()),
        };
    }

    /// <summary>a x + y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Fma(double a, Vector256<double> x, Vector256<double> y) =>
        Vector256.FusedMultiplyAdd(Vector256.Create(a), x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Combine(double* a, Matrix4 b, Vector256<double> c) =>
        Fma(a[0], b.R0, Fma(a[1], b.R1, Fma(a[2], b.R2, Fma(a[3], b.R3, c))));

    // (a0, b0, a2, b2) and (a1, b1, a3, b3).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Low(Vector256<double> a, Vector256<double> b) =>
        Avx.UnpackLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> High(Vector256<double> a, Vector256<double> b) =>
        Avx.UnpackHigh(a, b);
}
