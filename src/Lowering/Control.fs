// Conditionals and loops: what they carry lives in variables if it is small and in memory of its own otherwise. The new
// values of a turn are all computed before any of the old ones is overwritten. Relies on Opaque. Read Schedule next.
[<RequireQualifiedAccess>]
module internal Ppl.Lowering.Control

open Ppl.Core
open Ppl.Core.Ir

/// Lowers a body so that these variables end up in these places.
type Run = Region -> struct (Var * View)[] -> unit

/// Where a carried tensor lives.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type private Carrier =
    /// One variable per element.
    | Scalars of Variable[]
    /// One variable with up to eight elements.
    | Vector of Variable
    | Memory of View

let private newCarrier (r: Region) (ty: TensorType) (memory: unit -> View) =
    let e = r.Emitter
    let elem = Elem.ofDType ty.DType
    let n = ty.Shape.Count

    if n <= 2 then Carrier.Scalars(Array.init n (fun _ -> e.NewVariable elem Lanes.One))
    elif n <= 8 then Carrier.Vector(e.NewVariable elem Lanes.Eight)
    else Carrier.Memory(memory ())

/// Makes a variable of a body stand for what is carried, as it is now.
let private bind (r: Region) v carrier =
    let e = r.Emitter

    match carrier with
    | Carrier.Scalars variables -> r.Elements[v] <- ValueSome(Array.map e.Get variables)
    | Carrier.Vector variable -> r.Blocks[v] <- ValueSome [| e.Get variable |]
    | Carrier.Memory view -> r.Views[v] <- ValueSome { view with Depth = e.Depth }

/// Computes the value of a variable of a body now; the statements that make it the carried one are left for later.
let private capture (r: Region) v carrier (pending: ResizeArray<Stmt>) =
    let e = r.Emitter

    match carrier with
    | Carrier.Scalars variables ->
        variables
        |> Array.iteri (fun i variable -> pending.Add(Stmt.Set(variable, Pull.eval r v (At.element i))))
    | Carrier.Vector variable -> pending.Add(Stmt.Set(variable, e.Wide(Pull.eval r v (At.block (r.Count v) 0))))
    | Carrier.Memory view -> Nest.smallStores r v view pending

let private child (r: Region) program floor = Region(r.Options, r.Emitter, r.Constants, program, r.Emitter.Depth, floor)

let private alias (inner: Region) (parameters: Var[]) (outer: Region) (arguments: Var[]) =
    for i in 0 .. parameters.Length - 1 do
        inner.Aliases[parameters[i]] <- ValueSome(struct (outer, arguments[i]))

let private flush (e: Emitter) (pending: ResizeArray<Stmt>) =
    for stmt in pending do
        e.Do stmt

let private resultCarriers (r: Region) (eq: Equation) =
    eq.Outs |> Array.map (fun v -> newCarrier r (r.Type v) (fun () -> Places.allocate r v))

/// Runs a sub-program at the innermost open block; its results go to the carriers.
let private runInto (run: Run) (r: Region) (program: Program) floor (args: Var[]) (carriers: Carrier[]) =
    let inner = child r program floor
    alias inner program.Inputs r args

    let places =
        [|
            for i in 0 .. carriers.Length - 1 do
                match carriers[i] with
                | Carrier.Memory view when not (inner.IsSmall program.Outputs[i]) -> struct (program.Outputs[i], view)
                | _ -> ()
        |]

    run inner places
    let pending = ResizeArray()

    for i in 0 .. carriers.Length - 1 do
        let v = program.Outputs[i]

        match carriers[i] with
        | Carrier.Memory _ when not (inner.IsSmall v) -> ()
        | carrier -> capture inner v carrier pending

    flush r.Emitter pending

let private cond (run: Run) (r: Region) (eq: Equation) whenTrue whenFalse =
    let e = r.Emitter
    let predicate = Pull.eval r eq.Args[0] (At.element 0)
    let carriers = resultCarriers r eq

    let branch (program: Program) =
        e.Open()
        // The floor keeps what only this branch computes inside it.
        runInto run r program e.Depth eq.Args[1..] carriers
        e.Close()

    let first = branch whenTrue
    let second = branch whenFalse
    e.Do(Stmt.If(predicate, first, second))
    Array.iter2 (bind r) eq.Outs carriers

/// A program in its place: its scratch memory lives only there.
let private call (run: Run) (r: Region) (eq: Equation) body =
    let carriers = resultCarriers r eq
    runInto run r body r.Floor eq.Args carriers
    Array.iter2 (bind r) eq.Outs carriers

