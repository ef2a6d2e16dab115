"""Section 5.4, further analysis: what its short paragraphs, whose details are in an appendix not at hand, assert."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise, product

from empirical.claims.claim import Claim, Comparison
from empirical.claims.measures import difference, gain, label_prefix, mean_over, measure_of_tables
from empirical.claims.paper.section5_2 import METHODS, NONE, SSP
from empirical.claims.tables import Statistic, Table, TooFewError, single_value

__all__ = ["CLAIMS"]

_ACCURACY = single_value("accuracy")


def _representation(table: Table) -> list[Comparison]:
    table.need("data", "imbalance", "method", "pretrain", "classifier", "seed", "last_third")
    normalised = {"classifier": "tau-1"}
    joint = {"classifier": "joint"}
    rarest = single_value("last_third")
    return [
        Comparison(
            label_prefix(data, imbalance, f"{METHODS.get(method, method)}, gain of tau 1 with SSP - without"),
            difference(
                *(
                    gain(table, rarest, normalised, joint, data=data, imbalance=imbalance, method=method, **start)
                    for start in (SSP, NONE)
                )
            ),
            data,
        )
        for data, imbalance in table.combinations("data", "imbalance")
        for method in table.values("method", data=data)
    ]


def _more_even(table: Table) -> list[Comparison]:
    table.need("data", "imbalance", "method", "pretrain", "classifier", "seed", "relative")
    return [
        Comparison(
            label_prefix(data, imbalance, f"{METHODS.get(method, method)}, uneven norms without SSP - with SSP"),
            gain(
                table,
                single_value("relative"),
                NONE,
                SSP,
                data=data,
                imbalance=imbalance,
                method=method,
                classifier="joint",
            ),
            data,
        )
        for data, imbalance in table.combinations("data", "imbalance")
        for method in table.values("method", data=data)
    ]


def _ssl(table: Table) -> list[Comparison]:
    table.need("data", "imbalance", "method", "pretrain", "seed", "accuracy")
    return [
        Comparison(
            label_prefix(data, imbalance, f"{METHODS.get(method, method)}, {pretrain} - none"),
            gain(table, _ACCURACY, {"pretrain": pretrain}, NONE, data=data, imbalance=imbalance, method=method),
            data,
        )
        for data, imbalance in table.combinations("data", "imbalance")
        for method in table.values("method", data=data, imbalance=imbalance)
        for pretrain in table.values("pretrain", data=data)
        if pretrain != "none"
    ]


def _depth(table: Table) -> list[Comparison]:
    table.need("data", "imbalance", "method", "pretrain", "seed", "accuracy", "depth")
    comparisons = []
    for data, imbalance in table.combinations("data", "imbalance"):
        for method in table.values("method", data=data, imbalance=imbalance):
            cells = {"data": data, "imbalance": imbalance, "method": method}
            for shallow, deep in pairwise(sorted(table.values("depth", **cells))):
                values = gain(table, _ACCURACY, {"depth": deep}, {"depth": shallow}, **cells, **NONE)
                name = f"{METHODS.get(method, method)}, ResNet-{deep} - ResNet-{shallow}"
                comparisons.append(Comparison(label_prefix(data, imbalance, name), values, data))
    if not comparisons:
        raise TooFewError(f"a second depth in the table {table.name}")
    return comparisons


_CLASSICAL: Mapping[str, str] = {"focal": "focal loss", "ldam": "LDAM", "ldam-drw": "LDAM-DRW"}


def _losses(table: Table) -> list[Comparison]:
    table.need("data", "imbalance", "method", "pretrain", "seed", "accuracy")
    return [
        Comparison(
            label_prefix(data, imbalance, f"{title} + SSP - {title}"),
            gain(table, _ACCURACY, SSP, NONE, data=data, imbalance=imbalance, method=method),
            data,
        )
        for (data, imbalance), (method, title) in product(table.combinations("data", "imbalance"), _CLASSICAL.items())
    ]


def _classwise(table: Table) -> list[Comparison]:
    table.need("data", "imbalance", "method", "pretrain", "seed", "label", "error")
    error: Statistic = mean_over("error", True)
    return [
        Comparison(
            label_prefix(data, imbalance, f"{METHODS[method]}, error of rare classes without SSP - with SSP"),
            gain(table, error, NONE, SSP, data=data, imbalance=imbalance, method=method),
            data,
        )
        for (data, imbalance), method in product(table.combinations("data", "imbalance"), METHODS)
    ]


CLAIMS = (
    Claim(
        id="E9.normalised",
        place="section 5.4, relationship between representation and classifier",
        printed="high-quality representation can alleviate the classifier bias by normalizing weights' norm for each "
        "category",
        reading="the better the features, the more normalising helps the rare, somewhere",
        statistic="accuracy of the last third of the classes under the tau-normalised classifier of tau 1 minus that "
        "under the joint one, with SSP minus the same without, at each imbalance and data set, for each method whose "
        "features are looked at: > 0",
        experiments=("representation",),
        measure=measure_of_tables(_representation),
        somewhere=True,
    ),
    Claim(
        id="E9.more-even",
        place="section 5.4, relationship between representation and classifier",
        printed="high-quality representation can alleviate the classifier bias by normalizing weights' norm for each "
        "category",
        reading="better features alone even out the norms",
        statistic="standard deviation over mean of the joint classifier's norms, without SSP minus with SSP, at each "
        "imbalance and data set, for each method: > 0",
        experiments=("representation",),
        measure=measure_of_tables(_more_even),
        somewhere=True,
    ),
    Claim(
        id="E9.ssl",
        place="sections 5.2 and 5.4, different self-supervised methods",
        printed="self-supervised learning can provide discriminative information for downstream tasks",
        statistic="accuracy after each self-supervised pre-training minus that from random weights, at each imbalance "
        "and data set, for CE (and any other method that the table has): > 0",
        experiments=("ssl",),
        measure=measure_of_tables(_ssl),
    ),
    Claim(
        id="E9.depth",
        place="sections 5.2 and 5.4, different architectures",
        printed="network depth is of crucial factor for representation learning",
        reading="deeper is better",
        statistic="accuracy of each network minus that of the next shallower one, without "
        "SSP, at each imbalance and data set, for CE (and any other method that the table has): > 0",
        experiments=("depth",),
        measure=measure_of_tables(_depth),
    ),
    Claim(
        id="E9.losses",
        place="abstract, and section 5.4, different SOTA methods",
        printed="based on existing state-of-the-arts (SOTAs), the performance could be further improved by similarity "
        "reduction",
        statistic="accuracy of focal loss, LDAM and LDAM-DRW with SSP minus that without, at each imbalance and data "
        "set: > 0",
        experiments=("losses",),
        measure=measure_of_tables(_losses),
    ),
    Claim(
        id="E9.minority",
        place="section 5.4, generalization on minority classes, with the caption of Table 1",
        printed="we further explore the generalization on each minority class",
        reading="with SSP it is better; the text at hand shows no result",
        statistic="mean error of the last third of the classes without SSP minus with SSP, for each method: > 0",
        experiments=("classwise",),
        measure=measure_of_tables(_classwise),
    ),
)
"""The claims of the section."""
