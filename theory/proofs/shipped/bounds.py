"""The bounds of :mod:`theory.sharp`, the sizes of :mod:`theory.samples`, and :mod:`theory.two_sided`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from theory import sharp, theorem1, two_sided
from theory.proofs import derivations as d
from theory.proofs import two_sided as both
from theory.proofs.evidence import Case, Step, code
from theory.proofs.shipped.points import ALPHAS, SETTINGS, normal_cdf, rational, values
from theory.proofs.shipped.theorem1 import failure

__all__ = ["cancellation", "chernoff", "samples", "sharp_bound", "sub_gaussian", "two_sided_law", "two_sided_shift"]

_BOUND_DIGITS = 9  # bounds are rounded outwards
_NARROW = theorem1.Setting(0, 1, Fraction(1, 50), Fraction(1, 3), Fraction(3, 5), 9, 5)  # its count outweighs its noise
_PAIRS = [*itertools.product(SETTINGS, ALPHAS), (_NARROW, Fraction(1, 5))]
_T = sympy.Symbol("t", positive=True)
_SIGNS = (1, -1)  # the upper tail, the lower one


def _parts(s: theorem1.Setting) -> tuple[Any, Any, Any, Any]:
    """Return the chance of a similar sample, its step, and the largest and the least variance given the count."""
    at = values(s)
    step = d.conditional_mean().subs(d.K, 1).subs(at)
    return 1 - at[d.P], step, *(d.conditional_variance().subs({**at, d.K: k}) for k in (0, s.n_pos))


def _proxy(q: Any, sign: int) -> Any:
    """Return Kearns and Saul's proxy on its side, the variance on the other."""
    wide = q == sympy.Rational(1, 2) or sign * (1 - 2 * q) > 0
    return (1 - 2 * q) / (2 * sympy.log((1 - q) / q)) if wide else q * (1 - q)


def sub_gaussian() -> tuple[Step, ...]:
    """Compare the closed form, and the proxies in it, with the proved one."""

    def expected(s: theorem1.Setting, alpha: Fraction) -> Any:
        q, step, most, least = _parts(s)
        total = sympy.S.Zero
        for sign in _SIGNS:
            v = most + s.n_pos * step**2 * _proxy(q, sign)
            x = rational(alpha) / sympy.sqrt(v)
            c = (x + sympy.sqrt(x**2 + 4)) / 2
            smooth = sympy.sqrt(v / least) * sympy.exp(c**2 / 2 - c * x) / (c * sympy.sqrt(2 * sympy.pi))
            total += min(sympy.exp(-(x**2) / 2).evalf(40), smooth.evalf(40))
        return min(total, sympy.S.One)

    proxies = [(Fraction(1, 7), sign) for sign in _SIGNS] + [(Fraction(3, 5), sign) for sign in _SIGNS]
    return (
        code(
            "(1 - 2q)/(2 ln((1 - q)/q)), or q(1 - q) on the side where that will do",
            "sharp.bernoulli_proxy",
            lambda: [
                *(Case((q, "upper" if sign > 0 else "lower"), _proxy(rational(q), sign)) for q, sign in proxies),
                Case((Fraction(1, 7),), _proxy(sympy.Rational(1, 7), 1)),
                Case((Fraction(3, 5),), _proxy(sympy.Rational(3, 5), -1)),
            ],
            _BOUND_DIGITS,
        ),
        code(
            "min(exp(-x^2/2), sqrt(v/v0) exp(c^2/2 - c x)/(c sqrt(2 pi))) for both sides",
            "sharp.sub_gaussian_bound",
            lambda: [Case((s, a), expected(s, a)) for s, a in _PAIRS],
            _BOUND_DIGITS,
        ),
    )


