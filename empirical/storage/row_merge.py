"""The rows of one table from those of several: each row once, and none that says something else than another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from empirical.storage.tables import is_finished

__all__ = ["Columns", "Part", "merge_rows"]

Cells = Mapping[str, Any]
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Columns:
    """The columns of a table.

    Attributes:
        names: of all.
        key: those that tell one row from another.
        outcome: those of which each row of a finished run has one, and no other row has any.
    """

    names: tuple[str, ...]
    key: tuple[str, ...]
    outcome: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Part:
    """The rows of a table that was made in one place.

    Attributes:
        folder: the place, as errors name it.
        rows: by column; an empty cell is None, and so is that of a column that the table lacks.
        lacking: the columns that it lacks.
    """

    folder: str
    rows: Sequence[Cells]
    lacking: frozenset[str] = frozenset()


def merge_rows(
    columns: Columns, parts: Sequence[Part], rank: Callable[[Cells], tuple[int, ...]]
) -> list[dict[str, Any]]:
    """Return the rows of all parts.

    A row that several parts have is there once. A row of a run that is not finished gives way to those that say more:
    the row of the same key, or the rows whose keys fill what it leaves empty. Rows that a part has beside another's
    come after the same row as there; if all parts are sorted by ``rank``, so is what is returned.

    Args:
        columns: of the table.
        parts: the tables.
        rank: the place of a row in the order of the arguments.

    Raises:
        ValueError: two parts have a row of the same key and differ in another cell, or a part has a key twice.

    Example:
        >>> columns = Columns(names=("run", "label", "recall"), key=("run", "label"), outcome=("recall",))
        >>> here = [{"run": "a", "label": 0, "recall": 0.5}, {"run": "b", "label": None, "recall": None}]
        >>> there = [{"run": "a", "label": None, "recall": None}, {"run": "b", "label": 0, "recall": 0.7}]
        >>> [row["recall"] for row in merge_rows(columns, [Part("here", here), Part("there", there)], lambda row: ())]
        [0.5, 0.7]
    """
    found: dict[Key, _Entry] = {}
    order: list[Key] = []
    for part in parts:
        own: dict[Key, _Entry] = {}
        for row in part.rows:
            key = tuple(row[name] for name in columns.key)
            if key in own:
                raise ValueError(f"{part.folder}: two rows have {_shown(columns, key)}")
            own[key] = _Entry(row, part.folder, part.lacking)
        order = list(_woven(order, list(own)))
        for key, entry in own.items():
            found[key] = entry if key not in found else _joined(columns, key, found[key], entry)
    lookup = _Lookup(order)

    def gives_way(key: Key) -> bool:
        return not is_finished(found[key].cells, columns.outcome) and lookup.filled(key) is not None

    rows = [dict(found[key].cells) for key in order if not gives_way(key)]
    if all(list(ranks) == sorted(ranks) for ranks in ([rank(row) for row in part.rows] for part in parts)):
        rows.sort(key=rank)
    return rows


@dataclass(frozen=True, eq=False)
class _Entry:
    """A row, where it is from, and the columns that are not known because its table lacked them."""

    cells: Cells
    folder: str
    lacking: frozenset[str]


def _joined(columns: Columns, key: Key, one: _Entry, other: _Entry) -> _Entry:
    """Return what two rows of the same key say together; a finished one has said all but the columns it lacks."""
    ends = [is_finished(entry.cells, columns.outcome) for entry in (one, other)]
    cells: dict[str, Any] = {}
    lacking = set()
    for name in columns.names:
        values = [entry.cells[name] for entry in (one, other)]
        unknown = [name in entry.lacking for entry in (one, other)]
        empty = [value is None and (not end or gap) for value, end, gap in zip(values, ends, unknown, strict=True)]
        if values[0] != values[1] and not any(empty):
            said = " and ".join(f"{value} in {entry.folder}" for value, entry in zip(values, (one, other), strict=True))
            raise ValueError(f"{name} is {said} for {_shown(columns, key)}: the tables must agree")
        cells[name] = values[values[0] is None]
        if cells[name] is None and any(unknown) and all(empty):
            lacking.add(name)
    return _Entry(cells, one.folder if ends[0] or not ends[1] else other.folder, frozenset(lacking))


def _shown(columns: Columns, key: Key) -> str:
    cells = [f"{name} {value}" for name, value in zip(columns.key, key, strict=True) if value is not None]
    return ", ".join(cells) or "an empty key"


Mask = tuple[bool, ...]


class _Lookup:
    """Finds keys that fill the empty cells of another key, and keys whose empty cells it fills."""

    def __init__(self, keys: Sequence[Key]) -> None:
        """Take the keys that are looked for."""
        self._keys = keys
        self._all = frozenset(keys)
        self._masks = {mask for mask in map(_mask, keys) if not all(mask)}
        self._last: dict[Mask, dict[Key, Key]] = {}

    def filled(self, key: Key) -> Key | None:
        """Return the last key that has all that ``key`` has, and more; None if there is none."""
        mask = _mask(key)
        if all(mask):
            return None
        if mask not in self._last:
            more = (other for other in self._keys if _mask(other) != mask and _covers(_mask(other), mask))
            self._last[mask] = {_projected(other, mask): other for other in more}
        return self._last[mask].get(key)

    def emptier(self, key: Key) -> Key | None:
        """Return a key that ``key`` fills; None if there is none."""
        own = _mask(key)
        fewer = (_projected(key, mask) for mask in self._masks if mask != own and _covers(own, mask))
        return next((other for other in fewer if other in self._all), None)

    def __contains__(self, key: Key) -> bool:
        """Return whether it is one of the keys."""
        return key in self._all


def _mask(key: Key) -> Mask:
    return tuple(value is not None for value in key)


def _covers(mask: Mask, other: Mask) -> bool:
    return all(here or not there for here, there in zip(mask, other, strict=True))


def _projected(key: Key, mask: Mask) -> Key:
    return tuple(value if there else None for value, there in zip(key, mask, strict=True))


def _woven(order: Sequence[Key], keys: Iterable[Key]) -> Iterator[Key]:
    """Yield the keys of ``order`` and the new ones of ``keys``, each after the one that it follows there."""
    lookup = _Lookup(order)
    first: list[Key] = []
    after: defaultdict[Key, list[Key]] = defaultdict(list)
    anchor: Key | None = None
    start: Key | None = None
    for key in keys:
        place = key if key in lookup else lookup.emptier(key) or lookup.filled(key)
        anchor = anchor if place is None else place
        start = anchor if start is None else start
        if key not in lookup:
            (first if anchor is None else after[anchor]).append(key)
    for key in order:
        if key == start:
            yield from first
        yield key
        yield from after[key]
    if start is None:
        yield from first
