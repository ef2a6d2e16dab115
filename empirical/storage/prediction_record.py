"""Predictions beside the runs that they speak of: a record that only grows, and whether they were written first.

The record of an experiment in a folder of runs is ``RUNS/predictions/NAME.jsonl``. A line is an object, and holds the
SHA-256 of the line before it and its own: a line that is edited, or taken out before others, breaks the chain. There
are two kinds:

``predictions``
    the SHA-256 of a table of predictions, when it was written, and the runs that it speaks of and that were begun by
    then. The table lies beside the record, as ``NAME-`` and the first digits of its SHA-256; a table that no line
    names shows that a line is gone.
``measured``
    the SHA-256 of the ``result.json`` of each run, when it was first compared with its predictions.

A case, a row of predictions, is *predicted* if the first line that has it says the same of it, if its run was not begun
by then, if the time of its ``result.json`` less the seconds of training is later, and if that file is still the one
that was compared first. Any other case is told *after the fact*. Times are those of this machine and its disk: who owns
both can set them, so that only a hash that was posted elsewhere (:func:`preregistration`) convinces others. Classifiers
on frozen features leave no run behind; for them the record shows that nothing else was predicted before. So that the
record cannot be begun anew, ``RUNS/RUN/predicted-NAME`` in the run of their features holds the hash of its first line.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from empirical.storage.digests import digest, json_digest
from empirical.storage.lock import locked
from empirical.storage.tables import csv_text, write_whole
from theory.support.cli import program_name
from theory.support.json_text import parsed
from theory.support.validate import refuse

__all__ = ["AFTER", "NO_RECORD", "PREDICTED", "Changed", "PredictionRecord", "preregistration", "read_preregistration"]
__all__ += ["joint_status", "table_predictions", "writing_time"]

PREDICTED, AFTER, NO_RECORD = "predicted", "after the fact", "no record"
"""When the predictions of a table were written: before what they speak of, after it, or nothing tells."""

_SHORT = 12  # digits of a hash in the name of a file
_CLOCKS = 2.0  # seconds that the clocks of the disk and of this machine may differ by
_SHOWN = 3  # reasons that are listed

Row = Mapping[str, str]


class Changed(ValueError):  # noqa: N818 - what happened: the record is not the one that was written
    """The record of predictions is not as it was written."""


@dataclass(frozen=True)
class PredictionRecord:
    """The record of an experiment's predictions in a folder of runs.

    Attributes:
        runs: the folder of the runs.
        name: of the experiment.
        values: the columns that are predicted; the others say of what.
        where: the cells of those rows of the experiment's table that are predictions; all rows if there are none.
    """

    runs: Path
    name: str
    values: tuple[str, ...]
    where: tuple[tuple[str, str], ...] = ()

    @property
    def folder(self) -> Path:
        """The folder of the records."""
        return self.runs / "predictions"

    def write(self, rows: Iterable[Mapping[str, Any]], speaks_of: Collection[str]) -> dict[str, Any]:
        """Write predictions down, unless they are there already, and return what a table is to say of them.

        Args:
            rows: the predictions, with ``run``, the name of the run that each speaks of.
            speaks_of: the names of the runs that are still to be trained; other runs are not looked at.

        Returns:
            ``sha256`` of the table of predictions and ``written``, the time of its first writing in UTC; ``columns``
            and ``where``, which of the experiment's table it is; ``line``, the hash of the line; and ``when`` and
            ``because``, whether everything in it is predicted, and if not, why.

        Raises:
            Changed: the record is not as it was written.
        """
        text = csv_text(rows)
        own = digest(text)
        with self._locked():
            lines = self._lines()
            line = next((part for part in lines if part.get("sha256") == own), None)
            if line is None:
                begun = sorted(run for run in speaks_of if (self.runs / run / "config.json").exists())
                said = {"kind": "predictions", "sha256": own, "written": _now(), "begun": begun}
                line = self._append(lines, said)
            self._mark(text, speaks_of, str((lines or [line])[0]["hash"]))
            if not self._table(own).is_file():
                write_whole(self._table(own), text)
            reasons = self._reasons([*lines, line], own, speaks_of)
        return {
            "file": f"predictions/{self._table(own).name}",
            "sha256": own,
            "written": line["written"],
            "columns": text.partition("\n")[0].split(","),
            "where": dict(self.where),
            "line": line["hash"],
            **_status(reasons),
        }

    def compare(self, written: Mapping[str, Any], speaks_of: Collection[str]) -> dict[str, Any]:
        """Record which results the predictions are compared with, and return ``written`` with ``when`` as it is now.

        Args:
            written: what :meth:`write` returned.
            speaks_of: the names of the runs that were trained.

        Raises:
            Changed: the record is not as it was written.
        """
        with self._locked():
            lines = self._lines()
            known = self._measured(lines)
            new = {run: self._result(run)[0] for run in sorted(speaks_of) if run not in known}
            new = {run: found for run, found in new.items() if found}
            if new:
                said = {"kind": "measured", "predictions": written["sha256"], "written": _now(), "results": new}
                lines.append(self._append(lines, said))
            reasons = self._reasons(lines, written["sha256"], speaks_of)
        return {**written, **_status(reasons)}

    def _locked(self) -> Any:
        self.folder.mkdir(parents=True, exist_ok=True)
        return locked(self.folder / f".{self.name}.lock", lambda _: None, lambda: None)

    def _table(self, own: str) -> Path:
        return self.folder / f"{self.name}-{own[:_SHORT]}.csv"

    def _lines(self) -> list[dict[str, Any]]:
        """Return the lines of the record, their chain checked."""
        path = self.folder / f"{self.name}.jsonl"
        found: list[dict[str, Any]] = []
        try:
            text = path.read_text(encoding="utf-8") if path.exists() else ""
        except (OSError, ValueError):
            self._refuse("cannot be read")
        for number, line in enumerate(text.splitlines(), 1):
            try:
                part = parsed(line)
                content = {key: value for key, value in part.items() if key != "hash"}
                whole = part["hash"] == json_digest(content) and part["previous"] == (
                    found[-1]["hash"] if found else ""
                )
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                whole = False
            if not whole:
                self._refuse(f"line {number} is not as it was written, or the one before it is gone")
            found.append(part)
        named = {self._table(str(part["sha256"])).name for part in found if part["kind"] == "predictions"}
        digits = "[0-9a-f]" * _SHORT
        gone = [table.name for table in self.folder.glob(f"{self.name}-{digits}.csv") if table.name not in named]
        if gone:
            self._refuse(f"has lost the line of {min(gone)}")
        return found

    def _append(self, lines: Sequence[Mapping[str, Any]], entry: Mapping[str, Any]) -> dict[str, Any]:
        content = {**entry, "previous": lines[-1]["hash"] if lines else ""}
        line = {**content, "hash": json_digest(content)}
        text = "".join(json.dumps(part) + "\n" for part in (*lines, line))
        write_whole(self.folder / f"{self.name}.jsonl", text)
        return line

    def _mark(self, text: str, speaks_of: Collection[str], first: str) -> None:
        """Leave the hash of the record's first line in the runs of the features that are predicted from."""
        for run in dict.fromkeys(row["run"] for row in csv.DictReader(io.StringIO(text, newline=""))):
            mark = self._marked(run)
            if run not in speaks_of and mark.parent.is_dir() and not mark.exists():
                write_whole(mark, f"{first}\n")

    def _marked(self, run: str) -> Path:
        return self.runs / run / f"predicted-{self.name}"

    def _measured(self, lines: Iterable[Mapping[str, Any]]) -> dict[str, str]:
        """Return by run the SHA-256 of the result that was compared first."""
        found: dict[str, str] = {}
        for line in lines:
            if line["kind"] == "measured":
                found = {**line["results"], **found}
        return found

    def _result(self, run: str) -> tuple[str, float]:
        """Return the SHA-256 of a run's result and when its training began at the latest; empty if it has none."""
        path = self.runs / run / "result.json"
        try:
            content = path.read_bytes()
            return digest(content), path.stat().st_mtime - float(json.loads(content)["seconds"])
        except (OSError, ValueError, KeyError, TypeError):
            return "", 0.0

    def _reasons(self, lines: Sequence[Mapping[str, Any]], own: str, speaks_of: Collection[str]) -> list[str]:
        """Return why not everything in a table of predictions was predicted."""
        reasons: dict[str, None] = {}
        measured = self._measured(lines)
        first: dict[tuple[str, ...], tuple[Row, Mapping[str, Any]]] = {}
        for line in lines:
            if line["kind"] != "predictions":
                continue
            path = self._table(str(line["sha256"]))
            text = path.read_text(encoding="utf-8") if path.is_file() else ""
            if digest(text) != line["sha256"]:
                reasons[f"{path.name} is gone or altered"] = None
                continue
            for row in csv.DictReader(io.StringIO(text, newline="")):
                first.setdefault(self._case(row), (row, line))
            if line["sha256"] == own:
                break
        text = self._table(own).read_text(encoding="utf-8")
        for row in csv.DictReader(io.StringIO(text, newline="")):
            said, line = first.get(self._case(row), ({}, {}))
            if said != row:
                reasons["something else was predicted before"] = None
            if row["run"] in speaks_of:
                reasons.update(dict.fromkeys(self._late(row["run"], line, measured)))
            elif (mark := self._marked(row["run"])).is_file() and mark.read_text("utf-8").strip() != lines[0]["hash"]:
                reasons[f"run {row['run']} was predicted from before, in a record that is not here"] = None
        return list(reasons)

    def _late(self, run: str, line: Mapping[str, Any], measured: Mapping[str, str]) -> Iterator[str]:
        """Yield why a run does not come after the line that speaks of it."""
        found, began = self._result(run)
        if run in line.get("begun", (run,)):
            yield f"run {run} was begun before"
        elif found and began < datetime.fromisoformat(line["written"]).timestamp() - _CLOCKS:
            yield f"run {run} is older by the time of its result.json"
        if measured.get(run, found) != found:
            yield f"result.json of run {run} is not the one that was compared first"

    def _case(self, row: Row) -> tuple[str, ...]:
        return tuple(f"{name}={cell}" for name, cell in row.items() if name not in self.values)

    def _refuse(self, reason: str) -> NoReturn:
        remedy = "restore it, or move the folder away: what is trained by then is told after the fact"
        raise Changed(f"predictions='predictions/{self.name}.jsonl': {reason}; {remedy}")


