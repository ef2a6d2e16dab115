"""Certificates: every verdict with its evidence in one file, which others can repeat elsewhere.

``tailbound theory verify --certificate FILE`` writes one and ``tailbound theory recheck FILE`` repeats it. A
certificate holds the statements of the ledger and the results beyond the paper, each with its verdict and steps; the
versions and the hashes of the source files that gave them; a hash of each statement, of each statement's evidence, and
of the whole. ``certificate.schema.json``, beside this file, is its form.

The hashes find files that were damaged or edited. They are no signature: who edits a file can hash it anew. What a
certificate is worth comes from repeating it: a recheck runs every step again with the library at hand.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

from theory import __version__
from theory.support.files import is_pipe_or_device
from theory.support.json_text import parsed
from theory.support.validate import refuse
from theory.verdicts.beyond import RESULTS
from theory.verdicts.canonical import canonical, digest
from theory.verdicts.ledger import LEDGER, Finding, Statement
from theory.verdicts.ledger import verify as verify_statement
from theory.verdicts.schema import first_fault

__all__ = [
    "FORMAT",
    "VERSION",
    "Recheck",
    "certificate",
    "missing",
    "read",
    "recheck",
    "recheck_statement",
    "schema",
    "statements_by_name",
]

FORMAT = "tailbound certificate"
"""What a certificate calls itself."""

VERSION = 2
"""The version of the format."""

_PACKAGES = ("numpy", "scipy", "sympy", "python-flint", "z3-solver", "mpmath")
_FORM = Path(__file__).with_name("certificate.schema.json")
_PACKAGE = Path(__file__).parents[1]
_TEXT = ("title", "summary", "place", "printed", "holds", "condition")


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a certificate."""
    loaded: dict[str, Any] = json.loads(_FORM.read_text(encoding="utf-8"))
    return loaded


def statements_by_name() -> dict[str, tuple[str, Statement]]:
    """Return the statements that a certificate holds, by identifier, each with the name of its list."""
    lists = {"paper": LEDGER, "beyond": RESULTS}
    return {statement.id: (name, statement) for name, statements in lists.items() for statement in statements}


def certificate(findings: Iterable[Finding]) -> dict[str, Any]:
    """Return the certificate of the findings as plain data; their statements are of :func:`statements_by_name`."""
    files = _sources()
    body = {
        "format": FORMAT,
        "version": VERSION,
        "made_with": _made_with(),
        "sources": {"files": files, "sha256": digest(files)},
        "statements": [_entry(finding) for finding in findings],
    }
    return {**body, "sha256": digest(body)}


def read(path: Path) -> dict[str, Any]:
    """Return the certificate in the file ``path``.

    Raises:
        ValueError: the file cannot be read, is no certificate of this version, or was altered: a hash does not match.
    """
    if is_pipe_or_device(path):
        _refuse(path, "must be a file, not a pipe or a device")
    try:
        text = path.read_bytes()
    except OSError as error:
        _refuse(path, f"must be a file that can be read: {error.strerror}")
    try:
        data = parsed(text)
        canonical(data)
    except (ValueError, RecursionError):
        _refuse(path, "must be a certificate: it is no JSON, or torn")
    if isinstance(data, dict) and data.get("format") == FORMAT and data.get("version") != VERSION:
        _refuse(path, f"must be a certificate of version {VERSION}: it is of version {data.get('version')!r}")
    fault = first_fault(data, schema())
    if fault:
        _refuse(path, f"must be a certificate: {fault}")
    for place, part, stated in _hashes(data):
        if digest(part) != stated:
            _refuse(path, f"must be as it was written: the hash of {place} does not match")
    identifiers = [entry["id"] for entry in data["statements"]]
    if len(set(identifiers)) < len(identifiers):
        _refuse(path, "must list each statement once")
    checked: dict[str, Any] = data
    return checked


