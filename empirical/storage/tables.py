"""The tables of results: written whole or not at all, and read whole or refused, also where gzip packed them."""

from __future__ import annotations

import csv
import errno
import gzip
import io
import re
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from pathlib import Path
from typing import Any

from empirical.runtime.command_line import numeric
from empirical.storage.digests import digest
from theory.support.files import check_file, is_pipe_or_device, write_together, write_whole
from theory.support.json_text import parsed

__all__ = [
    "ResultTable",
    "TableError",
    "check_file",
    "csv_rows",
    "csv_text",
    "is_finished",
    "read_table",
    "table_bytes",
    "table_file",
    "write_together",
    "write_whole",
]

_PACKED = ".gz"

_NAMES = ("run", "data")
"""Columns of names: a hash such as 12e34567890 is not a number, nor is a data set called 2024 or nan."""

_THIRDS = {"many": "first_third", "medium": "middle_third", "few": "last_third"}
_FORMER = {name: _THIRDS for name in ("representation", "representation-tau")}
"""Columns of tables by their names in version 0.1.0, and what they are called now."""

_QUOTE = "'"
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_DECIMALS = 6
_PERCENT = (0.0, 100.0)
_RANGES: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(("accuracy", "best", "balanced_accuracy", "recall", "error", *_THIRDS.values()), _PERCENT),
    **dict.fromkeys(("seed", "label", "images", "n_pos", "n_neg", "best_epoch", "repeats", "norm"), (0.0, inf)),
    "imbalance": (1.0, inf),
    "fraction": (0.0, 1.0),
    "degree": (0.0, 1.0),
}
"""What the numbers of columns can be that mean the same in every table."""


def csv_text(rows: Iterable[Mapping[str, Any]]) -> str:
    r"""Return ``rows``, which all have the same keys, as the text of a CSV file; floats to 6 decimals.

    Text that a spreadsheet would take for a formula gets an apostrophe before it.

    Example:
        >>> csv_text([{"class": "cat", "recall": 0.25}, {"class": "dog", "recall": 1 / 3}])
        'class,recall\ncat,0.25\ndog,0.333333\n'
    """
    text = io.StringIO()
    writer = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(text, fieldnames=list(row), lineterminator="\n")
            writer.writeheader()
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return text.getvalue()


def is_finished(row: Mapping[str, Any], outcome: Collection[str]) -> bool:
    """Return whether a row is of a finished run: whether it has one of the columns ``outcome`` of its table.

    Example:
        >>> is_finished({"run": "a", "recall": 0.5}, ["recall"]), is_finished({"run": "b", "recall": None}, ["recall"])
        (True, False)
    """
    return any(row.get(name) is not None for name in outcome)


class TableError(ValueError):
    """A table of results is missing, torn, altered or not of the run that its JSON file describes."""


@dataclass(frozen=True, eq=False)
class ResultTable:
    """A table that ``tailbound empirical run`` wrote, and how it was made.

    Attributes:
        rows: by column; an empty cell is None.
        metadata: what the JSON file beside it holds.
    """

    rows: list[dict[str, Any]]
    metadata: dict[str, Any]


def read_table(folder: Path, name: str, extra: str | None = None, *, text: Collection[str] = ()) -> ResultTable:
    """Return the table of an experiment in a folder, with its JSON file: whole and of one run, or not at all.

    Args:
        folder: what ``--out`` was.
        name: of the experiment.
        extra: of another table that it wrote beside its own, ``NAME-EXTRA.csv``.
        text: the columns whose cells stay texts whatever they look like; ``run`` and ``data`` always do.

    Raises:
        TableError: a file is missing, cannot be read, is torn or altered, or the two are not of one run.
    """
    table = table_file(folder, name if extra is None else f"{name}-{extra}")
    try:
        made = parsed(_content(folder / f"{name}.json"))
        if not _says_how_made(made):
            raise TableError(f"{folder / name}.json is not as it was written: it does not say how the table was made")
        rows = csv_rows(table, made, text=text)
        expected = made["rows"] if extra is None else made["further"][extra]
    except OSError as error:
        raise TableError(f"{error.filename or table} cannot be read: {error.strerror or error}") from error
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError, csv.Error) as error:
        raise error if isinstance(error, TableError) else TableError(f"{table}: {error}") from error
    if not rows or len(rows) != expected:
        raise TableError(f"{table} holds {len(rows)} rows, and its JSON file says {expected}")
    return ResultTable(rows, made)


