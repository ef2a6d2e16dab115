"""The page of an examination: what the theory says of a network, in sentences, figures and tables."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from empirical.analysis.examine.text import sentences, title
from empirical.storage.tables import write_whole
from figures.examination import PARTS, draw_tables
from figures.report.markup import Markup, join, tag
from figures.report.page import document
from figures.report.values import definitions, table, value
from figures.style import encoded

__all__ = ["page", "write"]

_TITLE = "What theory says of a network"
_INCH = 96  # pixels
_LONG = 30
_LATER = {"mapped", "given"}


def page(made: Mapping[str, Any]) -> str:
    """Return an examination, given as plain data, as one HTML page, which loads nothing from elsewhere."""
    about, tables = made["about"], made["tables"]
    sections = [(f"section-{key}", name, _section(int(key), made)) for key, name in made["sections"].items()]
    lacking = [
        ("missing", "What cannot be said", tag("ul", *(_missing(row) for row in tables["missing"]["rows"])))
        for _ in range("missing" in tables)
    ]
    plain = {key: part for key, part in about.items() if key not in _LATER}
    mapped: tuple[Markup, ...] = ()
    if "mapped" in about:
        rows = [{"in the file": name, "in the network": place} for name, place in about["mapped"].items()]
        mapped = (tag("details", tag("summary", "Where each tensor went"), table(rows, "mapping")),)
    given = ", ".join(about.get("given", ()))
    making = ("making", "How this was made", join(value({**plain, "given": given}, "about"), *mapped))
    figures = (_figure(made, part) for part, names in PARTS.items() if any(name in tables for name in names))
    intro = join(tag("p", f"{title(about)[0].upper()}{title(about)[1:]}."), *figures)
    return document(_TITLE, intro, [*sections, *lacking, making])


def write(document: Mapping[str, Any], path: Path) -> int:
    """Write the page of an examination and return its size in bytes.

    Raises:
        OSError: the file cannot be written.
    """
    content = page(document).encode()
    write_whole(path, content)
    return len(content)


def _figure(document: Mapping[str, Any], part: str) -> Markup:
    fig = draw_tables(document, part)
    width, height = (round(inches * _INCH) for inches in fig.get_size_inches())
    content = encoded(fig, "svg", "examination", str(document["about"].get("command", "")), outlines=True)
    source = f"data:image/svg+xml;base64,{base64.b64encode(content).decode('ascii')}"
    alternative = f"{' '.join(fig.get_suptitle().split())}; the tables below have the numbers."
    return tag("figure", tag("img", src=source, alt=alternative, width=width, height=height, class_="wide"))


def _section(number: int, document: Mapping[str, Any]) -> Markup:
    said = sentences(number, document)
    own = {name: part for name, part in document["tables"].items() if part["section"] == number}
    summary = tag("ul", *(tag("li", sentence.strip()) for sentence in said)) if said else ""
    return join(
        summary or tag("p", "Nothing: see what cannot be said."), *(_table(name, part) for name, part in own.items())
    )


def _table(name: str, part: Mapping[str, Any]) -> Markup:
    columns = tag("details", tag("summary", "What the columns mean"), definitions(part["columns"].items()))
    rows = table(part["rows"], part["title"])
    if len(part["rows"]) > _LONG:
        rows = tag("details", tag("summary", f"All {len(part['rows'])} rows"), rows)
    return join(tag("h3", part["title"], id=f"table-{name}"), rows, columns)


def _missing(row: Mapping[str, Any]) -> Markup:
    return tag("li", f"Section {row['section']} needs {row['needs']}: {row['adds']}.")
