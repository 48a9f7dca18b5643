// Printing of results where a program asks for it.
using System.Collections.Generic;
using System.IO;

namespace Ppl;

/// <summary>Writes results to the console, or to another writer.</summary>
public static class Printing
{
    /// <summary>Writes the table.</summary>
    /// <param name="table">The table.</param>
    /// <param name="writer">Standard output if it is left out.</param>
    public static void Print(this SummaryTable table, TextWriter? writer = null) =>
        (writer ?? System.Console.Out).Write(Guard.Given(table).ToString());

    /// <summary>Writes each diagnostic with its advice; nothing if there is none.</summary>
    /// <param name="diagnostics">The diagnostics of a run.</param>
    /// <param name="writer">Standard output if it is left out.</param>
    public static void Print(this IReadOnlyList<RunDiagnostic> diagnostics, TextWriter? writer = null)
    {
        foreach (var diagnostic in Guard.Given(diagnostics))
        {
            (writer ?? System.Console.Out).WriteLine(diagnostic);
        }
    }
}