@dataclass(frozen=True)
class Recheck:
    """The result of a recheck.

    Args:
        differences: what was not repeated or is missing, in one line each; empty if every statement of the library is
            there, and every verdict and step was repeated.
        notes: what is different without contradicting the certificate: versions, source files.
    """

    differences: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether every verdict was repeated, by the same steps."""
        return not self.differences


def recheck(data: Mapping[str, Any]) -> Recheck:
    """Repeat every verdict of a certificate that :func:`read` returned."""
    differences = [line for entry in data["statements"] for line in recheck_statement(entry)]
    return Recheck((*differences, *missing(data)), notes(data))


def missing(data: Mapping[str, Any]) -> list[str]:
    """Return which statements of the library a certificate lacks, in one line each.

    It may be older than they are, or they were taken out: neither is a certificate of all that the library states.
    """
    there = {entry["id"] for entry in data["statements"]}
    return [f"{name}: missing in the certificate" for name in statements_by_name() if name not in there]


def recheck_statement(entry: Mapping[str, Any]) -> list[str]:
    """Run the steps of one entry of a certificate again; return what is not as it says, in one line each."""
    name = entry["id"]
    if name not in statements_by_name():
        return [f"{name}: not a statement of this version of the library"]
    place, statement = statements_by_name()[name]
    found = {"list": place, **verify_statement(statement).as_dict()}
    lines = [
        f"{name}: {part} is {found[part]!r}, in the certificate {entry[part]!r}"
        for part in ("verdict", "list", *_TEXT)
        if found[part] != entry[part]
    ]
    for i, (now, then) in enumerate(zip(found["evidence"], entry["evidence"], strict=False), 1):
        if now != then:
            changed = ", ".join(f"{key} {now[key]!r} instead of {then[key]!r}" for key in then if now[key] != then[key])
            lines.append(f"{name}: step {i} has {changed}")
    steps, stated = len(found["evidence"]), len(entry["evidence"])
    if steps != stated:
        lines.append(f"{name}: {steps} steps, in the certificate {stated}")
    return lines


def notes(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what is different here from where the certificate was made, without contradicting it."""
    here, there = _made_with(), data["made_with"]
    lines = [
        f"{name}: {here.get(name, 'none')} here, {there.get(name, 'none')} in the certificate"
        for name in sorted({*here, *there})
        if here.get(name) != there.get(name)
    ]
    ours, theirs = _sources(), data["sources"]["files"]
    changed = sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))
    if changed:
        lines.append(f"source files that differ: {', '.join(changed)}")
    return tuple(lines)


def _entry(finding: Finding) -> dict[str, Any]:
    found = {"list": statements_by_name()[finding.statement.id][0], **finding.as_dict()}
    evidence = found.pop("evidence")
    return {**found, "evidence": evidence, "sha256": digest(found), "evidence_sha256": digest(evidence)}


def _hashes(data: Mapping[str, Any]) -> Iterable[tuple[str, Any, str]]:
    """Yield what is hashed, most particular first: its place, the hashed data, the stated hash."""
    for entry in data["statements"]:
        stated = {key: value for key, value in entry.items() if key not in ("sha256", "evidence", "evidence_sha256")}
        yield f"{entry['id']}", stated, entry["sha256"]
        yield f"the evidence of {entry['id']}", entry["evidence"], entry["evidence_sha256"]
    yield "the sources", data["sources"]["files"], data["sources"]["sha256"]
    yield "the whole", {key: value for key, value in data.items() if key != "sha256"}, data["sha256"]


def _made_with() -> dict[str, str]:
    """Return the versions that the evidence may depend on and the kind of machine; no names of hosts."""
    return {
        "tailbound": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
        "platform": f"{platform.system()} {platform.machine()}",
    }


def _sources() -> dict[str, str]:
    """Return the hash of each source file of the package, by its path; the same for any line ends."""
    files = sorted(_PACKAGE.rglob("*.py"), key=lambda file: file.relative_to(_PACKAGE.parent).as_posix())
    return {
        file.relative_to(_PACKAGE.parent).as_posix(): hashlib.sha256(
            file.read_bytes().replace(b"\r\n", b"\n")
        ).hexdigest()
        for file in files
    }


def _refuse(path: Path, allowed: str) -> NoReturn:
    refuse("FILE", str(path), allowed)
