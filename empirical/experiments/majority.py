"""Figure 1, case 1 of section 3: what do more images of all other classes do to a class with 100?

Nine classes grow from 100 to 5,000 images each, in steps of 100 in the profile ``paper``, as the text has it; the last
class keeps 100. What else is chosen is written down in :mod:`empirical.experiments.shared.one_class`.

The profile ``cpu`` has seven numbers of images. All its runs go over 111,400 images an epoch and seed; 30 epochs and
three seeds at 6,000 a second and core are 14 minutes on two cores.
"""

from __future__ import annotations

from functools import partial

from empirical.experiments.experiment import Experiment
from empirical.experiments.shared import one_class
from empirical.experiments.shared.one_class import Design, Row

__all__ = ["DESIGNS", "EXPERIMENT"]

DESIGNS = {
    "smoke": Design(majority=(10, 40, 100), minority=(10,)),
    "cpu": Design(majority=(100, 200, 500, 1000, 2000, 3500, 5000), minority=(100,)),
    "paper": Design(majority=tuple(range(100, 5001, 100)), minority=(100,)),
}
"""The numbers of images of each profile."""


EXPERIMENT = Experiment(
    name="majority",
    doc=__doc__,
    row=Row,
    data=one_class.DATA,
    add_options=one_class.add_options,
    setup=partial(one_class.setup, designs=DESIGNS),
    run=one_class.run,
    summarise=one_class.summarise,
    merges=("data", "seeds"),
)
