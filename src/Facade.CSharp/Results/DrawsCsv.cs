// One CSV file with all draws, as R's posterior::as_draws_df reads it: .chain, .iteration and .draw count from 1, elements
// are named theta[1], beta[2,1]. Relies on DrawStore.
using System.Collections.Generic;
using System.Linq;

namespace Ppl;

/// <summary>The lines of a draws CSV file.</summary>
internal static class DrawsCsv
{
    public static IEnumerable<string> Lines(DrawStore store)
    {
        var names = store.Sites.SelectMany(Names).Select(Csv.Text);
        yield return string.Join(',', [".chain", ".iteration", ".draw", .. names]);
        var draw = 0;
        for (var chain = 0; chain < store.Lengths.Count; chain++)
        {
            for (var i = 0; i < store.Lengths[chain]; i++)
            {
                yield return $"{chain + 1},{i + 1},{++draw}{Cells(store, chain, i)}";
            }
        }
    }

    private static IEnumerable<string> Names(SiteDraws site) =>
        Enumerable
            .Range(0, site.Elements)
            .Select(site.Places)
            .Select(places => string.Join(',', places.Select(static p => p + 1)))
            .Select(places => places.Length == 0 ? site.Name : $"{site.Name}[{places}]");

    private static string Cells(DrawStore store, int chain, int draw) =>
        string.Concat(
            from site in store.Sites
            from x in site.Draw(chain, draw).ToArray()
            select "," + Csv.Number(x));
}
