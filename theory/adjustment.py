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
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import softmax
from scipy.stats import binom, chi2, norm

from theory.support.validate import array, floats, number, refuse
from theory.temperature import adjusted, posterior

__all__ = ["Adjustment", "Comparison", "TauNormalisation", "fit_adjustment", "fit_tau_normalisation"]

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

_STEPS = 200
_SMALL = 1e-10
_FEWEST = 5
_UNLIKELY = 1e-3
_COSTLY = 0.5
_POINTS = 21
_LARGEST_TAU = 20.0
_LARGEST = 1e100  # of logits, counts and norms: their squares are numbers too
_LARGEST_POWER = 700.0  # of e
_CONVERGED = 1e-4  # of the gradient an image, whose terms are of size 1
_ALIKE = 1e-9  # relative differences of counts and of norms that say nothing
_EQUAL = "must not all be equal: every tau then decides alike"
_FALLING = "must rise with the chance of their class, but the most likely 1/T is {:.3g}"


@dataclass(frozen=True)
class Comparison:
    """A likelihood-ratio test of the fitted model against vector scaling, ``softmax(w_k z_k + b_k)``.

    The logits of each image are centred first, so that a constant added to all of them changes nothing. Classes
    with fewer than five images in the split keep the fitted model's common scale and prior.

    Attributes:
        statistic: twice the difference of the log-likelihoods.
        freedom: the number of parameters that vector scaling has more.
        p_value: the chance of a statistic as large if the fitted model is right, by the chi-squared distribution.
    """

    statistic: float
    freedom: int
    p_value: float


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
        z = _logits(logits, len(self.prior))
        return adjusted(z, self.prior, self.tau, self.temperature, self.target if target is None else target)

    def predict(self, logits: ArrayLike, target: ArrayLike | None = None) -> Labels:
        """Return the class of each row of the logits after :meth:`apply`, shape ``(n,)``."""
        return np.asarray(self.apply(logits, target).argmax(axis=1), dtype=np.int64)

    def probabilities(self, logits: ArrayLike, target: ArrayLike | None = None) -> Floats:
        """Return the probability of each class at the target frequencies, ``softmax(apply(logits) / T)``."""
        z = _logits(logits, len(self.prior))
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
        z = _logits(logits, len(self.prior))
        d = _labels("decisions", decisions, *z.shape)
        wanted = self.target if target is None else target
        q = np.full(len(self.prior), 1 / len(self.prior)) if wanted is None else _target(wanted, len(self.prior))
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
    z, y, n = _split(logits, labels, counts)
    if np.ptp(n) <= _ALIKE * n.max():
        refuse("counts", n.tolist(), _EQUAL)
    prior = n / n.sum()
    q = None if target is None else _target(target, len(n))
    drawn = prior if split_counts is None else _numbers("split_counts", split_counts, len(n))
    drawn = drawn / drawn.sum()
    log_prior, log_drawn = np.log(prior), np.log(drawn)

    scaled, scale = _scaled(z)
    extent = float(np.ptp(log_prior))
    direction = (log_prior.max() - log_prior) / extent  # in its own units: counts may differ by little
    if not scaled.any():
        refuse("logits", _shown(z), "must differ between classes: they are equal for every image")
    if _separated(scaled, -direction, y):
        refuse("labels", _shown(y), "must not be separated by z - tau ln p for some tau: add images to the split")
    basis = _common(direction)
    null = _maximum(scaled, y, log_drawn, basis)
    scores = _scores(scaled, y, null, basis)
    if np.any(np.abs(scores.sum(axis=0)) > _CONVERGED * len(y)):
        refuse("labels", _shown(y), "must be likely enough under the counts: no maximum of the likelihood was found")
    a, b = float(null.theta[0]) / scale, float(null.theta[1]) / extent
    if not a > 0:
        refuse("logits", _shown(z), _FALLING.format(a))
    units = np.array([scale, extent])
    scores *= units
    spread = np.linalg.inv(null.information) / np.outer(units, units)
    change = np.array([[-b / a**2, 1 / a], [-1 / a**2, 0.0]])  # of (b / a, 1 / a) with (a, b)
    covariance, robust = (change @ c @ change.T for c in (spread, spread @ (scores.T @ scores) @ spread))
    tau, temperature = b / a, 1 / a

    comparison = _compare(scaled, y, log_drawn, null.value, basis)
    loss = _expected_loss(
        lambda t: adjusted(z, prior, t, temperature, q),
        posterior(z, prior, tau, temperature, drawn),
        (np.full(len(n), 1 / len(n)) if q is None else q) / drawn,
        tau,
        math.sqrt(robust[0, 0]),
    )
    doubts = _doubts(y, drawn, comparison, loss)
    if not a > 3 * math.sqrt(spread[0, 0]):
        doubts += (f"the logits hardly tell the classes apart: 1/T is {a:.3g} +- {math.sqrt(spread[0, 0]):.2g}",)
    return Adjustment(
        tau, temperature, prior, drawn, covariance, robust, null.value, len(y), comparison, loss, doubts, q
    )


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
        normalised = _logits(logits, len(self.norms)) * _powers(self.norms, self.tau)
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
    z, y, n = _split(logits, labels, counts)
    sizes = _numbers("norms", norms, len(n))
    if np.ptp(sizes) <= _ALIKE * sizes.max():
        refuse("norms", sizes.tolist(), _EQUAL)
    q = None if target is None else _target(target, len(n))
    log_prior = np.log(n / n.sum())
    log_norms = np.log(sizes) - np.log(sizes).mean()
    basis = np.concatenate([np.ones(len(n)), np.zeros(len(n))])[:, None]

    def best(tau: float) -> tuple[_Maximum, Floats, float]:
        powers = -tau * log_norms
        relative = z * np.exp(powers - powers.max())
        largest = float(np.abs(relative).max()) or 1.0
        normalised = relative / largest
        scale = largest * math.exp(min(powers.max(), _LARGEST_POWER))
        return _maximum(normalised, y, log_prior, basis), normalised, scale

    grid = np.linspace(-_LARGEST_TAU, _LARGEST_TAU, 21)
    values = np.array([best(tau)[0].value for tau in grid])
    at = int(values.argmax())
    if at in (0, len(grid) - 1) or values[at] > -_SMALL * len(y):
        refuse("labels", _shown(y), f"must have a most likely tau between -{_LARGEST_TAU:g} and {_LARGEST_TAU:g}")
    search = minimize_scalar(
        lambda tau: -best(tau)[0].value, bounds=(grid[at - 1], grid[at + 1]), method="bounded", options={"xatol": 1e-6}
    )
    tau = float(search.x)
    found, normalised, scale = best(tau)
    a = float(found.theta[0])
    if not a > 0:
        refuse("logits", _shown(z), _FALLING.format(a / scale))
    error = _profile_error(normalised, y, found, log_norms)
    loss = _expected_loss(
        lambda t: adjusted(z * _powers(sizes, t), np.ones(len(n)), 0.0, scale / a, q),
        softmax(a * normalised + log_prior, axis=1),
        (np.full(len(n), 1 / len(n)) if q is None else q) / np.exp(log_prior),
        tau,
        error,
    )
    doubts = _doubts(y, n, None, loss)
    return TauNormalisation(tau, scale / a, error, sizes, found.value, len(y), doubts, q)


