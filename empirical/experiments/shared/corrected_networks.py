"""Corrections of networks of two classes: their runs, and what the networks and heads of finished ones measure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.random import SeedSequence

from empirical.analysis.linear_classifiers import Rule
from empirical.config import Config
from empirical.experiments.shared.corrected_heads import Floats, retrained_head
from empirical.experiments.shared.second_stage import halves
from empirical.experiments.shared.tau_choice import POST_HOC, REFUSED, TauChoice, adjusted, choose, remaining_counts
from empirical.sweeps.sweep import Sweep

if TYPE_CHECKING:
    from torch import Tensor

    from empirical.analysis.features import Features

__all__ = ["differences", "halved_features", "imbalanced_runs", "network_rule"]

_TRAINED = ("ce", "rw", "rs", "drw", "logit-adjustment")


def imbalanced_runs(even: Config, counts: tuple[int, int]) -> dict[str, Config]:
    """Return the runs with other numbers of images than the balanced one, by the correction that they train.

    That of ``likelihood`` is the one of ``ce`` without the images that tau is chosen on: training images are the first
    ones of an order of each class (:func:`empirical.data.longtail.subset`), so that a run with fewer leaves the last
    ones of another aside. It is left out where :func:`empirical.experiments.shared.tau_choice.remaining_counts` says
    that nothing can be put aside.
    """
    runs = {method: replace(even, counts=counts, method=method) for method in _TRAINED}
    remaining = remaining_counts(counts)
    return runs if remaining is None else {**runs, "likelihood": replace(even, counts=remaining)}


def differences(
    runs: Mapping[str, Config], results: Mapping[Config, dict[str, Any] | None], sweep: Sweep
) -> tuple[dict[str, tuple[Floats, Floats]], dict[str, TauChoice]]:
    """Return the logit differences on the test images that are kept, by correction, and the corrections' taus.

    Args:
        runs: those of :func:`imbalanced_runs`.
        results: None for those that are not finished, which are left out.
        sweep: the folders of the runs and of the data sets.
    """
    choices = {"post-hoc": POST_HOC} if "likelihood" in runs else {"post-hoc": POST_HOC, "likelihood": REFUSED}
    measured = {}
    for method, config in runs.items():
        if results[config] is None:
            continue
        (_, kept), seen = halved_features(config, sweep)
        if method == "likelihood":
            choices[method] = _chosen_tau(config, runs["ce"], sweep)
        for name, rule in _rules(method, config, seen, choices):
            measured[name] = rule.scores(kept[0]), rule.scores(kept[1])
    return measured, choices


def network_rule(weight: Tensor, bias: Tensor | None) -> Rule:
    """Return the rule of a network of two classes with this last layer."""
    rows = weight.double().numpy()
    return Rule(rows[0] - rows[1], 0.0 if bias is None else float(bias[0] - bias[1]))


def halved_features(config: Config, sweep: Sweep) -> tuple[list[tuple[Floats, Floats]], Features]:
    """Return the test features of a run's two classes that predictions read, those that are kept, and all it sees."""
    from empirical.analysis import features

    seen = features.of_run(config, sweep.runs, sweep.root)
    x, labels = seen.test.double().numpy(), seen.test_labels.numpy()
    split = []
    for at, label in enumerate(config.classes or ()):
        own = x[labels == at]
        read, kept = halves(len(own), config.seed, int(label))
        split.append((own[read], own[kept]))
    return list(zip(*split, strict=True)), seen


def _rules(
    method: str, config: Config, features: Features, choices: Mapping[str, TauChoice]
) -> Iterator[tuple[str, Rule]]:
    """Yield the rule of a network, or what is made of it, by correction."""
    rule, counts = network_rule(features.weight, features.bias), (features.counts[0], features.counts[1])
    if method == "likelihood":
        yield from adjusted(rule, {method: choices[method]}, counts).items()
        return
    yield method, rule
    if method == "ce":
        weight = features.weight.double().numpy()
        unit = weight / np.linalg.norm(weight, axis=1, keepdims=True)
        yield "tau", Rule(unit[0] - unit[1], 0.0)
        rng = np.random.default_rng(SeedSequence(config.seed))
        yield "retrained", retrained_head(features.train.double().numpy(), features.train_labels.numpy(), rng)
        yield from adjusted(rule, {"post-hoc": choices["post-hoc"]}, counts).items()


def _chosen_tau(config: Config, whole: Config, sweep: Sweep) -> TauChoice:
    """Return the tau that is chosen for a network on the training images of the ``whole`` run that it did not see."""
    from empirical.analysis import features
    from empirical.data.training_set import load_training_set
    from empirical.training.train import trained_network

    network, own = trained_network(config, sweep.runs, sweep.root)
    both = load_training_set(whole, sweep.root)
    aside = ~np.isin(both.chosen, own.chosen)
    x, labels = features.of_images(network, own, both.images[aside]).double().numpy(), both.labels.numpy()[aside]
    layer: Any = network.classifier
    rule = network_rule(layer.weight.detach(), layer.bias.detach())
    return choose(rule.scores(x[labels == 0]), rule.scores(x[labels == 1]), (own.counts[0], own.counts[1]))
