// Tensors of a program as affine functions of its parameters: v = sum over terms of column * atom, where a column is known
// data of the shape of v and an atom is 1, a product of scalars, or what a vector of parameters holds at known places.
// Every real tensor has such a form, if only with itself as the atom; what is linear in the parameters has few atoms.
// Relies on Program and Reference. Read Compress next.
namespace Ppl.Core.Transforms

open System.Collections.Generic
open Ppl.Core
open Ppl.Core.Ir

/// One element of a variable: the variable and a place in row-major order.
type internal Element = (struct (Var * int))

/// What a column is multiplied with: the product of the scalars and, if there is one, of elements of a variable.
[<NoComparison>]
type internal Atom =
    {
        /// In increasing order.
        Scalars: Element list
        /// A variable, and for each row the place of the element in it.
        Gathered: (Var * int[]) option
    }

/// column * atom
[<NoComparison>]
type internal Term = { Column: float[]; Atom: Atom }

/// Forms as lists of terms with different atoms.
module private Form =

    let one = { Scalars = []; Gathered = None }

    let isScalar term = term.Atom.Gathered.IsNone

    /// The sum. Columns that become zero stay: their atom may be NaN.
    let add (xs: Term list) (ys: Term list) : Term list =
        let into (terms: Term list) term =
            match terms |> List.tryFindIndex (fun t -> t.Atom = term.Atom) with
            | Some i -> terms |> List.updateAt i { term with Column = Array.map2 (+) terms[i].Column term.Column }
            | None -> terms @ [ term ]

        List.fold into xs ys

    let negate = List.map (fun t -> { t with Column = Array.map (fun x -> -x) t.Column })

    let times (factor: float[]) = List.map (fun t -> { t with Column = Array.map2 (*) factor t.Column })

    let timesScalar (s: Element) =
        List.map (fun t -> { t with Atom = { t.Atom with Scalars = List.sort (s :: t.Atom.Scalars) } })

    /// A linear map of tensors of this shape, applied to the columns; none of the atoms is gathered.
    let map shape (f: Literal -> Literal) =
        List.map (fun t -> { t with Column = Literal.create shape (Storage.F64 t.Column) |> f |> Literal.floats })

    /// The same for a map that only moves and repeats elements: the places of gathered elements move with the columns.
    let move shape (f: Literal -> Literal) =
        let places (p: int[]) = Literal.create shape (Storage.I32 p) |> f |> Literal.ints
        let moved atom = { atom with Gathered = atom.Gathered |> Option.map (fun (v, p) -> v, places p) }

        List.map (fun t -> { t with Atom = moved t.Atom }) >> map shape f

    /// A term of gathered elements as one term for each element.
    let separate (term: Term) : Term list =
        match term.Atom.Gathered with
        | None -> [ term ]
        | Some(v, places) ->
            [
                for place in Array.distinct places ->
                    {
                        Column = Array.map2 (fun p x -> if p = place then x else 0.0) places term.Column
                        Atom = { Scalars = List.sort (struct (v, place) :: term.Atom.Scalars); Gathered = None }
                    }
            ]

