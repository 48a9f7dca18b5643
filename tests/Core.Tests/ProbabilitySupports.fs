// Membership of supports: the index of the first offender, and the words of messages.
module Ppl.Core.Tests.ProbabilitySupports

open System
open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Probability
open Xunit

let private floats xs = (Tensor.OfFloats xs).Value
let private ints xs = (Tensor.OfInts xs).Value
let private offender expected support value = Assert.Equal<int option>(expected, Support.check support value)

[<Fact>]
let ``reals are finite`` () =
    offender None Support.Real (floats [| -1e300; 0.0 |])
    offender (Some 1) Support.Real (floats [| 1.0; nan; infinity |])
    offender (Some 0) Support.Real (floats [| -infinity |])

[<Fact>]
let ``half-lines and intervals exclude their ends`` () =
    offender None Support.Positive (floats [| 5e-324 |])
    offender (Some 1) Support.Positive (floats [| 1.0; 0.0 |])
    offender None Support.Nonnegative (floats [| 0.0; -0.0 |])
    offender (Some 0) Support.Nonnegative (floats [| -5e-324 |])
    offender (Some 0) Support.UnitInterval (floats [| 1.0 |])
    offender (Some 2) (Support.GreaterThan(Tensor.OfFloats [| 0.0; 1.0; 2.0 |])) (floats [| 1.0; 2.0; 2.0 |])
    offender (Some 1) (Support.LessThan(Tensor.OfFloat 3.0)) (floats [| 2.0; 3.0 |])
    offender (Some 1) (Support.Interval(Tensor.OfFloat 0.0, Tensor.OfFloat 2.0)) (floats [| 1.0; nan |])

[<Fact>]
let ``integers`` () =
    offender None Support.Boolean (ints [| 0; 1 |])
    offender (Some 1) Support.Boolean (ints [| 0; 2 |])
    offender (Some 1) Support.NonnegativeInteger (ints [| 0; -1 |])
    offender (Some 0) Support.NonnegativeInteger (floats [| 0.5 |])
    offender (Some 2) (Support.IntegerInterval(0, Tensor.OfInts [| 3; 3; 1 |])) (ints [| 3; 0; 2 |])
    offender (Some 0) (Support.IntegerInterval(1, Tensor.OfInt 3)) (ints [| 0 |])

[<Fact>]
let ``vectors`` () =
    offender None Support.Ordered (floats [| -1.0; 0.0; 7.0 |])
    offender (Some 2) Support.Ordered (floats [| -1.0; 0.0; 0.0 |])
    offender (Some 0) Support.PositiveOrdered (floats [| -1.0; 0.0 |])
    offender None Support.Simplex (floats [| 0.25; 0.5; 0.25 |])
    offender (Some 1) Support.Simplex (floats [| 1.5; -0.5 |])
    offender (Some 0) Support.Simplex (floats [| 0.5; 0.4 |])
    offender None Support.UnitVector (floats [| 0.6; -0.8 |])
    offender (Some 0) Support.UnitVector (floats [| 0.6; 0.6 |])
    let rows = (Tensor.OfMatrix(array2D [ [ 0.0; 1.0 ]; [ 1.0; 0.0 ] ])).Value
    offender (Some 3) Support.Ordered rows

[<Fact>]
let ``messages`` () =
    Assert.Equal("integers 0..15", Support.describe (Support.IntegerInterval(0, Tensor.OfInt 15)))
    Assert.Equal("reals above -1.5", Support.describe (Support.GreaterThan(Tensor.OfFloat -1.5)))

    Assert.Equal(
        "integers 0..a bound between 3 and 5",
        Support.describe (Support.IntegerInterval(0, Tensor.OfInts [| 3; 5 |]))
    )