def chernoff() -> tuple[Step, ...]:
    """Compare Chernoff's bound with the infimum of the proved moment generating function."""

    def expected(s: theorem1.Setting, alpha: Fraction) -> Any:
        q, step, most, least = _parts(s)
        total = sympy.S.Zero
        for sign in _SIGNS:
            y = sign * _T * step + _T**2 * (least - most) / (2 * s.n_pos)
            exponent = _T**2 * most / 2 + s.n_pos * (sympy.log(1 - q + q * sympy.exp(y)) - sign * _T * q * step)
            exponent -= _T * rational(alpha)
            best = _increasing_root(sympy.lambdify(_T, sympy.diff(exponent, _T), "mpmath"))
            total += sympy.exp(exponent.subs(_T, best)).evalf(30)
        return min(total, sympy.S.One)

    return (
        code(
            "the infima over t > 0 of E exp(t (f - E f - alpha)) and E exp(-t (f - E f + alpha))",
            "sharp.chernoff_bound",
            lambda: [Case((s, a), expected(s, a)) for s, a in _PAIRS],
            _BOUND_DIGITS,
        ),
    )


def _increasing_root(slope: Callable[[Any], Any]) -> Any:
    """Return the root of an increasing function that is negative at 0, to 30 digits."""
    import mpmath  # type: ignore[import-untyped]

    with mpmath.workdps(40):
        high = mpmath.mpf(1)
        while slope(high) < 0:
            high *= 2
        low = mpmath.mpf(0)
        for _ in range(110):
            middle = (low + high) / 2
            low, high = (middle, high) if slope(middle) < 0 else (low, middle)
        return sympy.Float(str(high), 35)


def sharp_bound() -> tuple[Step, ...]:
    """Compare the sharp bound with the exact law where it is exact, and its factors with the proved ones."""
    return (
        code(
            "for n+ <= 23 the exact probability",
            "sharp.sharp_bound",
            lambda: [Case((s, a), failure(s, a, d.theorem1_shift().subs(values(s)))) for s, a in _PAIRS],
            _BOUND_DIGITS,
        ),
        code(
            "1, the chord, the lattice's factor R I0(w) e^-w (1/(t |s|) + min(1, (2 pi V1)^(-1/2)/t)) and those by "
            "characteristic functions, each where it is the smallest",
            "sharp.Tail.log_factor",
            _factor_cases,
            _BOUND_DIGITS,
        ),
    )


_FACTORS = (  # n, step, var_step, var, t, u: the factor that is the smallest
    (1, (40, Fraction(1, 64), Fraction(-1, 4096), Fraction(3, 64), Fraction(1, 2), Fraction(3, 8))),
    (2, (40, Fraction(1, 64), Fraction(-1, 4096), Fraction(3, 64), Fraction(8), Fraction(1, 64))),
    (3, (40, Fraction(1), Fraction(-1, 4096), Fraction(3, 64), Fraction(8), Fraction(3, 8))),
    (4, (40, Fraction(1, 8), Fraction(-1, 4096), Fraction(3, 64), Fraction(8), Fraction(3, 8))),
)


def _factors(n: int, step: Fraction, var_step: Fraction, var: Fraction, t: Fraction, u: Fraction) -> list[Any]:
    """Return the factors, to 30 digits: 1, the chord, the lattice's, the smallest by characteristic functions."""
    x, slope, most, tilt, chance = (rational(value) for value in (step, var_step, var, t, u))
    least = most + n * slope
    spacing, w, ratio = sympy.Abs(x + tilt * slope), n * chance * (1 - chance), sympy.sqrt(most / least)
    density = 1 / sympy.sqrt(2 * sympy.pi * most)
    chord = density * (1 - chance + chance * ratio) / tilt
    peak = min(sympy.S.One, (density / tilt).evalf(30))
    lattice = ratio * sympy.besseli(0, w) * sympy.exp(-w) * (1 / (tilt * spacing) + peak)
    waves = []
    for cut in (sympy.pi, *map(sympy.Rational, ("2", "1", "1/2", "1/4"))):
        kept = 2 * (1 - sympy.cos(cut)) / cut**2
        beyond = sympy.erfc(cut * sympy.sqrt(most / 2) / spacing) * density
        waves.append(
            (ratio / tilt * (1 / sympy.sqrt(2 * sympy.pi * (most + kept * w * spacing**2)) + beyond)).evalf(30)
        )
    return [sympy.S.One, chord.evalf(30), lattice.evalf(30), min(waves)]


