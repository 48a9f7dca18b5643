// The real models against densities computed by other code: the hand-written gradients of tests/Benchmarks/Hand,
// which were derived separately and checked against differences. The table holds their values at q_i = 0.3 sin(1 +
// 1.7 i).
module Ppl.Core.Tests.ModelsReal

open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Models
open Ppl.Examples
open Xunit

let private point dimension = Array.init dimension (fun i -> 0.3 * sin (1.0 + 1.7 * float i))

let private golden =
    [
        "eight_schools_noncentered", -43.38938915419493
        "eight_schools_centered", -44.71658025396459
        "kidscore_interaction", -1765950.0835260497
        "logearn_interaction", -5227.737159077872
        "nes1972", -13135.76578140035
        "wells", -2254.6454170798897
        "arK", -197.37390322548046
        "arma11", -238.559586076678
        "garch11", -743.7792732011613
        "low_dim_gauss_mix", -7394.019992828844
        "hmm_example", -2312.3551203601396
        "gp_regr", -61.69271420394624
        "radon_noncentered", -2089.0278910756724
        "kilpisjarvi", -13802837.575914918
        "blr", -1016323.5182334671
    ]

[<Fact>]
let ``densities are those of the hand-written code`` () =
    for name, expected in golden do
        let target = (RealModels.find name).Build() |> Target.ofModel
        let actual = (target.LogDensity(Tensor.OfFloats(point target.Dimension))).ToFloat()
        Assert.True(abs (actual - expected) <= 1e-12 * abs expected, $"{name}: {actual:R} instead of {expected:R}")

[<Fact>]
let ``gradients are those of central differences, also after simplification`` () =
    for model in RealModels.all do
        let target = model.Build() |> Target.ofModel
        let vector = TensorType.create DType.F64 (Shape.ofList [ target.Dimension ])
        let q = point target.Dimension

        let program =
            Compile.program [| vector |] (fun args ->
                let value, gradient = Grad.valueAndGrad target.LogDensity args[0]
                [| value; gradient |])

        let results = Trace.replay program [| Tensor.OfFloats q |]
        // One direction, with every coordinate at another rate; the differences are extrapolated once (Richardson).
        let direction = Array.init q.Length (fun i -> cos (0.5 + float i))
        let at h = (target.LogDensity(Tensor.OfFloats(Array.map2 (fun x v -> x + h * v) q direction))).ToFloat()
        let difference h = (at h - at -h) / (2.0 * h)
        let expected = (4.0 * difference 5e-4 - difference 1e-3) / 3.0
        let actual = Array.fold2 (fun sum g v -> sum + g * v) 0.0 (results[1].ToFloats()) direction
        let scale = 1.0 + abs expected
        Assert.True(abs (actual - expected) <= 1e-7 * scale, $"{model.Name}: {actual:R}, differences {expected:R}")
        let value = (target.LogDensity(Tensor.OfFloats q)).ToFloat()
        Assert.True(abs (results[0].ToFloat() - value) <= 1e-11 * (1.0 + abs value), model.Name)

[<Fact>]
let ``every parameter of a reference posterior is reported under its name`` () =
    for model in RealModels.all do
        let lacking = (Reference.load model.Posterior).Count - model.Places.Count
        // The centred form has no raw intercepts.
        Assert.Equal((if model.Name = "radon_centered" then 85 else 0), lacking)

[<Fact>]
let ``centred and non-centred radon differ by the Jacobian of the intercepts`` () =
    let centred = (RealModels.find "radon_centered").Build() |> Target.ofModel
    let raw = (RealModels.find "radon_noncentered").Build() |> Target.ofModel
    let q = point raw.Dimension
    let scale = exp q[0]
    let moved = q |> Array.mapi (fun i x -> if i < 5 then x else q[2] + scale * x)
    let expected = (raw.LogDensity(Tensor.OfFloats q)).ToFloat() - 85.0 * q[0]
    Assert.Equal(expected, (centred.LogDensity(Tensor.OfFloats moved)).ToFloat(), 8)
