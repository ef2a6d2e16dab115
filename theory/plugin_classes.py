r"""The plug-in rule of ``C`` classes with covariances of their own: moments of its scores, and what its noise costs.

The rule of :mod:`theory.class_counts` gives a feature ``x`` to the class of the largest score
``-(x - x_k)^T P (x - x_k) / 2 + l_k``, with sample means ``x_k ~ N(m_k, S_k / n_k)``, ``P`` the inverse of the pooled
covariance and ``l_k = (1 - tau) ln(n_k / n)``. For a new feature of class ``k`` the lead over class ``j`` is

    D_j = (v_j^T P v_j - u^T P u) / 2 + l_k - l_j,    v_j = x - x_j,    u = x - x_k.

With a known ``P`` and ``delta_j = m_k - m_j`` its moments are exact in every dimension::

    E D_j         = (delta_j^T P delta_j + tr(P S_j) / n_j - tr(P S_k) / n_k) / 2 + l_k - l_j
    Cov(D_i, D_j) = delta_i^T P S_k P delta_j + tr(P S_k P S_k) (1 / n_k + 1 / (2 n_k^2))
                    + [i = j] (delta_j^T P S_j P delta_j / n_j + tr(P S_k P S_j) / n_j + tr(P S_j P S_j) / (2 n_j^2)).

An estimated ``P`` is expanded about the inverse of the mean scatter: with ``S_a`` weighed by ``f_a = n_a - 1`` and
``W(Q) = sum_a f_a / n^2 (S_a tr(Q S_a) + S_a Q S_a)``, to the first order in ``1 / n``

    E P^ = P + P W(P) P,    E P^ V P^ = P V P + P W(P V P) P + P W(P) P V P + P V P W(P) P

take the places of ``P`` and ``P V P``, and the covariance of two leads has ``sum_a f_a / (2 n^2) tr(S_a G_i S_a G_j)``
more, ``G_j = P (delta_j delta_j^T + S_j / n_j - S_k / n_k) P``: the error of the estimate is common to all features.

A recall is the probability that all leads are above 0. :func:`asymptotic_recalls` takes them for jointly normal, which
they are given the training images; over them it is an approximation. Its error is of the order ``1 / n``, as what noise
takes from a recall is itself: where that is little it can have the wrong sign. ``theory.class_counts.recalls_at`` draws
the rule itself and is exact for normal features up to the number of draws.

References:
    A. M. Mathai, S. B. Provost, Quadratic forms in random variables, 1992, section 3.2 (moments of quadratic forms);
    M. Okamoto, An asymptotic expansion for the distribution of the linear discriminant function, Ann. Math. Stat. 34,
    1963 (two classes, one covariance); R. J. Muirhead, Aspects of multivariate statistical theory, 1982, section 3.1
    (second moments of Wishart matrices).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from theory.class_counts import ClassMoments
from theory.support.validate import choice, image_counts, instance, integer, number, refuse

__all__ = ["NOISES", "Leads", "NoiseLosses", "asymptotic_recalls", "noise_losses", "score_leads"]

NOISES = ("none", "means", "both")
"""What is noisy in a rule: nothing, the sample means, or the sample means and the pooled covariance."""

Floats = NDArray[np.float64]


class Leads(NamedTuple):
    """The leads of a class's own score over those of the other classes, in their order.

    Attributes:
        mean: shape ``(C - 1,)``.
        cov: shape ``(C - 1, C - 1)``.
    """

    mean: Floats
    cov: Floats


@dataclass(frozen=True, eq=False)
class NoiseLosses:
    """The recall of each class without noise, and what noise takes from it, each of shape ``(C,)``.

    Attributes:
        recalls: of the rule whose means and covariance are those of the population, pooled by the counts.
        means: what the noise of the sample means takes; below 0 where it gives.
        covariance: what the noise of the pooled covariance takes further.
    """

    recalls: Floats
    means: Floats
    covariance: Floats


def score_leads(
    moments: ClassMoments, counts: ArrayLike, label: int, *, tau: float = 0.0, noise: str = "both"
) -> Leads:
    """Return the mean and the covariance of a class's leads: exact, but for the noise of the covariance.

    Args:
        moments: of the features; their ``sizes`` are not used.
        counts: training images of each class, at least 2, shape ``(C,)``.
        label: the class whose features are read.
        tau: of post-hoc logit adjustment.
        noise: one of :data:`NOISES`.

    Raises:
        ValueError: an argument lies outside its range, or the pooled covariance is singular.

    Example:
        >>> moments = ClassMoments.of_covariances([[0.0, 0.0], [2.0, 0.0]], np.eye(2))
        >>> mean, cov = score_leads(moments, [20, 5], 1, noise="means")
        >>> from theory.plugin import mean_noise_shift
        >>> float(mean[0].round(3)), round(2**2 / 2 - mean_noise_shift(2, 20, 5) - float(np.log(20 / 5)), 3)
        (0.464, 0.464)
    """
    return _Expansion(moments, counts, tau, noise).leads(_label(label, moments))


def asymptotic_recalls(
    moments: ClassMoments,
    counts: ArrayLike,
    *,
    tau: float = 0.0,
    noise: str = "both",
    images: int = 100_000,
    seed: int = 0,
) -> Floats:
    """Return the expected recall of each class as if its leads were jointly normal, shape ``(C,)``.

    Args:
        moments: of the features, which are normal; their ``sizes`` are not used.
        counts: training images of each class, at least 2, shape ``(C,)``.
        tau: of post-hoc logit adjustment.
        noise: one of :data:`NOISES`.
        images: how many leads are drawn of each class, if there are more than two: the standard error of a recall
            ``r`` is ``sqrt(r (1 - r) / images)``.
        seed: of the draws, which are the same for other counts and noise.

    Raises:
        ValueError: as :func:`score_leads`.

    Example:
        >>> moments = ClassMoments.of_covariances([[0.0] * 8, [2.0] + [0.0] * 7], np.eye(8))
        >>> from theory.plugin import expected_recalls
        >>> [round(r.value, 2) for r in expected_recalls(2.0, 8, 200, 10, "estimated")]
        [0.99, 0.28]
        >>> asymptotic_recalls(moments, [200, 10]).round(2).tolist()
        [0.99, 0.29]
    """
    integer("images", images)
    integer("seed", seed, 0)
    expansion = _Expansion(moments, counts, tau, noise)
    return np.asarray([_chance(expansion.leads(k), images, seed, k) for k in range(len(moments.means))])


def noise_losses(
    moments: ClassMoments, counts: ArrayLike, *, tau: float = 0.0, images: int = 100_000, seed: int = 0
) -> NoiseLosses:
    """Return what the noise of means and of the covariance takes from the recall of each class.

    By :func:`asymptotic_recalls`, whose arguments, errors and approximation it has. The noise of its own mean takes
    ``tr(P S_k) / (2 n_k)`` from the expected score of a class, most from that of a rare one.

    Example:
        >>> moments = ClassMoments.of_covariances([[0.0] * 8, [2.0] + [0.0] * 7], np.eye(8))
        >>> losses = noise_losses(moments, [200, 10])
        >>> losses.recalls.round(2).tolist(), losses.means.round(2).tolist(), losses.covariance.round(2).tolist()
        ([0.99, 0.31], [0.0, 0.04], [0.0, -0.03])
    """
    none, means, both = (
        asymptotic_recalls(moments, counts, tau=tau, noise=noise, images=images, seed=seed) for noise in NOISES
    )
    return NoiseLosses(none, none - means, means - both)


class _Expansion:
    """The matrices that the moments of all leads are made of."""

    def __init__(self, moments: ClassMoments, counts: ArrayLike, tau: float, noise: str) -> None:
        instance("moments", moments, ClassMoments)
        n = image_counts("counts", counts, len(moments.means)).astype(np.float64)
        shift = float(number("tau", tau))
        self.estimated = choice("noise", noise, NOISES) == "both"
        total = n.sum()
        self.means, self.covs = moments.means - moments.means.mean(axis=0), moments.covariances
        self.spread = 1 / n if noise != "none" else np.zeros_like(n)
        self.prior = (1 - shift) * np.log(n / total)
        weights = (n - 1 if self.estimated else n) / total
        pooled = np.tensordot(weights, self.covs, axes=1)
        if np.linalg.matrix_rank(pooled, hermitian=True) < len(pooled):
            refuse("moments", moments, "must have a pooled covariance that is not singular")
        self.inverse = np.linalg.inv(pooled)
        self.between = [self.inverse @ cov @ self.inverse for cov in self.covs]
        self.weights = weights / total
        self.expected, self.within = self.inverse, self.between
        if self.estimated:
            own = self.inverse @ self._second(self.inverse)  # P W(P)
            self.expected = self.inverse + own @ self.inverse
            self.within = [
                part + self.inverse @ self._second(part) @ self.inverse + own @ part + part @ own.T
                for part in self.between
            ]

    def _second(self, q: Floats) -> Floats:
        """Return ``W(Q)``."""
        traces = np.einsum("kij,ji->k", self.covs, q)
        return np.asarray(
            np.tensordot(self.weights * traces, self.covs, axes=1)
            + np.tensordot(self.weights, self.covs @ q @ self.covs, axes=1)
        )

    def leads(self, k: int) -> Leads:
        """Return the moments of the leads of class ``k``."""
        others = [j for j in range(len(self.means)) if j != k]
        delta = self.means[k] - self.means[others]
        spread, own = self.spread, self.covs[k]
        traces = np.einsum("kij,ji->k", self.covs, self.expected)
        mean = (
            np.einsum("ai,ij,aj->a", delta, self.expected, delta)
            + spread[others] * traces[others]
            - spread[k] * traces[k]
        ) / 2
        cov = delta @ self.within[k] @ delta.T
        cov += np.sum(self.within[k] * own) * (spread[k] + spread[k] ** 2 / 2)
        for at, j in enumerate(others):
            rival = self.within[j]
            cov[at, at] += spread[j] * (delta[at] @ rival @ delta[at] + np.sum(self.within[k] * self.covs[j]))
            cov[at, at] += spread[j] ** 2 / 2 * np.sum(rival * self.covs[j])
        if self.estimated:
            cov += self._common(delta, k, others)
        return Leads(mean + self.prior[k] - self.prior[others], (cov + cov.T) / 2)

    def _common(self, delta: Floats, k: int, others: list[int]) -> Floats:
        """Return the covariance of two leads that the error of the pooled covariance gives them."""
        g = np.stack(
            [
                self.inverse @ np.outer(d, d) @ self.inverse
                + self.spread[j] * self.between[j]
                - self.spread[k] * self.between[k]
                for d, j in zip(delta, others, strict=True)
            ]
        )
        found = np.zeros((len(others), len(others)))
        for weight, cov in zip(self.weights, self.covs, strict=True):
            left = cov @ g
            found += weight / 2 * np.einsum("aij,bji->ab", left, left)
        return found


def _label(label: int, moments: ClassMoments) -> int:
    instance("moments", moments, ClassMoments)
    if integer("label", label, 0) >= len(moments.means):
        refuse("label", label, f"must be below {len(moments.means)}, the number of classes")
    return label


def _chance(leads: Leads, images: int, seed: int, k: int) -> float:
    """Return the probability that normal leads are all above 0: exact for one, by drawing them for more."""
    if len(leads.mean) == 1:
        if leads.cov[0, 0] <= 0:  # of equal classes nothing tells one from the other
            return float(leads.mean[0] > 0)
        return float(ndtr(leads.mean[0] / np.sqrt(leads.cov[0, 0])))
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(k,)))
    values, vectors = np.linalg.eigh(leads.cov)
    # The symmetric root: eigenvectors of equal eigenvalues, and so other roots, differ from processor to processor.
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return float(np.mean(np.all(leads.mean + rng.standard_normal((images, len(values))) @ root.T > 0, axis=1)))
