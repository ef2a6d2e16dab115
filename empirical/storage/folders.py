"""Folders that results go to."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

from theory.support.validate import refuse

__all__ = ["make_folder", "make_folders"]


def make_folder(out: Path, name: str = "out") -> None:
    """Make the folder for results and try to write there, before the work rather than after it.

    Args:
        out: the folder.
        name: of the argument that names it.

    Raises:
        ValueError: it cannot be made or written.
    """
    make_folders({name: out})


def make_folders(folders: Mapping[str, Path]) -> None:
    """Make several folders as :func:`make_folder` does, or none of them.

    Args:
        folders: by the names of the arguments that name them.

    Raises:
        ValueError: one cannot be made or written; of all that was made for them nothing is left.
    """
    made: list[Path] = []
    for name, path in folders.items():
        try:
            for part in (*reversed(path.parents), path):
                if not part.is_dir():
                    with suppress(FileExistsError):  # as another process was faster
                        part.mkdir()
                        made.append(part)
            TemporaryFile(dir=path).close()
        except OSError as error:
            for part in reversed(made):
                with suppress(OSError):  # another process may have begun to use it
                    part.rmdir()
            refuse(name, str(path), f"must be a folder that can be made and written: {error.strerror}")
