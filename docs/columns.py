"""The page that explains every column of every CSV file and every key of every JSON file that the commands write.

Columns are explained by the docstrings of the row classes, so that page and code cannot differ. The build of the docs
writes the page (``conf.py``). ``unexplained()`` names what has no explanation, and a test keeps it empty.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from empirical.claims.claim import Claim, Judged
from empirical.claims.paper.printed_tables import Cell
from empirical.config import Config
from empirical.experiments import EXPERIMENTS, load
from empirical.experiments.experiment import Experiment
from theory.proofs.evidence import LEVELS
from theory.verdicts.ledger import Statement

__all__ = ["CLAIM", "EVIDENCE", "FINDING", "HISTORY", "MADE", "RESULT", "described", "page", "unexplained"]

PUBLISHED = Path(__file__).parents[1] / "figures" / "published"

MADE = {
    "command": "the command line that repeats the run, without the folder of its output.",
    "arguments": "its options, by name.",
    "data": "each data set: the number of its classes and test images, and a fingerprint of its images.",
    "versions": "of tailbound, Python and the packages that a number may depend on.",
    "platform": "operating system and architecture.",
    "processor": "its model, and the number of cores.",
    "trained": "what trained the runs: how many are finished and missing, their seconds, devices, precisions, torch; "
    "`repeated` are those of merged tables that several of them have.",
    "seconds": "how long it took, without what was trained before.",
    "parts": "of a table that `merge` wrote: what each table that it came from said of the above, and its SHA-256.",
    "rows": "of the table.",
    "sha256": "of each table that was written with it; of one that gzip packed, of what it unpacks to.",
    "text": "of each table, the columns that hold text, as the names of classes, whatever a cell looks like.",
    "further": "the further tables, with the number of their rows.",
    "summary": "the few numbers to look at first, as a list; explained with each experiment.",
}
"""The keys of ``NAME.json``, which an experiment writes beside ``NAME.csv``."""

RESULT = {
    "hash": "of the configuration; the name of the folder.",
    "config": "the configuration, as in `config.json`.",
    "last": "the test images after the last epoch: `epoch`, and what is explained as `Scores` below.",
    "groups": "mean recall of the classes with `many` (more than 100), `medium` (20 to 100), `few` training images.",
    "best": "the epoch with the highest accuracy on the test images: chosen on them, so too good.",
    "best_class_mean": "likewise by the mean of the recalls.",
    "chosen": "the epoch that the validation images choose, with its test scores; with `--validation` only.",
    "classifier": "of the last layer: the norm of each class's row; `variance`, `std`, and 100 times it, `std_100`.",
    "tau": "tau-normalisation of the last layer: `taus`, the `accuracy` of each, the `best`; chosen on test images.",
    "adjustment": "tau and temperature of logit adjustment, by likelihood on the validation images.",
    "train_loss": "of the last epoch, in nats.",
    "classes": "their names, the most frequent first.",
    "counts": "training images of each class.",
    "data": "the fingerprint of the data set.",
    "pretraining": "the hash of the pre-training's run; null without one.",
    "shared": "the run and epoch whose first epochs this one shares; null if none.",
    "device": "what it was computed on last.",
    "instructions": "the vector instructions that torch used on a CPU; null on CUDA.",
    "threads": "of the CPU.",
    "precision": "of the computation, `float32` or `bfloat16`.",
    "deterministic": "whether the same command gives the same bits.",
    "compiled": "whether the step was compiled.",
    "executions": "the six above of each start, with the epoch that it began at (`from_epoch`).",
    "versions": "of tailbound, Python and the packages.",
    "platform": "operating system and architecture.",
    "processor": "its model, and the number of cores.",
    "seconds": "that training took.",
}
"""The keys of ``result.json`` in the folder of a run."""

HISTORY = {
    "epoch": "from 1.",
    "learning_rate": "in this epoch.",
    "train_loss": "mean over the epoch, in nats, of the loss that is trained.",
    "train_accuracy": "fraction of the training images that are taken for their class, while they are trained on.",
    "test_loss": "mean cross entropy on the test images; empty where they were not looked at.",
    "test_accuracy": "fraction of the test images; likewise.",
    "test_class_mean": "mean of the recalls on the test images; likewise.",
    "validation_accuracy": "fraction of the images held out by `--validation`.",
    "validation_class_mean": "mean of the recalls on them.",
    "images_per_second": "that were trained on.",
}
"""The columns of ``history.csv`` in the folder of a run."""

FINDING = {
    "verdict": "`certified` (shown), `refuted` (shown wrong), `qualified` (holds under a condition), `undecided`.",
    "evidence": "the steps that were run.",
}
"""The keys of ``ledger.json`` and ``beyond.json`` beside those of a statement."""

EVIDENCE = {
    "level": f"what kind of step it is: {', '.join(LEVELS)}.",
    "detail": "what the step shows.",
    "shows": "`holds`, or `against` the printed statement.",
    "shown": "whether it was shown.",
}
"""The keys of a step."""

CLAIM = {
    "predicted": "instead of `printed`, the sentence of a prediction of ours.",
    "profile": "of the runs that judge it.",
    "data": "the data sets.",
    "verdict": "`confirmed`, `contradicted`, `undecided at this scale` or `not measured`.",
    "counts": "how many comparisons have which verdict.",
    "power": "which effect these seeds show with a chance of 80 %.",
    "when": "of a prediction of ours: `predicted`, `after the fact`, or `no record` of when it was made.",
    "alpha": "the error budget over all comparisons.",
    "comparisons": "what was compared, one entry each.",
    "missing": "which experiments, profiles or runs are not there.",
    "make": "the commands that make what is missing.",
    "as_printed": "the verdict by the paper's own printed table.",
}
"""The keys of a claim in ``claims.json`` beside those of :class:`empirical.claims.claim.Claim`."""

_AGREEMENT = {
    "bias": "mean of predicted minus measured, in percentage points.",
    "correlation": "Pearson's, of predicted and measured.",
    "mae": "mean absolute error of the prediction, in percentage points.",
}
"""Keys of summaries that mean the same in all."""

_COMMON = {
    "missing": "how many runs are not finished.",
    "seeds": "over how many seeds.",
    "spread": "standard deviation over the seeds.",
    "cases": "over how many rows.",
    "last": "accuracy after the last epoch, in per cent.",
    "law": "the column of the table that predicts.",
}
"""Keys of summaries that mean this where an experiment says nothing else."""

_INTRO = """# Files and columns

