// Laws of the verifier, the text form and digests, on random programs of every primitive.
module Ppl.Core.Tests.ProgramProperties

open System.Collections.Generic
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tests.RandomBuild
open Ppl.Core.Tests.RandomPrograms
open Ppl.Core.Tests.ShrinkPrograms

[<Fact>]
let ``random programs are accepted by the verifier`` () =
    forPrograms 2000 AllTypes (fun case -> Verify.program case.Program)

[<Fact>]
let ``results of the reference evaluator have the types of the program`` () =
    forPrograms 1000 AllTypes (fun case ->
        let results = Reference.run case.Program case.Arguments

        Array.iter2
            (fun (ty: TensorType) (value: Literal) ->
                Assert.Equal(ty, value.Type)
                Assert.Equal(ty.Shape.Count, Storage.length value.Data))
            (Program.outputTypes case.Program)
            results)

[<Fact>]
let ``the text of a program reads back to the same program`` () =
    forPrograms 1000 AllTypes (fun case ->
        let text = Text.print case.Program
        let again = Text.parseWith CustomCases.all text
        Assert.Equal(text, Text.print again)
        Assert.Equal(Digest.ofProgram case.Program, Digest.ofProgram again))

let rec private namesOf (program: Program) : string seq =
    seq {
        for equation in program.Equations do
            Primitive.name equation.Primitive
            yield! Program.children equation.Primitive |> Seq.collect namesOf
    }

let private namesIn family count =
    let found = HashSet<string>()

    for seed in 1..count do
        found.UnionWith(namesOf (fst (generate family seed 15)))

    found

let private sumsOfReals = [ "dot"; "cholesky"; "triangularSolve"; "fourier" ]

[<Fact>]
let ``random programs use every primitive, nested too`` () =
    let unary = Primitive.members<UnaryOp> |> Array.map (Primitive.Unary >> Primitive.name)
    let binary = Primitive.members<BinaryOp> |> Array.map (Primitive.Binary >> Primitive.name)
    let special = Primitive.members<SpecialOp> |> Array.map (Primitive.Special >> Primitive.name)
    let compare = Primitive.members<CompareOp> |> Array.map (Primitive.Compare >> Primitive.name)

    let reduce =
        Primitive.members<ReduceOp> |> Array.map (fun op -> Primitive.name (Primitive.Reduce(op, [||])))

    let others =
        "constant iota select convert sort argSort argMax argMin searchSorted reshape transpose broadcast slice pad concat reverse windows take scatterAdd \
         dynamicSlice dynamicUpdate dot cholesky choleskyVjp triangularSolve solve logAbsDet detSign qr eigh svd fourier foldIn uniform bits cond while scan checkpoint customGrad custom"
            .Split
            ' '

    let cumulate =
        Primitive.members<CumulateOp>
        |> Array.map (fun op -> Primitive.name (Primitive.Cumulate(op, 0, false)))

    let expected = Array.concat [ unary; binary; special; compare; reduce; cumulate; others ]
    let found = namesIn Everything 1000
    Assert.Empty(Array.filter (found.Contains >> not) expected)
    // No name was forgotten in the list above.
    Assert.Equal(expected.Length, found.Count)

[<Fact>]
let ``the exact family has no sum that engines may reorder`` () =
    Assert.Empty(Seq.filter (namesIn Exact 500).Contains sumsOfReals)

[<Fact>]
let ``most random programs give finite results`` () =
    let isFinite (value: Literal) =
        match value.Data with
        | Storage.F64 data -> Array.forall System.Double.IsFinite data
        | _ -> true

    let finite =
        [ 1..1000 ]
        |> List.filter (fun seed ->
            let program, arguments = generate Everything seed 12
            Array.forall isFinite (Reference.run program arguments))

    Assert.InRange(finite.Length, 800, 980)

