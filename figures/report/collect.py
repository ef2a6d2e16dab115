"""The content of the report, read from a folder of results: verdicts, measured claims, and what each experiment wrote.

What is missing or cannot be read is not an error here: the report says so, with the command that makes it. Verdicts
are the exception: where the files of the statements are missing, torn, of other statements than the library's, or state
what their steps do not give, they are found anew; a file of claims that states what its numbers do not give is refused.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from empirical.experiments import EXPERIMENTS
from empirical.storage.tables import TableError, read_table, table_file
from figures import ResultsError
from figures.report.evidence import check_judged, refuse_claims, statement_fault
from theory.support.cli import program_name
from theory.support.json_text import parsed
from theory.verdicts.beyond import RESULTS
from theory.verdicts.ledger import LEDGER, Statement, verify

__all__ = ["CLAIMS", "LEDGER_FILE", "RESULTS_FILE", "Collected", "Entry", "collect", "entries", "read_json"]

LEDGER_FILE = "ledger.json"
"""What ``tailbound theory verify --json`` writes."""

RESULTS_FILE = "beyond.json"
"""What ``tailbound theory results --json`` writes."""

CLAIMS = "claims.json"
"""What ``tailbound empirical verify --json`` writes: the claims in a list, alone or as the member ``claims``."""

_STATED = ("id", "title", "summary", "place", "printed", "holds", "condition")
_STEP = {"level", "detail", "shows", "shown"}
_VERDICTS = ("certified", "refuted", "qualified", "undecided")

Entry = Mapping[str, Any]
"""What a file says of one thing."""


@dataclass(frozen=True)
class Collected:
    """The content of the report.

    Attributes:
        ledger: the paper's statements with verdict and evidence, as :meth:`theory.verdicts.ledger.Finding.as_dict` has
            them.
        own_results: the results beyond the paper, likewise.
        claims: the measured claims; empty where there is no such file, or one that cannot be read.
        published: printed cells judged by what was measured, likewise.
        metadata: what each experiment wrote about itself, by name, in the order of the experiments.
        missing: the experiments without results.
        stale: whether tables are there that were not when the claims were judged.
    """

    ledger: Sequence[Entry]
    own_results: Sequence[Entry]
    claims: Sequence[Entry]
    published: Sequence[Entry]
    metadata: Mapping[str, Entry]
    missing: Sequence[str]
    stale: bool


def collect(results: Path) -> Collected:
    """Return what the folder ``results`` holds.

    Raises:
        ResultsError: it is no folder, or its claims cannot be read or have verdicts that their numbers do not give.
    """
    if not results.is_dir():
        again = f"{program_name('theory')} verify --json {results / LEDGER_FILE}"
        raise ResultsError(f"results={str(results)!r}: must be a folder of results; start one with: {again}")
    claims = read_json(results / CLAIMS)
    if not isinstance(claims, dict | list) and (results / CLAIMS).exists():
        refuse_claims(results / CLAIMS, "it cannot be read")
    judged = claims if isinstance(claims, dict) else {"claims": claims}
    check_judged(results / CLAIMS, entries(judged.get("claims")), entries(judged.get("published")))
    made = {name: found for name in EXPERIMENTS if (found := _whole_table(results, name)) is not None}
    return Collected(
        ledger=_findings(results / LEDGER_FILE, LEDGER),
        own_results=_findings(results / RESULTS_FILE, RESULTS),
        claims=entries(judged.get("claims")),
        published=entries(judged.get("published")),
        metadata=made,
        missing=[name for name in EXPERIMENTS if name not in made],
        stale=_are_new(made, judged.get("tables")),
    )


def _whole_table(results: Path, name: str) -> Entry | None:
    """Return what an experiment wrote of itself, if the tables that are there are as it wrote them; else say so."""
    file = results / f"{name}.json"
    found = read_json(file)
    if not isinstance(found, dict):
        if file.exists():
            print(f"report: {file} cannot be read, and is left out", file=sys.stderr, flush=True)
        return None
    further = found.get("further")
    for extra in (None, *(further if isinstance(further, dict) else ())):
        if table_file(results, name if extra is None else f"{name}-{extra}").is_file():
            try:
                read_table(results, name, extra)
            except TableError as error:
                print(f"report: {error}; {name} is left out", file=sys.stderr, flush=True)
                return None
    return found


def _are_new(metadata: Mapping[str, Entry], judged: Any) -> bool:
    """Return whether one of the tables is not among those that were judged; where these are not known, it is not."""
    tables = [found.get("sha256") for found in metadata.values()]
    own = {digest for table in tables if isinstance(table, dict) for digest in table.values()}
    return isinstance(judged, list) and not own <= {digest for digest in judged if isinstance(digest, str)}


def _findings(file: Path, statements: Sequence[Statement]) -> Sequence[Entry]:
    """Return the findings in the file if they are of the statements, else find them."""
    found = read_json(file)
    fault = f"no {file.name} of this library's statements"
    if isinstance(found, list) and len(found) == len(statements) and all(map(_is_of, found, statements)):
        wrong = next(filter(None, map(statement_fault, statements, found)), None)
        if wrong is None:
            return found
        fault = f"in {file.name} {wrong}"
    print(f"report: {fault}: checking them now", file=sys.stderr, flush=True)
    return [verify(statement).as_dict() for statement in statements]


def _is_of(entry: Any, statement: Statement) -> bool:
    """Return whether an entry is a finding of the statement as it is stated now."""
    return (
        isinstance(entry, dict)
        and all(name in entry and entry[name] == getattr(statement, name) for name in _STATED)
        and entry.get("verdict") in _VERDICTS
        and isinstance(entry.get("evidence"), list)
        and all(isinstance(step, dict) and step.keys() >= _STEP for step in entry["evidence"])
    )


def entries(content: Any) -> Sequence[Entry]:
    """Return the entries of what should be a list of them."""
    return [one for one in content if isinstance(one, dict)] if isinstance(content, list) else []


def read_json(file: Path) -> Any:
    """Return what the JSON file holds; None where it is missing or cannot be read."""
    try:
        return parsed(file.read_bytes())
    except (OSError, ValueError):
        return None