/// Memory for what a loop carries, holding the initial value.
let private startCarrier (r: Region) argument result =
    let e = r.Emitter

    let carrier =
        newCarrier r (r.Type result) (fun () ->
            match r.Destinations[result], Places.tryReuse r argument with
            | ValueNone, ValueSome view -> view
            | _ -> Places.allocate r result)

    match carrier with
    | Carrier.Memory view ->
        let ready =
            match r.Views[argument] with
            | ValueSome own -> own.Buffer = view.Buffer
            | ValueNone -> false

        if not ready then
            Nest.store r argument view
    | _ ->
        let pending = ResizeArray()
        capture r argument carrier pending
        flush e pending

    carrier

/// Whether a carried tensor is only updated in one block, which can then be written straight into its memory.
let private tryUpdateInPlace (inner: Region) parameter v (view: View) =
    match inner.Definition v with
    | ValueSome({ Primitive = Primitive.Index IndexOp.DynamicUpdate } as eq) when
        eq.Args[0] = parameter
        && inner.Uses v = 1
        && (inner.IsSmall eq.Args[1] || View.isContiguous (inner.Shape eq.Args[1]) view)
        ->
        ValueSome eq
    | _ -> ValueNone

/// Whether a carried tensor is read by nothing but the update or the inner loop that makes its next value: then that
/// works on the carried memory itself.
let private isOwned (inner: Region) parameter v =
    inner.Uses parameter = 1
    && match inner.Definition v with
       | ValueSome eq ->
           match eq.Primitive with
           | Primitive.Index IndexOp.DynamicUpdate -> eq.Args[0] = parameter
           | Primitive.Control(ControlOp.While(constants, _, _) | ControlOp.Scan(constants, _, _, _, _)) ->
               let place = constants + System.Array.IndexOf(eq.Outs, v)
               place < eq.Args.Length && eq.Args[place] = parameter
           | _ -> false
       | ValueNone -> false

/// Runs the body of a loop and makes its results the carried values.
let private turn (run: Run) (inner: Region) (parameters: Var[]) (results: Var[]) (carriers: Carrier[]) others =
    let e = inner.Emitter
    let places = ResizeArray<struct (Var * View)>(others: struct (Var * View)[])
    // What each carried tensor gets: the result, or the block of an update of it.
    let sources = Array.copy results
    let updates = Array.create results.Length ValueNone
    let temporaries = Array.create results.Length ValueNone

    for i in 0 .. results.Length - 1 do
        match carriers[i] with
        | Carrier.Memory _ when isOwned inner parameters[i] results[i] -> inner.Owned.Add parameters[i] |> ignore
        | Carrier.Memory view when results[i] <> parameters[i] ->
            match tryUpdateInPlace inner parameters[i] results[i] view with
            | ValueSome eq ->
                inner.InPlace.Add results[i] |> ignore
                updates[i] <- ValueSome eq
                sources[i] <- eq.Args[1]
            | ValueNone -> ()

            let v = sources[i]

            if not (inner.IsSmall v) then
                let memory = e.Scratch (Places.elem inner v) (inner.Count v)
                let view = View.whole memory (inner.Shape v) inner.Depth
                temporaries[i] <- ValueSome view
                places.Add(struct (v, view))
        | _ -> ()

    run inner (places.ToArray())
    let pending = ResizeArray()

    for i in 0 .. results.Length - 1 do
        let target =
            match updates[i], carriers[i] with
            | ValueSome eq, Carrier.Memory view ->
                let start = Pull.startPlace inner eq 2 (inner.Shape sources[i]) view
                Carrier.Memory { view with Offset = Affine.add view.Offset start }
            | _, carrier -> carrier

        let copy (source: View) (view: View) =
            let from, into = View.address source.Buffer source.Offset, View.address view.Buffer view.Offset
            pending.Add(Stmt.Copy(into, from, inner.Count sources[i]))

        match temporaries[i], target with
        | ValueSome source, Carrier.Memory view -> copy source view
        | _, Carrier.Memory view when inner.Owned.Contains parameters[i] ->
            let own = Pull.asView inner results[i]

            if not (View.isSamePlace own view) then
                copy own view
        | _ when results[i] = parameters[i] -> ()
        | _ -> capture inner sources[i] target pending

    flush e pending

let private whileLoop (run: Run) (r: Region) (eq: Equation) constants (condition: Program) (body: Program) =
    let e = r.Emitter
    let fixedArgs = eq.Args[.. constants - 1]
    let carriers = Array.init eq.Outs.Length (fun i -> startCarrier r eq.Args[constants + i] eq.Outs[i])

    let enter (program: Program) =
        e.Open()
        let inner = child r program r.Floor
        alias inner (program.Inputs[.. constants - 1]) r fixedArgs
        Array.iter2 (bind inner) (program.Inputs[constants..]) carriers
        inner

    let test = enter condition
    run test [||]
    let holds = Pull.eval test condition.Outputs[0] (At.element 0)
    let testBlock = e.Close()
    let inner = enter body
    turn run inner (body.Inputs[constants..]) body.Outputs carriers [||]
    let bodyBlock = e.Close()
    e.Do(Stmt.While(testBlock, holds, bodyBlock))
    Array.iter2 (bind r) eq.Outs carriers

