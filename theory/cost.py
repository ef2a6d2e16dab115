"""The cost of Theorem 1's shift: the exact expected recall of both classes under the estimated boundary.

A new sample is classified as positive if ``x < f`` (section 4.1). With ``x ~ N(mu1, sigma^2)`` independent of the
training samples the positive class's expected recall is ``E Phi((f - mu1) / sigma) = P(x < f)``, and ``f - x`` follows
the law of ``f`` with ``sigma^2`` added to its variance: again a finite sum over the numbers of similar samples.
Likewise ``E[1 - Phi((f - mu2) / sigma)]`` for the negative class. Steps: :mod:`theory.proofs.cost`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.special import ndtr

from theory import theorem1, two_sided
from theory.support.validate import refuse

__all__ = ["Recall", "expected_recall", "limit_recall"]

Setting = theorem1.Setting | two_sided.Setting


@dataclass(frozen=True)
class Recall:
    """Recall of both classes: probabilities, or arrays of them.

    Args:
        positive: chance that a new positive sample is classified as positive.
        negative: chance that a new negative sample is classified as negative.
        ideal: either chance under the ideal boundary ``(mu1 + mu2) / 2``, ``Phi((mu2 - mu1) / (2 sigma))``.
    """

    positive: Any
    negative: Any
    ideal: Any

    @property
    def balanced(self) -> Any:
        """The mean of the two recalls; it never exceeds ``ideal``."""
        return (self.positive + self.negative) / 2


def expected_recall(s: Setting | Sequence[Setting]) -> Recall:
    """Return the expected recall of both classes under the estimated boundary, exactly (to about 1e-12).

    The expectation is over the training samples. Without similar samples (``p = 1``) and with ``n_pos = n_neg`` both
    recalls are equal and slightly below the ideal one; the shift moves recall from the class that the boundary is
    moved towards to the other one.

    Args:
        s: a setting of :mod:`theory.theorem1` or of :mod:`theory.two_sided`, or a sequence of them.

    Raises:
        ValueError: ``s`` is neither.

    Example:
        >>> recall = expected_recall(theorem1.Setting(0, 2, 1, beta=0.5, p=0.5, n_pos=5000, n_neg=50))
        >>> round(recall.positive, 3), round(recall.negative, 3), round(recall.ideal, 3)
        (0.894, 0.773, 0.841)
    """
    return _recall(s, _expected)


def limit_recall(s: Setting | Sequence[Setting]) -> Recall:
    """Return the limit of :func:`expected_recall` for infinitely many samples of both classes.

    ``Phi(M / 2 + shift / sigma)`` and ``Phi(M / 2 - shift / sigma)`` with ``M = (mu2 - mu1) / sigma``: what the shift
    alone costs, without the noise of the estimate. ``n_pos`` and ``n_neg`` are ignored.

    Arguments, result and errors as for :func:`expected_recall`.

    Example:
        >>> recall = limit_recall(theorem1.Setting(0, 2, 1, beta=0.5, p=0.5, n_pos=5000, n_neg=50))
        >>> round(recall.positive, 3), round(recall.negative, 3)
        (0.894, 0.773)
    """
    return _recall(s, _limit)


def _expected(s: Setting) -> tuple[float, float]:
    half, var = _half_gap(s), Fraction(s.sigma) ** 2
    if isinstance(s, theorem1.Setting):
        one = theorem1.law(s)
        one = replace(one, var=one.var + var)
        return one.upper_tail(-half), one.lower_tail(half)
    two = two_sided.law(s)
    two = replace(two, var=two.var + var)
    return two.upper_tail(-half), two.lower_tail(half)


def _limit(s: Setting) -> tuple[float, float]:
    shift = theorem1.shift(s) if isinstance(s, theorem1.Setting) else two_sided.shift(s)
    half, sigma = _half_gap(s), Fraction(s.sigma)
    return _phi((half + Fraction(shift)) / sigma), _phi((half - Fraction(shift)) / sigma)


def _recall(s: Any, both: Any) -> Recall:
    settings = [s] if isinstance(s, Setting) or not isinstance(s, Sequence) else list(s)
    for one in settings:
        if not isinstance(one, Setting):
            refuse("s", one, "must be a setting of theorem1 or two_sided, or a sequence of them")
    rows = [(*both(one), _phi(_half_gap(one) / Fraction(one.sigma))) for one in settings]
    return Recall(*(np.array(rows).reshape(-1, 3).T if isinstance(s, Sequence) else rows[0]))


def _half_gap(s: Setting) -> Fraction:
    return (Fraction(s.mu2) - Fraction(s.mu1)) / 2


def _phi(z: Fraction) -> float:
    return float(ndtr(float(max(-Fraction(1000), min(Fraction(1000), z)))))
