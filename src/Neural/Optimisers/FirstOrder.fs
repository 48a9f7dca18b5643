// First-order optimisers: SGD, Adam, AdamW, Lion; clipping of gradients; averages of parameters.
// In the formulas g is the gradient, p the parameters, t = 1, 2, ... the step, a(t) the rate.
// Relies on Optimiser and Schedules. Read Lbfgs next.
namespace Ppl.Neural

open Ppl.Core
open Ppl.Core.Tensors

/// The state of sgd.
type SgdState<'P> =
    {
        /// i32[]: steps done.
        Count: Tensor
        /// The accumulated gradient b.
        Momentum: 'P
    }

/// The state of adam and adamW.
type AdamState<'P> =
    {
        /// i32[]: steps done.
        Count: Tensor
        /// The running mean of gradients, m.
        Mean: 'P
        /// The running mean of their squares, v.
        Square: 'P
    }

/// The state of lion.
type LionState<'P> =
    {
        /// i32[]: steps done.
        Count: Tensor
        /// The running mean of gradients, m.
        Mean: 'P
    }

/// How adam and adamW average. Kingma and Ba's values by default.
[<Sealed>]
type AdamOptions() =

    /// beta1: how slowly the mean of gradients forgets; 0.9.
    member val Beta1 = 0.9 with get, set

    /// beta2: how slowly the mean of squares forgets; 0.999.
    member val Beta2 = 0.999 with get, set

    /// epsilon, added to the root of the mean of squares; 1e-8.
    member val Epsilon = 1e-8 with get, set

    /// lambda of adamW: the decay of parameters per unit of rate; 0.01.
    member val Decay = 0.01 with get, set

/// An exponential average of parameters.
type Average<'P> =
    {
        /// i32[]: values seen.
        Count: Tensor
        /// The sum of values with weights that fall by the decay, times 1 - decay.
        Sum: 'P
    }

