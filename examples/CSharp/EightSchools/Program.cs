// From a model to a posterior on real data: dotnet run -c Release. The exit code is 0 if the diagnostics found nothing
// in the run that is meant to be used, 3 if they did, 75 if the run was interrupted.
using System;
using System.Threading;
using System.Threading.Tasks;

namespace Ppl.Examples.EightSchools;

/// <summary>Runs both forms of the model and compares the good one with the reference.</summary>
internal static class Program
{
    // posteriordb, data set eight_schools (BSD-3); originally Rubin (1981), table 1.
    private static readonly string[] School = ["A", "B", "C", "D", "E", "F", "G", "H"];
    private static readonly double[] Y = [28, 8, -3, 7, -1, 1, 18, 12];
    private static readonly double[] Sigma = [15, 10, 16, 11, 9, 11, 10, 18];

    // Means of 10,000 reference draws: posteriordb, eight_schools-eight_schools_noncentered.
    private static readonly (double Mu, double Tau, double[] Theta) Reference =
        (4.4105, 3.6021, [6.1505, 4.9396, 3.9059, 4.7960, 3.6144, 4.0511, 6.3172, 4.8840]);

    private static async Task<int> Main()
    {
        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, e) =>
        {
            e.Cancel = true;
            stop.Cancel();
        };

        try
        {
            return await Run(stop.Token);
        }
        catch (RunCanceledException<EightSchools> cancelled)
        {
            // Nothing is lost: the draws made so far can be looked at like any others.
            Title($"Stopped after {cancelled.Partial.Count} draws");
            cancelled.Partial.Summary().Print();
            return 75;
        }
    }

    private static async Task<int> Run(CancellationToken stop)
    {
        var model = new EightSchools { School = School, Y = Y, Sigma = Sigma };
        Posterior<EightSchools> post = await model.Infer()
            .Nuts(o => o.TargetAccept = 0.9)
            .Chains(4).Warmup(1_000).Draws(1_000).Seed(20261121)
            .RunAsync(new ConsoleProgress(), stop);

        Title("Eight schools, non-centred");
        post.Summary().Print();
        Verdict(post);
        Compare(post);
        Questions(post);

        var centred = new CentredEightSchools { School = School, Y = Y, Sigma = Sigma };
        var first = await centred.Infer().Seed(20261121).RunAsync(null, CancellationToken.None);
        Title("The centred form of the same model, for comparison");
        Verdict(first);

        return post.Health.ExitCode;
    }

    private static void Title(string text) => Console.WriteLine($"\n{text}\n");

    private static void Verdict<TModel>(Posterior<TModel> post)
    {
        var s = post.Statistics;
        Console.WriteLine($"\n{post.Health}");
        post.Diagnostics.Print();
        var (compile, run) = (s.CompileTime.TotalMilliseconds, s.Elapsed.TotalMilliseconds);
        Console.WriteLine($"{post.Count} draws of {post.Chains} chains: compiled in {compile:F0} ms, run in {run:F0} ms");
    }

    private static void Compare(Posterior<EightSchools> post)
    {
        Console.WriteLine("\nMeans beside the reference, and their distance in standard errors of ours:\n");
        Line(post.Mu, Reference.Mu);
        Line(post.Tau, Reference.Tau);
        for (var i = 0; i < post.Theta.Count; i++)
        {
            Line(post.Theta[i], Reference.Theta[i]);
        }

        static void Line(ScalarDraws draws, double reference)
        {
            var mean = draws.Mean();
            var distance = mean.Mcse is { } error ? $"{(mean.Value - reference) / error,6:F1}" : "     -";
            Console.WriteLine($"{draws.Name,-10} {mean.Value,7:F3} {reference,7:F3} {distance}");
        }
    }

    private static void Questions(Posterior<EightSchools> post)
    {
        Console.WriteLine();
        var moreThanInC = post.Probability(d => d.Theta[0] > d.Theta[2]);
        Console.WriteLine($"Coaching in school A helps by {post.Theta["A"].Eti(0.89)} points.");
        Console.WriteLine($"It helps more there than in school C with probability {moreThanInC}.");
    }
}
