"""Section 4.2, the simulation with similar samples: Figures 3 and 4.

At imbalance 100 the recall of the minority has a floor at 0, which leaves ``E3.minority`` and ``E4.minority`` little to
decide. The same sentences are read by two further quantities of the same networks, fixed before any was measured:
recall after the log priors are subtracted, and the mean log odds of the minority against the majority
(:mod:`empirical.experiments.shared.similar_samples`). The area under the ROC curve stands beside the log odds and
decides nothing: it tells whether more than the boundary has moved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from statistics import fmean

from empirical.claims.claim import Claim, Comparison
from empirical.claims.measures import check_distinct, compared, curve_statistic, label_prefix, measure_of_tables, trend
from empirical.claims.tables import Row, Statistic, Table, TooFewError

__all__ = ["CLAIMS"]

FLOOR = 5.0
"""The recall in per cent from which on a minority has something to lose; below, a gap can hardly widen."""

IMBALANCE = 100
"""That of the paper's simulation; what a table has at another one is judged too, and named as outside its setting."""

_READING = (
    f"at imbalance {IMBALANCE}, the paper's; any other that the table has is named as outside its setting, and "
    "decides nothing"
)

_MORE_SIMILAR = {"similar-fraction": ("fraction", 1), "similar-degree": ("degree", -1)}
"""What varies in each table, and in which direction the similar samples become more, or more similar."""

_COLUMNS = ("data", "imbalance", "fraction", "degree", "seed", "majority", "minority", "accuracy")


def _minority(row: Row) -> float | None:
    recall: float | None = row["minority"]
    return recall


def _accuracy(row: Row) -> float | None:
    accuracy: float | None = row["accuracy"]
    return accuracy


def _gap(row: Row) -> float | None:
    return None if row["minority"] is None or row["majority"] is None else row["majority"] - row["minority"]


def _name(data: str, imbalance: float, what: str) -> str:
    """Return the label of a comparison."""
    return label_prefix(data, imbalance, *([] if imbalance == IMBALANCE else ["outside the paper's setting"]), what)


def _falls(y: Callable[[Row], float | None]) -> Callable[[Table], list[Comparison]]:
    """Return the comparisons: how far ``y`` falls as similarity grows over the figure."""

    def measure(table: Table) -> list[Comparison]:
        table.need(*_COLUMNS)
        x, direction = _MORE_SIMILAR[table.name]
        comparisons = []
        for data, imbalance in table.combinations("data", "imbalance"):
            rise = partial(curve_statistic, table, x, trend(x, y), data=data, imbalance=imbalance)
            name = _name(data, imbalance, f"over {'rho' if x == 'fraction' else 'lambda'}")
            comparisons.append(compared(name, data, rise, factor=-direction, decides=imbalance == IMBALANCE))
        return comparisons

    return measure


def _column(name: str) -> Callable[[Row], float | None]:
    def value(row: Row) -> float | None:
        found: float | None = row[name]
        return found

    return value


def _readout(name: str, control: str | None = None) -> Callable[[Table], list[Comparison]]:
    """Return the comparisons: how far a readout falls as similarity grows, and a control, which decides nothing."""

    def measure(table: Table) -> list[Comparison]:
        table.need(name, *([] if control is None else [control]))
        found = _falls(_column(name))(table)
        if control is not None:
            beside = _falls(_column(control))(table)
            found += [replace(part, label=f"{part.label}, {control}", decides=False) for part in beside]
        return found

    return measure


def _pure(row: Row) -> bool:
    return bool(row["fraction"] == 0 or row["degree"] == 1)


def _loss(x: str) -> Statistic:
    """Return the statistic: what the minority loses, on average over the values of ``x`` with any mixing."""

    def statistic(rows: Sequence[Row]) -> float | None:
        pure = [row["minority"] for row in rows if _pure(row)]
        mixed = [row["minority"] for row in rows if not _pure(row)]
        check_distinct(f"{x} with unchanged images", pure[:1], 1)
        check_distinct(f"{x} with similar ones", mixed[:1], 1)
        if None in pure or None in mixed:
            return None
        return fmean(pure) - fmean(mixed)

    return statistic


def _influenced(table: Table) -> list[Comparison]:
    table.need(*_COLUMNS)
    figure = {"similar-fraction": "Figure 3", "similar-degree": "Figure 4"}[table.name]
    x, _ = _MORE_SIMILAR[table.name]
    loss = _loss(x)
    return [
        compared(
            _name(data, imbalance, figure),
            data,
            partial(curve_statistic, table, x, loss, data=data, imbalance=imbalance),
            decides=imbalance == IMBALANCE,
        )
        for data, imbalance in table.combinations("data", "imbalance")
    ]


