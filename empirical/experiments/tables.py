"""Rows with further tables beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["Tables"]


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
