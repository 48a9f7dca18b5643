"""Makes the golden tables of the inverse trigonometric, hyperbolic and Bessel functions and of the functions of several arguments.

The form of the tables is that of make_golden.py. The references do not share a method with the kernels: power series and continued
fractions in mpmath's arithmetic, and central differences at 10^-30 for the derivatives with respect to shapes.
Usage: python3 make_special_golden.py [name...]     (needs mpmath; takes a few minutes; writes <function>.csv beside itself)
"""
import math
import random
import sys
from mpmath import mp, mpf, exp, expm1, log, log1p, sqrt, pi, erfinv, besseli, zeta, factorial, loggamma, atan2, sinh, cosh, inf
from make_golden import (EDGES, CENTRE, INFINITY, NAN, MAX, MIN_NORMAL, around, at_infinity, both, geometric, signed_zero, trigonometric,
                         uniform, write)


def bounded(f, low=-1, high=1):
    """f on [low, high], NaN outside; keeps zeros."""
    return lambda x: NAN if x < low or x > high else x if x == 0 else f(mpf(x))


def scaled_bessel(order, x):
    a = abs(x)
    if a > 1e5:
        m, t, s = 4 * order ** 2, mpf(1), mpf(1)
        for k in range(1, 25):
            t *= -(m - (2 * k - 1) ** 2) / (k * 8 * mpf(a))
            s += t
        value = s / sqrt(2 * pi * mpf(a))
    else:
        value = besseli(order, mpf(a)) * exp(-mpf(a))
    return value if x > 0 or order == 0 else -value


def bessel(order):
    edge = 1.0 if order == 0 else None
    return lambda x: (edge or math.copysign(0, x)) if abs(x) < 1e-320 else (0.0 if x > 0 or order == 0 else -0.0) if math.isinf(x) else scaled_bessel(order, x)


def cbrt(x):
    return x if x == 0 or math.isinf(x) else mpf(abs(x)) ** (mpf(1) / 3) * (1 if x > 0 else -1)


def log1mexp(x):
    return NAN if x > 0 else -INFINITY if x == 0 else 0.0 if x < -1e4 else log(-expm1(mpf(x))) if x > -1 else log1p(-exp(mpf(x)))


def atanh(x):
    return math.copysign(INFINITY, x) if abs(x) == 1 else NAN if abs(x) > 1 else x if x == 0 else log1p(2 * mpf(x) / (1 - mpf(x))) / 2


def wide(f):
    def g(x):
        with mp.workprec(3000):
            return +f(mpf(x))
    return g


def inverse_erf(x):
    return math.copysign(INFINITY, x) if abs(x) == 1 else NAN if abs(x) > 1 else x if x == 0 else erfinv(mpf(x))


