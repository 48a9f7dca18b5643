// Typed values: conversions, operators and indexing mean what they say. On known values everything is computed at once.
using System;
using System.Linq;
using System.Reflection;
using Xunit;
using static Ppl.Fn;

namespace Ppl.Facade.Tests;

public class ValueTests
{
    private static double[] Numbers(RealVec x) => x.Tensor.ToFloats();

    private static double Number(Real x) => x.Tensor.ToFloat();

    [Fact]
    public void ArithmeticOfNumbersAndVectorsIsElementByElement()
    {
        Real two = 2;
        double[] data = [1, 2, 4];
        Assert.Equal([3, 4, 6], Numbers(two + data));
        Assert.Equal([-1, 0, 2], Numbers(data - two));
        Assert.Equal([2, 4, 8], Numbers(two * (RealVec)data));
        Assert.Equal([2, 1, 0.5], Numbers(two / data));
        Assert.Equal([1, 4, 16], Numbers((RealVec)data * data));
        Assert.Equal(-2.5, Number(-(two + 0.5)));
        Assert.Equal(1.5, Number(3 / two));
    }

    [Fact]
    public void VectorsOfDifferentLengthsDoNotMix() =>
        Refusal.Of("PPL5001", null, null, "f64[2]", () => _ = (RealVec)new[] { 1.0, 2 } + new[] { 1.0, 2, 3 });

    [Fact]
    public void IndexingTakesElementsRunsAndRows()
    {
        RealVec x = new[] { 10.0, 20, 30, 40 };
        Assert.Equal(30, Number(x[2]));
        Assert.Equal([40, 10, 40], Numbers(x[[3, 0, 3]]));
        Assert.Equal([20, 30, 40], Numbers(x[1..]));
        RealMat m = new[,] { { 1.0, 2 }, { 3, 4 } };
        Assert.Equal([3, 4], Numbers(m[1]));
        Assert.Equal(2, Number(m[0, 1]));
        Assert.Equal([3, 4, 3, 4, 1, 2], m[[1, 1, 0]].Tensor.ToFloats());
    }

    [Fact]
    public void AnIndexOutsideIsRefusedWithItsPlaceAndValue()
    {
        RealVec x = new[] { 1.0, 2 };
        Refusal.Of("PPL5004", null, 1, "holds 2", () => _ = x[[0, 2]]);
        Refusal.Of("PPL5004", null, 0, "holds -1", () => _ = x[[-1]]);
    }

    [Fact]
    public void ProductsAndSums()
    {
        RealMat x = new[,] { { 1.0, 2 }, { 3, 4 } };
        RealVec v = new[] { 10.0, 1 };
        Assert.Equal([12, 34], Numbers(Dot(x, v)));
        Assert.Equal(101, Number(Dot(v, v)));
        Assert.Equal(11, Number(Sum(v)));
        Assert.Equal(5.5, Number(Mean(v)));
        Assert.Equal([1, 3, 2, 4], Transpose(x).Tensor.ToFloats());
        Assert.Equal([2, 0, 1, 3], Cholesky((RealMat)new[,] { { 4.0, 2 }, { 2, 10 } }).Tensor.ToFloats());
        Assert.Equal([1, 2, 10, 1], Numbers(Concat(Stack(1, 2), v)));
    }

    [Fact]
    public void FunctionsAreThoseOfTheirNames()
    {
        Real x = 0.3;
        Assert.Equal(Math.Exp(0.3), Number(Exp(x)), 14);
        Assert.Equal(Math.Log(0.3), Number(Log(x)), 14);
        Assert.Equal(Math.Log(1.3), Number(Log1p(x)), 14);
        Assert.Equal(1 / (1 + Math.Exp(-0.3)), Number(Sigmoid(x)), 14);
        Assert.Equal(Math.Log(0.3 / 0.7), Number(Logit(x)), 14);
        Assert.Equal(Math.Pow(0.3, 2.5), Number(Pow(x, 2.5)), 14);
        Assert.Equal(Math.Log(Math.Exp(0.3) + Math.E), Number(LogAddExp(x, (Real)1)), 14);
        Assert.Equal(Math.Log(Math.Exp(0.3) + Math.E), Number(LogSumExp(Stack(x, 1))), 14);
    }

    [Theory]
    [InlineData(typeof(Real))]
    [InlineData(typeof(RealVec))]
    [InlineData(typeof(RealMat))]
    public void ValuesCannotBeCompared(Type type)
    {
        // `if (mu > 0)` must not compile: the branch would be taken once, for all values of mu.
        string[] comparisons = ["op_GreaterThan", "op_LessThan", "op_GreaterThanOrEqual", "op_LessThanOrEqual", "op_Equality", "op_True"];
        var names = type.GetMethods(BindingFlags.Public | BindingFlags.Static).Select(static m => m.Name);
        Assert.Empty(names.Intersect(comparisons));
    }

    [Fact]
    public void NullDataAreAnArgumentError()
    {
        double[] missing = null!;
        Assert.Throws<ArgumentNullException>(() => (RealVec)missing);
    }
}
