"""Theorem 2 from finitely many samples: the expected recalls of the plug-in classifier.

From ``n_pos`` and ``n_neg`` independent features the means are estimated by sample means, and the covariance, if it
is not known, by the pooled one, ``S`` with ``m = n_pos + n_neg - 2`` degrees of freedom. A feature is given to the
positive class where

    (xbar1 - xbar2)^T S^-1 (x - (xbar1 + xbar2) / 2) + l > 0,

with ``l = ln(n_pos / n_neg)``, as Theorem 2 has it (``prior="empirical"``), or ``l = 0``, with the imbalance taken
out as by logit adjustment (``"balanced"``). Noise in the means adds something that Theorem 2 does not have: the
score's expectation is ``+-M^2 / 2 + h`` instead of ``+-M^2 / 2``, where

    h = d / 2 (1 / n_neg - 1 / n_pos)    (times m / (m - d - 1) if the covariance is estimated),

because a feature is farther from the noisier mean. It favours the class with more samples, just as the prior does,
and stays when the prior is balanced; ``prior="corrected"`` takes it out too, ``l = -h``.

References:
    S. John, On some classification problems I, Sankhya 22, 1960 (known covariance);
    M. Okamoto, An asymptotic expansion for the distribution of the linear discriminant function, Ann. Math. Stat.
    34, 1963; Y. Fujikoshi, Error bounds for asymptotic approximations of the linear discriminant function when the
    sample sizes and dimensionality are large, J. Multivariate Anal. 73, 2000 (estimated covariance);
    M. A. Moran, B. J. Murphy, A closer look at two alternative methods of statistical discrimination, Applied
    Statistics 28, 1979 (taking out ``h``).
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh_tridiagonal, solve
from scipy.special import ndtr

from theory.support.validate import choice, generator, integer, number, refuse

__all__ = [
    "asymptotic_recalls",
    "dominating_dimension",
    "expected_recalls",
    "mean_noise_shift",
    "simulate",
]

COVARIANCES = ("estimated", "known")
PRIORS = ("balanced", "corrected", "empirical")
_LARGEST = 10**12
_MOST_REPLICATES = 10**9
_MOST_DRAWN = 10**8  # numbers in the features of one class, for one classifier
_NODES = (8, 12, 16)
_LARGEST_SEPARATION = 1e150
_CAUTION = 5
_REACH, _PANELS = 9, 8  # beyond 9 standard deviations a normal law has 2e-19
Floats = NDArray[np.float64]


class Recall(NamedTuple):
    """An expected recall and its error: a bound for a known covariance, an estimate for an estimated one."""

    value: float
    error: float


class _Problem(NamedTuple):
    """The problem as the positive class sees it; the negative class sees :meth:`mirrored`."""

    separation: float
    d: int
    n: int
    other: int
    log_ratio: float
    known: bool

    def mirrored(self) -> _Problem:
        return self._replace(n=self.other, other=self.n, log_ratio=-self.log_ratio)


def mean_noise_shift(d: int, n_pos: int, n_neg: int, covariance: str = "known") -> float:
    """Return ``h``: what the noise of the sample means adds to the expected score, in units of log odds.

    ``d / 2 (1 / n_neg - 1 / n_pos)``, and ``m / (m - d - 1)`` times that if the covariance is estimated, with
    ``m = n_pos + n_neg - 2 > d + 1``. To be compared with ``ln(n_pos / n_neg)``, which the prior adds.

    Raises:
        ValueError: a number is not whole or less than 1, or there are too few samples to estimate a covariance.

    Example:
        >>> round(mean_noise_shift(64, 500, 5), 3), round(math.log(500 / 5), 3)
        (6.336, 4.605)
    """
    d, n_pos, n_neg = _counts(d, n_pos, n_neg)
    shift = Fraction(d, 2) * (Fraction(1, n_neg) - Fraction(1, n_pos))
    if choice("covariance", covariance, COVARIANCES) == "known":
        return float(shift)
    m = n_pos + n_neg - 2
    if m <= d + 1:
        refuse("n_pos", n_pos, f"must be at least {d + 4 - n_neg}: the estimate's inverse has no expectation below")
    return float(shift * Fraction(m, m - d - 1))


def dominating_dimension(n_pos: int, n_neg: int) -> float:
    """Return the dimension above which the means' noise biases the boundary more than the prior does.

    ``2 ln(n_pos / n_neg) / (1 / n_neg - 1 / n_pos)``, for a known covariance: where ``h = ln(n_pos / n_neg)``. For
    equal numbers, when neither biases, it is the limit ``2 n``.

    Example:
        >>> round(dominating_dimension(500, 5), 1)
        46.5
    """
    _, n_pos, n_neg = _counts(1, n_pos, n_neg)
    if n_pos == n_neg:
        return 2.0 * n_pos
    more = n_pos - n_neg
    return 2 * math.log1p(more / n_neg) * (n_pos * n_neg / more)


def expected_recalls(
    separation: float, d: int, n_pos: int, n_neg: int, covariance: str = "known", prior: str = "empirical"
) -> tuple[Recall, Recall]:
    """Return the recalls ``(positive class, negative class)``, expected over the training samples and a new feature.

    Args:
        separation: ``M > 0``, the Mahalanobis distance between the class means.
        d: dimension.
        n_pos: number of positive training samples.
        n_neg: number of negative training samples.
        covariance: "known" or "estimated" (pooled; needs ``n_pos + n_neg - 2 >= d``).
        prior: "empirical", "balanced" or "corrected".

    Returns:
        Each recall with its error. Known covariance: the score is a difference of two noncentral chi-square
        variables with ``d`` degrees of freedom each, so that :func:`theory.quadratic.positive_probability` encloses
        the probability, and the error is a bound. Estimated: an exact average over five independent scalars (see
        :func:`_estimated`) by Gauss quadrature, and the error is an estimate, from the change with the number of
        nodes. With 10 to 500 samples a class and ``M`` from 0.3 to 3 its largest value was 2e-2 in 2 dimensions,
        5e-4 in 5 and 1e-6 in 20 (for small ``M``), and half of the values were below 2e-7.

    Raises:
        ValueError: an argument lies outside its range, or there are too few samples to estimate a covariance.

    Example:
        >>> positive, negative = expected_recalls(2.0, 64, 500, 5)
        >>> round(positive.value, 4), round(negative.value, 4)  # Theorem 2 alone: 0.9995, 0.0963
        (0.9992, 0.0159)
        >>> [round(r.value, 4) for r in expected_recalls(2.0, 64, 500, 5, prior="balanced")]  # Theorem 2: 0.8413
        [0.9765, 0.1529]
    """
    problem = _problem(separation, d, n_pos, n_neg, covariance, prior)
    average = _recall_at_known_covariance if problem.known else _estimated
    return average(problem), average(problem.mirrored())


def asymptotic_recalls(
    separation: float, d: int, n_pos: int, n_neg: int, covariance: str = "known", prior: str = "empirical"
) -> tuple[float, float]:
    """Return closed forms for :func:`expected_recalls`, whose error is of order ``1 / n`` when ``d / n`` is kept.

    With ``v = 1 / n_pos + 1 / n_neg`` and ``n = n_pos + n_neg``, for a known covariance

        Phi((+-(l + h) + M^2 / 2) / sqrt((M^2 + d v) (1 + 1 / n))),

    and for an estimated one, ``h`` being that of a known one,

        Phi((+-(l (m - d + 1) / m + h) + M^2 / 2) / sqrt((M^2 + d v) (1 + 1 / n)) sqrt((m - d + 2) / (m + 1))).

    Each random quantity in the exact law is replaced by its mean; to leading order it is the approximation of
    Raudys and of Fujikoshi for large dimension and samples. It is not a bound: compare :func:`expected_recalls`.

    Arguments and errors are those of :func:`expected_recalls`.

    Example:
        >>> [round(r, 4) for r in asymptotic_recalls(2.0, 64, 500, 5)]
        [0.9992, 0.015]
    """
    problem = _problem(separation, d, n_pos, n_neg, covariance, prior)
    return _asymptotic(problem), _asymptotic(problem.mirrored())


def simulate(
    separation: float,
    d: int,
    n_pos: int,
    n_neg: int,
    replicates: int,
    rng: np.random.Generator,
    covariance: str = "known",
    prior: str = "empirical",
) -> Floats:
    """Return the recalls of ``replicates`` classifiers, shape ``(replicates, 2)``, each estimated from drawn features.

    Features are drawn one by one, with identity covariance and means ``M`` apart, which loses nothing: the rule is
    the same after every affine map. A classifier's recalls are the exact ones, ``Phi`` of its scaled score.

    Raises:
        ValueError: as :func:`expected_recalls`, or ``replicates`` is not a whole number >= 1, ``rng`` is no generator,
            or a class would need more than 10^8 numbers a replicate.

    Example:
        >>> simulate(2.0, 3, 50, 5, replicates=1000, rng=np.random.default_rng(0)).shape
        (1000, 2)
    """
    problem = _problem(separation, d, n_pos, n_neg, covariance, prior)
    generator("rng", rng)
    out = np.empty((integer("replicates", replicates, most=_MOST_REPLICATES), 2))
    d, n_pos, n_neg = problem.d, problem.n, problem.other
    for name, n in (("n_pos", n_pos), ("n_neg", n_neg)):
        if n * d > _MOST_DRAWN:
            refuse(name, n, f"may be at most {_MOST_DRAWN // d:,} for d={d}: use expected_recalls")
    m = n_pos + n_neg - 2
    mu1 = np.zeros(d)
    mu1[0] = problem.separation
    for i in range(replicates):
        positive, negative = rng.standard_normal((n_pos, d)) + mu1, rng.standard_normal((n_neg, d))
        mean1, mean2 = positive.mean(axis=0), negative.mean(axis=0)
        w = mean1 - mean2
        if not problem.known:
            a, b = positive - mean1, negative - mean2
            w = solve((a.T @ a + b.T @ b) / m, w, assume_a="pos")
        at = w @ ((mean1 + mean2) / 2)
        out[i] = np.array([w @ mu1 - at + problem.log_ratio, at - problem.log_ratio]) / math.sqrt(w @ w)
    return np.asarray(ndtr(out))


def _counts(d: int, n_pos: int, n_neg: int) -> tuple[int, int, int]:
    return (
        integer("d", d, most=_LARGEST),
        integer("n_pos", n_pos, most=_LARGEST),
        integer("n_neg", n_neg, most=_LARGEST),
    )


def _problem(separation: float, d: int, n_pos: int, n_neg: int, covariance: str, prior: str) -> _Problem:
    allowed = "must be a number greater than 0 whose square floats can hold"
    gap = float(number("separation", separation, allowed, above=0, most=_LARGEST_SEPARATION))
    if gap * gap == 0:
        refuse("separation", separation, allowed)
    d, n_pos, n_neg = _counts(d, n_pos, n_neg)
    known = choice("covariance", covariance, COVARIANCES) == "known"
    if not known and n_pos + n_neg - 2 < d:
        refuse("n_pos", n_pos, f"must be at least {d + 2 - n_neg} to estimate a covariance in {d} dimensions")
    log_ratio = {
        "empirical": lambda: math.log(n_pos / n_neg),
        "balanced": lambda: 0.0,
        "corrected": lambda: -mean_noise_shift(d, n_pos, n_neg, covariance),
    }[choice("prior", prior, PRIORS)]()
    return _Problem(gap, d, n_pos, n_neg, log_ratio, known)


def _recall_at_known_covariance(p: _Problem) -> Recall:
    """Enclose ``P((|x - xbar2|^2 - |x - xbar1|^2) / 2 + l > 0)`` for a feature of the class of ``xbar1``.

    In each coordinate ``(x - xbar2, x - xbar1)`` is Gaussian with the covariance
    ``((1 + 1/n2, 1), (1, 1 + 1/n1))``, so that ``(u^2 - v^2) / 2`` is a form with the weights ``w+-`` below in two
    standard normal variables; the mean ``(M, 0)`` of one coordinate gives its linear part.
    """
    from flint import arb, fmpq

    from theory.quadratic import positive_probability

    a, b = 1 + fmpq(1, p.other), 1 + fmpq(1, p.n)
    middle = arb((a - b) / 4)
    root = (middle * middle + arb(a * b - 1) / 4).sqrt()
    high, low = middle + root, middle - root
    square = arb(p.separation) ** 2
    length, form = square * arb(a), square * arb(a * a - 1) / 2  # b.b and b.A b of the linear part b
    linear = [((form - low * length) / (2 * root)).sqrt(), ((high * length - form) / (2 * root)).sqrt()]
    return Recall(*positive_probability(square / 2 + p.log_ratio, [high, low], linear, [p.d, p.d]))


def _estimated(p: _Problem) -> Recall:
    """Average the recall over what it depends on; the error is 5 times the largest change between three Gauss rules.

    With ``delta = xbar1 - xbar2`` and ``v = 1/n1 + 1/n2``, in coordinates in which the covariance is the identity:

    - ``mu1 - (xbar1 + xbar2) / 2 = k delta + (n2/n) Delta + g``, ``k = (1/n2 - 1/n1) / (2 v)``, where ``g`` has the
      variance ``1/n`` in every direction and is independent of ``delta``; with it a new feature has the variance
      ``1 + 1/n``.
    - ``S^-1 delta`` has the direction of ``u + q``, ``u = delta / |delta|``, and
      ``u . S^-1 delta = m |delta| / chi2(m - d + 1)``; ``q`` is orthogonal to ``u``, of uniform direction, with
      ``1 / (1 + |q|^2) ~ Beta((m - d + 2) / 2, (d - 1) / 2)``, all independent (the inverse of a Wishart matrix).

    Hence the recall given these is ``Phi`` of
    ``[k |delta| + (n2/n) Delta . (u + q) + l chi2 / (m |delta|)] / sqrt((1 + |q|^2) (1 + 1/n))``.
    """
    *coarser, fine = (_average(p, nodes) for nodes in _NODES)
    return Recall(fine, _CAUTION * max(abs(fine - value) for value in coarser))


def _average(p: _Problem, nodes: int) -> float:
    n, m = p.n + p.other, p.n + p.other - 2
    v = 1 / p.n + 1 / p.other
    one = np.ones(1), np.ones(1)
    along, along_weight = _quadrature(p, math.sqrt(v), nodes)
    (across, across_weight), (cosine, cosine_weight) = (
        (_chi_square(p.d - 1, nodes), _cosine(p.d - 1, nodes)) if p.d > 1 else ((np.zeros(1), np.ones(1)), one)
    )
    scaled, scaled_weight = one if p.known else _chi_square(m - p.d + 1, nodes)
    shrink, shrink_weight = one if p.known or p.d == 1 else _beta((m - p.d + 2) / 2, (p.d - 1) / 2, nodes)
    scaled = scaled if p.known else scaled / m
    length = np.sqrt(along[:, None] ** 2 + v * across)  # |delta|, by its part along Delta and its parts across
    ahead = (p.n - p.other) / (2 * n) * length + p.other / n * p.separation * along[:, None] / length
    aside = p.other / n * p.separation * np.sqrt(v * across) / length
    sine = np.sqrt(1 - shrink)[:, None] * cosine  # (q / sqrt(1 + |q|^2)) in the direction of Delta's part across
    pulled = ahead[:, :, None] + p.log_ratio * scaled / length[:, :, None]
    z = pulled[..., None, None] * np.sqrt(shrink)[:, None] + aside[:, :, None, None, None] * sine
    value = ndtr(z / math.sqrt(1 + 1 / n))
    for weight in (cosine_weight, shrink_weight, scaled_weight, across_weight, along_weight):
        value = value @ weight
    return min(max(float(value), 0.0), 1.0)  # the weights sum to 1 up to rounding


def _quadrature(p: _Problem, spread: float, nodes: int) -> tuple[Floats, Floats]:
    """Return a rule of the normal law of mean ``M``; for ``d = 1`` with a break at 0, where the recall jumps."""
    if p.d > 1 or p.separation > _REACH * spread:
        x, weights = np.polynomial.hermite_e.hermegauss(nodes)
        return p.separation + spread * x, weights / weights.sum()
    low, high = p.separation - _REACH * spread, p.separation + _REACH * spread
    edges = np.concatenate([np.linspace(low, 0, _PANELS + 1), np.linspace(0, high, _PANELS + 1)[1:]])
    x, weights = np.polynomial.legendre.leggauss(nodes)
    half = np.diff(edges)[:, None] / 2
    at = edges[:-1, None] + half * (1 + x)
    density = np.exp(-(((at - p.separation) / spread) ** 2) / 2) / (spread * math.sqrt(2 * math.pi))
    return at.ravel(), (half * weights * density).ravel()


def _asymptotic(p: _Problem) -> float:
    n, m = p.n + p.other, p.n + p.other - 2
    v, shift = 1 / p.n + 1 / p.other, p.d / 2 * (1 / p.other - 1 / p.n)
    pull, shrink = (1.0, 1.0) if p.known else ((m - p.d + 1) / m, (m - p.d + 2) / (m + 1))
    score = p.separation**2 / 2 + shift + pull * p.log_ratio
    return float(ndtr(score * math.sqrt(shrink / ((p.separation**2 + p.d * v) * (1 + 1 / n)))))


def _gauss(diagonal: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Return the Gauss rule of a probability law from its three-term recurrence (G. Golub, J. Welsch, 1969).

    SciPy's rules are not normalised, and overflow for the large parameters that large dimensions lead to.
    """
    nodes, vectors = eigh_tridiagonal(diagonal, values)
    return nodes, vectors[0] ** 2


