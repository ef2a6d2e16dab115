"""Verdicts in files of results, repeated from the evidence beside them: none is shown because a file states it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from empirical.claims.repeat import cell_fault, claim_fault
from figures import ResultsError
from theory.support.cli import program_name
from theory.verdicts.ledger import Statement, verdict_of

__all__ = ["check_judged", "refuse_claims", "statement_fault"]

_SIDES = ("holds", "against")


def statement_fault(statement: Statement, entry: Mapping[str, Any]) -> str:
    """Return what is wrong with the verdict of a finding on a statement; empty if its steps give it."""
    steps = [(step["shows"], step["shown"]) for step in entry["evidence"]]
    if any(shows not in _SIDES or not isinstance(shown, bool) for shows, shown in steps):
        return f"{statement.id} has a step that cannot be read"
    for side, proofs in zip(_SIDES, (statement.proofs, statement.against), strict=True):
        if bool(proofs) != (side in {shows for shows, _ in steps}):
            return f"{statement.id} has {'no step' if proofs else 'a step'} for what {side!r} shows"
    found = verdict_of(statement, entry["evidence"])
    stated = entry["verdict"]
    return "" if found == stated else f"{statement.id} is {stated!r}, its steps give {found!r}"


def check_judged(file: Path, claims: Sequence[Mapping[str, Any]], published: Sequence[Mapping[str, Any]]) -> None:
    """Refuse the claims and the printed cells of a file whose verdicts do not follow from the numbers beside them.

    Raises:
        ResultsError: one does not; it is named.
    """
    named = [(str(claim.get("id", "without a name")), claim_fault(claim)) for claim in claims]
    for one in published:
        where = ", ".join(str(one.get(name)) for name in ("table", "data", "imbalance", "method", "pretrain"))
        named.append((f"the printed cell {where}", cell_fault(one)))
    for name, fault in named:
        if fault:
            refuse_claims(file, f"{name} {fault}")


def refuse_claims(file: Path, fault: str) -> NoReturn:
    """Raise the error that says what is wrong with a file of claims and how to make it anew."""
    again = f"{program_name('empirical')} verify --results {file.parent} --json {file}"
    line = f"results={str(file)!r}: {fault}; judge the tables again with: {again}"
    raise ResultsError(" ".join(line.split()))
