"""One look for all figures, and how they are saved."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from empirical.storage.tables import write_whole
from theory import __version__

__all__ = ["COLOURS", "MARKERS", "encoded", "save", "styled"]

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#000000")
"""Colours that colour-blind readers can tell apart, without the yellow that paper swallows.

Source: M. Okabe and K. Ito, Color Universal Design, 2008 (https://jfly.uni-koeln.de/color/).
"""

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
"""A marker for each colour, for readers without any."""

_STYLE: dict[Any, Any] = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "svg.fonttype": "none",  # text as text, which can be searched and edited
    "svg.hashsalt": "tailbound",  # else the ids in the file are random
}
_DPI = 160


@contextmanager
def styled() -> Iterator[None]:
    """Use the look: ``@styled()`` above a function that draws, or ``with styled():`` around the drawing.

    Example:
        >>> with styled():
        ...     matplotlib.rcParams["svg.fonttype"]
        'none'
    """
    with matplotlib.rc_context(_STYLE):
        yield


def save(fig: Figure, folder: Path, name: str, command: str) -> tuple[Path, Path]:
    """Write ``fig`` as ``folder/name.png`` and ``folder/name.svg`` and return both paths.

    The same figure gives the same bytes: no dates. ``command``, which made the data, is in the metadata of both as
    the description. Each file is written whole or not at all.

    Raises:
        OSError: a file cannot be written.
    """
    contents = {folder / f"{name}.{kind}": encoded(fig, kind, name, command) for kind in ("png", "svg")}
    for path, content in contents.items():
        write_whole(path, content)
    png, svg = contents
    return png, svg


def encoded(fig: Figure, kind: str, name: str, command: str, *, outlines: bool = False) -> bytes:
    """Return ``fig`` as the content of a ``png`` or ``svg`` file, its metadata as :func:`save` has them.

    With ``outlines`` an SVG has the shapes of its letters, not text, and looks the same without the font.
    """
    creator = f"tailbound {__version__}"
    made: dict[str, str | None] = {"Software": creator} if kind == "png" else {"Creator": creator, "Date": None}
    buffer = io.BytesIO()
    with styled(), matplotlib.rc_context({"svg.fonttype": "path"} if outlines else {}):
        fig.savefig(buffer, format=kind, dpi=_DPI, metadata={"Title": name, "Description": command, **made})
    return buffer.getvalue()
