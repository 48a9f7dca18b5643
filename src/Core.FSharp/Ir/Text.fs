// The text form of programs, for reading, golden files and bug reports; it reads back to the same program, bit for bit.
// One equation per line, %n for variables, sub-programs indented under their equation.
// Relies on TypeRules and TextOutput. Read Digest next.
/// The text form of programs.
[<RequireQualifiedAccess>]
module Ppl.Core.Ir.Text

open System
open System.Collections.Generic
open System.Globalization
open System.Text
open System.Text.RegularExpressions
open Ppl.Core

/// Lines without their indentation; blank ones are passed over.
type private Reader(text: string, operations: ICustomOperation[]) =
    let lines = text.Split '\n'
    let mutable next = 0

    member _.Fail(what: string) : 'a = Errors.syntax next what

    /// The operation from outside of this name and version.
    member this.Operation(name: string, version: string) =
        match operations |> Array.tryFind (fun op -> op.Name = name && op.Version = version) with
        | Some op -> op
        | None -> this.Fail $"no custom operation '{name}' of version {version} was given to Text.parseWith"

    member _.AtEnd = lines |> Array.skip next |> Array.forall String.IsNullOrWhiteSpace

    member this.Read() =
        if next = lines.Length then
            this.Fail "the text ends inside a program"

        next <- next + 1
        let line = lines[next - 1].Trim()
        if line = "" then this.Read() else line

let private header = Regex(@"^(?<label>\w+) \((?<inputs>.*)\) \{$", RegexOptions.CultureInvariant)

let private typed =
    Regex(@"^%(?<var>\d+): (?<dtype>\w+)\[(?<shape>[\d,]*)\]$", RegexOptions.CultureInvariant)

let private equation =
    Regex(@"^(?<outs>.*?) ?= (?<name>\w+)(\[(?<attributes>[^\]]*)\])?(?<args>.*)$", RegexOptions.CultureInvariant)

let private group (key: string) (found: Match) = found.Groups[key].Value
let private words (text: string) = text.Split(' ', StringSplitOptions.RemoveEmptyEntries)

let private readInt (reader: Reader) (word: string) =
    match Int32.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) with
    | true, value -> value
    | _ -> reader.Fail $"'{word}' is not an integer"

let private readInts reader (text: string) = if text = "" then [||] else text.Split ',' |> Array.map (readInt reader)

let private readFlag (reader: Reader) word =
    match word with
    | "true" -> true
    | "false" -> false
    | _ -> reader.Fail $"'{word}' is neither true nor false"

let private readInt64 (reader: Reader) (word: string) =
    match Int64.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) with
    | true, value -> value
    | _ -> reader.Fail $"'{word}' is not a 64-bit integer"

let private readUInt32 (reader: Reader) (word: string) =
    match UInt32.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture) with
    | true, value -> value
    | _ -> reader.Fail $"'{word}' is not an unsigned 32-bit integer"

/// The digits of a NaN that is written by its bits.
let private readBits (reader: Reader) (word: string) digits =
    match Int64.TryParse(word.AsSpan 2, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) with
    | true, bits when word.Length = 2 + digits -> bits
    | _ -> reader.Fail $"'{word}' is not the {digits} digits of a real number"

let private isBits (word: string) = word.StartsWith("0x", StringComparison.Ordinal)

let private readReal (reader: Reader) (word: string) =
    match word with
    | "nan" -> nan
    | "inf" -> infinity
    | "-inf" -> -infinity
    | _ when isBits word -> BitConverter.Int64BitsToDouble(readBits reader word 16)
    | _ ->
        match Double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture) with
        | true, value when Double.IsFinite value -> value
        | _ -> reader.Fail $"'{word}' is not a real number"

let private readSingle (reader: Reader) (word: string) =
    match word with
    | "nan" -> nanf
    | "inf" -> infinityf
    | "-inf" -> -infinityf
    | _ when isBits word -> BitConverter.Int32BitsToSingle(int (readBits reader word 8))
    | _ ->
        match Single.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture) with
        | true, value when Single.IsFinite value -> value
        | _ -> reader.Fail $"'{word}' is not a real number of single precision"

