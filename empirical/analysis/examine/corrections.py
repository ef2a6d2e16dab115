"""Corrections of imbalance and their accuracies, each chosen without the images that it is judged on.

Whatever is chosen or fitted with held-out images, a tau or a head, is chosen on one half and judged on the other, and
the other way round; so every image is judged, and none has a say in what judges it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp

from empirical.analysis.examine.accuracy import GROUPS, groups
from empirical.analysis.examine.inputs import Array, Inputs, pieces
from empirical.analysis.examine.intervals import mean_over_classes
from empirical.analysis.examine.sweep import STEP, Sweep, adjusted, look, means_of_classes, normalised, unchanged
from empirical.analysis.examine.tables import Correction, Missing, Strength
from empirical.config import Config
from empirical.runtime.progress import Track, silent
from theory.adjustment import Adjustment, fit_adjustment

__all__ = ["ADJUSTED", "Head", "Sweeps", "corrections", "head", "sweeps"]

ADJUSTED = "logits - tau log prior"
"""Logit adjustment after training."""

_MOST_NUMBERS = 2**25  # logits, or features, that are held at once
_MOST_WORK = 2**31  # images x features x classes of a head that is trained
_ITERATIONS = 200
_WEIGHT_DECAY: float = cast("float", Config.__dataclass_fields__["weight_decay"].default)

Floats = NDArray[np.float64]
Right = NDArray[np.bool_]
Rows = tuple[list[Correction], list[Strength], list[Missing]]


@dataclass(frozen=True)
class Sweeps:
    """The corrections that one pass over the logits decides about.

    Attributes:
        trained: none.
        unbiased: the bias left out; None if there is no bias.
        swept: those that have a strength, by their names.
    """

    trained: Sweep
    unbiased: Sweep | None
    swept: Mapping[str, Sweep]

    def every(self) -> list[Sweep]:
        """Return all of them."""
        return [self.trained, *([] if self.unbiased is None else [self.unbiased]), *self.swept.values()]


@dataclass(frozen=True, eq=False)
class Head:
    """A linear classifier of ``C`` classes: the largest of ``features @ weight.T + bias``."""

    weight: Floats
    bias: Floats

    def right(self, features: Array, labels: NDArray[np.int64]) -> Right:
        """Return whether each image is classified right."""
        found = np.empty(len(labels), dtype=bool)
        for rows in pieces(len(labels), max(self.weight.shape)):
            scores = np.asarray(features[rows], dtype=np.float64) @ self.weight.T + self.bias
            found[rows] = scores.argmax(axis=1) == labels[rows]
        return found


def head(features: Floats, labels: NDArray[np.int64], classes: int, weight_decay: float = _WEIGHT_DECAY) -> Head:
    """Return the linear head with the least cross entropy on features, every class weighing the same.

    The minimum itself, by L-BFGS: of the mean over the classes of their mean cross entropy, with ``weight_decay / 2``
    times the squared weights, for features that are divided by their root mean square. The bias is free.

    Example:
        >>> seen, labels = np.array([[1.0, 0], [2, 0], [3, 0], [0, 1]]), np.array([0, 0, 0, 1])
        >>> head(seen, labels, 2).right(seen, labels).all()
        np.True_
    """
    n, d = features.shape
    scale = float(np.sqrt(np.mean(features**2))) or 1.0
    x = features / scale
    share = 1 / (classes * np.bincount(labels, minlength=classes))[labels]

    def loss(theta: Floats) -> tuple[float, Floats]:
        weight, bias = theta[: classes * d].reshape(classes, d), theta[classes * d :]
        logits = x @ weight.T + bias
        total = logsumexp(logits, axis=1)
        value = share @ (total - logits[np.arange(n), labels]) + weight_decay / 2 * np.sum(weight**2)
        slope = np.exp(logits - total[:, None])
        slope[np.arange(n), labels] -= 1
        slope *= share[:, None]
        return float(value), np.concatenate([(slope.T @ x + weight_decay * weight).ravel(), slope.sum(axis=0)])

    start = np.zeros(classes * (d + 1))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _ITERATIONS, "maxcor": 20}).x
    return Head(found[: classes * d].reshape(classes, d) / scale, found[classes * d :])


def sweeps(inputs: Inputs) -> Sweeps:
    """Return the corrections of a network that can be swept; they have seen no logits yet."""
    swept = {}
    bias, lengths = inputs.bias, None if inputs.weight is None else np.linalg.norm(inputs.weight, axis=1)
    if lengths is not None and bias is not None and (lengths > 0).all():
        swept["tau-normalisation"] = normalised(inputs, bias, lengths / np.exp(np.log(lengths).mean()))
    if inputs.counts is not None and _uneven(inputs):
        swept[ADJUSTED] = adjusted(inputs, np.log(inputs.counts / inputs.counts.sum()))
    return Sweeps(unchanged(inputs), unchanged(inputs, bias) if bias is not None and bias.any() else None, swept)


def corrections(inputs: Inputs, network: Sweeps | None = None, track: Track = silent) -> Rows:
    """Return what each correction gives, the sweeps over tau, and what cannot be said.

    Args:
        inputs: the network.
        network: its corrections, if they have seen the logits already.
        track: shows progress.
    """
    assert inputs.first is not None
    if network is None:
        network = sweeps(inputs)
        look(inputs, network.every(), track)
    rows: list[Correction] = []
    strengths: list[Strength] = []
    missing: list[Missing] = []
    halves = inputs.first, ~inputs.first
    crossed = int(inputs.held_out.min()) > 1
    if not crossed:
        missing.append(
            Missing(section=4, needs="2 held-out images of each class", adds="whatever is chosen on one half of them")
        )
    if "tau-normalisation" not in network.swept:
        zeros = "" if inputs.weight is None else " without rows of zeros"
        missing.append(Missing(section=4, needs=f"weight{zeros}", adds="tau-normalisation"))
    if inputs.counts is None:
        missing.append(Missing(section=4, needs="counts", adds="logits minus tau x log prior"))

    trained = network.trained.right[0]
    rows.append(_row(inputs, "as trained", "nothing", trained, trained))
    if network.unbiased is not None:
        rows.append(_row(inputs, "without bias", "nothing", network.unbiased.right[0], trained))
    for name, sweep in network.swept.items():
        sweep.extend([None, *halves] if crossed else [None])
        one = "theory" if name == ADJUSTED else "equal norms"
        rows.append(_row(inputs, name, one, sweep.right[round(1 / STEP)], trained, (1.0, 1.0)))
        if crossed:
            rows.append(_crossed(inputs, name, sweep, trained))
        strengths += _strengths(inputs, name, sweep)
    if crossed and inputs.counts is not None and _uneven(inputs):
        rows += _likelihood(inputs, trained, missing)
    rows += _heads(inputs, trained, crossed, missing)
    return rows, strengths, missing


def _uneven(inputs: Inputs) -> bool:
    return inputs.counts is not None and len(set(inputs.counts.tolist())) > 1


def _crossed(inputs: Inputs, name: str, sweep: Sweep, trained: Right) -> Correction:
    """Return the row of a correction, each half with the tau that is best on the other."""
    assert inputs.first is not None
    taus = sweep.best(~inputs.first), sweep.best(inputs.first)  # of the first half, of the second
    right = np.where(inputs.first, sweep.right[taus[0]], sweep.right[taus[1]])
    return _row(inputs, name, "a sweep on the other half", right, trained, (taus[0] * STEP, taus[1] * STEP))


def _strengths(inputs: Inputs, name: str, sweep: Sweep) -> Iterator[Strength]:
    """Yield the sweep on all held-out images."""
    for step in sorted(sweep.right):
        right = sweep.right[step]
        yield Strength(
            correction=name,
            tau=step * STEP,
            accuracy=100 * float(means_of_classes(inputs, right).mean()),
            **_of_groups(inputs, right),
        )


def _likelihood(inputs: Inputs, trained: Right, missing: list[Missing]) -> Iterator[Correction]:
    """Yield the row of the tau and the temperature that are most likely on the other half."""
    assert inputs.labels is not None
    assert inputs.first is not None
    assert inputs.counts is not None
    n = len(inputs.labels)
    if n * inputs.classes > _MOST_NUMBERS:
        missing.append(
            Missing(
                section=4,
                needs=f"at most {_MOST_NUMBERS:,} logits",
                adds="tau by likelihood, without a sweep",
            )
        )
        return
    logits = inputs.logits_of(slice(0, n))
    fits: list[Adjustment] = []
    for other in (~inputs.first, inputs.first):
        drawn = np.bincount(inputs.labels[other], minlength=inputs.classes)
        try:
            fits.append(fit_adjustment(logits[other], inputs.labels[other], inputs.counts, split_counts=drawn))
        except ValueError as error:
            missing.append(
                Missing(section=4, needs=f"logits with a most likely tau ({error})", adds="tau by likelihood")
            )
            return
    right = np.where(inputs.first, *(fit.predict(logits) == inputs.labels for fit in fits))
    yield _row(
        inputs,
        ADJUSTED,
        "likelihood on the other half, no sweep",
        right,
        trained,
        (fits[0].tau, fits[1].tau),
        (fits[0].temperature + fits[1].temperature) / 2,
        "; ".join({doubt.partition(":")[0]: doubt for fit in fits for doubt in fit.doubts}.values()) or None,
    )


def _heads(inputs: Inputs, trained: Right, crossed: bool, missing: list[Missing]) -> Iterator[Correction]:
    """Yield the rows of heads that are trained anew on the features, every class weighing the same."""
    assert inputs.labels is not None
    assert inputs.first is not None
    name = "re-trained head"
    if inputs.features is None:
        missing.append(Missing(section=4, needs="features", adds="a re-trained head"))
        return
    dimension = inputs.features.shape[1]
    if inputs.train_features is None or inputs.train_labels is None:
        missing.append(
            Missing(section=4, needs="train_features and train_labels", adds="a head re-trained on the training images")
        )
    elif _too_large(len(inputs.train_labels), dimension, inputs.classes):
        missing.append(
            Missing(
                section=4, needs="fewer images, features or classes", adds="a head re-trained on the training images"
            )
        )
    else:
        new = head(np.asarray(inputs.train_features, dtype=np.float64), inputs.train_labels, inputs.classes)
        yield _row(inputs, name, "the training images", new.right(inputs.features, inputs.labels), trained)
    if not crossed:
        return
    if _too_large(len(inputs.labels), dimension, inputs.classes):
        missing.append(
            Missing(
                section=4, needs="fewer images, features or classes", adds="a head re-trained on half of the images"
            )
        )
        return
    right = np.empty(len(inputs.labels), dtype=bool)
    for own in (inputs.first, ~inputs.first):
        new = head(np.asarray(inputs.features[~own], dtype=np.float64), inputs.labels[~own], inputs.classes)
        right[own] = new.right(inputs.features[own], inputs.labels[own])
    yield _row(inputs, name, "the other half, balanced", right, trained)


def _too_large(images: int, dimension: int, classes: int) -> bool:
    """Return whether a head takes too much time or memory to train."""
    return images * dimension * classes > _MOST_WORK or images * dimension > _MOST_NUMBERS


def _row(
    inputs: Inputs,
    name: str,
    chosen: str,
    right: Right,
    trained: Right,
    taus: tuple[float, float] | None = None,
    temperature: float | None = None,
    doubts: str | None = None,
) -> Correction:
    assert inputs.labels is not None
    even = np.full(inputs.classes, 1 / inputs.classes)
    value, low, high = mean_over_classes(right.astype(float), inputs.labels, even, least=0.0)
    gain = (0.0, 0.0, 0.0)
    if right is not trained:
        gain = mean_over_classes(right.astype(float) - trained, inputs.labels, even)
    first, second = taus or (None, None)
    return Correction(
        correction=name,
        chosen_by=chosen,
        tau=first,
        tau_2=second,
        accuracy=100 * value,
        low=100 * max(low, 0.0),
        high=100 * min(high, 1.0),
        gain=100 * gain[0],
        gain_low=100 * gain[1],
        gain_high=100 * gain[2],
        **_of_groups(inputs, right),
        temperature=temperature,
        doubts=doubts,
    )


def _of_groups(inputs: Inputs, right: Right) -> dict[str, Any]:
    """Return the mean recall of many, medium and few, in per cent; None of a group without classes."""
    means: dict[str, float | None] = dict.fromkeys(GROUPS)
    if inputs.counts is not None:
        recalls, names = means_of_classes(inputs, right), np.array(groups(inputs.counts))
        means |= {group: 100 * float(recalls[names == group].mean()) for group in GROUPS if (names == group).any()}
    return means
