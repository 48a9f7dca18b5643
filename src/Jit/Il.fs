// The forty-odd IL instructions that emitted code consists of, as data. A method body is an array of them, so the three
// things done with a body (assembling it, printing it, checking its stack types) are three exhaustive matches.
// Relies on nothing. Read IlCheck, IlText and IlAssemble next.
namespace Ppl.Jit

open System
open System.Reflection

/// Arithmetic on the two topmost entries.
[<RequireQualifiedAccess; Struct>]
type IlArithmetic =
    | Add
    | Sub
    | Mul
    | Div
    | Rem
    | And
    | Or
    | Xor
    | ShiftLeft
    | ShiftRight
    | ShiftRightUnsigned

/// Comparisons of the two topmost entries; they leave 0 or 1 (i4). The unordered ones are true if either is NaN.
[<RequireQualifiedAccess; Struct>]
type IlCompare =
    | Equal
    | Less
    | LessOrUnordered
    | Greater
    | GreaterOrUnordered

/// Conversion targets.
[<RequireQualifiedAccess; Struct>]
type IlConvert =
    | ToInt32
    | ToInt64
    | ToPointer
    | ToReal
    | ToSingle

/// Jumps to a label.
[<RequireQualifiedAccess; Struct>]
type IlBranch =
    | Always
    | IfTrue
    | IfFalse
    /// Of the two topmost entries, if the lower one is less.
    | IfLess

/// One instruction. Locals and labels are numbered from 0 within a body.
[<RequireQualifiedAccess; NoComparison; ReferenceEquality>]
type Il =
    | LoadArgument of index: int
    | LoadLocal of index: int
    | StoreLocal of index: int
    | LoadInt32 of int
    | LoadInt64 of int64
    | LoadReal of float
    | LoadSingle of float32
    /// Replaces an address by what lies there.
    | LoadObject of Type
    /// Stores the topmost entry at the address below it.
    | StoreObject of Type
    /// Copies: destination, source, bytes (i4).
    | CopyBlock
    | Arithmetic of IlArithmetic
    | Compare of IlCompare
    | Convert of IlConvert
    | Negate
    | Complement
    | Duplicate
    | Label of label: int
    | Branch of IlBranch * label: int
    | Call of MethodInfo
    /// Calls another body of the same program; all have the parameters of `IlBody.parameters`.
    | CallBody of index: int
    | Return

/// A method to be.
[<NoComparison; ReferenceEquality>]
type IlBody =
    {
        /// The types of the locals.
        Locals: Type[]
        /// How many labels there are.
        Labels: int
        Code: Il[]
    }

/// Facts about bodies.
[<RequireQualifiedAccess>]
module IlBody =

    /// Argument: the object that owns the code and its constants.
    [<Literal>]
    let OwnerArgument = 0

    /// Argument: the memory of the instance.
    [<Literal>]
    let ArenaArgument = 1

    /// Argument: the data of the compiled program.
    [<Literal>]
    let ConstantsArgument = 2

    /// The parameters of every emitted method; all return nothing.
    let parameters = [| typeof<obj>; typeof<nativeint>; typeof<nativeint> |]
