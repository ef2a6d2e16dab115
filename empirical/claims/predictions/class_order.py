"""N7: what of the gaps between frequent and rare classes is due to rarity, and not to which classes are rare.

The parts are those of :mod:`empirical.experiments.class_order`: half the sum of the gaps with the classes in their
order and in the reverse one, and half the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from empirical.analysis.rarity import ORDERS, Split, split
from empirical.claims.claim import Claim, Comparison
from empirical.claims.measures import combinations, label_prefix, measure_of_tables, per_seed
from empirical.claims.tables import Row, Table

__all__ = ["CLAIMS"]


def _comparisons(
    label: str, column: str, number: Callable[[Split], float | None], methods: Sequence[str]
) -> Callable[[Table], list[Comparison]]:
    """Return the comparisons: a number of the split of a column, for each method."""

    def statistic(rows: Sequence[Row]) -> float | None:
        own = sorted(rows, key=lambda row: row["place"])
        return number(split(*([row[column] for row in own if row["order"] == order] for order in ORDERS)))

    def statistic_of_finished(rows: Sequence[Row]) -> float | None:
        return None if any(row["place"] is None for row in rows) else statistic(rows)

    def measure(table: Table) -> list[Comparison]:
        table.need("seed", "order", "place", column)
        comparisons = []
        for data, ratio in combinations(table, "data", "imbalance"):
            for method in methods:
                values = per_seed(
                    table, statistic_of_finished, data, over=("order", "place"), imbalance=ratio, method=method
                )
                comparisons.append(Comparison(label_prefix(data, ratio, method.upper(), label), values, data))
        return comparisons

    return measure


def _rarity(split: Split) -> float | None:
    return split.rarity


def _against_rarity(split: Split) -> float | None:
    return None if split.rarity is None else -split.rarity


def _beyond_classes(split: Split) -> float | None:
    return None if split.rarity is None or split.classes is None else split.rarity - abs(split.classes)


_SEEN = "of both orders; written down after the norms in the data's order were seen, before a run in the reverse one"

CLAIMS = (
    Claim(
        id="N7.recall",
        place="our prediction, from Theorem 2",
        printed="most of the gap in recall under cross entropy is due to rarity, not to which classes are rare",
        reading="of both orders",
        statistic="rarity's part of CE's gap in recall minus the size of the classes' part, at each imbalance and "
        "data set: > 0",
        experiments=("class-order",),
        measure=measure_of_tables(
            _comparisons("recall, part of rarity - |of the classes|", "recall", _beyond_classes, ("ce",))
        ),
        ours=True,
    ),
    Claim(
        id="N7.norms",
        place="our prediction, from section 5.3, after Theorem 3",
        printed="under cross entropy a class has smaller norms because it is rare",
        reading=_SEEN,
        statistic="rarity's part of CE's gap in norms, at each imbalance and data set: > 0",
        experiments=("class-order",),
        measure=measure_of_tables(_comparisons("norms, part of rarity", "norm", _rarity, ("ce",))),
        ours=True,
    ),
    Claim(
        id="N7.rebalanced",
        place="our prediction, against section 5.3",
        printed="with RS and RW a class has larger norms because it is rare",
        reading=_SEEN,
        statistic="minus rarity's part of RS's and RW's gap in norms, at each imbalance and data set: > 0",
        experiments=("class-order",),
        measure=measure_of_tables(
            _comparisons("norms, minus the part of rarity", "norm", _against_rarity, ("rs", "rw"))
        ),
        ours=True,
    ),
)
"""The predictions of the experiment."""
