"""What the command lines share: bad input is one line and exit code 2."""

from __future__ import annotations

import argparse
from typing import NoReturn

__all__ = ["BAD_INPUT", "Parser"]

BAD_INPUT = 2
"""The exit code for input that cannot be used."""


class Parser(argparse.ArgumentParser):
    """A parser that says in one line what is wrong and exits with code 2."""

    def error(self, message: str) -> NoReturn:
        """Print the message without the usage, and exit."""
        self.exit(BAD_INPUT, f"{self.prog}: {message}\n")
