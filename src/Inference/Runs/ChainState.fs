// Everything that the rest of a chain depends on, besides the sampler: a chain continued from a saved state draws the same
// bits as one that was never stopped. Randomness needs no state: it is a function of seed, chain and transition.
// Relies on Adaptation. Read Worker next.
namespace Ppl.Inference.Runs

open System
open System.IO
open System.Security.Cryptography
open System.Text
open Ppl.Inference
open Ppl.Inference.Adaptation

/// A chain between two transitions.
[<NoComparison; NoEquality>]
type ChainState =
    {
        /// The chain's number.
        Chain: int
        /// Transitions done.
        Transition: int
        /// Position, log density, gradient.
        Kernel: float[][]
        /// Step size and metric.
        Adaptation: AdaptationState
    }

/// The binary form of chain states.
[<RequireQualifiedAccess>]
module ChainState =

    /// The version of the binary form; readers refuse others.
    let version = 1

    let private magic = "PplChain"

    /// Longer arrays are not believed: the least that protects a reader from a forged length.
    let private maximalLength = 1 <<< 27

    let private writeFloats (writer: BinaryWriter) (xs: float[]) =
        writer.Write xs.Length
        xs |> Array.iter writer.Write

    let private writeMoments (writer: BinaryWriter) (m: RunningMoments) =
        writer.Write m.Count
        writeFloats writer m.Mean
        writeFloats writer m.Spread

    let private writeAdaptation (writer: BinaryWriter) (a: AdaptationState) =
        let s = a.Steps
        [| s.Centre; s.LogStep; s.LogStepMean; s.Error; a.LogStepSize |] |> Array.iter writer.Write
        writer.Write s.Count
        writeFloats writer a.Factor
        writeMoments writer a.Draws
        writeMoments writer a.Gradients

    /// The bytes of a state: magic, version, fields, and the SHA-256 of all that.
    let toBytes (state: ChainState) : byte[] =
        use stream = new MemoryStream()
        use writer = new BinaryWriter(stream)
        writer.Write magic
        writer.Write version
        writer.Write state.Chain
        writer.Write state.Transition
        writer.Write state.Kernel.Length
        state.Kernel |> Array.iter (writeFloats writer)
        writeAdaptation writer state.Adaptation
        writer.Flush()
        let body = stream.ToArray()
        Array.append body (SHA256.HashData body)

    let private readFloats (reader: BinaryReader) : float[] =
        let length = reader.ReadInt32()

        if length < 0 || length > maximalLength then
            InferenceErrors.corrupted $"an array of length {length}"

        Array.init length (fun _ -> reader.ReadDouble())

    let private readMoments (reader: BinaryReader) : RunningMoments =
        let count = reader.ReadInt32()
        let mean = readFloats reader
        { Count = count; Mean = mean; Spread = readFloats reader }

    let private readAdaptation (reader: BinaryReader) : AdaptationState =
        let numbers = Array.init 5 (fun _ -> reader.ReadDouble())
        let count = reader.ReadInt32()
        let factor = readFloats reader
        let draws = readMoments reader

        {
            Steps =
                {
                    Centre = numbers[0]
                    LogStep = numbers[1]
                    LogStepMean = numbers[2]
                    Error = numbers[3]
                    Count = count
                }
            LogStepSize = numbers[4]
            Factor = factor
            Draws = draws
            Gradients = readMoments reader
        }

    let private readBody (reader: BinaryReader) : ChainState =
        if reader.ReadString() <> magic then
            InferenceErrors.corrupted "the first bytes are not those of a chain"

        let found = reader.ReadInt32()

        if found <> version then
            InferenceErrors.corrupted $"it is of version {found}; this library reads version {version}"

        let chain = reader.ReadInt32()
        let transition = reader.ReadInt32()
        let kernel = Array.init (reader.ReadInt32()) (fun _ -> readFloats reader)
        { Chain = chain; Transition = transition; Kernel = kernel; Adaptation = readAdaptation reader }

    /// The state that was written as these bytes. PPL3004 if they are not such bytes, bit for bit.
    let ofBytes (bytes: byte[]) : ChainState =
        let length = bytes.Length - SHA256.HashSizeInBytes

        if length <= 0 then
            InferenceErrors.corrupted $"{bytes.Length} bytes are too few"

        let body = bytes[.. length - 1]

        if not (SHA256.HashData(body).AsSpan().SequenceEqual(ReadOnlySpan bytes[length..])) then
            InferenceErrors.corrupted "the checksum is wrong"

        use reader = new BinaryReader(new MemoryStream(body), Encoding.UTF8)
        readBody reader
