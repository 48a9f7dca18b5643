// The no-U-turn sampler as one tensor program: a loop over doublings around a loop over leaves, with one gradient in the
// program text and no recursion (Uturn explains the memory). Multinomial sampling: uniform inside subtrees, biased towards
// the new subtree at the top. Randomness: one block of uniforms per transition (momentum, directions, top-level choices)
// and one block of 16 for each 16 leaves.
// Sources: Hoffman and Gelman (2014); Betancourt (2017), appendix A; Stan's base_nuts for the order of the checks.
// Relies on Hamiltonian, Uturn. Read Hmc next.
namespace Ppl.Inference.Mcmc

open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Inference

/// What people want to know of a NUTS transition.
[<NoComparison; NoEquality>]
type NutsInfo =
    {
        /// The mean of min(1, exp(H_0 - H)) over the leaves: what dual averaging steers.
        Acceptance: Tensor
        /// Completed doublings, i32.
        Depth: Tensor
        /// Integrator steps, i32.
        Leapfrogs: Tensor
        /// Whether the energy error passed the threshold; the subtree where it did is not sampled from.
        Diverging: Tensor
        /// Whether the tree was still running apart when it reached the limit.
        Saturated: Tensor
        /// H at the new state.
        Energy: Tensor
    }

/// A state that may become the next one: the state and its energy below that of the start, H_0 - H.
[<NoComparison; NoEquality>]
type private Proposal = { State: HamiltonianState; Drop: Tensor }

/// What the loop over the leaves of a subtree carries.
[<NoComparison; NoEquality>]
type private Subtree =
    {
        Leaf: Tensor
        Popcount: Tensor
        End: Phase
        Sum: Tensor
        Checkpoints: Checkpoints
        Proposal: Proposal
        Weight: Tensor
        Acceptance: Tensor
        Leapfrogs: Tensor
        Uniforms: Tensor
        Diverging: Tensor
        Turning: Tensor
    }

/// What the loop over doublings carries. Near is the end that grew last, Far the other one.
[<NoComparison; NoEquality>]
type private Tree =
    {
        Depth: Tensor
        Direction: Tensor
        Near: Phase
        Far: Phase
        TreeSum: Tensor
        TreeWeight: Tensor
        Selected: Proposal
        Memory: Checkpoints
        TotalAcceptance: Tensor
        TotalLeapfrogs: Tensor
        Pool: Tensor
        Diverged: Tensor
        Turned: Tensor
    }

/// The loop carries as arrays.
module private Carry =

    let phase (p: Phase) = [| p.Position; p.Momentum; p.Force |]
    let ofPhase (a: Tensor[]) = { Position = a[0]; Momentum = a[1]; Force = a[2] }

    let proposal (p: Proposal) = [| p.State.Position; p.State.LogDensity; p.State.Gradient; p.Drop |]

    let ofProposal (a: Tensor[]) = { State = { Position = a[0]; LogDensity = a[1]; Gradient = a[2] }; Drop = a[3] }

    let subtree (s: Subtree) =
        Array.concat
            [
                phase s.End
                Uturn.toArray s.Checkpoints
                proposal s.Proposal
                [| s.Leaf; s.Popcount; s.Sum; s.Weight; s.Acceptance; s.Leapfrogs; s.Uniforms; s.Diverging; s.Turning |]
            ]

    let ofSubtree (a: Tensor[]) =
        {
            End = ofPhase a[0..2]
            Checkpoints = Uturn.ofArray a[3..6]
            Proposal = ofProposal a[7..10]
            Leaf = a[11]
            Popcount = a[12]
            Sum = a[13]
            Weight = a[14]
            Acceptance = a[15]
            Leapfrogs = a[16]
            Uniforms = a[17]
            Diverging = a[18]
            Turning = a[19]
        }

    let tree (t: Tree) =
        Array.concat
            [
                phase t.Near
                phase t.Far
                Uturn.toArray t.Memory
                proposal t.Selected
                [| t.Depth; t.Direction; t.TreeSum; t.TreeWeight; t.TotalAcceptance; t.TotalLeapfrogs; t.Pool |]
                [| t.Diverged; t.Turned |]
            ]

    let ofTree (a: Tensor[]) =
        {
            Near = ofPhase a[0..2]
            Far = ofPhase a[3..5]
            Memory = Uturn.ofArray a[6..9]
            Selected = ofProposal a[10..13]
            Depth = a[14]
            Direction = a[15]
            TreeSum = a[16]
            TreeWeight = a[17]
            TotalAcceptance = a[18]
            TotalLeapfrogs = a[19]
            Pool = a[20]
            Diverged = a[21]
            Turned = a[22]
        }

    let chooseProposal condition a b = ofProposal (Hamiltonian.selectAll condition (proposal a) (proposal b))

    let choosePhase condition a b = ofPhase (Hamiltonian.selectAll condition (phase a) (phase b))

