"""A sequential check of a claimed upper bound on the probability of an event that can only be simulated.

After ``n`` replicates with ``x`` events, the evidence that the probability is above ``p`` is a mixture of likelihood
ratios against alternatives whose odds are ``exp(h)`` times those of ``p``, ``h > 0``:

    M_n(p) = sum_h weight(h) exp(h x) / (1 - p + p exp(h))^n,

and the evidence that it is below ``p`` the same with ``h < 0``. If the true probability is at most ``p``, the first is
a nonnegative supermartingale that starts at 1, so by Ville's inequality the chance that it *ever* reaches
``1 / false_alarm`` is at most ``false_alarm``; likewise the second if it is at least ``p``. So one may look after every
batch and stop when one likes, and as only one of the two can mislead, neither has to share the rate with the other.

The alternatives are a geometric grid, so that one of them is close to any truth and its ratio grows nearly as fast as
the best, by the Kullback-Leibler divergence a replicate; the weights are largest where a claim is off by 10 % to 300 %.
No test of that rate needs fewer than ``log(1 / false_alarm) / KL`` replicates on average (Wald 1945);
``tailbound theory bench`` compares.

Independence is a precondition. Its common violation, replicates of a call that depend on each other, shows in the
dispersion over the calls, which is tested too: the evidence is the likelihood of calls that each have a probability of
their own (beta distributed, of many concentrations) over the largest likelihood of independent replicates. That is at
most the ratio at the true probability, a martingale, whatever that probability is.

References: A. Wald, Sequential tests of statistical hypotheses, Ann. Math. Stat. 16, 1945; H. Robbins, Statistical
methods related to the law of the iterated logarithm, Ann. Math. Stat. 41, 1970; S. Howard, A. Ramdas, J. McAuliffe,
J. Sekhon, Time-uniform, nonparametric, nonasymptotic confidence sequences, Ann. Stat. 49, 2021; L. Wasserman,
A. Ramdas, S. Balakrishnan, Universal inference, PNAS 117, 2020 (the test of dispersion).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln, logsumexp, xlog1py, xlogy

from theory.support.validate import broadcastable, choice, float_below, floats, generator, integer, number, refuse
from theory.verdicts.checker import BoundCheck, Interval, detectable_excess, least_refuting

__all__ = ["Evidence", "check_probability", "confidence_interval", "log_evidence"]

Sampler = Callable[[np.random.Generator, int], Any]
_GROWTH, _LEAST_CALL, _LARGEST_CALL = 32, 2, 1 << 18  # a call asks for a 32nd of what was drawn
_BISECTIONS = 100
_ROUNDING = 8 * float(np.finfo(float).eps)
_MOST_TRIALS = 2**53
_RATE = "must be a number with 0 < false_alarm < 1"


def _alternatives() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the logarithms ``h`` of the odds ratios, and those of their weights, which sum to 1.

    Ten from 0.09 to 3.5 share 4/5; those below and above share 1/10 each, the ``k``-th getting a part like ``1 / k^2``.
    """
    middle = 0.09 * 1.5 ** np.arange(10)
    smaller, larger = middle[0] * 1.5 ** -np.arange(1.0, 25), middle[-1] * 1.5 ** np.arange(1.0, 13)
    falling = [1 / np.arange(1.0, len(h) + 1) ** 2 for h in (smaller, larger)]
    weights = np.concatenate([np.full(10, 0.08), *(0.1 * part / part.sum() for part in falling)])
    return np.concatenate([middle, smaller, larger]), np.log(weights)


_SHIFTS, _LOG_WEIGHTS = _alternatives()
_CONCENTRATIONS = np.array([0.05, 0.5, 2.0, 8.0, 32.0, 128.0, 512.0, 2048.0, 8192.0, 2.0**15, 2.0**17])


