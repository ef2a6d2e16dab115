"""Examine a network: everything that the theory can say of it, from arrays to tables."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from empirical.analysis.examine import accuracy, corrections, gap
from empirical.analysis.examine.inputs import Inputs, check
from empirical.analysis.examine.tables import (
    SECTIONS,
    TABLES,
    Accuracy,
    Calibration,
    ClassAccuracy,
    ClassParts,
    Correction,
    Missing,
    Part,
    Reliability,
    Strength,
    meanings,
    plain,
)
from empirical.analysis.examine.text import screen
from empirical.runtime.progress import Track, silent
from empirical.storage.tables import csv_text, write_whole
from theory import __version__

__all__ = ["NAME", "Examination", "examination", "examine"]

NAME = "examination"
"""What the files of an examination are called."""


@dataclass(frozen=True, eq=False, repr=False)
class Examination:
    """What the theory says of a network: tables, each a list of dataclasses whose docstring explains the columns.

    A table that cannot be filled is empty, and ``missing`` says what it would take.

    Attributes:
        about: what was examined: the numbers of classes, images and features, and what was given.
        accuracy: of all images, of the mean over the classes, of many, medium and few.
        classes: the recall of each class.
        calibration: ECE and NLL under the prior of the held-out images and that of the training images.
        reliability: the reliability curves.
        gap: the gap between frequent and rare classes, split into norms, biases, angles and features.
        parts: the same for each class.
        corrections: what corrections would give, each chosen without the images that it is judged on.
        strengths: the sweeps over the strength of corrections.
        missing: what cannot be said, and what it would take.
    """

    about: dict[str, Any]
    accuracy: tuple[Accuracy, ...] = ()
    classes: tuple[ClassAccuracy, ...] = ()
    calibration: tuple[Calibration, ...] = ()
    reliability: tuple[Reliability, ...] = ()
    gap: tuple[Part, ...] = ()
    parts: tuple[ClassParts, ...] = ()
    corrections: tuple[Correction, ...] = ()
    strengths: tuple[Strength, ...] = ()
    missing: tuple[Missing, ...] = ()

    def tables(self) -> dict[str, tuple[Any, ...]]:
        """Return the tables that have rows, by name."""
        found = {name: getattr(self, name) for name in TABLES}
        return {name: rows for name, rows in found.items() if rows}

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data: what was examined, and of each table the title, the columns and the rows."""
        tables = {
            name: {
                "section": TABLES[name].section,
                "title": TABLES[name].title,
                "columns": meanings(TABLES[name].row),
                "rows": [plain(row) for row in rows],
            }
            for name, rows in self.tables().items()
        }
        return {"tailbound": __version__, "about": self.about, "sections": SECTIONS, "tables": tables}

    def to_json(self, path: str | Path | None = None) -> str:
        """Return :meth:`to_dict` as JSON, and write it to a file if one is named.

        Raises:
            OSError: the file cannot be written.
        """
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False) + "\n"
        if path is not None:
            write_whole(Path(path), text)
        return text

    def to_csv(self, folder: str | Path) -> list[Path]:
        """Write a file for each table, and ``examination-columns.csv``, which explains every column; return them.

        Raises:
            OSError: a file cannot be written.
        """
        texts = {name: csv_text(map(plain, rows)) for name, rows in self.tables().items()}
        explained = (
            {"table": name, "column": column, "meaning": meaning}
            for name in texts
            for column, meaning in meanings(TABLES[name].row).items()
        )
        texts["columns"] = csv_text(explained)
        paths = {Path(folder) / f"{NAME}-{name}.csv": text for name, text in texts.items()}
        for path, text in paths.items():
            write_whole(path, text)
        return list(paths)

    def __repr__(self) -> str:
        """Return what fits a screen."""
        return screen(self.to_dict())


