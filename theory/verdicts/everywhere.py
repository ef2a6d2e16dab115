"""A bound on a tail for all parameters of a domain, by branch and bound on Arb balls.

Whole parameters are enumerated, in order. Over the others a box is certified when the ball of the tail over the whole
box lies below the ball of the bound over the whole box; otherwise its middle is tried as a counterexample and the box
is cut in two. What is left at the finest resolution, or when the effort is spent, is undecided, and the verdict too.

A bound that touches the probability at a point cannot be decided there: cut the domain short of such a point, or give a
lemma for the rest.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from flint import arb, ctx

from theory import __version__
from theory.exact.balls import between, decide, exact
from theory.exact.law import Box, Law
from theory.proofs.evidence import Step
from theory.support.validate import instance, integer, refuse
from theory.verdicts.check_certificate import ball_to_data, law_to_data, number_to_data
from theory.verdicts.check_result import CheckResult
from theory.verdicts.checker import Interval
from theory.verdicts.tail_statement import Statement, is_constant

__all__ = ["EverywhereCheck", "Region", "Statement", "tail_everywhere"]

_BITS = 64
_FINE_BITS = 512
_RESOLUTION = Fraction(1, 1 << 12)
_KEPT = 12
_LEAST_EFFORT = 200  # boxes a setting
_DENOMINATORS = 12
_MOST_TRIED = 4000
_FINEST_DENOMINATOR = 1000


class Region(NamedTuple):
    """Part of a domain: the whole parameters, and a range for each of the others."""

    whole: Mapping[str, int]
    box: Mapping[str, Box]

    def __str__(self) -> str:
        """Return it in words."""
        fixed = [f"{name} = {value}" for name, value in self.whole.items()]
        ranges = [f"{name} from {float(low):.6g} to {float(high):.6g}" for name, (low, high) in self.box.items()]
        return ", ".join([*fixed, *ranges]) or "the only setting"


@dataclass(frozen=True)
class EverywhereCheck(CheckResult):
    """The result of checking a bound on a tail over a domain.

    Args:
        verdict: ``"certified"`` for every parameter, ``"refuted"`` with a counterexample, ``"undecided"``, or
            ``"qualified"``: certified up to the limit of an unbounded domain, beyond which nothing was shown.
        counterexample: the parameters at which a refuted bound is too small, whole and fractions; else ``None``.
        probability: the probability there (or at ``tightest``), enclosed.
        bound: the bound there, enclosed.
        undecided: regions that are left, at most twelve of them; empty if certified.
        tightest: the parameters with the largest ratio of probability to bound that were met.
        ratio: that ratio; what is certified has at most 1. NaN if no finite bound was met.
        scope: what of the domain was checked, in words.
        regions: how many boxes and settings were looked at.
        statement: what was checked, in words.
        record: what a certificate needs: every box if certified, the tail at the counterexample if refuted.
    """

    verdict: str
    counterexample: Mapping[str, Any] | None
    probability: Interval
    bound: Interval
    undecided: tuple[Region, ...]
    tightest: Mapping[str, Any]
    ratio: float
    scope: str
    regions: int
    statement: str = ""
    record: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)

    @property
    def margin(self) -> float:
        """One minus :attr:`ratio`: how much smaller the bound could be where it is tightest, as a share of it."""
        return 1 - self.ratio

    def explain(self) -> str:
        """Return what was checked and found, in a few plain sentences."""
        lines = [f"{self.verdict}: {self.statement}", f"Checked: {self.scope}."]
        point = self.counterexample if self.counterexample is not None else self.tightest
        where = ", ".join(f"{name} = {value}" for name, value in point.items())
        if self.counterexample is not None:
            lines.append(f"Counterexample: {where}.")
        elif self.undecided:
            lines.append("Left: " + "; ".join(str(region) for region in self.undecided[:3]) + ".")
        if self.counterexample is None and math.isnan(self.ratio):
            lines.append("Nowhere were both the probability and the bound finite numbers.")
        elif self.counterexample is None:
            lines.append(f"The bound was tightest at {where}: the probability is {self.ratio:.6g} of it.")
        else:
            lines.append(f"There the probability is {self.probability.low:.12g}, the bound {self.bound.high:.12g}.")
        return "\n".join(lines)


def tail_everywhere(
    family: Callable[..., Law],
    bound: Any,
    domain: Mapping[str, Any],
    threshold: Any,
    side: str = "right",
    *,
    strict: bool = False,
    center: Any = 0,
    rounding: str = "exact",
    limit: Mapping[str, Any] | None = None,
    beyond: Step | None = None,
    effort: int = 20_000,
) -> EverywhereCheck:
    """Judge a bound on a tail for all parameters of a domain: ``P(X >= threshold) <= bound``.

    ``family``, ``bound``, ``threshold`` and ``center`` are called with the parameters by name: whole ones as ``int``,
    the others as Arb balls (``flint.arb``), which hold a box of parameters, or a single one. So they use the methods
    of balls: ``(-2 * n * t**2).exp()``, ``x.sqrt()``, ``x.log()``. Instead, ``bound``, ``threshold`` and ``center``
    may be numbers or SymPy expressions in symbols of those names.

    Args:
        family: returns the law.
        bound: returns the bound, a number >= 0 or a ball; a float is taken as :func:`theory.check.tail` takes it.
        domain: for each parameter, in the order in which they are enumerated, ``range(1, 51)`` or a list for whole
            numbers, ``(low, high)`` for all numbers between the two, ``itertools.count(1)`` or ``(low, None)`` where
            there is no largest one, or a function of the parameters before it that returns one of these.
        threshold: returns the threshold.
        side: as in :func:`theory.check.tail`, and ``strict``, ``center`` and ``rounding``.
        limit: the largest value to check of each parameter without a largest one.
        beyond: a :class:`theory.proofs.evidence.Step` that shows the statement beyond the limits: a lemma of SymPy or
            z3, or a citation. It is run; without it the verdict is at best ``"qualified"``.
        effort: how many boxes to look at, at most.

    Raises:
        ValueError: an argument is out of range, or a function returns what it should not.

    Example:
        >>> from theory.laws import Binomial
        >>> found = tail_everywhere(
        ...     Binomial,
        ...     bound=lambda n, p: (1 - p) ** n,
        ...     domain={"n": range(1, 4), "p": (Fraction(1, 10), Fraction(9, 10))},
        ...     threshold=1,
        ... )
        >>> found.verdict, found.counterexample
        ('refuted', {'n': 1, 'p': Fraction(2, 3)})
    """
    statement = Statement.of(family, bound, domain, threshold, side, strict, center, rounding)
    most = integer("effort", effort)
    if beyond is not None:
        instance("beyond", beyond, Step)
    settings = list(statement.settings({} if limit is None else limit))
    if not settings:
        refuse("domain", domain, "must hold at least one setting")
    search = _Search(statement)
    for left, (setting, box) in zip(range(len(settings), 0, -1), settings, strict=True):
        share = max(_LEAST_EFFORT, (most - search.regions) // left)
        if search.settle(setting, box, share):
            break
    return search.result(settings, limit or {}, beyond)


class _Search:
    """Branch and bound over one setting after the other."""

    def __init__(self, statement: Statement) -> None:
        """Keep the statement; nothing is known yet."""
        self.statement = statement
        self.regions = 0
        self.counterexample: tuple[dict[str, int], dict[str, Fraction]] | None = None
        self.tightest: tuple[dict[str, int], dict[str, Fraction]] | None = None
        self.ratio = -1.0
        self.left: list[Region] = []
        self.leaves: list[dict[str, Any]] = []

    def settle(self, setting: dict[str, int], box: dict[str, Box], effort: int) -> bool:
        """Search one setting; return whether it holds a counterexample."""
        self.statement.defined(setting, box)
        order = itertools.count()
        heap = [(0.0, next(order), box)]
        left = self.regions + effort
        while heap:
            if self.regions >= left:
                self.left += [Region(setting, one) for _, _, one in heap]
                return False
            _, _, part = heapq.heappop(heap)
            self.regions += 1
            with ctx.workprec(_BITS):
                balls = {name: exact(a) if a == b else between(a, b) for name, (a, b) in part.items()}
                chance, value, law, threshold = self.statement.sides(setting, balls)
                if value >= 1 or chance <= value:
                    self._note(setting, _middle(part))
                    self._keep(setting, part, law, threshold, value)
                    continue
            middle = _middle(part)
            if self._note(setting, middle) and self.statement.fails(setting, middle):
                self.counterexample = setting, self._simplest(setting, box, middle)
                return True
            widest = max(part, key=lambda name: _share(part[name], box[name]), default=None)
            if widest is None:
                self._single(setting)
                continue
            if _share(part[widest], box[widest]) <= _RESOLUTION:
                self.left.append(Region(setting, part))
                continue
            low, high = part[widest]
            cut = (low + high) / 2
            excess = (
                -float((chance.upper() - value.lower()).mid()) if chance.is_finite() and value.is_finite() else -9.0
            )
            for half in (Box(low, cut), Box(cut, high)):
                heapq.heappush(heap, (excess, next(order), {**part, widest: half}))
        return False

    def _single(self, setting: dict[str, int]) -> None:
        """Decide a setting without other parameters, at a rising precision."""

        def room() -> Any:
            chance, value, law, threshold = self.statement.sides(setting, {}, at_a_point=True)
            if chance <= value:
                self._keep(setting, {}, law, threshold, value)
                return arb(1)
            return value - chance

        if decide(room) is not True:
            self.left.append(Region(setting, {}))

    def _note(self, setting: dict[str, int], point: dict[str, Fraction]) -> bool:
        """Keep the tightest point met; return whether the bound seems too small at this one."""
        with ctx.workprec(_BITS):
            chance, value = self.statement.at(setting, point)
            if not (chance.is_finite() and value.is_finite()):
                return False
            ratio = float((chance / value).mid()) if value > 0 else math.inf if chance > 0 else 1.0
            if ratio > self.ratio and not math.isnan(ratio):
                self.ratio, self.tightest = ratio, (setting, point)
            return bool(not chance <= value)

    def _keep(self, setting: dict[str, int], part: dict[str, Box], law: Law, threshold: Any, value: Any) -> None:
        self.leaves.append(
            {
                "whole": dict(setting),
                "box": {name: [str(a), str(b)] for name, (a, b) in part.items()},
                "law": law_to_data(law),
                "threshold": number_to_data(threshold),
                "bound": ball_to_data(value),
            }
        )

    def _simplest(
        self, setting: dict[str, int], box: dict[str, Box], witness_point: dict[str, Fraction]
    ) -> dict[str, Fraction]:
        """Return a counterexample of small denominators: the simplest in a list, or else one near that was found."""
        names, tried = list(box), 0
        for most in range(1, _DENOMINATORS + 1):
            choices = [_fractions(box[name], most) for name in names]
            for point in itertools.product(*choices):
                if max((value.denominator for value in point), default=most) < most:
                    continue
                tried += 1
                if tried > _MOST_TRIED:
                    break
                candidate = dict(zip(names, point, strict=True))
                if self._note(setting, candidate) and self.statement.fails(setting, candidate):
                    return candidate
        best = dict(witness_point)
        for name in names:
            for denominator in range(1, _FINEST_DENOMINATOR):
                value = Fraction(round(best[name] * denominator), denominator)
                inside = box[name].low <= value <= box[name].high
                if inside and self.statement.fails(setting, {**best, name: value}):
                    best[name] = value
                    break
        return best

    def result(self, settings: Sequence[Any], limit: Mapping[str, Any], beyond: Step | None) -> EverywhereCheck:
        """Return what was found."""
        statement = self.statement
        bounds = ", ".join(f"{name} up to {value}" for name, value in limit.items())
        scope = f"{len(settings)} settings of whole parameters" if settings[0][0] else "the box of parameters"
        scope += f", {bounds}" if bounds else ""
        if self.counterexample is not None:
            verdict = "refuted"
            scope = "up to the first counterexample"
        elif self.left:
            verdict = "undecided"
        elif limit and (beyond is None or not beyond.run()):
            verdict = "qualified"
            scope += "; nothing was shown beyond"
        else:
            verdict = "certified"
            scope += f"; beyond by {beyond.level}: {beyond.statement}" if limit and beyond is not None else ""
        setting, point = self.counterexample or self.tightest or (settings[0][0], _middle(settings[0][1]))
        with ctx.workprec(_BITS):
            chance, value = statement.at(setting, point)
            low, high = _ends(chance)
            probability, bound = Interval(max(low, 0.0), min(high, 1.0)), Interval(*_ends(value))
        tightest = {} if self.tightest is None else {**self.tightest[0], **self.tightest[1]}
        record = {
            "kind": "everywhere",
            "made_with": {"tailbound": __version__},
            "side": statement.side,
            "strict": statement.strict,
            "center": number_to_data(statement.center()) if is_constant(statement.center) else None,
            "statement": statement.words,
            "scope": scope,
            **({"beyond": f"{bounds}: {beyond.statement}"} if verdict == "certified" and limit and beyond else {}),
            "domain": [
                {"whole": whole_, "box": {name: [str(a), str(b)] for name, (a, b) in box.items()}}
                for whole_, box in settings
            ],
            "leaves": self.leaves,
            "verdict": verdict,
        }
        return EverywhereCheck(
            verdict,
            None if self.counterexample is None else {**setting, **point},
            probability,
            bound,
            tuple(self.left[:_KEPT]),
            tightest,
            self.ratio if self.tightest is not None else math.nan,
            scope,
            self.regions,
            statement.words,
            self._record(record, verdict, setting, point),
        )

    def _record(
        self, whole_domain: dict[str, Any], verdict: str, setting: dict[str, int], point: dict[str, Fraction]
    ) -> dict[str, Any] | None:
        """Return what a certificate needs: every box if certified, the tail at the counterexample if refuted."""
        statement = self.statement
        if whole_domain["center"] is None or verdict not in ("certified", "refuted"):
            return None
        if verdict == "certified":
            return whole_domain
        with ctx.workprec(_FINE_BITS):
            balls = {name: exact(value) for name, value in point.items()}
            _, value, law, threshold = statement.sides(setting, balls, at_a_point=True)
            return {
                "kind": "tail",
                "made_with": whole_domain["made_with"],
                "law": law_to_data(law),
                "threshold": number_to_data(threshold),
                "side": statement.side,
                "strict": statement.strict,
                "center": whole_domain["center"],
                "rounding": statement.rounding,
                "bound": ball_to_data(value),
                "verdict": verdict,
            }


def _middle(box: Mapping[str, Box]) -> dict[str, Fraction]:
    return {name: (low + high) / 2 for name, (low, high) in box.items()}


def _share(part: Box, whole_: Box) -> Fraction:
    """Return the width of a part relative to the whole."""
    return (part.high - part.low) / (whole_.high - whole_.low) if whole_.high > whole_.low else Fraction(0)


def _fractions(box: Box, most: int) -> list[Fraction]:
    """Return the fractions in a range with denominators of at most ``most``, simplest first."""
    found: dict[Fraction, None] = {}
    for denominator in range(1, most + 1):
        for numerator in range(math.ceil(box.low * denominator), math.floor(box.high * denominator) + 1):
            found.setdefault(Fraction(numerator, denominator))
            if len(found) > _MOST_TRIED:
                return list(found)
    return list(found)


def _ends(ball: Any) -> tuple[float, float]:
    if not ball.is_finite():
        return (0.0, math.inf) if not ball > 0 else (float(ball.lower()), math.inf)
    low, high = float(ball.lower()), float(ball.upper())
    return math.nextafter(low, -math.inf), math.nextafter(high, math.inf)
