// "Same bits everywhere": recorded hashes of every function's results, and no call to a function whose bits the
// machine chooses. Run also with DOTNET_EnableAVX512=0, DOTNET_EnableAVX2=0 and DOTNET_EnableHWIntrinsic=0.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.Intrinsics;
using Xunit;

namespace Ppl.Kernels.Tests;

public sealed unsafe class SameBitsTests
{
    private const int Count = 4096;

    // The hashes change when, and only when, a definition changes; then they are recorded anew (the message shows
    // them).
    [Theory]
    [InlineData("Exp", 0xC8DC8ED6A8990EF0UL)]
    [InlineData("Expm1", 0x4D1B1425240FF878UL)]
    [InlineData("Log", 0xF507BCD095ABCAD4UL)]
    [InlineData("Log1p", 0x480F14697FB57E35UL)]
    [InlineData("Tanh", 0x8CB52CC46A694EF7UL)]
    [InlineData("Sigmoid", 0xD834D4D62A04A39BUL)]
    [InlineData("Softplus", 0xD18FB974AB1B9299UL)]
    [InlineData("Erf", 0xBD0228DEEA66FA6CUL)]
    [InlineData("Erfc", 0xF7AE9F93BC735189UL)]
    [InlineData("Lgamma", 0xFFC85A94F30B6DE6UL)]
    [InlineData("Digamma", 0xC8A71B4D5D1C47E4UL)]
    [InlineData("Trigamma", 0xA4A5DFB080D7F049UL)]
    [InlineData("Ndtr", 0xBB072B15D219B624UL)]
    [InlineData("LogNdtr", 0x0B3D1D1A2D228B79UL)]
    [InlineData("Ndtri", 0xBFE810D839168DAFUL)]
    [InlineData("Sin", 0x9B2A17B03E6A0CDAUL)]
    [InlineData("Cos", 0x7C6BD5056637EB67UL)]
    [InlineData("Tan", 0x897595C00A774F95UL)]
    [InlineData("Asin", 0xA5DE61042F90EDD2UL)]
    [InlineData("Acos", 0xA6BAFF4ADE527F45UL)]
    [InlineData("Atan", 0xBC90D4437F882B77UL)]
    [InlineData("Sinh", 0xB1D499AA7D84EA0AUL)]
    [InlineData("Cosh", 0xB1E24E3A12DA6BA0UL)]
    [InlineData("Asinh", 0xED2FF79FBDA33C78UL)]
    [InlineData("Acosh", 0xECAE1BDE7D2593D0UL)]
    [InlineData("Atanh", 0xD0AC8D135367856BUL)]
    [InlineData("Exp2", 0x04BDAAF0EB183ACCUL)]
    [InlineData("Log2", 0xB8CA18C4A5E95F9DUL)]
    [InlineData("Cbrt", 0x19E95320BE41AF22UL)]
    [InlineData("Log1mExp", 0x4B1A0FDA43498C26UL)]
    [InlineData("Erfinv", 0x0A76AFF76B38C79CUL)]
    [InlineData("BesselI0e", 0x1DBAA567FFC4E970UL)]
    [InlineData("BesselI1e", 0x96D69F7C4D493F8DUL)]
    public void Functions_have_the_recorded_bits(string function, ulong expected)
    {
        var f = typeof(VectorMath).GetMethod(function, [typeof(Vector512<double>)])!
            .CreateDelegate<Func<Vector512<double>, Vector512<double>>>();
        var x = Inputs();
        var results = new double[Count];
        for (var i = 0; i < Count; i += 8)
        {
            f(Vector512.Create(x, i)).CopyTo(results, i);
        }

        AssertHash(expected, results);
    }

    [Theory]
    [InlineData(11, 0x9C26D51083425B54UL)]
    [InlineData(30, 0x79F6EF1BD3C72DD4UL)]
    [InlineData(45, 0x54A22E4A245AF8CDUL)]
    public void Dense_kernels_have_the_recorded_bits(int n, ulong expected)
    {
        var x = Inputs().Select(v => VectorMath.Tanh(v)).Where(double.IsFinite).ToArray();
        var (gram, factor, sums) = (new double[n * n], new double[n * n], new double[2]);
        fixed (double* px = x, pg = gram, pf = factor)
        {
            Dense.Gemm(n, n, 60, 1.0, px, 60, false, px, 60, true, 0.0, pg, n);
            Assert.Equal(-1, Dense.Cholesky(n, pg, n, pf, n));
            Dense.TriangularSolve(n, n, pf, n, true, true, false, pg, n);
            (sums[0], sums[1]) = (FixedOrder.Sum(px, 1001), FixedOrder.Dot(px, px + 1001, 1003));
        }

        AssertHash(expected, [.. gram, .. factor, .. sums]);
    }

