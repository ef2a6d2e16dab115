"""The verdicts on the paper's sentences (docs/results-paper.md) and on our predictions (docs/results-networks.md)."""

from __future__ import annotations

from empirical.claims import statistics

from .published import claims
from .registry import markdown, number, table


@table
def sentences() -> str:
    """The paper's sentences about its measurements, judged by the small profile."""
    return _claims("cifar10", "E")


@table
def predictions() -> str:
    """Our predictions, judged by the small profile."""
    return _claims("cifar10", "N")


def _claims(data: str, begins: str) -> str:
    lines = []
    for claim in claims(data):
        if claim["id"].startswith(begins) and claim["verdict"] != "not measured":
            own = claim["as_printed"]
            text = (claim.get("printed") or claim["predicted"]).replace("|", "\\|")
            verdict = claim["verdict"].split()[0]
            lines.append((f"`{claim['id']}`", text, verdict, f"{own['holds']} of {own['cells']}" if own else ""))
    return markdown(("", "sentence", "verdict", "own tables"), lines)


number("alpha", 0, lambda: 100 * statistics.ALPHA)
