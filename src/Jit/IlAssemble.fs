// Turns bodies into dynamic methods: collected with the delegate that refers to them, and jitted with full optimisation
// at once (no tiers). Locals are not zeroed: that alone costs 3 ns per operation in long methods.
// Relies on Il. Read Machine next.
namespace Ppl.Jit

open System.Reflection.Emit

/// The signature of emitted code: the arena of an instance and the constants of the program.
type Entry = delegate of arena: nativeint * constants: nativeint -> unit

/// The assembler.
[<RequireQualifiedAccess>]
module IlAssemble =

    let private arithmetic op =
        match op with
        | IlArithmetic.Add -> OpCodes.Add
        | IlArithmetic.Sub -> OpCodes.Sub
        | IlArithmetic.Mul -> OpCodes.Mul
        | IlArithmetic.Div -> OpCodes.Div
        | IlArithmetic.Rem -> OpCodes.Rem
        | IlArithmetic.And -> OpCodes.And
        | IlArithmetic.Or -> OpCodes.Or
        | IlArithmetic.Xor -> OpCodes.Xor
        | IlArithmetic.ShiftLeft -> OpCodes.Shl
        | IlArithmetic.ShiftRight -> OpCodes.Shr
        | IlArithmetic.ShiftRightUnsigned -> OpCodes.Shr_Un

    let private compare op =
        match op with
        | IlCompare.Equal -> OpCodes.Ceq
        | IlCompare.Less -> OpCodes.Clt
        | IlCompare.LessOrUnordered -> OpCodes.Clt_Un
        | IlCompare.Greater -> OpCodes.Cgt
        | IlCompare.GreaterOrUnordered -> OpCodes.Cgt_Un

    let private convert target =
        match target with
        | IlConvert.ToInt32 -> OpCodes.Conv_I4
        | IlConvert.ToInt64 -> OpCodes.Conv_I8
        | IlConvert.ToPointer -> OpCodes.Conv_I
        | IlConvert.ToReal -> OpCodes.Conv_R8
        | IlConvert.ToSingle -> OpCodes.Conv_R4

    let private branch kind =
        match kind with
        | IlBranch.Always -> OpCodes.Br
        | IlBranch.IfTrue -> OpCodes.Brtrue
        | IlBranch.IfFalse -> OpCodes.Brfalse
        | IlBranch.IfLess -> OpCodes.Blt

    let private loadArgument index =
        match index with
        | 0 -> OpCodes.Ldarg_0
        | 1 -> OpCodes.Ldarg_1
        | _ -> OpCodes.Ldarg_2

    let private write
        (il: ILGenerator)
        (locals: LocalBuilder[])
        (labels: Label[])
        (methods: DynamicMethod[])
        instruction
        =
        match instruction with
        | Il.LoadArgument i -> il.Emit(loadArgument i)
        | Il.LoadLocal i -> il.Emit(OpCodes.Ldloc, locals[i])
        | Il.StoreLocal i -> il.Emit(OpCodes.Stloc, locals[i])
        | Il.LoadInt32 n -> il.Emit(OpCodes.Ldc_I4, n)
        | Il.LoadInt64 n -> il.Emit(OpCodes.Ldc_I8, n)
        | Il.LoadReal x -> il.Emit(OpCodes.Ldc_R8, x)
        | Il.LoadSingle x -> il.Emit(OpCodes.Ldc_R4, x)
        | Il.LoadObject ty when obj.ReferenceEquals(ty, typeof<float>) -> il.Emit OpCodes.Ldind_R8
        | Il.LoadObject ty when obj.ReferenceEquals(ty, typeof<float32>) -> il.Emit OpCodes.Ldind_R4
        | Il.LoadObject ty when obj.ReferenceEquals(ty, typeof<int64>) -> il.Emit OpCodes.Ldind_I8
        | Il.LoadObject ty -> il.Emit(OpCodes.Ldobj, ty)
        | Il.StoreObject ty when obj.ReferenceEquals(ty, typeof<float>) -> il.Emit OpCodes.Stind_R8
        | Il.StoreObject ty when obj.ReferenceEquals(ty, typeof<float32>) -> il.Emit OpCodes.Stind_R4
        | Il.StoreObject ty when obj.ReferenceEquals(ty, typeof<int64>) -> il.Emit OpCodes.Stind_I8
        | Il.StoreObject ty -> il.Emit(OpCodes.Stobj, ty)
        | Il.CopyBlock -> il.Emit OpCodes.Cpblk
        | Il.Arithmetic op -> il.Emit(arithmetic op)
        | Il.Compare op -> il.Emit(compare op)
        | Il.Convert target -> il.Emit(convert target)
        | Il.Negate -> il.Emit OpCodes.Neg
        | Il.Complement -> il.Emit OpCodes.Not
        | Il.Duplicate -> il.Emit OpCodes.Dup
        | Il.Label n -> il.MarkLabel labels[n]
        | Il.Branch(kind, n) -> il.Emit(branch kind, labels[n])
        | Il.Call target -> il.Emit(OpCodes.Call, target)
        | Il.CallBody n -> il.Emit(OpCodes.Call, methods[n])
        | Il.Return -> il.Emit OpCodes.Ret

    let private defineOne (methods: DynamicMethod[]) (index: int) (body: IlBody) =
        // Hosted anonymously, which makes CreateDelegate compile the method at once instead of at the first call.
        let target = DynamicMethod("ppl" + string index, null, IlBody.parameters, true)
        target.InitLocals <- false
        let il = target.GetILGenerator(body.Code.Length * 4 + 64)
        let locals = body.Locals |> Array.map il.DeclareLocal
        let labels = Array.init body.Labels (fun _ -> il.DefineLabel())
        body.Code |> Array.iter (write il locals labels methods)
        methods[index] <- target
        il.ILOffset

    let private define (bodies: IlBody[]) : struct (DynamicMethod[] * int[]) =
        let methods: DynamicMethod[] = Array.zeroCreate bodies.Length
        let sizes = Array.zeroCreate bodies.Length

        for index in 0 .. bodies.Length - 1 do
            sizes[index] <- defineOne methods index bodies[index]

        struct (methods, sizes)

    /// The bodies as delegates, machine code ready, with `owner` (which holds what the code needs) bound to them. A body
    /// may call those before it.
    let program (owner: obj) (bodies: IlBody[]) : Entry[] =
        let struct (methods, _) = define bodies
        // Callees first, so that no call meets a method without machine code.
        methods |> Array.map (fun target -> target.CreateDelegate(typeof<Entry>, owner) :?> Entry)

    /// The bytes of IL of each body; nothing is compiled.
    let sizes bodies =
        let struct (_, sizes) = define bodies
        sizes
