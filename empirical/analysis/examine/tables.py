"""The tables of an examination: a frozen row type each, whose docstring explains every column.

Accuracies, recalls and shares are in per cent, differences of them in points; ``low`` and ``high`` are the ends of a
95 % interval.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

__all__ = [
    "SECTIONS",
    "TABLES",
    "Accuracy",
    "Calibration",
    "ClassAccuracy",
    "ClassLoss",
    "ClassParts",
    "Correction",
    "Fit",
    "Images",
    "Missing",
    "Normality",
    "Part",
    "Reliability",
    "Rival",
    "Strength",
    "Table",
    "meanings",
]

SECTIONS = {
    1: "Accuracy and calibration",
    2: "Where recall is lost: norms, biases, angles, features",
    3: "Number or similarity, class by class",
    4: "What corrections would give",
    5: "What more images would give",
    6: "How well theory fits here",
}
"""The sections of an examination, by their numbers."""


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """The accuracy of a set of classes.

    Attributes:
        of: "all images" as they are held out; "mean over classes"; and the same mean over the classes with "many" (more
            than 100), a "medium" number (20 to 100) or "few" (fewer than 20) training images.
        classes: how many classes.
        images: how many held-out images.
        accuracy: the share of the images, or the mean of the recalls.
        low: lower end of its interval.
        high: upper end.
    """

    of: str
    classes: int
    images: int
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class ClassAccuracy:
    """A class.

    Attributes:
        label: its index, from 0.
        name: its name.
        count: its training images.
        images: its held-out images.
        recall: the share of its images that is classified right.
        low: lower end of the exact (Clopper-Pearson) interval of the recall.
        high: upper end.
        precision: the share of the images taken for it that are of it, among the held-out images as they are; empty
            where no image is taken for it.
        taken_for: the class that its images are most often taken for wrongly.
        taken_share: the share of its images that is.
    """

    label: int
    name: str
    count: int | None
    images: int
    recall: float
    low: float
    high: float
    precision: float | None
    taken_for: str | None
    taken_share: float | None


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How far probabilities can be believed under a prior; images are weighted so that the classes have its shares.

    Attributes:
        prior: "held-out", the shares of the classes among the held-out images, or "training", those of the counts.
        accuracy: under the prior.
        confidence: the mean of the largest probability.
        ece: the expected calibration error, the mean over 15 bins of equal width of the distance between accuracy and
            confidence, weighted by the images in them.
        ece_low: lower end of its interval.
        ece_high: upper end.
        nll: the mean negative log-likelihood, in nats.
        nll_low: lower end of its interval.
        nll_high: upper end.
    """

    prior: str
    accuracy: float
    confidence: float
    ece: float
    ece_low: float
    ece_high: float
    nll: float
    nll_low: float
    nll_high: float


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """A bin of the reliability curve; bins without images are left out.

    Attributes:
        prior: as in the table ``calibration``.
        start: where the bin of confidence begins.
        stop: where it ends.
        images: the held-out images in it.
        share: their share under the prior.
        confidence: their mean confidence.
        accuracy: their accuracy.
    """

    prior: str
    start: float
    stop: float
    images: int
    share: float
    confidence: float
    accuracy: float


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of the gap between the mean recall of the more frequent half of the classes and that of the rarer half.

    Of an odd number of classes the middle one is in neither half.

    Attributes:
        part: "gap", the whole, and what adds up to it exactly: "norms", "biases" and "angles" of the last layer, their
            Shapley values, and "features", the gap that is left when all three are neutral.
        points: by how much it makes the frequent half better, in points.
        low: lower end of its interval.
        high: upper end.
    """

    part: str
    points: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class ClassParts:
    """What the last layer does to a class; ``neutral + norms + biases + angles`` is the recall.

    Attributes:
        label: its index.
        name: its name.
        count: its training images.
        norm: the length of its row of the weight.
        bias: its bias.
        recall: as the network is.
        neutral: with equal norms, no biases, and for directions those of the class means of the features.
        norms: what the norms add.
        biases: what the biases add.
        angles: what the directions of the weights add.
    """

    label: int
    name: str
    count: int | None
    norm: float
    bias: float | None
    recall: float | None
    neutral: float | None
    norms: float | None
    biases: float | None
    angles: float | None


@dataclass(frozen=True, kw_only=True)
class Correction:
    """A correction, judged on all held-out images; what is chosen or fitted with some is judged on the others.

    Attributes:
        correction: "as trained"; "without bias"; "tau-normalisation", logits without bias over the norms of the rows to
            the power tau; "logits - tau log prior"; "re-trained head", a linear layer that is trained anew on the
            features, every class weighing the same.
        chosen_by: what tau or the head is chosen by: "nothing"; "theory", tau = 1 for logits; "equal
            norms", tau = 1 for tau-normalisation; "a sweep on the other half"; "likelihood on the other half, no
            sweep"; "the training images"; or "the other half, balanced", which needs
            balanced images and says what the features would allow.
        tau: the strength that the first half of the images is judged with.
        tau_2: that of the second half.
        accuracy: the mean over the classes.
        low: lower end of its interval.
        high: upper end.
        gain: by how much it is above the network as trained, in points.
        gain_low: lower end of its interval, for the same images.
        gain_high: upper end.
        many: the mean recall of the classes with more than 100 training images.
        medium: that of the classes with 20 to 100.
        few: that of the classes with fewer than 20.
        temperature: what to divide the corrected logits by for calibrated probabilities, mean of both halves.
        doubts: why the likelihood promises nothing; empty if nothing speaks against it.
    """

    correction: str
    chosen_by: str
    tau: float | None
    tau_2: float | None
    accuracy: float
    low: float
    high: float
    gain: float
    gain_low: float
    gain_high: float
    many: float | None
    medium: float | None
    few: float | None
    temperature: float | None
    doubts: str | None


@dataclass(frozen=True, kw_only=True)
class Strength:
    """A correction at one strength on all held-out images; the best of them is chosen with the images that judge it.

    Attributes:
        correction: as in the table ``corrections``.
        tau: the strength.
        accuracy: the mean over the classes.
        many: the mean recall of the classes with more than 100 training images.
        medium: that of the classes with 20 to 100.
        few: that of the classes with fewer than 20.
    """

    correction: str
    tau: float
    accuracy: float
    many: float | None
    medium: float | None
    few: float | None


@dataclass(frozen=True, kw_only=True)
class ClassLoss:
    """Where the recall of a class is lost; ``similarity + number + beyond`` is what its recall lacks to 100.

    By the law of all classes at once (:mod:`theory.class_counts`): discriminant analysis on these features, trained on
    as many images of each class as said, and read on held-out images that had no part in it.

    Attributes:
        label: its index.
        name: its name.
        count: its training images.
        recall: of the network as it is.
        balanced: by theory, with as many training images in all, spread evenly over the classes.
        predicted: by theory, at the network's own counts.
        low: lower end of the interval of ``predicted``, for the images read and the rules drawn.
        high: upper end.
        similarity: ``100 - balanced``, in points: what is lost to similar classes though there are as many images of
            each.
        number: ``balanced - predicted``, in points: what the class loses further, or wins, by its number of images.
        beyond: ``predicted - recall``, in points: what the network's own last layer loses further, or wins.
    """

    label: int
    name: str
    count: int | None
    recall: float | None
    balanced: float
    predicted: float
    low: float
    high: float
    similarity: float
    number: float
    beyond: float | None


@dataclass(frozen=True, kw_only=True)
class Rival:
    """A class and one of its three worst rivals, by Theorem 2 for the two alone.

    Attributes:
        label: its index.
        name: its name.
        count: its training images.
        rival: the other class.
        rival_count: the training images of that.
        separation: ``M``, that of the balanced accuracy of discriminant analysis for the two, trained on one half of
            the held-out images and measured on the other, both ways.
        separation_low: lower end of its interval.
        separation_high: upper end.
        balanced: the recall of the class against the rival at balance, ``Phi(M / 2)``.
        predicted: the same at the network's own counts, ``Phi(M / 2 - ln(r) / M)``.
        number: what of the drop from a balanced and dissimilar pair is due to number, in points
            (:mod:`theory.attribution`); the dissimilar pair has the mean separation of the quarter of the pairs that
            are farthest apart, or the pair's own if that is larger.
        similarity: what of the drop is due to similarity, in points.
        number_share: the share of number in the drop; empty where the class is the more frequent one.
        share_low: lower end of its interval, from that of the separation.
        share_high: upper end.
    """

    label: int
    name: str
    count: int | None
    rival: str
    rival_count: int | None
    separation: float
    separation_low: float
    separation_high: float
    balanced: float
    predicted: float | None
    number: float | None
    similarity: float | None
    number_share: float | None
    share_low: float | None
    share_high: float | None


@dataclass(frozen=True, kw_only=True)
class Images:
    """What more training images of a class would give, the counts of the others as they are.

    For discriminant analysis on these features, by the law of all classes at once: features that are learnt anew may
    gain more.

    Attributes:
        label: its index.
        name: its name.
        count: its training images.
        predicted: its recall by theory at the network's counts.
        more: a quarter more images.
        gain: what these add to its recall, in points.
        gain_mean: what they add to the mean over the classes, in points.
        wanted: the recall that is wanted.
        reached: whether theory is there with the images that there are.
        needed: how many training images in all it takes; empty where it is reached, or a million do not suffice. The
            more images of one class, the more the others lose.
        needed_low: how many, if theory is as much too low as it is off on average (table ``fit``).
        needed_high: how many, if it is as much too high.
    """

    label: int
    name: str
    count: int
    predicted: float
    more: int
    gain: float
    gain_mean: float
    wanted: float
    reached: bool
    needed: int | None
    needed_low: int | None
    needed_high: int | None


@dataclass(frozen=True, kw_only=True)
class Fit:
    """How well a law predicts recalls that were measured on these features.

    Attributes:
        law: "Theorem 2, separation alone" and "with covariances and finite samples" predict the minority of pairs of
            classes from one balanced half of the held-out images; it is measured on the other half, for discriminant
            analysis trained on as few images as the imbalance says. "all classes at once" predicts every class at the
            network's counts, scaled down to half of the held-out images.
        imbalance: of the training images.
        cases: how many recalls.
        measured: their mean.
        error: the mean absolute error of the predictions, in points.
        bias: the mean of predicted minus measured, in points.
        worst: the absolute error that 5 % of the cases exceed, in points.
        correlation: of predicted and measured.
    """

    law: str
    imbalance: int
    cases: int
    measured: float
    error: float
    bias: float
    worst: float
    correlation: float | None


@dataclass(frozen=True, kw_only=True)
class Normality:
    """How far from normal the scores of a class against its nearest rival are, on images that the rule did not see.

    Attributes:
        label: its index.
        name: its name.
        rival: the class with the least separation from it.
        skewness: of the scores; 0 for a normal law.
        kurtosis: their excess kurtosis; 0 for a normal law.
        spread: their standard deviation over that of the rival's scores; 1 for a common covariance.
        normal: the recall at balance by a normal law with the mean and the deviation of the scores.
        counted: the recall at balance, counted.
        departure: normal minus counted, in points.
    """

    label: int
    name: str
    rival: str
    skewness: float
    kurtosis: float
    spread: float
    normal: float
    counted: float
    departure: float


@dataclass(frozen=True, kw_only=True)
class Missing:
    """Something that cannot be said.

    Attributes:
        section: its number.
        needs: what it would take.
        adds: what that would add.
    """

    section: int
    needs: str
    adds: str


@dataclass(frozen=True)
class Table:
    """A table of an examination.

    Attributes:
        section: its number in :data:`SECTIONS`.
        title: what it is.
        row: the type of its rows.
    """

    section: int
    title: str
    row: type


TABLES: Mapping[str, Table] = {
    "accuracy": Table(1, "Accuracy", Accuracy),
    "classes": Table(1, "Recall of each class", ClassAccuracy),
    "calibration": Table(1, "Calibration", Calibration),
    "reliability": Table(1, "Reliability curve", Reliability),
    "gap": Table(2, "The gap between frequent and rare classes", Part),
    "parts": Table(2, "What the last layer does to each class", ClassParts),
    "losses": Table(3, "Where the recall of each class is lost", ClassLoss),
    "rivals": Table(3, "The worst rivals of each class", Rival),
    "corrections": Table(4, "Corrections", Correction),
    "strengths": Table(4, "Sweeps over the strength", Strength),
    "images": Table(5, "More images of a class", Images),
    "fit": Table(6, "Predicted against measured", Fit),
    "normality": Table(6, "Departures from a normal law", Normality),
    "missing": Table(0, "What cannot be said, and what it would take", Missing),
}
"""The tables by their names."""


def meanings(row: type) -> dict[str, str]:
    """Return what each column of a table means, read off the docstring of its row.

    Example:
        >>> meanings(Missing)["needs"]
        'what it would take.'
    """
    text = inspect.cleandoc(row.__doc__ or "").partition("Attributes:\n")[2]
    found = re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", text, flags=re.MULTILINE)
    said = {name: " ".join(meaning.split()) for name, meaning in found}
    return {field.name: said.get(field.name, "") for field in fields(row)}


def plain(row: Any) -> dict[str, Any]:
    """Return a row as a dictionary."""
    return {field.name: getattr(row, field.name) for field in fields(row)}
