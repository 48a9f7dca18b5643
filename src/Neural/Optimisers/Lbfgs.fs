// Limited-memory BFGS: Nocedal and Wright, Numerical Optimization (2006), algorithms 7.4 and 7.5. The function with its gradient is one
// compiled program; the few vector operations between its calls are host code.
// Relies on LineSearch.
namespace Ppl.Neural

open System
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Trees

/// When L-BFGS stops, and how it searches.
[<Sealed>]
type LbfgsOptions() =

    /// Pairs of differences that are remembered; 10.
    member val History = 10 with get, set

    /// 500.
    member val MaxIterations = 500 with get, set

    /// Stops when the largest absolute element of the gradient is at most this; 1e-8.
    member val GradientTolerance = 1e-8 with get, set

    /// c1, the sufficient decrease; 1e-4.
    member val Decrease = 1e-4 with get, set

    /// c2, the curvature; 0.9.
    member val Curvature = 0.9 with get, set

    /// Evaluations allowed in one line search; 30.
    member val SearchEvaluations = 30 with get, set

/// Why L-BFGS stopped.
type LbfgsStatus =
    /// The gradient is small enough.
    | Converged
    /// The iterations were used up.
    | IterationLimit
    /// No step down the line satisfies the strong Wolfe conditions, not even from the gradient: the limit of precision, or a
    /// function with kinks.
    | NoProgress
    /// The value or the gradient at the start is not finite.
    | NotFinite

/// What L-BFGS found.
type LbfgsResult<'P> =
    {
        /// The best parameters found.
        Parameters: 'P
        /// The value there.
        Value: float
        /// The largest absolute element of the gradient there.
        GradientNorm: float
        /// Steps taken.
        Iterations: int
        /// Evaluations of value and gradient.
        Evaluations: int
        /// Why it stopped.
        Status: LbfgsStatus
    }

/// Minimisation of smooth functions of trees.
[<RequireQualifiedAccess>]
module Lbfgs =

    let private dot (a: float[]) (b: float[]) =
        let mutable sum = 0.0

        for i in 0 .. a.Length - 1 do
            sum <- sum + a[i] * b[i]

        sum

    /// a + k b
    let private plus (a: float[]) (k: float) (b: float[]) = Array.map2 (fun x y -> x + k * y) a b
    let private largest (a: float[]) = a |> Array.fold (fun m x -> max m (abs x)) 0.0

    /// The leaves from one flat vector that has the real ones in order; the others stay.
    let private deal (leaves: Tensor[]) (vector: Tensor) : Tensor[] =
        let mutable start = 0

        leaves
        |> Array.map (fun leaf ->
            if Leafwise.isReal leaf then
                let n = leaf.Shape.Count
                start <- start + n
                Ops.slice 0 (start - n) start vector |> Ops.reshape leaf.Shape |> Ops.convert leaf.DType
            else
                leaf)

    /// A point with its value and gradient.
    type private Point = { X: float[]; Value: float; Gradient: float[] }

    let private isFinite point = Double.IsFinite point.Value && Array.forall Double.IsFinite point.Gradient

    /// A pair of differences: s of points, y of gradients.
    type private Pair = { S: float[]; Y: float[]; Inverse: float }

    /// -H g by the two-loop recursion, algorithm 7.4; H0 = (s'y / y'y) I, eq. 7.20. The newest pair is first.
    let private direction (pairs: Pair list) (gradient: float[]) : float[] =
        let scale =
            match pairs with
            | [] -> 1.0
            | newest :: _ -> 1.0 / (newest.Inverse * dot newest.Y newest.Y)

        let rec apply pairs (q: float[]) : float[] =
            match pairs with
            | [] -> q |> Array.map (fun x -> scale * x)
            | pair :: older ->
                let alpha = pair.Inverse * dot pair.S q
                let inner = apply older (plus q -alpha pair.Y)
                let beta = pair.Inverse * dot pair.Y inner
                plus inner (alpha - beta) pair.S

        apply pairs gradient |> Array.map (fun x -> -x)

    /// A function with its gradient as one call, counted.
    type private Evaluator(instance: IInstance) =
        member val Count = 0 with get, set

        member this.At(x: float[]) : Point =
            this.Count <- this.Count + 1
            x.CopyTo(instance.Input 0)
            instance.Invoke()
            { X = x; Value = instance.Read(0, 0); Gradient = instance.Output(1).ToArray() }

    /// The next point down a direction, if the search finds one.
    let private searchAlong (options: LbfgsOptions) (evaluator: Evaluator) (point: Point) (d: float[]) first =
        let mutable last = point

        let evaluate step =
            last <- evaluator.At(plus point.X step d)
            { Step = step; Value = last.Value; Slope = dot last.Gradient d }

        let conditions: LineSearch.Conditions =
            { C1 = options.Decrease; C2 = options.Curvature; MaxEvaluations = options.SearchEvaluations }

        let start = { Step = 0.0; Value = point.Value; Slope = dot point.Gradient d }

        // What the search accepts is what it evaluated last.
        LineSearch.search conditions evaluate start first |> Option.map (fun _ -> last)

    let private remember (options: LbfgsOptions) (pairs: Pair list) (before: Point) (after: Point) =
        let s, y = plus after.X -1.0 before.X, plus after.Gradient -1.0 before.Gradient
        let curvature = dot s y

        // The Wolfe conditions make it positive, but for rounding.
        if curvature > 0.0 then
            List.truncate options.History ({ S = s; Y = y; Inverse = 1.0 / curvature } :: pairs)
        else
            pairs

    let rec private iterate (options: LbfgsOptions) evaluator point pairs iteration : Point * int * LbfgsStatus =
        if largest point.Gradient <= options.GradientTolerance then
            point, iteration, Converged
        elif iteration >= options.MaxIterations then
            point, iteration, IterationLimit
        else
            let d = direction pairs point.Gradient
            // Without memory the gradient has no scale: the first step is at most of length 1.
            let first = if List.isEmpty pairs then min 1.0 (1.0 / sqrt (dot d d)) else 1.0

            match searchAlong options evaluator point d first with
            | Some next -> iterate options evaluator next (remember options pairs point next) (iteration + 1)
            | None when not (List.isEmpty pairs) -> iterate options evaluator point [] iteration
            | None -> point, iteration, NoProgress

    /// A local minimum of a smooth function of a tree with a real scalar value, from a start. Integers and truth values in the
    /// tree stay as they are. The function is traced once.
    let minimise (engine: IEngine) (options: LbfgsOptions) (f: 'P -> Tensor) (start: 'P) : LbfgsResult<'P> =
        let leaves, structure = Tree.flatten start
        let real = leaves |> Array.filter Leafwise.isReal

        if real.Length = 0 then
            Errors.argument "Lbfgs.minimise" "the tree has no real tensors" "give parameters to be optimised"

        let x = (real |> Array.map (Ops.toFloat >> Ops.flatten) |> Ops.concat 0).ToFloats()
        let ofVector vector : 'P = Tree.unflatten structure (deal leaves vector)
        use instance = (Compile.valueAndGrad engine x.Length (ofVector >> f >> Ops.toFloat)).NewInstance()
        let evaluator = Evaluator instance
        let first = evaluator.At x

        let last, iterations, status =
            if isFinite first then iterate options evaluator first [] 0 else first, 0, NotFinite

        {
            Parameters = ofVector (Tensor.OfFloats last.X)
            Value = last.Value
            GradientNorm = largest last.Gradient
            Iterations = iterations
            Evaluations = evaluator.Count
            Status = status
        }
