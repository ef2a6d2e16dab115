"""Sweeps over the strength of a correction, all strengths by one pass over the images.

A correction of strength ``tau`` takes an image for its own class ``y`` if no other class ``k`` has a larger score,
which is a condition ``lead_k - tau slope_k >= 0`` linear in ``tau``: for ``z - tau v`` with ``z_y - z_k`` and
``v_y - v_k``, for scores ``u r^-tau`` with logarithms. So an image is right at an interval of strengths. What is nearer
to its ends than rounding, ties among it, is decided by computing the scores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from empirical.analysis.examine.inputs import Inputs, pieces
from empirical.runtime.progress import Track, silent

__all__ = ["STEP", "USUAL", "Lines", "Sweep", "adjusted", "look", "means_of_classes", "normalised", "unchanged"]

STEP = 0.1
"""The distance between two strengths of a sweep."""

USUAL = 0, 20
"""The usual sweep, in steps: from 0 to 2."""

_LIMITS = -40, 80
_BLOCK = 20
_HELD = 2**16  # numbers of a block whose intervals are taken at a time, so that they stay in the cache
_ROUNDING = 16 * float(np.finfo(float).eps)  # of a score, relative to what it is a sum of
_EXTREME = 500.0  # logarithms of scores, beyond which their products leave the range of floats

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Right = NDArray[np.bool_]


class Lines(NamedTuple):
    """The conditions of some images, ``lead - tau slope >= 0`` for each other class, and what rounding may change.

    Shapes are ``(n, C)``, and ``(n,)`` for the ``slack``; those of an image's own class are not looked at.
    """

    lead: Floats
    slope: Floats
    slack: Floats


@dataclass
class Sweep:
    """A correction at many strengths.

    Attributes:
        inputs: the network.
        scores: returns corrected logits at a tau.
        lines: returns the conditions that an image of a class is classified right; None for a correction without tau.
        right: for each strength, in steps, whether each held-out image is classified right.
    """

    inputs: Inputs
    scores: Callable[[Floats, float], Floats]
    lines: Callable[[Floats, Labels], Lines] | None = None
    right: dict[int, Right] = field(default_factory=dict)
    _ends: Floats | None = None

    def see(self, rows: slice, logits: Floats) -> None:
        """Take a piece of the logits; all of them must be taken before anything is added."""
        assert self.inputs.labels is not None
        labels = self.inputs.labels[rows]
        if self.lines is None:
            whole = self.right.setdefault(0, np.empty(len(self.inputs.labels), dtype=bool))
            whole[rows] = self.scores(logits, 0.0).argmax(axis=1) == labels
            return
        if self._ends is None:
            self._ends = np.empty((4, len(self.inputs.labels)))
        step = max(1, _HELD // logits.shape[1])
        for start in range(0, len(logits), step):
            part = slice(start, start + step)
            own = slice(rows.start + start, min(rows.start + start + step, rows.stop))
            self._ends[:, own] = _ends(self.lines(logits[part], labels[part]), labels[part])

    def add(self, strengths: Iterable[int]) -> None:
        """Judge the network at further strengths."""
        assert self.inputs.labels is not None
        assert self._ends is not None
        new = [step for step in strengths if step not in self.right]
        sure_low, sure_high, low, high = self._ends
        undecided = {}
        for step in new:
            tau = step * STEP
            self.right[step] = (sure_low <= tau) & (tau <= sure_high)
            undecided[step] = ~((tau < low) | (tau > high) | self.right[step])
        some = np.flatnonzero(np.any(list(undecided.values()), axis=0)) if new else np.empty(0, dtype=int)
        for rows in pieces(len(some), self.inputs.classes):
            images = some[rows]
            logits, labels = self.inputs.logits_of(images), self.inputs.labels[images]
            for step in new:
                own = undecided[step][images]
                self.right[step][images[own]] = self.scores(logits[own], step * STEP).argmax(axis=1) == labels[own]

    def best(self, chosen: Right | None = None) -> int:
        """Return the strength with the best mean over the classes on the ``chosen`` images; of several the weakest."""
        means = {step: float(means_of_classes(self.inputs, right, chosen).mean()) for step, right in self.right.items()}
        most = max(means.values())
        return min((step for step, mean in means.items() if mean >= most - 1e-12), key=abs)

    def extend(self, halves: Sequence[Right | None]) -> None:
        """Judge the usual strengths, and further ones while the best of some images is at an edge."""
        self.add(range(USUAL[0], USUAL[1] + 1))
        while True:
            low, high = min(self.right), max(self.right)
            found = {self.best(half) for half in halves}
            if high in found and high < _LIMITS[1]:
                self.add(range(high + 1, high + _BLOCK + 1))
            elif low in found and low > _LIMITS[0]:
                self.add(range(low - _BLOCK, low))
            else:
                return


def look(inputs: Inputs, sweeps: Sequence[Sweep], track: Track = silent) -> None:
    """Show all logits to the sweeps, once."""
    for rows, logits in inputs.logit_pieces(track, "corrections"):
        for sweep in sweeps:
            sweep.see(rows, logits)


def unchanged(inputs: Inputs, shift: Floats | float = 0.0) -> Sweep:
    """Return a correction without strength: a ``shift`` is taken off the logits."""
    return Sweep(inputs, lambda logits, tau: logits - shift)


def adjusted(inputs: Inputs, offset: Floats) -> Sweep:
    """Return the sweep over ``logits - tau offset``."""
    largest = _LIMITS[1] * STEP * float(np.abs(offset).max())

    def lines(logits: Floats, labels: Labels) -> Lines:
        lead = np.take_along_axis(logits, labels[:, None], axis=1) - logits
        slack = _ROUNDING * (np.abs(logits).max(axis=1) + largest)
        return Lines(lead, offset[labels][:, None] - offset, slack)

    return Sweep(inputs, lambda logits, tau: logits - tau * offset, lines)


def normalised(inputs: Inputs, bias: Floats, norms: Floats) -> Sweep:
    """Return the sweep over ``(logits - bias) norms^-tau``."""
    logs = np.log(norms)
    largest = 1 + _LIMITS[1] * STEP * float(np.abs(logs).max())

    def lines(logits: Floats, labels: Labels) -> Lines:
        scores = logits - bias
        own = np.take_along_axis(scores, labels[:, None], axis=1)
        sign = np.sign(own)
        with np.errstate(divide="ignore", invalid="ignore"):
            sizes = np.log(np.abs(scores))
            lead = sign * (np.take_along_axis(sizes, labels[:, None], axis=1) - sizes)
        lead[(scores <= 0) & (own > 0)] = np.inf
        lead[(scores >= 0) & (own < 0)] = -np.inf
        extent = np.max(np.abs(sizes), axis=1, where=scores != 0, initial=0.0)
        slack = _ROUNDING * (largest + extent)
        slack[(own[:, 0] == 0) | (extent + largest > _EXTREME)] = np.inf
        return Lines(lead, sign * (logs[labels][:, None] - logs) + 0.0, slack)  # no slope is -0

    return Sweep(inputs, lambda logits, tau: (logits - bias) * norms**-tau, lines)


def means_of_classes(inputs: Inputs, right: Right, chosen: Right | None = None) -> Floats:
    """Return the recall of each class on the ``chosen`` images, from 0 to 1."""
    assert inputs.labels is not None
    own = slice(None) if chosen is None else chosen
    labels = inputs.labels[own]
    found = np.bincount(labels, right[own], minlength=inputs.classes) / np.bincount(labels, minlength=inputs.classes)
    return np.asarray(found)


def _ends(lines: Lines, labels: Labels) -> Floats:
    """Return where images are surely classified right, from and to, and where they may be, shape ``(4, n)``.

    Where an end is no number nothing is sure.
    """
    lead, slope, slack = lines
    lead[np.arange(len(labels)), labels] = np.inf
    up = slope >= 0
    found = np.empty((4, len(labels)))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for at, margin in ((0, -slack), (2, slack)):
            ratio = (lead + margin[:, None]) / slope
            found[at] = np.where(up, -np.inf, ratio).max(axis=1)
            found[at + 1] = np.where(up, ratio, np.inf).min(axis=1)
    return found
