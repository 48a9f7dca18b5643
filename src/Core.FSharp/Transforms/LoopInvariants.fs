// Loop-invariant motion: equations in the bodies of loops that depend on constants alone move in front of the loop, as long as
// that computes nothing that might never have run. The body of a scan of at least one step and the condition of a loop run
// surely, so everything may leave them; from the body of a loop of unknown length only what is cheap and always ends.
// What grows by repetition (broadcasts, iotas) stays inside unless something that leaves needs it: it costs less than memory.
// Relies on Builder. Read Recurrence next.
module internal Ppl.Core.Transforms.LoopInvariants

open Ppl.Core
open Ppl.Core.Ir

/// What may leave the body of a loop that may not run at all: up to this many elements, computed one by one or moved.
let private cheapCount = 4096

let private isCheap (body: Program) (eq: Equation) =
    eq.Outs |> Array.forall (fun v -> body.Types[v].Shape.Count <= cheapCount)
    && match eq.Primitive with
       | Primitive.Constant _
       | Primitive.Iota _
       | Primitive.Move _
       | Primitive.Reduce _
       | Primitive.Index(IndexOp.Take _ | IndexOp.DynamicSlice _) -> true
       | primitive -> Primitive.isElementwise primitive

/// Whether the result has no more elements than the arguments, or takes more to compute than to read.
let private isWorthwhile (body: Program) (eq: Equation) =
    let count v = body.Types[v].Shape.Count

    match eq.Primitive with
    | Primitive.Constant _
    | Primitive.Iota _ -> false
    | Primitive.Move _
    | Primitive.Index _ -> count eq.Outs[0] <= Array.sumBy count eq.Args
    | _ -> true

/// The variables that depend on the first inputs alone, among equations that may leave.
let private invariant constants (mayLeave: Equation -> bool) (body: Program) : bool[] =
    let fixedOnes = Array.create body.Types.Length false
    Array.iter (fun v -> fixedOnes[v] <- true) body.Inputs[.. constants - 1]

    for eq in body.Equations do
        if Array.forall (fun v -> fixedOnes[v]) eq.Args && mayLeave eq then
            Array.iter (fun v -> fixedOnes[v] <- true) eq.Outs

    fixedOnes

/// A body as it is before and after: what leaves, as a program of the constants, and the results that the rest needs.
[<NoComparison; NoEquality>]
type private Split = { Leaving: Equation[]; Needed: Var[]; Staying: Equation[] }

let private split constants mayLeave (body: Program) : Split =
    let fixedOnes = invariant constants mayLeave body
    let isFixed (eq: Equation) = eq.Outs |> Array.forall (fun v -> fixedOnes[v])
    let leaves (eq: Equation) = isFixed eq && isWorthwhile body eq
    let leaving, staying = body.Equations |> Array.partition leaves
    let made = leaving |> Array.collect _.Outs |> Set.ofArray
    let read = Array.append (staying |> Array.collect _.Args) body.Outputs |> Set.ofArray

    {
        // Whatever is fixed may be computed in front; what is not needed there is dead.
        Leaving = body.Equations |> Array.filter isFixed
        Needed = Set.intersect made read |> Set.toArray
        Staying = staying
    }

/// The values that leave, computed from the constants of the loop.
let private front (builder: Builder) constants (body: Program) (parts: Split) (args: Var[]) : Var[] =
    let vars: Var[] = Array.zeroCreate body.Types.Length
    Array.iter2 (fun v arg -> vars[v] <- arg) body.Inputs[.. constants - 1] args[.. constants - 1]

    for eq in parts.Leaving do
        let outs = builder.Emit(eq.Primitive, eq.Args |> Array.map (fun v -> vars[v]))
        Array.iter2 (fun v out -> vars[v] <- out) eq.Outs outs

    parts.Needed |> Array.map (fun v -> vars[v])

/// A body that gets what has left it as further constants, those of other bodies of the loop before or after its own.
let private rest constants before after (body: Program) (parts: Split) : Program =
    let types = ResizeArray body.Types

    let unused (ty: TensorType) =
        types.Add ty
        types.Count - 1

    let added = Array.concat [ Array.map unused before; parts.Needed; Array.map unused after ]

    {
        Inputs = Array.concat [ body.Inputs[.. constants - 1]; added; body.Inputs[constants..] ]
        Equations = parts.Staying
        Outputs = body.Outputs
        Types = types.ToArray()
    }

let private typesOf (body: Program) (parts: Split) = parts.Needed |> Array.map (fun v -> body.Types[v])

let private insert constants (extra: Var[]) (args: Var[]) =
    Array.concat [ args[.. constants - 1]; extra; args[constants..] ]

let private lifted (builder: Builder) primitive (args: Var[]) : Var[] =
    match primitive with
    | Primitive.Control(ControlOp.Scan(constants, carry, length, reverse, body)) when length > 0 ->
        let parts = split constants (fun _ -> true) body
        let inside = rest constants [||] [||] body parts
        let op = ControlOp.Scan(constants + parts.Needed.Length, carry, length, reverse, inside)
        builder.Emit(Primitive.Control op, insert constants (front builder constants body parts args) args)
    | Primitive.Control(ControlOp.While(constants, condition, body)) ->
        let test, turn = split constants (fun _ -> true) condition, split constants (isCheap body) body
        let testTypes, turnTypes = typesOf condition test, typesOf body turn

        let op =
            ControlOp.While(
                constants + testTypes.Length + turnTypes.Length,
                rest constants [||] turnTypes condition test,
                rest constants testTypes [||] body turn
            )

        let extra =
            Array.append (front builder constants condition test args) (front builder constants body turn args)

        builder.Emit(Primitive.Control op, insert constants extra args)
    | _ -> builder.Emit(primitive, args)

/// The program with the invariants of its loops in front of them, those of inner loops as far out as they may go.
let rec hoist (program: Program) : Program =
    let builder = Builder()
    let vars: Var[] = Array.zeroCreate program.Types.Length

    for v in program.Inputs do
        vars[v] <- builder.Input program.Types[v]

    for eq in program.Equations do
        let primitive = Program.mapChildren hoist eq.Primitive
        let outs = lifted builder primitive (eq.Args |> Array.map (fun v -> vars[v]))
        Array.iter2 (fun v out -> vars[v] <- out) eq.Outs outs

    builder.Finish(program.Outputs |> Array.map (fun v -> vars[v]))
