"""The tables that claims are judged by: read from folders, of one profile, with what they lack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

from empirical.storage.prediction_record import NO_RECORD, joint_status, writing_time
from empirical.storage.tables import TableError, read_table, table_bytes, table_file
from theory.support.validate import refuse

__all__ = [
    "MissingDataError",
    "Row",
    "Series",
    "Statistic",
    "Table",
    "TooFewError",
    "check_constant",
    "check_unique",
    "read",
    "single_value",
]

_RECIPES = "the table holds runs of different recipes"
_SHOWN = 3  # different values of a column in a message

Row = Mapping[str, Any]
"""A row, by column; an empty cell is None."""

Series = dict[int, float | None]
"""A number for each seed, None where a run is missing."""

Statistic = Callable[[Sequence[Row]], float | None]
"""From the rows of one seed to a number; None if a run is not finished."""


class MissingDataError(Exception):
    """A table lacks what a claim needs; the message says what."""


class TooFewError(MissingDataError):
    """A comparison has too little to go on, whatever is finished; the message says of what it needs more."""


@dataclass(frozen=True, eq=False)
class Table:
    """The rows of an experiment.

    Attributes:
        name: of the experiment.
        rows: a run each, or a run and class.
        commands: that made them.
        when: its predictions were written (:func:`empirical.storage.prediction_record.writing_time`).
    """

    name: str
    rows: tuple[Row, ...]
    commands: tuple[str, ...] = ()
    when: str = NO_RECORD

    @cached_property
    def columns(self) -> frozenset[str]:
        """The columns that every row has."""
        return frozenset.intersection(*(frozenset(row) for row in self.rows)) if self.rows else frozenset()

    def where(self, **cells: Any) -> list[Row]:
        """Return the rows with these cells."""
        self.need(*cells)
        return [row for row in self.rows if all(row[name] == value for name, value in cells.items())]

    def of_data(self, name: str) -> Table:
        """Return the rows of a data set."""
        return replace(self, rows=tuple(row for row in self.rows if str(row.get("data", "")) == name))

    def values(self, column: str, **cells: Any) -> list[Any]:
        """Return the different values of a column, where the rows have these cells, in the table's order."""
        self.need(column)
        return [value for value in dict.fromkeys(row[column] for row in self.where(**cells)) if value is not None]

    def combinations(self, *columns: str, **cells: Any) -> list[tuple[Any, ...]]:
        """Return the different combinations of columns; the largest imbalance first within each data set."""
        self.need(*columns)
        found = dict.fromkeys(tuple(row[name] for name in columns) for row in self.where(**cells))
        names = [values[0] for values in found]
        return sorted(found, key=lambda values: (names.index(values[0]), *(-v for v in values[1:])))

    def per_seed(self, statistic: Statistic, **cells: Any) -> Series:
        """Return the statistic of each seed's rows with these cells; no seeds if there is no such row."""
        rows = self.where(**cells)
        self.need("seed")
        seeds = sorted({row["seed"] for row in rows})
        return {seed: statistic([row for row in rows if row["seed"] == seed]) for seed in seeds}

    def need(self, *columns: str) -> None:
        """Raise :class:`MissingDataError` if the table lacks a column."""
        for name in columns:
            if name not in self.columns:
                raise MissingDataError(f"the table {self.name} has no column {name}")


def check_unique(rows: Sequence[Row], *columns: str) -> None:
    """Raise :class:`MissingDataError` if two rows of a seed agree in the columns that tell rows of one recipe apart.

    A row without a value in one of them is of a run that is not finished, and is not compared.
    """
    places = Counter(tuple(row.get(name) for name in columns) for row in rows)
    for place, number in places.items():
        if number > 1 and None not in place:
            _several(number, "".join(f" and {name} {value}" for name, value in zip(columns, place, strict=True)))


def check_constant(rows: Sequence[Row], *columns: str) -> None:
    """Raise :class:`MissingDataError` if rows differ in a column that is the same in all of one recipe."""
    for name in columns:
        values = [value for value in dict.fromkeys(row[name] for row in rows) if value is not None]
        if len(values) > 1:
            shown = ", ".join(map(str, values[:_SHOWN])) + (", ..." if len(values) > _SHOWN else "")
            raise MissingDataError(f"{name} is {shown} where one is meant; {_RECIPES}")


def single_value(column: str) -> Statistic:
    """Return the statistic that is a column of the one row that a seed has."""

    def statistic(rows: Sequence[Row]) -> float | None:
        if len(rows) != 1:
            _several(len(rows))
        if column not in rows[0]:
            raise MissingDataError(f"the table has no column {column}")
        value = rows[0][column]
        return None if value is None else float(value)

    return statistic


def _several(number: int, condition: str = "") -> NoReturn:
    raise MissingDataError(f"{number} rows of one seed{condition} where one is meant; {_RECIPES}")


def read(folders: Iterable[Path], names: Iterable[str]) -> dict[str, dict[str, Table]]:
    """Return by profile, then by experiment, the tables that lie in the folders.

    Tables of one experiment and profile are put together; of a run that stands in several folders, the rows count that
    have the most in them.

    Raises:
        ValueError: a folder is missing, or a table cannot be read.
    """
    names = list(names)
    parts: dict[str, dict[str, list[tuple[list[Row], list[str], str]]]] = {}
    for folder in folders:
        if not folder.is_dir():
            refuse("results", str(folder), "must be a folder that exists")
        for name in names:
            file = table_file(folder, name)
            if not file.is_file():
                continue
            try:
                table = read_table(folder, name)
            except TableError:
                _refuse(file, name)
            profile = str(table.metadata["arguments"].get("profile", ""))
            written = writing_time(table_bytes(file).decode(), table.metadata)
            commands = [str(made["command"]) for made in table.metadata.get("parts", [table.metadata])]
            part: tuple[list[Row], list[str], str] = [*table.rows], commands, written
            parts.setdefault(profile, {}).setdefault(name, []).append(part)
    return {
        profile: {
            name: Table(
                name=name,
                rows=_merge([rows for rows, *_ in found]),
                commands=tuple(dict.fromkeys(made_by for _, commands, _ in found for made_by in commands)),
                when=joint_status(written for *_, written in found),
            )
            for name, found in tables.items()
        }
        for profile, tables in parts.items()
    }


def _merge(parts: Sequence[Sequence[Row]]) -> tuple[Row, ...]:
    """Return the rows of all parts, a run's rows from the first of those parts in which they have the most values.

    A finished run may have empty cells too, as of a law that says nothing of it.
    """
    if len(parts) == 1:
        return tuple(parts[0])
    runs: dict[Any, list[Row]] = {}
    for number, rows in enumerate(parts):
        own: dict[Any, list[Row]] = {}
        for place, row in enumerate(rows):
            own.setdefault(row["run"] if row.get("run") else (number, place), []).append(row)
        for run, mine in own.items():
            if run not in runs or _filled(mine) > _filled(runs[run]):
                runs[run] = mine
    return tuple(row for rows in runs.values() for row in rows)


def _filled(rows: Sequence[Row]) -> int:
    return sum(value is not None for row in rows for value in row.values())


def _refuse(table: Path, name: str) -> NoReturn:
    refuse("results", str(table), f"must be a whole table with its {name}.json; the same command makes both anew")