def _chi_square(degrees: int, nodes: int) -> tuple[Floats, Floats]:
    a = degrees / 2 - 1
    k = np.arange(nodes, dtype=np.float64)
    x, weights = _gauss(2 * k + 1 + a, np.sqrt(k[1:] * (k[1:] + a)))
    return np.maximum(2 * x, 0), weights


def _beta(first: float, second: float, nodes: int) -> tuple[Floats, Floats]:
    """Return the rule of the Beta law with density proportional to ``x^(first - 1) (1 - x)^(second - 1)``."""
    a, b = second - 1, first - 1  # Jacobi's parameters, of the points 1 and -1
    k = np.arange(nodes, dtype=np.float64)
    total = 2 * k + a + b
    with np.errstate(invalid="ignore", divide="ignore"):
        diagonal = (b * b - a * a) / (total * (total + 2))
        square = 4 * k * (k + a) * (k + b) * (k + a + b) / (total**2 * (total**2 - 1))
    diagonal[0] = (b - a) / (a + b + 2)
    if nodes > 1:
        square[1] = 4 * (1 + a) * (1 + b) / ((2 + a + b) ** 2 * (3 + a + b))
    x, weights = _gauss(diagonal, np.sqrt(square[1:]))
    return np.clip((1 + x) / 2, 0, 1), weights


def _cosine(dimensions: int, nodes: int) -> tuple[Floats, Floats]:
    """Return the rule of one coordinate of a uniform point on the unit sphere."""
    if dimensions == 1:
        return np.array([-1.0, 1.0]), np.full(2, 0.5)
    x, weights = _beta((dimensions - 1) / 2, (dimensions - 1) / 2, nodes)
    return 2 * x - 1, weights
