"""Figure 2, case 2 of section 3: what does a class lose with its images, and where does linear stop?

The last class falls from 5,000 images to 100, in steps of 100 in the profile ``paper``, as the text has it; the nine
others keep 5,000. What else is chosen is written down in :mod:`empirical.experiments.shared.one_class`.

"When the minority samples are slightly reduced, the relationship is linear. Once only few are available, it becomes
non-linear." The test of it, fixed before anything was measured: a straight line of the class's accuracy against its
number of images, with a level for each seed, against a line with one bend (:mod:`empirical.experiments.shared.bend`).
It rejects the line at ``p`` up to 0.05; linear stops at ``stop``, from ``stop_low`` to ``stop_high`` with 95 %
confidence; if no such interval is left, one bend is not enough. Its errors are taken to be normal and of equal variance
over the numbers of images. Accuracies near 0 vary less: on simulated lines of binomial accuracies of 1,000 test images,
from 1 to 70 % and from 30 to 80 % over the numbers of ``cpu``, it rejects 10 % and 7 % of the lines at 0.05, so that a
``p`` close to that decides nothing.

The profile ``cpu`` has twelve numbers of images and 15 epochs, which on 46,000 images are twice as many steps as 30 on
the long tails of its other experiments. Its runs go over 566,400 images an epoch and seed; 15 epochs and three seeds at
6,000 a second and core are 35 minutes on two cores. Six of the numbers, evenly spaced, are in the upper half, of which
the first part of the sentence speaks (claim ``E2.linear``): a parabola through them leaves a bend with a standard
deviation of 1.02 times that of a point. In the published table, which has three numbers there, that of a point is 1.2
points beside what a seed shifts as a whole; so three seeds can contradict a straight line, and to confirm one within
the 2 points of the claim takes about seven.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import groupby
from typing import Any

from empirical.experiments.experiment import Experiment
from empirical.experiments.shared import one_class
from empirical.experiments.shared.bend import Bend, bend
from empirical.experiments.shared.one_class import Design, Row

__all__ = ["DESIGNS", "EXPERIMENT", "summarise"]

DESIGNS = {
    "smoke": Design(majority=(100,), minority=(100, 75, 50, 25, 10)),
    "cpu": Design(
        majority=(5000,),
        minority=(5000, 4500, 4000, 3500, 3000, 2500, 1500, 1000, 700, 400, 200, 100),
        fields={"epochs": 15},
    ),
    "paper": Design(majority=(5000,), minority=tuple(range(5000, 99, -100))),
}
"""The numbers of images of each profile."""

_TEST = ("p", "stop", "stop_low", "stop_high", "one_bend", "slope_below", "slope_above", "line", "bent")


def summarise(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the rows of :func:`empirical.experiments.shared.one_class.summarise` with the test of their data.

    ``stop`` is the number of images where the line bends, from ``stop_low`` to ``stop_high`` with a confidence of 95 %.
    ``one_bend`` is the p-value of a single bend: where it is small, one bend is not enough.
    ``p`` is that of the straight line, ``slope_below`` and ``slope_above`` are in percentage points per 100 images, and
    ``line`` and ``bent`` are the two fits. All of them are None while too few runs are finished.
    """
    summary = []
    for (data, majority), group in groupby(
        one_class.summarise(rows), key=lambda part: (part["data"], part["majority_images"])
    ):
        own = [row for row in rows if (row.data, row.majority_images) == (data, majority)]
        there = [(row.minority_images, row.minority, row.seed) for row in own if row.minority is not None]
        numbers, accuracies, seeds = ([part[i] for part in there] for i in range(3))
        test = bend(numbers, accuracies, seeds)
        summary += [{**part, **_test(test, part["minority_images"])} for part in group]
    return summary


def _test(bend: Bend | None, images: int) -> dict[str, float | None]:
    if bend is None:
        return dict.fromkeys(_TEST)
    return {
        "p": bend.p,
        "stop": bend.at,
        "stop_low": bend.low,
        "stop_high": bend.high,
        "one_bend": bend.one_bend,
        "slope_below": 100 * bend.below,
        "slope_above": 100 * bend.above,
        "line": float(bend.line(images)),
        "bent": float(bend.bent(images)),
    }


EXPERIMENT = Experiment(
    name="minority",
    doc=__doc__,
    row=Row,
    data=one_class.DATA,
    add_options=one_class.add_options,
    setup=partial(one_class.setup, designs=DESIGNS),
    run=one_class.run,
    summarise=summarise,
    merges=("data", "seeds"),
)
