// Convolutions and pooling over any number of spatial axes, channels last: windows of the input, contracted with the weights
// or reduced. Derivatives and batching follow from the parts.
// Relies on Ops. Read Control next.
namespace Ppl.Core.Tensors

open Ppl.Core
open Ppl.Core.Ir

/// What lies around the input of a convolution.
[<RequireQualifiedAccess>]
type Padding =
    /// Nothing: windows lie inside.
    | Valid
    /// As much as makes the number of windows the extent divided by the stride, rounded up; the odd one at the end.
    | Same
    /// So much before and after, per spatial axis.
    | Explicit of before: int[] * after: int[]

/// How windows are laid over the spatial axes; one entry per axis.
[<NoComparison; NoEquality>]
type WindowOptions =
    {
        /// From one window to the next.
        Strides: int[]
        /// From one place in a window to the next.
        Dilations: int[]
        /// What lies around the input.
        Padding: Padding
    }

/// Convolutions and pooling. Inputs are [batch.., spatial.., channels].
[<RequireQualifiedAccess>]
module Convolution =

    /// Windows inside the input, one step apart, for this number of spatial axes.
    let defaults spatial : WindowOptions =
        { Strides = Array.create spatial 1; Dilations = Array.create spatial 1; Padding = Padding.Valid }

    /// The first spatial axis; there is one batch axis at least in front, and the channels behind.
    let private firstSpatial name (options: WindowOptions) (sizes: int[]) (x: Tensor) =
        let counts = [| options.Strides.Length; options.Dilations.Length |]

        if counts |> Array.exists ((<>) sizes.Length) then
            Errors.shapes name $"there are {sizes.Length} spatial axes, but %A{counts} strides and dilations"

        if x.Shape.Rank < sizes.Length + 1 then
            Errors.shapes name $"{x.Type} has too few axes: {sizes.Length} spatial ones and the channels are needed"

        x.Shape.Rank - 1 - sizes.Length

    let private paddingOf name (options: WindowOptions) (sizes: int[]) (extents: int[]) =
        match options.Padding with
        | Padding.Valid -> Array.map (fun _ -> 0) sizes, Array.map (fun _ -> 0) sizes
        | Padding.Explicit(before, after) ->
            if before.Length <> sizes.Length || after.Length <> sizes.Length then
                Errors.shapes name $"there are {sizes.Length} spatial axes, but other numbers of paddings"

            before, after
        | Padding.Same ->
            let missing i =
                let stride, reach = options.Strides[i], options.Dilations[i] * (sizes[i] - 1) + 1
                max 0 ((extents[i] + stride - 1) / stride * stride - stride + reach - extents[i])

            let total = Array.init sizes.Length missing
            Array.map (fun n -> n / 2) total, Array.map (fun n -> n - n / 2) total

    /// Padded along the spatial axes with zeros.
    let private padded name options (sizes: int[]) first (x: Tensor) =
        let spatial = x.Shape.ToArray()[first .. first + sizes.Length - 1]
        let before, after = paddingOf name options sizes spatial
        let around (middle: int[]) = Array.concat [ Array.zeroCreate first; middle; [| 0 |] ]
        Ops.pad (around before) (around after) x

    /// [batch.., windows.., channels, places in the window..]
    let private windowsOf options (sizes: int[]) first (x: Tensor) =
        let axes = Array.init sizes.Length (fun i -> first + i)
        Ops.windows axes sizes options.Strides options.Dilations x

    /// <summary>
    /// The convolution (as the field says it: a correlation, the weights are not reversed)
    /// y[b, i, o] = sum over k, c of w[k, c, o] x[b, i stride + k dilation, c].
    /// Shapes: x [batch.., spatial.., channels], w [window.., channels / groups, outputs]; the result is
    /// [batch.., windows.., outputs]. With groups, output group g sees the channels of group g alone.
    /// </summary>
    /// <exception cref="T:Ppl.Core.PplException">PPL5001: shapes that do not fit; PPL5004: strides below 1.</exception>
    let grouped groups (options: WindowOptions) (weights: Tensor) (x: Tensor) : Tensor =
        let spatial = weights.Shape.Rank - 2

        if spatial < 1 then
            Errors.shapes "convolution" $"weights {weights.Type} have no window axis: [window.., channels, outputs]"

        let sizes = weights.Shape.ToArray()[.. spatial - 1]
        let first = firstSpatial "convolution" options sizes x
        let channels, outputs = x.Shape[x.Shape.Rank - 1], weights.Shape[spatial + 1]

        if groups < 1 || weights.Shape[spatial] * groups <> channels || outputs % groups <> 0 then
            Errors.shapes "convolution" $"weights {weights.Type} and {x.Type} in {groups} groups"

        let windows = windowsOf options sizes first (padded "convolution" options sizes first x)
        // [batch.., windows.., places.., channels]: the channels stay contiguous.
        let channelAxis = x.Shape.Rank - 1
        let places = Array.init spatial (fun i -> channelAxis + 1 + i)

        let moved =
            Ops.transpose (Array.concat [ [| 0 .. channelAxis - 1 |]; places; [| channelAxis |] ]) windows

        let front = moved.Shape.ToArray()[.. moved.Shape.Rank - 2]
        let split = Ops.reshape (Shape.ofArray (Array.append front [| groups; channels / groups |])) moved
        let kept = weights.Shape.ToArray()[..spatial]
        let filters = Ops.reshape (Shape.ofArray (Array.append kept [| groups; outputs / groups |])) weights
        let inner = Array.init spatial id

        let axes =
            {
                BatchLeft = [| front.Length |]
                BatchRight = [| spatial + 1 |]
                ContractLeft = Array.append (Array.map ((+) channelAxis) inner) [| front.Length + 1 |]
                ContractRight = Array.append inner [| spatial |]
            }

        // [groups, batch.., windows.., outputs of a group]
        let product = Ops.dotGeneral axes split filters
        let last = product.Shape.Rank - 1
        let result = Ops.transpose (Array.concat [ [| 1 .. last - 1 |]; [| 0; last |] ]) product
        Ops.reshape (Shape.ofArray (Array.append (product.Shape.ToArray()[1 .. last - 1]) [| outputs |])) result

    /// Convolution.grouped with one group.
    let convolve options weights x = grouped 1 options weights x

    /// Whether a place is inside the input, as 1 or 0, in the shape of the padded input.
    let private insideOf name options sizes first (x: Tensor) = padded name options sizes first (Ops.onesLike x)

    let private windowAxes (sizes: int[]) (windows: Tensor) =
        Array.init sizes.Length (fun i -> windows.Shape.Rank - sizes.Length + i)

    /// The largest element of each window of these sizes, per channel; padding does not count.
    /// x [batch.., spatial.., channels] gives [batch.., windows.., channels].
    let maxPool (sizes: int[]) (options: WindowOptions) (x: Tensor) : Tensor =
        let first = firstSpatial "maxPool" options sizes x
        let wide = padded "maxPool" options sizes first x

        let wide =
            if wide.Shape = x.Shape then
                x
            else
                let isInside = Ops.greater (insideOf "maxPool" options sizes first x) (Ops.zerosLike wide)
                Ops.select isInside wide (Ops.scalarLike x -infinity)

        let windows = windowsOf options sizes first wide
        Ops.maxAlong (windowAxes sizes windows) windows

    /// The mean of each window of these sizes, per channel; padding does not count.
    /// x [batch.., spatial.., channels] gives [batch.., windows.., channels].
    let averagePool (sizes: int[]) (options: WindowOptions) (x: Tensor) : Tensor =
        let first = firstSpatial "averagePool" options sizes x
        let total (wide: Tensor) = let w = windowsOf options sizes first wide in Ops.sumAlong (windowAxes sizes w) w
        let wide = padded "averagePool" options sizes first x

        if wide.Shape = x.Shape then
            Ops.div (total x) (Ops.scalarLike x (float (Array.fold (*) 1 sizes)))
        else
            Ops.div (total wide) (total (insideOf "averagePool" options sizes first x))
