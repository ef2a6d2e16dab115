r"""Laws that predict the recall of every class at any class counts from balanced features; nothing is fitted.

Each drops assumptions of the one above it. All take the balanced means ``m_k`` and covariances ``S_k``, ``S`` being the
mean of those, and the counts ``n_k`` that discriminant analysis of all classes is to be trained on.

``theorem2``
    Theorem 2 for ``C`` classes: features are normal with one covariance ``S``, and the rule is the population's.
``covariances``
    features are normal with covariances of their own; the population's rule pools them by the counts.
``samples``
    the same with the noise of finitely many samples: rules are drawn by :func:`theory.class_counts.recalls_at`.
``moved``
    no normal law of the features, no noise: the balanced population's rule, moved by the log priors, is read on
    balanced images that gave no moments.
``drawn``
    the rules of ``samples``, which have the noise and the pooling, read on those images: what is left of the normal law
    is the noise of sums over images.
``crossed``
    the same from all balanced images: each fifth is read by rules drawn from the moments of the others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["LAWS", "class_laws", "read"]

LAWS = ("theorem2", "covariances", "samples", "moved", "drawn", "crossed")
"""Their names, as above."""

Floats = NDArray[np.float64]
Labelled = tuple[Floats, NDArray[np.intp]]


def class_laws(
    held_out: Labelled, others: Labelled, counts: NDArray[np.int64], draws: int, seed: int
) -> dict[str, Floats]:
    """Return the recalls of all classes by each law.

    Args:
        held_out: balanced features and labels that give the moments.
        others: those that are read.
        counts: training images of each class.
        draws: rules that are drawn.
        seed: of the draws.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> y = np.repeat([0, 1], 50)
        >>> half = lambda: (rng.normal(size=(100, 2)) + 3 * y[:, None], y)
        >>> found = class_laws(half(), half(), np.array([40, 4]), draws=10, seed=0)
        >>> sorted(found) == sorted(LAWS), found["drawn"].shape
        (True, (2,))
    """
    from theory.class_counts import ClassMoments, class_moments, lda_rule, normal_recalls, recalls_at

    moments = class_moments(*held_out)
    covs = moments.covariances
    alike = ClassMoments.of_covariances(moments.means, covs.mean(axis=0))
    balanced = lda_rule(moments.means, counts.sum() * covs.mean(axis=0), counts)
    pooled = lda_rule(moments.means, np.tensordot(counts.astype(float), covs, axes=1), counts)
    every = np.concatenate([held_out[0], others[0]]), np.concatenate([held_out[1], others[1]])
    return {
        "theorem2": normal_recalls(balanced, alike, seed=seed),
        "covariances": normal_recalls(pooled, moments, seed=seed),
        "samples": recalls_at(moments, counts, draws=draws, seed=seed).recalls,
        "moved": read(balanced, others),
        "drawn": recalls_at(moments, counts, held_out=others, draws=draws, seed=seed).recalls,
        "crossed": recalls_at(every[0], counts, every[1], draws=draws, seed=seed).recalls,
    }


def read(rule: tuple[Floats, Floats], images: Labelled) -> Floats:
    """Return the share of each class's images that a linear rule, its weights and biases, gives to the class.

    Example:
        >>> read((np.array([[1.0], [-1.0]]), np.zeros(2)), (np.array([[2.0], [-1.0], [1.0]]), np.array([0, 1, 1])))
        array([1. , 0.5])
    """
    x, labels = images
    right = (x @ rule[0].T + rule[1]).argmax(axis=1) == labels
    return np.asarray(np.bincount(labels, right) / np.bincount(labels))
