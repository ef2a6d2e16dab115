"""The tau of logit adjustment by likelihood, for a classifier of two classes: by cross-fitting, or from a split."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from empirical.analysis.linear_classifiers import Rule, weighted_head

__all__ = [
    "FITS",
    "FOLDS",
    "REFUSED",
    "SPLIT",
    "TauChoice",
    "choose",
    "cross_fitted",
    "out_of_fold",
    "remaining_counts",
]

FOLDS = 10
"""Parts of the training images in cross-fitting, or as many as the rarer class has images."""

SPLIT = 0.1
"""The part of the training images of each class that is put aside to choose tau on, where nothing is cross-fitted."""

FITS = ("trusted", "doubtful", "refused")
"""What a fit can be: without doubts, with doubts (:attr:`theory.adjustment.Adjustment.doubts`), or without a result."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TauChoice:
    """The tau of a correction; by default that of one that has none.

    Attributes:
        tau: what is subtracted from the logit difference in units of the log ratio of the class frequencies.
        tau_error: its robust standard error.
        temperature: of the fit.
        fit: one of :data:`FITS`; None where nothing was fitted.
    """

    tau: float | None = None
    tau_error: float | None = None
    temperature: float | None = None
    fit: str | None = None


POST_HOC = TauChoice(tau=1.0)
"""The choice of logit adjustment after training by the whole log prior."""

REFUSED = TauChoice(fit=FITS[2])
"""The choice where the likelihood has no maximum, as the images are too few or told apart by some tau."""


def adjusted(rule: Rule, choices: Mapping[str, TauChoice], counts: tuple[int, int]) -> dict[str, Rule]:
    """Return a rule minus tau times the log ratio of its training ``counts``, for each choice that has a tau.

    Example:
        >>> found = adjusted(Rule(np.array([1.0]), 0.0), {"post-hoc": POST_HOC, "likelihood": REFUSED}, (100, 1))
        >>> {name: round(rule.b, 3) for name, rule in found.items()}
        {'post-hoc': -4.605}
    """
    taus = {name: choice.tau for name, choice in choices.items() if choice.tau is not None}
    return {name: Rule(rule.w, rule.b - tau * math.log(counts[0] / counts[1])) for name, tau in taus.items()}


def choose(pos: Floats, neg: Floats, counts: tuple[int, int]) -> TauChoice:
    """Return the tau that the logit differences of images of both classes make most likely.

    For two classes this is logistic regression on the logit difference ``s``: the log odds are ``a s - b ln r + ln r``
    with ``r = n+ / n-``, ``tau = b / a`` and the temperature ``1 / a`` (:func:`theory.adjustment.fit_adjustment`).

    Args:
        pos: logit differences of images of the majority that the classifier was not trained on, shape ``(n,)``.
        neg: of the minority, shape ``(m,)``.
        counts: the training images of both classes.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> s = lambda mean, n: 1.5 * (2 * rng.normal(mean, 1, n) + np.log(100))  # overconfident by 1.5
        >>> found = choose(s(1, 10_000), s(-1, 100), (10_000, 100))
        >>> abs(found.tau - 1.5) < 2 * found.tau_error < 0.3, found.fit
        (True, 'trusted')
        >>> choose(np.ones(3), -np.ones(1), (3, 1))
        TauChoice(tau=None, tau_error=None, temperature=None, fit='refused')
    """
    from theory.adjustment import fit_adjustment  # it imports what takes a second

    s = np.concatenate([pos, neg])
    labels = np.repeat([0, 1], [len(pos), len(neg)])
    try:
        fit = fit_adjustment(np.column_stack([s, np.zeros(len(s))]), labels, counts, split_counts=(len(pos), len(neg)))
    except ValueError:
        return REFUSED
    return TauChoice(fit.tau, fit.tau_error, fit.temperature, FITS[0] if fit.trusted else FITS[1])


def cross_fitted(pos: Floats, neg: Floats) -> TauChoice:
    """Return the tau that training features make most likely for the linear classifier trained on all of them.

    The logit difference of each image is that of :func:`out_of_fold`, so that all images choose.

    Args:
        pos: training features of the majority in random order, shape ``(n, d)``.
        neg: of the minority, shape ``(m, d)``.
    """
    counts = len(pos), len(neg)
    return REFUSED if min(counts) < 2 else choose(*out_of_fold(pos, neg), counts)


def out_of_fold(pos: Floats, neg: Floats) -> tuple[Floats, Floats]:
    """Return the logit difference of each image by the linear classifier that is trained without the image's fold.

    There are :data:`FOLDS` folds, or as many as the rarer class has images, so that each has its share of both
    classes. The order of the images, which must be random, says which fold an image is in.

    Args:
        pos: features of the positive class, shape ``(n, d)``.
        neg: of the negative class, shape ``(m, d)``; of both classes two or more.

    Example:
        >>> pos, neg = out_of_fold(np.array([[1.0], [2.0], [3.0]]), np.array([[-1.0], [-2.0]]))
        >>> (pos > 0).all(), (neg < 0).all()
        (np.True_, np.True_)
    """
    features = pos, neg
    number = min(FOLDS, len(pos), len(neg))
    folds = [np.arange(len(x)) % number for x in features]
    scores = np.empty(len(pos)), np.empty(len(neg))
    for fold in range(number):
        rule = weighted_head(*(x[own != fold] for x, own in zip(features, folds, strict=True)))
        for x, own, s in zip(features, folds, scores, strict=True):
            s[own == fold] = rule.scores(x[own == fold])
    return scores


def remaining_counts(counts: tuple[int, int]) -> tuple[int, int] | None:
    """Return the training images of both classes without those put aside: of each :data:`SPLIT`, at least one.

    None where they leave a class without images, or both classes as many, as every tau then decides alike.

    Example:
        >>> remaining_counts((5000, 50)), remaining_counts((25, 3)), remaining_counts((5000, 1))
        ((4500, 45), (22, 2), None)
    """
    most, least = (n - max(1, math.floor(SPLIT * n + 0.5)) for n in counts)
    return (most, least) if min(most, least) > 0 and most != least else None
