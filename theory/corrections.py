"""The effect of corrections of imbalance on Theorem 2's boundary.

A correction that acts through the prior replaces the prior ratio ``r = p+ / p-`` by an effective one, ``e``: the
hyperplane keeps its direction and crosses the line of the means ``ln e`` from the balanced boundary in units of log
odds, ``ln e / M`` in Mahalanobis distance. Nothing but ``e = 1`` restores the balanced boundary.

============================================ ============================= =============================================
correction                                   effective ratio               restores it
============================================ ============================= =============================================
logit adjustment by ``tau ln`` of the prior  ``r^(1 - tau)``               exactly at ``tau = 1``, if the prior is known
re-weighting the loss by ``w+, w-``          ``r w+ / w-``                 for inverse frequencies, in the population
the same, by effective numbers of samples    ``r (1 - b^n-) / (1 - b^n+)`` only in the limit ``b -> 1``
re-sampling classes in proportion to ``n^q`` ``r^q``                       exactly at ``q = 0``, in the population
tau-normalisation without bias               none: see below               under a symmetry that ``r`` has no part in
============================================ ============================= =============================================

In the population re-sampling is re-weighting: both train on the same law. From finitely many samples neither is
exact (:mod:`theory.plugin`).

Tau-normalisation acts on the weights. Those of the Bayes classifier are ``w_k = cov^-1 mu_k``, without a trace of
the prior, which sits in the bias alone; it is the omission of the bias, a preliminary of tau-normalisation, that
removes the prior, and with it the term ``-mu_k^T cov^-1 mu_k / 2``, which belongs to the balanced boundary. What
results is the balanced boundary if and only if ``mu1^T cov^-1 mu1 = mu2^T cov^-1 mu2`` and, for ``tau != 0``,
``|w_1| = |w_2|`` (when normalising changes nothing). This speaks of the Bayes classifier in Theorem 2's model; a
trained network need not be one.

Proofs: :func:`theory.proofs.theorem2_corollaries.corrections` and :mod:`theory.proofs.theorem3_corollaries`.

References:
    A. Menon et al., Long-tail learning via logit adjustment, 2020; Y. Cui et al. 2019 (reference [6] of the paper);
    B. Kang et al. 2019 (reference [14]).
"""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theory import theorem2, theorem3
from theory.support.validate import choice, floats, instance, integer, number, ratio_of_priors, refuse

__all__ = [
    "centred_without_bias",
    "corrected",
    "crossing_point",
    "effective_number",
    "hyperplane_recalls",
    "logit_adjustment",
    "resampling",
    "reweighting",
    "shift",
    "tau_normalization",
]

BIASES = ("coordinate", "dropped", "kept")
_LOG_LARGEST = 700.0
_LARGEST = 10**12
Floats = NDArray[np.float64]


def logit_adjustment(prior_ratio: float, tau: float = 1.0, assumed_ratio: float | None = None) -> float:
    """Return the effective ratio after subtracting ``tau ln p_k`` from each logit, ``r / a^tau``.

    Args:
        prior_ratio: ``r``, of the law that the classifier was trained on.
        tau: strength, any finite number; 1 is logit adjustment, 0 leaves everything as it is.
        assumed_ratio: ``a``, the ratio that is taken for the prior; by default ``r`` itself.

    Raises:
        ValueError: a ratio is not finite and greater than 0, ``tau`` is not finite, or no float can hold the result.

    Example:
        >>> logit_adjustment(100), logit_adjustment(100, tau=0.5), logit_adjustment(100, assumed_ratio=50)
        (1.0, 10.0, 2.0)
    """
    r = _ratio("prior_ratio", prior_ratio)
    a = r if assumed_ratio is None else _ratio("assumed_ratio", assumed_ratio)
    return _checked_ratio("tau", tau, Fraction(r) / Fraction(_power("tau", a, tau)))


def reweighting(prior_ratio: float, weight_pos: float, weight_neg: float) -> float:
    """Return the effective ratio after weighting the classes' losses, ``r w+ / w-``.

    The weighted cross entropy of the population is that of a population with priors in proportion to ``p+ w+`` and
    ``p- w-``, so that its minimum is the Bayes classifier of those.

    Raises:
        ValueError: an argument is not a finite number greater than 0, or no float can hold the result.

    Example:
        >>> reweighting(100, 1 / 100, 1)
        1.0
    """
    weights = (("weight_pos", weight_pos), ("weight_neg", weight_neg))
    positive, negative = (Fraction(_ratio(name, weight)) for name, weight in weights)
    return _checked_ratio("weight_pos", weight_pos, Fraction(_ratio("prior_ratio", prior_ratio)) * positive / negative)