random.seed(20260202)
UNIT = both(geometric(1e-20, 0.1, 30) + uniform(0, 1, 80) + [1 - t for t in geometric(1e-16, 0.1, 20)]) + around(0.5, -0.5, 1.0, -1.0)
LARGE = both(geometric(1, 1e300, 40) + geometric(1, 100, 60))
TABLES = {
    "Tan": (lambda x: x if x == 0 else trigonometric(mp.tan, x), CENTRE + uniform(-100, 100, 80) + geometric(100, MAX, 80)
            + around(*[k * math.pi / 2 for k in (1, 2, 3, 4, 1000, 1000001)], 2.0 ** 30)),
    "Asin": (bounded(mp.asin), UNIT),
    "Acos": (lambda x: NAN if abs(x) > 1 else mp.acos(mpf(x)) if x != 1 else 0.0, UNIT),
    "Atan": (lambda x: x if x == 0 else math.copysign(1, x) * (pi / 2) if math.isinf(x) else mp.atan(mpf(x)), CENTRE + LARGE
             + around(0.41421356237309503, 2.414213562373095, 1.0)),
    "Sinh": (at_infinity(signed_zero(sinh), -INFINITY, INFINITY, 1e4), CENTRE + both(uniform(1, 710.4, 80)) + around(709.0, 710.4758600739439)),
    "Cosh": (at_infinity(lambda x: cosh(x), INFINITY, INFINITY, 1e4), CENTRE + both(uniform(1, 710.4, 80)) + around(709.0, 710.4758600739439)),
    "Asinh": (lambda x: x if x == 0 or math.isinf(x) else wide(mp.asinh)(x), CENTRE + LARGE + around(1e18)),
    "Acosh": (lambda x: NAN if x < 1 else x if math.isinf(x) else 0.0 if x == 1 else wide(mp.acosh)(x),
              [1 + t for t in geometric(1e-15, 1, 60)] + [x for x in LARGE if x > 1] + around(1e18, 1.0)),
    "Atanh": (atanh, UNIT),
    "Exp2": (at_infinity(lambda x: mpf(2) ** x, 0.0, INFINITY, 1e4), CENTRE + uniform(-1021, 1023.9, 150) + uniform(-1074, -1022, 40)
             + [float(k) for k in range(-1074, 1024, 97)] + around(1024.0, -1074.0, -1075.0)),
    "Log2": (lambda x: NAN if x < 0 else INFINITY if math.isinf(x) else -INFINITY if x == 0 else log(mpf(x)) / log(mpf(2)),
             geometric(MIN_NORMAL, MAX, 120) + geometric(1e-320, MIN_NORMAL, 20) + uniform(0.5, 2, 120)
             + [1 + s * 2.0 ** -k for k in range(2, 52, 3) for s in (1, -1)] + [2.0 ** k for k in range(-1074, 1024, 61)]),
    "Cbrt": (cbrt, CENTRE + LARGE + both(geometric(5e-324, 1e-300, 30)) + [float(k) ** 3 for k in range(2, 40)]),
    "Log1mExp": (log1mexp, [-x for x in geometric(1e-320, 0.1, 60) + uniform(0, 3, 80) + uniform(3, 745, 60)] + around(-0.6931471805599453)),
    "Erfinv": (inverse_erf, UNIT + both([1 - t for t in geometric(1e-15, 0.3, 40)])),
    "BesselI0e": (bessel(0), CENTRE + LARGE + both(uniform(0, 20, 80)) + around(8.0)),
    "BesselI1e": (bessel(1), CENTRE + LARGE + both(uniform(0, 20, 80)) + around(8.0)),
}


def angle(y, x):
    if math.isnan(x) or math.isnan(y):
        return NAN
    if y == 0:
        return y if math.copysign(1, x) > 0 else math.copysign(1, y) * pi
    if math.isinf(x) or math.isinf(y):
        special = math.atan2(y, x)
        return special if special == 0 else mpf(round(special / (math.pi / 4))) * pi / 4
    with mp.workprec(2500):
        value = +atan2(mpf(y), mpf(x))
        return value if abs(value) > mpf("2.5e-324") else math.copysign(0, y)


def angle_points():
    special = [0.0, -0.0, 1.0, -1.0, MAX, -MAX, 5e-324, -5e-324, 1e-300, INFINITY, -INFINITY, NAN]
    points = [(y, x) for y in special for x in special]
    points += list(zip(both(uniform(0, 10, 100)), both(uniform(0, 10, 100))[::-1]))
    points += list(zip(both(geometric(1e-150, 1e150, 60)), uniform(-1, 1, 120)))
    return points + [(t * r, r) for t in around(0.41421356237309503, 1.0, 2.414213562373095) for r in (1.0, 3.7, 1e-3)]


def polygamma(n, x):
    if math.isnan(n) or math.isnan(x) or n < 0 or n > 170 or n != math.floor(n):
        return NAN
    sign = 1 if n % 2 == 1 else -1
    if x < 0:
        return NAN
    if x == 0:
        return sign * INFINITY
    if math.isinf(x):
        return sign * 0.0
    with mp.workprec(400):
        s, x = int(n) + 1, mpf(x)
        direct = sum((x + k) ** -s for k in range(60))
        w = x + 60
        rest = w ** (1 - s) / (s - 1) + w ** -s / 2
        rising = mpf(s)
        for j in range(1, 60):
            rest += mp.bernoulli(2 * j) / factorial(2 * j) * rising * w ** (-s - 2 * j + 1)
            rising *= (s + 2 * j - 1) * (s + 2 * j)
        value = sign * factorial(int(n)) * (direct + rest)
        return math.copysign(INFINITY, value) if abs(value) > MAX else value


