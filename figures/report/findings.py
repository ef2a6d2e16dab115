"""The findings: what the page says, in one paragraph and one figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from figures.report.collect import Collected, Entry
from figures.report.markup import Markup, join, tag
from figures.report.published import cells, verdicts
from figures.report.verdicts import counts
from figures.results import ALL_METHODS

__all__ = ["LEAD", "findings", "lead"]

LEAD = ("network-pairs", "corrections", "pairs", "shift", "similarity-or-number", "theorem1")
"""The figures that may open the page, the first that can be drawn."""


def lead(figures: Mapping[str, Markup]) -> str | None:
    """Return the name of the drawn figure that opens the page, if any is drawn."""
    return next((name for name in (*LEAD, *figures) if name in figures), None)


def findings(collected: Collected, figure: Markup | None) -> Markup:
    """Return the section: a paragraph and a figure."""
    return join(
        tag("p", " ".join((_theory(collected.ledger), *_reached(collected), *_networks(collected)))), figure or ""
    )


def _theory(ledger: Sequence[Entry]) -> str:
    """Return what holds of the paper's statements, with what is refuted in words."""
    wrong = [str(entry["title"]) for entry in ledger if entry["verdict"] == "refuted" and entry.get("title")]
    sentence = f"Of {len(ledger)} statements of the paper, as printed in the text at hand: {counts(ledger)}."
    return f"{sentence} Refuted: {'; '.join(wrong)}." if wrong else sentence


def _reached(collected: Collected) -> list[str]:
    """Return what networks of the paper's own recipe reach beside published numbers; the published ones if none do."""
    own = [cell for cell in collected.published if cell.get("range") is not None]
    found, by = (own, "") if own else (cells(), ", from figures/published, not by you")
    listed = "; ".join(f"{_named(cell)} {cell['mean']:.1f} %, {cell['range']}" for cell in found)
    return [f"Networks trained by the recipe of the paper reach{by}: {listed}."] if found else []


def _named(cell: Entry) -> str:
    """Return what was trained, in words."""
    method = str(ALL_METHODS.get(cell["method"], cell["method"])) + ("" if cell["pretrain"] == "none" else " with SSP")
    return f"{method} on {cell['data']} at imbalance {cell['imbalance']:g}"


def _networks(collected: Collected) -> list[str]:
    """Return how the claims and predictions about networks fared; the published ones where there are none."""
    judged = [("on these results", [one for one in collected.claims if one.get("verdict") != "not measured"])]
    if not collected.claims:
        judged = [(f"on {data}, from figures/published, not by you", claims) for data, claims in verdicts()]
    said = []
    for where, claims in judged:
        for words, own in (("sentences of the paper about networks", False), ("predictions by theory", True)):
            chosen = [claim for claim in claims if ("predicted" in claim) == own]
            if chosen:
                said.append(f"{len(chosen)} {words} judged {where}: {counts(chosen)}.")
    return said