/// Definitions, known values and affine forms of the variables of a simplified program.
[<Sealed>]
type internal Affine(program: Program) =

    let definitions: Equation option[] = Array.create program.Types.Length None

    do
        for eq in program.Equations do
            for v in eq.Outs do
                definitions[v] <- Some eq

    let known = Dictionary<Var, Literal option>()
    let forms = Dictionary<Var, Term list>()
    let shape (v: Var) = program.Types[v].Shape
    let on primitive (x: Literal) = (Reference.evaluate primitive [| x |])[0]

    /// Forms of more terms are given up.
    let limit v = min 256 (20_000_000 / max 1 (shape v).Count)

    /// The equation that defines a variable.
    member _.Definition(v: Var) = definitions[v]

    /// The value of a variable, if it is data.
    member this.Known(v: Var) : Literal option =
        match known.TryGetValue v with
        | true, value -> value
        | false, _ ->
            let value =
                match definitions[v] with
                | Some { Primitive = Primitive.Constant value } -> Some value
                | Some { Primitive = Primitive.Move(MoveOp.Broadcast _) as spread; Args = args } ->
                    this.Known args[0] |> Option.map (on spread)
                | _ -> None

            known[v] <- value
            value

    /// The elements of a variable, if it is real data.
    member this.KnownFloats(v: Var) : float[] option =
        match this.Known v with
        | Some { Data = Storage.F64 data } -> Some data
        | _ -> None

    /// The element of an argument that a reshape, slice or repetition shows.
    member this.Origin(struct (v, place): Element) : Element =
        match definitions[v] with
        | Some { Primitive = Primitive.Move(MoveOp.Reshape _); Args = args } -> this.Origin(struct (args[0], place))
        | Some { Primitive = Primitive.Move(MoveOp.Slice([| start |], _, [| stride |])); Args = args } ->
            this.Origin(struct (args[0], start + place * stride))
        | Some { Primitive = Primitive.Move(MoveOp.Broadcast(_, [||])); Args = args } ->
            this.Origin(struct (args[0], 0))
        | _ -> struct (v, place)

    /// The scalar that all elements of a variable are, if it is spelt so.
    member this.Uniform(v: Var) : Element option =
        match definitions[v] with
        | Some { Primitive = Primitive.Move(MoveOp.Broadcast(_, [||])) } -> Some(this.Origin(struct (v, 0)))
        | _ -> None

    /// The affine form of a real variable.
    member this.Form(v: Var) : Term list =
        match forms.TryGetValue v with
        | true, form -> form
        | false, _ ->
            let form =
                match this.KnownFloats v, definitions[v] with
                | Some data, _ -> [ { Column = data; Atom = Form.one } ]
                | None, Some eq when (shape v).Rank > 0 -> this.Defined(v, eq)
                | None, _ -> this.Leaf v

            let form = if List.length form > limit v then this.Leaf v else form
            forms[v] <- form
            form

    /// The variable as its own atom.
    member private this.Leaf(v: Var) : Term list =
        let count = (shape v).Count

        let atom =
            if (shape v).Rank = 0 then
                { Form.one with Scalars = [ this.Origin(struct (v, 0)) ] }
            else
                { Form.one with Gathered = Some(v, Array.init count id) }

        [ { Column = Array.create count 1.0; Atom = atom } ]

    member private this.Defined(v, eq: Equation) : Term list =
        let args = eq.Args

        match eq.Primitive with
        | Primitive.Unary UnaryOp.Neg -> Form.negate (this.Form args[0])
        | Primitive.Binary BinaryOp.Add -> Form.add (this.Form args[0]) (this.Form args[1])
        | Primitive.Binary BinaryOp.Sub -> Form.add (this.Form args[0]) (Form.negate (this.Form args[1]))
        | Primitive.Binary BinaryOp.Mul -> this.Product(v, args[0], args[1])
        | Primitive.Move(MoveOp.Broadcast _) -> this.Repeated(args[0], on eq.Primitive)
        | Primitive.Move(MoveOp.Concat axis) -> this.Joined(axis, args)
        | Primitive.Move _ -> Form.move (shape args[0]) (on eq.Primitive) (this.Form args[0])
        | Primitive.Index(IndexOp.Take _) ->
            match this.Known args[1] with
            | Some places -> this.Repeated(args[0], fun x -> (Reference.evaluate eq.Primitive [| x; places |])[0])
            | None -> this.Leaf v
        | Primitive.Contract _
        | Primitive.Factor(FactorOp.TriangularSolve _)
        | Primitive.Cumulate _
        | Primitive.Reduce(ReduceOp.Sum, _) -> this.Linear(v, eq)
        | _ -> this.Leaf v

    member private this.Product(v, x, y) : Term list =
        match this.KnownFloats x, this.KnownFloats y, this.Uniform x, this.Uniform y with
        | Some data, _, _, _ -> Form.times data (this.Form y)
        | _, Some data, _, _ -> Form.times data (this.Form x)
        | _, _, Some s, _ -> Form.timesScalar s (this.Form y)
        | _, _, _, Some s -> Form.timesScalar s (this.Form x)
        | _ -> this.Leaf v

    /// What is repeated is an atom of its own, unless scalars alone make it: it is computed on fewer elements there.
    member private this.Repeated(source, f) : Term list =
        let form = this.Form source
        Form.move (shape source) f (if List.forall Form.isScalar form then form else this.Leaf source)

    /// The result of an operation that is linear in the one argument that is not data.
    member private this.Linear(v, eq: Equation) : Term list =
        let literals = eq.Args |> Array.map this.Known

        match eq.Primitive, [ 0 .. eq.Args.Length - 1 ] |> List.filter (fun i -> literals[i].IsNone) with
        | Primitive.Factor _, [ 0 ] -> this.Leaf v
        | _, [ i ] ->
            let terms = this.Form eq.Args[i] |> List.collect Form.separate

            let f x =
                let args = literals |> Array.mapi (fun j known -> if j = i then x else known.Value)
                (Reference.evaluate eq.Primitive args)[0]

            if List.length terms > min (limit v) (limit eq.Args[i]) then
                this.Leaf v
            else
                Form.map (shape eq.Args[i]) f terms
        | _ -> this.Leaf v

    /// Parts one after the other: the sum of the parts, each with zeros in the place of the others.
    member private this.Joined(axis, args: Var[]) : Term list =
        let offsets = args |> Array.scan (fun at v -> at + (shape v)[axis]) 0

        let padded i (v: Var) =
            let at n = Array.init (shape v).Rank (fun own -> if own = axis then n else 0)
            let pad = MoveOp.Pad(at offsets[i], at (offsets[args.Length] - offsets[i + 1]))
            Form.move (shape v) (on (Primitive.Move pad)) (this.Form v)

        args |> Array.mapi padded |> Array.reduce Form.add
