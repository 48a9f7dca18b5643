"""Writes families.csv: log densities of all families and their derivatives, from arithmetic with 700 digits (mpmath).

Each row: family | parameters | x | log density | derivatives. Parameters are separated by ';', elements by ' '.
Derivatives follow the parameters (real ones) and then x (real ones), element by element; integers have none.
Written with 25 digits. The formulas here are the textbook densities, not the arrangements that the library uses.
Run: python3 families.py > families.csv
"""
from mpmath import mp, mpf, log, exp, pi, gamma, loggamma, beta, binomial, diff, nstr, sqrt, matrix, fsum, det, lu_solve

# Enough that 1 + exp(-1400) is not 1.
mp.dps = 700


def log_normal_pdf(x, m, s):
    return log(1 / (s * sqrt(2 * pi))) - (x - m) ** 2 / (2 * s**2)


def xlogy(x, y):
    return mpf(0) if x == 0 else x * log(y)


def multi_normal(x, m, tril):
    n = len(x)
    lower = matrix(n, n)
    for i in range(n):
        for j in range(i + 1):
            lower[i, j] = tril[i * n + j]
    cov = lower * lower.T
    d = matrix([a - b for a, b in zip(x, m)])
    quad = (d.T * lu_solve(cov, d))[0]
    return -quad / 2 - log(det(cov)) / 2 - n * log(2 * pi) / 2


def scalar(f):
    return lambda *args: f(*[a[0] for a in args])


