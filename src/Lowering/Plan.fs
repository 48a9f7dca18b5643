// What is stored and in which order things are computed. Each equation gets a level: work over one domain at one level
// shares a loop nest; a reduction's result is known one level later. Expensive values that several nests need are
// stored by the first; cheap ones are computed again. Correctness does not depend on any of this: what is not there
// when it is needed is computed on demand. Relies on Roots. Read Schedule next.
[<RequireQualifiedAccess>]
module internal Ppl.Lowering.Plan

open System.Collections.Generic
open Ppl.Core
open Ppl.Core.Ir

/// A value cheaper than this many additions per element is computed again rather than stored.
let private cheap = 8

/// The plan of one body: the level of each variable and the nests that reductions belong to.
[<NoComparison; NoEquality>]
type Levels =
    {
        Level: int[]
        /// The key of the domain that stores all elements of the variable.
        StoreKey: Var -> string
        /// The key of the domain of a reduction.
        ReduceKey: Var -> string
    }

/// Whether what will be in memory lies there in row-major order without gaps.
let rec private isContiguous (r: Region) v =
    r.Stored[v]
    || r.Role v <> Role.Inline
    || match r.Definition v with
       | ValueSome { Primitive = Primitive.Move(MoveOp.Slice(start, limit, stride)); Args = args } ->
           let isWhole axis = start[axis] = 0 && limit[axis] = (r.Shape args[0])[axis]
           // Some rows, one after the other.
           Array.forall ((=) 1) stride
           && Seq.forall isWhole (seq { 1 .. start.Length - 1 })
           && isContiguous r args[0]
       | ValueSome { Primitive = Primitive.Move _ } -> false
       | _ -> true

/// Whether the elements are in memory, or will be, possibly in another arrangement.
let rec private isViewable (r: Region) v =
    r.Views[v].IsSome
    || r.Aliases[v].IsSome
    || r.Stored[v]
    || r.Role v <> Role.Inline
    || match r.Definition v with
       | ValueSome { Primitive = Primitive.Constant _ }
       | ValueSome { Primitive = Primitive.Index(IndexOp.DynamicSlice _) } -> true
       | ValueSome { Primitive = Primitive.Move(MoveOp.Concat _ | MoveOp.Pad _) } -> false
       | ValueSome { Primitive = Primitive.Move(MoveOp.Reshape shape); Args = args } ->
           isViewable r args[0] && (Facts.isTrivialReshape (r.Shape args[0]) shape || isContiguous r args[0])
       | ValueSome { Primitive = Primitive.Move _; Args = args } -> isViewable r args[0]
       | _ -> false

let rec private require (r: Region) v =
    if not (r.IsSmall v) && r.Role v = Role.Inline && not (isViewable r v) then
        match r.Definition v with
        | ValueSome {
                        Primitive = Primitive.Move(MoveOp.Slice _ | MoveOp.Transpose _ | MoveOp.Reverse _ | MoveOp.Windows _)
                        Args = args
                    } when r.Count args[0] <= 2 * r.Count v ->
            // The whole is stored once and read in place.
            require r args[0]
        | _ -> ()

        if not (isViewable r v) then
            r.Stored[v] <- true

let private requireIfExpensive (r: Region) v =
    if r.Cost v > cheap then
        require r v

/// Marks what must be in memory because of how it is read.
let private markRequired (r: Region) (eq: Equation) =
    match eq.Primitive with
    | Primitive.Index(IndexOp.Take _)
    | Primitive.Index(IndexOp.DynamicSlice _) -> require r eq.Args[0]
    | Primitive.Move(MoveOp.Reshape shape) when not (Facts.isTrivialReshape (r.Shape eq.Args[0]) shape) ->
        if not (r.IsFlatSafe eq.Args[0]) then
            require r eq.Args[0]
    | Primitive.Index(IndexOp.ScatterAdd _) -> requireIfExpensive r eq.Args[2]
    | Primitive.Cumulate _ when r.Role eq.Outs[0] = Role.Opaque -> requireIfExpensive r eq.Args[0]
    | Primitive.Order(OrderOp.ArgMax _ | OrderOp.ArgMin _) -> requireIfExpensive r eq.Args[0]
    | Primitive.Order _ -> Array.iter (require r) eq.Args
    | Primitive.Contract _ when r.Role eq.Outs[0] = Role.Opaque -> Array.iter (require r) eq.Args
    | Primitive.Factor _
    | Primitive.Fourier _
    | Primitive.Random _
    | Primitive.Control _
    | Primitive.Custom _ -> Array.iter (require r) eq.Args
    | _ -> ()

let private liveEquations (r: Region) =
    r.Program.Equations |> Array.indexed |> Array.filter (fun (i, _) -> r.IsLive i) |> Array.map snd

let private storeKeys (r: Region) =
    let keys: string voption[] = Array.create r.Program.Types.Length ValueNone

    fun v ->
        match keys[v] with
        | ValueSome key -> key
        | ValueNone ->
            // Stored variables go to row-major memory without gaps; only the domain matters here.
            let struct (domain, _) = Nest.storeDomain r v (View.whole 0 (r.Shape v) 0)
            let key = Nest.key domain
            keys[v] <- ValueSome key
            key

