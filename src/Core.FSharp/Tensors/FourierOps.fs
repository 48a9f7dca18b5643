// Discrete Fourier transforms along the last axis, and what follows from them: convolutions, the cosine transform. Complex
// numbers are pairs of real tensors. Relies on MoveOps, ElementwiseOps and ReductionOps. Read SpecialFunctions next.
/// Fourier transforms: a part of Ops.
[<AutoOpen>]
module Ppl.Core.Tensors.FourierOps

open System
open Ppl.Core
open Ppl.Core.Ir

/// Operations on tensors.
[<RequireQualifiedAccess>]
module Ops =

    /// The transforms of pairs [.., 2, n], of which nothing is divided by n.
    let internal fourier inverse (pairs: Tensor) = Bind.one (Primitive.Fourier inverse) [| pairs |]

    let private length name (x: Tensor) =
        if x.Shape.Rank = 0 then
            Errors.axis name $"{x.Type} has no last axis"

        x.Shape[x.Shape.Rank - 1]

    let private withLast n (shape: Shape) =
        let extents = shape.ToArray()
        extents[extents.Length - 1] <- n
        Shape.ofArray extents

    let private slice start limit (x: Tensor) = Ops.slice (x.Shape.Rank - 1) start limit x

    /// The same elements [.., 1, n].
    let private row (x: Tensor) =
        let extents = x.Shape.ToArray()

        Ops.reshape
            (Shape.ofArray (Array.concat [ extents[.. extents.Length - 2]; [| 1 |]; extents[extents.Length - 1 ..] ]))
            x

    let private transform inverse (re: Tensor) (im: Tensor) =
        let pairs = Ops.concat (re.Shape.Rank - 1) [| row re; row im |] |> fourier inverse
        let part i = Ops.reshape re.Shape (Ops.slice (re.Shape.Rank - 1) i (i + 1) pairs)
        struct (part 0, part 1)

    let private requirePair name (re: Tensor) (im: Tensor) =
        if re.Type <> im.Type then
            Errors.shapes name $"the real parts are {re.Type}, the imaginary ones {im.Type}"

        length name re

    let private divide n (x: Tensor) = Ops.div x (Ops.scalarLike x (float n))

    /// <summary>
    /// The discrete Fourier transform along the last axis, of any length n: y_k = the sum over j of x_j e^(-2 pi i j k / n).
    /// x and y are pairs of tensors [.., n] of one type (f64 or f32), the real and the imaginary parts. n log n operations; the
    /// error is some 1e-16 of the root mean square of y. The transform is linear: it is its own derivative.
    /// </summary>
    /// <exception cref="T:Ppl.Core.PplException">
    /// PPL5001: the parts differ in type. PPL5002: they are not real. PPL5003: there is no axis.
    /// </exception>
    let fft (re: Tensor) (im: Tensor) : struct (Tensor * Tensor) =
        requirePair "fft" re im |> ignore
        transform false re im

    /// The inverse of fft: x_j = 1/n times the sum over k of y_k e^(2 pi i j k / n).
    let ifft (re: Tensor) (im: Tensor) : struct (Tensor * Tensor) =
        let n = requirePair "ifft" re im
        let struct (re, im) = transform true re im
        struct (divide n re, divide n im)

    /// The Fourier transform of real x [.., n]: its first n / 2 + 1 elements (rounded down), which say all, because
    /// y_(n-k) is the conjugate of y_k; nothing of nothing.
    let rfft (x: Tensor) : struct (Tensor * Tensor) =
        let n = length "rfft" x
        let struct (re, im) = transform false x (Ops.zerosLike x)
        let kept = Math.Min(n, n / 2 + 1)
        struct (slice 0 kept re, slice 0 kept im)

    /// <summary>
    /// The inverse of rfft: the real x [.., n] whose transform begins with these n / 2 + 1 elements (rounded down). Imaginary
    /// parts of y_0 and, if n is even, of y_(n/2) would not be of a real x; they are ignored.
    /// </summary>
    /// <exception cref="T:Ppl.Core.PplException">PPL5001: there are not so many elements.</exception>
    let irfft n (re: Tensor) (im: Tensor) : Tensor =
        let given = requirePair "irfft" re im

        if n < 0 || given <> Math.Min(n, n / 2 + 1) then
            Errors.shapes
                "irfft"
                $"{n} real numbers have {Math.Min(n, n / 2 + 1)} elements of a transform, got {re.Type}"

        // x_j = 1/n Re (y_0 + 2 (the sum over 0 < k < n/2 of y_k e^(2 pi i j k / n)) + y_(n/2) (-1)^j)
        let weights = Array.init given (fun k -> if k = 0 || 2 * k = n then 1.0 else 2.0)

        let padded (x: Tensor) =
            let scaled = Ops.mul x (Ops.convert x.DType (Tensor.OfFloats weights))
            let none = Array.zeroCreate<int> x.Shape.Rank
            Ops.pad none (Array.mapi (fun axis _ -> if axis = x.Shape.Rank - 1 then n - given else 0) none) scaled

        let struct (real, _) = transform true (padded re) (padded im)
        divide n real

    /// <summary>
    /// The full convolution of real tensors along their last axes, z_k = the sum over j of x_j y_(k-j): lengths n and m give
    /// n + m - 1 (nothing if one is empty). The other axes are broadcast. By transforms: (n + m) log (n + m) operations and errors
    /// relative to the largest elements; direct convolution is faster for short kernels.
    /// </summary>
    let fftConvolve (x: Tensor) (y: Tensor) : Tensor =
        let n, m = length "fftConvolve" x, length "fftConvolve" y
        let full = if n = 0 || m = 0 then 0 else n + m - 1
        // A power of two has the fastest transform.
        let size = int (Numerics.BitOperations.RoundUpToPowerOf2(uint full))

        let spectrum (t: Tensor) =
            let zeros = Ops.zeros { t.Type with Shape = withLast (size - t.Shape[t.Shape.Rank - 1]) t.Shape }
            rfft (Ops.concat (t.Shape.Rank - 1) [| t; zeros |])

        if full = 0 then
            let zeros (t: Tensor) = slice 0 0 t
            Ops.mul (zeros x) (zeros y)
        else
            let struct (a, b) = spectrum x
            let struct (c, d) = spectrum y
            let re = Ops.sub (Ops.mul a c) (Ops.mul b d)
            let im = Ops.add (Ops.mul a d) (Ops.mul b c)
            slice 0 full (irfft size re im)

    /// The cosine transform (type II, not scaled) along the last axis: y_k = the sum over j of x_j cos(pi (j + 1/2) k / n).
    let dct (x: Tensor) : Tensor =
        // With the even elements in order and then the odd ones in reverse, y_k = Re (e^(-pi i k / (2 n)) v_k).
        let n = length "dct" x
        let order = Array.init n (fun j -> if 2 * j < n then 2 * j else 2 * (n - 1 - j) + 1)
        let shuffled = Ops.take (x.Shape.Rank - 1) (Tensor.OfInts order) x
        let struct (re, im) = transform false shuffled (Ops.zerosLike shuffled)
        let angle k = Math.PI * float k / (2.0 * float n)
        let table f = Ops.convert x.DType (Tensor.OfFloats(Array.init n (angle >> f)))
        Ops.add (Ops.mul re (table Math.Cos)) (Ops.mul im (table Math.Sin))
