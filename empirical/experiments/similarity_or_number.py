"""The title's question in numbers: how much of a minority's drop in recall is due to number, how much to similarity?

Discriminant analysis on frozen features of a network (:mod:`empirical.experiments.shared.frozen_features`), for pairs
of classes in two groups, similar and dissimilar, balanced and imbalanced. The drop from a balanced, dissimilar pair to
an imbalanced, similar one is split as :mod:`theory.attribution` defines it, with the mean recalls of the groups, once
as measured and once as predicted from the balanced accuracies alone; the predictions go to a record beside the runs
(:mod:`empirical.storage.prediction_record`) before anything imbalanced is trained.

On CIFAR-100 nature has made the groups: two classes of one superclass are similar, all 200 pairs; for each class as the
minority as many majorities of other superclasses are drawn. On other data the quarter of the pairs with the smallest
separation are similar and the quarter with the largest are dissimilar. Each class of a pair is the minority in turn.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import permutations
from typing import Any, ClassVar

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from empirical.config import Config
from empirical.data.superclasses import superclasses
from empirical.experiments.experiment import Experiment, Prepared
from empirical.experiments.shared import backbone, frozen_features
from empirical.experiments.shared.frozen_features import Options, SecondStage
from empirical.experiments.shared.rows import SPREAD, blank, grouped, run_key
from empirical.runtime.progress import Track, silent
from empirical.runtime.threads import threadpool_limits
from theory.attribution import Attribution, split
from theory.support.validate import refuse

__all__ = ["EXPERIMENT", "LAWS", "Row", "run", "summarise"]

_DATA = {"smoke": ("digits",), "cpu": ("cifar100",), "paper": ("cifar100",)}
_IMBALANCE = {"smoke": (1, 4, 16), "cpu": (1, 5, 10, 25, 50), "paper": (1, 5, 10, 25, 50)}

LAWS = ("theorem2", "finite")
"""The laws that split the drop: those that need nothing but the balanced accuracy and the numbers of images."""

SIMILAR, DISSIMILAR, BETWEEN = "similar", "dissimilar", "between"
"""The groups; ``between`` are the pairs in neither of them."""

_NAME = "similarity-or-number"
_QUARTER = 4
_RESAMPLES = 2000
_CELLS = ((DISSIMILAR, False), (DISSIMILAR, True), (SIMILAR, False), (SIMILAR, True))
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class _Case(frozen_features.Prediction):
    """A prediction, and the group of its pair."""

    group: str


@dataclass(frozen=True, kw_only=True)
class Row(_Case):
    """A class as the minority of a pair at one imbalance; everything is None while the network is not trained.

    Attributes:
        group: ``similar``, ``dissimilar`` or ``between``.
        measured: the minority's recall on the test images, the mean over the draws of the training images.
        low: the 2.5 % quantile of the draws' recalls.
        high: their 97.5 % quantile.
    """

    key: ClassVar[tuple[str, ...]] = ("run", "seed", "classifier", "features", "majority", "minority", "imbalance")
    outcome: ClassVar[tuple[str, ...]] = ("measured",)

    measured: float | None
    low: float | None
    high: float | None


def _setup(args: argparse.Namespace) -> Prepared[Options]:
    """Return the options; balanced pairs (imbalance 1) are always in them."""
    if args.imbalance is not None and set(args.imbalance) == {1}:
        refuse("imbalance", 1, "must be above 1 at least once: it is compared with 1")
    if args.imbalance is not None and 1 not in args.imbalance:
        args.imbalance = [1, *args.imbalance]
    options = frozen_features.setup(args, _DATA, _IMBALANCE)
    return Prepared(work=options, sweep=options.trained, arguments=options.arguments(), provenance=options.sweep.about)


def run(options: Options, track: Track = silent) -> list[Row]:
    """Predict, write it down, train, and return a row for each minority of a pair and each imbalance."""
    sweep = options.sweep
    found = frozen_features.Trainer(sweep)(sweep.configs)
    lost = [run for run, result in found.items() if result is None]
    if lost:
        return [blank(Row, run_key(run)) for run in lost]
    with threadpool_limits(1):  # for matrices this small several threads wait for each other
        cases = []
        for source in options.sources(found):
            stage = source.stage("lda", source.plain)
            cases += [(stage, *case) for case in _grouped(stage, source.run)]
        predicted = [
            (stage, pos, neg, [_case(stage, pos, neg, ratio, group) for ratio in options.imbalance])
            for stage, pos, neg, group in track(cases, "predictions")
        ]
        written = [asdict(part) for *_, parts in predicted for part in parts]
        sweep.about["predictions"] = options.recorded(options.record(_NAME).write(written, ()))
        return [
            Row(
                **asdict(part),
                **frozen_features.recall_columns([] if sweep.only_predictions else stage.measure(pos, neg, part.n_neg)),
            )
            for stage, pos, neg, parts in track(predicted, "pairs of classes")
            for part in parts
        ]


def summarise(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the split of the drop for each imbalance above 1, in percentage points: measured, and by each law.

    ``source`` is the column that the recalls are taken from: ``measured``, or a law.
    ``similar`` and ``dissimilar`` count the rows of the two groups.
    ``drop`` is the sum of the two parts, ``number`` and ``similarity`` (:mod:`theory.attribution`).
    ``interaction`` is the part that depends on the order of the two; each of them has half of it.
    ``number`` and ``similarity`` are the two parts, ``share`` the number's part of the drop in per cent. ``low`` and
    ``high`` are the 2.5 % and 97.5 % quantiles of ``share`` when the minority classes are drawn anew with
    replacement, with all their pairs: what other classes would give, not another network. Of no drop there is no share:
    all three are None.
    """
    summary = []
    told = (row for row in rows if row.measured is not None)
    for data, own in grouped(told, lambda row: row.data):
        for ratio in sorted({row.imbalance for row in own} - {1}):
            for source in ("measured", *LAWS):
                parts, shares = attributed(own, source, ratio)
                known = 100 * shares[np.isfinite(shares)]
                low, high = np.quantile(known, SPREAD).tolist() if len(known) else (None, None)
                summary.append(
                    {
                        "data": data,
                        "imbalance": ratio,
                        "source": source,
                        "similar": sum(row.group == SIMILAR and row.imbalance == ratio for row in own),
                        "dissimilar": sum(row.group == DISSIMILAR and row.imbalance == ratio for row in own),
                        "drop": 100 * parts.drop,
                        "number": 100 * parts.number,
                        "similarity": 100 * parts.similarity,
                        "interaction": 100 * parts.interaction,
                        "share": 100 * float(parts.number_share) if parts.drop else None,
                        "low": low,
                        "high": high,
                    }
                )
    return summary or [{"missing": len(rows)}]


