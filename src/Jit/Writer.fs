// Collects the instructions of one body, with short-lived locals for entries that are needed twice.
// Relies on Il and Machine. Read ScalarCode and VectorCode next.
namespace Ppl.Jit

open System
open System.Collections.Generic
open System.Reflection

/// Pushes one entry on the evaluation stack when it is called.
type Push = unit -> unit

/// A body under construction.
[<Sealed>]
type Writer(locals: List<Type>) =

    let code = List<Il>()
    let free = Dictionary<Type, Stack<int>>()
    let mutable labels = 0

    /// Appends an instruction.
    member _.Add(instruction: Il) = code.Add instruction

    /// Pushes an i4.
    member _.Int32 n = code.Add(Il.LoadInt32 n)

    /// Pushes an i8.
    member _.Int64 n = code.Add(Il.LoadInt64 n)

    /// Pushes an f8.
    member _.Real x = code.Add(Il.LoadReal x)

    /// Pushes an f4.
    member _.Single x = code.Add(Il.LoadSingle x)

    /// Pushes a distance in bytes.
    member this.Bytes(n: int64) =
        if int64 (int n) = n then this.Int32(int n) else this.Int64 n
        this.Convert IlConvert.ToPointer

    /// Calls a static method.
    member _.Call(target: MethodInfo) = code.Add(Il.Call target)

    /// Arithmetic on the two topmost entries.
    member _.Arithmetic op = code.Add(Il.Arithmetic op)

    /// Compares the two topmost entries.
    member _.Compare op = code.Add(Il.Compare op)

    /// Converts the topmost entry.
    member _.Convert target = code.Add(Il.Convert target)

    /// Pushes a local.
    member _.Load local = code.Add(Il.LoadLocal local)

    /// Pops into a local.
    member _.Store local = code.Add(Il.StoreLocal local)

    /// A label, not yet placed.
    member _.NewLabel() =
        labels <- labels + 1
        labels - 1

    /// Places a label.
    member _.Mark label = code.Add(Il.Label label)

    /// Jumps.
    member _.Branch(kind, label) = code.Add(Il.Branch(kind, label))

    /// Pops the topmost entry, of this type, into a local that `run` may load as often as it likes.
    member this.Keep(ty: Type, run: int -> unit) =
        let pool =
            match free.TryGetValue ty with
            | true, pool -> pool
            | _ ->
                let pool = Stack<int>()
                free[ty] <- pool
                pool

        let local =
            match pool.TryPop() with
            | true, local -> local
            | _ ->
                locals.Add ty
                locals.Count - 1

        this.Store local
        run local
        pool.Push local

    /// The finished body.
    member _.Body: IlBody = { Locals = locals.ToArray(); Labels = labels; Code = code.ToArray() }
