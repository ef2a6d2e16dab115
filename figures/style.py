"""One look for all figures, at the widths of a paper's columns, and how they are saved with their captions."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

from PIL import Image
from PIL.PngImagePlugin import PngImageFile, PngInfo

from empirical.storage.tables import write_whole
from theory import __version__
from theory.support.validate import choice, integer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "COLOURS",
    "FORMATS",
    "GREY",
    "MARKERS",
    "STYLES",
    "WIDTHS",
    "canvas",
    "caption",
    "encoded",
    "entitle",
    "save",
    "series",
    "style",
    "styled",
]

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#000000")
"""Colours that colour-blind readers can tell apart, without the yellow that paper swallows.

Source: M. Okabe and K. Ito, Color Universal Design, 2008 (https://jfly.uni-koeln.de/color/).
"""

_FILLS = ("full", "none", "left")

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
"""A marker for each colour, for readers without any."""

GREY = "#555555"
"""The colour of lines of reference and of what a legend says of all series."""

WIDTHS = {1: 3.25, 2: 5.5}
"""The width of a figure of one and of two columns, in inches."""

FORMATS = ("png", "svg", "pdf")
"""The formats that a figure can be saved in."""

STYLES = {"paper": (1.0, 1.0, 300), "screen": (1.4, 1.3, 160)}
"""By style: the factor of the size, the factor of the text, and the dots per inch of a PNG.

``paper`` has the widths of columns with text of 7 points or more; ``screen`` is larger, for slides and pages.
"""

_STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.labelpad": 2.5,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlepad": 4,
    "figure.constrained_layout.h_pad": 0.03,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 0.03,
    "font.family": "DejaVu Sans",
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.5,
    "legend.columnspacing": 1.2,
    "legend.frameon": False,
    "legend.handletextpad": 0.4,
    "legend.labelspacing": 0.3,
    "lines.linewidth": 1.2,
    "lines.markersize": 4,
    "pdf.fonttype": 42,  # text as text, which can be searched and edited
    "svg.fonttype": "none",  # likewise
    "svg.hashsalt": "tailbound",  # else the ids in the file are random
    "xtick.major.pad": 2,
    "xtick.major.size": 2.5,
    "ytick.major.pad": 2,
    "ytick.major.size": 2.5,
}
_TEXT: dict[Any, float] = {
    "axes.labelsize": 7.5,
    "axes.titlesize": 7.5,
    "figure.titlesize": 9.0,
    "font.size": 7.0,
    "legend.fontsize": 7.0,
    "legend.title_fontsize": 7.0,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
}
_LETTERS = 12.3  # of a title, an inch
_LINE = 100  # letters of a caption
_PALETTE = 256
_CURRENT: ContextVar[tuple[float, float, int]] = ContextVar("style", default=STYLES["paper"])


@contextmanager
def style(name: str, dpi: int | None = None) -> Iterator[None]:
    """Use one of the :data:`STYLES` for the figures that are drawn meanwhile.

    Args:
        name: of the style.
        dpi: dots per inch of a PNG, 50 to 1,200; None is the style's own.

    Raises:
        ValueError: there is no such style, or ``dpi`` lies outside its range.
    """
    size, text, dots = STYLES[choice("style", name, STYLES)]
    token = _CURRENT.set((size, text, dots if dpi is None else integer("dpi", dpi, 50, 1200)))
    try:
        yield
    finally:
        _CURRENT.reset(token)


@contextmanager
def styled() -> Iterator[None]:
    """Use the look: ``@styled()`` above a function that draws, or ``with styled():`` around the drawing.

    Example:
        >>> import matplotlib
        >>> with styled():
        ...     matplotlib.rcParams["svg.fonttype"]
        'none'
    """
    import matplotlib  # takes half a second, and --help does without

    _, text, _ = _CURRENT.get()

    with matplotlib.rc_context({**_STYLE, **{name: size * text for name, size in _TEXT.items()}}):
        yield


def canvas(height: float, columns: int = 2) -> Figure:
    """Return an empty figure as wide as one or two ``columns`` and ``height`` inches high, larger for a screen.

    Example:
        >>> canvas(3).get_size_inches().tolist()
        [5.5, 3.0]
    """
    size, _, _ = _CURRENT.get()
    from matplotlib.figure import Figure

    return Figure(figsize=(WIDTHS[columns] * size, height * size))


def entitle(fig: Figure, message: str | None, about: str, subject: str = "") -> None:
    """Write ``message``, what the figure shows, above it, and keep ``about``, its numbers, for :func:`caption`.

    Args:
        fig: the figure.
        message: a sentence without its full stop; None where the data say nothing yet.
        about: sentences.
        subject: what the figure is about: its title where there is no message, else the caption's first sentence.
    """
    _, text, _ = _CURRENT.get()
    letters = int(_LETTERS * fig.get_figwidth() / text)
    plain = re.sub(r"(?<!\\)\$", r"\\$", message or subject)  # names of data and classes are no formulas
    fig.suptitle(_balanced(plain, letters), x=0.01, ha="left", weight="bold")
    fig.set_label(f"{subject}. {about}" if message and subject else about)


def _balanced(message: str, letters: int) -> str:
    """Return a message in as few lines of at most so many ``letters`` as it needs, about equally long.

    No line begins with a percent sign.

    Example:
        >>> _balanced("a title of seven words or so", 22)
        'a title of seven\\nwords or so'
    """
    kept = message.replace(" %", "\xa0%")
    texts = [fill(kept, width, break_on_hyphens=False) for width in range(1, letters + 1)]
    lines = texts[-1].count("\n")
    return next(text for text in texts if text.count("\n") <= lines).replace("\xa0", " ")


def caption(fig: Figure, command: str) -> str:
    """Return the caption of a figure: its message, what is drawn with its numbers, and the ``command`` of its data."""
    title = " ".join(fig.get_suptitle().split()).replace(r"\$", "$")
    parts = [f"{title}.", str(fig.get_label() or ""), f"Data: {command}"]
    return "\n".join(fill(part, _LINE, break_on_hyphens=False, break_long_words=False) for part in parts if part) + "\n"


def series(i: int) -> dict[str, Any]:
    """Return the marker and the colour of series ``i``, from 0: full markers, then hollow, then half ones; 21 differ.

    Example:
        >>> series(7)
        {'marker': 'o', 'color': '#0072B2', 'fillstyle': 'none'}
    """
    look: dict[str, Any] = {"marker": MARKERS[i % len(MARKERS)], "color": COLOURS[i % len(COLOURS)]}
    fill = _FILLS[i // len(COLOURS) % len(_FILLS)]
    return look if fill == "full" else look | {"fillstyle": fill}


def save(fig: Figure, folder: Path, name: str, command: str, formats: Sequence[str] = ("png", "svg")) -> list[Path]:
    """Write ``fig`` as ``folder/name`` in each of the ``formats``, and its caption as ``name.txt``; return the paths.

    The same figure gives the same bytes: no dates. ``command``, which made the data, is in the caption and in the
    metadata as the description. Each file is written whole or not at all.

    Raises:
        OSError: a file cannot be written.
    """
    contents = {folder / f"{name}.{kind}": encoded(fig, kind, name, command) for kind in formats}
    contents[folder / f"{name}.txt"] = caption(fig, command).encode()
    for path, content in contents.items():
        write_whole(path, content)
    return list(contents)


def encoded(fig: Figure, kind: str, name: str, command: str, *, outlines: bool = False) -> bytes:
    """Return ``fig`` as the content of a file of one of the :data:`FORMATS`, its metadata as :func:`save` has them.

    With ``outlines`` an SVG has the shapes of its letters, not text, and looks the same without the font.
    """
    creator = f"tailbound {__version__}"
    made: dict[str, dict[str, str | None]] = {
        "png": {"Title": name, "Description": command, "Software": creator},
        "svg": {"Title": name, "Description": command, "Creator": creator, "Date": None},
        "pdf": {"Title": name, "Subject": command, "Creator": creator, "CreationDate": None},
    }
    _, _, dots = _CURRENT.get()
    buffer = io.BytesIO()
    import matplotlib

    with styled(), matplotlib.rc_context({"svg.fonttype": "path"} if outlines else {}):
        fig.savefig(buffer, format=kind, dpi=dots, metadata=made[kind])
    return _few_colours(buffer.getvalue()) if kind == "png" else buffer.getvalue()


def _few_colours(png: bytes) -> bytes:
    """Return a PNG with a palette and the same metadata, a third as large."""
    image = PngImageFile(io.BytesIO(png))
    about = PngInfo()
    for key, text in image.text.items():
        about.add_itxt(key, text)
    buffer = io.BytesIO()
    few = image.convert("RGB").quantize(_PALETTE, dither=Image.Dither.NONE)
    few.save(buffer, format="png", optimize=True, pnginfo=about, dpi=image.info["dpi"])
    return buffer.getvalue()
