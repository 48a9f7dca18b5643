// The benchmarks: dotnet run -c Release --project tests/Benchmarks -- COMMAND [--json FILE]
using System;
using System.Collections.Generic;
using System.Linq;
using Ppl.Benchmarks;

var commands = new Dictionary<string, Func<Table>>
{
    ["gradients"] = Gradients.Run,
    ["check"] = Check.Run,
};

if (args.Length is not (1 or 3) || !commands.TryGetValue(args[0], out Func<Table>? command) || (args.Length == 3 && args[1] != "--json"))
{
    Console.Error.WriteLine($"Usage: Benchmarks {string.Join('|', commands.Keys)} [--json FILE]");
    return 2;
}

Console.WriteLine(Timing.PinToOneCore() ? "One core, pinned." : "Not pinned to a core.");
Table table = command();
table.Print(Console.Out);
if (args.Length == 3)
{
    table.WriteJson(args[2]);
}

return 0;