def check_probability(
    sampler: Sampler,
    claimed: float | Fraction,
    *,
    false_alarm: float = 1e-6,
    max_replicates: int = 10_000_000,
    rng: np.random.Generator | None = None,
) -> BoundCheck:
    """Judge ``P(event) <= claimed`` by simulation, stopping as soon as it is decided.

    The verdict is certified or refuted once the evidence for it (:func:`log_evidence`) has reached
    ``1 / false_alarm``, and undecided if neither has happened after ``max_replicates``. If the replicates are
    independent, a wrong verdict, of either kind, has a chance of at most ``false_alarm``, whenever one stops. A lower
    bound is judged as an upper bound on the complement.

    No verdict is given where the replicates are seen to depend on each other within calls: ``note`` says so then. The
    chance that this is said of independent replicates is at most ``false_alarm`` too. As long as each call has returned
    a single value, replicates cannot be told from copies of one draw a call; if all calls agree, the calls are counted
    as the replicates before there is a verdict, with single ones at the end.

    Args:
        sampler: called as ``sampler(rng, size)``, with sizes from 1 to 2^18; returns ``size`` independent Booleans,
            whether the event happened.
        claimed: the claimed upper bound, at least 0; 1 or more is vacuous and true without a single replicate.
        false_alarm: in (0, 1).
        max_replicates: from 1 to 2^53.
        rng: the randomness that the sampler gets; ``None`` for a fresh generator.

    Returns:
        A :class:`theory.verdicts.checker.BoundCheck` of level monte-carlo. ``bound`` is the largest float that is at
        most ``claimed``, each end of ``probability`` a confidence limit of level ``1 - false_alarm`` (for all numbers
        of replicates at once), ``replicates`` is how many were drawn, and ``detectable`` an excess that would have been
        refuted within ``max_replicates``.

    Raises:
        ValueError: an argument is out of range, or the sampler returned anything but ``size`` Booleans.

    Example:
        >>> def exceeds(rng, size):
        ...     return rng.standard_normal(size) > 2
        >>> rng = np.random.default_rng(1)
        >>> check_probability(exceeds, 0.05, rng=rng).verdict, check_probability(exceeds, 0.02, rng=rng).verdict
        ('certified', 'refuted')
        >>> found = check_probability(lambda rng, size: np.full(size, rng.random() < 0.25), 0.3, rng=rng)
        >>> found.verdict, found.note[:37]
        ('undecided', 'no verdict: the replicates of a call ')
    """
    if not callable(sampler):
        refuse("sampler", sampler, "must be callable with (rng, size)")
    exact = number("claimed", claimed, "must be a finite number >= 0", least=0)
    rate = float_below(number("false_alarm", false_alarm, _RATE, above=0, below=1))
    most = integer("max_replicates", max_replicates, most=_MOST_TRIALS)
    if rng is None:
        rng = np.random.default_rng()
    generator("rng", rng)
    p = float_below(exact)
    if exact >= 1:
        return BoundCheck("certified", "monte-carlo", p, Interval(0.0, 1.0), Interval(p - 1, p), True, 0, rate)
    evidence = Evidence(exact, rate)
    while evidence.verdict is None and evidence.trials < most:
        size = min(evidence.next_size(), most - evidence.trials)
        evidence.add(_events(sampler, rng, size), size)
    needed = -math.log(rate)
    interval = _limits(evidence.count, evidence.trials, needed)
    slack = Interval(math.nextafter(p - interval.high, -math.inf), math.nextafter(p - interval.low, math.inf))
    above = evidence.above
    least = least_refuting(lambda x: bool(log_evidence(x, most, above) >= needed), most)
    excess = detectable_excess(p, most, least)
    verdict = evidence.verdict or "undecided"
    note = evidence.note()
    return BoundCheck(verdict, "monte-carlo", p, interval, slack, False, evidence.trials, rate, excess, note=note)


