// The eight schools as a user writes them, but for [Model], with the half that the generator would add written by hand:
// most tests of the facade do not depend on the generator. RealModels do.
using System.Collections.Generic;
using static Ppl.Dist;

namespace Ppl.Facade.Tests;

/// <summary>What a user writes.</summary>
public sealed partial class EightSchools
{
    [Axis]
    public required string[] School { get; init; }

    [Observed(nameof(School))]
    public required double[] Y { get; init; }

    [Fixed(nameof(School))]
    public required double[] Sigma { get; init; }

    [Latent]
    public static partial Site<Real> Mu { get; }

    [Latent]
    public static partial Site<Real> Tau { get; }

    [Latent(nameof(School))]
    public static partial Site<RealVec> Theta { get; }

    [Body]
    private void Define(Prob p)
    {
        var mu = p.Sample(Mu, Normal(0, 5));
        var tau = p.Sample(Tau, HalfCauchy(5));
        var theta = p.Sample(Theta, Normal(mu, tau).Each(School));
        p.Observe(Y, Normal(theta, Sigma));
    }

    /// <summary>The data of Rubin (1981), as in posteriordb.</summary>
    public static EightSchools Data() =>
        new()
        {
            School = ["Choate", "Deerfield", "Phillips Andover", "Phillips Exeter", "Hotchkiss", "Lawrenceville", "St. Paul's", "Mt. Hermon"],
            Y = [28, 8, -3, 7, -1, 1, 18, 12],
            Sigma = [15, 10, 16, 11, 9, 11, 10, 18],
        };
}

/// <summary>What the generator adds.</summary>
public sealed partial class EightSchools : IModel<EightSchools, EightSchools.Draw>
{
    private static readonly ModelSchema Schema =
        new("eight-schools", [new("Mu", []), new("Tau", []), new("Theta", ["School"])]);

    public static partial Site<Real> Mu { get => field; } = new("Mu");

    public static partial Site<Real> Tau { get => field; } = new("Tau");

    public static partial Site<RealVec> Theta { get => field; } = new("Theta", "School");

    ModelSchema IModel.Schema => Schema;

    IReadOnlyList<DataMember> IModel.Data =>
    [
        new("School", DataKind.Axis, [], School),
        new("Y", DataKind.Observed, ["School"], Y),
        new("Sigma", DataKind.Fixed, ["School"], Sigma),
    ];

    void IModel.Define(Prob p) => Define(p);

    static Draw IModel<EightSchools, Draw>.ReadDraw(DrawReader reader) =>
        new(reader.Scalar(Mu), reader.Scalar(Tau), reader.Vector(Theta));

    public readonly record struct Draw(double Mu, double Tau, double[] Theta);
}

/// <summary>Typed access to the results.</summary>
public static class EightSchoolsResults
{
    extension(Posterior<EightSchools> posterior)
    {
        public ScalarDraws Mu => posterior[EightSchools.Mu];

        public ScalarDraws Tau => posterior[EightSchools.Tau];

        public VectorDraws Theta => posterior[EightSchools.Theta];

        public IEnumerable<EightSchools.Draw> Each() => posterior.Each<EightSchools, EightSchools.Draw>();
    }
}
