// The meaning of the elementwise primitives: one plain function per operation and element type, applied in order.
// Special functions are those of Ppl.Kernels, so that every engine calls the same code. Functions of f32 are those of f64,
// rounded once; for + - * / and the square root that is f32 arithmetic, because f64 has more than twice the digits
// (Figueroa 1995, When is double rounding innocuous?).
// Relies on Primitive and on arguments that TypeRules has accepted. Read ReferenceArrays next.
module internal Ppl.Core.Ir.ReferenceElementwise

open System
open Ppl.Core
open Ppl.Kernels

let private impossible operation (x: Storage) =
    Errors.bug "ReferenceElementwise" $"{operation} of {DType.name (Storage.dtype x)} after the types were checked"

let private sign (x: float) =
    if x > 0.0 then 1.0
    elif x < 0.0 then -1.0
    else x

let private realFunction op : float -> float =
    match op with
    | UnaryOp.Neg -> (fun x -> -x)
    | UnaryOp.Abs -> Math.Abs
    | UnaryOp.Sign -> sign
    | UnaryOp.Floor -> Math.Floor
    | UnaryOp.Reciprocal -> (fun x -> 1.0 / x)
    | UnaryOp.Square -> (fun x -> x * x)
    | UnaryOp.Sqrt -> Math.Sqrt
    | UnaryOp.Exp -> VectorMath.Exp
    | UnaryOp.Expm1 -> VectorMath.Expm1
    | UnaryOp.Log -> VectorMath.Log
    | UnaryOp.Log1p -> VectorMath.Log1p
    | UnaryOp.Sin -> VectorMath.Sin
    | UnaryOp.Cos -> VectorMath.Cos
    | UnaryOp.Tan -> VectorMath.Tan
    | UnaryOp.Asin -> VectorMath.Asin
    | UnaryOp.Acos -> VectorMath.Acos
    | UnaryOp.Atan -> VectorMath.Atan
    | UnaryOp.Sinh -> VectorMath.Sinh
    | UnaryOp.Cosh -> VectorMath.Cosh
    | UnaryOp.Tanh -> VectorMath.Tanh
    | UnaryOp.Asinh -> VectorMath.Asinh
    | UnaryOp.Acosh -> VectorMath.Acosh
    | UnaryOp.Atanh -> VectorMath.Atanh
    | UnaryOp.Exp2 -> VectorMath.Exp2
    | UnaryOp.Log2 -> VectorMath.Log2
    | UnaryOp.Cbrt -> VectorMath.Cbrt
    | UnaryOp.Log1mExp -> VectorMath.Log1mExp
    | UnaryOp.Sigmoid -> VectorMath.Sigmoid
    | UnaryOp.Softplus -> VectorMath.Softplus
    | UnaryOp.Erf -> VectorMath.Erf
    | UnaryOp.Erfc -> VectorMath.Erfc
    | UnaryOp.Erfinv -> VectorMath.Erfinv
    | UnaryOp.Lgamma -> VectorMath.Lgamma
    | UnaryOp.Digamma -> VectorMath.Digamma
    | UnaryOp.Trigamma -> VectorMath.Trigamma
    | UnaryOp.Ndtr -> VectorMath.Ndtr
    | UnaryOp.LogNdtr -> VectorMath.LogNdtr
    | UnaryOp.Ndtri -> VectorMath.Ndtri
    | UnaryOp.BesselI0e -> VectorMath.BesselI0e
    | UnaryOp.BesselI1e -> VectorMath.BesselI1e
    | UnaryOp.Not
    | UnaryOp.IsFinite
    | UnaryOp.IsNaN
    | UnaryOp.StopGradient -> Errors.bug "ReferenceElementwise" $"{op} is no function of reals alone"

// Math.Abs refuses the lowest integer; here it wraps.
let inline private integerFunction op : (^a -> ^a) option =
    let zero: ^a = LanguagePrimitives.GenericZero
    let one: ^a = LanguagePrimitives.GenericOne

    match op with
    | UnaryOp.Neg -> Some(fun x -> zero - x)
    | UnaryOp.Abs -> Some(fun x -> if x < zero then zero - x else x)
    | UnaryOp.Sign ->
        Some(fun x ->
            if x > zero then one
            elif x < zero then zero - one
            else zero)
    | UnaryOp.Square -> Some(fun x -> x * x)
    | _ -> None

