"""Plain data as HTML: numbers, tables, lists of terms, commands."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from figures.report.markup import Markup, join, tag, text

__all__ = ["command", "definitions", "number", "table", "value"]

MISSING = "\N{EN DASH}"


def number(x: float) -> str:
    """Return a number to read: whole ones as they are, others to two decimals, or two digits if they are small.

    Example:
        >>> number(71.2567), number(0.00123), number(20), number(1e9)
        ('71.26', '0.0012', '20', '1000000000')
    """
    if not math.isfinite(x):
        return MISSING
    if x == int(x) and abs(x) < 1e15:
        return str(int(x))
    return f"{x:.2f}" if abs(x) >= 0.01 else f"{x:.2g}"


def command(line: str) -> Markup:
    """Return a command line."""
    return tag("code", line)


def definitions(terms: Iterable[tuple[str, Any]]) -> Markup:
    """Return a list of terms with what they mean."""
    return tag("dl", *(join(tag("dt", term), tag("dd", meaning)) for term, meaning in terms))


def table(rows: Sequence[Mapping[str, Any]], caption: str) -> Markup:
    """Return rows of plain data, whose keys are the columns, as a table that can be scrolled on a small screen."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    head = tag("tr", *(tag("th", column, scope="col") for column in columns))
    body = (tag("tr", *(_cell(row.get(column)) for column in columns)) for row in rows)
    parts = tag("caption", caption), tag("thead", head), tag("tbody", *body)
    return scrolled(tag("table", *parts), caption)


def scrolled(inner: Markup, label: str) -> Markup:
    """Return a box around something wide, which the keyboard can scroll, too."""
    return tag("div", inner, class_="scroll", role="region", aria_label=label, tabindex="0")


def value(data: Any, caption: str) -> Markup:
    """Return any plain data: rows as a table, other lists as a list, dictionaries as terms."""
    if isinstance(data, list) and data and all(isinstance(row, dict) for row in data):
        return table(data, caption)
    if isinstance(data, list) and any(isinstance(part, list | dict) or " " in str(part) for part in data):
        return tag("ul", *(tag("li", value(part, caption)) for part in data))
    if isinstance(data, dict) and data:
        return definitions((str(key), value(part, f"{caption}: {key}")) for key, part in data.items())
    return text(_plain(data))


def _cell(data: Any) -> Markup:
    kind = "text" if isinstance(data, str) else None
    return tag("td", _plain(data), class_=kind)


def _plain(data: Any) -> str:
    """Return data that are no structure, or a structure in one line."""
    if isinstance(data, bool):
        return "yes" if data else "no"
    if data is None or data in ([], {}):
        return MISSING
    if isinstance(data, int | float):
        return number(data)
    if isinstance(data, list):
        return ", ".join(map(_plain, data))
    if isinstance(data, dict):
        return ", ".join(f"{key} {_plain(part)}" for key, part in data.items())
    return str(data)
