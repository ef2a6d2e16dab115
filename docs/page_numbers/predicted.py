"""Numbers and tables of docs/predicted.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .published import ROOT
from .registry import markdown, number, table

_LEAKS = (
    ("LDA, Theorem 2, from M alone", "lda", "theorem2"),
    ("LDA, balanced covariances, finite samples", "lda", "together"),
    ("LDA, own covariances, scores counted", "lda", "moments"),
    ("LDA, balanced scores, moved and counted", "lda", "scores"),
    ("linear head, Theorem 2, from M alone", "head", "theorem2"),
    ("linear head, balanced scores, moved and counted", "head", "scores"),
)


def _leaks() -> list[list[Mapping[str, Any]]]:
    """Return the lines of docs/leak.json for each classifier and law that is shown."""
    made = json.loads((ROOT / "docs" / "leak.json").read_text(encoding="utf-8"))["lines"]
    found = {(line["classifier"], line["law"], line["imbalance"]): line for line in made}
    return [[found[classifier, law, ratio] for ratio in (2, 10, 100)] for _, classifier, law in _LEAKS]


@table
def leak() -> str:
    """The error on the images that a prediction reads, and on others."""
    lines = [
        (text, *(f"{line['same']:.1f}, {line['others']:.1f}" for line in own))
        for (text, *_), own in zip(_LEAKS, _leaks(), strict=True)
    ]
    return markdown(("classifier and law, at imbalance", "2", "10", "100"), lines)


number("leak-most", 1, lambda: max(line["others"] - line["same"] for own in _leaks() for line in own))
number("leak-least", 1, lambda: max(line["same"] - line["others"] for own in _leaks() for line in own))
