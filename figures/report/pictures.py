"""The section of figures: those that can be drawn, inside the page, and how to make the data of the others."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure

from figures import FIGURES, ResultsError
from figures.report.markup import Markup, join, tag
from figures.report.published import picture
from figures.report.values import command, scrolled
from figures.style import caption, encoded, style

__all__ = ["draw_figures", "pictures"]

_LARGEST_SVG = 150_000
_PIXELS_PER_INCH = 96
_PHONE = 640  # what is wider is scrolled on a phone, rather than shrunk until nobody can read it
_AGAIN = "make them with: "


def draw_figures(results: Path) -> tuple[dict[str, Markup], dict[str, Markup]]:
    """Return the figures by name, drawn from the folder ``results``, and of the others what makes their data."""
    there, absent = {}, {}
    for name in sorted(FIGURES):
        drawing = FIGURES[name]
        try:
            with style("screen"):
                there[name] = _picture(name, drawing.draw(results), drawing.command(results))
        except ResultsError as error:
            again = str(error).partition(_AGAIN)[2].replace(str(results), "RESULTS")
            absent[name] = join(tag("strong", name), f": {drawing.title}. ", command(again))
    return there, absent


def pictures(figures: Mapping[str, Markup], absent: Mapping[str, Markup]) -> Markup:
    """Return the section: figures folded, and in one line those not drawn, with published ones in their place."""
    folded = (
        tag("details", tag("summary", tag("span", name, class_="id"), f" {FIGURES[name].title}"), figure)
        for name, figure in figures.items()
    )
    if not absent:
        return join(*folded)
    rest = tag("ul", *(tag("li", making, picture(name)) for name, making in absent.items()))
    words = f"{len(absent)} figures not drawn, for lack of data of yours: {', '.join(absent)}"
    return join(*folded, tag("details", tag("summary", words), rest))


def _picture(name: str, fig: Figure, made_by: str) -> Markup:
    width, height = (round(inches * _PIXELS_PER_INCH) for inches in fig.get_size_inches())
    wide = "wide" if width > _PHONE else None
    source, alternative = _data_uri(fig, name, made_by), " ".join(caption(fig, made_by).split())
    image = tag("img", src=source, alt=alternative, width=width, height=height, class_=wide)
    below = tag("figcaption", f"{fig.get_label()} Data: ", command(made_by))
    return tag("figure", scrolled(image, name) if wide else image, below)


def _data_uri(fig: Figure, name: str, made_by: str) -> str:
    """Return the figure as an SVG, or, where that is large, as a PNG of few colours."""
    kind, content = "svg+xml", encoded(fig, "svg", name, made_by, outlines=True)
    if len(content) > _LARGEST_SVG:
        kind, content = "png", encoded(fig, "png", name, made_by)
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
