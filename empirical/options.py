"""What the command lines of the experiments share: one line for an error, numbers that the experiment judges."""

from __future__ import annotations

import argparse
from typing import NoReturn

__all__ = ["BAD_INPUT", "Parser", "numeric"]

BAD_INPUT = 2
"""The exit code for input that cannot be used."""


class Parser(argparse.ArgumentParser):
    """A parser that says in one line what is wrong and exits with code 2."""

    def error(self, message: str) -> NoReturn:
        """Print the message without the usage, and exit."""
        self.exit(BAD_INPUT, f"{self.prog}: {message}\n")


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
