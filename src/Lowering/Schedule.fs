// Carries out a plan: level by level, one nest per domain, then the equations with statements of their own; and
// whatever is needed earlier, on demand. Relies on Plan, Along and Control. Read Lower next.
[<RequireQualifiedAccess>]
module internal Ppl.Lowering.Schedule

open System.Collections.Generic
open Ppl.Core
open Ppl.Core.Ir

/// A piece of work for a loop nest.
[<NoComparison; NoEquality>]
type private Work =
    {
        Level: int
        Key: string
        Domain: Nest.Domain
        /// What to do, unless it has been done on demand.
        Root: unit -> Nest.Root voption
        /// Marks the results as there.
        Done: unit -> unit
    }

let private storeWork (r: Region) (levels: Plan.Levels) v : Work =
    let struct (domain, position) = Nest.storeDomain r v (View.whole 0 (r.Shape v) 0)
    let mutable target = ValueNone

    {
        Level = levels.Level[v]
        Key = levels.StoreKey v
        Domain = domain
        Root =
            fun () ->
                if r.Views[v].IsSome then
                    ValueNone
                else
                    target <- ValueSome(Places.allocate r v)
                    ValueSome(Nest.Store(v, target.Value, position))
        Done =
            fun () ->
                if r.Views[v].IsNone then
                    r.Views[v] <- target
    }

let private reduceWork (r: Region) (levels: Plan.Levels) (eq: Equation) : Work =
    let v = eq.Outs[0]
    let struct (domain, root) = Roots.reduction r eq

    {
        Level = levels.Level[v]
        Key = levels.ReduceKey v
        Domain = domain
        Root = fun () -> if r.Elements[v].IsSome || r.Views[v].IsSome then ValueNone else ValueSome(root ())
        Done = ignore
    }

/// The parts of an assembled result that a nest can store where they belong.
let private partWork (r: Region) (levels: Plan.Levels) (eq: Equation) : Work[] =
    let struct (targets, ready) = Assembly.parts r eq

    [|
        for i in 0 .. eq.Args.Length - 1 do
            let x = eq.Args[i]

            if not (r.IsSmall x) && r.Role x = Role.Inline && (r.Definition x).IsSome then
                let struct (domain, position) = Nest.storeDomain r x targets[i]

                {
                    Level = levels.Level[x]
                    Key = Nest.key domain
                    Domain = domain
                    Root = fun () -> if ready[i] then ValueNone else ValueSome(Nest.Store(x, targets[i], position))
                    Done = fun () -> ready[i] <- true
                }
    |]

let private collect (r: Region) (equations: Equation[]) (levels: Plan.Levels) =
    let work = ResizeArray<Work>()

    for eq in equations do
        let v = eq.Outs[0]

        match r.Role v with
        | Role.Inline when r.Stored[v] -> work.Add(storeWork r levels v)
        | Role.Inline -> ()
        | Role.Reduction -> work.Add(reduceWork r levels eq)
        | Role.Opaque ->
            if Assembly.storesParts r eq then
                work.AddRange(partWork r levels eq)

    work

let private runNests (r: Region) (work: seq<Work>) =
    let groups = Dictionary<string, ResizeArray<Work>>()
    let order = ResizeArray<ResizeArray<Work>>()

    for item in work do
        match groups.TryGetValue item.Key with
        | true, group -> group.Add item
        | _ ->
            let group = ResizeArray [ item ]
            groups[item.Key] <- group
            order.Add group

    for group in order do
        let roots = ResizeArray()
        let finished = ResizeArray()

        for item in group do
            match item.Root() with
            | ValueSome root ->
                roots.Add root
                finished.Add item
            | ValueNone -> ()

        if roots.Count > 0 then
            Nest.emit r group[0].Domain (roots.ToArray())

        for item in finished do
            item.Done()

/// The items of each level, in order.
let private byLevel highest (level: 'a -> int) (items: seq<'a>) =
    let groups = Array.init (highest + 1) (fun _ -> ResizeArray<'a>())

    for item in items do
        groups[level item].Add item

    groups

let private isThere (r: Region) v = r.Views[v].IsSome || r.Elements[v].IsSome || r.Blocks[v].IsSome

/// Lowers a body so that these variables end up in these places.
let rec run (r: Region) (outputs: struct (Var * View)[]) : unit =
    r.Demand <- demand r
    let struct (equations, levels) = Plan.make r outputs
    let mutable highest = -1

    for eq in equations do
        highest <- max highest levels.Level[eq.Outs[0]]

    let nests = byLevel highest _.Level (collect r equations levels)

    let opaque =
        equations
        |> Seq.filter (fun eq -> r.Role eq.Outs[0] = Role.Opaque && not (r.InPlace.Contains eq.Outs[0]))
        |> byLevel highest (fun eq -> levels.Level[eq.Outs[0]])

    for level in 0..highest do
        runNests r nests[level]
        Seq.iter (emitOpaque r) opaque[level]

    for struct (v, view) in outputs do
        match r.Views[v] with
        | ValueSome own when View.isSamePlace own view -> ()
        | _ -> Nest.store r v view

and private emitOpaque (r: Region) (eq: Equation) =
    if not (Array.forall (isThere r) eq.Outs) then
        match eq.Primitive with
        | Primitive.Cumulate _
        | Primitive.Order _ -> Along.emit r eq
        | Primitive.Reduce _ -> SumExp.emit r r.ExponentialSums[eq.Outs[0]]
        | _ -> Opaque.emit r eq (Control.emit run r eq)

and private demand (r: Region) v =
    match r.Role v, r.Definition v with
    | Role.Reduction, ValueSome eq when not (isThere r v) ->
        let struct (domain, root) = Roots.reduction r eq
        Nest.emit r domain [| root () |]
    | Role.Opaque, ValueSome eq when not (isThere r v) -> emitOpaque r eq
    | _ ->
        let view = Places.allocate r v
        Nest.store r v view
        r.Views[v] <- ValueSome view
