// The log density of a model as a compiled program, for explanations. Relies on Ppl.Jit. Read InferenceBuilder next.
using System;
using Microsoft.FSharp.Core;
using Ppl.Core;
using Ppl.Core.Ir;
using Ppl.Core.Models;
using Ppl.Core.Tensors;
using Ppl.Core.Transforms;
using Ppl.Jit;

namespace Ppl;

internal static class Density
{
    // Where the parts are timed: near the middle of the space, and nowhere special.
    private const double Point = 0.1;

    /// <summary>Explains the value and gradient of a target's density, as a sampler with these settings computes it.</summary>
    public static Explanation Explain(Target target, InferenceSettings settings, bool time)
    {
        var options = new SimplifyOptions(settings.CompressData, settings.SplitRecurrences);
        var density = FuncConvert.FromFunc<Tensor, Tensor>(target.LogDensity);
        var (program, notes) = Compile.valueAndGradProgram(options, target.Dimension, density);
        return Ppl.Jit.Explain.withNotes(notes, Of(program, settings.Engine, target.Dimension, time));
    }

    private static Explanation Of(Program program, IEngine engine, int dimension, bool time)
    {
        if (!time)
        {
            return Ppl.Jit.Explain.program(engine, program);
        }

        var point = new double[dimension];
        Array.Fill(point, Point);
        return Ppl.Jit.Explain.profile(engine, program, [Tensor.OfFloats(point).Value]);
    }
}
