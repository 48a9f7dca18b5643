// Finding a point where the density and all its derivatives are finite, and saying which site is to blame if there is none.
// Relies on Sampler, ChainState. Read Worker next.
namespace Ppl.Inference.Runs

open System
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Randomness
open Ppl.Core.Tensors
open Ppl.Inference
open Ppl.Inference.Adaptation

/// Starting points of chains.
[<RequireQualifiedAccess>]
module Starts =

    /// Tries per chain (Stan).
    let maximalTries = 100

    let private isFinite (xs: float[]) = Array.forall Double.IsFinite xs

    /// The state at a position, if density and gradient are finite there.
    let private tryState (init: IInstance) (position: float[]) : Result<float[][], float[][]> =
        position.AsSpan().CopyTo(init.Input 0)
        init.Invoke()
        let state = Array.init Slots.stateCount (fun n -> (init.Output n).ToArray())
        if Array.forall isFinite state then Ok state else Error state

    /// The largest spacing of doubles around a log density at which a trajectory still sees what it does to the energy.
    let private resolution = 0.01

    /// Whether energies can be told apart here: at -1e37 a double has no digits left for a difference of 1, every step looks
    /// like chance, and the step size adapts to noise. Such starts are passed over while there are others.
    let private isResolved (state: float[][]) =
        let size = abs (state[1].[0])
        Math.BitIncrement size - size <= resolution

    /// The site with the worst density: NaN first, then the infinite ones; none if all are finite.
    let private worst (sites: (string * float)[]) =
        let badness x =
            if Double.IsNaN x then 2
            elif Double.IsInfinity x then 1
            else 0

        let bad = sites |> Array.filter (fun (_, x) -> badness x > 0)
        if bad.Length = 0 then None else Some(fst (Array.maxBy (snd >> badness) bad))

    let private bySite (target: SamplingTarget) position =
        target.LogDensityBySite(Tensor.OfFloats position)
        |> Array.map (fun (site, density) -> site, density.ToFloat())

    let private show (x: float) = x.ToString("G3", Globalization.CultureInfo.InvariantCulture)

    /// PPL2103: the densities by site at the last try, and the site to look at.
    let private refuse (target: SamplingTarget) tries chain position (state: float[][]) : 'a =
        let sites = bySite target position
        let table = sites |> Array.map (fun (site, x) -> $"{site} {show x}") |> String.concat "   "

        let title =
            $"no finite starting point after {tries} tries (chain {chain}).\n  log density by site at the last try:   {table}"

        match worst sites with
        | Some site ->
            InferenceErrors.noStart
                title
                $"check the data and the support of '{site}': its log density is not finite. If only some starts are bad, give starting points or a smaller radius"
                site
        | None ->
            // The density is finite, so it is a derivative.
            let gradient = state[2]
            let place = gradient |> Array.tryFindIndex (Double.IsFinite >> not) |> Option.defaultValue 0
            let site = target.Coordinates[place]
            let what = $"{title}\n  the derivative by coordinate {place} (of '{site}') is {show gradient[place]}"

            InferenceErrors.noStart
                what
                $"write '{site}' without operations whose derivative is infinite or undefined"
                site

    let private jittered (key: Tensor) d radius attempt : float[] =
        let u = Ops.uniform (Shape.ofList [ d ]) (Key.foldIn attempt key)
        u.ToFloats() |> Array.map (fun x -> radius * (2.0 * x - 1.0))

    let private find (sampler: CompiledSampler) chain (init: IInstance) : float[][] =
        let d = sampler.Target.Dimension

        match sampler.Run.Start with
        | Start.At positions ->
            match tryState init positions[chain] with
            | Ok state -> state
            | Error state -> refuse sampler.Target 1 chain positions[chain] state
        | Start.Jittered radius ->
            let key = ChainKey.starts sampler.Run.Seed chain

            // The best finite state so far is kept for targets whose densities are that large everywhere.
            let rec go attempt (best: float[][] option) =
                let position = jittered key d radius attempt
                let last = attempt + 1 = maximalTries

                match tryState init position, best with
                | Ok state, _ when isResolved state -> state
                | Ok state, Some other when other[1][0] >= state[1][0] -> if last then other else go (attempt + 1) best
                | Ok state, _ -> if last then state else go (attempt + 1) (Some state)
                | Error _, _ when not last -> go (attempt + 1) best
                | Error _, Some other -> other
                | Error state, None -> refuse sampler.Target maximalTries chain position state

            go 0 None

    /// <summary>The state of a chain before its first transition.</summary>
    /// <exception cref="T:Ppl.Core.PplException">PPL2103: density or gradient is not finite at any start.</exception>
    let create (sampler: CompiledSampler) chain : ChainState =
        use init = sampler.Init.NewInstance()

        {
            Chain = chain
            Transition = 0
            Kernel = find sampler chain init
            Adaptation = Adaptation.start sampler.Adaptation sampler.Metric sampler.Target.Dimension
        }
