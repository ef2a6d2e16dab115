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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.special import gammaincinv

from theory.support.validate import floats, image_counts, integer, number, refuse

__all__ = [
    "ClassMoments",
    "ClassRecalls",
    "Gains",
    "LinearRule",
    "class_moments",
    "gains_per_image",
    "lda_rule",
    "normal_recalls",
    "recalls_at",
    "required_counts",
    "score_losses",
]

Floats = NDArray[np.float64]
Labels = NDArray[np.intp]
Labelled = tuple[Floats, Labels]
Counts = NDArray[np.int64]
DRAWS = 40
FOLDS = 5
_NORMAL_IMAGES = 1000  # of each class and drawn rule, where the normal law is read
_FEWEST = 2
_MOST = 2**53
_PRECISION = 0.01
_LARGEST = 1e100  # of features and their spread: squares and quotients are numbers too
_RIDGE = 1e-6
_MOST_OF_SCATTER = 1e6  # what is taken off a scatter may be so many times what is left, for the sake of its digits
_FOLDING = 2**31  # the spawn key of what draws the folds, apart from those of the rules


class LinearRule(NamedTuple):
    """A linear classifier of ``C`` classes: it decides for the largest of ``weights @ x + biases``."""

    weights: Floats
    biases: Floats


Fit = Callable[[list[Floats]], LinearRule | tuple[Floats, Floats]]
"""Trains a classifier: from the features of each class, shape ``(n_k, d)``, to its weights and biases."""


@dataclass(frozen=True, eq=False)
class ClassMoments:
    """The moments of balanced features: each class's mean and covariance.

    Args:
        means: shape ``(C, d)``.
        roots: one matrix ``R_k`` a class, shape ``(r_k, d)``, with ``R_k^T R_k`` the covariance of the class.
        sizes: how many images of each class they were taken from; None if they are known exactly.

    :func:`class_moments` makes them from features, :meth:`of_covariances` from covariances.

    Raises:
        ValueError: the shapes do not fit, a number is not finite or its square would not be, or no class varies.
    """

    means: Floats
    roots: tuple[Floats, ...]
    sizes: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        """Validate the arguments."""
        means = floats("means", self.means, "must hold finite real numbers, one row a class", ndim=2)
        classes, d = _shape("means", means)
        allowed = f"must be {classes} matrices of {d} columns, one a class"
        if not isinstance(self.roots, tuple | list) or len(self.roots) != classes:
            refuse("roots", self.roots, allowed)
        roots = tuple(floats("roots", root, allowed, ndim=2) for root in self.roots)
        if any(root.shape[1] != d for root in roots):
            refuse("roots", [root.shape for root in roots], allowed)
        if self.sizes is not None:
            if not isinstance(self.sizes, tuple | list) or len(self.sizes) != classes:
                refuse("sizes", self.sizes, f"must be {classes} numbers of images, one a class")
            for size in self.sizes:
                integer("sizes", size, _FEWEST)
        _measurable("roots", means, roots)
        object.__setattr__(self, "means", means)
        object.__setattr__(self, "roots", roots)

    @classmethod
    def of_covariances(cls, means: ArrayLike, covs: ArrayLike) -> ClassMoments:
        """Return the moments with these means, shape ``(C, d)``, and covariances, ``(C, d, d)`` or one, ``(d, d)``.

        Raises:
            ValueError: the shapes do not fit, or a covariance is not symmetric and positive semidefinite.

        Example:
            >>> ClassMoments.of_covariances([[0.0], [2.0]], [[1.0]]).covariances.ravel().tolist()
            [1.0, 1.0]
        """
        mu = floats("means", means, "must hold finite real numbers, one row a class", ndim=2)
        cov = floats("covs", covs, "must hold finite real numbers")
        classes, d = _shape("means", mu)
        cov = np.broadcast_to(cov, (classes, d, d)) if cov.shape == (d, d) else cov
        if cov.shape != (classes, d, d):
            refuse("covs", cov.shape, f"must have the shape ({classes}, {d}, {d}) or ({d}, {d}), as the means have")
        values, vectors = np.linalg.eigh((cov + np.swapaxes(cov, 1, 2)) / 2)
        size = np.abs(cov).max(initial=0.0)
        if np.abs(cov - np.swapaxes(cov, 1, 2)).max() > 1e-8 * size or values.min() < -1e-8 * size:
            refuse("covs", covs, "must be symmetric and positive semidefinite")
        roots = np.sqrt(np.maximum(values, 0))[:, :, None] * np.swapaxes(vectors, 1, 2)
        return cls(mu, tuple(roots))

    @property
    def covariances(self) -> Floats:
        """The covariances, shape ``(C, d, d)``."""
        return np.stack([root.T @ root for root in self.roots])


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


