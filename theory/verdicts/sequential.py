"""A sequential check of a claimed upper bound on the probability of an event that can only be simulated.

After ``n`` replicates with ``x`` events, the likelihood of the data averaged over a Beta(1/2, 1/2) prior, over their
likelihood under the probability ``p``, is

    M_n(p) = B(x + 1/2, n - x + 1/2) / (B(1/2, 1/2) p^x (1 - p)^(n - x)).

If ``p`` is the true probability, ``M_n(p)`` is a nonnegative martingale that starts at 1, so by Ville's inequality the
chance that it *ever* reaches ``1 / false_alarm`` is at most ``false_alarm``. The probabilities with ``M_n(p) <
1 / false_alarm`` are an interval (``log M_n`` is convex in ``p``), and these intervals hold the true probability at all
``n`` at once with a chance of at least ``1 - false_alarm``: one may look after every batch and stop when one likes.

References: H. Robbins, Statistical methods related to the law of the iterated logarithm, Ann. Math. Stat. 41, 1970;
S. Howard, A. Ramdas, J. McAuliffe, J. Sekhon, Time-uniform, nonparametric, nonasymptotic confidence sequences,
Ann. Stat. 49, 2021; R. Krichevsky and V. Trofimov, The performance of universal encoding, IEEE Trans. Inf. Theory 27,
1981 (the prior).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln, xlog1py, xlogy

from theory.support.validate import number, refuse, whole
from theory.verdicts.checker import BoundCheck, Interval, detectable_excess, least_refuting

__all__ = ["check_probability", "confidence_interval", "log_evidence"]

Sampler = Callable[[np.random.Generator, int], Any]
_FIRST_BATCH, _LARGEST_BATCH = 1 << 10, 1 << 18
_BISECTIONS = 100


def check_probability(
    sampler: Sampler,
    claimed: float,
    *,
    false_alarm: float = 1e-6,
    max_replicates: int = 10_000_000,
    rng: np.random.Generator | None = None,
) -> BoundCheck:
    """Judge ``P(event) <= claimed`` by simulation, stopping as soon as it is decided.

    The verdict is certified once the confidence interval lies below ``claimed``, refuted once it lies above, and
    undecided if neither has happened after ``max_replicates``. A wrong verdict, of either kind, has a chance of at most
    ``false_alarm``, whenever one stops. A lower bound is judged as an upper bound on the complement.

    Args:
        sampler: called as ``sampler(rng, size)``; returns ``size`` independent Booleans, whether the event happened.
        claimed: the claimed upper bound, at least 0, rounded down to a float; 1 or more is vacuous and true without
            a single replicate.
        false_alarm: in (0, 1).
        max_replicates: at least 1.
        rng: the randomness that the sampler gets; ``None`` for a fresh generator.

    Returns:
        A :class:`theory.verdicts.checker.BoundCheck` of level monte-carlo. ``replicates`` is how many were drawn, and
        ``detectable`` an excess that would have been refuted within ``max_replicates``.

    Raises:
        ValueError: an argument is out of range, or the sampler returned anything but ``size`` Booleans.

    Example:
        >>> def exceeds(rng, size):
        ...     return rng.standard_normal(size) > 2
        >>> rng = np.random.default_rng(1)
        >>> check_probability(exceeds, 0.05, rng=rng).verdict, check_probability(exceeds, 0.02, rng=rng).verdict
        ('certified', 'refuted')
    """
    if not callable(sampler):
        refuse("sampler", sampler, "must be callable with (rng, size)")
    exact = number("claimed", claimed, "must be a finite number >= 0", least=0)
    p = float(exact)
    p = p if p <= exact else math.nextafter(p, 0)
    rate = float(number("false_alarm", false_alarm, "must be a number with 0 < false_alarm < 1", above=0, below=1))
    most = whole("max_replicates", max_replicates)
    if rng is None:
        rng = np.random.default_rng()
    if not isinstance(rng, np.random.Generator):
        refuse("rng", rng, "must be a numpy.random.Generator, or None")
    if exact >= 1:
        return BoundCheck("certified", "monte-carlo", p, Interval(0.0, 1.0), Interval(p - 1, p), True, 0, rate)
    count, drawn, verdict = 0, 0, "undecided"
    while verdict == "undecided" and drawn < most:
        size = min(max(_FIRST_BATCH, drawn // 4), _LARGEST_BATCH, most - drawn)
        count += _events(sampler, rng, size)
        drawn += size
        if log_evidence(count, drawn, p) >= -math.log(rate):
            verdict = "refuted" if count > drawn * p else "certified"
    interval = confidence_interval(count, drawn, rate)
    slack = Interval(math.nextafter(p - interval.high, -math.inf), math.nextafter(p - interval.low, math.inf))
    least = least_refuting(lambda x: x > most * p and bool(log_evidence(x, most, p) >= -math.log(rate)), most)
    excess = detectable_excess(p, most, least)
    return BoundCheck(verdict, "monte-carlo", p, interval, slack, False, drawn, rate, excess)


def log_evidence(count: ArrayLike, trials: ArrayLike, p: float) -> NDArray[np.float64]:
    """Return ``log M_n(p)``, the evidence against the probability ``p`` (see the module's head).

    Args:
        count: numbers of events ``x``, any shape.
        trials: numbers of replicates ``n >= x``, a shape that broadcasts.
        p: in [0, 1]; ``inf`` is returned where ``p`` cannot give the count.

    Example:
        >>> log_evidence([0, 5, 10], 10, 0.5).round(2)
        array([ 5.2, -1.4,  5.2])
    """
    x, n = np.asarray(count, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    return np.asarray(betaln(x + 0.5, n - x + 0.5) - math.log(math.pi) - xlogy(x, p) - xlog1py(n - x, -p))


def confidence_interval(count: int, trials: int, error: float) -> Interval:
    """Return the probabilities against which the evidence is below ``1 / error``.

    These intervals hold the true probability for all numbers of trials at once with a chance of ``1 - error`` or more.

    Example:
        >>> low, high = confidence_interval(500, 1000, 0.05)
        >>> round(low, 3), round(high, 3)
        (0.442, 0.558)
    """

    def end(outer: float) -> float:
        inner = count / trials
        for _ in range(_BISECTIONS):
            middle = (inner + outer) / 2
            if log_evidence(count, trials, middle) >= -math.log(error):
                outer = middle
            else:
                inner = middle
        return outer

    return Interval(end(0.0), end(1.0))


def _events(sampler: Sampler, rng: np.random.Generator, size: int) -> int:
    """Return how many of ``size`` new replicates have the event."""
    drawn = sampler(rng, size)
    allowed = f"must return {size} Booleans, shape ({size},); it returned a {type(drawn).__name__}"
    try:
        events = np.asarray(drawn)
    except ValueError:
        refuse("sampler", sampler, f"{allowed} that is no array")
    if events.dtype != np.bool_ or events.shape != (size,):
        refuse("sampler", sampler, f"{allowed} of shape {events.shape} and dtype {events.dtype}")
    return int(np.count_nonzero(events))