let private mapped wrap f x whole op =
    match f with
    | Some f -> wrap (Array.map f x)
    | None -> impossible op whole

/// Unary operations.
let unary op (x: Storage) =
    match op, x with
    | UnaryOp.StopGradient, _ -> x
    | UnaryOp.IsFinite, Storage.F64 x -> Storage.Bool(Array.map Double.IsFinite x)
    | UnaryOp.IsFinite, Storage.F32 x -> Storage.Bool(Array.map Single.IsFinite x)
    | UnaryOp.IsNaN, Storage.F64 x -> Storage.Bool(Array.map Double.IsNaN x)
    | UnaryOp.IsNaN, Storage.F32 x -> Storage.Bool(Array.map Single.IsNaN x)
    | UnaryOp.Not, Storage.Bool x -> Storage.Bool(Array.map not x)
    | _, Storage.F64 x -> Storage.F64(Array.map (realFunction op) x)
    | _, Storage.F32 x -> Storage.F32(Array.map (float >> realFunction op >> float32) x)
    | _, Storage.I64 data -> mapped Storage.I64 (integerFunction op) data x op
    | _, Storage.I32 data -> mapped Storage.I32 (integerFunction op) data x op
    | _, Storage.U32 data -> mapped Storage.U32 (integerFunction op) data x op
    | _, Storage.Bool _ -> impossible op x

// Math.Max and Math.Min are IEEE 754 maximum and minimum: NaN wins, 0.0 is above -0.0.
let private realBinary op : (float -> float -> float) option =
    match op with
    | BinaryOp.Add -> Some(fun x y -> x + y)
    | BinaryOp.Sub -> Some(fun x y -> x - y)
    | BinaryOp.Mul -> Some(fun x y -> x * y)
    | BinaryOp.Div -> Some(fun x y -> x / y)
    | BinaryOp.Pow -> Some(fun x y -> VectorMath.Pow(x, y))
    | BinaryOp.Max -> Some(fun x y -> Math.Max(x, y))
    | BinaryOp.Min -> Some(fun x y -> Math.Min(x, y))
    | _ -> None

// The processor traps on division by 0 and of the lowest integer by -1.
let inline private quotient (x: ^a) (y: ^a) : ^a =
    let zero: ^a = LanguagePrimitives.GenericZero

    if y = zero then zero
    elif y < zero && y + LanguagePrimitives.GenericOne = zero then zero - x
    else x / y

let inline private remainder (x: ^a) (y: ^a) : ^a =
    let zero: ^a = LanguagePrimitives.GenericZero

    if y = zero || (y < zero && y + LanguagePrimitives.GenericOne = zero) then zero else x % y

/// Operations on integers; the shifts are given, because right shifts are of the bits.
let inline private integerBinary op (left: ^a -> ^a -> ^a) (right: ^a -> ^a -> ^a) : (^a -> ^a -> ^a) option =
    match op with
    | BinaryOp.Add -> Some(fun x y -> x + y)
    | BinaryOp.Sub -> Some(fun x y -> x - y)
    | BinaryOp.Mul -> Some(fun x y -> x * y)
    | BinaryOp.Div -> Some(fun x y -> quotient x y)
    | BinaryOp.Rem -> Some(fun x y -> remainder x y)
    | BinaryOp.Max -> Some(fun x y -> max x y)
    | BinaryOp.Min -> Some(fun x y -> min x y)
    | BinaryOp.And -> Some(fun x y -> x &&& y)
    | BinaryOp.Or -> Some(fun x y -> x ||| y)
    | BinaryOp.Xor -> Some(fun x y -> x ^^^ y)
    | BinaryOp.ShiftLeft -> Some left
    | BinaryOp.ShiftRight -> Some right
    | BinaryOp.Pow -> None

