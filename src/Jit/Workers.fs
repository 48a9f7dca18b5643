// The threads of an engine: they wait for work between calls, take the parts of a job one after the other, and allocate nothing.
// A job that comes while another one runs (from another instance, or from inside it) is run by its caller alone, so there are
// never more threads at work than the engine has. Relies on IlAssemble. Read Compiler next.
namespace Ppl.Jit

open System
open System.Runtime.ExceptionServices
open System.Threading

/// One job at a time, shared by the threads; everything but the taking of parts happens under the lock.
[<Sealed; AllowNullLiteral>]
type private Crew() =

    let gate = obj ()
    let mutable generation = 0
    let mutable active = 0
    let mutable stopped = false
    let mutable next = 0
    let mutable last = 0
    let mutable entries: Entry[] = [||]
    let mutable arena = 0n
    let mutable constants = 0n
    let mutable failure: exn | null = null

    member private _.TakeParts() =
        try
            let mutable part = Interlocked.Increment &next

            while part <= last do
                entries[part].Invoke(arena, constants)
                part <- Interlocked.Increment &next
        with e ->
            failure <- e

    /// The life of a helping thread.
    member this.Work() =
        let mutable seen = 0
        let mutable working = true

        while working do
            Monitor.Enter gate

            while generation = seen && not stopped do
                Monitor.Wait gate |> ignore

            working <- not stopped
            seen <- generation
            active <- active + 1
            Monitor.Exit gate

            if working then
                this.TakeParts()

            Monitor.Enter gate
            active <- active - 1
            Monitor.PulseAll gate
            Monitor.Exit gate

    /// Runs entries[first .. first + count - 1], each once; the caller helps, and returns when all have ended.
    member this.Run(job: Entry[], first, count, arenaAddress, constantsAddress) =
        Monitor.Enter gate
        entries <- job
        next <- first - 1
        last <- first + count - 1
        arena <- arenaAddress
        constants <- constantsAddress
        generation <- generation + 1
        Monitor.PulseAll gate
        Monitor.Exit gate
        this.TakeParts()
        Monitor.Enter gate

        while active > 0 do
            Monitor.Wait gate |> ignore

        // A thread that wakes up late finds nothing to do.
        entries <- [||]
        last <- -1
        let failed = failure
        failure <- null
        Monitor.Exit gate

        match failed with
        | null -> ()
        | e -> ExceptionDispatchInfo.Capture(e).Throw()

    /// Ends the helping threads.
    member _.Stop() =
        Monitor.Enter gate
        stopped <- true
        Monitor.PulseAll gate
        Monitor.Exit gate

/// So many threads, the caller of a job included; they end with the last reference to this object.
[<Sealed; AllowNullLiteral>]
type internal Workers(threads: int) =

    let crew = Crew()
    let mutable busy = 0

    do
        for number in 1 .. threads - 1 do
            // The thread holds the crew alone, so that this object can be collected.
            let thread = Thread(crew.Work, IsBackground = true, Name = $"ppl {number}")
            thread.Start()

    /// Runs entries[first .. first + count - 1], each once, at once if the threads are free.
    member this.Run(entries: Entry[], first: int, count: int, arena: nativeint, constants: nativeint) =
        if Interlocked.CompareExchange(&busy, 1, 0) = 0 then
            try
                crew.Run(entries, first, count, arena, constants)
            finally
                Volatile.Write(&busy, 0)
        else
            for part in first .. first + count - 1 do
                entries[part].Invoke(arena, constants)

        GC.KeepAlive this

    override _.Finalize() = crew.Stop()
