// OpenBLAS as a baseline, on one thread, through P/Invoke; absent where the library is not installed (baselines.sh does
// that where it may). Row-major results: C' = B' A' in its column-major terms.
using System.Runtime.InteropServices;

namespace Ppl.Benchmarks.LinearAlgebra;

/// <summary>The routines of OpenBLAS that the dense kernels are compared with.</summary>
internal static unsafe partial class OpenBlas
{
    private const string Library = "libopenblas.so.0";
    private const int RowMajor = 101, NoTrans = 111, Trans = 112, Lower = 122, NonUnit = 131, Left = 141;

    /// <summary>Its version, configuration and the processor whose kernels it has chosen; null where it is not installed.</summary>
    public static string? Description { get; } = Load();

    /// <summary>C = A op(B), row-major.</summary>
    public static void Gemm(int m, int n, int k, double* a, double* b, bool transposeB, double* c) =>
        Dgemm(RowMajor, NoTrans, transposeB ? Trans : NoTrans, m, n, k, 1.0, a, k, b, transposeB ? k : n, 0.0, c, n);

    /// <summary>C = A op(B), row-major.</summary>
    public static void Gemm(int m, int n, int k, float* a, float* b, bool transposeB, float* c) =>
        Sgemm(RowMajor, NoTrans, transposeB ? Trans : NoTrans, m, n, k, 1.0f, a, k, b, transposeB ? k : n, 0.0f, c, n);

    /// <summary>The factor of the lower triangle in place, row-major (the upper one of the column-major matrix).</summary>
    public static void Cholesky(int n, double* a)
    {
        byte uplo = (byte)'U';
        int info;
        Dpotrf(&uplo, &n, a, &n, &info);
    }

    /// <summary>L X = B or L' X = B in place of B [n, m], row-major.</summary>
    public static void Solve(int n, int m, double* l, bool transpose, double* b) =>
        Dtrsm(RowMajor, Left, Lower, transpose ? Trans : NoTrans, NonUnit, n, m, 1.0, l, n, b, m);

    private static string? Load()
    {
        if (!NativeLibrary.TryLoad(Library, out _))
        {
            return null;
        }

        SetThreads(1);
        return $"{Marshal.PtrToStringAnsi(Configuration())} {Marshal.PtrToStringAnsi(CoreName())}";
    }

    [LibraryImport(Library, EntryPoint = "openblas_set_num_threads")]
    private static partial void SetThreads(int count);

    [LibraryImport(Library, EntryPoint = "openblas_get_config")]
    private static partial nint Configuration();

    [LibraryImport(Library, EntryPoint = "openblas_get_corename")]
    private static partial nint CoreName();

    [LibraryImport(Library, EntryPoint = "cblas_dgemm"), SuppressGCTransition]
    private static partial void Dgemm(
        int order, int transA, int transB, int m, int n, int k, double alpha, double* a, int lda, double* b, int ldb,
        double beta, double* c, int ldc);

    [LibraryImport(Library, EntryPoint = "cblas_sgemm"), SuppressGCTransition]
    private static partial void Sgemm(
        int order, int transA, int transB, int m, int n, int k, float alpha, float* a, int lda, float* b, int ldb,
        float beta, float* c, int ldc);

    [LibraryImport(Library, EntryPoint = "cblas_dtrsm"), SuppressGCTransition]
    private static partial void Dtrsm(
        int order, int side, int uplo, int trans, int diagonal, int m, int n, double alpha, double* a, int lda,
        double* b, int ldb);

    [LibraryImport(Library, EntryPoint = "dpotrf_"), SuppressGCTransition]
    private static partial void Dpotrf(byte* uplo, int* n, double* a, int* lda, int* info);
}
