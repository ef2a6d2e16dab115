"""The files that experiments write: tables, and files that are whole or not there at all."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from theory._files import write_whole

__all__ = ["csv_text", "write_whole"]


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
