"""The JSON files of a run: read back as they were written, and for the right run, or refused."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from empirical.config import Config
from empirical.storage.digests import json_digest
from theory.support.json_text import parsed
from theory.support.validate import refuse

__all__ = ["check_record", "check_scores", "read_record", "record_text"]

_DIGEST = "sha256"
_SINCE = "classes"  # records with this key have a digest; earlier ones have neither


def record_text(content: Mapping[str, Any]) -> str:
    """Return an object as JSON, a line for each of its keys, with the SHA-256 of them all as the last."""
    plain = {key: value for key, value in content.items() if key != _DIGEST}
    whole = {**plain, _DIGEST: json_digest(plain)}
    lines = (f"  {json.dumps(key)}: {json.dumps(value, allow_nan=False)}" for key, value in whole.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def read_record(path: Path, run: str) -> dict[str, Any] | None:
    """Return the object in a JSON file of a run, without its digest; None if there is no file.

    Args:
        path: what :func:`record_text` wrote.
        run: the hash of the configuration that it must be of.

    Raises:
        ValueError: it cannot be read, is not as it was written, or is of another run.
    """
    try:
        content = parsed(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError):
        content = None
    if not isinstance(content, dict):
        _wrong(path, "cannot be read")
    check_record(path, content, run)
    return {key: value for key, value in content.items() if key != _DIGEST}


def check_record(path: Path, content: Mapping[str, Any], run: str) -> None:
    """Refuse a record that is not as it was written, or of another run."""
    owner = content.get("hash")
    if owner != run:
        _wrong(path, f"must be of run {run}, and is of {owner!r:.40}")
    digest = content.get(_DIGEST)
    if digest is None and _SINCE in content:
        _wrong(path, "must have its sha256")
    if digest is not None and digest != json_digest({key: value for key, value in content.items() if key != _DIGEST}):
        _wrong(path, "is not as it was written: its sha256 is wrong")
    try:
        configured = Config(**content["config"]).digest
    except (KeyError, TypeError, ValueError):
        configured = ""
    if configured != run:
        _wrong(path, f"must hold the configuration of run {run}")


def check_scores(path: Path, result: Mapping[str, Any]) -> None:
    """Refuse a result whose numbers do not fit each other: the accuracies are those of its confusion matrix."""
    try:
        fits = _is_digest(result["data"]) and _is_integer(result["counts"])
        if "last" in result:
            fits = fits and _scores_fit(result["last"], len(result["counts"]))
            best = result["best"]
            fits = fits and _is_fraction(best["accuracy"]) and 1 <= best["epoch"] <= result["last"]["epoch"]
    except (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError, OverflowError):
        fits = False
    if not fits:
        _wrong(path, "must hold a result, with accuracies that are those of its confusion matrix")


def _scores_fit(last: Mapping[str, Any], classes: int) -> bool:
    """Return whether scores are those of their confusion matrix."""
    matrix, each = last["confusion"], last["per_class"]
    total, right = sum(map(sum, matrix)), [row[label] for label, row in enumerate(matrix)]
    return (
        len(matrix) == len(each) == classes
        and all(len(row) == classes and _is_integer(row) for row in matrix)
        and isinstance(last["loss"], float)
        and last["loss"] >= 0
        and math.isclose(last["accuracy"], sum(right) / total, abs_tol=1e-9)
        and all(math.isclose(each[c], right[c] / sum(matrix[c]), abs_tol=1e-9) for c in range(classes))
    )


def _is_integer(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int and value >= 0 for value in values)


def _is_fraction(value: Any) -> bool:
    return isinstance(value, int | float) and 0 <= value <= 1


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef")


def _wrong(path: Path, reason: str) -> NoReturn:
    refuse("file", f"{path.parent.name}/{path.name}", f"{reason}; remove it to have it made again")
