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

import heapq
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count, pairwise
from typing import Any, NamedTuple

import numpy as np
from flint import arb, ctx

from theory import __version__
from theory.exact.balls import between, ends, exact
from theory.exact.family import Family, is_unimodal
from theory.exact.law import Box, Law
from theory.support.validate import choice, instance, number, refuse
from theory.verdicts.check_certificate import number_to_data
from theory.verdicts.check_result import CheckResult
from theory.verdicts.checker import Interval

__all__ = ["CoverageCheck", "coverage", "coverage_at", "size"]

_CLOSED = ("both", "left", "right", "neither")
_BITS = (64, 256, 1024)
_LEFT_OUT = 2.0**-100  # chance of counts beyond those enumerated, where a law has no largest count
_MOST_COUNTS = 10_000_000
_WIDTH = 2.0**-34  # of the enclosure of a minimum that has to be searched for: 6e-11
_MOST_CUTS = 20_000
_LEVEL = "must be a number with 0 < level < 1"

Ends = tuple[Any, Any]


class Row(NamedTuple):
    """One interval: the count it is for, its weight among the intervals of that count, and its exact ends."""

    k: int
    weight: Fraction
    low: Fraction | None
    high: Fraction | None


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
            :mod:`theory.laws` with finitely many counts.
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
    choice("closed", closed, _CLOSED)
    promised = number("level", level, _LEVEL, above=0, below=1)
    outwards = _outwards(rounding)
    first, last = _domain(family, domain)
    rows = [row for k in _counts(family, first, last) for row in _rows(interval, k, outwards)]
    return _check("coverage", rows, family, promised, (first, last), closed, rounding)


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
    first, last = _domain(family, domain)
    rows = []
    for k in _counts(family, first, last):
        found = rejects(k)
        if not isinstance(found, bool | np.bool_):
            refuse("rejects", rejects, f"must return True or False; it returned {found!r} for {k}")
        if not found:
            rows.append(Row(k, Fraction(1), None, None))
    return _check("size", rows, family, promised, (first, last), "both", "exact")


def coverage_at(interval: Callable[[int], Any], family: Callable[[Any], Law], at: Any, closed: str = "both") -> float:
    """Return the coverage at one parameter, to a relative error of about 1e-15.

    Example:
        >>> from theory.laws import Binomial, Family
        >>> coverage_at(lambda k: (k / 4 - 0.25, k / 4 + 0.25), Family(Binomial, n=4), 0.5)
        0.875
    """
    point = Fraction(number("at", at))
    choice("closed", closed, _CLOSED)
    rows = [row for k in _counts(family, point, point) for row in _rows(interval, k, lambda low, high: (low, high))]
    with ctx.workprec(_BITS[0]):
        held = [row for row in rows if _holds(row, point, closed)]
        return float(_Chance(family, _layers(held)).at(point).mid())


@dataclass(frozen=True)
class _Piece:
    """A parameter, or the open range between two, over which the same intervals hold it."""

    low: Fraction
    high: Fraction
    held: tuple[Row, ...]


@dataclass
class _Found:
    """The least chance over a piece: a ball around it, and where it is taken."""

    least: Any
    at: Fraction
    side: str
    piece: _Piece


def _check(
    quantity: str,
    rows: Sequence[Row],
    family: Callable[[Any], Law],
    promised: float | Fraction,
    domain: tuple[Fraction, Fraction],
    closed: str,
    rounding: str | float,
) -> CoverageCheck:
    promise = Fraction(promised) if quantity == "coverage" else 1 - Fraction(promised)
    pieces = _pieces(rows, domain, closed, isinstance(family, Family) and family.whole)
    found, verdict = _least(pieces, family, promise)
    low, high = _floats(found.least)
    value = Interval(low, high) if quantity == "coverage" else Interval(*_floats(1 - found.least))
    sign = ">=" if quantity == "coverage" else "<="
    a, b = (float(end) for end in domain)
    statement = f"{quantity} {sign} {float(promised)!r} for every parameter from {a!r} to {b!r} of {family!r}"
    record = _record(quantity, rows, family, promised, domain, closed, rounding, verdict)
    runs = tuple((first, last) for _, first, last in _layers(found.piece.held))
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