# name -> (log density of (parameters..., x), which arguments are real, cases)
R, Z = True, False
FAMILIES = {
    "normal": (scalar(lambda m, s, x: log_normal_pdf(x, m, s)), [R, R, R], [
        ([0.0], [1.0], [0.0]), ([0.0], [1.0], [-1.5]), ([-2.25], [0.1], [3.0]), ([5.0], [1e-6], [5.0000001]),
        ([1e8], [3.0], [1e8 + 1]), ([0.0], [1e10], [12.5]), ([0.0], [1.0], [40.0]), ([0.0], [1.0], [-1e5])]),
    "studentT": (scalar(lambda v, m, s, x: loggamma((v + 1) / 2) - loggamma(v / 2) - log(v * pi) / 2 - log(s)
                        - (v + 1) / 2 * log(1 + ((x - m) / s) ** 2 / v)), [R, R, R, R], [
        ([1.0], [0.0], [1.0], [0.7]), ([3.0], [-1.0], [2.5], [4.0]), ([0.1], [0.0], [1.0], [2.0]), ([30.0], [0.5], [0.1], [0.75]),
        ([31.9], [0.0], [1.0], [1.0]), ([32.1], [0.0], [1.0], [1.0]), ([1e4], [0.0], [1.0], [3.0]), ([1e8], [0.0], [1.0], [3.0]),
        ([5.0], [0.0], [1.0], [1e6]), ([2.0], [1.0], [1e-3], [-1e3])]),
    "cauchy": (scalar(lambda m, s, x: -log(pi * s * (1 + ((x - m) / s) ** 2))), [R, R, R], [
        ([0.0], [1.0], [0.0]), ([1.5], [2.5], [-3.0]), ([0.0], [1e-3], [1e3]), ([-2.0], [5.0], [1e8])]),
    "laplace": (scalar(lambda m, s, x: -abs(x - m) / s - log(2 * s)), [R, R, R], [
        ([0.0], [1.0], [0.5]), ([1.5], [2.5], [-3.0]), ([0.0], [1e-3], [1.0]), ([-2.0], [5.0], [1e8])]),
    "exponential": (scalar(lambda r, x: log(r) - r * x), [R, R], [
        ([1.0], [0.5]), ([2.5], [1e-12]), ([1e-4], [3e4]), ([40.0], [20.0])]),
    "halfNormal": (scalar(lambda s, x: log(2) + log_normal_pdf(x, 0, s)), [R, R], [
        ([1.0], [0.25]), ([2.5], [1e-9]), ([1e-3], [0.05]), ([3.0], [60.0])]),
    "halfCauchy": (scalar(lambda s, x: log(2) - log(pi * s * (1 + (x / s) ** 2))), [R, R], [
        ([5.0], [0.25]), ([1.0], [1e-9]), ([1e-3], [1e4]), ([3.0], [60.0])]),
    "logNormal": (scalar(lambda m, s, x: log_normal_pdf(log(x), m, s) - log(x)), [R, R, R], [
        ([0.0], [1.0], [1.0]), ([1.5], [0.3], [0.01]), ([-3.0], [2.0], [1e-30]), ([0.0], [5.0], [1e30])]),
    "gamma": (scalar(lambda a, b, x: a * log(b) - loggamma(a) + (a - 1) * log(x) - b * x), [R, R, R], [
        ([1.0], [1.0], [0.7]), ([2.5], [0.5], [3.0]), ([0.01], [1.0], [1e-20]), ([150.0], [10.0], [14.0]), ([0.5], [2.0], [400.0]),
        ([3.0], [1e-5], [2e5])]),
    "inverseGamma": (scalar(lambda a, b, x: a * log(b) - loggamma(a) - (a + 1) * log(x) - b / x), [R, R, R], [
        ([1.0], [1.0], [0.7]), ([2.5], [0.5], [3.0]), ([0.01], [1.0], [1e20]), ([150.0], [10.0], [0.07]), ([3.0], [2.0], [1e-3])]),
    "beta": (scalar(lambda a, b, x: (a - 1) * log(x) + (b - 1) * log(1 - x) - log(beta(a, b))), [R, R, R], [
        ([1.0], [1.0], [0.3]), ([0.5], [0.5], [0.9375]), ([2.0], [5.0], [0.125]), ([5.0], [2.0], [0.125]), ([3.0], [3.0], [0.5]),
        ([20.0], [20.0], [0.4]), ([0.01], [3.0], [1e-30]), ([1e3], [2e3], [0.33]), ([2.0], [1e6], [1e-6]), ([1e6], [2.0], [0.999999])]),
    "uniform": (scalar(lambda a, b, x: -log(b - a)), [R, R, R], [
        ([0.0], [1.0], [0.25]), ([-3.0], [7.5], [7.25]), ([1e-9], [2e-9], [1.5e-9])]),
    "bernoulli": (scalar(lambda p, x: log(p) if x == 1 else log(1 - p)), [R, Z], [
        ([0.25], [1]), ([0.25], [0]), ([1e-20], [0]), ([1e-20], [1]), ([0.9999999], [0])]),
    "bernoulliLogit": (scalar(lambda t, x: -log(1 + exp(-t)) if x == 1 else -log(1 + exp(t))), [R, Z], [
        ([0.0], [1]), ([0.75], [0]), ([-0.75], [1]), ([40.0], [1]), ([40.0], [0]), ([-600.0], [0]), ([-600.0], [1])]),
    "binomial": (scalar(lambda n, p, x: log(binomial(n, x)) + xlogy(x, p) + xlogy(n - x, 1 - p)), [Z, R, Z], [
        ([10], [0.25], [3]), ([10], [0.25], [0]), ([10], [0.25], [10]), ([1], [0.5], [1]), ([1000], [0.001], [4]), ([0], [0.5], [0]),
        ([100000], [0.5], [50100])]),
    "binomialLogit": (scalar(lambda n, t, x: log(binomial(n, x)) - x * log(1 + exp(-t)) - (n - x) * log(1 + exp(t))), [Z, R, Z], [
        ([10], [0.0], [3]), ([10], [1.5], [0]), ([10], [-1.5], [10]), ([25], [-30.0], [1]), ([1000], [-7.0], [4])]),
    "poisson": (scalar(lambda r, x: xlogy(x, r) - r - loggamma(x + 1)), [R, Z], [
        ([2.5], [0]), ([2.5], [3]), ([1e-10], [1]), ([1e-10], [0]), ([1e4], [9900]), ([30.0], [100])]),
    "poissonLog": (scalar(lambda t, x: x * t - exp(t) - loggamma(x + 1)), [R, Z], [
        ([0.5], [0]), ([1.5], [3]), ([-20.0], [1]), ([9.0], [8000])]),
    "negativeBinomial2": (scalar(lambda m, c, x: loggamma(x + c) - loggamma(c) - loggamma(x + 1) + x * log(m / (m + c)) + c * log(c / (m + c))),
                          [R, R, Z], [
        ([2.5], [1.5], [0]), ([2.5], [1.5], [4]), ([100.0], [0.1], [3]), ([3.0], [15.9], [5]), ([3.0], [16.1], [5]), ([3.0], [1e9], [5]),
        ([1e4], [20.0], [9000]), ([1e-3], [2.0], [2])]),
    "categorical": (lambda p, x: log(p[int(x[0])]), [R, Z], [
        ([0.25, 0.5, 0.25], [0]), ([0.25, 0.5, 0.25], [1]), ([1.0], [0]), ([0.125, 0.0, 0.875], [2])]),
    "categoricalLogit": (lambda t, x: t[int(x[0])] - log(fsum(exp(v) for v in t)), [R, Z], [
        ([0.5, -1.0, 2.0], [0]), ([0.5, -1.0, 2.0], [1]), ([700.0, -700.0], [1]), ([700.0, 690.0], [0]), ([3.0], [0])]),
    "dirichlet": (lambda a, x: loggamma(fsum(a)) - fsum(loggamma(v) for v in a) + fsum((v - 1) * log(y) for v, y in zip(a, x)), [R, R], [
        ([1.0, 1.0, 1.0], [0.25, 0.5, 0.25]), ([0.5, 2.0, 7.5], [0.125, 0.125, 0.75]), ([10.0, 3.0], [0.9375, 0.0625]),
        ([0.01, 0.01], [2.0**-100, 1.0])]),
    "multivariateNormalCholesky": (lambda m, t, x: multi_normal(x, m, t), [R, R, R], [
        ([0.5, -1.0], [2.0, 0.0, 0.75, 0.5], [1.0, 1.0]), ([0.25], [3.0], [-1.0]),
        ([1.0, 2.0, 3.0], [1.0, 0.0, 0.0, -0.5, 0.25, 0.0, 2.0, 1.0, 0.125], [0.5, 2.5, 3.0])]),
}


