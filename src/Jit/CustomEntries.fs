// How emitted code calls operations from outside: it puts the addresses of results and arguments down one by one and then
// runs the call, which it knows by a handle, because code cannot hold references. The handle lives as long as the call, and
// that as long as the loop program of the code. Relies on Memory. Read KernelCalls next.
namespace Ppl.Jit

open System
open System.Reflection
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open Ppl.Core
open Ppl.Lowering

/// A number that finds a call again while it is alive.
[<Sealed>]
type internal CustomHandle(call: CustomCall) =

    let handle = GCHandle.Alloc(call, GCHandleType.Weak)

    member _.Number = int64 (GCHandle.ToIntPtr handle)

    override _.Finalize() = handle.Free()

/// The handles of calls.
[<RequireQualifiedAccess>]
module internal CustomHandles =

    let private handles = ConditionalWeakTable<CustomCall, CustomHandle>()

    /// The number of a call.
    let handleOf (call: CustomCall) = (handles.GetValue(call, (fun call -> CustomHandle call))).Number

    /// The call with this number.
    let callOf (number: int64) =
        match GCHandle.FromIntPtr(nativeint number).Target with
        | :? CustomCall as call -> call
        | _ -> Errors.bug "CustomHandles" "a call ended before its code"

/// The steps of a call. Public only because emitted code calls them.
[<AbstractClass; Sealed>]
type CustomEntries private () =

    [<ThreadStatic; DefaultValue>]
    static val mutable private places: nativeint[] | null

    static member private PlacesFor count =
        let known =
            match CustomEntries.places with
            | null -> [||]
            | places -> places

        if known.Length >= count then
            known
        else
            let places: nativeint[] = Array.zeroCreate (2 * count + 8)
            known.CopyTo(places, 0)
            CustomEntries.places <- places
            places

    /// One of the steps, by name.
    static member internal Method(name: string) : MethodInfo =
        match typeof<CustomEntries>.GetMethod name with
        | null -> Errors.bug "CustomEntries" $"there is no {name}"
        | target -> target

    /// Puts down an address: those of the results come first, then those of the arguments.
    static member Place(index: int, address: nativeint) = (CustomEntries.PlacesFor(index + 1))[index] <- address

    /// Calls with the addresses that were put down.
    static member Run(number: int64) =
        let call = CustomHandles.callOf number
        let count = call.Results.Length + call.Arguments.Length
        // The operation may itself run programs with such calls on this thread.
        let places = Array.sub (CustomEntries.PlacesFor count) 0 count

        let arguments =
            call.Arguments |> Array.mapi (fun i ty -> Elements.readAt places[call.Results.Length + i] ty)

        call.Evaluate arguments |> Array.iteri (fun i value -> Elements.writeAt places[i] value.Data)