let private readLiteral (reader: Reader) (ty: TensorType) (words: string[]) =
    let words =
        match words with
        | [| "all"; word |] -> Array.create ty.Shape.Count word
        | _ -> words

    if words.Length <> ty.Shape.Count then
        reader.Fail $"{words.Length} elements for a constant of type {ty}"

    match ty.DType with
    | DType.F64 -> Storage.F64(Array.map (readReal reader) words)
    | DType.F32 -> Storage.F32(Array.map (readSingle reader) words)
    | DType.I64 -> Storage.I64(Array.map (readInt64 reader) words)
    | DType.I32 -> Storage.I32(Array.map (readInt reader) words)
    | DType.U32 -> Storage.U32(Array.map (readUInt32 reader) words)
    | DType.Bool -> Storage.Bool(Array.map (readFlag reader) words)
    |> Literal.create ty.Shape

let private readVar (reader: Reader) (word: string) =
    if not (word.StartsWith '%') then
        reader.Fail $"'{word}' is not a variable"

    readInt reader (word.Substring 1)

let private readTyped (reader: Reader) (text: string) =
    let found = typed.Match text

    match found.Success, DType.tryParse (group "dtype" found) with
    | true, Some dtype ->
        let shape = Shape.ofArray (readInts reader (group "shape" found))
        readInt reader (group "var" found), TensorType.create dtype shape
    | _ -> reader.Fail $"'{text}' is not a variable with its type, such as %%0: f64[3]"

let private readAttributes (reader: Reader) (text: string) =
    words text
    |> Array.map (fun word ->
        match word.IndexOf '=' with
        | -1 -> reader.Fail $"'{word}' is not of the form name=value"
        | at -> word.Substring(0, at), word.Substring(at + 1))
    |> List.ofArray

let private byName primitives =
    let table = Dictionary<string, Primitive>()

    for primitive in primitives do
        table.Add(Primitive.name primitive, primitive)

    table

/// The primitives that have no static data.
let private plain =
    Array.concat
        [
            Primitive.members<UnaryOp> |> Array.map Primitive.Unary
            Primitive.members<BinaryOp> |> Array.map Primitive.Binary
            Primitive.members<SpecialOp> |> Array.map Primitive.Special
            Primitive.members<CompareOp> |> Array.map Primitive.Compare
            [|
                Primitive.Select
                Primitive.Index IndexOp.DynamicUpdate
                Primitive.Factor FactorOp.Cholesky
                Primitive.Factor FactorOp.CholeskyVjp
                Primitive.Factor FactorOp.LogAbsDet
                Primitive.Factor FactorOp.DetSign
                Primitive.Factor FactorOp.Qr
                Primitive.Factor FactorOp.Eigh
                Primitive.Factor FactorOp.Svd
                Primitive.Random RandomOp.FoldIn
            |]
        ]
    |> byName

let private reductions =
    Primitive.members<ReduceOp> |> Array.map (fun op -> Primitive.Reduce(op, [||])) |> byName

let private cumulations =
    Primitive.members<CumulateOp> |> Array.map (fun op -> Primitive.Cumulate(op, 0, false)) |> byName

/// What stands on the line of an equation.
[<NoComparison; NoEquality>]
type private Line =
    {
        Reader: Reader
        Name: string
        Attributes: (string * string) list
        Words: string[]
        Outs: (Var * TensorType)[]
    }

    member private this.Value key =
        match List.tryFind (fun (name, _) -> name = key) this.Attributes with
        | Some(_, value) -> value
        | None -> this.Reader.Fail $"{this.Name} needs {key}="

    member this.Word key = this.Value key
    member this.Int key = readInt this.Reader (this.Value key)
    member this.Ints key = readInts this.Reader (this.Value key)
    member this.Flag key = readFlag this.Reader (this.Value key)

    /// The type of the only result.
    member this.Type =
        if this.Outs.Length <> 1 then
            this.Reader.Fail $"{this.Name} has one result"

        snd this.Outs[0]