/// Into how many parts independent turns are cut, whatever the number of threads: each part has code of its own, so long bodies
/// are cut into fewer.
let private partsOf length (body: Program) =
    let most =
        match Program.size body with
        | size when size <= 400 -> 8
        | size when size <= 2000 -> 4
        | _ -> 2

    min length most

/// Whether the turns of a scan that carries nothing are worth several threads: at the top of the program, and long.
let private isHeavy (r: Region) length (body: Program) =
    r.Depth = 0 && r.Emitter.Depth = 0 && length > 1 && float length * Work.ofProgram body >= Work.heavy

/// What the turns of a scan share.
[<NoComparison; NoEquality>]
type private Turns =
    {
        Equation: Equation
        Constants: int
        Reverse: bool
        Length: int
        Body: Program
        Carriers: Carrier[]
        /// The memory of the sequences and of the stacked results.
        Sequences: View[]
        Stacked: View[]
    }

/// The turns first .. limit - 1, in the order of the scan.
let private someTurns (run: Run) (r: Region) (turns: Turns) first limit =
    let e = r.Emitter
    let body, constants, carry = turns.Body, turns.Constants, turns.Carriers.Length
    let counter = e.Counter()

    let step =
        if turns.Reverse then
            Affine.shift (turns.Length - 1) (Affine.scale -1 (Affine.counter counter))
        else
            Affine.counter counter

    let slice (view: View) =
        { view with
            Offset = Affine.add view.Offset (Affine.scale view.Strides[0] step)
            Strides = view.Strides[1..]
            Source = ValueNone
        }

    e.Open()
    let inner = child r body r.Floor
    alias inner (body.Inputs[.. constants - 1]) r (turns.Equation.Args[.. constants - 1])
    let parameters = body.Inputs[constants .. constants + carry - 1]
    inner.MarkRecurrent parameters
    Array.iter2 (bind inner) parameters turns.Carriers

    turns.Sequences
    |> Array.iteri (fun i view -> inner.Views[body.Inputs[constants + carry + i]] <- ValueSome(slice view))

    let places =
        turns.Stacked
        |> Array.mapi (fun i view -> struct (body.Outputs[carry + i], { slice view with Depth = e.Depth }))

    turn run inner parameters (body.Outputs[.. carry - 1]) turns.Carriers places
    let block = e.Close()
    e.Do(Stmt.For(counter, first, limit, 1, block))

    if carry = 0 then
        e.Independent.Add counter |> ignore

let private scan (run: Run) (r: Region) (eq: Equation) constants carry length reverse (body: Program) =
    let e = r.Emitter
    let carriers = Array.init carry (fun i -> startCarrier r eq.Args[constants + i] eq.Outs[i])
    let sequences = eq.Args[constants + carry ..] |> Array.map (Pull.asView r)
    let stacked = eq.Outs[carry..] |> Array.map (Places.allocate r)

    let turns =
        {
            Equation = eq
            Constants = constants
            Reverse = reverse
            Length = length
            Body = body
            Carriers = carriers
            Sequences = sequences
            Stacked = stacked
        }

    if carry = 0 && isHeavy r length body then
        let parts = partsOf length body
        let bound part = int (int64 length * int64 part / int64 parts)

        let part i =
            e.Open()
            someTurns run r turns (bound i) (bound (i + 1))
            e.Close()

        e.Do(Stmt.Parallel(Array.init parts part))
    elif length > 0 then
        someTurns run r turns 0 length

    Array.iter2 (bind r) (eq.Outs[.. carry - 1]) carriers
    Array.iter2 (fun v view -> r.Views[v] <- ValueSome view) (eq.Outs[carry..]) stacked

/// Emits control flow at the innermost open block, which is the region's.
let emit (run: Run) (r: Region) (eq: Equation) op =
    match op with
    | ControlOp.Cond(whenTrue, whenFalse) -> cond run r eq whenTrue whenFalse
    | ControlOp.While(constants, condition, body) -> whileLoop run r eq constants condition body
    | ControlOp.Scan(constants, carry, length, reverse, body) -> scan run r eq constants carry length reverse body
    | ControlOp.Checkpoint body
    | ControlOp.CustomGrad(_, body, _) -> call run r eq body
