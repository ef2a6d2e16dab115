"""N10: tau by likelihood takes the boundary of two classes to the midpoint, and nearer than ``tau = 1`` does.

Written down before any of these offsets was measured, on whatever images. Known were ``tau`` and ``T`` of networks of
ten classes (``which-tau``). By R.which-tau the likelihood finds ``tau = T`` after cross entropy, and with it the
balanced boundary, from logits that are those of Bayes' rule times any temperature ``T``; ``tau = 1`` does so for
calibrated logits only. Networks and heads are rarely calibrated, so that theory has ``tau = 1`` off by ``(1 - 1 / T)
ln(n+ / n-)`` in log odds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

from empirical.claims.claim import Claim, Comparison
from empirical.claims.measures import combinations, compared, label_prefix, measure_of_tables, per_seed
from empirical.claims.predictions.corrections import LEVELS, MARGIN
from empirical.claims.tables import MissingDataError, Row, Series, Statistic, Table, TooFewError
from empirical.experiments.shared.tau_choice import REFUSED

__all__ = ["CLAIMS"]

_OURS, _OTHERS = "likelihood", ("ce", "post-hoc")
_PAIR = ("majority", "minority")
_ON_FEATURES = "heads"


def _cases(table: Table, level: str) -> list[tuple[str, float]]:
    """Return the data sets and imbalances at which a level has the correction."""
    table.need("seed", "measured", "fit")
    found = [place[:2] for place in combinations(table, "data", "imbalance", "method", level=level, method=_OURS)]
    if not found:
        raise MissingDataError(f"the table {table.name} has no rows of {_OURS} at the level {level}")
    return list(dict.fromkeys(found))


def _offset(row: Row | None) -> float | None:
    """Return how far the boundary is from the midpoint, on either side, in per cent of the distance of the means."""
    return None if row is None or row["measured"] is None else 100 * abs(row["measured"])


def _mean_over_pairs(value: Callable[[Mapping[str, Row]], float | None]) -> Statistic:
    """Return the statistic: the mean over the pairs of classes whose fit was not refused; NaN if all were.

    Args:
        value: from the rows of a pair by correction to a number; None while one of them is missing.
    """

    def statistic(rows: Sequence[Row]) -> float | None:
        pairs: dict[tuple[str, ...], dict[str, Row]] = {}
        for row in rows:
            pairs.setdefault(tuple(row[name] for name in _PAIR), {})[row["method"]] = row
        fitted = [own for own in pairs.values() if _OURS not in own or own[_OURS]["fit"] != REFUSED.fit]
        values = [value(own) for own in fitted]
        there = [one for one in values if one is not None]
        if len(there) < len(values):
            return None
        return fmean(there) if there else math.nan

    return statistic


def _series(table: Table, statistic: Statistic, data: str, level: str, imbalance: float) -> Callable[[], Series]:
    """Return what gives a statistic of each seed's rows, or says that no fit gave anything to measure."""

    def series() -> Series:
        found = per_seed(
            table,
            statistic,
            data,
            over=(*_PAIR, "method"),
            same=("n_pos", "n_neg"),
            one_run=level == _ON_FEATURES,
            level=level,
            imbalance=imbalance,
        )
        if found and all(value is not None and math.isnan(value) for value in found.values()):
            raise TooFewError("a fit of tau that was not refused")
        return found

    return series


def _nearer(level: str) -> Callable[[Table], list[Comparison]]:
    def measure(table: Table) -> list[Comparison]:
        def gained(other: str) -> Statistic:
            def value(own: Mapping[str, Row]) -> float | None:
                far, near = _offset(own.get(other)), _offset(own.get(_OURS))
                return None if far is None or near is None else far - near

            return _mean_over_pairs(value)

        return [
            compared(
                label_prefix(data, ratio, f"|offset of {other}| - |offset of {_OURS}|"),
                data,
                _series(table, gained(other), data, level, ratio),
            )
            for data, ratio in _cases(table, level)
            for other in _OTHERS
        ]

    return measure


def _midpoint(level: str) -> Callable[[Table], list[Comparison]]:
    statistic = _mean_over_pairs(lambda own: _offset(own.get(_OURS)))

    def measure(table: Table) -> list[Comparison]:
        return [
            compared(
                label_prefix(data, ratio, f"{MARGIN:g} % - |offset of {_OURS}|"),
                data,
                _series(table, statistic, data, level, ratio),
                by=MARGIN,
                factor=-1,
            )
            for data, ratio in _cases(table, level)
        ]

    return measure


def _claims(level: str) -> tuple[Claim, ...]:
    place = "our prediction, from R.which-tau"
    reading = "a pair of classes whose fit is refused, as some tau tells the images apart, is left out"
    return (
        Claim(
            id=f"N10.nearer-{level}",
            place=place,
            printed=f"{LEVELS[level]}: with tau by likelihood the boundary is nearer to the midpoint than without "
            "correction and than with tau = 1",
            reading=reading,
            statistic="|offset| of the other minus |offset| with tau by likelihood, in per cent of the distance "
            "between the class means, mean over the pairs, at each imbalance and data set: > 0",
            experiments=("corrections",),
            measure=measure_of_tables(_nearer(level)),
            ours=True,
        ),
        Claim(
            id=f"N10.midpoint-{level}",
            place=place,
            printed=f"{LEVELS[level]}: with tau by likelihood the boundary is at the midpoint",
            reading=reading,
            statistic=f"{MARGIN:g} % of the distance between the class means minus |offset|, mean over the pairs, at "
            "each imbalance and data set: > 0",
            experiments=("corrections",),
            measure=measure_of_tables(_midpoint(level)),
            margin=f"{MARGIN:g} % of the distance: a fifth of the way from the midpoint to a class mean, as for N5",
            ours=True,
        ),
    )


CLAIMS = tuple(claim for level in LEVELS for claim in _claims(level))
"""The predictions about the correction."""