def examine(
    *,
    features: Any = None,
    logits: Any = None,
    labels: Any = None,
    weight: Any = None,
    bias: Any = None,
    train_features: Any = None,
    train_labels: Any = None,
    counts: Any = None,
    class_names: Sequence[str] | None = None,
    seed: int = 0,
    about: Mapping[str, Any] | None = None,
    track: Track = silent,
) -> Examination:
    """Return what the theory says of a network, from whatever there is of it.

    Arrays of NumPy, memory-mapped ones among them, and tensors of torch are taken, in any precision. What cannot be
    said for want of something is named in the table ``missing``.

    Args:
        features: what the last layer sees of held-out images, which the network was not trained on, shape ``(n, d)``.
        logits: of the same images, shape ``(n, C)``; where they are left out they are computed from the features and
            the last layer.
        labels: of the same images, shape ``(n,)``, from 0; every class has images.
        weight: of the last layer, shape ``(C, d)``.
        bias: of the last layer, shape ``(C,)``.
        train_features: of the images that the network was trained on, shape ``(m, d)``.
        train_labels: of those, shape ``(m,)``.
        counts: the training images of each class, shape ``(C,)``; where they are left out, those of ``train_labels``.
        class_names: of the classes, by default ``class 0`` and so on.
        seed: of the two halves that the held-out images are divided into.
        about: what else is to be written down of where the arrays come from.
        track: shows progress; :func:`empirical.runtime.progress.track` does on standard error.

    Raises:
        ValueError: an argument holds what is not finite, has the wrong shape or does not fit the others.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> labels = np.repeat([0, 1], 500)
        >>> logits = rng.normal(size=(1000, 2)) + 2 * np.eye(2)[labels] + [1, 0]
        >>> found = examine(logits=logits, labels=labels, counts=[500, 50])
        >>> [(row.name, row.count, round(row.recall)) for row in found.classes]
        [('class 0', 500, 98), ('class 1', 50, 74)]
    """
    given = check(
        features=features,
        logits=logits,
        labels=labels,
        weight=weight,
        bias=bias,
        train_features=train_features,
        train_labels=train_labels,
        counts=counts,
        class_names=class_names,
        seed=seed,
    )
    return examination(given, about, track)


def examination(given: Inputs, about: Mapping[str, Any] | None = None, track: Track = silent) -> Examination:
    """Return the examination of arrays that are checked already; the arguments are those of :func:`examine`."""
    started = time.perf_counter()
    tables: dict[str, Sequence[Any]] = {}
    missing: list[Missing] = []
    if given.has_logits:
        decisions = accuracy.decide(given, track)
        tables["accuracy"] = list(accuracy.accuracies(given, decisions))
        tables["classes"] = list(accuracy.class_accuracies(given, decisions))
        tables["calibration"], tables["reliability"] = accuracy.calibration(given, decisions)
        if given.counts is None:
            missing.append(Missing(1, "counts", "many, medium and few, and calibration under the training prior"))
    else:
        missing.append(Missing(1, "labels with logits, or with features and weight", "accuracy and calibration"))
    _gap(given, tables, missing, track)
    if given.has_logits:
        tables["corrections"], tables["strengths"], lacking = corrections.corrections(given, track)
        missing += lacking
    else:
        missing.append(Missing(4, "labels with logits, or with features and weight", "what corrections would give"))
    return Examination(
        about={**_about(given), **(about or {}), "seconds": round(time.perf_counter() - started, 1)},
        missing=tuple(missing),
        **{name: tuple(rows) for name, rows in tables.items()},
    )


def _gap(given: Inputs, tables: dict[str, Sequence[Any]], missing: list[Missing], track: Track) -> None:
    """Put in the tables of section 2."""
    splits = "the gap between frequent and rare classes, split into norms, biases, angles and features"
    if given.weight is None:
        missing.append(Missing(2, "weight", "norms, biases and angles of the last layer, and " + splits))
        return
    found = None
    if given.features is None:
        missing.append(Missing(2, "features with labels", splits))
    elif min(given.held_out) < 2 and given.train_features is None:
        missing.append(Missing(2, "2 held-out images of each class, or train_features", splits))
    else:
        found = gap.contributions(given, track)
        if given.counts is None:
            missing.append(Missing(2, "counts", "which classes are frequent, and the gap"))
        elif len(set(given.counts.tolist())) > 1:
            tables["gap"] = gap.split(given, found)
    tables["parts"] = gap.class_parts(given, found)


def _about(given: Inputs) -> dict[str, Any]:
    """Return what was examined."""
    about: dict[str, Any] = {"classes": given.classes}
    if given.labels is not None:
        about["images"] = len(given.labels)
    if given.features is not None or given.weight is not None:
        matrix = given.features if given.features is not None else given.weight
        assert matrix is not None
        about["dimension"] = int(matrix.shape[1])
    if given.counts is not None:
        about["imbalance"] = float(given.counts.max() / given.counts.min())
    if given.weight is not None:
        norms = np.linalg.norm(given.weight, axis=1)
        about["norm_std_100"] = 100 * float(norms.std())
        if given.counts is not None and len(set(given.counts.tolist())) > 1 and norms.std() > 0:
            about["norm_correlation"] = float(np.corrcoef(norms, np.log(given.counts))[0, 1])
    names = ("features", "logits", "labels", "weight", "train_features", "counts")
    about["given"] = [name for name in names if getattr(given, name) is not None] + ["bias"] * given.has_bias
    about["seed"] = given.seed
    return about
