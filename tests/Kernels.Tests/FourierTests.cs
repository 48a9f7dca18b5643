// Fourier transforms against the definition in pairs of doubles, over lengths of every kind of plan; the inverse; no allocation.
using System;
using System.Linq;
using Xunit;

namespace Ppl.Kernels.Tests;

public sealed class FourierTests
{
    // No factor, scalar passes, odd radices, lanes with and without a rest, the pass of radix 8, chirps.
    public static readonly TheoryData<int> Lengths = new(
        1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 16, 17, 22, 26, 30, 32, 37, 49, 60, 64, 72, 96, 97, 100, 104, 121, 128, 192, 210,
        256, 320, 512, 768, 1000, 1009, 1024, 1331, 2048, 4096);

    private static double[] Random(int n, int seed)
    {
        var random = new Random(seed);
        return Enumerable.Range(0, 2 * n).Select(_ => 2 * random.NextDouble() - 1).ToArray();
    }

    private static double[] Transform(double[] x, bool inverse, int rows = 1)
    {
        var y = new double[x.Length];
        FourierTransform.Run(rows, x.Length / 2 / rows, inverse, x, y);
        return y;
    }

    /// <summary>Element k of the transform, its sums compensated.</summary>
    private static (double Re, double Im) Definition(double[] x, int k, double sign)
    {
        var n = x.Length / 2;
        var (re, im, lowRe, lowIm) = (0.0, 0.0, 0.0, 0.0);
        for (var j = 0; j < n; j++)
        {
            var (sin, cos) = Turn((long)j * k % n, n);
            Add(ref re, ref lowRe, x[j] * cos);
            Add(ref re, ref lowRe, -sign * x[n + j] * sin);
            Add(ref im, ref lowIm, sign * x[j] * sin);
            Add(ref im, ref lowIm, x[n + j] * cos);
        }

        return (re + lowRe, im + lowIm);
    }

    // sin and cos of k/n turns: the angle is reduced to an eighth of a turn first, where its rounding hardly counts.
    private static (double Sin, double Cos) Turn(long k, long n)
    {
        var eighth = (8 * k + n) / (2 * n);
        var (sin, cos) = Math.SinCos(Math.PI / 2 * (4 * k - eighth * n) / n);
        return (eighth % 4) switch
        {
            0 => (sin, cos),
            1 => (cos, -sin),
            2 => (-sin, -cos),
            _ => (-cos, sin),
        };
    }

    private static void Add(ref double sum, ref double low, double x)
    {
        var next = sum + x;
        low += Math.Abs(sum) >= Math.Abs(x) ? sum - next + x : x - next + sum;
        sum = next;
    }

    private static double Error(double[] x, double[] y, bool inverse)
    {
        var n = x.Length / 2;
        var (error, size) = (0.0, 0.0);
        for (var k = 0; k < n; k += Math.Max(1, n / 101))
        {
            var (re, im) = Definition(x, k, inverse ? 1 : -1);
            error += (re - y[k]) * (re - y[k]) + (im - y[n + k]) * (im - y[n + k]);
            size += re * re + im * im;
        }

        return Math.Sqrt(error / size);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Transforms_are_the_sums_of_the_definition(int n)
    {
        var x = Random(n, n);
        foreach (var inverse in new[] { false, true })
        {
            Assert.InRange(Error(x, Transform(x, inverse), inverse), 0, 8e-16);
        }

        // The other direction is another function.
        Assert.True(n <= 2 || Error(x, Transform(x, true), false) > 0.1);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Both_directions_together_multiply_by_the_length(int n)
    {
        var x = Random(3 * n, n + 1);
        var back = Transform(Transform(x, false, 3), true, 3);
        for (var i = 0; i < x.Length; i++)
        {
            Assert.InRange(back[i] / n - x[i], -3e-15, 3e-15);
        }
    }

    [Fact]
    public void Rows_are_transformed_one_by_one_and_the_source_is_kept()
    {
        foreach (var n in new[] { 5, 64, 97 })
        {
            var x = Random(3 * n, n);
            var before = x.ToArray();
            var y = Transform(x, true, 3);
            Assert.Equal(before, x);
            for (var row = 0; row < 3; row++)
            {
                Assert.Equal(Transform(x[(2 * n * row)..(2 * n * (row + 1))], true), y[(2 * n * row)..(2 * n * (row + 1))]);
            }
        }
    }

    [Fact]
    public void Nothing_and_short_memory()
    {
        FourierTransform.Run(3, 0, false, [], []);
        FourierTransform.Run(0, 7, false, [], []);
        Assert.Throws<ArgumentException>(() => FourierTransform.Run(1, 4, false, new double[8], new double[7]));
    }

    [Fact]
    public void Later_transforms_allocate_nothing()
    {
        foreach (var n in new[] { 12, 64, 97, 1024 })
        {
            var (x, y) = (Random(n, n), new double[2 * n]);
            FourierTransform.Run(1, n, false, x, y);
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 10; i++)
            {
                FourierTransform.Run(1, n, false, x, y);
            }

            Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        }
    }
}
