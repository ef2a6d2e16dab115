"""Tables of docs/results-paper.md from the small profile."""

from __future__ import annotations

from collections.abc import Sequence

from .published import summary
from .registry import markdown, shown, table


@table
def table1_small() -> str:
    """Table 1 in the small profile."""
    return _accuracies("cifar10/rebalance", ("imbalance", "method", "pretrain"))


@table
def table1_small_cifar100() -> str:
    """Table 1 in the small profile, CIFAR-100."""
    return _accuracies("cifar100/rebalance", ("imbalance", "method", "pretrain"))


@table
def losses_small() -> str:
    """Losses in the small profile."""
    return _accuracies("cifar10/losses", ("method", "pretrain"), printed=False)


@table
def depth_small() -> str:
    """Depths in the small profile."""
    return _accuracies("cifar10/depth", ("depth", "pretrain"), printed=False)


@table
def ssl_small() -> str:
    """Pre-trainings in the small profile."""
    return _accuracies("cifar10/ssl", ("imbalance", "pretrain"), printed=False)


def _accuracies(name: str, columns: Sequence[str], printed: bool = True) -> str:
    lines = []
    for part in summary(name):
        cells = [str(f"{part[key]:g}" if isinstance(part[key], float) else part[key]) for key in columns]
        last = [shown(part["printed"]), part["peers"] or "-"] if printed else []
        lines.append((*cells, shown(part["last"]), shown(part["spread"]), *last))
    head = (*columns, "accuracy, %", "standard deviation", *(["printed", "others print"] if printed else []))
    return markdown(head, lines)


@table
def norms_small() -> str:
    """Table 2 in the small profile."""
    return _norms("cifar10/norms")


@table
def norms_small_cifar100() -> str:
    """Table 2 in the small profile, CIFAR-100."""
    return _norms("cifar100/norms")


def _norms(name: str) -> str:
    lines = [
        (
            f"{part['imbalance']:g}",
            part["method"].upper(),
            *(shown(part[key]) for key in ("std_100", "spread", "printed")),
        )
        for part in summary(name)
    ]
    return markdown(("imbalance", "method", "100 x standard deviation", "over seeds", "printed"), lines)


@table
def majority_small() -> str:
    """Figure 1 in the small profile."""
    lines = [
        (str(part["majority_images"]), shown(part["minority"]), shown(part["spread"]), shown(part["majority"]))
        for part in summary("cifar10/majority")
    ]
    return markdown(("images of each other class", "recall of the tenth, %", "standard deviation", "others"), lines)


@table
def minority_small() -> str:
    """Figure 2 in the small profile."""
    lines = [
        (str(part["minority_images"]), shown(part["minority"]), shown(part["spread"]), shown(part["majority"]))
        for part in summary("cifar10/minority")
    ]
    return markdown(("images of the tenth class", "its recall, %", "standard deviation", "others"), lines)


@table
def similar_small() -> str:
    """Figure 3 in the small profile."""
    lines = [
        (f"{part['imbalance']:g}", f"{part['fraction']:g}", shown(part["majority"]), shown(part["minority"]))
        for part in summary("cifar10/similar-fraction")
    ]
    return markdown(("imbalance", "rho", "recall of the majority, %", "of the minority"), lines)


@table
def similar_readouts() -> str:
    """Figure 3 by what has no floor."""
    lines = [
        (f"{part['fraction']:g}", shown(part["adjusted"]), shown(part["log_odds"]), shown(part["auc"], 2))
        for part in summary("cifar10-readouts/similar-fraction")
    ]
    return markdown(("rho", "recall less log priors, %", "mean log odds", "area under the ROC curve"), lines)
