"""Intervals and decisions over seeds, for many comparisons under one error budget.

Each comparison ``k`` of a claim has a value ``d`` for each seed, positive where the claim holds. The seeds' values are
taken as independent and normal around the comparison's true value ``m_k``; then ``t = mean(d) / (sd(d) / sqrt(n))``
follows Student's law of ``n - 1`` degrees of freedom around it, and

- ``up_k = P(T >= t)`` is the p-value against "``m_k <= 0``";
- ``down_k = P(T <= t)`` is the p-value against "``m_k >= 0``".

A claim has the budget ``alpha``, half of it for each direction. A comparison *holds* if Hochberg's step-up procedure on
the ``up_k`` rejects at ``alpha / 2``, and *fails* if Holm's step-down procedure on the ``down_k`` does. What follows:

- All comparisons hold exactly if the ``1 - alpha`` interval of each, by itself, lies above 0. If the claim is wrong
  somewhere, this happens with a chance of at most ``alpha / 2``, however many comparisons there are and however they
  depend on one another: the one that is wrong must pass by itself (an intersection-union test: Berger, Technometrics
  24, 1982).
- A comparison fails somewhere exactly if one of the Bonferroni intervals, of level ``1 - alpha / K``, lies below 0. If
  the claim is right, the chance is at most ``alpha / 2``, however they depend (Holm, Scandinavian Journal of
  Statistics 6, 1979).
- The number that hold: the chance that it counts any comparison with ``m_k <= 0`` is at most ``alpha / 2`` if the
  comparisons are independent or positively dependent (Hochberg, Biometrika 75, 1988; Sarkar, Annals of Statistics 26,
  1998). Differences between runs that share images and seeds are taken to be that.

Comparisons that were not measured count in ``K``: the budget does not grow when results are late. A verdict on part of
the seeds is a look before the end, and looking many times costs more than one budget; its missing runs are named.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtri, ndtri, stdtr, stdtrit

from theory.support.validate import number

__all__ = [
    "ALPHA",
    "MOST_SEEDS",
    "POWER",
    "Decision",
    "decide",
    "deviation",
    "judged_by",
    "power",
    "seeds_needed",
    "visible_effect",
]

ALPHA = 0.05
"""The error budget of a claim."""

POWER = 0.8
"""The chance with which an effect is to be seen that is called visible."""

MOST_SEEDS = 1000
"""Up to how many seeds are counted that would show an effect."""

_ROUNDING = 1e-9  # relative to the mean: what floating point leaves where all seeds agree


@dataclass(frozen=True, eq=False)
class Decision:
    """The decisions on the comparisons; every array has one entry for each of them.

    Attributes:
        seeds: the number of values.
        mean: their mean, NaN if there is none.
        low: of the comparison's own interval, of level ``1 - alpha``; NaN where the values have no spread.
        high: likewise.
        low_all: of the interval of level ``1 - alpha / K``: all K of them hold together with ``1 - alpha``.
        high_all: likewise.
        holds: whether it is on the claim's side.
        fails: whether it is on the other side.
    """

    seeds: NDArray[np.intp]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    low_all: NDArray[np.float64]
    high_all: NDArray[np.float64]
    holds: NDArray[np.bool_]
    fails: NDArray[np.bool_]


def decide(values: ArrayLike, alpha: float = ALPHA) -> Decision:
    """Judge K comparisons over S seeds.

    Args:
        values: of shape (..., K, S), each row a comparison, NaN where a seed has no value; axes before the last two
            are families of their own.
        alpha: the budget of a family.

    A comparison with fewer than two values, or whose values are all the same, has no interval and is not decided.

    Example:
        >>> found = decide([[2.0, 2.5, 2.2], [1.0, 1.4, 1.1], [0.3, -0.2, 0.1]])
        >>> found.holds.tolist(), found.fails.tolist(), round(float(found.low[0]), 2)
        ([True, True, False], [False, False, False], 1.61)
    """
    number("alpha", alpha, "must be above 0 and below 1", above=0, below=1)
    array = np.asarray(values, dtype=float)
    there = ~np.isnan(array)
    seeds = there.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(there, array, 0.0).sum(axis=-1) / seeds
        squares = np.where(there, (array - mean[..., None]) ** 2, 0.0).sum(axis=-1)
        error = np.sqrt(squares / (seeds - 1) / seeds)
        error = np.where((seeds > 1) & (error > _ROUNDING * np.abs(mean)), error, np.nan)
        freedom = np.where(seeds > 1, seeds - 1, np.nan)
        t = mean / error
        half = stdtrit(freedom, 1 - alpha / 2) * error
        half_all = stdtrit(freedom, 1 - alpha / (2 * array.shape[-2])) * error
    holds, fails = judged_by(t, freedom, alpha)
    return Decision(
        seeds=seeds,
        mean=mean,
        low=mean - half,
        high=mean + half,
        low_all=mean - half_all,
        high_all=mean + half_all,
        holds=holds,
        fails=fails,
    )


def judged_by(
    t: NDArray[np.float64], freedom: NDArray[np.float64], alpha: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which comparisons hold and which fail, by their statistics and degrees of freedom, NaN for none."""
    up, down = (np.nan_to_num(stdtr(freedom, side), nan=1.0) for side in (-t, t))
    return _adjusted(up, step_up=True) <= alpha / 2, _adjusted(down, step_up=False) <= alpha / 2


