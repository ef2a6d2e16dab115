r"""The strength of logit adjustment, and of tau-normalisation, by maximum likelihood on a long-tailed validation split.

Say that a trained network's logits are those of Bayes' rule up to a temperature and a wrong share of the prior:
``z_k = T (ln p(x | k) + (tau / T) ln pi_k + c(x))``, where ``pi`` are the class frequencies that it was trained on.
Then on images that come with the frequencies ``pi``

.. math:: P(y | x) = \mathrm{softmax}\Bigl(\frac{z - \tau \ln \pi}{T} + \ln \pi\Bigr),

and ``argmax(z - tau ln pi)`` is Bayes' decision for equal class frequencies, ``argmax(z - tau ln pi + T ln q)`` that
for the frequencies ``q`` (:mod:`theory.temperature`). In ``a = 1 / T`` and ``b = tau / T`` the model is a multinomial
logit, ``softmax(a z - b ln pi + ln pi)``: its likelihood is concave, and its maximum, found by Newton's method, is
unique. It is finite unless the split is separated (Albert and Anderson 1984), which is decided exactly.

References:
    A. Menon et al., Long-tail learning via logit adjustment, 2020, arXiv 2007.07314 (the correction, with ``tau`` to
    be tuned); C. Guo et al., On calibration of modern neural networks, 2017 (temperature and vector scaling); A. Albert
    and J. A. Anderson, On the existence of maximum likelihood estimates in logistic regression models, 1984; H. White,
    Maximum likelihood estimation of misspecified models, 1982 (robust covariance); B. Kang et al., Decoupling
    representation and classifier, 2020 (tau-normalisation).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2, norm

from theory.support.adjustment_inputs import (
    LARGEST,
    Floats,
    Labels,
    checked_labels,
    checked_logits,
    checked_numbers,
    checked_split,
    checked_target,
    refuse_equal,
    refuse_falling,
    shown,
)
from theory.support.fit_doubts import expected_loss, split_doubts
from theory.support.multinomial_logit import fit_logit, image_scores, separated
from theory.support.validate import number, refuse
from theory.tau_normalisation import TauNormalisation, fit_tau_normalisation
from theory.temperature import adjusted, posterior

__all__ = ["Adjustment", "Comparison", "TauNormalisation", "fit_adjustment", "fit_tau_normalisation"]

_FEWEST = 5
_OWN = 10  # classes that have a scale and a bias of their own
_MOST_GROUPS = 100
_IMAGES = 50  # of a group
_CONVERGED = 1e-4  # of the gradient an image, whose terms are of size 1


@dataclass(frozen=True)
class Comparison:
    """A likelihood-ratio test of the fitted model against vector scaling, ``softmax(w_k z_k + b_k)``.

    The logits of each image are centred first, so that a constant added to all of them changes nothing. Classes
    of which fewer than five images are expected in the split keep the fitted model's common scale and prior. Of more
    than ten classes those of neighbouring frequency share a scale and a bias, so that there are at most 100 of each,
    and at most one for 50 images: with more the chi-squared distribution is no guide.

    Attributes:
        statistic: twice the difference of the log-likelihoods.
        freedom: the number of parameters that vector scaling has more; of two classes it has none.
        p_value: the chance of a statistic as large if the fitted model is right, by the chi-squared distribution. It is
            a guide: of few images small ones are too frequent.
        shared: whether classes of neighbouring frequency share a scale and a bias.
    """

    statistic: float
    freedom: int
    p_value: float
    shared: bool = False


@dataclass(frozen=True, eq=False)
class Adjustment:
    """The result of :func:`fit_adjustment`.

    Attributes:
        tau: what to multiply the log prior by before it is subtracted from the logits.
        temperature: ``T``, what to divide the result by; above 1 for a network that is overconfident.
        prior: ``pi``, the class frequencies of training, shape ``(C,)``.
        drawn: those that the split was drawn with, shape ``(C,)``.
        covariance: of ``(tau, temperature)``, by the observed information, shape ``(2, 2)``.
        robust_covariance: the same by the sandwich estimator, which holds where the model is not quite right.
        log_likelihood: of the split, at the maximum.
        images: the number of images of the split.
        against_vector_scaling: the goodness of fit.
        expected_loss: points of accuracy, in per cent, that the robust standard error of ``tau`` costs on average, for
            the target frequencies, by the fitted model.
        doubts: why the result promises nothing; empty if there is no reason.
        target: the class frequencies that :meth:`apply` adjusts to by default, shape ``(C,)``; None for equal ones.
    """

    tau: float
    temperature: float
    prior: Floats = field(repr=False)
    drawn: Floats = field(repr=False)
    covariance: Floats = field(repr=False)
    robust_covariance: Floats = field(repr=False)
    log_likelihood: float
    images: int
    against_vector_scaling: Comparison
    expected_loss: float
    doubts: tuple[str, ...]
    target: Floats | None = field(repr=False)

    @property
    def trusted(self) -> bool:
        """Whether nothing speaks against the result."""
        return not self.doubts

    @property
    def tau_error(self) -> float:
        """The robust standard error of ``tau``."""
        return math.sqrt(self.robust_covariance[0, 0])

    @property
    def temperature_error(self) -> float:
        """The robust standard error of the temperature."""
        return math.sqrt(self.robust_covariance[1, 1])

    def apply(self, logits: ArrayLike, target: ArrayLike | None = None) -> Floats:
        """Return the adjusted logits ``z - tau ln pi + T ln q``, shape ``(n, C)``; ``argmax`` of them decides.

        Args:
            logits: shape ``(n, C)``.
            target: class frequencies or counts ``q``, shape ``(C,)``; by default those that the fit was given. For
                equal frequencies, the default of the fit, the last term is left out.

        Raises:
            ValueError: the logits are not finite or not of C classes, or the target is not C numbers of at least 0.
        """
        z = checked_logits(logits, len(self.prior))
        return adjusted(z, self.prior, self.tau, self.temperature, self.target if target is None else target)

    def predict(self, logits: ArrayLike, target: ArrayLike | None = None) -> Labels:
        """Return the class of each row of the logits after :meth:`apply`, shape ``(n,)``."""
        return np.asarray(self.apply(logits, target).argmax(axis=1), dtype=np.int64)

    def probabilities(self, logits: ArrayLike, target: ArrayLike | None = None) -> Floats:
        """Return the probability of each class at the target frequencies, ``softmax(apply(logits) / T)``."""
        z = checked_logits(logits, len(self.prior))
        return posterior(z, self.prior, self.tau, self.temperature, self.target if target is None else target)

    def expected_accuracy(self, logits: ArrayLike, decisions: ArrayLike, target: ArrayLike | None = None) -> float:
        """Return the accuracy at the target frequencies that the fitted model expects of any decisions.

        ``mean(P(d_i | x_i) q(d_i) / pi(d_i))`` over long-tailed images: no balanced image and no label is needed, and
        the labels' noise, which a sweep on the split itself suffers from, is left out. So the strength of any other
        correction can be chosen, as the power of tau-normalisation.

        Args:
            logits: of images drawn as the split was, shape ``(n, C)``.
            decisions: the class that is decided for, for each image, shape ``(n,)``.
            target: as for :meth:`apply`.

        Raises:
            ValueError: as in :meth:`apply`, or the decisions are not n classes.
        """
        z = checked_logits(logits, len(self.prior))
        d = checked_labels("decisions", decisions, *z.shape)
        wanted = self.target if target is None else target
        q = np.full(len(self.prior), 1 / len(self.prior)) if wanted is None else checked_target(wanted, len(self.prior))
        chances = self.probabilities(z, self.drawn)[np.arange(len(d)), d]
        return float(np.mean(chances * (q / self.drawn)[d]))

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return a confidence interval for ``tau``, by its robust standard error.

        Raises:
            ValueError: ``confidence`` is not between 0 and 1.
        """
        level = float(number("confidence", confidence, "must lie between 0 and 1", above=0, below=1))
        half = float(norm.isf((1 - level) / 2)) * self.tau_error
        return self.tau - half, self.tau + half

    def record(self) -> dict[str, Any]:
        """Return the findings as plain numbers and strings, for JSON."""
        return {
            "tau": self.tau,
            "tau_error": self.tau_error,
            "temperature": self.temperature,
            "temperature_error": self.temperature_error,
            "images": self.images,
            "against_vector_scaling_p": self.against_vector_scaling.p_value,
            "expected_loss": self.expected_loss,
            "trusted": self.trusted,
            "doubts": list(self.doubts),
        }