def _least(pieces: Sequence[_Piece], family: Callable[[Any], Law], promise: Fraction) -> tuple[_Found, str]:
    """Return the least chance over all pieces, and the verdict; what is left open is computed more sharply."""
    known: list[_Found] = []
    for bits in _BITS:
        with ctx.workprec(bits):
            level = exact(promise)
            open_ones = [one.piece for one in known if not (one.least >= level or one.least < level)]
            decided = [one for one in known if one.least >= level or one.least < level]
            best = min((one.least.upper() for one in decided), key=float, default=arb(1))
            known = decided
            for piece in open_ones if bits != _BITS[0] else pieces:
                one = _least_over(piece, family, best)
                known.append(one)
                best = min(best, one.least.upper(), key=float)
            if all(one.least >= level for one in known):
                verdict = "certified"
            elif any(one.least < level for one in known):
                verdict = "refuted"
            else:
                verdict = "undecided"
                continue
            break
    with ctx.workprec(_BITS[0]):
        first = min(known, key=lambda one: (float(one.least.upper()), one.side != "at"))
        least = first.least
        for one in known:  # the true least may be that of another piece whose ball reaches lower
            if one.least.lower() < least.lower():
                least = least.union(one.least.lower())
        first.least = least
    return first, verdict


def _least_over(piece: _Piece, family: Callable[[Any], Law], best: Any) -> _Found:
    """Return the least chance over one piece; what cannot be below ``best`` is enclosed roughly."""
    chance = _Chance(family, _layers(piece.held))
    if piece.low == piece.high:
        return _Found(chance.at(piece.low), piece.low, "at", piece)
    left, right = chance.at(piece.low), chance.at(piece.high)
    nearer = _Found(left, piece.low, "just above", piece)
    if right.mid() < left.mid():
        nearer = _Found(right, piece.high, "just below", piece)
    if chance.unimodal or not chance.layers:
        nearer.least = arb.min(left, right)
        return nearer
    return _search(chance, piece, nearer, best)


def _search(chance: _Chance, piece: _Piece, nearer: _Found, best: Any) -> _Found:
    """Return the least chance over a piece by branch and bound."""
    upper, where, side = nearer.least.upper(), nearer.at, nearer.side
    order = count()
    boxes = [(0.0, next(order), piece.low, piece.high, chance.least(piece.low, piece.high))]
    for _ in range(_MOST_CUTS):
        bound, low, high = boxes[0][4], boxes[0][2], boxes[0][3]
        if bound > best or upper - bound < _WIDTH:
            break
        heapq.heappop(boxes)
        middle = _between(low, high)
        value = chance.at(middle).upper()
        if value < upper:
            upper, where, side = value, middle, "at"
        for a, b in ((low, middle), (middle, high)):
            lower = chance.least(a, b)
            heapq.heappush(boxes, (float(lower), next(order), a, b, lower))
    lowest = boxes[0][4]
    return _Found(lowest.union(upper) if lowest < upper else upper, where, side, piece)


