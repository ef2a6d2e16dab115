"""The features of the finished runs of a sweep."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

from empirical.config import Config
from empirical.runtime.progress import Track
from empirical.sweeps.sweep import Sweep, run_sweep

if TYPE_CHECKING:
    from empirical.analysis.features import Features

__all__ = ["features_of", "features_of_runs"]

_log = logging.getLogger(__name__)


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
