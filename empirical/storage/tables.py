"""The files that experiments write, tables and files that are whole or not there at all, and tables read again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from empirical.runtime.command_line import numeric
from theory.support.files import check_file, write_whole

__all__ = ["check_file", "csv_cells", "csv_rows", "csv_text", "digest", "write_whole"]

_RUN = "run"


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


def csv_rows(path: Path, made: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return the rows of :func:`csv_cells`: numbers, texts, and None where a cell is empty; the column ``run`` is text.

    Raises:
        OSError, ValueError, csv.Error: as there.
    """
    return [{name: _value(name, text) for name, text in row.items()} for row in csv_cells(path, made)]


def csv_cells(path: Path, made: Mapping[str, Any] | None = None) -> list[dict[str, str]]:
    """Return the rows of a CSV file, every cell as its text.

    Args:
        path: the file.
        made: how it was made, as ``python -m empirical run`` writes it. If that has a digest of the file, another file
            of the name is refused: one that was altered, or one of another run.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no UTF-8.
        csv.Error: it is no CSV file, not the one that was made, or torn: a row lacks cells or has too many, or the last
            one has no end.
    """
    content = path.read_bytes()
    text = content.decode()
    names, *rows = csv.reader(io.StringIO(text, newline=""), strict=True) if text else [[]]
    if not text.endswith("\n") or any(len(row) != len(names) for row in rows):
        raise csv.Error(f"{path} is torn")
    own = digest(content)
    if made is not None and made.get("sha256", {}).get(path.stem, own) != own:
        raise csv.Error(f"{path} is not the file that was made")
    return [dict(zip(names, row, strict=True)) for row in rows]


def digest(content: str | bytes) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal digits."""
    return sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def _value(name: str, text: str) -> Any:
    if not text:
        return None
    return text if name == _RUN else numeric(text)  # a hash such as 12e34567890 is not a number