What stands in every file that a command writes. Generated from the docstrings of the row classes.

Words that come again:

- **profile**: the scale of an experiment. `smoke` takes seconds, `cpu` suits a laptop, `paper` is the paper's recipe.
- **imbalance**: training images of the most frequent class over those of the rarest.
- **M** (`separation`): the distance of two classes' means in units of their spread,
  $\\sqrt{(\\mu_1 - \\mu_2)^T \\Sigma^{-1} (\\mu_1 - \\mu_2)}$: how similar two classes are, the smaller the more.
- **SSP**: self-supervised pre-training, that of weights without labels before training; here of rotations mostly.
- **codes of methods**: `ce` cross entropy, `rs` re-sampling, `rw` re-weighting, `drw` deferred re-weighting; the
  [page on training](../training.md) has all of them.
- **codes of statements** such as `T1.shift`: `T` is for the paper's theorems, `P` for its properties, `R` for results
  beyond it, `E` for its sentences about networks, `N` for our predictions; [verdicts](../verdicts.md) has them.

An empty cell stands for what is not measured.
"""


def described(cls: type) -> dict[str, str]:
    """Return what the docstrings of a class and its bases say of its attributes, by name."""
    found: dict[str, str] = {}
    for one in reversed(cls.__mro__):
        found |= _attributes(vars(one).get("__doc__") or "")
    return found


def page() -> str:
    """Return the page."""
    return "\n".join((_INTRO, *_experiments(), *_runs(), *_verdicts(), *_examination()))


def unexplained() -> list[str]:
    """Return the columns and keys that have no explanation."""
    lacking = []
    for name in EXPERIMENTS:
        for file, cls in _tables(name).items():
            known = described(cls)
            lacking += [f"{file}.csv: {field.name}" for field in fields(cls) if not known.get(field.name)]
        lacking += [f"{name}.json: summary: {key}" for key in _summary_keys(name) if not _meaning(name, key)]
        lacking += [f"{name}.json: {key}" for made in _published(name) for key in made if key not in MADE]
    lacking += [f"config.json: {one.name}" for one in fields(Config) if not described(Config).get(one.name)]
    return lacking


def _experiments() -> Iterator[str]:
    yield "## Tables of experiments\n\n`NAME.csv` is the table of an experiment, `NAME.json` says how it was made:\n"
    yield _list(MADE)
    for name in EXPERIMENTS:
        yield f"### {name}\n\n{_text(load(name).title)}\n"
        for file, cls in _tables(name).items():
            known = described(cls)
            yield f"`{file}.csv`:\n\n{_list({field.name: known[field.name] for field in fields(cls)})}"
        keys = {key: _meaning(name, key) for key in _summary_keys(name)}
        yield f"Its summary in `{name}.json`: {_text(_opening(load(name).summarise))}\n\n{_list(keys)}"


def _runs() -> Iterator[str]:
    from empirical.training.evaluate import Scores

    yield "## The folder of a run\n\n`result.json`:\n\n" + _list(RESULT)
    yield "`Scores`:\n\n" + _list(described(Scores))
    yield "`history.csv`:\n\n" + _list(HISTORY)
    yield "`config.json`, the arguments of a configuration:\n\n" + _list(described(Config))


def _verdicts() -> Iterator[str]:
    yield "## Verdicts\n\n`ledger.json` and `beyond.json`, one entry a statement:\n"
    statement = {key: text for key, text in described(Statement).items() if key not in ("proofs", "against")}
    yield _list({**statement, **FINDING})
    yield "A step of the evidence:\n\n" + _list(EVIDENCE)
    claim = {key: text for key, text in described(Claim).items() if key not in ("measure", "ours", "somewhere")}
    yield "`claims.json`, one entry a claim:\n\n" + _list({**claim, **CLAIM})
    yield "A comparison:\n\n" + _list(described(Judged))
    yield "A printed cell beside its measurement, in `published`:\n\n" + _list(described(Cell))


def _examination() -> Iterator[str]:
    yield "## Examinations\n\nThe tables that `tailbound examine --out` writes.\n"
    made = json.loads((PUBLISHED / "examination" / "examination.json").read_text(encoding="utf-8"))
    for name, part in made["tables"].items():
        yield f"### {part['title']}\n\n`examination-{name}.csv`:\n\n{_list(part['columns'])}"


def _tables(name: str) -> dict[str, type]:
    """Return the row classes of an experiment by the name of their file."""
    experiment = load(name)
    return {name: experiment.row, **{f"{name}-{key}": row for key, row in experiment.extra_rows.items()}}


def _summary_keys(name: str) -> list[str]:
    """Return the keys of an experiment's summary, from published tables."""
    return list(dict.fromkeys(key for made in _published(name) for row in made["summary"] for key in row))


