// What a compiled program does and where its time goes: its stages (fused loop nests, straight-line code, calls of kernels)
// with estimates of work and traffic, and, if asked, the time of each, from code with a clock between the stages.
// Relies on CpuEngine and on Lowering's Costs.
namespace Ppl.Jit

open System
open System.Diagnostics
open System.Globalization
open System.Text
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Lowering

/// One stage of a program.
[<NoComparison>]
type ExplainedStage =
    {
        /// straight, loop, parallel, branch, repeat or call
        Kind: string
        /// What it computes: its operations, those with most work first, and the kernels it calls.
        Name: string
        /// Turns of its heaviest loops, from the outside in; a turn handles one element, eight, or a multiple of eight.
        Trips: int[]
        /// Estimated real arithmetic; a function counts as many additions as it costs.
        Flops: float
        /// Bytes loaded, from memory or caches.
        BytesRead: float
        /// Bytes stored.
        BytesWritten: float
        /// Calls of hand-written kernels with their extents.
        Calls: string[]
        /// False where a loop of unknown length counts as one turn.
        IsBounded: bool
        /// The least time of a run; NaN if it was not measured.
        Nanoseconds: float
    }

/// A program as its user sees it: what it was made into, and what that costs.
[<NoComparison>]
type Explanation =
    {
        /// The engine.
        Engine: string
        /// Equations of the simplified program, those inside loops and branches included.
        Equations: int
        /// The stages, in order of execution.
        Stages: ExplainedStage[]
        /// Methods of machine code.
        Methods: int
        /// Bytes of arguments, of results, and of scratch memory.
        InputBytes: int64
        OutputBytes: int64
        ScratchBytes: int64
        /// Data and what was computed from data at compile time.
        Constants: int
        ConstantBytes: int64
        /// What simplification has to tell, such as data that it compressed.
        Notes: string[]
    }

    /// All stages together.
    member this.Flops = this.Stages |> Array.sumBy _.Flops

    /// The time of all stages; NaN if it was not measured.
    member this.Nanoseconds = this.Stages |> Array.sumBy _.Nanoseconds

    /// The aligned text.
    override this.ToString() = Explanation.Text this

    static member private Number(x: float) = x.ToString("#,0", CultureInfo.InvariantCulture)

    static member private Text(e: Explanation) =
        let number = Explanation.Number
        let timed = not (Double.IsNaN e.Nanoseconds)
        let share (s: ExplainedStage) = 100.0 * s.Nanoseconds / e.Nanoseconds

        let header =
            [| "stage"; "kind"; "turns"; "flops"; "read"; "written" |]
            |> fun columns -> if timed then Array.append columns [| "ns"; "%" |] else columns

        let row i (s: ExplainedStage) =
            let bound = if s.IsBounded then "" else "+"

            let cells =
                [|
                    string (i + 1)
                    s.Kind
                    String.Join("x", s.Trips)
                    number s.Flops + bound
                    number s.BytesRead + bound
                    number s.BytesWritten + bound
                |]

            if timed then Array.append cells [| number s.Nanoseconds; number (share s) |] else cells

        let rows = Array.append [| header |] (Array.mapi row e.Stages)
        let width column = rows |> Array.map (fun (row: string[]) -> row[column].Length) |> Array.max
        let widths = Array.init header.Length width
        let names = Array.append [| "what" |] (e.Stages |> Array.map _.Name)
        let text = StringBuilder()
        let line (content: string) = text.Append(content.TrimEnd()).Append('\n') |> ignore

        line $"{e.Equations} equations in {e.Stages.Length} stages, {e.Methods} methods, engine {e.Engine}"

        line (
            $"arguments {number (float e.InputBytes)} B, results {number (float e.OutputBytes)} B, "
            + $"scratch {number (float e.ScratchBytes)} B, {e.Constants} constants of {number (float e.ConstantBytes)} B"
        )

        rows
        |> Array.iteri (fun i row ->
            let cells =
                row
                |> Array.mapi (fun column cell ->
                    if column = 1 then cell.PadRight widths[column] else cell.PadLeft widths[column])

            line (String.Join("  ", cells) + "  " + names[i]))

        for note in e.Notes do
            line ("note: " + note)

        text.ToString()

