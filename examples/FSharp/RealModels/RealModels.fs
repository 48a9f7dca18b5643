// The list of the real models: for tests, benchmarks and readers.
// Relies on the models above.
namespace Ppl.Examples

open System
open System.Collections.Generic
open Ppl.Core.Models

/// Where a parameter of a reference posterior is found in a model: an element of a site's value, in row-major order.
[<Struct>]
type Place = { Parameter: string; Address: string; Index: int }

/// A real model on its data, with its reference posterior.
[<Sealed>]
type RealModel internal (name: string, posterior: string, data: string, define: DataSet -> Model<unit>) =

    /// theta[3] is element 2 of the site theta; mu is element 0 of the site mu.
    let place (parameter: string) =
        match parameter.IndexOf '[' with
        | -1 -> { Parameter = parameter; Address = parameter; Index = 0 }
        | i ->
            let index = Int32.Parse(parameter.AsSpan(i + 1, parameter.Length - i - 2))
            { Parameter = parameter; Address = parameter[.. i - 1]; Index = index - 1 }

    /// The model's name in tables.
    member _.Name = name

    /// The name of the reference posterior.
    member _.Posterior = posterior

    /// The model, conditioned on its data set.
    member _.Build() : Model<unit> = define (Data.load data)

    /// The parameters of the reference posterior that the model reports under the same names.
    member this.Places: IReadOnlyList<Place> =
        let target = Target.ofModel (this.Build())
        let zero = Ppl.Core.Tensors.Tensor.OfFloats(Array.zeroCreate target.Dimension)
        let reported = target.Constrain zero |> Array.map fst |> Set.ofArray

        (Reference.load posterior).Keys
        |> Seq.map place
        |> Seq.filter (fun p -> reported.Contains p.Address)
        |> Seq.toArray
        :> _

/// The real models.
[<RequireQualifiedAccess>]
module RealModels =

    /// All, in the order of the tables.
    [<CompiledName "All">]
    let all: IReadOnlyList<RealModel> =
        let entry name posterior (data: string) define = RealModel(name, posterior, data, define)
        let radon = "radon_mn-radon_hierarchical_intercept_noncentered"

        [|
            entry
                "eight_schools_noncentered"
                "eight_schools-eight_schools_noncentered"
                "eight_schools"
                EightSchools.nonCentred
            entry "eight_schools_centered" "eight_schools-eight_schools_centered" "eight_schools" EightSchools.centred
            entry "kidscore_interaction" "kidiq-kidscore_interaction" "kidiq" Regressions.kidscoreInteraction
            entry "logearn_interaction" "earnings-logearn_interaction" "earnings" Regressions.logearnInteraction
            entry "nes1972" "nes1972-nes" "nes1972" Regressions.nes
            entry "wells" "wells_data-wells_dae_inter_model" "wells_data" Regressions.wells
            entry "arK" "arK-arK" "arK" TimeSeries.arK
            entry "arma11" "arma-arma11" "arma" TimeSeries.arma11
            entry "garch11" "garch-garch11" "garch" TimeSeries.garch11
            entry "low_dim_gauss_mix" "low_dim_gauss_mix-low_dim_gauss_mix" "low_dim_gauss_mix" Mixtures.lowDimGaussMix
            entry "hmm_example" "hmm_example-hmm_example" "hmm_example" Mixtures.hmmExample
            entry "gp_regr" "gp_pois_regr-gp_regr" "gp_pois_regr" Processes.gpRegr
            entry "radon_noncentered" radon "radon_mn" Radon.nonCentred
            entry "radon_centered" radon "radon_mn" Radon.centred
            entry "kilpisjarvi" "kilpisjarvi_mod-kilpisjarvi" "kilpisjarvi_mod" Regressions.kilpisjarvi
            entry "blr" "sblrc-blr" "sblrc" Regressions.blr
        |]

    /// The model of this name; an ArgumentException that lists the names if there is none.
    [<CompiledName "Find">]
    let find (name: string) : RealModel =
        match all |> Seq.tryFind (fun m -> m.Name = name) with
        | Some found -> found
        | None ->
            let names = all |> Seq.map _.Name |> String.concat ", "
            raise (ArgumentException $"There is no model '{name}'. Known: {names}.")