@dataclass(frozen=True, eq=False)
class _Maximum:
    """The maximum of a multinomial logit: parameters, log-likelihood, information and probabilities."""

    theta: Floats
    value: float
    information: Floats
    chances: Floats


def _maximum(z: Floats, y: Labels, offset: Floats, basis: Floats) -> _Maximum:
    """Return the maximum of the likelihood of ``softmax(w z + b + offset)`` over ``(w, b) = basis @ theta``.

    Newton's method from 0, the step halved until the likelihood rises; it is concave. Directions without information
    are left alone. The likelihood is bounded, so that it converges even where the parameters do not.
    """
    classes = z.shape[1]
    rows = np.arange(len(y))
    theta = np.zeros(basis.shape[1])
    drawn = np.zeros(classes), np.zeros(classes)
    np.add.at(drawn[0], y, z[rows, y])
    np.add.at(drawn[1], y, 1.0)
    observed = np.concatenate(drawn)

    def evaluate(theta: Floats) -> tuple[float, Floats]:
        w, b = (basis @ theta).reshape(2, classes)
        logs = z * w + b + offset
        logs -= logs.max(axis=1, keepdims=True)
        logs -= np.log(np.exp(logs).sum(axis=1, keepdims=True))
        return float(logs[rows, y].sum()), logs

    value, logs = evaluate(theta)
    for _ in range(_STEPS):
        chances = np.exp(logs)
        information = basis.T @ _information(z, chances) @ basis
        gradient = basis.T @ (observed - np.concatenate([(z * chances).sum(axis=0), chances.sum(axis=0)]))
        step = np.linalg.lstsq(information, gradient, rcond=1e-13)[0]
        if gradient @ step < _SMALL:
            break
        size, risen = 1.0, evaluate(theta + step)
        while risen[0] < value and size > _SMALL:
            size /= 2
            risen = evaluate(theta + size * step)
        if risen[0] <= value:
            break
        theta, (value, logs) = theta + size * step, risen
    chances = np.exp(logs)
    return _Maximum(theta, value, basis.T @ _information(z, chances) @ basis, chances)