def effective_number(n_pos: int, n_neg: int, beta: float) -> float:
    """Return the effective ratio after weighting by effective numbers, ``n+ / n- (1 - b^n-) / (1 - b^n+)``.

    Each class' weight is ``(1 - b) / (1 - b^n)``. The ratio lies between ``n+ / n-`` (``b = 0``) and 1 (``b -> 1``)
    and never is 1 for unequal numbers: what remains of the imbalance is what the result says.

    Raises:
        ValueError: a number of samples is not whole or below 1, or ``beta`` is not in [0, 1).

    Example:
        >>> [round(effective_number(5000, 50, beta), 3) for beta in (0.0, 0.99, 0.9999)]
        [100.0, 39.499, 1.268]
    """
    positive, negative = integer("n_pos", n_pos, most=_LARGEST), integer("n_neg", n_neg, most=_LARGEST)
    b = float(number("beta", beta, "must be a number with 0 <= beta < 1", least=0, below=1))
    rare, frequent = (-math.expm1(n * math.log(b)) if b > 0 else 1.0 for n in (negative, positive))
    return reweighting(positive / negative, rare, frequent)


def resampling(prior_ratio: float, power: float = 0.0) -> float:
    """Return the effective ratio after drawing classes in proportion to ``n^power``, which is ``r^power``.

    Powers of 1, 1/2 and 0 are instance-balanced, square-root and class-balanced sampling (reference [14]).

    Raises:
        ValueError: ``prior_ratio`` is not a finite number greater than 0, or ``power`` is not finite.

    Example:
        >>> [resampling(100, power) for power in (1, 0.5, 0)]
        [100.0, 10.0, 1.0]
    """
    return _power("power", _ratio("prior_ratio", prior_ratio), power)


def corrected(s: theorem2.Setting, effective_ratio: float) -> theorem2.Setting:
    """Return the setting whose Bayes classifier is the corrected one of ``s``: its boundary and recalls are those.

    Example:
        >>> s = theorem2.Setting([1.0], [-1.0], [[1.0]], prior_ratio=100)
        >>> [round(r, 4) for r in theorem2.recalls(corrected(s, logit_adjustment(s.prior_ratio, tau=0.5)))]
        [0.9843, 0.4399]
    """
    instance("s", s, theorem2.Setting)
    return dataclasses.replace(s, prior_ratio=_ratio("effective_ratio", effective_ratio))


def shift(s: theorem2.Setting) -> tuple[float, float]:
    """Return how far the boundary lies from the balanced one, in log odds and in Mahalanobis distance.

    These are ``ln r`` and ``ln r / M``: towards the negative class if greater than 0.

    Example:
        >>> shift(theorem2.Setting([1.0], [-1.0], [[1.0]], prior_ratio=1))
        (0.0, 0.0)
    """
    instance("s", s, theorem2.Setting)
    odds = math.log(s.prior_ratio)
    return odds, odds / theorem2.separation(s)


def tau_normalization(s: theorem2.Setting, tau: float = 1.0, bias: str = "dropped") -> tuple[Floats, float]:
    """Return the boundary ``(w, b)`` after tau-normalisation of the Bayes classifier's softmax weights.

    The weights ``w_k = cov^-1 mu_k`` become ``v_k = w_k / |w_k|^tau``, the biases are
    ``b_k = ln p_k - w_k . mu_k / 2``, and the positive class lies where ``w . x + b > 0`` with ``w = v_1 - v_2``.

    Args:
        s: the problem. Softmax weights are unique up to a common vector only, which tau-normalisation does not
            leave without effect: the result belongs to these weights, and to this origin of the features.
        tau: any finite number; 0 leaves the weights as they are.
        bias: "dropped" (``b = 0``, as in the paper); "kept" (``b = b_1 - b_2``); or "coordinate": the features have
            a constant coordinate 1 whose weight the bias is, so that it counts in the norm and is divided by it.

    Raises:
        ValueError: a weight is zero, or both are the same after normalisation.

    Example:
        >>> s = theorem2.Setting([3.0, 0.0], [0.0, 1.0], [[1.0, 0.0], [0.0, 1.0]], prior_ratio=100)
        >>> w, b = tau_normalization(s)
        >>> w, b
        (array([ 1., -1.]), 0.0)
    """
    instance("s", s, theorem2.Setting)
    exponent = float(number("tau", tau))
    choice("bias", bias, BIASES)
    means = np.stack([s.mu1, s.mu2])
    weights = np.linalg.solve(s.cov, means.T).T
    priors = np.array([float(s.prior_ratio), 1.0]) / (1 + float(s.prior_ratio))
    biases = np.log(priors) - np.sum(weights * means, axis=1) / 2
    if bias == "coordinate":
        joined = theorem3.tau_normalize(np.column_stack([weights, biases]), exponent)
        weights, biases = joined[:, :-1], joined[:, -1]
    else:
        weights = theorem3.tau_normalize(weights, exponent)
    w = weights[0] - weights[1]
    if not np.any(w):
        refuse("tau", tau, "makes both weights the same: there is no boundary")
    return w, 0.0 if bias == "dropped" else float(biases[0] - biases[1])


