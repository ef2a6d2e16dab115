"""A tail of any exact law against a bound, at one setting, by ball arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from numbers import Real
from typing import Any

from theory import __version__
from theory.exact.balls import exact
from theory.exact.law import Law, is_ball
from theory.support.validate import choice, instance, number, refuse
from theory.verdicts.check_certificate import ball_to_data, law_to_data, number_to_data
from theory.verdicts.checker import BoundCheck, compare

__all__ = ["SIDES", "as_ball", "event", "tail", "tail_ball"]

SIDES = ("right", "left", "both")
_ROUNDINGS = ("exact", "up")


def tail(
    law: Law,
    threshold: Any,
    bound: Any,
    side: str = "right",
    *,
    strict: bool = False,
    center: Any = 0,
    rounding: str = "exact",
) -> BoundCheck:
    """Judge a bound on a tail of a law: ``P(X >= threshold) <= bound``.

    Ball arithmetic encloses the tail at a precision that rises from 64 to 4096 bits until it is decided. If it is not,
    as for a bound that equals the probability, the verdict is undecided.

    Args:
        law: any law of :mod:`theory.laws`; with a box of parameters the verdict is about every law in it.
        threshold: a number, or an Arb ball of thresholds.
        bound: a number >= 0, an Arb ball, or a function without arguments that returns one of them and is called again
            where the precision is raised.
        side: ``"right"`` for ``P(X >= threshold)``, ``"left"`` for ``P(X <= threshold)``, ``"both"`` for
            ``P(|X - center| >= threshold)`` with a threshold > 0.
        strict: judge ``>`` and ``<`` instead of ``>=`` and ``<=``.
        center: for ``"both"``: a number or a ball.
        rounding: ``"exact"`` takes a float bound as the binary fraction that it is; ``"up"`` as the next larger float,
            for a formula whose float value may have been rounded down by one unit in the last place.

    Raises:
        ValueError: an argument is out of range, or the bound is no number >= 0.

    Example:
        >>> import math
        >>> from theory.laws import Binomial
        >>> hoeffding = math.exp(-2 * 100 * 0.1**2)
        >>> tail(Binomial(100, 0.5), 60, hoeffding).verdict
        'certified'
        >>> tail(Binomial(100, 0.5), 60, hoeffding / 5).verdict
        'refuted'
    """
    instance("law", law, Law)
    choice("side", side, SIDES)
    choice("rounding", rounding, _ROUNDINGS)
    if not isinstance(strict, bool):
        refuse("strict", strict, "must be True or False")
    if not is_ball(threshold):
        limits = {"above": 0.0} if side == "both" else {}
        threshold = number("threshold", threshold, "must be a finite number" + " > 0" * bool(limits), **limits)
    if not is_ball(center):
        center = number("center", center)

    def value() -> Any:
        return as_ball(bound() if callable(bound) else bound, rounding)

    check, last = compare(value, lambda floor: tail_ball(law, threshold, side, strict, center))
    statement = f"{event(threshold, side, strict, center)} <= bound for X ~ {law!r}"
    record = {
        "kind": "tail",
        "made_with": {"tailbound": __version__},
        "law": law_to_data(law),
        "threshold": number_to_data(threshold),
        "side": side,
        "strict": strict,
        "center": number_to_data(center),
        "rounding": rounding,
        "bound": ball_to_data(last),
        "verdict": check.verdict,
    }
    return replace(check, statement=statement, record=record)


def tail_ball(law: Law, threshold: Any, side: str, strict: bool, center: Any = 0) -> Any:
    """Return a ball around the probability of the event at flint's current precision."""
    if side == "right":
        return law._upper_tail(threshold, strict)
    if side == "left":
        return law._lower_tail(threshold, strict)
    if is_ball(threshold) or is_ball(center):
        middle, reach = (one if is_ball(one) else exact(one) for one in (center, threshold))
        above, below = middle + reach, middle - reach
    else:
        above, below = Fraction(center) + Fraction(threshold), Fraction(center) - Fraction(threshold)
    both = law._upper_tail(above, strict) + law._lower_tail(below, strict)
    return type(both).min(both, type(both)(1))  # at thresholds of 0 or less the two tails overlap, and hold everything


def event(threshold: Any, side: str, strict: bool, center: Any = 0) -> str:
    """Return the event's probability in words, such as ``P(X >= 60)``."""
    sign = {"right": ">=", "left": "<=", "both": ">="}[side]
    sign = sign[0] if strict else sign
    variable = "X" if side != "both" else "|X|" if not is_ball(center) and center == 0 else f"|X - {center}|"
    return f"P({variable} {sign} {threshold})"


def as_ball(value: Any, rounding: str = "exact") -> Any:
    """Return what a bound gave as a ball, a float after the rounding asked for."""
    from flint import arb

    allowed = "must be a number >= 0 (float, Fraction or flint.arb), or a function that returns one"
    if is_ball(value):
        if value.is_nan() or value < 0:
            refuse("bound", value, allowed)
        return value
    if isinstance(value, Real) and value == math.inf:
        return arb.pos_inf()
    plain = number("bound", value, allowed, least=0)
    return exact(math.nextafter(plain, math.inf) if rounding == "up" and isinstance(plain, float) else plain)


Bound = Callable[..., Any]
