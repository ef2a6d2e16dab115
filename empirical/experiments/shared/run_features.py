"""The features of the finished runs of a sweep, and the thirds of the classes that they are looked at in."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from empirical.config import Config
from empirical.runtime.progress import Track
from empirical.sweeps.sweep import Sweep, run_sweep

if TYPE_CHECKING:
    from empirical.analysis.features import Features

__all__ = ["THIRDS", "features_of", "features_of_runs", "third", "third_mean"]

_log = logging.getLogger(__name__)

THIRDS = ("first_third", "middle_third", "last_third")
"""The thirds of the classes, from frequent to rare: groups of as many classes, whatever their numbers of images."""


def third(label: int, classes: int) -> str:
    """Return the third that a class belongs to; what is left over goes to the first.

    Example:
        >>> [[label for label in range(10) if third(label, 10) == name] for name in THIRDS]
        [[0, 1, 2, 3], [4, 5, 6], [7, 8, 9]]
        >>> third(0, 2), third(1, 2)
        ('first_third', 'last_third')
    """
    if classes == len(THIRDS) - 1:
        return THIRDS[label * 2]
    return THIRDS[label * len(THIRDS) // classes]


def third_mean(values: Sequence[float], name: str) -> float | None:
    """Return the mean over the classes of a third; None if it is empty.

    Example:
        >>> third_mean([0.9, 0.5, 0.25], "last_third"), third_mean([0.9, 0.5], "middle_third")
        (0.25, None)
    """
    own = [value for label, value in enumerate(values) if third(label, len(values)) == name]
    return sum(own) / len(own) if own else None


def features_of_runs(sweep: Sweep, track: Track) -> Iterator[tuple[Config, Features | None]]:
    """Train what is missing; yield each run with its features, None where it is not finished.

    Features are computed on the sweep's device, one run at a time. A run that is finished but has lost its checkpoint
    counts as not finished; a warning says so.
    """
    for config, result in track(run_sweep(sweep), "features"):
        yield config, None if result is None else features_of(config, sweep)


def features_of(config: Config, sweep: Sweep) -> Features | None:
    """Return the features of a finished run; None, and a warning, if it has lost its checkpoint."""
    from empirical.analysis.features import of_run

    try:
        return of_run(config, sweep.runs, sweep.root, sweep.device)
    except ValueError as error:
        _log.warning(f"features: {error}")
        return None
