"""Similar samples in both classes: Theorem 1 with the ``beta-`` that section 4.1 defines and then leaves unused.

As in :mod:`theory.theorem1`, and besides, a negative sample is pure with chance ``p_neg`` and otherwise similar to
the positive class: ``beta_neg Z- + (1 - beta_neg) Z+``. The estimated boundary is the midpoint of the two sample
means, ``f = (mean(X+) + mean(X-)) / 2``; with ``p_neg = 1`` it is that of Theorem 1.

Both classes are pulled towards each other, so that the two shifts have opposite signs: similar positives move the
boundary up, similar negatives down. They cancel exactly when

    (1 - beta_pos) (1 - p_pos) = (1 - beta_neg) (1 - p_neg),

that is, when a sample of either class carries the same expected share of the other one; the spread they add does
not cancel. Proofs: :mod:`theory.proofs.two_sided`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from theory import sharp
from theory.exact import boundary as _boundary
from theory.exact.binomial import log_pmf
from theory.exact.lengths import bits, exact_parts
from theory.sharp import Count, Tail
from theory.support.broadcast import over_settings
from theory.support.validate import instance, integer, number, positive
from theory.theorem1 import Alpha

__all__ = [
    "Setting",
    "TwoCountsNormal",
    "bound",
    "chernoff_bound",
    "exponents",
    "failure_probability",
    "law",
    "sharp_bound",
    "shift",
    "simulate",
    "sub_gaussian_bound",
]

_CHUNK = 1 << 20  # values at a time: 8 MiB
_NEGLECTED = 1e-14
_LEAST_SPREAD = 1e-280


@dataclass(frozen=True)
class Setting:
    """The setting of Theorem 1 with similar samples in both classes.

    Integers and fractions are kept exact; floats are taken as the binary fractions that they are.

    Args:
        mu1: mean of the positive class.
        mu2: mean of the negative class, greater than ``mu1``.
        sigma: standard deviation of both classes, greater than 0.
        beta_pos: weight of a similar positive sample's own class, in (0, 1).
        beta_neg: weight of a similar negative sample's own class, in (0, 1).
        p_pos: chance that a positive sample is a pure one, in [0, 1].
        p_neg: chance that a negative sample is a pure one, in [0, 1].
        n_pos: number of positive samples, at least 1.
        n_neg: number of negative samples, at least 1.

    Raises:
        ValueError: an argument is not a finite number or lies outside its range.

    Example:
        >>> shift(Setting(0, 1, 1, beta_pos=0.5, beta_neg=0.75, p_pos=0.5, p_neg=0.5, n_pos=5000, n_neg=50))
        0.0625
    """

    mu1: float | Fraction
    mu2: float | Fraction
    sigma: float | Fraction
    beta_pos: float | Fraction
    beta_neg: float | Fraction
    p_pos: float | Fraction
    p_neg: float | Fraction
    n_pos: int
    n_neg: int

    def __post_init__(self) -> None:
        """Validate every argument."""
        checked: dict[str, Any] = {"mu1": number("mu1", self.mu1)}
        checked["mu2"] = number("mu2", self.mu2, f"must be a finite number > mu1={self.mu1}", above=checked["mu1"])
        checked["sigma"] = positive("sigma", self.sigma)
        for name in ("beta_pos", "beta_neg"):
            checked[name] = number(name, getattr(self, name), f"must be a number with 0 < {name} < 1", above=0, below=1)
        for name in ("p_pos", "p_neg"):
            checked[name] = number(
                name, getattr(self, name), f"must be a number with 0 <= {name} <= 1", least=0, most=1
            )
        for name in ("n_pos", "n_neg"):
            checked[name] = integer(name, getattr(self, name), most=10**12)
        for name, value in checked.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True)
class TwoCountsNormal:
    """``X`` that is normal given two independent binomial counts, all in exact numbers.

    ``X | K1, K2 ~ N(K1 step1 + K2 step2, var + K1 var_step1 + K2 var_step2)``; see :class:`theory.sharp.Count`.

    Args:
        first: the count of the positive class.
        second: the count of the negative class.
        var: the variance of ``X`` without successes, greater than 0.
    """

    first: Count
    second: Count
    var: Fraction

    @property
    def expectation(self) -> Fraction:
        """The expectation of ``X``."""
        return sum((c.n * c.q * c.step for c in (self.first, self.second)), Fraction(0))

    def upper_tail(self, threshold: Fraction) -> float:
        """Return ``P(X > threshold)`` to a relative error of about 1e-12, for values above 1e-280.

        A double sum over the counts that matter. Under the tilt ``t`` of the best Chernoff bound ``C = E exp(t (X -
        threshold))`` the counts are binomial again, and whatever lies outside a window of tilted mass ``1 - d``
        contributes at most ``C d`` to the tail. The windows follow from Bernstein's inequality, and grow until
        what they neglect is below 1e-14 of the sum.

        The cost grows with ``sqrt(n1 n2)``: 1 s for 10^5 samples in both classes. The noise may be as narrow as 1e-300
        of the lattice on which the mean lies.
        """
        counts = (self.first, self.second)
        chances, log_chernoff = self._tilt(threshold - self.expectation)
        log_odds = 40.0
        while True:
            windows = [_window(c, u, log_odds) for c, u in zip(counts, chances, strict=True)]
            total = self._sum(windows, threshold)
            neglected = 4 * math.exp(min(0.0, log_chernoff) - log_odds)
            complete = all(len(k) == c.n + 1 or c.q in (0, 1) for k, c in zip(windows, counts, strict=True))
            if complete or neglected <= max(_NEGLECTED * total, 1e-300):
                return min(total, 1.0)
            log_odds *= 2

    def lower_tail(self, threshold: Fraction) -> float:
        """Return ``P(X < threshold)``, as precisely as :meth:`upper_tail`."""
        first, second = (c._replace(step=-c.step) for c in (self.first, self.second))
        return TwoCountsNormal(first, second, self.var).upper_tail(-threshold)

    def _tilt(self, beyond: Fraction) -> tuple[list[float], float]:
        """Return the counts' chances under the best tilt towards ``mean + beyond``, and the bound's logarithm."""
        counts = (self.first, self.second)
        if beyond <= 0:
            return [float(c.q) for c in counts], 0.0
        tail = Tail.of(self.var, counts, beyond)
        with np.errstate(all="ignore"):
            exponent, _, _, (u, _) = tail.tilted(tail.best_tilt(0))
        tilted = iter(u)
        return [float(c.q) if c.q in (0, 1) else float(next(tilted)) for c in counts], float(exponent)

    def _sum(self, windows: list[NDArray[np.int64]], threshold: Fraction) -> float:
        """Return the sum over the windows of the counts' mass times the normal tail."""
        k1, k2 = windows
        middle = [int(k[len(k) // 2]) for k in windows]
        first, second = self.first, self.second
        var = self.var + middle[0] * first.var_step + middle[1] * second.var_step
        gap = threshold - middle[0] * first.step - middle[1] * second.step
        size = abs(gap) + abs(first.step) * len(k1) + abs(second.step) * len(k2)
        root = Fraction(2) ** (bits(var) // 2)  # near sqrt(var)
        unit = max(root, Fraction(2) ** (bits(size) - 900))  # lengths in it do not overflow
        parts = exact_parts((gap, first.step, second.step), (1, len(k1), len(k2)), unit, root / 10**18)
        spread, spread1, spread2 = (float(v / unit**2) for v in (var, first.var_step, second.var_step))
        spread = max(spread, _LEAST_SPREAD)
        j2 = (k2 - middle[1]).astype(np.float64)
        mass2 = np.exp(log_pmf(k2, second.n, second.q))
        rows = max(1, _CHUNK // len(k2))
        total = 0.0
        for start in range(0, len(k1), rows):
            part = k1[start : start + rows]
            j1 = (part - middle[0]).astype(np.float64)[:, None]
            distance = np.zeros((len(part), len(k2)))
            for gap_part, step1, step2 in parts:
                distance += gap_part - step1 * j1 - step2 * j2
            with np.errstate(over="ignore"):
                z = distance / np.sqrt(spread + spread1 * j1 + spread2 * j2)
            total += float(np.exp(log_pmf(part, first.n, first.q)) @ ndtr(-z) @ mass2)
        return total


def shift(s: Setting) -> float | Fraction:
    """Return the expectation of the estimated boundary minus the ideal one, ``E[f] - (mu1 + mu2) / 2``.

    Derived with SymPy from the generating process (at the first call), it comes to
    ``((1 - beta_pos)(1 - p_pos) - (1 - beta_neg)(1 - p_neg)) (mu2 - mu1) / 2``. Exact settings give exact shifts.

    Example:
        >>> shift(Setting(0, 1, 1, Fraction(1, 4), Fraction(1, 2), Fraction(1, 3), 0, n_pos=10, n_neg=10))
        Fraction(0, 1)
    """
    instance("s", s, Setting)
    result: float | Fraction = _shift_formula()(s.mu1, s.mu2, s.beta_pos, s.beta_neg, s.p_pos, s.p_neg)
    return result


@cache
def _shift_formula() -> Callable[..., Any]:
    from theory.proofs import two_sided as derivation

    return _boundary.exact_function(derivation.SHIFT_ARGUMENTS, derivation.derived_shift())


def law(s: Setting) -> TwoCountsNormal:
    """Return the exact law of ``f - (mu1 + mu2) / 2``, given by the numbers of similar positives and negatives.

    A similar positive adds ``(1 - beta_pos) (mu2 - mu1) / (2 n+)`` to the mean, a similar negative takes
    ``(1 - beta_neg) (mu2 - mu1) / (2 n-)`` from it; either adds ``sigma^2 / 4 (beta^2 + (1 - beta)^2 - 1) / n^2``,
    which is negative, to the variance ``sigma^2 / 4 (1 / n+ + 1 / n-)``.
    """
    instance("s", s, Setting)
    quarter, gap = Fraction(s.sigma) ** 2 / 4, Fraction(s.mu2) - Fraction(s.mu1)

    def count(beta: Any, p: Any, n: int, sign: int) -> Count:
        b = Fraction(beta)
        return Count(n, 1 - Fraction(p), sign * (1 - b) * gap / (2 * n), quarter * (b**2 + (1 - b) ** 2 - 1) / n**2)

    return TwoCountsNormal(
        first=count(s.beta_pos, s.p_pos, s.n_pos, 1),
        second=count(s.beta_neg, s.p_neg, s.n_neg, -1),
        var=quarter * (Fraction(1, s.n_pos) + Fraction(1, s.n_neg)),
    )


def exponents(s: Setting, alpha: float | Fraction) -> tuple[Fraction, Fraction | None]:
    """Return the exponents of the bound of Theorem 1's form, as exact fractions.

    ``alpha^2 / (4 v1)`` and ``alpha^2 / (4 v2)``, ``v1 = sigma^2 / 4 (1 / n+ + 1 / n-)`` for the normal part, ``v2``
    the sum of ``(1 - beta)^2 (mu2 - mu1)^2 / (16 n)`` over the classes whose number of similar samples is random
    (``0 < p < 1``); without any the second exponent is ``None``, for infinity.
    """
    a, boundary = Fraction(positive("alpha", alpha)) ** 2, law(s)
    v2 = sum(c.n * c.step**2 / 4 for c in (boundary.first, boundary.second) if 0 < c.q < 1)
    return a / (4 * boundary.var), a / (4 * v2) if v2 else None


def bound(s: Setting | Sequence[Setting], alpha: Alpha) -> Any:
    """Return Theorem 1's form of bound, ``2 exp(-e1) + 2 exp(-e2)``, for both classes (see :func:`exponents`).

    ``|f - (mu1 + mu2) / 2 - shift| <= alpha`` holds with probability at least ``1 - bound``, for all settings. For
    ``p_neg = 1`` and ``0 < p_pos < 1`` it is the bound that Theorem 1 prints.

    Args:
        s: a setting, or a sequence of them.
        alpha: how far the boundary may lie from its expectation, greater than 0; an array broadcasts with ``s``.

    Returns:
        A float for one setting and one ``alpha``, else an array of the broadcast shape.

    Example:
        >>> s = Setting(0, 1, 1, beta_pos=0.5, beta_neg=0.5, p_pos=0.5, p_neg=0.5, n_pos=5000, n_neg=500)
        >>> round(bound(s, 0.1), 4), round(failure_probability(s, 0.1), 8)
        (0.0212, 2.28e-06)
    """
    return over_settings(lambda one, a: _boundary.sum_of_exponentials(exponents(one, a)), Setting, s, alpha)


def sub_gaussian_bound(s: Setting | Sequence[Setting], alpha: Alpha) -> Any:
    """Return the closed form of :func:`theory.sharp.sub_gaussian_bound` for both classes; never above :func:`bound`."""
    return over_settings(lambda one, a: sharp.two_sided(_tail(one, a), Tail.log_sub_gaussian), Setting, s, alpha)


def chernoff_bound(s: Setting | Sequence[Setting], alpha: Alpha) -> Any:
    """Return the optimal Chernoff bound, as :func:`theory.sharp.chernoff_bound`; never above :func:`bound`."""
    return over_settings(lambda one, a: sharp.two_sided(_tail(one, a), Tail.log_chernoff), Setting, s, alpha)


def sharp_bound(s: Setting | Sequence[Setting], alpha: Alpha) -> Any:
    """Return the explicit bound of :func:`theory.sharp.sharp_bound` for both classes; never above :func:`bound`.

    Arguments and result as for :func:`bound`.

    Example:
        >>> s = Setting(0, 1, 1, beta_pos=0.5, beta_neg=0.5, p_pos=0.5, p_neg=0.5, n_pos=5000, n_neg=500)
        >>> round(sharp_bound(s, 0.1), 8)
        2.54e-06
    """
    return over_settings(lambda one, a: sharp.two_sided(_tail(one, a), Tail.log_sharp), Setting, s, alpha)


def failure_probability(s: Setting | Sequence[Setting], alpha: Alpha, shift: float | Fraction | None = None) -> Any:
    """Return the exact probability ``P(|f - (mu1 + mu2) / 2 - shift| > alpha)``; see :class:`TwoCountsNormal`.

    Args:
        s: a setting, or a sequence of them.
        alpha: greater than 0; an array broadcasts with ``s``.
        shift: the shift to judge; by default the one that holds, exactly (the function :func:`shift`).

    Returns:
        A float for one setting and one ``alpha``, else an array of the broadcast shape.
    """
    return _boundary.failure_probability(law, Setting, s, alpha, shift)


def simulate(s: Setting, replicates: int, rng: np.random.Generator, method: str = "statistics") -> NDArray[np.float64]:
    """Return simulated estimated boundaries ``f``, shape ``(replicates,)``.

    Args:
        s: the setting.
        replicates: how many boundaries to estimate, each from its own ``n_pos + n_neg`` samples.
        rng: the source of randomness, a ``numpy.random.Generator``.
        method: ``"samples"`` draws every sample as the text describes it; ``"statistics"`` draws the numbers of
            similar samples and then the boundary given them: the same law.

    Raises:
        ValueError: ``replicates`` is not a whole number >= 1, ``rng`` is no generator, ``method`` is unknown or would
            draw more than 10^8 samples of a class in one replicate.

    Example:
        >>> s = Setting(0, 1, 1, 0.5, 0.5, 0.5, 0.5, n_pos=5000, n_neg=50)
        >>> simulate(s, 3, np.random.default_rng(0)).shape
        (3,)
    """
    instance("s", s, Setting)
    methods = {"samples": _draw_samples, "statistics": _draw_statistics}
    return _boundary.simulate(methods, s, replicates, rng, method)


def _draw_samples(s: Setting, replicates: int, rng: np.random.Generator) -> NDArray[np.float64]:
    classes = (
        (float(s.mu1), float(s.mu2), float(s.beta_pos), float(s.p_pos), s.n_pos),
        (float(s.mu2), float(s.mu1), float(s.beta_neg), float(s.p_neg), s.n_neg),
    )
    boundaries = np.zeros(replicates)
    for own_mean, other_mean, beta, p, n in classes:
        rows = max(1, _CHUNK // n)
        for start in range(0, replicates, rows):
            size = (min(rows, replicates - start), n)
            own, other = rng.normal(own_mean, float(s.sigma), size), rng.normal(other_mean, float(s.sigma), size)
            x = np.where(rng.random(size) < p, own, beta * own + (1 - beta) * other)
            boundaries[start : start + rows] += x.mean(axis=1) / 2
    return boundaries


def _draw_statistics(s: Setting, replicates: int, rng: np.random.Generator) -> NDArray[np.float64]:
    boundary = law(s)
    mean, var = (
        np.full(replicates, float((Fraction(s.mu1) + Fraction(s.mu2)) / 2)),
        np.full(replicates, float(boundary.var)),
    )
    for c in (boundary.first, boundary.second):
        similar = rng.binomial(c.n, float(c.q), replicates)
        mean += float(c.step) * similar
        var += float(c.var_step) * similar
    mean += np.sqrt(var) * rng.standard_normal(replicates)
    return mean


def _tail(s: Setting, alpha: Any) -> Tail:
    boundary = law(s)
    return Tail.of(boundary.var, (boundary.first, boundary.second), positive("alpha", alpha))


def _window(count: Count, tilted: float, log_odds: float) -> NDArray[np.int64]:
    """Return a range that a binomial of chance ``tilted`` leaves with chance <= ``2 exp(-log_odds)`` (Bernstein)."""
    n, mean = count.n, count.n * tilted
    if count.q in (0, 1):
        return np.array([int(n * count.q)])
    half = log_odds / 3 + math.sqrt(log_odds**2 / 9 + 2 * mean * (1 - tilted) * log_odds)
    return np.arange(max(0, math.floor(mean - half)), min(n, math.ceil(mean + half)) + 1)