def _published(name: str) -> list[Mapping[str, Any]]:
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted(PUBLISHED.glob(f"*/{name}.json"))]


def _meaning(name: str, key: str) -> str:
    """Return what a key of a summary means: said by the experiment, of the table's column, or common to all."""
    experiment = load(name)
    if key in _AGREEMENT:
        return _AGREEMENT[key]
    said = next((text for text in _docs(experiment) if f"``{key}``" in text), "")
    if said:
        return said
    columns = described(experiment.row)
    if key in _COMMON and key not in columns:
        return _COMMON[key]
    return f"as in the table, or its mean: {columns[key]}" if key in columns else ""


def _docs(experiment: Experiment[Any, Any]) -> Iterator[str]:
    """Return the sentences of the docstrings that explain a summary: its own, and those that it refers to."""
    for function in (experiment.summarise, *_referred(experiment)):
        text = " ".join((inspect.getdoc(function) or "").partition("\nArgs:")[0].split())
        yield from re.split(r"(?<=[.;]) (?=``|[A-Z])", text)


def _referred(experiment: Experiment[Any, Any]) -> Iterator[Any]:
    for dotted in re.findall(r":func:`([\w.]+)`", inspect.getdoc(experiment.summarise) or ""):
        home, _, function = dotted.rpartition(".")
        yield getattr(inspect.importlib.import_module(home), function)  # type: ignore[attr-defined]


def _opening(function: Any) -> str:
    return " ".join((inspect.getdoc(function) or "").partition("\n\n")[0].split()).removeprefix("Return ")


def _attributes(doc: str) -> dict[str, str]:
    """Return the entries of the section ``Attributes`` or ``Args`` of a docstring."""
    section = re.search(r"^(Attributes|Args):\n((?:[ ]+.*\n?|\n)*)", inspect.cleandoc(doc) + "\n", re.MULTILINE)
    if section is None:
        return {}
    entries = re.findall(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", section[2], re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}


def _list(entries: Mapping[str, str]) -> str:
    return "".join(f"- `{name}`: {_text(text)}\n" for name, text in entries.items())


def _text(text: str) -> str:
    """Return the text of a docstring as Markdown."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text)
    return re.sub(r"``([^`]+)``", r"`\1`", text)
