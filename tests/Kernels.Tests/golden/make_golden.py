"""Makes the golden tables: one file per function, one line per point: arguments, value, and value's error term.

Every number is the hexadecimal bit pattern of a binary64; the true value is high + low to about 106 bits. Points cover the
whole range: random in each regime, both sides of every switch, subnormal, tiny and huge arguments, poles and infinities.
Usage: python3 make_golden.py     (needs mpmath; takes a minute; writes <function>.csv beside itself)
"""
import math
import os
import random
import struct
from mpmath import mp, mpf, exp, expm1, log, log1p, tanh, erf, erfc, loggamma, psi, sin, cos, sqrt, pi, inf, nan, floor, isnan, isinf

HERE = os.path.dirname(os.path.abspath(__file__))
MIN_SUBNORMAL, MIN_NORMAL, MAX = 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308
INFINITY, NAN = float("inf"), float("nan")


def bits(x):
    return struct.pack(">d", x).hex()


def rounded(value):
    """float(value), correct also in the subnormal range (mpmath rounds to 53 bits first)."""
    if value == 0 or isinf(value) or isnan(value) or abs(value) >= MIN_NORMAL:
        return float(value)
    return math.ldexp(int(mp.nint(value * mpf(2) ** 1074)), -1074)


def split(value):
    if isinstance(value, float):
        return value, 0.0
    high = rounded(value)
    low = 0.0 if math.isinf(high) or math.isnan(high) else rounded(value - mpf(high))
    return high, low


def uniform(a, b, n):
    return [random.uniform(a, b) for _ in range(n)]


def geometric(a, b, n):
    return [math.exp(random.uniform(math.log(a), math.log(b))) for _ in range(n)]


def around(*points):
    """Each point and its neighbours."""
    return [y for x in points for y in (math.nextafter(x, -INFINITY), x, math.nextafter(x, INFINITY))]


def both(xs):
    return xs + [-x for x in xs]


EDGES = [0.0, -0.0, MIN_SUBNORMAL, -MIN_SUBNORMAL, 3e-310, -3e-310, MIN_NORMAL, -MIN_NORMAL, 1e-200, -1e-200, 1e-17, -1e-17,
         1e-8, -1e-8, 0.5, -0.5, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 1e5, -1e5, 1e17, -1e17, 1e155, -1e155, MAX, -MAX,
         INFINITY, -INFINITY, NAN]


def normal_cdf(x):
    return erfc(-x / sqrt(mpf(2))) / 2


def log_normal_cdf(x):
    if x > 40:
        return 0.0
    if x > 6:
        return log1p(-erfc(x / sqrt(mpf(2))) / 2)
    if x > -1e6:
        return log(erfc(-x / sqrt(mpf(2))) / 2)
    return -x * x / 2 - log(-x) - log(2 * pi) / 2 + log1p(-1 / (x * x))


def quantile(p):
    if p == 0.5:
        return mpf(0)
    lower = min(p, 1 - p)
    z = -sqrt(-2 * log(lower)) if lower < 0.1 else (lower - mpf(1) / 2) * sqrt(2 * pi)
    for _ in range(200):
        step = (log(normal_cdf(z)) - log(lower)) * normal_cdf(z) * sqrt(2 * pi) * exp(z * z / 2)
        z -= step
        if abs(step) < mpf(10) ** -45 * abs(z):
            return z if p < 0.5 else -z
    raise ArithmeticError(f"quantile {p}")


def trigonometric(f, x):
    if math.isinf(x):
        return NAN
    with mp.workprec(1300):
        return +f(mpf(x))


def lgamma(x):
    if math.isinf(x) or x <= 0 and x == math.floor(x):
        return INFINITY
    with mp.workprec(200 + (1100 if abs(x) < 1e-30 or abs(x) > 1e30 else 0)):
        return loggamma(mpf(x)).real


def polygamma(order, x):
    if math.isinf(x):
        return (INFINITY if order == 0 else 0.0) if x > 0 else None
    if x == 0 and order == 0:
        return math.copysign(INFINITY, -x)
    if x <= 0 and x == math.floor(x):
        return NAN if order == 0 else INFINITY
    if abs(x) < 1e-100:
        return psi(order, mpf(1)) + (-1 / mpf(x) if order == 0 else 1 / mpf(x) ** 2)
    if x > 1e30:
        return log(mpf(x)) - 1 / mpf(2 * x) if order == 0 else 1 / mpf(x) + 1 / (2 * mpf(x) ** 2)
    with mp.workprec(300):
        return psi(order, mpf(x))


