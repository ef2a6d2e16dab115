"""Examine a network: everything that the theory can say of it, from arrays to tables."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from empirical.analysis.examine import accuracy, corrections, fit, gap, images, similarity
from empirical.analysis.examine.inputs import Inputs, check
from empirical.analysis.examine.pairs import ENOUGH, Pairs
from empirical.analysis.examine.tables import (
    SECTIONS,
    TABLES,
    Accuracy,
    Calibration,
    ClassAccuracy,
    ClassLoss,
    ClassParts,
    Correction,
    Fit,
    Images,
    Missing,
    Normality,
    Part,
    Reliability,
    Rival,
    Strength,
    meanings,
    plain,
)
from empirical.analysis.examine.text import screen
from empirical.runtime.progress import Track, silent
from empirical.storage.tables import csv_text, write_whole
from theory import __version__
from theory.class_counts import recalls_at
from theory.class_moments import FEWEST
from theory.support.validate import choice, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["NAME", "Examination", "examination", "examine"]

NAME = "examination"
"""What the files of an examination are called."""

_AT_COUNTS = "what is lost to the number of images, all classes at once; and section 5"
_MOST_WORK = 2e9  # classes x features^3: what drawing covariances takes
_MOST_NUMBERS = 5e7  # features that are held at once
_FEWEST_HELD_OUT = 8  # images of a class, of which a quarter is read


@dataclass(frozen=True, eq=False, repr=False)
class Examination:
    """The examination of a network: tables, each a list of dataclasses whose docstring explains the columns.

    A table that cannot be filled is empty, and ``missing`` says what it would take.

    Attributes:
        about: what was examined: the numbers of classes, images and features, and what was inputs.
        accuracy: of all images, of the mean over the classes, of many, medium and few.
        classes: the recall of each class.
        calibration: ECE and NLL under the prior of the held-out images and that of the training images.
        reliability: the reliability curves.
        gap: the gap between frequent and rare classes, split into norms, biases, angles and features.
        parts: the same for each class.
        losses: where the recall of each class is lost: similar classes, number of images, and beyond theory.
        rivals: the worst rivals of each class: separation, and number or similarity.
        corrections: what corrections would give, each chosen without the images that it is judged on.
        strengths: the sweeps over the strength of corrections.
        images: what more training images would give, and how many a wanted recall takes.
        fit: how well theory predicts what is measured on these features.
        normality: how far from normal the features are.
        missing: what cannot be said, and what it would take.
    """

    about: dict[str, Any]
    accuracy: tuple[Accuracy, ...] = ()
    classes: tuple[ClassAccuracy, ...] = ()
    calibration: tuple[Calibration, ...] = ()
    reliability: tuple[Reliability, ...] = ()
    gap: tuple[Part, ...] = ()
    parts: tuple[ClassParts, ...] = ()
    losses: tuple[ClassLoss, ...] = ()
    rivals: tuple[Rival, ...] = ()
    corrections: tuple[Correction, ...] = ()
    strengths: tuple[Strength, ...] = ()
    images: tuple[Images, ...] = ()
    fit: tuple[Fit, ...] = ()
    normality: tuple[Normality, ...] = ()
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
        return {
            "tailbound": __version__,
            "about": {**self.about},
            "sections": {str(key): name for key, name in SECTIONS.items()},
            "tables": tables,
        }

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

    def figure(self, part: str = "recall") -> Figure:
        """Return a figure of the examination, a panel for each table that can be drawn.

        Args:
            part: ``recall`` (of each class, what it loses, the gap, the errors of theory) or ``corrections`` (with
                calibration).

        Raises:
            ValueError: ``part`` is none of them.
        """
        choice("part", part, ("recall", "corrections"))
        return cast("Figure", _drawing("figures.examination").draw_tables(self.to_dict(), part))

    def to_html(self, path: str | Path) -> Path:
        """Write the examination as one HTML page, which loads nothing from elsewhere; return where it lies.

        Raises:
            OSError: the file cannot be written.
        """
        _drawing("figures.report.examination").write(self.to_dict(), Path(path))
        return Path(path)

    def __repr__(self) -> str:
        """Return what fits a screen."""
        return screen(self.to_dict())


def _drawing(module: str) -> ModuleType:
    """Return a module that draws. The package figures stands above this one, and is loaded only when it is asked to."""
    return import_module(module)


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
    recall: float = 0.8,
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
        recall: the recall that is wanted of each class, between 0 and 1.
        seed: of the two halves that the held-out images are divided into.
        about: what else is to be written down of where the arrays come from.
        track: shows progress; :func:`empirical.runtime.progress.track` does on standard error.

    Raises:
        ValueError: an argument holds what is not finite or beyond 1e50 in size, has the wrong shape or does not fit the
            others.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> labels = np.repeat([0, 1], 500)
        >>> logits = rng.normal(size=(1000, 2)) + 2 * np.eye(2)[labels] + [1, 0]
        >>> found = examine(logits=logits, labels=labels, counts=[500, 50])
        >>> [(row.name, row.count, round(row.recall)) for row in found.classes]
        [('class 0', 500, 98), ('class 1', 50, 74)]
    """
    inputs = check(
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
        track=track,
    )
    return examination(inputs, recall, about, track)