def polygamma_points():
    points = [(float(n), x) for n in (2, 3, 4, 7, 12, 30, 100, 170) for x in geometric(1e-3, 1e3, 20) + uniform(0, 20, 15)]
    points += [(float(n), x) for n in (2, 3, 5) for x in geometric(1e-60, 1e90, 20)]
    return points + [(n, x) for n in (2.0, 3.0, 2.5, -1.0, 171.0, INFINITY, NAN) for x in (0.0, 1.0, -1.5, INFINITY, NAN)]


def lower_series(a, x):
    """P(a, x)"""
    term = total = mpf(1)
    n = 0
    while term > total * mp.eps / 16:
        n += 1
        term *= x / (a + n)
        total += term
    return exp(a * log(x) - x - loggamma(a + 1)) * total


def upper_fraction(a, x):
    """Q(a, x) by Legendre's continued fraction, evaluated by the modified Lentz method."""
    b, c = x + 1 - a, mpf(10) ** 1000
    d = 1 / b
    h, i = d, 0
    while True:
        i += 1
        an = -i * (i - a)
        b += 2
        d = 1 / (an * d + b)
        c = b + an / c
        h *= d * c
        if abs(d * c - 1) < mp.eps * 16:
            return exp(a * log(x) - x - loggamma(a)) * h


def gamma_pair(a, x):
    """(P, Q)"""
    a, x = mpf(a), mpf(x)
    if a == 0:
        return mpf(1), mpf(0)
    if x > a + 1 and x > 2:
        q = upper_fraction(a, x)
        return 1 - q, q
    p = lower_series(a, x)
    return p, 1 - p


def gamma_table(f):
    def g(a, x):
        if math.isnan(a) or math.isnan(x) or a < 0 or x < 0 or (a == 0 and x == 0) or (math.isinf(a) and math.isinf(x)):
            return NAN
        if x == 0 or math.isinf(a):
            return f(mpf(0), mpf(1))
        if math.isinf(x):
            return f(mpf(1), mpf(0))
        with mp.workprec(400):
            return +f(*gamma_pair(a, x))
    return g


def by_shape(f, *arguments, index):
    """The derivative with respect to one argument, by central differences."""
    with mp.workprec(400):
        h = mpf(10) ** -40 * (mpf(arguments[index]) or 1)
        moved = lambda s: f(*[mpf(v) + (s * h if i == index else 0) for i, v in enumerate(arguments)])
        return (moved(1) - moved(-1)) / (2 * h)


def gamma_by_shape(a, x):
    """dP/da = -dQ/da, of the smaller one."""
    upper = x > a + 1 and x > 2
    part = by_shape(lambda a, x: gamma_pair(a, x)[1 if upper else 0], a, x, index=0)
    return -part if upper else part


def gamma_points(count=1.0):
    n = lambda k: int(k * count)
    shapes = geometric(1e-8, 1, n(60)) + geometric(0.1, 30, n(120)) + geometric(10, 1e5, n(60))
    points = [(a, random.uniform(0, 1) * max(a, 1)) for a in shapes] + [(a, max(a, 1) * random.uniform(1, 3)) for a in shapes]
    points += [(a, a * math.exp(random.gauss(0, 1) / math.sqrt(a))) for a in shapes if a > 1]
    points += [(a, geometric(1e-100, 1, 1)[0]) for a in shapes[:n(120)]] + [(a, a + math.sqrt(a) * random.uniform(-6, 30)) for a in shapes if a > 50]
    points += [(0.5, x) for x in uniform(0, 30, n(20))] + [(a, x) for a in around(1.0, 8.0) for x in around(1.0, 8.0)]
    return [(a, x) for a, x in points if x > 0]


GAMMA_EDGES = [(a, x) for a in (0.0, 1.5, INFINITY, -1.0, NAN) for x in (0.0, 1.5, INFINITY, -1.0, NAN)]


def beta_series(a, b, x, y):
    """I(a, b, x) by the series in x with positive terms."""
    term = total = mpf(1)
    n = 0
    while term > total * mp.eps / 16:
        term *= x * (a + b + n) / (a + 1 + n)
        total += term
        n += 1
    return exp(a * log(x) + b * log(y) + loggamma(a + b) - loggamma(a + 1) - loggamma(b)) * total


