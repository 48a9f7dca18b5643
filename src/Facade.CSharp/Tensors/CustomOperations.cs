// Checks of custom operations, for tests in C#. Thin: Ppl.Core.Transforms.Custom does the work.
using Ppl.Core;
using Ppl.Core.Tensors;
using Ppl.Core.Transforms;

namespace Ppl;

/// <summary>Checks of operations that derive from <see cref="CustomOperation"/>.</summary>
public static class CustomOperations
{
    /// <summary>
    /// Compares, at these concrete arguments, the types of what Evaluate gives with ResultTypes, derivatives with central differences
    /// of Evaluate, and batches with single lanes.
    /// </summary>
    /// <exception cref="PplException">PPL5010: types that differ. PPL5011: what differs, where, and both numbers.</exception>
    public static void Check(CustomOperation operation, params Tensor[] arguments) =>
        Custom.check(Guard.Given(operation), Guard.Given(arguments));
}
