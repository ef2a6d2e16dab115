"""The numbers in README.md and the pages of results, each with the expression that makes it.

``python docs/measured.py`` says what differs, ``python docs/measured.py --write`` puts the numbers right. In a page a
number from data is followed by its name, as in ``55 %<!--share-5-->``, and a whole table stands between
``<!--table: NAME-->`` and ``<!--end-->``. The expressions read the tables in ``figures/published`` and the ledger;
``tests/test_measured.py`` fails where a page and its data differ, and where a number has no name.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

from empirical.claims import statistics
from empirical.claims.paper.printed_tables import published_range
from empirical.experiments import network_pairs as network_pairs_experiment
from empirical.storage.tables import table_bytes, table_file

__all__ = ["NUMBERS", "PAGES", "TABLES", "differences", "rendered", "unnamed"]

ROOT = Path(__file__).parents[1]
PUBLISHED = ROOT / "figures" / "published"
PAPER = "cifar10-paper"
PAGES = (
    "README.md",
    "docs/results-theory.md",
    "docs/results-networks.md",
    "docs/predicted.md",
    "docs/class-counts.md",
    "docs/choosing-tau.md",
    "docs/results-paper.md",
    "docs/speed.md",
)
"""The pages whose numbers are checked."""

NUMBERS: dict[str, Callable[[], str]] = {}
"""The numbers by name."""

TABLES: dict[str, Callable[[], str]] = {}
"""The tables by name, as text of Markdown."""

_NUMBER = r"[-+]?\d[\d,]*(?:\.\d+)?"
_NAMED = re.compile(rf"(?<![\w.])({_NUMBER})((?:[ -]?(?:%|x|points?|s|ms|ns|h|images/s))?)<!--([\w.+-]+)-->")
_TABLE = re.compile(r"<!--table: ([\w-]+)-->\n.*?<!--end-->", re.DOTALL)

_NO_RESULT = (
    r"```.*?```",  # code
    r"<!--table: .*?<!--end-->",
    r"`[^`\n]*`",
    r"\]\([^)]*\)",  # the target of a link
    r"https?://\S+|arXiv\s\d+\.\d+|doi:\S+",
    r"CIFAR-10{1,2}(-LT)?|ResNet-\d+|ImageNet-LT|float(16|32)|bfloat16|Python 3\.\d+",
    r"(Theorems?|Property|Properties|Figures?|Tables?|[Ss]ections?|Case|eq\.) \d+(\.\d+)?( (to|and) \d+(\.\d+)?)?",
    r"[Ii]mbalances? (of )?\d+(, \d+)*( (to|and) \d+)?",
    r"\d+ x \d+( pixels)?",
    r"\d[\d,]* (epochs|classes|pairs|seeds|images|dimensions|principal components|components|superclasses|CPU cores)",
    r"(rho|lambda|tau|beta|alpha) \d+(\.\d+)?",
    r"batch(es)?( of)? \d+",
    r"ln 2|\b2^\d+|10\^\d+",
)
"""What has digits and is no result: names, settings, sizes."""


@cache
def summary(name: str) -> tuple[Mapping[str, Any], ...]:
    """Return the summary of a published table, such as ``cifar10/rebalance``."""
    return tuple(json.loads((PUBLISHED / f"{name}.json").read_text(encoding="utf-8"))["summary"])


@cache
def rows(name: str) -> tuple[Mapping[str, str], ...]:
    """Return the rows of a published table."""
    file = table_file((PUBLISHED / name).parent, Path(name).name)
    return tuple(csv.DictReader(io.StringIO(table_bytes(file).decode(), newline="")))


def parts(name: str, **cells: Any) -> list[Mapping[str, Any]]:
    """Return the parts of a summary that have these cells."""
    return [part for part in summary(name) if all(part[key] == value for key, value in cells.items())]


def one(name: str, column: str, **cells: Any) -> Any:
    """Return a cell of a summary; there must be one part with these cells."""
    [part] = parts(name, **cells)
    return part[column]


def command(name: str) -> str:
    """Return the command that made a published table."""
    return str(json.loads((PUBLISHED / f"{name}.json").read_text(encoding="utf-8"))["command"])


def markdown(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    filled = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in filled).replace("|  |", "| |")


def shown(value: float | None, digits: int = 1) -> str:
    """Return a number of a table; a dash where there is none."""
    return "-" if value is None else f"{value:.{digits}f}"


def rendered(text: str) -> str:
    """Return a page with its numbers and tables as the data have them."""
    text = _TABLE.sub(lambda found: f"<!--table: {found[1]}-->\n{TABLES[found[1]]()}\n<!--end-->", text)
    return _NAMED.sub(lambda found: f"{NUMBERS[found[3]]()}{found[2]}<!--{found[3]}-->", text)


def unnamed(text: str) -> list[str]:
    """Return the numbers of a page that no expression makes, each with what stands around it."""
    text = _NAMED.sub(lambda found: " " * len(found[0]), text)
    for pattern in _NO_RESULT:
        text = re.sub(pattern, lambda found: " " * len(found[0]), text, flags=re.DOTALL)
    text = re.sub(r"(?m)^#+ .*$|^\d+\. ", "", text)
    return [text[max(0, at.start() - 40) : at.end() + 20].replace("\n", " ") for at in re.finditer(_NUMBER, text)]


def differences() -> list[str]:
    """Return the pages that do not say what the data say."""
    return [page for page in PAGES if rendered(text := _read(page)) != text]


def _read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def number(name: str, digits: int, value: Callable[[], float]) -> None:
    """Add a number."""
    NUMBERS[name] = lambda: f"{value():,.{digits}f}"


def table(function: Callable[[], str]) -> Callable[[], str]:
    """Add a table, named as its function."""
    TABLES[function.__name__.replace("_", "-")] = function
    return function


# The theory.


@table
def verdicts() -> str:
    """The paper's statements in words, their verdicts, and what was found."""
    from theory.verdicts.ledger import LEDGER, Proof, Shown, verify

    known: dict[Proof, Shown] = {}
    lines = [(f"`{s.id}`", s.title, verify(s, known).verdict, s.summary) for s in LEDGER]
    return markdown(("statement", "what it says", "verdict", "what was found"), lines)


