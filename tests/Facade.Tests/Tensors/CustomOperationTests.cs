// An operation of one's own in C#: evaluated, differentiated by its forward rule, compiled, checked.
using System;
using System.Linq;
using Ppl.Core;
using Ppl.Core.Tensors;
using Xunit;
using static Ppl.Tensors;

namespace Ppl.Facade.Tests.TensorTrees;

public class CustomOperationTests
{
    /// <summary>x^3, by a loop of one's own.</summary>
    private sealed class Cube(double factor) : CustomOperation("cube", "1")
    {
        public override TensorType[] ResultTypes(TensorType[] arguments) => [arguments[0]];

        public override Tensor[] Evaluate(Tensor[] arguments) =>
            [Vector(arguments[0].ToFloats().Select(x => x * x * x).ToArray())];

        public override Tensor[]? Jvp(Tensor[] arguments, Tensor[] results, Tensor[] tangents) =>
            [Scalar(factor) * Square(arguments[0]) * tangents[0]];
    }

    private static readonly Cube Right = new(3);

    private static Tensor Loss(Tensor x) => Sum(Right.Apply([x])[0]);

    [Fact]
    public void ItIsEvaluatedDifferentiatedAndCompiled()
    {
        var x = Vector(1.0, -2.0, 0.5);
        Assert.Equal([1, -8, 0.125], Right.Apply([x])[0].ToFloats());
        Assert.Equal([3, 12, 0.75], Autodiff.Grad(Loss, x).ToFloats());
        var compiled = Compiled.Function((Tensor y) => Autodiff.Grad(Loss, y));
        Assert.Equal([3, 12, 0.75], compiled.Invoke(x).ToFloats());
    }

    [Fact]
    public void ItsRulesAreChecked()
    {
        var x = Vector(1.0, -2.0, 0.5);
        CustomOperations.Check(Right, x);
        var error = Assert.Throws<PplException>(() => CustomOperations.Check(new Cube(2), x));
        Assert.Equal("PPL5011", error.Id);
        Assert.Throws<ArgumentNullException>(() => CustomOperations.Check(null!, x));
    }
}
