// Quantile functions of the normal and the beta distribution, as the diagnostics need them: scalar, a few thousand
// calls per summary. Rank normalisation uses the first, the Monte Carlo error of a quantile the second.

namespace Ppl.Inference.Diagnostics

open System

module internal Inverse =

    /// c0 + c1 x + c2 x^2 + ..., coefficients in ascending order.
    let private polynomial (coefficients: float[]) x =
        let mutable sum = 0.0

        for i = coefficients.Length - 1 downto 0 do
            sum <- sum * x + coefficients[i]

        sum

    // Rational approximations of Wichura (1988), Algorithm AS 241 (PPND16), relative error about 1e-16.
    let private centreAbove =
        [|
            3.387132872796366608
            133.14166789178437745
            1971.5909503065514427
            13731.693765509461125
            45921.953931549871457
            67265.770927008700853
            33430.575583588128105
            2509.0809287301226727
        |]

    let private centreBelow =
        [|
            1.0
            42.313330701600911252
            687.1870074920579083
            5394.1960214247511077
            21213.794301586595867
            39307.89580009271061
            28729.085735721942674
            5226.495278852545925
        |]

    let private tailAbove =
        [|
            1.42343711074968357734
            4.6303378461565452959
            5.7694972214606914055
            3.64784832476320460504
            1.27045825245236838258
            0.24178072517745061177
            0.0227238449892691845833
            7.7454501427834140764e-4
        |]

    let private tailBelow =
        [|
            1.0
            2.05319162663775882187
            1.6763848301838038494
            0.68976733498510000455
            0.14810397642748007459
            0.0151986665636164571966
            5.475938084995344946e-4
            1.05075007164441684324e-9
        |]

    /// The standard normal quantile for 1e-10 <= p <= 1 - 1e-10: no rank among fewer than 2^32 draws lies outside,
    /// which is why the third piece of AS 241 is not here.
    let normal p =
        let q = p - 0.5

        if abs q <= 0.425 then
            let r = 0.180625 - q * q
            q * polynomial centreAbove r / polynomial centreBelow r
        else
            let r = sqrt (-log(min p (1.0 - p))) - 1.6
            Math.CopySign(polynomial tailAbove r / polynomial tailBelow r, q)

    /// log Gamma(x), x >= 1, by Stirling's series after shifting the argument above 12.
    let rec private logGamma x =
        if x < 12.0 then
            logGamma (x + 1.0) - log x
        else
            let series =
                polynomial [| 1.0 / 12.0; -1.0 / 360.0; 1.0 / 1260.0; -1.0 / 1680.0; 1.0 / 1188.0 |] (1.0 / (x * x))

            (x - 0.5) * log x - x + 0.5 * log (2.0 * Math.PI) + series / x

    /// The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), by Lentz's method.
    let private betaFraction a b x =
        let step (c, d) term =
            let c, d = 1.0 + term / c, 1.0 / (1.0 + term * d)
            c, d, c * d

        let rec go m c d value =
            let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
            let c, d, factorEven = step (c, d) even
            let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
            let c, d, factorOdd = step (c, d) odd
            let value = value * factorEven * factorOdd

            if abs (factorOdd - 1.0) < 1e-15 || m > 100_000.0 then value else go (m + 1.0) c d value

        let first = 1.0 / (1.0 - (a + b) * x / (a + 1.0))
        go 1.0 1.0 first first

    /// The regularised incomplete beta function I_x(a, b), a, b >= 1.
    let betaCdf a b x =
        let front = exp (logGamma (a + b) - logGamma a - logGamma b + a * log x + b * log (1.0 - x))

        if x <= 0.0 then 0.0
        elif x >= 1.0 then 1.0
        elif x < (a + 1.0) / (a + b + 2.0) then front * betaFraction a b x / a
        else 1.0 - front * betaFraction b a (1.0 - x) / b

    /// The quantile of Beta(a, b), a, b >= 1, by bisection to the last bit.
    let beta a b p =
        let rec go low high =
            let middle = 0.5 * (low + high)

            if middle <= low || middle >= high then middle
            elif betaCdf a b middle < p then go middle high
            else go low middle

        go 0.0 1.0
