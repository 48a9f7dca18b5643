// Batching: from a function of tensors to the function of stacks of them, vmap f xs = stack (map f xs), bit for bit in the
// reference evaluator. What does not differ between lanes is computed once. Control flow:
//   a branch whose condition differs between lanes becomes both branches and a selection;
//   a loop whose condition differs runs while one lane goes on; lanes that have ended keep what they carry and what is read
//   when all have ended;
//   loops inside either see which lanes are active and end when those have: others may hold anything.
// Relies on Batching. Read Jacobians next.
namespace Ppl.Core.Transforms

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms.Lanes

/// Functions of tensors mapped over an axis.
[<RequireQualifiedAccess>]
module Vmap =

    let private flags (xs: Lane[]) = xs |> Array.map _.Varies
    let private marked on value = { Value = value; Varies = on }

    /// In the form that the flag asks for.
    let private settle lanes on (x: Lane) = if on then spread lanes x else x.Value

    let private simple (lanes: LaneAxis) primitive args =
        match lanes.Place with
        | LanePlace.First -> Batching.simple lanes.Count primitive args
        | LanePlace.Last -> BatchingLast.simple lanes.Count primitive args

    let private custom (lanes: LaneAxis) op args =
        match lanes.Place with
        | LanePlace.First -> Batching.custom lanes.Count op args
        | LanePlace.Last -> BatchingLast.custom lanes.Count op args

    let private both (a: Tensor option) (b: Tensor) =
        match a with
        | Some a -> Ops.logicalAnd a b
        | None -> b

    /// The results of a program in lanes, of which those in the mask matter (none: all).
    let rec private run (lanes: LaneAxis) (mask: Tensor option) (program: Program) (args: Lane[]) : Lane[] =
        let values: Lane[] = Array.zeroCreate program.Types.Length
        let isRead = Lanes.read program
        Array.iter2 (fun v x -> values[v] <- x) program.Inputs args

        for eq in program.Equations do
            let live = eq.Outs |> Array.map (fun v -> isRead[v])
            let results = equation lanes mask live eq.Primitive (eq.Args |> Array.map (fun v -> values[v]))
            Array.iter2 (fun v result -> values[v] <- result) eq.Outs results

        program.Outputs |> Array.map (fun v -> values[v])

    and private equation lanes mask live primitive (args: Lane[]) : Lane[] =
        let varies = args |> Array.exists _.Varies

        match primitive with
        | Primitive.Control op when varies || mask.IsSome -> control lanes mask live op args
        | Primitive.Custom op when varies -> custom lanes op args |> Array.map varying
        | _ when varies -> [| varying (simple lanes primitive args) |]
        | _ -> Bind.many primitive (args |> Array.map _.Value) |> Array.map shared

    and private control lanes mask (live: bool[]) op (args: Lane[]) : Lane[] =
        match op with
        | ControlOp.Cond(whenTrue, whenFalse) ->
            if args[0].Varies then
                select lanes mask whenTrue whenFalse args[0].Value args[1..]
            else
                cond lanes mask whenTrue whenFalse args[0].Value args[1..]
        | ControlOp.While(constants, condition, body) ->
            let testVaries, carried = Lanes.whileLoop constants condition body live (flags args)

            if testVaries then
                maskedLoop lanes mask live constants condition body carried args
            else
                commonLoop lanes mask constants condition body carried args
        | ControlOp.Scan(constants, carry, length, reverse, body) ->
            scan lanes mask constants carry length reverse body args
        | ControlOp.Checkpoint body -> checkpoint lanes mask body args
        | ControlOp.CustomGrad(captured, body, vjp) -> customGrad lanes mask captured body vjp args

    and private cond lanes mask whenTrue whenFalse (condition: Tensor) operands =
        let on = flags operands
        let varies = Array.map2 (||) (outputs whenTrue on) (outputs whenFalse on)
        let branch program () = run lanes mask program operands |> Array.map2 (settle lanes) varies
        Control.condMany condition (branch whenTrue) (branch whenFalse) |> Array.map2 marked varies

    and private select lanes mask whenTrue whenFalse (condition: Tensor) operands =
        let first = run lanes (Some(both mask condition)) whenTrue operands
        let second = run lanes (Some(both mask (Ops.logicalNot condition))) whenFalse operands
        Array.map2 (fun x y -> varying (choose lanes condition (spread lanes x) (spread lanes y))) first second

    /// All lanes turn together.
    and private commonLoop lanes mask constants condition body carried args =
        let fixedArgs = args[.. constants - 1]
        let arguments (state: Tensor[]) = Array.append fixedArgs (Array.map2 marked carried state)

        let test state =
            let results = run lanes mask condition (arguments state)
            both (mask |> Option.map Ops.any) results[0].Value

        let step state = run lanes mask body (arguments state) |> Array.map2 (settle lanes) carried
        let initial = Array.map2 (settle lanes) carried args[constants..]
        Control.whileLoop test step initial |> Array.map2 marked carried

    /// The first carried value says which lanes go on. What is not read after the loop may hold anything in lanes that have
    /// ended.
    and private maskedLoop lanes mask live constants condition body carried args =
        let fixedArgs = args[.. constants - 1]
        let arguments (state: Tensor[]) = Array.append fixedArgs (Array.map2 marked carried state)

        let goesOn alive state =
            let results = run lanes alive condition (arguments state)
            both alive (spread lanes results[0])

        let step (state: Tensor[]) =
            let alive, old = state[0], state[1..]
            let next = run lanes (Some alive) body (arguments old)

            let merge i (x: Lane) =
                if carried[i] && live[i] && not (obj.ReferenceEquals(x.Value, old[i])) then
                    choose lanes alive (spread lanes x) old[i]
                else
                    settle lanes carried[i] x

            let state = Array.mapi merge next
            Array.append [| goesOn (Some alive) state |] state

        let initial = Array.map2 (settle lanes) carried args[constants..]

        let final =
            Control.whileLoop (fun state -> Ops.any state[0]) step (Array.append [| goesOn mask initial |] initial)

        Array.map2 marked carried final[1..]

    and private scan lanes mask constants carry length reverse body args =
        let varies = Lanes.scan constants carry body (flags args)
        let carried, stacked = varies[.. carry - 1], varies[carry..]

        let fixedArgs, initial, xs =
            args[.. constants - 1], args[constants .. constants + carry - 1], args[constants + carry ..]

        let step (state: Tensor[]) (slices: Tensor[]) =
            let arguments =
                Array.concat [ fixedArgs; Array.map2 marked carried state; Array.map2 marked (flags xs) slices ]

            let results = run lanes mask body arguments |> Array.map2 (settle lanes) varies
            results[.. carry - 1], results[carry..]

        // The sequence comes first, then the lanes, if they are in front.
        let swap from into x =
            match lanes.Place with
            | LanePlace.First -> moveAxis from into x
            | LanePlace.Last -> x

        let sequences = xs |> Array.map (fun x -> if x.Varies then swap 0 1 x.Value else x.Value)
        let state, ys = Control.scanBy reverse length step (Array.map2 (settle lanes) carried initial) sequences
        let ys = Array.map2 (fun on y -> marked on (if on then swap 1 0 y else y)) stacked ys
        Array.append (Array.map2 marked carried state) ys

    /// A program of lanes: (mask, if any, then values) -> the results. What it needs from here are its arguments alone.
    and private closed lanes (mask: Tensor option) (program: Program) (args: Lane[]) finish : Program =
        let front = Option.toArray mask
        let types = Array.append front (args |> Array.map _.Value) |> Array.map _.Type

        Trace.program types (fun all ->
            let mask = if front.Length = 0 then None else Some all[0]
            finish mask (run lanes mask program (Array.map2 marked (flags args) all[front.Length ..])))

    and private checkpoint lanes mask body args =
        let varies = outputs body (flags args)
        let inside = closed lanes mask body args (fun _ ys -> Array.map2 (settle lanes) varies ys)
        let operands = Array.append (Option.toArray mask) (args |> Array.map _.Value)
        Bind.many (Primitive.Control(ControlOp.Checkpoint inside)) operands |> Array.map2 marked varies

    /// The rule is mapped too; the cotangent of what the lanes share is the sum of theirs.
    and private customGrad lanes mask captured body vjp args =
        let inside = closed lanes mask body args (fun _ ys -> Array.map (spread lanes) ys)
        let stacked (ty: TensorType) = varying (Ops.zeros (lanes.Add ty))
        let results = Program.outputTypes body |> Array.map stacked

        let total mask (c: Tensor) =
            let axes = [| lanes.In c.Shape |]

            if Derivatives.isReal c then
                let zero = Ops.zerosLike c
                Ops.sumAlong axes (mask |> Option.fold (fun c mask -> choose lanes mask c zero) c)
            else
                Ops.zeros (TensorType.create c.DType (Shape.without axes c.Shape))

        let cotangents mask (cs: Lane[]) =
            Array.map2
                (fun (x: Lane) c -> if x.Varies then spread lanes c else total mask (spread lanes c))
                args[captured..]
                cs

        let front = Option.toArray mask
        let rule = closed lanes mask vjp (Array.concat [ args; results; results ]) cotangents
        let op = ControlOp.CustomGrad(captured + front.Length, inside, rule)
        let operands = Array.append front (args |> Array.map _.Value)
        Bind.many (Primitive.Control op) operands |> Array.map varying

    /// The results of a program in so many lanes along first axes; what does not differ between lanes is computed once.
    let internal inLanes count (program: Program) (args: Lane[]) : Lane[] = run (inFront count) None program args

    // ---- functions

    let private requireCount what (axes: int option[]) count =
        if axes.Length <> count then
            Errors.argument
                "vmap"
                $"there are {axes.Length} axes for {count} {what}"
                $"give one for each of the {what}: Some axis, or None where all lanes share it"

    let private requireAxis what (ty: TensorType) rank axis =
        if axis < 0 || axis >= rank then
            Errors.axis "vmap" $"axis {axis} of {what} of type {ty}"

    /// How many lanes there are: what the arguments must agree on.
    let private count (inAxes: int option[]) (xs: Tensor[]) =
        let extents =
            [|
                for i in 0 .. xs.Length - 1 do
                    match inAxes[i] with
                    | Some axis ->
                        requireAxis $"argument {i}" xs[i].Type xs[i].Shape.Rank axis
                        struct (i, axis, xs[i].Shape[axis])
                    | None -> ()
            |]

        let show struct (i, axis, extent) = $"{extent} along axis {axis} of argument {i} ({xs[i].Type})"
        let extentOf struct (_, _, extent) = extent

        if extents.Length = 0 then
            Errors.argument "vmap" "no argument has an axis to map over" "give Some axis for at least one argument"

        match extents |> Array.tryFind (fun e -> extentOf e <> extentOf extents[0]) with
        | Some other -> Errors.shapes "vmap" $"the numbers of lanes differ: {show extents[0]}, {show other}"
        | None -> extentOf extents[0]

    let private place n i axis (x: Lane) =
        match axis with
        | Some axis ->
            requireAxis $"result {i}, in each lane" (typeInLane x) ((typeInLane x).Shape.Rank + 1) axis
            moveAxis 0 axis (spread (inFront n) x)
        | None when x.Varies ->
            Errors.argument
                "vmap"
                $"result {i} ({typeInLane x} in each lane) differs between lanes"
                "give an axis for it, or make it depend on shared arguments alone"
        | None -> x.Value

    /// <summary>
    /// f mapped over an axis of its arguments (none: every lane gets the whole), the results put together along new axes
    /// (none: the result is the same in all lanes).
    /// Law: result j in lane b is f(slices of xs in lane b)_j, bit for bit in the reference evaluator.
    /// Shapes: along axis a, an argument [.., n, ..] enters f without n; a result leaves with n inserted at its axis.
    /// f is traced once, with the types of one lane; tensors that it captures are shared.
    /// </summary>
    /// <exception cref="T:Ppl.Core.PplException">
    /// PPL5003: an axis that an argument or result does not have. PPL5001: arguments with different numbers of lanes.
    /// PPL5008: not one axis per argument or result, none at all, or a result that is not the same in all lanes.
    /// </exception>
    let vmapMany (inAxes: int option[]) (outAxes: int option[]) (f: Tensor[] -> Tensor[]) (xs: Tensor[]) : Tensor[] =
        requireCount "arguments" inAxes xs.Length
        let n = count inAxes xs

        let lane axis x =
            match axis with
            | Some axis -> varying (moveAxis axis 0 x)
            | None -> shared x

        let lanes = Array.map2 lane inAxes xs
        let closure = Trace.closure (lanes |> Array.map typeInLane) f
        requireCount "results" outAxes closure.Program.Outputs.Length

        let results =
            run (inFront n) None closure.Program (Array.append (closure.Captured |> Array.map shared) lanes)

        results |> Array.mapi (fun i x -> place n i outAxes[i] x)

    /// f mapped over the first axes of all arguments, the results stacked along theirs: stack (map f xs).
    let vmapAll (f: Tensor[] -> Tensor[]) (xs: Tensor[]) : Tensor[] =
        requireCount "arguments" (Array.map (fun _ -> Some 0) xs) xs.Length
        let n = count (Array.map (fun _ -> Some 0) xs) xs
        let lanes = Array.map varying xs
        let closure = Trace.closure (lanes |> Array.map typeInLane) f

        run (inFront n) None closure.Program (Array.append (closure.Captured |> Array.map shared) lanes)
        |> Array.map (spread (inFront n))

    /// f mapped over the first axis of x, the results stacked along theirs: stack (map f x).
    let vmap (f: Tensor -> Tensor) (x: Tensor) : Tensor = (vmapAll (fun args -> [| f args[0] |]) [| x |])[0]

    let private programAlong place count (varies: bool[]) (source: Program) : Program =
        let lanes = { Count = count; Place = place }
        let laneType on (ty: TensorType) = if on then lanes.Add ty else ty

        Trace.program (Array.map2 laneType varies (Program.inputTypes source)) (fun args ->
            run lanes None source (Array.map2 marked varies args) |> Array.map (spread lanes))

    /// A program of so many lanes: the inputs in the mask get a first axis of that extent, the others are shared; all results
    /// have the lanes along their first axis.
    let program count varies source : Program = programAlong LanePlace.First count varies source

    /// As program, with the lanes along the last axes: neighbours in memory, as the elements of a vector are. Right for small
    /// programs in a multiple of 8 lanes.
    let programLast count varies source : Program = programAlong LanePlace.Last count varies source
