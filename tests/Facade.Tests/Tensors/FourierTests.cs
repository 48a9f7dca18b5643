// Fourier transforms from C#: a known one, the way back, a convolution.
using System;
using System.Linq;
using Xunit;
using static Ppl.Tensors;

namespace Ppl.Facade.Tests.TensorTrees;

public class FourierTests
{
    [Fact]
    public void TransformsAndTheirInverses()
    {
        var x = Vector(1.0, 2.0, 3.0, 4.0);
        var (re, im) = Fft(x, Zeros(4));
        Assert.Equal([10, -2, -2, -2], re.ToFloats().Select(v => Math.Round(v, 14)));
        Assert.Equal([0, 2, 0, -2], im.ToFloats().Select(v => Math.Round(v, 14)));
        Assert.Equal(x.ToFloats(), InverseFft(re, im).Re.ToFloats().Select(v => Math.Round(v, 14)));

        var (half, imaginary) = RealFft(x);
        Assert.Equal(re.ToFloats()[..3], half.ToFloats());
        Assert.Equal(x.ToFloats(), InverseRealFft(4, half, imaginary).ToFloats().Select(v => Math.Round(v, 14)));
        Assert.Equal([1, 4, 7, 6], FftConvolve(Vector(1.0, 2.0), Vector(1.0, 2.0, 3.0)).ToFloats().Select(v => Math.Round(v, 14)));
    }
}
