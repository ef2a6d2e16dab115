"""Numbers and tables of docs/results-paper.md and README from networks of the paper's own scale."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache, partial
from itertools import groupby
from typing import Any

from empirical.claims.paper.printed_tables import published_range

from .published import PAPER, PUBLISHED, claims, one, parts, rows, summary
from .registry import markdown, number, shown, table


@cache
def networks() -> tuple[Mapping[str, Any], ...]:
    """Return the results of the published networks, in the order of Table 1."""
    found = [json.loads(file.read_text(encoding="utf-8")) for file in (PUBLISHED / PAPER / "networks").glob("*.json")]
    order = [(part["pretrain"], part["method"]) for part in summary(f"{PAPER}/rebalance")]

    def place(made: Mapping[str, Any]) -> tuple[int, int]:
        return made["config"]["seed"], order.index((made["config"]["pretrain"], made["config"]["method"]))

    return tuple(sorted(found, key=place))


def _name(config: Mapping[str, Any]) -> str:
    """Return what tables call a network of this configuration."""
    parts = [config["method"].upper()]
    parts += [] if config["pretrain"] == "none" else [config["pretrain"]]
    parts += [f"seed {config['seed']}"] if config["seed"] else []
    return ", ".join(parts)


def paper(name: str) -> list[Mapping[str, Any]]:
    """Return the parts of a summary that were measured."""
    return [part for part in summary(f"{PAPER}/{name}") if part["seeds"]]


@table
def table1_paper() -> str:
    """Table 1 at the paper's scale."""
    lines = []
    for part in paper("rebalance"):
        ends = published_range(part["data"], part["imbalance"], part["method"], part["pretrain"])
        between = "-" if ends is None else f"{ends[0]:.1f} to {ends[1]:.1f}"
        cells = (shown(part[key]) for key in ("last", "best", "printed"))
        lines.append((part["method"], part["pretrain"], str(part["seeds"]), *cells, between))
    numbers = ("last epoch, %", "best of ten epochs", "printed", "range of published numbers")
    return markdown(("method", "pretrain", "seeds", *numbers), lines)


@table
def norms_paper() -> str:
    """Table 2 at the paper's scale."""
    lines = [(part["method"].upper(), shown(part["std_100"]), shown(part["printed"])) for part in paper("norms")]
    return markdown(("method", "100 x standard deviation", "printed"), lines)


@table
def norm_angle_paper() -> str:
    """The gap between frequent and rare classes at the paper's scale, beside the small profile's."""
    names = ("gap", "norms", "biases", "angles", "features")
    lines = []
    for part in paper("norm-angle"):
        [small] = parts("cifar10/norm-angle", imbalance=part["imbalance"], method=part["method"])
        both = (("ResNet-32, 200 epochs", part), ("profile cpu", small))
        lines += [(part["method"].upper(), network, *(shown(own[name]) for name in names)) for network, own in both]
    return markdown(("method", "network", "gap, points", *names[1:]), lines)


@table
def recalls_paper() -> str:
    """The recall of each class at the paper's scale."""
    [first, *_] = networks()
    lines = [
        (_name(one["config"]), *(shown(100 * recall, 0) for recall in one["last"]["per_class"])) for one in networks()
    ]
    classes = [f"{name} ({count:,})" for name, count in zip(first["classes"], first["counts"], strict=True)]
    return markdown(("method", *classes), lines)


@table
def directions_paper() -> str:
    """Which sentences and predictions one run at the paper's scale bears out, beside the small profile's verdicts."""
    small = {claim["id"]: claim["verdict"] for claim in claims("cifar10")}
    lines = []
    for claim in claims(PAPER):
        for part in claim["comparisons"]:
            if part["seeds"] == 1 and part["decides"]:
                side = "for it" if part["mean"] > 0 else "against it"
                what = part["label"].removeprefix("cifar10, imbalance 100, ").replace("|", "\\|")
                verdict = small[claim["id"]].removesuffix(" at this scale")
                lines.append((f"`{claim['id']}`", what, shown(part["mean"], 2), side, verdict))
    return markdown(("sentence", "statistic", "in one run", "speaks", "verdict of the profile `cpu`"), lines)