@cache
def visible_effect(seeds: int, comparisons: int = 1, *, somewhere: bool = False) -> float:
    """Return the effect, in standard deviations over seeds, that is confirmed with a chance of :data:`POWER`.

    All of ``comparisons`` independent ones of that size together: each must pass by itself at ``ALPHA / 2``, with a
    chance of ``POWER ** (1 / comparisons)``, by Student's noncentral law. With ``somewhere`` one alone, where the
    others show nothing: it must pass at ``ALPHA / (2 comparisons)``, Hochberg's level for it.

    Args:
        seeds: how many, at least 2.
        comparisons: how many there are.
        somewhere: whether one that holds is enough.

    Example:
        >>> round(visible_effect(3), 1), round(visible_effect(3, 6), 1), round(visible_effect(3, 6, somewhere=True), 1)
        (3.3, 4.7, 8.0)
    """
    from scipy.optimize import brentq
    from scipy.stats import nct  # takes longer to import than all else here

    chance, level = (POWER, ALPHA / (2 * comparisons)) if somewhere else (POWER ** (1 / comparisons), ALPHA / 2)
    freedom = seeds - 1
    limit = stdtrit(freedom, 1 - level)
    # T = (Z + c) / W passes where neither Z is below nor W above what each is with half of the chance of failing.
    rest = (1 - chance) / 2
    most = limit * math.sqrt(chdtri(freedom, rest) / freedom) - ndtri(rest)
    return float(brentq(lambda c: nct.sf(limit, freedom, c) - chance, 0, most)) / math.sqrt(seeds)


def seeds_needed(effect: float, comparisons: int = 1, *, somewhere: bool = False) -> int | None:
    """Return how many seeds show an effect of ``effect`` standard deviations; None if it takes more than 1,000.

    Example:
        >>> seeds_needed(3.3), seeds_needed(1.0), seeds_needed(0.0)
        (3, 10, None)
    """
    if not effect > 0 or visible_effect(MOST_SEEDS, comparisons, somewhere=somewhere) > effect:
        return None
    low, high = 2, MOST_SEEDS
    while low < high:
        middle = (low + high) // 2
        if visible_effect(middle, comparisons, somewhere=somewhere) <= effect:
            high = middle
        else:
            low = middle + 1
    return low


def power(decision: Decision, *, somewhere: bool) -> tuple[NDArray[np.float64], list[int | None]]:
    """Return for each comparison the effect that its seeds would have shown, and the seeds that its mean needs."""
    comparisons = len(decision.seeds)
    spread = deviation(decision.high - decision.mean, decision.seeds)
    needed = [
        None if math.isnan(s) else seeds_needed(m / s, comparisons, somewhere=somewhere)
        for m, s in zip(decision.mean, spread, strict=True)
    ]
    visible = [
        math.nan if math.isnan(s) else s * visible_effect(n, comparisons, somewhere=somewhere)
        for s, n in zip(spread, decision.seeds.tolist(), strict=True)
    ]
    return np.array(visible), needed


def deviation(half: ArrayLike, seeds: ArrayLike) -> NDArray[np.float64]:
    """Return the standard deviation over seeds from half the length of an interval of level ``1 - ALPHA``."""
    number = np.asarray(seeds)
    return np.asarray(half * np.sqrt(number) / stdtrit(np.maximum(number - 1, 1), 1 - ALPHA / 2))


def _adjusted(p: NDArray[np.float64], *, step_up: bool) -> NDArray[np.float64]:
    """Return the p-values adjusted along the last axis, by Hochberg (``step_up``) or by Holm."""
    order = np.argsort(p, axis=-1)
    scaled = np.take_along_axis(p, order, axis=-1) * np.arange(p.shape[-1], 0, -1)
    if step_up:
        monotone = np.flip(np.minimum.accumulate(np.flip(scaled, axis=-1), axis=-1), axis=-1)
    else:
        monotone = np.maximum.accumulate(scaled, axis=-1)
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, monotone, axis=-1)
    return adjusted