@table
def bounds() -> str:
    """How far bounds lie above the exact probability."""
    made = json.loads((PUBLISHED / "theory" / "bounds.json").read_text(encoding="utf-8"))
    names = {
        "printed": "printed",
        "chernoff": "`chernoff_bound`, optimal over the exact moment generating function",
        "sub_gaussian": "`sub_gaussian_bound`, the shortest formula",
        "sharp": "`sharp_bound`",
    }
    lines = [(text, *(_two_digits(value) for value in made["ratios"][name])) for name, text in names.items()]
    return markdown(("bound", "5 %", "50 %", "95 %", "largest"), lines)


def _two_digits(value: float) -> str:
    if value < 10:
        return f"{value:.2f}"
    return f"{float(f'{value:.2g}'):,.0f}" if value < 1e7 else f"{value:.1e}"


@table
def raw_images() -> str:
    """Theorem 2 against linear discriminant analysis on raw images."""
    columns = [("digits/pairs", 2), ("digits/pairs", 4), ("digits/pairs", 8), ("cifar10/pairs", 60)]
    lines = []
    for imbalance in (1, 2, 5, 10, 20, 50):
        cells = [parts(name, components=n, imbalance=imbalance)[0] for name, n in columns]
        lines.append((str(imbalance), *(f"{part['mae']:.1f}, {part['correlation']:.2f}" for part in cells)))
    head = ("imbalance", "digits, 2 components", "digits, 4", "digits, 8", "CIFAR-10, 60")
    return markdown(head, lines)


# Theory against networks.


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


_LEAKS = (
    ("LDA, Theorem 2, from M alone", "lda", "theorem2"),
    ("LDA, balanced covariances, finite samples", "lda", "together"),
    ("LDA, own covariances, scores counted", "lda", "moments"),
    ("LDA, balanced scores, moved and counted", "lda", "scores"),
    ("linear head, Theorem 2, from M alone", "head", "theorem2"),
    ("linear head, balanced scores, moved and counted", "head", "scores"),
)


