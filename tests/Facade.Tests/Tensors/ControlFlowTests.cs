// Branches, loops and derivatives by hand from C#: values by hand, derivatives through them, and errors that name the place.
using System;
using System.Linq;
using Ppl.Core;
using Ppl.Core.Tensors;
using Xunit;
using static Ppl.Tensors;

namespace Ppl.Facade.Tests.TensorTrees;

public class ControlFlowTests
{
    private sealed record State(Tensor Sum, Tensor Product);

    private static (State, Tensor) Step(State s, Tensor x)
    {
        var next = new State(s.Sum + x, s.Product * x);
        return (next, next.Sum);
    }

    private static readonly State Start = new(Scalar(0), Scalar(1));

    [Fact]
    public void AScanFoldsARecordOverSlices()
    {
        var (last, sums) = ControlFlow.Scan<State, Tensor, Tensor>(Step, Start, Vector(2.0, 3.0, 4.0));
        Assert.Equal([2, 5, 9], sums.ToFloats());
        Assert.Equal(24, last.Product.ToFloat());

        var (_, back) = ControlFlow.ScanBack<State, Tensor, Tensor>(Step, Start, Vector(2.0, 3.0, 4.0));
        Assert.Equal([9, 7, 4], back.ToFloats());
    }

    [Fact]
    public void DerivativesPassScans()
    {
        Tensor Product(Tensor xs) => ControlFlow.Scan<State, Tensor, Tensor>(Step, Start, xs).State.Product;
        Tensor Kept(Tensor xs) => ControlFlow.ScanCheckpointed<State, Tensor, Tensor>(Step, Start, xs).State.Product;

        Assert.Equal([12, 8, 6], Autodiff.Grad(Product, Vector(2.0, 3.0, 4.0)).ToFloats());
        Assert.Equal([12, 8, 6], Autodiff.Grad(Kept, Vector(2.0, 3.0, 4.0)).ToFloats());
        Assert.Equal(
            [0, 4, 3, 4, 0, 2, 3, 2, 0],
            Autodiff.Hessian(Product, Vector(2.0, 3.0, 4.0)).ToFloats());
    }

    [Fact]
    public void LoopsBranchesAndMapsAreWhatTheySay()
    {
        var (last, doubled) = ControlFlow.Repeat(3, (Tensor x) => (x + x, x), Scalar(1));
        Assert.Equal(8, last.ToFloat());
        Assert.Equal([1, 2, 4], doubled.ToFloats());

        Assert.Equal(128, ControlFlow.While<Tensor>(x => Less(x, Scalar(100)), x => x + x, Scalar(1)).ToFloat());
        Assert.Equal([2, 3], ControlFlow.Map((Tensor row) => Max(row[0], row[1]), Matrix(new double[,] { { 1, 2 }, { 3, 0 } })).ToFloats());

        Func<Tensor, Tensor> root = x => ControlFlow.Cond(Less(x, Scalar(0)), () => -x, () => Sqrt(x));
        var compiled = Compiled.Function(root);
        Assert.Equal([9, 3], new[] { -9.0, 9.0 }.Select(x => compiled.Invoke(Scalar(x)).ToFloat()));
        Assert.Equal(1, compiled.TraceCount);
    }

    [Fact]
    public void DerivativesByHandAndOfSolutionsAreUsed()
    {
        Tensor Seven(Tensor x) => ControlFlow.CustomGrad(y => y * y, (y, value, c) => c * 7.0, x);
        Assert.Equal(7, Autodiff.Grad(Seven, Scalar(3)).ToFloat());
        Assert.Equal(9, Seven(Scalar(3)).ToFloat());
        Assert.Equal(6, Autodiff.Grad(x => ControlFlow.Checkpoint(y => y * y, x), Scalar(3)).ToFloat());

        // The square root of theta and its derivative 1 / (2 sqrt theta).
        Tensor Newton(Tensor theta) => ControlFlow.Root((p, y) => y * y - p, Scalar(1), theta);
        var (value, slope) = Autodiff.ValueAndGrad(Newton, Scalar(9));
        Assert.Equal(3, value.ToFloat(), 12);
        Assert.Equal(1.0 / 6, slope.ToFloat(), 12);

        // y = cos y, and theta adds to it.
        var fixedPoint = ControlFlow.FixedPoint((p, y) => Cos(y) + p, Scalar(0), Scalar(0));
        Assert.Equal(0.7390851332151607, fixedPoint.ToFloat(), 11);
    }

    [Fact]
    public void JacobiansAndVectorsOfTreesKeepTheirTypes()
    {
        var at = new State(Vector(2.0, 3.0), Scalar(5));
        var jacobian = Autodiff.Jacobian(s => s.Sum * s.Product, at);
        Assert.Equal([5, 0, 0, 5], jacobian.Sum.ToFloats());
        Assert.Equal([2, 3], jacobian.Product.ToFloats());

        var (vector, back) = Tree.Ravel(at);
        Assert.Equal([2, 3, 5], vector.ToFloats());
        Assert.Equal(10, back(vector + vector).Product.ToFloat());
    }

    [Fact]
    public void AStateThatChangesItsShapeIsNamed()
    {
        var error = Assert.Throws<PplException>(() =>
            ControlFlow.Scan<State, Tensor, Tensor>((s, x) => (s with { Sum = Stack(s.Sum, x) }, x), Start, Vector(1.0, 2.0)));
        Assert.Equal("PPL5501", error.Id);
        Assert.Contains("Sum", error.Message);
        Assert.Throws<ArgumentNullException>(() => ControlFlow.Map<Tensor, Tensor>(null!, Scalar(1)));
    }
}
