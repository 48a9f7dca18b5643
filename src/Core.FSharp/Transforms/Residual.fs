// A sum of squares of an affine form, |W g + X z + d|^2 with data W, X, d, gathered parameters g and scalar parameters z, as
// the squares of few rows. Rows that read the same gathered parameters are a group; the triangular factor of its columns
//   [W X d] = Q [D E h; 0 F f]   gives   |D g + E z + h|^2 + |F z + f|^2,
// and the rows [F f] of all groups have one triangular factor together: the last row of that is the sum of squares that no
// parameter can remove.
// Accuracy: orthogonal transformations alone, in twice the precision; and the parameters are taken relative to about those
// that fit best, g - g0 and z - z0, with d the exact residuals there: where the fit is close, what is small is computed from
// small differences, not from large terms that cancel.
// Relies on Affine and on the kernel TriangularFactor. Read Compress next.
namespace Ppl.Core.Transforms

open System
open System.Collections.Generic
open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Kernels

/// The rows of a form, sorted into groups.
[<NoComparison; NoEquality>]
type internal Rows =
    {
        /// The terms of gathered parameters; each column at the rows of the form.
        Gathered: Term[]
        /// The terms of scalar parameters.
        Scalars: Term[]
        /// d
        Offset: float[]
        /// The rows of each group.
        Groups: int[][]
    }

/// What is left of a form: f64[groups] per row of D, E and h, and one small triangle.
[<NoComparison; NoEquality>]
type internal Residual =
    {
        /// The gathered atoms g, with one place for each group.
        Gathered: Atom[]
        /// The scalar atoms z.
        Scalars: Atom[]
        /// g0, for all groups
        GatheredCentres: float[][]
        /// z0
        ScalarCentres: float[]
        /// Rows of [D E h], each coefficient for all groups.
        Local: float[][][]
        /// The triangle [F f; 0 rho], of order z + 1.
        Shared: float[,]
    }

