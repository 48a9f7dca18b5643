// An operation of one's own: Kepler's equation, solved by plain code, with a derivative by the implicit function theorem.
module Ppl.Examples.Kepler

open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Transforms

/// (M: f64[n], e: f64[]) -> the E with E - e sin E = M, for 0 <= e < 1.
type Kepler() =
    inherit CustomOperation("kepler", "1")

    override _.ResultTypes arguments =
        if
            arguments.Length <> 2
            || arguments[1] <> TensorType.scalar DType.F64
            || arguments[0].DType <> DType.F64
        then
            Errors.shapes "kepler" "takes mean anomalies f64[n] and an eccentricity f64[]"

        [| arguments[0] |]

    override _.Evaluate arguments =
        let e = arguments[1].ToFloat()

        // Newton's method from pi converges for every M in [0, 2 pi].
        let solve mean =
            let step x = x - (x - e * sin x - mean) / (1.0 - e * cos x)
            Seq.fold (fun x _ -> step x) System.Math.PI (seq { 1..50 })

        [| arguments[0].ToFloats() |> Array.map solve |> Tensor.OfFloats |]

    // dE (1 - e cos E) = dM + sin E de. The reverse rule is its transpose.
    override _.Jvp(arguments, results, tangents) =
        let anomaly = results[0]
        [| (tangents[0] + Ops.sin anomaly * tangents[1]) / (1.0 - arguments[1] * Ops.cos anomaly) |]

let private kepler = Kepler()

/// The gradient of an orbit's fit by its eccentricity, and the check of the operation.
let show () =
    let mean = Tensor.OfFloats [| 0.3; 1.1; 2.5 |]
    Custom.check kepler [| mean; Tensor.OfFloat 0.4 |]
    let seen = Tensor.OfFloats [| 0.6; 1.5; 2.7 |]
    let loss (e: Tensor) = Ops.sum (Ops.square (seen - (kepler.Apply [| mean; e |])[0]))
    let value, slope = Grad.valueAndGrad loss (Tensor.OfFloat 0.4)
    printfn $"Kepler: loss {value}, by the eccentricity {slope}"
