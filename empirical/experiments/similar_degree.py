"""Figure 4: what do samples of the majority that are more similar to the minority do to it?

``lambda``, the weight that the first class's image keeps in a mixture, grows from 0 (an image of the last class under
the first one's label) to 1 (nothing is changed) at ``rho`` 0.2: in steps of 0.1 in the profile ``paper``, the text
naming none.
"""

from __future__ import annotations

import argparse

from empirical.config import Config
from empirical.experiments.shared.similar_samples import DATA, FRACTION, GRID, IMBALANCE, Row, run, summarise
from empirical.sweeps.options import add_sweep_options as add_arguments
from empirical.sweeps.options import prepare_sweep
from empirical.sweeps.profiles import profile_config
from empirical.sweeps.sweep import Sweep

__all__ = ["Row", "add_arguments", "plan", "prepare", "run", "summarise"]


def plan(profile: str, data: str, imbalance: float, seed: int) -> list[Config]:
    """Return the runs of a data set, an imbalance and a seed.

    Example:
        >>> [run.similar_degree for run in plan("smoke", "digits", 4, 0)]
        [0.0, 0.5, 1.0]
    """
    return [
        profile_config(
            profile, data=data, imbalance=imbalance, seed=seed, similar_fraction=FRACTION, similar_degree=degree
        )
        for degree in GRID[profile]
    ]


def prepare(args: argparse.Namespace) -> Sweep:
    """Return the sweep that the parsed options describe."""
    return prepare_sweep(args, plan, DATA, IMBALANCE)
