"""What the predictions share: rows with given cells, seed by seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from empirical.claims.measures import shifted
from empirical.claims.tables import Row, Series, Statistic, Table

__all__ = ["average", "known", "per_seed", "places", "within"]


def places(table: Table, *columns: str, **cells: Any) -> list[tuple[Any, ...]]:
    """Return the different combinations of columns where the rows have these cells, those of missing runs left out."""
    table.need(*columns)
    found = dict.fromkeys(tuple(row[name] for name in columns) for row in table.where(**cells))
    return [place for place in found if None not in place]


def per_seed(table: Table, statistic: Statistic, data: str, **cells: Any) -> Series:
    """Return the statistic of each seed's rows with these cells; None for a seed that has a row without them yet."""
    table.need(*cells)

    def own(rows: Sequence[Row]) -> float | None:
        may = [row for row in rows if all(row[name] in (None, value) for name, value in cells.items())]
        unknown = any(row[name] is None for row in may for name in cells)
        return None if unknown or not may else statistic(may)

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
