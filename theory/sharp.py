"""Sharper tail bounds than Theorem 1 prints, for the same probability ``P(|f - E f| > alpha)``.

The estimated boundary is ``f - E f = sum_i step_i (K_i - n_i q_i) + sqrt(V) N`` with independent binomial counts
``K_i`` of similar samples, a standard normal ``N``, and ``V = var + sum_i var_step_i K_i``, ``var_step_i <= 0``
(:func:`theory.theorem1.law`; both classes in :mod:`theory.two_sided`). Its moment generating function is therefore
exact and elementary,

    log E exp(t (f - E f)) = t^2 var / 2 + sum_i [n_i log(1 - q_i + q_i exp(y_i)) - t n_i q_i step_i],
    y_i = t step_i + t^2 var_step_i / 2.

For every setting and every ``alpha`` the probability is at most each of the following, as a float that is rounded up,
and

    sharp <= sub_gaussian <= printed,      sharp <= chernoff <= printed.

- :func:`sub_gaussian_bound`: closed form, and falling in the numbers of samples; no worse than the printed bound.
- :func:`chernoff_bound`: ``inf_t E exp(t (f - E f) - t alpha)``, the best that the moment generating function gives.
- :func:`sharp_bound`: with the factor that Chernoff's argument gives away; nearly the exact value, by a formula
  whose length does not depend on the numbers of samples. :func:`ratio_quantiles` measures how nearly.

Proofs, step by step: :mod:`theory.proofs.sharp`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincc, erfc, expit, i0e, log_ndtr, ndtr

from theory import theorem1
from theory.exact.boundary import summed_upwards
from theory.support.broadcast import over_settings
from theory.support.validate import choice, floats, integer, number, positive

__all__ = [
    "Count",
    "Tail",
    "bernoulli_proxy",
    "chernoff_bound",
    "ratio_quantiles",
    "sharp_bound",
    "sub_gaussian_bound",
]

Floats = NDArray[np.float64]
_NEWTON_STEPS = 6
_BISECTIONS = 24
_NODES = 12
_LEAST_COUNTED = 1e-290
_MASS_ERROR = 1e-11  # relative, of the incomplete beta functions at large counts
_ROUNDING = 8 * float(np.finfo(float).eps)  # of sums of a few terms, relative to the sum of their sizes
_LARGEST_TILT = 1e140
_HUGE = Fraction(10) ** 200
_ROOT_2PI = math.sqrt(2 * math.pi)
_CUTS = (math.pi, 2.0, 1.0, 0.5, 0.25)


class Count(NamedTuple):
    """A binomial count: ``n`` trials of chance ``q``, each success adding ``step`` to the mean.

    It adds ``var_step``, at most 0, to the variance.
    """

    n: int
    q: Fraction
    step: Fraction
    var_step: Fraction


_NONE = Count(1, Fraction(0), Fraction(0), Fraction(0))


def bernoulli_proxy(q: float | Fraction, side: str = "both") -> float:
    """Return the smallest ``v`` with ``log E exp(t (I - q)) <= v t^2 / 2``, for an indicator ``I`` of chance ``q``.

    For all real ``t`` ("both") it is ``(1 - 2 q) / (2 ln((1 - q) / q))``, which lies between the variance
    ``q (1 - q)`` and ``1/4``; for ``t >= 0`` ("upper") and ``q >= 1/2``, or ``t <= 0`` ("lower") and ``q <= 1/2``, it
    is the variance itself.

    References:
        M. Kearns, L. Saul, Large deviation methods for approximate probabilistic inference, UAI 1998, lemma 1;
        V. Buldygin, K. Moskvichova, The sub-Gaussian norm of a binary random variable, Theory of Probability and
        Mathematical Statistics 86, 2013.

    Raises:
        ValueError: ``q`` is no probability, or ``side`` is none of both, upper, lower.

    Example:
        >>> bernoulli_proxy(0.5), round(bernoulli_proxy(0.01), 4), round(bernoulli_proxy(0.01, "lower"), 4)
        (0.25, 0.1066, 0.0099)
    """
    q = number("q", q, "must be a number with 0 <= q <= 1", least=0, most=1)
    sign = {"both": 0.0, "upper": 1.0, "lower": -1.0}[choice("side", side, ("both", "upper", "lower"))]
    if sign == 0.0:
        sign = 1.0 if q < Fraction(1, 2) else -1.0  # the side on which the proxy exceeds the variance
    return float(_proxy(np.array(float(q)), np.array(float(1 - q)), np.array(sign)))


def sub_gaussian_bound(s: theorem1.Setting | Sequence[theorem1.Setting], alpha: theorem1.Alpha) -> Any:
    """Return a closed form that bounds ``P(|f - E f| > alpha)`` and never exceeds the bound that Theorem 1 prints.

    With ``r = (1 - beta) (mu2 - mu1)``, ``q = 1 - p`` and the proxies ``b`` of :func:`bernoulli_proxy` for either
    side, it is, capped at 1, the sum over both sides of

        min(exp(-x^2 / 2), sqrt(v / v0) exp(c^2 / 2 - c x) / (c sqrt(2 pi))),
        v = sigma^2 / 4 (1 / n+ + 1 / n-) + b r^2 / (4 n+),        x = alpha / sqrt(v),
        v0 = sigma^2 / 4 ((beta^2 + (1 - beta)^2) / n+ + 1 / n-),  c = (x + sqrt(x^2 + 4)) / 2;

    without randomness in the count (``p`` 0 or 1) it is the exact ``erfc(alpha / sqrt(2 V))``. For fixed ``n_neg`` it
    falls in ``n_pos``.

    Proof idea: the printed chain of inequalities with the Bernoulli proxy in the place of 1/4, without splitting
    the exponent in two; and the normal part's bounded density, see :func:`sharp_bound`.

    Arguments and result as for :func:`theory.theorem1.bound`.

    Example:
        >>> s = theorem1.Setting(0, 1, 1, beta=0.5, p=0.5, n_pos=5000, n_neg=50)
        >>> round(theorem1.bound(s, 0.3), 4), round(sub_gaussian_bound(s, 0.3), 7)
        (0.0232, 2.5e-05)
    """
    return over_settings(lambda one, a: two_sided(_tail(one, a), Tail.log_sub_gaussian), theorem1.Setting, s, alpha)


def chernoff_bound(s: theorem1.Setting | Sequence[theorem1.Setting], alpha: theorem1.Alpha) -> Any:
    """Return the optimal Chernoff bound, ``inf E exp(t (X - alpha)) + inf E exp(-t (X + alpha))`` for ``X = f - E f``.

    The infima are over ``t > 0``, of log-convex functions, found numerically; every ``t`` gives a valid bound, so
    that stopping short of the minimum costs sharpness and never validity. At most 1; exponents are rounded upwards.

    It never exceeds the printed bound, and falls in ``n_pos`` and in ``n_neg``. Chernoff's argument gives away a factor
    (for a Gaussian about ``sqrt(2 pi) alpha / sd``), which :func:`sharp_bound` takes back.

    Arguments and result as for :func:`theory.theorem1.bound`.

    Example:
        >>> s = theorem1.Setting(0, 1, 1, beta=0.5, p=0.5, n_pos=5000, n_neg=50)
        >>> round(chernoff_bound(s, 0.3), 6)
        0.000265
    """
    return over_settings(lambda one, a: two_sided(_tail(one, a), Tail.log_chernoff), theorem1.Setting, s, alpha)


def sharp_bound(s: theorem1.Setting | Sequence[theorem1.Setting], alpha: theorem1.Alpha) -> Any:
    """Return an explicit bound on ``P(|f - E f| > alpha)``, never above the printed one and close to the exact value.

    For each side, and any ``t > 0``, exponential tilting gives ``P(X > alpha) = E exp(t (X - alpha)) G(t)`` with
    ``G(t) = E_t[exp(-t (X - alpha)); X > alpha]``. Under the tilted law ``K_i`` is binomial with chance ``u_i`` (odds
    times ``exp(y_i)``), and ``X`` given the counts is normal, its mean moved by ``s_i = step_i + t var_step_i`` a
    success. With ``V0 <= V <= V1`` for all counts, ``w_i = n_i u_i (1 - u_i)``, and ``R = sqrt(V1 / V0)``, ``G(t)`` is
    at most each of

    - 1;
    - ``E_t[(2 pi V)^(-1/2)] / t``, and by convexity the chord between ``V1`` and ``V0`` in the place of the
      expectation: a normal density is at most ``(2 pi V)^(-1/2)``;
    - ``R I0(w_i) exp(-w_i) (1 / (t |s_i|) + min(1, (2 pi V1)^(-1/2) / t))``: no count is likelier than
      ``I0(w) exp(-w)``, and a unimodal function summed over a lattice is at most its integral over the spacing
      plus its largest value;
    - ``R / t [(2 pi (V1 + k sum_i w_i s_i^2))^(-1/2) + erfc(z sqrt(V1 / 2) / max|s_i|) (2 pi V1)^(-1/2)]`` for
      ``0 < z <= pi`` and ``k = 2 (1 - cos z) / z^2``: a density is at most the integral of its characteristic
      function's modulus over ``2 pi``.

    For a single count there is besides, with no tilt, ``P(K >= a) + sum_(b <= k < a) P(K = k) Q_k + P(K < b) Q``:
    the exact terms of 24 counts about the one that takes ``X`` to ``alpha`` (hence the exact value for ``n+ <= 23``),
    1 above them, and the largest normal tail below; binomial tails are regularised incomplete beta functions.

    The bound is the sum over both sides of the smallest of these and of the sub-Gaussian bound, at three points
    ``t``: that of the sub-Gaussian bound, and the minimisers of ``E exp(t (X - alpha))`` and of that divided by ``t``
    as a fixed number of Newton and bisection steps finds them (any ``t`` is valid). At most 1; ``p`` 0 or 1 gives the
    exact ``erfc(alpha / sqrt(2 V))``. The tilts include those of :func:`chernoff_bound`, so that ``sharp <= chernoff``
    and ``sharp <= sub_gaussian <= printed`` for all settings and every ``alpha``.

    Exponents and lattice points are rounded upwards. Where the noise is narrower than the rounding of ``alpha`` in
    units of the lattice, and ``alpha`` lies on a lattice point, that point is therefore counted as beyond it.

    Arguments and result as for :func:`theory.theorem1.bound`.

    Example:
        >>> s = theorem1.Setting(0, 1, 1, beta=0.5, p=0.5, n_pos=5000, n_neg=50)
        >>> [f"{g(s, 0.3):.3g}" for g in (theorem1.bound, chernoff_bound, sharp_bound, theorem1.failure_probability)]
        ['0.0232', '0.000265', '2.44e-05', '2.38e-05']
    """
    return over_settings(lambda one, a: two_sided(_tail(one, a), Tail.log_sharp), theorem1.Setting, s, alpha)


def ratio_quantiles(
    count: int = 300, seed: int = 0, quantiles: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 0.95, 1.0)
) -> dict[str, Floats]:
    """Return quantiles of bound / exact probability over random settings, for every bound.

    The settings have ``mu1 = 0``, ``mu2 = 1``, ``sigma = 10^U(-2, 1)``, ``beta = U(0.01, 0.99)``, ``p`` one of
    ``U(0, 1)`` (half of them), ``10^U(-4, 0)`` and ``1 - 10^U(-4, 0)`` (a quarter each), ``n_pos`` and ``n_neg`` the
    whole parts of ``10^U(0, 4)`` and ``10^U(0, 3)``, and ``alpha`` is ``U(0.1, 8)`` standard deviations of the
    boundary, where ``U(a, b)`` is uniform; those with an exact failure probability in [1e-12, 1e-1] are kept.

    Args:
        count: how many settings to keep, at least 1.
        seed: of the settings; the same seed gives the same numbers.
        quantiles: which quantiles, in [0, 1].

    Returns:
        For each of ``printed``, ``sub_gaussian``, ``chernoff`` and ``sharp`` the quantiles of its ratio.

    Example:
        >>> ratios = ratio_quantiles(count=20, quantiles=[0.5])
        >>> bool(ratios["sharp"][0] < ratios["chernoff"][0] < ratios["printed"][0])
        True
    """
    count, seed = integer("count", count), integer("seed", seed, least=0)
    at = floats("quantiles", quantiles, "must be numbers in [0, 1]", ndim=1, least=0, most=1)
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    bounds = {
        "printed": theorem1.bound,
        "sub_gaussian": sub_gaussian_bound,
        "chernoff": chernoff_bound,
        "sharp": sharp_bound,
    }
    ratios: list[list[float]] = []
    while len(ratios) < count:
        rare = 10 ** rng.uniform(-4, 0)
        p = (rng.random(), rng.random(), rare, 1 - rare)[rng.integers(4)]
        sizes = int(10 ** rng.uniform(0, 4)), int(10 ** rng.uniform(0, 3))
        s = theorem1.Setting(0, 1, 10 ** rng.uniform(-2, 1), rng.uniform(0.01, 0.99), p, *sizes)
        law = theorem1.law(s)
        variance = law.var + law.n * law.q * (law.var_step + (1 - law.q) * law.mean_step**2)
        alpha = rng.uniform(0.1, 8) * math.sqrt(variance)
        exact = theorem1.failure_probability(s, alpha)
        if 1e-12 <= exact <= 1e-1:
            ratios.append([bound(s, alpha) / exact for bound in bounds.values()])
    return dict(zip(bounds, np.quantile(np.array(ratios), at, axis=0).T, strict=True))


@dataclass(frozen=True)
class Tail:
    """The upper tail ``P(X > 1)`` of a centred law in units of ``alpha``: arrays of settings, one row a count.

    Args:
        n: numbers of trials, shape (counts, ...).
        q: chances, shape (counts, ...).
        p: ``1 - q``, free of cancellation.
        step: what a success adds to ``X``.
        var_step: what a success adds to the variance, at most 0.
        var: the variance without successes, shape (...).
    """

    n: Floats
    q: Floats
    p: Floats
    step: Floats
    var_step: Floats
    var: Floats

    @classmethod
    def of(cls, var: Fraction, counts: Sequence[Count], alpha: float | Fraction) -> Tail:
        """Return the tail beyond ``alpha`` of one law given in exact numbers."""
        a = Fraction(alpha)
        var += sum(c.n * c.q * c.var_step for c in counts if c.q in (0, 1))
        counts = [c for c in counts if 0 < c.q < 1] or [_NONE]
        steps, var_steps, var = [c.step / a for c in counts], [c.var_step / a**2 for c in counts], var / a**2
        if max(var, *(step**2 for step in steps)) > _HUGE:  # alpha is below all scales: so wide a law gives 1
            steps = var_steps = [Fraction(0)] * len(counts)
            var = _HUGE
        chances = [c.q for c in counts], [1 - c.q for c in counts]
        rows = ([c.n for c in counts], *chances, steps, var_steps)
        n, q, p, step, var_step = (np.array([float(v) for v in row]) for row in rows)
        return cls(n, q, p, step, var_step, np.asarray(float(var)))

    def sides(self) -> Tail:
        """Return the upper and the lower tail along a new last axis."""
        pair = {f.name: np.stack([getattr(self, f.name)] * 2, axis=-1) for f in fields(self)}
        pair["step"][..., 1] *= -1
        return Tail(**pair)

    @property
    def least_var(self) -> Floats:
        """The smallest variance given the counts."""
        return np.asarray(self.var + (self.n * self.var_step).sum(axis=0))

    @property
    def sure(self) -> NDArray[np.bool_]:
        """Where no count is random, so that ``X`` is Gaussian."""
        return np.asarray(((self.q == 0) | (self.p == 0)).all(axis=0))

    def log_gaussian(self) -> Floats:
        """Return the logarithm of the exact tail where :attr:`sure`."""
        return np.asarray(log_ndtr(-1 / np.sqrt(self.var + (self.n * self.q * self.var_step).sum(axis=0))))

    def proxy(self) -> Floats:
        """Return ``v`` with ``log E exp(t X) <= v t^2 / 2`` for all ``t >= 0``."""
        return np.asarray(self.var + (self.n * self.step**2 * _proxy(self.q, self.p, np.sign(self.step))).sum(axis=0))

    def log_sub_gaussian(self) -> Floats:
        """Return the logarithm of one side of :func:`sub_gaussian_bound`."""
        v = self.proxy()
        c = (1 + np.sqrt(1 + 4 * v)) / 2  # times 1 / sqrt(v)
        smooth = c**2 / (2 * v) - c / v - np.log(c * _ROOT_2PI / np.sqrt(v)) + np.log(v / self.least_var) / 2
        return np.where(self.sure, self.log_gaussian(), np.fmin(-1 / (2 * v), smooth))

    def log_sharp(self) -> Floats:
        """Return the logarithm of one side of :func:`sharp_bound`."""
        t = np.stack([self.best_tilt(0), self.best_tilt(1), 1 / self.proxy()])
        exponent, _, _, chances = self.tilted(t)
        best = np.fmin(self.log_sub_gaussian(), np.fmin.reduce(exponent + self.log_factor(t, chances), axis=0))
        if len(self.n) == 1:
            best = np.fmin(best, self.log_counted())
        return np.where(self.sure, self.log_gaussian(), best)

    def log_chernoff(self) -> Floats:
        """Return ``min_t>0 log E exp(t (X - 1))``."""
        t = np.stack([self.best_tilt(0), 1 / self.proxy()])
        return np.asarray(np.fmin.reduce(self.tilted(t)[0], axis=0))

    def best_tilt(self, power: int) -> Floats:
        """Return nearly the ``t > 0`` that minimises the log-convex function ``t^-power E exp(t (X - 1))``."""
        t = self.starts()
        low, high = np.full(self.var.shape, 1e-300), np.full(self.var.shape, _LARGEST_TILT)
        for _ in range(_NEWTON_STEPS):
            _, mean, var, _ = self.tilted(t)
            slope = mean - 1 - power / t
            low = np.maximum(low, np.where(slope <= 0, t, 0).max(axis=0))
            high = np.minimum(high, np.where(slope > 0, t, _LARGEST_TILT).min(axis=0))
            t = np.minimum(np.clip(t - slope / (var + power / t**2), t / 4, 4 * t), _LARGEST_TILT)
        for _ in range(_BISECTIONS):
            middle = np.sqrt(low) * np.sqrt(high)
            over = self.tilted(middle)[1] > 1 + power / middle
            low, high = np.where(over, low, middle), np.where(over, middle, high)
        return np.asarray(np.sqrt(low) * np.sqrt(high))

    def log_counted(self) -> Floats:
        """Return the logarithm of the bound that replaces the normal tail by steps, for a single count."""
        (n,), (q,), (p,), (step,), (var_step,) = self.n, self.q, self.p, self.step, self.var_step
        up = step > 0
        raising, lowering, size = np.where(up, q, p), np.where(up, p, q), np.abs(step)  # of what raises X
        nearest = np.ceil(np.clip(n * raising + 1 / size, np.minimum(_NODES, n / 2), np.maximum(n - _NODES, n / 2)))
        k = nearest + np.arange(_NODES, -_NODES - 1, -1).reshape(-1, *(1,) * n.ndim)
        inside = (k >= 1) & (k <= n)
        at = np.where(inside, k, 1.0)
        rest = n - at + 1  # of the two chances the one below 1/2 is exact: the other's rounding grows with n
        often, seldom = betaincc(rest, at, lowering), betaincc(at, rest, raising)
        reached = np.where(inside, np.where(raising > 0.5, often, betainc(at, rest, raising)), k < 1)  # P(count >= k)
        missed = np.where(inside, np.where(lowering > 0.5, seldom, betainc(rest, at, lowering)), k > n)  # P(count < k)
        mass = np.where(reached[1:] < 0.5, reached[1:] - reached[:-1], missed[:-1] - missed[1:])
        below = np.concatenate([k[1:], k[-1:] - 1])
        gap = 1 - size * (below - n * raising)
        gap -= _ROUNDING * (1 + size * (np.abs(below) + n * raising))
        var = self.var + np.clip(np.where(up, below, n - below), 0, n) * var_step
        var[-1] = np.where(gap[-1] > 0, self.var, self.least_var)  # the tail of all lower counts is at most this
        normal = ndtr(-gap / np.sqrt(var))
        total = (reached[0] + (mass * normal[:-1]).sum(axis=0) + missed[-1] * normal[-1]) * (1 + _MASS_ERROR)
        return np.where(total > _LEAST_COUNTED, np.log(np.maximum(total, _LEAST_COUNTED)), np.inf)

    def starts(self) -> Floats:
        """Return explicit tilts near the best one, shape (tilts, ...)."""
        v = self.proxy()
        own = self.var + (self.n * (self.q * self.var_step + self.q * self.p * self.step**2)).sum(axis=0)
        reach = (self.n * np.maximum(self.step * self.p, -self.step * self.q)).sum(axis=0)
        end = self.var + np.where(self.step > 0, self.n * self.var_step, 0).sum(axis=0)
        alone = 1 / (self.n * self.step)
        saddle = (np.log((self.q + alone) / (self.p - alone)) - np.log(self.q / self.p)) / self.step
        t = np.stack([1 / v, (1 + np.sqrt(1 + 4 * v)) / (2 * v), 1 / own, (1 - reach) / end, *saddle])
        return np.minimum(np.where(np.isfinite(t) & (t > 0), t, 1 / v), _LARGEST_TILT)

    def tilted(self, t: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Return ``log E exp(t (X - 1))``, rounded up, and the tilted law's mean, variance, and ``(u, 1 - u)``."""
        n, q, p, step, var_step = (self._rows(x, t) for x in (self.n, self.q, self.p, self.step, self.var_step))
        y = t * step + t**2 * var_step / 2
        u = expit(y + np.log(q) - np.log(p))
        rest = expit(np.log(p) - np.log(q) - y)
        spacing = step + t * var_step
        excess, size = _log_mgf(y, q, p)
        normal = t**2 * (self.var + (n * q * var_step).sum(axis=0)) / 2
        reach = u * (t * np.abs(step) + t**2 * np.abs(var_step))  # what the rounding of y does to the excess
        rounding = _ROUNDING * (t + normal + (n * (size + reach)).sum(axis=0))
        exponent = normal + (n * excess).sum(axis=0) - t + rounding
        mean = t * (self.var + (n * u * var_step).sum(axis=0)) + (n * step * (u - q)).sum(axis=0)
        var = self.var + (n * u * var_step + n * u * rest * spacing**2).sum(axis=0)
        return exponent, mean, var, np.stack([u, rest])

    def _rows(self, x: Floats, t: Floats) -> Floats:
        """Return ``x`` with axes for the tilts between that of the counts and those of the settings."""
        return x[(slice(None), *(None,) * (np.ndim(t) - self.var.ndim))]

    def log_factor(self, t: Floats, chances: Floats) -> Floats:
        """Return the logarithm of the smallest of the factors that :func:`sharp_bound` lists."""
        n, step, var_step = (self._rows(x, t) for x in (self.n, self.step, self.var_step))
        u, rest = chances
        most, least = self.var, self.least_var
        spacing, w = np.abs(step + t * var_step), n * u * rest
        ratio = np.sqrt(most / least)
        density = 1 / (_ROOT_2PI * np.sqrt(most))
        lost = (n * var_step).sum(axis=0)
        share = np.where(lost < 0, (n * u * var_step).sum(axis=0) / lost, 0.0)
        chord = density * (1 - share + share * ratio) / t
        lattice = (ratio * i0e(w) * (1 / (t * spacing) + np.minimum(1, density / t))).min(axis=0)
        factors = [np.ones_like(t), chord, lattice]
        spread, widest = (w * spacing**2).sum(axis=0), spacing.max(axis=0)
        for cut in _CUTS:
            kept = 2 * (1 - math.cos(cut)) / cut**2
            beyond = erfc(cut * np.sqrt(most / 2) / widest)
            both = 1 / (_ROOT_2PI * np.sqrt(most + kept * spread)) + beyond * density
            factors.append(ratio * both / t)
        return np.asarray(np.log(np.nanmin(np.stack(factors), axis=0)))