def signed_zero(f):
    return lambda x: x if x == 0 else f(x)


def at_infinity(f, minus, plus, huge=1e300):
    """f with its limits; also beyond `huge`, where mpmath needs too long."""
    return lambda x: minus if x < -huge else plus if x > huge else f(mpf(x) if x != 0 else x)


random.seed(20260101)
CENTRE = both(geometric(1e-20, 0.1, 30) + uniform(0.1, 1, 40) + uniform(1, 5, 40))
TABLES = {
    "Exp": (at_infinity(exp, 0.0, INFINITY, 1e4), CENTRE + uniform(-700, 700, 100) + uniform(-746, -700, 40)
            + around(709.782712893384, -708.3964185322641, -745.1332191019411, -745.1332191019412, 0.34657359027997264)),
    "Expm1": (at_infinity(signed_zero(expm1), -1.0, INFINITY, 1e4), CENTRE + uniform(-40, 40, 80) + uniform(40, 709.7, 40)
              + around(709.782712893384, 0.34657359027997264, -0.34657359027997264, -36.7, -37.5)),
    "Log": (lambda x: NAN if x < 0 else INFINITY if math.isinf(x) else -INFINITY if x == 0 else log(mpf(x)),
            geometric(MIN_NORMAL, MAX, 120) + geometric(1e-320, MIN_NORMAL, 20) + uniform(0.5, 2, 120)
            + [1 + s * 2.0 ** -k for k in range(2, 52, 3) for s in (1, -1)] + around(math.sqrt(0.5), math.sqrt(2))),
    "Log1p": (lambda x: x if x == 0 else NAN if x < -1 else -INFINITY if x == -1 else INFINITY if math.isinf(x) else log1p(mpf(x)),
              [x for x in CENTRE if x > -1] + geometric(1, MAX, 60) + uniform(-1, 2, 120) + around(-1.0, -0.29289, 0.41421356)
              + [-1 + 2.0 ** -k for k in range(2, 53, 5)]),
    "Tanh": (at_infinity(signed_zero(tanh), -1.0, 1.0, 1e3), CENTRE + both(uniform(1, 24, 60)) + around(19.06, 0.17328679513998632)),
    "Sigmoid": (at_infinity(lambda x: 1 / (1 + exp(-x)), 0.0, 1.0, 1e5), CENTRE + uniform(-745, -30, 60) + uniform(-40, 40, 80)),
    "Softplus": (at_infinity(lambda x: log1p(exp(x)) if x < 200 else x, 0.0, None, 1e5),
                 CENTRE + uniform(-745, -30, 60) + uniform(-40, 40, 100) + around(-0.8813735870195429, 0.8813735870195429)),
    "Erf": (at_infinity(signed_zero(erf), -1.0, 1.0, 1e3), CENTRE + both(uniform(0, 6.5, 100)) + around(0.5, -0.5, 5.92, 6.0)),
    "Erfc": (at_infinity(erfc, 2.0, 0.0, 1e3), CENTRE + uniform(-6.5, 6, 60) + uniform(0.4, 26.5, 150) + uniform(26.5, 27.3, 15)
             + around(0.5, -0.5)),
    "Ndtr": (at_infinity(normal_cdf, 0.0, 1.0, 1e3), CENTRE + uniform(-37.5, 1, 150) + uniform(-38.5, -37.5, 15) + uniform(0, 9, 40)
             + around(0.7071067811865476, -0.7071067811865476)),
    "LogNdtr": (at_infinity(log_normal_cdf, -INFINITY, 0.0, 1e200), CENTRE + uniform(-40, 10, 120) + uniform(10, 38.5, 40)
                + [-x for x in geometric(40, 1e154, 30)]),
    "Ndtri": (lambda p: NAN if p < 0 or p > 1 else -INFINITY if p == 0 else INFINITY if p == 1 else quantile(mpf(p)),
              uniform(0, 1, 150) + geometric(1e-300, 0.1, 80) + geometric(1e-323, 1e-300, 10) + [1 - x for x in geometric(1e-16, 0.1, 30)]
              + [0.5 + s * 2.0 ** -k for k in range(2, 54, 3) for s in (1, -1)] + around(0.075, 0.925, 1.3887943864964021e-11)),
    "Lgamma": (lgamma, geometric(1e-30, 0.5, 40) + uniform(-0.5, 4.5, 200) + uniform(4, 100, 50) + geometric(100, 2.5e305, 40)
               + [c + s * 2.0 ** -k for c in (1, 2) for k in range(2, 52, 4) for s in (1, -1)] + around(0.5, 1.5, 3.0, 4.0)),
    "LgammaNegative": (lgamma, uniform(-20, -0.5, 100) + uniform(-170, -20, 30) + [-k - 1e-9 for k in range(1, 20)]),
    "Digamma": (lambda x: polygamma(0, x), geometric(1e-30, 1, 40) + uniform(0, 4, 150) + uniform(3, 100, 60) + geometric(100, 1e300, 40)
                + around(1.0, 3.0, 1.4616321449683623) + [1.4616321449683623 + s * 2.0 ** -k for k in range(3, 50, 3) for s in (1, -1)]),
    "DigammaNegative": (lambda x: polygamma(0, x), uniform(-20, 0, 100) + uniform(-170, -20, 30) + [-k - 1e-9 for k in range(1, 20)]),
    "Trigamma": (lambda x: polygamma(1, x), geometric(1e-30, 1, 40) + uniform(0, 4, 150) + uniform(3, 100, 60) + geometric(100, 1e300, 40)
                 + uniform(-30, 0, 60) + around(1.0, 3.0)),
    "Sin": (lambda x: x if x == 0 else trigonometric(sin, x), CENTRE + uniform(-100, 100, 80) + geometric(100, MAX, 80)
            + around(*[k * math.pi / 2 for k in (1, 2, 3, 4, 1000, 1000001)], 2.0 ** 30)
            + [6381956970095103 * 2.0 ** 797, 5319372648326541 * 2.0 ** -22]),
    "Cos": (lambda x: trigonometric(cos, x), CENTRE + uniform(-100, 100, 80) + geometric(100, MAX, 80)
            + around(*[k * math.pi / 2 for k in (1, 2, 3, 4, 1000, 1000001)], 2.0 ** 30)
            + [6381956970095103 * 2.0 ** 797, 5319372648326541 * 2.0 ** -22]),
}