class _Chance:
    """The probability of a weighted set of counts, as a function of the parameter."""

    def __init__(self, family: Callable[[Any], Law], layers: Sequence[tuple[Fraction, int, int]]) -> None:
        """Keep the family and the runs of counts, each with its weight."""
        self.family, self.layers = family, layers
        self.known = is_unimodal(family)
        self.seen: dict[Fraction, list[Any]] = {}

    @property
    def unimodal(self) -> bool:
        """Whether the least value over a range of the parameter is known to be at one of its ends."""
        return (self.known and len(self.layers) == 1) or (isinstance(self.family, Family) and self.family.whole)

    def at(self, parameter: Fraction) -> Any:
        """Return a ball around the probability at one parameter."""
        return sum(
            (exact(layer[0]) * run for layer, run in zip(self.layers, self._runs(parameter), strict=True)), arb(0)
        )

    def least(self, low: Fraction, high: Fraction) -> Any:
        """Return a number that the probability does not fall below over a range of parameters.

        Where its derivative has one sign, that is the smaller value at the two ends; elsewhere the best of what the
        runs of counts give one by one, which are least at an end, and of the mean value theorem about the middle.
        """
        if not self.known:
            law: Any = self.family(between(low, high))
            return self._sum(lambda first, last: 1 - law._lower_tail(first, True) - law._upper_tail(last, True)).lower()
        ends_ = [self._runs(end) for end in (low, high)]
        weighted = [
            [exact(weight) * run for (weight, _, _), run in zip(self.layers, runs, strict=True)] for runs in ends_
        ]
        by_runs = sum((arb.min(*pair) for pair in zip(*weighted, strict=True)), arb(0)).lower()
        slope = self._slope(low, high)
        if slope is None or not slope.is_finite():
            return by_runs
        if slope >= 0 or slope <= 0:
            return arb.min(sum(weighted[0], arb(0)), sum(weighted[1], arb(0))).lower()
        reach = exact((high - low) / 2) * abs(slope).upper()
        return arb.max(by_runs, (self.at((low + high) / 2) - reach).lower())

    def _runs(self, parameter: Fraction) -> list[Any]:
        if parameter not in self.seen:
            law: Any = self.family(parameter)
            self.seen[parameter] = [
                1 - law._lower_tail(first, True) - law._upper_tail(last, True) for _, first, last in self.layers
            ]
        return self.seen[parameter]

    def _slope(self, low: Fraction, high: Fraction) -> Any:
        """Return a ball around the derivative over a range, or ``None``."""
        if not isinstance(self.family, Family):
            return None
        slopes = [self.family.slope(Box(low, high), first, last) for _, first, last in self.layers]
        if None in slopes:
            return None
        return sum((exact(weight) * slope for (weight, _, _), slope in zip(self.layers, slopes, strict=True)), arb(0))

    def _sum(self, run: Callable[[int, int], Any]) -> Any:
        return sum((exact(weight) * run(first, last) for weight, first, last in self.layers), arb(0))


def _layers(held: Sequence[Row]) -> list[tuple[Fraction, int, int]]:
    """Return runs of counts with weights that sum, for each count, to the weight of its intervals that hold."""
    if held and held[-1].k - held[0].k + 1 == len(held) and all(row.weight == 1 for row in held):
        return [(Fraction(1), held[0].k, held[-1].k)]  # one interval a count, in the order of the counts
    weights: dict[int, Fraction] = {}
    for row in held:
        weights[row.k] = weights.get(row.k, Fraction(0)) + row.weight
    layers, below = [], Fraction(0)
    for level in sorted(set(weights.values())):
        reached = sorted(k for k, weight in weights.items() if weight >= level)
        start = reached[0]
        for k, following in zip(reached, [*reached[1:], None], strict=True):
            if following != k + 1:
                layers.append((level - below, start, k))
                start = following if following is not None else k
        below = level
    return layers


