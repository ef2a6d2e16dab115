"""Section 5.2, representation learning: Table 1 and Figure 5."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import product
from statistics import pstdev
from typing import Any

from empirical.claims.claim import Claim, Comparison
from empirical.claims.measures import difference, gain, label_prefix, mean_over, measure_of_tables, shifted, steps
from empirical.claims.tables import Row, Statistic, Table, check_unique, single_value

__all__ = ["CLAIMS"]

METHODS = {"ce": "CE", "rs": "RS", "rw": "RW", "drw": "DRW"}
"""What the paper calls the methods of its tables."""

NONE, SSP = {"pretrain": "none"}, {"pretrain": "rotation"}

_ACCURACY = single_value("accuracy")


def _cases(table: Table) -> Iterator[tuple[str, float]]:
    """Yield the data sets and imbalances of a table of accuracies."""
    table.need("data", "imbalance", "method", "pretrain", "seed", "accuracy")
    yield from table.combinations("data", "imbalance")


def _ssp(methods: Collection[str]) -> Callable[[Table], list[Comparison]]:
    """Return the comparisons: what pre-training adds to each of the methods that a table has."""

    def measure(table: Table) -> list[Comparison]:
        return [
            Comparison(
                label_prefix(data, imbalance, f"{METHODS[method]} + SSP - {METHODS[method]}"),
                gain(table, _ACCURACY, SSP, NONE, data=data, imbalance=imbalance, method=method),
                data,
            )
            for (data, imbalance), method in product(_cases(table), methods)
        ]

    return measure


def _from_scratch(pairs: Sequence[tuple[str, str]]) -> Callable[[Table], list[Comparison]]:
    """Return the comparisons: by how much the first method of each pair is better than the second, without SSP."""

    def measure(table: Table) -> list[Comparison]:
        return [
            Comparison(
                label_prefix(data, imbalance, f"{METHODS[better]} - {METHODS[worse]}"),
                gain(table, _ACCURACY, {"method": better}, {"method": worse}, data=data, imbalance=imbalance, **NONE),
                data,
            )
            for (data, imbalance), (better, worse) in product(_cases(table), pairs)
        ]

    return measure


def _gains_more(pairs: Sequence[tuple[str, str]]) -> Callable[[Table], list[Comparison]]:
    """Return the comparisons: by how much more SSP adds to the first method of each pair than to the second."""

    def measure(table: Table) -> list[Comparison]:
        comparisons = []
        for (data, imbalance), (more, less) in product(_cases(table), pairs):
            own, other = (
                gain(table, _ACCURACY, SSP, NONE, data=data, imbalance=imbalance, method=method)
                for method in (more, less)
            )
            name = label_prefix(data, imbalance, f"SSP's gain for {METHODS[more]} - for {METHODS[less]}")
            comparisons.append(Comparison(name, difference(own, other), data))
        return comparisons

    return measure


def _ce_by_imbalance(table: Table) -> list[Comparison]:
    cells = {"method": "ce", **NONE}
    return [
        Comparison(
            f"{data}, CE at imbalance {low:g} - at {high:g}",
            gain(table, _ACCURACY, {"imbalance": low}, {"imbalance": high}, data=data, **cells),
            data,
        )
        for data, high, low in steps(table, _cases(table))
    ]


_QUALITIES = ("silhouette", "purity", "separation", "separation_least", "separation_mean")

PRIMARY = ("test", "purity")
"""What decides about boundaries: the share of nearest neighbours of the same class, of test images."""

_ORDERS = {"labels": "", "reversed": ", the classes in reverse order"}


def _views(table: Table) -> Iterator[tuple[str, float, str, str]]:
    """Yield the data sets, imbalances and splits of the features, with each measure of how clear the boundaries are."""
    table.need("data", "imbalance", "pretrain", "seed", "split", "label")
    qualities = [name for name in _QUALITIES if name in table.columns]
    if not qualities:
        table.need(_QUALITIES[0])
    for data, imbalance in table.combinations("data", "imbalance"):
        for split, quality in product(table.values("split", data=data, imbalance=imbalance), qualities):
            yield data, imbalance, split, quality


def _order(table: Table, order: str = "labels") -> dict[str, str]:
    """Return the cell of an order of the classes; tables of one order have no such column."""
    return {"order": order} if "order" in table.columns else {}


def _cell(table: Table, data: str, imbalance: float, split: str) -> dict[str, Any]:
    """Return the cells of a split of the features, the classes in the order of their labels."""
    return {"data": data, "imbalance": imbalance, "split": split, **_order(table)}


def _poor(table: Table) -> list[Comparison]:
    """Return the comparisons; what decides is half the sum over both orders of the classes, which is due to rarity."""
    comparisons = []
    for data, imbalance, split, quality in _views(table):
        cells = {"data": data, "imbalance": imbalance, "split": split, **NONE}
        there = table.values("order", data=data, imbalance=imbalance) if "order" in table.columns else ["labels"]
        found = {}
        for order in there:
            own = {**cells, **_order(table, order)}
            frequent, rarest = (table.per_seed(mean_over(quality, part), **own) for part in (False, True))
            found[order] = difference(frequent, rarest)
            name = label_prefix(data, imbalance, f"{split}: {quality} of frequent - of rare classes{_ORDERS[order]}")
            comparisons.append(Comparison(name, found[order], data, decides=False))
        if (split, quality) == PRIMARY:
            name = label_prefix(
                data, imbalance, f"{split}: {quality} of frequent - of rare classes, mean over both orders"
            )
            if found.keys() == _ORDERS.keys():
                both = difference(found["labels"], shifted(found["reversed"], 0, -1))
                comparisons.append(Comparison(name, shifted(both, 0, 0.5), data))
            else:
                comparisons.append(Comparison(name, {}, data, lacking="the classes in reverse order"))
    return comparisons


def _clearer(table: Table) -> list[Comparison]:
    return [
        Comparison(
            label_prefix(data, imbalance, f"{split}: {quality} of rare classes, SSP - CE"),
            gain(table, mean_over(quality, True), SSP, NONE, **_cell(table, data, imbalance, split)),
            data,
            decides=(split, quality) == PRIMARY,
        )
        for data, imbalance, split, quality in _views(table)
    ]


def _uneven(column: str) -> Statistic:
    """Return the statistic: the standard deviation of a column over the classes; NaN if fewer than two have a value."""

    def statistic(rows: Sequence[Row]) -> float | None:
        check_unique(rows, "label")
        if any(row["label"] is None for row in rows):
            return None
        own = [row[column] for row in rows if row[column] is not None]
        return pstdev(own) if len(own) > 1 else math.nan

    return statistic


def _more_even(table: Table) -> list[Comparison]:
    return [
        Comparison(
            label_prefix(data, imbalance, f"{split}: spread of {quality} over classes, CE - SSP"),
            gain(table, _uneven(quality), NONE, SSP, **_cell(table, data, imbalance, split)),
            data,
            decides=(split, quality) == PRIMARY,
        )
        for data, imbalance, split, quality in _views(table)
    ]


def _closer(table: Table) -> list[Comparison]:
    return [
        Comparison(
            label_prefix(data, imbalance, f"{split}: {quality}, mean over classes, CE - SSP"),
            gain(table, mean_over(quality), NONE, SSP, **_cell(table, data, imbalance, split)),
            data,
        )
        for data, imbalance, split, quality in _views(table)
        if quality.startswith("separation")
    ]


_REBALANCED = ("rs", "rw", "drw")

CLAIMS = (
    Claim(
        id="E5.ce-below",
        place="section 5.2, quantitative results, Table 1",
        printed="vanilla CE performs lower accuracy under different imbalance ratios",
        reading="lower than with re-balancing",
        statistic="accuracy of each of RS, RW and DRW minus that of CE, without SSP, at each imbalance and data set: > "
        "0",
        experiments=("rebalance",),
        measure=measure_of_tables(_from_scratch([(method, "ce") for method in _REBALANCED])),
    ),
    Claim(
        id="E5.ce-falls",
        place="section 5.2, quantitative results, Table 1",
        printed="vanilla CE performs lower accuracy under different imbalance ratios",
        reading="the lower, the larger the imbalance",
        statistic="accuracy of CE at an imbalance minus that at the next larger one, on each data set: > 0",
        experiments=("rebalance",),
        measure=measure_of_tables(_ce_by_imbalance),
    ),
    Claim(
        id="E5.ssp-ce",
        place="section 5.2, quantitative results, Table 1",
        printed="SSP can help vanilla CE to gain obvious performance improvement",
        statistic="accuracy of CE + SSP minus that of CE, at each imbalance and data set: > 0",
        experiments=("rebalance",),
        measure=measure_of_tables(_ssp(["ce"])),
    ),
    Claim(
        id="E5.ssp-rebalanced",
        place="section 5.2, quantitative results, Table 1",
        printed="existing re-balance strategies with SSP could also obtain the salient performance improvement",
        statistic="accuracy of each of RS, RW and DRW with SSP minus that without, at each imbalance and data set: > 0",
        experiments=("rebalance",),
        measure=measure_of_tables(_ssp(_REBALANCED)),
    ),
    Claim(
        id="E5.ssp-all",
        place="section 5.2, caption of Table 1",
        printed="Using SSP, we improve the quality of representation and further increase the recognition accuracy",
        reading="every method at every ratio",
        statistic="accuracy of each of CE, RS, RW and DRW with SSP minus that without, at each imbalance and data set "
        "(32 comparisons in Table 1): > 0",
        experiments=("rebalance",),
        measure=measure_of_tables(_ssp(METHODS)),
    ),
    Claim(
        id="E5.rw-rs",
        place="section 5.2, quantitative results, Table 1",
        printed="re-weighting strategies perform better than re-sampling",
        statistic="accuracy of RW minus that of RS, without SSP, at each imbalance and data set: > 0",
        experiments=("rebalance",),
        measure=measure_of_tables(_from_scratch([("rw", "rs")])),
    ),
    Claim(
        id="E5.ssp-corrects-rs",
        place="section 5.2, quantitative results, Table 1",
        printed="the re-sampling strategy may lead to low data diversity by discarding valuable information, while SSP "
        "can correct this drawback and further increase accuracy",
        reading="SSP adds more to RS, whose drawback it corrects as well, than to the others",
        statistic="(RS + SSP - RS) minus (m + SSP - m) for m = CE, RW and DRW, at each imbalance and data set: > 0",
        experiments=("rebalance",),
        measure=measure_of_tables(_gains_more([("rs", other) for other in ("ce", "rw", "drw")])),
        somewhere=True,
    ),
    Claim(
        id="E5.especially",
        place="section 5.2, quantitative results, Table 1",
        printed="good representations are helpful for imbalance learning, especially work with re-balance strategies",
        reading="SSP adds more to a re-balanced method than to CE",
        statistic="(m + SSP - m) minus (CE + SSP - CE) for m = RS, RW and DRW, at each imbalance and data set: > 0",
        experiments=("rebalance",),
        measure=measure_of_tables(_gains_more([(method, "ce") for method in _REBALANCED])),
    ),
    Claim(
        id="E6.poor",
        place="section 5.2, qualitative results, Figure 5(a)",
        printed="standard CE training could lead to low-quality representations with poor class separation for "
        "minority classes",
        statistic="of CE's features of test images: the share of nearest neighbours of the same class, mean over the "
        "first third of the classes minus mean over the last third, half the sum of this with the classes in their "
        "order and in the reverse: > 0; other measures, training images and each order alone describe",
        experiments=("embedding",),
        measure=measure_of_tables(_poor),
        somewhere=True,
    ),
    Claim(
        id="E6.clearer",
        place="section 5.2, qualitative results, Figure 5(b) and its caption",
        printed="Using SSP helps to learn high-quality representations with clearer boundaries for the minority "
        "classes",
        statistic="share of nearest neighbours of the same class, test images, mean over the last third of the "
        "classes, with SSP minus without: > 0; other measures and training images describe",
        experiments=("embedding",),
        measure=measure_of_tables(_clearer),
    ),
    Claim(
        id="E6.inter-class",
        place="section 5.2, qualitative results, Figure 5",
        printed="good representations would reduce the inter-class differences among the classes",
        reading="classes become alike in how clear their boundaries are",
        statistic="standard deviation over the classes of the share of nearest neighbours of the same class, test "
        "images, of CE minus that with SSP: > 0; other measures and training images describe",
        experiments=("embedding",),
        measure=measure_of_tables(_more_even),
    ),
    Claim(
        id="E6.inter-class-closer",
        place="section 5.2, qualitative results, Figure 5",
        printed="good representations would reduce the inter-class differences among the classes",
        reading="the classes come closer",
        statistic="separation, mean over the classes, of CE minus that with SSP, on train and test images: > 0",
        experiments=("embedding",),
        measure=measure_of_tables(_closer),
    ),
)
"""The claims of the section."""