def _factor_cases() -> Iterable[Case]:
    for which, (n, step, var_step, var, t, u) in _FACTORS:
        factors = _factors(n, step, var_step, var, t, u)
        if min(factors) != factors[which - 1]:
            raise AssertionError(f"factor {which} is not the smallest: {factors}")
        chances = np.array([[[float(u)]], [[float(1 - u)]]])
        half = np.array([0.5])  # the chance without tilt, which no factor depends on
        trials, steps, changes = (np.array([float(value)]) for value in (n, step, var_step))
        tail = sharp.Tail(trials, half, half, steps, changes, np.asarray(float(var)))
        yield Case((tail, np.array([float(t)]), chances), [sympy.log(min(factors))])


def samples() -> tuple[Step, ...]:
    """Compare the numbers of samples that are enough with those found by trying every one in ball arithmetic."""
    s, alpha, failed = theorem1.Setting(0, 1, 1, Fraction(1, 4), Fraction(2, 5), 1, 40), Fraction(2, 5), Fraction(1, 10)
    x = 2 * rational(alpha) * sympy.sqrt(s.n_neg) / rational(s.sigma)
    c = (x + sympy.sqrt(x**2 + 4)) / 2
    limits = {
        "exact": sympy.erfc(x / sympy.sqrt(2)),
        "chernoff": 2 * sympy.exp(-(x**2) / 2),
        "printed": 2 * sympy.exp(-(x**2) / 4),
        "sub_gaussian": 2 * sympy.exp(c**2 / 2 - c * x) / (c * sympy.sqrt(2 * sympy.pi)),
    }

    def tried(enough: Callable[[theorem1.Setting], bool]) -> list[int]:
        """Return the first size that is enough and the first from which on all are."""
        from dataclasses import replace

        found = [enough(replace(s, n_pos=n)) for n in range(1, 60)]  # beyond, a proved bound falls
        return [found.index(True) + 1, len(found) - found[::-1].index(False) + 1]

    def exact(one: theorem1.Setting) -> bool:
        from theory.verdicts import enclosure

        margin = enclosure.exact(failed) - enclosure.failure_probability(one, alpha)
        return bool(margin > 0)

    def printed(one: theorem1.Setting) -> bool:
        total = sum(2 * sympy.exp(-e) for e in d.printed_exponents()).subs(values(one, alpha))
        return bool(total.evalf(30) <= rational(failed))

    def read(draws: Any) -> Any:
        return draws.first, draws.from_then_on

    return (
        code(
            "the first size that is enough and that from which on all are, every size tried by Arb (exact) and by the "
            "printed bound",
            "samples.required_samples",
            lambda: [
                Case((s, alpha, failed), tried(enough), read, {"by": by})
                for by, enough in (("exact", exact), ("printed", printed))
            ],
        ),
        code(
            "the limits for ever more positive samples",
            "samples.limit_failure",
            lambda: [Case((s, alpha, by), value) for by, value in limits.items()],
            _BOUND_DIGITS,
        ),
    )


_TWO = (
    two_sided.Setting(
        Fraction(-1, 3),
        Fraction(5, 7),
        Fraction(2, 3),
        beta_pos=Fraction(1, 4),
        beta_neg=Fraction(3, 5),
        p_pos=Fraction(2, 5),
        p_neg=Fraction(5, 6),
        n_pos=4,
        n_neg=3,
    ),
    two_sided.Setting(0, 1, Fraction(1, 2), Fraction(1, 4), Fraction(3, 5), 1, Fraction(2, 7), 3, 5),
)


def _two_values(s: two_sided.Setting) -> dict[Any, Any]:
    names = (s.mu1, s.mu2, s.sigma, s.beta_pos, s.beta_neg, s.p_pos, s.p_neg, s.n_pos, s.n_neg)
    symbols = (d.MU1, d.MU2, d.SIGMA, both.BETA_POS, both.BETA_NEG, both.P_POS, both.P_NEG, d.N_POS, d.N_NEG)
    return {symbol: rational(value) for symbol, value in zip(symbols, names, strict=True)}


