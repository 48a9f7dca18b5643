// Softplus and sigmoid of tensors written with the exponential that they have in common, t = e^-|x|:
//   softplus x = max(x, 0) + ln(1 + t),   sigmoid x = (1 where x >= 0, else t) / (1 + t).
// A log density and its gradient then compute one exponential, not three, and the sum of ln(1 + t) over data can be taken
// as the logarithm of a product. Both forms are accurate to a few units in the last place everywhere.
// Relies on Trace. Read Simplify next.
module internal Ppl.Core.Transforms.Exponentials

open System.Collections.Generic
open Ppl.Core.Ir
open Ppl.Core.Tensors

let private shared (x: Tensor) = Ops.exp (-(Ops.abs x))

let private softplus negative (x: Tensor) =
    let logarithm = Ops.log1p (shared x)
    if negative then logarithm else Ops.max x (Ops.zerosLike x) + logarithm

let private sigmoid negative (x: Tensor) =
    let t = shared x

    let numerator =
        if negative then
            t
        else
            Ops.select (Ops.greaterEqual x (Ops.zerosLike x)) (Ops.onesLike x) t

    numerator / (1.0 + t)

let private isUnary op (eq: Equation) =
    match eq.Primitive with
    | Primitive.Unary found -> found = op
    | _ -> false

/// Whether a variable is -|a|, so that the halves of the formulas for positive arguments are not needed.
let private isNegative (program: Program) =
    let absolute =
        program.Equations |> Seq.filter (isUnary UnaryOp.Abs) |> Seq.map (fun eq -> eq.Outs[0]) |> HashSet

    let negative =
        program.Equations
        |> Seq.filter (fun eq -> isUnary UnaryOp.Neg eq && absolute.Contains eq.Args[0])
        |> Seq.map (fun eq -> eq.Outs[0])
        |> HashSet

    fun v -> negative.Contains v

/// The functions of tensors that are to be written out: softplus and sigmoid that meet at one argument or its negative.
let private pairs (program: Program) : Equation -> bool =
    let negated = Array.init program.Types.Length id

    for eq in program.Equations do
        match eq.Primitive with
        | Primitive.Unary UnaryOp.Neg -> negated[eq.Outs[0]] <- negated[eq.Args[0]]
        | _ -> ()

    let isWide (eq: Equation) = program.Types[eq.Args[0]].Shape.Rank > 0

    let arguments op =
        program.Equations
        |> Seq.filter (fun eq -> isUnary op eq && isWide eq)
        |> Seq.map (fun eq -> negated[eq.Args[0]])
        |> HashSet

    let both = arguments UnaryOp.Softplus
    both.IntersectWith(arguments UnaryOp.Sigmoid)

    fun eq ->
        (isUnary UnaryOp.Softplus eq || isUnary UnaryOp.Sigmoid eq)
        && isWide eq
        && both.Contains negated[eq.Args[0]]

/// The program with such pairs written out, in the bodies of loops and branches too; scalars stay.
let rec expand (program: Program) : Program =
    let inside (eq: Equation) = { eq with Primitive = Program.mapChildren expand eq.Primitive }
    let program = { program with Equations = Array.map inside program.Equations }
    let isPaired = pairs program

    if not (Array.exists isPaired program.Equations) then
        program
    else
        let isNegative = isNegative program

        Trace.program (Program.inputTypes program) (fun args ->
            let values: Tensor[] = Array.zeroCreate program.Types.Length
            Array.iter2 (fun v arg -> values[v] <- arg) program.Inputs args

            for eq in program.Equations do
                let xs = eq.Args |> Array.map (fun v -> values[v])

                let results =
                    match eq.Primitive with
                    | Primitive.Unary UnaryOp.Softplus when isPaired eq -> [| softplus (isNegative eq.Args[0]) xs[0] |]
                    | Primitive.Unary UnaryOp.Sigmoid when isPaired eq -> [| sigmoid (isNegative eq.Args[0]) xs[0] |]
                    | primitive -> Bind.many primitive xs

                Array.iter2 (fun v result -> values[v] <- result) eq.Outs results

            program.Outputs |> Array.map (fun v -> values[v]))
