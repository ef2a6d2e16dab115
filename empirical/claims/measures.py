"""From rows to numbers: the statistics that several claims share."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import fmean
from typing import Any

import numpy as np

from empirical.claims.claim import Comparison, Measure
from empirical.claims.tables import Row, Series, Statistic, Table, TooFewError, check_constant, check_unique
from empirical.experiments.shared.class_thirds import THIRDS, third

__all__ = [
    "average",
    "check_distinct",
    "combinations",
    "compared",
    "complete_columns",
    "curve_statistic",
    "difference",
    "gain",
    "label_prefix",
    "margin_excess",
    "mean_over",
    "measure_of_tables",
    "norm_spread",
    "per_seed",
    "rare",
    "shifted",
    "steps",
    "trend",
]


def measure_of_tables(measure: Callable[[Table], list[Comparison]]) -> Measure:
    """Return the measure that makes the comparisons of every table that a claim reads, one after the other."""

    def measured(tables: Mapping[str, Table]) -> list[Comparison]:
        return [part for table in tables.values() for part in measure(table)]

    return measured


def compared(
    label: str,
    data: str,
    series: Callable[[], Series],
    by: float = 0.0,
    factor: float = 1.0,
    *,
    decides: bool = True,
) -> Comparison:
    """Return the comparison of ``factor`` times a series plus ``by``, or if that has too few points, what it lacks."""
    try:
        return Comparison(label, shifted(series(), by, factor), data, decides=decides)
    except TooFewError as error:
        return Comparison(label, {}, data, lacking=str(error), decides=decides)


def curve_statistic(table: Table, x: str, statistic: Statistic, **cells: Any) -> Series:
    """Return the statistic of each seed's curve over ``x``; None for a seed without a row at each ``x`` of the table.

    A curve over fewer values of ``x`` is another one: its seed lacks runs.
    """
    whole = set(table.values(x, **cells))

    def own(rows: Sequence[Row]) -> float | None:
        check_unique(rows, x)
        return statistic(rows) if {row[x] for row in rows} == whole else None

    return table.per_seed(own, **cells)


def difference(left: Series, right: Series) -> Series:
    """Return the differences, paired by seed; None for a seed that one of the two lacks.

    Example:
        >>> difference({0: 3.0, 1: 4.0, 2: None}, {0: 1.0, 2: 1.0})
        {0: 2.0, 1: None, 2: None}
    """

    def difference(seed: int) -> float | None:
        one, other = left.get(seed), right.get(seed)
        return None if one is None or other is None else one - other

    return {seed: difference(seed) for seed in sorted(left.keys() | right.keys())}


def shifted(series: Series, by: float, factor: float = 1.0) -> Series:
    """Return ``factor`` times the series plus ``by``.

    Example:
        >>> shifted({0: 3.0, 1: None}, by=5, factor=-1)
        {0: 2.0, 1: None}
    """
    return {seed: None if value is None else factor * value + by for seed, value in series.items()}


def gain(table: Table, statistic: Statistic, better: Row, worse: Row, **shared: Any) -> Series:
    """Return by how much the statistic is greater where the cells are ``better`` than where they are ``worse``."""
    return difference(table.per_seed(statistic, **shared, **better), table.per_seed(statistic, **shared, **worse))


def steps(table: Table, pairs: Iterable[tuple[str, float]]) -> list[tuple[str, float, float]]:
    """Return for each data set the pairs of neighbouring imbalances, the larger first, from large to small.

    Raises:
        TooFewError: no data set has two.

    Example:
        >>> steps(Table("toy", ()), [("a", 10), ("a", 100), ("a", 50), ("b", 10)])
        [('a', 100, 50), ('a', 50, 10)]
    """
    ratios: dict[str, list[float]] = {}
    for data, imbalance in pairs:
        ratios.setdefault(data, []).append(imbalance)
    found = [(data, *pair) for data, own in ratios.items() for pair in pairwise(sorted(own, reverse=True))]
    if not found:
        raise TooFewError(f"a second imbalance of a data set in the table {table.name}")
    return found


def trend(x: str, y: Callable[[Row], float | None], scale: Callable[[float], float] = float) -> Statistic:
    """Return the statistic: how far a straight line rises from the least to the greatest ``x``.

    The line is fitted by least squares to the rows of one seed: ``slope * (max(x) - min(x))``, in the units of ``y``.
    None while a run is missing.

    Raises:
        TooFewError: ``x`` has fewer than three values, so that no tendency could be told from noise.

    Example:
        >>> rows = [{"x": 1, "y": 1.0}, {"x": 2, "y": 3.0}, {"x": 3, "y": 5.0}]
        >>> round(trend("x", lambda row: row["y"])(rows), 6)
        4.0
    """

    def statistic(rows: Sequence[Row]) -> float | None:
        check_unique(rows, x)
        at = [scale(row[x]) for row in rows]
        check_distinct(x, at, 3)
        values = [y(row) for row in rows]
        if None in values:
            return None
        slope = np.polyfit(at, np.array(values, dtype=float), 1)[0]
        return float(slope * (max(at) - min(at)))

    return statistic


def check_distinct(name: str, values: Sequence[object], least: int) -> None:
    """Raise :class:`TooFewError` unless there are at least so many different values."""
    there = len(set(values))
    if there < least:
        raise TooFewError(f"{least} or more values of {name}, of which there {'is' if there == 1 else 'are'} {there},")


def rare(label: int, classes: int) -> bool | None:
    """Return whether a class is of the last third, False for one of the first third, None for one between.

    The thirds are those of :func:`empirical.experiments.shared.class_thirds.third`; of two classes the second is rare.

    Example:
        >>> [rare(label, 10) for label in (0, 3, 4, 6, 7, 9)]
        [False, False, None, None, True, True]
    """
    return dict(zip(THIRDS, (False, None, True), strict=True))[third(label, classes)]


def mean_over(column: str, part: bool | None = None) -> Statistic:
    """Return the statistic: the mean of a column over the classes that are :func:`rare` (True) or not (False), or all.

    A class without a value is left out, NaN if none has one; None while the run is missing.
    """

    def statistic(rows: Sequence[Row]) -> float | None:
        check_unique(rows, "label")
        if any(row["label"] is None for row in rows):
            return None
        own = [row[column] for row in rows if part is None or rare(row["label"], len(rows)) is part]
        known = [value for value in own if value is not None]
        return fmean(known) if known else math.nan

    return statistic


def norm_spread(rows: Sequence[Row]) -> float | None:
    """Return the statistic: 100 times the standard deviation of a run's norms, which all its rows have."""
    check_unique(rows, "label")
    check_constant(rows, "std_100")
    found: float | None = rows[0]["std_100"]
    return None if any(row["std_100"] is None for row in rows) else found


