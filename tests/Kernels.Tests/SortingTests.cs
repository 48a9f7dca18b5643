// Sorting against LINQ's stable sort, with ties, signed zeros and NaN.
using System;
using System.Linq;
using Xunit;

namespace Ppl.Kernels.Tests;

public sealed unsafe class SortingTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(33)]
    [InlineData(1000)]
    public void Sorts_are_stable_with_NaN_last(int n)
    {
        var random = new Random(n);
        var x = Enumerable.Range(0, n)
            .Select(_ => random.Next(20) switch { 0 => double.NaN, 1 => -0.0, 2 => 0.0, var k => random.Next(k) - 9.0 })
            .ToArray();
        // LINQ's OrderBy is stable; NaN is moved behind everything by the first key, and -0 equals 0.
        var order = Enumerable.Range(0, n).OrderBy(i => double.IsNaN(x[i])).ThenBy(i => x[i]);
        var expected = order.Select(i => (long)i).ToArray();
        var (indices, indexScratch) = (new long[n], new long[n]);
        var (sorted, scratch) = ((double[])x.Clone(), new double[n]);
        fixed (double* px = x, ps = sorted, pw = scratch)
        fixed (long* pi = indices, pj = indexScratch)
        {
            Sorting.ArgSort(px, n, pi, pj);
            Sorting.Sort(ps, n, pw);
        }

        Assert.Equal(expected, indices);
        Assert.Equal(
            expected.Select(i => BitConverter.DoubleToInt64Bits(x[i])), sorted.Select(BitConverter.DoubleToInt64Bits));
    }
}
