"""What the experiments on similar samples share: section 4.2.

Images of the first, most frequent class are replaced by mixtures with images of the last, rarest class (equation 2);
the test images stay as they are. The network is trained with cross entropy at imbalance 100. The profile ``cpu`` adds
10, where its small network recognises more of the last class, so that there is something to lose; ``smoke`` has 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from empirical.config import Config
from empirical.experiments.shared.rows import average, data_name, grouped, percent, spread
from empirical.runtime.progress import Track, silent
from empirical.sweeps.sweep import Sweep, run_sweep

__all__ = ["DATA", "DEGREE", "FRACTION", "GRID", "IMBALANCE", "Row", "run", "summarise"]

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


@dataclass(frozen=True)
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
        run: the name of its folder.
    """

    data: str
    imbalance: float
    fraction: float
    degree: float
    seed: int
    majority: float | None
    minority: float | None
    accuracy: float | None
    run: str


def run(sweep: Sweep, track: Track = silent) -> list[Row]:
    """Train what is missing and return a row for each run."""
    return [_row(config, result) for config, result in track(run_sweep(sweep), "runs")]


def summarise(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return for each ``rho`` and ``lambda`` the means over the seeds, in per cent.

    ``spread`` is the standard deviation of the minority's accuracy.
    """

    def where(row: Row) -> tuple[Any, ...]:
        return row.data, row.imbalance, row.fraction, row.degree

    summary = []
    for (data, imbalance, fraction, degree), own in grouped(rows, where):
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
                "spread": spread(minority),
                "accuracy": average([row.accuracy for row in own]),
            }
        )
    return summary


def _row(config: Config, result: dict[str, Any] | None) -> Row:
    found: list[float | None] = [None, None, None]
    if result is not None:
        recalls = result["last"]["per_class"]
        found = [percent(part) for part in (recalls[0], recalls[-1], result["last"]["accuracy"])]
    return Row(
        data_name(config),
        config.imbalance,
        config.similar_fraction,
        config.similar_degree,
        config.seed,
        *found,
        run=config.digest,
    )
