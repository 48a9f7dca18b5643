// Log densities and all derivatives against high-precision values: golden/families.csv, written by golden/families.py.
module Ppl.Core.Tests.ProbabilityGolden

open System
open System.IO
open System.Globalization
open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Probability
open Ppl.Core.Tests.ProbabilityCatalogue
open Xunit

[<NoComparison>]
type private Row =
    {
        Text: string
        Family: string
        Parameters: float[][]
        X: float[]
        LogDensity: float
        Derivatives: float[]
    }

let private number (text: string) = Double.Parse(text, CultureInfo.InvariantCulture)

let private numbers (text: string) = text.Split(' ', StringSplitOptions.RemoveEmptyEntries) |> Array.map number

let private rows =
    File.ReadLines(Path.Combine(AppContext.BaseDirectory, "golden", "families.csv"))
    |> Seq.skip 1
    |> Seq.map (fun line ->
        let cells = line.Split '|'

        {
            Text = line
            Family = cells[0]
            Parameters = cells[1].Split ';' |> Array.map numbers
            X = numbers cells[2]
            LogDensity = number cells[3]
            Derivatives = numbers cells[4]
        })
    |> Seq.toArray

let names: TheoryData<string> = TheoryData<string>(rows |> Array.map _.Family |> Array.distinct)

let private discrete family =
    match family with
    | "bernoulli"
    | "bernoulliLogit"
    | "binomial"
    | "binomialLogit"
    | "poisson"
    | "poissonLog"
    | "negativeBinomial2"
    | "categorical"
    | "categoricalLogit" -> true
    | _ -> false

let private arguments row =
    let parameters = row.Parameters |> Array.mapi (parameter row.Family)

    let rank =
        match row.Family with
        | "dirichlet"
        | "multivariateNormalCholesky" -> 1
        | _ -> 0

    Array.append parameters [| tensor rank (discrete row.Family) row.X |]

let private logDensity row (args: Tensor[]) =
    let last = args.Length - 1
    (make row.Family args[.. last - 1]).LogDensity args[last]

/// The size of terms that cancel in families with log-gamma functions: x ln x of the largest argument. (Limits near
/// another family, with parameters of 1e7 and more, are computed without this cancellation.)
let private cancelling row =
    match row.Family with
    | "gamma"
    | "inverseGamma"
    | "beta" -> true
    | family -> discrete family
    |> fun cancels ->
        let largest =
            Seq.append row.X (Seq.concat row.Parameters)
            |> Seq.map abs
            |> Seq.filter (fun v -> v < 1e7)
            |> Seq.max

        if cancels then largest * log (1.0 + largest) else 0.0

/// A few roundings of the result, and of the largest term.
let private tolerance row = 1e-14 * (1.0 + abs row.LogDensity) + 1e-15 * cancelling row

[<Theory; MemberData(nameof names)>]
let ``log density`` (family: string) =
    for row in rows |> Array.filter (fun row -> row.Family = family) do
        let actual = (logDensity row (arguments row)).ToFloat()
        let error = abs (actual - row.LogDensity)
        Assert.True(error <= tolerance row, $"{row.Text}: {actual:R}, error {error:E2}, allowed {tolerance row:E2}")

[<Theory; MemberData(nameof names)>]
let ``derivatives`` (family: string) =
    for row in rows |> Array.filter (fun row -> row.Family = family && row.Derivatives.Length > 0) do
        let args = arguments row
        let real = args |> Array.filter (fun a -> a.DType = DType.F64)

        let f (moved: Tensor[]) =
            let mutable next = 0

            let all =
                args
                |> Array.map (fun arg ->
                    if arg.DType = DType.F64 then
                        next <- next + 1
                        moved[next - 1]
                    else
                        arg)

            logDensity row all

        let _, gradients = Grad.valueAndGradMany f real
        let actual = gradients |> Array.collect (fun g -> g.ToFloats())
        Assert.Equal(row.Derivatives.Length, actual.Length)
        // Derivatives that cancel do so from terms of the size of the others.
        let size = row.Derivatives |> Array.map abs |> Array.max

        Array.iter2
            (fun (expected: float) a ->
                let error = abs (a - expected)
                let allowed = 1e-12 * (abs expected + min size 1.0) + 1e-15 * (size + cancelling row)
                Assert.True(error <= allowed, $"{row.Text}: {a:R} instead of {expected:R}, error {error:E2}"))
            row.Derivatives
            actual

[<Fact>]
let ``known-wrong variants are rejected`` () =
    // A rate taken for a scale, a variance for a standard deviation: the table must tell them apart.
    let differs family (wrong: Tensor[] -> Tensor[]) =
        rows
        |> Array.filter (fun row -> row.Family = family)
        |> Array.exists (fun row ->
            let args = arguments row
            let last = args.Length - 1
            let changed = Array.append (wrong args[.. last - 1]) [| args[last] |]
            abs ((logDensity row changed).ToFloat() - row.LogDensity) > tolerance row)

    let reciprocalAt n (p: Tensor[]) = Array.mapi (fun i x -> if i = n then Ops.reciprocal x else x) p
    let rootAt n (p: Tensor[]) = Array.mapi (fun i x -> if i = n then Ops.sqrt x else x) p
    Assert.True(differs "gamma" (reciprocalAt 1))
    Assert.True(differs "inverseGamma" (reciprocalAt 1))
    Assert.True(differs "exponential" (reciprocalAt 0))
    Assert.True(differs "normal" (rootAt 1))
    Assert.True(differs "studentT" (fun p -> [| p[1] + 5.0; p[0]; p[2] |]))
    Assert.True(differs "negativeBinomial2" (reciprocalAt 1))
    Assert.True(differs "beta" Array.rev)
