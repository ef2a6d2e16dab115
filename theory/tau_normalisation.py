"""The power of the norms in tau-normalisation, by maximum likelihood on a long-tailed validation split.

Tau-normalisation divides each logit without bias by the norm of its class's row to the power tau (B. Kang et al.,
Decoupling representation and classifier, 2020, arXiv 1910.09217).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar
from scipy.special import softmax

from theory.support.adjustment_inputs import (
    Floats,
    Labels,
    checked_logits,
    checked_numbers,
    checked_split,
    checked_target,
    refuse_equal,
    refuse_falling,
    shown,
)
from theory.support.fit_doubts import expected_loss, split_doubts
from theory.support.multinomial_logit import Maximum, fit_logit
from theory.support.validate import refuse
from theory.temperature import adjusted

__all__ = ["TauNormalisation", "fit_tau_normalisation"]

_LARGEST_TAU = 20.0
_LARGEST_POWER = 700.0  # of e
_SMALL = 1e-10  # of the log-likelihood an image


@dataclass(frozen=True, eq=False)
class TauNormalisation:
    """The result of :func:`fit_tau_normalisation`.

    Attributes:
        tau: the power of the norms.
        temperature: what to divide the scores by for probabilities.
        tau_error: the robust standard error of ``tau``.
        norms: of the classifier's rows, shape ``(C,)``.
        log_likelihood: of the split, at the maximum.
        images: the number of images of the split.
        doubts: why the result promises nothing; empty if there is no reason.
        target: the class frequencies that :meth:`apply` adjusts to by default, shape ``(C,)``; None for equal ones.
    """

    tau: float
    temperature: float
    tau_error: float
    norms: Floats = field(repr=False)
    log_likelihood: float
    images: int
    doubts: tuple[str, ...]
    target: Floats | None = field(repr=False)

    @property
    def trusted(self) -> bool:
        """Whether nothing speaks against the result."""
        return not self.doubts

    def apply(self, logits: ArrayLike, target: ArrayLike | None = None) -> Floats:
        """Return the scores ``z_k / |w_k|^tau + T ln q_k`` for logits without bias, shape ``(n, C)``.

        The norms count relative to their geometric mean. For equal frequencies the last term is left out.

        Raises:
            ValueError: as in :meth:`Adjustment.apply`.
        """
        normalised = checked_logits(logits, len(self.norms)) * _powers(self.norms, self.tau)
        wanted = self.target if target is None else target
        return adjusted(normalised, np.ones(len(self.norms)), 0.0, self.temperature, wanted)

    def predict(self, logits: ArrayLike, target: ArrayLike | None = None) -> Labels:
        """Return the class of each row of the logits after :meth:`apply`, shape ``(n,)``."""
        return np.asarray(self.apply(logits, target).argmax(axis=1), dtype=np.int64)


def fit_tau_normalisation(
    logits: ArrayLike, norms: ArrayLike, labels: ArrayLike, counts: ArrayLike, *, target: ArrayLike | None = None
) -> TauNormalisation:
    r"""Return the tau of tau-normalisation that a long-tailed validation split makes most likely.

    The model is that the normalised scores are those of Bayes' rule for equal class frequencies, up to a temperature:
    ``P(y | x) = softmax(z_k / (T |w_k|^tau) + ln pi_k)`` under the frequencies of training. For each ``tau`` its
    likelihood is concave in ``1 / T``; over ``tau``, between -20 and 20, it is searched. Networks fit this model less
    well than that of :func:`fit_adjustment`: to choose the power by
    :meth:`Adjustment.expected_accuracy` loses less (the experiment ``which-tau`` compares them).

    Args:
        logits: without the bias, ``features @ weight.T``, shape ``(n, C)``, of images as in :func:`fit_adjustment`.
        norms: of the rows of the classifier's weight, shape ``(C,)``, above 0 and not all equal.
        labels: shape ``(n,)``, from 0 to C - 1.
        counts: the training images of each class, shape ``(C,)``, above 0.
        target: class frequencies, or counts, that decisions are to be best for; None for equal ones.

    Raises:
        ValueError: an argument is out of its range, or the likelihood has no maximum between -20 and 20.

    Example:
        >>> rng, counts = np.random.default_rng(0), np.array([1000, 100, 50])
        >>> labels, norms = np.repeat([0, 1, 2], counts), np.array([3.0, 2.0, 1.5])
        >>> evidence = 2 * np.eye(3)[labels] + rng.normal(size=(len(labels), 3))
        >>> fit = fit_tau_normalisation(2 * evidence * norms**2, norms, labels, counts)
        >>> abs(fit.tau - 2) < 2 * fit.tau_error < 1
        True
    """
    z, y, n = checked_split(logits, labels, counts)
    sizes = checked_numbers("norms", norms, len(n))
    refuse_equal("norms", sizes)
    q = None if target is None else checked_target(target, len(n))
    log_prior = np.log(n / n.sum())
    log_norms = np.log(sizes) - np.log(sizes).mean()
    basis = np.concatenate([np.ones(len(n)), np.zeros(len(n))])[:, None]

    def best(tau: float) -> tuple[Maximum, Floats, float]:
        powers = -tau * log_norms
        relative = z * np.exp(powers - powers.max())
        largest = float(np.abs(relative).max()) or 1.0
        normalised = relative / largest
        scale = largest * math.exp(min(powers.max(), _LARGEST_POWER))
        return fit_logit(normalised, y, log_prior, basis), normalised, scale

    grid = np.linspace(-_LARGEST_TAU, _LARGEST_TAU, 21)
    values = np.array([best(tau)[0].value for tau in grid])
    at = int(values.argmax())
    if at in (0, len(grid) - 1) or values[at] > -_SMALL * len(y):
        refuse("labels", shown(y), f"must have a most likely tau between -{_LARGEST_TAU:g} and {_LARGEST_TAU:g}")
    search = minimize_scalar(
        lambda tau: -best(tau)[0].value, bounds=(grid[at - 1], grid[at + 1]), method="bounded", options={"xatol": 1e-6}
    )
    tau = float(search.x)
    found, normalised, scale = best(tau)
    a = float(found.theta[0])
    refuse_falling(z, a / scale)
    error = _profile_error(normalised, y, found, log_norms)
    loss = expected_loss(
        lambda t: adjusted(z * _powers(sizes, t), np.ones(len(n)), 0.0, scale / a, q),
        softmax(a * normalised + log_prior, axis=1),
        (np.full(len(n), 1 / len(n)) if q is None else q) / np.exp(log_prior),
        tau,
        error,
    )
    doubts = split_doubts(y, n, loss)
    return TauNormalisation(tau, scale / a, error, sizes, found.value, len(y), doubts, q)


def _profile_error(z: Floats, y: Labels, maximum: Maximum, log_norms: Floats) -> float:
    """Return the robust standard error of the power of the norms, at its maximum."""
    a = float(maximum.theta[0])
    slopes = np.stack([z, -a * z * log_norms], axis=2)  # of the scores with (a, tau)
    residual = -maximum.chances
    residual[np.arange(len(y)), y] += 1
    means = np.einsum("nk,nkp->np", maximum.chances, slopes)
    information = np.einsum("nk,nkp,nkq->pq", maximum.chances, slopes, slopes) - means.T @ means
    information[0, 1] += (residual * z * log_norms).sum()  # the curvature of the scores themselves
    information[1, 0] = information[0, 1]
    information[1, 1] -= a * (residual * z * log_norms**2).sum()
    scores = np.einsum("nk,nkp->np", residual, slopes)
    spread = np.linalg.pinv(information)
    return math.sqrt((spread @ (scores.T @ scores) @ spread)[1, 1])


def _powers(norms: Floats, tau: float) -> Floats:
    """Return the norms to the power ``-tau``, relative to their geometric mean."""
    logs = np.log(norms)
    return np.asarray(np.exp(-tau * (logs - logs.mean())))