@table
def networks_paper() -> str:
    """How the published networks were trained."""
    lines = []
    for made in networks():
        images = made["config"]["epochs"] * sum(made["counts"])
        precision = ", then ".join(part for part, _ in groupby(part["precision"] for part in made["executions"]))
        name, method, hours = f"`{made['hash']}`", _name(made["config"]), shown(made["seconds"] / 3600)
        lines.append((name, method, precision, made["processor"], f"{images / made['seconds']:,.0f}", hours))
    return markdown(("network", "method", "precision", "processor", "images/s, mean", "hours"), lines)


def _small_accuracy(method: str) -> float:
    return float(one("cifar10/rebalance", "last", method=method, pretrain="none", imbalance=100))


def _best_of_taus(method: str) -> float:
    return next(float(row["best"]) for row in rows(f"{PAPER}/which-tau") if row["method"] == method)


def _published_end(method: str, place: int, pretrain: str = "none") -> float:
    ends: Sequence[float] = published_range("cifar10", 100, method, pretrain) or ()
    return ends[place]


def _accuracy(column: str, method: str, pretrain: str) -> float:
    return float(one(f"{PAPER}/rebalance", column, method=method, pretrain=pretrain))


def _second(method: str) -> float:
    """Return the accuracy of a network of seed 1."""
    [made] = [one for one in networks() if one["config"]["seed"] == 1 and one["config"]["method"] == method]
    return 100 * float(made["last"]["accuracy"])


def _gain(column: str, method: str) -> float:
    """Return what the pre-training adds to an accuracy, measured or printed."""
    return _accuracy(column, method, "rotation") - _accuracy(column, method, "none")


_TRAINED = ("ce", "rs", "rw", "drw")
for _method in ("ce", "drw"):
    number(f"{_method}-second-paper", 1, partial(_second, _method))
    number(f"{_method}-seeds-apart", 1, lambda m=_method: _second(m) - _accuracy("last", m, "none"))
for _method in ("ce", "rs", "rw"):
    number(f"norms-{_method}-paper", 1, partial(one, f"{PAPER}/norms", "std_100", method=_method))
    number(f"norms-{_method}-small", 1, partial(one, "cifar10/norms", "std_100", method=_method, imbalance=100))
for _method in _TRAINED:
    number(f"{_method}-paper", 1, partial(_accuracy, "last", _method, "none"))
    for _place, _end in enumerate(("low", "high")):
        number(f"{_method}-{_end}", 1, partial(_published_end, _method, _place))
    number(f"{_method}-rotation-paper", 1, partial(_accuracy, "last", _method, "rotation"))
    number(f"{_method}-gain-paper", 1, partial(_gain, "last", _method))
    number(f"{_method}-gain-printed", 1, partial(_gain, "printed", _method))
number("rw-rs-rotation", 1, lambda: _accuracy("last", "rw", "rotation") - _accuracy("last", "rs", "rotation"))
number("ce-rotation-below", 1, lambda: _published_end("ce", 0, "rotation") - _accuracy("last", "ce", "rotation"))
number("gap-paper", 1, partial(one, f"{PAPER}/norm-angle", "gap", method="ce"))
for _part in ("norms", "biases", "features", "angles"):
    number(f"gap-{_part}-paper", 1, partial(one, f"{PAPER}/norm-angle", _part, method="ce"))
number("gap-biases-least", 1, lambda: min(part["biases"] for part in paper("norm-angle")))
number("gap-biases-most", 1, lambda: max(part["biases"] for part in paper("norm-angle")))
number("ce-below", 1, lambda: _published_end("ce", 0) - _accuracy("last", "ce", "none"))
number("gap-features-rs", 1, lambda: one(f"{PAPER}/norm-angle", "features", method="rs"))
number("gap-rest-rs", 1, lambda: sum(one(f"{PAPER}/norm-angle", n, method="rs") for n in ("norms", "biases", "angles")))
number("gain-rs-small", 1, lambda: _small_accuracy("rs") - _small_accuracy("ce"))
_CLOSE = ("ce", "rs", "drw")
number("best-spread-paper", 1, lambda: max(map(_best_of_taus, _CLOSE)) - min(map(_best_of_taus, _CLOSE)))
number("best-rw-below-ce", 1, lambda: _best_of_taus("ce") - _best_of_taus("rw"))
