"""The exact minimum coverage of a confidence interval, and the exact size of a test, over all values of a parameter.

An interval computed from a count is a table: its two ends for each count. Between two neighbouring ends, over all
counts, the set of counts whose interval holds the parameter does not change, so the coverage is the probability of a
fixed set. In the families of :class:`theory.laws.Family` the probability of a run of counts rises and then falls in the
parameter; its infimum over such a piece is the smaller of its limits at the two ends. That makes the minimum exact,
between the points of any grid too. Sets that are no run are split into runs, and the piece is cut until the bounds on
all runs together are narrow enough; the same for families of which nothing is known, with balls of parameters.

Reference: H. Wang, Coverage probability of prediction intervals for discrete random variables, Comput. Stat. Data Anal.
53, 2008 (the minimum lies at the ends of the intervals).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, ctx

from theory import __version__
from theory.exact.balls import ends, exact
from theory.exact.family import Family
from theory.exact.law import Law
from theory.support.validate import choice, number, refuse
from theory.verdicts.check_certificate import number_to_data
from theory.verdicts.check_result import CheckResult
from theory.verdicts.checker import Interval
from theory.verdicts.interval_table import (
    BITS,
    CLOSED,
    Row,
    enumerated_counts,
    holds,
    outward_rounding,
    parameter_range,
    rows_of_count,
)
from theory.verdicts.least_chance import Chance, layers_of, least_chance, pieces_of

__all__ = ["CoverageCheck", "coverage", "coverage_at", "size"]

_LEVEL = "must be a number with 0 < level < 1"


@dataclass(frozen=True)
class CoverageCheck(CheckResult):
    """The minimum coverage of an interval, or the size of a test, against what it promises.

    Args:
        verdict: ``"certified"`` if the coverage is at least ``level`` (the size at most) for every parameter of the
            domain, ``"refuted"`` if it is not for some, else ``"undecided"``.
        quantity: ``"coverage"`` or ``"size"``.
        level: what was promised.
        value: the infimum of the coverage, or the supremum of the size, enclosed and rounded outwards.
        at: the parameter where it is taken, exactly.
        side: ``"at"`` the parameter itself, or the limit from ``"just above"`` or ``"just below"`` it.
        counts: the counts whose intervals hold the parameter there (that are accepted, for a test), as runs of first
            and last.
        domain: the range of the parameter.
        statement: what was checked, in words.
        record: what a certificate needs.
    """

    verdict: str
    quantity: str
    level: float
    value: Interval
    at: Fraction
    side: str
    counts: tuple[tuple[int, int], ...]
    domain: tuple[Fraction, Fraction]
    statement: str = ""
    record: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)

    def explain(self) -> str:
        """Return what was checked and found, in a few plain sentences."""
        extreme = "least" if self.quantity == "coverage" else "largest"
        where = {"at": "at", "just above": "in the limit from above to", "just below": "in the limit from below to"}
        accepted = ", ".join(f"{a} to {b}" if a < b else f"{a}" for a, b in self.counts) or "none"
        held = "The counts whose interval holds it" if self.quantity == "coverage" else "The counts not rejected"
        width = self.value.high - self.value.low
        return (
            f"{self.verdict}: {self.statement}\n"
            f"The {extreme} {self.quantity} is {self.value.low:.12g} (enclosed to {width:.1g}),"
            f" {where[self.side]} {float(self.at)!r}; {self.level!r} was promised.\n"
            f"{held} there: {accepted}."
        )


def coverage(
    interval: Callable[[int], Any],
    family: Callable[[Any], Law],
    level: float | Fraction,
    domain: tuple[Any, Any] | None = None,
    *,
    closed: str = "both",
    rounding: str | float = "exact",
) -> CoverageCheck:
    """Judge the promise of a confidence interval: ``P(low(X) <= parameter <= high(X)) >= level`` for all parameters.

    Args:
        interval: called with each count that can occur; returns ``(low, high)``, numbers that may be infinite (for
            one-sided intervals), or ``None`` for an empty interval. Where the interval depends on more than the count,
            it returns a list of ``(probability, low, high)``: all intervals of that count, with their chances given it.
        family: a :class:`theory.laws.Family`, or any function from a number or an Arb ball to a law of
            :mod:`theory.laws`. Where a law has no largest count, what hangs on counts beyond a chance of ``2^-100`` is
            undecided.
        level: the promised coverage, in (0, 1).
        domain: the least and the largest parameter, by default all of the family's; a range with two ends is needed for
            rates, and for negative binomials one that begins above 0.
        closed: which ends belong to the intervals: ``"both"``, ``"left"``, ``"right"`` or ``"neither"``.
        rounding: ``"exact"`` takes the ends as the binary fractions that they are; ``"up"`` moves them outwards to the
            next floats; a number moves them outwards by so much (such as ``1e-12``, for ends that a solver found),
            times their size where that is over 1.

    Returns:
        The exact infimum of the coverage with where it is taken. It can be a limit that no parameter reaches, ``side``
        says so.

    Raises:
        ValueError: an argument is out of range, or the interval is not as it should be.

    Example:
        >>> import math
        >>> from theory.laws import Binomial, Family
        >>> def wald(k, n=30, z=1.959963984540054):
        ...     half = z * math.sqrt(k / n * (1 - k / n) / n)
        ...     return k / n - half, k / n + half
        >>> found = coverage(wald, Family(Binomial, n=30), 0.95)
        >>> found.verdict, found.value.low, found.at, found.side
        ('refuted', 0.0, Fraction(0, 1), 'just above')
        >>> round(coverage(wald, Family(Binomial, n=30), 0.95, domain=(0.2, 0.8)).value.low, 4)
        0.8829
    """
    if not callable(interval):
        refuse("interval", interval, "must be callable with a count")
    choice("closed", closed, CLOSED)
    promised = number("level", level, _LEVEL, above=0, below=1)
    outwards = outward_rounding(rounding)
    first, last = parameter_range(family, domain)
    counts = enumerated_counts(family, first, last)
    rows = [row for k in counts.every for row in rows_of_count(interval, k, outwards)]
    return _check("coverage", rows, counts.left_out, family, promised, (first, last), closed, rounding)


def size(
    rejects: Callable[[int], bool],
    family: Callable[[Any], Law],
    level: float | Fraction,
    domain: tuple[Any, Any],
) -> CoverageCheck:
    """Judge the promise of a test: ``P(rejects(X)) <= level`` for all parameters of the null hypothesis.

    Args:
        rejects: called with each count that can occur; returns whether the test rejects.
        family: as in :func:`coverage`.
        level: the promised size, in (0, 1).
        domain: the parameters of the null hypothesis: the least and the largest.

    Example:
        >>> from scipy.stats import binomtest
        >>> from theory.laws import Binomial, Family
        >>> def rejects(k):
        ...     return binomtest(k, 20, 0.3, alternative="greater").pvalue <= 0.05
        >>> found = size(rejects, Family(Binomial, n=20), 0.05, domain=(0, 0.3))
        >>> found.verdict, round(found.value.high, 4), float(found.at)
        ('certified', 0.048, 0.3)
    """
    if not callable(rejects):
        refuse("rejects", rejects, "must be callable with a count")
    promised = number("level", level, _LEVEL, above=0, below=1)
    first, last = parameter_range(family, domain)
    rows = []
    counts = enumerated_counts(family, first, last)
    for k in counts.every:
        found = rejects(k)
        if not isinstance(found, bool | np.bool_):
            refuse("rejects", rejects, f"must return True or False; it returned {found!r} for {k}")
        if not found:
            rows.append(Row(k, Fraction(1), None, None))
    return _check("size", rows, counts.left_out, family, promised, (first, last), "both", "exact")


def coverage_at(interval: Callable[[int], Any], family: Callable[[Any], Law], at: Any, closed: str = "both") -> float:
    """Return the coverage at one parameter, to a relative error of about 1e-15.

    Example:
        >>> from theory.laws import Binomial, Family
        >>> coverage_at(lambda k: (k / 4 - 0.25, k / 4 + 0.25), Family(Binomial, n=4), 0.5)
        0.875
    """
    point = Fraction(number("at", at))
    choice("closed", closed, CLOSED)
    rows = [
        row
        for k in enumerated_counts(family, point, point).every
        for row in rows_of_count(interval, k, lambda low, high: (low, high))
    ]
    with ctx.workprec(BITS[0]):
        held = [row for row in rows if holds(row, point, closed)]
        return float(Chance(family, layers_of(held)).at(point).mid())


def _check(
    quantity: str,
    rows: Sequence[Row],
    left_out: float,
    family: Callable[[Any], Law],
    promised: float | Fraction,
    domain: tuple[Fraction, Fraction],
    closed: str,
    rounding: str | float,
) -> CoverageCheck:
    promise = Fraction(promised) if quantity == "coverage" else 1 - Fraction(promised)
    pieces = pieces_of(rows, domain, closed, isinstance(family, Family) and family.whole)
    found, verdict = least_chance(pieces, family, promise)
    least = found.least
    if left_out:  # of these counts nothing is known: they may be covered, or rejected, or not
        with ctx.workprec(BITS[-1]):
            least = least.union(arb.min(least + exact(left_out), arb(1)))
            if verdict == "refuted" and not least < exact(promise):
                verdict = "undecided"
    value = Interval(*_floats(least if quantity == "coverage" else 1 - least))
    sign = ">=" if quantity == "coverage" else "<="
    a, b = (float(end) for end in domain)
    statement = f"{quantity} {sign} {float(promised)!r} for every parameter from {a!r} to {b!r} of {family!r}"
    record = _record(quantity, rows, family, promised, domain, closed, rounding, verdict)
    runs = tuple((first, last) for _, first, last in layers_of(found.piece.held))
    return CoverageCheck(
        verdict,
        quantity,
        float(promised),
        value,
        found.at,
        found.side,
        tuple(sorted(set(runs))),
        domain,
        statement,
        record,
    )


def _floats(ball: Any) -> tuple[float, float]:
    """Return the two ends of a probability, rounded outwards."""
    low, high = (float(end) for end in ends(ball))
    exactly = ball.is_exact()
    low = low if exactly and Fraction(low) == ends(ball)[0] else math.nextafter(low, -math.inf)
    high = high if exactly and Fraction(high) == ends(ball)[1] else math.nextafter(high, math.inf)
    return max(low, 0.0), min(high, 1.0)


def _record(
    quantity: str,
    rows: Sequence[Row],
    family: Callable[[Any], Law],
    promised: Any,
    domain: tuple[Fraction, Fraction],
    closed: str,
    rounding: str | float,
    verdict: str,
) -> Mapping[str, Any] | None:
    if not isinstance(family, Family) or family.through is not None:
        return None
    return {
        "kind": quantity,
        "made_with": {"tailbound": __version__},
        "family": {"law": family.law.__name__, **{k: number_to_data(v) for k, v in family.fixed.items()}},
        "level": number_to_data(promised),
        "domain": [str(end) for end in domain],
        "closed": closed,
        "rounding": rounding if isinstance(rounding, str) else number_to_data(rounding),
        "intervals": [
            [row.k, str(row.weight), *(None if end is None else str(end) for end in (row.low, row.high))]
            for row in rows
        ],
        "verdict": verdict,
    }


def repeat(data: Mapping[str, Any]) -> CoverageCheck:
    """Return the check of a certificate, computed again from the intervals it holds."""
    from theory import laws

    fixed: dict[str, Any] = {key: Fraction(value) for key, value in data["family"].items() if key != "law"}
    fixed = {key: int(value) if value.denominator == 1 else value for key, value in fixed.items()}
    family = Family(getattr(laws, data["family"]["law"]), **fixed)
    rows = [
        Row(int(k), Fraction(w), *(None if end is None else Fraction(end) for end in ends_))
        for k, w, *ends_ in data["intervals"]
    ]
    totals: dict[int, Fraction] = {}
    for row in rows:
        totals[row.k] = totals.get(row.k, Fraction(0)) + row.weight
    if any(row.weight <= 0 for row in rows) or any(total != 1 for total in totals.values()):
        refuse("intervals", data["intervals"], "their probabilities must be above 0 and sum to 1 for each count")
    domain = parameter_range(family, tuple(Fraction(end) for end in data["domain"]))  # type: ignore[arg-type]
    counts = enumerated_counts(family, *domain)
    order = [row.k for row in rows]
    if order != sorted(order) or not set(order) <= set(counts.every):
        refuse("intervals", data["intervals"], "must be in the order of the counts, all of which must be able to occur")
    closed = choice("closed", data["closed"], CLOSED)
    level = number("level", Fraction(data["level"]), _LEVEL, above=0, below=1)
    return _check(data["kind"], rows, counts.left_out, family, level, domain, closed, data["rounding"])
