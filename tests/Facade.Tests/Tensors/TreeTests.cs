// Trees of tensors in C#: records, classes, tuples, anonymous types, collections; derivatives of the same type; compiled functions.
using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Ppl.Core;
using Ppl.Core.Tensors;
using Xunit;
using static Ppl.Tensors;

namespace Ppl.Facade.Tests.TensorTrees;

public enum Activation
{
    None,
    Tanh,
}

public sealed record Dense(Tensor Weight, Tensor? Bias, Activation Activation = Activation.Tanh)
{
    // Computed: not part of the tree.
    public Tensor Twice => Weight + Weight;

    public Tensor Apply(Tensor x)
    {
        var y = Dot(x, Weight);
        y = Bias is null ? y : y + Bias;
        return Activation == Activation.Tanh ? Tanh(y) : y;
    }
}

public sealed record Network(IReadOnlyList<Dense> Layers, ImmutableDictionary<string, Tensor> Tables)
{
    public required (Tensor Loc, int Count) Prior { get; init; }

    public Tensor Apply(Tensor x) => Layers.Aggregate(x, (h, layer) => layer.Apply(h)) + Tables["shift"] + Prior.Loc;
}

public readonly record struct Pair(Tensor A, Tensor B);

/// <summary>A class with a constructor, a property to be set, and no record magic.</summary>
public sealed class Plain(Tensor weight)
{
    public Tensor Weight { get; } = weight;

    public Tensor[] More { get; set; } = [];
}

public sealed class Secretive(Tensor weight)
{
    private readonly Tensor hidden = weight + weight;

    public Tensor Weight => hidden;
}

public abstract record Shape2;

public sealed record Circle(Tensor Radius) : Shape2;

public sealed record Square2(Tensor Side) : Shape2;

public class TreeTests
{
    private static Network Model() => new(
        [
            new(Matrix(new double[,] { { 0.1, -0.2, 0.3 }, { 0.4, 0.5, -0.6 } }), Vector(0.01, 0.02, 0.03)),
            new(Matrix(new double[,] { { 1.0 }, { -1.0 }, { 0.5 } }), null, Activation.None),
        ],
        ImmutableDictionary<string, Tensor>.Empty.Add("shift", Vector(0.25)))
    {
        Prior = (Scalar(0.5), 3),
    };

    private static readonly Tensor X = Matrix(new double[,] { { 1, 2 }, { -1, 0.5 }, { 0.3, 0.1 } });

    private static Tensor Loss(Network m) => Sum(Square(m.Apply(X)));

    private static double[] Numbers<T>(T tree) => [.. Tree.Leaves(tree).SelectMany(t => t.ToFloats())];

    [Fact]
    public void Paths_are_the_names_of_members() => Assert.Equal(
        ["Layers[0].Weight", "Layers[0].Bias", "Layers[1].Weight", "Tables[\"shift\"]", "Prior.Item1"],
        Tree.Paths(Model()));

    [Fact]
    public void A_tree_comes_back_as_it_was()
    {
        var model = Model();
        var copy = Tree.Unflatten<Network>(Tree.Structure(model), Tree.Leaves(model));
        Assert.Equal(Tree.Structure(model), Tree.Structure(copy));
        Assert.Equal(Numbers(model), Numbers(copy));
        Assert.Null(copy.Layers[1].Bias);
        Assert.Equal(Activation.None, copy.Layers[1].Activation);
        Assert.Equal(3, copy.Prior.Count);
    }

    [Fact]
    public void The_gradient_of_a_function_of_a_record_is_such_a_record()
    {
        var model = Model();
        var (value, gradient) = Autodiff.ValueAndGrad(Loss, model);
        Assert.Equal(Loss(model).ToFloat(), value.ToFloat());
        Assert.Null(gradient.Layers[1].Bias);
        Assert.Equal(Activation.Tanh, gradient.Layers[0].Activation);

        // Against central differences along one direction.
        var direction = Tree.Map(Cos, model);
        double At(double h) => Loss(Tree.Map((p, d) => p + h * d, model, direction)).ToFloat();
        var expected = (At(1e-5) - At(-1e-5)) / 2e-5;
        var inner = Numbers(Tree.Map((g, d) => g * d, gradient, direction)).Sum();
        Assert.Equal(expected, inner, 7);
        Assert.Equal(inner, Autodiff.Jvp(Loss, model, direction).Tangent.ToFloat(), 12);
        Assert.Equal(Numbers(gradient), Numbers(Autodiff.Grad(Loss, model)));
        Assert.Equal(Numbers(gradient), Numbers(Autodiff.Vjp(Loss, model).Pullback(Scalar(1))));
    }

