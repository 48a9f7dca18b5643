// Bluestein's transform: j k = (j^2 + k^2 - (k - j)^2) / 2 makes the sum a convolution with a chirp, which transforms of a
// length with small factors compute.
using System;

namespace Ppl.Kernels;

/// <summary>A transform of any length.</summary>
internal sealed unsafe class ChirpPlan : Plan
{
    private readonly int n;
    private readonly int size;
    private readonly Plan inner;

    /// <summary>The chirp c_j = e^(-pi i j^2 / n): real parts, imaginary parts. Then the transform of its conjugate over the size.</summary>
    private readonly FourierTable table;

    internal ChirpPlan(int n)
    {
        this.n = n;
        size = 64;
        while (size < 2 * n - 1)
        {
            size *= 2;
        }

        inner = FourierPlans.Of(size);
        table = new FourierTable(2 * (nint)n + 2 * (nint)size);
        for (var j = 0; j < n; j++)
        {
            (Chirp.Re[j], Chirp.Im[j]) = Roots.Of((long)j * j % (2L * n), 2L * n);
        }

        FillKernel();
    }

    /// <summary>Two rows of the size for the convolution, and what the inner transforms need.</summary>
    internal override nint ScratchLength => 4 * (nint)size + inner.ScratchLength;

    private Parts Chirp => Parts.Row(table.Pointer, n);

    private Parts Kernel => Parts.Row(table.Pointer + 2 * (nint)n, size);

    internal override void Run(Parts x, Parts y, double* scratch)
    {
        var a = Parts.Row(scratch, size);
        var b = Parts.Row(scratch + 2 * (nint)size, size);
        var rest = scratch + 4 * (nint)size;

        Parts.Multiply(n, x, Chirp, a);
        a.Clear(n, size);
        inner.Run(a, b, rest);
        Parts.Multiply(size, b, Kernel, b);
        // Exchanged: the inverse transform.
        inner.Run(b.Exchanged, a.Exchanged, rest);
        Parts.Multiply(n, a, Chirp, y);
    }

    /// <summary>The conjugate chirp at -(n - 1) ... n - 1, around a circle of the size.</summary>
    private void FillKernel()
    {
        var around = new FourierTable(2 * (nint)size);
        var scratch = new FourierTable(inner.ScratchLength);
        var conjugate = Parts.Row(around.Pointer, size);
        conjugate.Clear(0, size);
        for (var j = 0; j < n; j++)
        {
            var opposite = (size - j) % size;
            conjugate.Re[j] = conjugate.Re[opposite] = Chirp.Re[j] / size;
            conjugate.Im[j] = conjugate.Im[opposite] = -Chirp.Im[j] / size;
        }

        inner.Run(conjugate, Kernel, scratch.Pointer);
        GC.KeepAlive(around);
        GC.KeepAlive(scratch);
    }
}
