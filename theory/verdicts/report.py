"""The ledger and our own results on the command line: verdicts, steps, JSON, certificates."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from theory.proofs.evidence import LEVELS
from theory.support.cli import record_output
from theory.support.files import check_file, write_whole
from theory.support.validate import refuse
from theory.verdicts import certificate
from theory.verdicts.beyond import RESULTS
from theory.verdicts.ledger import LEDGER, Finding, Proof, Shown, Statement
from theory.verdicts.ledger import verify as verify_statement

__all__ = ["prove", "recheck", "results", "verify"]

_BEYOND = "What goes beyond the paper"
_STYLE = {"certified": "green", "refuted": "red", "qualified": "yellow", "undecided": "magenta"}


def verify(json_file: Path | None = None, certificate_file: Path | None = None) -> int:
    """Check every statement of the ledger, for a certificate our own results too; return the exit code."""
    if certificate_file is not None:
        if json_file is not None and certificate_file.absolute() == json_file.absolute():
            refuse("certificate", str(certificate_file), "must be another file than that of json")
        check_file("certificate", certificate_file)
    findings = _check(LEDGER, "The paper's statements, as printed in the text at hand", json_file)
    if certificate_file is not None:
        findings += _check(RESULTS, _BEYOND, None)
        _write(certificate_file, certificate.certificate(findings))
    return int(any(f.failed for f in findings))


def results(json_file: Path | None = None) -> int:
    """Check every result that goes beyond the paper; return the exit code."""
    return int(any(f.failed for f in _check(RESULTS, _BEYOND, json_file)))


def recheck(file: Path) -> int:
    """Repeat a certificate, of statements or of one check; return 0 if every verdict is repeated, 1 if not.

    A certificate that lacks statements of the library does not hold: they are named.

    Raises:
        ValueError: the file is no certificate, or was altered.
    """
    if _is_check(file):
        return _recheck_check(file)
    given = certificate.read(file)
    differences = []
    with _progress() as progress:
        task = progress.add_task("rechecking", total=len(given["statements"]))
        for entry in given["statements"]:
            progress.update(task, description=f"rechecking {entry['id']}")
            differences += certificate.recheck_statement(entry)
            progress.advance(task)
    differences += certificate.missing(given)
    console = Console(highlight=False, soft_wrap=True)
    for title, lines in (("different", differences), ("note", certificate.notes(given))):
        for line in lines:
            console.print(f"{title}: {line}", markup=False)
    total = f"{len(given['statements'])} statements"
    if differences:
        console.print(f"{total}: the certificate does not hold here")
    else:
        console.print(f"{total}: the certificate holds; every verdict was repeated by the same steps")
    return int(bool(differences))


def _is_check(file: Path) -> bool:
    """Return whether the file calls itself the certificate of a single check."""
    from theory.verdicts.check_certificate import FORMAT

    try:
        return f'"format": "{FORMAT}"' in file.read_text(encoding="utf-8")[:200]
    except (OSError, UnicodeDecodeError):
        return False


def _recheck_check(file: Path) -> int:
    from theory.verdicts.recheck import recheck as recheck_check

    found = recheck_check(file)
    console = Console(highlight=False, soft_wrap=True)
    for title, lines in (("different", found.differences), ("note", found.notes)):
        for line in lines:
            console.print(f"{title}: {line}", markup=False)
    console.print("one check: the certificate " + ("holds" if found.holds else "does not hold here"))
    return int(not found.holds)


def _check(statements: Sequence[Statement], title: str, json_file: Path | None) -> list[Finding]:
    """Check the statements with progress, print their verdicts, write ``json_file`` at the end."""
    if json_file is not None:
        check_file("json", json_file)
    findings: list[Finding] = []
    known: dict[Proof, Shown] = {}
    with _progress() as progress:
        task = progress.add_task("verifying", total=len(statements))
        for statement in statements:
            progress.update(task, description=f"verifying {statement.id}")
            findings.append(verify_statement(statement, known))
            progress.advance(task)
    console = Console()
    console.print(_table(findings, title))
    console.print(_summary(findings))
    if json_file is not None:
        _write(json_file, [f.as_dict() for f in findings])
    return findings


def _write(file: Path, data: Any) -> None:
    write_whole(file, json.dumps(data, indent=2, ensure_ascii=False) + "\n")
    record_output(file)
    Console(soft_wrap=True).print(f"written to {file}", markup=False, highlight=False)


def prove(identifier: str) -> int:
    """Print the steps behind one statement, each run again; return 0 if all of them show what they state."""
    known = {s.id: s for s in (*LEDGER, *RESULTS)}
    if identifier not in known:
        refuse("id", identifier, "must be one of " + ", ".join(known))
    finding = verify_statement(known[identifier])
    statement, console = finding.statement, Console(highlight=False)
    console.print(f"[bold]{statement.id}[/bold]  {escape(statement.title)}")
    console.print(f"where:       {statement.place}", markup=False)
    console.print(f"as printed:  {statement.printed}", markup=False)
    console.print(f"as it holds: {statement.holds}", markup=False)
    if statement.condition:
        console.print(f"holds if:    {statement.condition}", markup=False)
    for i, e in enumerate(finding.evidence, 1):
        mark = "shown" if e["shown"] else "NOT SHOWN"
        side = "" if e["shows"] == "holds" else "against the printed statement: "
        console.print(f"{i:3}. {mark}  {e['level']:11}  {side}{e['detail']}", markup=False)
    console.print(f"verdict: [{_STYLE[finding.verdict]}]{finding.verdict}[/]")
    return int(finding.verdict == "undecided")


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _table(findings: list[Finding], title: str) -> Table:
    table = Table(title=title, box=SIMPLE_HEAD, show_lines=False)
    table.add_column("statement", no_wrap=True)
    table.add_column("what it says, and what was found")
    for f in findings:
        verdict = f"[{_STYLE[f.verdict]}]{f.verdict}[/]" + (" [bold red]FAILED[/]" if f.failed else "")
        found = f"{verdict}: {escape(f.statement.summary)} ({_levels(f)})"
        table.add_row(f.statement.id, f"{escape(f.statement.title)}\n{found}")
    return table


def _levels(finding: Finding) -> str:
    used = {e["level"] for e in finding.evidence}
    return ", ".join(level for level in LEVELS if level in used)


def _summary(findings: list[Finding]) -> str:
    counts = Counter(f.verdict for f in findings)
    return f"{len(findings)} statements: " + ", ".join(f"{counts[v]} {v}" for v in _STYLE if counts[v])
