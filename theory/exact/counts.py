"""Exact laws of counts: binomial, negative binomial, Poisson, hypergeometric.

A tail is one mass, in ball arithmetic, times a sum of ratios of masses, in whole numbers that are rounded down in one
sum and up in the other. All terms are positive and the sum runs away from the mode, so nothing cancels in either tail,
and since these laws are log-concave the ratio of neighbours only falls: what is left out sums to at most a geometric
series, which the ball takes in. The sum has about ``sqrt(n bits)`` terms. Where those are too many, tails are
incomplete beta and gamma functions, whose balls are wider; the hypergeometric law has none, and is refused.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import arb, ctx

from theory.exact.balls import exact
from theory.exact.continuous import ball, beta_below
from theory.exact.law import Box, DiscreteLaw, parameter
from theory.support.validate import integer, refuse

__all__ = ["Binomial", "CountLaw", "Hypergeometric", "NegativeBinomial", "Poisson"]

Ratio = Callable[[int], tuple[int, int]]
_MOST_TERMS = 1 << 22
_MOST_UNSIGNED = (1 << 63) - 1
_PROBABILITY = "must be a number with 0 <= p <= 1, or a ball of them"


class CountLaw(DiscreteLaw):
    """A law on whole numbers; tails at other numbers are those of the whole numbers beside them."""

    @abstractmethod
    def _at_most(self, k: int) -> Any:
        """Return a ball around ``P(X <= k)``, all parameters being numbers."""

    @abstractmethod
    def _at_least(self, k: int) -> Any:
        """Return a ball around ``P(X >= k)``, all parameters being numbers."""

    @abstractmethod
    def _count_mass(self, k: int) -> Any:
        """Return a ball around ``P(X = k)``; parameters may be balls."""

    def support(self) -> tuple[int, int | None]:
        """Return the least and the largest count that can occur, ``None`` if there is no largest."""
        return 0, None

    def _lower(self, x: Fraction, strict: bool) -> Any:
        return self._at_most(math.ceil(x) - 1 if strict else math.floor(x))

    def _upper(self, x: Fraction, strict: bool) -> Any:
        return self._at_least(math.floor(x) + 1 if strict else math.ceil(x))

    def _mass(self, x: Fraction) -> Any:
        first, last = self.support()
        if x.denominator != 1 or x < first or (last is not None and x > last):
            return arb(0)
        return self._count_mass(int(x))


class _LogConcave(CountLaw):
    """A law of counts with log-concave masses, by the ratio of neighbouring ones."""

    @abstractmethod
    def _ratio(self) -> Ratio:
        """Return a function from ``k`` to whole numbers whose quotient is ``P(X = k + 1) / P(X = k)``."""

    @abstractmethod
    def _mode(self) -> int:
        """Return a count near the largest mass."""

    def _at_least(self, k: int) -> Any:
        first, last = self.support()
        if k <= first:
            return arb(1)
        if last is not None and k > last:
            return arb(0)
        return self._upwards(k) if k > self._mode() else 1 - self._downwards(k - 1)

    def _at_most(self, k: int) -> Any:
        first, last = self.support()
        if k < first:
            return arb(0)
        if last is not None and k >= last:
            return arb(1)
        return self._downwards(k) if k < self._mode() else 1 - self._upwards(k + 1)

    def _function(self, k: int) -> Any:
        """Return ``P(X >= k)`` by a special function."""
        refuse("law", self, f"would need more than {_MOST_TERMS:,} terms for its tail at {k}, in which it is summed")

    def _upwards(self, k: int) -> Any:
        """Return ``P(X >= k)`` for a ``k`` above the mode."""
        last = self.support()[1]
        end = math.inf if last is None else last
        if _has_more_terms(_MOST_TERMS, self._ratio(), k, 1, end):
            return self._function(k)
        return self._count_mass(k) * _sum_of_ratios(self._ratio(), k, 1, end)

    def _downwards(self, k: int) -> Any:
        """Return ``P(X <= k)`` for a ``k`` at or below the mode."""

        upwards = self._ratio()

        def ratio(j: int) -> tuple[int, int]:
            a, b = upwards(j - 1)
            return b, a

        if _has_more_terms(_MOST_TERMS, ratio, k, -1, self.support()[0]):
            return 1 - self._function(k + 1)
        return self._count_mass(k) * _sum_of_ratios(ratio, k, -1, self.support()[0])


@dataclass(frozen=True)
class Binomial(_LogConcave):
    """The number of successes in ``n`` independent trials.

    Args:
        n: number of trials, at least 1.
        p: probability of a success, in [0, 1].

    Example:
        >>> Binomial(1000, 0.5).sf(900)
        7.427818096436505e-163
    """

    n: int
    p: Any

    def __post_init__(self) -> None:
        """Validate the parameters."""
        object.__setattr__(self, "n", integer("n", self.n))
        object.__setattr__(self, "p", parameter("p", self.p, _PROBABILITY, least=0, most=1))

    def support(self) -> tuple[int, int]:
        """Return the least and the largest count that can occur."""
        return (
            (0, self.n)
            if isinstance(self.p, Box) or self.p not in (0, 1)
            else (int(self.n * self.p), int(self.n * self.p))
        )

    def _mode(self) -> int:
        return math.floor((self.n + 1) * Fraction(self.p))

    def _ratio(self) -> Ratio:
        n, (a, b) = self.n, Fraction(self.p).as_integer_ratio()
        return lambda k: ((n - k) * a, (k + 1) * (b - a))

    def _count_mass(self, k: int) -> Any:
        with ctx.extraprec(2 * self.n.bit_length()):
            p = ball(self.p)
            rest = 1 - p if isinstance(self.p, Box) else exact(1 - Fraction(self.p))
            return _ways(self.n, k) * p**k * rest ** (self.n - k)

    def _function(self, k: int) -> Any:
        return beta_below(Fraction(self.p), Fraction(k), Fraction(self.n - k + 1))

    def _scipy(self) -> Any:
        from scipy import stats

        return stats.binom(self.n, float(self.p))


@dataclass(frozen=True)
class Poisson(_LogConcave):
    """The Poisson law with masses ``rate^k exp(-rate) / k!``.

    Args:
        rate: its mean, at least 0.

    Example:
        >>> Poisson(1).cdf(0)
        0.36787944117144233
    """

    rate: Any

    def __post_init__(self) -> None:
        """Validate the parameter."""
        allowed = "must be a finite number >= 0, or a ball of them"
        object.__setattr__(self, "rate", parameter("rate", self.rate, allowed, least=0))

    def support(self) -> tuple[int, int | None]:
        """Return the least and the largest count that can occur, ``None`` if there is no largest."""
        return (0, None) if isinstance(self.rate, Box) or self.rate else (0, 0)

    def _mode(self) -> int:
        return math.floor(Fraction(self.rate))

    def _ratio(self) -> Ratio:
        a, b = Fraction(self.rate).as_integer_ratio()
        return lambda k: (a, (k + 1) * b)

    def _count_mass(self, k: int) -> Any:
        with ctx.extraprec(2 * (k + 2).bit_length()):
            rate = ball(self.rate)
            return rate**k * (-rate).exp() / arb(k).fac()

    def _function(self, k: int) -> Any:
        return 1 - exact(Fraction(self.rate)).gamma_upper(exact(Fraction(k)), 1)

    def _scipy(self) -> Any:
        from scipy import stats

        return stats.poisson(float(self.rate))


@dataclass(frozen=True)
class Hypergeometric(_LogConcave):
    """The number of successes among ``draws`` without replacement.

    Args:
        population: how many there are, at least 1.
        successes: how many of them are successes.
        draws: how many are drawn.

    Example:
        >>> Hypergeometric(population=4, successes=2, draws=2).pmf(1)
        0.6666666666666666
    """

    population: int
    successes: int
    draws: int

    def __post_init__(self) -> None:
        """Validate the parameters."""
        object.__setattr__(self, "population", integer("population", self.population))
        for name in ("successes", "draws"):
            object.__setattr__(self, name, integer(name, getattr(self, name), least=0, most=self.population))

    def support(self) -> tuple[int, int]:
        """Return the least and the largest count that can occur."""
        return max(0, self.draws + self.successes - self.population), min(self.draws, self.successes)

    def _mode(self) -> int:
        return (self.draws + 1) * (self.successes + 1) // (self.population + 2)

    def _ratio(self) -> Ratio:
        successes, draws = self.successes, self.draws
        rest = self.population - successes - draws
        return lambda k: ((successes - k) * (draws - k), (k + 1) * (rest + k + 1))

    def _count_mass(self, k: int) -> Any:
        with ctx.extraprec(2 * self.population.bit_length()):
            ways = _ways(self.successes, k) * _ways(self.population - self.successes, self.draws - k)
            return ways / _ways(self.population, self.draws)

    def _scipy(self) -> Any:
        from scipy import stats

        return stats.hypergeom(self.population, self.successes, self.draws)


@dataclass(frozen=True)
class NegativeBinomial(CountLaw):
    """The number of failures before success number ``n`` of independent trials; ``n`` need not be whole.

    The masses are ``Gamma(n + k) / (Gamma(n) k!) p^n (1 - p)^k``; the tails are incomplete beta functions.

    Args:
        n: greater than 0.
        p: probability of a success, in (0, 1].

    Example:
        >>> NegativeBinomial(1, 0.5).sf(2)
        0.125
    """

    n: Any
    p: Any

    def __post_init__(self) -> None:
        """Validate the parameters."""
        positive = "must be a finite number > 0, or a ball of them"
        object.__setattr__(self, "n", parameter("n", self.n, positive, above=0))
        allowed = "must be a number with 0 < p <= 1, or a ball of them"
        object.__setattr__(self, "p", parameter("p", self.p, allowed, above=0, most=1))

    def support(self) -> tuple[int, int | None]:
        """Return the least and the largest count that can occur, ``None`` if there is no largest."""
        return (0, None) if isinstance(self.p, Box) or self.p != 1 else (0, 0)

    def _at_most(self, k: int) -> Any:
        return arb(0) if k < 0 else beta_below(Fraction(self.p), Fraction(self.n), Fraction(k + 1))

    def _at_least(self, k: int) -> Any:
        return arb(1) if k <= 0 else beta_below(1 - Fraction(self.p), Fraction(k), Fraction(self.n))

    def _count_mass(self, k: int) -> Any:
        with ctx.extraprec(2 * (k + 2).bit_length()):
            n, p = ball(self.n), ball(self.p)
            rest = 1 - p if isinstance(self.p, Box) else exact(1 - Fraction(self.p))
            return n.rising(k) / arb(k).fac() * (n * p.log()).exp() * rest**k

    def _scipy(self) -> Any:
        from scipy import stats

        return stats.nbinom(float(self.n), float(self.p))


def _ways(n: int, k: int) -> Any:
    """Return the number of ways to choose ``k`` of ``n``."""
    if n <= _MOST_UNSIGNED:
        return arb.bin_uiui(n, k)
    return ((arb(n) + 1).lgamma() - (arb(k) + 1).lgamma() - (arb(n) - k + 1).lgamma()).exp()


def _has_more_terms(most: int, ratio: Ratio, k: int, step: int, last: float) -> bool:
    """Return whether :func:`_sum_of_ratios` surely has more than ``most`` terms: the ratios fall, slowly."""
    if abs(last - k) <= most:
        return False
    a, b = ratio(k + most * step)
    return bool(most * (b - a) < (ctx.prec + 2) * a / 2)  # (a / b)^most > e^-(most (b - a) / a) > 2^-prec


def _sum_of_ratios(ratio: Ratio, k: int, step: int, last: float) -> Any:
    """Return a ball around ``1 + r(k) + r(k) r(k + step) + ...`` up to the count ``last``; the ratios fall.

    ``low`` and ``high`` are the running product in units of ``2^-scale``, rounded down and up.
    """
    scale = ctx.prec + 2 * (abs(k) + 2).bit_length() + 32
    low = high = least = most = 1 << scale
    while k != last:
        a, b = ratio(k)
        low, high = low * a // b, -(-high * a // b)
        least, most, k = least + low, most + high, k + step
        if high < 1 << 16 and k != last:
            a, b = ratio(k)
            if a < b:
                most += -(-high * a // (b - a))
                break
    return arb(least).union(arb(most)) * arb(2) ** -scale
