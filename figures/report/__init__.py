"""The report: ledger, claims, tables, figures and an explorer of the formulas on one self-contained HTML page."""

from __future__ import annotations

from pathlib import Path

from empirical.storage.tables import write_whole
from figures.report.page import page

__all__ = ["page", "write"]


def write(results: Path, out: Path) -> int:
    """Write the report on the folder ``results`` to the file ``out``, whole or not at all; return its size in bytes.

    Raises:
        ResultsError: ``results`` is no folder.
        OSError: ``out`` cannot be written.
    """
    content = page(results).encode()
    write_whole(out, content)
    return len(content)
