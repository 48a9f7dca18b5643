// The no-U-turn sampler as it is usually written: recursive, on plain numbers, over any orbit. The tests hold the tensor
// program against it, and it against the exact law. Wrong variants are switches, so that the tests can show they are seen.
module Ppl.Inference.Tests.Mcmc.RecursiveNuts

/// A point of an orbit: -H, whitened momentum.
type Leaf = { Drop: float; Momentum: float[] }

/// One-line departures from the algorithm; None is the algorithm.
type Mutant =
    | None
    /// The last state of a tree is taken instead of a multinomial choice.
    | LastState
    /// The biased progressive choice is used inside subtrees too.
    | BiasedInside
    /// States of a subtree that turned or diverged stay eligible.
    | InvalidEligible
    /// The new subtree is always taken.
    | AlwaysNew
    /// Doublings only forwards.
    | OneDirection

/// A block of leaves in the order of their making.
type private Block = { Indices: int list; First: float[]; Last: float[]; Sum: float[]; Valid: bool; Diverged: bool }

let private dot (x: float[]) (y: float[]) = Array.fold2 (fun s a b -> s + a * b) 0.0 x y
let private plus (x: float[]) (y: float[]) = Array.map2 (+) x y

let private persists (a: Block) (b: Block) =
    let runs first last sum = dot first sum > 0.0 && dot last sum > 0.0

    runs a.First b.Last (plus a.Sum b.Sum)
    && runs a.First b.First (plus a.Sum b.First)
    && runs a.Last b.Last (plus b.Sum a.Last)

let private join (a: Block) (b: Block) valid =
    {
        Indices = a.Indices @ b.Indices
        First = a.First
        Last = b.Last
        Sum = plus a.Sum b.Sum
        Valid = valid
        Diverged = b.Diverged
    }

/// 2^depth leaves from `start` on in a direction; stops where a subtree is not valid.
let rec private build (orbit: int -> Leaf) start direction depth : Block =
    if depth = 0 then
        let leaf = orbit start
        let sound = leaf.Drop > -1000.0

        {
            Indices = [ start ]
            First = leaf.Momentum
            Last = leaf.Momentum
            Sum = leaf.Momentum
            Valid = sound
            Diverged = not sound
        }
    else
        let a = build orbit start direction (depth - 1)

        if not a.Valid then
            a
        else
            let b = build orbit (start + direction * (1 <<< (depth - 1))) direction (depth - 1)
            join a b (b.Valid && persists a b)

/// A tree after some doublings, with the range of the orbit that it covers.
type private Grown = { Low: int; High: int; Tree: Block; LastDirection: int }

/// What follows one doubling: the subtree, and the grown tree if the subtree is valid.
let private double orbit depth direction (g: Grown) =
    let start = if direction > 0 then g.High + 1 else g.Low - 1
    let sub = build orbit start direction depth

    // The old tree read in the direction of growth.
    let old =
        if direction = g.LastDirection then
            g.Tree
        else
            { g.Tree with First = g.Tree.Last; Last = g.Tree.First }

    let size = 1 <<< depth

    let next =
        {
            Low = (if direction > 0 then g.Low else g.Low - size)
            High = (if direction > 0 then g.High + size else g.High)
            Tree = join old sub (sub.Valid && persists old sub)
            LastDirection = direction
        }

    sub, next

let private seed (orbit: int -> Leaf) =
    let r = (orbit 0).Momentum

    {
        Low = 0
        High = 0
        Tree = { Indices = [ 0 ]; First = r; Last = r; Sum = r; Valid = true; Diverged = false }
        LastDirection = 1
    }

let private weight (leaf: Leaf) = if leaf.Drop > -1000.0 then exp (min leaf.Drop 700.0) else 0.0

/// What a transition with given uniforms does.
type Outcome = { Selected: int; Depth: int; Leapfrogs: int; Acceptance: float; Diverging: bool }

