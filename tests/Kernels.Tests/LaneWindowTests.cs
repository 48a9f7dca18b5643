// Windows of lanes over two vectors, for every start, width and element type.
using System;
using System.Linq;
using System.Runtime.Intrinsics;
using Ppl.Kernels;
using Xunit;

namespace Ppl.Kernels.Tests;

public sealed class LaneWindowTests
{
    // The tests are about arguments that are not constants, too.
#pragma warning disable CA1857
    [Fact]
    public void WindowsOfDoubles()
    {
        double[] lanes = Enumerable.Range(1, 16).Select(static i => (double)i).ToArray();
        for (byte start = 1; start < 8; start++)
        {
            var window = LaneWindows.Window(Vector512.Create(lanes, 0), Vector512.Create(lanes, 8), start);
            Assert.Equal(Vector512.Create(lanes, start), window);
        }

        for (byte start = 1; start < 4; start++)
        {
            var window = LaneWindows.Window(Vector256.Create(lanes, 0), Vector256.Create(lanes, 4), start);
            Assert.Equal(Vector256.Create(lanes, start), window);
        }

        Assert.Equal(
            Vector128.Create(lanes, 1), LaneWindows.Window(Vector128.Create(lanes, 0), Vector128.Create(lanes, 2), 1));
    }

    [Fact]
    public void WindowsOfSingles()
    {
        float[] lanes = Enumerable.Range(1, 16).Select(static i => (float)i).ToArray();
        for (byte start = 1; start < 8; start++)
        {
            var window = LaneWindows.Window(Vector256.Create(lanes, 0), Vector256.Create(lanes, 8), start);
            Assert.Equal(Vector256.Create(lanes, start), window);
        }

        for (byte start = 1; start < 4; start++)
        {
            var window = LaneWindows.Window(Vector128.Create(lanes, 0), Vector128.Create(lanes, 4), start);
            Assert.Equal(Vector128.Create(lanes, start), window);
        }
    }
#pragma warning restore CA1857
}
