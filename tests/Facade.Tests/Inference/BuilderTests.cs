// The builder: every call gives a new value, every setting is checked when it is given.
using System;
using System.Threading.Tasks;
using Xunit;

namespace Ppl.Facade.Tests;

public class BuilderTests
{
    private static InferenceBuilder<EightSchools> Builder => EightSchools.Data().Infer();

    [Fact]
    public async Task ABuilderIsNotChangedByItsMethods()
    {
        var two = Builder.Chains(2).Warmup(20).Draws(5).Seed(3);
        var three = two.Chains(3).Draws(7).Nuts(static o => o.MaxTreeDepth = 3);
        Assert.NotSame(two, three);
        Assert.Equal((2, 10), await Shape(two));
        Assert.Equal((3, 21), await Shape(three));

        static async Task<(int Chains, int Draws)> Shape(InferenceBuilder<EightSchools> builder)
        {
            var posterior = await builder.RunAsync();
            return (posterior.Chains, posterior.Count);
        }
    }

    [Fact]
    public void AnExplanationIsATableOfTheCompiledDensity()
    {
        var explanation = Builder.Explain();
        Assert.NotEmpty(explanation.Stages);
        Assert.True(explanation.Flops > 0.0);
        Assert.True(double.IsNaN(explanation.Nanoseconds));
        Assert.Contains("equations in", explanation.ToString());
        Assert.True(Builder.Explain(time: true).Nanoseconds >= 0.0);
    }

    [Fact]
    public void SettingsThatMakeNoSenseAreRefusedAtOnce()
    {
        Refusal.Of("PPL2001", null, null, "Chains is 0", static () => Builder.Chains(0));
        Refusal.Of("PPL2001", null, null, "Draws is 0", static () => Builder.Draws(0));
        Refusal.Of("PPL2001", null, null, "Warmup is -1", static () => Builder.Warmup(-1));
        Refusal.Of("PPL2001", null, null, "Threads is -2", static () => Builder.Threads(-2));
        Refusal.Of("PPL2001", null, null, "Lanes is 0", static () => Builder.Lanes(0));
        Refusal.Of("PPL2001", null, null, "Metric is 17", static () => Builder.Metric((Metric)17));
        Refusal.Of("PPL2001", null, null, "TargetAccept is 1", static () => Builder.Nuts(static o => o.TargetAccept = 1));
        Refusal.Of("PPL2001", null, null, "TargetAccept is NaN", static () => Builder.Nuts(static o => o.TargetAccept = double.NaN));
        Refusal.Of("PPL2001", null, null, "MaxTreeDepth is 21", static () => Builder.Nuts(static o => o.MaxTreeDepth = 21));
        Refusal.Of("PPL2001", null, null, "Steps is 0", static () => Builder.Hmc(static o => o.Steps = 0));
        Refusal.Of("PPL2001", null, null, "Jitter is 1", static () => Builder.Hmc(static o => o.Jitter = 1));
        Assert.Throws<ArgumentNullException>(static () => Builder.Engine(null!));
    }

    [Fact]
    public async Task CompressingDataChangesDrawsByRoundingAlone()
    {
        const int Rows = 100;
        var predictors = new double[Rows, 4];
        var score = new double[Rows];
        for (int i = 0; i < Rows; i++)
        {
            (predictors[i, 0], predictors[i, 1]) = (1.0, Math.Sin(i));
            (predictors[i, 2], predictors[i, 3]) = (Math.Cos(3 * i), Math.Sin(7 * i));
            score[i] = 0.5 + Math.Sin(i) + Math.Cos(11 * i);
        }

        var model = new Kidscore { Score = score, Predictors = predictors };
        var builder = model.Infer().Chains(1).Warmup(5).Draws(5).Nuts(static o => o.MaxTreeDepth = 2);
        var on = await builder.RunAsync();
        var off = await builder.CompressData(false).RunAsync();
        double[] x = on.Sigma.ToArray(), y = off.Sigma.ToArray();
        Assert.NotEqual(x, y);
        for (int i = 0; i < x.Length; i++)
        {
            Assert.Equal(x[i], y[i], 1e-6 * Math.Abs(y[i]));
        }
    }

    [Fact]
    public async Task SplittingRecurrencesChangesNothingWhereThereAreNone()
    {
        var builder = Builder.Chains(1).Warmup(5).Draws(5);
        var on = await builder.RunAsync();
        var off = await builder.SplitRecurrences(false).RunAsync();
        Assert.Equal(on.Mu.ToArray(), off.Mu.ToArray());
    }

    [Fact]
    public async Task OptionsAreCopiedWhenTheyAreGiven()
    {
        NutsOptions? leaked = null;
        var builder = Builder.Chains(1).Warmup(20).Draws(5).Nuts(o => leaked = o);
        var before = await builder.RunAsync();
        leaked!.TargetAccept = -1;
        var after = await builder.RunAsync();
        Assert.Equal(before.Mu.ToArray(), after.Mu.ToArray());
    }
}
