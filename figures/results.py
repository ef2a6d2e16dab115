"""Reading what an experiment wrote, and what figures of repeated runs share."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import Any, NoReturn

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FixedLocator
from numpy.typing import NDArray
from scipy.stats import t

from empirical.experiments import load
from empirical.storage.tables import TableError, is_finished, read_table, table_file
from figures import ResultsError
from theory.support.cli import program_name
from theory.support.json_text import parsed

__all__ = [
    "ALL_METHODS",
    "CIFAR10",
    "CONFIDENCE",
    "METHODS",
    "PERCENT",
    "STARTS",
    "Results",
    "caption_text",
    "class_names",
    "classes_axis",
    "clipped",
    "command_line",
    "command_reader",
    "data_name",
    "data_set",
    "interval",
    "note_missing",
    "points",
    "read",
    "read_extra",
    "refuse",
    "shortened",
    "subset_note",
]

CONFIDENCE = 0.95
"""The level of the intervals: of the mean over the seeds, by Student's t."""

CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
"""The names of the classes of CIFAR-10 in the order of their labels.

Source: A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.
"""

METHODS = {"ce": "CE", "rs": "CE + RS", "rw": "CE + RW", "drw": "CE + DRW"}
"""What the paper calls the methods of Tables 1 and 2."""

ALL_METHODS = {
    **METHODS,
    "focal": "focal loss",
    "ldam": "LDAM",
    "ldam-drw": "LDAM-DRW",
    "balanced-softmax": "balanced softmax",
    "logit-adjustment": "logit adjustment",
}
"""What all methods are called."""

PERCENT = (0.0, 100.0)
"""The range of accuracies, recalls and errors."""

STARTS = {"none": "from random weights", "rotation": "rotation pre-training (SSP)"}
"""What the runs start from."""

_LETTERS = 16  # an inch, of the size of a note
_NOTE = 7
_NAMED = 20  # classes, up to which each has its name below an axis
_NAME = 16  # characters of such a name
_LEADING = 1.2
_INCH = 72  # points
_RED = "#B00000"
_DATA = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100"}


@dataclass(frozen=True)
class Results:
    """The table of an experiment.

    Attributes:
        rows: each a dictionary in which an empty cell is None.
        metadata: how it was made.
        outcome: columns of which each row of a finished run has one, and no other row has any.
    """

    rows: list[dict[str, Any]]
    metadata: dict[str, Any]
    outcome: tuple[str, ...]

    @property
    def command(self) -> str:
        """The command line that made them."""
        return str(self.metadata["command"])

    @property
    def profile(self) -> str:
        """The profile, for a title."""
        return f"profile {self.metadata['arguments']['profile']}"

    @property
    def finished_rows(self) -> list[dict[str, Any]]:
        """The rows of finished runs."""
        return [row for row in self.rows if is_finished(row, self.outcome)]

    def where(self, **cells: Any) -> list[dict[str, Any]]:
        """Return the rows with these cells."""
        return [row for row in self.rows if all(row[name] == value for name, value in cells.items())]

    def values(self, name: str) -> list[Any]:
        """Return the different values of a column in the order of the table."""
        return list(dict.fromkeys(row[name] for row in self.rows))


def read(
    results: Path, name: str, columns: Collection[str], *, text: Collection[str] = (), profile: bool = True
) -> Results:
    """Return the results of the experiment ``name`` in the folder ``results``.

    Args:
        results: the folder.
        name: of the experiment.
        columns: that the table must have.
        text: the columns whose cells stay texts, as the names of classes do.
        profile: whether the experiment has profiles.

    Raises:
        ResultsError: they are missing, cannot be read, or lack one of the ``columns`` or the outcome of runs.
    """
    table, made = table_file(results, name), results / f"{name}.json"
    if not (table.is_file() and made.is_file()):
        refuse(results, name, f"must hold {name}.csv and {name}.json")
    outcome = load(name).row.outcome
    try:
        results_table = read_table(results, name, text=text)
        there = results_table.rows[0].keys()
        complete = "profile" in results_table.metadata["arguments"] or not profile
        complete = complete and set(columns) <= there and not there.isdisjoint(outcome)
    except TableError:
        complete = False
    if not complete:
        refuse(results, name, f"must hold a {name}.csv and a {name}.json of one run of the experiment")
    return Results(results_table.rows, results_table.metadata, outcome)


def command_reader(name: str, columns: Collection[str]) -> Callable[[Path], str]:
    """Return a figure's ``command``: of a folder of results, the command line that made those of ``name``.

    It raises :class:`ResultsError` as :func:`read` does.
    """

    def command(results: Path) -> str:
        return read(results, name, columns).command

    return command


