// Stan's figures, measured beforehand on one pinned core of an AVX-512 machine (AMD EPYC, Zen 5): Stan 2.21 and 2.32.10
// (stanc --O1), both -O3 -march=native, called from a C++ loop, the better of the two; double precision, value and
// gradient on the unconstrained scale at 64 typical points. They cannot be measured again here, so a ratio to Stan
// compares two machines unless this is the same one.
using System.Collections.Generic;

namespace Ppl.Benchmarks;

/// <summary>Nanoseconds per value-and-gradient of Stan.</summary>
/// <param name="Nanoseconds">posteriordb's program.</param>
/// <param name="Expert">
/// An expert's rewrite, where measured: nes1972 with normal_id_glm, radon and the mixture vectorised.
/// </param>
public sealed record StanFigure(double Nanoseconds, double? Expert = null);

/// <summary>The table of Stan's figures.</summary>
public static class StanFigures
{
    private static readonly Dictionary<string, StanFigure> Figures = new()
    {
        ["eight_schools_noncentered"] = new(665),
        ["eight_schools_centered"] = new(533),
        ["kidscore_interaction"] = new(10_072),
        ["logearn_interaction"] = new(22_364),
        ["nes1972"] = new(93_360, 2_500),

        // posteriordb's program already uses bernoulli_logit_glm.
        ["wells"] = new(34_862),
        ["arK"] = new(10_414),
        ["arma11"] = new(6_034),
        ["garch11"] = new(9_465),
        ["low_dim_gauss_mix"] = new(96_418, 61_000),
        ["hmm_example"] = new(18_574),
        ["gp_regr"] = new(3_877),
        ["radon_noncentered"] = new(42_929, 14_800),
        ["blr"] = new(1_135),
    };

    /// <summary>The figure for the model, or null where Stan was not measured.</summary>
    public static StanFigure? Find(string model) => Figures.GetValueOrDefault(model);
}
