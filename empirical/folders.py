"""Folders that results go to."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryFile

from theory._validate import refuse

__all__ = ["make_folder"]


def make_folder(out: Path, name: str = "out") -> None:
    """Make the folder for results and try to write there, before the work rather than after it.

    Args:
        out: the folder.
        name: of the argument that names it.

    Raises:
        ValueError: it cannot be made or written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=out).close()
    except OSError as error:
        refuse(name, str(out), f"must be a folder that can be made and written: {error.strerror}")
