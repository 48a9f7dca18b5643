// Compiled functions from trees to trees: traced and compiled once for each structure and set of tensor types that they
// are called with.
// Relies on Tree and Compile. Read Randomness next.
namespace Ppl.Core.Trees

open System
open System.Collections.Concurrent
open System.Collections.Generic
open System.Threading
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms

/// What a compiled version belongs to.
[<Sealed>]
type private Signature(structure: Structure, types: TensorType[]) =

    let hash =
        types |> Array.fold (fun h ty -> HashCode.Combine(h, ty.DType, ty.Shape)) (structure.GetHashCode())

    member _.Structure = structure
    member _.Types = types

    override _.Equals other =
        match other with
        | :? Signature as other ->
            types.AsSpan().SequenceEqual(ReadOnlySpan other.Types) && structure.Equals other.Structure
        | _ -> false

    override _.GetHashCode() = hash

/// One compiled version: its code, the structure of its results, and idle memory for running it.
[<Sealed>]
type private Version(code: ICompiled, result: Structure) =

    let idle = ConcurrentBag<IInstance>()

    member _.Code = code
    member _.Result = result

    member _.Run(arguments: Tensor[]) : Tensor[] =
        let instance =
            match idle.TryTake() with
            | true, instance -> instance
            | _ -> code.NewInstance()

        arguments |> Array.iteri (fun i argument -> instance.SetInput(i, argument.Value))
        instance.Invoke()
        let results = Array.init code.Program.Outputs.Length (instance.GetOutput >> Tensor.OfLiteral)
        idle.Add instance
        results

/// <summary>A function from trees to trees that is traced and compiled at its first call, and again only for arguments of another
/// structure or other tensor types.</summary>
/// <remarks>
/// Values that are not tensors belong to the structure: a counter that changes with each call is better a tensor. The 64
/// versions that were made last are kept. Arguments that are traced are passed to the function itself, so it becomes part
/// of the surrounding program. Thread-safe.
/// </remarks>
[<Sealed>]
type TreeFunction<'A, 'B>(engine: IEngine, f: 'A -> 'B) =

    let capacity = 64
    let gate = Lock()
    let versions = Dictionary<Signature, Lazy<Version>>()
    let order = Queue<Signature>()
    let mutable traces = 0

    let compile (signature: Signature) =
        let mutable result: Structure option = None

        let inner (xs: Tensor[]) =
            Interlocked.Increment &traces |> ignore
            let leaves, structure = Tree.flatten (f (Tree.unflatten signature.Structure xs))
            result <- Some structure
            leaves

        let code = Compile.func engine signature.Types inner
        Version(code, result.Value)

    let find signature =
        let scope = gate.EnterScope()

        try
            match versions.TryGetValue signature with
            | true, version -> version
            | _ ->
                let version = Lazy<Version>((fun () -> compile signature), LazyThreadSafetyMode.ExecutionAndPublication)
                versions[signature] <- version
                order.Enqueue signature

                if order.Count > capacity then
                    versions.Remove(order.Dequeue()) |> ignore

                version
        finally
            scope.Dispose()

    let version leaves structure =
        let signature = Signature(structure, leaves |> Array.map (fun (x: Tensor) -> x.Type))
        let found = find signature

        try
            found.Value
        with _ ->
            // A failure is not kept: what failed may work another time. Its place in the order may stay.
            let scope = gate.EnterScope()

            try
                versions.Remove signature |> ignore
            finally
                scope.Dispose()

            reraise ()

    /// How often the function has been traced so far.
    member _.TraceCount = Volatile.Read &traces

    /// The program for arguments like this one.
    member _.ProgramFor(argument: 'A) : Program =
        let leaves, structure = Tree.flatten argument
        (version leaves structure).Code.Program

    /// f(argument).
    member _.Invoke(argument: 'A) : 'B =
        let leaves, structure = Tree.flatten argument

        if leaves |> Array.exists _.IsTraced then
            f argument
        else
            let version = version leaves structure
            Tree.unflatten version.Result (version.Run leaves)

/// Compiling functions of trees.
[<RequireQualifiedAccess>]
module TreeCompile =

    /// f, compiled by an engine for the structures and tensor types that it is called with.
    let func (engine: IEngine) (f: 'A -> 'B) : 'A -> 'B =
        let compiled = TreeFunction<'A, 'B>(engine, f)
        compiled.Invoke

    /// The value and gradient of a function of parameters and data, with respect to the parameters, compiled by an engine.
    let valueAndGrad (engine: IEngine) (f: 'P -> 'D -> Tensor) : 'P -> 'D -> Tensor * 'P =
        let both (parameters: 'P, data: 'D) = OnTrees.valueAndGrad (fun p -> f p data) parameters
        let compiled = TreeFunction<'P * 'D, Tensor * 'P>(engine, both)
        fun parameters data -> compiled.Invoke((parameters, data))
