// 64-bit integer division without traps, for emitted code.
namespace Ppl.Kernels;

/// <summary>Division of 64-bit integers as tensor programs mean it: by zero it gives 0, and it wraps.</summary>
public static class Integers
{
    /// <summary>x / y truncated towards zero; 0 for y = 0; the lowest integer over -1 is itself.</summary>
    public static long Quotient(long x, long y) => y == 0 ? 0 : y == -1 ? unchecked(-x) : x / y;

    /// <summary>The remainder, of the sign of x; 0 for y = 0.</summary>
    public static long Remainder(long x, long y) => y is 0 or -1 ? 0 : x % y;
}
