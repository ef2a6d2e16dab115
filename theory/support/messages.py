"""Messages of the library: by :mod:`logging`, and on the standard error of a command.

The library logs under the names of its packages, ``theory``, ``empirical`` and ``figures``: what is worth knowing as
``INFO``, what went wrong as ``WARNING``. In Python nothing below ``WARNING`` is shown unless logging is set up.
A command shows ``INFO`` too, with ``-q`` only warnings, with ``-v`` everything, with time and origin.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["PACKAGES", "add_options", "show_messages"]

PACKAGES = ("theory", "empirical", "figures")
"""The names of the loggers."""


class _StandardError(logging.Handler):
    """Writes each message to what is the standard error when it comes."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr, flush=True)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add ``-q`` and ``-v`` to a parser."""
    either = parser.add_mutually_exclusive_group()
    either.add_argument("-q", "--quiet", action="store_true", help="show no progress, only results and warnings")
    either.add_argument("-v", "--verbose", action="store_true", help="show every message, with its time and origin")


@contextmanager
def show_messages(quiet: bool = False, verbose: bool = False) -> Iterator[None]:
    """Show the messages of the library on standard error while the block runs.

    Args:
        quiet: warnings only.
        verbose: everything, with time and origin.

    Example:
        >>> import contextlib, io
        >>> with contextlib.redirect_stderr(io.StringIO()) as text, show_messages():
        ...     logging.getLogger("empirical").info("3 runs")
        >>> text.getvalue()
        '3 runs\\n'
    """
    handler = _StandardError()
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s" if verbose else "%(message)s"))
    level = logging.WARNING if quiet else logging.DEBUG if verbose else logging.INFO
    loggers = [logging.getLogger(name) for name in PACKAGES]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(level)
    try:
        yield
    finally:
        for logger, old in zip(loggers, before, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(old)
