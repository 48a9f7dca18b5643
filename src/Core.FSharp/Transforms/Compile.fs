// From functions of tensors to running code: trace, simplify, hand to an engine.
// Relies on Simplify. Read Randomness next.
namespace Ppl.Core.Transforms

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors

/// Compiling functions of tensors.
[<RequireQualifiedAccess>]
module Compile =

    let private withoutDerivatives (program: Program) = program |> StopGradients.remove |> GivenDerivatives.drop

    /// The simplified form of a program that nothing will differentiate any more: derivatives given by hand are forgotten, and
    /// what they belong to is shared and fused with the rest.
    let finished (options: SimplifyOptions) (program: Program) : Program =
        program |> withoutDerivatives |> Simplify.programWith options

    /// The simplified program of a function of tensors of these types. The function is traced once.
    let program (types: TensorType[]) (f: Tensor[] -> Tensor[]) : Program =
        Trace.program types f |> finished SimplifyOptions.Default

    /// A function of tensors of these types, compiled by an engine.
    let func (engine: IEngine) (types: TensorType[]) (f: Tensor[] -> Tensor[]) : ICompiled =
        engine.Compile(program types f)

    /// The simplified program of the value and gradient of a real function of a real vector: f64[n] -> (f64[], f64[n]), and
    /// what simplification has to tell. The data of the function are compressed before it is differentiated, if the options
    /// allow it.
    let valueAndGradProgram options (dimension: int) (f: Tensor -> Tensor) : Program * string list =
        let vector = TensorType.create DType.F64 (Shape.ofList [ dimension ])
        let f, before = Simplify.beforeDerivatives options [| vector |] (fun args -> [| f args[0] |])

        let valueAndGradient (args: Tensor[]) =
            let value, gradient = Grad.valueAndGrad (fun x -> (f [| x |])[0]) args[0]
            [| value; gradient |]

        let program, after =
            Trace.program [| vector |] valueAndGradient |> withoutDerivatives |> Simplify.report options

        program, before @ after

    /// The value and gradient of a real function of a real vector: f64[n] -> (f64[], f64[n]), simplified with these options.
    let valueAndGradWith options (engine: IEngine) dimension f : ICompiled =
        engine.Compile(fst (valueAndGradProgram options dimension f))

    /// The value and gradient of a real function of a real vector: f64[n] -> (f64[], f64[n]).
    let valueAndGrad (engine: IEngine) (dimension: int) (f: Tensor -> Tensor) : ICompiled =
        valueAndGradWith SimplifyOptions.Default engine dimension f
