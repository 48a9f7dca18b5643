// Checks the types of the evaluation stack at each instruction of a body, as a verifier of IL would: a mistake of the
// emitter becomes an error with the place instead of a crash of the process. Runs in tests and in Debug builds.
// Relies on Il. Read IlText next.
namespace Ppl.Jit

open System
open System.Collections.Generic
open Ppl.Core

/// The stack checker.
[<RequireQualifiedAccess>]
module IlCheck =

    let private fail index (instruction: Il) what : 'a =
        Errors.bug "IlCheck" $"at instruction {index}, {instruction}: {what}"

    let private isInteger (ty: Type) = ty = typeof<int> || ty = typeof<int64> || ty = typeof<nativeint>

    let private isNumber (ty: Type) = isInteger ty || ty = typeof<float> || ty = typeof<float32>

    let private arithmetic op (x: Type) (y: Type) : Type option =
        match op with
        | IlArithmetic.Add
        | IlArithmetic.Sub
        | IlArithmetic.Mul
        | IlArithmetic.Div
        | IlArithmetic.Rem when x = y && isNumber x -> Some x
        | IlArithmetic.And
        | IlArithmetic.Or
        | IlArithmetic.Xor when x = y && isInteger x -> Some x
        | IlArithmetic.ShiftLeft
        | IlArithmetic.ShiftRight
        | IlArithmetic.ShiftRightUnsigned when isInteger x && y = typeof<int> -> Some x
        | _ -> None

    let private converted target =
        match target with
        | IlConvert.ToInt32 -> typeof<int>
        | IlConvert.ToInt64 -> typeof<int64>
        | IlConvert.ToPointer -> typeof<nativeint>
        | IlConvert.ToReal -> typeof<float>
        | IlConvert.ToSingle -> typeof<float32>

    /// Bodies branch with an empty stack, so a label needs no record of the stack it is reached with.
    let private checkOne (body: IlBody) (stack: Stack<Type>) index instruction =
        let fail what : 'a = fail index instruction what

        let pop () = if stack.Count = 0 then fail "the stack is empty" else stack.Pop()

        let expect (ty: Type) =
            let found = pop ()

            if found <> ty then
                fail $"expected {ty.Name}, found {found.Name}"

        let expectEmpty () =
            if stack.Count > 0 then
                fail $"the stack still holds {stack.Peek().Name}"

        match instruction with
        | Il.LoadArgument i -> stack.Push IlBody.parameters[i]
        | Il.LoadLocal i -> stack.Push body.Locals[i]
        | Il.StoreLocal i -> expect body.Locals[i]
        | Il.LoadInt32 _ -> stack.Push typeof<int>
        | Il.LoadInt64 _ -> stack.Push typeof<int64>
        | Il.LoadReal _ -> stack.Push typeof<float>
        | Il.LoadSingle _ -> stack.Push typeof<float32>
        | Il.LoadObject ty ->
            expect typeof<nativeint>
            stack.Push ty
        | Il.StoreObject ty ->
            expect ty
            expect typeof<nativeint>
        | Il.CopyBlock ->
            expect typeof<int>
            expect typeof<nativeint>
            expect typeof<nativeint>
        | Il.Arithmetic op ->
            let y = pop ()
            let x = pop ()

            match arithmetic op x y with
            | Some result -> stack.Push result
            | None -> fail $"{x.Name} and {y.Name} do not fit"
        | Il.Compare _ ->
            let y = pop ()
            let x = pop ()

            if x <> y || not (isNumber x) then
                fail $"{x.Name} and {y.Name} do not compare"

            stack.Push typeof<int>
        | Il.Convert target ->
            if not (isNumber (pop ())) then
                fail "not a number"

            stack.Push(converted target)
        | Il.Negate ->
            if not (isNumber (stack.Peek())) then
                fail "not a number"
        | Il.Complement ->
            if not (isInteger (stack.Peek())) then
                fail "not an integer"
        | Il.Duplicate -> stack.Push(stack.Peek())
        | Il.Label _ -> expectEmpty ()
        | Il.Branch(branch, _) ->
            match branch with
            | IlBranch.Always -> ()
            | IlBranch.IfTrue
            | IlBranch.IfFalse -> expect typeof<int>
            | IlBranch.IfLess ->
                let limit = pop ()
                expect limit

            expectEmpty ()
        | Il.Call target ->
            let parameters = target.GetParameters()

            for i in parameters.Length - 1 .. -1 .. 0 do
                let ty = parameters[i].ParameterType
                // Bytes are 32-bit integers on the stack.
                expect (if ty = typeof<byte> then typeof<int> else ty)

            if target.ReturnType <> typeof<Void> then
                stack.Push target.ReturnType
        | Il.CallBody _ ->
            for i in IlBody.parameters.Length - 1 .. -1 .. 0 do
                expect IlBody.parameters[i]
        | Il.Return -> expectEmpty ()

    /// Raises "this is a bug in Ppl" (PPL7001) at the first instruction whose operands have other types than it needs.
    let body (body: IlBody) =
        let stack = Stack<Type>()
        body.Code |> Array.iteri (fun index instruction -> checkOne body stack index instruction)