def power(x, y):
    """C's pow."""
    if y == 0 or x == 1:
        return 1.0
    if math.isnan(x) or math.isnan(y):
        return NAN
    a, integer = abs(x), math.isinf(y) or y == math.floor(y)
    odd = integer and math.isfinite(y) and abs(y) < 2 ** 53 and int(y) % 2 == 1
    sign = -1 if odd and math.copysign(1, x) < 0 else 1
    if math.isinf(y) and a == 1:
        return 1.0
    if a == 0 or math.isinf(a) or math.isinf(y):
        return sign * (INFINITY if (a > 1) == (y > 0) else 0.0)
    if x < 0 and not integer:
        return NAN
    e = mpf(y) * log(mpf(a))
    return sign * (INFINITY if e > 1000 else 0.0) if abs(e) > 1000 else sign * exp(e)


def power_points():
    special = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0, 1e17, -1e17, MAX, MIN_SUBNORMAL, INFINITY, -INFINITY, NAN]
    points = [(x, y) for x in special for y in special]
    points += [(x, random.uniform(-700, 700) / math.log(x)) for x in geometric(1e-300, 1e300, 150)]
    points += list(zip(uniform(0.5, 2, 100), uniform(-1000, 1000, 100)))
    points += [(1 + s * 2.0 ** -k, random.uniform(0, 600) * 2.0 ** k) for k in range(3, 52, 4) for s in (1, -1)]
    return points + [(x, random.uniform(-745, -708) / math.log(x)) for x in geometric(1.5, 1e10, 20)]


def write(name, rows):
    with open(os.path.join(HERE, name + ".csv"), "w") as out:
        for arguments, value in rows:
            out.write(",".join(map(bits, [*arguments, *split(value)])) + "\n")


def main():
    mp.prec = 240
    for name, (f, points) in TABLES.items():
        rows = []
        for x in points + ([] if name.endswith("Negative") else EDGES):
            if math.isfinite(x) and x != math.floor(x) and (name == "Lgamma" and x < -0.5 or name == "Digamma" and x < 0):
                continue  # in the tables of the reflected functions
            value = NAN if math.isnan(x) else f(x)
            if value is not None:
                rows.append(((x,), value))
        write(name, rows)
        print(name, len(rows))
    write("Pow", [((x, y), power(x, y)) for x, y in power_points()])


if __name__ == "__main__":
    main()
