// f32 beyond plain arithmetic: functions, comparisons, reductions, running sums, sorts, factorisations and small contractions are
// computed in f64 behind conversions, which is what the reference evaluator means by them. Fusion puts the conversions where
// the elements are loaded and stored. What is left in f32 is arithmetic, selection, moves and large matrix products.
// Relies on Region's facts. Read Lower next.
[<RequireQualifiedAccess>]
module internal Ppl.Lowering.Precision

open Ppl.Core
open Ppl.Core.Ir

/// Whether an equation on f32 is computed in f64.
let private isWidened (options: LowerOptions) (types: TensorType[]) (eq: Equation) =
    match eq.Primitive with
    | Primitive.Unary op ->
        match op with
        | UnaryOp.Neg
        | UnaryOp.Abs
        | UnaryOp.Floor
        | UnaryOp.Reciprocal
        | UnaryOp.Square
        | UnaryOp.StopGradient
        | UnaryOp.Sqrt -> false
        | _ -> true
    | Primitive.Binary BinaryOp.Pow
    | Primitive.Special _
    | Primitive.Compare _
    | Primitive.Reduce _
    | Primitive.Cumulate _
    | Primitive.Order _
    | Primitive.Factor _
    | Primitive.Fourier _ -> true
    // The large ones have a kernel in f32.
    | Primitive.Contract _ -> Facts.role options.Small eq (fun v -> types[v]) <> Role.Opaque
    | _ -> false

/// The program with everything of that kind done in f64.
let rec widen (options: LowerOptions) (program: Program) : Program =
    let types = ResizeArray program.Types
    let equations = ResizeArray<Equation>()

    let wide v =
        types.Add { types[v] with DType = DType.F64 }
        types.Count - 1

    let convert dtype source target =
        equations.Add { Primitive = Primitive.Convert dtype; Args = [| source |]; Outs = [| target |] }

    let widened v =
        let w = wide v
        convert DType.F64 v w
        w

    let isSingle v = program.Types[v].DType = DType.F32

    for eq in program.Equations do
        if eq.Args.Length > 0 && isSingle eq.Args[0] && isWidened options program.Types eq then
            let args = Array.map (fun v -> if isSingle v then widened v else v) eq.Args
            let outs = Array.map (fun v -> if isSingle v then wide v else v) eq.Outs
            equations.Add { eq with Args = args; Outs = outs }

            Array.iter2
                (fun result out ->
                    if isSingle out then
                        convert DType.F32 result out)
                outs
                eq.Outs
        else
            equations.Add { eq with Primitive = Program.mapChildren (widen options) eq.Primitive }

    { program with Equations = equations.ToArray(); Types = types.ToArray() }
