// The benchmarks: dotnet run -c Release --project tests/Benchmarks -- COMMAND [MODEL...] [--json FILE]
using System;
using System.Collections.Generic;
using System.Linq;
using Ppl.Benchmarks;
using Ppl.Examples;

if (args.Length > 0 && args[0] == Startup.Child)
{
    return Startup.RunChild(args[1..]);
}

var commands = new Dictionary<string, Func<string[], Table>>
{
    ["gradients"] = Gradients.Run,
    ["compress"] = Switches.Compression,
    ["recurrences"] = Switches.Recurrences,
    ["profile"] = Profile.Run,
    ["lanes"] = Lanes.Run,
    ["nuts"] = Sampling.Run,
    ["overview"] = Overview.Run,
    ["compile"] = Compilation.Run,
    ["scaling"] = Scaling.Run,
    ["eager"] = EagerOperations.Run,
    ["chains"] = Chains.Run,
    ["startup"] = Startup.Run,
    ["recompile"] = Recompilation.Run,
    ["cancel"] = Cancellation.Run,
    ["check"] = Check.Run,
    ["kalman"] = Kalman.Run,
    ["dense"] = Ppl.Benchmarks.LinearAlgebra.DenseKernels.Run,
    ["vae"] = Ppl.Benchmarks.Neural.Vae.Run,
};

// Everything after the command is the name of a model (none: all of them), except --json FILE.
int option = Array.IndexOf(args, "--json");
string? file = option >= 0 && option + 1 < args.Length ? args[option + 1] : null;
string[] models = args.Skip(1).Where((_, i) => option < 0 || (i + 1 != option && i + 1 != option + 1)).ToArray();
bool known = models.All(model => RealModels.All.Any(m => m.Name == model));
Func<string[], Table>? command = args.Length > 0 ? commands.GetValueOrDefault(args[0]) : null;
if (command is null || (option >= 0 && file is null) || !known)
{
    Console.Error.WriteLine($"Usage: Benchmarks {string.Join('|', commands.Keys)} [MODEL...] [--json FILE]");
    Console.Error.WriteLine($"Models: {string.Join(", ", RealModels.All.Select(model => model.Name))}");
    return 2;
}

Console.WriteLine(Timing.PinToOneCore() ? "One core, pinned." : "Not pinned to a core.");
Table table = command(models);
table.Print(Console.Out);
if (file is not null)
{
    table.WriteJson(file);
}

return 0;