def class_moments(features: ArrayLike, labels: ArrayLike) -> ClassMoments:
    """Return the means and covariances (over ``n - 1``) of features.

    Args:
        features: shape ``(n, d)``.
        labels: the class of each, shape ``(n,)``: whole numbers from 0, at least two features of each class.

    Raises:
        ValueError: the shapes do not fit, or a class has fewer than two features.

    Example:
        >>> class_moments([[0.0], [2.0], [5.0], [7.0]], [0, 0, 1, 1]).means.tolist()
        [[1.0], [6.0]]
    """
    return _moments("features", _by_class(*_labelled("features", features, labels)))


def lda_rule(means: ArrayLike, scatter: ArrayLike, counts: ArrayLike, tau: float = 0.0) -> LinearRule:
    """Return linear discriminant analysis from its statistics, as the formula of this module has it.

    A millionth of the mean variance is added to the diagonal of ``S``, so that features that are constant, or more
    than there are images, leave it invertible.

    Args:
        means: the sample means, shape ``(C, d)``.
        scatter: the sum over classes of the squares about the class means, shape ``(d, d)``.
        counts: images of each class, shape ``(C,)``.
        tau: of post-hoc logit adjustment.

    Raises:
        ValueError: the shapes do not fit, the scatter is 0 or not semidefinite, or floats cannot hold the rule.

    Example:
        >>> rule = lda_rule([[-1.0], [1.0]], [[200.0]], [100, 100])
        >>> rule.weights.round(3).tolist(), rule.biases.round(3).tolist()
        ([[-1.0], [1.0]], [-1.193, -1.193])
    """
    mu = floats("means", means, "must hold finite real numbers, one row a class", ndim=2)
    classes, d = _shape("means", mu)
    total = floats("scatter", scatter, f"must have the shape ({d}, {d})")
    if total.shape != (d, d):
        refuse("scatter", scatter, f"must have the shape ({d}, {d}), as the means have {d} features")
    n, shift = image_counts("counts", counts, classes), _tau(tau)
    with np.errstate(all="ignore"):
        try:
            rule = _lda(mu, total, n, shift)
        except (np.linalg.LinAlgError, ValueError):  # not definite, not finite
            refuse("scatter", scatter, "must be positive semidefinite and not 0")
    if not (np.isfinite(rule.weights).all() and np.isfinite(rule.biases).all()):
        refuse("means", means, "must lie at distances, in units of the scatter, whose squares floats can hold")
    return rule


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
        scores = _normal_scores(rule, moments, k, images, rng)
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
    sources = _sources(source, labels, held_out, tau, fit, draws, seed)
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
    integer("most", most, _FEWEST)
    sources = _sources(source, labels, held_out, tau, fit, draws, seed)
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
        step: by which share a class's count grows, above 0; at least one image.
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
    sources = _sources(source, labels, held_out, tau, fit, draws, seed)
    base = image_counts("counts", counts, sources[0].classes)
    matrix, errors = np.empty((2, len(base), len(base)))
    at_base = [part.recalls(base) for part in sources]
    balanced_errors = np.empty(len(base))
    read = sum(part.weight for part in sources)
    for k, n in enumerate(base):
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


