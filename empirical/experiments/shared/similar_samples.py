"""Experiments on similar samples: section 4.2.

Images of the first, most frequent class are replaced by mixtures with images of the last, rarest class (equation 2);
the test images stay as they are. The network is trained with cross entropy at imbalance 100. The profile ``cpu`` adds
10, where its small network recognises more of the last class, so that there is something to lose; ``smoke`` has 4.

At imbalance 100 the recall of the last class by the largest logit is near 0 with unchanged images too, so that nothing
can be lost. Two readouts of the same networks have no such floor, and a third is a control (:func:`readouts`):

- the recall after the log priors are subtracted from the logits (logit adjustment at tau 1), which takes off what
  number alone does to the boundary;
- the mean log odds of the last class against the first on the last class's test images: how far the boundary between
  the two has moved, which is the quantity of Theorem 1;
- the area under the ROC curve of the same log odds, which no movement of the boundary changes: where it falls as well,
  similar samples make the two classes less separate, and do more than move a boundary.

They were chosen before any network was read by them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from empirical.config import Config
from empirical.experiments.shared.rows import average, grouped, percent, run_key, standard_deviation
from empirical.experiments.shared.run_features import features_of
from empirical.runtime.progress import Track, silent
from empirical.sweeps.sweep import Sweep, run_sweep

__all__ = ["DATA", "DEGREE", "FRACTION", "GRID", "IMBALANCE", "READOUTS", "Row", "readouts", "run", "summarise"]

DATA = {"smoke": ("digits",), "cpu": ("cifar10",), "paper": ("cifar10",)}
"""The data sets of each profile."""

IMBALANCE = {"smoke": (4,), "cpu": (100, 10), "paper": (100,)}
"""The imbalances of each profile."""

FRACTION = 0.2
"""``rho`` where ``lambda`` varies."""

DEGREE = 0.2
"""``lambda`` where ``rho`` varies."""

GRID = {
    "smoke": (0.0, 0.5, 1.0),
    "cpu": (0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
    "paper": tuple(step / 10 for step in range(11)),
}
"""The values of the one that varies, of each profile."""


READOUTS = ("adjusted", "log_odds", "auc")
"""The columns of the readouts."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A run; what it measured is None while it is not finished.

    Attributes:
        data: the data set.
        imbalance: of its class counts.
        fraction: ``rho``, the part of the first class's images that are mixed.
        degree: ``lambda``, the weight that the first class's image keeps in the mixture.
        seed: of everything random.
        majority: the accuracy on the test images of the first class after the last epoch, in per cent.
        minority: the same for the last class.
        accuracy: the same for all classes.
        adjusted: the accuracy on the test images of the last class after the log priors are subtracted, in per cent.
        log_odds: of the last class against the first, mean over the last class's test images, in natural logarithms.
        auc: the area under the ROC curve of the log odds, on the test images of the two classes.
        run: the name of its folder.
    """

    key: ClassVar[tuple[str, ...]] = ("run",)
    outcome: ClassVar[tuple[str, ...]] = ("accuracy",)

    data: str
    imbalance: float
    fraction: float
    degree: float
    seed: int
    majority: float | None
    minority: float | None
    accuracy: float | None
    adjusted: float | None
    log_odds: float | None
    auc: float | None
    run: str


def run(sweep: Sweep, track: Track = silent) -> list[Row]:
    """Train what is missing and return a row for each run."""
    return [_row(config, result, sweep) for config, result in track(run_sweep(sweep), "runs")]


def readouts(
    logits: NDArray[np.float64], labels: NDArray[np.int64], counts: Sequence[int]
) -> tuple[float, float, float]:
    """Return the adjusted recall of the last class in per cent, its mean log odds, and the area under the ROC curve.

    Args:
        logits: of the test images, shape ``(m, C)``.
        labels: shape ``(m,)``.
        counts: how many training images each class has.

    Example:
        >>> logits = np.array([[2.0, 0.0], [3.0, 1.0], [1.0, 0.0], [3.0, 0.5]])
        >>> readouts(logits, np.array([0, 0, 1, 1]), [90, 10])
        (50.0, -1.75, 0.5)
    """
    from sklearn.metrics import roc_auc_score

    last = logits.shape[1] - 1
    own = labels == last
    adjusted = (logits - np.log(counts)).argmax(axis=1)
    log_odds = logits[:, last] - logits[:, 0]
    pair = own | (labels == 0)
    auc = roc_auc_score(own[pair], log_odds[pair])
    return percent(float((adjusted[own] == last).mean())), float(log_odds[own].mean()), float(auc)


def summarise(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return for each ``rho`` and ``lambda`` the means over the seeds, in per cent.

    ``spread`` is the standard deviation of the minority's accuracy.
    """

    def key(row: Row) -> tuple[Any, ...]:
        return row.data, row.imbalance, row.fraction, row.degree

    summary = []
    for (data, imbalance, fraction, degree), own in grouped(rows, key):
        minority = [row.minority for row in own]
        summary.append(
            {
                "data": data,
                "imbalance": imbalance,
                "fraction": fraction,
                "degree": degree,
                "seeds": len(own) - minority.count(None),
                "missing": minority.count(None),
                "majority": average([row.majority for row in own]),
                "minority": average(minority),
                "spread": standard_deviation(minority),
                "accuracy": average([row.accuracy for row in own]),
                **{name: average([getattr(row, name) for row in own]) for name in READOUTS},
            }
        )
    return summary


def _row(config: Config, result: dict[str, Any] | None, sweep: Sweep) -> Row:
    measured: dict[str, Any] = dict.fromkeys(("majority", "minority", "accuracy", *READOUTS))
    if result is not None:
        recalls = result["last"]["per_class"]
        measured["majority"], measured["minority"] = percent(recalls[0]), percent(recalls[-1])
        measured["accuracy"] = percent(result["last"]["accuracy"])
        features = features_of(config, sweep)
        if features is not None:
            logits = features.test @ features.weight.T + (0 if features.bias is None else features.bias)
            read = readouts(logits.double().numpy(), features.test_labels.numpy(), features.counts)
            measured |= dict(zip(READOUTS, read, strict=True))
    key = run_key(config, "imbalance")
    return Row(**key, fraction=config.similar_fraction, degree=config.similar_degree, **measured)