/// What a broken pass may do to a program: each variant must be refused.
let private corruptions (program: Program) : (string * Program) list =
    let last = program.Equations.Length - 1
    let unknown = program.Types.Length
    let edit n change = { program with Equations = Array.updateAt n (change program.Equations[n]) program.Equations }
    let retype (ty: TensorType) = TensorType.create ty.DType (Shape.prepend 7 ty.Shape)

    let used =
        HashSet(Seq.append program.Outputs (program.Equations |> Seq.collect (fun equation -> equation.Args)))

    [
        "an output without a definition", { program with Outputs = [| unknown |] }

        if last >= 0 then
            let outs = program.Equations[last].Outs
            "an unknown argument", edit last (fun equation -> { equation with Args = [| unknown |] })

            // Concat takes any number of arguments.
            if Primitive.name program.Equations[last].Primitive <> "concat" then
                "one argument too many",
                edit last (fun equation -> { equation with Args = Array.append equation.Args [| 0 |] })

            if outs.Length > 0 then
                let twice = Array.append program.Equations [| program.Equations[last] |]
                "a second assignment", { program with Equations = twice }
                "an argument of itself", edit last (fun equation -> { equation with Args = equation.Outs })

                "another shape",
                { program with Types = Array.updateAt outs[0] (retype program.Types[outs[0]]) program.Types }

                "a missing result", edit last (fun equation -> { equation with Outs = [||] })

        for n in 0..last do
            if program.Equations[n].Outs |> Array.exists used.Contains then
                $"equation {n} dropped", { program with Equations = Array.removeAt n program.Equations }

            match program.Equations[n].Primitive with
            | Primitive.Control(ControlOp.Cond(a, b)) ->
                // A sub-program that sees a variable of the outer program.
                let open' = { a with Outputs = Array.create a.Outputs.Length (a.Types.Length + 1) }
                let cond = Primitive.Control(ControlOp.Cond(open', b))
                "an open sub-program", edit n (fun equation -> { equation with Primitive = cond })
            | Primitive.Constant value ->
                let longer = { value with Type = retype value.Type }

                "a literal of another length",
                edit n (fun equation -> { equation with Primitive = Primitive.Constant longer })
            | _ -> ()
    ]

[<Fact>]
let ``the verifier refuses corrupted programs`` () =
    let seen = HashSet<string>()

    forPrograms 500 Everything (fun case ->
        for name, corrupted in corruptions case.Program do
            seen.Add(name) |> ignore

            match Record.Exception(fun () -> Verify.program corrupted) with
            | :? PplException as error -> Assert.Equal("PPL7001", error.Id)
            | other -> Assert.Fail $"{name}: {other}")

    Assert.Contains("an open sub-program", seen)
    Assert.Contains("a literal of another length", seen)

[<Fact>]
let ``shrinking keeps programs well-typed and makes them smaller`` () =
    let measure (case: Case) =
        let plainness (value: Literal) =
            if value = Literal.fill value.Type 0.0 then 0
            elif value = Literal.fill value.Type 1.0 then 1
            else 2

        struct (Program.size case.Program, case.Program.Outputs.Length, Array.sumBy plainness case.Arguments)

    forPrograms 200 Everything (fun case ->
        for smaller in shrink case do
            Verify.program smaller.Program
            Reference.run smaller.Program smaller.Arguments |> ignore
            Assert.True(measure smaller < measure case))

let private constantOf (value: Literal) : Program =
    {
        Inputs = [||]
        Equations = [| { Primitive = Primitive.Constant value; Args = [||]; Outs = [| 0 |] } |]
        Outputs = [| 0 |]
        Types = [| value.Type |]
    }

let private digestOf x = Digest.ofProgram (constantOf (Literal.f64 x))

[<Fact>]
let ``digests compare constants by bits`` () =
    let other = System.BitConverter.Int64BitsToDouble 0x7FF8000000000001L
    Assert.NotEqual<string>(digestOf 0.0, digestOf -0.0)
    Assert.Equal(digestOf nan, digestOf nan)
    Assert.NotEqual<string>(digestOf nan, digestOf other)
    Assert.NotEqual<string>(Digest.ofProgram (constantOf (Literal.i32 1)), digestOf 1.0)

[<Fact>]
let ``digests ignore the numbers of variables`` () =
    /// The same program with the variables numbered from the other end.
    let renumber (program: Program) : Program =
        let n = program.Types.Length
        let flip = Array.map (fun v -> n - 1 - v)

        {
            Inputs = flip program.Inputs
            Equations =
                program.Equations
                |> Array.map (fun equation -> { equation with Args = flip equation.Args; Outs = flip equation.Outs })
            Outputs = flip program.Outputs
            Types = Array.rev program.Types
        }

    forPrograms 300 Everything (fun case ->
        let renumbered = renumber case.Program
        Verify.program renumbered
        Assert.Equal(Digest.ofProgram case.Program, Digest.ofProgram renumbered))

[<Fact>]
let ``digests of different programs differ`` () =
    let texts = Dictionary<string, string>()

    forPrograms 1000 Everything (fun case ->
        let digest, text = Digest.ofProgram case.Program, Text.print case.Program

        match texts.TryGetValue digest with
        | true, same -> Assert.Equal(same, text)
        | _ -> texts[digest] <- text)

[<Fact>]
let ``operations are named after their cases`` () =
    let camel (case: string) = case.Substring(0, 1).ToLowerInvariant() + case.Substring 1
    let check primitive prefix op = Assert.Equal(camel (prefix + string op), Primitive.name (primitive op))
    Primitive.members<UnaryOp> |> Array.iter (fun op -> check Primitive.Unary "" op)
    Primitive.members<BinaryOp> |> Array.iter (fun op -> check Primitive.Binary "" op)
    Primitive.members<CompareOp> |> Array.iter (fun op -> check Primitive.Compare "" op)

    Primitive.members<ReduceOp>
    |> Array.iter (fun op -> check (fun op -> Primitive.Reduce(op, [||])) "reduce" op)

    Primitive.members<CumulateOp>
    |> Array.iter (fun op -> check (fun op -> Primitive.Cumulate(op, 0, false)) "cumulate" op)
