// Model classes made by the generator, on real data, against the reference posteriors of examples/data.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Ppl.Examples;
using Xunit;

namespace Ppl.Facade.Tests;

public class RealModelTests
{
    /// <summary>
    /// Mean and sd within 5 combined standard errors, R-hat below 1.01. 204 comparisons in all: false-alarm rate below
    /// 2e-4 for the file; the seeds are fixed.
    /// </summary>
    private static void Agrees(IReadOnlyDictionary<string, Examples.Summary> reference, params (string Name, ScalarDraws Draws)[] parameters)
    {
        foreach (var (name, draws) in parameters)
        {
            var expected = reference[name];
            var (mean, sd) = (draws.Mean(), draws.Sd());

            // The standard error of a reference sd: sd / sqrt(2 n), that of independent normal draws.
            var sdError = expected.Sd / Math.Sqrt(2.0 * expected.N);
            Assert.True(Math.Abs(mean.Value - expected.Mean) < 5 * Combined(mean, expected.Mcse), $"{name}: mean {mean}, reference {expected.Mean}");
            Assert.True(Math.Abs(sd.Value - expected.Sd) < 5 * Combined(sd, sdError), $"{name}: sd {sd}, reference {expected.Sd}");
            Assert.True(draws.RHat() < 1.01, $"{name}: R-hat {draws.RHat()}");
        }

        static double Combined(Estimate ours, double theirs) => Math.Sqrt((ours.Mcse!.Value * ours.Mcse!.Value) + (theirs * theirs));
    }

    private static (string, ScalarDraws)[] Elements(string name, VectorDraws draws) =>
        [.. draws.Select((x, i) => ($"{name}[{i + 1}]", x))];

    private static double[] Centred(double[] xs, double scale) => Array.ConvertAll(xs, x => (x - xs.Average()) / scale);

    /// <summary>Columns as a matrix.</summary>
    private static double[,] Matrix(params double[][] columns)
    {
        var matrix = new double[columns[0].Length, columns.Length];
        for (var j = 0; j < columns.Length; j++)
        {
            for (var i = 0; i < columns[j].Length; i++)
            {
                matrix[i, j] = columns[j][i];
            }
        }

        return matrix;
    }

    private static double[] Product(double[] x, double[] y) => [.. x.Zip(y, static (a, b) => a * b)];

    [Fact]
    public async Task KidscoreInteraction()
    {
        var data = Data.Load("kidiq");
        var (school, iq) = (data.Vector("mom_hs"), data.Vector("mom_iq"));
        var ones = Enumerable.Repeat(1.0, iq.Length).ToArray();
        var model = new Kidscore { Score = data.Vector("kid_score"), Predictors = Matrix(ones, school, iq, Product(school, iq)) };
        var post = await model.Infer().Metric(Metric.Dense).Seed(1).RunAsync();
        Agrees(Reference.Load("kidiq-kidscore_interaction"), [("sigma", post.Sigma), .. Elements("beta", post.Beta)]);
    }

    [Fact]
    public async Task RadonByCounty()
    {
        var data = Data.Load("radon_mn");
        var model = new Radon
        {
            County = [.. Enumerable.Range(1, data.Int("J")).Select(static j => $"county {j}")],
            LogRadon = data.Vector("log_radon"),
            LogUranium = data.Vector("log_uppm"),
            Floor = data.Ints("floor_measure"),
            CountyOf = Array.ConvertAll(data.Ints("county_idx"), static j => j - 1),
        };
        var post = await model.Infer().Seed(2).RunAsync();
        Agrees(
            Reference.Load("radon_mn-radon_hierarchical_intercept_noncentered"),
            [
                ("mu_alpha", post.Mu),
                ("sigma_alpha", post.SigmaAlpha),
                ("sigma_y", post.SigmaY),
                .. Elements("beta", post.Beta),
                .. Elements("alpha_raw", post.Raw),
            ]);
        Assert.Equal(post.Alpha["county 7"].ToArray(), post.Each().Select(static d => d.Alpha[6]));
    }

    [Fact]
    public async Task Wells()
    {
        var data = Data.Load("wells_data");
        var (distance, arsenic, education) = (Centred(data.Vector("dist"), 100), Centred(data.Vector("arsenic"), 1), Centred(data.Vector("educ"), 4));
        var model = new Wells
        {
            Switched = data.Ints("switched"),
            Predictors = Matrix(distance, arsenic, education, Product(distance, arsenic), Product(distance, education), Product(arsenic, education)),
        };
        var post = await model.Infer().Seed(3).RunAsync();
        Agrees(Reference.Load("wells_data-wells_dae_inter_model"), [("alpha", post.Alpha), .. Elements("beta", post.Beta)]);
    }
}
