"""N1: recall of minorities by Theorem 2, from the separation of balanced data alone, and by its refinements.

The goals are those of the project: for each classifier a mean absolute error in points and a correlation
(:data:`empirical.experiments.network_pairs.GOALS`). They are kept on each kind of features that the table has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from empirical.analysis.agreement import agreement
from empirical.analysis.recall_laws import LAWS
from empirical.claims.claim import Claim, Comparison
from empirical.claims.measures import (
    combinations,
    complete_columns,
    difference,
    margin_excess,
    measure_of_tables,
    per_seed,
    shifted,
)
from empirical.claims.tables import Row, Series, Table
from empirical.experiments.network_pairs import GOAL_CORRELATION, GOALS

__all__ = ["CLAIMS"]

_ONE_NUMBER, *_REFINEMENTS = LAWS
_CLASSIFIERS = {
    "lda": "discriminant analysis on frozen features",
    "head": "a linear head on frozen features",
    "network": "a network trained from scratch",
}
_LAWS = {
    "theorem2": "Theorem 2 with one number, the separation M of the balanced classifier",
    "finite": "Theorem 2 with the noise of finitely many samples",
    "variances": "Theorem 2 with each class's own variance along w",
    "covariances": "Theorem 2 with each class's own covariance",
    "together": "Theorem 2 with each class's own covariance and the noise of finitely many samples",
    "scores": "the balanced classifier's held-out scores, moved by ln(r) and counted",
    "moments": "the scores of the rule with each class's own covariance, counted",
}
_APPLY = {"lda": LAWS, "head": ("theorem2", "variances", "scores"), "network": ("theorem2",)}
_CASES = ("data", "seed", "classifier", "features", "imbalance", "measured")
_ITSELF = "network"  # is trained anew at each imbalance, while the others look at one network


def _views(table: Table, classifier: str, law: str) -> Iterator[tuple[str, str]]:
    """Yield the data sets and kinds of features for which a law says anything; of one number, those it may yet."""
    table.need(*_CASES, law)
    for data, kind in combinations(table, "data", "features", classifier=classifier):
        rows = table.where(data=data, classifier=classifier, features=kind)
        if law == _ONE_NUMBER or any(row[law] is not None for row in rows):
            yield data, kind


def _agreement(table: Table, data: str, kind: str, classifier: str, law: str, what: str, on: str) -> Series:
    """Return a number of ``agreement`` over the imbalances above 1 that have the law ``on``.

    All minorities of all pairs count alike. A correlation that is not defined, as all recalls are the same, counts as
    0: it is not the one aimed at.
    """

    def statistic(rows: Sequence[Row]) -> float | None:
        uneven = [row for row in rows if row["imbalance"] > 1]
        told = uneven if on == _ONE_NUMBER else [row for row in uneven if row[on] is not None]
        values = complete_columns(told, law, "measured")
        return (agreement(*values)[what] or 0.0) if told and values is not None else None

    return per_seed(
        table,
        statistic,
        data,
        over=("majority", "minority", "imbalance"),
        same=("n_pos",),
        one_run=classifier != _ITSELF,
        classifier=classifier,
        features=kind,
    )


def _goals(classifier: str, law: str) -> Callable[[Table], list[Comparison]]:
    """Return the comparisons: the error and the correlation of a law against the goals."""

    def measure(table: Table) -> list[Comparison]:
        comparisons = []
        for data, kind in _views(table, classifier, law):
            error, correlation = (
                _agreement(table, data, kind, classifier, law, what, on=law) for what in ("mae", "correlation")
            )
            comparisons += [
                Comparison(
                    f"{data}, {kind} features, {GOALS[classifier]:g} points - error",
                    margin_excess(GOALS[classifier], error),
                    data,
                ),
                Comparison(
                    f"{data}, {kind} features, correlation - {GOAL_CORRELATION:g}",
                    shifted(correlation, by=-GOAL_CORRELATION),
                    data,
                ),
            ]
        return comparisons

    return measure


def _mends(table: Table) -> list[Comparison]:
    """Return the comparisons: the error of Theorem 2 with one number minus that of each refinement."""
    comparisons = []
    for law in _REFINEMENTS:
        for data, kind in _views(table, "lda", law):
            plain, refined = (_agreement(table, data, kind, "lda", name, "mae", on=law) for name in (_ONE_NUMBER, law))
            comparisons.append(
                Comparison(f"{data}, {kind} features, one number - {law}", difference(plain, refined), data)
            )
    return comparisons


def _goal(classifier: str, law: str) -> Claim:
    suffix = "" if law == _ONE_NUMBER else f"-{law}"
    return Claim(
        id=f"N1.{classifier}{suffix}",
        place="our prediction, from Theorem 2",
        printed=f"the minority's recall of {_CLASSIFIERS[classifier]} is, at every imbalance, the one by {_LAWS[law]}",
        reading="in the mean over minorities and imbalances, as the goals are set: one of them may be further off",
        statistic=f"on each data set and kind of features, over all minorities and imbalances above 1: "
        f"{GOALS[classifier]:g} points - mean |predicted - measured|, and correlation - {GOAL_CORRELATION:g}: > 0",
        experiments=("network-pairs",),
        measure=measure_of_tables(_goals(classifier, law)),
        margin=f"{GOALS[classifier]:g} points and a correlation of {GOAL_CORRELATION:g}, the project's goals",
        ours=True,
    )


CLAIMS = (
    *(_goal(classifier, law) for classifier, laws in _APPLY.items() for law in laws),
    Claim(
        id="N1.mends",
        place="our prediction, from Theorem 2",
        printed="where Theorem 2 with one number is off, each refinement by itself brings it closer",
        statistic="mean absolute error of Theorem 2 with one number minus that of each refinement, for discriminant "
        "analysis on each data set and kind of features: > 0",
        experiments=("network-pairs",),
        measure=measure_of_tables(_mends),
        ours=True,
    ),
)
"""The predictions of the experiment."""
