"""N3: number or similarity: the parts of the drop in recall, as theory attributes them and as measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean

from empirical.claims.claim import Claim, Comparison
from empirical.claims.measures import (
    combinations,
    complete_columns,
    difference,
    label_prefix,
    margin_excess,
    measure_of_tables,
    per_seed,
)
from empirical.claims.tables import Row, Series, Table
from empirical.experiments.similarity_or_number import DISSIMILAR, LAWS, SIMILAR
from theory.attribution import Attribution, split

__all__ = ["CLAIMS"]

MARGIN = 10.0
"""By how many points of the drop the measured share may differ from theory's."""

_LAWS = {"theorem2": "Theorem 2 with one number", "finite": "Theorem 2 with the noise of finitely many samples"}


def _parts(rows: Sequence[Row], source: str, imbalance: float) -> Attribution | None:
    """Return the split of a seed's drop between the groups' mean recalls; None while a recall is missing."""
    means = []
    for group in (DISSIMILAR, SIMILAR):
        for ratio in (1, imbalance):
            own = complete_columns([row for row in rows if row["group"] == group and row["imbalance"] == ratio], source)
            if own is None or not own[0]:
                return None
            means.append(fmean(own[0]))
    return split(*means)


def _series(table: Table, data: str, source: str, imbalance: float, what: str, factor: float = 100.0) -> Series:
    """Return a part of the split for each seed, in points."""

    def statistic(rows: Sequence[Row]) -> float | None:
        if any(row["group"] is None for row in rows):
            return None
        parts = _parts(rows, source, imbalance)
        return None if parts is None else factor * float(getattr(parts, what))

    return per_seed(table, statistic, data, over=("majority", "minority", "imbalance"), same=("n_pos",), one_run=True)


def _ratios(table: Table) -> list[tuple[str, float]]:
    table.need("group", "seed", "measured", *LAWS)
    return [(data, ratio) for data, ratio in combinations(table, "data", "imbalance") if ratio > 1]


def _share(law: str) -> Callable[[Table], list[Comparison]]:
    """Return the comparisons: how much closer than the margin the measured share of number is to a law's."""

    def measure(table: Table) -> list[Comparison]:
        comparisons = []
        for data, ratio in _ratios(table):
            measured, told = (_series(table, data, source, ratio, "number_share") for source in ("measured", law))
            label = label_prefix(data, ratio, f"{MARGIN:g} points - |measured - {law}|")
            comparisons.append(Comparison(label, margin_excess(MARGIN, difference(measured, told)), data))
        return comparisons

    return measure


def _each_part(table: Table) -> list[Comparison]:
    return [
        Comparison(label_prefix(data, ratio, f"part of {part}"), _series(table, data, "measured", ratio, part), data)
        for data, ratio in _ratios(table)
        for part in ("number", "similarity")
    ]


def _costs_more(table: Table) -> list[Comparison]:
    # The interaction is what imbalance costs dissimilar pairs minus what it costs similar ones.
    return [
        Comparison(
            label_prefix(data, ratio, "drop of similar - of dissimilar pairs"),
            _series(table, data, "measured", ratio, "interaction", factor=-100.0),
            data,
        )
        for data, ratio in _ratios(table)
    ]


def _closeness(law: str) -> Claim:
    return Claim(
        id="N3.share" if law == "theorem2" else f"N3.share-{law}",
        place="our prediction, from Theorem 2",
        printed=f"{_LAWS[law]} tells how much of the drop in a minority's recall is due to number and how much to "
        "similarity",
        statistic=f"{MARGIN:g} points - |number's measured share of the drop - the law's|, at each imbalance above 1 "
        "and data set: > 0",
        experiments=("similarity-or-number",),
        measure=measure_of_tables(_share(law)),
        margin=f"{MARGIN:g} points of 100: the question is which of the two does more, and by about how much",
        ours=True,
    )


CLAIMS = (
    *map(_closeness, LAWS),
    Claim(
        id="N3.both",
        place="our prediction, from Theorem 2",
        printed="both number and similarity cost the minority recall",
        statistic="each part of the measured drop, at each imbalance above 1 and data set: > 0",
        experiments=("similarity-or-number",),
        measure=measure_of_tables(_each_part),
        ours=True,
    ),
    Claim(
        id="N3.costs-more",
        place="our prediction, from Theorem 2",
        printed="the same imbalance costs the minority of a similar pair more recall than that of a dissimilar one",
        statistic="measured drop from balance to an imbalance, mean over similar pairs minus mean over dissimilar "
        "ones, at each imbalance above 1 and data set: > 0",
        experiments=("similarity-or-number",),
        measure=measure_of_tables(_costs_more),
        ours=True,
    ),
)
"""The predictions of the experiment."""
