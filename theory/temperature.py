r"""The tau of logit adjustment of a network whose logits are those of Bayes' rule up to a temperature.

The model of a trained network's logits, for ``C`` classes with the frequencies ``pi`` in training, is

.. math:: z_k = T \bigl(\ln p(x \mid k) + c(x)\bigr) + \tau \ln \pi_k, \qquad T > 0.

Then ``argmax(z - tau ln pi)`` is Bayes' decision for equal class frequencies, ``argmax(z - tau ln pi + T ln q)`` the
one for the frequencies ``q``, and ``softmax((z - tau ln pi) / T + ln pi)`` are the posterior probabilities under the
frequencies of training, from which long-tailed data alone tell ``tau`` and ``T``: they are one multinomial logit in
``a = 1 / T`` and ``b = tau / T`` (:func:`theory.adjustment.fit_adjustment`).

How a network was trained says which ``tau`` to expect, where what its loss sees is Bayes' rule times ``T`` (``T > 1``
for a network that is overconfident), and ``r`` is the ratio of two class frequencies:

=============================================== ===================================== ===============================
training                                        logits                                tau
=============================================== ===================================== ===============================
cross entropy                                   ``T ln(pi_k p(x | k))``               ``T``
logit adjustment by ``t ln pi`` in the loss     ``T ln(pi_k p(x | k)) - t ln pi_k``   ``T - t``
class weights ``w_k`` in the loss               ``T ln(pi_k w_k p(x | k))``           ``T (1 + ln(w_+ / w_-) / ln r)``
the same, inverse frequencies                   ``T ln p(x | k)``                     ``0``
the same, effective numbers, effective ratio e  ``T ln(pi_k w_k p(x | k))``           ``T ln e / ln r``, in ``(0, T)``
classes drawn in proportion to ``n^q``          ``T ln(pi_k^q p(x | k))``             ``q T``
=============================================== ===================================== ===============================

Re-sampling by effective numbers is as re-weighting by them; deferred re-weighting goes from the first row to that of
its weights, and arrives where its second stage reaches the minimum. With more than two classes one ``tau`` is exact
where ``ln(pi_k w_k)`` is affine in ``ln pi_k``, as it is for powers of the frequencies.

A ``tau`` that is off by ``d`` moves the boundary of two Gaussian classes as the prior ratio ``r^(d / T)`` would
(:mod:`theory.theorem2`): what this costs depends on their separation ``M``, and never exceeds ``phi(1) / 2 (d ln r / (T
M))^2`` of accuracy for equal class frequencies.

Proofs: :mod:`theory.proofs.temperature`.

References:
    A. Menon et al., Long-tail learning via logit adjustment, 2020, arXiv 2007.07314 (the correction, and ``tau = 1``
    for calibrated logits); M. Saerens et al., Adjusting the outputs of a classifier to new a priori probabilities,
    2002.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, softmax

from theory.support.validate import floats, number, positive, ratio_of_priors, refuse

__all__ = ["adjusted", "cost", "cost_bound", "posterior", "which_tau"]

Floats = NDArray[np.float64]


def adjusted(
    logits: ArrayLike, prior: ArrayLike, tau: float, temperature: float = 1.0, target: ArrayLike | None = None
) -> Floats:
    """Return ``z - tau ln pi + T ln q``, whose largest entry is Bayes' decision for the class frequencies ``q``.

    Args:
        logits: ``z``, shape ``(..., C)``.
        prior: the class frequencies of training, or counts, above 0, shape ``(C,)``.
        tau: of the model, any finite number.
        temperature: ``T`` of the model, above 0; it matters for a target only.
        target: ``q``, frequencies or counts of at least 0, shape ``(C,)``; None for equal ones, and then the last term
            is left out. The logit of a class with ``q_k = 0`` is minus infinity.

    Raises:
        ValueError: an argument is outside its range, or the shapes do not fit.

    Example:
        >>> adjusted([2.0, 1.0], prior=[0.9, 0.1], tau=1.0).round(2)
        array([2.11, 3.3 ])
        >>> adjusted([2.0, 1.0], prior=[0.9, 0.1], tau=1.0, target=[0.9, 0.1]).round(2)
        array([2., 1.])
    """
    z, log_prior = _arguments(logits, prior)
    strength, t = float(number("tau", tau)), float(positive("temperature", temperature))
    moved = z - strength * log_prior
    if target is None:
        return np.asarray(moved)
    q = floats("target", target, f"must be {len(log_prior)} numbers of at least 0, not all 0", ndim=1, least=0)
    if q.shape != log_prior.shape or not q.sum() > 0:
        refuse("target", target, f"must be {len(log_prior)} numbers of at least 0, not all 0")
    with np.errstate(divide="ignore"):
        return np.asarray(moved + t * np.log(q / q.sum()))


def posterior(
    logits: ArrayLike, prior: ArrayLike, tau: float, temperature: float = 1.0, target: ArrayLike | None = None
) -> Floats:
    """Return the probability of each class, ``softmax(adjusted(...) / T)``, at the class frequencies ``target``.

    Args:
        logits: as for :func:`adjusted`, as are the others; ``target=prior`` gives the posterior of training.
        prior: likewise.
        tau: likewise.
        temperature: likewise.
        target: likewise.

    Raises:
        ValueError: as :func:`adjusted`.

    Example:
        >>> z = 2 * np.log([0.9 * 0.3, 0.1 * 0.6])  # twice the log of prior times density: T = tau = 2
        >>> posterior(z, prior=[0.9, 0.1], tau=2, temperature=2).round(3)  # 0.3 and 0.6, over their sum
        array([0.333, 0.667])
    """
    moved = adjusted(logits, prior, tau, temperature, target)
    return np.asarray(softmax(moved / float(temperature), axis=-1))


def which_tau(
    prior_ratio: float, effective_ratio: float | None = None, temperature: float = 1.0, added: float = 0.0
) -> float:
    """Return the tau of a network trained under imbalance, ``T ln e / ln r - t``.

    Args:
        prior_ratio: ``r`` of two classes in training, above 0 and not 1.
        effective_ratio: ``e``, what weights or sampling make of it (:mod:`theory.corrections`); by default ``r``.
        temperature: ``T``, by how much what the loss sees is overconfident, above 0.
        added: ``t``, the strength of a logit adjustment in the loss, any finite number.

    Raises:
        ValueError: an argument is outside its range.

    Example:
        >>> which_tau(100, temperature=1.9), which_tau(100, temperature=1.5, added=1)
        (1.9, 0.5)
        >>> from theory.corrections import effective_number
        >>> round(which_tau(100, effective_number(5000, 50, 0.9999), temperature=1.9), 3)
        0.098
    """
    r = ratio_of_priors("prior_ratio", prior_ratio)
    if r == 1:
        refuse("prior_ratio", prior_ratio, "must not be 1: every tau then decides alike")
    e = r if effective_ratio is None else ratio_of_priors("effective_ratio", effective_ratio)
    share = 1.0 if e == r else math.log(e) / math.log(r)
    return float(positive("temperature", temperature)) * share - float(number("added", added))


def cost(
    separation: float, prior_ratio: float, error: float, temperature: float = 1.0, target_ratio: float = 1.0
) -> float:
    """Return the accuracy that a wrong tau costs for two Gaussian classes of equal covariance, exactly.

    With the share ``q+ = s / (1 + s)`` of the positive class in the target it is ``A(0) - A(d ln r / T)``, where

        A(h) = q+ Phi(M/2 + (ln s + h)/M) + q- Phi(M/2 - (ln s + h)/M).

    Args:
        separation: ``M``, the Mahalanobis distance of the class means, above 0.
        prior_ratio: ``r``, of the frequencies of training.
        error: ``d``, the right tau minus the one that is used.
        temperature: ``T``, above 0.
        target_ratio: ``s``, of the class frequencies that accuracy is taken at; 1 for the mean of the recalls.

    Raises:
        ValueError: an argument is outside its range.

    Example:
        >>> [round(100 * cost(2.0, 100, d), 2) for d in (0, 0.1, 0.2, 0.5, 1)]
        [0.0, 0.64, 2.48, 12.93, 29.34]
        >>> round(100 * cost(2.0, 100, 0.2, temperature=2.0), 2)
        0.64
    """
    m, h, _ = _moved(separation, prior_ratio, error, temperature)
    odds = math.log(ratio_of_priors("target_ratio", target_ratio))
    share = math.exp(-np.logaddexp(0, -odds))

    def accuracy(at: float) -> float:
        return float(share * ndtr(m / 2 + at / m) + (1 - share) * ndtr(m / 2 - at / m))

    return max(accuracy(odds) - accuracy(odds + h), 0.0)


def cost_bound(separation: float, prior_ratio: float, error: float, temperature: float = 1.0) -> float:
    """Return ``phi(1) / 2 (d ln r / (T M))^2``, which :func:`cost` for equal class frequencies never exceeds.

    For small errors :func:`cost` itself is about ``phi(M / 2) / (4 M) (d ln r / T)^2``.

    Args:
        separation: as for :func:`cost`, as are the others.
        prior_ratio: likewise.
        error: likewise.
        temperature: likewise.

    Raises:
        ValueError: as :func:`cost`.

    Example:
        >>> round(100 * cost(2.0, 100, 0.1), 3), round(100 * cost_bound(2.0, 100, 0.1), 3)
        (0.636, 0.641)
    """
    return _moved(separation, prior_ratio, error, temperature)[2]


def _moved(separation: float, prior_ratio: float, error: float, temperature: float) -> tuple[float, float, float]:
    """Return the separation, by how much the log odds are off, and the bound of its cost."""
    m = float(number("separation", separation, "must be a finite number greater than 0", above=0))
    r = ratio_of_priors("prior_ratio", prior_ratio)
    h = float(number("error", error)) * math.log(r) / float(positive("temperature", temperature))
    return m, h, math.exp(-0.5) / math.sqrt(2 * math.pi) / 2 * (h / m) ** 2


def _arguments(logits: ArrayLike, prior: ArrayLike) -> tuple[Floats, Floats]:
    """Return logits and log frequencies."""
    frequencies = floats("prior", prior, "must be a vector of numbers above 0, one a class", ndim=1, above=0)
    z = floats("logits", logits, f"must be finite real numbers with {len(frequencies)} classes last")
    if z.ndim == 0 or z.shape[-1] != len(frequencies) or len(frequencies) < 2:
        refuse("logits", z.shape, f"must be finite real numbers with {len(frequencies)} classes last, two or more")
    return z, np.log(frequencies / frequencies.sum())
