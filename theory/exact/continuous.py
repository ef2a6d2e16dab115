"""Exact laws with a density: normal, Student's t, gamma and its kin, Laplace, beta, uniform."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import arb

from theory.exact.balls import between, ends, exact
from theory.exact.law import Box, ContinuousLaw, is_ball, parameter
from theory.support.validate import refuse

__all__ = ["Beta", "ChiSquare", "Exponential", "Gamma", "Laplace", "Normal", "StudentT", "Uniform"]

_REAL = "must be a finite real number, or a ball of them"
_POSITIVE = "must be a finite number > 0, or a ball of them"


def ball(value: Any) -> Any:
    """Return a number, a box or a ball as a ball."""
    if isinstance(value, Box):
        return between(*value)
    return value if is_ball(value) else exact(value)


class _Symmetric(ContinuousLaw):
    """A law symmetric about ``_center``; ``_beyond(d)`` is its upper tail at a distance ``d >= 0`` from there."""

    def _center(self) -> Any:
        raise NotImplementedError

    def _beyond(self, distance: Fraction) -> Any:
        raise NotImplementedError

    def _upper(self, x: Fraction, strict: bool) -> Any:
        distance = x - Fraction(self._center())
        return self._beyond(distance) if distance >= 0 else 1 - self._beyond(-distance)

    def _lower(self, x: Fraction, strict: bool) -> Any:
        distance = Fraction(self._center()) - x
        return self._beyond(distance) if distance >= 0 else 1 - self._beyond(-distance)


@dataclass(frozen=True)
class Normal(_Symmetric):
    """The normal law with density ``exp(-(x - mean)^2 / (2 sd^2)) / (sd sqrt(2 pi))``.

    Args:
        mean: its mean.
        sd: its standard deviation, greater than 0.

    Example:
        >>> Normal().sf(10)
        7.61985302416052...e-24
        >>> Normal(mean=0, sd=2).sf_ball(20, bits=64) < 7.7e-24
        True
    """

    mean: Any = 0
    sd: Any = 1

    def __post_init__(self) -> None:
        """Validate the parameters."""
        object.__setattr__(self, "mean", parameter("mean", self.mean, _REAL))
        object.__setattr__(self, "sd", parameter("sd", self.sd, _POSITIVE, above=0))

    def _center(self) -> Any:
        return self.mean

    def _beyond(self, distance: Fraction) -> Any:
        return (exact(distance / Fraction(self.sd)) / arb(2).sqrt()).erfc() / 2

    def _density(self, x: Any) -> Any:
        z = (ball(x) - ball(self.mean)) / ball(self.sd)
        return (-z * z / 2).exp() / (ball(self.sd) * (2 * arb.pi()).sqrt())

    def _scipy(self) -> Any:
        from scipy import stats

        return stats.norm(float(self.mean), float(self.sd))


@dataclass(frozen=True)
class Laplace(_Symmetric):
    """The Laplace law with density ``exp(-|x - mean| / scale) / (2 scale)``.

    Args:
        mean: its mean.
        scale: greater than 0; the standard deviation is ``scale sqrt(2)``.

    Example:
        >>> Laplace().cdf(0)
        0.5
    """

    mean: Any = 0
    scale: Any = 1

    def __post_init__(self) -> None:
        """Validate the parameters."""
        object.__setattr__(self, "mean", parameter("mean", self.mean, _REAL))
        object.__setattr__(self, "scale", parameter("scale", self.scale, _POSITIVE, above=0))

    def _center(self) -> Any:
        return self.mean

    def _beyond(self, distance: Fraction) -> Any:
        return (-exact(distance / Fraction(self.scale))).exp() / 2

    def _density(self, x: Any) -> Any:
        return (-abs(ball(x) - ball(self.mean)) / ball(self.scale)).exp() / (2 * ball(self.scale))

    def _scipy(self) -> Any:
        from scipy import stats

        return stats.laplace(float(self.mean), float(self.scale))


@dataclass(frozen=True)
class StudentT(_Symmetric):
    """Student's t law with ``df`` degrees of freedom; its tails are incomplete beta functions.

    Args:
        df: degrees of freedom, any number greater than 0.

    Example:
        >>> StudentT(1).sf(1)
        0.25
    """

    df: Any

    def __post_init__(self) -> None:
        """Validate the parameter."""
        object.__setattr__(self, "df", parameter("df", self.df, _POSITIVE, above=0))

    def _center(self) -> Any:
        return 0

    def _beyond(self, distance: Fraction) -> Any:
        df = Fraction(self.df)
        share = df / (df + distance * distance)
        if share == 1:
            return arb(1) / 2
        half = arb(1) / 2
        if share < Fraction(1, 2):
            return exact(share).beta_lower(exact(df / 2), half, 1) / 2
        return (1 - exact(1 - share).beta_lower(half, exact(df / 2), 1)) / 2

    def _density(self, x: Any) -> Any:
        df, t = ball(self.df), ball(x)
        constant = ((df + 1) / 2).gamma() / ((df / 2).gamma() * (df * arb.pi()).sqrt())
        return constant * ((1 + t * t / df).log() * (-(df + 1) / 2)).exp()

    def _scipy(self) -> Any:
        from scipy import stats

        return stats.t(float(self.df))


@dataclass(frozen=True)
class Gamma(ContinuousLaw):
    """The gamma law with density ``x^(shape - 1) exp(-x / scale) / (Gamma(shape) scale^shape)`` on ``x >= 0``.

    Args:
        shape: greater than 0.
        scale: greater than 0; the mean is ``shape scale``.

    Example:
        >>> Gamma(shape=1, scale=2).sf(2)
        0.36787944117144233
    """

    shape: Any
    scale: Any = 1

    def __post_init__(self) -> None:
        """Validate the parameters."""
        object.__setattr__(self, "shape", parameter("shape", self.shape, _POSITIVE, above=0))
        object.__setattr__(self, "scale", parameter("scale", self.scale, _POSITIVE, above=0))

    def _upper(self, x: Fraction, strict: bool) -> Any:
        return arb(1) if x <= 0 else exact(x / Fraction(self.scale)).gamma_upper(exact(self.shape), 1)

    def _lower(self, x: Fraction, strict: bool) -> Any:
        return arb(0) if x <= 0 else exact(x / Fraction(self.scale)).gamma_lower(exact(self.shape), 1)

    def _density(self, x: Any) -> Any:
        return _power_exponential(ball(x), ball(self.shape), ball(self.scale))

    def _scipy(self) -> Any:
        from scipy import stats

        return stats.gamma(float(self.shape), scale=float(self.scale))


@dataclass(frozen=True)
class ChiSquare(ContinuousLaw):
    """The chi-squared law with ``df`` degrees of freedom: the gamma law of shape ``df / 2`` and scale 2.

    Args:
        df: degrees of freedom, any number greater than 0.

    Example:
        >>> ChiSquare(2).sf(2)
        0.36787944117144233
    """

    df: Any

    def __post_init__(self) -> None:
        """Validate the parameter."""
        object.__setattr__(self, "df", parameter("df", self.df, _POSITIVE, above=0))

    def _upper(self, x: Fraction, strict: bool) -> Any:
        return Gamma(Fraction(self.df) / 2, 2)._upper(x, strict)

    def _lower(self, x: Fraction, strict: bool) -> Any:
        return Gamma(Fraction(self.df) / 2, 2)._lower(x, strict)

    def _density(self, x: Any) -> Any:
        return _power_exponential(ball(x), ball(self.df) / 2, arb(2))

    def _scipy(self) -> Any:
        from scipy import stats

        return stats.chi2(float(self.df))


@dataclass(frozen=True)
class Exponential(ContinuousLaw):
    """The exponential law with density ``rate exp(-rate x)`` on ``x >= 0``.

    Args:
        rate: greater than 0; the mean is ``1 / rate``.

    Example:
        >>> Exponential(rate=2).sf(Fraction(1, 2))
        0.36787944117144233
    """

    rate: Any = 1

    def __post_init__(self) -> None:
        """Validate the parameter."""
        object.__setattr__(self, "rate", parameter("rate", self.rate, _POSITIVE, above=0))

    def _upper(self, x: Fraction, strict: bool) -> Any:
        return arb(1) if x <= 0 else (-exact(x * Fraction(self.rate))).exp()

    def _lower(self, x: Fraction, strict: bool) -> Any:
        return arb(0) if x <= 0 else -(-exact(x * Fraction(self.rate))).expm1()

    def _density(self, x: Any) -> Any:
        return _power_exponential(ball(x), arb(1), 1 / ball(self.rate))

    def _scipy(self) -> Any:
        from scipy import stats

        return stats.expon(scale=float(1 / Fraction(self.rate)))


@dataclass(frozen=True)
class Beta(ContinuousLaw):
    """The beta law with density ``x^(a - 1) (1 - x)^(b - 1) / B(a, b)`` on ``[0, 1]``.

    Args:
        a: greater than 0.
        b: greater than 0; the mean is ``a / (a + b)``.

    Example:
        >>> Beta(2, 1).cdf(0.5)
        0.25
    """

    a: Any
    b: Any

    def __post_init__(self) -> None:
        """Validate the parameters."""
        object.__setattr__(self, "a", parameter("a", self.a, _POSITIVE, above=0))
        object.__setattr__(self, "b", parameter("b", self.b, _POSITIVE, above=0))

    def _lower(self, x: Fraction, strict: bool) -> Any:
        return beta_below(x, Fraction(self.a), Fraction(self.b))

    def _upper(self, x: Fraction, strict: bool) -> Any:
        return beta_below(1 - x, Fraction(self.b), Fraction(self.a))

    def _density(self, x: Any) -> Any:
        point, a, b = ball(x), ball(self.a), ball(self.b)
        if point < 0 or point > 1:
            return arb(0)
        whole = a.gamma() * b.gamma() / (a + b).gamma()
        return _power(point, a - 1) * _power(1 - point, b - 1) / whole

    def _scipy(self) -> Any:
        from scipy import stats

        return stats.beta(float(self.a), float(self.b))


@dataclass(frozen=True)
class Uniform(ContinuousLaw):
    """The uniform law on the interval from ``low`` to ``high``.

    Args:
        low: its lower end.
        high: its upper end, greater than ``low``.

    Example:
        >>> Uniform(0, 4).sf(3)
        0.25
    """

    low: Any = 0
    high: Any = 1

    def __post_init__(self) -> None:
        """Validate the parameters."""
        object.__setattr__(self, "low", parameter("low", self.low, _REAL))
        object.__setattr__(self, "high", parameter("high", self.high, _REAL))
        if not _top(self.low) < _bottom(self.high):
            refuse("high", self.high, f"must be greater than low={self.low}")

    def _lower(self, x: Fraction, strict: bool) -> Any:
        low, high = Fraction(self.low), Fraction(self.high)
        return exact(min(max((x - low) / (high - low), Fraction(0)), Fraction(1)))

    def _upper(self, x: Fraction, strict: bool) -> Any:
        low, high = Fraction(self.low), Fraction(self.high)
        return exact(min(max((high - x) / (high - low), Fraction(0)), Fraction(1)))

    def _density(self, x: Any) -> Any:
        point, inside = ball(x), 1 / (ball(self.high) - ball(self.low))
        if point < ball(self.low) or point > ball(self.high):
            return arb(0)
        return inside if ball(self.low) <= point <= ball(self.high) else inside.union(arb(0))

    def _scipy(self) -> Any:
        from scipy import stats

        return stats.uniform(float(self.low), float(Fraction(self.high) - Fraction(self.low)))


def _bottom(value: Any) -> Fraction:
    return value.low if isinstance(value, Box) else Fraction(value)


def _top(value: Any) -> Fraction:
    return value.high if isinstance(value, Box) else Fraction(value)


def beta_below(x: Fraction, a: Fraction, b: Fraction) -> Any:
    """Return a ball around the regularized incomplete beta function ``I_x(a, b)``; 0 below 0 and 1 above 1."""
    if x <= 0:
        return arb(0)
    if x >= 1:
        return arb(1)
    if x * (a + b) <= a:
        return exact(x).beta_lower(exact(a), exact(b), 1)
    return 1 - exact(1 - x).beta_lower(exact(b), exact(a), 1)


def _power(base: Any, exponent: Any) -> Any:
    """Return ``base^exponent`` for a base of at least 0."""
    if exponent.is_zero():
        return arb(1)
    if base > 0:
        return (exponent * base.log()).exp()
    if base.is_zero():
        return arb(0) if exponent > 0 else arb.pos_inf() if exponent < 0 else arb.nan()
    top = ends(base)[1]
    return arb(0).union((exponent * exact(top).log()).exp()) if exponent > 0 and top > 0 else arb.nan()


def _power_exponential(x: Any, shape: Any, scale: Any) -> Any:
    """Return the gamma density."""
    if x < 0:
        return arb(0)
    z = x / scale
    density = _power(z, shape - 1) * (-z).exp() / (shape.gamma() * scale)
    return density if x >= 0 else density.union(arb(0))
