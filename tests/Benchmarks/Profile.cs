// `profile`: the stages of a model's gradient with the time of each, as the engine explains them; data compressed.
using System;
using System.Linq;
using Ppl.Benchmarks.Hand;
using Ppl.Core;
using Ppl.Jit;

namespace Ppl.Benchmarks;

internal static class Profile
{
    /// <summary>The stages of the models of these names (none: all of them).</summary>
    public static Table Run(string[] models)
    {
        var table = new Table("model", "stage", "kind", "flops", "bytesRead", "bytesWritten", "nanoseconds", "what");
        foreach (IHandGradient hand in HandGradients.Named(models))
        {
            using var gradient = CompiledGradient.Of(hand.Name);
            Shape shape = ShapeModule.ofArray([hand.Dimension]);
            Literal point = LiteralModule.create(shape, Storage.NewF64(new Points(hand)[0].ToArray()));
            foreach (var (stage, i) in Explain.profile(new CpuEngine(), gradient.Program, [point]).Stages.Select((s, i) => (s, i)))
            {
                table.Add(
                    ("model", hand.Name),
                    ("stage", i + 1),
                    ("kind", stage.Kind),
                    ("flops", stage.Flops),
                    ("bytesRead", stage.BytesRead),
                    ("bytesWritten", stage.BytesWritten),
                    ("nanoseconds", stage.Nanoseconds),
                    ("what", stage.Name));
            }
        }

        return table;
    }
}