def _leaks() -> list[list[Mapping[str, Any]]]:
    """Return the lines of docs/leak.json for each classifier and law that is shown."""
    made = json.loads((ROOT / "docs" / "leak.json").read_text(encoding="utf-8"))["lines"]
    found = {(line["classifier"], line["law"], line["imbalance"]): line for line in made}
    return [[found[classifier, law, ratio] for ratio in (2, 10, 100)] for _, classifier, law in _LEAKS]


@table
def leak() -> str:
    """The error on the images that a prediction reads, and on others."""
    lines = [
        (text, *(f"{line['same']:.1f}, {line['others']:.1f}" for line in own))
        for (text, *_), own in zip(_LEAKS, _leaks(), strict=True)
    ]
    return markdown(("classifier and law, at imbalance", "2", "10", "100"), lines)


number("leak-most", 1, lambda: max(line["others"] - line["same"] for own in _leaks() for line in own))
number("leak-least", 1, lambda: max(line["same"] - line["others"] for own in _leaks() for line in own))


_CLASS_LAWS = {
    "theorem2": "Theorem 2 for ten classes, one covariance",
    "covariances": "a covariance for each class, normal features",
    "samples": "and the noise of finite samples, normal features",
    "moved": "the balanced rule moved by log priors, images read",
    "drawn": "rules drawn at the class counts, images read",
    "crossed": "the same, all balanced images read",
}


def _classes(network: str, features: str, images: int, law: str, column: str = "mae") -> list[float]:
    """Return a column of the summary at imbalance 2, 10 and 100."""
    where = {"data": f"resnet32-{network}", "features": features, "classifier": "lda", "images": images, "law": law}
    table = f"{PAPER if network in _METHODS else 'cifar10'}/network-classes"
    return [one(table, column, imbalance=ratio, **where) for ratio in (2, 10, 100)]


_METHODS = ("ce", "drw")
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


def _class_laws(networks: Mapping[tuple[str, str], str]) -> str:
    lines = [
        (text, *(", ".join(map(shown, _classes(*kind, 750, law))) for kind in networks))
        for law, text in _CLASS_LAWS.items()
    ]
    floor = ("floor", *(", ".join(map(shown, _classes(*kind, 750, "drawn", "floor"))) for kind in networks))
    return markdown(("law, at imbalance 2, 10, 100", *networks.values()), [*lines, floor])


@table
def network_classes() -> str:
    """The error of each law of the recalls of all classes."""
    return _class_laws(_NETWORKS)


@table
def network_classes_paper() -> str:
    """The same on networks of the paper's scale."""
    return _class_laws(_PAPER_NETWORKS)


number("few", 0, lambda: min(part["images"] for part in summary("cifar10/network-classes")))


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


_HEADS = {
    "lda-tau": "discriminant analysis without its log priors",
    "head": "a head by cross entropy",
    "head-tau": "the same, its logits minus the log priors",
    "head-balanced": "a head in which all classes weigh the same",
}


@table
def network_classes_heads() -> str:
    """The error of the recalls of all classes by other classifiers, and the floor."""
    networks = {"resnet32-balanced": "balanced", "resnet32-longtail": "long tail"}
    return _heads("cifar10/network-classes", networks, 750, (2, 10, 100))


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


@table
def network_classes_transfer_heads() -> str:
    """The error of the recalls of a hundred classes by other classifiers, and the floor."""
    return _heads(_TRANSFER, {"resnet32-balanced-cifar100": "features"}, 450, (100,))


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
        shares = (_mean(few, "measured"), *off)
        lines.append((f"{least + 1} to {most}", *(shown(100 * share) for share in shares)))
    return markdown(("training images of the class", "recall, %", "drawn", "crossed", "floor"), lines)


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


_TRANSFER = "cifar100-transfer/network-classes"
_KINDS = {"plain": "features", "sqrt": "square roots"}


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


def _mean(table: Iterable[Mapping[str, str]], column: str) -> float:
    values = [float(row[column]) for row in table]
    return sum(values) / len(values)


def _lost(table: Sequence[Mapping[str, str]]) -> str:
    return f"{_mean(table, 'lost'):.1f} ({_mean(table, 'lost_95'):.1f})" if table else "-"


def _network(row: Mapping[str, str]) -> str:
    return row["method"] or row["data"]


