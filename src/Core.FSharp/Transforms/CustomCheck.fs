// Checks of operations from outside at given arguments: types, purity, both derivatives against central differences of Evaluate,
// batches against lanes one by one. A user's tests call it on random arguments.
// Relies on Grad, Jvp and Vmap. Read Implicit next.
namespace Ppl.Core.Transforms

open System
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors

/// Checks of custom operations.
[<RequireQualifiedAccess>]
module Custom =

    let private fail op what = Errors.customRule (CustomCalls.title op) what
    let private apply (op: ICustomOperation) (xs: Tensor[]) = Bind.many (Primitive.Custom op) xs
    let private tensors (xs: Literal[]) = xs |> Array.map Tensor.OfLiteral
    let private isReal (x: Literal) = DType.isReal x.Type.DType
    let private numbers (x: Literal) : float[] = Array.init x.Type.Shape.Count (Storage.number x.Data)

    let private evaluate (op: ICustomOperation) (xs: Literal[]) =
        CustomCalls.evaluate op (CustomCalls.resultTypes op (xs |> Array.map _.Type)) xs

    /// Numbers of both signs and moderate size, others for each seed; zeros where there are no derivatives.
    let private direction seed (x: Literal) : Literal =
        let count = x.Type.Shape.Count
        let number i = Math.Cos(1.7 * float i + 2.3 * float seed + 0.4)

        match x.Type.DType with
        | DType.F64 -> Literal.create x.Type.Shape (Storage.F64(Array.init count number))
        | DType.F32 -> Literal.create x.Type.Shape (Storage.F32(Array.init count (number >> float32)))
        | _ -> Literal.fill x.Type 0.0

    /// x + h t for real x, else x.
    let private moved h (x: Literal) (t: Literal) : Literal =
        let data =
            match x.Data, t.Data with
            | Storage.F64 x, Storage.F64 t -> Storage.F64(Array.map2 (fun x t -> x + h * t) x t)
            | Storage.F32 x, Storage.F32 t -> Storage.F32(Array.map2 (fun x t -> x + float32 h * t) x t)
            | data, _ -> data

        Literal.create x.Type.Shape data

    /// The derivatives of the results along t, with an error of order h^4; of those that are not real, zeros.
    let private differences op h (xs: Literal[]) (ts: Literal[]) : float[][] =
        let at h = evaluate op (Array.map2 (moved h) xs ts)

        let central h =
            Array.map2
                (fun (up: Literal) (down: Literal) ->
                    let slope a b = if isReal up then (a - b) / (2.0 * h) else 0.0
                    Array.map2 slope (numbers up) (numbers down))
                (at h)
                (at -h)

        Array.map2 (Array.map2 (fun fine coarse -> (4.0 * fine - coarse) / 3.0)) (central (0.5 * h)) (central h)

    let private requireNear op what tolerance (expected: float[]) (given: float[]) =
        let scale = expected |> Array.fold (fun most x -> max most (abs x)) 1.0

        // Written so that NaN fails.
        let isWrong (x: float, y: float) = not (x.Equals y || abs (x - y) <= tolerance * scale)

        match Array.tryFindIndex isWrong (Array.zip expected given) with
        | Some i -> fail op $"{what}: element {i} is {given[i]:R}, expected is {expected[i]:R}"
        | None -> ()

    let private checkPure op (xs: Literal[]) =
        if Array.exists2 (fun (a: Literal) (b: Literal) -> not (a.Equals b)) (evaluate op xs) (evaluate op xs) then
            fail op "Evaluate gives different results for the same arguments"

    /// The tangents of the results along a direction of one argument.
    let private checkJvp op tolerance argument (xs: Literal[]) (ts: Literal[]) (expected: float[][]) =
        let _, given = Jvp.jvp (apply op) (tensors xs) (tensors ts)

        for i in 0 .. given.Length - 1 do
            let what = $"the tangent of result {i} along argument {argument}, by differences of Evaluate"
            requireNear op what tolerance expected[i] (numbers given[i].Value)

    /// (c, J t) = (J' c, t) for a direction t of one argument.
    let private checkVjp op tolerance seed argument (xs: Literal[]) (ts: Literal[]) (expected: float[][]) =
        let dot a b = Array.fold2 (fun sum x y -> sum + x * y) 0.0 a b
        let ys, back = Grad.vjp (apply op) (tensors xs)
        let cs = ys |> Array.mapi (fun i y -> direction (seed + 5 * i + 1) y.Value)
        let cotangents = back (tensors cs)
        let left = Array.map2 (fun c d -> dot (numbers c) d) cs expected |> Array.sum
        let right = dot (numbers cotangents[argument].Value) (numbers ts[argument])
        let what = $"the cotangent of argument {argument}, paired with a direction, by differences of Evaluate"
        requireNear op what tolerance [| left |] [| right |]

    let private checkDerivatives (op: ICustomOperation) (xs: Literal[]) =
        let types = xs |> Array.map _.Type
        let all = Array.append types (CustomCalls.resultTypes op types)
        let isSingle = all |> Array.exists (fun ty -> ty.DType = DType.F32)
        let h, tolerance = if isSingle then 0.0625, 1e-2 else 0.001, 1e-6

        if (op.Vjp types).IsSome || (op.Jvp types).IsSome then
            for argument in 0 .. xs.Length - 1 do
                if isReal xs[argument] then
                    for seed in 0..1 do
                        let own i x = if i = argument then direction seed x else Literal.fill x.Type 0.0
                        let ts = Array.mapi own xs
                        let expected = differences op h xs ts
                        checkJvp op tolerance argument xs ts expected
                        checkVjp op tolerance seed argument xs ts expected

    let private lanes = 3

    let private checkBatch (op: ICustomOperation) (xs: Literal[]) (varies: bool[]) =
        let inLane lane = Array.map2 (fun on x -> if on then moved 0.05 x (direction lane x) else x) varies xs
        let arguments = [| for lane in 0 .. lanes - 1 -> tensors (inLane lane) |]
        let stack i on = if on then Ops.stack (arguments |> Array.map (fun xs -> xs[i])) else arguments[0][i]
        let results = CustomCalls.resultTypes op (xs |> Array.map _.Type)
        let axes = varies |> Array.map (fun on -> if on then Some 0 else None)

        let given =
            Vmap.vmapMany axes (results |> Array.map (fun _ -> Some 0)) (apply op) (Array.mapi stack varies)

        for lane in 0 .. lanes - 1 do
            let expected = evaluate op (inLane lane)

            for i in 0 .. results.Length - 1 do
                let stacked = given[i]
                let tolerance = if results[i].DType = DType.F32 then 1e-5 else 1e-10
                let what = $"result {i} in lane {lane} of a batch"
                requireNear op what tolerance (numbers expected[i]) (numbers stacked[lane].Value)

    /// <summary>
    /// Compares the parts of a custom operation at these concrete arguments: the types of what Evaluate gives with ResultTypes; two
    /// calls of Evaluate, bit for bit; Jvp and Vjp, each where given or as the transpose of the other one, with central differences
    /// of Evaluate along two directions of each real argument; batches of three lanes, in which all or one of the arguments vary,
    /// with Evaluate of each lane.
    /// </summary>
    /// <remarks>
    /// Differences are right to 1e-6 of the largest derivative (f32: 1e-2) where Evaluate is smooth within 0.001 (f32: 0.06) of the
    /// arguments; batches may differ by 1e-10 (f32: 1e-5). A rule that is wrong elsewhere is not seen: check at several arguments.
    /// </remarks>
    /// <exception cref="T:Ppl.Core.PplException">PPL5010: types. PPL5011: what differs, where, and both numbers.</exception>
    let check (op: ICustomOperation) (arguments: Tensor[]) : unit =
        let xs = arguments |> Array.map _.Value
        checkPure op xs
        checkDerivatives op xs

        if xs.Length > 0 then
            checkBatch op xs (xs |> Array.map (fun _ -> true))

        if xs.Length > 1 then
            for own in 0 .. xs.Length - 1 do
                checkBatch op xs (Array.init xs.Length (fun i -> i = own))
