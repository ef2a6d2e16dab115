"""The tables: the paper's Tables 1 and 2 with measured beside printed cells, and every experiment's summary."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from empirical.printed import IMBALANCES, TABLE1, TABLE2, Cells, cell
from figures.report.collect import Collected, Entry
from figures.report.markup import Markup, join, tag
from figures.report.published import find, origin
from figures.report.values import MISSING, command, number, scrolled, table
from figures.results import METHODS, STARTS, command_line

__all__ = ["tables"]


@dataclass(frozen=True)
class _PaperTable:
    """A table of the paper: what it says, its experiment, its cells, and the key of the summary that is measured."""

    title: str
    experiment: str
    cells: Cells
    measured: str


_TABLES = (
    _PaperTable("Table 1: top-1 accuracy in per cent", "rebalance", TABLE1, "last"),
    _PaperTable('Table 2: 100 x standard deviation of the norms, printed as "variance"', "norms", TABLE2, "std_100"),
)


def tables(collected: Collected) -> Markup:
    """Return the section of tables."""
    return join(
        tag(
            "p",
            "Measured: mean over the seeds after the last epoch, and their standard deviation. In brackets: as printed "
            "in the text at hand, which is of the paper's recipe, whatever the profile.",
        ),
        *(_paper_table(printed, collected) for printed in _TABLES),
        tag("h3", "What each experiment found"),
        *(_summary(name, made) for name, made in collected.metadata.items()),
        _missing(collected.missing),
    )


def _paper_table(printed: _PaperTable, collected: Collected) -> Markup:
    """Return one table of the paper, folded; beside it what was measured, else what is published."""
    made = collected.metadata.get(printed.experiment)
    parts = [_paper_tables(printed, made or {})]
    if made is None:
        for one in find(printed.experiment):
            parts += [
                tag("p", f"Measured on {one.title}, {origin(one)}."),
                _paper_tables(printed, one.metadata, one.data),
            ]
    return tag("details", tag("summary", printed.title), *parts)


def _paper_tables(printed: _PaperTable, metadata: Entry, data_sets: Collection[str] = ()) -> Markup:
    """Return one table of the paper for each data set that is printed or measured."""
    found = [row for row in _summary_rows(metadata) if _has_place(row)]
    arguments = metadata.get("arguments")
    if found:
        note = tag("p", f"Profile {arguments.get('profile') if isinstance(arguments, dict) else MISSING}.")
    else:
        note = tag(
            "p", "Not measured yet; this measures it: ", command(command_line(printed.experiment, "RESULTS", "paper"))
        )
    grids = (
        _grid(printed, data, {_cell_key(row): row for row in found if row["data"] == data})
        for data in dict.fromkeys([*(row["data"] for row in found), *printed.cells])
        if not data_sets or data in data_sets
    )
    return join(note, *grids)


def _grid(printed: _PaperTable, data: str, measured: Mapping[tuple[str, str, float], Entry]) -> Markup:
    """Return the table of one data set: a row for each method and start, a column for each imbalance."""
    cells = printed.cells.get(data, {})
    there = {*cells, *((method, start) for method, start, _ in measured)}
    ratios = sorted({*(IMBALANCES if cells else ()), *(ratio for _, _, ratio in measured)}, reverse=True)
    columns = (tag("th", f"{ratio:g}", scope="col") for ratio in ratios)
    body = []
    for method, start in ((method, start) for start in STARTS for method in METHODS):
        if (method, start) in there:
            name = METHODS[method] + ("" if start == "none" else ", SSP")
            both = (
                (measured.get((method, start, ratio)), cell(printed.cells, data, ratio, method, start))
                for ratio in ratios
            )
            line = (_cell(row, printed.measured, own) for row, own in both)
            body.append(tag("tr", tag("th", name, scope="row"), *line))
    head = tag("tr", tag("th", "method \\ imbalance", scope="col"), *columns)
    caption = f"{data}: measured, and (printed)" if measured else f"{data}: (printed)"
    return scrolled(tag("table", tag("caption", caption), tag("thead", head), tag("tbody", *body)), caption)


def _cell(row: Entry | None, key: str, printed: float | None) -> Markup:
    below = "" if printed is None else tag("span", f"({printed:.1f})", class_="printed-cell")
    if row is None:
        return tag("td", below)
    mean, spread = row.get(key), row.get("spread")
    text = number(mean) if isinstance(mean, int | float) else MISSING
    if isinstance(spread, int | float):
        text += f" \N{PLUS-MINUS SIGN} {number(spread)}"
    return tag("td", tag("span", text, class_="measured-cell"), below)


def _summary(name: str, metadata: Entry) -> Markup:
    rows = _summary_rows(metadata)
    inner = table(rows, f"{name}, summary") if rows else tag("p", f"{name}.json has no summary.")
    return tag("details", tag("summary", tag("span", name, class_="id"), f" {len(rows)} rows"), inner)


def _missing(names: Sequence[str]) -> Markup | str:
    """Return the experiments without results in one line, which unfolds to commands and to published summaries."""
    if not names:
        return ""
    offered = sum(bool(find(name)) for name in names)
    words = f"{len(names)} experiments not measured by you"
    words += f", {offered} of them offered from figures/published" if offered else ""
    return tag("details", tag("summary", words), tag("ul", *map(_absent, names)))


def _absent(name: str) -> Markup:
    made = tag("strong", name), ": no results; ", command(command_line(name, "RESULTS")), " makes them."
    published = (
        tag(
            "details",
            tag("summary", f"{name} on {one.title}, {origin(one)}"),
            table(rows, f"{name} on {one.title}, {origin(one)}"),
        )
        for one in find(name)
        if (rows := _summary_rows(one.metadata))
    )
    return tag("li", *made, *published)


def _summary_rows(metadata: Entry) -> Sequence[Entry]:
    summary = metadata.get("summary")
    return [row for row in summary if isinstance(row, dict)] if isinstance(summary, list) else []


def _has_place(row: Entry) -> bool:
    """Return whether the row says where it belongs."""
    names = (row.get("data"), row.get("method"), row.get("pretrain", "none"))
    return all(isinstance(name, str) for name in names) and isinstance(row.get("imbalance"), int | float)


def _cell_key(row: Entry) -> tuple[str, str, float]:
    return row["method"], row.get("pretrain", "none"), row["imbalance"]