def _information(z: Floats, chances: Floats) -> Floats:
    """Return the information of the scales and biases of vector scaling, shape ``(2 C, 2 C)``."""
    weighted = z * chances
    joined = np.concatenate([weighted, chances], axis=1)
    own = [np.diag((z * weighted).sum(axis=0)), np.diag(weighted.sum(axis=0)), np.diag(chances.sum(axis=0))]
    return np.asarray(np.block([[own[0], own[1]], [own[1], own[2]]]) - joined.T @ joined)


def _scores(z: Floats, y: Labels, maximum: _Maximum, basis: Floats) -> Floats:
    """Return the gradient of each image's log-likelihood, shape ``(n, parameters)``."""
    residual = -maximum.chances
    residual[np.arange(len(y)), y] += 1
    return np.concatenate([z * residual, residual], axis=1) @ basis


def _common(direction: Floats) -> Floats:
    """Return the basis of one scale for all classes and a multiple of the direction as their biases."""
    classes = len(direction)
    basis = np.zeros((2 * classes, 2))
    basis[:classes, 0] = 1
    basis[classes:, 1] = direction
    return basis


def _separated(z: Floats, log_prior: Floats, y: Labels) -> bool:
    """Return whether some ``a z - b ln pi`` other than 0 scores no class of any image above the image's own.

    The differences between the own class's pair ``(z, -ln pi)`` and another's must then lie in a half-plane: whether
    they do is seen from the largest gap between their directions.
    """
    rows = np.arange(len(y))
    first = z[rows, y][:, None] - z
    second = log_prior - log_prior[y][:, None]
    some = (first != 0) | (second != 0)
    angles = np.unique(np.arctan2(second[some], first[some]))
    if len(angles) == 0:
        return True
    gaps = np.diff(angles, append=angles[0] + 2 * np.pi)
    return bool(gaps.max() >= np.pi * (1 - 1e-12))


def _compare(z: Floats, y: Labels, offset: Floats, value: float, basis: Floats) -> Comparison:
    """Return the likelihood-ratio test against vector scaling."""
    classes = z.shape[1]
    free = np.flatnonzero(np.bincount(y, minlength=classes) >= _FEWEST)
    own = np.zeros((2 * classes, 2 * len(free)))
    own[free, np.arange(len(free))] = 1
    own[classes + free, len(free) + np.arange(len(free))] = 1
    larger = np.concatenate([basis, own], axis=1)
    scales = int(np.linalg.matrix_rank(larger[:classes]))
    biases = int(np.linalg.matrix_rank(np.column_stack([larger[classes:], np.ones(classes)]))) - 1
    freedom = scales + biases - basis.shape[1]
    if freedom <= 0:
        return Comparison(0.0, 0, 1.0)
    statistic = max(2 * (_maximum(z, y, offset, larger).value - value), 0.0)
    return Comparison(statistic, freedom, float(chi2.sf(statistic, freedom)))


def _expected_loss(
    scores: Callable[[float], Floats], chances: Floats, weights: Floats, tau: float, error: float
) -> float:
    """Return the mean over a normal ``tau`` of what the decisions of other taus lose, in points.

    A decision for class ``k`` is right with the chance ``chances[i, k]`` and counts with the weight ``weights[k]``.
    """
    rows = np.arange(len(chances))
    levels = norm.ppf((np.arange(_POINTS) + 0.5) / _POINTS)

    def accuracy(t: float) -> float:
        decided = scores(t).argmax(axis=1)
        return float((chances[rows, decided] * weights[decided]).mean())

    best = accuracy(tau)
    return 100 * min(max(float(np.mean([best - accuracy(tau + error * level) for level in levels])), 0.0), 1.0)


