// Mistakes in models are refused with the site and what to do.
using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using Xunit;
using static Ppl.Dist;

namespace Ppl.Facade.Tests;

public class ModelRefusalTests
{
    private static readonly DataMember School = new("School", DataKind.Axis, [], new[] { "a", "b" });

    private static Task Refused(string id, string? site, string value, Action<Prob> body, params SiteInfo[] sites) =>
        Refusal.OfAsync(id, site, null, value, () => new LooseModel(body, School) { Sites = sites }.Short().RunAsync());

    [Fact]
    public Task AnAddressUsedTwice() =>
        Refused("PPL6001", "mu", "used twice", static p =>
        {
            p.Sample("mu", Normal(0, 1));
            p.Sample("mu", Normal(0, 1));
        });

    [Fact]
    public Task AnImproperScale() =>
        Refusal.OfAsync("PPL1010", "x", 1, "-2", static () => new LooseModel(static p => p.Sample("x", Normal(0, new[] { 1.0, -2 }))).Short().RunAsync());

    [Fact]
    public Task ADiscreteChoice() => Refused("PPL6004", "z", "discrete", static p => p.Sample("z", Bernoulli(0.5)));

    [Fact]
    public Task ADeclaredSiteThatTheBodyForgets() =>
        Refused("PPL6012", "Tau", "neither samples nor derives", static p => p.Sample("Mu", Normal(0, 1)), new("Mu", []), new("Tau", []));

    [Fact]
    public Task ADistributionThatDoesNotFitTheAxisOfItsSite() =>
        Refused("PPL1004", "theta", "School(2)", static p => p.Sample(new Site<RealVec>("theta", "School"), Normal(0, 1).Each(3)));

    [Fact]
    public Task AnUnknownAxisOfASite() =>
        Refused("PPL1013", "theta", "no axis 'Shcool'; it has School", static p => p.Sample(new Site<RealVec>("theta", "Shcool"), Normal(0, 1).Each(2)));

    [Fact]
    public Task AskingARandomQuantityForItsValue() =>
        Refused("PPL5005", "mu", "not known", static p =>
        {
            var mu = p.Sample("mu", Normal(0, 1));
            var scale = mu.Tensor.ToFloat() > 0 ? 1.0 : 2.0;
            p.Sample("x", Normal(mu, scale));
        });

    [Fact]
    public Task NoFiniteStart() =>
        Refused("PPL2103", "penalty", "no finite starting point", static p =>
        {
            var mu = p.Sample("mu", Normal(0, 1));
            p.Factor("penalty", Fn.Log(-1 - Fn.Square(mu)));
        });

    [Fact]
    public async Task ObservationsAreNamedAfterTheirExpression()
    {
        double[] y = [1, 2];
        var model = new LooseModel(p =>
        {
            var mu = p.Sample("mu", Normal(0, 1));
            p.Observe(y, Normal(mu, 1));
            p.Observe(y, Normal(mu, 1));
        });
        await Refusal.OfAsync("PPL6001", "y", null, "'y'", () => model.Short().RunAsync());
    }

    [Fact]
    public async Task AMembersThisIsNotPartOfItsAddress()
    {
        var model = new WithThis { Y = [1, -1, 2] };
        await Refusal.OfAsync("PPL1005", "Y", 1, "-1", () => model.Infer().RunAsync());
    }

    private sealed class WithThis : IModel<WithThis>
    {
        public required int[] Y { get; init; }

        ModelSchema IModel.Schema => new("this", []);

        IReadOnlyList<DataMember> IModel.Data => [];

        void IModel.Define(Prob p) => p.Observe(this.Y, Poisson(p.Sample("rate", Gamma(2, 1))));
    }
}
