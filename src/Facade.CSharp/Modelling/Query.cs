// Models in C# query syntax, on the same core type as F#'s computation expression:
//   from mu in Sample("mu", Normal(0, 5))
//   from _ in Observe("y", y, Normal(mu, 1))
//   select mu
// Relies on Prob. Read ModelExtensions next.
using System;
using System.Collections.Generic;
using Ppl.Core.Models;

namespace Ppl;

/// <summary>The statements of models in query syntax, for <c>using static Ppl.Query</c>.</summary>
public static class Query
{
    private static readonly Dictionary<string, Axis> NoAxes = [];

    /// <summary>A random choice.</summary>
    public static Model<T> Sample<T>(string address, Distribution<T> distribution)
        where T : IValue<T> => Say(p => p.Sample(address, distribution));

    /// <summary>A number that a distribution has produced: data.</summary>
    public static Model<Real> Observe(string address, Real value, Distribution<Real> distribution) =>
        Say(p => p.Observe(value, distribution, address), value);

    /// <summary>Numbers that a distribution has produced: data.</summary>
    public static Model<RealVec> Observe(string address, RealVec value, Distribution<RealVec> distribution) =>
        Say(p => p.Observe(value, distribution, address), value);

    /// <summary>Independent numbers from one distribution: data.</summary>
    public static Model<RealVec> Observe(string address, RealVec value, Distribution<Real> distribution) =>
        Say(p => p.Observe(value, distribution, address), value);

    /// <summary>An integer that a distribution has produced: data.</summary>
    public static Model<Int> Observe(string address, Int value, Distribution<Int> distribution) =>
        Say(p => p.Observe(value, distribution, address), value);

    /// <summary>Integers that a distribution has produced: data.</summary>
    public static Model<IntVec> Observe(string address, IntVec value, Distribution<IntVec> distribution) =>
        Say(p => p.Observe(value, distribution, address), value);

    /// <summary>Independent integers from one distribution: data.</summary>
    public static Model<IntVec> Observe(string address, IntVec value, Distribution<Int> distribution) =>
        Say(p => p.Observe(value, distribution, address), value);

    /// <summary>A term of the log density.</summary>
    public static Model<Real> Factor(string address, Real logWeight) =>
        Say(p => p.Factor(address, logWeight), logWeight);

    /// <summary>A derived value.</summary>
    public static Model<T> Deterministic<T>(string address, T value)
        where T : IValue<T> => Say(p => p.Deterministic(address, value));

    private static Model<T> Say<T>(Func<Prob, T> statement) =>
        Model<T>.OfInterpreter(interpreter => statement(new Prob(interpreter, NoAxes)));

    private static Model<T> Say<T>(Action<Prob> statement, T value) =>
        Say(p =>
        {
            statement(p);
            return value;
        });
}
