"""Exact laws by convolution: Poisson binomial, finite discrete laws, sums and means of independent copies.

The masses are the coefficients of a product of polynomials with Arb balls as coefficients (python-flint). All terms are
positive, so every mass keeps its relative precision, however small it is, and tails are summed from their own end.
Halving the product costs about ``n log n`` operations up to logarithms for ``n`` trials.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from flint import arb, arb_poly, ctx

from theory.exact.balls import exact
from theory.exact.combined import Affine, Derived
from theory.exact.continuous import ChiSquare, Exponential, Gamma, Normal, ball
from theory.exact.counts import Binomial, CountLaw, Hypergeometric, NegativeBinomial, Poisson
from theory.exact.law import Box, ContinuousLaw, DiscreteLaw, Law, parameter
from theory.support.validate import instance, integer, number, refuse

__all__ = ["Discrete", "Mean", "PoissonBinomial", "Sum"]

_MOST_POINTS = 1_000_000
_ROUNDING_BITS = 2  # lost by each of the log2(n) multiplications


@dataclass(frozen=True)
class Lattice:
    """Masses at ``offset``, ``offset + spacing``, ``offset + 2 spacing`` and so on."""

    offset: Fraction
    spacing: Fraction
    masses: Sequence[Any]


class _LatticeLaw(DiscreteLaw):
    """A law on finitely many equidistant points; ``_masses`` is computed once for each precision."""

    _memory: dict[int, Lattice]

    def _points(self) -> Lattice:
        """Return the masses at the current precision."""
        raise NotImplementedError

    def _current_lattice(self) -> Lattice:
        if ctx.prec not in self._memory:
            self._memory.clear()
            self._memory[ctx.prec] = self._points()
        return self._memory[ctx.prec]

    def __getstate__(self) -> dict[str, Any]:
        """Return what to pickle: the parameters, not the masses."""
        return {**self.__dict__, "_memory": {}}

    def _lower(self, x: Fraction, strict: bool) -> Any:
        return _partial_sum(self._current_lattice(), x, strict, upper=False)

    def _upper(self, x: Fraction, strict: bool) -> Any:
        return _partial_sum(self._current_lattice(), x, strict, upper=True)

    def _mass(self, x: Fraction) -> Any:
        at = self._current_lattice()
        k = (x - at.offset) / at.spacing
        return at.masses[int(k)] if k.denominator == 1 and 0 <= k < len(at.masses) else arb(0)


@dataclass(frozen=True)
class PoissonBinomial(_LatticeLaw, CountLaw):
    """The number of successes in independent trials with probabilities of their own.

    Args:
        p: the probabilities, each in [0, 1].

    Example:
        >>> PoissonBinomial([0.5, 0.25]).pmf([0, 1, 2])
        array([0.375, 0.5  , 0.125])
    """

    p: tuple[Any, ...]
    _memory: dict[int, Lattice] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Validate the probabilities."""
        allowed = "must hold at least one number p with 0 <= p <= 1, or balls of them"
        try:
            given = tuple(self.p)
        except TypeError:
            refuse("p", self.p, allowed)
        if not given:
            refuse("p", self.p, allowed)
        object.__setattr__(self, "p", tuple(parameter("p", one, allowed, least=0, most=1) for one in given))

    def support(self) -> tuple[int, int]:
        """Return the least and the largest count that can occur."""
        boxes = [p if isinstance(p, Box) else Box(p, p) for p in self.p]
        return sum(box.low == 1 for box in boxes), sum(box.high > 0 for box in boxes)

    def _at_most(self, k: int) -> Any:
        return self._lower(Fraction(k), strict=False)

    def _at_least(self, k: int) -> Any:
        return self._upper(Fraction(k), strict=False)

    def _count_mass(self, k: int) -> Any:
        return self._mass(Fraction(k))

    def _free(self) -> tuple[str, ...]:
        return ("p",) if any(isinstance(one, Box) for one in self.p) else ()

    def _corners(self) -> Iterator[PoissonBinomial]:
        """Yield the laws of all lowest and of all highest probabilities: the tails are monotone in each."""
        if not self._free():
            yield self
            return
        for corner in zip(*(one if isinstance(one, Box) else (one, one) for one in self.p), strict=True):
            yield PoissonBinomial(corner)

    def _points(self) -> Lattice:
        with ctx.extraprec(_ROUNDING_BITS * len(self.p).bit_length() + 8):
            factors = [arb_poly([1 - ball(one), ball(one)]) for one in self.p]
            while len(factors) > 1:
                pairs = zip(factors[::2], factors[1::2], strict=False)
                factors = [a * b for a, b in pairs] + factors[len(factors) // 2 * 2 :]
            masses = _coefficients(factors[0], len(self.p) + 1)
        return Lattice(Fraction(0), Fraction(1), masses)

    def _scipy(self) -> Any:
        from scipy import stats

        return stats.poisson_binom([float(one) for one in self.p]) if hasattr(stats, "poisson_binom") else None


@dataclass(frozen=True)
class Discrete(DiscreteLaw):
    """A law with masses at finitely many numbers.

    Args:
        values: where the masses are: numbers, floats taken as the binary fractions that they are.
        probabilities: as many numbers >= 0 that sum to exactly 1, so usually ``fractions.Fraction``.

    Example:
        >>> fair = Discrete([1, 2, 3, 4, 5, 6], [Fraction(1, 6)] * 6)
        >>> fair.sf(4)
        0.3333333333333333
    """

    values: tuple[Any, ...]
    probabilities: tuple[Any, ...]

    def __post_init__(self) -> None:
        """Validate both, sort them and put equal values together."""
        kept: dict[Fraction, Fraction] = {}
        values = _numbers("values", self.values)
        probabilities = _numbers("probabilities", self.probabilities)
        if len(values) != len(probabilities):
            refuse("probabilities", self.probabilities, f"must be {len(values)} numbers, one for each value")
        for value, share in zip(values, probabilities, strict=True):
            if share < 0:
                refuse("probabilities", self.probabilities, "must hold numbers >= 0")
            kept[value] = kept.get(value, Fraction(0)) + share
        total = sum(probabilities)
        if total != 1:
            allowed = f"must sum to exactly 1 (the sum is 1 {float(total - 1):+.3g}): give fractions.Fraction"
            refuse("probabilities", self.probabilities, allowed)
        order = [value for value in sorted(kept) if kept[value]]
        object.__setattr__(self, "values", tuple(order))
        object.__setattr__(self, "probabilities", tuple(kept[value] for value in order))

    def _lower(self, x: Fraction, strict: bool) -> Any:
        return self._over(lambda value: value < x or (value == x and not strict))

    def _upper(self, x: Fraction, strict: bool) -> Any:
        return self._over(lambda value: value > x or (value == x and not strict))

    def _over(self, inside: Any) -> Any:
        pairs = zip(self.values, self.probabilities, strict=True)
        return exact(sum((share for value, share in pairs if inside(value)), Fraction(0)))

    def _mass(self, x: Fraction) -> Any:
        return self._over(lambda value: value == x)

    def _scipy(self) -> Any:
        from scipy import stats

        if any(value.denominator != 1 for value in self.values):
            return None
        return stats.rv_discrete(values=([int(v) for v in self.values], [float(p) for p in self.probabilities]))


@dataclass(frozen=True)
class _LatticeSum(_LatticeLaw):
    """The sum of ``n`` independent copies of a law on finitely many equidistant points."""

    law: Law
    n: int
    _memory: dict[int, Lattice] = field(default_factory=dict, init=False, repr=False, compare=False)

    def _free(self) -> tuple[str, ...]:
        return self.law._free()

    def _corners(self) -> Iterator[_LatticeSum]:
        return (_LatticeSum(corner, self.n) for corner in self.law._corners())

    def _points(self) -> Lattice:
        with ctx.extraprec(_ROUNDING_BITS * self.n.bit_length() + 8):
            one = lattice(self.law)
            if one is None:
                refuse("law", self.law, "must have a sum in closed form, or finitely many rational values")
            count = self.n * (len(one.masses) - 1) + 1
            if count > _MOST_POINTS:
                refuse(
                    "n", self.n, f"would need {count:,} points of the lattice; at most {_MOST_POINTS:,} are computed"
                )
            masses = _coefficients(arb_poly(list(one.masses)) ** self.n, count)
        return Lattice(one.offset * self.n, one.spacing, masses)


@dataclass(frozen=True)
class Sum(Derived):
    """The sum of ``n`` independent copies of a law.

    In closed form for normal, gamma, exponential, chi-squared, Poisson, binomial and negative binomial copies; by exact
    convolution for laws on finitely many rational values: binomial, hypergeometric, Poisson binomial, discrete, and
    affine maps of them.

    Args:
        law: the law of one copy.
        n: how many, at least 1.

    Example:
        >>> dice = Sum(Discrete([1, 2, 3, 4, 5, 6], [Fraction(1, 6)] * 6), 10)
        >>> dice.sf_ball(59, bits=100) == dice.pmf_ball(60, bits=100)
        False
        >>> dice.sf(59) == 6.0**-10
        True
    """

    law: Law
    n: int

    def __post_init__(self) -> None:
        """Validate the arguments."""
        instance("law", self.law, Law)
        object.__setattr__(self, "n", integer("n", self.n))
        object.__setattr__(self, "_equivalent", _sum(self.law, self.n))


@dataclass(frozen=True)
class Mean(Derived):
    """The mean of ``n`` independent copies of a law: ``1 / n`` of their :class:`Sum`.

    Args:
        law: the law of one copy.
        n: how many, at least 1.

    Example:
        >>> Mean(Binomial(1, 0.5), 10).sf(0.9)
        0.0009765625
    """

    law: Law
    n: int

    def __post_init__(self) -> None:
        """Validate the arguments."""
        object.__setattr__(self, "_equivalent", Affine(Sum(self.law, self.n), Fraction(1, integer("n", self.n))))


def lattice(law: Law) -> Lattice | None:
    """Return the law's points and masses at the current precision, ``None`` unless they are finitely many."""
    if isinstance(law, _LatticeLaw):
        return law._current_lattice()
    if isinstance(law, Affine) and not isinstance(law.scale, Box) and not isinstance(law.shift, Box):
        inner = lattice(law.law)
        if inner is None:
            return None
        scale, shift = Fraction(law.scale), Fraction(law.shift)
        first = inner.offset if scale > 0 else inner.offset + (len(inner.masses) - 1) * inner.spacing
        masses = inner.masses if scale > 0 else inner.masses[::-1]
        return Lattice(scale * first + shift, abs(scale) * inner.spacing, masses)
    if isinstance(law, Derived):
        return lattice(law._equivalent)
    if isinstance(law, Binomial | Hypergeometric):
        least, most = law.support()
        return Lattice(Fraction(least), Fraction(1), [law._count_mass(k) for k in range(least, most + 1)])
    if isinstance(law, Discrete):
        return _equidistant(law)
    return None


def _equidistant(law: Discrete) -> Lattice:
    offset = law.values[0]
    gaps = [value - offset for value in law.values[1:]]
    if not gaps:
        return Lattice(offset, Fraction(1), [arb(1)])
    unit = math.lcm(*(gap.denominator for gap in gaps))
    spacing = Fraction(math.gcd(*(int(gap * unit) for gap in gaps)), unit)
    length = int(gaps[-1] / spacing) + 1
    if length > _MOST_POINTS:
        allowed = f"must lie on a lattice of at most {_MOST_POINTS:,} points; these need {length:,}"
        refuse("values", tuple(map(str, law.values)), allowed)
    masses = [arb(0)] * length
    for value, share in zip(law.values, law.probabilities, strict=True):
        masses[int((value - offset) / spacing)] = exact(share)
    return Lattice(offset, spacing, masses)


@dataclass(frozen=True)
class _NormalSum(Normal):
    """The normal law of mean ``mean`` and standard deviation ``sd sqrt(n)``, whose square alone is rational."""

    n: int = 1

    def _beyond(self, distance: Fraction) -> Any:
        return (exact(distance / Fraction(self.sd)) / arb(2 * self.n).sqrt()).erfc() / 2

    def _density(self, x: Any) -> Any:
        wide = ball(self.sd) * arb(self.n).sqrt()
        z = (ball(x) - ball(self.mean)) / wide
        return (-z * z / 2).exp() / (wide * (2 * arb.pi()).sqrt())

    def _scipy(self) -> Any:
        from scipy import stats

        return stats.norm(float(self.mean), float(self.sd) * math.sqrt(self.n))


def _sum(law: Law, n: int) -> Law:
    """Return a law that is the sum's."""
    if n == 1:
        return law
    if isinstance(law, Normal):
        copies = law.n if isinstance(law, _NormalSum) else 1
        return _NormalSum(_times(law.mean, n), law.sd, n * copies)
    if isinstance(law, Gamma):
        return Gamma(_times(law.shape, n), law.scale)
    if isinstance(law, Exponential):
        low, high = law.rate if isinstance(law.rate, Box) else (Fraction(law.rate),) * 2
        return Affine(Gamma(n), 1 / low if low == high else Box(1 / high, 1 / low))
    if isinstance(law, ChiSquare):
        return ChiSquare(_times(law.df, n))
    if isinstance(law, Poisson):
        return Poisson(_times(law.rate, n))
    if isinstance(law, Binomial):
        return Binomial(law.n * n, law.p)
    if isinstance(law, NegativeBinomial):
        return NegativeBinomial(_times(law.n, n), law.p)
    if isinstance(law, Affine):
        return Affine(_sum(law.law, n), law.scale, _times(law.shift, n))
    if isinstance(law, Derived):
        return _sum(law._equivalent, n)
    if isinstance(law, ContinuousLaw) or not isinstance(law, Hypergeometric | Discrete | _LatticeLaw):
        refuse("law", law, "must have a sum in closed form, or finitely many rational values")
    return _LatticeSum(law, n)


def _times(value: Any, n: int) -> Any:
    return value * n if isinstance(value, Box) else Fraction(value) * n


def _coefficients(polynomial: Any, count: int) -> list[Any]:
    """Return ``count`` coefficients; the polynomial leaves out zeros at its end."""
    found = list(polynomial.coeffs())
    return found + [arb(0)] * (count - len(found))


def _partial_sum(at: Lattice, x: Fraction, strict: bool, upper: bool) -> Any:
    """Return the sum of the masses on one side of ``x``."""
    k = (x - at.offset) / at.spacing
    if upper:
        first = math.floor(k) + 1 if strict else math.ceil(k)
        return arb(1) if first <= 0 else sum(reversed(at.masses[first:]), arb(0))
    last = math.ceil(k) - 1 if strict else math.floor(k)
    return arb(1) if last >= len(at.masses) - 1 else sum(at.masses[: max(last + 1, 0)], arb(0))


def _numbers(name: str, values: Any) -> tuple[Fraction, ...]:
    allowed = "must hold at least one finite real number"
    try:
        given = tuple(values)
    except TypeError:
        refuse(name, values, allowed)
    if not given:
        refuse(name, values, allowed)
    return tuple(Fraction(number(name, one, allowed)) for one in given)
