"""Verdicts on the claims about measurements, as ``tailbound empirical verify`` prints and writes them."""

from __future__ import annotations

import argparse
import json
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from empirical.claims import ALPHA, FOLDERS, NOT_MEASURED, RUNS, Finding, findings, read
from empirical.claims.paper import printed_tables
from empirical.claims.paper.as_printed import as_printed
from empirical.experiments import EXPERIMENTS
from empirical.runtime.command_line import FAILED, Parser, record_output
from empirical.storage.digests import digest
from empirical.storage.prediction_record import read_preregistration, table_predictions
from empirical.storage.tables import check_file, table_bytes, table_file, write_whole

__all__ = ["judge"]

_STYLE = {"confirmed": "green", "contradicted": "red", "undecided at this scale": "magenta", NOT_MEASURED: "dim"}
_WIDTH = 150  # where the output is no terminal, whose width is then not known
_ROOMY = 120  # from which on what was measured has columns of its own


def judge(parser: Parser, args: argparse.Namespace) -> int:
    """Judge the claims by the tables that the options name, print and write the verdicts, and return the exit code."""
    try:
        found = findings(args.results)
        cells = printed_tables.compare(read(args.results, ("rebalance", "norms")))
        registered = [read_preregistration(path) for path in args.preregistered]
        if args.json is not None:
            check_file("json", args.json)
    except ValueError as error:
        parser.error(str(error))
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH
    for (profile, ours), own in groupby(sorted(found, key=_heading), key=_heading):
        console.print(_table(profile, ours, list(own), narrow=console.width < _ROOMY))
    console.print(_summary(found), markup=False)
    if cells:
        console.print(_published(cells), markup=False)
    _say_missing(console, found, args.results[0])
    kept = [_compare(console, args.results, own) for own in registered]
    if args.json is not None:
        _write(parser, args.json, _tables(args.results), found, cells)
        record_output(args.json)
        console.print(f"written to {args.json}", markup=False, soft_wrap=True)
    return 0 if all(kept) else FAILED


def _compare(console: Console, folders: Sequence[Path], registered: Mapping[str, Any]) -> bool:
    """Say whether a table holds the predictions of a preregistration, and return it."""
    name = registered["experiment"]
    tables = [path for path in (table_file(results, name) for results in folders) if path.is_file()]
    held = any(
        digest(table_predictions(table_bytes(path).decode(), registered["columns"], registered["where"]))
        == registered["sha256"]
        for path in tables
    )
    told = "holds" if held else "does not hold" if tables else "is not there to hold"
    which = f"written {registered['written']}, digest {registered['digest']}"
    console.print(f"{name}: the table {told} the predictions preregistered ({which})", markup=False, soft_wrap=True)
    return held


def _heading(f: Finding) -> tuple[str, bool]:
    return f.profile, f.claim.ours


def _table(profile: str, ours: bool, findings: Sequence[Finding], *, narrow: bool) -> Table:
    title = "Our predictions" if ours else "The paper's claims"
    table = Table(title=f"{title}, profile {profile}" if profile else title, box=SIMPLE_HEAD)
    table.add_column("claim", no_wrap=True)
    table.add_column("verdict", no_wrap=not narrow, width=12 if narrow else None)
    stated = "as predicted" if ours else "as printed in the text at hand"
    told = ["measured on", "made" if ours else "the paper's own table"]
    for name in ["; ".join([stated, *told])] if narrow else [stated, *told]:
        table.add_column(name)
    for f in findings:
        own = as_printed(f.claim)
        verdict = f"[{_STYLE[f.verdict]}]{f.verdict}[/]"
        reading = "" if f.claim.reading is None else f" (read as: {f.claim.reading})"
        found_so_far = f"{f.counts}; {f.late} lack runs or values" if f.late else f.counts
        found_so_far += f"; {f.power}" if f.power else ""
        measured = ", ".join((*f.data, f"{f.seeds}: {found_so_far}")) if f.data else ""
        words = [f.claim.printed + reading, measured, f.when if ours else "" if own is None else str(own)]
        cells = ["\n".join(filter(None, words))] if narrow else words
        table.add_row(f.claim.id, verdict, *map(escape, cells))
    return table


def _summary(findings: Sequence[Finding]) -> str:
    verdicts = Counter(f.verdict for f in findings)
    listed = ", ".join(f"{verdicts[name]} {name}" for name in _STYLE if verdicts[name])
    judged = len(findings) - verdicts[NOT_MEASURED]
    chance = (
        f" A verdict is wrong with a chance of at most {100 * ALPHA / 2:g} %, if seeds differ normally: of {judged}, "
        f"{ALPHA / 2 * judged:.1f} are expected to be."
    )
    return f"{len(findings)} verdicts: {listed}." + (chance if judged else "")


def _published(cells: Sequence[printed_tables.Cell]) -> str:
    lines = []
    for (table, profile, data), group in groupby(cells, key=lambda part: (part.table, part.profile, part.data)):
        own = list(group)
        lines.append(f"{table}, {data}, profile {profile}: {printed_tables.counts(own)}")
        lines += [
            f"  outside: {part.method}, {part.pretrain}, imbalance {part.imbalance:g}: printed {part.printed:g}, "
            f"within noise {part.low:.1f} to {part.high:.1f}"
            for part in own
            if part.verdict == printed_tables.OUTSIDE
        ]
        lines += [
            f"  {part.method}, {part.pretrain}, imbalance {part.imbalance:g}: measured {part.mean:.1f}, {part.range}"
            for part in own
            if part.range is not None
        ]
    return "\n".join(lines)


def _say_missing(console: Console, findings: Sequence[Finding], out: Path) -> None:
    """Say what is missing and which commands make it, in the shell in which its folders are named first."""
    absent = dict.fromkeys(reason for f in findings for reason in f.missing if not reason.startswith(RUNS))
    if absent:
        console.print("missing: " + "; ".join(absent), markup=False)
    commands = dict.fromkeys(command for f in findings for command in f.make)
    if commands:
        folders = {"DATA": "the data sets", "RUNS": f"the runs that are there ({out / 'runs'} if none was named)"}
        named = " and ".join(f"${name} is the folder of {what}" for name, what in folders.items())
        lines = [f"  {command} {FOLDERS}" for command in commands]
        words = [f"made by, where {named}:", f"  RESULTS={shlex.quote(str(out))}", *lines]
        console.print(*words, sep="\n", markup=False, soft_wrap=True)


def _write(
    parser: Parser, path: Path, tables: list[str], findings: Sequence[Finding], cells: Sequence[printed_tables.Cell]
) -> None:
    claims: list[dict[str, Any]] = []
    for f in findings:
        own = as_printed(f.claim)
        claims.append({**f.as_dict(), "as_printed": None if own is None else dict(vars(own))})
    judged = {"claims": claims, "published": [part.as_dict() for part in cells]}
    content = {"alpha": ALPHA, "tables": tables, **judged}
    try:
        write_whole(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    except OSError as error:
        parser.error(f"json={str(path)!r}: must be a file that can be written: {error.strerror}")


def _tables(folders: Sequence[Path]) -> list[str]:
    """Return the SHA-256 of all tables that were there to be judged, so that others can be told from them."""
    digests: set[str] = set()
    for path in (results / f"{name}.json" for results in folders for name in EXPERIMENTS):
        try:
            digests.update(json.loads(path.read_text(encoding="utf-8"))["sha256"].values())
        except (OSError, ValueError, TypeError, LookupError, AttributeError):  # no such table, or of no use
            continue
    return sorted(digests)