class Evidence:
    """The evidence about ``P(event) <= claimed`` from calls of a sampler, one after the other.

    Args:
        claimed: in [0, 1), exact.
        rate: the false-alarm rate.
    """

    def __init__(self, claimed: float | Fraction, rate: float) -> None:
        """Begin without a replicate."""
        self.below = float_below(claimed)
        self.above = self.below if self.below == claimed else math.nextafter(self.below, 1.0)
        self.needed = -math.log(rate)
        self.count = self.trials = self.calls = self.full = 0
        self.mixed = self.dependent = self._enough = False
        self._look = 1  # at the evidence of the calls, after so many
        self._seen = self._of = 0  # events and replicates of the calls that the dispersion is tested with
        self._spread = np.full(len(_CONCENTRATIONS), -math.log(len(_CONCENTRATIONS)))
        self.verdict: str | None = None

    def next_size(self) -> int:
        """Return how many replicates the next call asks for."""
        if self._enough and self.count in (0, self.trials):
            return 1  # all calls agree, which says no more than their number does
        return min(max(_LEAST_CALL, self.trials // _GROWTH), _LARGEST_CALL)

    def add(self, events: int, size: int) -> None:
        """Take in a call of ``size`` replicates with so many events, and look."""
        if size > 1:
            self._add_spread(events, size)
        self.mixed = self.mixed or 0 < events < size
        self.calls += 1
        self.full += events == size
        self.count += events
        self.trials += size
        if self.dependent:
            self.verdict = "undecided"
        elif self.mixed:
            self.verdict = self._side(self.count, self.trials)
        elif self.count in (0, self.trials):
            self._enough = self._enough or self._side(self.count, self.trials) is not None
            if self._enough and self.calls >= self._look:
                self.verdict = self._side(self.full, self.calls)
                self._look = self.calls + max(1, self.calls // _GROWTH)

    def note(self) -> str:
        """Return what keeps the evidence from a verdict, empty if nothing but the number of replicates does."""
        if self.dependent:
            return (
                f"no verdict: the replicates of a call depend on each other, by the dispersion of {self.calls:,} calls "
                f"(independent ones would show it with a chance of at most {math.exp(-self.needed):.3g})"
            )
        if self.verdict is None and self._side(self.count, self.trials):
            return (
                f"no verdict: each of {self.calls:,} calls returned a single value, so that independent replicates "
                "cannot be told from copies of one draw a call"
            )
        return ""

    def _side(self, count: int, trials: int) -> str | None:
        if _log_mixture(count, trials, self.above, True) >= self.needed:
            return "refuted"
        if _log_mixture(count, trials, self.below, False) >= self.needed:
            return "certified"
        return None

    def _add_spread(self, events: int, size: int) -> None:
        mean = (self._seen + 0.5) / (self._of + 1)
        hits, misses = _CONCENTRATIONS * mean, _CONCENTRATIONS * (1 - mean)
        self._spread += betaln(hits + events, misses + size - events) - betaln(hits, misses)
        self._seen += events
        self._of += size
        share = self._seen / self._of
        most = xlogy(self._seen, share) + xlog1py(self._of - self._seen, -share)
        self.dependent = self.dependent or bool(logsumexp(self._spread) - most >= self.needed)


def log_evidence(count: ArrayLike, trials: ArrayLike, p: float | Fraction, side: str = "above") -> NDArray[np.float64]:
    """Return ``log M_n(p)``, the evidence that the probability lies above or below ``p`` (see the module's head).

    Args:
        count: numbers of events ``x``, any shape.
        trials: numbers of replicates ``n >= x``, at most 2^53, a shape that broadcasts.
        p: in [0, 1]; ``inf`` is returned where no probability on its other side can give the count.
        side: ``"above"`` or ``"below"``.

    Raises:
        ValueError: an argument is out of range, or the shapes do not broadcast.

    Example:
        >>> log_evidence([0, 50, 90], 100, 0.5).round(1)
        array([-4. , -1.2, 34.3])
    """
    whole_numbers = "must hold whole numbers from 0 to 2^53"
    x = floats("count", count, whole_numbers, least=0, most=_MOST_TRIALS)
    n = floats("trials", trials, whole_numbers, least=0, most=_MOST_TRIALS)
    broadcastable(trials=n, count=x)
    if np.any(x != np.floor(x)) or np.any(x > n):
        refuse("count", count, "must hold whole numbers from 0 to the number of trials")
    if np.any(n != np.floor(n)):
        refuse("trials", trials, whole_numbers)
    at = float(number("p", p, "must be a number with 0 <= p <= 1", least=0, most=1))
    return _log_mixture(x, n, at, choice("side", side, ("above", "below")) == "above")


def _log_mixture(x: Any, n: Any, p: float, above: bool) -> NDArray[np.float64]:
    """Return the evidence of both counts, a little less for rounding."""
    if not above and p >= 0.5:
        x, p, above = n - x, 1 - p, True
    signed = _SHIFTS if above else -_SHIFTS
    for_events, for_all = signed * np.asarray(x)[..., None], np.log1p(p * np.expm1(signed)) * np.asarray(n)[..., None]
    logs = _LOG_WEIGHTS + for_events - for_all - _ROUNDING * (np.abs(for_events) + np.abs(for_all))
    impossible = (p == 0) & (np.asarray(x) > 0)
    return np.where(impossible, np.inf if above else -np.inf, logsumexp(logs, axis=-1))


def confidence_interval(count: int, trials: int, error: float) -> Interval:
    """Return the probabilities against which the evidence is below ``2 / error`` on either side.

    These intervals hold the true probability for all numbers of trials at once with a chance of ``1 - error`` or more.

    Raises:
        ValueError: an argument is out of range: ``trials`` from 1 to 2^53, ``count`` from 0 to ``trials``, ``error`` in
            (0, 1).

    Example:
        >>> low, high = confidence_interval(500, 1000, 0.05)
        >>> round(low, 3), round(high, 3)
        (0.448, 0.552)
    """
    trials = integer("trials", trials, most=_MOST_TRIALS)
    count = integer("count", count, least=0, most=trials)
    error = float_below(number("error", error, "must be a number with 0 < error < 1", above=0, below=1))
    return _limits(count, trials, math.log(2) - math.log(error))


def _limits(count: int, trials: int, needed: float) -> Interval:
    """Return where the evidence reaches ``needed``: it falls in ``p`` on the side above, and rises on that below."""

    def end(outer: float, above: bool) -> float:
        inner = count / trials
        for _ in range(_BISECTIONS):
            middle = (inner + outer) / 2
            if _log_mixture(count, trials, middle, above) >= needed:
                outer = middle
            else:
                inner = middle
        return outer

    return Interval(end(0.0, True), end(1.0, False))


def _events(sampler: Sampler, rng: np.random.Generator, size: int) -> int:
    """Return how many of ``size`` new replicates have the event."""
    drawn = sampler(rng, size)
    allowed = f"must return {size} Booleans, shape ({size},); it returned a {type(drawn).__name__}"
    if np.ma.isMaskedArray(drawn):
        refuse("sampler", sampler, f"{allowed}, which hides some of them")
    try:
        events = np.asarray(drawn)
    except ValueError:
        refuse("sampler", sampler, f"{allowed} that is no array")
    if events.dtype != np.bool_ or events.shape != (size,):
        refuse("sampler", sampler, f"{allowed} of shape {events.shape} and dtype {events.dtype}")
    return int(np.count_nonzero(events))
