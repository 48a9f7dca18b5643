// Files of parameters: round trips to the bit, files made by hand after the formats' documentation, and hostile files: whatever
// the bytes, nothing but PplException comes out, and no more memory is used than the file and the limits allow.
module Ppl.Neural.Tests.FileTests

open System
open System.IO
open System.IO.Compression
open System.Text
open Xunit
open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Trees
open Ppl.Neural
open Ppl.Neural.Files
open Ppl.Neural.Tests.Support

let private literal (extents: int list) data = Tensor.OfLiteral(Literal.create (shape extents) data)

let private all: (string * Tensor)[] =
    [|
        "reals", tensor [ 2; 3 ] [ 1.5; -0.0; nan; infinity; 5e-324; -2.0 ]
        "singles", literal [ 3 ] (Storage.F32 [| 1.5f; -0.0f; nanf |])
        "longs", literal [ 2; 1 ] (Storage.I64 [| Int64.MinValue; 7L |])
        "ints", literal [] (Storage.I32 [| -3 |])
        "words", literal [ 1 ] (Storage.U32 [| 0xFFFFFFFFu |])
        "truths", literal [ 3 ] (Storage.Bool [| true; false; true |])
        "nothing", tensor [ 0; 4 ] []
        "odd \"name\" \u00e4/../x", tensor [ 1 ] [ 2.0 ]
    |]

let private same (expected: (string * Tensor) seq) (actual: (string * Tensor) seq) =
    let sort (items: (string * Tensor) seq) = items |> Seq.sortBy fst |> Seq.toArray

    for (name, x), (found, y) in Seq.zip (sort expected) (sort actual) do
        Assert.Equal(name, found)
        Assert.Equal(x.Value, y.Value)

    Assert.Equal(Seq.length expected, Seq.length actual)

let private bytesOf (write: Stream -> unit) =
    use stream = new MemoryStream()
    write stream
    stream.ToArray()

let private readSafetensors (bytes: byte[]) = Safetensors.readStream FileLimits.Default "file" (new MemoryStream(bytes))

let private readNpz (bytes: byte[]) = Npz.readStream FileLimits.Default "file" (new MemoryStream(bytes))
let private readNpy (bytes: byte[]) = Npy.readStream FileLimits.Default "file" (new MemoryStream(bytes))

