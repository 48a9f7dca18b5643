// The meaning of Fourier transforms: the sums of the definition, with angles reduced to one turn in integers. Long transforms,
// whose sums would take hours, are those of the kernel, which is tested against the definition.
// Relies on ReferenceMatrices and arguments that TypeRules has accepted. Read Reference next.
module internal Ppl.Core.Ir.ReferenceFourier

open System
open Ppl.Core
open Ppl.Kernels

/// e^(sign 2 pi i k / n) for 0 <= k < n.
let private root sign n k =
    let angle = 2.0 * Math.PI * float k / float n
    struct (VectorMath.Cos angle, sign * VectorMath.Sin angle)

/// Up to this length the sums are written out.
let private definitionLimit = 256

let private definition inverse n (source: float[]) (result: float[]) =
    let roots = Array.init n (root (if inverse then 1.0 else -1.0) n)

    for row in 0 .. source.Length / max 1 (2 * n) - 1 do
        let start = 2 * n * row

        for k in 0 .. n - 1 do
            let mutable re = 0.0
            let mutable im = 0.0

            for j in 0 .. n - 1 do
                let struct (cos, sin) = roots[j * k % n]
                re <- re + source[start + j] * cos - source[start + n + j] * sin
                im <- im + source[start + j] * sin + source[start + n + j] * cos

            result[start + k] <- re
            result[start + n + k] <- im

/// The transforms of pairs [.., 2, n], one after the other.
let transform inverse (x: Literal) =
    let n = x.Type.Shape[x.Type.Shape.Rank - 1]
    let source = Literal.widened x
    let result: float[] = Array.zeroCreate source.Length

    if n <= definitionLimit then
        definition inverse n source result
    else
        FourierTransform.Run(source.Length / (2 * n), n, inverse, source, result)

    ReferenceMatrices.ofReals x.Type.DType result