let private int64Binary op : (int64 -> int64 -> int64) option =
    integerBinary op (fun x y -> x <<< (int y &&& 63)) (fun x y -> int64 (uint64 x >>> (int y &&& 63)))

let private int32Binary op : (int -> int -> int) option =
    integerBinary op (fun x y -> x <<< (y &&& 31)) (fun x y -> int (uint32 x >>> (y &&& 31)))

let private uint32Binary op : (uint32 -> uint32 -> uint32) option =
    integerBinary op (fun x y -> x <<< (int y &&& 31)) (fun x y -> x >>> (int y &&& 31))

let private boolBinary op : (bool -> bool -> bool) option =
    match op with
    | BinaryOp.And -> Some(fun x y -> x && y)
    | BinaryOp.Or -> Some(fun x y -> x || y)
    | BinaryOp.Xor -> Some(fun x y -> x <> y)
    | _ -> None

let private combine wrap f x y whole op =
    match f with
    | Some f -> wrap (Array.map2 f x y)
    | None -> impossible op whole

/// Binary operations.
let binary op (x: Storage) (y: Storage) =
    match x, y with
    | Storage.F64 a, Storage.F64 b -> combine Storage.F64 (realBinary op) a b x op
    | Storage.F32 a, Storage.F32 b ->
        let rounded = realBinary op |> Option.map (fun f a b -> float32 (f (float a) (float b)))
        combine Storage.F32 rounded a b x op
    | Storage.I64 a, Storage.I64 b -> combine Storage.I64 (int64Binary op) a b x op
    | Storage.I32 a, Storage.I32 b -> combine Storage.I32 (int32Binary op) a b x op
    | Storage.U32 a, Storage.U32 b -> combine Storage.U32 (uint32Binary op) a b x op
    | Storage.Bool a, Storage.Bool b -> combine Storage.Bool (boolBinary op) a b x op
    | _ -> impossible op y

/// Special functions of two or three arguments.
let special op (xs: Storage[]) =
    let two (f: float -> float -> float) =
        match xs with
        | [| Storage.F64 x; Storage.F64 y |] -> Storage.F64(Array.map2 f x y)
        | [| Storage.F32 x; Storage.F32 y |] -> Storage.F32(Array.map2 (fun x y -> float32 (f (float x) (float y))) x y)
        | _ -> impossible op xs[0]

    let three (f: float -> float -> float -> float) =
        match xs with
        | [| Storage.F64 x; Storage.F64 y; Storage.F64 z |] -> Storage.F64(Array.map3 f x y z)
        | [| Storage.F32 x; Storage.F32 y; Storage.F32 z |] ->
            Storage.F32(Array.map3 (fun x y z -> float32 (f (float x) (float y) (float z))) x y z)
        | _ -> impossible op xs[0]

    match op with
    | SpecialOp.Atan2 -> two (fun y x -> VectorMath.Atan2(y, x))
    | SpecialOp.Polygamma -> two (fun n x -> VectorMath.Polygamma(n, x))
    | SpecialOp.GammaP -> two (fun a x -> VectorMath.GammaP(a, x))
    | SpecialOp.GammaQ -> two (fun a x -> VectorMath.GammaQ(a, x))
    | SpecialOp.GammaPByShape -> two (fun a x -> VectorMath.GammaPByShape(a, x))
    | SpecialOp.BetaI -> three (fun a b x -> VectorMath.BetaI(a, b, x))
    | SpecialOp.BetaIByA -> three (fun a b x -> VectorMath.BetaIByA(a, b, x))
    | SpecialOp.BetaIByB -> three (fun a b x -> VectorMath.BetaIByB(a, b, x))

let inline private comparison op : 'a -> 'a -> bool =
    match op with
    | CompareOp.Eq -> (fun x y -> x = y)
    | CompareOp.Ne -> (fun x y -> x <> y)
    | CompareOp.Lt -> (fun x y -> x < y)
    | CompareOp.Le -> (fun x y -> x <= y)
    | CompareOp.Gt -> (fun x y -> x > y)
    | CompareOp.Ge -> (fun x y -> x >= y)

