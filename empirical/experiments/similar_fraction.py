"""Figure 3: what do more similar samples in the majority do to the minority?

``rho``, the part of the first class's images that are mixed, grows from 0 to 1 at ``lambda`` 0.2: in steps of 0.1 in
the profile ``paper``, the text naming none.
"""

from __future__ import annotations

from empirical.config import Config
from empirical.experiments.experiment import Experiment
from empirical.experiments.shared import similar_samples
from empirical.experiments.shared.similar_samples import DEGREE, GRID
from empirical.sweeps.profiles import profile_config

__all__ = ["EXPERIMENT", "plan"]


def plan(profile: str, data: str, imbalance: float, seed: int) -> list[Config]:
    """Return the runs of a data set, an imbalance and a seed; without mixing the degree is left at its default.

    Example:
        >>> [(run.similar_fraction, run.similar_degree) for run in plan("smoke", "digits", 4, 0)]
        [(0.0, 0.0), (0.5, 0.2), (1.0, 0.2)]
    """
    return [
        profile_config(
            profile,
            data=data,
            imbalance=imbalance,
            seed=seed,
            similar_fraction=fraction,
            similar_degree=DEGREE if fraction else 0.0,
        )
        for fraction in GRID[profile]
    ]


EXPERIMENT = Experiment(
    name="similar-fraction",
    doc=__doc__,
    row=similar_samples.Row,
    data=similar_samples.DATA,
    imbalance=similar_samples.IMBALANCE,
    plan=plan,
    run=similar_samples.run,
    summarise=similar_samples.summarise,
)