/// The no-U-turn kernel.
[<RequireQualifiedAccess>]
module NutsKernel =

    /// Uniforms drawn at a time for the choices inside subtrees; a power of two.
    let private poolSize = 16

    let private int (n: int) = Tensor.OfInt n

    /// What is fixed during one transition.
    [<NoComparison; NoEquality>]
    type private Transition =
        {
            Advance: Tensor -> Phase -> Evaluated
            Key: Tensor
            StepSize: Tensor
            /// -H at the start.
            Start: Tensor
            Directions: Tensor
            Choices: Tensor
        }

    /// The pool of uniforms for this leaf: a new one for each poolSize leaves of the transition. A loop of at most one turn
    /// rather than a conditional, because what a branch computes from outside alone may be computed before it.
    let private pool transition (s: Subtree) =
        let place = Ops.logicalAnd s.Leapfrogs (int (poolSize - 1))

        let draw (state: Tensor[]) =
            let uniforms = Ops.uniform (Shape.ofList [ poolSize ]) (Ops.foldIn transition.Key state[1])
            [| Tensor.OfBool false; state[1]; uniforms |]

        let drawn = Control.whileLoop Array.head draw [| Ops.equal place (int 0); s.Leapfrogs; s.Uniforms |]
        drawn[2], Ops.take 0 place drawn[2]

    /// Adds one leaf. Uniform sampling inside a subtree: the leaf replaces the proposal with probability w / sum of w.
    let private addLeaf transition signedStep (s: Subtree) : Subtree =
        let point = transition.Advance signedStep s.End
        let momentum = point.Phase.Momentum
        let drop = point.LogDensity - Metric.kinetic momentum - transition.Start
        let w, sound = Hamiltonian.weight drop
        let weight = s.Weight + w
        let uniforms, u = pool transition s

        let leaf =
            {
                State = { Position = point.Phase.Position; LogDensity = point.LogDensity; Gradient = point.Gradient }
                Drop = drop
            }

        let struct (checkpoints, popcount, sum, persists) =
            Uturn.add s.Checkpoints s.Leaf s.Popcount s.End.Momentum momentum s.Sum

        {
            Leaf = s.Leaf + int 1
            Popcount = popcount
            End = point.Phase
            Sum = sum
            Checkpoints = checkpoints
            Proposal = Carry.chooseProposal (Ops.less (u * weight) w) leaf s.Proposal
            Weight = weight
            Acceptance = s.Acceptance + Ops.min w (Ops.scalar 1.0)
            Leapfrogs = s.Leapfrogs + int 1
            Uniforms = uniforms
            Diverging = Ops.logicalNot sound
            Turning = Ops.logicalNot persists
        }

    /// Grows 2^depth leaves from one end; stops early where the subtree diverges or turns.
    let private grow transition (t: Tree) near direction : Subtree =
        let leaves = Ops.shiftLeft (int 1) t.Depth
        let signedStep = direction * transition.StepSize

        let more (a: Tensor[]) =
            let s = Carry.ofSubtree a
            Ops.logicalAnd (Ops.less s.Leaf leaves) (Ops.logicalNot (Ops.logicalOr s.Diverging s.Turning))

        let initial =
            {
                Leaf = int 0
                Popcount = int 0
                End = near
                Sum = Ops.zerosLike near.Momentum
                Checkpoints = t.Memory
                Proposal = t.Selected
                Weight = Ops.scalar 0.0
                Acceptance = t.TotalAcceptance
                Leapfrogs = t.TotalLeapfrogs
                Uniforms = t.Pool
                Diverging = Tensor.OfBool false
                Turning = Tensor.OfBool false
            }

        Control.whileLoop
            more
            (Carry.ofSubtree >> addLeaf transition signedStep >> Carry.subtree)
            (Carry.subtree initial)
        |> Carry.ofSubtree

    /// Doubles the tree in a random direction. Biased progressive sampling: the new subtree's proposal is taken with
    /// probability min(1, its weight / the old weight), never from a subtree that diverged or turned.
    let private double transition (t: Tree) : Tree =
        let half = Ops.scalar 0.5
        let forward = Ops.less (Ops.take 0 t.Depth transition.Directions) half
        let direction = Ops.select forward (Ops.scalar 1.0) (Ops.scalar -1.0)
        let turnAround = Ops.notEqual direction t.Direction
        let near = Carry.choosePhase turnAround t.Far t.Near
        let far = Carry.choosePhase turnAround t.Near t.Far
        let s = grow transition t near direction
        let valid = Ops.logicalNot (Ops.logicalOr s.Diverging s.Turning)
        let u = Ops.take 0 t.Depth transition.Choices
        let take = Ops.logicalAnd valid (Ops.less (u * t.TreeWeight) s.Weight)

        let persists =
            Uturn.persists
                {
                    First = far.Momentum
                    LastOfFirst = near.Momentum
                    FirstOfSecond = Ops.row (int 0) s.Checkpoints.Firsts
                    Last = s.End.Momentum
                    FirstSum = t.TreeSum
                    SecondSum = s.Sum
                }

        {
            Depth = t.Depth + Ops.toInt valid
            Direction = direction
            Near = s.End
            Far = far
            TreeSum = t.TreeSum + s.Sum
            TreeWeight = t.TreeWeight + s.Weight
            Selected = Carry.chooseProposal take s.Proposal t.Selected
            Memory = s.Checkpoints
            TotalAcceptance = s.Acceptance
            TotalLeapfrogs = s.Leapfrogs
            Pool = s.Uniforms
            Diverged = s.Diverging
            Turned = Ops.logicalOr s.Turning (Ops.logicalNot persists)
        }

    let private initialTree maxDepth (d: int) (start: Phase) (state: HamiltonianState) : Tree =
        {
            Depth = int 0
            Direction = Ops.scalar 1.0
            Near = start
            Far = start
            TreeSum = start.Momentum
            TreeWeight = Ops.scalar 1.0
            Selected = { State = state; Drop = Ops.scalar 0.0 }
            Memory = Uturn.checkpoints maxDepth d
            TotalAcceptance = Ops.scalar 0.0
            TotalLeapfrogs = int 0
            Pool = Ops.zeros (TensorType.create DType.F64 (Shape.ofList [ poolSize ]))
            Diverged = Tensor.OfBool false
            Turned = Tensor.OfBool false
        }

    let private goesOn (limit: Tensor) (t: Tree) =
        Ops.logicalAnd (Ops.less t.Depth limit) (Ops.logicalNot (Ops.logicalOr t.Diverged t.Turned))

    let private info (transition: Transition) (limit: Tensor) (t: Tree) : NutsInfo =
        let leapfrogs = Ops.toFloat (Ops.max t.TotalLeapfrogs (int 1))

        {
            Acceptance = t.TotalAcceptance / leapfrogs
            Depth = t.Depth
            Leapfrogs = t.TotalLeapfrogs
            Diverging = t.Diverged
            Saturated = Ops.logicalAnd (Ops.greaterEqual t.Depth limit) (Ops.logicalNot t.Turned)
            Energy = -(transition.Start + t.Selected.Drop)
        }

    let private step integrator metric maxDepth logDensity (key: Tensor) p (state: HamiltonianState) =
        let d = state.Position.Shape[0]
        let limit = Ops.min p.Limit (int maxDepth)
        let uniforms = Ops.uniform (Shape.ofList [ d + 2 * maxDepth ]) key
        let start = Hamiltonian.start metric p.Factor state (Metric.momentum (Ops.slice 0 0 d uniforms))

        let transition =
            {
                Advance = Integrator.step integrator metric p.Factor (Grad.valueAndGrad logDensity)
                Key = key
                StepSize = Ops.exp p.LogStepSize
                Start = state.LogDensity - Metric.kinetic start.Momentum
                Directions = Ops.slice 0 d (d + maxDepth) uniforms
                Choices = Ops.slice 0 (d + maxDepth) (d + 2 * maxDepth) uniforms
            }

        let final =
            Control.whileLoop
                (Carry.ofTree >> goesOn limit)
                (Carry.ofTree >> double transition >> Carry.tree)
                (Carry.tree (initialTree maxDepth d start state))
            |> Carry.ofTree

        final.Selected.State, info transition limit final

    let private infoLayout: Layout<NutsInfo> =
        {
            Fields =
                [|
                    Kernel.field "acceptance" DType.F64 []
                    Kernel.field "depth" DType.I32 []
                    Kernel.field "leapfrogs" DType.I32 []
                    Kernel.field "diverging" DType.Bool []
                    Kernel.field "saturated" DType.Bool []
                    Kernel.field "energy" DType.F64 []
                |]
            ToArray = fun i -> [| i.Acceptance; i.Depth; i.Leapfrogs; i.Diverging; i.Saturated; i.Energy |]
            OfArray =
                fun a ->
                    {
                        Acceptance = a[0]
                        Depth = a[1]
                        Leapfrogs = a[2]
                        Diverging = a[3]
                        Saturated = a[4]
                        Energy = a[5]
                    }
        }

    /// <summary>
    /// The no-U-turn sampler for log pi: f64[d] -> f64[], with trees of at most maxDepth doublings (the parameter Limit
    /// may ask for fewer).
    /// Law: leaves pi invariant. Cost: at most 2^maxDepth - 1 integrator steps, one gradient each with leapfrog.
    /// </summary>
    let create integrator metric maxDepth (d: int) (logDensity: Tensor -> Tensor) =
        { new IKernel<HamiltonianParameters, HamiltonianState, NutsInfo> with
            member _.Parameters = Hamiltonian.parameterLayout metric d
            member _.State = Hamiltonian.stateLayout d
            member _.Info = infoLayout
            member _.Init position = Hamiltonian.init logDensity position
            member _.Step key parameters state = step integrator metric maxDepth logDensity key parameters state
        }
