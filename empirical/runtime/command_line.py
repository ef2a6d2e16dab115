"""Parts of all command lines: one line for an error, numbers that the experiment checks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from theory.support.cli import (
    BAD_INPUT,
    FAILED,
    Parser,
    file,
    file_or_folder,
    folder,
    program,
    program_name,
    record_output,
)

__all__ = [
    "BAD_INPUT",
    "DEVICES",
    "FAILED",
    "PRECISIONS",
    "ROOT",
    "Parser",
    "file",
    "file_or_folder",
    "folder",
    "numeric",
    "program",
    "program_name",
    "record_output",
    "writing",
]

DEVICES = ("auto", "cpu", "cuda")
"""What :func:`empirical.runtime.device.find_device` knows."""

PRECISIONS = ("auto", "float32", "bfloat16")
"""What :class:`empirical.runtime.device.Execution` computes in."""

ROOT = Path("data")
"""The folder of the data sets, if nothing is said."""


def numeric(text: str) -> int | float | str:
    """Return the number that ``text`` is, or ``text`` itself for the experiment's own check to refuse.

    Example:
        >>> numeric("50"), numeric("2.5"), numeric("many")
        (50, 2.5, 'many')
    """
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


@contextmanager
def writing(parser: Parser, path: Path, stays: str = "") -> Iterator[None]:
    """End the program with one line and exit code 1 if what the block writes cannot be written.

    Args:
        parser: of the program.
        path: where it writes.
        stays: what is said of the work that is kept.
    """
    try:
        yield
    except OSError as error:
        parser.exit(FAILED, f"{parser.prog}: {path} cannot be written: {error.strerror or error}{stays}\n")