def _says_how_made(made: Any) -> bool:
    """Return whether it is the content of a JSON file beside a table, as far as other modules read it unasked."""
    if not (isinstance(made, dict) and "command" in made and isinstance(made.get("arguments"), dict)):
        return False
    parts, data = made.get("parts", [made]), made.get("data", {})
    predictions = data.get("predictions", {}) if isinstance(data, dict) else None
    if not (isinstance(parts, list) and parts and all(isinstance(part, dict) and "command" in part for part in parts)):
        return False
    kinds = {"columns": list, "because": list, "where": dict, "when": str}
    return isinstance(predictions, dict) and all(
        isinstance(value, kinds[name]) and all(isinstance(word, str) for word in _words(value))
        for name, value in predictions.items()
        if name in kinds
    )


def _words(value: Any) -> Collection[Any]:
    return value.values() if isinstance(value, dict) else value


def table_file(folder: Path, name: str) -> Path:
    """Return the file of a table in a folder, there or not: ``NAME.csv``, or ``NAME.csv.gz`` where only that is."""
    plain = folder / f"{name}.csv"
    packed = folder / f"{name}.csv{_PACKED}"
    return packed if packed.is_file() and not plain.is_file() else plain


def table_bytes(path: Path) -> bytes:
    """Return the text of a CSV file as bytes, of one that ends in ``.gz`` what it unpacks to.

    Raises:
        OSError: it cannot be read, or is a pipe or a device.
        csv.Error: it is no whole gzip file.
    """
    content = _content(path)
    if path.suffix != _PACKED:
        return content
    try:
        return gzip.decompress(content)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise csv.Error("it is no whole gzip file") from error


def _content(path: Path) -> bytes:
    """Return what a file holds; reading a pipe or a device might never end."""
    if is_pipe_or_device(path):
        raise OSError(errno.EINVAL, "it is a pipe or a device", str(path))
    return path.read_bytes()


def csv_rows(
    path: Path, metadata: Mapping[str, Any] | None = None, *, text: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Return the rows of a CSV file: numbers, texts, and None where a cell is empty.

    Args:
        path: the file, ``.csv`` or ``.csv.gz``.
        metadata: how it was made, as ``tailbound empirical run`` writes it. If that has a digest of the file, another
            file of the name is refused: one that was altered, or one of another run. Its ``text`` columns count too.
        text: further columns whose cells stay texts; ``run`` and ``data`` always do.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no UTF-8.
        csv.Error: it is no CSV file, not the one that was made, or torn: a row lacks cells or has too many, or the last
            one has no end; or a row comes twice, or a number is outside the range of its column.
    """
    content = table_bytes(path)
    name = path.name.removesuffix(_PACKED).removesuffix(".csv")
    metadata = metadata or {}
    lines = content.decode()
    names, *rows = csv.reader(io.StringIO(lines, newline=""), strict=True) if lines else [[]]
    if not lines.endswith("\n") or any(len(row) != len(names) for row in rows):
        raise csv.Error("it is torn")
    own = digest(content)
    if metadata.get("sha256", {}).get(name, own) != own:
        raise csv.Error("it is not the file that was made")
    if len(set(map(tuple, rows))) < len(rows):
        raise csv.Error("it holds a row twice")
    former = _FORMER.get(name, {})
    names = [former.get(column, column) for column in names]
    kept = {*_NAMES, *text, *metadata.get("text", {}).get(name, ())}
    found = [{own: _value(own, cell, own in kept) for own, cell in zip(names, row, strict=True)} for row in rows]
    for column in names:
        _check_column(column, [row[column] for row in found])
    return found


def _value(name: str, cell: str, text: bool) -> Any:
    """Return what a cell holds."""
    if not cell:
        return None
    value = cell if text else numeric(cell)
    if isinstance(value, str):
        # Without the apostrophe that csv_text puts before what would be a formula.
        return value[1:] if value.startswith(_QUOTE) and _FORMULA.match(value) else value
    if not isfinite(value):
        raise csv.Error(f"{name}={cell}: must be a finite number, or empty")
    return value


def _check_column(name: str, values: Sequence[Any]) -> None:
    """Refuse numbers outside the range of a column that is known, and text among them."""
    if name in _RANGES:
        least, most = _RANGES[name]
        for value in values:
            if value is not None and (isinstance(value, str) or not least <= value <= most):
                raise csv.Error(f"{name}={value}: must be a number from {least:g} to {most:g}, or empty")


def _cell(value: Any) -> Any:
    """Return what a table holds of a value: floats to 6 decimals, and no text that would be a formula."""
    if isinstance(value, float):
        return round(value, _DECIMALS)
    formula = isinstance(value, str) and _FORMULA.match(value) and isinstance(numeric(value), str)
    return _QUOTE + value if formula else value