let private refuses (words: string) (read: unit -> 'a) =
    let error = Assert.Throws<PplException>(fun () -> read () |> ignore)
    Assert.Equal("PPL3006", error.Id)
    Assert.Contains(words, error.Message)

// ---- round trips

[<Fact>]
let ``round trips are exact to the bit`` () =
    same all (readSafetensors (bytesOf (Safetensors.writeStream all)))
    same all (readNpz (bytesOf (Npz.writeStream all)))

    for _, x in all do
        Assert.Equal(x.Value, (readNpy (bytesOf (Npy.writeStream x))).Value)

[<Fact>]
let ``the same tensors give the same bytes`` () =
    Assert.Equal<byte>(bytesOf (Safetensors.writeStream all), bytesOf (Safetensors.writeStream all))
    Assert.Equal<byte>(bytesOf (Npz.writeStream all), bytesOf (Npz.writeStream all))

let private inFolder (test: string -> unit) =
    let folder = Directory.CreateTempSubdirectory "ppl-files"

    try
        test folder.FullName
    finally
        folder.Delete true

type Model = { Layers: Dense list; Heads: int }

[<Fact>]
let ``trees are saved and loaded by their paths`` () =
    inFolder (fun folder ->
        let model = { Layers = [ Dense.Init(2, 3, key 1); Dense.Init(3, 1, key 2) ]; Heads = 4 }
        let blank = Tree.zerosLike model

        for name in [ "m.safetensors"; "m.npz" ] do
            let path = Path.Combine(folder, name)
            Parameters.save path model
            same (Tree.named model) (Tree.named (Parameters.load path blank))
            Parameters.save path model
            Assert.Equal<string>([| path |], Directory.GetFiles(folder, name + "*"))

        let path = Path.Combine(folder, "m.npz")

        let misfit (like: Model) (words: string) =
            let error = Assert.Throws<PplException>(fun () -> Parameters.load path like |> ignore)
            Assert.Equal("PPL3007", error.Id)
            Assert.Contains(words, error.Message)

        misfit { model with Layers = [ model.Layers[0] ] } "'Layers[1].Weight' (f64[3,1]) is not among the parameters"
        misfit { model with Layers = model.Layers @ model.Layers } "there is no 'Layers[2].Weight'"
        misfit { model with Layers = [ model.Layers[1]; model.Layers[0] ] } "'Layers[0].Weight' is f64[2,3]"
        Parameters.save path (vector [ 1.0 ])
        Assert.Equal<float>([| 1.0 |], (Parameters.load path (vector [ 0.0 ])).ToFloats()))

[<Fact>]
let ``a missing file and a failing write are told, and leave what was there`` () =
    inFolder (fun folder ->
        let path = Path.Combine(folder, "x.safetensors")
        refuses "cannot be read" (fun () -> Safetensors.read path)
        Safetensors.write path all
        let twice = [| all[0]; all[0] |]
        fails "PPL5008" (fun () -> Safetensors.write path twice)
        same all (Safetensors.read path)
        Assert.Equal<string>([| path |], Directory.GetFiles folder)
        refuses "cannot be read" (fun () -> Npz.write (Path.Combine(folder, "no", "x.npz")) all))

// ---- files made by hand after the documentation

let private safetensors (header: string) (data: byte[]) =
    let text = Encoding.UTF8.GetBytes header
    Array.concat [ BitConverter.GetBytes(uint64 text.Length); text; data ]

let private npy version (header: string) (data: byte[]) =
    let text = Encoding.UTF8.GetBytes header

    let length =
        if version = 1uy then
            BitConverter.GetBytes(uint16 text.Length)
        else
            BitConverter.GetBytes(uint32 text.Length)

    Array.concat [ [| 0x93uy |]; "NUMPY"B; [| version; 0uy |]; length; text; data ]

let private doubles (xs: float list) = xs |> List.map BitConverter.GetBytes |> Array.concat

[<Fact>]
let ``a file as NumPy writes it is read`` () =
    // np.save of np.array([[1., 2., 3.], [4., 5., 6.]]), 118 characters of header.
    let c = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }".PadRight 117 + "\n"
    let x = readNpy (npy 1uy c (doubles [ 1.0; 2.0; 3.0; 4.0; 5.0; 6.0 ]))
    Assert.Equal(shape [ 2; 3 ], x.Shape)
    Assert.Equal<float>([| 1.0; 2.0; 3.0; 4.0; 5.0; 6.0 |], x.ToFloats())
    Assert.Equal<byte>(npy 1uy c (doubles [ 1.0; 2.0; 3.0; 4.0; 5.0; 6.0 ]), bytesOf (Npy.writeStream x))

    // The same with np.asfortranarray, version 2, other quotes and spacing.
    let f = "{\"descr\":\"<f8\",\"fortran_order\":True,\"shape\":(2,3)}"
    Assert.Equal<float>(x.ToFloats(), (readNpy (npy 2uy f (doubles [ 1.0; 4.0; 2.0; 5.0; 3.0; 6.0 ]))).ToFloats())
    // A scalar, a vector.
    let zero = "{'descr': '<i4', 'fortran_order': False, 'shape': (), }\n"
    Assert.Equal<int>([| 7 |], Literal.ints (readNpy (npy 1uy zero (BitConverter.GetBytes 7))).Value)
    let one = "{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }\n"
    Assert.Equal<bool>([| true; false |], Literal.bools (readNpy (npy 1uy one [| 1uy; 0uy |])).Value)

[<Fact>]
let ``a file as the safetensors library writes it is read`` () =
    let header =
        """{"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},"a":{"dtype":"F64","shape":[],"data_offsets":[0,8]}}   """

    let data = Array.concat [ doubles [ 3.5 ]; BitConverter.GetBytes 1.0f; BitConverter.GetBytes -2.0f ]
    let found = readSafetensors (safetensors header data)
    same [ "a", Ops.scalar 3.5; "b", literal [ 2 ] (Storage.F32 [| 1.0f; -2.0f |]) ] found

// ---- hostile files

let private one name dtype extents start stop =
    $"\"{name}\":{{\"dtype\":\"{dtype}\",\"shape\":{extents},\"data_offsets\":[{start},{stop}]}}"