def label_prefix(data: str, imbalance: float | None = None, *more: str) -> str:
    """Return what a label begins with: the data set, the imbalance, and more.

    Example:
        >>> label_prefix("cifar10", 100, "CE")
        'cifar10, imbalance 100, CE'
    """
    return ", ".join([data, *([] if imbalance is None else [f"imbalance {imbalance:g}"]), *more])


def combinations(table: Table, *columns: str, **cells: Any) -> list[tuple[Any, ...]]:
    """Return the different combinations of columns where the rows have these cells, those of missing runs left out."""
    table.need(*columns)
    found = dict.fromkeys(tuple(row[name] for name in columns) for row in table.where(**cells))
    return [place for place in found if None not in place]


def per_seed(
    table: Table,
    statistic: Statistic,
    data: str,
    *,
    over: Sequence[str],
    same: Sequence[str] = (),
    one_run: bool = False,
    **cells: Any,
) -> Series:
    """Return the statistic of each seed's rows with these cells; None for a seed that has a row without them yet.

    A statistic averages over the rows of a seed, and what it averages over is named: nothing else may differ.

    Args:
        table: the rows.
        statistic: of the rows of a seed.
        data: the data set.
        over: the columns that tell the rows of a seed apart, such as the classes of a pair.
        same: the columns of the recipe, such as numbers of images, that all rows of all seeds have in common.
        one_run: whether the rows of a seed are all of one network.
        **cells: what the rows have in their columns.

    Raises:
        MissingDataError: two rows of a seed are alike in ``over``, or rows differ in ``same`` or in their network.
    """
    table.need(*cells, *over, *same, *(["run"] if one_run else []))

    def may(row: Row) -> bool:
        return all(row[name] in (None, value) for name, value in cells.items())

    def own(rows: Sequence[Row]) -> float | None:
        mine = [row for row in rows if may(row)]
        if not mine or any(row[name] is None for row in mine for name in cells):
            return None
        check_unique(mine, *over)
        if one_run:
            check_constant(mine, "run")
        return statistic(mine)

    check_constant([row for row in table.where(data=data) if may(row)], *same)
    return table.per_seed(own, data=data)


def complete_columns(rows: Sequence[Row], *columns: str) -> list[list[float]] | None:
    """Return these columns, each as a list; None while a cell is missing.

    Example:
        >>> complete_columns([{"a": 1, "b": 2}, {"a": 3, "b": 4}], "a", "b")
        [[1, 3], [2, 4]]
    """
    values = [[row[name] for row in rows] for name in columns]
    return None if any(None in column for column in values) else values


def average(column: str, minus: str | None = None) -> Statistic:
    """Return the statistic: the mean of a column, or of what it is above another one; None while a cell is missing."""

    def statistic(rows: Sequence[Row]) -> float | None:
        values = complete_columns(rows, column, *([] if minus is None else [minus]))
        if values is None:
            return None
        return fmean(values[0]) - (0.0 if minus is None else fmean(values[1]))

    return statistic


def margin_excess(margin: float, error: Mapping[int, float | None]) -> Series:
    """Return by how much each error is inside the margin.

    Example:
        >>> margin_excess(2, {0: 0.5, 1: -3.0})
        {0: 1.5, 1: -1.0}
    """
    return shifted({seed: None if e is None else abs(e) for seed, e in error.items()}, by=margin, factor=-1)
