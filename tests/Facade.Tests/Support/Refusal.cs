// One assertion for refusals: id, place, value and advice must all be there.
using System;
using System.Threading.Tasks;
using Ppl.Core;
using Xunit;

namespace Ppl.Facade.Tests;

internal static class Refusal
{
    public static PplException Of(string id, string? site, int? index, string value, Action action) =>
        Check(id, site, index, value, Assert.ThrowsAny<PplException>(action));

    public static async Task<PplException> OfAsync(string id, string? site, int? index, string value, Func<Task> action) =>
        Check(id, site, index, value, await Assert.ThrowsAnyAsync<PplException>(action));

    private static PplException Check(string id, string? site, int? index, string value, PplException error)
    {
        Assert.Equal(id, error.Id);
        Assert.Equal(site, error.Site);
        Assert.Equal(index, error.Index);
        Assert.Contains(value, error.What);
        Assert.NotEmpty(error.Advice);
        Assert.Contains(error.Advice, error.Message);
        return error;
    }
}