    [Theory]
    [InlineData(5, 0x7B2431EA2C6E28ECUL)]
    [InlineData(11, 0x7E8F55A773E55C28UL)]
    [InlineData(16, 0x451D52781FC81E23UL)]
    public void Inverses_of_Cholesky_factors_have_the_recorded_bits(int n, ulong expected)
    {
        var x = Inputs().Select(v => VectorMath.Tanh(v)).Where(double.IsFinite).ToArray();
        var (gram, inverse) = (new double[n * n], new double[n * n]);
        PackedDense.Gemm(n, n, 60, x, false, x, true, gram);
        PackedDense.CholeskyInverse(n, gram, inverse);
        AssertHash(expected, inverse);
    }

    [Theory]
    [InlineData(24, 0xF1F8A4D33182F6AFUL)]
    [InlineData(97, 0x5652DAB832ECCB4DUL)]
    [InlineData(1000, 0x75C4E590FBC1A3CBUL)]
    [InlineData(1536, 0x37EFF561A81D7DA9UL)]
    public void Fourier_transforms_have_the_recorded_bits(int n, ulong expected)
    {
        var x = Inputs().Select(v => VectorMath.Tanh(v)).Where(double.IsFinite).Take(2 * n).ToArray();
        var y = new double[2 * n];
        FourierTransform.Run(1, n, false, x, y);
        AssertHash(expected, y);
    }

    [Fact]
    public void No_function_of_the_machine_or_its_C_library_is_called()
    {
        string[] forbidden =
        [
            "Exp", "Log", "Log2", "Log10", "Pow", "Sin", "Cos", "Tan", "Sinh", "Cosh", "Tanh",
            "Asin", "Acos", "Atan", "Atan2", "Cbrt",
            "ScaleB", "SinCos", "MultiplyAddEstimate", "ReciprocalEstimate", "ReciprocalSqrtEstimate", "Sum", "Dot",
            "ConvertToInt64Native", "ShuffleNative",
        ];
        using var file = new PEReader(File.OpenRead(typeof(VectorMath).Assembly.Location));
        var metadata = file.GetMetadataReader();
        var called = metadata.MemberReferences
            .Select(metadata.GetMemberReference)
            .Where(m => m.Parent.Kind == HandleKind.TypeReference)
            .Select(m => (Type: TypeName(metadata, (TypeReferenceHandle)m.Parent), Member: metadata.GetString(m.Name)))
            .ToHashSet();
        Assert.Contains(("System.Math", "FusedMultiplyAdd"), called);
        Assert.DoesNotContain(called, c => forbidden.Contains(c.Member));
        Assert.DoesNotContain(called, c => c.Type.StartsWith("System.Numerics.Tensors", StringComparison.Ordinal));
    }

    private static string TypeName(MetadataReader metadata, TypeReferenceHandle handle)
    {
        var type = metadata.GetTypeReference(handle);
        return metadata.GetString(type.Namespace) + "." + metadata.GetString(type.Name);
    }

    // Half the inputs of moderate size, half over all exponents and signs.
    private static double[] Inputs()
    {
        var words = new uint[2 * Count];
        Philox.Fill(words, 0, 0, 7);
        var bits = Enumerable.Range(0, Count).Select(i => words[2 * i] | ((ulong)words[2 * i + 1] << 32)).ToArray();
        return bits
            .Select((b, i) => i % 2 == 0 ? 20.0 * Philox.ToUniform(b) - 10.0 : BitConverter.UInt64BitsToDouble(b))
            .ToArray();
    }

    // FNV-1a over the bits; every NaN counts as the same.
    private static void AssertHash(ulong expected, IEnumerable<double> values)
    {
        var hash = 0xCBF29CE484222325UL;
        foreach (var value in values)
        {
            var bits = BitConverter.DoubleToUInt64Bits(double.IsNaN(value) ? double.NaN : value);
            for (var shift = 0; shift < 64; shift += 8)
            {
                hash = unchecked((hash ^ ((bits >> shift) & 0xFF)) * 0x100000001B3UL);
            }
        }

        Assert.True(expected == hash, $"expected 0x{expected:X16}, got 0x{hash:X16}");
    }
}