let private reduceKeys (r: Region) =
    let keys: string voption[] = Array.create r.Program.Types.Length ValueNone

    fun v ->
        match keys[v], r.Definition v with
        | ValueSome key, _ -> key
        | ValueNone, ValueSome eq ->
            let struct (domain, _) = Roots.reduction r eq
            let key = Nest.key domain
            keys[v] <- ValueSome key
            key
        | ValueNone, ValueNone -> Errors.bug "Plan" "a parameter is no reduction"

/// What an equation reads where it is computed: sums of exponentials compute these themselves.
let private operands (r: Region) (eq: Equation) =
    match r.ExponentialSums.TryGetValue eq.Outs[0] with
    | true, found -> [| found.Source |]
    | _ -> eq.Args

let private isSameDomain (r: Region) (eq: Equation) =
    Primitive.isElementwise eq.Primitive
    || match eq.Primitive with
       | Primitive.Move(MoveOp.Reshape shape) ->
           Facts.isTrivialReshape (r.Shape eq.Args[0]) shape || r.IsFlatSafe eq.Args[0]
       | Primitive.Move(MoveOp.Broadcast _) -> r.Count eq.Args[0] = r.Count eq.Outs[0]
       | _ -> false

/// The level of each variable.
let private computeLevels (r: Region) (equations: Equation[]) storeKey reduceKey =
    let level = Array.zeroCreate<int> r.Program.Types.Length
    let isParameter v = (r.Definition v).IsNone
    let inPlace v = if r.Role v = Role.Inline then level[v] else level[v] + 1
    let after v = if r.Role v = Role.Inline && not r.Stored[v] then level[v] else level[v] + 1

    for eq in equations do
        let v = eq.Outs[0]

        let ofArgument x =
            if isParameter x then
                0
            else
                match r.Role v with
                | Role.Opaque -> level[x]
                | Role.Inline -> if isSameDomain r eq then inPlace x else after x
                | Role.Reduction -> if storeKey x = reduceKey v then inPlace x else after x

        let mutable highest = 0

        for x in operands r eq do
            highest <- max highest (ofArgument x)

        for out in eq.Outs do
            level[out] <- highest

    level

/// Marks expensive values that more than one nest would compute, or one nest of another domain more than once.
let private markShared (r: Region) (equations: Equation[]) (levels: Levels) =
    let nests = Dictionary<struct (int * string), int>()
    // The nest that needs a variable: none (-1), one, or several (-2).
    let needed = Array.create r.Program.Types.Length -1

    let nest level key =
        match nests.TryGetValue(struct (level, key)) with
        | true, id -> id
        | _ ->
            let id = nests.Count
            nests[struct (level, key)] <- id
            id

    // The number of elements that a nest passes once each.
    let passed = Dictionary<int, int>()

    let isPassedOnce v =
        match passed.TryGetValue needed[v] with
        | true, count -> count = r.Count v
        | _ -> false

    let need id v =
        if id <> -1 then
            needed[v] <- if needed[v] = -1 || needed[v] = id then id else -2

    for i in equations.Length - 1 .. -1 .. 0 do
        let eq = equations[i]
        let v = eq.Outs[0]

        match r.Role v with
        | Role.Reduction ->
            let id = nest levels.Level[v] (levels.ReduceKey v)

            if Roots.passesRows r eq then
                passed[id] <- r.Count eq.Args[0]

            Array.iter (need id) eq.Args
        | Role.Opaque ->
            for x in operands r eq do
                if not (r.IsSmall x) && not r.Stored[x] then
                    need (nest levels.Level[x] (levels.StoreKey x)) x
        | Role.Inline when r.IsSmall v -> Array.iter (need needed[v]) eq.Args
        | Role.Inline ->
            let own = nest levels.Level[v] (levels.StoreKey v)

            let isNeededElsewhere = needed[v] <> -1 && needed[v] <> own && not (isPassedOnce v)

            if not r.Stored[v] && isNeededElsewhere && r.Cost v > cheap then
                r.Stored[v] <- true

            let id = if r.Stored[v] then own else needed[v]

            match eq.Primitive with
            | Primitive.Contract _ ->
                // Each element of an operand is needed in many places.
                for x in eq.Args do
                    needed[x] <- -2
            | _ -> Array.iter (need id) eq.Args

/// Decides what is stored; gives the live equations in order and their levels.
let make (r: Region) (outputs: struct (Var * View)[]) : struct (Equation[] * Levels) =
    let equations = liveEquations r
    SumExp.find r equations
    Array.iter (markRequired r) equations

    for struct (v, view) in outputs do
        if r.Destinations[v].IsNone && View.isContiguous (r.Shape v) view && (r.Definition v).IsSome then
            if r.Role v <> Role.Inline then
                r.Destinations[v] <- ValueSome view
            elif not (r.IsSmall v) then
                r.Destinations[v] <- ValueSome view
                r.Stored[v] <- true

    let storeKey, reduceKey = storeKeys r, reduceKeys r

    let levels () =
        { Level = computeLevels r equations storeKey reduceKey; StoreKey = storeKey; ReduceKey = reduceKey }

    markShared r equations (levels ())
    struct (equations, levels ())
