"""A normal variable whose mean and variance depend on a binomial count: the exact law behind Theorem 1.

Given the number of similar samples the estimated boundary of Theorem 1 is exactly Gaussian, and that number is
binomial. Tails are then finite sums of ``P(K = k) Phi(...)``, of which only a window around the largest term
counts: its width grows with the square root of the number of samples.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr

from theory.exact.binomial import log_pmf
from theory.exact.law import ContinuousLaw
from theory.exact.lengths import bits, exact_parts
from theory.support.validate import integer, number, refuse

__all__ = ["BinomialNormal"]

_ALL_TERMS = 4096
_LEAST_SPREAD = 1e-280


@dataclass(frozen=True)
class BinomialNormal(ContinuousLaw):
    """``X | K = k ~ N(mean + k * mean_step, var + k * var_step)`` with ``K ~ Binomial(n, q)``, all exact.

    The law of Theorem 1's estimated boundary. :meth:`upper_tail` and :meth:`lower_tail` are fast, in floats; ``sf``,
    ``cdf`` and their balls are those of every :class:`theory.exact.law.Law`.

    Args:
        n: number of trials, at least 1.
        q: probability of a success.
        mean: mean of ``X`` at ``K = 0``.
        mean_step: what each success adds to the mean.
        var: variance of ``X`` at ``K = 0``, greater than 0.
        var_step: what each success adds to the variance; ``var + n * var_step`` stays greater than 0.

    All of them are numbers, kept as exact fractions; balls are refused.
    """

    n: int
    q: Fraction
    mean: Fraction
    mean_step: Fraction
    var: Fraction
    var_step: Fraction

    def __post_init__(self) -> None:
        """Validate the parameters."""
        object.__setattr__(self, "n", integer("n", self.n))
        for name in ("q", "mean", "mean_step", "var", "var_step"):
            value = getattr(self, name)  # a fraction may be of any size
            object.__setattr__(self, name, Fraction(value if isinstance(value, Fraction) else number(name, value)))
        if not 0 <= self.q <= 1:
            refuse("q", self.q, "must be a number with 0 <= q <= 1")
        if self.var <= 0:
            refuse("var", self.var, "must be a number > 0")
        if self.var + self.n * self.var_step <= 0:
            refuse("var_step", self.var_step, "must leave var + n * var_step > 0")

    @property
    def expectation(self) -> Fraction:
        """``E[X]``, exactly."""
        return self.mean + self.n * self.q * self.mean_step

    def upper_tail(self, threshold: Fraction) -> float:
        """Return ``P(X > threshold)`` to a relative error of about 1e-12, down to the smallest floats.

        Example:
            >>> standard = BinomialNormal(1, Fraction(0), Fraction(0), Fraction(0), Fraction(1), Fraction(0))
            >>> standard.upper_tail(Fraction(0))
            0.5
        """
        if self.q in (0, 1) or (self.mean_step == 0 and self.var_step == 0):
            sure = int(self.n * self.q) if self.q in (0, 1) else 0
            return float(ndtr(-self.standardized(np.array([sure]), sure, threshold)[0]))
        largest = self.largest_term(threshold)
        half = self.n if self.n <= _ALL_TERMS else 6 * math.isqrt(self.n) + 64
        k = np.arange(max(0, largest - half), min(self.n, largest + half) + 1)
        terms = np.exp(log_pmf(k, self.n, self.q)) * ndtr(-self.standardized(k, largest, threshold))
        return min(1.0, float(np.sum(terms)))

    def lower_tail(self, threshold: Fraction) -> float:
        """Return ``P(X < threshold)``, as precisely as :meth:`upper_tail`."""
        return self.mirrored().upper_tail(-threshold)

    def _upper(self, x: Fraction, strict: bool) -> Any:
        from theory.exact.enclosure import upper_tail

        return upper_tail(self, x)

    def _lower(self, x: Fraction, strict: bool) -> Any:
        from theory.exact.enclosure import upper_tail

        return upper_tail(self.mirrored(), -x)

    def _density(self, x: Any) -> Any:
        from theory.exact.balls import exact
        from theory.exact.enclosure import density

        return density(self, exact(x) if isinstance(x, Fraction) else x)

    def mirrored(self) -> BinomialNormal:
        """Return the law of ``-X``."""
        return BinomialNormal(self.n, self.q, -self.mean, -self.mean_step, self.var, self.var_step)

    def standardized(self, k: NDArray[np.int64], reference: int, threshold: Fraction) -> NDArray[np.float64]:
        """Return ``(threshold - mean) / sd`` of ``X`` given each count, free of cancellation near ``reference``."""
        var = self.var + reference * self.var_step
        gap = threshold - self.mean - reference * self.mean_step
        root = Fraction(2) ** (bits(var) // 2)  # near sqrt(var)
        size = abs(gap) + abs(self.mean_step) * self.n
        unit = max(root, Fraction(2) ** (bits(size) - 900)) if size else root  # lengths in it do not overflow
        j = (k - reference).astype(np.float64)
        distance = np.zeros_like(j)
        for gap_part, step_part in exact_parts((gap, self.mean_step), (1, self.n + 1), unit, root / 10**18):
            distance += gap_part - step_part * j
        spread = max(float(var / unit**2), _LEAST_SPREAD) + float(self.var_step / unit**2) * j
        with np.errstate(over="ignore"):
            return np.asarray(distance / np.sqrt(spread))

    def largest_term(self, threshold: Fraction) -> int:
        """Return the count whose term is the largest, to within one step of a search by 64 sections.

        The binomial's logarithmic mass has second differences of at most ``-4 / (n + 1)`` and a normal tail is
        log-concave, so terms ``6 sqrt(n)`` away from the largest are below ``exp(-71)`` of it.
        """
        low, high = 0, self.n
        while high > low:
            k = np.unique(np.linspace(low, high, 65).astype(np.int64))
            middle = int(k[len(k) // 2])
            best = int(np.argmax(log_pmf(k, self.n, self.q) + log_ndtr(-self.standardized(k, middle, threshold))))
            if len(k) < 65:
                return int(k[best])
            low, high = int(k[max(best - 1, 0)]), int(k[min(best + 1, 64)])
        return low