def examination(
    inputs: Inputs, recall: float = 0.8, about: Mapping[str, Any] | None = None, track: Track = silent
) -> Examination:
    """Return the examination of arrays that are checked already; the arguments are those of :func:`examine`."""
    wanted = float(number("recall", recall, "must be a number between 0 and 1", above=0, below=1))
    started = time.perf_counter()
    tables: dict[str, Sequence[Any]] = {}
    missing: list[Missing] = []
    sweeps = corrections.sweeps(inputs) if inputs.has_logits else None
    if sweeps is not None:
        decisions = accuracy.decide(inputs, track, [sweep.see for sweep in sweeps.every()])
        tables["accuracy"] = list(accuracy.accuracies(inputs, decisions))
        tables["classes"] = list(accuracy.class_accuracies(inputs, decisions))
        tables["calibration"], tables["reliability"] = accuracy.calibration(inputs, decisions)
        if inputs.counts is None:
            missing.append(
                Missing(
                    section=1, needs="counts", adds="many, medium and few, and calibration under the training prior"
                )
            )
    else:
        missing.append(Missing(section=1, needs=_for_logits(inputs), adds="accuracy and calibration"))
    _gap(inputs, tables, missing, track)
    if sweeps is not None:
        tables["corrections"], tables["strengths"], lacking = corrections.corrections(inputs, sweeps, track)
        missing += lacking
    else:
        missing.append(Missing(section=4, needs=_for_logits(inputs), adds="what corrections would give"))
    _theory(inputs, tables, missing, wanted, track)
    return Examination(
        about={**_about(inputs), **(about or {}), "seconds": round(time.perf_counter() - started, 1)},
        missing=tuple(missing),
        **{name: tuple(rows) for name, rows in tables.items()},
    )


def _for_logits(inputs: Inputs) -> str:
    """Return what it takes to know logits of held-out images."""
    return "labels with logits, or with features and weight" if inputs.features is None else "logits, or weight"


def _gap(inputs: Inputs, tables: dict[str, Sequence[Any]], missing: list[Missing], track: Track) -> None:
    """Add the tables of section 2."""
    splits = "the gap between frequent and rare classes, split into norms, biases, angles and features"
    if inputs.weight is None:
        missing.append(
            Missing(section=2, needs="weight", adds="norms, biases and angles of the last layer, and " + splits)
        )
        return
    found = None
    if inputs.features is None:
        missing.append(Missing(section=2, needs="features with labels", adds=splits))
    elif min(inputs.held_out) < 2 and inputs.train_features is None:
        missing.append(Missing(section=2, needs="2 held-out images of each class, or train_features", adds=splits))
    else:
        found = gap.contributions(inputs, track)
        if found is None:
            missing.append(
                Missing(section=2, needs="weight and mean features of classes without rows of zeros", adds=splits)
            )
        elif inputs.counts is None:
            missing.append(Missing(section=2, needs="counts", adds="which classes are frequent, and the gap"))
        elif len(set(inputs.counts.tolist())) > 1:
            tables["gap"] = gap.split(inputs, found)
    tables["parts"] = gap.class_parts(inputs, found)


