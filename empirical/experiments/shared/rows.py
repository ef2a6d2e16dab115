"""Rows of an experiment's table: in groups, with empty cells, and their means over the seeds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import groupby
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from empirical.config import Config, has_name

if TYPE_CHECKING:
    from _typeshed import DataclassInstance, SupportsRichComparison

    class TableRow(DataclassInstance, Protocol):
        """A class of rows.

        Attributes:
            key: the columns that tell one row from another; a run that is not finished may leave some of them empty.
            outcome: columns of which each row of a finished run has one, and no other row has any.
        """

        key: ClassVar[tuple[str, ...]]
        outcome: ClassVar[tuple[str, ...]]


__all__ = ["SPREAD", "Tables", "average", "blank", "data_name", "grouped", "percent", "run_key", "standard_deviation"]

SPREAD = (0.025, 0.975)
"""The quantiles over the repeats that ``low`` and ``high`` are."""

Row = TypeVar("Row")
Key = TypeVar("Key", bound="SupportsRichComparison")
Record = TypeVar("Record", bound="DataclassInstance")


class Tables(list[Any]):
    """The rows of an experiment, and further tables, each of which becomes a file of its own.

    Args:
        rows: the rows.
        extra: the other tables by name; ``map`` of the experiment ``embedding`` goes to ``embedding-map.csv``.

    Attributes:
        extra: those tables.

    Example:
        >>> found = Tables(["row"], map=["point", "point"])
        >>> list(found), found.extra
        (['row'], {'map': ['point', 'point']})
    """

    def __init__(self, rows: Iterable[Any], **extra: Sequence[Any]) -> None:
        """Hold the rows and the other tables."""
        super().__init__(rows)
        self.extra = extra


def grouped(rows: Iterable[Row], key: Callable[[Row], Key]) -> Iterator[tuple[Key, list[Row]]]:
    """Yield each value of the key, in order, with the rows that have it.

    Example:
        >>> list(grouped(["cat", "dog", "horse"], len))
        [(3, ['cat', 'dog']), (5, ['horse'])]
    """
    for value, own in groupby(sorted(rows, key=key), key=key):
        yield value, list(own)


def data_name(run: Config) -> str:
    """Return what tables call the data of a run: the name, without the folder of a file."""
    return run.data if has_name(run.data) else os.path.basename(os.path.abspath(run.data))


def run_key(run: Config, *names: str) -> dict[str, Any]:
    """Return the cells by which rows name their run: data, seed and folder, and more fields of its configuration.

    Args:
        run: the run.
        names: of those fields.

    Example:
        >>> run_key(Config(data="cifar10", imbalance=100), "imbalance", "method")
        {'data': 'cifar10', 'imbalance': 100.0, 'method': 'ce', 'seed': 0, 'run': 'e5f2942095033e65'}
    """
    more = {name: getattr(run, name) for name in names}
    return {"data": data_name(run), **more, "seed": run.seed, "run": run.digest}


def blank(row: type[Record], key: Mapping[str, Any]) -> Record:
    """Return the ``row``, a data class, of a run that is not finished: all but its ``key`` is None."""
    return row(**{**dict.fromkeys(part.name for part in fields(row)), **key})


def percent(part: float) -> float:
    """Return a fraction in per cent."""
    return 100 * part


def average(values: Sequence[float | None]) -> float | None:
    """Return the mean of the values that are there; None if none is.

    Example:
        >>> average([1.0, None, 2.0]), average([None])
        (1.5, None)
    """
    there = [value for value in values if value is not None]
    return fmean(there) if there else None


def standard_deviation(values: Sequence[float | None]) -> float | None:
    """Return the sample's standard deviation of the values that are there; None if they are fewer than two.

    Example:
        >>> standard_deviation([1.0, None, 3.0, 2.0]), standard_deviation([1.0, None])
        (1.0, None)
    """
    there = [value for value in values if value is not None]
    return stdev(there) if len(there) > 1 else None
