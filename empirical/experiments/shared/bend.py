r"""Is a relation a straight line, and if not, where does it bend? Statistics for repeated measurements.

Measurements ``y`` at numbers ``x`` come in blocks (runs of one seed), each with a level of its own. The null
hypothesis is a line, :math:`y = a_{block} + b x + e`; the alternative adds a bend at one of the inner ``x``,

.. math:: y = a_{block} + b x + c \max(0, s - x) + e

The break ``s`` is chosen for the smallest sum of squares, and the p-value is corrected for that choice: the test
statistic is the largest share of the line's sum of squares that a bend explains (the supremum of the usual F, in other
words). For independent normal errors ``e`` of equal variance its law depends on the ``x`` and the blocks alone, so that
drawing it gives an exact test, whatever the number of draws (Barnard 1963; Dufour 2006). The same test, with the bend
at ``s`` put into the null hypothesis, says whether another bend is needed beside one at ``s``; the ``s`` that are not
rejected are a confidence set for the break, exact where the break is one of the ``x``.

References:
    B. E. Hansen, Regression kink with an unknown threshold, 2017. J.-M. Dufour, Monte Carlo tests with nuisance
    parameters, 2006.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import ArrayLike, NDArray

from theory.support.validate import floats, integer, refuse

__all__ = ["CONFIDENCE", "Bend", "bend"]

CONFIDENCE = 0.95
"""The level of the confidence set."""

_SEED = 20210708
_LEAST = 3
_ROUNDING = 1e-10  # of the lengths of vectors: what rounding may leave of what is 0

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Bend:
    """A line, and a line with a bend, through the same measurements.

    Attributes:
        p: the p-value of the line, against a bend anywhere.
        at: the break with the smallest sum of squares, one of the inner ``x``.
        low: the least break of the confidence set; None if the set is empty.
        high: the greatest.
        one_bend: the greatest p-value of a single bend, over all breaks: below ``1 - CONFIDENCE`` the set is empty,
            and one bend is not enough.
        below: the slope below the break, in units of ``y`` per unit of ``x``.
        above: the slope above it.
        level: the height of the bent line at the break, mean over the blocks.
        slope: that of the straight line.
        intercept: its height at 0, mean over the blocks.
    """

    p: float
    at: float
    low: float | None
    high: float | None
    one_bend: float
    below: float
    above: float
    level: float
    slope: float
    intercept: float

    def line(self, x: ArrayLike) -> Floats:
        """Return the straight line at ``x``."""
        return np.asarray(self.intercept + self.slope * np.asarray(x, dtype=float))

    def bent(self, x: ArrayLike) -> Floats:
        """Return the bent line at ``x``."""
        away = np.asarray(x, dtype=float) - self.at
        return np.asarray(self.level + self.above * np.maximum(away, 0) + self.below * np.minimum(away, 0))


def bend(x: ArrayLike, y: ArrayLike, blocks: Sequence[object], *, draws: int = 9999) -> Bend | None:
    """Return the test of a line against a bend, with the same answer for the same measurements.

    Args:
        x: shape ``(n,)``, finite.
        y: shape ``(n,)``, finite.
        blocks: ``n`` labels; equal ones make a block.
        draws: of the Monte Carlo law; the least p-value is ``1 / (draws + 1)``.

    Returns:
        None where nothing can be tested: fewer than three different ``x``, or no measurement more than the bent line
        has parameters.

    Raises:
        ValueError: an argument is not of this kind.

    Example:
        >>> x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0] * 2
        >>> y = [0.1, 2.0, 4.1, 4.4, 5.1, 5.5, 1.0, 3.1, 5.0, 5.6, 6.0, 6.4]
        >>> found = bend(x, y, ["a"] * 6 + ["b"] * 6)
        >>> found.p, found.at, found.low, found.high
        (0.0001, 3.0, 3.0, 3.0)
        >>> round(found.below, 2), round(found.above, 2)
        (2.0, 0.48)
    """
    x, y = floats("x", x, ndim=1), floats("y", y, ndim=1)
    draws = integer("draws", draws)
    for name, values in (("y", y), ("blocks", blocks)):
        if len(values) != len(x):
            refuse(name, len(values), f"its length must be {len(x)}, that of x")
    labels = list(dict.fromkeys(blocks))
    places = np.unique(x)
    if len(places) < _LEAST or len(x) <= len(labels) + 2:
        return None
    levels = np.array([[own == label for label in labels] for own in blocks], dtype=float)
    scale = places[-1] - places[0]
    inner = places[1:-1]
    bends = np.maximum(0, inner - x[:, None]) / scale  # numbers of about 1, for the sake of rounding
    straight = np.column_stack([levels, (x - places[0]) / scale])
    noise = np.random.default_rng(SeedSequence(_SEED)).standard_normal((len(x), draws))

    p, shares = _p_value(straight, bends, y, noise)
    best = int(np.argmax(shares))
    single = np.array([_p_value(np.column_stack([straight, own]), bends, y, noise)[0] for own in bends.T])
    kept = inner[single > 1 - CONFIDENCE]

    weights = levels.mean(axis=0)
    line = np.linalg.lstsq(straight, y, rcond=None)[0]
    bent = np.linalg.lstsq(np.column_stack([straight, bends[:, best]]), y, rcond=None)[0]
    slope, above = line[-1] / scale, bent[-2] / scale
    return Bend(
        p=p,
        at=float(inner[best]),
        low=float(kept[0]) if len(kept) else None,
        high=float(kept[-1]) if len(kept) else None,
        one_bend=float(single.max()),
        below=float(above - bent[-1] / scale),
        above=float(above),
        level=float(weights @ bent[:-2] + above * (inner[best] - places[0])),
        slope=float(slope),
        intercept=float(weights @ line[:-1] - slope * places[0]),
    )


def _p_value(null: Floats, bends: Floats, y: Floats, noise: Floats) -> tuple[float, Floats]:
    """Return the p-value of the null hypothesis against the best of the bends, and what share each explains.

    Args:
        null: shape ``(n, k)``, its columns span the null hypothesis.
        bends: shape ``(n, m)``; a column that the null hypothesis spans explains nothing.
        y: shape ``(n,)``.
        noise: shape ``(n, draws)``, standard normal.
    """
    basis = np.linalg.qr(null)[0]
    new = _residuals(basis, bends)
    lengths = np.linalg.norm(new, axis=0)
    free = lengths > _ROUNDING * np.linalg.norm(bends, axis=0)
    directions = np.where(free, new / np.where(free, lengths, 1), 0)
    left = _residuals(basis, y[:, None])
    if np.linalg.norm(left) <= _ROUNDING * np.linalg.norm(y):  # the null hypothesis fits exactly
        return 1.0, np.zeros(bends.shape[1])
    observed = _shares(directions, left)[:, 0]
    drawn = _shares(directions, _residuals(basis, noise)).max(axis=0)
    reached = np.count_nonzero(drawn >= observed.max() * (1 - _ROUNDING))
    return float((1 + reached) / (1 + noise.shape[1])), observed


def _residuals(basis: Floats, columns: Floats) -> Floats:
    return np.asarray(columns - basis @ (basis.T @ columns))


def _shares(directions: Floats, residuals: Floats) -> Floats:
    """Return which part of its squares each direction explains of each column of residuals."""
    return np.asarray((directions.T @ residuals) ** 2 / (residuals**2).sum(axis=0))
