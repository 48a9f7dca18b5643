// The contract between model classes and everything else. The generator implements it for [Model] classes; it is as
// readable by hand. Relies on ModelSchema and Prob. Read ModelExtensions next.
using System.Collections.Generic;

namespace Ppl;

/// <summary>A model with its data.</summary>
public interface IModel
{
    /// <summary>Name and declared sites.</summary>
    ModelSchema Schema { get; }

    /// <summary>The data members with their values.</summary>
    IReadOnlyList<DataMember> Data { get; }

    /// <summary>
    /// The model: which quantities there are and how the data came about. It is run many times (to list the sites, to
    /// build the density, to reconstruct draws) and must say the same each time.
    /// </summary>
    /// <param name="p">What the statements of this run mean.</param>
    void Define(Prob p);
}

/// <summary>A model of a known class: <c>Posterior&lt;TSelf&gt;</c> is the type of its results.</summary>
/// <typeparam name="TSelf">The implementing class.</typeparam>
public interface IModel<TSelf> : IModel
    where TSelf : IModel<TSelf>;

/// <summary>A model of a known class whose draws have a type of their own.</summary>
/// <typeparam name="TSelf">The implementing class.</typeparam>
/// <typeparam name="TDraw">One draw: a value for each site.</typeparam>
public interface IModel<TSelf, TDraw> : IModel<TSelf>
    where TSelf : IModel<TSelf, TDraw>
{
    /// <summary>One draw as a typed value.</summary>
    /// <param name="reader">Stands at the draw to be read.</param>
    static abstract TDraw ReadDraw(DrawReader reader);
}