class _Source:
    """Rules drawn from moments, and what they are read on.

    Args:
        moments: of the balanced features.
        images: what is read; None for the normal law.
        tau: of post-hoc logit adjustment.
        fit: the classifier; None for discriminant analysis.
        draws: how many rules.
        seed: of them.
        fold: of cross-fitting; different folds draw independently.
        features: those that gave the moments, by class; None where moments are all that is known.
    """

    def __init__(
        self,
        moments: ClassMoments,
        images: Labelled | None,
        tau: float,
        fit: Fit | None,
        draws: int,
        seed: int,
        fold: int = 0,
        features: list[Floats] | None = None,
    ) -> None:
        self.classes = len(moments.means)
        self.images = images
        self.weight = np.ones(self.classes) if images is None else np.bincount(images[1], minlength=self.classes)
        self._moments, self._tau, self._fit, self._draws = moments, tau, fit, draws
        self._seed, self._fold, self._features = seed, fold, features
        self._base: dict[bytes, list[tuple[Floats, Floats]]] = {}

    def recalls(self, n: Counts, only: int | None = None, base: Counts | None = None) -> Floats:
        """Return the recalls of the drawn rules at the counts ``n``, shape ``(draws, C)``.

        Args:
            n: images of each class.
            only: the class that matters, if it is one; the recalls of the others are NaN then.
            base: counts that are kept in memory, so that only classes whose counts differ are drawn again.
        """
        rules = (self._rule(draw, n, n if base is None else base) for draw in range(self._draws))
        return np.stack([self._read(rule, draw, only) for draw, rule in enumerate(rules)])

    def _rng(self, draw: int, k: int) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence(self._seed, spawn_key=(self._fold, draw, k)))

    def _rule(self, draw: int, n: Counts, base: Counts) -> LinearRule:
        classes, rng = range(self.classes), self._rng
        if self._fit is not None:
            return _fitted(self._fit, [self._sample(k, int(n[k]), rng(draw, k)) for k in classes], n, self._tau)
        changed = np.flatnonzero(n != base)
        if base[changed].sum() > _MOST_OF_SCATTER * n.sum():
            return _lda(*self._pooled(draw, n), n, self._tau)
        key = base.tobytes()
        if key not in self._base:
            self._base = {key: [self._pooled(at, base) for at in range(self._draws)]}
        means, scatter = self._base[key][draw]
        if changed.size:
            means, scatter = means.copy(), scatter.copy()
        for k in changed.tolist():
            scatter -= _statistics(self._moments, k, int(base[k]), rng(draw, k))[1]
            means[k], own = _statistics(self._moments, k, int(n[k]), rng(draw, k))
            scatter += own
        return _lda(means, scatter, n, self._tau)

    def _sample(self, k: int, n: int, rng: np.random.Generator) -> Floats:
        """Return ``n`` features of a class."""
        if self._features is None:
            return _sample(self._moments, k, n, rng)
        own = self._features[k][rng.permutation(len(self._features[k]))[:n]]
        lacking = n - len(own)
        if not lacking:
            return own
        root = self._moments.roots[k]
        return np.concatenate([own, self._moments.means[k] + rng.standard_normal((lacking, len(root))) @ root])

    def _pooled(self, draw: int, n: Counts) -> tuple[Floats, Floats]:
        means = np.empty_like(self._moments.means)
        scatter = np.zeros((means.shape[1], means.shape[1]))
        for k in range(self.classes):
            means[k], own = _statistics(self._moments, k, int(n[k]), self._rng(draw, k))
            scatter += own
        return means, scatter

    def _read(self, rule: LinearRule, draw: int, only: int | None) -> Floats:
        """Return the share of each class's images, or of normal ones, that the rule gives to the class."""
        found = np.full(self.classes, np.nan)
        for k in range(self.classes) if only is None else (only,):
            if self.images is not None:
                x = self.images[0][self.images[1] == k]
                scores = x @ rule.weights.T + rule.biases
            else:
                scores = _normal_scores(rule, self._moments, k, _NORMAL_IMAGES, self._rng(draw, self.classes + k))
            found[k] = np.mean(scores.argmax(axis=1) == k)
        return found


def _normal_scores(rule: LinearRule, moments: ClassMoments, k: int, images: int, rng: np.random.Generator) -> Floats:
    """Return the scores of normal features of a class, shape ``(images, C)``, drawn in the space of the scores."""
    spread = np.linalg.qr(moments.roots[k] @ rule.weights.T, mode="r")
    return np.asarray(
        moments.means[k] @ rule.weights.T + rule.biases + rng.standard_normal((images, len(spread))) @ spread
    )


def _mean(sources: list[_Source], values: list[Floats]) -> Floats:
    """Return the mean over draws, each source by the images that it reads."""
    total = sum(part.weight for part in sources)
    return np.asarray(sum(part.weight * own.mean(axis=0) for part, own in zip(sources, values, strict=True)) / total)


def _error(sources: list[_Source], values: list[Floats]) -> Floats:
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
        low, high = _FEWEST - 1, start
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


def _tau(tau: float) -> float:
    return float(
        number("tau", tau, f"must be a number of at most {_LARGEST:g} in size", least=-_LARGEST, most=_LARGEST)
    )


def _shape(name: str, means: Floats) -> tuple[int, int]:
    """Return how many classes and features there are."""
    if len(means) < 2 or means.shape[1] < 1:
        refuse(name, means.shape, "must have at least two classes and one feature")
    return means.shape[0], means.shape[1]


