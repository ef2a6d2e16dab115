r"""Laws that predict the recall of a minority from what was measured on balanced data; nothing is fitted.

The majority is the positive class, with ``n_pos`` training samples against ``n_neg``, and ``r = n_pos / n_neg``.

``theorem2``
    one number, the separation ``M`` of the balanced accuracy: ``Phi(M / 2 - ln(r) / M)``.
``finite``
    the same for estimates from finitely many samples (:func:`theory.plugin.asymptotic_recalls`, covariance
    estimated): ``M`` is the separation at which the plug-in classifier of ``n_pos`` samples a class would have the
    balanced accuracy, and the recall is that of the plug-in classifier of ``n_pos`` and ``n_neg`` samples.
``variances``
    the scores of the balanced classifier are normal with their own variance in each class, ``N(m1, s1^2)`` and
    ``N(m2, s2^2)``; discriminant analysis along them pools the variances by the counts, so that the boundary lies at
    ``c = (m1 + m2) / 2 - s^2 ln(r) / (m1 - m2)`` with ``s^2 = (r s1^2 + s2^2) / (r + 1)``, and the recall is
    ``Phi((c - m2) / s2)``.
``covariances``
    the classes are normal with their own covariances. Discriminant analysis pools those by the counts too, which turns
    ``w`` towards the majority's: its rule for ``n_pos`` and ``n_neg`` is computed from the balanced moments, and the
    recall is ``Phi(-m / s)`` for the mean ``m`` and the standard deviation ``s`` of the minority's scores.
``together``
    the same with the noise of finitely many samples. With ``P = S^-1``, ``v_i = S_i / n_i`` the variances of the means,
    ``n = n_pos + n_neg`` and ``k = n - 2`` degrees of freedom: ``h = tr P (v2 - v1) / 2`` is added to ``m``,
    ``tr P S2 P (v1 + v2)`` to ``s^2``, and as in :func:`theory.plugin.asymptotic_recalls` ``s^2`` is multiplied by
    ``1 + 1 / n``, ``ln(r)`` by ``(k - d + 1) / k``, and ``m / s`` by ``sqrt((k - d + 2) / (k + 1))``.
    The balanced moments are noisy themselves; where ``n_pos`` is not many times ``d`` that noise counts twice.
``scores``
    no normal law: the boundary of the balanced classifier is moved by ``ln(r)``, and the scores of held-out images are
    counted.
``moments``
    no normal law either: the scores of ``covariances`` are counted.

A law is left out where it is not defined: scores that are all equal, too few samples for a covariance.

The scores are those of held-out images, balanced ones; so the laws, like the recall that they predict, are about images
that the classifier was not trained on.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from empirical.analysis.agreement import separation_from_recalls
from empirical.analysis.linear_classifiers import Moments, Rule, lda
from theory.theorem2 import minority_recall

__all__ = ["LAWS", "from_balance", "from_moments", "from_samples", "from_separation"]

LAWS = ("theorem2", "finite", "variances", "covariances", "together", "scores", "moments")
"""Their names, as above."""

Floats = NDArray[np.float64]
_RANGE = 1e-3, 40.0


def from_separation(separation: float, n_pos: int, n_neg: int) -> dict[str, float]:
    """Return the law of the separation alone, ``theorem2``.

    Example:
        >>> round(from_separation(2.0, 100, 10)["theorem2"], 3)
        0.44
    """
    return {"theorem2": float(minority_recall(separation, n_pos / n_neg))}


def from_samples(accuracy: float, dimension: int, n_pos: int, n_neg: int) -> dict[str, float]:
    """Return the law of the separation and the numbers of samples, ``finite``; none where a covariance needs more.

    Args:
        accuracy: balanced, of the classifier of ``n_pos`` samples a class.
        dimension: of the features that are not constant.
        n_pos: samples of the majority.
        n_neg: samples of the minority.

    Example:
        >>> round(from_samples(0.84, 64, 500, 5)["finite"], 3)
        0.034
    """
    from scipy.optimize import brentq

    from theory.plugin import asymptotic_recalls

    if n_pos + n_neg - 2 < dimension:
        return {}

    def excess(separation: float) -> float:
        return float(np.mean(asymptotic_recalls(separation, dimension, n_pos, n_pos, "estimated"))) - accuracy

    low, high = _RANGE
    separation = low if excess(low) >= 0 else high if excess(high) <= 0 else float(brentq(excess, low, high))
    return {"finite": asymptotic_recalls(separation, dimension, n_pos, n_neg, "estimated")[1]}


def from_balance(rule: Rule, pos: Floats, neg: Floats, n_pos: int, n_neg: int) -> dict[str, float]:
    """Return the laws of a balanced classifier's scores, ``theorem2``, ``variances`` and ``scores``.

    Args:
        rule: the balanced classifier; its scores are log odds.
        pos: held-out features of the majority, shape ``(n, d)``.
        neg: held-out features of the minority.
        n_pos: training samples that the majority is to have.
        n_neg: training samples that the minority is to have.
    """
    from scipy.special import ndtr

    ratio = n_pos / n_neg
    above, below = rule.scores(pos), rule.scores(neg)
    separation = separation_from_recalls(rule.recalls(pos, neg), [len(pos), len(neg)])
    found = from_separation(separation, n_pos, n_neg)
    found["scores"] = float((below + math.log(ratio) <= 0).mean())
    m1, m2, v1, v2 = above.mean(), below.mean(), above.var(), below.var()
    if m1 > m2 and v2 > 0:
        pooled = (ratio * v1 + v2) / (ratio + 1)
        at = (m1 + m2) / 2 - pooled * math.log(ratio) / (m1 - m2)
        found["variances"] = float(ndtr((at - m2) / math.sqrt(v2)))
    return found


def from_moments(pos: Moments, neg: Moments, test_neg: Floats, n_pos: int, n_neg: int) -> dict[str, float]:
    """Return the laws of discriminant analysis with unequal covariances, ``covariances``, ``together``, ``moments``.

    Args:
        pos: moments of the majority, of balanced training samples.
        neg: moments of the minority, likewise.
        test_neg: held-out features of the minority, shape ``(n, d)``.
        n_pos: training samples that the majority is to have.
        n_neg: training samples that the minority is to have.
    """
    from scipy.special import ndtr

    first, second = replace(pos, n=n_pos), replace(neg, n=n_neg)
    scores = lda(first, second).scores(test_neg)
    mean, variance, log_ratio = scores.mean(), scores.var(), math.log(n_pos / n_neg)
    found = {"moments": float((scores <= 0).mean())}
    if variance == 0:
        return found
    found["covariances"] = float(ndtr(-mean / math.sqrt(variance)))
    n = n_pos + n_neg
    inverse = np.linalg.pinv((n_pos * pos.cov + n_neg * neg.cov) / n, hermitian=True)
    d, freedom = int(np.linalg.matrix_rank(inverse, hermitian=True)), n - 2
    if freedom < d:
        return found
    v1, v2 = pos.cov / n_pos, neg.cov / n_neg
    noisy = mean + np.trace(inverse @ (v2 - v1)) / 2 - log_ratio * (d - 1) / freedom
    spread = (variance + np.trace(inverse @ neg.cov @ inverse @ (v1 + v2))) * (1 + 1 / n)
    shrink = (freedom - d + 2) / (freedom + 1)
    return {**found, "together": float(ndtr(-noisy * math.sqrt(shrink / spread)))}
