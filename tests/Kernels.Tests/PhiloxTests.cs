// Philox against the known answers of Random123, and its forms against each other.
using System.Linq;
using System.Runtime.Intrinsics;
using Xunit;

namespace Ppl.Kernels.Tests;

public sealed class PhiloxTests
{
    // From Random123's table of known answers: counter words, key words, output words.
    [Theory]
    [InlineData("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8")]
    [InlineData("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd")]
    [InlineData("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1")]
    public void Known_answers(string counter, string key, string expected)
    {
        var (c, k, w) = (Words(counter), Words(key), Words(expected));
        var block = Philox.Block(c[0], c[1], c[2], c[3], k[0], k[1]);
        Assert.Equal((w[0], w[1], w[2], w[3]), block);
    }

    [Fact]
    public void Eight_blocks_are_eight_times_one_block()
    {
        const ulong Key = 0x0123456789ABCDEF;
        var low = Vector512.Create(0UL, 1, 0xFFFFFFFF, 0x100000000, ulong.MaxValue, 12345678901234567, 7, 8);
        var high = Vector512.Create(0UL, 0, 5, 0xFFFFFFFFFFFFFFFF, 1, 2, 0x8000000080000000, 3);
        var (first, second) = Philox.Block(low, high, Key);
        var (u, v) = Philox.Uniforms(low, high, Key);
        for (var lane = 0; lane < 8; lane++)
        {
            Assert.Equal(Philox.Block(low[lane], high[lane], Key), (first[lane], second[lane]));
            Assert.Equal(Philox.Uniforms(low[lane], high[lane], Key), (u[lane], v[lane]));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(131)]
    public void Filling_takes_the_blocks_in_order(int count)
    {
        const ulong Start = ulong.MaxValue - 3; // the low half wraps round
        var words = new uint[count];
        Philox.Fill(words, Start, 9, 42);
        var numbers = new double[count];
        Philox.FillUniform(numbers, Start, 9, 42);
        for (var i = 0; i < count; i++)
        {
            var (first, second) = Philox.Block(unchecked(Start + (ulong)(i / 4)), 9, 42);
            Assert.Equal((uint)((i % 4 < 2 ? first : second) >> (32 * (i % 2))), words[i]);
            var (u, v) = Philox.Uniforms(unchecked(Start + (ulong)(i / 2)), 9, 42);
            Assert.Equal(i % 2 == 0 ? u : v, numbers[i]);
        }
    }

    [Fact]
    public void Uniform_numbers_are_never_0_or_1()
    {
        Assert.Equal(1.1102230246251565e-16, Philox.ToUniform(0));
        Assert.Equal(1.0 - 1.1102230246251565e-16, Philox.ToUniform(ulong.MaxValue));
        Assert.Equal(0.5 + 1.1102230246251565e-16, Philox.ToUniform(1UL << 63));
    }

    /// <summary>
    /// Mean of 10^6 uniforms: |z| below 6.1, false alarm rate 1e-9 if the words were random; the seed is fixed.
    /// </summary>
    [Fact]
    public void Uniform_numbers_have_mean_one_half()
    {
        var numbers = new double[1_000_000];
        Philox.FillUniform(numbers, 0, 0, 20260101);
        var z = (numbers.Average() - 0.5) * System.Math.Sqrt(12.0 * numbers.Length);
        Assert.InRange(z, -6.1, 6.1);
    }

    private static uint[] Words(string hex) => hex.Split(' ').Select(w => System.Convert.ToUInt32(w, 16)).ToArray();
}
