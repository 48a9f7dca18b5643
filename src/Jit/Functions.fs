// The elementary and special functions that emitted code calls: out of line, or in the form that RyuJIT inlines.
// Relies on Ppl.Kernels and Machine. Read Trees next.
namespace Ppl.Jit

open System
open System.Collections.Concurrent
open System.Reflection
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Kernels

/// Which functions there are, and their methods.
[<RequireQualifiedAccess>]
module Functions =

    // A table, because the text of a union case goes through F#'s formatting, which costs tens of milliseconds when cold.
    let private name op =
        match op with
        | UnaryOp.Exp -> ValueSome "Exp"
        | UnaryOp.Expm1 -> ValueSome "Expm1"
        | UnaryOp.Log -> ValueSome "Log"
        | UnaryOp.Log1p -> ValueSome "Log1p"
        | UnaryOp.Sin -> ValueSome "Sin"
        | UnaryOp.Cos -> ValueSome "Cos"
        | UnaryOp.Tanh -> ValueSome "Tanh"
        | UnaryOp.Tan -> ValueSome "Tan"
        | UnaryOp.Asin -> ValueSome "Asin"
        | UnaryOp.Acos -> ValueSome "Acos"
        | UnaryOp.Atan -> ValueSome "Atan"
        | UnaryOp.Sinh -> ValueSome "Sinh"
        | UnaryOp.Cosh -> ValueSome "Cosh"
        | UnaryOp.Asinh -> ValueSome "Asinh"
        | UnaryOp.Acosh -> ValueSome "Acosh"
        | UnaryOp.Atanh -> ValueSome "Atanh"
        | UnaryOp.Exp2 -> ValueSome "Exp2"
        | UnaryOp.Log2 -> ValueSome "Log2"
        | UnaryOp.Cbrt -> ValueSome "Cbrt"
        | UnaryOp.Log1mExp -> ValueSome "Log1mExp"
        | UnaryOp.Erfinv -> ValueSome "Erfinv"
        | UnaryOp.BesselI0e -> ValueSome "BesselI0e"
        | UnaryOp.BesselI1e -> ValueSome "BesselI1e"
        | UnaryOp.Sigmoid -> ValueSome "Sigmoid"
        | UnaryOp.Softplus -> ValueSome "Softplus"
        | UnaryOp.Erf -> ValueSome "Erf"
        | UnaryOp.Erfc -> ValueSome "Erfc"
        | UnaryOp.Lgamma -> ValueSome "Lgamma"
        | UnaryOp.Digamma -> ValueSome "Digamma"
        | UnaryOp.Trigamma -> ValueSome "Trigamma"
        | UnaryOp.Ndtr -> ValueSome "Ndtr"
        | UnaryOp.LogNdtr -> ValueSome "LogNdtr"
        | UnaryOp.Ndtri -> ValueSome "Ndtri"
        | UnaryOp.Neg
        | UnaryOp.Abs
        | UnaryOp.Sign
        | UnaryOp.Floor
        | UnaryOp.Reciprocal
        | UnaryOp.Square
        | UnaryOp.Sqrt
        | UnaryOp.Not
        | UnaryOp.IsFinite
        | UnaryOp.IsNaN
        | UnaryOp.StopGradient -> ValueNone

    /// Whether an operation is a call rather than a few instructions.
    let isFunction op = (name op).IsSome

    /// About how many operations the inlined form has; none where a call costs little beside the function itself.
    let inlineCost op =
        match op with
        | UnaryOp.Exp -> ValueSome 25
        | UnaryOp.Expm1
        | UnaryOp.Log
        | UnaryOp.Sigmoid -> ValueSome 35
        | UnaryOp.Log1p
        | UnaryOp.Tanh
        | UnaryOp.Softplus -> ValueSome 50
        | _ -> ValueNone

    let private methods = ConcurrentDictionary<string, MethodInfo>()

    let private find (holder: Type) (name: string) (parameters: Type[]) =
        match holder.GetMethod(name, parameters) with
        | null -> Errors.bug "Functions" $"{holder.Name} has no {name}"
        | target -> target

    let private kept (holder: Type) name (ty: Type) (parameters: Type[]) =
        let key = holder.Name + name + ty.Name

        match methods.TryGetValue key with
        | true, target -> target
        | _ -> methods.GetOrAdd(key, find holder name parameters)

    /// The method of a function on this type: float or a vector of float (inlined: vectors only).
    let unary isInline op (ty: Type) =
        match name op with
        | ValueSome name -> kept (if isInline then typeof<InlineMath> else typeof<VectorMath>) name ty [| ty |]
        | ValueNone -> Errors.bug "Functions" "an operation that is not a function"

    let private specialName op =
        match op with
        | SpecialOp.Atan2 -> "Atan2"
        | SpecialOp.Polygamma -> "Polygamma"
        | SpecialOp.GammaP -> "GammaP"
        | SpecialOp.GammaQ -> "GammaQ"
        | SpecialOp.GammaPByShape -> "GammaPByShape"
        | SpecialOp.BetaI -> "BetaI"
        | SpecialOp.BetaIByA -> "BetaIByA"
        | SpecialOp.BetaIByB -> "BetaIByB"

    /// A special function of several arguments on this type.
    let special op (ty: Type) =
        kept typeof<VectorMath> (specialName op) ty (Array.create (Primitive.specialArity op) ty)

    /// x^y on this type.
    let pow (ty: Type) = kept typeof<VectorMath> "Pow" ty [| ty; ty |]