@table
def which_tau() -> str:
    """What each rule loses on the networks of each method, mean over the seeds, from splits of the largest size."""
    table = rows("cifar10/which-tau")
    largest = max((row["fraction"] for row in table if row["rule"]), key=float)
    own = [row for row in table if row["fraction"] == largest and row["lost"]]
    networks = list(dict.fromkeys(map(_network, own)))
    lines = []
    for rule in dict.fromkeys(row["rule"] for row in own):
        cells = [[row for row in own if (row["rule"], _network(row)) == (rule, name)] for name in networks]
        lines.append([rule, *map(_lost, cells)])
    first = [[row for row in own if (row["rule"], _network(row)) == ("likelihood", name)] for name in networks]
    known = [
        ["networks", *(str(len(part)) for part in first)],
        ["mean over the classes at the best tau, %", *(shown(_mean(part, "best")) for part in first)],
        ["the best tau", *(shown(_mean(part, "best_tau"), 2) for part in first)],
        ["tau by likelihood", *(f"{_mean(part, 'tau'):.2f} +- {_mean(part, 'tau_spread'):.2f}" for part in first)],
        ["temperature by likelihood", *(shown(_mean(part, "temperature"), 2) for part in first)],
        ["splits without doubts, %", *(shown(100 * _mean(part, "trusted"), 0) for part in first)],
    ]
    return markdown(["rule", *networks], [*known, *lines])


@table
def which_tau_sizes() -> str:
    """What rules that choose on the split lose by its size."""
    table = [row for row in rows("cifar10/which-tau") if row["lost"]]
    rules = ("likelihood", "swept", "temperature", "mean posterior", "vector scaling", "tau-normalisation")
    lines = []
    for fraction in dict.fromkeys(row["fraction"] for row in table):
        own = [row for row in table if row["fraction"] == fraction]
        cells = []
        for rule in rules:
            mine = [row for row in own if row["rule"] == rule]
            cells.append(_lost(mine))
        lines.append([f"{100 * float(fraction):g} %", own[0]["images"], own[0]["rarest"], *cells])
    return markdown(["split", "images", "of the rarest class", *rules], lines)


@table
def which_tau_hundred() -> str:
    """What rules for tau lose on networks of a hundred classes, from a split of a tenth."""
    own = [row for row in rows("cifar100/which-tau") if row["lost"] and float(row["fraction"]) == 0.1]
    names = ("likelihood", "swept", "tau 1", "mean posterior", "vector scaling", "tau-normalisation", "retrained head")
    lines = []
    for place in dict.fromkeys((row["imbalance"], row["method"]) for row in own):
        mine = [row for row in own if (row["imbalance"], row["method"]) == place]
        cells = {name: [row for row in mine if row["rule"] == name] for name in names}
        fit = cells["likelihood"]
        known = (shown(_mean(fit, "best_tau"), 2), shown(_mean(fit, "tau"), 2), shown(100 * _mean(fit, "trusted"), 0))
        lines.append((f"{float(place[0]):g}", place[1], *known, *map(_lost, cells.values())))
    last = ["mean", "", "", "", "", *(_lost([row for row in own if row["rule"] == name]) for name in names)]
    head = ("imbalance", "method", "best tau", "tau by likelihood", "without doubts, %", *names)
    return markdown(head, [*lines, last])


# The paper's own scale.


@cache
def networks() -> tuple[Mapping[str, Any], ...]:
    """Return the results of the published networks, in the order of Table 1."""
    found = [json.loads(file.read_text(encoding="utf-8")) for file in (PUBLISHED / PAPER / "networks").glob("*.json")]
    methods = [part["method"] for part in summary(f"{PAPER}/rebalance")]
    return tuple(sorted(found, key=lambda one: (one["config"]["seed"], methods.index(one["config"]["method"]))))


