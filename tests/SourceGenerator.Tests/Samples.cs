// A model as users write it, and the smallest change to it that each diagnostic is about.
namespace Ppl.SourceGenerator.Tests;

internal static class Samples
{
    public const string EightSchools = """
        using Ppl;
        using static Ppl.Dist;

        namespace Schools;

        [Model("eight-schools")]
        public sealed partial class EightSchools
        {
            [Axis] public required string[] School { get; init; }
            [Observed(nameof(School))] public required double[] Y { get; init; }
            [Fixed(nameof(School))] public required double[] Sigma { get; init; }

            [Latent] public static partial Site<Real> Mu { get; }
            [Latent] public static partial Site<Real> Tau { get; }
            [Latent(nameof(School))] public static partial Site<RealVec> Theta { get; }

            [Body]
            void Define(Prob p)
            {
                var mu = p.Sample(Mu, Normal(0, 5));
                var tau = p.Sample(Tau, HalfCauchy(5));
                var theta = p.Sample(Theta, Normal(mu, tau).Each(School));
                p.Observe(Y, Normal(theta, Sigma));
            }
        }
        """;
}
