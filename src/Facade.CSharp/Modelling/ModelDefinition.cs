// A model in the one form that inference takes, whether it was a class or a query: a core model, its axes, and the
// checks of its data. Relies on Prob, DataChecks. Read InferenceBuilder next.
using System;
using System.Collections.Generic;
using System.Linq;
using Ppl.Core;
using Ppl.Core.Models;

namespace Ppl;

/// <summary>A model with its data, ready to become a target.</summary>
internal sealed class ModelDefinition
{
    private readonly Action check;
    private readonly Func<Target> target;
    private readonly ModelSchema schema;
    private readonly IReadOnlyDictionary<string, Axis> axes;

    private ModelDefinition(
        ModelSchema schema,
        IReadOnlyDictionary<string, Axis> axes,
        Action check,
        Func<Target> target)
    {
        this.schema = schema;
        this.axes = axes;
        this.check = check;
        this.target = target;
    }

    public string Name => schema.Name;

    /// <summary>The definition of a model class.</summary>
    public static ModelDefinition OfClass(IModel model)
    {
        var axes = DataChecks.Axes(model.Data);
        var body = Model<ValueTuple>.OfInterpreter(interpreter =>
        {
            model.Define(new Prob(interpreter, axes));
            return default;
        });
        return new(model.Schema, axes, () => DataChecks.Require(model.Data), () => Target.OfModel(body));
    }

    /// <summary>The definition of a model that is a value.</summary>
    public static ModelDefinition OfQuery<T>(Model<T> model) =>
        new(new("model", []), new Dictionary<string, Axis>(), static () => { }, () => Target.OfModel(model));

    /// <summary>
    /// The log density of the model given its data. Errors: PPL1xxx data, PPL6001 an address used twice, PPL6004 a
    /// discrete latent site, PPL6012 a declared site that the body does not define.
    /// </summary>
    public Target MakeTarget()
    {
        check();
        return target();
    }

    /// <summary>PPL6012 for a declared site that is not among these.</summary>
    public void RequireDeclared(IReadOnlyCollection<string> defined)
    {
        foreach (var site in schema.Sites.Where(site => !defined.Contains(site.Name)))
        {
            throw new PplException(
                "PPL6012",
                $"the site '{site.Name}' is declared, but the body neither samples nor derives it",
                $"say p.Sample({site.Name}, ...) or p.Deterministic({site.Name}, ...), or remove the declaration",
                site.Name);
        }
    }

    /// <summary>The named axes of a site of the results.</summary>
    public IReadOnlyList<Axis> AxesOf(string site) =>
        schema.Sites.FirstOrDefault(s => s.Name == site) is { } declared
            ? [.. declared.Axes.Select(axis => axes[axis])]
            : [];
}
