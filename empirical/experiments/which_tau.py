"""Which tau: rules that choose the strength of logit adjustment on a long-tailed split, each against the best.

Networks are trained under imbalance by each method. From the test images a split is drawn that is as long-tailed as the
training images, ``fraction`` of their counts of each class, as if it had been put aside before training; a rule chooses
on the split, and the other test images judge by the mean over the classes (20 draws). The rules:

``none``
    the logits as they are;
``likelihood``
    tau and temperature by maximum likelihood (:func:`theory.adjustment.fit_adjustment`);
``likelihood, own counts``
    the same, told how many images of each class the split has, which rounding makes other than its share;
``swept``
    the tau of the highest mean over the classes on the split itself;
``tau 1``
    the whole log prior subtracted (Menon et al. 2020);
``mean posterior``
    the log of the mean predicted posterior subtracted, as an effective prior (Prior2Posterior, arXiv 2412.16540);
``temperature``
    the temperature by likelihood with ``tau = T``, calibration and then the log prior;
``vector scaling``
    a scale and a bias for each class by likelihood, and then the log prior;
``retrained head``
    a head trained anew on the features of the training images, all classes weighing the same (Kang et al. 2020);
``tau-normalisation``
    no bias, and the power of the norms with the highest accuracy that the fitted adjustment expects;
``tau-normalisation by likelihood``
    the power by :func:`theory.adjustment.fit_tau_normalisation`.

``lost`` are the points below the best tau of a sweep on the judging images, which none can know; for tau-normalisation
the sweep is over the power. It may be below 0: a rule may do what no tau does, and one tau by tenths is not every tau.

With ``--arrays FILE.npz`` the networks are anyone's: ``logits``, ``labels`` and ``counts``, and for tau-normalisation
``unbiased`` (logits without bias) and ``norms`` (of the rows of the last layer).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from empirical.config import Config
from empirical.data.checksums import file_sha256
from empirical.data.npz import arrays_of
from empirical.experiments.experiment import Experiment, Prepared
from empirical.experiments.shared import own_arrays
from empirical.experiments.shared.rows import blank, grouped, run_key
from empirical.experiments.shared.tau_rules import RULES, Network, Verdict, compare, retrain, split_fraction
from empirical.runtime.command_line import file
from empirical.runtime.progress import Track, silent
from empirical.runtime.threads import threadpool_limits
from empirical.sweeps.options import add_sweep_options, prepare_sweep
from empirical.sweeps.profiles import profile_config
from empirical.sweeps.sweep import Sweep, run_sweep
from theory.support.validate import distinct, floats, number, refuse

__all__ = ["EXPERIMENT", "FRACTIONS", "METHODS", "Options", "Row", "plan", "run", "summarise"]

METHODS = ("ce", "logit-adjustment", "drw", "rs", "rw", "balanced-softmax", "ldam-drw")
"""The methods of long-tailed learning."""

FRACTIONS = (0.1, 0.05, 0.02, 0.01, 0.005)
"""The sizes of the split, as parts of the training counts."""

_DATA = {"smoke": ("digits",), "cpu": ("cifar10",), "paper": ("cifar10", "cifar100")}
_IMBALANCE = {"smoke": (20,), "cpu": (100, 10), "paper": (100, 50, 20, 10)}
_COSINES = ("ldam", "ldam-drw")


@dataclass(frozen=True, kw_only=True)
class Row:
    """A rule on a network and a size of the split; a run that is not finished has one row without measurements.

    Attributes:
        data: the data set, or the name of the file of arrays.
        imbalance: of the class counts.
        method: of long-tailed learning; None for arrays.
        seed: of everything random.
        fraction: the size of the split, as a part of the training counts.
        rule: as above.
        images: of the split.
        rarest: of them, of the rarest class.
        draws: how many splits the rule made a choice on; the next are means over them.
        tau: that was chosen.
        tau_spread: its standard deviation over the splits.
        tau_error: the standard error that the fit states.
        temperature: that was chosen.
        trusted: the fraction of the splits whose fit raised no doubts.
        accuracy: mean over the classes, in per cent.
        best: that of the best tau of a sweep on the judging images.
        best_tau: that tau.
        lost: ``best - accuracy``.
        lost_95: what is lost in the worst 5 % of the splits, the 95 % quantile.
        run: the name of the folder of the run, or the file of arrays.
    """

    key: ClassVar[tuple[str, ...]] = ("run", "fraction", "rule")
    outcome: ClassVar[tuple[str, ...]] = ("draws",)

    data: str
    imbalance: float
    method: str | None
    seed: int
    fraction: float | None
    rule: str | None
    images: int | None
    rarest: int | None
    draws: int | None
    tau: float | None
    tau_spread: float | None
    tau_error: float | None
    temperature: float | None
    trusted: float | None
    accuracy: float | None
    best: float | None
    best_tau: float | None
    lost: float | None
    lost_95: float | None
    run: str


@dataclass(frozen=True, eq=False)
class Options:
    """The checked options.

    Attributes:
        sweep: the networks that are trained.
        arrays: files of logits of other networks.
        fractions: the sizes of the split.
    """

    sweep: Sweep
    arrays: tuple[Path, ...]
    fractions: tuple[float, ...]


def _add_options(parser: argparse.ArgumentParser) -> None:
    """Add the experiment's options."""
    add_sweep_options(parser)
    add = parser.add_argument
    add("--fractions", nargs="+", type=float, metavar="F", help="sizes of the split, as parts of the training counts")
    add("--arrays", nargs="+", type=file, default=[], metavar="FILE", help="logits of other networks as well, .npz")


