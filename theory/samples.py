"""The number of positive samples that keeps the estimated boundary within ``alpha``, by bounds and by the exact law.

The exact failure probability does not fall steadily in ``n_pos``: the share of similar samples lies on a lattice, and
one more sample can move a lattice point across ``alpha``. So there are two answers, the first size that will do and
the size from which on every larger one will do. For the bounds of which it is proved that they fall in ``n_pos``
(:func:`theory.proofs.sharp.falls_in_samples`) both are the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory import sharp, theorem1
from theory.support.validate import choice, float_below, instance, integer, number, positive, refuse

__all__ = ["RequiredSamples", "limit_failure", "required_samples"]

_BOUNDS: dict[str, Callable[..., Any]] = {
    "printed": theorem1.bound,
    "sub_gaussian": sharp.sub_gaussian_bound,
    "chernoff": sharp.chernoff_bound,
    "sharp": sharp.sharp_bound,
    "exact": theorem1.failure_probability,
}
_LARGEST = 1 << 39
_MOST_NEGATIVE = 10**12
_CHUNK = 2048


@dataclass(frozen=True)
class RequiredSamples:
    """Numbers of positive samples at which a failure probability, or a bound on it, is at most the target.

    Args:
        first: the smallest one.
        from_then_on: the smallest one such that it and all larger ones will do.
    """

    first: int
    from_then_on: int


def limit_failure(s: theorem1.Setting, alpha: float | Fraction, by: str = "exact") -> float:
    """Return the limit of the failure probability, or of a bound on it, as ``n_pos`` grows and ``n_neg`` stays.

    What remains is the noise of the negative class's mean, a normal variable of variance ``sigma^2 / (4 n_neg)``. With
    ``x = 2 alpha sqrt(n_neg) / sigma`` and ``c = (x + sqrt(x^2 + 4)) / 2`` the limit is, at most 1,

    - ``exact``: ``erfc(x / sqrt(2))``; every finite ``n_pos`` has a larger failure probability;
    - ``chernoff``: ``2 exp(-x^2 / 2)``;
    - ``sub_gaussian``: ``2 min(exp(-x^2 / 2), exp(c^2 / 2 - c x) / (c sqrt(2 pi)))``, or the exact limit if ``p`` is
      0 or 1;
    - ``sharp``: the same value is returned, which its limit does not exceed. It is lower only where all similar samples
      together shift the boundary by much less than that noise;
    - ``printed``: ``2 exp(-x^2 / 4)``.

    Raises:
        ValueError: ``alpha`` is not above 0, or ``by`` is unknown.

    Example:
        >>> s = theorem1.Setting(0, 1, 1, beta=0.5, p=0.5, n_pos=1, n_neg=50)
        >>> round(limit_failure(s, 0.2), 6), round(limit_failure(s, 0.2, by="printed"), 6)
        (0.004678, 0.270671)
    """
    instance("s", s, theorem1.Setting)
    choice("by", by, _BOUNDS)
    a = Fraction(positive("alpha", alpha))
    x = math.sqrt(min(4 * a**2 * s.n_neg / Fraction(s.sigma) ** 2, Fraction(10) ** 6))
    exact, chernoff = math.erfc(x / math.sqrt(2)), min(1.0, 2 * math.exp(-(x**2) / 2))
    if by == "printed":
        return min(1.0, 2 * math.exp(-(x**2) / 4))
    if by == "chernoff":
        return chernoff
    if by == "exact" or s.p in (0, 1):
        return exact
    c = (x + math.sqrt(x**2 + 4)) / 2
    return min(chernoff, 2 * math.exp(c**2 / 2 - c * x) / (c * math.sqrt(2 * math.pi)))


def required_samples(
    s: theorem1.Setting,
    alpha: float | Fraction,
    failure: float | Fraction,
    *,
    by: str = "exact",
    ratio: float | Fraction | None = None,
    search: int = 20_000,
) -> RequiredSamples:
    """Return how many positive samples give ``P(|f - E f| > alpha) <= failure``, by a bound or by the exact law.

    ``printed``, ``sub_gaussian`` and ``chernoff`` fall in ``n_pos``, and bisection finds the one answer. For ``exact``
    and ``sharp``, and for ``sub_gaussian`` with a ``ratio``, every size is tried between one below which none will do
    and one from which on all will do: below, the failure probability is at least ``erfc(alpha / sqrt(2 V))``, ``V``
    the least variance of the normal part, because no added constant makes an interval about 0 likelier for a centred
    normal variable (Anderson 1955); above, a bound that falls in both numbers of samples is at most ``failure``: the
    Chernoff bound, or, for ``sub_gaussian``, the sum over both sides of its ``exp(-x^2 / 2)``.

    Args:
        s: the setting; its ``n_pos`` is ignored, and so is its ``n_neg`` if ``ratio`` is given.
        alpha: how far the boundary may lie from its expectation, greater than 0.
        failure: the wanted failure probability, in (0, 1).
        by: ``exact``, or a bound: ``sharp``, ``chernoff``, ``sub_gaussian`` or ``printed``.
        ratio: ``n_pos / n_neg``; if given, ``n_neg`` is ``ceil(n_pos / ratio)``, at least 1.
        search: the most sizes to try by the exact law, at about a millisecond each (by a bound: 2048 times as many).

    Raises:
        ValueError: an argument is out of range; or ``failure`` is not above :func:`limit_failure`, so that the noise of
            the ``n_neg`` negative samples alone is too much for this bound or law, or, for ``exact`` and ``sharp``,
            not above the limit of the sub-Gaussian bound, which ends their search; or the search is longer than
            ``search``.

    Example:
        >>> s = theorem1.Setting(0, 1, 1, beta=0.5, p=0.5, n_pos=1, n_neg=200)
        >>> [required_samples(s, 0.2, 0.01, by=by).first for by in ("printed", "chernoff", "sharp", "exact")]
        [393, 81, 45, 43]
    """
    instance("s", s, theorem1.Setting)
    choice("by", by, _BOUNDS)
    alpha = positive("alpha", alpha)
    target = float_below(number("failure", failure, "must be a number with 0 < failure < 1", above=0, below=1))
    search = integer("search", search)
    share = None
    if ratio is not None:
        share = Fraction(positive("ratio", ratio))
    elif target <= (limit := limit_failure(s, alpha, by)):
        refuse("failure", failure, f"must be > {limit:.6g}, which ever more positive samples reach at n_neg={s.n_neg}")
    elif by == "exact" and target <= (end := limit_failure(s, alpha, "sub_gaussian")):
        refuse("failure", failure, f"must be > {end:.6g}, the limit of the bound that ends the search")

    def setting(n: int) -> theorem1.Setting:
        n_neg = s.n_neg if share is None else math.ceil(n / share)
        if n_neg > _MOST_NEGATIVE:
            refuse("ratio", ratio, f"must be larger: {n:,} positive samples would come with {n_neg:,} negative ones")
        return replace(s, n_pos=n, n_neg=n_neg)

    def enough(bound: str) -> Callable[[int], bool]:
        return lambda n: _BOUNDS[bound](setting(n), alpha) <= target

    if by in ("printed", "chernoff") or s.p in (0, 1) or (by == "sub_gaussian" and share is None):
        size = _smallest(enough(by), failure)
        return RequiredSamples(size, size)

    low = _smallest(lambda n: _least_failure(setting(n), alpha) <= target, failure)
    if share is None:
        high = _smallest(enough("sub_gaussian"), failure)
    elif by == "sub_gaussian":
        high = _smallest(lambda n: _falling_sub_gaussian(setting(n), alpha) <= target, failure)
    else:
        high = _smallest(enough("chernoff"), failure)
    curve = _curve(s, alpha, share, sharp.Tail.log_sub_gaussian if by == "sub_gaussian" else sharp.Tail.log_sharp)
    tries = _Tries(lambda sizes: curve(sizes) <= target, _CHUNK, search)
    high = tries.from_then_on(low, high)
    if by == "exact":
        tries = _Tries(lambda sizes: np.array([enough("exact")(int(n)) for n in sizes]), 1, search)
        high = tries.from_then_on(low, high)
    return RequiredSamples(tries.first(low, high), high)


@dataclass
class _Tries:
    """A search through sizes, ``chunk`` at a time, in at most ``search`` steps."""

    enough: Callable[[NDArray[np.int64]], NDArray[np.bool_]]
    chunk: int
    search: int
    steps: int = 0

    def first(self, low: int, high: int) -> int:
        """Return the smallest size in [low, high] that is enough; ``high`` is known to be."""
        for start in range(low, high, self.chunk):
            found = np.flatnonzero(self._try(start, min(start + self.chunk, high)))
            if found.size:
                return start + int(found[0])
        return high

    def from_then_on(self, low: int, high: int) -> int:
        """Return the smallest size in [low, high] such that it and all others up to ``high`` are enough."""
        for stop in range(high, low, -self.chunk):
            start = max(low, stop - self.chunk)
            failed = np.flatnonzero(~self._try(start, stop))
            if failed.size:
                return start + int(failed[-1]) + 1
        return low

    def _try(self, start: int, stop: int) -> NDArray[np.bool_]:
        self.steps += 1
        if self.steps > self.search:
            refuse("search", self.search, "must be larger: there are more sizes to try")
        return self.enough(np.arange(start, stop))


def _curve(
    s: theorem1.Setting, alpha: float | Fraction, ratio: Fraction | None, log_bound: Callable[[sharp.Tail], Any]
) -> Callable[[NDArray[np.int64]], NDArray[np.float64]]:
    """Return a bound as a function of many sizes at a time; ``p`` is neither 0 nor 1."""
    law = theorem1.law(replace(s, n_pos=1, n_neg=1))
    unit = sharp.Tail.of(law.var / 2, [sharp.Count(1, law.q, law.mean_step, law.var_step)], alpha)

    def curve(sizes: NDArray[np.int64]) -> NDArray[np.float64]:
        n = sizes.astype(np.float64)
        n_neg = s.n_neg if ratio is None else np.array([float(math.ceil(int(size) / ratio)) for size in sizes])
        tail = sharp.Tail(
            n=n[None],
            q=np.full((1, n.size), unit.q[0]),
            p=np.full((1, n.size), unit.p[0]),
            step=unit.step[0] / n[None],
            var_step=unit.var_step[0] / n[None] ** 2,
            var=unit.var * (1 / n + 1 / n_neg),
        )
        return sharp.two_sided(tail, log_bound)

    return curve


def _least_failure(s: theorem1.Setting, alpha: float | Fraction) -> float:
    """Return ``erfc(alpha / sqrt(2 V))``: the exact failure probability is never below it, and it falls in sizes."""
    law = theorem1.law(s)
    z2 = Fraction(alpha) ** 2 / (2 * (law.var + law.n * law.var_step))
    return math.erfc(math.sqrt(min(z2, Fraction(10) ** 6)))


def _falling_sub_gaussian(s: theorem1.Setting, alpha: float | Fraction) -> float:
    """Return the sum over both sides of ``exp(-x^2 / 2)``: no less than the sub-Gaussian bound, and it falls in sizes.

    The bound's other form need not fall with the number of negative samples.
    """
    law = theorem1.law(s)
    tail = sharp.Tail.of(law.var, [sharp.Count(law.n, law.q, law.mean_step, law.var_step)], alpha)
    return float(sharp.two_sided(tail, lambda side: -1 / (2 * side.proxy())))


def _smallest(enough: Callable[[int], bool], failure: Any) -> int:
    """Return the smallest size that is ``enough``, given that all above it are."""
    high = 1
    while not enough(high):
        high *= 2
        if high > _LARGEST:
            refuse("failure", failure, f"is so close to its limit that more than {_LARGEST} samples are needed")
    low = high // 2  # 0, or not enough
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