def fit_adjustment(
    logits: ArrayLike,
    labels: ArrayLike,
    counts: ArrayLike,
    *,
    target: ArrayLike | None = None,
    split_counts: ArrayLike | None = None,
) -> Adjustment:
    """Return the tau and the temperature of logit adjustment that a validation split makes most likely.

    Args:
        logits: of images that the network was not trained on, shape ``(n, C)``. They come with the frequencies of
            training, as images that are put aside before training do; no balanced images are needed.
        labels: of the images, shape ``(n,)``, from 0 to C - 1. A class may be absent.
        counts: the training images of each class, shape ``(C,)``, above 0 and not all equal.
        target: class frequencies, or counts, that decisions are to be best for; None for equal ones.
        split_counts: class frequencies, or counts, that the split was drawn with, if not those of training (equal ones
            for a balanced validation set).

    Raises:
        ValueError: an argument is out of its range; the split is separated, so that the likelihood has no maximum; or
            the most likely temperature is not above 0. The first word of the message is the argument.

    Example:
        >>> rng, counts = np.random.default_rng(0), np.array([10000, 1000, 100])
        >>> labels = np.repeat([0, 1, 2], counts)
        >>> x = 2 * np.eye(3)[labels] + rng.normal(size=(len(labels), 3))  # then ln p(x | k) is 2 x_k + c(x)
        >>> fit = fit_adjustment(1.5 * (2 * x + np.log(counts)), labels, counts)  # overconfident by 1.5
        >>> abs(fit.tau - 1.5) < 2 * fit.tau_error < 0.2, fit.trusted
        (True, True)
        >>> fit.predict([[6.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
        array([2, 2])
    """
    z, y, n = checked_split(logits, labels, counts)
    refuse_equal("counts", n)
    prior = n / n.sum()
    q = None if target is None else checked_target(target, len(n))
    drawn = prior if split_counts is None else checked_numbers("split_counts", split_counts, len(n))
    drawn = drawn / drawn.sum()
    log_prior, log_drawn = np.log(prior), np.log(drawn)

    scaled, scale = _scaled(z)
    extent = float(np.ptp(log_prior))
    direction = (log_prior.max() - log_prior) / extent  # in its own units: counts may differ by little
    if not scaled.any():
        refuse("logits", shown(z), "must differ between classes: they are equal for every image")
    if separated(scaled, -direction, y):
        refuse("labels", shown(y), "must not be separated by z - tau ln p for some tau: add images to the split")
    basis = _common(direction)
    null = fit_logit(scaled, y, log_drawn, basis)
    scores = image_scores(scaled, y, null, basis)
    if np.any(np.abs(scores.sum(axis=0)) > _CONVERGED * len(y)):
        refuse("labels", shown(y), "must be likely enough under the counts: no maximum of the likelihood was found")
    a, b = float(null.theta[0]) / scale, float(null.theta[1]) / extent
    refuse_falling(z, a)
    units = np.array([scale, extent])
    scores *= units
    spread = np.linalg.inv(null.information) / np.outer(units, units)
    change = np.array([[-b / a**2, 1 / a], [-1 / a**2, 0.0]])  # of (b / a, 1 / a) with (a, b)
    covariance, robust = (change @ c @ change.T for c in (spread, spread @ (scores.T @ scores) @ spread))
    tau, temperature = b / a, 1 / a

    comparison = _compare(scaled, y, log_drawn, null.value, basis)
    loss = expected_loss(
        lambda t: adjusted(z, prior, t, temperature, q),
        posterior(z, prior, tau, temperature, drawn),
        (np.full(len(n), 1 / len(n)) if q is None else q) / drawn,
        tau,
        math.sqrt(robust[0, 0]),
    )
    doubts = split_doubts(y, drawn, loss, comparison.p_value, shared=comparison.shared)
    if not a > 3 * math.sqrt(spread[0, 0]):
        doubts += (f"the logits hardly tell the classes apart: 1/T is {a:.3g} +- {math.sqrt(spread[0, 0]):.2g}",)
    return Adjustment(
        tau, temperature, prior, drawn, covariance, robust, null.value, len(y), comparison, loss, doubts, q
    )


