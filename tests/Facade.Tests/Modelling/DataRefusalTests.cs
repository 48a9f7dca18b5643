// Data that cannot be right are refused before anything runs, with member, index, value and advice.
using System.Threading.Tasks;
using Xunit;
using static Ppl.Dist;

namespace Ppl.Facade.Tests;

public class DataRefusalTests
{
    private static Task Refused(string id, string site, int? index, string value, EightSchools model) =>
        Refusal.OfAsync(id, site, index, value, () => model.Infer().Chains(1).Warmup(0).Draws(1).RunAsync());

    private static EightSchools Three(string[]? school = null, double[]? y = null, double[]? sigma = null) =>
        new() { School = school ?? ["a", "b", "c"], Y = y ?? [1, 2, 3], Sigma = sigma ?? [1, 1, 1] };

    [Fact]
    public Task NaN() => Refused("PPL1001", "Y", 1, "index 1 is NaN", Three(y: [1, double.NaN, 3]));

    [Fact]
    public Task Infinity() => Refused("PPL1002", "Sigma", 2, "index 2 is Infinity", Three(sigma: [1, 1, double.PositiveInfinity]));

    [Fact]
    public Task EmptyAxis() => Refused("PPL1003", "School", null, "no labels", Three([], [], []));

    [Fact]
    public Task WrongLength() => Refused("PPL1004", "Y", null, "3 labels, but dimension 0 of the data has 2 elements", Three(y: [1, 2]));

    [Fact]
    public Task MissingObserved() => Refused("PPL1011", "Y", null, "null", new() { School = ["a"], Y = null!, Sigma = [1] });

    [Fact]
    public Task MissingLabels() => Refused("PPL1011", "School", null, "null", new() { School = null!, Y = [1], Sigma = [1] });

    [Fact]
    public Task DuplicateLabel() => Refused("PPL1012", "School", 2, "'a' stands at index 0 and again at index 2", Three(["a", "b", "a"]));

    [Fact]
    public Task EmptyLabel() => Refused("PPL1012", "School", 1, "index 1 is empty", Three(["a", " ", "c"]));

    [Fact]
    public Task ImproperFixedScale() => Refusal.OfAsync("PPL1010", "Y", 1, "-1", () => Three(sigma: [1, -1, 1]).Infer().RunAsync());

    [Fact]
    public Task UnknownAxisOfData() =>
        Refusal.OfAsync(
            "PPL1013",
            "Y",
            null,
            "no axis 'County'",
            () => new LooseModel(static _ => { }, new DataMember("Y", DataKind.Observed, ["County"], new[] { 1.0 })).Short().RunAsync());

    [Fact]
    public Task OutsideTheSupport()
    {
        int[] y = [1, -3, 2];
        var model = new LooseModel(p => p.Observe(y, Poisson(p.Sample("rate", Gamma(2, 1)))));
        return Refusal.OfAsync("PPL1005", "y", 1, "-3", () => model.Short().RunAsync());
    }

    [Fact]
    public Task AScalarBesideAMatrixOfData()
    {
        var y = new[,] { { 1.0, double.NaN } };
        var model = new LooseModel(p => p.Sample("mu", Normal(0, 1)), new DataMember("Y", DataKind.Observed, [], y));
        return Refusal.OfAsync("PPL1001", "Y", 1, "NaN", () => model.Short().RunAsync());
    }
}
