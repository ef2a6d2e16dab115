"""Rigorous enclosures by Arb ball arithmetic (python-flint) of the law behind Theorem 1's boundary.

Every returned ball contains the exact value for the law's exact (rational) parameters, whatever the rounding.

The exact law is a sum over the counts of similar samples. Only a window of counts is summed, its masses by the
recurrence ``P(k + 1) / P(k) = (n - k) q / ((k + 1) (1 - q))``; since this ratio falls in ``k``, the masses beyond an
end of the window sum to at most ``first mass beyond it / (1 - next ratio)``, and the ball takes them in. The window
grows with the precision, and its width with the square root of the number of samples.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, Protocol, Self

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray
from scipy.special import log_ndtr

from theory.exact.balls import ends, exact
from theory.exact.binomial import log_pmf

__all__ = ["NormalMixture", "density", "outside_probability", "upper_tail"]


class NormalMixture(Protocol):
    """A normal variable whose mean and variance depend on a binomial count.

    It is what :class:`theory.exact.binomial_normal.BinomialNormal` is, which imports this module and is not imported
    here.
    """

    @property
    def n(self) -> int:
        """The number of trials."""

    @property
    def q(self) -> Fraction:
        """The probability of a success."""

    @property
    def mean(self) -> Fraction:
        """The mean without a success."""

    @property
    def mean_step(self) -> Fraction:
        """What each success adds to the mean."""

    @property
    def var(self) -> Fraction:
        """The variance without a success."""

    @property
    def var_step(self) -> Fraction:
        """What each success adds to the variance."""

    def standardized(self, k: NDArray[np.int64], reference: int, threshold: Fraction) -> NDArray[np.float64]:
        """Return ``(threshold - mean) / sd`` given each count."""

    def largest_term(self, threshold: Fraction) -> int:
        """Return the count whose term of the upper tail is the largest."""

    def mirrored(self) -> Self:
        """Return the law of ``-X``."""


def upper_tail(law: NormalMixture, threshold: Fraction) -> Any:
    """Return a ball around ``P(X > threshold)``."""
    return outside_probability(law, None, threshold)


def outside_probability(law: NormalMixture, low: Fraction | None, high: Fraction, floor: Any = None) -> Any:
    """Return a ball around ``P(X < low) + P(X > high)``, for ``low <= high``.

    Args:
        law: the law of ``X``.
        low: lower threshold; ``None`` for the upper tail alone.
        high: upper threshold.
        floor: a ball of positive numbers; what is smaller than it by a factor of ``2^precision`` need not be
            resolved. By default the ball is about as narrow as the precision allows, however small the value.

    Returns:
        A ball at flint's current precision; it costs about ``sqrt(n (precision + ln 1 / value))`` terms.

    Example:
        >>> from theory.exact.binomial_normal import BinomialNormal
        >>> law = BinomialNormal(1, Fraction(0), Fraction(0), Fraction(0), Fraction(1), Fraction(0))
        >>> abs(outside_probability(law, Fraction(-2), Fraction(2)) - arb("0.0455002638963584")) < 1e-15
        True
    """
    n, a, b = law.n, law.q.numerator, law.q.denominator - law.q.numerator  # the odds q / (1 - q) = a / b
    first, last = _window(law, low, high, floor)
    given = [law.mean, law.mean_step, high, high if low is None else low]
    length = math.lcm(*(value.denominator for value in given))
    mean, step, above, below = (int(value * length) for value in given)
    area = math.lcm(law.var.denominator, law.var_step.denominator)
    var, var_step = int(law.var * area), int(law.var_step * area)
    scale = (arb(area) / 2).sqrt() / length
    mass = _mass(law, first)
    total = arb(0)
    for k in range(first, last + 1):  # whole numbers stay exact, so no difference below cancels
        root = arb(var + k * var_step).rsqrt() * scale
        share = ((above - mean - k * step) * root).erfc()
        if low is not None:
            share += ((mean + k * step - below) * root).erfc()
        total += mass * share
        mass = mass * ((n - k) * a) / ((k + 1) * b) if b else arb(0)
    below, above = _component_tail(law, first, last)
    return total / 2 + below + above


def density(law: NormalMixture, x: Any) -> Any:
    """Return a ball around the density at ``x``, a ball: a mixture of normal densities over the counts."""
    first, last = _window(law, None, ends(x)[0], None)
    total, scale = arb(0), (2 * arb.pi()).rsqrt()
    for k in range(first, last + 1):
        root = exact(law.var + k * law.var_step).rsqrt()
        z = (x - exact(law.mean + k * law.mean_step)) * root
        total += _mass(law, k) * (-z * z / 2).exp() * root
    narrowest = exact(min(law.var, law.var + law.n * law.var_step)).rsqrt()
    below, above = _component_tail(law, first, last)
    return scale * (total + (below + above) * narrowest)


def _window(law: NormalMixture, low: Fraction | None, high: Fraction, floor: Any) -> tuple[int, int]:
    """Return the first and the last count to sum.

    Bernstein's inequality puts at most ``2 exp(-needed)`` beyond ``reach``. How small that has to be is told by a
    float estimate of the largest term: the choice of window decides how narrow the ball is, not whether it is right.
    """
    if law.q in (0, 1):
        return int(law.n * law.q), int(law.n * law.q)
    size = _log_largest_term(law, high)
    if low is not None:
        size = max(size, _log_largest_term(law.mirrored(), -low))
    if floor is not None:
        size = max(size, float(floor.lower().log()))
    needed = max(ctx.prec * math.log(2) - size, 0.0)
    if not math.isfinite(needed):
        return 0, law.n
    mean, variance = law.n * law.q, float(law.n * law.q * (1 - law.q))
    reach = math.ceil(needed / 3 + math.sqrt(needed**2 / 9 + 2 * needed * variance)) + 1
    return max(0, math.floor(mean) - reach), min(law.n, math.ceil(mean) + reach)


def _log_largest_term(law: NormalMixture, threshold: Fraction) -> float:
    k = law.largest_term(threshold)
    at = np.array([k])
    return float((log_pmf(at, law.n, law.q) + log_ndtr(-law.standardized(at, k, threshold)))[0])


def _mass(law: NormalMixture, k: int) -> Any:
    """Return a ball around ``P(K = k)``, with digits to spare for the powers of large counts."""
    bits = ctx.prec
    try:
        ctx.prec = bits + 2 * law.n.bit_length()
        return arb.bin_uiui(law.n, k) * exact(law.q) ** k * exact(1 - law.q) ** (law.n - k)
    finally:
        ctx.prec = bits


def _component_tail(law: NormalMixture, first: int, last: int) -> tuple[Any, Any]:
    """Return balls from 0 to at least the chance of a count below ``first``, and of one above ``last``."""
    n, a, b = law.n, law.q.numerator, law.q.denominator - law.q.numerator
    if not a or not b:
        return arb(0), arb(0)
    below = above = arb(0)
    if first > 0:
        below = _up_to(_mass(law, first - 1), Fraction((first - 1) * b, (n - first + 2) * a))
    if last < n:
        above = _up_to(_mass(law, last + 1), Fraction((n - last - 1) * a, (last + 2) * b))
    return below, above


def _up_to(beyond: Any, ratio: Fraction) -> Any:
    """Return a ball from 0 to ``beyond / (1 - ratio)``: masses that start at ``beyond`` and fall by ``ratio``."""
    most = beyond / exact(1 - ratio) if ratio < 1 else arb(1)
    return arb(0).union(most)
