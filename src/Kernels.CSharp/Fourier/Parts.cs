// Where complex numbers are: their real parts in one run of memory, their imaginary parts in another one.
using System.Runtime.CompilerServices;

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

    /// <summary>y = a b</summary>
    internal static void Multiply(nint count, Parts a, Parts b, Parts y)
    {
        for (nint j = 0; j < count; j++)
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
