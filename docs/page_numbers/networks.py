"""Numbers and tables of docs/results-networks.md, and of README on number and similarity."""

from __future__ import annotations

from empirical.experiments import network_pairs as network_pairs_experiment

from .published import one, parts, summary
from .registry import markdown, number, shown, table


@table
def network_pairs() -> str:
    """Recall of the rarer of two classes, predicted and measured."""
    kinds = (
        ("LDA on features", "lda", "relu", "theorem2", "Theorem 2, from M alone"),
        ("LDA on square roots of features", "lda", "sqrt", "theorem2", "Theorem 2, from M alone"),
        ("", "lda", "sqrt", "together", "balanced covariances, finite samples"),
        ("linear head trained with cross entropy", "head", "relu", "theorem2", "Theorem 2, from M alone"),
        ("networks trained from scratch, 4 pairs", "network", "own", "theorem2", "Theorem 2, from M alone"),
    )
    lines = []
    for title, classifier, features, law, text in kinds:
        found = {
            part["imbalance"]: part
            for part in parts("cifar10/network-pairs", classifier=classifier, features=features, law=law)
        }
        every = found[None]
        errors = [shown(found[ratio]["mae"]) if ratio in found else "" for ratio in (2, 10, 100)]
        last = f"{every['mae']:.1f}, {every['correlation']:.3f}", "yes" if every["met"] else "no"
        lines.append((title, text, *errors, *last))
    return markdown(("classifier", "law", "2", "10", "100", "all", "goal met"), lines)


@table
def number_or_similarity() -> str:
    """The share of number in the drop of recall."""
    lines = []
    for imbalance in (5, 10, 25, 50):
        cells = [
            one("cifar100/similarity-or-number", "share", imbalance=imbalance, source=source)
            for source in ("measured", "theorem2", "finite")
        ]
        drop = one("cifar100/similarity-or-number", "drop", imbalance=imbalance, source="measured")
        lines.append((str(imbalance), shown(drop), *(shown(cell, 0) for cell in cells)))
    head = ("imbalance", "drop, points", "due to number, %", "Theorem 2", "Theorem 2, finite samples")
    return markdown(head, lines)


@table
def shifts() -> str:
    """Theorem 1's shift on features and on pixels."""
    lines = [
        (
            f"{part['mixed']} mixed, seen in {part['space']}",
            str(part["imbalance"]),
            shown(part["error"], 2),
            shown(part["error_printed"]),
            shown(part["inside_printed"], 0),
            shown(part["inside_exact"]),
        )
        for part in summary("cifar10/shift")
    ]
    head = (
        "what is mixed",
        "imbalance",
        "error, %",
        "error as printed, %",
        "in the printed band, %",
        "in the exact band",
    )
    return markdown(head, lines)


@table
def pretraining() -> str:
    """What pre-training does to the separation of classes, and to recall."""
    lines = [
        (f"{part['imbalance']:g}", shown(part["raised"], 2), shown(part["gain_predicted"]), shown(part["gain"]))
        for part in summary("cifar10/pretraining")
    ]
    return markdown(("imbalance", "M raised by", "gain by Theorem 2, points", "gain measured"), lines)


@table
def corrections() -> str:
    """The recall of the minority under corrections of the boundary."""
    lines = [
        (part["level"], part["method"], shown(part["recall_predicted"]), shown(part["recall"]))
        for part in summary("cifar10/corrections")
    ]
    return markdown(("classifier", "correction", "recall predicted, %", "measured"), lines)


@table
def norm_angle() -> str:
    """The gap between the recalls of frequent and rare classes, split."""
    lines = [
        (
            f"{part['imbalance']:g}",
            part["method"].upper(),
            *(shown(part[name]) for name in ("gap", "norms", "biases", "angles", "features")),
        )
        for part in summary("cifar10/norm-angle")
    ]
    return markdown(("imbalance", "method", "gap, points", "norms", "biases", "angles", "features"), lines)


@table
def class_order() -> str:
    """The same gap in the usual order of the classes and in the reverse."""
    lines = [
        (
            f"{part['imbalance']:g}",
            part["method"].upper(),
            *(shown(part[name]) for name in ("recall_labels", "recall_reversed", "recall_rarity", "recall_classes")),
        )
        for part in summary("cifar10/class-order")
    ]
    head = ("imbalance", "method", "usual order, points", "reversed", "due to rarity", "due to which classes are rare")
    return markdown(head, lines)


number("level", 0, lambda: 95)  # of the exact bands of empirical.experiments.shift
number("goal", 2, lambda: network_pairs_experiment.GOAL_CORRELATION)
number("share-5", 0, lambda: one("cifar100/similarity-or-number", "share", imbalance=5, source="measured"))
number("share-50", 0, lambda: one("cifar100/similarity-or-number", "share", imbalance=50, source="measured"))
number("share-5-theory", 0, lambda: one("cifar100/similarity-or-number", "share", imbalance=5, source="theorem2"))
number("share-50-theory", 0, lambda: one("cifar100/similarity-or-number", "share", imbalance=50, source="theorem2"))
