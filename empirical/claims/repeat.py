"""Verdicts on claims, repeated from what a file says of them: none is believed because it is stated.

``claims.json`` holds for each comparison its mean, its intervals and its number of seeds. With Student's law these give
back its p-values, from which the verdicts follow as in :func:`empirical.claims.claim.judge`, and what its seeds could
have shown.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from scipy.special import stdtrit

from empirical.claims import CLAIMS
from empirical.claims.claim import CONFIRMED, CONTRADICTED, NOT_MEASURED, UNDECIDED, Claim, Finding, Judged, verdict_of
from empirical.claims.paper import printed_tables
from empirical.claims.paper.as_printed import as_printed
from empirical.claims.statistics import ALPHA, MOST_SEEDS, deviation, judged_by, visible_effect
from empirical.printed import TABLE1, TABLE2, cell

__all__ = ["cell_fault", "claim_fault"]

_DIGITS = 1e-6  # of the numbers in the file
_NUMBERS = ("mean", "low", "high", "low_all", "high_all")


def claim_fault(entry: Mapping[str, Any]) -> str:
    """Return what is wrong with the finding on a claim, as :meth:`empirical.claims.claim.Finding.as_dict` has it.

    Returns:
        One line; empty if every verdict follows from the numbers beside it.
    """
    claim = _claims().get(str(entry.get("id")))
    if claim is None:
        return "is no claim of this version of the library"
    try:
        parts = tuple(Judged(**part) for part in entry["comparisons"])
        _check_numbers(parts)
        own = Finding(
            claim=claim,
            profile="",
            data=(),
            verdict=verdict_of(parts, claim.somewhere) if parts else NOT_MEASURED,
            comparisons=parts,
            missing=(),
            make=(),
        )
    except (KeyError, TypeError, ValueError):
        return "has comparisons that cannot be read"
    for part, allowed in zip(parts, _verdicts(parts), strict=True):
        if part.verdict not in allowed:
            return f"states that {part.label!r} is {part.verdict!r}, its interval gives {allowed[0]!r}"
    for part in parts:
        family = sum(other.decides is part.decides for other in parts)
        if not _shows(part, family, claim.somewhere):
            return f"states what {part.label!r} could have shown, its interval gives something else"
    stated = {name: entry.get(name) for name in ("verdict", "counts", "power", "alpha", "as_printed")}
    printed = as_printed(claim)
    found = {
        "verdict": own.verdict,
        "counts": own.counts,
        "power": own.power,
        "alpha": ALPHA,
        "as_printed": None if printed is None else json.loads(json.dumps(dict(vars(printed)))),
    }
    for name, value in found.items():
        if stated[name] != value:
            return f"states {name.replace('_', ' ')} {stated[name]!r}, its comparisons give {value!r}"
    return ""


def cell_fault(entry: Mapping[str, Any]) -> str:
    """Return what is wrong with a printed cell, as :meth:`empirical.claims.paper.printed_tables.Cell.as_dict` has it.

    Returns:
        One line; empty if the printed number is the paper's, and its verdict follows from the numbers beside it.
    """
    try:
        one = printed_tables.Cell(**entry)
        table = {"Table 1": TABLE1, "Table 2": TABLE2}[one.table]
        printed = cell(table, one.data, one.imbalance, one.method, one.pretrain)
        found = printed_tables.verdict_of(one.profile, one.printed, one.mean, one.low, one.high)
        where = one.data, one.imbalance, one.method, one.pretrain
        in_range = printed_tables.place_in_range(one.table, one.profile, one.mean, *where)
    except (KeyError, TypeError, ValueError, IndexError):
        return "cannot be read"
    if printed != one.printed:
        return f"states that {one.printed!r} is printed, the text at hand has {printed!r}"
    if in_range != one.range:
        return f"states {one.range!r}, its mean gives {in_range!r}"
    return "" if found == one.verdict else f"states {one.verdict!r}, its interval gives {found!r}"


@cache
def _claims() -> dict[str, Claim]:
    return {claim.id: claim for claim in CLAIMS}


def _check_numbers(parts: Sequence[Judged]) -> None:
    """Raise ValueError unless the numbers of each comparison belong together."""
    for decides in (True, False):
        family = [part for part in parts if part.decides is decides]
        for part in family:
            numbers = [getattr(part, name) for name in _NUMBERS]
            if any(isinstance(value, bool) or not math.isfinite(value) for value in numbers if value is not None):
                raise ValueError("a number is not finite")
            ends = numbers[1:]
            if (None in ends) != (ends == [None] * 4) or (part.mean is None) != (part.seeds == 0):
                raise ValueError("part of an interval is missing")
            if None not in ends:
                _check_interval(part, len(family))
    if any(part.decides not in (True, False) for part in parts):
        raise ValueError("a comparison decides or describes")


def _check_interval(part: Judged, family: int) -> None:
    """Raise ValueError unless the two intervals lie around the mean, as wide as that of ``family`` comparisons."""
    if type(part.seeds) is not int or part.seeds < 2 or part.mean is None:
        raise ValueError("an interval needs two seeds")
    own, together = _half(part.low, part.high), _half(part.low_all, part.high_all)
    wider = stdtrit(part.seeds - 1, [1 - ALPHA / 2, 1 - ALPHA / (2 * family)])
    middles = (_middle(part.low, part.high), _middle(part.low_all, part.high_all))
    if own < 0 or any(abs(middle - part.mean) > 2 * _DIGITS for middle in middles):
        raise ValueError("an interval is not around its mean")
    if abs(own * float(wider[1] / wider[0]) - together) > _DIGITS * (2 + float(wider[1] / wider[0])):
        raise ValueError("the interval of all comparisons is of another number of them")


def _shows(part: Judged, family: int, somewhere: bool) -> bool:
    """Return whether the visible effect and the seeds that are needed follow from the interval, to its digits."""
    if part.low is None or part.mean is None:
        return part.detectable is None and part.seeds_needed is None
    half = _half(part.low, part.high)
    spread, slack = (float(deviation(value, part.seeds)) for value in (half, _DIGITS))
    factor = visible_effect(part.seeds, family, somewhere=somewhere)
    if part.detectable is None or abs(part.detectable - factor * spread) > factor * slack + _DIGITS:
        return False
    least = (part.mean - _DIGITS) / (spread + slack)
    most = (part.mean + _DIGITS) / (spread - slack) if spread > slack else math.inf
    if part.seeds_needed is None:
        return least <= 0 or visible_effect(MOST_SEEDS, family, somewhere=somewhere) > least
    if type(part.seeds_needed) is not int or not 2 <= part.seeds_needed <= MOST_SEEDS:
        return False
    fewer = part.seeds_needed == 2 or visible_effect(part.seeds_needed - 1, family, somewhere=somewhere) > least
    return fewer and visible_effect(part.seeds_needed, family, somewhere=somewhere) <= most


def _half(low: float | None, high: float | None) -> float:
    return ((high or 0.0) - (low or 0.0)) / 2


def _middle(low: float | None, high: float | None) -> float:
    return ((high or 0.0) + (low or 0.0)) / 2


def _verdicts(parts: Sequence[Judged]) -> list[list[str]]:
    """Return for each comparison the verdicts that its numbers allow: the likeliest, and those within rounding."""
    found: list[list[str]] = [[] for _ in parts]
    for decides in (True, False):
        own = [k for k, part in enumerate(parts) if part.decides is decides]
        if not own:
            continue
        seeds = np.array([parts[k].seeds for k in own])
        mean = np.array([math.nan if parts[k].mean is None else parts[k].mean for k in own], dtype=float)
        half = np.array([_half(parts[k].low, parts[k].high) if parts[k].low is not None else math.nan for k in own])
        freedom = np.where(seeds > 1, seeds - 1, np.nan)
        for shift in (0.0, _DIGITS, -_DIGITS):
            with np.errstate(divide="ignore", invalid="ignore"):
                t = (mean + shift) * stdtrit(freedom, 1 - ALPHA / 2) / half
            for k, holds, fails in zip(own, *judged_by(t, freedom, ALPHA), strict=True):
                found[k].append(CONFIRMED if holds else CONTRADICTED if fails else UNDECIDED)
    return found
