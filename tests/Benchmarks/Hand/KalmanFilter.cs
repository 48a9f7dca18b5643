// The Kalman filter of StateSpace and its derivative by hand: a forward pass that stores the predicted moments, and a
// reverse sweep over them. Products are arranged so that the factor taken element by element lies in memory and is
// mostly known before the step (F and F'); symmetry of the variances and of their adjoints makes that possible.
using System;
using System.Runtime.Intrinsics;

namespace Ppl.Benchmarks.Hand;

internal static unsafe class KalmanFilter
{
    private const int T = StateSpace.T;
    private const int Moments = 20;
    private const double Constant = -T * V.HalfLogTwoPi;
    private static readonly double* Y = Memory.Column(StateSpace.Y);
    private static readonly double* H = Memory.Column(StateSpace.H);
    private static readonly double* F = Memory.Buffer(16), FTransposed = Memory.Buffer(16), Q = Memory.Buffer(16);

    // Per step: the mean and the variance of the state before its observation, and of the observation.
    private static readonly double* Predicted = Memory.Buffer(T * Moments);
    private static readonly double* Innovations = Memory.Buffer(T), Variances = Memory.Buffer(T), Inverses = Memory.Buffer(T);
    private static readonly double* U = Memory.Buffer(4), W = Memory.Buffer(16);

    /// <summary>(log q, log R, logit phi, logit rho), gradient -> log likelihood.</summary>
    public static delegate*<double*, double*, double> Function => &Evaluate;

    private static double Evaluate(double* parameters, double* g)
    {
        double q = Math.Exp(parameters[0]), r = Math.Exp(parameters[1]);
        double phi = 1.0 / (1.0 + Math.Exp(-parameters[2])), rho = 1.0 / (1.0 + Math.Exp(-parameters[3]));
        for (int i = 0; i < 16; i++)
        {
            int row = i / 4, column = i % 4;
            F[i] = StateSpace.F0[row, column] + (phi * StateSpace.F1[row, column]) + (rho * StateSpace.F2[row, column]);
            FTransposed[(4 * column) + row] = F[i];
            Q[i] = q * StateSpace.D[row, column];
        }

        Forward(r);
        double value = LogLikelihood();
        g[1] = r * Reverse(out Matrix4 fAdjoint, out Matrix4 qAdjoint);
        g[0] = q * Inner(qAdjoint, StateSpace.D);
        g[2] = phi * (1.0 - phi) * Inner(fAdjoint, StateSpace.F1);
        g[3] = rho * (1.0 - rho) * Inner(fAdjoint, StateSpace.F2);
        return value;
    }

    // c = P h, s = h'c + R, k = c/s, m <- F (m + k v), P <- F (P - c k') F' + Q.
    private static void Forward(double r)
    {
        double* f = F, h = H, y = Y, u = U, now = Predicted;
        Matrix4 noise = Matrix4.Load(Q), columns = Matrix4.Load(FTransposed);
        Vector256<double> hV = Vector256.Load(h), mean = default;
        for (int i = 0; i < 4; i++)
        {
            now[4 + (5 * i)] = StateSpace.InitialVariance;
        }

        Matrix4 variance = Matrix4.Load(now + 4);
        for (int t = 0; t < T; t++, now += Moments)
        {
            mean.Store(now);
            variance.Store(now + 4);
            Vector256<double> c = Matrix4.TransposedTimes(variance, h);
            double s = Vector256.Sum(hV * c) + r;
            double v = y[t] - Vector256.Sum(hV * mean);
            double inverse = 1.0 / s;
            Innovations[t] = v;
            Variances[t] = s;
            Inverses[t] = inverse;

            (c * -inverse).Store(u);
            Matrix4 filtered = Matrix4.AddOuter(variance, u, c);
            Matrix4 half = Matrix4.MultiplyAdd(f, filtered, default);
            variance = Matrix4.MultiplyAdd(f, Matrix4.Transpose(half), noise);
            (mean + (c * (inverse * v))).Store(u);
            mean = Matrix4.TransposedTimes(columns, u);
        }
    }

