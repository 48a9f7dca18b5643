"""Derives every polynomial of src/Kernels.CSharp/Math/Minimax.cs from its definition.

Near-minimax by interpolation in Chebyshev nodes at 60 digits (polynomials: values; rationals: linearised N - f D = 0),
coefficients rounded to binary64. Prints the approximation error of the rounded coefficients, in units of 2^-53.
Usage: python3 fit_polynomials.py > ../../../src/Kernels.CSharp/Math/Minimax.cs     (needs mpmath)
"""
import sys
from mpmath import mp, mpf, cos, pi, matrix, lu_solve, exp, log, erf, erfc, gamma, loggamma, digamma, psi, sqrt, sin, \
    atanh, euler, erfinv, findroot, npdf, ncdf, inf

mp.dps = 60


def nodes(a, b, n):
    return [(a + b) / 2 + (b - a) / 2 * cos(pi * (2 * i + 1) / (2 * n)) for i in range(n)]


def polynomial(f, a, b, degree):
    xs = nodes(mpf(a), mpf(b), degree + 1)
    rows = matrix([[x ** j for j in range(degree + 1)] for x in xs])
    return [float(c) for c in lu_solve(rows, matrix([f(x) for x in xs]))]


def rational(f, a, b, top, bottom):
    """Coefficients of N and D with D(0) = 1."""
    xs = nodes(mpf(a), mpf(b), top + bottom + 1)
    fs = [f(x) for x in xs]
    rows = matrix([[x ** j for j in range(top + 1)] + [-y * x ** j for j in range(1, bottom + 1)] for x, y in zip(xs, fs)])
    c = [float(v) for v in lu_solve(rows, matrix(fs))]
    return c[:top + 1], [1.0] + c[top + 1:]


def value(c, x):
    return sum(mpf(v) * x ** j for j, v in enumerate(c))


def worst(f, approx, whole, a, b):
    """Largest error of `approx` for f in units of 2^-53 of the finished function value `whole(x)`."""
    a, b = mpf(a), mpf(b)
    xs = [a + (b - a) * (i + mpf(1) / 3) / 400 for i in range(400)]
    return float(max(abs((approx(x) - f(x)) / whole(x)) for x in xs if whole(x) != 0) * 2 ** 53)


def wrapped(arguments):
    """A fused multiply-add, one argument a line if it is long."""
    line = f"Vector512.FusedMultiplyAdd({', '.join(arguments)})"
    return line if len(line) < 90 else line.split("(")[0] + "(" + ",".join(f"\n            {a}" for a in arguments) + ")"