def plan(profile: str, data: str, imbalance: float, seed: int) -> list[Config]:
    """Return the runs of a data set, an imbalance and a seed.

    Example:
        >>> [run.method for run in plan("paper", "cifar10", 100, 0)][:3]
        ['ce', 'logit-adjustment', 'drw']
    """
    return [profile_config(profile, data=data, imbalance=imbalance, seed=seed, method=method) for method in METHODS]


def _setup(args: argparse.Namespace) -> Prepared[Options]:
    """Return the options, everything checked and nothing written."""
    allowed = "must be above 0 and at most 1"
    fractions = distinct(
        "fractions", [float(number("fractions", f, allowed, above=0, most=1)) for f in args.fractions or FRACTIONS]
    )
    paths = own_arrays.existing_files(args)
    about = {path.name: {"sha256": file_sha256(path), "images": len(_arrays(path).labels)} for path in paths}
    sweep = prepare_sweep(args, plan, _DATA, _IMBALANCE)
    arguments: dict[str, Any] = {**sweep.arguments(), "fractions": fractions}
    if paths:
        arguments["arrays"] = tuple(path.name for path in paths)
    return Prepared(
        work=Options(sweep, paths, fractions), sweep=sweep, arguments=arguments, provenance={**sweep.about, **about}
    )


def run(options: Options, track: Track = silent) -> list[Row]:
    """Train what is missing and return a row for each network, size of the split and rule."""
    rows = []
    sweep = options.sweep
    with threadpool_limits(1):  # for matrices this small several threads wait for each other
        for path in options.arrays:
            network = _arrays(path)
            imbalance = float(network.counts.max() / network.counts.min())
            key = {"data": path.stem, "imbalance": imbalance, "method": None, "seed": 0, "run": path.name}
            rows += list(_rows(options.fractions, network, key))
        for config, result in track(run_sweep(sweep), "networks"):
            key = run_key(config, "imbalance", "method")
            if result is None:
                rows.append(blank(Row, key))
            else:
                rows += list(_rows(options.fractions, _network(config, sweep), key))
    return rows


