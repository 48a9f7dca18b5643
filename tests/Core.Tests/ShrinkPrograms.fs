// Random programs as FsCheck values: smaller programs that may fail in the same way, and how a failing one is shown.
// Relies on RandomPrograms and on the reference evaluator (for the values at which a program is cut).
module Ppl.Core.Tests.ShrinkPrograms

open System
open FsCheck
open FsCheck.FSharp
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tests.RandomBuild
open Ppl.Core.Tests.RandomPrograms

/// A program and arguments for it.
[<NoComparison; NoEquality; StructuredFormatDisplay("{Display}")>]
type Case =
    {
        Program: Program
        Arguments: Literal[]
    }

    /// The text of the program, and the arguments as constants.
    member this.Display =
        let constants: Program =
            {
                Inputs = [||]
                Equations =
                    this.Arguments
                    |> Array.mapi (fun v value -> { Primitive = Primitive.Constant value; Args = [||]; Outs = [| v |] })
                Outputs = Array.mapi (fun v _ -> v) this.Arguments
                Types = this.Arguments |> Array.map (fun value -> value.Type)
            }

        Environment.NewLine + Text.print this.Program + "arguments: " + Text.print constants

    override this.ToString() = this.Display

/// Without the equations and parameters on which no result depends.
let private trim (case: Case) =
    let used = Array.create case.Program.Types.Length false
    let mark = Array.iter (fun v -> used[v] <- true)
    let isUsed = Array.exists (fun v -> used[v])
    mark case.Program.Outputs

    for equation in Array.rev case.Program.Equations do
        if isUsed equation.Outs then
            mark equation.Args

    let kept = Array.zip case.Program.Inputs case.Arguments |> Array.filter (fun (v, _) -> used[v])

    {
        Program =
            { case.Program with
                Inputs = Array.map fst kept
                Equations = case.Program.Equations |> Array.filter (fun equation -> isUsed equation.Outs)
            }
        Arguments = Array.map snd kept
    }

/// All values that a program computes on the way.
let private values (case: Case) =
    let bound =
        Array.append case.Program.Inputs (case.Program.Equations |> Array.collect (fun equation -> equation.Outs))

    let results = Reference.run { case.Program with Outputs = bound } case.Arguments
    let table = Array.zeroCreate<Literal> case.Program.Types.Length
    Array.iter2 (fun v value -> table[v] <- value) bound results
    table

/// The results of an equation become parameters, with the values that they had.
let private cut (values: Literal[]) (case: Case) (equation: Equation) =
    trim
        {
            Program =
                { case.Program with
                    Inputs = Array.append case.Program.Inputs equation.Outs
                    Equations =
                        case.Program.Equations |> Array.filter (fun other -> not (obj.ReferenceEquals(other, equation)))
                }
            Arguments = Array.append case.Arguments (equation.Outs |> Array.map (fun v -> values[v]))
        }

/// The first element along the first axis.
let private firstRow (x: Literal) =
    let shape = x.Type.Shape.ToArray()
    let limit = Array.append [| 1 |] shape[1..]
    let slice = MoveOp.Slice(Array.map (fun _ -> 0) shape, limit, Array.map (fun _ -> 1) shape)
    let rows = Reference.evaluate (Primitive.Move slice) [| x |]
    (Reference.evaluate (Primitive.Move(MoveOp.Reshape(Shape.tail x.Type.Shape))) rows)[0]

/// The sub-programs of an equation on the arguments that they first get.
let private insides (values: Literal[]) (equation: Equation) =
    let args = equation.Args |> Array.map (fun v -> values[v])

    match equation.Primitive with
    | Primitive.Control(ControlOp.Cond(whenTrue, whenFalse)) ->
        [ { Program = whenTrue; Arguments = args[1..] }; { Program = whenFalse; Arguments = args[1..] } ]
    | Primitive.Control(ControlOp.While(_, condition, body)) ->
        [ { Program = condition; Arguments = args }; { Program = body; Arguments = args } ]
    | Primitive.Control(ControlOp.Scan(constants, carry, length, _, body)) when length > 0 ->
        let rows = Array.map firstRow args[constants + carry ..]
        [ { Program = body; Arguments = Array.append args[.. constants + carry - 1] rows } ]
    | Primitive.Control(ControlOp.Checkpoint body | ControlOp.CustomGrad(_, body, _)) ->
        [ { Program = body; Arguments = args } ]
    | _ -> []

let private plain (value: Literal) =
    let zero, one = Literal.fill value.Type 0.0, Literal.fill value.Type 1.0

    if value = zero then []
    elif value = one then [ zero ]
    else [ zero; one ]

/// Smaller cases: a sub-program alone, one result, an equation cut away, an argument of zeros or ones.
let shrink (case: Case) : Case seq =
    let values = values case
    let replace n value = { case with Arguments = Array.updateAt n value case.Arguments }

    seq {
        for equation in case.Program.Equations do
            yield! insides values equation |> List.map trim

        if case.Program.Outputs.Length > 1 then
            for v in case.Program.Outputs do
                trim { case with Program = { case.Program with Outputs = [| v |] } }

        for equation in case.Program.Equations do
            cut values case equation

        for n in 0 .. case.Arguments.Length - 1 do
            for value in plain case.Arguments[n] do
                replace n value
    }

/// Programs of a family; their length grows with FsCheck's size, up to some 25 equations.
let programs family : Arbitrary<Case> =
    let generator =
        gen {
            let! seed = Gen.choose (0, Int32.MaxValue - 1)
            let! equations = Gen.sized (fun size -> Gen.choose (0, 1 + size / 4))
            let program, arguments = generate family seed equations
            return { Program = program; Arguments = arguments }
        }

    Arb.fromGenShrink (generator, shrink)

/// Checks a law for this many programs, the same ones in every run.
let forPrograms count family (law: Case -> unit) =
    let config =
        Config.QuickThrowOnFailure.WithMaxTest(count).WithReplay(Some { Rnd = Rnd(20240229UL, 1UL); Size = None })

    Check.One(config, Prop.forAll (programs family) law)
