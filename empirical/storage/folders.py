"""Folders that results go to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

from theory.support.validate import refuse

__all__ = ["folder_for_work", "make_folder", "make_folders"]


@contextmanager
def folder_for_work(out: Path) -> Iterator[None]:
    """Make the folder of the argument ``out`` as :func:`make_folder` does; if the work fails, nothing new stays.

    Args:
        out: the folder, which the block fills at its end.

    Raises:
        ValueError: it cannot be made or written.
    """
    made = make_folders({"out": out})
    try:
        yield
    except BaseException:
        _remove(made)
        raise


def make_folder(out: Path, name: str = "out") -> None:
    """Make the folder for results and try to write there, before the work rather than after it.

    Args:
        out: the folder.
        name: of the argument that names it.

    Raises:
        ValueError: it cannot be made or written.
    """
    make_folders({name: out})


def make_folders(folders: Mapping[str, Path]) -> list[Path]:
    """Make several folders as :func:`make_folder` does, or none of them, and return which are new.

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
            _remove(made)
            refuse(name, str(path), f"must be a folder that can be made and written: {error.strerror}")
    return made


def _remove(folders: Sequence[Path]) -> None:
    """Remove folders that are empty, the last first."""
    for part in reversed(folders):
        with suppress(OSError):  # another process may have begun to use it
            part.rmdir()
