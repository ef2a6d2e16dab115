"""Table 1: does pre-training without labels improve every method at every imbalance?

Cross entropy (CE), re-sampling (RS), re-weighting (RW) and deferred re-weighting (DRW), from random weights and from
rotation pre-training on the same images, at each imbalance.

RS and RW use the effective number of samples with beta 0.9999, DRW begins at the first fall of the learning rate, and
the class counts fall by the same factor from class to class, in the order of the labels: as the codebases that the
paper follows do it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from empirical.experiments.experiment import Experiment
from empirical.experiments.shared import accuracies, table1_grid
from empirical.experiments.shared.accuracies import Row

__all__ = ["EXPERIMENT", "summarise"]


def summarise(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the cells of the table (:func:`empirical.experiments.shared.accuracies.summarise`)."""
    return accuracies.summarise(rows, {"method": table1_grid.METHODS, "pretrain": table1_grid.PRETRAININGS})


EXPERIMENT = Experiment(
    name="rebalance",
    doc=__doc__,
    row=Row,
    data=table1_grid.DATA,
    imbalance=table1_grid.IMBALANCE,
    plan=table1_grid.plan,
    run=accuracies.run,
    summarise=summarise,
)
