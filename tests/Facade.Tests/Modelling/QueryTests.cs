// Query syntax builds the same model as a class: the same addresses give the same bits.
using System.Linq;
using System.Threading.Tasks;
using Ppl.Core.Models;
using Xunit;
using static Ppl.Dist;
using static Ppl.Query;

namespace Ppl.Facade.Tests;

public class QueryTests
{
    private static Model<RealVec> Query(EightSchools data) =>
        from mu in Sample("Mu", Normal(0, 5))
        from tau in Sample("Tau", HalfCauchy(5))
        from theta in Sample("Theta", Normal(mu, tau).Each(8))
        from y in Observe("Y", data.Y, Normal(theta, data.Sigma))
        select theta;

    [Fact]
    public async Task AQueryDrawsTheSameBitsAsTheClass()
    {
        var data = EightSchools.Data();
        var ofClass = await data.Infer().Chains(2).Warmup(50).Draws(20).Seed(7).RunAsync();
        var ofQuery = await Query(data).Infer().Chains(2).Warmup(50).Draws(20).Seed(7).RunAsync();
        Assert.Equal(ofClass.Tau.ToArray(), ofQuery.Scalar("Tau").ToArray());
        Assert.Equal(ofClass.Theta.SelectMany(static x => x.ToArray()), ofQuery.Vector("Theta").SelectMany(static x => x.ToArray()));
    }

    [Fact]
    public async Task DerivedValuesAndFactorsAreStatements()
    {
        var model =
            from x in Sample("x", Normal(0, 1))
            from _ in Factor("tilt", 0.5 * x)
            from twice in Deterministic("twice", 2 * x)
            select twice;
        var posterior = await model.Infer().Chains(1).Warmup(50).Draws(20).RunAsync();
        Assert.Equal(posterior.Scalar("x").Map(static x => 2 * x).ToArray(), posterior.Scalar("twice").ToArray());
    }
}
