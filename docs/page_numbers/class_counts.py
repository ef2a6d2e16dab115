"""Numbers and tables of docs/class-counts.md, and of README on the recalls of all classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from .published import PAPER, mean, one, parts, rows, summary
from .registry import markdown, number, shown, table

_CLASS_LAWS = {
    "theorem2": "Theorem 2 for ten classes, one covariance",
    "covariances": "a covariance for each class, normal features",
    "samples": "and the noise of finite samples, normal features",
    "moved": "the balanced rule moved by log priors, images read",
    "drawn": "rules drawn at the class counts, images read",
    "crossed": "the same, all balanced images read",
}
_METHODS = ("ce", "rs", "drw")
_NETWORKS = {
    ("balanced", "plain"): "balanced, features",
    ("balanced", "sqrt"): "balanced, square roots",
    ("longtail", "plain"): "long tail, features",
    ("longtail", "sqrt"): "long tail, square roots",
}
_PAPER_NETWORKS = {
    (method, features): f"{method.upper()}, {text}"
    for method in _METHODS
    for features, text in (("plain", "features"), ("sqrt", "square roots"))
}
_HEADS = {
    "lda-tau": "discriminant analysis without its log priors",
    "head": "a head by cross entropy",
    "head-tau": "the same, its logits minus the log priors",
    "head-balanced": "a head in which all classes weigh the same",
}
_TRANSFER = "cifar100-transfer/network-classes"
_KINDS = {"plain": "features", "sqrt": "square roots"}


@table
def network_classes() -> str:
    """The error of each law of the recalls of all classes."""
    return _class_laws(_NETWORKS)


@table
def network_classes_paper() -> str:
    """The same on networks of the paper's scale."""
    return _class_laws(_PAPER_NETWORKS)


def _class_laws(networks: Mapping[tuple[str, str], str]) -> str:
    lines = [
        (text, *(", ".join(map(shown, _classes(*kind, 750, law))) for kind in networks))
        for law, text in _CLASS_LAWS.items()
    ]
    floor = ("floor", *(", ".join(map(shown, _classes(*kind, 750, "drawn", "floor"))) for kind in networks))
    return markdown(("law, at imbalance 2, 10, 100", *networks.values()), [*lines, floor])


def _classes(network: str, features: str, images: int, law: str, column: str = "mae") -> list[float]:
    """Return a column of the summary at imbalance 2, 10 and 100."""
    where = {"data": f"resnet32-{network}", "features": features, "classifier": "lda", "images": images, "law": law}
    table = f"{PAPER if network in _METHODS else 'cifar10'}/network-classes"
    return [one(table, column, imbalance=ratio, **where) for ratio in (2, 10, 100)]


@table
def network_classes_few() -> str:
    """The error of the recalls of all classes from few images."""
    kinds = {(f"resnet32-{network}", features): text for (network, features), text in _NETWORKS.items()}
    return _few("cifar10/network-classes", kinds, (20, 50, 100, 200))


def _few(where: str, kinds: Mapping[tuple[str, str], str], numbers: Sequence[int]) -> str:
    lines = []
    for images in numbers:
        cells = []
        for data, features in kinds:
            own = {"data": data, "features": features, "classifier": "lda", "images": images, "law": "crossed"}
            found = [[one(where, name, imbalance=r, **own) for name in ("mae", "floor")] for r in (2, 10, 100)]
            cells.append(", ".join(f"{error:.1f} ({floor:.1f})" for error, floor in found))
        lines.append((str(images), *cells))
    return markdown(("images of each class", *kinds.values()), lines)


@table
def network_classes_heads() -> str:
    """The error of the recalls of all classes by other classifiers, and the floor."""
    networks = {"resnet32-balanced": "balanced", "resnet32-longtail": "long tail"}
    return _heads("cifar10/network-classes", networks, 750, (2, 10, 100))


