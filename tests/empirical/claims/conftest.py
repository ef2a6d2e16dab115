"""Synthetic tables with a known truth: every claim of the paper holds, or the opposite of every one does."""

import csv
import json
import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from empirical.claims import Table

IMBALANCES = (100, 50, 20, 10)
DATA = ("cifar10", "cifar100")
METHODS = ("ce", "rs", "rw", "drw")
SEEDS = 3
CLASSES = 9


def _run(*parts):
    return "-".join(map(str, parts))


class World:
    """Tables whose numbers are ``sign`` times what the paper says, plus noise of standard deviation ``noise``."""

    def __init__(self, sign=1, noise=0.05, seeds=SEEDS, seed=0, data=DATA):
        self.sign, self.noise, self.seeds, self.data = sign, noise, seeds, data
        self.rng = np.random.default_rng(seed)

    def around(self, value):
        return float(value + self.noise * self.rng.normal())

    def tables(self):
        rows = {
            "rebalance": self.accuracies(METHODS),
            "losses": self.accuracies(("ce", "focal", "ldam", "ldam-drw")),
            "ssl": self.ssl(),
            "depth": self.depth(),
            "norms": self.norms(),
            "majority": self.majority(),
            "minority": self.minority(),
            "similar-fraction": self.similar("fraction"),
            "similar-degree": self.similar("degree"),
            "embedding": self.embedding(),
            "representation": self.representation(),
            "classwise": self.classwise(),
        }
        return {name: Table(name, tuple(part), (f"python -m empirical run {name}",)) for name, part in rows.items()}

    def _places(self, *more):
        return product(self.data, IMBALANCES, *more, range(self.seeds))

    def accuracies(self, methods):
        start = {"ce": 0, "rs": 3, "rw": 6, "drw": 4, "focal": 1, "ldam": 2, "ldam-drw": 3}
        gains = {"ce": 2, "rs": 9, "rw": 6, "drw": 5}
        rows = []
        for data, imbalance, method, pretrain, seed in self._places(methods, ("none", "rotation")):
            effect = start[method] - 5 * math.log10(imbalance)
            effect += gains.get(method, 2) * (pretrain == "rotation")
            rows.append(
                {
                    "data": data,
                    "imbalance": imbalance,
                    "method": method,
                    "pretrain": pretrain,
                    "seed": seed,
                    "accuracy": self.around(70 + self.sign * effect),
                    "run": _run(data, imbalance, method, pretrain, seed),
                }
            )
        return rows

    def ssl(self):
        return [
            {
                "data": data,
                "imbalance": imbalance,
                "method": "ce",
                "pretrain": pretrain,
                "seed": seed,
                "accuracy": self.around(70 + self.sign * 3 * (pretrain != "none")),
                "run": _run(data, imbalance, pretrain, seed),
            }
            for data, imbalance, pretrain, seed in self._places(("none", "rotation", "simclr", "moco", "barlow"))
        ]

    def depth(self):
        return [
            {
                "data": data,
                "imbalance": imbalance,
                "method": "ce",
                "pretrain": pretrain,
                "seed": seed,
                "depth": depth,
                "accuracy": self.around(70 + self.sign * depth / 6),
                "run": _run(data, imbalance, pretrain, depth, seed),
            }
            for data, imbalance, pretrain, depth, seed in self._places(("none", "rotation"), (20, 32, 44, 56))
        ]

    def norms(self):
        # The spreads as parts of CE's, which is 30 + 10 log10(imbalance), and in the opposite world 30 minus that.
        shares = {"ce": 1, "rs": 0.2, "rw": 0.3, "drw": 0.97}
        if self.sign < 0:
            shares = {"ce": 1, "rs": 1.5, "rw": 1.4, "drw": 0.3}
        rows = []
        for data, imbalance, method, seed in self._places(METHODS):
            spread = 30 + self.sign * 10 * math.log10(imbalance)
            spread = self.around(spread * shares[method])
            shape = np.linspace(1, -1, CLASSES) * self.sign
            rows += [
                {
                    "data": data,
                    "imbalance": imbalance,
                    "method": method,
                    "seed": seed,
                    "label": label,
                    "images": round(5000 * imbalance ** (-label / (CLASSES - 1))),
                    "norm": 3 + shares[method] * (float(shape[label]) * imbalance / 100 + 0.001 * self.around(0)),
                    "std_100": spread,
                    "run": _run(data, imbalance, method, seed),
                }
                for label in range(CLASSES)
            ]
        return rows

    def _toy(self, numbers, accuracy, varied, fixed, other):
        return [
            {
                "data": "cifar10",
                "label": 9,
                fixed: other,
                varied: number,
                "pretrain": "none",
                "seed": seed,
                "minority": self.around(accuracy(number)),
                "majority": self.around(80),
                "accuracy": self.around(75),
                "run": _run(varied, number, seed),
            }
            for number, seed in product(numbers, range(self.seeds))
        ]

    def majority(self):
        fall = 0 if self.sign > 0 else 40
        numbers = (100, 200, 500, 1000, 2000, 3500, 5000)
        return self._toy(
            numbers, lambda n: 50 - fall * math.log(n / 100) / math.log(50), "majority_images", "minority_images", 100
        )

    def minority(self):
        def accuracy(number):
            straight = 70 + number / 500
            if self.sign > 0:
                return straight - 40 * max(0.0, 1 - number / 1000)
            return straight + 30 * (max(0, number - 2500) / 2500) ** 2

        numbers = (5000, 4500, 4000, 3500, 3000, 2500, 2000, 1000, 500, 200, 100)
        return self._toy(numbers, accuracy, "minority_images", "majority_images", 5000)

    def similar(self, varied):
        rows = []
        for imbalance, step, seed in product((100, 10), range(0, 11, 2), range(self.seeds)):
            value = step / 10
            fraction, degree = (value, 0.2) if varied == "fraction" else (0.2, value)
            effect = self.sign * (value if varied == "fraction" else 0.2 * (1 - value)) * 20
            rows.append(
                {
                    "data": "cifar10",
                    "imbalance": imbalance,
                    "fraction": fraction,
                    "degree": degree if fraction else 0.0,
                    "seed": seed,
                    "majority": self.around(85),
                    "minority": self.around(50 - effect),
                    "accuracy": self.around(70 - effect / 5),
                    "adjusted": self.around(60 - effect),
                    "log_odds": self.around(-2 - effect),
                    "auc": 0.9,  # a boundary that moves, and nothing else
                    "run": _run(varied, imbalance, step, seed),
                }
            )
        return rows

    def embedding(self):
        # With SSP the rare classes are farther apart, but all classes on average nearer; and the opposite.
        levels = {"none": (2.0, -1.0), "rotation": (1.5, -0.2)}
        if self.sign < 0:
            levels = {"none": (2.0, 0.2), "rotation": (2.6, -1.0)}
        rows = []
        starts = ("none", "labels"), ("rotation", "labels"), ("none", "reversed")
        for (pretrain, order), split, seed in product(starts, ("train", "test"), range(self.seeds)):
            for label in range(CLASSES):
                level, slope = levels[pretrain]
                value = level + slope * label / CLASSES + self.around(0) / 10
                rows.append(
                    {
                        "data": "cifar10",
                        "imbalance": 50,
                        "pretrain": pretrain,
                        "order": order,
                        "seed": seed,
                        "split": split,
                        "label": label,
                        "silhouette": value,
                        "purity": 30 * value,
                        "separation_mean": 10 * value,
                        "run": _run(pretrain, order, seed),
                    }
                )
        return rows

    def representation(self):
        rows = []
        for data, imbalance, pretrain, classifier, seed in self._places(("none", "rotation"), ("joint", "tau-1")):
            ssp, normalised = pretrain == "rotation", classifier == "tau-1"
            rows.append(
                {
                    "data": data,
                    "imbalance": imbalance,
                    "method": "ce",
                    "pretrain": pretrain,
                    "seed": seed,
                    "classifier": classifier,
                    "accuracy": self.around(70),
                    "last_third": self.around(50 + self.sign * 5 * normalised * ssp),
                    "relative": self.around(3 - self.sign * ssp),
                    "run": _run(data, imbalance, pretrain, seed),
                }
            )
        return rows

    def classwise(self):
        return [
            {
                "data": "cifar10",
                "imbalance": 100,
                "method": method,
                "pretrain": pretrain,
                "seed": seed,
                "label": label,
                "error": self.around(40 - self.sign * 3 * (pretrain == "rotation")),
                "run": _run(method, pretrain, seed),
            }
            for method, pretrain, seed, label in product(
                METHODS, ("none", "rotation"), range(self.seeds), range(CLASSES)
            )
        ]


def _write(folder, tables, profile="paper"):
    """Write the tables as the experiments do."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(table.rows[0]))
            writer.writeheader()
            writer.writerows(table.rows)
        made = {
            "command": f"python -m empirical run {name} --profile {profile}",
            "arguments": {"profile": profile},
            "rows": len(table.rows),
        }
        (folder / f"{name}.json").write_text(json.dumps(made))


@pytest.fixture(scope="session")
def world():
    """The class of synthetic worlds."""
    return World


@pytest.fixture(scope="session")
def write():
    """The function that writes their tables."""
    return _write


@pytest.fixture(scope="session")
def true(world):
    """Tables in which all that the paper says holds."""
    return world().tables()


@pytest.fixture(scope="session")
def with_rows():
    """Return a function that returns tables with one's rows changed; None drops a row."""

    def changed(tables, name, change):
        rows = [new for row in tables[name].rows if (new := change(dict(row))) is not None]
        return {**tables, name: replace(tables[name], rows=tuple(rows))}

    return changed