    [Fact]
    public void Hessian_products_and_batches_of_records()
    {
        var at = new Pair(Vector(1.0, 2), Vector(3.0, 4));
        var (gradient, product) = Autodiff.Hvp(p => Sum(p.A * p.A * p.B), at, new(Vector(1.0, 0), Vector(0.0, 1)));
        Assert.Equal([6, 16, 1, 4], Numbers(gradient));
        Assert.Equal([6, 4, 2, 0], Numbers(product));
        var sums = Autodiff.Vmap((Pair p) => new Pair(p.A + p.B, p.A - p.B), at);
        Assert.Equal([4, 6, -2, -2], Numbers(sums));
    }

    [Fact]
    public void Something_aside_comes_along()
    {
        var (value, aside, gradient) = Autodiff.ValueAndGrad(
            (Pair p) => (Sum(p.A * p.B), new { Product = p.A * p.B }),
            new Pair(Vector(1.0, 2), Vector(3.0, 4)));
        Assert.Equal(11, value.ToFloat());
        Assert.Equal([3, 8], aside.Product.ToFloats());
        Assert.Equal([3, 4], gradient.A.ToFloats());
        Assert.Equal([1, 2], gradient.B.ToFloats());
    }

    [Fact]
    public void Classes_are_rebuilt_by_constructor_and_properties()
    {
        var doubled = Tree.Map(x => x + x, new Plain(Scalar(1)) { More = [Scalar(2), Scalar(3)] });
        Assert.Equal(2, doubled.Weight.ToFloat());
        Assert.Equal([4, 6], doubled.More.Select(x => x.ToFloat()));
    }

    [Fact]
    public void Collections_and_anonymous_types_are_trees()
    {
        var tree = new
        {
            Array = new[] { Scalar(1) },
            List = new List<Tensor> { Scalar(2), Scalar(3) },
            Map = new Dictionary<int, Tensor> { [20] = Scalar(5), [10] = Scalar(4) },
            Read = (IReadOnlyDictionary<string, Tensor>)new SortedDictionary<string, Tensor> { ["a"] = Scalar(6) },
            Shapes = ImmutableArray.Create<Shape2>(new Circle(Scalar(7)), new Square2(Scalar(8))),
            Name = "fixed",
        };
        Assert.Equal(Enumerable.Range(1, 8).Select(i => (double)i), Numbers(tree));
        var next = Tree.Map(x => x + 1, tree);
        Assert.Equal(5, next.Map[10].ToFloat());
        Assert.Equal(7, next.Read["a"].ToFloat());
        Assert.IsType<Square2>(next.Shapes[1]);
        Assert.Equal("fixed", next.Name);
    }

    [Fact]
    public void Differences_name_path_and_both_sides()
    {
        var model = Model();
        var other = model with { Layers = [model.Layers[0] with { Bias = Vector(1.0) }, model.Layers[1]] };
        var error = Assert.Throws<PplException>(() => Autodiff.Jvp(Loss, model, other));
        Assert.Equal("PPL5501", error.Id);
        Assert.Contains("at Layers[0].Bias: f64[3] in the first, f64[1] in the second", error.Message);

        var fewer = model with { Layers = [model.Layers[0]] };
        error = Assert.Throws<PplException>(() => Tree.Map((a, b) => a + b, model, fewer));
        Assert.Contains("at Layers: Dense[] of 2", error.Message);

        error = Assert.Throws<PplException>(() => Tree.Map((a, b) => a + b, (Shape2)new Circle(X), new Square2(X)));
        Assert.Contains("at the root: Circle { Radius: a tensor f64[3,2] } in the first", error.Message);
    }

    [Fact]
    public void Hidden_state_is_refused()
    {
        var error = Assert.Throws<PplException>(() => Tree.Paths(new { Inner = new Secretive(X) }));
        Assert.Equal("PPL5502", error.Id);
        Assert.Contains("Secretive at Inner", error.Message);
        Assert.Contains("hidden", error.Message);
    }

    [Fact]
    public void Compiled_functions_trace_once()
    {
        var step = Compiled.ValueAndGrad((Network m, Tensor x) => Sum(Square(m.Apply(x))));
        var model = Model();
        var (expected, gradient) = Autodiff.ValueAndGrad(Loss, model);

        for (var i = 0; i < 5; i++)
        {
            var (value, found) = step.Invoke(model, X);
            Assert.Equal(expected.ToFloat(), value.ToFloat(), 12);
            Assert.All(Numbers(gradient).Zip(Numbers(found)), pair => Assert.Equal(pair.First, pair.Second, 12));
        }

        Assert.Equal(1, step.TraceCount);
        step.Invoke(model with { Prior = (Scalar(1), 4) }, X);
        Assert.Equal(2, step.TraceCount);

        var doubled = Compiled.Function((Pair p) => new Dense(p.A + p.B, null));
        Assert.Equal([4], doubled.Invoke(new(Vector(1.0), Vector(3.0))).Weight.ToFloats());
        Assert.Throws<ArgumentNullException>(() => Compiled.Function<Pair, Pair>(null!));
    }
}