def claims(folder: str) -> list[Mapping[str, Any]]:
    """Return the judged claims of a folder of published tables."""
    return list(json.loads((PUBLISHED / folder / "claims.json").read_text(encoding="utf-8"))["claims"])


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
        (one["config"]["method"].upper(), *(shown(100 * recall, 0) for recall in one["last"]["per_class"]))
        for one in networks()
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
def which_tau_paper() -> str:
    """What rules for tau lose at the paper's scale."""
    table = [row for row in rows(f"{PAPER}/which-tau") if row["lost"]]
    places = list(dict.fromkeys((row["method"], row["fraction"]) for row in table))
    cells = {place: [row for row in table if (row["method"], row["fraction"]) == place] for place in places}
    lines = [
        ["mean over the classes at the best tau, %", *(shown(float(own[0]["best"])) for own in cells.values())],
        ["the best tau", *(shown(float(own[0]["best_tau"]), 2) for own in cells.values())],
    ]
    for name in ("tau", "temperature"):
        found = (next(row[name] for row in own if row["rule"] == "likelihood") for own in cells.values())
        lines.append([f"{name} by likelihood", *(shown(float(value), 2) for value in found)])
    for rule in dict.fromkeys(row["rule"] for row in table):
        lines.append([rule, *(_lost([row for row in own if row["rule"] == rule]) for own in cells.values())])
    return markdown(["rule", *(f"{method}, {100 * float(part):g} %" for method, part in places)], lines)


@table
def networks_paper() -> str:
    """How the published networks were trained."""
    lines = []
    for one in networks():
        images = one["config"]["epochs"] * sum(one["counts"])
        precision = ", then ".join(part for part, _ in groupby(part["precision"] for part in one["executions"]))
        name, method, hours = f"`{one['hash']}`", one["config"]["method"], shown(one["seconds"] / 3600)
        lines.append((name, method, precision, one["processor"], f"{images / one['seconds']:,.0f}", hours))
    return markdown(("network", "method", "precision", "processor", "images/s, mean", "hours"), lines)


_TRAINED = ("ce", "rs", "drw")
for _method in _TRAINED:
    number(f"{_method}-paper", 1, lambda m=_method: one(f"{PAPER}/rebalance", "last", method=m, pretrain="none"))
for _method in ("ce", "rs"):
    number(f"norms-{_method}-paper", 1, lambda m=_method: one(f"{PAPER}/norms", "std_100", method=m))
    number(f"norms-{_method}-small", 1, lambda m=_method: one("cifar10/norms", "std_100", method=m, imbalance=100))


def _lost_paper(rule: str) -> float:
    table = (row for row in rows(f"{PAPER}/which-tau") if row["rule"] == rule and row["method"] == "ce")
    return max((float(row["fraction"]), float(row["lost"])) for row in table)[1]


number("tau-likelihood-paper", 1, lambda: _lost_paper("likelihood"))
number("tau-swept-paper", 1, lambda: _lost_paper("swept"))
number("tau-one-paper", 1, lambda: _lost_paper("tau 1"))
number("gap-paper", 1, lambda: one(f"{PAPER}/norm-angle", "gap", method="ce"))
number("gap-norms-paper", 1, lambda: one(f"{PAPER}/norm-angle", "norms", method="ce"))
number("gap-biases-paper", 1, lambda: one(f"{PAPER}/norm-angle", "biases", method="ce"))
number("gap-features-rs", 1, lambda: one(f"{PAPER}/norm-angle", "features", method="rs"))
number("gap-rest-rs", 1, lambda: sum(one(f"{PAPER}/norm-angle", n, method="rs") for n in ("norms", "biases", "angles")))


def _small_accuracy(method: str) -> float:
    return float(one("cifar10/rebalance", "last", method=method, pretrain="none", imbalance=100))


def _best_of_taus(method: str) -> float:
    return next(float(row["best"]) for row in rows(f"{PAPER}/which-tau") if row["method"] == method)


number("gain-rs-small", 1, lambda: _small_accuracy("rs") - _small_accuracy("ce"))
number("best-spread-paper", 1, lambda: max(map(_best_of_taus, _TRAINED)) - min(map(_best_of_taus, _TRAINED)))
for _method in _TRAINED:
    for _place, _end in enumerate(("low", "high")):
        number(f"{_method}-{_end}", 1, lambda m=_method, p=_place: published_range("cifar10", 100, m, "none")[p])


# The paper's measurements.