def read_extra(results: Path, name: str, key: str, columns: Collection[str]) -> Results:
    """Return the table ``key`` that the experiment ``name`` wrote beside its own, ``name-key.csv``.

    Raises:
        ResultsError: it or the experiment's own table is missing, cannot be read, or lacks one of the ``columns``.
    """
    table = read(results, name, ())
    try:
        rows = read_table(results, name, key).rows
    except TableError:
        rows = []
    if not rows or not set(columns) <= rows[0].keys():
        refuse(results, name, f"must hold the {name}-{key}.csv that belongs to {name}.json")
    return Results(rows, table.metadata, load(name).extra_rows[key].outcome)


def interval(values: Sequence[float | None]) -> tuple[float, float] | None:
    """Return the mean of the values that are there and half the width of its interval, NaN for a single value.

    Example:
        >>> mean, half = interval([1.0, None, 3.0])
        >>> mean, round(half, 2), interval([None])
        (2.0, 12.71, None)
    """
    there = np.array([value for value in values if value is not None])
    if not len(there):
        return None
    if len(there) == 1:
        return float(there[0]), math.nan
    half = t.ppf((1 + CONFIDENCE) / 2, len(there) - 1) * there.std(ddof=1) / math.sqrt(len(there))
    return float(there.mean()), float(half)


def points(
    ax: Axes,
    x: Sequence[float] | NDArray[np.floating[Any]],
    samples: Sequence[Sequence[float | None]],
    limits: tuple[float, float] | None = None,
    **style: Any,
) -> None:
    """Draw the mean of each sample at its ``x``, with its interval; an empty sample is left out.

    With ``limits``, the range of the quantity, no interval leaves it.
    """
    found = [(at, *summary) for at, sample in zip(x, samples, strict=True) if (summary := interval(sample))]
    where, means, halves = np.array(found).T if found else np.empty((3, 0))
    look = {"linestyle": "none", "markersize": 3.5, "elinewidth": 0.8, "capsize": 1.5, "capthick": 0.8, **style}
    ax.errorbar(where, means, clipped(means, np.nan_to_num(halves), limits), **look)


def clipped(
    means: NDArray[np.floating[Any]], halves: NDArray[np.floating[Any]], limits: tuple[float, float] | None
) -> NDArray[np.float64]:
    """Return how far intervals reach below and above their means, inside the range of the quantity.

    Example:
        >>> clipped(np.array([50.0, 98.0]), np.array([5.0, 5.0]), (0, 100)).tolist()
        [[5.0, 5.0], [5.0, 2.0]]
    """
    low, high = limits if limits is not None else (-math.inf, math.inf)
    return np.array([np.minimum(halves, np.maximum(0, means - low)), np.minimum(halves, np.maximum(0, high - means))])


def caption_text(table: Results, *sentences: str) -> str:
    """Return a caption: the sentences, how many finished runs and seeds it has, and at which profile they were made."""
    runs = len({row["run"] for row in table.finished_rows if "run" in row})
    seeds = len({row["seed"] for row in table.finished_rows if row.get("seed") is not None})
    parts = [f"{runs} run{'s' * (runs != 1)}"] if runs else []
    parts += [f"{seeds} seed{'s' * (seeds != 1)}"] if seeds else []
    number = f" n = {', '.join(parts)}." if parts else ""
    made = f" Made with {table.profile}." if "profile" in table.metadata.get("arguments", {}) else ""
    return " ".join(filter(None, sentences)) + number + made


def class_names(rows: Sequence[Mapping[str, Any]], classes: int) -> list[str]:
    """Return the names of the classes of rows of one data set, from the first label to the last.

    Tables of version 0.1.0 hold no names: then those of CIFAR-10, and of other data numbers from 1.

    Example:
        >>> class_names([{"data": "pets", "label": 1, "class_name": "cat"}], 2)
        ['1', 'cat']
        >>> class_names([{"data": "cifar10", "label": 1}], 10)[3]
        'cat'
    """
    usual = [str(label + 1) for label in range(classes)]
    if rows and str(rows[0]["data"]).partition(":")[0] == "cifar10" and classes == len(CIFAR10):
        usual = list(CIFAR10)
    known = {row["label"]: row.get("class_name") for row in rows}
    return [known.get(label) or usual[label] for label in range(classes)]


def data_name(data: str) -> str:
    """Return what a data set is called, without what of it was taken.

    Example:
        >>> data_name("cifar10:animals"), data_name("digits")
        ('CIFAR-10', 'digits')
    """
    name = data.partition(":")[0]
    return _DATA.get(name, name)


def data_set(table: Results) -> str:
    """Return which data set a figure of one is about: the first of the results, and of how many."""
    names = table.values("data")
    return f"Data set {data_name(names[0])}" + (f", the first of {len(names)}" if len(names) > 1 else "")


def subset_note(part: Collection[Any], total: Collection[Any], noun: str) -> str:
    """Return the sentence that says that not all that is there is drawn; nothing where all is.

    Example:
        >>> subset_note([100, 50], [100, 50, 10], "imbalances"), subset_note([100], [100], "imbalances")
        ('The first 2 of 3 imbalances are drawn.', '')
    """
    return f"The first {len(part)} of {len(total)} {noun} are drawn." if len(part) < len(total) else ""


