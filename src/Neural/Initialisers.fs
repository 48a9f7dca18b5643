// Initial values of parameters, by their names in the literature. Each is a function of a key and a shape.
// Relies on Ppl.Core's draws. Read Layers next.
namespace Ppl.Neural

open System
open Ppl.Core
open Ppl.Core.Randomness
open Ppl.Core.Tensors

/// Draws the initial value of a parameter: key -> shape -> f64[shape].
type Initialiser = Tensor -> Shape -> Tensor

/// <summary>Initial values of parameters.</summary>
/// <remarks>
/// A weight's last axis counts outputs, the one before inputs, the axes in front of them a window (of a convolution):
/// fanIn = window * inputs, fanOut = window * outputs. Vectors and scalars have fanIn = fanOut = their number of elements.
/// For single precision convert the finished parameters: Tree.map (Ops.convert DType.F32).
/// </remarks>
[<RequireQualifiedAccess>]
module Initialisers =

    /// fanIn and fanOut of a shape.
    let fans (shape: Shape) : float * float =
        let extents = shape.ToArray()
        let rank = extents.Length

        if rank < 2 then
            float shape.Count, float shape.Count
        else
            let window = Array.fold (*) 1 extents[.. rank - 3]
            float (window * extents[rank - 2]), float (window * extents[rank - 1])

    let private real shape = TensorType.create DType.F64 shape

    /// The same number everywhere.
    let constant (value: float) : Initialiser = fun _ shape -> Ops.fill (real shape) value

    /// 0 everywhere.
    let zeros: Initialiser = constant 0.0

    /// 1 everywhere.
    let ones: Initialiser = constant 1.0

    /// N(0, deviation^2)
    let normal (deviation: float) : Initialiser = fun key shape -> deviation * Draws.normal shape key

    /// U(-bound, bound)
    let uniform (bound: float) : Initialiser = fun key shape -> bound * (2.0 * Draws.uniform shape key - 1.0)

    let private byFans (make: float -> Initialiser) (scale: float -> float -> float) : Initialiser =
        fun key shape ->
            let fanIn, fanOut = fans shape
            make (scale fanIn fanOut) key shape

    /// U(-a, a), a = sqrt(6 / (fanIn + fanOut)): Glorot and Bengio (2010), eq. 16. Also called Xavier.
    let glorotUniform: Initialiser = byFans uniform (fun fanIn fanOut -> sqrt (6.0 / (fanIn + fanOut)))

    /// N(0, 2 / (fanIn + fanOut)): Glorot and Bengio (2010), eq. 12.
    let glorotNormal: Initialiser = byFans normal (fun fanIn fanOut -> sqrt (2.0 / (fanIn + fanOut)))

    /// U(-a, a), a = sqrt(6 / fanIn), for rectifiers: He et al. (2015), eq. 10.
    let heUniform: Initialiser = byFans uniform (fun fanIn _ -> sqrt (6.0 / fanIn))

    /// N(0, 2 / fanIn), for rectifiers: He et al. (2015), eq. 10.
    let heNormal: Initialiser = byFans normal (fun fanIn _ -> sqrt (2.0 / fanIn))

    /// U(-a, a), a = sqrt(3 / fanIn): LeCun et al. (1998), section 4.6.
    let lecunUniform: Initialiser = byFans uniform (fun fanIn _ -> sqrt (3.0 / fanIn))

    /// N(0, 1 / fanIn): LeCun et al. (1998), section 4.6.
    let lecunNormal: Initialiser = byFans normal (fun fanIn _ -> sqrt (1.0 / fanIn))

    /// Orthonormal columns of a normal matrix by Gram and Schmidt, done twice: once is not orthogonal to rounding.
    let private orthonormal rows columns (z: float[]) =
        let q = Array2D.init rows columns (fun i j -> z[i * columns + j])

        for j in 0 .. columns - 1 do
            for _ in 1..2 do
                for k in 0 .. j - 1 do
                    let inner = Seq.sum (Seq.init rows (fun i -> q[i, j] * q[i, k]))

                    for i in 0 .. rows - 1 do
                        q[i, j] <- q[i, j] - inner * q[i, k]

            let length = sqrt (Seq.sum (Seq.init rows (fun i -> q[i, j] * q[i, j])))

            for i in 0 .. rows - 1 do
                q[i, j] <- q[i, j] / length

        q

    /// gain times a matrix with orthonormal columns (rows, if there are fewer), uniformly distributed among those: Saxe,
    /// McClelland and Ganguli (2014). The axes before the last count as one. Only with a concrete key (else PPL5005).
    let orthogonal (gain: float) : Initialiser =
        fun key shape ->
            if shape.Rank < 2 then
                Errors.shapes "orthogonal" $"{shape} has fewer than 2 axes"

            let columns = shape[shape.Rank - 1]
            let rows = if columns = 0 then 0 else shape.Count / columns
            let tall, thin = max rows columns, min rows columns
            let z = (Draws.normal (Shape.ofList [ tall; thin ]) key).ToFloats()
            let q = Tensor.OfMatrix(orthonormal tall thin z)
            gain * Ops.reshape shape (if rows < columns then Ops.transpose [| 1; 0 |] q else q)