def _tail(s: theorem1.Setting, alpha: Any) -> Tail:
    law = theorem1.law(s)
    return Tail.of(law.var, [Count(law.n, law.q, law.mean_step, law.var_step)], positive("alpha", alpha))


def two_sided(tail: Tail, log_bound: Callable[[Tail], Floats]) -> Floats:
    """Return the sum of a bound's two sides, rounded up and at most 1, for every setting of ``tail``."""
    with np.errstate(all="ignore"):  # far from the best tilt a bound may be infinite, or no number
        return np.minimum(1.0, summed_upwards(np.minimum(log_bound(tail.sides()), 0)))


def _proxy(q: Floats, p: Floats, sign: Floats) -> Floats:
    """Return the one-sided proxy of ``sign * (I - q)`` on ``t >= 0``."""
    x = np.abs(p - q)
    with np.errstate(divide="ignore", invalid="ignore"):
        logit = np.where(x > 0.5, np.abs(np.log(p) - np.log(q)), 2 * np.arctanh(np.minimum(x, 0.5)))
        wide = np.where(x > 0, x / (2 * logit), 0.25)
    return np.where(sign * (p - q) > 0, wide, p * q)


def _log_mgf(y: Floats, q: Floats, p: Floats) -> tuple[Floats, Floats]:
    """Return ``log(p + q exp(y)) - q y`` without overflow or needless cancellation, and the size of its terms."""
    flip = q > p
    y, q, p = np.where(flip, -y, y), np.where(flip, p, q), np.where(flip, q, p)
    y = np.where(q > 0, y, 0.0)
    near = np.minimum(y, 500.0)
    small = np.log1p(q * np.expm1(near)), q * near
    large = np.log(np.maximum(q, 1e-300) + p * np.exp(-np.maximum(y, 500.0))), -p * y
    first, second = (np.where(y <= 500.0, a, b) for a, b in zip(small, large, strict=True))
    return first - second, np.abs(first) + np.abs(second)