/// Comparisons.
let compare op (x: Storage) (y: Storage) =
    match x, y with
    | Storage.F64 x, Storage.F64 y -> Storage.Bool(Array.map2 (comparison op) x y)
    | Storage.F32 x, Storage.F32 y -> Storage.Bool(Array.map2 (comparison op) x y)
    | Storage.I64 x, Storage.I64 y -> Storage.Bool(Array.map2 (comparison op) x y)
    | Storage.I32 x, Storage.I32 y -> Storage.Bool(Array.map2 (comparison op) x y)
    | Storage.U32 x, Storage.U32 y -> Storage.Bool(Array.map2 (comparison op) x y)
    | Storage.Bool x, Storage.Bool y -> Storage.Bool(Array.map2 (comparison op) x y)
    | _ -> impossible op y

let private choose (p: bool[]) (x: 'a[]) (y: 'a[]) = Array.init p.Length (fun i -> if p[i] then x[i] else y[i])

/// x where p, else y.
let select (p: Storage) (x: Storage) (y: Storage) =
    match p, x, y with
    | Storage.Bool p, Storage.F64 x, Storage.F64 y -> Storage.F64(choose p x y)
    | Storage.Bool p, Storage.F32 x, Storage.F32 y -> Storage.F32(choose p x y)
    | Storage.Bool p, Storage.I64 x, Storage.I64 y -> Storage.I64(choose p x y)
    | Storage.Bool p, Storage.I32 x, Storage.I32 y -> Storage.I32(choose p x y)
    | Storage.Bool p, Storage.U32 x, Storage.U32 y -> Storage.U32(choose p x y)
    | Storage.Bool p, Storage.Bool x, Storage.Bool y -> Storage.Bool(choose p x y)
    | _ -> impossible "select" x

/// The integer part of a real number inside the range of an integer type; 0 for NaN.
let inline private truncate (narrow: float -> ^a) (lowest: ^a) (highest: ^a) (x: float) : ^a =
    if Double.IsNaN x then LanguagePrimitives.GenericZero
    elif x >= float highest then highest
    elif x <= float lowest then lowest
    else narrow x

/// Elements as the widest type of their kind: every conversion is one from there.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type private Wide =
    | Reals of float[]
    | Integers of int64[]

let private widen (x: Storage) =
    match x with
    | Storage.F64 x -> Wide.Reals x
    | Storage.F32 x -> Wide.Reals(Array.map float x)
    | Storage.I64 x -> Wide.Integers x
    | Storage.I32 x -> Wide.Integers(Array.map int64 x)
    | Storage.U32 x -> Wide.Integers(Array.map int64 x)
    | Storage.Bool x -> Wide.Integers(Array.map (fun x -> if x then 1L else 0L) x)

let private ofReals dtype (x: float[]) =
    match dtype with
    | DType.F64 -> Storage.F64 x
    | DType.F32 -> Storage.F32(Array.map float32 x)
    | DType.I64 -> Storage.I64(Array.map (truncate int64 Int64.MinValue Int64.MaxValue) x)
    | DType.I32 -> Storage.I32(Array.map (truncate int Int32.MinValue Int32.MaxValue) x)
    | DType.U32 -> Storage.U32(Array.map (truncate uint32 UInt32.MinValue UInt32.MaxValue) x)
    | DType.Bool -> Storage.Bool(Array.map (fun x -> x <> 0.0) x)

// Reals round to the nearest, once; integers keep their low bits.
let private ofIntegers dtype (x: int64[]) =
    match dtype with
    | DType.F64 -> Storage.F64(Array.map float x)
    | DType.F32 -> Storage.F32(Array.map float32 x)
    | DType.I64 -> Storage.I64 x
    | DType.I32 -> Storage.I32(Array.map int x)
    | DType.U32 -> Storage.U32(Array.map uint32 x)
    | DType.Bool -> Storage.Bool(Array.map (fun x -> x <> 0L) x)

/// Conversions.
let convert dtype (x: Storage) =
    if Storage.dtype x = dtype then
        x
    else
        match widen x with
        | Wide.Reals x -> ofReals dtype x
        | Wide.Integers x -> ofIntegers dtype x