/// Explanations of programs.
[<RequireQualifiedAccess>]
module Explain =

    /// Runs that are timed at most, and for how long at most.
    let private timedRuns = 1000

    let private timedSeconds = 0.5

    let private mostNames = 5

    let private kind stage =
        match stage with
        | StageKind.Straight -> "straight"
        | StageKind.Loop -> "loop"
        | StageKind.Parallel -> "parallel"
        | StageKind.Branch -> "branch"
        | StageKind.Repeat -> "repeat"
        | StageKind.Call -> "call"

    let private name (work: Work) =
        let calls = Array.distinct work.Calls
        let operations = work.Operations |> Array.truncate mostNames
        let dots = if work.Operations.Length > mostNames then [| "..." |] else [||]

        match Array.concat [ calls; operations; dots ] with
        | [||] -> "moves"
        | parts -> String.Join(" ", parts)

    let private explained (nanoseconds: int -> float) i (stage: Stage) : ExplainedStage =
        {
            Kind = kind stage.Kind
            Name = name stage.Work
            Trips = stage.Work.Trips
            Flops = stage.Work.Flops
            BytesRead = stage.Work.BytesRead
            BytesWritten = stage.Work.BytesWritten
            Calls = stage.Work.Calls
            IsBounded = stage.Work.IsBounded
            Nanoseconds = nanoseconds i
        }

    let private bytes (program: LoopProgram) (isWanted: Place -> bool) =
        program.Buffers
        |> Array.filter (fun buffer -> isWanted buffer.Place)
        |> Array.sumBy (fun buffer -> 8L * int64 buffer.Length)

    let private isConstant place =
        match place with
        | Place.Constant _ -> true
        | _ -> false

    let private settings (engine: IEngine) =
        match engine with
        | :? CpuEngine as cpu -> cpu.Settings
        | _ -> CompilerSettings.Default

    let private explain (engine: IEngine) (program: Program) (loops: LoopProgram) stages nanoseconds : Explanation =
        {
            Engine = engine.Name
            Equations = Program.size program
            Stages = Array.mapi (explained nanoseconds) stages
            Methods = (Compiler.measure (settings engine) loops).Methods
            InputBytes = bytes loops _.IsInput
            OutputBytes = bytes loops _.IsOutput
            ScratchBytes = 8L * int64 loops.ScratchLength
            Constants = loops.Buffers |> Array.filter (fun buffer -> isConstant buffer.Place) |> Array.length
            ConstantBytes = bytes loops isConstant
            Notes = [||]
        }

    /// What an engine makes of a program (which is compiled as it is: simplify it first).
    let program (engine: IEngine) (program: Program) : Explanation =
        let loops = Lower.program program
        explain engine program loops (Costs.stages loops) (fun _ -> nan)

    /// The least time of each stage over many runs, in nanoseconds, less what the clock itself takes.
    let private times (code: LoopCode) (arena: Memory) count : float[] =
        let best = Array.create count Int64.MaxValue
        let mutable clock = Int64.MaxValue
        let start = Stopwatch.GetTimestamp()
        let mutable run = 0

        while run < timedRuns && (run < 3 || Stopwatch.GetElapsedTime(start).TotalSeconds < timedSeconds) do
            for stage in 0 .. count - 1 do
                let before = Stopwatch.GetTimestamp()
                code.RunStage(arena, stage)
                best[stage] <- min best[stage] (Stopwatch.GetTimestamp() - before)

            let before = Stopwatch.GetTimestamp()
            clock <- min clock (Stopwatch.GetTimestamp() - before)
            run <- run + 1

        best |> Array.map (fun ticks -> float (max 0L (ticks - clock)) * 1e9 / float Stopwatch.Frequency)

    /// The same with the time of each stage at these arguments: the program is compiled once more, with a clock between the
    /// stages, and run up to a thousand times or half a second. What passes between stages goes through memory, so the sum
    /// may be above the time of the program itself.
    let profile (engine: IEngine) (program: Program) (arguments: Literal[]) : Explanation =
        let expected = Program.inputTypes program

        if arguments |> Array.map _.Type <> expected then
            let given = arguments |> Array.map (fun x -> string x.Type) |> String.concat ", "
            let wanted = expected |> Array.map string |> String.concat ", "
            Errors.shapes "Explain.profile" $"the arguments are ({given}), the program takes ({wanted})"

        let loops = Lower.program program
        let stages = Costs.stages loops
        let code = Compiler.stages (settings engine) loops (stages |> Array.map _.Body)
        use arena = code.NewArena()
        Array.iter2 (fun buffer (value: Literal) -> code.Write(arena, buffer, value.Data)) loops.Inputs arguments
        let measured = times code arena stages.Length
        explain engine program loops stages (fun i -> measured[i])

    /// With notes, such as those of simplification.
    let withNotes (notes: string seq) (explanation: Explanation) : Explanation =
        { explanation with Notes = Array.append explanation.Notes (Array.ofSeq notes) }