def hyperplane_recalls(s: theorem2.Setting, w: ArrayLike, b: float) -> tuple[float, float]:
    """Return the recalls ``(positive class, negative class)`` of the classifier ``w . x + b > 0``.

    ``Phi((w . mu1 + b) / sqrt(w^T cov w))`` and ``Phi(-(w . mu2 + b) / sqrt(w^T cov w))``. For the Bayes hyperplane
    they are :func:`theory.theorem2.recalls`.

    Raises:
        ValueError: ``w`` is zero, not finite or of the wrong length, or ``b`` is not finite.

    Example:
        >>> s = theorem2.Setting([1.0], [-1.0], [[1.0]], prior_ratio=10)
        >>> hyperplane_recalls(s, *theorem2.hyperplane(s)) == theorem2.recalls(s)
        True
    """
    from scipy.special import ndtr

    direction, offset = _hyperplane(s, w, b)
    with np.errstate(over="ignore", invalid="ignore"):  # a plane infinitely far from a class decides all of it alike
        spread = np.sqrt(direction @ s.cov @ direction)
        positive, negative = (ndtr(sign * (direction @ m + offset) / spread) for sign, m in ((1, s.mu1), (-1, s.mu2)))
    if math.isnan(positive) or math.isnan(negative):
        refuse("w", w, "must be of a size that floats can hold in units of the covariance")
    return float(positive), float(negative)


def crossing_point(s: theorem2.Setting, w: ArrayLike, b: float) -> Floats:
    """Return where ``{x : w . x + b = 0}`` crosses the line through the class means, shape ``(d,)``.

    Raises:
        ValueError: as :func:`hyperplane_recalls`, or the hyperplane is parallel to the line.

    Example:
        >>> s = theorem2.Setting([3.0, 0.0], [0.0, 1.0], [[1.0, 0.0], [0.0, 1.0]], prior_ratio=100)
        >>> crossing_point(s, *tau_normalization(s))
        array([0.75, 0.75])
    """
    direction, offset = _hyperplane(s, w, b)
    with np.errstate(over="ignore", invalid="ignore"):
        along = direction @ (s.mu1 - s.mu2)
        if along == 0:
            refuse("w", w, "must not be orthogonal to mu1 - mu2: the hyperplane never crosses the line of the means")
        point = s.mu2 - (direction @ s.mu2 + offset) / along * (s.mu1 - s.mu2)
    if not np.all(np.isfinite(point)):
        refuse("b", b, "must put the crossing where floats can hold it")
    return np.asarray(point)


def centred_without_bias(separation: float, prior_ratio: float) -> tuple[float, float]:
    """Return the recalls without bias when the features are centred at their overall mean, ``(Phi(M p-), Phi(M p+))``.

    The boundary then passes through ``p+ mu1 + p- mu2``, which lies closer to the majority than the midpoint does:
    the bias of the classifier does not vanish but changes sides. For ``r -> infinity`` the recalls tend to 1/2 for
    the majority and ``Phi(M)`` for the minority.

    Example:
        >>> [round(recall, 4) for recall in centred_without_bias(2.0, prior_ratio=100)]
        [0.5079, 0.9762]
    """
    from scipy.special import ndtr

    m = float(number("separation", separation, "must be a finite number greater than 0", above=0))
    r = _ratio("prior_ratio", prior_ratio)
    return float(ndtr(m / (1 + r))), float(ndtr(m / (1 + 1 / r)))


def _ratio(name: str, value: float) -> float | Fraction:
    if name.endswith("ratio"):
        return ratio_of_priors(name, value)
    return number(name, value, "must be a finite number greater than 0", above=0)


def _power(name: str, ratio: float | Fraction, exponent: float) -> float:
    plain = float(number(name, exponent))
    if abs(plain * math.log(ratio)) > _LOG_LARGEST:
        refuse(name, exponent, f"must not be so large that the power of {ratio} leaves the range of floats")
    return math.pow(ratio, plain)


def _checked_ratio(name: str, value: float, effective: Fraction) -> float:
    """Return the effective ratio if a float greater than 0 can hold it."""
    if effective > Fraction(np.finfo(float).max) or float(effective) == 0:
        refuse(name, value, "must leave an effective ratio that floats can hold")
    return float(effective)


def _hyperplane(s: theorem2.Setting, w: ArrayLike, b: float) -> tuple[Floats, np.float64]:
    """Return the hyperplane in units in which the largest component of ``w`` is 1: it is the same in any."""
    instance("s", s, theorem2.Setting)
    allowed = f"must be a vector of {len(s.mu1)} finite real numbers, not all 0"
    direction = floats("w", w, allowed, ndim=1)
    if direction.shape != s.mu1.shape or not np.any(direction):
        refuse("w", w, allowed)
    size = np.abs(direction).max()
    with np.errstate(over="ignore"):
        return direction / size, np.float64(number("b", b)) / size