def attributed(rows: Sequence[Row], source: str, imbalance: float) -> tuple[Attribution, Floats]:
    """Return the split of the drop between the groups' mean recalls, and the number's shares when classes are redrawn.

    Args:
        rows: of one data set.
        source: the column that the recalls are taken from.
        imbalance: of the imbalanced pairs.
    """
    names = sorted({row.minority for row in rows})
    sums, counts = np.zeros((2, len(names), len(_CELLS)))
    for row in rows:
        value = getattr(row, source)
        for at, (group, uneven) in enumerate(_CELLS):
            if value is not None and row.group == group and row.imbalance == (imbalance if uneven else 1):
                sums[names.index(row.minority), at] += value
                counts[names.index(row.minority), at] += 1
    rng = np.random.default_rng(SeedSequence(0))
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=_RESAMPLES)
    with np.errstate(invalid="ignore"):
        again = (drawn @ sums) / (drawn @ counts)
    again = again[np.isfinite(again).all(axis=1)]
    return split(*(sums.sum(axis=0) / counts.sum(axis=0))), np.asarray(split(*again.T).number_share)


def _case(stage: SecondStage, pos: int, neg: int, imbalance: float, group: str) -> _Case:
    return _Case(**asdict(stage.predict(pos, neg, imbalance)), group=group)


def _grouped(stage: SecondStage, run: Config) -> list[tuple[int, int, str]]:
    """Return majorities and minorities with their groups."""
    kinds = superclasses(stage.classes)
    if kinds is None:
        return _by_separation(stage)
    rng = np.random.default_rng(SeedSequence(run.seed))
    labels, cases = range(len(kinds)), []
    for neg in labels:
        near = [pos for pos in labels if pos != neg and kinds[pos] == kinds[neg]]
        far = [pos for pos in labels if kinds[pos] != kinds[neg]]
        cases += [(pos, neg, SIMILAR) for pos in near]
        cases += [(pos, neg, DISSIMILAR) for pos in sorted(rng.choice(far, len(near), replace=False).tolist())]
    return cases


def _by_separation(stage: SecondStage) -> list[tuple[int, int, str]]:
    """Return all pairs in both orders, in groups by their separation."""
    pairs = backbone.ranked(len(stage.classes), lambda a, b: stage.pair(a, b).separation)
    size = max(1, len(pairs) // _QUARTER)
    cases = []
    for rank, pair in enumerate(pairs):
        low, high = rank < size, rank >= len(pairs) - size
        group = SIMILAR if low else DISSIMILAR if high else BETWEEN
        cases += [(pos, neg, group) for pos, neg in permutations(pair)]
    return cases


EXPERIMENT = Experiment(
    name=_NAME,
    doc=__doc__,
    row=Row,
    data=_DATA,
    imbalance=_IMBALANCE,
    add_options=frozen_features.add_options,
    setup=_setup,
    run=run,
    summarise=summarise,
    merges=("data", "arrays", "seeds"),
)
