r"""The recall of every class at any class counts, from balanced features; nothing is fitted to imbalanced data.

Class ``k`` of ``C`` has features of mean ``m_k`` and covariance ``S_k`` of its own. A classifier is to be trained on
``n_k`` images of each class. Linear discriminant analysis estimates everything from them: with the sample means ``x_k``
and the scatter ``A_k`` about them, it takes the largest of

    w_k . x + b_k,    w_k = S^-1 (x_k - c),    b_k = -w_k . (x_k + c) / 2 + (1 - tau) ln(n_k / n),

with ``S = (A_1 + ... + A_C) / n`` and ``n = n_1 + ... + n_C``; ``tau`` is that of post-hoc logit adjustment, 0 for none
and 1 for no prior at all. Any ``c`` gives the same differences of scores. It is the mean of the ``x_k``, so that they
are precise wherever the features lie.

**The law.** If features are normal, ``x_k ~ N(m_k, S_k / n_k)`` and ``A_k ~ Wishart(S_k, n_k - 1)`` are independent. So
the rules that training would give can be drawn from the balanced means and covariances alone, without drawing images:
:func:`recalls_at` draws a number of them and reads each on balanced images that had no part in the moments. The
normal law is used for the noise of the rule only, where sums of many images make it true; the features that are
read may follow any law. Without images to read from, features are drawn from the normal law too.

**Moments are noisy too.** Those of ``N`` balanced images have the noise of ``N`` images, and rules drawn around them
would have it twice. So for ``n_k < N`` the statistics are those of ``n_k`` of the ``N`` images, drawn without
replacement given the moments of all: ``x_k`` has the variance ``S_k (1 / n_k - 1 / N)`` about the mean of the ``N``,
and ``A_k`` is the part of their scatter that ``n_k`` of them hold, a matrix-variate beta law. Given the moments that
law does not depend on the unknown mean and covariance, as they are sufficient, and over the balanced images it is
exactly the law of ``n_k`` new images. For ``n_k >= N`` no
noise is added; what the prediction has more than training, the noise of ``N`` images instead of ``n_k``, stays, and
lowers it.

Other classifiers are drawn through their training samples (``fit``). Those of moments are normal. Of features, the
``n_k`` are the features themselves, drawn without replacement, and where there are fewer, all of them and as many
normal ones as lack: what cross entropy makes of features depends on more than their moments.

Each number has two errors: that of the drawn rules, which falls with the number of ``draws``, and that of the
images which are read, a binomial proportion. Both are returned.

References:
    M. S. Bartlett, On the theory of statistical regression, Proc. R. Soc. Edinburgh 53, 1933 (drawing Wishart
    matrices); A. P. Dawid, Some matrix-variate distribution theory, Biometrika 68, 1981 (invariance and the beta law);
    A. K. Menon et al., Long-tail learning via logit adjustment, 2021 (``tau``).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from theory.class_moments import (
    FEWEST,
    ClassMoments,
    Floats,
    LinearRule,
    class_moments,
    lda_rule,
)
from theory.rule_draws import DRAWS, DrawnRules, Fit, drawn_rules, normal_scores
from theory.support.validate import MOST_IMAGES, image_counts, integer, number, refuse

__all__ = [
    "ClassMoments",
    "ClassRecalls",
    "Gains",
    "LinearRule",
    "class_moments",
    "drawn_recalls",
    "gains_per_image",
    "lda_rule",
    "normal_recalls",
    "recalls_at",
    "required_counts",
    "score_losses",
]

_PRECISION = 0.01


@dataclass(frozen=True, eq=False)
class ClassRecalls:
    """The recalls of all classes at their counts, each array of shape ``(C,)``.

    Attributes:
        recalls: expected over training samples of these counts.
        draw_error: standard error that the number of drawn rules leaves.
        reading_error: standard error that the number of images read leaves; 0 where the normal law is read.
    """

    recalls: Floats
    draw_error: Floats
    reading_error: Floats


@dataclass(frozen=True, eq=False)
class Gains:
    """The gain in recall by one more training image.

    Attributes:
        matrix: the recall that class ``j`` gains by one more image of class ``k``, in row ``k`` and column ``j``.
        errors: the standard errors that the number of draws leaves, of the same shape.
        balanced: the balanced accuracy that an image of each class gains, the mean of the row, shape ``(C,)``.
        balanced_errors: of these, likewise.
    """

    matrix: Floats
    errors: Floats
    balanced: Floats
    balanced_errors: Floats


def normal_recalls(rule: LinearRule, moments: ClassMoments, images: int = 10_000, seed: int = 0) -> Floats:
    """Return the recall of each class by a linear rule if features are normal with these moments, shape ``(C,)``.

    Args:
        rule: the classifier.
        moments: of the features.
        images: how many are drawn of each class; the standard error of a recall ``r`` is ``sqrt(r (1 - r) / images)``.
        seed: of the draws.

    Example:
        >>> moments = ClassMoments.of_covariances([[0.0], [2.0]], [[1.0]])
        >>> normal_recalls(lda_rule(moments.means, [[200.0]], [100, 100]), moments).round(2).tolist()
        [0.84, 0.84]
    """
    integer("images", images)
    integer("seed", seed, 0)
    found = np.empty(len(rule.biases))
    for k in range(len(found)):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(k,)))
        scores = normal_scores(rule, moments, k, images, rng)
        found[k] = np.mean(scores.argmax(axis=1) == k)
    return found


def recalls_at(
    source: ClassMoments | ArrayLike,
    counts: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    held_out: tuple[ArrayLike, ArrayLike] | None = None,
    tau: float = 0.0,
    fit: Fit | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> ClassRecalls:
    """Return the recall of each class by a classifier trained on ``counts`` images, before it is trained.

    Args:
        source: balanced features that the network was not trained on, shape ``(n, d)``, or their moments.
        counts: training images of each class, at least 2; shape ``(C,)``.
        labels: of the features; none for moments.
        held_out: features and labels that are read, none of them in ``source``. Without them, features serve both
            purposes by cross-fitting: each fifth is read by rules drawn from the moments of the others. For moments the
            normal law is read.
        tau: of post-hoc logit adjustment: ``tau ln(n_k / n)`` is taken off the score of each class.
        fit: trains another classifier (:data:`Fit`) on drawn features; None is linear discriminant analysis, which is
            drawn through its statistics and takes a fraction of the time.
        draws: rules that are drawn, at least 2 (with cross-fitting at least 2 a fold).
        seed: of the draws and folds. Equal seeds draw alike at different counts, which makes differences precise.

    Raises:
        ValueError: an argument lies outside its range; a class has fewer than two features to take moments of, or none
            to read.

    Example:
        >>> from theory import theorem2
        >>> moments = ClassMoments.of_covariances([[0.0], [2.0]], [[1.0]])
        >>> recalls_at(moments, [10_000, 1_000]).recalls.round(2).tolist()  # large counts: Theorem 2
        [0.98, 0.44]
        >>> float(theorem2.minority_recall(2.0, 10).round(2))
        0.44
    """
    return drawn_recalls(drawn_rules(source, labels, held_out, tau, fit, draws, seed), counts)


def drawn_recalls(sources: list[DrawnRules], counts: ArrayLike) -> ClassRecalls:
    """Return :func:`recalls_at` of rules from :func:`theory.rule_draws.drawn_rules`, which can serve several times.

    Example:
        >>> from theory.rule_draws import drawn_rules
        >>> moments = ClassMoments.of_covariances([[0.0], [2.0]], [[1.0]])
        >>> [rules] = drawn_rules(moments, None, None, 0.0, None, 40, 0)
        >>> [drawn_recalls([own], [10_000, 1_000]).recalls.round(2).tolist() for own in (rules, rules.with_tau(1.0))]
        [[0.98, 0.44], [0.84, 0.84]]
    """
    n = image_counts("counts", counts, sources[0].classes)
    values = [part.recalls(n) for part in sources]
    recalls, read = _mean(sources, values), sum(part.weight for part in sources)
    middle = (recalls * read + 1) / (read + 2)  # as Agresti and Coull do: 0 of 3 images is not a recall known to be 0
    reading = np.zeros(len(n)) if sources[0].images is None else np.sqrt(middle * (1 - middle) / (read + 2))
    return ClassRecalls(recalls, _error(sources, values), reading)


def required_counts(
    source: ClassMoments | ArrayLike,
    counts: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    recall: float = 0.8,
    most: int = 1_000_000,
    held_out: tuple[ArrayLike, ArrayLike] | None = None,
    tau: float = 0.0,
    fit: Fit | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> list[int | None]:
    """Return for each class the number of its images that brings its recall to ``recall``, the others' counts kept.

    The number is found by bisection, to one in a hundred, as a recall rises with the class's own count: its prior
    rises and its noise falls. None where ``most`` images do not suffice. More images of one class take recall from
    the others, so that the numbers need not serve all classes at once; :func:`recalls_at` says what they do together.

    Args:
        source: as in :func:`recalls_at`, as are the arguments that are not listed.
        counts: training images of each class from which the search starts.
        labels: as in :func:`recalls_at`.
        recall: the wanted one, between 0 and 1.
        most: the largest number that is considered.
        held_out: as in :func:`recalls_at`.
        tau: likewise.
        fit: likewise.
        draws: likewise.
        seed: likewise.

    Example:
        >>> moments = ClassMoments.of_covariances([[0.0], [3.0]], [[1.0]])
        >>> required_counts(moments, [10_000, 100], recall=0.9)[1] < 10_000  # 5,193 by Theorem 2
        True
    """
    wanted = float(number("recall", recall, "must be a number between 0 and 1", above=0, below=1))
    integer("most", most, FEWEST)
    sources = drawn_rules(source, labels, held_out, tau, fit, draws, seed)
    base = image_counts("counts", counts, sources[0].classes)

    def enough(k: int, n: int) -> bool:
        changed = base.copy()
        changed[k] = n
        return bool(_mean(sources, [part.recalls(changed, only=k, base=base) for part in sources])[k] >= wanted)

    return [_bisected(partial(enough, k), min(int(n), most), most) for k, n in enumerate(base)]


def gains_per_image(
    source: ClassMoments | ArrayLike,
    counts: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    step: float = 0.25,
    held_out: tuple[ArrayLike, ArrayLike] | None = None,
    tau: float = 0.0,
    fit: Fit | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Gains:
    """Return what one more training image of each class is worth: the recall that every class gains by it.

    A difference quotient over ``step n_k`` images, with the same draws at both counts.

    Args:
        source: as in :func:`recalls_at`, as are the arguments that are not listed.
        counts: training images of each class.
        labels: as in :func:`recalls_at`.
        step: by which share a class's count grows, above 0; at least one image. The counts stay at most 2^53.
        held_out: as in :func:`recalls_at`.
        tau: likewise.
        fit: likewise.
        draws: likewise.
        seed: likewise.

    Example:
        >>> moments = ClassMoments.of_covariances([[0.0], [2.0]], [[1.0]])
        >>> gains = gains_per_image(moments, [10_000, 100])
        >>> bool(gains.matrix[1, 1] > 0 > gains.matrix[1, 0]), int(gains.balanced.argmax())
        (True, 1)
    """
    share = float(number("step", step, "must be a finite number above 0", above=0))
    sources = drawn_rules(source, labels, held_out, tau, fit, draws, seed)
    base = image_counts("counts", counts, sources[0].classes)
    matrix, errors = np.empty((2, len(base), len(base)))
    at_base = [part.recalls(base) for part in sources]
    balanced_errors = np.empty(len(base))
    read = sum(part.weight for part in sources)
    for k, n in enumerate(base):
        if n * (1 + share) > MOST_IMAGES:
            refuse("step", step, f"must leave the counts at most {MOST_IMAGES:,}; one of them is {n:,}")
        more = max(1, round(share * n))
        changed = base.copy()
        changed[k] += more
        differences = [
            (part.recalls(changed, base=base) - before) / more for part, before in zip(sources, at_base, strict=True)
        ]
        matrix[k] = _mean(sources, differences)
        errors[k] = _error(sources, differences)
        balanced_errors[k] = math.sqrt(
            sum(_variance_of_mean(own * part.weight / read) for own, part in zip(differences, sources, strict=True))
        )
    return Gains(matrix, errors, matrix.mean(axis=1), balanced_errors)


def score_losses(moments: ClassMoments, counts: ArrayLike) -> Floats:
    """Return what the noise of the sample means takes from each class's own score on average, shape ``(C,)``.

    ``tr(P S_k) / (2 n_k)``, ``P`` being the inverse of ``(n_1 S_1 + ... + n_C S_C) / n``, taken as known. To be
    compared with ``ln(n_k / n)``, which the prior adds: a rare class loses by both, and ``tau = 1`` mends the prior
    only. For two classes with one covariance the difference is :func:`theory.plugin.mean_noise_shift`.

    Args:
        moments: of the features, their pooled covariance not singular.
        counts: training images of each class.

    Example:
        >>> moments = ClassMoments.of_covariances([[0.0, 0.0], [2.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]])
        >>> score_losses(moments, [100, 5]).round(3).tolist()
        [0.01, 0.2]
    """
    n = image_counts("counts", counts, len(moments.means))
    covs = moments.covariances
    pooled = np.tensordot(n / n.sum(), covs, axes=1)
    if np.linalg.matrix_rank(pooled, hermitian=True) < len(pooled):
        refuse("moments", moments, "must have a pooled covariance that is not singular")
    return np.asarray([np.trace(np.linalg.solve(pooled, cov)) for cov in covs]) / (2 * n)


def _mean(sources: list[DrawnRules], values: list[Floats]) -> Floats:
    """Return the mean over draws, each source by the images that it reads."""
    total = sum(part.weight for part in sources)
    return np.asarray(sum(part.weight * own.mean(axis=0) for part, own in zip(sources, values, strict=True)) / total)


def _error(sources: list[DrawnRules], values: list[Floats]) -> Floats:
    """Return the standard error of :func:`_mean` that the number of draws leaves."""
    total = sum(part.weight for part in sources)
    squares = sum(
        part.weight**2 * own.var(axis=0, ddof=1) / len(own) for part, own in zip(sources, values, strict=True)
    )
    return np.asarray(np.sqrt(squares) / total)


def _variance_of_mean(values: Floats) -> float:
    """Return the variance of the mean over draws and classes, shape ``(draws, C)``."""
    return float(values.mean(axis=1).var(ddof=1)) / len(values)


def _bisected(enough: Callable[[int], bool], start: int, most: int) -> int | None:
    """Return the least number for which ``enough`` holds, to one in a hundred, if it holds from some number on."""
    if enough(start):
        low, high = FEWEST - 1, start
    else:
        low, high = start, start
        while not enough(high):
            if high >= most:
                return None
            low, high = high, min(2 * high, most)
    while high - low > max(1, _PRECISION * high):
        middle = round(math.sqrt(low * high)) if low > 0 else (low + high) // 2
        middle = min(max(middle, low + 1), high - 1)
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