let private move (line: Line) =
    match line.Name with
    | "reshape" -> Some(MoveOp.Reshape line.Type.Shape)
    | "transpose" -> Some(MoveOp.Transpose(line.Ints "permutation"))
    | "broadcast" -> Some(MoveOp.Broadcast(line.Type.Shape, line.Ints "axes"))
    | "slice" -> Some(MoveOp.Slice(line.Ints "start", line.Ints "limit", line.Ints "stride"))
    | "pad" -> Some(MoveOp.Pad(line.Ints "low", line.Ints "high"))
    | "concat" -> Some(MoveOp.Concat(line.Int "axis"))
    | "reverse" -> Some(MoveOp.Reverse(line.Ints "axes"))
    | "windows" -> Some(MoveOp.Windows(line.Ints "axes", line.Ints "sizes", line.Ints "strides", line.Ints "dilations"))
    | _ -> None

let private dotAxes (line: Line) =
    {
        BatchLeft = line.Ints "batchLeft"
        BatchRight = line.Ints "batchRight"
        ContractLeft = line.Ints "contractLeft"
        ContractRight = line.Ints "contractRight"
    }

let private dataPrimitive (line: Line) =
    match line.Name with
    | "constant" -> Primitive.Constant(readLiteral line.Reader line.Type line.Words)
    | "iota" -> Primitive.Iota(line.Type, line.Int "axis")
    | "convert" -> Primitive.Convert line.Type.DType
    | "sort" -> Primitive.Order(OrderOp.Sort(line.Int "axis"))
    | "argSort" -> Primitive.Order(OrderOp.ArgSort(line.Int "axis"))
    | "argMax" -> Primitive.Order(OrderOp.ArgMax(line.Int "axis"))
    | "argMin" -> Primitive.Order(OrderOp.ArgMin(line.Int "axis"))
    | "searchSorted" -> Primitive.Order(OrderOp.SearchSorted(line.Flag "right"))
    | "take" -> Primitive.Index(IndexOp.Take(line.Int "axis"))
    | "scatterAdd" -> Primitive.Index(IndexOp.ScatterAdd(line.Int "axis"))
    | "dynamicSlice" -> Primitive.Index(IndexOp.DynamicSlice(line.Type.Shape.ToArray()))
    | "dot" -> Primitive.Contract(dotAxes line)
    | "triangularSolve" -> Primitive.Factor(FactorOp.TriangularSolve(line.Flag "lower", line.Flag "transpose"))
    | "solve" -> Primitive.Factor(FactorOp.Solve(line.Flag "adjoint"))
    | "fourier" -> Primitive.Fourier(line.Flag "inverse")
    | "custom" -> Primitive.Custom(line.Reader.Operation(line.Word "name", line.Word "version"))
    | "uniform" -> Primitive.Random(RandomOp.Uniform line.Type.Shape)
    | "bits" -> Primitive.Random(RandomOp.Bits line.Type.Shape)
    | name ->
        match plain.TryGetValue name, reductions.TryGetValue name, cumulations.TryGetValue name, move line with
        | (true, primitive), _, _, _ -> primitive
        | _, (true, Primitive.Reduce(op, _)), _, _ -> Primitive.Reduce(op, line.Ints "axes")
        | _, _, (true, Primitive.Cumulate(op, _, _)), _ -> Primitive.Cumulate(op, line.Int "axis", line.Flag "reverse")
        | _, _, _, Some op -> Primitive.Move op
        | _ -> line.Reader.Fail $"there is no primitive '{name}'"

let private checkTypes (reader: Reader) primitive (given: TensorType[]) (declared: TensorType[]) =
    let expected =
        try
            TypeRules.results primitive given
        with :? PplException as error ->
            reader.Fail(error.What.TrimEnd '.')

    if expected.Length <> declared.Length || Array.exists2 (<>) expected declared then
        let show (types: TensorType[]) = types |> Array.map string |> String.concat ", "
        reader.Fail $"{Primitive.name primitive} gives ({show expected}), declared is ({show declared})"

