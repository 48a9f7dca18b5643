// Equations with statements of their own: which file emits which, and the calls of the random generator.
// Relies on Assembly, Updates, Matrices. Read Along next.
[<RequireQualifiedAccess>]
module internal Ppl.Lowering.Opaque

open Ppl.Core
open Ppl.Core.Ir

let private random (r: Region) (eq: Equation) op =
    let e = r.Emitter
    let v = eq.Outs[0]
    let key = Places.addressOf (Places.dense r eq.Args[0])
    let target = Places.allocate r v
    let count = r.Count v

    if count > 0 then
        match op with
        | RandomOp.FoldIn ->
            let data = Pull.eval r eq.Args[1] (At.element 0)
            e.Do(Stmt.Call(Kernel.FoldIn(Places.addressOf target, key, data)))
        | RandomOp.Uniform _ -> e.Do(Stmt.Call(Kernel.Uniform(Places.addressOf target, key, count)))
        | RandomOp.Bits _ -> e.Do(Stmt.Call(Kernel.Bits(Places.addressOf target, key, count)))

    r.Views[v] <- ValueSome target

/// Calls an operation from outside.
let private custom (r: Region) (eq: Equation) op =
    let types = Array.map r.Type
    let arguments = eq.Args |> Array.map (fun v -> Places.addressOf (Places.dense r v))
    let targets = eq.Outs |> Array.map (Places.allocate r)
    let call = CustomCall(op, types eq.Args, types eq.Outs)
    r.Emitter.Do(Stmt.Call(Kernel.Custom(call, Array.map Places.addressOf targets, arguments)))
    Array.iter2 (fun v view -> r.Views[v] <- ValueSome view) eq.Outs targets

/// Emits the equation at the depth of the region; control flow is left to the given function.
let emit (r: Region) (eq: Equation) (control: ControlOp -> unit) =
    r.Emitter.Within(
        r.Depth,
        fun () ->
            match eq.Primitive with
            | Primitive.Move(MoveOp.Concat _)
            | Primitive.Move(MoveOp.Pad _) -> Assembly.emit r eq
            | Primitive.Index(IndexOp.ScatterAdd axis) -> Updates.scatterAdd r eq axis
            | Primitive.Index IndexOp.DynamicUpdate -> Updates.dynamicUpdate r eq
            | Primitive.Contract dot -> Matrices.gemm r eq dot
            | Primitive.Factor(FactorOp.LogAbsDet | FactorOp.DetSign | FactorOp.Qr | FactorOp.Eigh | FactorOp.Svd as op) ->
                Matrices.decompose r eq op
            | Primitive.Factor op -> Matrices.factor r eq op
            | Primitive.Fourier inverse -> Matrices.fourier r eq inverse
            | Primitive.Random op -> random r eq op
            | Primitive.Control op -> control op
            | Primitive.Custom op -> custom r eq op
            | primitive -> Errors.bug "Opaque" $"{Primitive.name primitive} has no statements of its own"
    )
