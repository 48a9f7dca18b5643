// Typed access to results: sites, labels, draws, summaries.
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Xunit;

namespace Ppl.Facade.Tests;

public class PosteriorTests
{
    private static Task<Posterior<EightSchools>> Short() =>
        EightSchools.Data().Infer().Chains(2).Warmup(100).Draws(50).Seed(1).RunAsync();

    [Fact]
    public async Task SitesAreTypedAndElementsHaveLabels()
    {
        var post = await Short();
        Assert.Equal("Mu", post.Mu.Name);
        Assert.Equal(8, post.Theta.Count);
        Assert.Equal("Theta[Choate]", post.Theta["Choate"].Name);
        Assert.Equal(post.Theta[1].ToArray(), post.Theta["Deerfield"].ToArray());
        Assert.Equal(EightSchools.Data().School, post.Theta.Labels);
        Assert.Equal(post.Theta.Select(static x => x.Mean().Value), post.Theta.Mean().Select(static x => x.Value));
        Refusal.Of("PPL6011", "Theta", null, "'Choat'; known: 'Choate'", () => _ = post.Theta["Choat"]);
        Refusal.Of("PPL6002", "Nu", null, "'Mu'", () => post.Scalar("Nu"));
        Refusal.Of("PPL5001", "Theta", null, "1 dimensions, not 0", () => post.Scalar("Theta"));
    }

    [Fact]
    public async Task DrawsAreValuesOfTheModelsOwnType()
    {
        var post = await Short();
        var draws = post.Each().ToArray();
        Assert.Equal(100, draws.Length);
        Assert.Equal(post.Tau.ToArray(), draws.Select(static d => d.Tau));
        Assert.Equal(post.Theta[3].ToArray(), draws.Select(static d => d.Theta[3]));
        var expected = draws.Count(static d => d.Tau > d.Theta[0]) / 100.0;
        Assert.Equal(expected, post.Probability<EightSchools, EightSchools.Draw>(static d => d.Tau > d.Theta[0]).Value, 14);
        var sum = post.Map<EightSchools, EightSchools.Draw>(static d => d.Mu + d.Theta[0]);
        Assert.Equal(draws.Select(static d => d.Mu + d.Theta[0]), sum.ToArray());
        Assert.Equal(2, sum.Chains);
    }

    [Fact]
    public void MatricesAreReadRowByRow()
    {
        var reader = new DrawReader(SmallResults.Store(), chain: 0, draw: 1);
        Assert.Equal(new[,] { { 31.0, 32 }, { 41, 42 } }, reader.Matrix(new("m")));
        Assert.Equal([3, 4], reader.Vector(new("theta")));
        Assert.Equal(-2, reader.Scalar(new("mu")));
        var m = new MatrixDraws(SmallResults.Store().Site("m", 2));
        Assert.Equal((2, 2), (m.Rows, m.Columns));
        Assert.Equal("m[1,0]", m[1, 0].Name);
        Assert.Equal([21, 41, 61], m[1, 0].ToArray());
    }

    [Fact]
    public async Task TheSummaryHasArvizColumnsAndOneRowPerNumber()
    {
        var post = await Short();
        var summary = post.Summary();
        Assert.Equal(10, summary.Count);
        Assert.Equal(post.Mu.Mean().Value, summary["Mu"].Mean);
        Assert.Equal(post.Mu.Eti().Lower.Value, summary["Mu"].EtiLower);
        Assert.Throws<KeyNotFoundException>(() => summary["Nu"]);
        var header = summary.ToString().Split('\n')[0].Split(' ', System.StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["mean", "sd", "eti89_lb", "eti89_ub", "ess_bulk", "ess_tail", "r_hat", "mcse_mean", "mcse_sd"], header);
        Assert.StartsWith("name,mean,sd,eti50_lb,eti50_ub,", post.Summary(0.5).ToCsv());
    }

    [Fact]
    public void TheTableIsAlignedAndTheCsvExact()
    {
        var table = new SummaryTable(0.89, [new ScalarDraws("=x", [[1, 2, 3, 4], [5, 6, 7, 8]]).Summarise(0.89)]);
        Assert.Equal(
            "    mean   sd  eti89_lb  eti89_ub  ess_bulk  ess_tail  r_hat  mcse_mean  mcse_sd\n"
                + "=x   4.5  2.4       1.4       7.6         -         -      -          -        -\n",
            table.ToString());
        var csv = table.ToCsv().Split('\n');
        Assert.Equal("name,mean,sd,eti89_lb,eti89_ub,ess_bulk,ess_tail,r_hat,mcse_mean,mcse_sd", csv[0]);
        Assert.StartsWith("\"=x\",4.5,2.4494897427831783,", csv[1]);
        Assert.EndsWith(",,,,,", csv[1]);
    }

    [Fact]
    public async Task StatisticsOfTheSamplerAreThere()
    {
        var statistics = (await Short()).Statistics;
        Assert.Equal("nuts", statistics.Sampler);
        Assert.Equal(2, statistics.Chains.Count);
        Assert.All(statistics.Chains, static c => Assert.True(c.StepSize > 0 && c.AcceptanceRate is > 0 and <= 1 && c.Gradients >= 50));
        Assert.Equal(["lp", "acceptance", "depth", "leapfrogs", "diverging", "saturated", "energy"], statistics.Names);
        Assert.All(statistics.Values("energy"), static chain => Assert.Equal(50, chain.Length));
        Refusal.Of("PPL5008", null, null, "'enrgy'", () => statistics.Values("enrgy"));
    }
}
