// The one file of this folder that knows F# functions and tuples.
using System;
using System.Linq;
using Microsoft.FSharp.Core;
using Ppl.Core.Tensors;

namespace Ppl;

/// <summary>Conversions between delegates and F# functions.</summary>
internal static class FunctionBridge
{
    /// <summary>The F# function of a delegate.</summary>
    public static FSharpFunc<A, B> Of<A, B>(Func<A, B> f) => FuncConvert.FromFunc(f);

    /// <summary>The F# function of a delegate without arguments.</summary>
    public static FSharpFunc<Unit, R> Of<R>(Func<R> f) => FuncConvert.FromFunc(f);

    /// <summary>The curried F# function of a delegate.</summary>
    public static FSharpFunc<A, FSharpFunc<B, C>> Of<A, B, C>(Func<A, B, C> f) => FuncConvert.FromFunc(f);

    /// <summary>The curried F# function of a delegate.</summary>
    public static FSharpFunc<A, FSharpFunc<B, FSharpFunc<C, D>>> Of<A, B, C, D>(Func<A, B, C, D> f) => FuncConvert.FromFunc(f);

    /// <summary>The F# function to F# tuples of a delegate to C# tuples.</summary>
    public static FSharpFunc<A, Tuple<Tensor, R>> Pair<A, R>(Func<A, (Tensor, R)> f) =>
        FuncConvert.FromFunc<A, Tuple<Tensor, R>>(a => f(a).ToTuple());

    /// <summary>The curried F# function to F# tuples of a delegate to C# tuples.</summary>
    public static FSharpFunc<A, FSharpFunc<B, Tuple<C, D>>> Step<A, B, C, D>(Func<A, B, (C, D)> f) =>
        FuncConvert.FromFunc<A, B, Tuple<C, D>>((a, b) => f(a, b).ToTuple());

    /// <summary>The delegate of an F# function.</summary>
    public static Func<A, B> Back<A, B>(FSharpFunc<A, B> f) => f.Invoke;
}
