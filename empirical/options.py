"""What the command lines of the experiments share: one line for an error, numbers that the experiment judges."""

from __future__ import annotations

import argparse
from pathlib import Path

from theory._cli import BAD_INPUT, Parser

__all__ = ["BAD_INPUT", "Parser", "folder", "numeric"]


def folder(text: str) -> Path:
    """Return the path of a folder; an empty one, which would mean the working directory, is refused."""
    if not text:
        raise argparse.ArgumentTypeError("'': must name a folder")
    return Path(text)


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
