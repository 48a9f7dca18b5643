// Windows of successive lanes over two vectors, one after the other: what a recurrence in lanes reads of the steps before.
// Emitted code gives constant starts, so that each is one instruction, or two where there is no AVX-512.
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ppl.Kernels;

/// <summary>
/// The lanes start, start + 1, ... of two vectors one after the other; start is from 1 to the number of lanes less 1.
/// </summary>
public static class LaneWindows
{
    /// <summary>Eight of sixteen lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Window(Vector512<double> first, Vector512<double> second, [ConstantExpected] byte start)
    {
        if (Avx512F.IsSupported)
        {
            return Avx512F.AlignRight64(second.AsInt64(), first.AsInt64(), start).AsDouble();
        }

        int inner = start % 4;
        return start < 4
            ? Vector512.Create(OfFour(first.GetLower(), first.GetUpper(), inner), OfFour(first.GetUpper(), second.GetLower(), inner))
            : Vector512.Create(OfFour(first.GetUpper(), second.GetLower(), inner), OfFour(second.GetLower(), second.GetUpper(), inner));
    }

    /// <summary>Four of eight lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Window(Vector256<double> first, Vector256<double> second, [ConstantExpected] byte start) =>
        OfFour(first, second, start);

    /// <summary>Two of four lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<double> Window(Vector128<double> first, Vector128<double> second, [ConstantExpected] byte start) =>
        start == 0 ? first : Inner(first, second);

    /// <summary>Eight of sixteen lanes of single precision.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Window(Vector256<float> first, Vector256<float> second, [ConstantExpected] byte start)
    {
        if (Avx512F.VL.IsSupported)
        {
            return Avx512F.VL.AlignRight32(second.AsInt32(), first.AsInt32(), start).AsSingle();
        }

        int inner = start % 4;
        return start < 4
            ? Vector256.Create(OfFour(first.GetLower(), first.GetUpper(), inner), OfFour(first.GetUpper(), second.GetLower(), inner))
            : Vector256.Create(OfFour(first.GetUpper(), second.GetLower(), inner), OfFour(second.GetLower(), second.GetUpper(), inner));
    }

    /// <summary>Four of eight lanes of single precision.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Window(Vector128<float> first, Vector128<float> second, [ConstantExpected] byte start) =>
        OfFour(first, second, start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> OfFour(Vector256<double> first, Vector256<double> second, int start)
    {
        Vector256<double> middle = Vector256.Create(first.GetUpper(), second.GetLower());
        return start switch
        {
            0 => first,
            1 => Inner(first, middle),
            2 => middle,
            _ => Inner(middle, second),
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> OfFour(Vector128<float> first, Vector128<float> second, int start) =>
        start switch
        {
            0 => first,
            1 => Vector128.Create(first.GetElement(1), first.GetElement(2), first.GetElement(3), second.GetElement(0)),
            2 => Vector128.Create(first.GetUpper(), second.GetLower()),
            _ => Vector128.Create(first.GetElement(3), second.GetElement(0), second.GetElement(1), second.GetElement(2)),
        };

    // Of each pair of lanes, the upper one of the first vector and the lower one of the second.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Inner(Vector256<double> first, Vector256<double> second) =>
        Avx.IsSupported
            ? Avx.Shuffle(first, second, 0b0101)
            : Vector256.Create(Inner(first.GetLower(), second.GetLower()), Inner(first.GetUpper(), second.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> Inner(Vector128<double> first, Vector128<double> second) =>
        Vector128.Create(first.GetElement(1), second.GetElement(0));
}
