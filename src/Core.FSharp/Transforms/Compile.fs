// From functions of tensors to running code: trace, simplify, hand to an engine.
// Relies on Simplify. Read Randomness next.
namespace Ppl.Core.Transforms

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors

/// Compiling functions of tensors.
[<RequireQualifiedAccess>]
module Compile =

    /// The simplified program of a function of tensors of these types. The function is traced once.
    let program (types: TensorType[]) (f: Tensor[] -> Tensor[]) : Program =
        Trace.program types f |> StopGradients.remove |> GivenDerivatives.drop |> Simplify.program

    /// A function of tensors of these types, compiled by an engine.
    let func (engine: IEngine) (types: TensorType[]) (f: Tensor[] -> Tensor[]) : ICompiled =
        engine.Compile(program types f)

    /// The value and gradient of a real function of a real vector: f64[n] -> (f64[], f64[n]).
    let valueAndGrad (engine: IEngine) (dimension: int) (f: Tensor -> Tensor) : ICompiled =
        let vector = TensorType.create DType.F64 (Shape.ofList [ dimension ])

        func engine [| vector |] (fun args ->
            let value, gradient = Grad.valueAndGrad f args[0]
            [| value; gradient |])
