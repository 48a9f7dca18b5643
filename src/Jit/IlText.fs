// Prints bodies for golden tests and for looking at what was emitted. Relies on Il. Read IlAssemble next.
namespace Ppl.Jit

open System
open System.Globalization
open System.Reflection
open System.Text

/// The text form of bodies.
[<RequireQualifiedAccess>]
module IlText =

    let rec private typeName (ty: Type) =
        if ty = typeof<float> then
            "f8"
        elif ty = typeof<float32> then
            "f4"
        elif ty = typeof<int64> then
            "i8"
        elif ty = typeof<int> then
            "i4"
        elif ty = typeof<nativeint> then
            "ptr"
        elif ty.IsGenericType then
            ty.Name.Substring(0, ty.Name.IndexOf '`') + "." + typeName ty.GenericTypeArguments[0]
        else
            ty.Name

    let private methodName (target: MethodInfo) =
        let parameters = target.GetParameters() |> Array.map (fun p -> typeName p.ParameterType)

        let owner =
            match target.DeclaringType with
            | null -> ""
            | ty -> typeName ty

        owner + "." + target.Name + "(" + String.Join(", ", parameters) + ")"

    let private lower (x: obj) = (string x).ToLowerInvariant()

    let private instruction il =
        match il with
        | Il.LoadArgument i -> "ldarg " + string i
        | Il.LoadLocal i -> "ldloc " + string i
        | Il.StoreLocal i -> "stloc " + string i
        | Il.LoadInt32 n -> "ldc.i4 " + string n
        | Il.LoadInt64 n -> "ldc.i8 " + string n
        | Il.LoadReal x -> "ldc.r8 " + x.ToString("R", CultureInfo.InvariantCulture)
        | Il.LoadSingle x -> "ldc.r4 " + x.ToString("R", CultureInfo.InvariantCulture)
        | Il.LoadObject ty -> "ldobj " + typeName ty
        | Il.StoreObject ty -> "stobj " + typeName ty
        | Il.CopyBlock -> "cpblk"
        | Il.Arithmetic op -> lower op
        | Il.Compare op -> "compare." + lower op
        | Il.Convert target -> "conv." + lower target
        | Il.Negate -> "neg"
        | Il.Complement -> "not"
        | Il.Duplicate -> "dup"
        | Il.Label n -> "L" + string n + ":"
        | Il.Branch(branch, n) -> "br." + lower branch + " L" + string n
        | Il.Call target -> "call " + methodName target
        | Il.CallBody n -> "call body " + string n
        | Il.Return -> "ret"

    /// One instruction per line; labels stand out.
    let body (body: IlBody) =
        let text = StringBuilder()
        text.AppendLine("locals " + String.Join(", ", Array.map typeName body.Locals)) |> ignore

        for il in body.Code do
            let indent =
                match il with
                | Il.Label _ -> ""
                | _ -> "  "

            text.AppendLine(indent + instruction il) |> ignore

        text.ToString()