def _widening(x: str) -> Statistic:
    """Return the statistic: the gap's mean where some images are similar ones, minus the gap where none is.

    All images of the majority mixed, or images of the minority in their place, is a loss of the majority itself and
    left out: rho, and lambda, count strictly between 0 and 1.
    """

    def statistic(rows: Sequence[Row]) -> float | None:
        pure = [_gap(row) for row in rows if _pure(row)]
        mixed = [_gap(row) for row in rows if not _pure(row) and 0 < row[x] < 1]
        check_distinct(f"{x} with unchanged images", pure[:1], 1)
        check_distinct(f"{x} between 0 and 1", mixed[:1], 1)
        known = [value for value in (*pure, *mixed) if value is not None]
        if len(known) < len(pure) + len(mixed):
            return None
        left = [row["minority"] for row in rows if _pure(row)]
        if min(left) < FLOOR:
            raise TooFewError(f"a recall of the minority of {FLOOR:g} % or more with unchanged images")
        return fmean(known[len(pure) :]) - fmean(known[: len(pure)])

    return statistic


def _severe(table: Table) -> list[Comparison]:
    table.need(*_COLUMNS)
    x, _ = _MORE_SIMILAR[table.name]
    widening = _widening(x)
    return [
        compared(
            _name(data, imbalance, f"with similar samples - without, over {'rho' if x == 'fraction' else 'lambda'}"),
            data,
            partial(curve_statistic, table, x, widening, data=data, imbalance=imbalance),
            decides=imbalance == IMBALANCE,
        )
        for data, imbalance in table.combinations("data", "imbalance")
    ]


_PRINTED = {
    "similar-fraction": "the performance of the minority class would be decreased with the increasing percentage of "
    "similar samples in the majority class",
    "similar-degree": "When rho is fixed in Figure 4, we observe that the performance of the minority class would also "
    "be decreased with larger similarity controlled by lambda in the mixup",
}


def _reading(figure: int, experiment: str, which: str) -> Claim:
    """Return the sentence on a figure, read by another quantity than recall."""
    over, sign = ("rho at lambda 0.2", "-") if experiment == "similar-fraction" else ("lambda at rho 0.2", "")
    what, control = {
        "adjusted": ("recall of the last class after the log priors are subtracted", None),
        "log-odds": ("mean log odds of the last class against the first on the last class's test images", "auc"),
    }[which]
    return Claim(
        id=f"E{figure}.{which}",
        place=f"section 4.2, main results, Figure {figure}",
        printed=_PRINTED[experiment],
        reading=f"performance is the {what}, which has no floor; {_READING}",
        statistic=f"a straight line is fitted to the {what} against {over}, at each imbalance: "
        f"{sign}slope * (max - min) > 0",
        experiments=(experiment,),
        measure=measure_of_tables(_readout(which.replace("-", "_"), control)),
    )


_READOUTS = tuple(
    _reading(figure, experiment, which)
    for figure, experiment in ((3, "similar-fraction"), (4, "similar-degree"))
    for which in ("adjusted", "log-odds")
)

CLAIMS = (
    Claim(
        id="E3.minority",
        place="section 4.2, main results, Figure 3",
        printed=_PRINTED["similar-fraction"],
        statistic="a straight line is fitted to the accuracy of the last class against rho at lambda 0.2, at each "
        "imbalance: -slope * (max - min) > 0",
        reading=_READING,
        experiments=("similar-fraction",),
        measure=measure_of_tables(_falls(_minority)),
    ),
    Claim(
        id="E4.minority",
        place="section 4.2, main results, Figure 4",
        printed=_PRINTED["similar-degree"],
        statistic="a straight line is fitted to the accuracy of the last class against lambda at rho 0.2, at each "
        "imbalance: slope * (max - min) > 0, since a smaller lambda is a larger similarity",
        reading=_READING,
        experiments=("similar-degree",),
        measure=measure_of_tables(_falls(_minority)),
    ),
    *_READOUTS,
    Claim(
        id="E4.influenced",
        place="section 4.2, main results, Figures 3 and 4",
        printed="the accuracy of the minority class is indeed influenced by similar samples from the majority class",
        reading=f"lowered by them; {_READING}",
        statistic="accuracy of the last class with unchanged images (rho 0, or lambda 1) minus its mean over all other "
        "points of the figure, at each imbalance: > 0",
        experiments=("similar-fraction", "similar-degree"),
        measure=measure_of_tables(_influenced),
    ),
    Claim(
        id="E4.severe",
        place="section 4.2, main results, Figures 3 and 4",
        printed="the long-tailed problem would become more severe when similar samples exist",
        reading=f"the gap in accuracy between the first and the last class grows; {_READING}",
        statistic="accuracy of the first class minus that of the last: its mean over all rho (lambda) between 0 and 1, "
        "minus that with unchanged images (rho 0, or lambda 1), if the last class then has a recall of 5 % or more: "
        "> 0",
        experiments=("similar-fraction", "similar-degree"),
        measure=measure_of_tables(_severe),
    ),
    Claim(
        id="E4.worse",
        place="section 4.2, main results, Figures 3 and 4",
        printed="More similar samples exist between majority and minority class, the final model performance would be "
        "worse, vice versa",
        reading=_READING,
        statistic="a straight line is fitted to the accuracy over all classes against rho, and against -lambda, at "
        "each imbalance: -slope * (max - min) > 0",
        experiments=("similar-fraction", "similar-degree"),
        measure=measure_of_tables(_falls(_accuracy)),
    ),
)
"""The claims of the section."""
