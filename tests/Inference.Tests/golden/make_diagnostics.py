"""Golden values for the diagnostics: an independent implementation, slow and literal, at 40 digits where it matters.

Needs Python 3 and mpmath. Writes diagnostics.json beside itself: `python3 make_diagnostics.py`.
Definitions: Vehtari, Gelman, Simpson, Carpenter, Buerkner (2021), Bayesian Analysis 16(2). Autocovariances are direct
sums, ranks are counted, normal and beta quantiles are roots of mpmath's cdfs. The Geyer sums follow the bookkeeping of
the paper's reference code (odd index t, improved last term), not that of Ess.fs.
"""

import json
import math
import os
import random

from mpmath import betainc, erfinv, mp, mpf, sqrt as mpsqrt

mp.dps = 40


def mean(v):
    return math.fsum(v) / len(v)


def variance(v):
    m = mean(v)
    return math.fsum((x - m) ** 2 for x in v) / (len(v) - 1)


def pooled(chains):
    return [x for c in chains for x in c]


def split(chains):
    out = []
    for c in chains:
        h = len(c) // 2
        out += [c[:h], c[len(c) - h:]]
    return out


def normal_scores(chains):
    values = pooled(chains)
    size = len(values)
    cache = {}
    for x in set(values):
        below = sum(1 for y in values if y < x)
        equal = sum(1 for y in values if y == x)
        p = (mpf(2 * below + equal + 1) / 2 - mpf(3) / 8) / (size + mpf(1) / 4)
        cache[x] = float(mpsqrt(2) * erfinv(2 * p - 1))
    return [[cache[x] for x in c] for c in chains]


def quantile(values, p):
    s = sorted(values)
    h = (len(s) - 1) * p
    k = math.floor(h)
    return s[k] if k + 1 >= len(s) else s[k] + (h - k) * (s[k + 1] - s[k])


def shifted(chains):
    """The draws minus the first one: exact for neighbouring numbers, so that means far from zero lose no digits."""
    origin = chains[0][0]
    return [[x - origin for x in c] for c in chains]


def constant(chains):
    return len(set(pooled(chains))) == 1


def rhat_of(chains):
    if constant(chains):
        return None
    chains = shifted(chains)
    n = len(chains[0])
    between = n * variance([mean(c) for c in chains])
    within = mean([variance(c) for c in chains])
    return math.sqrt((between / within + n - 1) / n)


def ess_of(chains):
    if constant(chains):
        return None
    chains = shifted(chains)
    m, n = len(chains), len(chains[0])
    centred = [[x - mean(c) for x in c] for c in chains]
    acov = [mean([math.fsum(c[i] * c[i + t] for i in range(n - t)) / n for c in centred]) for t in range(n)]
    w = acov[0] * n / (n - 1)
    var_plus = w * (n - 1) / n + variance([mean(c) for c in chains])
    rho = [0.0] * n
    even, odd = 1.0, 1 - (w - acov[1]) / var_plus
    rho[0], rho[1] = even, odd
    t = 1
    while t < n - 3 and even + odd > 0:
        even = 1 - (w - acov[t + 1]) / var_plus
        odd = 1 - (w - acov[t + 2]) / var_plus
        if even + odd >= 0:
            rho[t + 1], rho[t + 2] = even, odd
        t += 2
    last = t - 2
    if even > 0:
        rho[last + 1] = even
    t = 1
    while t <= last - 2:
        if rho[t + 1] + rho[t + 2] > rho[t - 1] + rho[t]:
            rho[t + 1] = rho[t + 2] = (rho[t - 1] + rho[t]) / 2
        t += 2
    tau = -1 + 2 * math.fsum(rho[: last + 1]) + rho[last + 1]
    return m * n / max(tau, 1 / math.log10(m * n))


def ess_quantile(chains, p):
    q = quantile(pooled(chains), p)
    return ess_of(split([[1.0 if x <= q else 0.0 for x in c] for c in chains]))


def beta_quantile(a, b, p):
    low, high = mpf(0), mpf(1)
    for _ in range(70):
        mid = (low + high) / 2
        if betainc(a, b, 0, mid, regularized=True) < p:
            low = mid
        else:
            high = mid
    return (low + high) / 2


def mcse_quantile(chains, p):
    ess = ess_quantile(chains, p)
    if ess is None:
        return None
    s = sorted(pooled(chains))
    size = len(s)
    a, b = mpf(ess) * p + 1, mpf(ess) * (1 - p) + 1
    phi1 = (1 + mp.erf(1 / mpsqrt(2))) / 2
    low = beta_quantile(a, b, 1 - phi1) * size - 1
    high = beta_quantile(a, b, phi1) * size - 1
    return (s[int(math.ceil(min(high, size - 1)))] - s[int(math.floor(max(low, 0)))]) / 2


def absent_or(value, f):
    return None if value is None else f(value)


