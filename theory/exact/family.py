"""One-parameter families of laws of counts: a law with one parameter left free."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from flint import arb

from theory.exact.balls import exact
from theory.exact.continuous import ball
from theory.exact.counts import Binomial, CountLaw, Hypergeometric, NegativeBinomial, Poisson
from theory.exact.law import Law
from theory.support.validate import refuse

__all__ = ["Family"]

_UNIMODAL = {Binomial: "p", Poisson: "rate", NegativeBinomial: "p"}


class Family:
    """A law of counts as a function of its one free parameter.

    In these families the probability of any run of counts, ``P(a <= X <= b)``, rises and then falls in the parameter:
    its derivative is a positive factor times a difference of two terms whose ratio is monotone. So over a range of the
    parameter it is least at an end of the range, which is what makes the exact minimum coverage quick to find.

    Args:
        law: :class:`Binomial` (free: ``p``), :class:`Poisson` (``rate``), :class:`NegativeBinomial` (``p``) or
            :class:`Hypergeometric` (``successes``).
        through: optionally, a monotone function from the quantity of interest to the parameter, which takes and returns
            Arb balls; that it is monotone is up to the caller.
        fixed: the other parameters, numbers.

    Example:
        >>> from theory.laws import Binomial
        >>> family = Family(Binomial, n=30)
        >>> family(0.5)
        Binomial(n=30, p=0.5)
        >>> odds = Family(Binomial, through=lambda odds: odds / (1 + odds), n=30)
        >>> odds(1).cdf_ball(15).overlaps(family(0.5).cdf_ball(15))
        True
    """

    def __init__(self, law: type[CountLaw], through: Callable[[Any], Any] | None = None, **fixed: Any) -> None:
        """Validate the arguments."""
        free = {Hypergeometric: "successes", **_UNIMODAL}
        if law not in free:
            refuse("law", law, "must be Binomial, Poisson, NegativeBinomial or Hypergeometric of theory.laws")
        self.law, self.free, self.through, self.fixed = law, free[law], through, fixed
        needed = [name for name in inspect.signature(law).parameters if name != self.free]
        if sorted(fixed) != sorted(needed):
            refuse("fixed", tuple(fixed), f"must be {', '.join(needed) or 'nothing'}: {self.free} stays free")
        law(**{**fixed, self.free: 1 if self.whole else Fraction(1, 2)})  # refuses what is wrong among the fixed ones

    @property
    def whole(self) -> bool:
        """Whether the free parameter is a whole number."""
        return self.law is Hypergeometric

    @property
    def range(self) -> tuple[int, int | None]:
        """The least and the largest value of the free parameter; ``None`` if there is no largest."""
        if self.whole:
            return 0, int(self.fixed["population"])
        return 0, None if self.law is Poisson else 1

    def __call__(self, value: Any) -> Any:
        """Return the law at a value of the free parameter, or of the quantity of interest."""
        if self.through is not None:
            value = self.through(exact(value))
        elif self.whole and Fraction(value).denominator == 1:
            value = int(value)
        return self.law(**{**self.fixed, self.free: value})

    def slope(self, parameter: Any, first: int, last: int) -> Any:
        """Return a ball around the derivative of ``P(first <= X <= last)`` in the parameter, ``None`` if not known.

        Args:
            parameter: a number, or a :class:`theory.exact.law.Box` of them.
            first: the first count.
            last: the last count.
        """
        if self.through is not None or self.whole:
            return None
        return self._rate_at(parameter, first) - self._rate_at(parameter, last + 1)

    def _rate_at(self, parameter: Any, k: int) -> Any:
        """Return the derivative of ``P(X >= k)``."""
        if k <= 0:
            return arb(0)
        if self.law is Poisson:
            return Poisson(parameter)._count_mass(k - 1)
        n = self.fixed["n"]
        if self.law is Binomial:
            if n == 1 or k > n:
                return arb(int(k <= n))
            return n * Binomial(n - 1, parameter)._count_mass(k - 1)
        p, size = ball(parameter), exact(n)
        beta = size.gamma() * arb(k).gamma() / (size + k).gamma()
        return -(p ** (size - 1)) * (1 - p) ** (k - 1) / beta

    def __repr__(self) -> str:
        """Return the call that makes the family."""
        fixed = "".join(f", {name}={value!r}" for name, value in self.fixed.items())
        return f"Family({self.law.__name__}{fixed})"


def is_unimodal(family: Callable[[Any], Law]) -> bool:
    """Return whether the probability of a run of counts is known to rise and then fall in the parameter."""
    return isinstance(family, Family) and family.law in _UNIMODAL
