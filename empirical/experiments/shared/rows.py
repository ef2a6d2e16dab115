"""Rows: in groups, and with further tables beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, TypeVar

__all__ = ["Tables", "grouped"]

Row = TypeVar("Row")
Key = TypeVar("Key")


class Tables(list[Any]):
    """The rows of an experiment, and further tables, each of which becomes a file of its own.

    Args:
        rows: the rows.
        further: the other tables by name; ``map`` of the experiment ``embedding`` goes to ``embedding-map.csv``.

    Attributes:
        further: those tables.

    Example:
        >>> found = Tables(["row"], map=["point", "point"])
        >>> list(found), found.further
        (['row'], {'map': ['point', 'point']})
    """

    def __init__(self, rows: Iterable[Any], **further: Sequence[Any]) -> None:
        """Hold the rows and the other tables."""
        super().__init__(rows)
        self.further = further


def grouped(rows: Iterable[Row], key: Callable[[Row], Key]) -> Iterator[tuple[Key, list[Row]]]:
    """Yield each value of the key, in order, with the rows that have it.

    Example:
        >>> list(grouped(["cat", "dog", "horse"], len))
        [(3, ['cat', 'dog']), (5, ['horse'])]
    """
    for value, own in groupby(sorted(rows, key=key), key=key):
        yield value, list(own)
