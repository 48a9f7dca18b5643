// The decompositions of one packed matrix in one form, for callers that choose by a value: the factors lie one after the other
// in the result.
using System;

namespace Ppl.Kernels;

/// <summary>What is computed of a matrix A [m, n], and the layout of the result.</summary>
public enum Decomposition
{
    /// <summary>Q [m, n], then R [n, n].</summary>
    Qr,

    /// <summary>The eigenvalues [1, n], then the eigenvectors [n, n].</summary>
    Eigh,

    /// <summary>U [m, k], then the singular values [1, k], then V [n, k]; k the smaller of m and n.</summary>
    Svd,

    /// <summary>log |det A|, one number.</summary>
    LogAbsDeterminant,

    /// <summary>The sign of det A, one number: -1, 0 or 1.</summary>
    DeterminantSign,
}

public static unsafe partial class Dense
{
    /// <summary>How many elements the result of a decomposition of A [m, n] has.</summary>
    public static int DecompositionLength(Decomposition kind, int m, int n) =>
        kind switch
        {
            Decomposition.Qr => (m + n) * n,
            Decomposition.Eigh => (n + 1) * n,
            Decomposition.Svd => (m + 1 + n) * Math.Min(m, n),
            _ => 1,
        };

    /// <summary>The decomposition of packed A [m, n]; see <see cref="Decomposition"/>.</summary>
    public static void Decompose(Decomposition kind, int m, int n, double* a, double* result)
    {
        var k = Math.Min(m, n);
        switch (kind)
        {
            case Decomposition.Qr:
                Qr(m, n, a, result, result + m * (nint)n);
                break;
            case Decomposition.Eigh:
                Eigh(n, a, result, result + n);
                break;
            case Decomposition.Svd:
                Svd(m, n, a, result, result + m * (nint)k, result + (m + 1) * (nint)k);
                break;
            case Decomposition.LogAbsDeterminant:
                *result = LogAbsDeterminant(n, a, out _);
                break;
            case Decomposition.DeterminantSign:
                LogAbsDeterminant(n, a, out *result);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a decomposition");
        }
    }
}
