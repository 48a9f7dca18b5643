// What can be done with a model: continue it in query syntax, infer it. Relies on ModelDefinition. Read
// InferenceBuilder next.
using System;
using Ppl.Core.Models;

namespace Ppl;

/// <summary>Operations on models.</summary>
public static class ModelExtensions
{
    /// <summary>Inference for a model class: an immutable builder that ends with RunAsync.</summary>
    public static InferenceBuilder<TModel> Infer<TModel>(this TModel model)
        where TModel : class, IModel<TModel> => new(ModelDefinition.OfClass(Guard.Given(model)), new InferenceSettings());

    /// <summary>Inference for a model in query syntax; its sites are read by address.</summary>
    public static InferenceBuilder<Model<T>> Infer<T>(this Model<T> model) =>
        new(ModelDefinition.OfQuery(Guard.Given(model)), new InferenceSettings());

    /// <summary>A function of a model's result.</summary>
    public static Model<TResult> Select<T, TResult>(this Model<T> model, Func<T, TResult> selector)
    {
        Guard.Given(model);
        Guard.Given(selector);
        return Model<TResult>.OfInterpreter(interpreter => selector(model.Run(interpreter)));
    }

    /// <summary>One model after another, which may use its result.</summary>
    public static Model<TResult> SelectMany<T, TResult>(this Model<T> model, Func<T, Model<TResult>> next)
    {
        Guard.Given(model);
        Guard.Given(next);
        return Model<TResult>.OfInterpreter(interpreter => next(model.Run(interpreter)).Run(interpreter));
    }

    /// <summary>One model after another, and a function of both results: what query syntax translates to.</summary>
    public static Model<TResult> SelectMany<T, TNext, TResult>(
        this Model<T> model,
        Func<T, Model<TNext>> next,
        Func<T, TNext, TResult> selector)
    {
        Guard.Given(selector);
        return model.SelectMany(x => next(x).Select(y => selector(x, y)));
    }
}
