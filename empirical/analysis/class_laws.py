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

__all__ = ["LAWS", "ClassLaws", "read"]

LAWS = ("theorem2", "covariances", "samples", "moved", "drawn", "crossed")
"""Their names, as above."""

Floats = NDArray[np.float64]
Labelled = tuple[Floats, NDArray[np.intp]]


class ClassLaws:
    """The laws on the balanced features of a network.

    Discriminant analysis without its log priors differs by ``tau`` alone, so that its rules are not drawn anew if it is
    asked for after the laws with them, at the same counts.

    Args:
        held_out: balanced features and labels that give the moments.
        others: those that are read.
        draws: rules that are drawn.
        seed: of the draws.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> y = np.repeat([0, 1], 50)
        >>> half = lambda: (rng.normal(size=(100, 2)) + 3 * y[:, None], y)
        >>> laws = ClassLaws(half(), half(), draws=10, seed=0)
        >>> found = laws.recalls(np.array([40, 4]))
        >>> sorted(found) == sorted(LAWS), found["drawn"].shape
        (True, (2,))
        >>> sorted(laws.drawn(np.array([40, 4]), tau=1.0))
        ['crossed', 'drawn']
    """

    def __init__(self, held_out: Labelled, others: Labelled, draws: int, seed: int) -> None:
        """Take the moments."""
        from theory.class_counts import class_moments
        from theory.rule_draws import drawn_rules

        self._others, self._seed = others, seed
        self._moments = class_moments(*held_out)
        every, labels = (np.concatenate(pair) for pair in zip(held_out, others, strict=True))
        self._halves = drawn_rules(self._moments, None, others, 0.0, None, draws, seed)
        self._folds = drawn_rules(every, labels, None, 0.0, None, draws, seed)

    def recalls(self, counts: NDArray[np.int64]) -> dict[str, Floats]:
        """Return the recalls of all classes by each law, trained on ``counts`` images of each."""
        from theory.class_counts import ClassMoments, drawn_recalls, lda_rule, normal_recalls

        moments = self._moments
        covs = moments.covariances
        alike = ClassMoments.of_covariances(moments.means, covs.mean(axis=0))
        balanced = lda_rule(moments.means, counts.sum() * covs.mean(axis=0), counts)
        pooled = lda_rule(moments.means, np.tensordot(counts.astype(float), covs, axes=1), counts)
        return {
            "theorem2": normal_recalls(balanced, alike, seed=self._seed),
            "covariances": normal_recalls(pooled, moments, seed=self._seed),
            "samples": drawn_recalls([rules.with_images(None) for rules in self._halves], counts).recalls,
            "moved": read(balanced, self._others),
            **self.drawn(counts),
        }

    def drawn(self, counts: NDArray[np.int64], tau: float = 0.0) -> dict[str, Floats]:
        """Return those by ``drawn`` and ``crossed``, with ``tau`` times the log priors taken off the scores."""
        from theory.class_counts import drawn_recalls

        both = {"drawn": self._halves, "crossed": self._folds}
        return {
            law: drawn_recalls([part.with_tau(tau) for part in rules], counts).recalls for law, rules in both.items()
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