def _pieces(rows: Sequence[Row], domain: tuple[Fraction, Fraction], closed: str, whole: bool) -> list[_Piece]:
    """Return the pieces of the domain, and those of their ends at which fewer intervals hold than beside them."""
    low, high = domain
    if whole:
        points = [Fraction(k) for k in range(math.ceil(low), math.floor(high) + 1)]
        return [_Piece(at, at, tuple(row for row in rows if _holds(row, at, closed))) for at in points]
    inner = {end for row in rows for end in (row.low, row.high) if end is not None and low < end < high}
    cuts = [low, *sorted(inner), *([high] if high > low else [])]
    rank = {cut: i for i, cut in enumerate(cuts)}
    starts = np.array([_rank(rank, cuts, row.low, -1) for row in rows], dtype=np.int64)
    stops = np.array([_rank(rank, cuts, row.high, len(cuts)) for row in rows], dtype=np.int64)
    pieces = []
    for i, (a, b) in enumerate(pairwise(cuts)):
        held = np.flatnonzero((starts <= i) & (stops >= i + 1))
        pieces.append(_Piece(a, b, tuple(rows[j] for j in held.tolist())))
    if closed != "both" or len(cuts) == 1:
        for at in cuts:
            pieces.append(_Piece(at, at, tuple(row for row in rows if _holds(row, at, closed))))
    return pieces


def _rank(rank: Mapping[Fraction, int], cuts: Sequence[Fraction], end: Fraction | None, infinite: int) -> int:
    """Return the place of an end among the cuts, beyond them on its side if it lies outside the domain."""
    if end is None:
        return infinite
    if end < cuts[0]:
        return -1
    return len(cuts) if end > cuts[-1] else rank[end]


def _holds(row: Row, at: Fraction, closed: str) -> bool:
    after = row.low is None or row.low < at or (row.low == at and closed in ("both", "left"))
    before = row.high is None or row.high > at or (row.high == at and closed in ("both", "right"))
    return after and before


def _rows(interval: Callable[[int], Any], k: int, outwards: Callable[[Any, Any], Ends]) -> list[Row]:
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


def _pair(given: Any, k: int, allowed: str) -> Ends:
    try:
        low, high = given
    except (TypeError, ValueError):
        refuse("interval", given, f"{allowed}; this is for count {k}")
    return low, high


def _end(value: Any, k: int) -> Any:
    """Return an end as a number, ``None`` if it is infinite."""
    if isinstance(value, float | np.floating) and math.isinf(value):
        return None
    return number(f"interval({k})", value, "its ends must be numbers or infinite")


def _outwards(rounding: str | float) -> Callable[[Any, Any], Ends]:
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


def _domain(family: Callable[[Any], Law], domain: tuple[Any, Any] | None) -> tuple[Fraction, Fraction]:
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


def _counts(family: Callable[[Any], Law], first: Fraction, last: Fraction) -> range:
    """Return all counts that can occur; for laws without a largest count all but a chance of ``2^-100``."""
    laws: list[Any] = [family(first), family(last)]
    if isinstance(family, Family) and family.whole:
        fixed = family.fixed
        return range(min(int(fixed["draws"]), int(fixed["population"])) + 1)
    if not all(hasattr(law, "support") for law in laws):
        refuse("family", family, "its laws must be laws of counts")
    supports = [law.support() for law in laws]
    middle: Any = family((first + last) / 2)
    supports.append(middle.support())
    least = min(one for one, _ in supports)
    if all(most is not None for _, most in supports):
        return range(least, max(most for _, most in supports) + 1)
    k = 16
    with ctx.workprec(_BITS[0]):
        while any(not law._upper_tail(k, True) < _LEFT_OUT for law in laws):
            k *= 2
            if k > _MOST_COUNTS:
                refuse("domain", (first, last), f"would need more than {_MOST_COUNTS:,} counts: cut the domain")
    return range(least, k + 1)


def _between(low: Fraction, high: Fraction) -> Fraction:
    """Return a short fraction near the middle."""
    step = Fraction(1, 2) ** max(0, (high - low).denominator.bit_length() - (high - low).numerator.bit_length() + 4)
    middle = (low + high) / 2
    short = round(middle / step) * step
    return short if low < short < high else middle


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
    domain = _domain(family, tuple(Fraction(end) for end in data["domain"]))  # type: ignore[arg-type]
    closed = choice("closed", data["closed"], _CLOSED)
    level = number("level", Fraction(data["level"]), _LEVEL, above=0, below=1)
    return _check(data["kind"], rows, family, level, domain, closed, data["rounding"])