def _labelled(name: str, features: ArrayLike, labels: ArrayLike | None, classes: int | None = None) -> Labelled:
    """Return features and labels, checked; of ``classes`` classes, if it is known how many there are."""
    allowed = f"must hold real numbers of at most {_LARGEST:g} in size, one row an image"
    x = floats(name, features, allowed, ndim=2, least=-_LARGEST, most=_LARGEST)
    told = "labels" if classes is None else name
    if labels is None:
        refuse(told, labels, f"must be the class of each of the {len(x)} features")
    allowed = f"must hold the class of each of the {len(x)} features, whole numbers from 0"
    y = floats(told, labels, allowed, ndim=1, least=0, most=_MOST)
    if y.shape != (len(x),) or np.any(y != np.floor(y)) or x.size == 0:
        refuse(told, labels, allowed)
    own: Labels = y.astype(np.intp)
    if own.max() >= max(len(x), classes or 0):  # fewer images than classes
        refuse(told, int(own.max()), allowed)
    found = np.bincount(own, minlength=classes or 0)
    if classes is not None and (len(found) > classes or found.min() < 1):
        refuse("held_out", found.tolist(), f"must hold images of each of the {classes} classes, and of no other")
    if len(found) < 2 or (classes is None and found.min() < _FEWEST):
        refuse(told, found.tolist(), f"must hold at least two classes and {_FEWEST} features of each")
    return x, own


def _measurable(name: str, means: Floats, roots: Sequence[Floats]) -> None:
    """Refuse moments whose scores floats cannot hold."""
    spread = max(float(np.abs(root).max(initial=0)) for root in roots)
    if not 1 / _LARGEST <= spread <= _LARGEST:
        refuse(name, spread, f"must have a largest standard deviation from {1 / _LARGEST:g} to {_LARGEST:g}")
    if (largest := float(np.abs(means).max())) > _LARGEST * min(spread, 1):
        refuse(name, largest, f"its means must be at most {_LARGEST:g} in size, and in standard deviations")


def _by_class(x: Floats, labels: Labels) -> list[Floats]:
    return [x[labels == k] for k in range(labels.max() + 1)]


def _moments(name: str, own: list[Floats]) -> ClassMoments:
    means = np.stack([part.mean(axis=0) for part in own])
    roots = []
    for part, mean in zip(own, means, strict=True):
        _, size, axes = np.linalg.svd(part - mean, full_matrices=False)
        rank = min(len(part) - 1, part.shape[1])
        roots.append(size[:rank, None] * axes[:rank] / math.sqrt(len(part) - 1))
    _measurable(name, means, roots)
    return ClassMoments(means, tuple(roots), tuple(map(len, own)))


def _sources(
    source: ClassMoments | ArrayLike,
    labels: ArrayLike | None,
    held_out: tuple[ArrayLike, ArrayLike] | None,
    tau: float,
    fit: Fit | None,
    draws: int,
    seed: int,
) -> list[_Source]:
    """Return the moments that rules are drawn from, each with the images that are read by them, everything checked."""
    shift = _tau(tau)
    integer("draws", draws, _FEWEST)
    integer("seed", seed, 0)
    if fit is not None and not callable(fit):
        refuse("fit", fit, "must be a function that trains a classifier, or None")
    features: list[Floats] | None
    if isinstance(source, ClassMoments):
        if labels is not None:
            refuse("labels", labels, "must be left out where moments are given")
        moments, features = source, None
    else:
        x, y = _labelled("source", source, labels)
        if held_out is None:
            fold = _folds(y, seed)
            share = max(_FEWEST, math.ceil(draws / (fold.max() + 1)))
            found = []
            for at in range(fold.max() + 1):
                rest, own = _by_class(x[fold != at], y[fold != at]), (x[fold == at], y[fold == at])
                found.append(_Source(_moments("source", rest), own, shift, fit, share, seed, at, rest))
            return found
        features = _by_class(x, y)
        moments = _moments("source", features)
    if held_out is not None and (not isinstance(held_out, tuple | list) or len(held_out) != 2):
        refuse("held_out", held_out, "must be a pair: features and the class of each")
    read = None if held_out is None else _labelled("held_out", *held_out, classes=len(moments.means))
    if read is not None and read[0].shape[1] != moments.means.shape[1]:
        refuse("held_out", read[0].shape, f"must have {moments.means.shape[1]} features, as the moments have")
    return [_Source(moments, read, shift, fit, draws, seed, features=features)]


