"""N8: the recall of every class at any class counts, from balanced features.

The goal is that of the project, :data:`empirical.experiments.network_classes.GOAL` times the floor: the error of the
trained classifiers themselves, read on the images that the prediction reads. It was fixed before any table was made.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from empirical.analysis.class_laws import LAWS
from empirical.claims.claim import Claim, Comparison
from empirical.claims.measures import combinations, complete_columns, measure_of_tables, per_seed
from empirical.claims.tables import Row, Statistic, Table
from empirical.experiments.network_classes import GOAL

__all__ = ["CLAIMS"]

_LAWS = {
    "drawn": "rules drawn at the class counts from balanced means and covariances, read on other balanced images",
    "crossed": "the same with each balanced image read by rules that it gave nothing to",
}
_FEW = 100
_OVER = ("order", "imbalance", "images", "label")


def _rows(rows: Sequence[Row], most: float) -> list[Row]:
    """Return the rows of predictions from the largest number of images of each class that is at most ``most``."""
    images = max((row["images"] for row in rows if row["images"] <= most), default=None)
    return [row for row in rows if row["images"] == images]


def _error(rows: Sequence[Row], law: str) -> float | None:
    values = complete_columns(rows, law, "measured")
    if values is None or not rows:
        return None
    told, measured = values
    return float(100 * np.abs(np.subtract(told, measured)).mean())


def _margin_of_error(law: str, most: float) -> Statistic:
    """Return the statistic: the goal minus the mean absolute error over classes, counts and orders, in points."""

    def statistic(rows: Sequence[Row]) -> float | None:
        own = _rows(rows, most)
        error, floor = _error(own, law), _error(own, "floor")
        return None if error is None or floor is None else GOAL * floor - error

    return statistic


def _better(law: str) -> Statistic:
    """Return the statistic: the error of a law minus that of the drawn rules."""

    def statistic(rows: Sequence[Row]) -> float | None:
        own = _rows(rows, math.inf)
        worse, drawn = _error(own, law), _error(own, "drawn")
        return None if worse is None or drawn is None else worse - drawn

    return statistic


def _comparisons(classifier: str, statistics: dict[str, Statistic]) -> Callable[[Table], list[Comparison]]:
    """Return the comparisons: a statistic on each data set and kind of features."""

    def measure(table: Table) -> list[Comparison]:
        table.need(*_OVER, *LAWS, "floor", "measured")
        return [
            Comparison(
                f"{data}, {kind} features, {label}",
                per_seed(table, statistic, data, over=_OVER, one_run=True, classifier=classifier, features=kind),
                data,
            )
            for data, kind in combinations(table, "data", "features", classifier=classifier)
            for label, statistic in statistics.items()
        ]

    return measure


def _goal(classifier: str, name: str, law: str, most: float = math.inf) -> Claim:
    few = "" if most == math.inf else f" from {most:g} balanced images of each class, none of which trains anything,"
    return Claim(
        id=f"N8.{classifier}-{law}" if most == math.inf else f"N8.few-{most:g}",
        place="our prediction, from the law of the plug-in rule",
        printed=f"what every class scores by {name}, at any class counts, is predicted{few} as well as two sets of "
        f"images agree on it: by {_LAWS[law]}",
        statistic=f"{GOAL} times the mean |floor - measured| minus the mean |predicted - measured| over classes, both "
        "orders and all imbalances, on each data set and kind of features: > 0 points",
        experiments=("network-classes",),
        measure=measure_of_tables(_comparisons(classifier, {f"{GOAL} floor - error": _margin_of_error(law, most)})),
        margin=f"{GOAL} times the floor, the project's goal",
        ours=True,
    )


_NAMES = {
    "lda": "discriminant analysis",
    "lda-tau": "discriminant analysis without its log priors",
    "head": "a linear head by cross entropy",
    "head-tau": "a linear head by cross entropy, its logits minus the log priors",
    "head-balanced": "a linear head by cross entropy in which all classes weigh the same",
}

CLAIMS = (
    *(_goal(classifier, name, law) for classifier, name in _NAMES.items() for law in _LAWS),
    _goal("lda", _NAMES["lda"], "crossed", _FEW),
    Claim(
        id="N8.each-assumption",
        place="our prediction, from the law of the plug-in rule",
        printed="every assumption that the drawn rules drop had a price: one covariance, normal features, no noise",
        statistic="the mean absolute error of each law that makes one of them minus that of the drawn rules, for "
        "discriminant analysis on each data set and kind of features: > 0 points",
        experiments=("network-classes",),
        measure=measure_of_tables(
            _comparisons(
                "lda", {f"{law} - drawn": _better(law) for law in ("theorem2", "covariances", "samples", "moved")}
            )
        ),
        ours=True,
    ),
)
"""The predictions of the experiment."""