[<Fact>]
let ``hostile safetensors are refused`` () =
    let eight = Array.zeroCreate<byte> 8

    let refuse (words: string) (header: string) (data: byte[]) =
        refuses words (fun () -> readSafetensors (safetensors header data))

    let two a b = "{" + a + "," + b + "}"
    refuse "overlaps" (two (one "a" "F32" "[2]" 0 8) (one "b" "F32" "[1]" 4 8)) eight
    refuse "hole" (two (one "a" "F32" "[1]" 0 4) (one "b" "F64" "[1]" 8 16)) (Array.zeroCreate 16)
    refuse "the file has 8" ("{" + one "a" "F32" "[1]" 0 4 + "}") eight
    refuse "the file has 8" ("{" + one "a" "F64" "[2]" 0 16 + "}") eight
    refuse "8 bytes for f64[2]" ("{" + one "a" "F64" "[2]" 0 8 + "}") eight
    refuse "occurs twice" (two (one "a" "F32" "[1]" 0 4) (one "a" "F32" "[1]" 4 8)) eight
    refuse "2^31" ("{" + one "a" "F64" "[2147483647,2147483647,2147483647]" 0 8 + "}") eight
    refuse "an extent of" ("{" + one "a" "F64" "[4294967297]" 0 8 + "}") eight
    refuse "whole number" ("{" + one "a" "F64" "[-1]" 0 8 + "}") eight
    refuse "whole number" ("{" + one "a" "F64" "[1.5]" 0 8 + "}") eight
    refuse "start and an end" ("{" + one "a" "F64" "[1]" 8 0 + "}") eight
    refuse "element type F16" ("{" + one "a" "F16" "[4]" 0 8 + "}") eight
    refuse "neither 0 nor 1" ("{" + one "a" "BOOL" "[1]" 0 1 + "}") [| 2uy |]
    refuse "nothing else" """{"a":{"dtype":"F64"}}""" eight
    refuse "missing" """{"a":{"dtype":"F64","shape":[1],"offsets":[0,8]}}""" eight
    refuse "begin with" "[]" eight
    refuse "cannot be read" ("{\"a\":" + String('[', 100) + String(']', 100) + "}") eight
    refuse "cannot be read" "{\"a\":" eight
    refuses "too few" (fun () -> readSafetensors [| 1uy |])
    refuses "HeaderBytes" (fun () -> readSafetensors (BitConverter.GetBytes UInt64.MaxValue))
    refuses "only 0 are left" (fun () -> readSafetensors (BitConverter.GetBytes 100UL))
    let few = FileLimits(Tensors = 3)
    let many () = Safetensors.readStream few "file" (new MemoryStream(bytesOf (Safetensors.writeStream all)))
    refuses "more than 3" many

[<Fact>]
let ``hostile npy files are refused`` () =
    let header descr order extents = $"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {extents}, }}\n"
    let refuse (words: string) (text: string) = refuses words (fun () -> readNpy (npy 1uy text (Array.zeroCreate 8)))
    refuse "programs" (header "'|O'" "False" "(1,)")
    refuse "element type '>f8'" (header "'>f8'" "False" "(1,)")
    refuse "8 bytes for f64[2]" (header "'<f8'" "False" "(2,)")
    refuse "an extent of" (header "'<f8'" "False" "(9999999999,)")
    refuse "whole number" (header "'<f8'" "False" "(-1,)")
    refuse "whole number" (header "'<f8'" "False" "(99999999999999999999999,)")
    refuse "64 axes" (header "'<f8'" "False" ("(" + String.replicate 65 "1," + ")"))
    refuse "True or False" (header "'<f8'" "__import__('os')" "(1,)")
    refuse "are needed" "{'descr': '<f8'}"
    refuse "unknown or occurs twice" "{'descr': '<f8', 'descr': '<f8'}"
    refuse "follows" (header "'<f8'" "False" "(1,)" + "+ 1")
    refuse "does not end" "{'descr"
    refuses "npy files do" (fun () -> readNpy [| 1uy; 2uy |])
    refuses "version 9" (fun () -> readNpy (npy 9uy "" [||]))
    refuses "only" (fun () -> readNpy (Array.concat [ [| 0x93uy |]; "NUMPY"B; [| 1uy; 0uy; 255uy; 255uy |] ]))

let private zip (entries: (string * byte[]) list) =
    bytesOf (fun stream ->
        use archive = new ZipArchive(stream, ZipArchiveMode.Create, true)

        for name, bytes in entries do
            use target = (archive.CreateEntry(name, CompressionLevel.SmallestSize)).Open()
            target.Write(bytes, 0, bytes.Length))

