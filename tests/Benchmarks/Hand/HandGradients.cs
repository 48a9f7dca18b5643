// The list of hand-written gradients, in the order of the tables.
using System.Collections.Generic;
using System.Linq;

namespace Ppl.Benchmarks.Hand;

/// <summary>All hand-written gradients.</summary>
public static class HandGradients
{
    /// <summary>In the order of the tables.</summary>
    public static IReadOnlyList<IHandGradient> All { get; } =
    [
        new EightSchoolsNonCentred(), new EightSchoolsCentred(), new KidscoreInteraction(), new LogearnInteraction(),
        new Nes1972(), new Wells(), new ArK(), new Arma11(), new Garch11(), new LowDimGaussMix(), new HmmExample(),
        new GpRegr(), new RadonNonCentred(), new Kilpisjarvi(), new Blr(),
    ];

    /// <summary>The gradients of these names; all of them for no names.</summary>
    public static IEnumerable<IHandGradient> Named(string[] names) =>
        All.Where(hand => names.Length == 0 || names.Contains(hand.Name));

    /// <summary>The gradient of that name, or null.</summary>
    public static IHandGradient? Find(string name) => All.FirstOrDefault(hand => hand.Name == name);
}
