"""Tables of docs/results-theory.md, and the numbers of verdicts in README."""

from __future__ import annotations

import json
from functools import cache, partial
from typing import TYPE_CHECKING

from .published import PUBLISHED, parts
from .registry import markdown, number, table

if TYPE_CHECKING:
    from theory.verdicts.ledger import Finding


@cache
def _findings() -> tuple[Finding, ...]:
    from theory.verdicts.ledger import LEDGER, Proof, Shown, verify

    known: dict[Proof, Shown] = {}
    return tuple(verify(statement, known) for statement in LEDGER)


@table
def verdicts() -> str:
    """The paper's statements in words, their verdicts, and what was found."""
    lines = [(f"`{f.statement.id}`", f.statement.title, f.verdict, f.statement.summary) for f in _findings()]
    return markdown(("statement", "what it says", "verdict", "what was found"), lines)


def _count(verdict: str) -> int:
    return sum(finding.verdict == verdict for finding in _findings())


number("statements", 0, lambda: len(_findings()))
for _verdict in ("certified", "qualified", "refuted"):
    number(_verdict, 0, partial(_count, _verdict))


@table
def bounds() -> str:
    """How far bounds lie above the exact probability."""
    made = json.loads((PUBLISHED / "theory" / "bounds.json").read_text(encoding="utf-8"))
    names = {
        "printed": "printed",
        "chernoff": "`chernoff_bound`, optimal over the exact moment generating function",
        "sub_gaussian": "`sub_gaussian_bound`, a closed form",
        "sharp": "`sharp_bound`",
    }
    lines = [(text, *(_two_digits(value) for value in made["ratios"][name])) for name, text in names.items()]
    return markdown(("bound", "5 %", "50 %", "95 %", "largest"), lines)


def _two_digits(value: float) -> str:
    if value < 10:
        return f"{value:.2f}"
    return f"{float(f'{value:.2g}'):,.0f}" if value < 1e7 else f"{value:.1e}"


@table
def raw_images() -> str:
    """Theorem 2 against linear discriminant analysis on raw images."""
    columns = [("digits/pairs", 2), ("digits/pairs", 4), ("digits/pairs", 8), ("cifar10/pairs", 60)]
    lines = []
    for imbalance in (1, 2, 5, 10, 20, 50):
        cells = [parts(name, components=n, imbalance=imbalance)[0] for name, n in columns]
        lines.append((str(imbalance), *(f"{part['mae']:.1f}, {part['correlation']:.2f}" for part in cells)))
    head = ("imbalance", "digits, 2 components", "digits, 4", "digits, 8", "CIFAR-10, 60")
    return markdown(head, lines)
