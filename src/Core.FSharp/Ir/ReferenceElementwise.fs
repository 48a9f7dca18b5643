// The meaning of the elementwise primitives: one plain function per operation and element type, applied in order.
// Special functions are those of Ppl.Kernels, so that every engine calls the same code. Relies on Primitive and on
// arguments that TypeRules has accepted. Read ReferenceArrays next.
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
    | UnaryOp.IsNaN -> Errors.bug "ReferenceElementwise" $"{op} does not give a real number"

// Math.Abs refuses Int32.MinValue; here it wraps.
let private intFunction op : (int -> int) option =
    match op with
    | UnaryOp.Neg -> Some(fun x -> -x)
    | UnaryOp.Abs -> Some(fun x -> if x < 0 then -x else x)
    | UnaryOp.Sign -> Some Math.Sign
    | UnaryOp.Square -> Some(fun x -> x * x)
    | _ -> None

/// Unary operations.
let unary op (x: Storage) =
    match op, x with
    | UnaryOp.IsFinite, Storage.F64 x -> Storage.Bool(Array.map Double.IsFinite x)
    | UnaryOp.IsNaN, Storage.F64 x -> Storage.Bool(Array.map Double.IsNaN x)
    | UnaryOp.Not, Storage.Bool x -> Storage.Bool(Array.map not x)
    | _, Storage.F64 x -> Storage.F64(Array.map (realFunction op) x)
    | _, Storage.I32 data ->
        match intFunction op with
        | Some f -> Storage.I32(Array.map f data)
        | None -> impossible op x
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

// The processor traps on division by 0 and on Int32.MinValue / -1.
let private quotient x y =
    match y with
    | 0 -> 0
    | -1 -> -x
    | _ -> x / y

let private remainder x y =
    match y with
    | 0
    | -1 -> 0
    | _ -> x % y

let private intBinary op : (int -> int -> int) option =
    match op with
    | BinaryOp.Add -> Some(fun x y -> x + y)
    | BinaryOp.Sub -> Some(fun x y -> x - y)
    | BinaryOp.Mul -> Some(fun x y -> x * y)
    | BinaryOp.Div -> Some quotient
    | BinaryOp.Rem -> Some remainder
    | BinaryOp.Max -> Some(fun x y -> Math.Max(x, y))
    | BinaryOp.Min -> Some(fun x y -> Math.Min(x, y))
    | BinaryOp.And -> Some(fun x y -> x &&& y)
    | BinaryOp.Or -> Some(fun x y -> x ||| y)
    | BinaryOp.Xor -> Some(fun x y -> x ^^^ y)
    | BinaryOp.ShiftLeft -> Some(fun x y -> x <<< (y &&& 31))
    | BinaryOp.ShiftRight -> Some(fun x y -> int (uint32 x >>> (y &&& 31)))
    | BinaryOp.Pow -> None

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
    | Storage.I32 a, Storage.I32 b -> combine Storage.I32 (intBinary op) a b x op
    | Storage.Bool a, Storage.Bool b -> combine Storage.Bool (boolBinary op) a b x op
    | _ -> impossible op y

/// Special functions of two or three arguments.
let special op (xs: Storage[]) =
    let two (f: float -> float -> float) =
        match xs with
        | [| Storage.F64 x; Storage.F64 y |] -> Storage.F64(Array.map2 f x y)
        | _ -> impossible op xs[0]

    let three (f: float -> float -> float -> float) =
        match xs with
        | [| Storage.F64 x; Storage.F64 y; Storage.F64 z |] -> Storage.F64(Array.map3 f x y z)
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
    | Storage.I32 x, Storage.I32 y -> Storage.Bool(Array.map2 (comparison op) x y)
    | Storage.Bool x, Storage.Bool y -> Storage.Bool(Array.map2 (comparison op) x y)
    | _ -> impossible op y

let private choose (p: bool[]) (x: 'a[]) (y: 'a[]) = Array.init p.Length (fun i -> if p[i] then x[i] else y[i])

/// x where p, else y.
let select (p: Storage) (x: Storage) (y: Storage) =
    match p, x, y with
    | Storage.Bool p, Storage.F64 x, Storage.F64 y -> Storage.F64(choose p x y)
    | Storage.Bool p, Storage.I32 x, Storage.I32 y -> Storage.I32(choose p x y)
    | Storage.Bool p, Storage.Bool x, Storage.Bool y -> Storage.Bool(choose p x y)
    | _ -> impossible "select" x

let private truncate (x: float) =
    if Double.IsNaN x then 0
    elif x >= float Int32.MaxValue then Int32.MaxValue
    elif x <= float Int32.MinValue then Int32.MinValue
    else int x

/// Conversions.
let convert dtype (x: Storage) =
    match x, dtype with
    | Storage.F64 _, DType.F64
    | Storage.I32 _, DType.I32
    | Storage.Bool _, DType.Bool -> x
    | Storage.F64 x, DType.I32 -> Storage.I32(Array.map truncate x)
    | Storage.F64 x, DType.Bool -> Storage.Bool(Array.map (fun x -> x <> 0.0) x)
    | Storage.I32 x, DType.F64 -> Storage.F64(Array.map float x)
    | Storage.I32 x, DType.Bool -> Storage.Bool(Array.map (fun x -> x <> 0) x)
    | Storage.Bool x, DType.F64 -> Storage.F64(Array.map (fun x -> if x then 1.0 else 0.0) x)
    | Storage.Bool x, DType.I32 -> Storage.I32(Array.map (fun x -> if x then 1 else 0) x)
