// The files of results, byte for byte.
using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace Ppl.Facade.Tests;

public class FileTests
{
    [Fact]
    public void DrawsCsvCountsFromOneAndQuotesWhatItMust()
    {
        string[] expected =
        [
            ".chain,.iteration,.draw,mu,theta[1],theta[2],\"m[1,1]\",\"m[1,2]\",\"m[2,1]\",\"m[2,2]\"",
            "1,1,1,0.1,1,2,11,12,21,22",
            "1,2,2,-2,3,4,31,32,41,42",
            "2,1,3,1E-300,5,6,51,52,61,-Inf",
        ];
        Assert.Equal(expected, DrawsCsv.Lines(SmallResults.Store()));
    }

    [Fact]
    public void StanCsvIsCmdStans()
    {
        var settings = new InferenceSettings { Warmup = 10, Draws = 2, Seed = 42 };
        string[] expected =
        [
            "# model = eight_schools",
            "# method = sample (Default)",
            "#   sample",
            "#     num_samples = 2",
            "#     num_warmup = 10",
            "#     save_warmup = 0 (Default)",
            "#     thin = 1 (Default)",
            "#     adapt",
            "#       engaged = 1 (Default)",
            "#       delta = 0.8",
            "#     algorithm = hmc (Default)",
            "#       hmc",
            "#         engine = nuts (Default)",
            "#           nuts",
            "#             max_depth = 10",
            "#         metric = diag_e",
            "#         stepsize = 1 (Default)",
            "#         stepsize_jitter = 0",
            "# id = 1",
            "# random",
            "#   seed = 42",
            "lp__,accept_stat__,stepsize__,treedepth__,n_leapfrog__,divergent__,energy__,mu,theta.1,theta.2,m.1.1,m.2.1,m.1.2,m.2.2",
            "# Adaptation terminated",
            "# Step size = 0.5",
            "# Diagonal elements of inverse mass matrix:",
            "# 4, 0.25",
            "-1.5,0.9,0.5,2,3,0,4.5,0.1,1,2,11,21,12,22",
            "-2.25,0.8,0.5,1,1,1,5.5,-2,3,4,31,41,32,42",
            "# ",
            "#  Elapsed Time: 0.250 seconds (Warm-up)",
            "#                0.500 seconds (Sampling)",
            "#                0.750 seconds (Total)",
            "# ",
        ];
        Assert.Equal(expected, StanCsv.Lines("eight-schools", settings, SmallResults.Store(), SmallResults.Chain()));
    }

    [Theory]
    [InlineData("theta[a]", "theta[a]")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("say \"a\"", "\"say \"\"a\"\"\"")]
    [InlineData("=1+1", "\"=1+1\"")]
    [InlineData("+1", "\"+1\"")]
    [InlineData("-1", "\"-1\"")]
    [InlineData("@a", "\"@a\"")]
    public void TextCellsAreHarmless(string text, string cell) => Assert.Equal(cell, Csv.Text(text));

    [Fact]
    public async Task FilesOfARunAreWrittenWhole()
    {
        var directory = Directory.CreateTempSubdirectory("ppl-facade-tests").FullName;
        try
        {
            var posterior = await EightSchools.Data().Infer().Chains(2).Warmup(20).Draws(3).RunAsync();
            var path = Path.Combine(directory, "draws.csv");
            await posterior.SaveDrawsCsvAsync(path);
            Assert.Equal(1 + 6, (await File.ReadAllLinesAsync(path)).Length);
            Assert.DoesNotContain('\r', await File.ReadAllTextAsync(path));

            var files = await posterior.SaveStanCsvAsync(directory);
            Assert.Equal(["eight_schools-1.csv", "eight_schools-2.csv"], files.Select(Path.GetFileName));
            Assert.Contains("# id = 2", await File.ReadAllLinesAsync(files[1]));

            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => posterior.SaveDrawsCsvAsync(Path.Combine(directory, "none.csv"), new CancellationToken(canceled: true)));
            Assert.Equal(3, Directory.GetFiles(directory).Length);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