def _common(direction: Floats) -> Floats:
    """Return the basis of one scale for all classes and a multiple of the direction as their biases."""
    classes = len(direction)
    basis = np.zeros((2 * classes, 2))
    basis[:classes, 0] = 1
    basis[classes:, 1] = direction
    return basis


def _compare(z: Floats, y: Labels, offset: Floats, value: float, basis: Floats) -> Comparison:
    """Return the likelihood-ratio test against vector scaling."""
    classes = z.shape[1]
    # Not what is there: classes that are taken because they have more by chance would speak against the fit.
    free = np.flatnonzero(len(y) * np.exp(offset) >= _FEWEST)
    groups = min(len(free), max(_OWN, min(_MOST_GROUPS, len(y) // _IMAGES)))
    group = np.argsort(np.argsort(-offset[free], kind="stable")) * groups // max(len(free), 1)
    own = np.zeros((2 * classes, 2 * groups))
    own[free, group] = 1
    own[classes + free, groups + group] = 1
    larger = np.concatenate([basis, own], axis=1)
    # The centred logits of two classes are each other's negative, so that only the sum of the scales counts.
    scales = 1 if classes == 2 else int(np.linalg.matrix_rank(larger[:classes]))
    biases = int(np.linalg.matrix_rank(np.column_stack([larger[classes:], np.ones(classes)]))) - 1
    freedom = scales + biases - basis.shape[1]
    if freedom <= 0:
        return Comparison(0.0, 0, 1.0)
    statistic = max(2 * (fit_logit(z, y, offset, larger).value - value), 0.0)
    return Comparison(statistic, freedom, float(chi2.sf(statistic, freedom)), groups < len(free))


def _scaled(z: Floats) -> tuple[Floats, float]:
    """Return logits that have mean 0 in each row and mean square 1, and what they were divided by."""
    centred = z - z.mean(axis=1, keepdims=True)
    largest = float(np.abs(centred).max()) or 1.0
    scale = largest * math.sqrt(np.mean((centred / largest) ** 2)) or 1.0
    if scale < 1 / LARGEST:
        refuse("logits", scale, f"their root mean square about the mean of each row must be at least {1 / LARGEST:g}")
    return centred / scale, scale
