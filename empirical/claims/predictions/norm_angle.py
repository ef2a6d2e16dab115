"""N6: Theorem 3 on trained classifiers: what of the gap in recall is due to norms, to angles, to biases.

The gap is that between the more frequent and the rarer half of the classes, and the parts are Shapley values, as in
:mod:`empirical.experiments.norm_angle`. All is about cross entropy without correction, of which Theorem 3 and
Property 3 speak.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from empirical.analysis.rarity import gap
from empirical.claims.claim import Claim, Comparison
from empirical.claims.measures import (
    average,
    combinations,
    difference,
    label_prefix,
    margin_excess,
    measure_of_tables,
    per_seed,
)
from empirical.claims.tables import Row, Series, Statistic, Table

__all__ = ["CLAIMS"]

MARGIN = 1.0
"""What is negligible, in points."""

_METHOD = "ce"


def _gap(column: str) -> Statistic:
    """Return the statistic: the mean of a column over the more frequent half of the classes minus over the rarer."""

    def statistic(rows: Sequence[Row]) -> float | None:
        return gap([row[column] for row in sorted(rows, key=lambda row: row["label"])])

    return statistic


def _series(table: Table, data: str, imbalance: float, statistic: Statistic) -> Series:
    def statistic_of_finished(rows: Sequence[Row]) -> float | None:
        return None if any(row["label"] is None for row in rows) else statistic(rows)

    return per_seed(
        table, statistic_of_finished, data, over=("label",), one_run=True, imbalance=imbalance, method=_METHOD
    )


def _differences(label: str, more: Statistic, less: Statistic | None = None) -> Callable[[Table], list[Comparison]]:
    """Return the comparisons: by how much one statistic is above another, or above 0."""

    def measure(table: Table) -> list[Comparison]:
        table.need("seed", "label", "recall", "without_biases", "tau_1", "norms", "biases", "angles")
        comparisons = []
        for data, ratio in combinations(table, "data", "imbalance", method=_METHOD):
            values = _series(table, data, ratio, more)
            if less is not None:
                values = difference(values, _series(table, data, ratio, less))
            comparisons.append(Comparison(label_prefix(data, ratio, label), values, data))
        return comparisons

    return measure


def _negligible(label: str, statistic: Statistic) -> Callable[[Table], list[Comparison]]:
    """Return the comparisons: how much closer to 0 than the margin a statistic is."""

    def measure(table: Table) -> list[Comparison]:
        parts = _differences(f"{MARGIN:g} point - |{label}|", statistic)(table)
        return [Comparison(part.label, margin_excess(MARGIN, part.values), part.data) for part in parts]

    return measure


_NEGLIGIBLE = f"{MARGIN:g} point, less than most of the gains that Table 1 reports"

CLAIMS = (
    Claim(
        id="N6.norms",
        place="our prediction, from Theorem 3",
        printed="the norms of the weights explain a part of the gap between frequent and rare classes",
        statistic="the norms' part of CE's gap, at each imbalance and data set: > 0",
        experiments=("norm-angle",),
        measure=measure_of_tables(_differences("CE, part of the norms", _gap("norms"))),
        ours=True,
    ),
    Claim(
        id="N6.angles",
        place="our prediction, from Theorem 3",
        printed="the angles between weights and features explain more of the gap than the norms",
        statistic="the angles' part of CE's gap minus the norms' part, at each imbalance and data set: > 0",
        experiments=("norm-angle",),
        measure=measure_of_tables(_differences("CE, part of the angles - of the norms", _gap("angles"), _gap("norms"))),
        ours=True,
    ),
    Claim(
        id="N6.property3",
        place="our prediction, from Property 3",
        printed="with the norms made equal the classifier is less biased towards frequent classes",
        reading="of the classifier without biases, as in Theorem 3; tau = 1",
        statistic="CE's gap without biases minus that with equal norms too, at each imbalance and data set: > 0",
        experiments=("norm-angle",),
        measure=measure_of_tables(
            _differences("CE, gap with norms - with equal ones", _gap("without_biases"), _gap("tau_1"))
        ),
        ours=True,
    ),
    Claim(
        id="N6.bias-accuracy",
        place="our prediction, from section 5.3 before Theorem 3",
        printed="the biases can be left out: their effect on the accuracy is negligible",
        statistic=f"{MARGIN:g} point - |CE's accuracy - that without biases|, at each imbalance and data set: > 0",
        experiments=("norm-angle",),
        measure=measure_of_tables(_negligible("accuracy - without biases", average("recall", "without_biases"))),
        margin=_NEGLIGIBLE,
        ours=True,
    ),
    Claim(
        id="N6.bias-gap",
        place="our prediction, from section 5.3 before Theorem 3",
        printed="the biases can be left out: their part of the gap between frequent and rare classes is negligible",
        statistic=f"{MARGIN:g} point - |the biases' part of CE's gap|, at each imbalance and data set: > 0",
        experiments=("norm-angle",),
        measure=measure_of_tables(_negligible("part of the biases", _gap("biases"))),
        margin=_NEGLIGIBLE,
        ours=True,
    ),
)
"""The predictions of the experiment."""
