"""The numbers that the paper prints, and those that others print for the same setting."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["IMBALANCES", "PEERS", "TABLE1", "TABLE2", "cell"]

Cells = Mapping[str, Mapping[tuple[str, str], tuple[float | None, ...]]]
"""By data set, then by method and pre-training: the cells at imbalance 100, 50, 20 and 10."""

IMBALANCES = (100, 50, 20, 10)
"""The imbalances of a row of the tables."""

TABLE1: Cells = {
    "cifar10": {
        ("ce", "none"): (71.3, 76.8, 83.4, 86.2),
        ("ce", "rotation"): (73.8, 78.5, 84.6, 87.4),
        ("rs", "none"): (70.0, 75.9, 82.6, 87.0),
        ("rs", "rotation"): (73.4, 78.7, 84.2, 87.8),
        ("rw", "none"): (72.5, 78.6, 83.2, 87.1),
        ("rw", "rotation"): (74.9, 80.1, 84.3, 87.7),
        ("drw", "none"): (75.4, 79.6, 85.1, 87.6),
        ("drw", "rotation"): (77.5, 81.2, 86.3, 88.2),
    },
    "cifar100": {
        ("ce", "none"): (38.9, 42.9, 50.8, 56.8),
        ("ce", "rotation"): (40.8, 45.3, 52.6, 57.8),
        ("rs", "none"): (33.3, 39.3, 48.6, 55.2),
        ("rs", "rotation"): (40.8, 44.9, 52.8, 57.8),
        ("rw", "none"): (30.9, 37.3, 48.4, 55.6),
        ("rw", "rotation"): (40.3, 44.3, 51.8, 57.1),
        ("drw", "none"): (40.8, 46.8, 52.8, 57.8),
        ("drw", "rotation"): (44.1, 48.4, 53.8, 59.1),
    },
}
"""Table 1: top-1 accuracy in per cent."""

TABLE2: Cells = {
    "cifar10": {
        ("ce", "none"): (50.3, 48.8, 35.2, 29.6),
        ("rs", "none"): (12.8, 11.7, 14.3, 10.7),
        ("rw", "none"): (32.3, 13.6, 12.5, 11.0),
        ("drw", "none"): (50.2, 39.3, 33.5, 25.8),
    },
    "cifar100": {
        ("ce", "none"): (47.7, 37.0, 28.3, 22.9),
        ("rs", "none"): (25.8, 21.6, 22.9, 24.8),
        ("rw", "none"): (50.5, 42.1, 33.9, 29.2),
        ("drw", "none"): (45.1, 34.1, 27.3, 21.0),
    },
}
"""Table 2, printed as the variance of the norms; by size most plausibly 100 times their standard deviation.

A public ResNet-32 trained with cross entropy on CIFAR-10-LT at imbalance 100 (imbalanced-DL) has norms whose variance
is 0.24 and whose standard deviation times 100 is 49.1, against the printed 50.3.
"""

PEERS: Mapping[str, Cells] = {
    "imbalanced-semi-self": {
        "cifar10": {
            ("ce", "none"): (70.36, 74.81, None, 86.39),
            ("rw", "none"): (72.37, 78.05, None, 86.77),
            ("ce", "rotation"): (73.50, 78.20, None, 87.72),
            ("ldam-drw", "rotation"): (77.83, 82.13, None, 88.53),
        },
        "cifar100": {
            ("ce", "rotation"): (40.40, 45.04, None, 57.07),
            ("ldam-drw", "rotation"): (43.43, 47.11, None, 58.91),
        },
    },
    "BagofTricks-LT": {
        "cifar10": {
            ("ce", "none"): (71.95, 76.45, None, None),
            ("rs", "none"): (72.45, 78.08, None, None),
            ("rw", "none"): (70.48, 77.48, None, None),
            ("drw", "none"): (74.64, 79.35, None, None),
            ("ldam", "none"): (73.66, 79.01, None, None),
            ("ldam-drw", "none"): (77.73, 81.60, None, None),
            ("tau-norm", "none"): (72.70, 79.78, None, None),
        },
        "cifar100": {
            ("ce", "none"): (37.73, 43.78, None, None),
            ("rs", "none"): (35.24, 39.46, None, None),
            ("rw", "none"): (32.27, 36.51, None, None),
            ("drw", "none"): (41.62, 46.80, None, None),
            ("ldam", "none"): (38.88, 43.59, None, None),
            ("ldam-drw", "none"): (42.47, 47.29, None, None),
            ("tau-norm", "none"): (40.96, 45.69, None, None),
        },
    },
    "imbalanced-DL": {
        "cifar10": {
            ("ce", "none"): (71.23, None, None, None),
            ("drw", "none"): (75.08, None, None, None),
            ("ldam-drw", "none"): (77.75, None, None, None),
        },
        "cifar100": {
            ("ce", "none"): (38.46, None, None, None),
            ("drw", "none"): (40.40, None, None, None),
            ("ldam-drw", "none"): (41.28, None, None, None),
        },
    },
    "LDAM-DRW": {
        "cifar10": {("ldam-drw", "none"): (77.03, None, None, 88.16)},
        "cifar100": {("ldam-drw", "none"): (42.04, None, None, 58.71)},
    },
}
"""The accuracies that other codebases report: those of the best epoch on the test images, of one run.

``tau-norm`` is tau-normalisation of the classifier trained with cross entropy, tau 1. What BagofTricks-LT calls focal
loss is a sigmoid loss, no peer of the softmax one here, and is left out.
"""


def cell(table: Cells, data: str, imbalance: float, method: str, pretrain: str) -> float | None:
    """Return a cell of a table; None where it has none.

    Example:
        >>> cell(TABLE1, "cifar100", 50, "drw", "rotation"), cell(TABLE1, "digits", 50, "drw", "rotation")
        (48.4, None)
    """
    cells = table.get(data, {}).get((method, pretrain))
    return cells[IMBALANCES.index(imbalance)] if cells and imbalance in IMBALANCES else None