def judge(chains):
    values = pooled(chains)
    m, sd = mean(values), math.sqrt(variance(values))
    halves = split(chains)
    median = quantile(values, 0.5)
    folded = [[abs(x - median) for x in c] for c in halves]
    centre = mean(pooled(shifted(chains)))
    squared = [[(x - centre) ** 2 for x in c] for c in shifted(chains)]
    rhat_bulk = rhat_of(normal_scores(halves))
    rhat_folded = rhat_of(normal_scores(folded))
    ess_mean, ess_sd = ess_of(halves), ess_of(split(squared))
    tails = [e for e in (ess_quantile(chains, 0.05), ess_quantile(chains, 0.95)) if e is not None]
    m2, m4 = mean(pooled(squared)), mean([x * x for x in pooled(squared)])
    return {
        "mean": m,
        "sd": sd,
        "q10": quantile(values, 0.1),
        "eti_lower": quantile(values, 0.055),
        "eti_upper": quantile(values, 0.945),
        "rhat_bulk": rhat_bulk,
        "rhat_folded": rhat_folded,
        "rhat": absent_or(rhat_bulk, lambda b: max(b, rhat_folded or b)),
        "rhat_classic": rhat_of(halves),
        "ess_bulk": ess_of(normal_scores(halves)),
        "ess_tail": min(tails) if tails else None,
        "ess_mean": ess_mean,
        "ess_sd": ess_sd,
        "ess_median": ess_quantile(chains, 0.5),
        "mcse_mean": absent_or(ess_mean, lambda e: sd / math.sqrt(e)),
        "mcse_sd": absent_or(ess_sd, lambda e: math.sqrt((m4 - m2 * m2) / (4 * m2 * e))),
        "mcse_median": mcse_quantile(chains, 0.5),
        "mcse_q10": mcse_quantile(chains, 0.1),
    }


def autoregressive(rng, n, phi, start=0.0):
    x, out = [start] * len(phi), []
    for _ in range(n):
        value = sum(p * y for p, y in zip(phi, x)) + rng.gauss(0, 1)
        x = [value] + x[:-1]
        out.append(value)
    return out


def cases():
    rng = random.Random(20261121)
    iid = [[rng.gauss(0, 1) for _ in range(120)] for _ in range(4)]
    yield "iid normal", iid
    yield "AR(1), 0.7", [autoregressive(rng, 160, [0.7]) for _ in range(4)]
    yield "AR(2), slow and wavy", [autoregressive(rng, 240, [1.6, -0.65]) for _ in range(4)]
    yield "antithetic, -0.35", [autoregressive(rng, 120, [-0.35]) for _ in range(4)]
    yield "different means", [[x + 0.8 * k for x in c] for k, c in enumerate(autoregressive(rng, 100, [0.3]) for _ in range(4))]
    yield "different scales", [[x * (1 + 2 * k) for x in c] for k, c in enumerate([[rng.gauss(0, 1) for _ in range(100)] for _ in range(3)])]
    yield "Cauchy", [[math.tan(math.pi * (rng.random() - 0.5)) for _ in range(120)] for _ in range(4)]
    yield "one chain", [autoregressive(rng, 150, [0.5])]
    yield "one drifting chain", [[0.03 * t + rng.gauss(0, 1) for t in range(150)]]
    yield "odd length", [autoregressive(rng, 101, [0.4]) for _ in range(3)]
    yield "ties (counts)", [[float(sum(rng.random() < 0.1 for _ in range(12))) for _ in range(100)] for _ in range(4)]
    yield "two values", [[float(rng.random() < 0.4) for _ in range(90)] for _ in range(2)]
    yield "one stuck chain", iid[:3] + [[0.25] * 120]
    yield "shortest", [[rng.gauss(0, 1) for _ in range(12)] for _ in range(4)]
    yield "shifted far", [[1e6 + 1e-3 * x for x in autoregressive(rng, 100, [0.5])] for _ in range(2)]


def rounded(name, chains):
    digits = 4 if name != "shifted far" else 7
    return [[round(x, digits) for x in c] for c in chains]


def main():
    out = []
    for name, chains in cases():
        chains = rounded(name, chains)
        energies = chains[0]
        steps = math.fsum((b - a) ** 2 for a, b in zip(energies, energies[1:]))
        bfmi = steps / (variance(energies) * (len(energies) - 1))
        out.append({"name": name, "draws": chains, "expected": judge(chains), "bfmi_chain0": bfmi})
    special = {
        "normal_quantile": [[p, float(mpsqrt(2) * erfinv(2 * mpf(p) - 1))] for p in
                            (1e-10, 1e-6, 0.001, 0.02425, 0.07, 0.3, 0.5, 0.925, 0.97575, 0.9999, 0.9999999)],
        "beta_quantile": [[a, b, p, float(beta_quantile(mpf(a), mpf(b), mpf(p)))] for a, b, p in
                          ((1, 1, 0.3), (1.5, 20, 0.16), (21, 380, 0.84), (200.5, 200.5, 0.16), (2001, 2001, 0.84),
                           (1900, 101, 0.16))],
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "diagnostics.json")
    with open(path, "w", encoding="ascii") as f:
        f.write('{"special": ' + json.dumps(special) + ',\n"cases": [\n')
        f.write(",\n".join(json.dumps(case, separators=(",", ":")) for case in out))
        f.write("\n]}\n")


if __name__ == "__main__":
    main()