class Writer:
    def __init__(self):
        self.out = []

    def estrin(self, name, columns, peel=False):
        """One method: Estrin evaluation; two columns of coefficients are blended by `first`.

        `peel` adds the constant term last, by Horner: one rounding at its magnitude instead of one per level.
        """
        columns = [c + [0.0] * (max(map(len, columns)) - len(c)) for c in columns]
        n = len(columns[0])
        lit = lambda v: f"Vector512.Create({v!r})"
        atom = [lit(r[0]) if len(r) == 1 or r[0] == r[-1] and len(set(r)) == 1 else
                f"Vector512.ConditionalSelect(first, {lit(r[0])}, {lit(r[1])})" for r in zip(*columns)]
        args = "Vector512<double> first, Vector512<double> x" if len(columns) == 2 else "Vector512<double> x"
        body = []
        level, power, width = atom[1:] if peel else atom, "x", 1
        while len(level) > 1:
            pairs, nxt = [], []
            for i in range(0, len(level) - 1, 2):
                nxt.append(((level[i + 1], power, level[i]), i // 2))
            rest = [level[-1]] if len(level) % 2 else []
            names = []
            for e, i in nxt:
                v = f"p{width}_{i}"
                body.append(f"        var {v} = {wrapped(e)};")
                names.append(v)
            level = names + rest
            width *= 2
            if len(level) > 1:
                body.append(f"        var x{width} = {power} * {power};")
                power = f"x{width}"
        self.out.append("    [MethodImpl(MethodImplOptions.AggressiveInlining)]")
        self.out.append(f"    internal static Vector512<double> {name}({args})")
        self.out.append("    {")
        result = wrapped((level[0], "x", atom[0])) if peel else level[0]
        self.out += body + [f"        return {result};", "    }", ""]

    def comment(self, text):
        print(text, file=sys.stderr)
        self.out.append(f"    // {text}")


w = Writer()


def poly(name, what, f, a, b, degree, scale=None, whole=None, peel=False):
    """scale(x): how the polynomial enters the finished value `whole(x)`; default: relative error of f itself."""
    c = polynomial(f, a, b, degree)
    scale, whole = scale or (lambda x: 1), whole or f
    e = worst(lambda x: f(x) * scale(x), lambda x: value(c, x) * scale(x), whole, a, b)
    w.comment(f"{what}; x in [{float(a):.6g}, {float(b):.6g}], degree {degree}, error {e:.2g} * 2^-53.")
    w.estrin(name, [c], peel)


def ratio(name, pieces, top, bottom):
    """pieces: (what, f, a, b, scale, whole), one or two of them (blended by a mask `first`)."""
    tops, bottoms = [], []
    for what, f, a, b, scale, whole in pieces:
        n, d = rational(f, a, b, top, bottom)
        e = worst(lambda x: f(x) * scale(x), lambda x: value(n, x) / value(d, x) * scale(x), whole, a, b)
        if min(value(d, x) for x in nodes(mpf(a), mpf(b), 200)) <= 0:
            raise SystemExit(f"{name}: the denominator vanishes")
        tops.append(n)
        bottoms.append(d)
        w.comment(f"{what}; x in [{float(a):.6g}, {float(b):.6g}], degree {top}/{bottom}, error {e:.2g} * 2^-53.")
    w.estrin(name + "Top", tops)
    w.estrin(name + "Bottom", bottoms)


one = lambda x: mpf(1)
tiny = mpf(10) ** -25          # stands for 0 where a definition has a removable singularity
half_ln2 = log(mpf(2)) / 2 * mpf("1.0001")

poly("ExpTail", "(e^x - 1 - x) / x^2", lambda x: (mp.expm1(x) - x) / x ** 2 if x else mpf(1) / 2,
     -half_ln2, half_ln2, 9, lambda x: x ** 2, lambda x: exp(x))

root = lambda f: (lambda z: f(sqrt(z)))
poly("LogTail", "(log((1+s)/(1-s)) - 2s) / s^3 with x = s^2", root(lambda s: (2 * atanh(s) - 2 * s) / s ** 3),
     tiny, mpf("0.02945"), 6, lambda z: z ** mpf(1.5), lambda z: 2 * atanh(sqrt(z)))
poly("PowTail", "(log((1+s)/(1-s)) - 2s - 2s^3/3) / s^5 with x = s^2",
     root(lambda s: (2 * atanh(s) - 2 * s - 2 * s ** 3 / 3) / s ** 5),
     tiny, mpf("0.02945"), 7, lambda z: z ** mpf(2.5), lambda z: 2 * atanh(sqrt(z)))
quarter = (pi / 4 * mpf("1.0001")) ** 2
poly("SinTail", "(sin r - r) / r^3 with x = r^2", root(lambda r: (sin(r) - r) / r ** 3),
     tiny, quarter, 6, lambda z: z ** mpf(1.5), lambda z: sin(sqrt(z)))
poly("CosTail", "(cos r - 1 + r^2/2) / r^4 with x = r^2", root(lambda r: (cos(r) - 1 + r ** 2 / 2) / r ** 4),
     tiny, quarter, 6, lambda z: z ** 2, lambda z: cos(sqrt(z)))

poly("ErfTail", "erf(s)/s - 1 with x = s^2", root(lambda s: erf(s) / s - 1), tiny, mpf("0.4901"), 11,
     one, root(lambda s: erf(s) / s))
A = mpf(4)


def erfcx(z):
    return exp(z * z) * erfc(z) if z < 40 else sum((-1) ** k * mp.fac2(2 * k - 1) / (2 * z * z) ** k for k in range(30)) / (z * sqrt(pi))


poly("Erfcx", "(1 + 2z) exp(z^2) erfc(z) with x = (z - 4)/(z + 4), z >= 0",
     lambda t: (1 + 2 * A * (1 + t) / (1 - t)) * erfcx(A * (1 + t) / (1 - t)), mpf(-1), mpf(1) - mpf(10) ** -12, 24, peel=True)
B = mpf(6)
poly("NormalTail", "(1 + 3x/2) exp(x^2/2) (1 - Phi(x)) with x = (x - 6)/(x + 6), x >= 0",
     lambda t: (1 + mpf(3) / 2 * B * (1 + t) / (1 - t)) * erfcx(B * (1 + t) / (1 - t) / sqrt(mpf(2))) / 2,
     mpf(-1), mpf(1) - mpf(10) ** -12, 25, peel=True)

lg = lambda x: loggamma(x).real
lg1 = (lambda u: (lg(1 + u) + euler * u) / u ** 2 if abs(u) > tiny else pi ** 2 / 12)
lg2 = (lambda v: (lg(2 + v) - (1 - euler) * v) / v ** 2 if abs(v) > tiny else (pi ** 2 / 6 - 1) / 2)
shifted = lambda f: (lambda x: f(x - mpf(1) / 2))
ratio("Lgamma", [
    ("first: (lgamma(1+u) + gamma u) / u^2 - 0.7 with x = u + 1/2", shifted(lambda u: lg1(u) - mpf(0.7)), mpf(0), mpf("0.92"), shifted(lambda u: u ** 2),
     shifted(lambda u: lg(1 + u))),
    ("otherwise: (lgamma(2+u) - (1-gamma) u) / u^2 - 0.36 with x = u + 1/2", shifted(lambda u: lg2(u) - mpf(0.36)), mpf("-0.08"), mpf("1.5"), shifted(lambda u: u ** 2),
     shifted(lambda u: lg(2 + u)))], 8, 8)
inverse = lambda f: (lambda q: f(1 / sqrt(q)))
poly("Stirling", "y (lgamma(y) - (y-1/2) log y + y - log(2 pi)/2) with x = 1/y^2, y >= 4",
     inverse(lambda y: y * (lg(y) - (y - mpf(1) / 2) * log(y) + y - log(2 * pi) / 2)), mpf(10) ** -8, mpf(1) / 16, 8,
     inverse(lambda y: 1 / y), inverse(lg))
x0 = findroot(digamma, 1.4616)
ratio("Digamma", [("digamma(1+x) / (1+x - root) - 1", lambda u: digamma(1 + u) / (1 + u - x0) - 1, mpf(0), mpf(2), one,
                   lambda u: digamma(1 + u) / (1 + u - x0))], 8, 8)
poly("DigammaTail", "y^2 (log y - 1/(2y) - digamma(y)) with x = 1/y^2, y >= 3",
     inverse(lambda y: y * y * (log(y) - 1 / (2 * y) - digamma(y))), mpf(10) ** -8, mpf(1) / 9, 11,
     lambda q: q, inverse(digamma))
tri = lambda x: psi(1, x)
ratio("Trigamma", [("trigamma(1+x) - 1/(1+x)", lambda u: tri(1 + u) - 1 / (1 + u), mpf(0), mpf(2), one, lambda u: tri(1 + u))], 8, 8)
poly("TrigammaTail", "y^3 (trigamma(y) - 1/y - 1/(2y^2)) with x = 1/y^2, y >= 3",
     inverse(lambda y: y ** 3 * (tri(y) - 1 / y - 1 / (2 * y * y))), mpf(10) ** -8, mpf(1) / 9, 12,
     lambda q: q ** mpf(1.5), inverse(tri))


def upper_quantile(log_p):
    """z > 0 with log(1 - Phi(z)) = log_p."""
    f = lambda z: log(erfc(z / sqrt(mpf(2))) / 2) - log_p
    z = sqrt(-2 * log_p) if log_p < -6 else sqrt(mpf(2)) * erfinv(1 - 2 * exp(log_p))
    for _ in range(60):
        tail = erfc(z / sqrt(mpf(2))) / 2
        step = f(z) / (-exp(-z * z / 2) / sqrt(2 * pi) / tail)
        z -= step
        if abs(step) < mpf(10) ** -50:
            break
    return z


centre = lambda q: sqrt(mpf(2)) * erfinv(2 * sqrt(q)) / sqrt(q)
edge = mpf("0.180625")  # 0.425^2
ratio("NdtriCentre", [("quantile(1/2 + q)/q - 5/2 with x = 0.180625 - q^2", lambda x: centre(edge - x) - mpf(5) / 2, mpf(0), edge - tiny,
                       one, lambda x: centre(edge - x))], 8, 8)
tail = lambda shift: (lambda t: upper_quantile(-(t + shift) ** 2))
excess = lambda shift, slope: (lambda t: tail(shift)(t) - slope * (t + shift))
ratio("NdtriTail", [
    ("first: (upper quantile of exp(-r^2)) - r with x = r - 1.6", excess(mpf("1.6"), 1), mpf("-0.01"), mpf("3.4"), one,
     tail(mpf("1.6"))),
    ("otherwise: the same - 1.4 r with x = r - 5", excess(mpf(5), mpf(1.4)), mpf(0), mpf("22.4"), one, tail(mpf(5)))],
      10, 9)

arc = mp.tan(pi / 8) ** 2 * mpf("1.0001")
poly("AtanTail", "(atan(s)/s - 1) / s^2 with x = s^2", root(lambda s: (mp.atan(s) / s - 1) / s ** 2), tiny, arc, 11,
     lambda z: z, root(lambda s: mp.atan(s) / s))
poly("AsinTail", "(asin(s)/s - 1) / s^2 with x = s^2", root(lambda s: (mp.asin(s) / s - 1) / s ** 2), tiny, mpf(1) / 4, 13,
     lambda z: z, root(lambda s: mp.asin(s) / s))


def scaled_bessel(order, x):
    """exp(-x) I_order(x); beyond 200 by its asymptotic series, which has more digits there than are needed."""
    if x <= 200:
        return mp.besseli(order, x) * exp(-x)
    term = total = mpf(1)
    for k in range(1, 60):
        term *= -(4 * order ** 2 - (2 * k - 1) ** 2) / (k * 8 * x)
        total += term
        if abs(term) < mpf(10) ** -55:
            break
    return total / sqrt(2 * pi * x)


bessel0 = lambda x: scaled_bessel(0, x)
bessel1 = lambda x: scaled_bessel(1, x) / x if x > tiny else mpf(1) / 2
ratio("BesselI0", [("exp(-x) I0(x)", bessel0, mpf(0), mpf(8), one, bessel0)], 12, 12)
ratio("BesselI1", [("exp(-x) I1(x) / x", bessel1, mpf(0), mpf(8), one, bessel1)], 12, 12)
large = lambda order: (lambda v: sqrt(16 / (v + 1)) * scaled_bessel(order, 16 / (v + 1)))
poly("BesselI0Large", "sqrt(y) exp(-y) I0(y) with x = 16/y - 1, y >= 8", large(0), mpf(10) ** -9 - 1, mpf(1), 23, peel=True)
poly("BesselI1Large", "sqrt(y) exp(-y) I1(y) with x = 16/y - 1, y >= 8", large(1), mpf(10) ** -9 - 1, mpf(1), 23, peel=True)
stirling = lambda y: lg(y) - (y - mpf(1) / 2) * log(y) + y - log(2 * pi) / 2
ratio("StirlingLow", [("lgamma(y) - (y-1/2) log y + y - log(2 pi)/2 with x = y - 1, 1 <= y <= 4", lambda x: stirling(1 + x), mpf(0), mpf(3),
                       one, lambda x: mpf(1))], 8, 8)

print("""// Generated by tests/Kernels.Tests/golden/fit_polynomials.py: do not edit.
// Near-minimax polynomials (Estrin's scheme, fused multiply-add); errors are of the rounded coefficients, as a fraction
// of the finished function value. 256- and 128-bit forms are derived from this text when the project is built.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

internal static partial class Minimax
{""")
print("\n".join(w.out).rstrip())
print("}")