def _profile_error(z: Floats, y: Labels, maximum: _Maximum, log_norms: Floats) -> float:
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


def _doubts(y: Labels, drawn: Floats, comparison: Comparison | None, loss: float) -> tuple[str, ...]:
    """Return the reasons not to trust a fit."""
    shares, found = drawn / drawn.sum(), np.bincount(y, minlength=len(drawn))
    tails = 2 * np.minimum(binom.cdf(found, len(y), shares), binom.sf(found - 1, len(y), shares))
    reasons = []
    if tails.min() * len(drawn) < _UNLIKELY:
        k = int(tails.argmin())
        reasons.append(
            f"the split has {found[k]} images of class {k}, where the counts let {len(y) * shares[k]:.1f} be expected"
        )
    if comparison is not None and comparison.p_value < _UNLIKELY:
        reasons.append(f"a scale and a bias for each class fit better: p = {comparison.p_value:.1g}")
    if loss > _COSTLY:
        reasons.append(f"the split is small: the error of tau costs {loss:.2g} points on average")
    return tuple(reasons)


def _scaled(z: Floats) -> tuple[Floats, float]:
    """Return logits that have mean 0 in each row and mean square 1, and what they were divided by."""
    centred = z - z.mean(axis=1, keepdims=True)
    largest = float(np.abs(centred).max()) or 1.0
    scale = largest * math.sqrt(np.mean((centred / largest) ** 2)) or 1.0
    if scale < 1 / _LARGEST:
        refuse("logits", scale, f"their root mean square about the mean of each row must be at least {1 / _LARGEST:g}")
    return centred / scale, scale


def _powers(norms: Floats, tau: float) -> Floats:
    """Return the norms to the power ``-tau``, relative to their geometric mean."""
    logs = np.log(norms)
    return np.asarray(np.exp(-tau * (logs - logs.mean())))


def _split(logits: ArrayLike, labels: ArrayLike, counts: ArrayLike) -> tuple[Floats, Labels, Floats]:
    """Return logits, labels and counts, checked."""
    z = _logits(logits, None)
    return z, _labels("labels", labels, *z.shape), _numbers("counts", counts, z.shape[1])


def _labels(name: str, value: ArrayLike, images: int, classes: int) -> Labels:
    """Return classes, one for each image."""
    allowed = f"must be whole numbers, one for each of the {images} rows of logits"
    y = array(name, value, allowed)
    if y.shape != (images,) or y.dtype.kind not in "iu":
        refuse(name, _shown(y), allowed)
    if y.min() < 0 or y.max() >= classes:
        refuse(name, int(y.max() if y.max() >= classes else y.min()), f"must lie between 0 and {classes - 1}")
    return y.astype(np.int64)


def _logits(logits: ArrayLike, classes: int | None) -> Floats:
    """Return logits as floats, finite, a row an image."""
    columns = "two or more" if classes is None else str(classes)
    allowed = f"must be finite real numbers, a row an image and {columns} columns, one a class"
    z = floats("logits", logits, allowed, ndim=2)
    if len(z) == 0 or z.shape[1] < 2 or (classes is not None and z.shape[1] != classes):
        refuse("logits", z.shape, allowed)
    if np.abs(z).max() > _LARGEST:
        refuse("logits", float(np.abs(z).max()), f"must be at most {_LARGEST:g} in size")
    return z


def _numbers(name: str, value: ArrayLike, classes: int) -> Floats:
    """Return a number above 0 for each class."""
    allowed = f"must be {classes} numbers above 0, one a class, from {1 / _LARGEST:g} to {_LARGEST:g}"
    found = floats(name, value, allowed, ndim=1, least=1 / _LARGEST, most=_LARGEST)
    if len(found) != classes:
        refuse(name, value, allowed)
    return found


def _target(value: ArrayLike, classes: int) -> Floats:
    """Return class frequencies that sum to 1."""
    allowed = f"must be {classes} numbers of at least 0, one a class, not all 0, and at most {_LARGEST:g}"
    found = floats("target", value, allowed, ndim=1, least=0, most=_LARGEST)
    if len(found) != classes or not found.sum() > 0:
        refuse("target", value, allowed)
    shares: Floats = found / found.sum()
    return shares


def _shown(values: NDArray[Any]) -> str:
    """Return an array in a few words."""
    return f"{values.dtype} of shape {values.shape}"
