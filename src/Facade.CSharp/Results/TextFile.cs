// Text files that are either whole or not there.
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Ppl;

/// <summary>Writing of text files: UTF-8 without a mark, line feeds on every system.</summary>
internal static class TextFile
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Writes beside the file and moves at the end: an error or cancellation leaves the old file.</summary>
    public static async Task WriteAsync(string path, IEnumerable<string> lines, CancellationToken cancellationToken)
    {
        var partial = path + ".partial";
        try
        {
            var writer = new StreamWriter(partial, append: false, Utf8) { NewLine = "\n" };
            await using (writer.ConfigureAwait(false))
            {
                foreach (var line in lines)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    await writer.WriteLineAsync(line).ConfigureAwait(false);
                }
            }

            File.Move(partial, path, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }
    }
}
