// What statements read and write: operands of computations, effects on memory and variables, and the values and variables
// that more than one method uses. Relies on Outline. Read Homes next.
namespace Ppl.Jit

open System.Collections.Generic
open Ppl.Lowering

/// Facts about the operands and effects of statements.
[<RequireQualifiedAccess>]
module Uses =

    let private address (address: Address) =
        [
            for struct (_, value) in address.Terms do
                value
        ]

    /// The operands of a computation.
    let ofOp op =
        match op with
        | Op.Real _
        | Op.Single _
        | Op.Long _
        | Op.Int _
        | Op.Word _
        | Op.Mask _
        | Op.LaneIndex
        | Op.LaneMask _
        | Op.Get _ -> []
        | Op.Unary(_, x)
        | Op.Convert(_, x)
        | Op.Splat x
        | Op.ReduceLanes(_, x)
        | Op.Lane(x, _) -> [ x ]
        | Op.Binary(_, x, y)
        | Op.Compare(_, x, y)
        | Op.Window(x, y, _) -> [ x; y ]
        | Op.Fma(x, y, z)
        | Op.Fnma(x, y, z)
        | Op.Select(x, y, z) -> [ x; y; z ]
        | Op.Load(from, _) -> address from
        | Op.Gather(from, _, index) -> address from @ [ index ]
        | Op.Special(_, values)
        | Op.Pack values -> List.ofArray values

    let private kernelAddresses kernel =
        match kernel with
        | Kernel.Custom(_, results, arguments) -> struct (List.ofArray results, List.ofArray arguments)
        | Kernel.FoldIn(destination, key, _)
        | Kernel.Uniform(destination, key, _)
        | Kernel.Bits(destination, key, _) -> struct ([ destination ], [ key ])
        | Kernel.Sort(destination, source, _, _, _)
        | Kernel.ArgSort(destination, source, _, _, _)
        | Kernel.ExponentialSums(destination, _, source, _, _)
        | Kernel.JoinExponentials(destination, _, source, _, _) -> struct ([ destination ], [ source ])
        | Kernel.Search(destination, sorted, values, _, _, _, _, _) -> struct ([ destination ], [ sorted; values ])
        | Kernel.Gemm(c, a, b, _, _, _, _, _, _) -> struct ([ c ], [ a; b ])
        | Kernel.Cholesky(l, a, _, _)
        | Kernel.CholeskyInverse(l, a, _)
        | Kernel.Decompose(l, a, _, _, _)
        | Kernel.Fourier(l, a, _, _, _) -> struct ([ l ], [ a ])
        | Kernel.CholeskyVjp(result, l, c, _) -> struct ([ result ], [ l; c ])
        | Kernel.Solve(x, a, b, _, _, _, _) -> struct ([ x ], [ a; b ])
        | Kernel.TriangularSolve(x, l, b, _, _, _, _, _, _) -> struct ([ x ], [ l; b ])

    /// The buffers that a kernel writes.
    let written kernel =
        let struct (destinations, _) = kernelAddresses kernel
        destinations |> List.map _.Buffer

    let private ofKernel kernel =
        let struct (destinations, sources) = kernelAddresses kernel

        let data =
            match kernel with
            | Kernel.FoldIn(_, _, data) -> [ data ]
            | _ -> []

        data @ List.collect address (destinations @ sources)

    /// The operands of a statement without blocks.
    let ofLeaf statement =
        match statement with
        | Stmt.Let(_, op) -> ofOp op
        | Stmt.Set(_, value) -> [ value ]
        | Stmt.Store(into, _, _, value) -> address into @ [ value ]
        | Stmt.Copy(destination, source, _) -> address destination @ address source
        | Stmt.Call kernel -> ofKernel kernel
        | Stmt.For _
        | Stmt.If _
        | Stmt.Parallel _
        | Stmt.While _ -> []

    /// Visits every node of a method, nested blocks after their owner.
    let rec nodes (visit: Node -> unit) (block: Node[]) =
        for node in block do
            visit node

            match node with
            | Node.Leaf _
            | Node.Method _ -> ()
            | Node.For(_, _, _, _, body) -> nodes visit body
            | Node.If(_, whenTrue, whenFalse) ->
                nodes visit whenTrue
                nodes visit whenFalse
            | Node.While(test, _, body) ->
                nodes visit test
                nodes visit body

    /// The values that a node itself defines, reads, and the variables that it reads or sets (not those of its blocks).
    let ofNode (define: Value -> unit) (read: Value -> unit) (access: Variable -> unit) node =
        match node with
        | Node.Leaf statement ->
            ofLeaf statement |> List.iter read

            match statement with
            | Stmt.Let(value, op) ->
                define value

                match op with
                | Op.Get variable -> access variable
                | _ -> ()
            | Stmt.Set(variable, _) -> access variable
            | _ -> ()
        | Node.For(counter, _, _, _, _) -> define counter
        | Node.If(condition, _, _)
        | Node.While(_, condition, _) -> read condition
        | Node.Method _ -> ()

    /// Marks what a second method touches: (values, variables).
    let shared (program: LoopProgram) (methods: Node[][]) : struct (bool[] * bool[]) =
        let mark count =
            let owner = Array.create count -1
            let shared = Array.create count false

            let touch methodIndex item =
                if owner[item] < 0 then
                    owner[item] <- methodIndex
                elif owner[item] <> methodIndex then
                    shared[item] <- true

            struct (shared, touch)

        let struct (values, touchValue) = mark program.Values.Length
        let struct (variables, touchVariable) = mark program.Variables.Length

        methods
        |> Array.iteri (fun index body ->
            body |> nodes (ofNode (touchValue index) (touchValue index) (touchVariable index)))

        struct (values, variables)

/// What the nodes of a block write, nested blocks included: a computation may move past a node only if it reads none of it.
[<NoComparison; NoEquality>]
type Effects =
    {
        Buffers: List<BufferId>
        Variables: List<Variable>
        /// A call of another method, which may write anything.
        mutable Unknown: bool
    }

/// Effects of nodes.
[<RequireQualifiedAccess>]
module Effects =

    let private add (effects: Effects) node =
        match node with
        | Node.Leaf(Stmt.Set(variable, _)) -> effects.Variables.Add variable
        | Node.Leaf(Stmt.Store(into, _, _, _)) -> effects.Buffers.Add into.Buffer
        | Node.Leaf(Stmt.Copy(into, _, _)) -> effects.Buffers.Add into.Buffer
        | Node.Leaf(Stmt.Call kernel) -> Uses.written kernel |> List.iter effects.Buffers.Add
        | Node.Method _ -> effects.Unknown <- true
        | _ -> ()

    /// The effects of one node.
    let ofNode node =
        let effects = { Buffers = List(); Variables = List(); Unknown = false }
        Uses.nodes (add effects) [| node |]
        effects
