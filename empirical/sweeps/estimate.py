"""The time that runs take on this machine: a few steps of each kind, extrapolated to the images that they will see.

Kinds differ by network, images, batch size and what is learnt; all runs of a kind take as long for an image. A kind is
measured on random images, in as many processes at once as the sweep will have, so that what they take from each other
is in it. What is left out: the start of the processes, and what an experiment does with its finished runs.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirical.config import NO_PRETRAINING, Config
from empirical.data.size import Size
from empirical.registry import method_facts
from empirical.runtime.threads import one_thread

__all__ = ["Kind", "Speed", "images_seen", "kind_of", "measure", "sweep_seconds"]

_SECONDS = 1.0
_STEPS = 64
_TESTED = 250


@dataclass(frozen=True)
class Kind:
    """A kind of run: all of a kind take as long for an image.

    Attributes:
        config: a run of this kind, whatever cannot matter at its default.
        shape: of an image.
        classes: how many there are.
    """

    config: Config
    shape: tuple[int, int, int]
    classes: int


@dataclass(frozen=True)
class Speed:
    """Seconds an image: to train on it once, and to test on it."""

    train: float
    test: float


def images_seen(config: Config, size: Size, others: Collection[Config] = ()) -> tuple[int, int]:
    """Return how many images a run trains on and tests on, an image counted as often as it comes.

    Args:
        config: the run.
        size: of its data.
        others: the runs that are trained with it: one of deferred re-weighting takes over the epochs of its twin.

    Example:
        >>> size = Size((5000,) * 10, 10_000, (32, 32, 3))
        >>> images_seen(Config(data="cifar10", imbalance=100), size)
        (2481200, 2010000)
    """
    from empirical.data.training_set import class_counts

    n = int(class_counts(config, np.array(size.available)).sum())
    n -= n % config.batch_size == 1  # such an image would be a batch of its own, and is left out
    epochs = range(1, config.epochs + 1)
    if config.method is None:
        return n * len(epochs), 0
    if method_facts(config.method).deferred and config.twin() in others:
        epochs = epochs[config.schedule.switch :]
    tests = sum(epoch % config.evaluate_every == 0 or epoch == config.epochs for epoch in epochs)
    return n * len(epochs), size.tested * (tests + 1)  # the result tests once more


def kind_of(config: Config, size: Size) -> Kind:
    """Return the kind of a run."""
    usual = Config(data="random", arch=config.arch, width=config.width, batch_size=config.batch_size)
    if config.method is None:
        numbers = ("temperature", "dimension", "key_momentum", "queue", "redundancy", "factor")
        own = {name: getattr(config, name) for name in numbers}
        usual = replace(usual, method=None, pretrain=config.pretrain, **own)
    elif method_facts(config.method).cosine:
        usual = replace(usual, method="ldam")
    return Kind(usual, size.shape, len(size.available))


def measure(kinds: Collection[Kind], device: str, workers: int) -> dict[Kind, Speed]:
    """Return the speed of each kind, when ``workers`` processes are at it on ``device``."""
    found = {}
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=one_thread) as pool:
        list(pool.map(_load, range(workers)))
        for kind in kinds:
            speeds = [one.result() for one in [pool.submit(_speed, kind, device) for _ in range(workers)]]
            found[kind] = Speed(fmean(one.train for one in speeds), fmean(one.test for one in speeds))
    return found


def sweep_seconds(
    configs: Sequence[Config], sizes: Mapping[Config, Size], speeds: Mapping[Kind, Speed], workers: int
) -> float:
    """Return how long ``workers`` processes take for runs and what they start from.

    That is the time of all of it over ``workers``, or of the longest chain of runs that start from one another.

    Args:
        configs: the runs.
        sizes: of the data of each run; of pre-trainings those of the runs that need them count.
        speeds: of each kind.
        workers: how many there are.
    """
    from empirical.sweeps.order import needs

    wanted, ends = needs(configs), dict[Config, float]()
    size = {**{first: sizes[run] for run in configs if (first := run.pretraining()) is not None}, **sizes}
    total = 0.0

    def end(run: Config) -> float:
        nonlocal total
        if run not in ends:
            trained, tested = images_seen(run, size[run], wanted)
            speed = speeds[kind_of(run, size[run])]
            own = trained * speed.train + tested * speed.test
            total += own
            before = (first for first in (wanted[run].pretraining, wanted[run].twin) if first is not None)
            ends[run] = own + max(map(end, before), default=0.0)
        return ends[run]

    longest = max(map(end, wanted), default=0.0)
    return max(total / workers, longest)


def _load(number: int) -> None:
    """Import what a probe needs; the pause gives every process one of these."""
    import empirical.training.tasks  # noqa: F401

    time.sleep(0.1)


def _speed(kind: Kind, device: str) -> Speed:
    """Measure a kind in this process."""
    import torch

    from empirical.data.channels import channel_statistics
    from empirical.data.training_set import TrainingSet
    from empirical.runtime.device import Execution, find_device
    from empirical.training.step import Optimizer, Trainer
    from empirical.training.tasks import SelfSupervised, Supervised

    config, rng = kind.config, np.random.default_rng(0)
    images = torch.from_numpy(rng.integers(0, 256, (config.batch_size * _STEPS, *kind.shape), dtype=np.uint8))
    labels = torch.from_numpy(rng.integers(0, kind.classes, len(images)))
    nothing: NDArray[np.intp] = np.empty(0, dtype=np.intp)
    counts = (len(labels) // kind.classes,) * kind.classes
    execution = Execution(find_device(device))
    training_set = TrainingSet(
        images=images,
        labels=labels,
        test_images=images[:_TESTED],
        test_labels=labels[:_TESTED],
        counts=counts,
        mean=channel_statistics(images)[0],
        std=channel_statistics(images)[1],
        pad=kind.shape[0] // 8,
        mirror=True,
        fingerprint="",
        chosen=nothing,
        replaced=nothing,
        partners=nothing,
    ).to(execution.device)
    with execution.kernels():
        stage = (SelfSupervised if config.method is None else Supervised)(config, training_set, execution)
        optimizer = Optimizer(stage.module, config.momentum, config.weight_decay, execution.device)
        trainer = Trainer(stage.module, optimizer, _STEPS, execution, stage.generators)
        trainer.begin(stage.loss(1), 0.0)
        began, steps = 0.0, -1
        for batch in stage.batches(1):
            trainer.step(*batch)
            _settle(execution.device)
            steps += 1
            if steps == 0:  # the first one makes buffers and graphs
                began = time.perf_counter()
            elif time.perf_counter() - began > _SECONDS:
                break
        train = (time.perf_counter() - began) / (steps * config.batch_size)
        if config.pretrain != NO_PRETRAINING:
            return Speed(train, 0.0)
        stage.scores()
        began = time.perf_counter()
        stage.scores()
        return Speed(train, (time.perf_counter() - began) / _TESTED)


def _settle(device: Any) -> None:
    """Wait until the device has done what it was given."""
    if device.type == "cuda":
        import torch

        torch.cuda.synchronize(device)
