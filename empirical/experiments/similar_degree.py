"""Figure 4: what do samples of the majority that are more similar to the minority do to it?

``lambda``, the weight that the first class's image keeps in a mixture, grows from 0 (an image of the last class under
the first one's label) to 1 (nothing is changed) at ``rho`` 0.2: in steps of 0.1 in the profile ``paper``, the text
naming none.
"""

from __future__ import annotations

from empirical.config import Config
from empirical.experiments.experiment import Experiment
from empirical.experiments.shared import similar_samples
from empirical.experiments.shared.similar_samples import FRACTION, GRID
from empirical.sweeps.profiles import profile_config

__all__ = ["EXPERIMENT", "plan"]


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


EXPERIMENT = Experiment(
    name="similar-degree",
    doc=__doc__,
    row=similar_samples.Row,
    data=similar_samples.DATA,
    imbalance=similar_samples.IMBALANCE,
    plan=plan,
    run=similar_samples.run,
    summarise=similar_samples.summarise,
)
