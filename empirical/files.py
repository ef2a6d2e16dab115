"""The files that experiments write, tables and files that are whole or not there at all, and tables read again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from empirical.options import numeric
from theory._files import write_whole

__all__ = ["csv_rows", "csv_text", "write_whole"]


def csv_text(rows: Iterable[Mapping[str, Any]]) -> str:
    r"""Return ``rows``, which all have the same keys, as the text of a CSV file; floats to 6 decimals.

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
        writer.writerow({k: round(v, 6) if isinstance(v, float) else v for k, v in row.items()})
    return text.getvalue()


def csv_rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a CSV file: numbers, texts, and None where a cell is empty.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no UTF-8.
        csv.Error: it is no CSV file.
    """
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file, strict=True)
        return [{key: numeric(text) if text else None for key, text in row.items()} for row in rows]