def _theory(
    inputs: Inputs, tables: dict[str, Sequence[Any]], missing: list[Missing], goal: float, track: Track
) -> None:
    """Add the tables of sections 3, 5 and 6, which the features are for."""
    if inputs.features is None:
        adds = {3: "number or similarity", 5: "what more images would give", 6: "how well theory fits"}
        missing += [Missing(section=section, needs="features with labels", adds=what) for section, what in adds.items()]
        return
    pairs = Pairs(inputs, track)
    dimension = inputs.features.shape[1]
    needs = None
    if not pairs.enough:
        needs = (
            f"{ENOUGH} x {dimension} held-out images in each half, 2 of each class, for the covariance of the features"
        )
    elif not pairs.vary():
        needs = "features that vary within the classes"
    if needs is not None:
        missing.append(Missing(section=3, needs=needs, adds="separations, number or similarity; and sections 5 and 6"))
        return
    found = [pairs.pair(a, b) for a, b in track(pairs.near(), "separations")]
    tables["rivals"] = list(similarity.rivals(inputs, found))
    tables["normality"] = list(fit.normality(pairs, found))
    if pairs.own:
        tables["fit"] = fit.pair_fits(pairs, found, track)
    else:
        needs = f"{2 * ENOUGH * dimension // 2 + 2} held-out images of each class for {dimension} features"
        missing.append(Missing(section=6, needs=needs, adds="pairs of classes measured at several imbalances"))
    if inputs.counts is None:
        missing.append(Missing(section=3, needs="counts", adds="what is lost to the number of images"))
        missing.append(Missing(section=5, needs="counts", adds="what more images would give"))
    elif inputs.classes * dimension**3 > _MOST_WORK or len(inputs.features) * dimension > _MOST_NUMBERS:
        needs = f"fewer classes or features: classes x features^3 at most {_MOST_WORK:.0e}, {_MOST_NUMBERS:.0e} numbers"
        missing.append(Missing(section=3, needs=needs, adds=_AT_COUNTS))
    elif int(inputs.held_out.min()) < _FEWEST_HELD_OUT:
        missing.append(
            Missing(
                section=5, needs=f"{_FEWEST_HELD_OUT} held-out images of each class", adds="what more images would give"
            )
        )
    else:
        found_at_counts = _at_counts(inputs, pairs, tables, missing, goal)
        if found_at_counts is None:
            missing.append(Missing(section=3, needs="features that vary in every part of the images", adds=_AT_COUNTS))
        else:
            tables.update(found_at_counts)


def _at_counts(
    inputs: Inputs, pairs: Pairs, tables: Mapping[str, Sequence[Any]], missing: list[Missing], goal: float
) -> dict[str, Sequence[Any]] | None:
    """Return the tables of what all classes at once give at the network's counts; None if some images are all alike."""
    assert inputs.counts is not None
    x = np.asarray(inputs.features, dtype=np.float64)
    counts = np.maximum(inputs.counts, FEWEST)
    try:
        even, own = (
            recalls_at(x, n, inputs.labels, seed=inputs.seed) for n in (similarity.even_counts(counts), counts)
        )
        together = fit.all_classes(inputs, pairs)
        gains = [] if together is None else list(images.images(inputs, own, together.error, goal))
    except ValueError:  # of a fold, or of a training set that is drawn
        return None
    if alone := [name for name, n in zip(inputs.class_names, inputs.counts, strict=True) if n < FEWEST]:
        needs = f"{FEWEST} training images of {', '.join(alone[:5])}" + (", ..." if len(alone) > 5 else "")
        missing.append(Missing(section=5, needs=needs, adds="what holds at 1 image: the laws take it for 2"))
    measured = [row.recall for row in tables["classes"]] if "classes" in tables else None
    found: dict[str, Sequence[Any]] = {"losses": list(similarity.class_losses(inputs, even, own, measured))}
    if together is not None:
        found |= {"fit": [*tables.get("fit", ()), together], "images": gains}
    return found


def _about(inputs: Inputs) -> dict[str, Any]:
    """Return what was examined."""
    about: dict[str, Any] = {"classes": inputs.classes}
    if inputs.labels is not None:
        about["images"] = len(inputs.labels)
    if inputs.features is not None or inputs.weight is not None:
        matrix = inputs.features if inputs.features is not None else inputs.weight
        assert matrix is not None
        about["dimension"] = int(matrix.shape[1])
    if inputs.counts is not None:
        about["imbalance"] = float(inputs.counts.max() / inputs.counts.min())
    if inputs.weight is not None:
        norms = np.linalg.norm(inputs.weight, axis=1)
        about["norm_std_100"] = 100 * float(norms.std())
        if inputs.counts is not None and len(set(inputs.counts.tolist())) > 1 and norms.std() > 0:
            about["norm_correlation"] = float(np.corrcoef(norms, np.log(inputs.counts))[0, 1])
    names = ("features", "logits", "labels", "weight", "train_features", "counts")
    about["given"] = [name for name in names if getattr(inputs, name) is not None] + ["bias"] * inputs.has_bias
    about["seed"] = inputs.seed
    return about