def summarise(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return for each size of the split and rule what is lost, in points: mean over the networks, and the worst.

    ``networks`` counts them; ``worst`` is the largest loss over them, of the mean over the splits.
    ``worst_95`` is the largest over the networks of what is lost in the worst 5 % of the splits; ``missing`` counts the
    rows of the whole table without a measurement.
    """
    there = [row for row in rows if row.lost is not None]

    def key(row: Row) -> tuple[float, int]:
        return -(row.fraction or 0), list(RULES).index(row.rule or "none")

    summary: list[dict[str, Any]] = []
    for (fraction, rule), own in grouped(there, key):
        summary.append(
            {
                "fraction": -fraction,
                "rule": list(RULES)[rule],
                "networks": len(own),
                "missing": sum(row.lost is None for row in rows),
                "lost": float(np.mean([row.lost for row in own])),
                "lost_95": float(np.mean([row.lost_95 for row in own])),
                "worst": max(row.lost or 0 for row in own),
                "worst_95": max(row.lost_95 or 0 for row in own),
            }
        )
    return summary or [{"missing": len(rows)}]


def _rows(fractions: Sequence[float], network: Network, key: Mapping[str, Any]) -> Iterator[Row]:
    """Yield a row for each size of the split and rule."""
    for index, wanted in enumerate(fractions):
        fraction = split_fraction(wanted, network.counts, network.labels)
        seed = np.random.SeedSequence(key["seed"], spawn_key=(index,))
        sizes = [max(1, round(int(n) * fraction)) for n in network.counts]
        for rule, verdicts in compare(network, fraction, seed).items():
            found = [verdict for verdict in verdicts if verdict is not None]
            yield Row(
                **key,
                fraction=wanted,
                rule=rule,
                images=sum(sizes),
                rarest=min(sizes),
                draws=len(found),
                **_measured(found),
            )


def _measured(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return the columns that are measured; None where a rule has no such number, or made no choice."""

    def mean(values: list[Any]) -> float | None:
        return None if not values or None in values else float(np.mean(values))

    taus = [verdict.choice.tau for verdict in verdicts]
    lost = [verdict.best - verdict.accuracy for verdict in verdicts]
    return {
        "tau": mean(taus),
        "tau_spread": None if not taus or None in taus else float(np.std(np.array(taus, dtype=float))),
        "tau_error": mean([verdict.choice.error for verdict in verdicts]),
        "temperature": mean([verdict.choice.temperature for verdict in verdicts]),
        "trusted": mean([verdict.choice.trusted for verdict in verdicts]),
        "accuracy": mean([verdict.accuracy for verdict in verdicts]),
        "best": mean([verdict.best for verdict in verdicts]),
        "best_tau": mean([verdict.best_tau for verdict in verdicts]),
        "lost": mean(lost),
        "lost_95": float(np.quantile(lost, 0.95)) if lost else None,
    }


def _network(config: Config, sweep: Sweep) -> Network:
    """Return the network of a finished run."""
    from empirical.analysis import features

    seen = features.of_run(config, sweep.runs, sweep.root)
    train, test, weight = (x.double().numpy() for x in (seen.train, seen.test, seen.weight))
    labels, counts = seen.test_labels.numpy().astype(np.int64), np.array(seen.counts)
    retrained = retrain(train, seen.train_labels.numpy(), test)
    if config.method in _COSINES:
        lengths = np.maximum(np.linalg.norm(test, axis=1, keepdims=True), np.finfo(float).tiny)
        cosines = (test / lengths) @ (weight / np.linalg.norm(weight, axis=1, keepdims=True)).T
        return Network(logits=config.scale * cosines, labels=labels, counts=counts, retrained=retrained)
    unbiased = test @ weight.T
    bias = np.zeros(len(weight)) if seen.bias is None else seen.bias.double().numpy()
    return Network(
        logits=unbiased + bias,
        labels=labels,
        counts=counts,
        unbiased=unbiased,
        norms=np.linalg.norm(weight, axis=1),
        retrained=retrained,
    )


def _arrays(path: Path) -> Network:
    """Return the network of a file.

    Raises:
        ValueError: it cannot be read, lacks an array, or one does not fit the others.
    """
    held = arrays_of(path, "arrays")
    missing = [name for name in ("logits", "labels", "counts") if name not in held]
    if missing:
        refuse("arrays", str(path), f"must hold logits, labels and counts; missing: {', '.join(missing)}")
    z = floats("logits", held["logits"], "must be finite real numbers, a row an image", ndim=2)
    whole = "must be whole numbers, one for each"
    y = floats("labels", held["labels"], f"{whole} row of logits", ndim=1, least=0, below=z.shape[1])
    n = floats("counts", held["counts"], f"{whole} class, above 0", ndim=1, above=0)
    if len(y) != len(z) or len(n) != z.shape[1] or np.any(y != np.floor(y)) or len(np.unique(y)) < len(n):
        refuse("arrays", str(path), "must hold a label for each row of logits, of every class, and a count a class")
    optional: dict[str, Any] = {}
    for name, shape in (("unbiased", z.shape), ("norms", n.shape)):
        value = None if name not in held else floats(name, held[name], f"must be finite, of shape {shape}")
        if value is not None and value.shape != shape:
            refuse(name, value.shape, f"must be of shape {shape}")
        optional[name] = value
    return Network(logits=z, labels=y.astype(np.int64), counts=n.astype(np.int64), **optional)


EXPERIMENT = Experiment(
    name="which-tau",
    doc=__doc__,
    row=Row,
    data=_DATA,
    imbalance=_IMBALANCE,
    plan=plan,
    add_options=_add_options,
    setup=_setup,
    run=run,
    summarise=summarise,
    merges=("data", "arrays", "imbalance", "seeds"),
)
