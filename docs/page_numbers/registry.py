"""The numbers and tables of the pages by name, and how to add and to format them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

NUMBERS: dict[str, Callable[[], str]] = {}
"""The numbers by name."""

TABLES: dict[str, Callable[[], str]] = {}
"""The tables by name, as text of Markdown."""


def number(name: str, digits: int, value: Callable[[], float]) -> None:
    """Add a number."""
    NUMBERS[name] = lambda: f"{value():,.{digits}f}"


def table(function: Callable[[], str]) -> Callable[[], str]:
    """Add a table, named as its function."""
    TABLES[function.__name__.replace("_", "-")] = function
    return function


def markdown(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    filled = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in filled).replace("|  |", "| |")


def shown(value: float | None, digits: int = 1) -> str:
    """Return a number of a table; a dash where there is none."""
    return "-" if value is None else f"{value:.{digits}f}"
