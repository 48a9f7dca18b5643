// Sorting against LINQ's stable sort, with ties, signed zeros and NaN.
using System;
using System.Linq;
using Xunit;

namespace Ppl.Kernels.Tests;

public sealed class SortingTests
{
    public static readonly TheoryData<int> Lengths = new(0, 1, 2, 16, 17, 33, 699, 700, 5000);

    private static double[] Reals(int count, Random random) =>
        Enumerable.Range(0, count)
            .Select(_ => random.Next(20) switch
            {
                0 => double.NaN,
                1 => -0.0,
                2 => 0.0,
                3 => double.NegativeInfinity,
                4 => -double.NaN,
                5 => random.NextDouble() * 1e-300,
                var k => random.Next(k) - 9.0,
            })
            .ToArray();

    // LINQ's OrderBy is stable; NaN is moved behind everything by the first key, and -0 equals 0.
    private static long[] Order(double[] x) =>
        Enumerable.Range(0, x.Length).OrderBy(i => double.IsNaN(x[i])).ThenBy(i => x[i]).Select(i => (long)i).ToArray();

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Sorts_are_stable_with_NaN_last(int n)
    {
        var rows = Enumerable.Range(0, 3).Select(seed => Reals(n, new Random(n + seed))).ToArray();
        var x = rows.SelectMany(row => row).ToArray();
        var (indices, sorted) = (new long[3 * n], new double[3 * n]);
        Sorting.ArgSort(x, indices, n);
        Sorting.Sort(x, sorted, n);

        Assert.Equal(rows.SelectMany(Order), indices);
        var expected = rows.SelectMany(row => Order(row).Select(i => BitConverter.DoubleToInt64Bits(row[i])));
        Assert.Equal(expected, sorted.Select(BitConverter.DoubleToInt64Bits));
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Integers_sort_from_the_least(int n)
    {
        var random = new Random(n);
        var x = Enumerable.Range(0, n).Select(_ => random.Next(3) == 0 ? random.Next(-5, 5) : random.NextInt64() - (long.MaxValue / 2)).ToArray();
        var (indices, sorted) = (new long[n], new long[n]);
        Sorting.ArgSort(x, indices, n);
        Sorting.Sort(x, sorted, n);
        Assert.Equal(Enumerable.Range(0, n).OrderBy(i => x[i]).Select(i => (long)i), indices);
        Assert.Equal(x.Order(), sorted);
    }

    [Fact]
    public void Searches_count_by_row()
    {
        double[] sorted = [1, 2, 2, 5, -1, 0, double.PositiveInfinity, double.NaN];
        double[] values = [2, double.NaN, 0, -0.0, double.PositiveInfinity, -2];
        var counts = new long[6];
        Sorting.Search(sorted, values, counts, 4, 3, false);
        Assert.Equal([1, 4, 0, 1, 2, 0], counts);
        Sorting.Search(sorted, values, counts, 4, 3, true);
        Assert.Equal([3, 4, 0, 2, 3, 0], counts);
        long[] integers = [long.MinValue, 0, long.MaxValue];
        Sorting.Search(integers, [0, long.MaxValue, long.MinValue], counts.AsSpan(0, 3), 3, 3, true);
        Assert.Equal([2, 3, 1], counts[..3]);
    }
}
