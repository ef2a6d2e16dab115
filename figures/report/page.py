"""The page: its sections in order, with style and scripts inside it."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from figures.report.collect import collect
from figures.report.explorer import explorer
from figures.report.findings import findings, lead
from figures.report.markup import Markup, join, tag
from figures.report.pictures import draw_figures, pictures
from figures.report.provenance import provenance
from figures.report.tables import tables
from figures.report.verdicts import ledger, own_results, paper_claims, predictions
from theory import __version__

__all__ = ["document", "page"]

_TITLE = "Long-tailed recognition: a theory, checked"
_PAPER = "Investigate the Essence of Long-Tailed Recognition from a Unified Perspective"
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def page(results: Path) -> str:
    """Return the report on the folder ``results`` as one HTML page, which loads nothing from elsewhere.

    The same results give the same page.

    Raises:
        ResultsError: ``results`` is no folder.
    """
    collected = collect(results)
    figures, absent = draw_figures(results)
    first = figures.pop(name) if (name := lead(figures)) else None
    sections = [
        ("findings", "Findings", findings(collected, first)),
        ("explorer", "Explorer", explorer()),
        ("ledger", "The paper's statements", ledger(collected)),
        ("beyond", "Beyond the paper", own_results(collected)),
        ("measured", "Claims about networks", paper_claims(collected)),
        ("predictions", "Our predictions", predictions(collected)),
        ("tables", "Tables: printed against measured", tables(collected)),
        ("figures", "Figures", pictures(figures, absent)),
        ("making", "How this was made", provenance(collected)),
    ]
    intro = join(
        tag(
            "p",
            "What holds of ",
            tag("cite", _PAPER),
            " (Liu and Liu, arXiv 2107.03758, withdrawn by its author): its statements proved or refuted, its "
            "tables and figures measured again, and its formulas to try.",
        ),
    )
    return document(_TITLE, intro, sections, "Skip to the findings", ("law.js", "explorer.js"))


def document(
    title: str,
    intro: Markup,
    sections: Sequence[tuple[str, str, Markup]],
    skip: str = "Skip to the first section",
    scripts: Sequence[str] = (),
) -> str:
    """Return an HTML page with style and scripts inside it.

    Args:
        title: its heading.
        intro: what stands below it.
        sections: the name, the title and the content of each.
        skip: the words of the link to the first section.
        scripts: the names of the scripts.
    """
    links = (tag("li", tag("a", text, href=f"#{name}")) for name, text, _ in sections)
    body = join(
        tag("a", skip, href=f"#{sections[0][0]}", class_="skip"),
        tag("header", tag("h1", title), intro, tag("nav", tag("ul", *links), aria_label="Sections")),
        tag("main", *(_section(*section) for section in sections)),
        tag("footer", tag("p", f"Written by tailbound {__version__}.", class_="quiet")),
        *(tag("script", Markup(_file(name))) for name in scripts),
    )
    head = join(
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{title} (tailbound)"),
        tag("style", Markup(_file("style.css"))),
    )
    return f"<!DOCTYPE html>\n{tag('html', tag('head', head), tag('body', body), lang='en')}\n"


def _section(name: str, title: str, content: Markup) -> Markup:
    return tag("section", tag("h2", title, id=f"{name}-title"), content, id=name, aria_labelledby=f"{name}-title")


def _file(name: str) -> str:
    return files("figures.report").joinpath(name).read_text(encoding="utf-8")
