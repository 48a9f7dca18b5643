// One draw of all sites, for generated code that makes typed draws. Relies on DrawStore.
using System;

namespace Ppl;

/// <summary>Stands at one draw of a run and reads the values of the sites.</summary>
public sealed class DrawReader
{
    private readonly DrawStore store;

    internal DrawReader(DrawStore store, int chain, int draw)
    {
        this.store = store;
        Chain = chain;
        Draw = draw;
    }

    /// <summary>The chain, counted from 0.</summary>
    public int Chain { get; }

    /// <summary>The draw within the chain, counted from 0.</summary>
    public int Draw { get; }

    /// <summary>The value of a number.</summary>
    public double Scalar(Site<Real> site) => store.Site(Guard.Given(site).Name, 0).Draw(Chain, Draw)[0];

    /// <summary>The value of a vector, a new array.</summary>
    public double[] Vector(Site<RealVec> site) => store.Site(Guard.Given(site).Name, 1).Draw(Chain, Draw).ToArray();

    /// <summary>The value of a matrix, a new array.</summary>
    public double[,] Matrix(Site<RealMat> site)
    {
        var draws = store.Site(Guard.Given(site).Name, 2);
        var matrix = new double[draws.Shape[0], draws.Shape[1]];
        Buffer.BlockCopy(draws.Draw(Chain, Draw).ToArray(), 0, matrix, 0, sizeof(double) * draws.Elements);
        return matrix;
    }
}
