"""Theorem 1: how similar samples in one class shift a boundary that is estimated from class means.

Positive samples come from ``N(mu1, sigma^2)``, negative ones from ``N(mu2, sigma^2)``, ``mu1 < mu2``. A positive
sample is pure with chance ``p``; otherwise it is similar to the negative class: ``beta Z+ + (1 - beta) Z-`` with
``Z+ ~ N(mu1, sigma^2)`` and ``Z- ~ N(mu2, sigma^2)`` independent. The estimated boundary is the midpoint of the
two sample means, ``f = (mean(X+) + mean(X-)) / 2``; the ideal one is ``(mu1 + mu2) / 2``.

:func:`printed_shift` and :func:`bound` are the theorem's formulas as printed in the text at hand; :func:`shift`
is what the generating process implies, and :func:`failure_probability` the exact law that both are judged by.

``beta`` is the weight of a similar sample's own class: the *smaller* it is, the more similar the sample is to the
other class.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tailbound_hypothesis import register
from theory.exact import boundary as _boundary
from theory.exact.binomial_normal import BinomialNormal
from theory.support.broadcast import over_settings
from theory.support.validate import instance, integer, number, positive

__all__ = [
    "Setting",
    "bound",
    "exponents",
    "failure_probability",
    "law",
    "printed_shift",
    "shift",
    "simulate",
]

Alpha = float | Fraction | ArrayLike
_MOST_SAMPLES = 10**12
_CHUNK = 1 << 20  # values drawn at a time: 8 MiB


@dataclass(frozen=True)
class Setting:
    """The setting of Theorem 1 (section 4.1).

    Integers and fractions are kept exact; floats are taken as the binary fractions that they are.

    Args:
        mu1: mean of the positive class.
        mu2: mean of the negative class, greater than ``mu1``.
        sigma: standard deviation of both classes, greater than 0.
        beta: similarity degree, in (0, 1).
        p: chance that a positive sample is a pure one, in [0, 1].
        n_pos: number of positive samples, from 1 to 10^12.
        n_neg: number of negative samples, likewise.

    Raises:
        ValueError: an argument is not a finite number or lies outside its range.

    Example:
        >>> s = Setting(mu1=0, mu2=1, sigma=1, beta=0.5, p=0.5, n_pos=5000, n_neg=50)
        >>> shift(s), printed_shift(s)
        (0.125, 0.375)
    """

    mu1: float | Fraction
    mu2: float | Fraction
    sigma: float | Fraction
    beta: float | Fraction
    p: float | Fraction
    n_pos: int
    n_neg: int

    def __post_init__(self) -> None:
        """Validate every argument."""
        checked: dict[str, Any] = {"mu1": number("mu1", self.mu1)}
        checked["mu2"] = number("mu2", self.mu2, f"must be a finite number > mu1={self.mu1}", above=checked["mu1"])
        checked["sigma"] = positive("sigma", self.sigma)
        checked["beta"] = number("beta", self.beta, "must be a number with 0 < beta < 1", above=0, below=1)
        checked["p"] = number("p", self.p, "must be a number with 0 <= p <= 1", least=0, most=1)
        checked["n_pos"] = integer("n_pos", self.n_pos, most=_MOST_SAMPLES)
        checked["n_neg"] = integer("n_neg", self.n_neg, most=_MOST_SAMPLES)
        for name, value in checked.items():
            object.__setattr__(self, name, value)


def printed_shift(s: Setting) -> float | Fraction:
    """Return Theorem 1's shift as printed in the text at hand: ``(1 - beta) (1 - p / 2) (mu2 - mu1)``.

    It is ``(1 - beta) (mu2 - mu1) / 2`` too large for every setting: even without similar samples (``p = 1``) it
    is not zero. See :func:`shift`.
    """
    instance("s", s, Setting)
    return (1 - s.beta) * (2 - s.p) * (s.mu2 - s.mu1) / 2


def shift(s: Setting) -> float | Fraction:
    """Return the expectation of the estimated boundary minus the ideal one, ``E[f] - (mu1 + mu2) / 2``.

    The formula is derived with SymPy from the generating process of section 4.1 (at the first call) and comes to
    ``(1 - beta) (1 - p) (mu2 - mu1) / 2``. Exact settings give exact shifts.

    Example:
        >>> shift(Setting(0, 1, 1, beta=Fraction(1, 4), p=Fraction(1, 3), n_pos=10, n_neg=10))
        Fraction(1, 4)
    """
    instance("s", s, Setting)
    result: float | Fraction = _shift_formula()(s.mu1, s.mu2, s.beta, s.p)
    return result


@cache
def _shift_formula() -> Callable[..., Any]:
    from theory.proofs.derivations import BETA, MU1, MU2, P, theorem1_shift

    return _boundary.exact_function([MU1, MU2, BETA, P], theorem1_shift())


def exponents(s: Setting, alpha: float | Fraction) -> tuple[Fraction, Fraction]:
    """Return the two exponents that Theorem 1 prints, as exact fractions.

    ``alpha^2 / sigma^2 * n+ n- / (n+ + n-)`` for the Gaussian noise and
    ``4 n+ alpha^2 / ((1 - beta)^2 (mu1 - mu2)^2)`` for the number of similar samples.
    """
    instance("s", s, Setting)
    a = Fraction(positive("alpha", alpha)) ** 2
    reach = (1 - Fraction(s.beta)) * (Fraction(s.mu1) - Fraction(s.mu2))
    return (
        a / Fraction(s.sigma) ** 2 * Fraction(s.n_pos * s.n_neg, s.n_pos + s.n_neg),
        4 * s.n_pos * a / reach**2,
    )


def bound(s: Setting | Sequence[Setting], alpha: Alpha) -> Any:
    """Return the failure probability that Theorem 1 states, ``2 exp(-e1) + 2 exp(-e2)`` (see :func:`exponents`).

    The theorem says that ``|f - (mu1 + mu2) / 2 - shift| <= alpha`` with probability at least ``1 - bound``. A
    bound of 1 or more says nothing (it is vacuous).

    Args:
        s: a setting, or a sequence of them.
        alpha: how far the boundary may lie from its expectation, greater than 0; an array broadcasts with ``s``.

    Returns:
        A float for one setting and one ``alpha``, else an array of the broadcast shape.

    Example:
        >>> round(bound(Setting(0, 1, 1, beta=0.5, p=0.5, n_pos=5000, n_neg=50), alpha=0.3), 4)
        0.0232
    """
    return over_settings(lambda one, a: _boundary.sum_of_exponentials(exponents(one, a)), Setting, s, alpha)


def law(s: Setting) -> BinomialNormal:
    """Return the exact law of ``f - (mu1 + mu2) / 2``.

    Given that ``k`` of the ``n+`` positive samples are similar ones, ``k ~ Binomial(n+, 1 - p)``, it is Gaussian
    with mean ``(1 - beta) (mu2 - mu1) k / (2 n+)`` and variance
    ``sigma^2 / 4 * ((n+ - k + k (beta^2 + (1 - beta)^2)) / n+^2 + 1 / n-)``.
    """
    instance("s", s, Setting)
    beta, p, quarter = Fraction(s.beta), Fraction(s.p), Fraction(s.sigma) ** 2 / 4
    return BinomialNormal(
        n=s.n_pos,
        q=1 - p,
        mean=Fraction(0),
        mean_step=(1 - beta) * (Fraction(s.mu2) - Fraction(s.mu1)) / (2 * s.n_pos),
        var=quarter * (Fraction(1, s.n_pos) + Fraction(1, s.n_neg)),
        var_step=quarter * (beta**2 + (1 - beta) ** 2 - 1) / s.n_pos**2,
    )


def failure_probability(s: Setting | Sequence[Setting], alpha: Alpha, shift: float | Fraction | None = None) -> Any:
    """Return the exact probability ``P(|f - (mu1 + mu2) / 2 - shift| > alpha)``.

    A finite sum over the number of similar samples (see :func:`law`), to a relative error of about 1e-12, at a cost
    that grows with the square root of ``n_pos``.

    Args:
        s: a setting, or a sequence of them.
        alpha: greater than 0; an array broadcasts with ``s``.
        shift: the shift to judge; by default the one that holds, exactly (the function :func:`shift`).

    Returns:
        A float for one setting and one ``alpha``, else an array of the broadcast shape.

    Example:
        >>> s = Setting(0, 1, 1, beta=0.5, p=0.5, n_pos=5000, n_neg=50)
        >>> round(failure_probability(s, 0.2), 6)
        0.004847
        >>> round(failure_probability(s, 0.2, shift=printed_shift(s)), 3)
        0.759
    """
    return _boundary.failure_probability(law, Setting, s, alpha, shift)


def simulate(s: Setting, replicates: int, rng: np.random.Generator, method: str = "statistics") -> NDArray[np.float64]:
    """Return simulated estimated boundaries ``f``, shape ``(replicates,)``.

    Args:
        s: the setting.
        replicates: how many boundaries to estimate, each from its own ``n_pos + n_neg`` samples.
        rng: the source of randomness, a ``numpy.random.Generator``.
        method: ``"samples"`` draws every sample as the text describes it; ``"statistics"`` draws the number of
            similar samples and then the boundary given that number: the same law, at a cost that does not grow
            with ``n_pos`` and ``n_neg``.

    Raises:
        ValueError: ``replicates`` is not a whole number >= 1, ``rng`` is no generator, ``method`` is unknown or would
            draw more than 10^8 samples of a class in one replicate.

    Example:
        >>> s = Setting(0, 1, 1, beta=0.5, p=0.5, n_pos=5000, n_neg=50)
        >>> simulate(s, 3, np.random.default_rng(0)).shape
        (3,)
    """
    instance("s", s, Setting)
    methods = {"samples": _draw_samples, "statistics": _draw_statistics}
    return _boundary.simulate(methods, s, replicates, rng, method)


def _draw_samples(s: Setting, replicates: int, rng: np.random.Generator) -> NDArray[np.float64]:
    mu1, mu2, sigma, beta, p = (float(v) for v in (s.mu1, s.mu2, s.sigma, s.beta, s.p))
    boundaries = np.empty(replicates)
    rows = max(1, _CHUNK // max(s.n_pos, s.n_neg))
    for start in range(0, replicates, rows):
        size = min(rows, replicates - start)
        pure = rng.random((size, s.n_pos)) < p
        z_pos = rng.normal(mu1, sigma, (size, s.n_pos))
        z_neg = rng.normal(mu2, sigma, (size, s.n_pos))
        x_pos = np.where(pure, z_pos, beta * z_pos + (1 - beta) * z_neg)
        x_neg = rng.normal(mu2, sigma, (size, s.n_neg))
        boundaries[start : start + size] = (x_pos.mean(axis=1) + x_neg.mean(axis=1)) / 2
    return boundaries


def _draw_statistics(s: Setting, replicates: int, rng: np.random.Generator) -> NDArray[np.float64]:
    boundary = law(s)
    similar = rng.binomial(s.n_pos, float(boundary.q), replicates)
    f = rng.standard_normal(replicates)
    f *= np.sqrt(float(boundary.var) + float(boundary.var_step) * similar)
    f += float(boundary.mean_step) * similar
    f += float((Fraction(s.mu1) + Fraction(s.mu2)) / 2)
    return f


register()
