// `vae`: the gradient of a 784-200-20-200-784 variational autoencoder on 1,024 images, beside PyTorch in eager mode on the same
// machine (baselines.sh installs it). The model is written with the layers of Ppl.Neural and the trees of the facade.
using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using Microsoft.FSharp.Core;
using Ppl.Core;
using Ppl.Core.Ir;
using Ppl.Core.Randomness;
using Ppl.Core.Tensors;
using Ppl.Core.Trees;
using Ppl.Jit;
using Ppl.Neural;
using static Ppl.Tensors;

namespace Ppl.Benchmarks.Neural;

/// <summary>The parameters of the autoencoder.</summary>
internal sealed record Autoencoder(Dense Encoder, Dense Mean, Dense LogVariance, Dense Decoder, Dense Output)
{
    public static Autoencoder Init(Tensor key)
    {
        Dense Layer(string name, int inputs, int outputs) => Dense.Init(inputs, outputs, Key.foldInName(name, key));
        return new(
            Layer("encoder", 784, 200),
            Layer("mean", 200, 20),
            Layer("logVariance", 200, 20),
            Layer("decoder", 20, 200),
            Layer("output", 200, 784));
    }

    /// <summary>The negative evidence lower bound per image, with Bernoulli pixels and this noise.</summary>
    public Tensor Loss(Tensor images, Tensor noise)
    {
        Tensor hidden = Activations.relu(Layers.dense(Encoder, images));
        Tensor mean = Layers.dense(Mean, hidden), logVariance = Layers.dense(LogVariance, hidden);
        Tensor code = mean + Exp(0.5 * logVariance) * noise;
        Tensor logits = Layers.dense(Output, Activations.relu(Layers.dense(Decoder, code)));
        Tensor reconstruction = Sum(Softplus(logits) - images * logits);
        Tensor divergence = 0.5 * Sum(Exp(logVariance) + mean * mean - 1.0 - logVariance);
        return (reconstruction + divergence) * (1.0 / images.Shape[0]);
    }
}

internal static class Vae
{
    private const int Batch = 1024;
    private const int Calls = 40;

    /// <summary>The table of all comparisons, each with PyTorch's better time (f32, 1 or 2 threads); the arguments are not used.</summary>
    public static Table Run(string[] _)
    {
        Timing.UseAllCores();
        var table = new Table("precision", "threads", "milliseconds", "compileMilliseconds", "torchMilliseconds", "timesTorch", "goal");
        // On a busy machine two threads can be slower than one.
        double? torch = PyTorch(1) is { } alone && PyTorch(2) is { } both ? Math.Min(alone, both) : null;
        foreach (int threads in new[] { 1, 2 })
        {
            foreach (DType precision in new[] { DType.F64, DType.F32 })
            {
                (double compile, double call) = Measure(precision, threads);
                table.Add(
                    ("precision", DTypeModule.name(precision)),
                    ("threads", threads),
                    ("milliseconds", call),
                    ("compileMilliseconds", compile),
                    ("torchMilliseconds", torch),
                    ("timesTorch", call / torch),
                    ("goal", precision.IsF32 && threads == 2 ? 12.0 : null));
            }
        }

        return table;
    }

    /// <summary>Milliseconds of compiling, and the least of one gradient.</summary>
    private static (double Compile, double Call) Measure(DType precision, int threads)
    {
        Tensor key = Key.ofSeed(1);
        Tensor Draw(string name, int columns) => Draws.normal(Shape.OfArray([Batch, columns]), Key.foldInName(name, key));
        Tensor images = Elementwise.toFloat(Elementwise.greater(Draw("images", 784), Scalar(0.84)));
        var start = (Autoencoder.Init(key), images, Draw("noise", 20));
        var arguments = Tree.Map(x => Elementwise.convert(precision, x), start);

        var engine = new CpuEngine(new CpuOptions { Threads = threads });
        long began = Stopwatch.GetTimestamp();
        var gradient = new TreeFunction<(Autoencoder, Tensor, Tensor), (Tensor, Autoencoder)>(
            engine,
            FuncConvert.FromFunc(((Autoencoder P, Tensor Images, Tensor Noise) a) =>
                Autodiff.ValueAndGrad(p => p.Loss(a.Images, a.Noise), a.P)));
        Ppl.Core.Ir.Program program = gradient.ProgramFor(arguments);
        ICompiled code = ((IEngine)engine).Compile(program);
        double compile = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        if (Environment.GetEnvironmentVariable("PPL_VAE_PROFILE") is not null)
        {
            Literal[] values = Tree.Leaves(arguments).Select(tensor => tensor.Value).ToArray();
            Console.WriteLine(Explain.profile(engine, program, values));
        }

        using IInstance instance = code.NewInstance();
        foreach ((int n, Tensor tensor) in Tree.Leaves(arguments).Index())
        {
            instance.SetInput(n, tensor.Value);
        }

        double Call()
        {
            long at = Stopwatch.GetTimestamp();
            instance.Invoke();
            return Stopwatch.GetElapsedTime(at).TotalMilliseconds;
        }

        return (compile, Enumerable.Range(0, Calls).Min(_ => Call()));
    }

    /// <summary>
    /// PyTorch's least milliseconds on so many threads, or null where it is not installed: in the user's Python or in the
    /// distribution's; with the kernels that OpenBLAS chooses and with those for AVX-512.
    /// </summary>
    private static double? PyTorch(int threads)
    {
        foreach (string interpreter in new[] { "python3", "/usr/bin/python3" })
        {
            if (PyTorch(interpreter, threads, null) is { } chosen)
            {
                return PyTorch(interpreter, threads, "SkylakeX") is { } wide ? Math.Min(chosen, wide) : chosen;
            }
        }

        Console.WriteLine("PyTorch is not installed (baselines.sh): no comparison.");
        return null;
    }

    private static double? PyTorch(string interpreter, int threads, string? coreType)
    {
        string script = Path.Combine(AppContext.BaseDirectory, "Baselines", "vae.py");
        try
        {
            var start = new ProcessStartInfo(interpreter, [script, $"{Batch}", $"{threads}"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment["OMP_NUM_THREADS"] = $"{threads}";
            if (coreType is not null && System.Runtime.Intrinsics.X86.Avx512F.IsSupported)
            {
                start.Environment["OPENBLAS_CORETYPE"] = coreType;
            }

            using Process? process = Process.Start(start);
            string text = process?.StandardOutput.ReadToEnd() ?? "";
            process?.WaitForExit();
            if (process?.ExitCode == 0)
            {
                return double.Parse(text, CultureInfo.InvariantCulture);
            }
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // There is no such interpreter.
        }

        return null;
    }
}
