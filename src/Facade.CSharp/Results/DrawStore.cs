// All draws of a run, by site. Immutable. Relies on SiteDraws. Read Posterior next.
using System;
using System.Collections.Generic;
using System.Linq;
using Ppl.Core;
using Ppl.Core.Models;

namespace Ppl;

/// <summary>All draws of a run: the sites in the model's order and the number of draws of each chain.</summary>
internal sealed class DrawStore(IReadOnlyList<SiteDraws> sites, IReadOnlyList<int> lengths)
{
    private readonly Dictionary<string, SiteDraws> byName =
        sites.ToDictionary(static s => s.Name, StringComparer.Ordinal);

    public IReadOnlyList<SiteDraws> Sites => sites;

    /// <summary>The number of draws of each chain.</summary>
    public IReadOnlyList<int> Lengths => lengths;

    /// <summary>The site with this address and number of dimensions (PPL6002, PPL5001).</summary>
    public SiteDraws Site(string name, int rank)
    {
        if (!byName.TryGetValue(Guard.Given(name), out var site))
        {
            var nearest = string.Join(", ", Address.nearest(name, byName.Keys).Select(static n => $"'{n}'"));
            var what = $"there are no draws of '{name}'; known: {nearest}";
            throw new PplException("PPL6002", what, "correct the address", name);
        }

        return site.Shape.Length == rank
            ? site
            : throw new PplException(
                "PPL5001",
                $"one draw of '{name}' has {site.Shape.Length} dimensions, not {rank}",
                "read a number with Scalar, a vector with Vector, a matrix with Matrix",
                name);
    }
}
