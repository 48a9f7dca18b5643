// Where an elimination keeps the scalars of four rows: reciprocals of the pivots first, then the multipliers between the
// rows, with the sign that adds.
namespace Ppl.Kernels;

internal static class RowScalars
{
    /// <summary>What row 0 of the four contributes to rows 1, 2 and 3.</summary>
    internal const int V01 = 4, V02 = 5, V03 = 6;

    /// <summary>What row 1 contributes to rows 2 and 3, and row 2 to row 3.</summary>
    internal const int V12 = 7, V13 = 8, V23 = 9;

    /// <summary>How many there are.</summary>
    internal const int Count = 10;
}