def classes_axis(ax: Axes, rows: Sequence[Mapping[str, Any]]) -> None:
    """Name the classes below an axis on which class ``label`` lies at ``label``, or number them where they are many.

    Args:
        ax: the axis.
        rows: the cells that are drawn, of one data set; without a label they are of a run that is not finished.
    """
    there = [row for row in rows if row["label"] is not None]
    if not there:
        return
    classes = max(row["label"] for row in there) + 1
    names = [shortened(name) for name in class_names(there, classes)]
    if classes <= _NAMED:
        turned: dict[str, Any] = (
            {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if max(map(len, names)) > 2 else {}
        )
        ax.set_xticks(range(classes), names, **turned)
        ax.grid(visible=False, axis="x")
    ax.set_xlabel("class, from frequent to rare")


def shortened(name: str) -> str:
    r"""Return a name that fits below an axis, and that matplotlib does not read as a formula.

    Example:
        >>> shortened("cat"), shortened("a very long name of a class")
        ('cat', 'a very long nam…')
        >>> print(shortened("$x$"))
        \$x\$
    """
    short = name if len(name) <= _NAME else name[: _NAME - 1] + "…"
    return short.replace("$", r"\$")


def note_missing(fig: Figure, table: Results) -> None:
    """Write into each panel without data that they are missing, and under the figure how many runs it lacks.

    The figure grows by that note, which says how to make them. Its own legends, which lie at its lower edge, move above
    the note.

    Args:
        fig: the figure.
        table: what it shows.
    """
    for ax in fig.axes:
        if ax.axison and _is_empty(ax):
            _say_missing(ax)
    runs = {row["run"]: None for row in table.rows}
    missing = runs.keys() - {row["run"] for row in table.finished_rows}
    if not missing:
        return
    last = table.metadata.get("parts", [table.metadata])[-1]  # a merged table was made by the commands of its parts
    text = f"{len(missing)} of {len(runs)} runs are missing; the same command trains them: {last['command']}"
    lines = fill(text, int(_LETTERS * fig.get_figwidth()), break_on_hyphens=False)
    note = fig.supxlabel(lines, fontsize=_NOTE, color=_RED)
    points_high = _NOTE * _LEADING * (lines.count("\n") + 2)
    fig.set_figheight(fig.get_figheight() + points_high / _INCH)
    if fig.legends:
        # The layout would lay the note over the legends; so it keeps to what is left above the note.
        note.set_in_layout(False)
        part = points_high / _INCH / fig.get_figheight()
        layout = fig.get_layout_engine()
        assert isinstance(layout, ConstrainedLayoutEngine)
        layout.set(rect=(0, part, 1, 1 - part))
        for legend in fig.legends:
            legend.borderaxespad += points_high / legend.prop.get_size()


def command_line(name: str, results: Path | str, profile: str = "smoke") -> str:
    """Return the command line that makes the results of the experiment ``name`` in the folder ``results``."""
    options = "--data digits" if name == "pairs" else f"--profile {profile}"
    return f"{program_name('empirical')} run {name} {options} --out {results}"


def refuse(results: Path, name: str, allowed: str) -> NoReturn:
    """Raise the error that says what is wrong with the results and how to make them."""
    raise ResultsError(f"results={str(results)!r}: {allowed}; make them with: {_own_command(results, name)}")


def _is_empty(ax: Axes) -> bool:
    """Return whether a panel has nothing but lines from edge to edge."""
    lines = [line for line in ax.lines if line.get_transform() == ax.transData]
    drawn = any(np.isfinite(np.asarray(line.get_ydata(), dtype=float)).any() for line in lines)
    return not (drawn or ax.images or ax.patches or any(len(part.get_paths()) for part in ax.collections))


def _say_missing(ax: Axes) -> None:
    """Write so, and take away the scales that nothing has set."""
    ax.text(0.5, 0.5, "missing", ha="center", va="center", transform=ax.transAxes, color=_RED, backgroundcolor="white")
    for axis, shared in ((ax.xaxis, ax.get_shared_x_axes()), (ax.yaxis, ax.get_shared_y_axes())):
        named = isinstance(axis.get_major_locator(), FixedLocator)
        if not named and all(map(_is_empty, shared.get_siblings(ax))):
            axis.set_ticks_position("none")
            axis.set_tick_params(which="both", labelbottom=False, labelleft=False)


def _own_command(results: Path, name: str) -> str:
    """Return the command line that made the table, by its JSON file if that can be read, or one that makes such."""
    try:
        made = parsed((results / f"{name}.json").read_bytes())["command"]
    except (OSError, ValueError, LookupError, TypeError):
        return command_line(name, results)
    return f"{made} --out {results}"
