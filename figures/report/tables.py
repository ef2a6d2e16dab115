"""The tables: the paper's Tables 1 and 2 with measured beside printed cells, and every experiment's summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from empirical.experiments.printed import IMBALANCES, TABLE1, TABLE2, Cells
from figures.report.collect import Collected
from figures.report.markup import Markup, join, tag
from figures.report.values import MISSING, command, number, scrolled, table
from figures.results import METHODS, STARTS

__all__ = ["tables"]


@dataclass(frozen=True)
class _Printed:
    """A table of the paper: its experiment, what it says, its cells, and the measured key of the summary."""

    title: str
    experiment: str
    cells: Cells
    measured: str


_TABLES = (
    _Printed("Table 1: top-1 accuracy in per cent", "rebalance", TABLE1, "last"),
    _Printed('Table 2: 100 x standard deviation of the norms (printed as "variance")', "norms", TABLE2, "std_100"),
)


def tables(collected: Collected) -> Markup:
    """Return the section of tables."""
    parts = [_beside(printed, collected.made.get(printed.experiment)) for printed in _TABLES]
    return join(
        tag(
            "p",
            "Measured: mean over the seeds, and their standard deviation. Printed cells are of the paper's recipe; ",
        ),
        *parts,
        tag("h3", "What each experiment found"),
        *(_summary(name, made) for name, made in collected.made.items()),
        *(_absent(name) for name in collected.missing),
    )


def _beside(printed: _Printed, made: Mapping[str, Any] | None) -> Markup:
    """Return one table of the paper for each of its data sets."""
    found = _summary_rows(made)
    profile = (made or {}).get("arguments")
    name = profile.get("profile") if isinstance(profile, dict) else None
    note = f"Measured: profile {name}." if name else "Not measured yet; this measures it: "
    again = [] if name else [command(_again(printed.experiment, "paper"))]
    data = list(dict.fromkeys([*printed.cells, *(str(row.get("data")) for row in found)]))
    grids = (_grid(printed, one, [row for row in found if row.get("data") == one]) for one in data)
    return join(tag("h3", printed.title), tag("p", note, *again, class_="quiet"), *grids)


def _grid(printed: _Printed, data: str, found: Sequence[Mapping[str, Any]]) -> Markup:
    """Return the table of one data set: a row for each method and start, a column for each imbalance."""
    cells = printed.cells.get(data, {})
    measured = {(row.get("method"), row.get("pretrain", "none"), row.get("imbalance")): row for row in found}
    own = {ratio for _, _, ratio in measured if isinstance(ratio, int | float)}
    ratios = sorted({*(IMBALANCES if cells else ()), *own}, reverse=True)
    rows = [
        (method, start)
        for start in STARTS
        for method in METHODS
        if (method, start) in cells or any(key[:2] == (method, start) for key in measured)
    ]
    head = tag(
        "tr", tag("th", "method", scope="col"), *(tag("th", f"imbalance {ratio:g}", scope="col") for ratio in ratios)
    )
    body = []
    for method, start in rows:
        name = METHODS[method] + (", SSP" if start != "none" else "")
        printed_cells = dict(zip(IMBALANCES, cells.get((method, start), ()), strict=False))
        line = [
            _cell(measured.get((method, start, ratio)), printed.measured, printed_cells.get(ratio)) for ratio in ratios
        ]
        body.append(tag("tr", tag("th", name, scope="row"), *line))
    caption = f"{data}: measured, and below it printed"
    return scrolled(tag("table", tag("caption", caption), tag("thead", head), tag("tbody", *body)), caption)


def _cell(row: Mapping[str, Any] | None, key: str, printed: float | None) -> Markup:
    mean, spread = ((row or {}).get(name) for name in (key, "spread"))
    text = number(mean) if isinstance(mean, int | float) else MISSING
    if isinstance(spread, int | float):
        text += f" \N{PLUS-MINUS SIGN} {number(spread)}"
    below = MISSING if printed is None else f"{printed:.1f}"
    return tag("td", tag("span", text, class_="measured-cell"), tag("span", f"printed {below}", class_="printed-cell"))


def _summary(name: str, made: Mapping[str, Any]) -> Markup:
    rows = _summary_rows(made)
    inner = table(rows, f"{name}, summary") if rows else tag("p", f"{name}.json has no summary.")
    heading = tag("span", name, class_="id"), f" {len(rows)} rows"
    return tag("details", tag("summary", *heading), inner)


def _absent(name: str) -> Markup:
    return tag(
        "p", tag("strong", name), ": no results; ", command(_again(name, "smoke")), " makes them.", class_="quiet"
    )


def _again(name: str, profile: str) -> str:
    options = "--data digits" if name == "pairs" else f"--profile {profile}"
    return f"python -m empirical run {name} {options} --out RESULTS"


def _summary_rows(made: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    summary = (made or {}).get("summary")
    return [row for row in summary if isinstance(row, dict)] if isinstance(summary, list) else []
