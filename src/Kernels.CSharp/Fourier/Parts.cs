// Where complex numbers are: their real parts in one run of memory, their imaginary parts in another one.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

/// <summary>The addresses of real and of imaginary parts.</summary>
internal readonly unsafe struct Parts(double* re, double* im)
{
    internal double* Re
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => re;
    }

    internal double* Im
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => im;
    }

    /// <summary>Real and imaginary parts exchanged: i times the conjugate.</summary>
    internal Parts Exchanged => new(im, re);

    /// <summary>n numbers further on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Parts operator +(Parts x, nint n) => new(x.Re + n, x.Im + n);

    /// <summary>Rows of n numbers: n real parts and then the imaginary ones.</summary>
    internal static Parts Row(double* memory, nint n) => new(memory, memory + n);

    /// <summary>y = a b; y may be a or b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Multiply(nint count, Parts a, Parts b, Parts y)
    {
        nint j = 0;
        for (; j + 8 <= count; j += 8)
        {
            var (re, im) = (Vector512.Load(a.Re + j), Vector512.Load(a.Im + j));
            var (right, turned) = (Vector512.Load(b.Re + j), Vector512.Load(b.Im + j));
            Vector512.Store(Vector512.FusedMultiplyAdd(re, right, -(im * turned)), y.Re + j);
            Vector512.Store(Vector512.FusedMultiplyAdd(re, turned, im * right), y.Im + j);
        }

        for (; j < count; j++)
        {
            var (re, im) = (a.Re[j], a.Im[j]);
            y.Re[j] = System.Math.FusedMultiplyAdd(re, b.Re[j], -(im * b.Im[j]));
            y.Im[j] = System.Math.FusedMultiplyAdd(re, b.Im[j], im * b.Re[j]);
        }
    }

    internal void Clear(nint from, nint to)
    {
        for (var j = from; j < to; j++)
        {
            Re[j] = Im[j] = 0;
        }
    }
}