/// Optimisers that use gradients only.
[<RequireQualifiedAccess>]
module Optimisers =

    let private zero = Tensor.OfInt 0
    let private next (count: Tensor) = Ops.add count (Tensor.OfInt 1)
    let private zeros (tree: 'P) : 'P = Leafwise.map Ops.zerosLike tree

    /// -a u, in the precision of u.
    let private against (rate: Tensor) (u: Tensor) = -(Leafwise.like u rate * u)

    /// Stochastic gradient descent: p <- p - a g.
    /// With momentum mu: b(t) = mu b(t-1) + g, p <- p - a b(t); Polyak (1964).
    /// With Nesterov's: p <- p - a (g + mu b(t)); Sutskever et al. (2013), as PyTorch writes it.
    let sgdWith (momentum: float) (nesterov: bool) (rate: Schedule) : IOptimiser<'P, SgdState<'P>> =
        Optimiser.make (fun parameters -> { Count = zero; Momentum = zeros parameters }) (fun gradient state _ ->
            let b = Leafwise.map2 (fun b g -> momentum * b + g) state.Momentum gradient
            let direction = if nesterov then Leafwise.map2 (fun g b -> g + momentum * b) gradient b else b
            Leafwise.map (against (rate state.Count)) direction, { Count = next state.Count; Momentum = b })

    /// Stochastic gradient descent without momentum: p <- p - a(t) g.
    let sgd (rate: Schedule) : IOptimiser<'P, Tensor> =
        Optimiser.make (fun _ -> zero) (fun gradient count _ ->
            Leafwise.map (against (rate count)) gradient, next count)

    let private adamLike (options: AdamOptions) (decay: float) (rate: Schedule) : IOptimiser<'P, AdamState<'P>> =
        let beta1, beta2 = options.Beta1, options.Beta2

        Optimiser.make
            (fun parameters -> { Count = zero; Mean = zeros parameters; Square = zeros parameters })
            (fun gradient state parameters ->
                let count = next state.Count
                let mean = Leafwise.map2 (fun m g -> beta1 * m + (1.0 - beta1) * g) state.Mean gradient
                let square = Leafwise.map2 (fun v g -> beta2 * v + (1.0 - beta2) * Ops.square g) state.Square gradient
                // 1 - beta^t: what is missing because the means began at 0.
                let missing (beta: float) = 1.0 - Ops.pow (Ops.scalar beta) (Ops.toFloat count)
                let missing1, missing2 = missing beta1, missing beta2
                let a = rate state.Count

                let update (m: Tensor) (v: Tensor) (p: Tensor) =
                    let root = Ops.sqrt (v / Leafwise.like v missing2) + options.Epsilon
                    let step = m / Leafwise.like m missing1 / root
                    against a (if decay = 0.0 then step else step + decay * p)

                Leafwise.map3 update mean square parameters, { Count = count; Mean = mean; Square = square })

    /// Adam: m <- beta1 m + (1 - beta1) g, v <- beta2 v + (1 - beta2) g^2,
    /// p <- p - a (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon): Kingma and Ba (2015), algorithm 1.
    let adamWith (options: AdamOptions) (rate: Schedule) : IOptimiser<'P, AdamState<'P>> = adamLike options 0.0 rate

    /// Adam with its authors' settings.
    let adam (rate: Schedule) : IOptimiser<'P, AdamState<'P>> = adamWith (AdamOptions()) rate

    /// AdamW: as Adam, with p <- p - a (... + lambda p): Loshchilov and Hutter (2019), algorithm 2.
    let adamWWith (options: AdamOptions) (rate: Schedule) : IOptimiser<'P, AdamState<'P>> =
        adamLike options options.Decay rate

    /// AdamW with its authors' settings, lambda = 0.01.
    let adamW (rate: Schedule) : IOptimiser<'P, AdamState<'P>> = adamWWith (AdamOptions()) rate

    /// Lion: p <- p - a (sign(beta1 m + (1 - beta1) g) + lambda p), then m <- beta2 m + (1 - beta2) g:
    /// Chen et al. (2023), algorithm 2; they use beta1 = 0.9, beta2 = 0.99.
    let lion (beta1: float) (beta2: float) (decay: float) (rate: Schedule) : IOptimiser<'P, LionState<'P>> =
        Optimiser.make
            (fun parameters -> { LionState.Count = zero; Mean = zeros parameters })
            (fun gradient state parameters ->
                let a = rate state.Count

                let update (m: Tensor) (g: Tensor) (p: Tensor) =
                    let direction = Ops.sign (beta1 * m + (1.0 - beta1) * g)
                    against a (if decay = 0.0 then direction else direction + decay * p)

                let updates = Leafwise.map3 update state.Mean gradient parameters
                let mean = Leafwise.map2 (fun m g -> beta2 * m + (1.0 - beta2) * g) state.Mean gradient
                updates, { Count = next state.Count; Mean = mean })

    /// Each element of the gradient is limited to [-limit, limit].
    let clipByValue (limit: float) : IOptimiser<'P, unit> =
        Optimiser.stateless (
            Leafwise.map (fun g -> Ops.max (Ops.scalarLike g -limit) (Ops.min (Ops.scalarLike g limit) g))
        )

    /// sqrt of the sum of the squares of all elements of a tree.
    let globalNorm (tree: 'P) : Tensor = Ops.sqrt (Leafwise.squaredNorm tree)

    /// The whole gradient is scaled down to a norm of at most `limit`: g min(1, limit / |g|): Pascanu, Mikolov and Bengio (2013).
    let clipByGlobalNorm (limit: float) : IOptimiser<'P, unit> =
        Optimiser.stateless (fun gradient ->
            let norm = globalNorm gradient
            let long = Ops.greater norm (Ops.scalar limit)
            // Where the norm is not above the limit, the factor is exactly 1.
            let factor = Ops.select long (limit / norm) (Ops.scalar 1.0)
            Leafwise.map (fun g -> Leafwise.like g factor * g) gradient)

    /// The average of no parameters yet.
    let averageInit (parameters: 'P) : Average<'P> = { Count = zero; Sum = zeros parameters }

    /// One more value: s <- decay s + (1 - decay) p.
    let averageAdd (decay: float) (average: Average<'P>) (parameters: 'P) : Average<'P> =
        {
            Count = next average.Count
            Sum = Leafwise.map2 (fun s p -> decay * s + (1.0 - decay) * p) average.Sum parameters
        }

    /// The average s / (1 - decay^t) of the t values seen: its weights sum to one. NaN before the first.
    let averageValue (decay: float) (average: Average<'P>) : 'P =
        let total = 1.0 - Ops.pow (Ops.scalar decay) (Ops.toFloat average.Count)
        Leafwise.map (fun s -> s / Leafwise.like s total) average.Sum
