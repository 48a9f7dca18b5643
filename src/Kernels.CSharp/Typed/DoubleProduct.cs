// The matrix product as a loop over blocks, packed where that pays. Relies on Vector512Tiles (the inner kernels).
// Written for binary64; the binary32 form is derived from this text when the project is built.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

/// <summary>
/// C = A B or C -= A B; A(i, k) = A[i ARow + k AColumn], B(k, j) = B[k BRow + j BColumn], C(i, j) = C[i CRow + j]. C may
/// not overlap A or B. Every element is a chain of fused multiply-adds in the order of k.
/// </summary>
internal unsafe ref struct DoubleProduct
{
    internal int Rows, Columns, Inner;
    internal double* A, B, C;
    internal nint ARow, AColumn, BRow, BColumn, CRow;
    internal bool Subtract;

    /// <summary>Runs the product.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal readonly void Run()
    {
        if (Rows <= 0 || Columns <= 0)
        {
            return;
        }

        var large = Rows >= Blocking.PackedRows && (long)Rows * Columns * Inner >= Blocking.PackedWork;
        if (large || BColumn != 1)
        {
            RunPacked(large && Columns >= Blocking.PackedColumns);
            return;
        }

        Multiply(new DoubleBlock
        {
            Rows = Rows,
            Columns = Columns,
            Inner = Inner,
            A = A,
            APanel = ARow,
            ARow = ARow,
            AColumn = AColumn,
            B = B,
            BPanel = 1,
            BRow = BRow,
            C = C,
            CRow = CRow,
            Start = Subtract ? -1 : 0,
        });
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void RunPacked(bool packA)
    {
        var innerSize = Math.Min(Inner, Blocking.InnerBytes / sizeof(double));
        var columnSize = Math.Min(Columns, Blocking.ColumnBytes / sizeof(double));
        var width = Vector512.IsHardwareAccelerated ? Vector512<double>.Count
            : Vector256.IsHardwareAccelerated ? Vector256<double>.Count : Vector128<double>.Count;
        var sizeA = packA ? (nint)innerSize * (Math.Min(Rows, Blocking.Rows) + Blocking.TileRows) : 0;
        var sizeB = (nint)innerSize * (columnSize + width);
        var packedB = (double*)Scratch.Rent(ScratchUse.Product, (sizeA + sizeB) * sizeof(double));
        var packedA = packA ? packedB + sizeB : null;
        for (var j = 0; j < Columns; j += columnSize)
        {
            var columns = Math.Min(columnSize, Columns - j);
            var k = 0;
            do
            {
                var inner = Math.Min(innerSize, Inner - k);
                PackColumns(inner, columns, width, B + k * BRow + j * BColumn, packedB);
                RunColumns(j, columns, k, inner, packedA, packedB);
                k += inner;
            }
            while (k < Inner);
        }
    }

    // All rows of C from a packed block of B.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void RunColumns(int j, int columns, int k, int inner, double* packedA, double* packedB)
    {
        for (var i = 0; i < Rows; i += Blocking.Rows)
        {
            var rows = Math.Min(Blocking.Rows, Rows - i);
            var block = new DoubleBlock
            {
                Rows = rows,
                Columns = columns,
                Inner = inner,
                A = A + i * ARow + k * AColumn,
                APanel = ARow,
                ARow = ARow,
                AColumn = AColumn,
                B = packedB,
                BPanel = inner,
                BRow = 0,
                C = C + i * CRow + j,
                CRow = CRow,
                Start = Subtract ? -1 : k == 0 ? 0 : 1,
            };
            if (packedA != null)
            {
                block.PackRows(packedA);
            }

            Multiply(block);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void PackColumns(int inner, int columns, int width, double* b, double* packed)
    {
        if (BColumn == 1)
        {
            if (Vector512.IsHardwareAccelerated)
            {
                Vector512Tiles.Pack(inner, columns, b, BRow, packed);
            }
            else if (Vector256.IsHardwareAccelerated)
            {
                Vector256Tiles.Pack(inner, columns, b, BRow, packed);
            }
            else
            {
                Vector128Tiles.Pack(inner, columns, b, BRow, packed);
            }

            return;
        }

        for (var j = 0; j < columns;)
        {
            var size = width * Blocking.PanelVectors((columns - j + width - 1) / width);
            TransposeTiles.Copy(Math.Min(size, columns - j), inner, b + j * BColumn, BColumn, packed + j * (nint)inner, size);
            j += size;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(in DoubleBlock block)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512Tiles.Multiply(block);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Vector256Tiles.Multiply(block);
        }
        else
        {
            Vector128Tiles.Multiply(block);
        }
    }
}

/// <summary>
/// The argument of the inner kernels. Row i of A begins at A + i APanel for i a multiple of the tile's rows, the others of
/// the tile follow in steps of ARow; column j of B at B + j BPanel for the first of a panel. BRow = 0: as wide as the panel.
/// Start: 0 for C = A B, 1 for C += A B, -1 for C -= A B.
/// </summary>
internal unsafe ref struct DoubleBlock
{
    internal int Rows, Columns, Inner, Start;
    internal double* A, B, C;
    internal nint APanel, ARow, AColumn, BPanel, BRow, CRow;

    /// <summary>
    /// Moves A to contiguous memory: rows as rows, or, when columns are contiguous, the rows of each tile interleaved.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void PackRows(double* packed)
    {
        if (AColumn == 1)
        {
            for (var i = 0; i < Rows; i++)
            {
                new ReadOnlySpan<double>(A + i * ARow, Inner).CopyTo(new Span<double>(packed + i * (nint)Inner, Inner));
            }

            (APanel, ARow) = (Inner, Inner);
        }
        else
        {
            for (var i = 0; i < Rows; i += Blocking.TileRows)
            {
                var rows = Math.Min(Blocking.TileRows, Rows - i);
                var target = packed + i * (nint)Inner;
                for (var k = 0; k < Inner; k++, target += Blocking.TileRows)
                {
                    var source = A + i * ARow + k * AColumn;
                    for (var r = 0; r < rows; r++)
                    {
                        target[r] = source[r * ARow];
                    }
                }
            }

            (APanel, ARow, AColumn) = (Inner, 1, Blocking.TileRows);
        }

        A = packed;
    }
}
