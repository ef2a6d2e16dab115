"""The sections of verdicts: the paper's statements, what goes beyond them, measured claims and predictions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from figures.report.collect import CLAIMS, Collected
from figures.report.formulas import FORMULAS
from figures.report.markup import Markup, join, tag, text
from figures.report.published import verdicts
from figures.report.values import command, definitions, table, value
from theory.support.cli import program_name

__all__ = ["counts", "ledger", "own_results", "paper_claims", "predictions"]

_COLOUR = {
    **dict.fromkeys(("certified", "confirmed"), "good"),
    **dict.fromkeys(("refuted", "contradicted"), "bad"),
    "qualified": "part",
    "not measured": "absent",
}
_LACKING = "not measured"
_HEADED = ("id", "verdict", "summary", "title")
_PREDICTED = "predicted"
_TERMS = {
    "place": "Where",
    "printed": "As printed in the text at hand",
    "predicted": "As predicted",
    "as_printed": "By the paper's own table",
    "make": "Made by",
}
_MEANING = {
    "certified": "the printed statement is shown",
    "refuted": "the printed statement is shown to be wrong, and what holds instead is shown",
    "qualified": "it holds under a condition that the text does not state, and a counterexample outside it is shown",
    "undecided": "a step did not show what it should",
}


def counts(entries: Sequence[Mapping[str, Any]]) -> str:
    """Return how many entries have which verdict.

    Example:
        >>> counts([{"verdict": "refuted"}, {"verdict": "certified"}, {"verdict": "refuted"}])
        '1 certified, 2 refuted'
    """
    found = Counter(str(entry.get("verdict", "without a verdict")) for entry in entries)
    known = [verdict for verdict in _MEANING if found[verdict]]
    return ", ".join(f"{found[verdict]} {verdict}" for verdict in [*known, *sorted(found.keys() - known)])


def ledger(collected: Collected) -> Markup:
    """Return the section of the paper's statements."""
    used = {entry["verdict"] for entry in collected.ledger}
    meanings = definitions((verdict, meaning) for verdict, meaning in _MEANING.items() if verdict in used)
    return join(
        tag("p", f"{len(collected.ledger)} statements, as printed in the text at hand: {counts(collected.ledger)}."),
        tag("details", tag("summary", "What the verdicts mean"), meanings),
        *(_statement(entry) for entry in collected.ledger),
        tag("p", "All of them again: ", command(f"{program_name('theory')} verify"), class_="quiet"),
    )


def own_results(collected: Collected) -> Markup:
    """Return the section of results beyond the paper."""
    results = collected.own_results
    return join(
        tag("p", f"{len(results)} results of the library's own, proved the same way: {counts(results)}."),
        *(_statement(entry, own=True) for entry in results),
        tag("p", "All of them again: ", command(f"{program_name('theory')} results"), class_="quiet"),
    )


def paper_claims(collected: Collected) -> Markup:
    """Return the section of the paper's sentences about trained networks."""
    claims = [claim for claim in collected.claims if _PREDICTED not in claim]
    if not claims:
        none = tag("p", "No measured claims are in the results. This writes their verdicts: ", _verify_command())
        return join(none, *_published(own=False))
    judged = table(collected.published, "Printed cells, and whether they are within noise of the measured ones")
    cells = tag("details", tag("summary", f"{len(collected.published)} printed cells against measured ones"), judged)
    return join(
        _stale(collected),
        tag("p", f"{len(claims)} claims about networks, judged by trained ones: {counts(claims)}."),
        *_claims(claims),
        cells if collected.published else "",
        tag("p", "All of them again: ", _verify_command(), class_="quiet"),
    )


def predictions(collected: Collected) -> Markup:
    """Return the section of our own predictions about trained networks."""
    claims = [claim for claim in collected.claims if _PREDICTED in claim]
    if not claims:
        none = tag("p", "No predictions are in the results. This writes their verdicts: ", _verify_command())
        return join(none, *_published(own=True))
    return join(
        _stale(collected),
        tag(
            "p",
            f"{len(claims)} predictions by theory, each with a statistic and a margin that are written down, "
            f"judged by trained networks: {counts(claims)}.",
        ),
        *_claims(claims),
        tag("p", "All of them again: ", _verify_command(), class_="quiet"),
    )


