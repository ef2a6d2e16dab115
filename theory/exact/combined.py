"""Exact laws made of others: affine maps and mixtures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Self

from flint import arb

from theory.exact.balls import exact
from theory.exact.continuous import ball
from theory.exact.law import Box, Law, is_ball, parameter, point, values
from theory.support.validate import instance, number, refuse

__all__ = ["Affine", "Derived", "Mixture"]


class _Either(Law):
    """A law that has masses or a density, as those that it is made of."""

    def pmf(self, x: Any) -> Any:
        """Return ``P(X = x)``; an array for an array."""
        return values(x, lambda one: self._float(lambda: self._mass(point(one))))

    def pmf_ball(self, x: Any, bits: int = 128) -> Any:
        """Return a ball around ``P(X = x)`` for a number ``x``."""
        return self._ball(lambda: self._mass(point(x)), bits)

    def pdf(self, x: Any) -> Any:
        """Return the density at ``x``; an array for an array."""
        return values(x, lambda one: self._float(lambda: self._density(point(one))))

    def pdf_ball(self, x: Any, bits: int = 128) -> Any:
        """Return a ball around the density at ``x``, a number or a ball."""
        return self._ball(lambda: self._density(x if is_ball(x) else point(x)), bits, x)

    def _mass(self, x: Fraction) -> Any:
        raise NotImplementedError

    def _density(self, x: Any) -> Any:
        raise NotImplementedError

    def _lower(self, x: Fraction, strict: bool) -> Any:
        return self._lower_tail(x, strict)

    def _upper(self, x: Fraction, strict: bool) -> Any:
        return self._upper_tail(x, strict)


def _mass_of(law: Any, x: Fraction) -> Any:
    return law._mass(x) if law.discrete else arb(0)


def _density_of(law: Any, x: Any) -> Any:
    if law.discrete:
        refuse("law", law, "has masses, not a density: use pmf")
    return law._density(x)


class Derived(_Either):
    """A law that another one, ``_equivalent``, computes."""

    _equivalent: Law

    @property
    def discrete(self) -> bool:
        """Whether the law has masses rather than a density."""
        return self._equivalent.discrete

    def _free(self) -> tuple[str, ...]:
        return self._equivalent._free()

    def _lower_tail(self, x: Any, strict: bool) -> Any:
        return self._equivalent._lower_tail(x, strict)

    def _upper_tail(self, x: Any, strict: bool) -> Any:
        return self._equivalent._upper_tail(x, strict)

    def _mass(self, x: Fraction) -> Any:
        return _mass_of(self._equivalent, x)

    def _density(self, x: Any) -> Any:
        return _density_of(self._equivalent, x)

    def _scipy(self) -> Any:
        return self._equivalent._scipy()


@dataclass(frozen=True)
class Affine(_Either):
    """The law of ``scale X + shift``.

    Args:
        law: the law of ``X``.
        scale: not 0; negative numbers mirror the law.
        shift: any number.

    Example:
        >>> from theory.laws import Binomial
        >>> centred = Affine(Binomial(10, 0.5), scale=Fraction(1, 10), shift=-0.5)
        >>> centred.cdf(-0.5)
        0.0009765625
    """

    law: Law
    scale: Any = 1
    shift: Any = 0

    def __post_init__(self) -> None:
        """Validate the arguments."""
        instance("law", self.law, Law)
        allowed = "must be a finite number other than 0, or a ball of them"
        object.__setattr__(self, "scale", parameter("scale", self.scale, allowed))
        if self.scale.low <= 0 <= self.scale.high if isinstance(self.scale, Box) else self.scale == 0:
            refuse("scale", self.scale, allowed)
        object.__setattr__(self, "shift", parameter("shift", self.shift, "must be a finite number, or a ball of them"))

    @property
    def discrete(self) -> bool:
        """Whether the law has masses rather than a density."""
        return self.law.discrete

    def _free(self) -> tuple[str, ...]:
        return (*self.law._free(), *(name for name in ("scale", "shift") if isinstance(getattr(self, name), Box)))

    def _corners(self) -> Iterator[Self]:
        yield self

    def _lower_tail(self, x: Any, strict: bool) -> Any:
        tail = self.law._lower_tail if self._rises() else self.law._upper_tail
        return tail(self._before(x), strict)

    def _upper_tail(self, x: Any, strict: bool) -> Any:
        tail = self.law._upper_tail if self._rises() else self.law._lower_tail
        return tail(self._before(x), strict)

    def _rises(self) -> bool:
        return bool((self.scale.low if isinstance(self.scale, Box) else self.scale) > 0)

    def _before(self, x: Any) -> Any:
        """Return the number, or the ball, that the map takes to ``x``."""
        if is_ball(x) or isinstance(self.scale, Box) or isinstance(self.shift, Box):
            return (ball(x) - ball(self.shift)) / ball(self.scale)
        if isinstance(x, float) and x in (float("inf"), float("-inf")):
            return x if self._rises() else -x
        return (point(x) - Fraction(self.shift)) / Fraction(self.scale)

    def _mass(self, x: Fraction) -> Any:
        if isinstance(self.scale, Box) or isinstance(self.shift, Box):
            refuse("law", self, "has no mass at a point that its map does not fix: scale and shift must be numbers")
        return _mass_of(self.law, self._before(x))

    def _density(self, x: Any) -> Any:
        return _density_of(self.law, self._before(x)) / abs(ball(self.scale))

    def _scipy(self) -> Any:
        inner = self.law._scipy()
        if inner is None or self.law.discrete or self.scale < 0:
            return None
        loc, scale = float(self.shift), float(self.scale)
        arguments = dict(zip(("loc", "scale"), inner.dist._parse_args(*inner.args, **inner.kwds)[1:], strict=True))
        shapes = inner.dist._parse_args(*inner.args, **inner.kwds)[0]
        return inner.dist(*shapes, loc=loc + scale * arguments["loc"], scale=scale * arguments["scale"])


@dataclass(frozen=True)
class Mixture(_Either):
    """The mixture of laws: each with a weight, the chance that it is the one drawn from.

    Args:
        weights: numbers > 0 that sum to exactly 1, so usually ``fractions.Fraction``.
        laws: as many laws, all with densities or all with masses.

    Example:
        >>> from theory.laws import Normal
        >>> contaminated = Mixture([Fraction(99, 100), Fraction(1, 100)], [Normal(0, 1), Normal(0, 10)])
        >>> contaminated.sf(5)
        0.0030856...
    """

    weights: tuple[Any, ...]
    laws: tuple[Law, ...]

    def __post_init__(self) -> None:
        """Validate the arguments."""
        allowed = "must be numbers > 0, one for each law, that sum to exactly 1: give fractions.Fraction"
        try:
            weights, laws = tuple(self.weights), tuple(self.laws)
        except TypeError:
            refuse("weights", self.weights, allowed)
        for law in laws:
            instance("laws", law, Law)
        shares = tuple(Fraction(number("weights", one, allowed, above=0)) for one in weights)
        if len(shares) != len(laws) or sum(shares) != 1:
            refuse("weights", self.weights, allowed)
        if len({law.discrete for law in laws}) > 1:
            refuse("laws", self.laws, "must all have densities or all have masses")
        object.__setattr__(self, "weights", shares)
        object.__setattr__(self, "laws", laws)

    @property
    def discrete(self) -> bool:
        """Whether the law has masses rather than a density."""
        return self.laws[0].discrete

    def _free(self) -> tuple[str, ...]:
        return tuple(name for law in self.laws for name in law._free())

    def _corners(self) -> Iterator[Self]:
        yield self

    def _lower_tail(self, x: Any, strict: bool) -> Any:
        return self._sum(law._lower_tail(x, strict) for law in self.laws)

    def _upper_tail(self, x: Any, strict: bool) -> Any:
        return self._sum(law._upper_tail(x, strict) for law in self.laws)

    def _mass(self, x: Fraction) -> Any:
        return self._sum(_mass_of(law, x) for law in self.laws)

    def _density(self, x: Any) -> Any:
        return self._sum(_density_of(law, x) for law in self.laws)

    def _sum(self, parts: Iterator[Any]) -> Any:
        return sum((exact(weight) * part for weight, part in zip(self.weights, parts, strict=True)), arb(0))