def two_sided_shift() -> tuple[Step, ...]:
    """Compare the shift with the one that holds."""
    pull = (1 - both.BETA_POS) * (1 - both.P_POS) - (1 - both.BETA_NEG) * (1 - both.P_NEG)
    formula = pull * (d.MU2 - d.MU1) / 2
    return (
        code(
            "((1 - beta+)(1 - p+) - (1 - beta-)(1 - p-))(mu2 - mu1)/2",
            "two_sided.shift",
            lambda: [Case((s,), formula.subs(_two_values(s))) for s in _TWO],
        ),
    )


def two_sided_law() -> tuple[Step, ...]:
    """Compare law, exponents and bound with the derived moments given both counts."""

    def moments(s: two_sided.Setting) -> list[tuple[Any, Any, Any]]:
        at, found = _two_values(s), []
        for k_pos, k_neg in itertools.product(range(s.n_pos + 1), range(s.n_neg + 1)):
            chance = sympy.S.One
            for n, k, p in ((s.n_pos, k_pos, at[both.P_POS]), (s.n_neg, k_neg, at[both.P_NEG])):
                chance *= sympy.binomial(n, k) * (1 - p) ** k * p ** (n - k)
            given = {**at, both.K_POS: k_pos, both.K_NEG: k_neg}
            middle = (at[d.MU1] + at[d.MU2]) / 2
            found.append((chance, both.given_counts(0).subs(given) - middle, both.given_counts(1).subs(given)))
        return found

    def read(law: Any) -> Any:
        counts = itertools.product(range(law.first.n + 1), range(law.second.n + 1))
        return [
            [k * law.first.step + j * law.second.step, law.var + k * law.first.var_step + j * law.second.var_step]
            for k, j in counts
        ]

    def beyond(s: two_sided.Setting, alpha: Fraction) -> Any:
        a, rows = rational(alpha), moments(s)
        center = sum(chance * mean for chance, mean, _ in rows)
        return sum(
            chance * (normal_cdf((center - a - mean) / sympy.sqrt(v)) + normal_cdf((mean - center - a) / sympy.sqrt(v)))
            for chance, mean, v in rows
        )

    def exponents(s: two_sided.Setting, alpha: Fraction) -> list[Any]:
        at = _two_values(s)
        gap2, a2 = (at[d.MU2] - at[d.MU1]) ** 2, rational(alpha) ** 2
        v1 = at[d.SIGMA] ** 2 / 4 * (1 / at[d.N_POS] + 1 / at[d.N_NEG])
        sides = ((both.BETA_POS, both.P_POS, d.N_POS), (both.BETA_NEG, both.P_NEG, d.N_NEG))
        v2 = sum((1 - at[b]) ** 2 * gap2 / (16 * at[n]) for b, p, n in sides if 0 < at[p] < 1)
        return [a2 / (4 * v1), a2 / (4 * v2)]

    pairs = list(itertools.product(_TWO, ALPHAS))
    return (
        code(
            "given k+ and k- similar samples, the derived mean and variance",
            "two_sided.law",
            lambda: [Case((s,), [[mean, v] for _, mean, v in moments(s)], read) for s in _TWO],
        ),
        code(
            "the double sum of binomial chances times normal tails",
            "two_sided.failure_probability",
            lambda: [Case((s, a), beyond(s, a)) for s, a in pairs],
            10,
        ),
        code(
            "alpha^2/(4 v1) and alpha^2/(4 v2)",
            "two_sided.exponents",
            lambda: [Case((s, a), exponents(s, a)) for s, a in pairs],
        ),
        code(
            "2 exp(-alpha^2/(4 v1)) + 2 exp(-alpha^2/(4 v2))",
            "two_sided.bound",
            lambda: [Case((s, a), sum(2 * sympy.exp(-e) for e in exponents(s, a))) for s, a in pairs],
            _BOUND_DIGITS,
        ),
    )


def cancellation() -> tuple[Step, ...]:
    """Exhibit shifts that cancel, and that do not."""
    cancel = two_sided.Setting(0, 1, 1, Fraction(1, 4), Fraction(1, 2), Fraction(1, 3), 0, 5, 5)
    return (
        code(
            "0 at (1 - beta+)(1 - p+) = (1 - beta-)(1 - p-)",
            "two_sided.shift",
            lambda: [Case((cancel,), 0)],
        ),
    )
