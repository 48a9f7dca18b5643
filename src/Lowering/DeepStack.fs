// Evaluation by demand recurses along chains of operations, which are as long as the program: long programs are lowered on a
// thread of their own, whose stack is large enough whatever thread the caller is on. Relies on nothing. Read Lower next.
[<RequireQualifiedAccess>]
module internal Ppl.Lowering.DeepStack

open System
open System.Threading
open System.Threading.Tasks

/// Programs of fewer equations are lowered on the stack of the caller.
let private shallow = 1_000

/// Bytes of stack for each equation; memory is only taken as far as the recursion goes.
let private perEquation = 4_096L

let private most = 1L <<< 30

/// The result of a function that recurses to a depth of about `equations`; its exceptions arrive as they are.
let run (equations: int) (f: unit -> 'a) : 'a =
    if equations < shallow then
        f ()
    else
        let work = new Task<'a>(Func<'a> f)
        let thread = Thread((fun () -> work.RunSynchronously()), int (min most (int64 equations * perEquation)))
        thread.Start()
        thread.Join()
        work.GetAwaiter().GetResult()
