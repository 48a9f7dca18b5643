// The argument of the inner kernel (Math/Vector512Rows.cs) and its scalar start and finish; picks the widest vectors.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

/// <summary>
/// C = alpha A B + beta C, or C -= A B; A(i, k) = A[i ARow + k AColumn], B(k, j) = B[k BRow + j], C(i, j) = C[i CRow
/// + j].
/// </summary>
internal unsafe ref partial struct RowProduct
{
    internal int Rows, Columns, Inner;
    internal double* A, B, C;
    internal nint ARow, AColumn, BRow, CRow;
    internal double Alpha, Beta;
    internal bool Subtract;

    /// <summary>Runs the kernel; every element is a chain of fused multiply-adds in the order of k.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal readonly void Run()
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512Rows.Combine(this);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Vector256Rows.Combine(this);
        }
        else
        {
            Vector128Rows.Combine(this);
        }
    }

    // -(-c + sum) rounds like c - sum, and the multiply-adds need no negated factor.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly double Start(double* c) => Subtract ? -*c : 0.0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly void Finish(double* c, double sum) =>
        *c = Subtract ? -sum : Beta == 0.0 ? Alpha * sum : Math.FusedMultiplyAdd(Alpha, sum, Beta * *c);
}
