// Reverse-mode differentiation of functions of tensors: trace, run forward, walk the equations backwards with the rules
// of Vjp. Covers Cond and Scan; a While that a derivative would have to pass is an error (PPL5006).
// Relies on Vjp and Activity. Read Jvp next.
namespace Ppl.Core.Transforms

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms.Derivatives

/// Gradients of functions of tensors.
[<RequireQualifiedAccess>]
module Grad =

    /// What the backward walk needs to know of the forward run of one equation.
    [<NoComparison; NoEquality>]
    type private Step =
        {
            Equation: Equation
            Args: Tensor[]
            Results: Tensor[]
            /// Which arguments and results vary with what is differentiated.
            ActiveArgs: bool[]
            ActiveResults: bool[]
            /// For Scan: the carry before each step, stacked.
            Carries: Tensor[]
        }

    /// The scan that also gives the carry before each step.
    let private scanSavingCarries constants carry length reverse (body: Program) (args: Tensor[]) =
        let inner = args[.. constants - 1]
        let initial, xs = args[constants .. constants + carry - 1], args[constants + carry ..]

        let step (state: Tensor[]) (slices: Tensor[]) =
            let results = Trace.replay body (Array.concat [ inner; state; slices ])
            results[.. carry - 1], Array.append results[carry..] state

        let state, outputs = Control.scanBy reverse length step initial xs
        let ys = outputs.Length - carry
        Array.append state outputs[.. ys - 1], outputs[ys..]

    let private forward (values: Tensor[]) (active: bool[]) (eq: Equation) =
        let args = eq.Args |> Array.map (fun v -> values[v])
        let activeResults = eq.Outs |> Array.map (fun v -> active[v])

        let results, carries =
            match eq.Primitive with
            | Primitive.Control(ControlOp.Scan(constants, carry, length, reverse, body)) when
                Array.contains true activeResults
                ->
                scanSavingCarries constants carry length reverse body args
            | primitive -> Bind.many primitive args, [||]

        Array.iter2 (fun v result -> values[v] <- result) eq.Outs results

        {
            Equation = eq
            Args = args
            Results = results
            ActiveArgs = eq.Args |> Array.map (fun v -> active[v])
            ActiveResults = activeResults
            Carries = carries
        }

    /// Blocks of turns whose sums are kept apart where they are heavy.
    let private blocks = 8

    /// The work of an adjoint over that of the program.
    let private adjointWork = 3.0

    /// As Control.scanBy for a step that only adds to its state, which is zero: blocks of turns have sums of their own, so that an
    /// engine may run the blocks at once; the sums are added in the order of the blocks.
    let private foldInBlocks reverse length (step: Tensor[] -> Tensor[] -> Tensor[] * Tensor[]) zeros (xs: Tensor[]) =
        let size = length / blocks
        let whole = blocks * size

        let split (x: Tensor) =
            Ops.reshape (Shape.prepend blocks (Shape.prepend size (Shape.tail x.Shape))) (Ops.slice 0 0 whole x)

        let join (y: Tensor) = Ops.reshape (Shape.prepend whole (Shape.tail (Shape.tail y.Shape))) y

        let block (slices: Tensor[]) =
            let sums, ys = Control.scanBy reverse size step zeros slices
            Array.append sums ys

        let results = Control.mapMany block (Array.map split xs)
        let sums = results[.. zeros.Length - 1] |> Array.map (Ops.sumAlong [| 0 |])
        let ys = results[zeros.Length ..] |> Array.map join

        if whole = length then
            sums, ys
        else
            let rest = xs |> Array.map (Ops.slice 0 whole length)
            let sums, last = Control.scanBy reverse (length - whole) step sums rest
            sums, Array.map2 (fun y z -> Ops.concat 0 [| y; z |]) ys last

    /// The results of a program and the function from their cotangents to those of the active inputs (none: zero).
    let rec private pullback (program: Program) (activeInputs: bool[]) (inputs: Tensor[]) =
        let active = Activity.variables program activeInputs
        let values: Tensor[] = Array.zeroCreate program.Types.Length
        Array.iter2 (fun v x -> values[v] <- x) program.Inputs inputs
        let steps = program.Equations |> Array.map (forward values active)

        let back (cotangents: Tensor option[]) : Tensor option[] =
            let c: Tensor option[] = Array.create program.Types.Length None

            for i in 0 .. cotangents.Length - 1 do
                let v = program.Outputs[i]

                if active[v] then
                    c[v] <- sum c[v] cotangents[i]

            for step in Array.rev steps do
                let given = step.Equation.Outs |> Array.mapi (fun i v -> if step.ActiveResults[i] then c[v] else None)

                if Array.exists Option.isSome given then
                    let contributions = backStep step given

                    for i in 0 .. contributions.Length - 1 do
                        if step.ActiveArgs[i] then
                            let v = step.Equation.Args[i]
                            c[v] <- sum c[v] contributions[i]

            program.Inputs |> Array.map (fun v -> c[v])

        program.Outputs |> Array.map (fun v -> values[v]), back

    and private backStep (step: Step) (given: Tensor option[]) : Tensor option[] =
        match step.Equation.Primitive with
        | Primitive.Control(ControlOp.Cond(whenTrue, whenFalse)) -> backCond whenTrue whenFalse step given
        | Primitive.Control(ControlOp.Scan(constants, carry, length, reverse, body)) ->
            backScan constants carry length reverse body step given
        | Primitive.Control(ControlOp.While _) ->
            Errors.notDifferentiable "whileLoop" "a reverse derivative through a loop of unknown length"
        | Primitive.Control(ControlOp.Checkpoint body) -> backCheckpoint body step given
        | Primitive.Control(ControlOp.CustomGrad(captured, _, vjp)) -> backCustom captured vjp step given
        | Primitive.Custom op -> CustomRules.vjp transposed op step.Args step.Results given
        | primitive -> Vjp.simple primitive step.ActiveArgs step.Args step.Results[0] given[0].Value

    /// The cotangents of a program's inputs, zero where none, only for those wanted.
    and private backInto (program: Program) (wanted: bool[]) (inputs: Tensor[]) (given: Tensor option[]) =
        let _, back = pullback program wanted inputs
        let result = back given

        [|
            for i in 0 .. wanted.Length - 1 do
                if wanted[i] then
                    orZero inputs[i] result[i]
        |]

    /// The cotangents of the arguments ts of a program that is linear in them; they follow xs.
    and private transposed (program: Program) (xs: Tensor[]) (ts: Tensor[]) (given: Tensor option[]) =
        let wanted = Array.append (xs |> Array.map (fun _ -> false)) (ts |> Array.map isReal)
        let found = backInto program wanted (Array.append xs ts) given
        Array.map2 orZero ts (deal wanted[xs.Length ..] found)

    and private backCond whenTrue whenFalse step given =
        let operands, wanted = step.Args[1..], step.ActiveArgs[1..]
        let branch program () = backInto program wanted operands given
        let results = Control.condMany step.Args[0] (branch whenTrue) (branch whenFalse)
        Array.append [| None |] (deal wanted results)

    /// The forward run is repeated inside, apart from the first one.
    and private backCheckpoint body step given =
        let operands = Array.append step.Args (Array.choose id given)
        let present = given |> Array.map Option.isSome
        let n = step.Args.Length

        let inside =
            Trace.program (operands |> Array.map _.Type) (fun all ->
                backInto body step.ActiveArgs all[.. n - 1] (deal present all[n..]))

        deal step.ActiveArgs (Bind.many (Primitive.Control(ControlOp.Checkpoint inside)) operands)

    and private backCustom captured vjp step given =
        requireNoCaptured step.ActiveArgs[.. captured - 1]
        let cotangents = Array.map2 orZero step.Results given
        let results = Trace.replay vjp (Array.concat [ step.Args; step.Results; cotangents ])
        Array.append (Array.create captured None) (results |> Array.map Some)

    /// The adjoint scan runs the other way; it carries the cotangents of the carry and the sums of those of the constants.
    and private backScan constants carry length reverse body step given =
        let inner = step.Args[.. constants - 1]
        let xs = step.Args[constants + carry ..]
        let wantConstant, wantX = step.ActiveArgs[.. constants - 1], step.ActiveArgs[constants + carry ..]
        let wantCarry = step.ActiveResults[.. carry - 1]
        let carryCotangents = pick wantCarry (Array.map2 orZero step.Results[.. carry - 1] given[.. carry - 1])
        let sums = pick wantConstant inner |> Array.map Ops.zerosLike
        let givenYs = given[carry..]
        let n, m = carryCotangents.Length, sums.Length

        let adjoint (state: Tensor[]) (slices: Tensor[]) =
            let saved, xSlices = slices[.. carry - 1], slices[carry .. carry + xs.Length - 1]
            let cy = deal (Array.map Option.isSome givenYs) slices[carry + xs.Length ..]
            let given = Array.append (deal wantCarry state) cy
            let want = Array.concat [ wantConstant; wantCarry; wantX ]
            let results = backInto body want (Array.concat [ inner; saved; xSlices ]) given
            let sums = Array.map2 (fun (a: Tensor) (b: Tensor) -> a + b) state[n..] results[.. m - 1]
            Array.append results[m .. m + n - 1] sums, results[m + n ..]

        let sequences = Array.concat [ step.Carries; xs; Array.choose id givenYs ]
        let isHeavy () = adjointWork * float length * Work.ofProgram body >= Work.heavy

        let fold =
            if carry = 0 && m > 0 && length >= blocks && isHeavy () then
                foldInBlocks
            else
                Control.scanBy

        let state, cx = fold (not reverse) length adjoint (Array.append carryCotangents sums) sequences

        Array.concat [ deal wantConstant state[n..]; deal wantCarry state; deal wantX cx ]

    /// The values of f at xs, and the function from cotangents of the values to cotangents of xs:
    /// c -> (df/dx)' c. Integers and truth values get zeros.
    let vjp (f: Tensor[] -> Tensor[]) (xs: Tensor[]) : Tensor[] * (Tensor[] -> Tensor[]) =
        let closure = Trace.closure (xs |> Array.map _.Type) f
        let captured = closure.Captured.Length
        let wanted = Array.append (Array.create captured false) (xs |> Array.map isReal)
        let values, back = pullback closure.Program wanted (Array.append closure.Captured xs)

        values,
        fun cotangents ->
            let results = back (cotangents |> Array.map Some)
            Array.map2 orZero xs results[captured..]

    /// The cotangents, by those of the results (none: zero), of the arguments ts of a program that is linear in them; they
    /// follow xs.
    let internal transpose program xs ts given : Tensor[] = transposed program xs ts given

    let internal requireScalar (value: Tensor) =
        if value.Shape.Rank > 0 || not (isReal value) then
            Errors.shapes "grad" $"the function must give f64[] or f32[], it gives {value.Type}"

    /// f(xs) and its gradient with respect to each of xs, for f with a real scalar value.
    let valueAndGradMany (f: Tensor[] -> Tensor) (xs: Tensor[]) : Tensor * Tensor[] =
        let values, back = vjp (fun args -> [| f args |]) xs
        requireScalar values[0]
        values[0], back [| Ops.onesLike values[0] |]

    /// f(x) and its gradient, for f with a real scalar value.
    let valueAndGrad (f: Tensor -> Tensor) (x: Tensor) : Tensor * Tensor =
        let value, gradients = valueAndGradMany (fun args -> f args[0]) [| x |]
        value, gradients[0]

    /// The gradient of a function with a real scalar value.
    let grad (f: Tensor -> Tensor) (x: Tensor) : Tensor = snd (valueAndGrad f x)