/// Sums of squares of few rows.
[<RequireQualifiedAccess>]
module internal Residual =

    // ---- groups

    /// For each row the number of its combination of places, the combinations numbered in their order.
    let private combine (ids: int[]) (places: int[]) : int[] =
        let keys = Array.map2 (fun id place -> struct (id, place)) ids places
        let numbers = Dictionary<struct (int * int), int>()
        keys |> Array.distinct |> Array.sort |> Array.iter (fun key -> numbers[key] <- numbers.Count)
        keys |> Array.map (fun key -> numbers[key])

    let private places (term: Term) = term.Atom.Gathered |> Option.map snd

    /// The rows of a form of a vector of this length.
    let rows count (form: Term list) : Rows =
        let gathered, rest = form |> List.partition (fun t -> t.Atom.Gathered.IsSome)
        let offset, scalars = rest |> List.partition (fun t -> t.Atom.Scalars.IsEmpty)

        let ids = gathered |> List.choose places |> List.distinct |> List.fold combine (Array.zeroCreate count)

        {
            Gathered = List.toArray gathered
            Scalars = List.toArray scalars
            Offset = offset |> List.fold (fun d t -> Array.map2 (+) d t.Column) (Array.zeroCreate count)
            Groups = ids |> Array.indexed |> Array.groupBy snd |> Array.sortBy fst |> Array.map (snd >> Array.map fst)
        }

    // ---- factors

    let private triangle (columns: float[][]) : float[,] =
        let n = columns.Length
        let factor = TriangularFactor.Compute columns
        Array2D.init n n (fun i j -> factor[i * n + j])

    let private pick (group: int[]) (column: float[]) = group |> Array.map (fun row -> column[row])

    let private columns (rows: Rows) =
        Array.concat [ Array.map _.Column rows.Gathered; Array.map _.Column rows.Scalars; [| rows.Offset |] ]

    /// The factor of the rows, which are relative to these centres.
    let private factor (rows: Rows) (gatheredCentres, scalarCentres) : Residual =
        let q, p = rows.Gathered.Length, rows.Scalars.Length
        let columns = columns rows

        let triangles =
            if q = 0 then
                [||]
            else
                rows.Groups |> Array.map (fun group -> columns |> Array.map (pick group) |> triangle)

        let below (column: int) =
            triangles |> Array.collect (fun r -> Array.init (p + 1) (fun row -> r[q + row, q + column]))

        let atGroup (term: Term) =
            let first (places: int[]) = rows.Groups |> Array.map (fun group -> places[group[0]])
            { term.Atom with Gathered = term.Atom.Gathered |> Option.map (fun (v, at) -> v, first at) }

        {
            Gathered = Array.map atGroup rows.Gathered
            Scalars = Array.map _.Atom rows.Scalars
            GatheredCentres = gatheredCentres
            ScalarCentres = scalarCentres
            Local = Array.init q (fun t -> Array.init (q + p + 1) (fun j -> triangles |> Array.map (fun r -> r[t, j])))
            Shared = triangle (if q = 0 then columns else Array.init (p + 1) below)
        }

    // ---- centres

    /// Pivots below this part of their column count as zero: a solution along them would be large and uncertain.
    let private leastPivot = 1e-4

    let private norm (column: float seq) = Math.Sqrt(column |> Seq.sumBy (fun x -> x * x))

    /// The x with R x = -b for an upper triangular R whose columns had these norms; zero along columns that nearly depend
    /// on those before.
    let private solve (norms: float[]) (r: int -> int -> float) (b: int -> float) : float[] =
        let n = norms.Length
        let x = Array.zeroCreate n

        for i in n - 1 .. -1 .. 0 do
            let rest = Seq.sum (seq { for j in i + 1 .. n - 1 -> r i j * x[j] })
            let solution = -(b i + rest) / r i i

            if abs (r i i) > leastPivot * norms[i] && Double.IsFinite solution then
                x[i] <- solution

        x

    /// About the parameters that fit best.
    let private centres (rows: Rows) (residual: Residual) : float[][] * float[] =
        let q, p = residual.Gathered.Length, residual.Scalars.Length
        let norms = rows.Scalars |> Array.map (fun term -> norm term.Column)
        let z = solve norms (fun i j -> residual.Shared[i, j]) (fun i -> residual.Shared[i, p])
        let groups = if q = 0 then 0 else residual.Local[0].[0].Length

        let ofGroup c =
            let coefficient t j = residual.Local[t].[j].[c]
            let offset t = coefficient t (q + p) + Seq.sum (seq { for k in 0 .. p - 1 -> coefficient t (q + k) * z[k] })
            let norms = Array.init q (fun t -> norm (seq { for k in 0..t -> coefficient k t }))
            solve norms coefficient offset

        let g = Array.init groups ofGroup
        Array.init q (fun t -> g |> Array.map (fun solution -> solution[t])), z

    /// W g0 + X z0 + d, each row rounded once.
    let private offsets (rows: Rows) (gatheredCentres: float[][]) (scalarCentres: float[]) : float[] =
        let sums = rows.Offset |> Array.map ExtendedSum

        for t in 0 .. rows.Gathered.Length - 1 do
            for c in 0 .. rows.Groups.Length - 1 do
                for row in rows.Groups[c] do
                    sums[row].AddProduct(rows.Gathered[t].Column[row], gatheredCentres[t][c])

        for k in 0 .. rows.Scalars.Length - 1 do
            for row in 0 .. sums.Length - 1 do
                sums[row].AddProduct(rows.Scalars[k].Column[row], scalarCentres[k])

        sums |> Array.map _.Value

    /// The factor of these rows; it takes about 80 rows (columns)^2 operations.
    let ofRows (rows: Rows) : Residual =
        let none =
            rows.Gathered |> Array.map (fun _ -> Array.zeroCreate rows.Groups.Length),
            Array.zeroCreate rows.Scalars.Length

        let first = factor rows none
        let gathered, scalars = centres rows first
        let offset = offsets rows gathered scalars

        if Array.forall Double.IsFinite offset then
            factor { rows with Offset = offset } (gathered, scalars)
        else
            first

    // ---- programs

    let private element (values: Tensor[]) (struct (v, place): Element) : Tensor =
        let x = values[v]

        if x.Shape.Rank = 0 then
            x
        else
            Ops.slice 0 place (place + 1) (Ops.flatten x) |> Ops.reshape Shape.scalar

    /// The product of scalars, none if there are none.
    let product (values: Tensor[]) (scalars: Element list) : Tensor option =
        match scalars |> List.map (element values) with
        | [] -> None
        | factors -> Some(List.reduce (fun a b -> a * b) factors)

    let private times (factor: Tensor option) (x: Tensor) =
        match factor with
        | Some s -> s * x
        | None -> x

    let private gather (values: Tensor[]) (atom: Atom) : Tensor =
        let v, places = atom.Gathered.Value
        let source = Ops.flatten values[v]
        let first = places[0]

        let taken =
            if places = Array.init places.Length (fun i -> first + i) then
                Ops.slice 0 first (first + places.Length) source
            else
                Ops.take 0 (Tensor.OfInts places) source

        times (product values atom.Scalars) taken

    /// The scalar atoms as one vector; elements that follow each other in a variable are one slice of it.
    let private vector (values: Tensor[]) (atoms: Atom[]) : Tensor =
        let run (pieces: (Element list * int) list) (atom: Atom) =
            match pieces, atom.Scalars with
            | ([ struct (v, first) ], n) :: rest, [ struct (w, place) ] when v = w && place = first + n ->
                ([ struct (v, first) ], n + 1) :: rest
            | _, scalars -> (scalars, 1) :: pieces

        let piece (scalars: Element list, n) =
            match scalars with
            | [ struct (v, first) ] when values[v].Shape.Rank > 0 ->
                Ops.slice 0 first (first + n) (Ops.flatten values[v])
            | _ -> Ops.flatten (product values scalars).Value

        atoms |> Array.fold run [] |> List.rev |> List.map piece |> List.toArray |> Ops.concat 0

    let private squares (x: Tensor) = Ops.sum (Ops.square x)
    let private isZero (column: float[]) = Array.forall (fun x -> x = 0.0) column

    /// The rows of [D E h] number t, at these atoms: D is triangular, and what is zero in all groups is left out.
    let private local (gathered: Tensor[]) (scalars: Tensor[]) t (row: float[][]) : Tensor =
        let atoms = Array.append gathered scalars
        let needs j = j = t || (j > t && not (isZero row[j]))
        let term j = Tensor.OfFloats row[j] * atoms[j]
        let terms = [ 0 .. atoms.Length - 1 ] |> List.filter needs |> List.map term
        List.reduce (fun (a: Tensor) b -> a + b) terms + Tensor.OfFloats row[atoms.Length]

    /// The sum of squares, where the variables of the program have these values.
    let sum (values: Tensor[]) (residual: Residual) : Tensor =
        let p = residual.Scalars.Length
        let f i j = residual.Shared[i, j]

        let gathered =
            Array.map2
                (fun atom (centre: float[]) -> gather values atom - Tensor.OfFloats centre)
                residual.Gathered
                residual.GatheredCentres

        let scalars =
            Array.map2
                (fun (atom: Atom) (centre: float) -> (product values atom.Scalars).Value - centre)
                residual.Scalars
                residual.ScalarCentres

        let locals = residual.Local |> Array.mapi (fun t row -> squares (local gathered scalars t row))
        let rest = Tensor.OfFloat(f p p * f p p)

        let shared =
            if p = 0 then
                rest
            else
                let matrix = Tensor.OfMatrix(Array2D.init p p f)
                let offset = Tensor.OfFloats(Array.init p (fun i -> f i p))
                let z = vector values residual.Scalars - Tensor.OfFloats residual.ScalarCentres
                squares (Ops.dot matrix z + offset) + rest

        Array.fold (fun (a: Tensor) b -> a + b) shared locals