def _accuracies(name: str, columns: Sequence[str], printed: bool = True) -> str:
    lines = []
    for part in summary(name):
        cells = [str(f"{part[key]:g}" if isinstance(part[key], float) else part[key]) for key in columns]
        last = [shown(part["printed"]), part["peers"] or "-"] if printed else []
        lines.append((*cells, shown(part["last"]), shown(part["spread"]), *last))
    head = (*columns, "accuracy, %", "standard deviation", *(["printed", "others print"] if printed else []))
    return markdown(head, lines)


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
def norms_small() -> str:
    """Table 2 in the small profile."""
    return _norms("cifar10/norms")


@table
def norms_small_cifar100() -> str:
    """Table 2 in the small profile, CIFAR-100."""
    return _norms("cifar100/norms")


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


def _claims(data: str, begins: str) -> str:
    lines = []
    for claim in claims(data):
        if claim["id"].startswith(begins) and claim["verdict"] != "not measured":
            own = claim["as_printed"]
            text = (claim.get("printed") or claim["predicted"]).replace("|", "\\|")
            verdict = claim["verdict"].split()[0]
            lines.append((f"`{claim['id']}`", text, verdict, f"{own['holds']} of {own['cells']}" if own else ""))
    return markdown(("", "sentence", "verdict", "own tables"), lines)


@table
def sentences() -> str:
    """The paper's sentences about its measurements, judged by the small profile."""
    return _claims("cifar10", "E")


@table
def predictions() -> str:
    """Our predictions, judged by the small profile."""
    return _claims("cifar10", "N")


# Speed.


@table
def training_speed() -> str:
    """Training against the reference loop."""
    made = json.loads((PUBLISHED / "bench.json").read_text(encoding="utf-8"))
    lines = []
    for name in (made["reference"], *made["ratios"]):
        measured, ratio = made["candidates"][name], made["ratios"].get(name)
        speed, share = f"{measured['images_per_second']:.0f}", f"{100 * measured['share']:.0f} %"
        lines.append((name, speed, f"{ratio:.2f}x" if ratio else "", share))
    return markdown(("loop", "images/s", "against the reference", "of the ceiling"), lines)


number("tau-likelihood", 1, lambda: one("cifar10/which-tau", "lost", fraction=0.1, rule="likelihood"))
number("tau-swept", 1, lambda: one("cifar10/which-tau", "lost", fraction=0.1, rule="swept"))
number("classes-error", 1, lambda: _classes_at_100("mae"))
number("classes-floor", 1, lambda: _classes_at_100("floor"))
number("level", 0, lambda: 95)  # of the exact bands of empirical.experiments.shift
number("alpha", 0, lambda: 100 * statistics.ALPHA)
number("goal", 2, lambda: network_pairs_experiment.GOAL_CORRELATION)
number("share-5", 0, lambda: one("cifar100/similarity-or-number", "share", imbalance=5, source="measured"))
number("share-50", 0, lambda: one("cifar100/similarity-or-number", "share", imbalance=50, source="measured"))
number("share-5-theory", 0, lambda: one("cifar100/similarity-or-number", "share", imbalance=5, source="theorem2"))
number("share-50-theory", 0, lambda: one("cifar100/similarity-or-number", "share", imbalance=50, source="theorem2"))


def _classes_at_100(column: str) -> float:
    """Return the mean over networks and features of a column at imbalance 100, of the law that reads all images."""
    own = parts("cifar10/network-classes", imbalance=100, images=750, law="crossed", classifier="lda")
    return sum(part[column] for part in own) / len(own)


def main(argv: Sequence[str] | None = None) -> int:
    """Say which pages differ from the data, or write them."""
    parser = argparse.ArgumentParser(description="Compare the numbers in README.md and docs with the published tables.")
    parser.add_argument("--write", action="store_true", help="put the numbers right")
    args = parser.parse_args(argv)
    wrong = differences()
    for page in wrong:
        print(f"{page}: {'written' if args.write else 'differs from the data'}")
        if args.write:
            (ROOT / page).write_text(rendered(_read(page)), encoding="utf-8")
    for page in PAGES:
        for text in unnamed(_read(page)):
            print(f"{page}: a number without an expression: ...{text}...")
    return int(bool(wrong) and not args.write)


if __name__ == "__main__":
    sys.exit(main())