[<Fact>]
let ``hostile archives are refused`` () =
    let x = bytesOf (Npy.writeStream (vector [ 1.0 ]))
    refuses "occurs twice" (fun () -> readNpz (zip [ "a.npy", x; "a.npy", x ]))
    refuses "no npy file" (fun () -> readNpz (zip [ "../../evil.sh", x ]))

    refuses "programs" (fun () ->
        readNpz (zip [ "a.npy", npy 1uy "{'descr': '|O', 'fortran_order': False, 'shape': (), }" [||] ]))

    refuses "cannot be read" (fun () -> readNpz [| 1uy; 2uy; 3uy |])
    // A bomb: what the directory says is kept to, however much would come.
    let zeros = bytesOf (Npy.writeStream (Ops.zeros (TensorType.create DType.F64 (shape [ 1000000 ]))))
    let small = FileLimits(TotalBytes = 1_000_000L)
    let bomb = zip [ "a.npy", zeros ]
    Assert.True(bomb.Length < 20_000)
    refuses "TotalBytes" (fun () -> Npz.readStream small "file" (new MemoryStream(bomb)))

    // The size in the central directory raised beyond what deflate can do.
    let at = bomb.AsSpan().LastIndexOf("PK\001\002"B)
    let lying = Array.copy bomb
    BitConverter.GetBytes(0x7FFFFFF0).CopyTo(lying, at + 24)
    refuses "should inflate to" (fun () -> readNpz lying)

/// Bytes changed, inserted, removed, swapped or cut; numbers set to their extremes.
let private mutate (rng: Random) (bytes: byte[]) : byte[] =
    let at = rng.Next bytes.Length

    match rng.Next 7 with
    | 0 -> Array.updateAt at (byte (rng.Next 256)) bytes
    | 1 -> Array.updateAt at (bytes[at] ^^^ (1uy <<< rng.Next 8)) bytes
    | 2 -> Array.insertAt at (byte (rng.Next 256)) bytes
    | 3 -> Array.removeAt at bytes
    | 4 -> Array.truncate at bytes
    | 5 ->
        bytes
        |> Array.mapi (fun i b -> if i >= at && i < at + 4 then (if i % 2 = 0 then 0xFFuy else 0x7Fuy) else b)
    | _ ->
        bytes
        |> Array.map (fun b -> if Char.IsAsciiDigit(char b) && rng.Next 10 = 0 then byte (48 + rng.Next 10) else b)

/// Reads 4,000 mutants of a file; what comes back unharmed or with PplException is right, all else is not.
let private fuzz seed (bytes: byte[]) (read: byte[] -> unit) =
    let rng = Random(seed: int)
    // The format's own buffers and messages, and what an archive of this size may inflate to.
    let bound = 2_000_000L + 1032L * int64 bytes.Length
    let mutable refused = 0

    for _ in 1..4000 do
        let mutant = Seq.fold (fun b _ -> if Array.isEmpty b then b else mutate rng b) bytes [ 0 .. rng.Next 3 ]
        let before = GC.GetAllocatedBytesForCurrentThread()

        try
            read mutant
        with :? PplException as error ->
            Assert.Equal("PPL3006", error.Id)
            refused <- refused + 1

        let used = GC.GetAllocatedBytesForCurrentThread() - before
        Assert.True(used < bound, $"{used} bytes allocated for a file of {mutant.Length}")

    // The mutations do harm: a reader that accepts everything would be found.
    Assert.True(refused > 1000, $"only {refused} were refused")

[<Fact>]
let ``random mutants of valid files do no harm`` () =
    let few = all |> Array.take 6
    fuzz 1 (bytesOf (Safetensors.writeStream few)) (readSafetensors >> ignore)
    fuzz 2 (bytesOf (Npz.writeStream few)) (readNpz >> ignore)
    fuzz 3 (bytesOf (Npy.writeStream (snd all[0]))) (readNpy >> ignore)
    fuzz 4 (zip [ "a.npy", bytesOf (Npy.writeStream (snd all[0])) ]) (readNpz >> ignore)

[<Fact>]
let ``any flipped bit of an archive's elements is found`` () =
    let bytes = bytesOf (Npz.writeStream [| "x", tensor [ 4 ] [ 1.0; 2.0; 3.0; 4.0 ] |])
    let start = bytes.AsSpan().IndexOf("NUMPY"B) + 127

    for bit in 0..255 do
        let damaged = Array.updateAt (start + bit / 8) (bytes[start + bit / 8] ^^^ (1uy <<< (bit % 8))) bytes
        refuses "checksum" (fun () -> readNpz damaged)
