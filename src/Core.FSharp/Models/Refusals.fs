// What models and their data are refused for: one function per id, each naming the site and what to do.
// Relies on Address. The pages are in docs/diagnostics.
namespace Ppl.Core.Models

open System
open Ppl.Core

/// Raising functions for mistakes in models and data.
[<RequireQualifiedAccess>]
module internal Refusals =

    let private at site id what advice : 'a = raise (PplException(id, what, advice, site))

    let private atElement (site: string) (index: int) id what advice : 'a =
        raise (PplException(id, what, advice, site, index))

    let private count n = if n = 1 then "1 element" else $"{n} elements"

    let private known (names: string[]) =
        if names.Length = 0 then
            "there are no sites here"
        else
            "known here: " + String.Join(", ", names |> Array.map (fun name -> $"'{name}'"))

    /// PPL1001: NaN in the data.
    let notANumber site index bad : 'a =
        atElement
            site
            index
            "PPL1001"
            $"the data hold NaN at {count bad}, first at index {index}"
            "remove the missing elements, or give them a latent site of their own"

    /// PPL1002: an infinity in the data.
    let infinite site index (value: float) bad : 'a =
        atElement
            site
            index
            "PPL1002"
            $"the data are infinite at {count bad}, first {value} at index {index}"
            "remove them, or model them as censored"

    /// PPL1004: a value whose shape is not that of the distribution.
    let shape site (found: TensorType) (distribution: string) (expected: TensorType) advice : 'a =
        at site "PPL1004" $"the value is {found}, but {distribution} gives {expected}" advice

    /// PPL1005: an observation that the distribution cannot produce.
    let outside site index (value: string) bad (distribution: string) (support: string) : 'a =
        atElement
            site
            index
            "PPL1005"
            $"{value} at index {index} is impossible under {distribution} ({support}); {count bad} in all"
            "correct the data, or choose a distribution whose support holds them"

    /// PPL1006: a value of another element type.
    let elementType site (found: TensorType) (distribution: string) (expected: DType) advice : 'a =
        at
            site
            "PPL1006"
            $"the value is {found}, but {distribution} gives elements of type {DType.name expected}"
            advice

    /// PPL6001: two sites with one address.
    let duplicate site : 'a =
        at
            site
            "PPL6001"
            $"the address '{site}' is used twice in one run of the model"
            "rename one of the two, or put them in different scopes (scope \"name\" model)"

    /// PPL6002: an address that the model does not have.
    let unknown (address: string) (purpose: string) (names: string seq) : 'a =
        at
            address
            "PPL6002"
            $"the model has no site '{address}' {purpose}; {known (Address.nearest address names)}"
            "correct the address; inside a scope it is 'scope/name'"

    /// PPL6003: a site without a value.
    let missing (address: string) (given: string seq) : 'a =
        at
            address
            "PPL6003"
            $"no value was given for the site '{address}'; {known (Address.nearest address given)}"
            "give every choice a value, or use generate, which draws the rest"

    /// PPL6004: a discrete latent site in a gradient-based target.
    let discrete site (distribution: string) (support: string) : 'a =
        at
            site
            "PPL6004"
            $"the latent site '{site}' is discrete ({distribution}: {support}), so the density has no gradient in it"
            "sum it out by hand (a mixture: logSumExp and factor; a chain: Control.scan), or observe it"

    /// PPL6005: a batch that does not fit the plates around it.
    let plate site (batch: Shape) (plates: Shape) : 'a =
        at
            site
            "PPL6005"
            $"the batch {batch} does not begin with the plates' axes {plates} and cannot be copied along them"
            "inside nested plates broadcast the parameters to all plate axes, innermost plate first"

    /// PPL6006: a model whose sites are not the same in every run.
    let structure site : 'a =
        at
            site
            "PPL6006"
            $"the site '{site}' was not there, or had another shape, in an earlier run of the model"
            "make addresses and shapes independent of random values and of outside state"

    /// PPL6007: a draw from a density that cannot be normalised.
    let improper site (distribution: string) : 'a =
        at
            site
            "PPL6007"
            $"{distribution} is improper: there is no distribution to draw from"
            "give the site a proper prior, or give its value"

    /// PPL5005, with the site: the value of a random choice was asked for while the density is traced.
    let branch (site: string) (inner: PplException) : 'a =
        raise (
            PplException(
                inner.Id,
                $"{inner.What} The last choice before was '{site}'.",
                inner.Advice,
                site,
                Nullable(),
                inner
            )
        )

    /// PPL6008: a conditioned site that is an observation already.
    let observedTwice site : 'a =
        at
            site
            "PPL6008"
            $"the site '{site}' is an observation of the model already"
            "condition sample sites only; pass other data to the model's function"
