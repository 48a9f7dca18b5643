// One file per chain in CmdStan's form, as rstan::read_stan_csv, cmdstanr and cmdstanpy read it: settings as comments,
// a line of columns, the adaptation as comments, the draws, the times as comments. Truth values are 0 and 1; matrices go
// column by column, as Stan's do. Relies on DrawStore.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Ppl.Inference;

namespace Ppl;

/// <summary>The lines of Stan CSV files.</summary>
internal static class StanCsv
{
    /// <summary>Stan's name of a statistic and ours; those that the sampler lacks are left out.</summary>
    private static readonly (string Column, string Name)[] Statistics =
    [
        ("treedepth__", "depth"),
        ("n_leapfrog__", "leapfrogs"),
        ("divergent__", "diverging"),
        ("energy__", "energy"),
    ];

    /// <summary>All lines of the file of one chain.</summary>
    public static IEnumerable<string> Lines(string model, InferenceSettings settings, DrawStore store, ChainResult chain) =>
    [
        .. Header(model, settings, chain),
        Columns(store, chain),
        .. Adaptation(Used(settings, chain), chain),
        .. Rows(store, chain),
        .. Times(chain),
    ];

    /// <summary>The metric that the chain used: an automatic choice shows in the number of its elements.</summary>
    private static Metric Used(InferenceSettings settings, ChainResult chain) =>
        settings.Metric != Metric.Automatic ? settings.Metric
        : chain.Factor.Length > chain.Draws.Dimension ? Metric.Dense
        : Metric.Diagonal;

    private static IEnumerable<string> Header(string model, InferenceSettings s, ChainResult chain)
    {
        var metric = Used(s, chain) switch
        {
            Metric.Dense => "dense_e",
            Metric.Identity => "unit_e",
            _ => "diag_e",
        };
        string[] engine = s.Hmc is { } hmc
            ? ["static", "#           static", $"#             int_time = {Number(hmc.Steps * chain.StepSize)}"]
            : ["nuts (Default)", "#           nuts", $"#             max_depth = {s.Nuts.MaxTreeDepth}"];
        return
        [
            $"# model = {Clean(model)}",
            "# method = sample (Default)",
            "#   sample",
            $"#     num_samples = {s.Draws}",
            $"#     num_warmup = {s.Warmup}",
            "#     save_warmup = 0 (Default)",
            "#     thin = 1 (Default)",
            "#     adapt",
            "#       engaged = 1 (Default)",
            $"#       delta = {Number(s.Hmc?.TargetAccept ?? s.Nuts.TargetAccept)}",
            "#     algorithm = hmc (Default)",
            "#       hmc",
            $"#         engine = {engine[0]}",
            .. engine[1..],
            $"#         metric = {metric}",
            "#         stepsize = 1 (Default)",
            $"#         stepsize_jitter = {Number(s.Hmc?.Jitter ?? 0)}",
            $"# id = {chain.Chain + 1}",
            "# random",
            $"#   seed = {s.Seed}",
        ];
    }

    private static string Columns(DrawStore store, ChainResult chain) =>
        string.Join(
            ',',
            [
                "lp__",
                "accept_stat__",
                "stepsize__",
                .. Present(chain).Select(static s => s.Column),
                .. from site in store.Sites
                   from places in ColumnMajor(site)
                   select string.Join('.', [Clean(site.Name), .. places.Select(static p => $"{p + 1}")]),
            ]);

    private static IEnumerable<string> Adaptation(Metric metric, ChainResult chain)
    {
        var dimension = chain.Draws.Dimension;
        yield return "# Adaptation terminated";
        yield return $"# Step size = {Number(chain.StepSize)}";
        yield return metric == Metric.Dense
            ? "# Elements of inverse mass matrix:"
            : "# Diagonal elements of inverse mass matrix:";
        foreach (var row in InverseMetric(metric, chain.Factor, dimension).Chunk(Math.Max(1, dimension)))
        {
            yield return $"# {string.Join(", ", row.Select(Number))}";
        }
    }

    /// <summary>M^-1 from its factor: the diagonal, or all elements row by row.</summary>
    private static double[] InverseMetric(Metric metric, double[] factor, int d) =>
        metric switch
        {
            Metric.Identity => [.. Enumerable.Repeat(factor[0] * factor[0], d)],
            Metric.Dense =>
            [
                .. from i in Enumerable.Range(0, d)
                   from j in Enumerable.Range(0, d)
                   select Enumerable.Range(0, d).Sum(k => factor[(i * d) + k] * factor[(j * d) + k]),
            ],
            _ => Array.ConvertAll(factor, static x => x * x),
        };

    private static IEnumerable<string> Rows(DrawStore store, ChainResult chain)
    {
        var acceptance = chain.Draws.Statistic("acceptance")!;
        var statistics = Present(chain).Select(s => chain.Draws.Statistic(s.Name)!).ToArray();
        for (var t = 0; t < chain.Draws.Count; t++)
        {
            IEnumerable<double> row =
            [
                chain.Draws.LogDensities[t],
                acceptance[t],
                chain.StepSize,
                .. statistics.Select(s => s[t]),
                .. store.Sites.SelectMany(site => Values(site, chain.Chain, t)),
            ];
            yield return string.Join(',', row.Select(Number));
        }
    }

    private static IEnumerable<string> Times(ChainResult chain)
    {
        var (warmup, sampling) = (chain.WarmupTime.TotalSeconds, chain.SamplingTime.TotalSeconds);
        return
        [
            "# ",
            Invariant($"#  Elapsed Time: {warmup:F3} seconds (Warm-up)"),
            Invariant($"#                {sampling:F3} seconds (Sampling)"),
            Invariant($"#                {warmup + sampling:F3} seconds (Total)"),
            "# ",
        ];
    }

    private static IEnumerable<(string Column, string Name)> Present(ChainResult chain) =>
        Statistics.Where(s => chain.Draws.StatisticNames.Contains(s.Name));

    private static IEnumerable<double> Values(SiteDraws site, int chain, int draw)
    {
        var values = site.Draw(chain, draw).ToArray();
        return ColumnMajor(site).Select(places => values[site.Flatten(places)]);
    }

    /// <summary>The places of the elements, the first axis fastest.</summary>
    private static IEnumerable<int[]> ColumnMajor(SiteDraws site) =>
        Enumerable
            .Range(0, site.Elements)
            .Select(site.Places)
            .OrderBy(static p => p.AsEnumerable().Reverse().ToArray(), PlaceOrder.Instance);

    /// <summary>Letters, digits and underscores: what Stan's names are made of.</summary>
    internal static string Clean(string name) =>
        string.Concat(name.Select(static c => char.IsAsciiLetterOrDigit(c) ? c : '_'));

    private static string Number(double x) =>
        double.IsFinite(x) ? x.ToString("R", CultureInfo.InvariantCulture)
        : double.IsNaN(x) ? "nan"
        : x > 0 ? "inf"
        : "-inf";

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    private sealed class PlaceOrder : IComparer<int[]>
    {
        public static readonly PlaceOrder Instance = new();

        public int Compare(int[]? x, int[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}