    // -1/2 sum (log s + v^2 / s): T is a multiple of 8.
    private static double LogLikelihood()
    {
        Vector512<double> mantissa = Vector512<double>.One, exponent = default, quadratic = default;
        for (int t = 0; t < T; t += 8)
        {
            Vector512<double> v = Vector512.LoadAligned(Innovations + t);
            FastMath.Multiply(Vector512.LoadAligned(Variances + t), ref mantissa, ref exponent);
            quadratic = V.Fma(v, v * Vector512.LoadAligned(Inverses + t), quadratic);
        }

        Vector512<double> logs = V.Fma(exponent, V.All(Math.Log(2.0)), FastMath.Log(mantissa));
        return (-0.5 * Vector512.Sum(logs + quadratic)) + Constant;
    }

    // With adjoints a of the mean and B of the variance that a step gives, and W = B F, S = F' W:
    // adjoint of F: a m' + 2 W P (filtered m, P); of Q: B; of the filtered mean: b = F'a; of the filtered variance: S.
    // Then, with e = v/s, x = S k and z = b'k: of c: e b - 2 x + s_ h; of s: s_ = k'x - z e + (e^2 - 1/s)/2;
    // of the predicted mean: b - (z - e) h; of the predicted variance: S + (c_ h' + h c_')/2.
    private static double Reverse(out Matrix4 fAdjoint, out Matrix4 qAdjoint)
    {
        double* fTransposed = FTransposed, h = H, u = U, w = W;
        Matrix4 rows = Matrix4.Load(F), products = default, noise = default, b = default, outer = default;
        Vector256<double> hV = Vector256.Load(h), a = default;
        double rAdjoint = 0.0;
        for (int t = T - 1; t >= 0; t--)
        {
            double* now = Predicted + (t * Moments);
            Matrix4 variance = Matrix4.Load(now + 4);
            double v = Innovations[t], inverse = Inverses[t], e = v * inverse;
            Vector256<double> c = Matrix4.TransposedTimes(variance, h), k = c * inverse;
            (-k).Store(u);
            Matrix4 filtered = Matrix4.AddOuter(variance, u, c);

            a.Store(u);
            outer = Matrix4.AddOuter(outer, u, Vector256.Load(now) + (k * v));
            noise = Sum(noise, b);
            Vector256<double> mean = Matrix4.TransposedTimes(rows, u);
            Matrix4 wRows = Matrix4.Transpose(Matrix4.MultiplyAdd(fTransposed, b, default));
            wRows.Store(w);
            products = Matrix4.MultiplyAdd(w, filtered, products);
            b = Matrix4.MultiplyAdd(fTransposed, wRows, default);

            k.Store(u);
            Vector256<double> x = Matrix4.TransposedTimes(b, u);
            double z = Vector256.Sum(mean * k);
            double s = Vector256.Sum(x * k) - (z * e) + (0.5 * ((e * e) - inverse));
            rAdjoint += s;
            Vector256<double> half = 0.5 * ((e * mean) - (2.0 * x) + (s * hV));
            half.Store(u);
            b = Matrix4.AddOuter(Matrix4.AddOuter(b, u, hV), h, half);
            a = mean - ((z - e) * hV);
        }

        fAdjoint = Sum(outer, Sum(products, products));
        qAdjoint = noise;
        return rAdjoint;
    }

    private static Matrix4 Sum(Matrix4 a, Matrix4 b) =>
        new() { R0 = a.R0 + b.R0, R1 = a.R1 + b.R1, R2 = a.R2 + b.R2, R3 = a.R3 + b.R3 };

    private static double Inner(Matrix4 a, double[,] b)
    {
        double* elements = stackalloc double[16];
        a.Store(elements);
        double sum = 0.0;
        for (int i = 0; i < 16; i++)
        {
            sum += elements[i] * b[i / 4, i % 4];
        }

        return sum;
    }
}