def beta(a, b, x):
    if any(map(math.isnan, (a, b, x))) or min(a, b) <= 0 or max(a, b) >= 1e100 or x < 0 or x > 1:
        return NAN
    if x in (0, 1):
        return mpf(x)
    with mp.workprec(350):
        return +beta_inside(mpf(a), mpf(b), mpf(x))


def beta_inside(a, b, x):
    """The tail below or above the mean, whichever x is in, unless its series hardly converges."""
    y = 1 - x
    below = x * (a + b) <= a
    left = x <= y if max(x, y) > mpf("0.97") and max(a, b) < 1e4 else below
    return beta_series(a, b, x, y) if left else 1 - beta_series(b, a, y, x)


def beta_points(count=1.0):
    n = lambda k: int(k * count)
    shapes = lambda k: geometric(1e-6, 1, k) + geometric(0.1, 50, 2 * k) + geometric(5, 3000, k)
    left, right = shapes(n(25)), shapes(n(25))
    random.shuffle(right)
    pairs = list(zip(left, right))
    points = [(a, b, random.uniform(0, 1)) for a, b in pairs] + [(a, b, geometric(1e-30, 0.5, 1)[0]) for a, b in pairs]
    points += [(a, b, 1 - geometric(1e-15, 0.5, 1)[0]) for a, b in pairs]
    for a, b in pairs:
        mean, deviation = a / (a + b), math.sqrt(a * b / (a + b + 1)) / (a + b)
        points.append((a, b, min(max(random.gauss(mean, 2 * deviation), 1e-12), 1 - 1e-12)))
    points += [(a, b, a / (a + b)) for a, b in zip(geometric(1e3, 1e5, n(20)), geometric(1, 1e5, n(20)))]
    return points


BETA_EDGES = [(a, b, x) for a in (1.5, 0.0, -1.0, NAN, INFINITY) for b in (2.5, 0.0, NAN) for x in (0.0, 0.5, 1.0, -0.1, 1.1, NAN)]


def inside_gamma(f):
    return lambda a, x: NAN if math.isnan(gamma_table(lambda p, q: p)(a, x)) else 0.0 if x == 0 or math.isinf(a) or math.isinf(x) else f(a, x)


def inside_beta(f):
    return lambda a, b, x: NAN if (r := beta(a, b, x)) != r else 0.0 if x in (0, 1) else f(a, b, x)


SEVERAL = {
    "Atan2": lambda: (angle, angle_points()),
    "Polygamma": lambda: (polygamma, polygamma_points()),
    "GammaP": lambda: (gamma_table(lambda p, q: p), gamma_points() + GAMMA_EDGES),
    "GammaQ": lambda: (gamma_table(lambda p, q: q), gamma_points() + GAMMA_EDGES),
    "GammaPByShape": lambda: (inside_gamma(gamma_by_shape), gamma_points(0.3) + GAMMA_EDGES),
    "BetaI": lambda: (beta, beta_points() + BETA_EDGES),
    "BetaIByA": lambda: (inside_beta(lambda a, b, x: by_shape(beta_inside, a, b, x, index=0)), beta_points(0.25) + BETA_EDGES),
    "BetaIByB": lambda: (inside_beta(lambda a, b, x: by_shape(beta_inside, a, b, x, index=1)), beta_points(0.25) + BETA_EDGES),
}


def main(wanted):
    mp.prec = 240
    for name, (f, points) in TABLES.items():
        if not wanted or name in wanted:
            values = [(x, NAN if math.isnan(x) else f(x)) for x in points + EDGES]
            rows = [((x,), value) for x, value in values if value is not None]
            write(name, rows)
            print(name, len(rows), flush=True)
    for name, make in SEVERAL.items():
        if not wanted or name in wanted:
            random.seed(name)
            f, points = make()
            rows = [(arguments, f(*arguments)) for arguments in points]
            # Results below the normal range have no sign in mpmath; differences of nearly 1 have no more digits than these.
            smallest = {"Atan2": 0, "BetaIByA": 1e-30, "BetaIByB": 1e-30}.get(name, 1e-300)
            write(name, [(arguments, value) for arguments, value in rows if isinstance(value, float) or math.isnan(value) or abs(value) > smallest])
            print(name, len(points), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
