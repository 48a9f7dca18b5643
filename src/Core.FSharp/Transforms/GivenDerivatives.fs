// Functions with derivatives given by hand, written out in a program that is about to be compiled: nothing is differentiated after
// that, and what they compute is shared and fused with the rest. Relies on Builder. Read Simplify next.
[<RequireQualifiedAccess>]
module internal Ppl.Core.Transforms.GivenDerivatives

open Ppl.Core.Ir

/// The program with the body of each customGrad in its place.
let rec drop (program: Program) : Program =
    let builder = Builder()

    let rec write (body: Program) (args: Var[]) : Var[] =
        let vars: Var[] = Array.zeroCreate body.Types.Length
        Array.iter2 (fun v arg -> vars[v] <- arg) body.Inputs args

        for eq in body.Equations do
            let args = eq.Args |> Array.map (fun v -> vars[v])

            let outs =
                match eq.Primitive with
                | Primitive.Control(ControlOp.CustomGrad(_, inside, _)) -> write inside args
                | primitive -> builder.Emit(Program.mapChildren drop primitive, args)

            Array.iter2 (fun v out -> vars[v] <- out) eq.Outs outs

        body.Outputs |> Array.map (fun v -> vars[v])

    let inputs = program.Inputs |> Array.map (fun v -> builder.Input program.Types[v])
    builder.Finish(write program inputs)
