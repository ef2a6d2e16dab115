"""The second stage: linear classifiers on features that are frozen, of pairs of classes, predicted and measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirical.analysis.agreement import separation_from_recalls
from empirical.analysis.linear_classifiers import Moments, Rule, head, lda, moments
from empirical.analysis.recall_laws import LAWS, from_balance, from_moments, from_samples, from_separation
from empirical.config import Config
from empirical.data.dataset import Dataset
from empirical.data.gaussian import is_gaussian
from empirical.data.load import gaussian_law
from empirical.data.pair_draws import MOST_DRAWS, draws, minority_count
from empirical.experiments.shared.rows import SPREAD, data_name

__all__ = [
    "REPEATS",
    "Pair",
    "Prediction",
    "SecondStage",
    "balanced_pair",
    "halves",
    "kinds",
    "recall_columns",
    "true_separation",
]

REPEATS = {"smoke": 2, "cpu": 5, "paper": 5}
"""How many times each profile draws the minority's images."""

_HALVES = MOST_DRAWS  # a spawn key that no draw of the training images has
Floats = NDArray[np.float64]


def halves(images: int, seed: int, label: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which test images of a class predictions read, and which recall is measured on.

    Args:
        images: how many test images the class has, at least 2; an odd one is measured on.
        seed: of the network.
        label: of the class in the data set, so that all experiments split a class alike.

    Example:
        >>> read, measured = halves(5, seed=0, label=3)
        >>> len(read), sorted({*read.tolist(), *measured.tolist()})
        (2, [0, 1, 2, 3, 4])
    """
    order = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_HALVES, label))).permutation(images)
    return np.sort(order[: images // 2]), np.sort(order[images // 2 :])


def kinds(data: str) -> tuple[str, ...]:
    """Return which features there are.

    Example:
        >>> kinds("cifar10"), kinds("gaussian:separation=2")
        (('relu', 'sqrt'), ('relu', 'sqrt', 'pixels'))
    """
    return ("relu", "sqrt", "pixels") if is_gaussian(data) else ("relu", "sqrt")


def true_separation(run: Config) -> Floats | None:
    """Return the separation of any two classes' pixels if the data are ``gaussian``, shape ``(C, C)``; else None.

    Example:
        >>> from empirical.sweeps.profiles import profile_config
        >>> true_separation(profile_config("smoke", data="gaussian:separation=2,classes=3")).round(2).tolist()
        [[0.0, 2.0, 2.0], [2.0, 0.0, 2.0], [2.0, 2.0, 0.0]]
    """
    return gaussian_law(run.data, run.resolution).quantised() if is_gaussian(run.data) else None


@dataclass(frozen=True, eq=False)
class Pair:
    """The balanced classifier of two classes, and what it measures.

    Attributes:
        rule: trained on as many samples of either class; its positive class is the first.
        tests: the test features of the two classes that predictions read.
        recalls: of the two classes, on these.
        separation: ``M`` by :func:`empirical.analysis.agreement.separation_from_recalls`.
        known: the moments of the balanced training features of the two classes.
    """

    rule: Rule
    tests: tuple[Floats, Floats]
    recalls: tuple[float, float]
    separation: float
    known: tuple[Moments, Moments]

    @property
    def accuracy(self) -> float:
        """The balanced accuracy."""
        return sum(self.recalls) / 2

    def reversed(self) -> Pair:
        """Return it with the second class as the positive one."""
        rule = Rule(-self.rule.w, -self.rule.b)
        return Pair(
            rule=rule,
            tests=self.tests[::-1],
            recalls=self.recalls[::-1],
            separation=self.separation,
            known=self.known[::-1],
        )


def balanced_pair(train: tuple[Floats, Floats], tests: tuple[Floats, Floats], fit: Any = None) -> Pair:
    """Return the balanced pair of discriminant analysis, or of ``fit(pos, neg)`` if another classifier is given."""
    known = moments(train[0]), moments(train[1])
    rule = lda(*known) if fit is None else fit(*train)
    recalls = rule.recalls(*tests)
    separation = separation_from_recalls(recalls, [len(test) for test in tests])
    return Pair(rule=rule, tests=tests, recalls=recalls, separation=separation, known=known)


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """The predictions for a minority, made before an imbalanced classifier is trained; None where a law does not apply.

    Attributes:
        data: the data set.
        seed: of the network, and of the drawn images.
        classifier: ``lda``, ``head`` or ``network``.
        features: their kind; ``own`` for a network.
        majority: the positive class.
        minority: the negative class.
        imbalance: as asked for.
        n_pos: training images of the majority.
        n_neg: training images of the minority.
        read: test images of the minority that the prediction reads.
        kept: its other test images, which recall is measured on.
        balanced_accuracy: of the same classifier, trained on ``n_pos`` images of either class.
        separation: ``M``, from it.
        oracle: theory at the known separation of the pixels, for ``gaussian`` data: for ``lda`` on the pixels
            :func:`theory.plugin.asymptotic_recalls`, as nothing is unknown there, and for all else Theorem 2.
        theorem2: the minority's recall by this law of :mod:`empirical.analysis.recall_laws`, as are the next six.
        finite: likewise.
        variances: likewise.
        covariances: likewise.
        together: likewise.
        scores: likewise.
        moments: likewise.
        run: the name of the folder of the network, that of the features or the imbalanced one itself; or the file of
            arrays.
    """

    data: str
    seed: int
    classifier: str
    features: str
    majority: str
    minority: str
    imbalance: float
    n_pos: int
    n_neg: int
    read: int | None
    kept: int | None
    balanced_accuracy: float | None
    separation: float | None
    oracle: float | None
    theorem2: float | None
    finite: float | None
    variances: float | None
    covariances: float | None
    together: float | None
    scores: float | None
    moments: float | None
    run: str


class SecondStage:
    """Classifiers of one kind on the frozen features of one run.

    Args:
        run: whose features they are.
        features: what :func:`features` gives.
        kind: which of them.
        classifier: ``lda`` or ``head``.
        n_pos: training images of the majority.
        repeats: how many times the training images are drawn; the balanced classifiers have the first draw.
        name: what tables call the run; None for its folder.
    """

    def __init__(
        self,
        run: Config,
        features: Mapping[str, Dataset],
        kind: str,
        classifier: str,
        n_pos: int,
        repeats: int,
        name: str | None = None,
    ) -> None:
        """Draw the training images."""
        self._name = run.digest if name is None else name
        self.classes = features[kind].classes
        self._run, self._kind, self._classifier, self._n_pos = run, kind, classifier, n_pos
        self._x = features[kind].images
        self._draws = draws(features[kind], run.seed, repeats)
        self._true = true_separation(run)
        self._pairs: dict[tuple[int, int], Pair] = {}
        self._known: dict[tuple[int, int], Moments] = {}

    def is_of(self, data: str, classifier: str, kind: str) -> bool:
        """Return whether it is of these data, this classifier and this kind of features."""
        return (self._run.data, self._classifier, self._kind) == (data, classifier, kind)

    def pair(self, pos: int, neg: int) -> Pair:
        """Return the balanced classifier of two classes."""
        if pos > neg:
            return self.pair(neg, pos).reversed()
        if (pos, neg) not in self._pairs:
            first, tests = self._draws[0], (self._read(pos), self._read(neg))
            train = tuple(self._x[first.train[c][: self._n_pos]] for c in (pos, neg))
            fit = head if self._classifier == "head" else None
            self._pairs[pos, neg] = balanced_pair((train[0], train[1]), tests, fit)
        return self._pairs[pos, neg]

    def predict(self, pos: int, neg: int, imbalance: float) -> Prediction:
        """Return what the laws say of the minority ``neg``."""
        known, n_neg = self.pair(pos, neg), minority_count(self._n_pos, imbalance)
        found = from_balance(known.rule, *known.tests, self._n_pos, n_neg)
        if self._classifier == "lda":
            pooled = known.known[0].cov + known.known[1].cov
            dimension = int(np.linalg.matrix_rank(pooled, hermitian=True))
            found |= from_samples(known.accuracy, dimension, self._n_pos, n_neg)
            found |= from_moments(*known.known, known.tests[1], self._n_pos, n_neg)
        oracle = None if self._true is None else self._oracle(self._true[pos, neg], n_neg)
        return Prediction(
            data=data_name(self._run),
            seed=self._run.seed,
            classifier=self._classifier,
            features=self._kind,
            majority=self.classes[pos],
            minority=self.classes[neg],
            imbalance=imbalance,
            n_pos=self._n_pos,
            n_neg=n_neg,
            read=len(self._read(neg)),
            kept=len(self._measured_half(neg)),
            balanced_accuracy=known.accuracy,
            separation=known.separation,
            oracle=oracle,
            **{law: found.get(law) for law in LAWS},
            run=self._name,
        )

    def measure(self, pos: int, neg: int, n_neg: int, half: str = "kept") -> Floats:
        """Train imbalanced classifiers and return for each draw the minority's recall on the images that are kept.

        With ``half="read"`` it is on those that predictions read, which shows what is gained by reading them.
        """
        tests = (
            (self._read(pos), self._read(neg))
            if half == "read"
            else (self._measured_half(pos), self._measured_half(neg))
        )
        return np.array([self._rule(at, pos, neg, n_neg).recalls(*tests)[1] for at in range(len(self._draws))])

    def _oracle(self, separation: float, n_neg: int) -> float:
        """Return what theory says at the known separation of the pixels."""
        from theory.plugin import asymptotic_recalls

        dimension = self._x.shape[1]
        if (self._classifier, self._kind) == ("lda", "pixels") and self._n_pos + n_neg - 2 >= dimension:
            return asymptotic_recalls(separation, dimension, self._n_pos, n_neg, "estimated")[1]
        return from_separation(separation, self._n_pos, n_neg)["theorem2"]

    def _read(self, label: int) -> Floats:
        return self._half(label, 0)

    def _measured_half(self, label: int) -> Floats:
        return self._half(label, 1)

    def _half(self, label: int, which: int) -> Floats:
        own = self._draws[0].test[label]
        return self._x[own[halves(len(own), self._run.seed, label)[which]]]

    def _rule(self, at: int, pos: int, neg: int, n_neg: int) -> Rule:
        """Return the classifier of a draw."""
        train = self._draws[at].train
        rare = self._x[train[neg][:n_neg]]
        if self._classifier == "head":
            return head(self._x[train[pos][: self._n_pos]], rare)
        if (at, pos) not in self._known:
            self._known[at, pos] = moments(self._x[train[pos][: self._n_pos]])
        return lda(self._known[at, pos], moments(rare))


def recall_columns(recalls: Sequence[float] | Floats) -> dict[str, Any]:
    """Return the mean of the draws' recalls and the quantiles :data:`empirical.experiments.shared.rows.SPREAD` of them.

    Example:
        >>> recall_columns([0.25, 0.75])["measured"], recall_columns([0.5])["low"], recall_columns([])["measured"]
        (0.5, None, None)
    """
    low, high = map(float, np.quantile(recalls, SPREAD)) if len(recalls) > 1 else (None, None)
    return {"measured": float(np.mean(recalls)) if len(recalls) else None, "low": low, "high": high}
