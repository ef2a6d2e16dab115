"""The files of an experiment's results: ``NAME.csv``, further tables ``NAME-TABLE.csv``, and ``NAME.json``."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from empirical.experiments.experiment import Experiment
from empirical.experiments.shared.rows import Tables
from empirical.storage.digests import digest
from empirical.storage.tables import TableError, csv_text, is_finished, read_table
from theory.support.validate import refuse

__all__ = ["check_replaceable", "lost_runs", "result_files", "summary_text"]


def result_files(
    experiment: Experiment[Any, Any],
    rows: list[Any],
    made: Mapping[str, Any],
    out: Path,
    lacking: Mapping[str | None, Collection[str]] | None = None,
) -> tuple[dict[Path, str], list[dict[str, Any]]]:
    """Return the files of a table, by path, and its summary.

    Args:
        experiment: the experiment.
        rows: its rows, data classes; further tables hang on them (:class:`~empirical.experiments.shared.rows.Tables`).
        made: how they were made, the first part of the JSON file; the numbers of rows, the SHA-256 of the tables, their
            columns of text and the summary follow it.
        out: the folder.
        lacking: columns to leave out, by further table, None for the experiment's own.
    """
    name = experiment.name
    extra = rows.extra if isinstance(rows, Tables) else {}
    tables = {name: rows, **{f"{name}-{key}": table for key, table in extra.items()}}
    left_out = {name if key is None else f"{name}-{key}": columns for key, columns in (lacking or {}).items()}
    texts = {file: csv_text(_cells(table, left_out.get(file, ()))) for file, table in tables.items()}
    summary = experiment.summarise(rows)
    described = {
        **made,
        "rows": len(rows),
        "sha256": {file: digest(text) for file, text in texts.items()},
        "text": {file: _text_columns(table) for file, table in tables.items()},
        **({"further": {key: len(table) for key, table in extra.items()}} if extra else {}),
        "summary": summary,
    }
    files = {out / f"{file}.csv": text for file, text in texts.items()}
    files[out / f"{name}.json"] = json.dumps(described, indent=2, allow_nan=False) + "\n"
    return files, summary


def check_replaceable(name: str, out: Path, arguments: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    """Refuse a folder whose table a new one would not go on: it is of other data sets, or of another profile.

    Args:
        name: of the experiment.
        out: the folder.
        arguments: of the new table.
        data: what its data sets are, by name.

    Raises:
        ValueError: it is.
    """
    try:
        made = read_table(out, name).metadata
    except TableError:
        return
    old, new = _fingerprints(made.get("data", {})), _fingerprints(data)
    changed = [
        f"other images, {one}" if one in new else f"data {one}"
        for one, print_ in old.items()
        if one not in new or new[one] != print_
    ]
    profile = made["arguments"].get("profile")
    changed += [f"the profile {profile}"] if profile not in (None, arguments.get("profile")) else []
    if changed:
        refuse("out", str(out), f"holds {name} of {changed[0]}: name another folder, or remove {name}.json there first")


def _fingerprints(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what tells the images of each data set from others."""
    sets = {data["name"]: data} if isinstance(data.get("name"), str) else data
    found = {
        name: about.get("fingerprint", about.get("sha256")) for name, about in sets.items() if isinstance(about, dict)
    }
    recorded = isinstance(data.get("predictions"), dict) and "fingerprint" not in data["predictions"]
    return {name: print_ for name, print_ in found.items() if not (recorded and name == "predictions")}


def lost_runs(experiment: Experiment[Any, Any], out: Path, rows: Sequence[Any]) -> set[str]:
    """Return the runs that the table in a folder has finished and the rows that would take its place have not."""
    outcome = experiment.row.outcome
    new = [asdict(row) for row in rows]
    finished = {row["run"] for row in new if "run" in row and is_finished(row, outcome)}
    waiting = {row["run"] for row in new if "run" in row} - finished
    try:
        known = {
            row["run"] for row in read_table(out, experiment.name).rows if "run" in row and is_finished(row, outcome)
        }
    except TableError:
        return set()
    return waiting & known


def summary_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a summary, rows that all have the same keys, as a table of plain text."""
    lines = [list(rows[0])] + [[_cell(value) for value in row.values()] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.rjust, line, widths)) for line in lines)


def _cells(rows: Iterable[Any], left_out: Collection[str]) -> Iterator[dict[str, Any]]:
    """Yield the cells of rows, without those of the columns that are left out."""
    for row in rows:
        yield {name: value for name, value in asdict(row).items() if name not in left_out}


def _text_columns(rows: Sequence[Any]) -> list[str]:
    """Return the columns of a table that hold text: a class may be called ``1e5``."""
    return list(dict.fromkeys(name for row in rows for name, value in vars(row).items() if isinstance(value, str)))


def _cell(value: float | None) -> str:
    """Return a value of the table."""
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
