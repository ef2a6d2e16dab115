"""What speaks against a fit on a validation split, and what the error of its tau costs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.stats import binom, norm

from theory.support.adjustment_inputs import Floats, Labels

__all__ = ["expected_loss", "split_doubts"]

_UNLIKELY = 1e-3
_COSTLY = 0.5
_POINTS = 21


def expected_loss(
    scores: Callable[[float], Floats], chances: Floats, weights: Floats, tau: float, error: float
) -> float:
    """Return the mean over a normal ``tau`` of what the decisions of other taus lose, in points.

    A decision for class ``k`` is right with the chance ``chances[i, k]`` and counts with the weight ``weights[k]``.
    """
    rows = np.arange(len(chances))
    levels = norm.ppf((np.arange(_POINTS) + 0.5) / _POINTS)

    def accuracy(t: float) -> float:
        decided = scores(t).argmax(axis=1)
        return float((chances[rows, decided] * weights[decided]).mean())

    best = accuracy(tau)
    return 100 * min(max(float(np.mean([best - accuracy(tau + error * level) for level in levels])), 0.0), 1.0)


def split_doubts(
    y: Labels, drawn: Floats, loss: float, p_value: float = 1.0, *, shared: bool = False
) -> tuple[str, ...]:
    """Return the reasons not to trust a fit; ``p_value`` is that of its test against vector scaling.

    ``shared`` says whether classes share a scale and a bias there.
    """
    shares, found = drawn / drawn.sum(), np.bincount(y, minlength=len(drawn))
    tails = 2 * np.minimum(binom.cdf(found, len(y), shares), binom.sf(found - 1, len(y), shares))
    reasons = []
    if tails.min() * len(drawn) < _UNLIKELY:
        k = int(tails.argmin())
        reasons.append(
            f"the split has {found[k]} images of class {k}, where the counts let {len(y) * shares[k]:.1f} be expected"
        )
    if p_value < _UNLIKELY:
        each = "group of classes of similar frequency" if shared else "class"
        reasons.append(f"a scale and a bias for each {each} fit better: p = {p_value:.1g}")
    if loss > _COSTLY:
        reasons.append(f"the split is small: the error of tau costs {loss:.2g} points on average")
    return tuple(reasons)
