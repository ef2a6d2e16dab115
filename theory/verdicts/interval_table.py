"""The table of an interval: its two ends for each count that a family of laws can give."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from flint import ctx

from theory.exact.balls import between
from theory.exact.family import Family
from theory.exact.law import Law
from theory.support.validate import choice, instance, number, refuse

__all__ = [
    "BITS",
    "CLOSED",
    "Counts",
    "Row",
    "enumerated_counts",
    "holds",
    "outward_rounding",
    "parameter_range",
    "rows_of_count",
]

CLOSED = ("both", "left", "right", "neither")
"""Which ends belong to an interval."""

BITS = (64, 256, 1024)
"""The precisions that are tried, one after the other, until a question is decided."""

_LEFT_OUT = 2.0**-100  # chance of counts beyond those enumerated, where a law has no largest count
_FEW_COUNTS, _MANY_COUNTS, _MOST_COUNTS = 16, 1 << 12, 10_000_000
_MOST_PARTS = 1 << 10  # of a domain, over which a family of the caller's gives its laws

Ends = tuple[Any, Any]


class Row(NamedTuple):
    """One interval: the count it is for, its weight among the intervals of that count, and its exact ends."""

    k: int
    weight: Fraction
    low: Fraction | None
    high: Fraction | None


def holds(row: Row, at: Fraction, closed: str) -> bool:
    """Return whether an interval holds a parameter."""
    after = row.low is None or row.low < at or (row.low == at and closed in ("both", "left"))
    before = row.high is None or row.high > at or (row.high == at and closed in ("both", "right"))
    return after and before


def rows_of_count(interval: Callable[[int], Any], k: int, outwards: Callable[[Any, Any], Ends]) -> list[Row]:
    """Return the intervals of one count."""
    allowed = "must return (low, high) with low <= high, None, or a list of (probability, low, high) that sum to 1"
    given = interval(k)
    if given is None:
        return []
    parts = given if isinstance(given, list) else [(1, *_pair(given, k, allowed))]
    rows, total = [], Fraction(0)
    for part in parts:
        if not isinstance(part, tuple) or len(part) != 3:
            refuse("interval", given, f"{allowed}; this is for count {k}")
        weight = Fraction(number("probability", part[0], above=0, most=1))
        total += weight
        low, high = outwards(_end(part[1], k), _end(part[2], k))
        if (low is None and part[1] > 0) or (high is None and part[2] < 0) or (None not in (low, high) and low > high):
            refuse("interval", given, f"{allowed}; this is for count {k}")
        rows.append(Row(k, weight, low, high))
    if total != 1:
        refuse("interval", given, f"its probabilities must sum to 1 for count {k}; they sum to {total}")
    return rows


def _pair(interval: Any, k: int, allowed: str) -> Ends:
    try:
        low, high = interval
    except (TypeError, ValueError):
        refuse("interval", interval, f"{allowed}; this is for count {k}")
    return low, high


def _end(value: Any, k: int) -> Any:
    """Return an end as a number, ``None`` if it is infinite."""
    if isinstance(value, float | np.floating) and math.isinf(value):
        return None
    return number(f"interval({k})", value, "its ends must be numbers or infinite")


def outward_rounding(rounding: str | float) -> Callable[[Any, Any], Ends]:
    """Return what becomes of a pair of ends."""
    if isinstance(rounding, str):
        choice("rounding", rounding, ("exact", "up"))
        relative = None
    else:
        relative = Fraction(number("rounding", rounding, "must be 'exact', 'up' or a number >= 0", least=0))

    def moved(end: Any, towards: float) -> Fraction | None:
        if end is None:
            return None
        if rounding == "up" and isinstance(end, float):
            return Fraction(math.nextafter(end, towards))
        plain = Fraction(end)
        if relative is None:
            return plain
        step = max(abs(plain), Fraction(1)) * relative
        return plain + step if towards > 0 else plain - step

    return lambda low, high: (moved(low, -math.inf), moved(high, math.inf))


def parameter_range(family: Callable[[Any], Law], domain: tuple[Any, Any] | None) -> tuple[Fraction, Fraction]:
    """Return the two ends of the domain."""
    if not callable(family):
        refuse("family", family, "must be a theory.laws.Family, or callable with a parameter")
    allowed = "must be a pair (low, high) of finite numbers, low <= high"
    given = domain
    if given is None and isinstance(family, Family) and family.through is None:
        low, high = family.range
        given = (low, high) if high is not None else None
    if not isinstance(given, tuple | list) or len(given) != 2:
        refuse("domain", domain, allowed)
    first, last = (Fraction(number("domain", end, allowed)) for end in given)
    if first > last:
        refuse("domain", domain, allowed)
    if isinstance(family, Family) and family.through is None:
        low, high = family.range
        if first < low or (high is not None and last > high):
            refuse("domain", domain, f"must lie in the range of {family.free}, from {low} to {high or 'infinity'}")
    for end in (first, last):
        instance("family", family(end), Law)
    return first, last


class Counts(NamedTuple):
    """The counts that can occur, and the most that any others have together: 0 but for laws without a largest count."""

    every: range
    left_out: float


def enumerated_counts(family: Callable[[Any], Law], first: Fraction, last: Fraction) -> Counts:
    """Return all counts that can occur; for laws without a largest count all but a chance of ``2^-100``."""
    if isinstance(family, Family) and family.whole:
        fixed = family.fixed
        return Counts(range(min(int(fixed["draws"]), int(fixed["population"])) + 1), 0.0)
    laws: list[Any]
    if isinstance(family, Family) or first == last:
        # A tail is monotone in the parameter: the laws at the ends have the largest. One between has the support.
        laws = [family(first), family(last), family((first + last) / 2)]
    else:
        laws = _covering(family, first, last)
    if not all(hasattr(law, "support") for law in laws):
        refuse("family", family, "its laws must be laws of counts")
    supports = [law.support() for law in laws]
    least = min(one for one, _ in supports)
    if all(most is not None for _, most in supports):
        return Counts(range(least, max(most for _, most in supports) + 1), 0.0)
    furthest = [_likely(law, _MOST_COUNTS) for law in laws]
    if None in furthest:
        refuse("domain", (first, last), f"would need more than {_MOST_COUNTS:,} counts: cut the domain")
    return Counts(range(least, max(k for k in furthest if k is not None) + 1), _LEFT_OUT)


def _likely(law: Any, most: int) -> int | None:
    """Return a count above which a law has a chance below ``2^-100``, if there is one up to ``most``."""
    k = _FEW_COUNTS
    with ctx.workprec(BITS[0]):
        while not law._upper_tail(k, True) < _LEFT_OUT:
            k *= 2
            if k > most:
                return None
    return k


def _covering(family: Callable[[Any], Law], first: Fraction, last: Fraction) -> list[Any]:
    """Return laws over balls of parameters that together hold all parameters from ``first`` to ``last``."""
    found, open_ones = [], [(first, last)]
    while open_ones:
        low, high = open_ones.pop()
        last_cut = (high - low) * _MOST_PARTS <= last - first
        try:
            law: Any = family(between(low, high))
            wide = hasattr(law, "support") and law.support()[1] is None and _likely(law, _MANY_COUNTS) is None
        except ValueError:  # the ball is too wide for the family's arithmetic: its parts may not be
            if last_cut:
                raise
            wide = True
        if wide and not last_cut:
            middle = (low + high) / 2
            open_ones += [(low, middle), (middle, high)]
        else:
            found.append(law)
    return found
