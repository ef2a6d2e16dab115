"""The least chance of a set of counts over a range of the parameter, enclosed."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count, pairwise
from typing import Any

import numpy as np
from flint import arb, ctx

from theory.exact.balls import between, exact
from theory.exact.family import Family, is_unimodal
from theory.exact.law import Box, Law
from theory.verdicts.interval_table import (
    BITS,
    Row,
    holds,
)

__all__ = ["Chance", "layers_of", "least_chance", "pieces_of"]

_WIDTH = 2.0**-34  # of the enclosure of a minimum that has to be searched for: 6e-11
_MOST_CUTS = 20_000


@dataclass(frozen=True)
class Piece:
    """A parameter, or the open range between two, over which the same intervals hold it."""

    low: Fraction
    high: Fraction
    held: tuple[Row, ...]


@dataclass
class LeastChance:
    """The least chance over a piece: a ball around it, and where it is taken."""

    least: Any
    at: Fraction
    side: str
    piece: Piece


def least_chance(pieces: Sequence[Piece], family: Callable[[Any], Law], promise: Fraction) -> tuple[LeastChance, str]:
    """Return the least chance over all pieces, and the verdict; what is left open is computed more sharply."""
    known: list[LeastChance] = []
    for bits in BITS:
        with ctx.workprec(bits):
            level = exact(promise)
            open_ones = [one.piece for one in known if not (one.least >= level or one.least < level)]
            decided = [one for one in known if one.least >= level or one.least < level]
            best = min((one.least.upper() for one in decided), key=float, default=arb(1))
            known = decided
            for piece in open_ones if bits != BITS[0] else pieces:
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
    with ctx.workprec(BITS[0]):
        first = min(known, key=lambda one: (float(one.least.upper()), one.side != "at"))
        least = first.least
        for one in known:  # the true least may be that of another piece whose ball reaches lower
            if one.least.lower() < least.lower():
                least = least.union(one.least.lower())
        first.least = least
    return first, verdict


def _least_over(piece: Piece, family: Callable[[Any], Law], best: Any) -> LeastChance:
    """Return the least chance over one piece; what cannot be below ``best`` is enclosed roughly."""
    chance = Chance(family, layers_of(piece.held))
    if piece.low == piece.high:
        return LeastChance(chance.at(piece.low), piece.low, "at", piece)
    left, right = chance.at(piece.low), chance.at(piece.high)
    nearer = LeastChance(left, piece.low, "just above", piece)
    if right.mid() < left.mid():
        nearer = LeastChance(right, piece.high, "just below", piece)
    if chance.unimodal or not chance.layers:
        nearer.least = arb.min(left, right)
        return nearer
    return _search(chance, piece, nearer, best)


def _search(chance: Chance, piece: Piece, nearer: LeastChance, best: Any) -> LeastChance:
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
    return LeastChance(lowest.union(upper) if lowest < upper else upper, where, side, piece)


class Chance:
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
            try:
                law: Any = self.family(between(low, high))
            except ValueError:  # the ball is too wide for the family's arithmetic: its parts may not be
                return arb(0)
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


def layers_of(rows: Sequence[Row]) -> list[tuple[Fraction, int, int]]:
    """Return runs of counts with weights that sum, for each count, to the weight of its intervals that hold."""
    if rows and rows[-1].k - rows[0].k + 1 == len(rows) and all(row.weight == 1 for row in rows):
        return [(Fraction(1), rows[0].k, rows[-1].k)]  # one interval a count, in the order of the counts
    weights: dict[int, Fraction] = {}
    for row in rows:
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


def pieces_of(rows: Sequence[Row], domain: tuple[Fraction, Fraction], closed: str, whole: bool) -> list[Piece]:
    """Return the pieces of the domain, and those of their ends at which fewer intervals hold than beside them."""
    low, high = domain
    if whole:
        points = [Fraction(k) for k in range(math.ceil(low), math.floor(high) + 1)]
        return [Piece(at, at, tuple(row for row in rows if holds(row, at, closed))) for at in points]
    inner = {end for row in rows for end in (row.low, row.high) if end is not None and low < end < high}
    cuts = [low, *sorted(inner), *([high] if high > low else [])]
    rank = {cut: i for i, cut in enumerate(cuts)}
    starts = np.array([_rank(rank, cuts, row.low, -1) for row in rows], dtype=np.int64)
    stops = np.array([_rank(rank, cuts, row.high, len(cuts)) for row in rows], dtype=np.int64)
    pieces = []
    for i, (a, b) in enumerate(pairwise(cuts)):
        held = np.flatnonzero((starts <= i) & (stops >= i + 1))
        pieces.append(Piece(a, b, tuple(rows[j] for j in held.tolist())))
    if closed != "both" or len(cuts) == 1:
        for at in cuts:
            pieces.append(Piece(at, at, tuple(row for row in rows if holds(row, at, closed))))
    return pieces


def _rank(rank: Mapping[Fraction, int], cuts: Sequence[Fraction], end: Fraction | None, infinite: int) -> int:
    """Return the place of an end among the cuts, beyond them on its side if it lies outside the domain."""
    if end is None:
        return infinite
    if end < cuts[0]:
        return -1
    return len(cuts) if end > cuts[-1] else rank[end]


def _between(low: Fraction, high: Fraction) -> Fraction:
    """Return a short fraction near the middle."""
    step = Fraction(1, 2) ** max(0, (high - low).denominator.bit_length() - (high - low).numerator.bit_length() + 4)
    middle = (low + high) / 2
    short = round(middle / step) * step
    return short if low < short < high else middle