@table
def network_classes_paper_heads() -> str:
    """The same on networks of the paper's scale."""
    networks = {"resnet32-ce-half": "CE", "resnet32-rs": "RS", "resnet32-drw-half": "DRW"}
    return _heads(f"{PAPER}/network-classes", networks, 750, (2, 10, 100))


def _heads(where: str, networks: Mapping[str, str], images: int, ratios: Sequence[int]) -> str:
    lines = []
    for classifier, text in _HEADS.items():
        for law in ("drawn", "crossed", "floor"):
            column, of = ("floor", "drawn") if law == "floor" else ("mae", law)
            own = {"features": "plain", "classifier": classifier, "images": images, "law": of}
            cells = (
                ", ".join(shown(one(where, column, data=data, imbalance=r, **own)) for r in ratios) for data in networks
            )
            lines.append((text, law, *cells))
    return markdown(("classifier", f"law, at imbalance {', '.join(map(str, ratios))}", *networks.values()), lines)


@table
def network_classes_hundred() -> str:
    """The error of each law of the recalls of a hundred classes."""
    return _hundred("cifar100/network-classes", "resnet8-cifar100", 263, (10, 50))


@table
def network_classes_transfer() -> str:
    """The same on features of a network that was trained on ten other classes."""
    return _hundred(_TRANSFER, "resnet32-balanced-cifar100", 450, (2, 10, 100))


def _hundred(where: str, data: str, images: int, ratios: Sequence[int]) -> str:
    lines = []
    for law, text in {**_CLASS_LAWS, "floor": "floor"}.items():
        column, of = ("floor", "drawn") if law == "floor" else ("mae", law)
        cells = []
        for kind in ("plain", "sqrt"):
            own = {"data": data, "features": kind, "classifier": "lda", "images": images, "law": of}
            cells.append(", ".join(shown(one(where, column, imbalance=ratio, **own)) for ratio in ratios))
        lines.append((text.replace("ten", "a hundred"), *cells))
    return markdown((f"law, at imbalance {', '.join(map(str, ratios))}", "features", "square roots"), lines)


@table
def network_classes_transfer_heads() -> str:
    """The error of the recalls of a hundred classes by other classifiers, and the floor."""
    return _heads(_TRANSFER, {"resnet32-balanced-cifar100": "features"}, 450, (2, 10, 100))


@table
def network_classes_transfer_few() -> str:
    """The error of the recalls of a hundred classes from few images."""
    kinds = {("resnet32-balanced-cifar100", kind): text for kind, text in _KINDS.items()}
    return _few(_TRANSFER, kinds, (20, 50, 100))


@table
def network_classes_transfer_rare() -> str:
    """The error at imbalance 100 by the number of training images of a class, and the floor."""
    where = {"features": "plain", "classifier": "lda", "images": "450", "imbalance": "100"}
    own = [row for row in rows(_TRANSFER) if all(row[name] == value for name, value in where.items())]
    lines = []
    for least, most in pairwise((2, 5, 15, 50, 150, 300)):
        few = [row for row in own if least < int(row["n"]) <= most]
        off = (
            sum(abs(float(row[law]) - float(row["measured"])) for row in few) / len(few)
            for law in ("drawn", "crossed", "floor")
        )
        shares = (mean(few, "measured"), *off)
        lines.append((f"{least + 1} to {most}", *(shown(100 * share) for share in shares)))
    return markdown(("training images of the class", "recall, %", "drawn", "crossed", "floor"), lines)


def _classes_at_100(column: str) -> float:
    """Return the mean over networks and features of a column at imbalance 100, of the law that reads all images."""
    own = parts("cifar10/network-classes", imbalance=100, images=750, law="crossed", classifier="lda")
    return float(sum(part[column] for part in own) / len(own))


number("few", 0, lambda: min(part["images"] for part in summary("cifar10/network-classes")))
number("classes-error", 1, lambda: _classes_at_100("mae"))
number("classes-floor", 1, lambda: _classes_at_100("floor"))
