"""Estimated boundaries with similar samples in one class or in both: bound, exact law, simulation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from theory.support.broadcast import over_settings
from theory.support.validate import choice, generator, integer, number, positive, refuse

__all__ = ["exact_function", "failure_probability", "simulate", "sum_of_exponentials", "summed_upwards"]

S = TypeVar("S")
_LARGEST_EXPONENT = Fraction(1000)  # its exponential is 0 in floats
_EPS = float(np.finfo(float).eps)
_LOG_ERROR = 64 * _EPS
_MOST_REPLICATES = 10**9  # each takes 8 bytes
_MOST_DRAWN = 10**8  # samples of a class in one replicate, for method "samples"


def exact_function(arguments: Sequence[Any], expression: Any) -> Callable[..., Any]:
    """Return the function of a SymPy expression over a whole number, which gives fractions for fractions."""
    import sympy

    top, bottom = sympy.fraction(sympy.together(expression))  # whole coefficients keep fractions exact
    numerator = sympy.lambdify(arguments, top, modules="math")
    return lambda *values: numerator(*values) / int(bottom)


def sum_of_exponentials(exponents: Iterable[Fraction | None]) -> float:
    """Return the sum of ``2 exp(-e)``, rounded up, Theorem 1's form of bound; ``None`` stands for infinity."""
    logs = [-float(min(e, _LARGEST_EXPONENT)) for e in exponents if e is not None]
    return float(2 * summed_upwards(np.array(logs))) if logs else 0.0


def summed_upwards(logs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of ``exp(logs)`` along the last axis, rounded up.

    The logarithms may themselves be off by 64 roundings of their size, or of 1 if that is more. The result is never 0,
    however small the sum is, and it rises with the logarithms, so that bounds keep their order.
    """
    logs = np.maximum(logs, -float(_LARGEST_EXPONENT))
    with np.errstate(under="ignore"):
        raised = np.exp(logs + _LOG_ERROR * (1 + np.abs(logs)))
    return np.asarray(raised.sum(axis=-1) * (1 + 8 * _EPS) + 8 * math.ulp(0.0))


def failure_probability(
    law: Callable[[S], Any], kind: type[S], s: S | Sequence[S], alpha: Any, shift: float | Fraction | None
) -> Any:
    """Return the probability, by the ``law`` of a setting of the ``kind``, to lie over ``alpha`` from the ``shift``."""
    given = None if shift is None else Fraction(number("shift", shift))

    def one(s: S, alpha: Any) -> Any:
        a, boundary = Fraction(positive("alpha", alpha)), law(s)
        center = boundary.expectation if given is None else given
        return min(1.0, boundary.upper_tail(center + a) + boundary.lower_tail(center - a))

    return over_settings(one, kind, s, alpha)


def simulate(
    methods: Mapping[str, Callable[[Any, int, np.random.Generator], NDArray[np.float64]]],
    s: Any,
    replicates: int,
    rng: np.random.Generator,
    method: str,
) -> NDArray[np.float64]:
    """Return what the method of that name draws, the arguments and the effort checked."""
    replicates = integer("replicates", replicates, most=_MOST_REPLICATES)
    generator("rng", rng)
    draw = methods[choice("method", method, methods)]
    if method == "samples" and max(s.n_pos, s.n_neg) > _MOST_DRAWN:
        refuse("method", method, f"may draw at most {_MOST_DRAWN:,} samples of a class: use 'statistics'")
    return draw(s, replicates, rng)
