// How large matrix products are cut up (the scheme of Goto and van de Geijn 2008, "Anatomy of high-performance matrix
// multiplication"): a panel of B stays in the first-level cache, a block of A in the second, a block of B in the third.
// No result depends on any of these numbers.
using System.Runtime.CompilerServices;

namespace Ppl.Kernels;

internal static class Blocking
{
    /// <summary>Rows of C that a tile holds in registers.</summary>
    internal const int TileRows = 4;

    /// <summary>Steps of the inner index per block, in bytes: a panel of three 64-byte vectors takes 36 KiB.</summary>
    internal const int InnerBytes = 192 * 8;

    /// <summary>Rows of A per block: with the inner index 384 KiB.</summary>
    internal const int Rows = 256;

    /// <summary>Columns of B per block, in bytes: 2.3 MiB in binary64.</summary>
    internal const int ColumnBytes = 1536 * 8;

    /// <summary>Multiply-adds and rows of C from which packing B pays.</summary>
    internal const long PackedWork = 96 * 96 * 96;

    /// <inheritdoc cref="PackedWork"/>
    internal const int PackedRows = 16;

    /// <summary>Columns of C from which packing A pays as well.</summary>
    internal const int PackedColumns = 64;

    /// <summary>Steps of the inner index that give the rows of the next tile time to come from memory.</summary>
    internal const int PrefetchInner = 64;

    /// <summary>Up to so many rows the cotangent of a factorisation is computed in one piece.</summary>
    internal const int CotangentRows = 16;

    /// <summary>Rows of a triangular system that are solved at a time.</summary>
    internal const int SolvedRows = 4;

    /// <summary>
    /// Triangular systems of a batch whose rows are solved by turns: enough to fill the waits of one, and few enough for the
    /// first-level cache.
    /// </summary>
    internal const int SolvedMatrices = 4;

    /// <summary>Vectors of the next panel: at most three, and rather two and two than three and one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int PanelVectors(int rest) => rest == 4 ? 2 : rest > 3 ? 3 : rest;
}
