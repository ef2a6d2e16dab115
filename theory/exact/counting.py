"""Counting how often a simulated boundary of Theorem 1 falls outside an interval, at about one normal a replicate.

A check by simulation needs no boundaries, only the number of them that fall outside. Each replicate is a count
``K ~ Binomial(n, q)`` and a standard normal ``Z``; given ``K = k`` it falls outside where ``Z`` lies outside
``[low(k), high(k)]``. The replicates are exchangeable, so they may be drawn in the order of their counts:

1. the support of ``K`` is cut into about 128 bins of equal mass, and one multinomial draw says how many replicates
   have their count in each bin;
2. every replicate gets its normal, and nearly all of them are decided by it, whichever count of the bin they have;
3. where the thresholds of the bin's counts disagree, and only there, the replicate's own count is drawn, given
   its bin.

This is the law of Theorem 1 itself, not an approximation, up to the rounding of floats (relative errors of 1e-12 in
the masses and 1e-15 in the thresholds). Counts that have, together, a chance below 1e-30 (Bernstein's inequality)
are taken as the nearest count that is more likely.

Replicates come in blocks of fixed size, each with its own stream of random numbers, so that the result depends on the
seed and the number of replicates, and not on who computes which block. Memory does not grow with the replicates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from theory.exact.binomial import log_pmf
from theory.exact.binomial_normal import BinomialNormal
from theory.support.executors import map_tasks
from theory.support.validate import integer, refuse

__all__ = ["count_outside", "entropy"]

_BLOCK = 1 << 21  # replicates that share a stream
_BINS = 128
_CHUNK = 1 << 15  # normals drawn at a time: 256 KiB, within a core's cache
_TASKS = 512  # at most so many tasks, however many blocks
_LOG_REST = 70.0  # exp(-70) < 1e-30


def count_outside(
    law: BinomialNormal,
    low: Fraction,
    high: Fraction,
    replicates: int,
    rng: np.random.Generator | None = None,
    executor: Executor | str | None = None,
) -> int:
    """Return how many of ``replicates`` independent draws of ``X`` have ``X < low`` or ``X > high``.

    Args:
        law: the law of ``X``.
        low: lower threshold, at most ``high``.
        high: upper threshold.
        replicates: how many draws, at least 1.
        rng: gives the seed; ``None`` for a fresh one. The draws themselves come from NumPy's SFC64.
        executor: who computes, as in :func:`theory.support.executors.open_executor`; it does not change the result.

    Raises:
        ValueError: ``low > high``, ``replicates`` is not a whole number >= 1, ``rng`` is no generator, or
            ``executor`` is none.

    Example:
        >>> standard = BinomialNormal(1, Fraction(0), Fraction(0), Fraction(0), Fraction(1), Fraction(0))
        >>> count = count_outside(standard, Fraction(-1), Fraction(1), 10**6, np.random.default_rng(1))
        >>> abs(count / 10**6 - 0.3173) < 0.003
        True
    """
    if low > high:
        refuse("low", low, f"must be at most high={high}")
    replicates = integer("replicates", replicates)
    seed = entropy(rng)
    blocks = -(-replicates // _BLOCK)
    share = -(-blocks // _TASKS)
    tasks = [(law, low, high, replicates, seed, first, min(first + share, blocks)) for first in range(0, blocks, share)]
    if executor is None:
        _plan(law, low, high)  # made once, before the threads ask for it
        if len(tasks) == 1:
            return _count_blocks(*tasks[0])
    return int(sum(map_tasks(executor, _count_blocks, tasks)))


def entropy(rng: np.random.Generator | None) -> tuple[int, ...]:
    """Return a seed of 128 bits, from ``rng`` or, if it is ``None``, from the operating system."""
    if rng is None:
        rng = np.random.default_rng()
    if not isinstance(rng, np.random.Generator):
        refuse("rng", rng, "must be a numpy.random.Generator, or None")
    return tuple(rng.integers(1 << 32, size=4).tolist())


@dataclass(frozen=True)
class _Bin:
    """Counts that are handled together: the extremes of their thresholds, and what it takes to draw one of them."""

    least_low: float
    most_low: float
    least_high: float
    most_high: float
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    cumulative: NDArray[np.float64]


@lru_cache(maxsize=4)
def _plan(law: BinomialNormal, low: Fraction, high: Fraction) -> tuple[tuple[_Bin, ...], NDArray[np.float64]]:
    """Return the bins, rarest first, with their masses.

    In that order the multinomial's conditional chances, mass over the mass that is left, lose no digits.
    """
    middle = round(law.n * law.q)
    variance = float(law.n * law.q * (1 - law.q))
    reach = math.ceil(_LOG_REST / 3 + math.sqrt(_LOG_REST**2 / 9 + 2 * _LOG_REST * variance))
    k = np.arange(max(0, middle - reach), min(law.n, middle + reach) + 1)
    mass = np.exp(log_pmf(k, law.n, law.q))
    k, mass = k[mass > 0], mass[mass > 0]
    lows, highs = law.standardized(k, middle, low), law.standardized(k, middle, high)
    cumulative = np.cumsum(mass)
    cuts = np.searchsorted(cumulative, cumulative[-1] * np.arange(1, _BINS) / _BINS)
    edges = np.unique(np.concatenate([[0], cuts, [len(k)]]))
    bins = [
        _Bin(
            float(lows[part].min()),
            float(lows[part].max()),
            float(highs[part].min()),
            float(highs[part].max()),
            lows[part],
            highs[part],
            np.cumsum(mass[part]),
        )
        for part in map(slice, edges[:-1], edges[1:])
    ]
    bins.sort(key=lambda b: float(b.cumulative[-1]))
    masses = np.array([b.cumulative[-1] for b in bins])
    return tuple(bins), masses / masses.sum()


def _count_blocks(
    law: BinomialNormal, low: Fraction, high: Fraction, replicates: int, seed: Sequence[int], first: int, last: int
) -> int:
    """Return how many replicates of the blocks from ``first`` to before ``last`` fall outside."""
    bins, masses = _plan(law, low, high)
    normals, flags = np.empty(_CHUNK), np.empty(_CHUNK, dtype=bool)
    outside = 0
    for block in range(first, last):
        rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(block,))))
        size = min(_BLOCK, replicates - block * _BLOCK)
        for one, members in zip(bins, rng.multinomial(size, masses).tolist(), strict=True):
            for start in range(0, members, _CHUNK):
                part = min(_CHUNK, members - start)
                outside += _count_chunk(one, rng, normals[:part], flags[:part])
    return outside


def _count_chunk(one: _Bin, rng: np.random.Generator, z: NDArray[np.float64], flags: NDArray[np.bool_]) -> int:
    """Return how many new replicates of one bin fall outside; the arrays are only room to work in."""
    rng.standard_normal(out=z)
    count = np.count_nonzero
    surely = count(np.less(z, one.least_low, out=flags)) + count(np.greater(z, one.most_high, out=flags))
    if len(one.cumulative) == 1:
        return int(surely)
    perhaps = count(np.less(z, one.most_low, out=flags)) + count(np.greater(z, one.least_high, out=flags))
    if perhaps == surely:
        return int(surely)
    open_z = z[((z < one.most_low) & (z >= one.least_low)) | ((z > one.least_high) & (z <= one.most_high))]
    drawn = np.searchsorted(one.cumulative, rng.random(len(open_z)) * one.cumulative[-1], side="right")
    np.minimum(drawn, len(one.cumulative) - 1, out=drawn)
    return int(surely + count((open_z < one.low[drawn]) | (open_z > one.high[drawn])))
