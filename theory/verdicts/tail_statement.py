"""A bound on a tail over a domain as one statement: its settings, and the tail and the bound at a setting."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import arb

from theory.exact.balls import decide, exact
from theory.exact.law import Box, Law, is_ball
from theory.support.validate import choice, instance, integer, number, refuse
from theory.verdicts.formula_balls import as_function
from theory.verdicts.tails import as_ball, event, tail_ball

__all__ = ["Statement", "is_constant"]

Point = dict[str, Any]
_UNKNOWN = arb(0, arb.pos_inf())  # what is not told over a whole box; over its parts it may be


@dataclass(frozen=True)
class Statement:
    """``P(X >= threshold) <= bound`` as functions of named parameters."""

    family: Callable[..., Law]
    bound: Callable[..., Any]
    domain: Mapping[str, Any]
    threshold: Callable[..., Any]
    side: str
    strict: bool
    center: Callable[..., Any]
    rounding: str
    words: str

    @classmethod
    def of(
        cls,
        family: Any,
        bound: Any,
        domain: Any,
        threshold: Any,
        side: str = "right",
        strict: bool = False,
        center: Any = 0,
        rounding: str = "exact",
    ) -> Statement:
        """Return the statement, its parts validated."""
        if not callable(family):
            refuse("family", family, "must be callable with the parameters of the domain")
        if not isinstance(domain, Mapping) or not all(isinstance(name, str) for name in domain):
            refuse("domain", domain, "must be a dictionary from the names of the parameters to their ranges")
        choice("side", side, ("right", "left", "both"))
        choice("rounding", rounding, ("exact", "up"))
        shown = threshold if not callable(threshold) else "threshold"
        words = f"{event(shown, side, strict)} <= bound for every {', '.join(domain) or 'setting'} of the domain"
        functions = [
            as_function(name, one) for name, one in (("bound", bound), ("threshold", threshold), ("center", center))
        ]
        return cls(family, functions[0], domain, functions[1], side, strict, functions[2], rounding, words)

    def settings(self, limit: Mapping[str, Any]) -> Iterator[tuple[dict[str, int], dict[str, Box]]]:
        """Yield the whole parameters with the box of the others."""
        if not isinstance(limit, Mapping):
            refuse("limit", limit, "must be a dictionary from names of parameters without end to their largest values")
        endless = set()

        def extend(names: Sequence[str], setting: dict[str, int], box: dict[str, Box]) -> Iterator[Any]:
            if not names:
                yield setting, box
                return
            name, *rest = names
            given = self.domain[name]
            if callable(given) and not isinstance(given, range):
                given = given(**setting)
            if isinstance(given, itertools.count) or (isinstance(given, tuple) and given[1:] == (None,)):
                endless.add(name)
            numbers, span = _range(name, given, limit.get(name))
            if span is not None:
                yield from extend(rest, setting, {**box, name: span})
                return
            for value in numbers:
                yield from extend(rest, {**setting, name: value}, box)

        yield from extend(list(self.domain), {}, {})
        for name in limit:
            if name not in endless:
                refuse("limit", dict(limit), f"must name parameters of the domain without end; {name} is none")

    def sides(
        self, setting: Mapping[str, int], others: Mapping[str, Any], *, at_a_point: bool = False
    ) -> tuple[Any, Any, Any, Any]:
        """Return balls around the probability and the bound over a box, or at a point, with the law and threshold."""
        values = {name: setting.get(name, others.get(name)) for name in self.domain}
        try:
            law = self.family(**values)
        except ValueError:
            if at_a_point:
                raise
            return arb(0).union(arb(1)), _UNKNOWN, None, None  # its arithmetic may be too rough for so wide a ball
        instance("family", law, Law)
        threshold, center = (
            one if is_ball(one) else number(name, one)
            for name, one in (("threshold", self.threshold(**values)), ("center", self.center(**values)))
        )
        chance = tail_ball(law, threshold, self.side, self.strict, center)
        value = self.bound(**values)
        if is_ball(value) and value.is_nan() and not at_a_point:
            value = _UNKNOWN
        return chance, as_ball(value, self.rounding), law, threshold

    def defined(self, setting: Mapping[str, int], box: Mapping[str, Box]) -> None:
        """Refuse a box with a corner at which there is no law: laws cut balls down to what their parameters allow."""
        for corner in itertools.product(*box.values()):
            point = dict(zip(box, corner, strict=True))
            values = {name: setting[name] if name in setting else exact(point[name]) for name in self.domain}
            instance("family", self.family(**values), Law)

    def at(self, setting: Mapping[str, int], point: Mapping[str, Fraction]) -> tuple[Any, Any]:
        """Return balls around the probability and the bound at one point."""
        balls = {name: exact(one) for name, one in point.items()}
        chance, value, _, _ = self.sides(setting, balls, at_a_point=True)
        return chance, value

    def fails(self, setting: Mapping[str, int], point: Mapping[str, Fraction]) -> bool:
        """Return whether the bound is certainly too small at a point."""

        def excess() -> Any:
            chance, value = self.at(setting, point)
            return chance - value

        return decide(excess) is True


def is_constant(function: Any) -> bool:
    """Return whether a function of :func:`theory.verdicts.formula_balls.as_function` is of a number."""
    return bool(getattr(function, "constant", False))


def _range(name: str, values: Any, limit: Any) -> tuple[Sequence[int], Box | None]:
    """Return the whole numbers to enumerate, or the box of all numbers to cover."""
    allowed = "must be a range or a list of whole numbers, a pair (low, high), or without end with limit= given"
    if isinstance(values, itertools.count):
        if limit is None:
            refuse("domain", {name: values}, f"has no end: limit={{{name!r}: ...}} must say how far to check")
        numbers = re.fullmatch(r"count\((-?\d+)(?:, (\d+))?\)", repr(values))  # to take one would change it
        first, step = (int(part or 1) for part in numbers.groups()) if numbers else (0, 0)
        if step < 1:
            refuse("domain", {name: values}, "must count whole numbers upwards")
        return range(first, integer("limit", limit, least=first) + 1, step), None
    if isinstance(values, range) or (isinstance(values, list) and values):
        return [integer(name, one, least=-(10**18)) for one in values], None
    if not isinstance(values, tuple) or len(values) != 2:
        refuse("domain", {name: values}, allowed)
    low, high = values
    if high is None:
        if limit is None:
            refuse("domain", {name: values}, f"has no end: limit={{{name!r}: ...}} must say how far to check")
        high = limit
    ends = [Fraction(number(name, end)) for end in (low, high)]
    if ends[0] > ends[1]:
        refuse("domain", {name: values}, allowed)
    return (), Box(*ends)
