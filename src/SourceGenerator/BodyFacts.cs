// What can be seen of a model's body without running it. Only what is certain is reported: a body may hand its sites to
// other methods, so a mention anywhere counts as use, and only plain repetition counts as sampling twice.
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Ppl.SourceGenerator;

/// <summary>Facts about the syntax of a [Body] method.</summary>
internal sealed class BodyFacts(MethodDeclarationSyntax body)
{
    private readonly IdentifierNameSyntax[] names = body.DescendantNodes().OfType<IdentifierNameSyntax>().ToArray();

    private readonly InvocationExpressionSyntax[] samples = body
        .DescendantNodes()
        .OfType<InvocationExpressionSyntax>()
        .Where(call => call.Expression is MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Sample" or "Deterministic" })
        .ToArray();

    /// <summary>Whether the body mentions a member.</summary>
    public bool Mentions(string name) => names.Any(identifier => identifier.Identifier.ValueText == name);

    /// <summary>The second of two unconditional samples of a site, if there is one.</summary>
    public InvocationExpressionSyntax? SecondSample(string name) =>
        samples.Where(call => Site(call) == name && !IsConditional(call)).Skip(1).FirstOrDefault();

    private static string? Site(InvocationExpressionSyntax call) =>
        call.ArgumentList.Arguments.FirstOrDefault()?.Expression switch
        {
            IdentifierNameSyntax identifier => identifier.Identifier.ValueText,
            MemberAccessExpressionSyntax access => access.Name.Identifier.ValueText,
            _ => null,
        };

    private bool IsConditional(SyntaxNode node) =>
        node.Ancestors()
            .TakeWhile(ancestor => ancestor != body)
            .Any(a => a is IfStatementSyntax or SwitchStatementSyntax or SwitchExpressionSyntax or ConditionalExpressionSyntax or AnonymousFunctionExpressionSyntax or LocalFunctionStatementSyntax);
}
