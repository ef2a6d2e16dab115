"""Predictions that are written down before what they predict is measured, and that cannot be changed afterwards."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

from empirical.storage.tables import csv_text, write_whole

__all__ = ["Changed", "record"]


class Changed(ValueError):  # noqa: N818 - what happened: predictions are others than those that were written down
    """Predictions differ from those that were written down before."""


def record(out: Path, name: str, rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Write ``rows`` to ``out/NAME-predictions.csv``, and beside it, as JSON, its SHA-256 and the time.

    Where they were written before, the file stays as it is.

    Returns:
        ``file``, ``sha256`` and ``written``, the time of the first writing in UTC.

    Raises:
        Changed: the file that is there holds other predictions, or is not the one that was written.
    """
    table, note = out / f"{name}-predictions.csv", out / f"{name}-predictions.json"
    text = csv_text(rows)
    digest = hashlib.sha256(text.encode()).hexdigest()
    again = f"must hold what is predicted here; remove it, or name another folder, to predict anew: {table.name}"
    if table.is_file() or note.is_file():
        try:
            before, known = table.read_text(encoding="utf-8"), json.loads(note.read_text(encoding="utf-8"))
            made = {key: str(known[key]) for key in ("file", "sha256", "written")}
        except (OSError, ValueError, KeyError, TypeError):
            raise Changed(f"predictions={table.name!r}: cannot be read with its {note.name}; {again}") from None
        if before != text or made["sha256"] != digest:
            pairs = enumerate(zip_longest(before.splitlines(), text.splitlines()), 1)
            line = next((at for at, (old, new) in pairs if old != new), 0)
            raise Changed(f"predictions={table.name!r}: differs in line {line}, written {made['written']}; {again}")
        return made
    made = {"file": table.name, "sha256": digest, "written": datetime.now(UTC).isoformat(timespec="seconds")}
    write_whole(table, text)
    write_whole(note, json.dumps(made, indent=2) + "\n")
    return made
