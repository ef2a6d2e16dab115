"""Progress on standard error: a bar on a terminal, a few plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

__all__ = ["Track", "silent", "track"]

Item = TypeVar("Item")
_PLAIN_LINES = 5


class Track(Protocol):
    """A function that yields the items of a sequence and may show how far it is."""

    def __call__(self, items: Sequence[Item], label: str) -> Iterator[Item]:
        """Yield ``items`` in order; ``label`` says what they are."""


def silent(items: Sequence[Item], label: str) -> Iterator[Item]:
    """Yield ``items`` and show nothing.

    Example:
        >>> list(silent([1, 2], "numbers"))
        [1, 2]
    """
    yield from items


def track(items: Sequence[Item], label: str) -> Iterator[Item]:
    """Yield ``items``, showing on standard error how many are done."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import track as bar

        yield from bar(items, description=label, console=Console(stderr=True))
        return
    shown = 0
    for done, item in enumerate(items, 1):
        yield item
        if done * _PLAIN_LINES // len(items) > shown:
            shown = done * _PLAIN_LINES // len(items)
            print(f"{label}: {done} of {len(items)}", file=sys.stderr, flush=True)