def _claims(claims: Sequence[Mapping[str, Any]]) -> list[Markup]:
    """Return the claims; those that nothing was measured for in one line, which unfolds."""
    lacking = [claim for claim in claims if claim.get("verdict") == _LACKING]
    made = [_claim(claim) for claim in claims if claim.get("verdict") != _LACKING]
    if lacking:
        made.append(tag("details", tag("summary", f"{len(lacking)} not measured"), *map(_claim, lacking)))
    return made


def _published(own: bool) -> list[Markup]:
    """Return the published verdicts of each data set, folded."""
    found = [(data, [claim for claim in claims if (_PREDICTED in claim) == own]) for data, claims in verdicts()]
    return [
        tag(
            "details",
            tag("summary", f"On {data}, from figures/published/{data}, not by you: {counts(claims)}"),
            *map(_claim, claims),
        )
        for data, claims in found
        if claims
    ]


def _stale(collected: Collected) -> Markup | str:
    if not collected.stale:
        return ""
    return tag(
        "p", "The results have tables that were not there, or were others, when these were judged: ", _verify_command()
    )


def _verify_command() -> Markup:
    return command(f"{program_name('empirical')} verify --results RESULTS --json RESULTS/{CLAIMS}")


def _statement(entry: Mapping[str, Any], own: bool = False) -> Markup:
    typeset_printed, typeset_holds = FORMULAS.get(entry["id"], (None, None))
    printed = [] if own else [("As printed in the text at hand", _quoted(entry["printed"], typeset_printed))]
    condition = [("Condition that the text does not state", entry["condition"])] if entry["condition"] else []
    terms = [
        ("Where", tag("code", entry["place"]) if own else entry["place"]),
        *printed,
        ("As it holds", _quoted(entry["holds"], typeset_holds)),
        *condition,
        ("Shown by", tag("ol", *map(_step, entry["evidence"]), class_="steps")),
        ("Repeat it", command(f"{program_name('theory')} prove {entry['id']}")),
    ]
    heading = _summary(entry["id"], entry["verdict"], entry["title"], entry["summary"])
    return tag("details", heading, definitions(terms))


def _quoted(words: str, typeset: Markup | None) -> Markup:
    """Return a text as it is, and below it its formula where there is one."""
    return text(words) if typeset is None else join(words, tag("div", typeset, class_="formulas"))


def _step(step: Mapping[str, Any]) -> Markup:
    mark = tag("span", "shown", class_="good") if step["shown"] else tag("span", "NOT SHOWN", class_="bad")
    against = "against the printed statement: " if step["shows"] == "against" else ""
    return tag("li", tag("span", f"{step['level']}, ", class_="level"), mark, f": {against}{step['detail']}")


def _claim(claim: Mapping[str, Any]) -> Markup:
    """Return a claim; only what it is headed by has to have a name known here."""
    name, verdict = str(claim.get("id", "without a name")), str(claim.get("verdict", "without a verdict"))
    headline = str(claim.get("title") or claim.get("summary") or claim.get("printed") or claim.get(_PREDICTED) or "")
    there = {key: part for key, part in claim.items() if key not in _HEADED and part not in (None, "", [], {})}
    terms = [
        (_TERMS.get(key, key.replace("_", " ").capitalize()), value(part, f"{name}: {key}"))
        for key, part in there.items()
    ]
    return tag("details", _summary(name, verdict, headline), definitions(terms))


def _summary(name: str, verdict: str, judged: str, detail: str = "") -> Markup:
    """Return what a row says: what was judged, the verdict, what was found, and the code."""
    badge = tag("span", verdict, class_=f"verdict {_COLOUR.get(verdict, 'open')}")
    more = (tag("span", f"{detail} ", class_="quiet"),) if detail else ()
    return tag("summary", tag("span", f"{judged}: "), badge, " ", *more, tag("span", name, class_="id"))