let private readLine (reader: Reader) (text: string) =
    let found = equation.Match text

    if not found.Success then
        reader.Fail $"'{text}' is not an equation"

    let outs = group "outs" found

    {
        Reader = reader
        Name = group "name" found
        Attributes = readAttributes reader (group "attributes" found)
        Words = words (group "args" found)
        Outs = if outs = "" then [||] else outs.Split ", " |> Array.map (readTyped reader)
    }

let rec private readProgram (reader: Reader) label : Program =
    let found = header.Match(reader.Read())

    if not found.Success || group "label" found <> label then
        reader.Fail $"expected '{label} (inputs) {{'"

    let types = Dictionary<Var, TensorType>()

    let bind (v, ty) =
        if not (types.TryAdd(v, ty)) then
            reader.Fail $"%%{v} is assigned twice"

        v

    let known word =
        let v = readVar reader word

        if not (types.ContainsKey v) then
            reader.Fail $"{word} is used before it is assigned"

        v

    let inputs = group "inputs" found
    let inputs = if inputs = "" then [||] else inputs.Split ", " |> Array.map (readTyped reader >> bind)
    let equations = List<Equation>()
    let mutable text = reader.Read()

    while words text |> Array.head <> "return" do
        let line = readLine reader text
        let args = if line.Name = "constant" then [||] else Array.map known line.Words
        let primitive = readPrimitive line
        checkTypes reader primitive (args |> Array.map (fun v -> types[v])) (Array.map snd line.Outs)
        equations.Add { Primitive = primitive; Args = args; Outs = Array.map bind line.Outs }
        text <- reader.Read()

    let outputs = words text |> Array.tail |> Array.map known

    if reader.Read() <> "}" then
        reader.Fail "expected '}' after the results"

    let count = if types.Count = 0 then 0 else Seq.max types.Keys + 1
    let table = Array.create count (TensorType.scalar DType.F64)

    for entry in types do
        table[entry.Key] <- entry.Value

    { Inputs = inputs; Equations = equations.ToArray(); Outputs = outputs; Types = table }

and private readPrimitive (line: Line) =
    let reader = line.Reader

    let primitive =
        match line.Name with
        | "cond" ->
            let whenTrue = readProgram reader "whenTrue"
            Primitive.Control(ControlOp.Cond(whenTrue, readProgram reader "whenFalse"))
        | "while" ->
            let condition = readProgram reader "condition"
            Primitive.Control(ControlOp.While(line.Int "constants", condition, readProgram reader "body"))
        | "scan" ->
            let constants, carry, length = line.Int "constants", line.Int "carry", line.Int "length"
            Primitive.Control(ControlOp.Scan(constants, carry, length, line.Flag "reverse", readProgram reader "body"))
        | "checkpoint" -> Primitive.Control(ControlOp.Checkpoint(readProgram reader "body"))
        | "customGrad" ->
            let body = readProgram reader "body"
            Primitive.Control(ControlOp.CustomGrad(line.Int "captured", body, readProgram reader "vjp"))
        | _ -> dataPrimitive line

    if TextOutput.attributes primitive <> line.Attributes then
        reader.Fail $"{line.Name} does not take these attributes, or not in this order"

    primitive

/// The text of a program.
let print (program: Program) =
    let out = StringBuilder()
    TextOutput.write out 0 "program" program
    out.ToString()

/// <summary>
/// The program of a text in the form of <see cref="M:Ppl.Core.Ir.Text.print"/>, in which these custom operations may occur.
/// </summary>
/// <exception cref="T:Ppl.Core.PplException">PPL5007: the line, and what is wrong with it.</exception>
let parseWith (operations: ICustomOperation seq) (text: string) : Program =
    let reader = Reader(text, Array.ofSeq operations)
    let program = readProgram reader "program"

    if not reader.AtEnd then
        let line = reader.Read()
        reader.Fail $"'{line}' follows the program"

    program

/// <summary>The program of a text in the form of <see cref="M:Ppl.Core.Ir.Text.print"/>.</summary>
/// <exception cref="T:Ppl.Core.PplException">PPL5007: the line, and what is wrong with it.</exception>
let parse (text: string) : Program = parseWith [] text