/// The transition with these uniforms: per doubling a direction and a choice, per leaf one.
let sample
    maxDepth
    (directions: float[])
    (choices: float[])
    (leafUniform: int -> float)
    (orbit: int -> Leaf)
    : Outcome =
    let rec go depth (g: Grown) selected total steps acceptance =
        if depth = maxDepth then
            {
                Selected = selected
                Depth = depth
                Leapfrogs = steps
                Acceptance = acceptance
                Diverging = false
            }
        else
            let direction = if directions[depth] < 0.5 then 1 else -1
            let sub, next = double orbit depth direction g

            let choose (chosen, sum, n, accepted) index =
                let w = weight (orbit index)
                let sum = sum + w
                let chosen = if leafUniform n * sum < w then index else chosen
                chosen, sum, n + 1, accepted + min 1.0 w

            let proposal, subWeight, steps, acceptance =
                List.fold choose (selected, 0.0, steps, acceptance) sub.Indices

            let taken = sub.Valid && choices[depth] * total < subWeight
            let selected = if taken then proposal else selected

            if next.Tree.Valid then
                go (depth + 1) next selected (total + subWeight) steps acceptance
            else
                {
                    Selected = selected
                    Depth = (if sub.Valid then depth + 1 else depth)
                    Leapfrogs = steps
                    Acceptance = acceptance
                    Diverging = sub.Diverged
                }

    let outcome = go 0 (seed orbit) 0 1.0 0 0.0
    { outcome with Acceptance = outcome.Acceptance / float (max 1 outcome.Leapfrogs) }

/// Laws of the index that a subtree proposes.
let private proposals mutant orbit (indices: int list) : (int * float) list =
    let weights = indices |> List.map (fun i -> i, weight (orbit i))

    match mutant with
    | LastState -> [ List.last indices, 1.0 ]
    | BiasedInside ->
        // Leaf after leaf: taken with probability min(1, w / sum of the earlier ones).
        let add (law: (int * float) list, sum) (i, w) =
            let take = if sum = 0.0 then 1.0 else min 1.0 (w / sum)
            (i, take) :: List.map (fun (j, p) -> j, p * (1.0 - take)) law, sum + w

        fst (List.fold add ([], 0.0) weights)
    | _ ->
        let sum = List.sumBy snd weights
        if sum = 0.0 then [] else weights |> List.map (fun (i, w) -> i, w / sum)

/// The law of the selected index, relative to the start, with all random choices summed out.
let law mutant maxDepth (orbit: int -> Leaf) : Map<int, float> =
    let rec go depth (g: Grown) total (current: (int * float) list) scale : (int * float) list =
        let finish law = law |> List.map (fun (i, p) -> i, scale * p)

        if depth = maxDepth then
            finish current
        else
            let follow direction share =
                let sub, next = double orbit depth direction g
                let subWeight = sub.Indices |> List.sumBy (orbit >> weight)

                let take =
                    match mutant with
                    | AlwaysNew -> if sub.Valid && subWeight > 0.0 then 1.0 else 0.0
                    | InvalidEligible -> min 1.0 (subWeight / total)
                    | _ -> if sub.Valid then min 1.0 (subWeight / total) else 0.0

                let stay = current |> List.map (fun (i, p) -> i, p * (1.0 - take))

                let move =
                    if take = 0.0 then
                        []
                    else
                        proposals mutant orbit sub.Indices |> List.map (fun (i, p) -> i, p * take)

                let law = stay @ move

                if next.Tree.Valid then
                    go (depth + 1) next (total + subWeight) law (scale * share)
                else
                    law |> List.map (fun (i, p) -> i, scale * share * p)

            match mutant with
            | OneDirection -> follow 1 1.0
            | _ -> follow 1 0.5 @ follow -1 0.5

    go 0 (seed orbit) 1.0 [ 0, 1.0 ] 1.0
    |> List.groupBy fst
    |> List.map (fun (i, parts) -> i, List.sumBy snd parts)
    |> Map.ofList
