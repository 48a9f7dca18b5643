// The real data sets and the reference posteriors of `examples/data`, embedded in this assembly, so that examples,
// tests and benchmarks read them without paths. Everything is a plain array: use it from F# (`Data.load "kidiq"`) or
// from C# (`Data.Load("kidiq")`). A wrong name is an ArgumentException that lists the right ones.
namespace Ppl.Examples

open System
open System.Collections.Generic
open System.Reflection
open System.Text.Json

module private Json =
    let private prefix = "Ppl.Examples.Data."

    let private assembly = Assembly.GetExecutingAssembly()

    /// The names of the embedded files, without prefix and extension, sorted.
    let names =
        assembly.GetManifestResourceNames()
        |> Array.filter (fun name -> name.StartsWith(prefix, StringComparison.Ordinal))
        |> Array.map (fun name -> name.Substring(prefix.Length).Replace(".json", ""))
        |> Array.sort

    let parse (name: string) : JsonDocument =
        use stream = assembly.GetManifestResourceStream(prefix + name + ".json") |> nonNull
        JsonDocument.Parse stream

    let unknown (kind: string) (name: string) (known: string seq) : exn =
        let known = known |> Seq.map (sprintf "'%s'") |> String.concat ", "
        ArgumentException $"There is no {kind} '{name}'. Known: {known}."

/// One entry of a data set: a scalar (rank 0), a vector (rank 1) or a matrix (rank 2, row by row).
[<NoComparison; NoEquality>]
type private Entry = { Shape: int[]; Numbers: float[] }

/// One data set: named scalars, vectors and matrices. Each call returns a fresh copy.
[<Sealed>]
type DataSet internal (name: string, root: JsonElement) =
    static let rec shape (element: JsonElement) =
        if element.ValueKind <> JsonValueKind.Array then []
        elif element.GetArrayLength() = 0 then [ 0 ]
        else element.GetArrayLength() :: shape element[0]

    static let rec numbers (element: JsonElement) : float seq =
        if element.ValueKind = JsonValueKind.Array then
            element.EnumerateArray() |> Seq.collect numbers
        else
            Seq.singleton (element.GetDouble())

    let entries = Dictionary<string, Entry>(StringComparer.Ordinal)

    do
        for property in root.EnumerateObject() do
            let entry =
                { Shape = List.toArray (shape property.Value); Numbers = Seq.toArray (numbers property.Value) }

            entries.Add(property.Name, entry)

    let find (rank: int) (key: string) =
        match entries.TryGetValue key with
        | false, _ -> raise (Json.unknown $"entry of the data set '{name}' called" key entries.Keys)
        | true, entry when entry.Shape.Length <> rank ->
            let ranks = [| "scalar"; "vector"; "matrix" |]

            raise (
                ArgumentException
                    $"'{key}' of the data set '{name}' is a {ranks[entry.Shape.Length]}, not a {ranks[rank]}."
            )
        | true, entry -> entry

    let toInt (key: string) (value: float) =
        if value = Math.Floor value && abs value <= float Int32.MaxValue then
            int value
        else
            raise (ArgumentException $"'{key}' of the data set '{name}' holds {value}, which is not an integer.")

    /// The data set's name.
    member _.Name = name

    /// The names of the entries.
    member _.Keys: IReadOnlyCollection<string> = entries.Keys

    /// The vector `key` as reals.
    member _.Vector(key: string) : float[] = Array.copy (find 1 key).Numbers

    /// The vector `key` as integers; an ArgumentException if one of its numbers is not an integer.
    member _.Ints(key: string) : int[] = (find 1 key).Numbers |> Array.map (toInt key)

    /// The scalar `key`.
    member _.Scalar(key: string) : float = (find 0 key).Numbers[0]

    /// The scalar `key` as an integer; an ArgumentException if it is not one.
    member _.Int(key: string) : int = toInt key (find 0 key).Numbers[0]

    /// The matrix `key`, indexed [row, column].
    member _.Matrix(key: string) : float[,] =
        let entry = find 2 key
        let columns = entry.Shape[1]
        Array2D.init entry.Shape[0] columns (fun i j -> entry.Numbers[i * columns + j])

/// One parameter's marginal posterior in the reference: moments, Monte Carlo standard error of the mean, quantiles.
[<Sealed>]
type Summary internal (element: JsonElement) =
    let number (key: string) = element.GetProperty(key).GetDouble()

    /// The number of reference draws.
    member val N = element.GetProperty("n").GetInt32()

    /// The posterior mean.
    member val Mean = number "mean"

    /// The posterior standard deviation.
    member val Sd = number "sd"

    /// The Monte Carlo standard error of the mean.
    member val Mcse = number "mcse"

    /// The 5% quantile.
    member val Q05 = number "q05"

    /// The 25% quantile.
    member val Q25 = number "q25"

    /// The median.
    member val Q50 = number "q50"

    /// The 75% quantile.
    member val Q75 = number "q75"

    /// The 95% quantile.
    member val Q95 = number "q95"

/// The data sets.
[<RequireQualifiedAccess>]
module Data =
    /// The names of all data sets.
    [<CompiledName "Names">]
    let names: IReadOnlyList<string> = Json.names |> Array.filter ((<>) "reference") :> _

    /// The data set `name`, as in `Data.load "kidiq"`; an ArgumentException that lists the names if there is none.
    [<CompiledName "Load">]
    let load (name: string) : DataSet =
        if not (Seq.contains name names) then
            raise (Json.unknown "data set" name names)

        use document = Json.parse name
        DataSet(name, document.RootElement)

/// The reference posteriors.
[<RequireQualifiedAccess>]
module Reference =
    let private all =
        lazy
            (use document = Json.parse "reference"
             let posteriors = Dictionary<string, IReadOnlyDictionary<string, Summary>>(StringComparer.Ordinal)

             for posterior in document.RootElement.EnumerateObject() do
                 let summaries = Dictionary<string, Summary>(StringComparer.Ordinal)

                 for parameter in posterior.Value.EnumerateObject() do
                     summaries.Add(parameter.Name, Summary parameter.Value)

                 posteriors.Add(posterior.Name, summaries)

             posteriors)

    /// The names of all posteriors, `data-model`.
    [<CompiledName "Names">]
    let names () : IReadOnlyCollection<string> = all.Value.Keys

    /// The summaries of the posterior `name`, as in `Reference.load "kidiq-kidscore_interaction"`, by parameter:
    /// `beta[1]`, `sigma`, ...; an ArgumentException that lists the names if there is none.
    [<CompiledName "Load">]
    let load (name: string) : IReadOnlyDictionary<string, Summary> =
        match all.Value.TryGetValue name with
        | true, summaries -> summaries
        | false, _ -> raise (Json.unknown "reference posterior" name all.Value.Keys)