def derivatives(f, args, real):
    out = []
    for i, arg in enumerate(args):
        if real[i]:
            for j in range(len(arg)):
                # A lower triangular parameter has nothing above its diagonal.
                n = int(round(len(arg) ** 0.5))
                if f is FAMILIES["multivariateNormalCholesky"][0] and i == 1 and j % n > j // n:
                    out.append(mpf(0))
                    continue

                def at(v, i=i, j=j):
                    moved = [list(a) for a in args]
                    moved[i][j] = v
                    return f(*moved)

                scale = abs(arg[j]) if arg[j] != 0 else mpf(1)
                h = scale * mpf(10) ** -150
                # Five points, error h^4.
                out.append((-at(arg[j] + 2 * h) + 8 * at(arg[j] + h) - 8 * at(arg[j] - h) + at(arg[j] - 2 * h)) / (12 * h))
    return out


def zero_weight(family, args):
    return family == "categorical" and any(v == 0 for v in args[0])


print("family|parameters|x|logDensity|derivatives")
for family, (f, real, cases) in FAMILIES.items():
    for case in cases:
        args = [[mpf(v) for v in a] for a in case]
        value = f(*args)
        slopes = [] if zero_weight(family, args) else derivatives(f, args, real)
        show = lambda xs: " ".join(repr(v) for v in xs)
        digits = lambda v: nstr(v, 25, strip_zeros=True)
        print("|".join([family, ";".join(show(a) for a in case[:-1]), show(case[-1]), digits(value), " ".join(digits(s) for s in slopes)]))
