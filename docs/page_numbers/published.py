"""The readers of the published tables."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from empirical.storage.tables import table_bytes, table_file

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "figures" / "published"
PAPER = "cifar10-paper"


@cache
def summary(name: str) -> tuple[Mapping[str, Any], ...]:
    """Return the summary of a published table, such as ``cifar10/rebalance``."""
    return tuple(json.loads((PUBLISHED / f"{name}.json").read_text(encoding="utf-8"))["summary"])


@cache
def rows(name: str) -> tuple[Mapping[str, str], ...]:
    """Return the rows of a published table."""
    file = table_file((PUBLISHED / name).parent, Path(name).name)
    return tuple(csv.DictReader(io.StringIO(table_bytes(file).decode(), newline="")))


def parts(name: str, **cells: Any) -> list[Mapping[str, Any]]:
    """Return the parts of a summary that have these cells."""
    return [part for part in summary(name) if all(part[key] == value for key, value in cells.items())]


def one(name: str, column: str, **cells: Any) -> Any:
    """Return a cell of a summary; there must be one part with these cells."""
    [part] = parts(name, **cells)
    return part[column]


def claims(folder: str) -> list[Mapping[str, Any]]:
    """Return the judged claims of a folder of published tables."""
    return list(json.loads((PUBLISHED / folder / "claims.json").read_text(encoding="utf-8"))["claims"])


def mean(table: Iterable[Mapping[str, str]], column: str) -> float:
    """Return the mean of a column over rows."""
    values = [float(row[column]) for row in table]
    return sum(values) / len(values)
