"""Figure 1, case 1 of section 3: what do more images of all other classes do to a class with 100?

Nine classes grow from 100 to 5,000 images each, in steps of 100 in the profile ``paper``, as the text has it; the last
class keeps 100. What else is chosen is written down in :mod:`empirical.experiments.shared.one_class`.

The profile ``cpu`` has seven numbers of images. All its runs go over 111,400 images an epoch and seed; 30 epochs and
three seeds at 6,000 a second and core are 14 minutes on two cores.
"""

from __future__ import annotations

import argparse

from empirical.experiments.shared import one_class
from empirical.experiments.shared.one_class import DATA, Design, Row, add_arguments, run, summarise
from empirical.sweeps.sweep import Sweep

__all__ = ["DATA", "DESIGNS", "Row", "add_arguments", "prepare", "run", "summarise"]

DESIGNS = {
    "smoke": Design(majority=(10, 40, 100), minority=(10,)),
    "cpu": Design(majority=(100, 200, 500, 1000, 2000, 3500, 5000), minority=(100,)),
    "paper": Design(majority=tuple(range(100, 5001, 100)), minority=(100,)),
}
"""The numbers of images of each profile."""


def prepare(args: argparse.Namespace) -> Sweep:
    """Return the sweep that the parsed options describe."""
    return one_class.prepare(args, DESIGNS)
