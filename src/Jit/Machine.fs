// The vector instruction set: for each width the vector types and the methods that stand for instructions. Only methods
// that RyuJIT expands itself are used (operators of Vector512<T>, and static methods marked intrinsic): they cost 1 to 2 us
// of compile time each, while a method that has to be inlined (Vector512.Add) costs 6 to 10 us and a share of the
// inliner's budget; see docs/decisions/0006-emitting-il.md. Relies on Ppl.Core. Read Outline next.
namespace Ppl.Jit

open System
open System.Collections.Concurrent
open System.Reflection
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86
open Ppl.Core
open Ppl.Kernels

/// The vector methods of one width. Thread-safe; look-ups are kept.
[<Sealed>]
type VectorSet(bits: int, openVector: Type, holder: Type, half: VectorSet option) =

    let real = openVector.MakeGenericType typeof<float>
    let integer = openVector.MakeGenericType typeof<int64>
    let single = openVector.MakeGenericType typeof<float32>
    let methods = ConcurrentDictionary<string, MethodInfo>()

    let found name (target: MethodInfo | null) : MethodInfo =
        match target with
        | null -> Errors.bug "VectorSet" $"there is no method {name} of {bits} bits"
        | target -> target

    let isReal (element: Type) = obj.ReferenceEquals(element, typeof<float>)
    let isSingle (element: Type) = obj.ReferenceEquals(element, typeof<float32>)

    let lookUp name (element: Type) (find: unit -> MethodInfo | null) =
        let key =
            if isReal element then name
            elif isSingle element then name + " of singles"
            else name + " of integers"

        match methods.TryGetValue key with
        | true, target -> target
        | _ -> methods.GetOrAdd(key, found name (find ()))

    let flags = BindingFlags.Public ||| BindingFlags.Static

    /// The width in bits.
    member _.Bits = bits

    /// How many lanes one vector has.
    member _.Lanes = bits / 64

    /// The type of vectors of reals, and of masks.
    member _.Real = real

    /// The type of vectors of integers.
    member _.Integer = integer

    /// The vectors for as many singles as there are lanes: half as wide, or at 128 bits the lower half of one.
    member this.Singles: VectorSet = if bits > 128 then this.Half else this

    /// The type of vectors of singles of this width.
    member _.Single = single

    /// The methods of half the width.
    member _.Half: VectorSet =
        match half with
        | None -> Errors.bug "VectorSet" "128 bits have no half"
        | Some half -> half

    /// The vector type with this element type.
    member _.Of(element: Type) =
        if isReal element then real
        elif isSingle element then single
        else integer

    /// An operator of the vector type, for example op_Addition.
    member this.Operator(name: string, element: Type) =
        let vector = this.Of element

        lookUp name element (fun () ->
            let second = if name.EndsWith "Shift" then typeof<int> else vector
            let isUnary = name = "op_UnaryNegation" || name = "op_OnesComplement"
            vector.GetMethod(name, (if isUnary then [| vector |] else [| vector; second |])))

    /// A generic static method with `arity` vector arguments and after them `rest`.
    member _.Generic(name: string, element: Type, arity: int, [<ParamArray>] rest: Type[]) =
        lookUp name element (fun () ->
            let vector = openVector.MakeGenericType(Type.MakeGenericMethodParameter 0)
            let parameters = Array.append (Array.create arity vector) rest

            match holder.GetMethod(name, 1, flags, null, parameters, null) with
            | null -> null
            | target -> target.MakeGenericMethod element)

    /// A static method that is not generic.
    member _.Static(name: string, element: Type, parameters: Type[]) =
        lookUp name element (fun () -> holder.GetMethod(name, 0, flags, null, parameters, null))

    /// One scalar to all lanes.
    member this.Create(element: Type) = this.Static("Create", element, [| element |])

    /// Scalars to lanes.
    member this.CreateFromLanes(element: Type) =
        lookUp "CreateFromLanes" element (fun () ->
            let count = if isSingle element then bits / 32 else bits / 64
            holder.GetMethod("Create", 0, flags, null, Array.create count element, null))

    /// A conversion between lanes of 64 and of 32 bits: Widen, Narrow or NarrowMask.
    member _.Lanes32(name: string) =
        lookUp name typeof<float32> (fun () ->
            match name, bits with
            // The instruction itself where there is one: nothing to inline.
            | "Widen", 512 when Avx512F.IsSupported ->
                typeof<Avx512F>.GetMethod("ConvertToVector512Double", [| typeof<Vector256<float32>> |])
            | "Narrow", 512 when Avx512F.IsSupported ->
                typeof<Avx512F>.GetMethod("ConvertToVector256Single", [| typeof<Vector512<float>> |])
            | "Widen", 256 when Avx.IsSupported ->
                typeof<Avx>.GetMethod("ConvertToVector256Double", [| typeof<Vector128<float32>> |])
            | "Narrow", 256 when Avx.IsSupported ->
                typeof<Avx>.GetMethod("ConvertToVector128Single", [| typeof<Vector256<float>> |])
            | _ -> typeof<SingleLanes>.GetMethod(name + string bits))

    /// The lanes of a vector of reals that an integer vector names; of 512 bits with AVX-512 only.
    member _.PermuteLanes =
        lookUp "PermuteVar8x64" typeof<float> (fun () ->
            typeof<Avx512F>.GetMethod("PermuteVar8x64", [| typeof<Vector512<float>>; typeof<Vector512<int64>> |]))

    /// A window of lanes over two vectors; those of integers go as reals.
    member this.Window(element: Type) =
        let vector = if isSingle element then single else real
        lookUp "Window" element (fun () -> typeof<LaneWindows>.GetMethod("Window", [| vector; vector; typeof<byte> |]))

    /// One scalar to lane 0; the other lanes are undefined.
    member this.CreateScalarUnsafe(element: Type) = this.Static("CreateScalarUnsafe", element, [| element |])

/// What emitted code may use: 512, 256 or 128 bits, in parts that make up 8 lanes.
[<RequireQualifiedAccess>]
module Machine =

    let private set128 = lazy VectorSet(128, typedefof<Vector128<_>>, typeof<Vector128>, None)
    let private set256 = lazy VectorSet(256, typedefof<Vector256<_>>, typeof<Vector256>, Some set128.Value)
    let private set512 = lazy VectorSet(512, typedefof<Vector512<_>>, typeof<Vector512>, Some set256.Value)

    /// The widest vectors that the processor has.
    let widestBits =
        if Vector512.IsHardwareAccelerated then 512
        elif Vector256.IsHardwareAccelerated then 256
        else 128

    /// The methods of a width: 512, 256 or 128 bits.
    let vectors bits =
        match bits with
        | 512 -> set512.Value
        | 256 -> set256.Value
        | 128 -> set128.Value
        | _ -> Errors.argument "CpuEngine" $"vectors of {bits} bits" "use 512, 256 or 128"
