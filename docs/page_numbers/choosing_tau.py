"""Numbers and tables of docs/choosing-tau.md, and of README on tau."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .published import PAPER, mean, one, parts, rows
from .registry import markdown, number, shown, table


@table
def which_tau() -> str:
    """What each rule loses on the networks of each method at imbalance 100, mean over the seeds, from a tenth."""
    own = _split("cifar10/which-tau", 100)
    networks = list(dict.fromkeys(map(_network, own)))
    lines = []
    for rule in dict.fromkeys(row["rule"] for row in own):
        cells = [[row for row in own if (row["rule"], _network(row)) == (rule, name)] for name in networks]
        lines.append([rule, *map(_lost, cells)])
    first = [[row for row in own if (row["rule"], _network(row)) == ("likelihood", name)] for name in networks]
    known = [
        ["networks", *(str(len(part)) for part in first)],
        ["mean over the classes at the best tau, %", *(shown(mean(part, "best")) for part in first)],
        ["the best tau", *(shown(mean(part, "best_tau"), 2) for part in first)],
        ["tau by likelihood", *(f"{mean(part, 'tau'):.2f} +- {mean(part, 'tau_spread'):.2f}" for part in first)],
        ["temperature by likelihood", *(shown(mean(part, "temperature"), 2) for part in first)],
        ["splits without doubts, %", *(shown(100 * mean(part, "trusted"), 0) for part in first)],
    ]
    return markdown(["rule", *networks], [*known, *lines])


def _network(row: Mapping[str, str]) -> str:
    return row["method"] or row["data"]


@table
def which_tau_sizes() -> str:
    """What rules that choose on the split lose by its size."""
    table = [row for row in rows("cifar10/which-tau") if row["lost"] and float(row["imbalance"]) == 100]
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
    return _by_network([row for imbalance in (10, 100) for row in _split("cifar100/which-tau", imbalance)])


@table
def which_tau_ten() -> str:
    """What rules for tau lose on networks of ten classes at imbalance 10, from a split of a tenth."""
    return _by_network(_split("cifar10/which-tau", 10))


def _split(name: str, imbalance: float, fraction: float = 0.1) -> list[Mapping[str, str]]:
    """Return what was measured at an imbalance with splits of a tenth of the training counts, or another fraction."""
    places = {"fraction": fraction, "imbalance": imbalance}
    return [row for row in rows(name) if row["lost"] and all(float(row[key]) == value for key, value in places.items())]


def _by_network(own: Sequence[Mapping[str, str]]) -> str:
    """Return a table with a line for each imbalance and method, mean over the seeds."""
    names = ("likelihood", "swept", "tau 1", "mean posterior", "vector scaling", "tau-normalisation", "retrained head")
    lines = []
    for place in dict.fromkeys((row["imbalance"], row["method"]) for row in own):
        mine = [row for row in own if (row["imbalance"], row["method"]) == place]
        cells = {name: [row for row in mine if row["rule"] == name] for name in names}
        fit = cells["likelihood"]
        known = (shown(mean(fit, "best_tau"), 2), shown(mean(fit, "tau"), 2), shown(100 * mean(fit, "trusted"), 0))
        lines.append((f"{float(place[0]):g}", place[1], *known, *map(_lost, cells.values())))
    last = ["mean", "", "", "", "", *(_lost([row for row in own if row["rule"] == name]) for name in names)]
    head = ("imbalance", "method", "best tau", "tau by likelihood", "without doubts, %", *names)
    return markdown(head, [*lines, last])


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
def corrections_paper() -> str:
    """Corrections of linear classifiers of two classes on features of the paper's scale."""
    networks = {"resnet32-ce-half.npz": "CE", "resnet32-rs.npz": "RS", "resnet32-drw-half.npz": "DRW"}
    methods = {
        "ce": "none",
        "logit-adjustment": "logit adjustment in training",
        "retrained": "classes drawn equally often",
        "post-hoc": "`tau = 1` after training",
        "likelihood": "tau by likelihood",
    }
    lines = []
    for imbalance in (10, 100):
        for method, text in methods.items():
            found = parts(f"{PAPER}/corrections", imbalance=imbalance, method=method)
            own = [part for data in networks for part in found if part["data"] == data]
            offsets = ", ".join(shown(100 * part["measured"], 0) for part in own)
            recalls = ", ".join(f"{part['recall']:.0f} ({part['recall_predicted']:.0f})" for part in own)
            refused = ", ".join(str(part["refused"]) for part in own) if method == "likelihood" else ""
            lines.append((str(imbalance), text, offsets, recalls, refused))
    names = ", ".join(networks.values())
    head = (
        "imbalance",
        "correction",
        f"offset, %: {names}",
        "recall of the rarer class (predicted), %",
        "fits refused of 50",
    )
    return markdown(head, lines)


def _lost(table: Sequence[Mapping[str, str]]) -> str:
    return f"{mean(table, 'lost'):.1f} ({mean(table, 'lost_95'):.1f})" if table else "-"


def _hundred(rule: str, imbalance: float, fraction: float = 0.1) -> float:
    """Return the points that a rule loses with a hundred classes, mean over the networks."""
    own = _split("cifar100/which-tau", imbalance, fraction)
    return mean([row for row in own if row["rule"] == rule], "lost")


def _paper(column: str, rule: str, method: str | None = None) -> float:
    """Return the mean of a column at the paper's scale with a split of a tenth, of one method or over all."""
    own = _split(f"{PAPER}/which-tau", 100)
    return mean([row for row in own if row["rule"] == rule and method in (None, row["method"])], column)


number("tau-likelihood", 1, lambda: one("cifar10/which-tau", "lost", fraction=0.1, rule="likelihood"))
number("tau-swept", 1, lambda: one("cifar10/which-tau", "lost", fraction=0.1, rule="swept"))
number("tau-likelihood-paper", 1, lambda: _paper("lost", "likelihood"))
number("tau-swept-paper", 1, lambda: _paper("lost", "swept"))
number("tau-one-paper", 1, lambda: _paper("lost", "tau 1"))
number("best-tau-rs-paper", 1, lambda: _paper("best_tau", "likelihood", "rs"))
number("best-tau-rw-paper", 1, lambda: _paper("best_tau", "likelihood", "rw"))
number("hundred-10", 1, lambda: _hundred("likelihood", 10))
number("hundred-100", 1, lambda: _hundred("likelihood", 100))
number("hundred-swept-10", 1, lambda: _hundred("swept", 10))
number("hundred-swept-100", 1, lambda: _hundred("swept", 100))
number("hundred-small-100", 1, lambda: _hundred("likelihood", 100, 0.02))
number("hundred-small-swept-100", 1, lambda: _hundred("swept", 100, 0.02))
number("hundred-small-own-100", 1, lambda: _hundred("likelihood, own counts", 100, 0.02))
