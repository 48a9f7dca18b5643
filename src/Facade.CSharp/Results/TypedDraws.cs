// Draws as the model's own type. Generated accessors call these with the types filled in:
// `posterior.Each()`, `posterior.Probability(d => d.Tau > d.Theta[0])`. Relies on Posterior.
using System;
using System.Collections.Generic;

namespace Ppl;

/// <summary>Draws of a model as values of its draw type.</summary>
public static class TypedDraws
{
    /// <summary>All draws, chain by chain.</summary>
    public static IEnumerable<TDraw> Each<TModel, TDraw>(this Posterior<TModel> posterior)
        where TModel : IModel<TModel, TDraw> => Guard.Given(posterior).Each(TModel.ReadDraw);

    /// <summary>The draws of a function of all sites.</summary>
    public static ScalarDraws Map<TModel, TDraw>(this Posterior<TModel> posterior, Func<TDraw, double> function)
        where TModel : IModel<TModel, TDraw>
    {
        Guard.Given(function);
        return Guard.Given(posterior).Map("f(draw)", reader => function(TModel.ReadDraw(reader)));
    }

    /// <summary>The probability of a statement about all sites: the share of the draws for which it holds.</summary>
    public static Estimate Probability<TModel, TDraw>(this Posterior<TModel> posterior, Func<TDraw, bool> statement)
        where TModel : IModel<TModel, TDraw>
    {
        Guard.Given(statement);
        return Guard.Given(posterior).Map("P(statement)", r => statement(TModel.ReadDraw(r)) ? 1.0 : 0.0).Mean();
    }
}
