module Ppl.Inference.Tests.Scratch
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Randomness
open Ppl.Inference
open Ppl.Inference.Mcmc

type T(out: Xunit.Abstractions.ITestOutputHelper) =
    [<Fact>]
    member _.``run`` () =
        let d = 2
        let logp (q: Tensor) = -0.5 * Ops.sum (q * q)
        let k = NutsKernel.create Integrator.leapfrog MetricKind.Diagonal 10 d logp
        let p = Kernel.stepProgram k
        out.WriteLine $"size {Program.size p}"
        let s = Simplify.program p
        out.WriteLine $"simplified {Program.size s}"
        System.IO.File.WriteAllText("/tmp/nuts.txt", Text.print s)
        use i = (ReferenceEngine() :> IEngine).Compile(s).NewInstance()
        i.SetInput(0, (Key.ofSeed 1UL).Value)
        i.SetInput(1, Literal.i32 0)
        i.SetInput(2, Literal.f64 0.8)
        i.SetInput(3, Literal.create (Shape.ofList [2]) (Storage.F64 [|1.0;1.0|]))
        i.SetInput(4, Literal.i32 10)
        i.SetInput(5, Literal.create (Shape.ofList [2]) (Storage.F64 [|1.0;1.0|]))
        i.SetInput(6, Literal.f64 -1.0)
        i.SetInput(7, Literal.create (Shape.ofList [2]) (Storage.F64 [|-1.0;-1.0|]))
        let mutable m = 0.0
        let mutable v = 0.0
        let mutable acc = 0.0
        let mutable lf = 0.0
        let n = 2000
        let sw = System.Diagnostics.Stopwatch.StartNew()
        for t in 1 .. n do
            i.Invoke()
            for k in 0 .. 3 do i.Feed(k, (if k = 0 then 1 else k + 4))
            m <- m + i.Output(1)[0]
            v <- v + i.Output(1)[0] * i.Output(1)[0]
            acc <- acc + i.Read(4, 0)
            lf <- lf + i.Read(6, 0)
        let f = float n
        out.WriteLine $"mean {m / f} var {v / f} acc {acc / f} leapfrogs {lf / f} ms {sw.ElapsedMilliseconds}"
