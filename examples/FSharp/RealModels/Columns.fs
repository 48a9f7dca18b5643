// Columns of data sets as tensors.
// Relies on Data. Read EightSchools next.
namespace Ppl.Examples

open Ppl.Core.Tensors

/// Columns of data sets as tensors.
[<AutoOpen>]
module internal Columns =

    /// A column of reals.
    let column (data: DataSet) name = Tensor.OfFloats(data.Vector name)

    /// Columns side by side: f64[n, k].
    let design (columns: float[] list) =
        let columns = List.toArray columns
        Tensor.OfMatrix(Array2D.init columns[0].Length columns.Length (fun i j -> columns[j][i]))

    /// The products of two columns' elements.
    let interaction (xs: float[]) (ys: float[]) = Array.map2 (*) xs ys

    /// A column less its mean, divided by a scale.
    let centred scale (xs: float[]) =
        let mean = Array.average xs
        xs |> Array.map (fun x -> (x - mean) / scale)

    /// A column of ones.
    let ones (xs: float[]) = xs |> Array.map (fun _ -> 1.0)
