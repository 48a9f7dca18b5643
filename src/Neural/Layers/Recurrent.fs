// Recurrent layers as scans. The products with the inputs of all steps are one matrix product before the loop.
// Relies on Initialisers.
namespace Ppl.Neural

open Ppl.Core
open Ppl.Core.Randomness
open Ppl.Core.Tensors

/// The parameters of a gated recurrent unit: n inputs, d hidden numbers; the gates reset, update, candidate side by side.
type Gru =
    {
        /// [n,3d]
        Input: Tensor
        /// [d,3d]
        Hidden: Tensor
        /// [3d]
        InputBias: Tensor
        /// [3d]
        HiddenBias: Tensor
    }

    /// Glorot's uniform weights for the inputs, orthogonal ones for the hidden numbers, biases 0.
    static member Init(inputs: int, hidden: int, key: Tensor) : Gru =
        let gate i =
            Initialisers.orthogonal 1.0 (Key.foldIn i (Key.foldInName "hidden" key)) (Shape.ofList [ hidden; hidden ])

        let zeros = Initialisers.zeros key (Shape.ofList [ 3 * hidden ])

        {
            Input = Initialisers.glorotUniform (Key.foldInName "input" key) (Shape.ofList [ inputs; 3 * hidden ])
            Hidden = Ops.concat 1 (Array.init 3 gate)
            InputBias = zeros
            HiddenBias = zeros
        }

/// The parameters of a long short-term memory: n inputs, d hidden numbers; the gates input, forget, candidate, output side by
/// side.
type Lstm =
    {
        /// [n,4d]
        Input: Tensor
        /// [d,4d]
        Hidden: Tensor
        /// [4d]
        Bias: Tensor
    }

    /// As Gru.Init; the bias of the forget gate is 1: Jozefowicz, Zaremba and Sutskever (2015).
    static member Init(inputs: int, hidden: int, key: Tensor) : Lstm =
        let gate i =
            Initialisers.orthogonal 1.0 (Key.foldIn i (Key.foldInName "hidden" key)) (Shape.ofList [ hidden; hidden ])

        let bias = Array.init (4 * hidden) (fun i -> if i / hidden = 1 then 1.0 else 0.0)

        {
            Input = Initialisers.glorotUniform (Key.foldInName "input" key) (Shape.ofList [ inputs; 4 * hidden ])
            Hidden = Ops.concat 1 (Array.init 4 gate)
            Bias = Tensor.OfFloats bias
        }

/// What a long short-term memory remembers.
type LstmState =
    {
        /// [..., d]
        Hidden: Tensor
        /// [..., d]
        Cell: Tensor
    }

/// Recurrent layers.
[<RequireQualifiedAccess>]
module Recurrent =

    /// The part i of n equal parts of the last axis.
    let private part n i (x: Tensor) =
        let last = x.Shape.Rank - 1
        let width = x.Shape[last] / n
        Ops.slice last (i * width) ((i + 1) * width) x

    /// One step of a GRU from the product with the input, given.
    let private gruInner (p: Gru) (h: Tensor) (fromInput: Tensor) =
        let fromHidden = Ops.dot h p.Hidden + p.HiddenBias
        let reset = Ops.sigmoid (part 3 0 fromInput + part 3 0 fromHidden)
        let update = Ops.sigmoid (part 3 1 fromInput + part 3 1 fromHidden)
        let candidate = Ops.tanh (part 3 2 fromInput + reset * part 3 2 fromHidden)
        candidate + update * (h - candidate)

    /// One step of a gated recurrent unit, h [..., d] and x [..., n] -> h':
    /// r = sigma(x Wr + br + h Ur + cr), z = sigma(x Wz + bz + h Uz + cz), c = tanh(x Wc + bc + r (h Uc + cc)),
    /// h' = (1 - z) c + z h: Cho et al. (2014), in the variant whose reset gate acts after the product.
    let gruStep (p: Gru) (h: Tensor) (x: Tensor) : Tensor = gruInner p h (Ops.dot x p.Input + p.InputBias)

    /// All steps of a gated recurrent unit: h [..., d] and xs [steps, ..., n] -> the last h and all h [steps, ..., d].
    let gru (p: Gru) (h: Tensor) (xs: Tensor) : Tensor * Tensor =
        let step (state: Tensor[]) (slices: Tensor[]) =
            let next = gruInner p state[0] slices[0]
            [| next |], [| next |]

        let state, outputs = Control.scan step [| h |] [| Ops.dot xs p.Input + p.InputBias |]
        state[0], outputs[0]

    let private lstmInner (p: Lstm) (state: LstmState) (fromInput: Tensor) =
        let gates = fromInput + Ops.dot state.Hidden p.Hidden
        let enter = Ops.sigmoid (part 4 0 gates)
        let keep = Ops.sigmoid (part 4 1 gates)
        let candidate = Ops.tanh (part 4 2 gates)
        let show = Ops.sigmoid (part 4 3 gates)
        let cell = keep * state.Cell + enter * candidate
        { Hidden = show * Ops.tanh cell; Cell = cell }

    /// One step of a long short-term memory, with gates i, f, g, o of x W + h U + b:
    /// c' = sigma(f) c + sigma(i) tanh(g), h' = sigma(o) tanh(c'): Hochreiter and Schmidhuber (1997), Gers et al. (2000).
    let lstmStep (p: Lstm) (state: LstmState) (x: Tensor) : LstmState = lstmInner p state (Ops.dot x p.Input + p.Bias)

    /// All steps of a long short-term memory: xs [steps, ..., n] -> the last state and all h [steps, ..., d].
    let lstm (p: Lstm) (state: LstmState) (xs: Tensor) : LstmState * Tensor =
        let step (carry: Tensor[]) (slices: Tensor[]) =
            let next = lstmInner p { Hidden = carry[0]; Cell = carry[1] } slices[0]
            [| next.Hidden; next.Cell |], [| next.Hidden |]

        let last, outputs = Control.scan step [| state.Hidden; state.Cell |] [| Ops.dot xs p.Input + p.Bias |]
        { Hidden = last[0]; Cell = last[1] }, outputs[0]
