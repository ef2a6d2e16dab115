"""N5: corrections of imbalance as movements of the boundary, measured against theory's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from statistics import fmean

from empirical.claims.claim import Claim, Comparison
from empirical.claims.measures import (
    average,
    combinations,
    complete_columns,
    label_prefix,
    margin_excess,
    measure_of_tables,
    per_seed,
    shifted,
)
from empirical.claims.tables import Row, Series, Statistic, Table
from empirical.experiments.network_pairs import GOALS

__all__ = ["CLAIMS", "LEVELS", "MARGIN"]

MARGIN = 10.0
"""How far a movement may be from theory's, in per cent of the distance between the class means."""

_PLAIN, _AS_IT_FALLS = "ce", "tau"
_LATER = ("post-hoc", "likelihood")
_READING = "the corrections of the time when this was written; post-hoc and likelihood came later, N10 judges them"
_ON_FEATURES = "heads"
LEVELS = {
    "heads": "linear classifiers on frozen features",
    "networks": "networks trained from scratch",
}
"""The levels of the experiment that are judged."""

_RECALL = {"heads": GOALS["head"], "networks": GOALS["network"]}


def _cases(table: Table, level: str) -> Iterator[tuple[str, float, str]]:
    """Yield the data sets, imbalances and corrections of a level."""
    table.need("seed", "moved", "moved_predicted", "recall", "recall_predicted")
    for case in combinations(table, "data", "imbalance", "method", level=level):
        if case[2] not in _LATER:
            yield case


def _off(measured: str, predicted: str, factor: float) -> Statistic:
    """Return the statistic: the mean absolute difference of two columns over the pairs of classes."""

    def statistic(rows: Sequence[Row]) -> float | None:
        values = complete_columns(rows, measured, predicted)
        return None if values is None else factor * fmean(abs(m - p) for m, p in zip(*values, strict=True))

    return statistic


def _series(table: Table, statistic: Statistic, data: str, level: str, imbalance: float, method: str) -> Series:
    """Return a statistic over the pairs of classes of each seed."""
    return per_seed(
        table,
        statistic,
        data,
        over=("majority", "minority"),
        same=("n_pos", "n_neg"),
        one_run=level == _ON_FEATURES,
        level=level,
        imbalance=imbalance,
        method=method,
    )


def _movement(level: str) -> Callable[[Table], list[Comparison]]:
    def measure(table: Table) -> list[Comparison]:
        return [
            Comparison(
                label_prefix(data, ratio, f"{method}: {MARGIN:g} % - |moved - predicted|"),
                margin_excess(
                    MARGIN, _series(table, _off("moved", "moved_predicted", 100), data, level, ratio, method)
                ),
                data,
            )
            for data, ratio, method in _cases(table, level)
            if method != _PLAIN
        ]

    return measure


def _recall(level: str) -> Callable[[Table], list[Comparison]]:
    def measure(table: Table) -> list[Comparison]:
        off = _off("recall", "recall_predicted", 1)
        return [
            Comparison(
                label_prefix(data, ratio, f"{method}: {_RECALL[level]:g} points - |recall - predicted|"),
                margin_excess(_RECALL[level], _series(table, off, data, level, ratio, method)),
                data,
            )
            for data, ratio, method in _cases(table, level)
        ]

    return measure


def _away(level: str) -> Callable[[Table], list[Comparison]]:
    def measure(table: Table) -> list[Comparison]:
        return [
            Comparison(
                label_prefix(data, ratio, f"{method}: moved towards the majority"),
                shifted(_series(table, average("moved"), data, level, ratio, method), by=0, factor=-100),
                data,
            )
            for data, ratio, method in _cases(table, level)
            if method not in (_PLAIN, _AS_IT_FALLS)
        ]

    return measure


def _claims(level: str) -> tuple[Claim, ...]:
    place = "our prediction, from Theorem 2 and its corrections"
    return (
        Claim(
            id=f"N5.direction-{level}",
            place=place,
            printed=f"{LEVELS[level]}: every correction but tau-normalisation moves the boundary towards the majority",
            reading=f"{_READING}; leaving out the bias puts the boundary where the origin of the features lies, on "
            "either side",
            statistic="offset of the boundary without correction minus with it, mean over the pairs, for each "
            "correction at each imbalance and data set: > 0",
            experiments=("corrections",),
            measure=measure_of_tables(_away(level)),
            ours=True,
        ),
        Claim(
            id=f"N5.moved-{level}",
            place=place,
            printed=f"{LEVELS[level]}: each correction moves the boundary as far as theory says",
            reading=_READING,
            statistic=f"{MARGIN:g} % of the distance between the class means minus |moved - predicted|, mean over the "
            "pairs, for each correction at each imbalance and data set: > 0",
            experiments=("corrections",),
            measure=measure_of_tables(_movement(level)),
            margin=f"{MARGIN:g} % of the distance: a fifth of the way from the midpoint to a class mean",
            ours=True,
        ),
        Claim(
            id=f"N5.recall-{level}",
            place=place,
            printed=f"{LEVELS[level]}: with and without corrections the minority's recall is as theory says",
            reading=_READING,
            statistic=f"{_RECALL[level]:g} points - |recall - predicted|, mean over the pairs, for each method at each "
            "imbalance and data set: > 0",
            experiments=("corrections",),
            measure=measure_of_tables(_recall(level)),
            margin=f"{_RECALL[level]:g} points, the project's goal for the recall of such classifiers",
            ours=True,
        ),
    )


CLAIMS = tuple(claim for level in LEVELS for claim in _claims(level))
"""The predictions of the experiment."""
