"""A checker for anyone's bound on Theorem 1's failure probability.

The statement judged is ``P(|f - (mu1 + mu2) / 2 - shift| > alpha) <= bound(setting, alpha)``. The levels are those of
:mod:`theory.proofs.evidence`: ``ball`` encloses the exact probability rigorously, ``monte-carlo`` tests it at a stated
false-alarm rate. For events that can only be simulated there is :func:`theory.verdicts.sequential.check_probability`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from fractions import Fraction
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from scipy.special import betainccinv, betaincinv

from theory import theorem1
from theory.exact.counting import count_outside
from theory.support.validate import choice, exact, float_below, instance, integer, number, positive, refuse
from theory.verdicts.check_result import CheckResult

__all__ = [
    "BoundCheck",
    "ErrorBudget",
    "Interval",
    "check_tail_bound",
    "check_tail_bounds",
    "clopper_pearson",
    "detectable_excess",
    "least_refuting",
]

_LEVELS = ("ball", "monte-carlo")
_MISS_RATE = 1e-6  # chance to miss a violation of the size `detectable`
_MONTE_CARLO_BITS = 128
_OUTWARDS = 1e-6
_RATE = "must be a number with 0 < false_alarm < 1"
_RETURNS = "must return a number >= 0 (exact, or a flint.arb ball) for every (setting, alpha); it returned "

Bound = Callable[[theorem1.Setting, Any], Any]


class Interval(NamedTuple):
    """The numbers from ``low`` to ``high``, both rounded outwards."""

    low: float
    high: float


@dataclass(frozen=True)
class BoundCheck(CheckResult):
    """The result of checking the statement ``probability <= bound``.

    Args:
        verdict: ``"certified"``, ``"refuted"``, or ``"undecided"``; nothing is certified because it could not be
            decided.
        level: ``"ball"`` or ``"monte-carlo"`` (see :mod:`theory.proofs.evidence`).
        bound: the bound, as the nearest float; the verdict compares the exact value.
        probability: at level ball an enclosure of the probability, at level monte-carlo a confidence interval of
            level ``1 - false_alarm`` (of a sequential check, each end is a confidence limit of that level).
        slack: the same for ``bound - probability``: above 0 if certified, below 0 if refuted, up to outward rounding.
        vacuous: whether the bound is 1 or more (or could not be shown to be less): it says nothing.
        replicates: how many were simulated; ``None`` at level ball.
        false_alarm: the chance of a wrong verdict; ``None`` at level ball, which has none.
        detectable: a probability that exceeds the bound by this much is refuted with a chance of at least
            ``1 - 1e-6``; ``None`` at level ball, which has no such limit, and for a vacuous bound, ``inf`` if no
            excess would have been.
        statement: what was checked, in words.
        record: what a certificate needs, or ``None``.
        note: why there is no verdict, where it is not for want of precision or of replicates alone.
    """

    verdict: str
    level: str
    bound: float
    probability: Interval
    slack: Interval
    vacuous: bool
    replicates: int | None = None
    false_alarm: float | None = None
    detectable: float | None = None
    statement: str = "probability <= bound"
    record: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)
    note: str = ""

    def explain(self) -> str:
        """Return what was checked and found, in a few plain sentences."""
        found = f"the probability lies between {self.probability.low:.17g} and {self.probability.high:.17g}"
        by = {"ball": "rigorous ball arithmetic", "monte-carlo": f"{self.replicates} simulated replicates"}[self.level]
        lines = [f"{self.verdict}: {self.statement}", f"The bound is {self.bound:.17g}; {found} (by {by})."]
        if self.note:
            lines.append(f"{self.note[0].upper()}{self.note[1:]}.")
        elif self.verdict == "undecided":
            lines.append("Neither could be shown to be the larger one. Is the bound equal to the probability?")
        if self.verdict == "refuted":
            lines.append(f"The bound is too small by {-self.slack.high:.3g} or more.")
        return "\n".join(lines)


class ErrorBudget:
    """A false-alarm rate shared by a family of checks: all of them together err with a chance of at most ``total``.

    Each :meth:`spend` gives the false-alarm rate of one more check. If the number of checks is known, each gets an
    equal part (Bonferroni); if not, the ``k``-th gets ``6 / (pi^2 k^2)`` of the total, and these parts sum to 1. By the
    union bound no independence is needed, and checks may be chosen by the outcome of those before.

    Args:
        total: in (0, 1).
        checks: how many there will be, if known.

    Raises:
        ValueError: an argument is out of range, or more than ``checks`` checks ask for a part.

    Example:
        >>> budget = ErrorBudget(total=1e-6, checks=4)
        >>> budget.spend()
        2.5e-07
        >>> open_ended = ErrorBudget(total=1e-6)
        >>> round(open_ended.spend() / 1e-6, 3), round(open_ended.spend() / 1e-6, 3)
        (0.608, 0.152)
    """

    def __init__(self, total: float | Fraction = 1e-6, checks: int | None = None) -> None:
        """Validate the arguments; nothing is spent yet."""
        self.total = float_below(number("total", total, "must be a number with 0 < total < 1", above=0, below=1))
        self.checks = None if checks is None else integer("checks", checks)
        self._spent = 0

    def spend(self) -> float:
        """Return the false-alarm rate of the next check."""
        if self._spent == self.checks:
            refuse("checks", self.checks, "all parts of the budget are spent")
        self._spent += 1
        if self.checks is not None:
            return self.total / self.checks
        return self.total * 6 / (math.pi * self._spent) ** 2


def check_tail_bound(
    bound: Bound,
    setting: theorem1.Setting,
    alpha: float | Fraction,
    *,
    shift: float | Fraction | None = None,
    level: str = "ball",
    false_alarm: float = 1e-6,
    replicates: int = 10_000_000,
    rng: np.random.Generator | None = None,
    executor: Executor | str | None = None,
) -> BoundCheck:
    """Judge ``P(|f - (mu1 + mu2) / 2 - shift| > alpha) <= bound(setting, alpha)`` for one setting of Theorem 1.

    A bound may return a number of any type, which is taken exactly: a float as the binary fraction that it is (so a
    formula whose float value was rounded below the probability is refuted; this library's own bounds are rounded up), a
    ``fractions.Fraction`` of any size, an mpmath or SymPy float of any precision; or a ``flint.arb`` ball that contains
    its exact value. Where precision is raised the bound is called again, so that a ball can narrow:
    :func:`theory.verdicts.enclosure.bound` is such a bound.

    - Level ball: Arb arithmetic encloses the exact probability for the exact (rational) parameters, at a precision
      that rises from 64 to 4096 bits until it is decided. If it is not, as for a bound that equals the probability,
      the verdict is undecided. Costs about ``sqrt(n_pos)`` terms.
    - Level monte-carlo: boundaries are simulated, and the exact two-sided confidence interval of Clopper and Pearson
      (1934) at level ``1 - false_alarm`` lies below the bound (certified), above it (refuted) or neither. The
      probability is fixed, so only one of the two verdicts can be wrong, and is with a chance of at most
      ``false_alarm / 2``.

    Args:
        bound: any callable of ``(setting, alpha)``.
        setting: the setting.
        alpha: greater than 0.
        shift: by default the one that holds, exactly (:func:`theory.theorem1.shift`).
        level: ``"ball"`` or ``"monte-carlo"``; the arguments below are for the latter only.
        false_alarm: in (0, 1).
        replicates: how many boundaries to simulate, at least 1.
        rng: gives the seed; ``None`` for a fresh one.
        executor: as in :func:`theory.support.executors.open_executor`; it does not change the result.

    Raises:
        ValueError: an argument is out of range, or the bound returned no number >= 0.

    Example:
        >>> s = theorem1.Setting(0, 1, 1, beta=0.5, p=0.5, n_pos=5000, n_neg=50)
        >>> check_tail_bound(theorem1.bound, s, 0.2).verdict
        'certified'
        >>> check_tail_bound(theorem1.bound, s, 0.3, shift=theorem1.printed_shift(s)).verdict
        'refuted'
        >>> check_tail_bound(lambda s, alpha: 0.004, s, 0.2, level="monte-carlo", rng=np.random.default_rng(1)).verdict
        'refuted'
    """
    if not callable(bound):
        refuse("bound", bound, "must be callable with (setting, alpha)")
    instance("setting", setting, theorem1.Setting)
    alpha = positive("alpha", alpha)
    law = theorem1.law(setting)
    center = law.expectation if shift is None else Fraction(number("shift", shift))
    rate = float_below(number("false_alarm", false_alarm, _RATE, above=0, below=1))
    replicates = integer("replicates", replicates)
    if choice("level", level, _LEVELS) == "ball":
        return _check_by_enclosure(bound, setting, alpha, center)
    return _check_by_simulation(bound, setting, alpha, center, rate, replicates, rng, executor)


def check_tail_bounds(
    bound: Bound,
    cases: Sequence[tuple[theorem1.Setting, float | Fraction]],
    *,
    false_alarm: float = 1e-6,
    **options: Any,
) -> tuple[BoundCheck, ...]:
    """Judge a bound at each pair ``(setting, alpha)``; all verdicts together err with at most ``false_alarm``.

    Args:
        bound: any callable of ``(setting, alpha)``.
        cases: pairs of a setting and an alpha.
        false_alarm: in (0, 1), shared equally (:class:`ErrorBudget`).
        options: further arguments of :func:`check_tail_bound`.

    Raises:
        ValueError: ``cases`` holds anything but pairs, or :func:`check_tail_bound` refuses one of them.

    Example:
        >>> s = theorem1.Setting(0, 1, 1, beta=0.5, p=0.5, n_pos=50, n_neg=50)
        >>> [c.vacuous for c in check_tail_bounds(theorem1.bound, [(s, 0.1), (s, 0.4)])]
        [True, False]
    """
    if not isinstance(cases, Iterable):
        refuse("cases", cases, "must hold pairs of a setting and an alpha")
    cases = list(cases)
    for case in cases:
        if not isinstance(case, Sequence) or len(case) != 2:
            refuse("cases", case, "must hold pairs of a setting and an alpha")
    if not cases:
        return ()
    budget = ErrorBudget(number("false_alarm", false_alarm, _RATE, above=0, below=1), checks=len(cases))
    return tuple(check_tail_bound(bound, s, alpha, false_alarm=budget.spend(), **options) for s, alpha in cases)


def clopper_pearson(count: int, trials: int, error: float) -> Interval:
    """Return the exact confidence interval of level ``1 - error`` for a probability, ``error / 2`` on each side.

    Its ends solve ``P(X >= count | low) = error / 2`` and ``P(X <= count | high) = error / 2`` for a binomial ``X``;
    they are then moved outwards by a relative 1e-6, which is more than SciPy's solutions are off by inwards. Where
    SciPy has none, at tiny errors, the lower end is 0.

    Reference: C. Clopper and E. Pearson, The use of confidence or fiducial limits, Biometrika 26, 1934.

    Example:
        >>> low, high = clopper_pearson(0, 100, 0.1)
        >>> low, round(high, 4)
        (0.0, 0.0295)
    """
    trials = integer("trials", trials)
    count = integer("count", count, least=0, most=trials)
    error = float_below(number("error", error, "must be a number with 0 < error < 1", above=0, below=1))
    low = float(betaincinv(count, trials - count + 1, error / 2)) if count else 0.0
    high = float(betainccinv(count + 1, trials - count, error / 2)) if count < trials else 1.0
    return Interval(low * (1 - _OUTWARDS), min(high * (1 + _OUTWARDS), 1.0))


def detectable_excess(bound: float, trials: int, refuting: int | None) -> float:
    """Return the excess over ``bound`` at which ``refuting`` of ``trials`` is reached with a chance of ``1 - 1e-6``.

    ``inf`` if that chance is not reached below 1, or if no count refutes (``None``).

    Raises:
        ValueError: ``bound`` is below 0, or ``trials`` or ``refuting`` is not a whole number in its range.

    Example:
        >>> round(detectable_excess(0.1, 1000, 150), 3)
        0.108
    """
    bound = float(number("bound", bound, "must be a finite number >= 0", least=0))
    trials = integer("trials", trials)
    if refuting is None:
        return math.inf
    refuting = integer("refuting", refuting, most=trials)
    caught = float(betainccinv(refuting, trials - refuting + 1, _MISS_RATE))
    return max(caught - bound, 0.0) if caught < 1 else math.inf


def least_refuting(refutes: Callable[[int], bool], trials: int) -> int | None:
    """Return the least count from 1 to ``trials`` that ``refutes``; all larger counts do too. ``None``: none does.

    Raises:
        ValueError: ``refutes`` is not callable, or ``trials`` not a whole number of at least 1.
    """
    if not callable(refutes):
        refuse("refutes", refutes, "must be callable with a count")
    trials = integer("trials", trials)
    if not refutes(trials):
        return None
    low, high = 0, trials
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if refutes(middle) else (middle, high)
    return high


def _check_by_enclosure(bound: Bound, s: theorem1.Setting, alpha: float | Fraction, center: Fraction) -> BoundCheck:
    from theory.verdicts import enclosure

    def probability(floor: Any) -> Any:
        return enclosure.failure_probability(s, Fraction(alpha), center, floor)

    return compare(lambda: _value(bound, s, alpha), probability)[0]


def compare(bound: Callable[[], Any], probability: Callable[[Any], Any]) -> tuple[BoundCheck, Any]:
    """Judge ``probability <= bound`` by balls at a rising precision; return the check and the last ball of the bound.

    Args:
        bound: returns a ball around the bound at flint's current precision.
        probability: the same for the probability; it is given a positive ball below which nothing needs resolving, or
            ``None``.
    """
    from flint import arb

    from theory.exact.balls import decide, refine

    def attempt() -> tuple[str, Any, Any] | None:
        value = bound()
        chance = probability(value if value > 0 and value.is_finite() else None)
        if value >= 1 or chance <= value:
            last.append(("certified", value, chance))
        elif chance > value:
            last.append(("refuted", value, chance))
        else:
            last.append(("undecided", value, chance))
            return None
        return last[-1]

    last: list[tuple[str, Any, Any]] = []
    refine(attempt)
    verdict, value, chance = last[-1]
    vacuous = not value < 1
    if vacuous and not value >= 1:
        vacuous = decide(lambda: arb(1) - bound()) is not True
    room = value - chance
    check = BoundCheck(verdict, "ball", _float(value), _probability(chance), _outwards(room), vacuous)
    return check, value


def _check_by_simulation(
    bound: Bound,
    s: theorem1.Setting,
    alpha: float | Fraction,
    center: Fraction,
    rate: float,
    replicates: int,
    rng: np.random.Generator | None,
    executor: Executor | str | None,
) -> BoundCheck:
    from flint import arb, ctx

    with ctx.workprec(_MONTE_CARLO_BITS):
        value = _value(bound, s, alpha)
        a = Fraction(alpha)
        count = count_outside(theorem1.law(s), center - a, center + a, replicates, rng, executor)
        interval = clopper_pearson(count, replicates, rate)
        vacuous = not value < 1
        verdict = "undecided"
        if value >= 1 or arb(interval.high) < value:
            verdict = "certified"
        elif arb(interval.low) > value:
            verdict = "refuted"
        slack = Interval(_outwards(value - interval.high).low, _outwards(value - interval.low).high)
        nearest, top = _float(value), min(_outwards(value).high, 1.0)
    detectable = None
    if not vacuous:
        least = least_refuting(lambda x: clopper_pearson(x, replicates, rate).low > top, replicates)
        detectable = detectable_excess(top, replicates, least)
    return BoundCheck(verdict, "monte-carlo", nearest, interval, slack, vacuous, replicates, rate, detectable)


def _value(bound: Bound, s: theorem1.Setting, alpha: float | Fraction) -> Any:
    """Return what the bound gives, as a ball at the current precision."""
    from flint import arb

    from theory.verdicts import enclosure

    given = bound(s, alpha)
    if isinstance(given, arb):
        if given.is_nan() or given < 0:
            refuse("bound", bound, _RETURNS + repr(given))
        return given
    if isinstance(given, Real) and given == math.inf:
        return arb.pos_inf()
    try:
        return enclosure.exact(exact("bound", given, least=0))
    except ValueError:
        refuse("bound", bound, _RETURNS + repr(given))


def _float(ball: Any) -> float:
    return float(ball.mid()) if ball.is_finite() else math.inf


def _outwards(ball: Any) -> Interval:
    """Return a ball as floats, rounded outwards."""
    if not ball.is_finite():
        return Interval(-math.inf, math.inf) if not ball > 0 else Interval(float(ball.lower()), math.inf)
    low, high = float(ball.lower()), float(ball.upper())
    return Interval(math.nextafter(low, -math.inf), math.nextafter(high, math.inf))


def _probability(ball: Any) -> Interval:
    low, high = _outwards(ball)
    return Interval(max(low, 0.0), min(high, 1.0))
