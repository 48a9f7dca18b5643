// Roughly how much work a program is, from its types alone: for deciding whether something pays, never for what it computes.
// Relies on Program. Read TypeChecks next.
namespace Ppl.Core.Ir

open Ppl.Core

/// Estimates of work, in additions of one element.
[<RequireQualifiedAccess>]
module Work =

    /// From so much on, work is worth a hand-over to other threads: about 100 microseconds.
    let heavy = float (1 <<< 20)

    /// Turns that a loop of unknown length is taken to have.
    let private unknownTurns = 16.0

    let private perElement primitive =
        match primitive with
        | Primitive.Unary op ->
            match op with
            | UnaryOp.Neg
            | UnaryOp.Abs
            | UnaryOp.Sign
            | UnaryOp.Floor
            | UnaryOp.Square
            | UnaryOp.Not
            | UnaryOp.IsNaN
            | UnaryOp.IsFinite -> 1.0
            | UnaryOp.StopGradient -> 0.0
            | _ -> 20.0
        | Primitive.Binary BinaryOp.Pow -> 50.0
        | Primitive.Special _ -> 500.0
        | Primitive.Random _ -> 5.0
        | Primitive.Order _
        | Primitive.Fourier _ -> 20.0
        // Whatever is worth an operation of its own.
        | Primitive.Custom _ -> 1000.0
        | Primitive.Constant _
        | Primitive.Iota _
        | Primitive.Move _ -> 0.0
        | _ -> 1.0

    let rec private equation (types: TensorType[]) (eq: Equation) : float =
        let count v = float types[v].Shape.Count
        let counts vars = Array.sumBy count vars

        match eq.Primitive with
        | Primitive.Control op ->
            match op with
            | ControlOp.Cond(whenTrue, whenFalse) -> max (ofProgram whenTrue) (ofProgram whenFalse)
            | ControlOp.While(_, condition, body) -> unknownTurns * (ofProgram condition + ofProgram body)
            | ControlOp.Scan(_, _, length, _, body) -> float length * ofProgram body
            | ControlOp.Checkpoint body
            | ControlOp.CustomGrad(_, body, _) -> ofProgram body
        | Primitive.Contract axes ->
            let left = types[eq.Args[0]].Shape
            let inner = axes.ContractLeft |> Array.fold (fun n axis -> n * float left[axis]) 1.0
            2.0 * inner * counts eq.Outs
        | Primitive.Factor _ ->
            let shape = types[eq.Args[0]].Shape
            let order = if shape.Rank = 0 then 1.0 else float shape[shape.Rank - 1]
            order * counts (Array.append eq.Args eq.Outs)
        | primitive -> perElement primitive * max (counts eq.Outs) (counts eq.Args)

    /// The work of one run of a program.
    and ofProgram (program: Program) : float = program.Equations |> Array.sumBy (equation program.Types)