def table_predictions(text: str, columns: Sequence[str], cells: Mapping[str, str]) -> str:
    r"""Return the text of the predictions in the text of an experiment's table.

    Example:
        >>> table_predictions("level,told,measured\na,1,2\nb,3,4\n", ["level", "told"], {"level": "b"})
        'level,told\nb,3\n'
    """
    rows = [row for row in csv.DictReader(io.StringIO(text, newline="")) if cells.items() <= row.items()]
    lines = io.StringIO()
    writer = csv.DictWriter(lines, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return lines.getvalue()


def writing_time(text: str, metadata: Mapping[str, Any]) -> str:
    """Return when the predictions in the ``text`` of a table were written, by its JSON file ``metadata``."""
    known = metadata.get("data", {}).get("predictions", {})
    if not {"when", "columns", "where", "sha256"} <= known.keys():
        return NO_RECORD
    same = digest(table_predictions(text, known["columns"], known["where"])) == known["sha256"]
    return str(known["when"]) if same else AFTER


def joint_status(statuses: Iterable[str]) -> str:
    """Return what can be said of tables together: predicted only if each of them is; of none there is no record.

    Example:
        >>> joint_status(["predicted", "after the fact"]), joint_status([])
        ('after the fact', 'no record')
    """
    return max(statuses, key=(PREDICTED, NO_RECORD, AFTER).index, default=NO_RECORD)


def preregistration(name: str, command: str, written: Mapping[str, Any]) -> dict[str, Any]:
    """Return what can be posted before a campaign: the hash of its predictions, of what they are, and of all this.

    Args:
        name: of the experiment.
        command: that repeats it.
        written: what :meth:`PredictionRecord.write` returned.
    """
    kept = {key: written[key] for key in ("sha256", "written", "columns", "where", "line", "when", "because")}
    content = {"experiment": name, "command": command, **kept}
    return {**content, "digest": json_digest(content)}


def read_preregistration(path: Path) -> dict[str, Any]:
    """Return what :func:`preregistration` made.

    Raises:
        ValueError: the file cannot be read, or is not as it was written.
    """
    if not path.is_file():
        refuse("preregistered", str(path), "must be a file that exists")
    try:
        found = parsed(path.read_bytes())
        content = {key: value for key, value in found.items() if key != "digest"}
        whole = (
            found["digest"] == json_digest(content) and {"experiment", "sha256", "columns", "where"} <= content.keys()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        whole = False
    if not whole:
        refuse(
            "preregistered", str(path), f"must be a file that `{program_name('empirical')} predict` wrote, unaltered"
        )
    return dict(found)


def _status(reasons: Sequence[str]) -> dict[str, Any]:
    more = [f"and {len(reasons) - _SHOWN} more"] if len(reasons) > _SHOWN else []
    return {"when": AFTER if reasons else PREDICTED, "because": [*reasons[:_SHOWN], *more]}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
