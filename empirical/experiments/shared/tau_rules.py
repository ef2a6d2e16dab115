"""Rules that choose how to correct the logits of a trained network, compared on one set of images.

A split with a long tail is drawn from images that the network was not trained on; a rule sees it, and the other images
judge by the mean over the classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from empirical.analysis.linear_classifiers import WEIGHT_DECAY

if TYPE_CHECKING:
    from theory.adjustment import Adjustment

__all__ = ["DRAWS", "NORMALISATION", "RULES", "Choice", "Network", "Verdict", "compare", "retrain", "split_fraction"]

DRAWS = 20
"""Splits that are drawn of each size."""

NORMALISATION = ("tau-normalisation", "tau-normalisation by likelihood")
"""The rules that are compared with the best of a sweep over the power of the norms."""

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

_STEP = 0.1
_FIRST, _LAST, _LIMIT = -0.5, 5.0, 80.0


@dataclass(frozen=True, eq=False)
class Network:
    """A trained network by its logits on images that it was not trained on.

    Attributes:
        logits: as its loss sees them, of images that it was not trained on, shape ``(n, C)``.
        labels: shape ``(n,)``.
        counts: its training images of each class, shape ``(C,)``.
        unbiased: its logits without the bias, shape ``(n, C)``; None if they are not known, or it has no linear layer.
        norms: of the rows of its last layer, shape ``(C,)``; likewise.
        retrained: the logits of a head that is trained anew on its features, all classes weighing the same, shape
            ``(n, C)``; None if they are not known.
    """

    logits: Floats
    labels: Labels
    counts: NDArray[np.int64]
    unbiased: Floats | None = None
    norms: Floats | None = None
    retrained: Floats | None = None

    @property
    def log_prior(self) -> Floats:
        """The log frequencies of the classes in training."""
        return np.asarray(np.log(self.counts / self.counts.sum()))

    @cached_property
    def adjustments(self) -> _Sweep:
        """The sweep over the strength of logit adjustment."""
        return _Sweep(lambda tau: self.logits - tau * self.log_prior, self.labels)

    @cached_property
    def normalisations(self) -> _Sweep | None:
        """The sweep over the power of the norms."""
        if self.unbiased is None or self.norms is None:
            return None
        unbiased, norms = self.unbiased, self.norms / np.exp(np.log(self.norms).mean())
        return _Sweep(lambda tau: unbiased / norms**tau, self.labels)


class _Sweep:
    """The images decided right at each tau, from -0.5 to 5 by tenths, and on while the best one is at an edge."""

    def __init__(self, scores: Callable[[float], Floats], labels: Labels) -> None:
        self._scores = scores
        self._labels = labels
        self.taus: Floats = np.round(np.arange(_FIRST, _LAST + _STEP / 2, _STEP), 10)
        self.decided = self._decide(self.taus)
        every = np.arange(len(labels))
        while abs(self.taus[at := int(self.accuracies(every).argmax())]) < _LIMIT and at in (0, len(self.taus) - 1):
            more = np.round(self.taus[at] + np.arange(1, len(self.taus)) * (_STEP if at else -_STEP), 10)
            more = more if at else more[::-1]
            parts = [(self.taus, self.decided), (more, self._decide(more))][:: 1 if at else -1]
            self.taus, self.decided = (np.concatenate(list(both)) for both in zip(*parts, strict=True))

    def _decide(self, taus: Floats) -> Labels:
        return np.stack([self._scores(float(tau)).argmax(axis=1) for tau in taus])

    def accuracies(self, images: Labels) -> Floats:
        """Return the mean over the classes at each tau, in per cent, on some of the images."""
        own = self._labels[images]
        weight = 1 / np.bincount(own)[own] / len(np.unique(own))
        return np.asarray(100 * ((self.decided[:, images] == own) @ weight))


class Choice(NamedTuple):
    """The choice of a rule on a split: scores of all images, and the tau that it chose, if it chooses one."""

    scores: Floats
    tau: float | None = None
    error: float | None = None
    temperature: float | None = None
    trusted: bool | None = None


class Verdict(NamedTuple):
    """A choice, judged by the images that are not in its split.

    Accuracies are means over the classes, in per cent; ``best`` is the highest of a sweep over tau on the judging
    images, at ``best_tau``.
    """

    choice: Choice
    accuracy: float
    best: float
    best_tau: float


def _by_likelihood(network: Network, split: Labels) -> tuple[Adjustment, Choice]:
    from theory.adjustment import fit_adjustment  # these packages take a second, and --help does without

    fit = fit_adjustment(network.logits[split], network.labels[split], network.counts)
    return fit, Choice(fit.apply(network.logits), fit.tau, fit.tau_error, fit.temperature, fit.trusted)


def _likelihood(network: Network, split: Labels) -> Choice:
    return _by_likelihood(network, split)[1]


def _likelihood_of_counts(network: Network, split: Labels) -> Choice:
    """Return the choice by likelihood that is told how many images of each class the split has."""
    from theory.adjustment import fit_adjustment

    z, y = network.logits[split], network.labels[split]
    fit = fit_adjustment(z, y, network.counts, split_counts=np.bincount(y))
    return Choice(fit.apply(network.logits), fit.tau, fit.tau_error, fit.temperature, fit.trusted)


def _adjusted_choice(network: Network, tau: float, temperature: float | None = None) -> Choice:
    return Choice(network.logits - tau * network.log_prior, tau, temperature=temperature)


def _swept(network: Network, split: Labels) -> Choice:
    sweep = network.adjustments
    return _adjusted_choice(network, float(sweep.taus[sweep.accuracies(split).argmax()]))


def _mean_posterior(network: Network, split: Labels) -> Choice:
    from scipy.special import softmax

    return Choice(network.logits - np.log(softmax(network.logits[split], axis=1).mean(axis=0)))


def _temperature(network: Network, split: Labels) -> Choice:
    from scipy.optimize import minimize
    from scipy.special import logsumexp

    z, y = network.logits[split], network.labels[split]

    def loss(log_t: Floats) -> float:
        scaled = z / np.exp(log_t[0])
        return float((logsumexp(scaled, axis=1) - scaled[np.arange(len(y)), y]).mean())

    found = float(np.exp(minimize(loss, [0.0], method="Nelder-Mead").x[0]))
    return _adjusted_choice(network, found, found)


def _vector_scaling(network: Network, split: Labels) -> Choice:
    from scipy.optimize import minimize

    z, y, (_, classes) = network.logits[split], network.labels[split], network.logits.shape
    own = np.eye(classes)[y]

    def loss(theta: Floats) -> tuple[float, Floats]:
        w, b = theta.reshape(2, classes)
        scores = z * w + b
        scores -= scores.max(axis=1, keepdims=True)
        chances = np.exp(scores)
        total = chances.sum(axis=1, keepdims=True)
        off = chances / total - own
        value = np.log(total).mean() - scores[np.arange(len(y)), y].mean()
        return float(value), np.concatenate([(z * off).mean(axis=0), off.mean(axis=0)])

    start = np.concatenate([np.ones(classes), np.zeros(classes)])
    w, b = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500}).x.reshape(2, classes)
    return Choice(network.logits * w + b - network.log_prior)


def _retrained(network: Network, split: Labels) -> Choice | None:
    return None if network.retrained is None else Choice(network.retrained)


def _normalised(network: Network, split: Labels) -> Choice | None:
    """Return the power of the norms with the highest accuracy that the fitted adjustment expects."""
    sweep = network.normalisations
    if sweep is None:
        return None
    fit, _ = _by_likelihood(network, split)
    expected = [fit.expected_accuracy(network.logits[split], decided[split]) for decided in sweep.decided]
    return _power(network, float(sweep.taus[int(np.argmax(expected))]))


def _normalised_by_likelihood(network: Network, split: Labels) -> Choice | None:
    if network.unbiased is None or network.norms is None:
        return None
    from theory.adjustment import fit_tau_normalisation

    fit = fit_tau_normalisation(network.unbiased[split], network.norms, network.labels[split], network.counts)
    return _power(network, fit.tau)._replace(error=fit.tau_error, temperature=fit.temperature, trusted=fit.trusted)


def _power(network: Network, tau: float) -> Choice:
    assert network.unbiased is not None
    assert network.norms is not None
    return Choice(network.unbiased / (network.norms / np.exp(np.log(network.norms).mean())) ** tau, tau)


RULES: Mapping[str, Callable[[Network, Labels], Choice | None]] = {
    "none": lambda network, split: Choice(network.logits, 0.0),
    "likelihood": _likelihood,
    "likelihood, own counts": _likelihood_of_counts,
    "swept": _swept,
    "tau 1": lambda network, split: _adjusted_choice(network, 1.0),
    "mean posterior": _mean_posterior,
    "temperature": _temperature,
    "vector scaling": _vector_scaling,
    "retrained head": _retrained,
    "tau-normalisation": _normalised,
    "tau-normalisation by likelihood": _normalised_by_likelihood,
}
"""From a network and the images of a split to scores of all images; None for what the network does not allow."""


def compare(
    network: Network, fraction: float, seed: np.random.SeedSequence, draws: int = DRAWS
) -> dict[str, list[Verdict | None]]:
    """Return for each rule its verdicts, one for each split.

    A split holds ``fraction`` of the training counts of each class, rounded, and one image at least. None stands for
    what a rule refused.

    Args:
        network: the network.
        fraction: of the training counts.
        seed: of the splits.
        draws: how many splits.
    """
    classes = range(len(network.counts))
    places = [np.flatnonzero(network.labels == k) for k in classes]
    found: dict[str, list[Verdict | None]] = {name: [] for name in RULES}
    for child in seed.spawn(draws):
        rng = np.random.default_rng(child)
        sizes = [max(1, round(int(n) * fraction)) for n in network.counts]
        split = np.concatenate([rng.permutation(own)[:size] for own, size in zip(places, sizes, strict=True)])
        rest = np.setdiff1d(np.arange(len(network.labels)), split)
        for name, rule in RULES.items():
            try:
                choice = rule(network, split)
            except ValueError:
                choice = None
            found[name].append(None if choice is None else _judge(network, name, choice, rest))
    return found


def _judge(network: Network, name: str, choice: Choice, labels: Labels) -> Verdict:
    sweep = network.adjustments
    if name in NORMALISATION:
        assert network.normalisations is not None
        sweep = network.normalisations
    own = network.labels[labels]
    right = choice.scores[labels].argmax(axis=1) == own
    accuracy = 100 * float((np.bincount(own, right) / np.bincount(own)).mean())
    accuracies = sweep.accuracies(labels)
    at = int(accuracies.argmax())
    return Verdict(choice, accuracy, float(accuracies[at]), float(sweep.taus[at]))


def split_fraction(fraction: float, counts: NDArray[np.int64], labels: Labels) -> float:
    """Return the fraction, or less, so that a split leaves half of the images of every class to judge by.

    Example:
        >>> split_fraction(0.1, np.array([1000, 10]), np.repeat([0, 1], 100))
        0.05
    """
    there = np.bincount(labels, minlength=len(counts))
    return float(min(fraction, (there / 2 / counts).min()))


def retrain(features: Floats, labels: Labels, images: Floats) -> Floats:
    """Return the logits of ``images`` by a linear head of the least cross entropy in which all classes weigh the same.

    Args:
        features: to train on, shape ``(m, d)``.
        labels: theirs.
        images: features, shape ``(n, d)``.
    """
    from sklearn.linear_model import LogisticRegression

    head = LogisticRegression(C=1 / (WEIGHT_DECAY * len(labels)), class_weight="balanced", max_iter=300)
    found = head.fit(features, labels).decision_function(images)
    return np.asarray(found if found.ndim == 2 else np.column_stack([-found / 2, found / 2]))
