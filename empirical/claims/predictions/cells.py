"""What the predictions share: rows with given cells, seed by seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from empirical.claims.measures import shifted
from empirical.claims.tables import Row, Series, Statistic, Table, alike, once

__all__ = ["average", "known", "per_seed", "places", "within"]


def places(table: Table, *columns: str, **cells: Any) -> list[tuple[Any, ...]]:
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
        LackingError: two rows of a seed are alike in ``over``, or rows differ in ``same`` or in their network.
    """
    table.need(*cells, *over, *same, *(["run"] if one_run else []))

    def may(row: Row) -> bool:
        return all(row[name] in (None, value) for name, value in cells.items())

    def own(rows: Sequence[Row]) -> float | None:
        mine = [row for row in rows if may(row)]
        if not mine or any(row[name] is None for row in mine for name in cells):
            return None
        once(mine, *over)
        if one_run:
            alike(mine, "run")
        return statistic(mine)

    alike([row for row in table.where(data=data) if may(row)], *same)
    return table.per_seed(own, data=data)


def known(rows: Sequence[Row], *columns: str) -> list[list[float]] | None:
    """Return these columns, each as a list; None while a cell is missing.

    Example:
        >>> known([{"a": 1, "b": 2}, {"a": 3, "b": 4}], "a", "b")
        [[1, 3], [2, 4]]
    """
    values = [[row[name] for row in rows] for name in columns]
    return None if any(None in column for column in values) else values


def average(column: str, minus: str | None = None) -> Statistic:
    """Return the statistic: the mean of a column, or of what it is above another one; None while a cell is missing."""

    def statistic(rows: Sequence[Row]) -> float | None:
        values = known(rows, column, *([] if minus is None else [minus]))
        if values is None:
            return None
        return fmean(values[0]) - (0.0 if minus is None else fmean(values[1]))

    return statistic


def within(margin: float, error: Mapping[int, float | None]) -> Series:
    """Return by how much each error is inside the margin.

    Example:
        >>> within(2, {0: 0.5, 1: -3.0})
        {0: 1.5, 1: -1.0}
    """
    return shifted({seed: None if e is None else abs(e) for seed, e in error.items()}, by=margin, factor=-1)
