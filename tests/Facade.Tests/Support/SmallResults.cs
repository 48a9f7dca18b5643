// A small result with known numbers: two chains, a number, a labelled vector and a matrix.
using System;
using Ppl.Core.Models;
using Ppl.Inference;
using Ppl.Inference.Adaptation;
using Ppl.Inference.Runs;

namespace Ppl.Facade.Tests;

internal static class SmallResults
{
    public static DrawStore Store() =>
        new(
            [
                new("mu", [], [], [[0.1, -2], [1e-300]]),
                new("theta", [2], [new Axis("School", 2, ["a", "=b"])], [[1, 2, 3, 4], [5, 6]]),
                new("m", [2, 2], [], [[11, 12, 21, 22, 31, 32, 41, 42], [51, 52, 61, double.NegativeInfinity]]),
            ],
            [2, 1]);

    /// <summary>The first chain of the store, as a sampler of dimension 2 would have made it.</summary>
    public static ChainResult Chain()
    {
        var draws = new Draws(
            2,
            2,
            7,
            ["acceptance", "depth", "leapfrogs", "diverging", "saturated", "energy"],
            [0, 0, 0, 0],
            new double[14],
            [-1.5, -2.25],
            [0.9, 2, 3, 0, 0, 4.5, 0.8, 1, 1, 1, 0, 5.5]);
        var moments = new RunningMoments(0, [0, 0], [0, 0]);
        var adaptation = new AdaptationState(new DualAveraging(0, 0, 0, 0, 0), Math.Log(0.5), [2, 0.5], moments, moments);
        var state = new ChainState(0, 12, [[0, 0], [0], [0, 0]], adaptation);
        return new(0, draws, state, TimeSpan.FromMilliseconds(250), TimeSpan.FromMilliseconds(500));
    }
}
