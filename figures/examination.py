"""The examination of a network: recalls, calibration, the gap, corrections, and how well theory fits.

From ``examination.json``, which ``tailbound empirical examine --out`` writes. Two figures with a panel for each table
that is there. Of recall: that of each class, as measured and by theory; what each class loses to similar classes, to
its number of images and beyond theory; the gap between frequent and rare classes by its parts; and the error of
predictions. Of corrections: the sweeps over their strength, with what was chosen without the images that judge it; and
the reliability curves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from empirical.analysis.examine.tables import TABLES
from figures import ResultsError
from figures.style import COLOURS, GREY, MARKERS, canvas, entitle, styled
from figures.wording import span
from theory.support.cli import program_name
from theory.support.json_text import parsed

__all__ = ["COMMAND", "PARTS", "command", "draw", "draw_corrections", "draw_tables", "read"]

COMMAND = f"{program_name('empirical')} examine --arrays FILE --out"
"""What makes the data, up to the folder."""

_FILE = "examination.json"
_NAMED = 20  # classes, up to which each has its name below the axis
_COLUMNS, _HEIGHT = 2, 2.3
Rows = Sequence[Mapping[str, Any]]


def read(results: Path) -> dict[str, Any]:
    """Return the examination in the folder ``results``.

    Raises:
        ResultsError: there is none, or it cannot be read.
    """
    path = results / _FILE
    refused = f"results={str(results)!r}: must hold {_FILE}"
    again = f"make them with: {COMMAND} {results}"
    try:
        made = parsed(path.read_bytes())
        tables = {name: table["rows"] for name, table in made["tables"].items()}
        whole = all(set(TABLES[name].row.__annotations__) <= set(row) for name, rows in tables.items() for row in rows)
        if not (whole and isinstance(made["about"]["classes"], int) and isinstance(made["sections"], dict)):
            raise ValueError("a column is missing")
    except FileNotFoundError:
        raise ResultsError(f"{refused}; {again}") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ResultsError(f"{refused}, and it cannot be read ({error}); {again}") from None
    return dict(made)


def command(results: Path) -> str:
    """Return the command line that made the data."""
    about = read(results)["about"]
    return str(about.get("command", f"{COMMAND} {results}"))


def draw(results: Path) -> Figure:
    """Draw the recalls of ``examination.json`` of the folder ``results``, what they lack, and how well theory fits.

    Raises:
        ResultsError: it is missing or cannot be read, or no table of it can be drawn.
    """
    return _draw_part(results, "recall")


def draw_corrections(results: Path) -> Figure:
    """Draw the corrections and the calibration of ``examination.json`` of the folder ``results``.

    Raises:
        ResultsError: it is missing or cannot be read, or no table of it can be drawn.
    """
    return _draw_part(results, "corrections")


def _draw_part(results: Path, part: str) -> Figure:
    """Draw one of the two figures, if any of its tables is there."""
    made = read(results)
    if not any(name in made["tables"] for name in PARTS[part]):
        refused = f"results={str(results)!r}: must hold {_FILE} with a table to draw"
        raise ResultsError(f"{refused}; make them with: {COMMAND} {results}")
    return draw_tables(made, part)


@styled()
def draw_tables(document: Mapping[str, Any], part: str = "recall") -> Figure:
    """Draw one of the :data:`PARTS` of an examination, given as plain data."""
    tables = {name: table["rows"] for name, table in document["tables"].items()}
    panels = [_PANELS[name] for name in PARTS[part] if name in tables]
    lines = max(1, -(-len(panels) // _COLUMNS))
    fig = canvas(_HEIGHT * lines + 0.4)
    axes = fig.subplots(lines, _COLUMNS, squeeze=False).ravel()
    for ax, panel in zip(axes, panels, strict=False):
        panel(ax, tables)
    for ax in axes[len(panels) :]:
        ax.set_axis_off()
    about = document["about"]
    images = f", {about['images']:,} held-out images" if "images" in about else ""
    imbalance = f", imbalance {about['imbalance']:.4g}" if "imbalance" in about else ""
    entitle(
        fig,
        _message(tables, part),
        f"{about['classes']} classes{images}{imbalance}. The tables beside it have every number and what it means.",
    )
    return fig


def _message(tables: Mapping[str, Rows], part: str) -> str:
    """Return what a figure shows: recall with corrections, or the gap between frequent and rare classes, if known."""
    if part == "corrections":
        rows = tables.get("corrections", ())
        plain = [row["accuracy"] for row in rows if row["correction"] == "as trained"]
        others = [row["accuracy"] for row in rows if row["correction"] != "as trained"]
        if not (plain and others):
            return "Corrections and calibration of this network"
        return f"Mean recall is {plain[0]:.1f} % as trained, {span(others)} % with corrections"
    gaps = [row for row in tables.get("gap", ()) if row["part"] == "gap"]
    if not gaps:
        return "Recalls of this network, and theory's"
    more = "more" if gaps[0]["points"] >= 0 else "less"
    return f"Frequent classes have {abs(gaps[0]['points']):.1f} points {more} recall than rare ones"


def _order(rows: Rows) -> list[Mapping[str, Any]]:
    """Return the classes, the most frequent first."""
    return sorted(rows, key=lambda row: (-(row["count"] or 0), row["label"]))


def _classes(ax: Axes, rows: Rows) -> None:
    """Name the classes below the axis, if they are few."""
    if len(rows) <= _NAMED:
        ax.set_xticks(range(len(rows)), [str(row["name"]) for row in rows], rotation=45, ha="right")
    else:
        ax.set_xlabel("class, the most frequent first" if rows[0]["count"] is not None else "class")


def _recalls(ax: Axes, tables: Mapping[str, Rows]) -> None:
    rows = _order(tables["classes"])
    x = np.arange(len(rows))
    value = np.array([row["recall"] for row in rows])
    ends = np.array([[row["recall"] - row["low"], row["high"] - row["recall"]] for row in rows]).T
    ax.errorbar(x, value, yerr=np.maximum(ends, 0), fmt="o", markersize=3, color=COLOURS[0], label="measured")
    losses = {row["label"]: row for row in tables.get("losses", ())}
    if losses:
        for key, style, label in (("predicted", "-", "theory, at its counts"), ("balanced", ":", "theory, at balance")):
            ax.plot(x, [losses[row["label"]][key] for row in rows], style, color=COLOURS[1], label=label)
    ax.set_ylim(0, 103)
    ax.set_ylabel("recall, %")
    ax.set_title("Recall of each class")
    _classes(ax, rows)
    ax.legend(loc="lower left")


def _losses(ax: Axes, tables: Mapping[str, Rows]) -> None:
    rows = _order(tables["losses"])
    x, width = np.arange(len(rows)), 0.27
    parts = {"similarity": "similar classes", "number": "number of images", "beyond": "beyond theory"}
    for i, (key, label) in enumerate(parts.items()):
        if rows[0][key] is not None:
            ax.bar(x + (i - 1) * width, [row[key] for row in rows], width, color=COLOURS[i], label=label)
    ax.axhline(0, color=GREY, linewidth=0.8)
    ax.set_ylabel("points of recall lost")
    ax.set_title("What each class loses its recall to")
    _classes(ax, rows)
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.45 * (high - low))  # room for the legend
    ax.legend(loc="upper left")


def _reliability(ax: Axes, tables: Mapping[str, Rows]) -> None:
    ax.plot([0, 100], [0, 100], color=GREY, linewidth=0.8)
    for i, prior in enumerate(dict.fromkeys(row["prior"] for row in tables["reliability"])):
        own = [row for row in tables["reliability"] if row["prior"] == prior]
        [found] = [row for row in tables["calibration"] if row["prior"] == prior]
        label = f"{prior} prior: {found['ece']:.1f} %"
        points = [[row[key] for row in own] for key in ("confidence", "accuracy")]
        ax.plot(*points, marker=MARKERS[i], markersize=3, color=COLOURS[i], label=label)
    ax.set_xlabel("confidence, %")
    ax.set_ylabel("accuracy, %")
    ax.set_title("Calibration")
    ax.set_ylim(-3, 145)  # room for the legend
    ax.set_yticks(range(0, 101, 20))
    ax.legend(loc="upper left", title="expected calibration error", alignment="left")


def _gap(ax: Axes, tables: Mapping[str, Rows]) -> None:
    rows = tables["gap"]
    x = np.arange(len(rows))
    ends = np.array([[row["points"] - row["low"], row["high"] - row["points"]] for row in rows]).T
    colours = [COLOURS[-1], *COLOURS[: len(rows) - 1]]
    ax.bar(x, [row["points"] for row in rows], 0.6, yerr=ends, color=colours, ecolor=GREY)
    ax.axhline(0, color=GREY, linewidth=0.8)
    ax.set_xticks(x, [row["part"] for row in rows])
    ax.set_ylabel("points")
    ax.set_title("Frequent half minus rare half, and its parts")


def _corrections(ax: Axes, tables: Mapping[str, Rows]) -> None:
    names = list(dict.fromkeys(row["correction"] for row in tables.get("strengths", ())))
    for i, name in enumerate(names):
        swept = [row for row in tables["strengths"] if row["correction"] == name]
        ax.plot([row["tau"] for row in swept], [row["accuracy"] for row in swept], color=COLOURS[i], label=name)
    for row in tables["corrections"]:
        ends = [[row["accuracy"] - row["low"]], [row["high"] - row["accuracy"]]]
        if row["tau"] is not None and row["chosen_by"].endswith(("half", "sweep")):
            fitted = row["chosen_by"].endswith("sweep")
            tau = (row["tau"] + row["tau_2"]) / 2
            ax.errorbar(
                [tau],
                [row["accuracy"]],
                yerr=ends,
                fmt=MARKERS[1 if fitted else 0],
                fillstyle="none" if fitted else "full",
                color=COLOURS[names.index(row["correction"])],
                label="by likelihood, no sweep" if fitted else None,
            )
        elif row["correction"] == "re-trained head":
            ax.axhline(row["accuracy"], color=COLOURS[3], linestyle=":", label=f"head from {row['chosen_by']}")
    ax.set_xlabel("tau")
    ax.set_ylabel("mean over the classes, %")
    ax.set_title("Corrections; points are chosen on the other half")
    if ax.get_legend_handles_labels()[0]:
        low, high = ax.get_ylim()
        ax.set_ylim(low - 0.5 * (high - low), high)  # room for the legend
        ax.legend(loc="lower left")


def _fit(ax: Axes, tables: Mapping[str, Rows]) -> None:
    for i, law in enumerate(dict.fromkeys(row["law"] for row in tables["fit"])):
        own = [row for row in tables["fit"] if row["law"] == law]
        points = [[row[key] for row in own] for key in ("imbalance", "error")]
        ax.plot(*points, marker=MARKERS[i], color=COLOURS[i], label=law)
    ax.set_xscale("log")
    ax.set_ylim(0, 1.45 * ax.get_ylim()[1])  # room for the legend
    ax.set_xlabel("imbalance")
    ax.set_ylabel("mean error, points")
    ax.set_title("Error of predicted recall")
    ax.legend(loc="upper left")


_PANELS: Mapping[str, Callable[[Axes, Mapping[str, Rows]], None]] = {
    "classes": _recalls,
    "losses": _losses,
    "reliability": _reliability,
    "gap": _gap,
    "corrections": _corrections,
    "fit": _fit,
}
"""What is drawn of each table."""

PARTS = {"recall": ("classes", "losses", "gap", "fit"), "corrections": ("corrections", "reliability")}
"""The tables of each of the two figures."""
