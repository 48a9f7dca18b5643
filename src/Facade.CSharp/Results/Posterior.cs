// The result of a run, typed by the model. Relies on DrawStore. Read TypedDraws next.
using System;
using System.Collections.Generic;
using System.Linq;

namespace Ppl;

/// <summary>The draws of a run of a model, what is estimated from them, and whether they can be trusted.</summary>
/// <typeparam name="TModel">The model's class.</typeparam>
public sealed class Posterior<TModel>
{
    private readonly DrawStore store;

    internal Posterior(DrawStore store) => this.store = store;

    /// <summary>The number of chains.</summary>
    public int Chains => store.Lengths.Count;

    /// <summary>The number of draws of all chains together.</summary>
    public int Count => store.Lengths.Sum();

    /// <summary>The draws of a number.</summary>
    public ScalarDraws this[Site<Real> site] => Scalar(Guard.Given(site).Name);

    /// <summary>The draws of a vector.</summary>
    public VectorDraws this[Site<RealVec> site] => Vector(Guard.Given(site).Name);

    /// <summary>The draws of a matrix.</summary>
    public MatrixDraws this[Site<RealMat> site] => Matrix(Guard.Given(site).Name);

    /// <summary>The draws of a number by its address (PPL6002, PPL5001).</summary>
    public ScalarDraws Scalar(string address) => store.Site(address, 0).Flat(0);

    /// <summary>The draws of a vector by its address (PPL6002, PPL5001).</summary>
    public VectorDraws Vector(string address) => new(store.Site(address, 1));

    /// <summary>The draws of a matrix by its address (PPL6002, PPL5001).</summary>
    public MatrixDraws Matrix(string address) => new(store.Site(address, 2));

    /// <summary>All draws, chain by chain, each as a value that <paramref name="read"/> makes of it.</summary>
    public IEnumerable<TDraw> Each<TDraw>(Func<DrawReader, TDraw> read)
    {
        Guard.Given(read);
        return Readers().Select(read);
    }

    /// <summary>The draws of a function of all sites, under a name.</summary>
    public ScalarDraws Map(string name, Func<DrawReader, double> function)
    {
        Guard.Given(function);
        return new(
            Guard.Given(name),
            [.. store.Lengths.Select((length, chain) => Enumerable.Range(0, length).Select(i => function(new(store, chain, i))).ToArray())]);
    }

    private IEnumerable<DrawReader> Readers() =>
        store.Lengths.SelectMany((length, chain) => Enumerable.Range(0, length).Select(draw => new DrawReader(store, chain, draw)));
}
