// Autocovariances of chains by the fast Fourier transform, O(n log n) for all lags. Used by Ess.fs only.

namespace Ppl.Inference.Diagnostics

open System
open System.Runtime.CompilerServices

module internal Autocovariance =

    /// Reorders by reversed index bits, as the iterative transform needs.
    let private bitReverse (re: float[]) (im: float[]) =
        let mutable j = 0

        for i = 1 to re.Length - 1 do
            let mutable bit = re.Length >>> 1

            while j &&& bit <> 0 do
                j <- j ^^^ bit
                bit <- bit >>> 1

            j <- j ||| bit

            if i < j then
                let x, y = re[i], im[i]
                re[i] <- re[j]
                im[i] <- im[j]
                re[j] <- x
                im[j] <- y

    /// The factors exp(-2 pi i k / length), k below length/2.
    let private roots length =
        let angle k = -2.0 * Math.PI * float k / float length
        Array.init (length / 2) (angle >> cos), Array.init (length / 2) (angle >> sin)

    // Optimised at once: a summary is often made once only, right after sampling.
    /// The discrete Fourier transform in place, X_k = sum_t x_t exp(-2 pi i k t / M), M a power of two (Cooley and
    /// Tukey).
    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let private transform (cosines: float[], sines: float[]) (re: float[]) (im: float[]) =
        let length = re.Length
        bitReverse re im
        let mutable half = 1

        while half < length do
            let stride = length / (2 * half)
            let mutable start = 0

            while start < length do
                for k = 0 to half - 1 do
                    let a, b = start + k, start + k + half
                    let c, s = cosines[k * stride], sines[k * stride]
                    let x, y = re[b] * c - im[b] * s, re[b] * s + im[b] * c
                    re[b] <- re[a] - x
                    im[b] <- im[a] - y
                    re[a] <- re[a] + x
                    im[a] <- im[a] + y

                start <- start + 2 * half

            half <- 2 * half

    let private centred length (half: float[]) =
        let mean = Moments.mean half
        let padded = Array.zeroCreate<float> length
        half |> Array.iteri (fun t x -> padded[t] <- x - mean)
        padded

    /// <summary>
    /// The autocovariances of every half about its own mean, divisor n, averaged over the halves: lags 0 .. n - 1.
    /// The two halves of a chain travel as real and imaginary part: the real part of the autocovariance of x + iy is
    /// that of x plus that of y. The power spectra are added, so that one transform leads back.
    /// </summary>
    let mean (halves: float[][]) =
        let n = halves[0].Length
        let length = int (Numerics.BitOperations.RoundUpToPowerOf2(uint32 (2 * n)))
        let roots = roots length
        let power = Array.zeroCreate<float> length

        for pair in Array.chunkBySize 2 halves do
            let re, im = centred length pair[0], centred length pair[1]
            transform roots re im

            for k = 0 to length - 1 do
                power[k] <- power[k] + re[k] * re[k] + im[k] * im[k]

        // The spectrum is real: the real part of its forward transform is that of the inverse one.
        transform roots power (Array.zeroCreate<float> length)
        let divisor = float length * float n * float halves.Length
        Array.init n (fun t -> power[t] / divisor)
