// `kalman`: nanoseconds per value-and-gradient of the log likelihood of a linear Gaussian state-space model (4 states, 1,000
// scalar observations), compiled from a scan, in one run with a filter and reverse sweep by hand. The filter is written in three
// ways, as people write it; the loops should not show which.
using System;
using Microsoft.FSharp.Core;
using Ppl.Benchmarks.Hand;
using Ppl.Core.Tensors;
using static Ppl.Tensors;

namespace Ppl.Benchmarks;

internal static unsafe class Kalman
{
    private const double Goal = 2.0;
    private const double Tolerance = 1e-9;

    /// <summary>One comparison for each way of writing; the arguments are not used.</summary>
    public static Table Run(string[] _)
    {
        var table = new Table("model", "steps", "nanoseconds", "handNanoseconds", "ratioToHand", "goal", "difference");
        var points = new Points(StateSpace.Dimension, StateSpace.TypicalPoint);
        foreach ((string name, StepOf step) in new (string, StepOf)[]
        {
            ("by rows", ByRows), ("textbook", Textbook), ("matrices alone", MatricesAlone),
        })
        {
            using var ours = CompiledGradient.Of(StateSpace.Dimension, x => LogLikelihood(x, step));
            double difference = Difference(ours, points);
            double[] times = Timing.Nanoseconds(
                [new CompiledContestant(ours, points), new PointerContestant(KalmanFilter.Function, points)]);
            table.Add(
                ("model", name),
                ("steps", StateSpace.T),
                ("nanoseconds", times[0]),
                ("handNanoseconds", times[1]),
                ("ratioToHand", times[0] / times[1]),
                ("goal", Goal),
                ("difference", difference));
        }

        return table;
    }

    // (predicted mean and variance), observation -> (the next), (innovation, its variance)
    private delegate Tuple<Tensor[], Tensor[]> StepOf(
        Tensor f, Tensor q, Tensor r, Tensor mean, Tensor variance, Tensor y);

    // h'P and F (P F'): sums over rows.
    private static Tuple<Tensor[], Tensor[]> ByRows(Tensor f, Tensor q, Tensor r, Tensor mean, Tensor variance, Tensor y)
    {
        Tensor h = Vector(StateSpace.H), c = Dot(h, variance), s = Dot(h, c) + r, v = y - Dot(h, mean), gain = c / s;
        Tensor filtered = variance - Reshape(c, 4, 1) * Reshape(gain, 1, 4);
        return new([Dot(f, mean + gain * v), Dot(f, Dot(filtered, Transpose(f, 1, 0))) + q], [v, s]);
    }

    // P h and (F P) F'.
    private static Tuple<Tensor[], Tensor[]> Textbook(
        Tensor f, Tensor q, Tensor r, Tensor mean, Tensor variance, Tensor y)
    {
        Tensor h = Vector(StateSpace.H), c = Dot(variance, h), s = Dot(h, c) + r, v = y - Dot(h, mean), gain = c / s;
        Tensor filtered = variance - Reshape(c, 4, 1) * Reshape(gain, 1, 4);
        return new([Dot(f, mean + gain * v), Dot(Dot(f, filtered), Transpose(f, 1, 0)) + q], [v, s]);
    }

    // K = P H' S^-1, (I - K H) P and (F P) F', with H a matrix of one row.
    private static Tuple<Tensor[], Tensor[]> MatricesAlone(
        Tensor f, Tensor q, Tensor r, Tensor mean, Tensor variance, Tensor y)
    {
        Tensor h = Reshape(Vector(StateSpace.H), 1, 4);
        Tensor c = Dot(variance, Transpose(h, 1, 0)), s = Dot(h, c) + Reshape(r, 1, 1);
        Tensor v = Reshape(y, 1, 1) - Dot(h, Reshape(mean, 4, 1)), gain = c * (1.0 / s);
        Tensor filtered = Dot(Identity - Dot(gain, h), variance);
        Tensor next = Dot(f, Reshape(mean, 4, 1) + Dot(gain, v));
        return new(
            [Reshape(next, 4), Dot(Dot(f, filtered), Transpose(f, 1, 0)) + q], [Reshape(v), Reshape(s)]);
    }

    private static Tensor Identity =>
        Matrix(new double[,] { { 1, 0, 0, 0 }, { 0, 1, 0, 0 }, { 0, 0, 1, 0 }, { 0, 0, 0, 1 } });

    // The log likelihood of log q, log R, logit phi, logit rho.
    private static Tensor LogLikelihood(Tensor x, StepOf stepOf)
    {
        Tensor f = Matrix(StateSpace.F0) + Sigmoid(x[2]) * Matrix(StateSpace.F1) + Sigmoid(x[3]) * Matrix(StateSpace.F2);
        Tensor q = Exp(x[0]) * Matrix(StateSpace.D), r = Exp(x[1]);

        var step = FuncConvert.FromFunc<Tensor[], FSharpFunc<Tensor[], Tuple<Tensor[], Tensor[]>>>(
            state => FuncConvert.FromFunc<Tensor[], Tuple<Tensor[], Tensor[]>>(now => stepOf(f, q, r, state[0], state[1], now[0])));
        Tensor[] initial = [Zeros(StateSpace.States), StateSpace.InitialVariance * Identity];
        Tensor[] innovations = Control.scan(step, initial, [Vector(StateSpace.Y)]).Item2;
        Tensor terms = Log(innovations[1]) + Square(innovations[0]) / innovations[1];
        return -0.5 * Sum(terms) - (StateSpace.T * V.HalfLogTwoPi);
    }

    // The largest difference of the values and gradients at the points, relative to the value and to the largest element
    // of each gradient; an exception if it is too large.
    private static double Difference(CompiledGradient ours, Points points)
    {
        double worst = 0.0;
        double* gradient = Memory.Buffer(StateSpace.Dimension);
        for (int i = 0; i < Points.Count; i++)
        {
            points[i].CopyTo(ours.Point);
            double value = ours.Evaluate();
            double byHand = KalmanFilter.Function(points.Address + (i * StateSpace.Dimension), gradient);
            double largest = 0.0, difference = 0.0;
            for (int k = 0; k < StateSpace.Dimension; k++)
            {
                largest = Math.Max(largest, Math.Abs(gradient[k]));
                difference = Math.Max(difference, Math.Abs(ours.Gradient[k] - gradient[k]));
            }

            worst = Math.Max(worst, Math.Max(Math.Abs((value - byHand) / byHand), difference / largest));
        }

        if (!(worst <= Tolerance))
        {
            throw new InvalidOperationException($"kalman: the contestants differ by {worst:0.0e+00}.");
        }

        return worst;
    }
}