def _folds(labels: Labels, seed: int) -> Labels:
    """Return the fold of each image, each class spread evenly over them; every fold leaves two images of each class."""
    least = int(np.bincount(labels).min())
    if least <= _FEWEST:
        refuse("labels", np.bincount(labels).tolist(), "must hold at least 3 features of each class without held_out")
    folds = min(FOLDS, least)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_FOLDING,)))
    order = rng.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    found = np.empty(len(labels), dtype=np.intp)
    rank = np.concatenate([np.arange(size) for size in np.bincount(labels)])
    found[order] = rank % folds
    return found


def _statistics(moments: ClassMoments, k: int, n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return the sample mean and the scatter of ``n`` normal features of a class, given its moments.

    The normal and uniform variables are the same for every ``n``, so that differences between counts are precise.
    """
    root, mean = moments.roots[k], moments.means[k]
    rank = len(root)
    size = None if moments.sizes is None else moments.sizes[k]
    if size is not None and n >= size:
        return mean, (n - 1) * root.T @ root
    deviation = rng.standard_normal(rank)
    inside = _bartlett(n - 1, rank, rng)
    if size is None:
        factor = inside @ root
        return mean + deviation @ root / math.sqrt(n), factor.T @ factor
    # Of `size` images: the scatter of n, that of the others and that between the two; it is their sum that is known.
    outside = _bartlett(size - n - 1, rank, rng)
    lower = np.linalg.cholesky(inside.T @ inside + outside.T @ outside + np.outer(deviation, deviation))
    known = math.sqrt(size - 1) * root
    factor = solve_triangular(lower, inside.T, lower=True).T @ known
    moved = solve_triangular(lower, deviation, lower=True) @ known
    return mean + math.sqrt(1 / n - 1 / size) * moved, factor.T @ factor


def _bartlett(degrees: int, rank: int, rng: np.random.Generator) -> Floats:
    """Return ``T`` with ``T^T T`` a Wishart matrix of ``rank`` dimensions, by Bartlett's decomposition.

    It has at most ``degrees`` rows and is upper triangular: independent standard normal entries above the diagonal, and
    the roots of chi-square variables with ``degrees, degrees - 1, ...`` degrees of freedom on it.
    """
    uniform, normal = rng.random(rank), rng.standard_normal((rank, rank))
    rows = min(rank, degrees)
    t = np.triu(normal[:rows], 1)
    t[np.arange(rows), np.arange(rows)] = np.sqrt(2 * gammaincinv((degrees - np.arange(rows)) / 2, uniform[:rows]))
    return t


def _sample(moments: ClassMoments, k: int, n: int, rng: np.random.Generator) -> Floats:
    """Return ``n`` normal features of a class, given its moments, shape ``(n, d)``."""
    root, mean = moments.roots[k], moments.means[k]
    if moments.sizes is None:
        return np.asarray(mean + rng.standard_normal((n, len(root))) @ root)
    rows = max(n, moments.sizes[k])
    normal = rng.standard_normal((rows, len(root)))
    normal -= normal.mean(axis=0)
    lower = np.linalg.cholesky(normal.T @ normal)
    return np.asarray(mean + math.sqrt(rows - 1) * solve_triangular(lower, normal[:n].T, lower=True).T @ root)


def _lda(means: Floats, scatter: Floats, n: Counts, tau: float) -> LinearRule:
    total = n.sum()
    cov = scatter / total
    cov = cov + _RIDGE * np.trace(cov) / len(cov) * np.eye(len(cov))
    centre = means.mean(axis=0)
    weights = cho_solve(cho_factor(cov), (means - centre).T).T
    return LinearRule(weights, -np.sum(weights * (means + centre), axis=1) / 2 + (1 - tau) * np.log(n / total))


def _fitted(fit: Fit, samples: list[Floats], n: Counts, tau: float) -> LinearRule:
    shape = len(samples), samples[0].shape[1]
    allowed = f"must return finite weights of shape {shape} and biases of shape {shape[:1]}"
    found = fit(samples)
    if not isinstance(found, tuple | list) or len(found) != 2:
        refuse("fit", fit, f"{allowed}; it returned a {type(found).__name__}")
    weights, biases = (floats("fit", part, allowed) for part in found)
    if weights.shape != shape or biases.shape != shape[:1]:
        refuse("fit", fit, f"{allowed}; it returned {weights.shape} and {biases.shape}")
    return LinearRule(weights, biases - tau * np.log(n / n.sum()))
