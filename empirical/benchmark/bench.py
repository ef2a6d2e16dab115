"""The speed of training: ours and the reference loop, measured in turn, each in a process of its own."""

from __future__ import annotations

import resource
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from threading import BrokenBarrierError
from typing import Any

import numpy as np

from empirical.runtime.processes import busy_process, worker_processes
from empirical.runtime.threads import one_thread, wait_passively
from theory.support.validate import choice, integer

__all__ = ["Measured", "Plan", "measure", "report"]

WORKERS = (0, 2, 4)
"""The numbers of workers that the reference loop is tried with."""

_KIB = 1024
_CLASSES = 10
_SIDE = 32
_MOST = 1_000_000
_MOST_RUNS = 1000
_TILE = 64
_WARM = 20
_BUSY = "ours, beside a busy process"


@dataclass(frozen=True)
class Plan:
    """The plan of a measurement.

    Args:
        arch: the network.
        batch_size: images a step.
        steps: timed steps of a measurement, after one that is not timed.
        rounds: how often each candidate is measured, in turn with the others; medians are reported.
        workers: the numbers of workers of the reference loop.
        device: ``cpu`` or ``cuda``.
        compile: whether ours is measured with ``torch.compile`` too.
        precision: ``float32`` or ``bfloat16``, in which ours is measured too, or None for the device's usual one alone.
        busy: whether ours is measured beside a busy process too.
        stacked: how many runs are measured together, stacked (:mod:`empirical.training.stacked`) and as processes, of
            one thread each on a CPU; 0 for none.
    """

    arch: str = "resnet32"
    batch_size: int = 128
    steps: int = 8
    rounds: int = 3
    workers: tuple[int, ...] = WORKERS
    device: str = "cpu"
    compile: bool = False
    precision: str | None = None
    busy: bool = True
    stacked: int = 0

    def __post_init__(self) -> None:
        """Check the numbers and names."""
        from empirical.training.networks import ARCHITECTURES

        choice("arch", self.arch, ARCHITECTURES)
        if self.precision is not None:
            self.execution(precision=self.precision)
        integer("batch_size", self.batch_size, least=2, most=_MOST)
        integer("steps", self.steps)
        integer("rounds", self.rounds)
        integer("stacked", self.stacked, least=0, most=_MOST_RUNS)

    def execution(self, **options: Any) -> Any:
        """Return how to compute (:class:`empirical.runtime.device.Execution`) on the device."""
        import torch

        from empirical.runtime.device import Execution

        return Execution(torch.device(self.device), **options)

    @property
    def candidates(self) -> dict[str, tuple[Callable[..., Measured], dict[str, Any]]]:
        """The candidates: for each name the function that measures it, and what it is given beside the plan."""
        found: dict[str, tuple[Callable[..., Measured], dict[str, Any]]] = {
            f"reference, {n} workers": (_reference, {"workers": n}) for n in self.workers
        }
        for precision in dict.fromkeys(("float32", self.execution().precision, self.precision or "float32")):
            found[_products(precision)] = (_ceiling, {"precision": precision})
        for precision in dict.fromkeys((None, self.precision)):
            for compile in dict.fromkeys((False, self.compile)):
                name = ", ".join(filter(None, ("ours", precision, "compiled" if compile else None)))
                found[name] = (_ours, {"precision": precision or "auto", "compile": compile})
        if self.busy:
            found[_BUSY] = (_busy, {})
        if self.stacked:
            found[f"{self.stacked} runs, stacked"] = (_stacked, {"runs": self.stacked})
            found[f"{self.stacked} runs, processes"] = (_processes, {"runs": self.stacked})
        return found


@dataclass(frozen=True)
class Measured:
    """One measurement.

    Attributes:
        images_per_second: over the timed steps; of all runs together where there are several.
        first_step: seconds to the end of the first step, data and network made, libraries loaded.
        outside: the share of the time outside forward, backward and optimiser; None where that is not measured.
        peak_mib: the largest resident memory, that of workers not counted, or the GPU's, in MiB.
        precision: what was computed in.
    """

    images_per_second: float
    first_step: float
    outside: float | None
    peak_mib: float
    precision: str = "float32"


def measure(plan: Plan, report_line: Callable[[str], None] = lambda line: None) -> dict[str, list[Measured]]:
    """Return the measurements of each candidate, a list with one for each round.

    The reference's threads wait as the environment says, or as is OpenMP's own way; those of the others
    (:func:`empirical.runtime.threads.wait_passively`) sleep after a moment.

    Args:
        plan: what to measure.
        report_line: called with a line after each measurement.
    """
    found: dict[str, list[Measured]] = {name: [] for name in plan.candidates}
    for number in range(1, plan.rounds + 1):
        for name, (kind, given) in plan.candidates.items():
            with worker_processes(1, None if kind is _reference else wait_passively) as submit:
                one = submit(partial(kind, plan, **given)).result()
            found[name].append(one)
            report_line(f"round {number}/{plan.rounds}  {name}: {one.images_per_second:.1f} images/s")
    return found


def report(measurements: dict[str, list[Measured]]) -> dict[str, Any]:
    """Return the medians of each candidate, and ours against the best reference.

    Returns:
        ``candidates``, for each the medians of :class:`Measured`'s numbers and ``share``, its images a second over
        those of matrix products with as many operations in the same precision; ``reference``, the name of the fastest
        reference; ``ratios``, by name how many times as fast ours is; ``busy_cost``, how many times as long ours takes
        beside a busy process, None if not measured; ``together``, by name how many times as many images a second
        several runs at once see as one after another.
        Ratios are medians over the rounds, each of which compares measurements made minutes apart at most.
    """
    medians = {name: _medians(values) for name, values in measurements.items()}
    references = [name for name in measurements if name.startswith("reference")]
    best = max(references, key=lambda name: medians[name]["images_per_second"] or 0.0)

    def ratio(name: str, other: str) -> float:
        pairs = zip(measurements[name], measurements[other], strict=True)
        return statistics.median(one.images_per_second / two.images_per_second for one, two in pairs)

    return {
        "candidates": {
            name: {**numbers, "share": ratio(name, _products(measurements[name][0].precision))}
            for name, numbers in medians.items()
        },
        "reference": best,
        "ratios": {name: ratio(name, best) for name in measurements if name.startswith("ours") and name != _BUSY},
        "busy_cost": 1 / ratio(_BUSY, "ours") if _BUSY in measurements else None,
        "together": {name: ratio(name, "ours") for name in measurements if " runs, " in name},
    }


def _medians(values: Sequence[Measured]) -> dict[str, float | None]:
    """Return the median of each number."""
    found: dict[str, float | None] = {}
    for name in ("images_per_second", "first_step", "outside", "peak_mib"):
        known = [value for one in values if (value := getattr(one, name)) is not None]
        found[name] = statistics.median(known) if known else None
    return found


def _products(precision: str) -> str:
    """Return the name of the ceiling in a precision."""
    return f"matrix products, {precision}"


def _pictures(plan: Plan) -> tuple[Any, Any]:
    """Return random images of CIFAR's shape, a whole batch for each step, and their labels."""
    rng = np.random.default_rng(0)
    n = plan.batch_size * (plan.steps + 1)
    images = rng.integers(0, 256, (n, _SIDE, _SIDE, 3), dtype=np.uint8)
    return images, rng.integers(0, _CLASSES, n)


def _reference(plan: Plan, workers: int) -> Measured:
    """Measure the reference loop."""
    import torch

    from empirical.benchmark.reference import Pictures, reference_steps
    from empirical.training.networks import build

    images, labels = _pictures(plan)
    pictures = Pictures(images, labels, mean=(0.5,) * 3, std=(0.25,) * 3)
    network, device = build(plan.arch, _CLASSES), torch.device(plan.device)
    warnings.filterwarnings("ignore", message=".*worker processes")  # more workers than cores: that is the question
    ends = list(reference_steps(network, pictures, batch_size=plan.batch_size, workers=workers, device=device))
    return Measured(
        images_per_second=_rate(plan, ends[0], ends[-1]), first_step=ends[0], outside=None, peak_mib=_peak(plan)
    )


def _ours(
    plan: Plan, precision: str = "auto", compile: bool = False, work: Callable[[], object] = lambda: None
) -> Measured:
    """Measure the training loop; ``work`` is called between the first step and the others."""
    from empirical.benchmark.stopwatch import Stopwatch, TimedOptimizer
    from empirical.training.step import Optimizer, Trainer
    from empirical.training.tasks import Supervised

    config, training_set = _run(plan)
    execution = plan.execution(compile=compile, precision=precision)
    device = execution.device
    started = time.perf_counter()
    with execution.kernels():
        stage = Supervised(config, training_set, execution)
        # A watch inside a network that is compiled, or captured as a graph, would be compiled or captured too.
        watch = None if compile or execution.graphs else Stopwatch(stage.module)
        kind = Optimizer if watch is None else partial(TimedOptimizer, watch=watch)
        optimizer = kind(stage.module, config.momentum, config.weight_decay, device)
        trainer = Trainer(stage.module, optimizer, plan.steps + 1, execution)
        trainer.begin(stage.loss(1), config.lr)
        first, inside = 0.0, 0.0
        for number, batch in enumerate(stage.batches(1)):
            trainer.step(*batch)
            if number == 0:
                _settle(device)
                waited = time.perf_counter()
                work()
                started += time.perf_counter() - waited
                first, inside = time.perf_counter() - started, 0.0 if watch is None else watch.seconds
        trainer.tally(decides=True)  # waits for the device
    ended = time.perf_counter() - started
    outside = None if watch is None else 1 - (watch.seconds - inside) / (ended - first)
    return Measured(
        images_per_second=_rate(plan, first, ended),
        first_step=first,
        outside=outside,
        peak_mib=_peak(plan),
        precision=execution.precision,
    )


def _operations(arch: str) -> int:
    """Return the operations of a step of a network for each image, a multiplication and an addition counted as two."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from empirical.training.networks import build

    with FlopCounterMode(display=False) as counter:
        build(arch, _CLASSES)(torch.zeros(1, 3, _SIDE, _SIDE)).sum().backward()
    return int(counter.get_total_flops())


def _ceiling(plan: Plan, precision: str) -> Measured:
    """Measure a square matrix product with about as many operations as a step has."""
    import torch

    work = plan.batch_size * _operations(plan.arch)
    side = max(_TILE, _TILE * round((work / 2) ** (1 / 3) / _TILE))
    device = torch.device(plan.device)
    torch.backends.cuda.matmul.allow_tf32 = True  # as the convolutions of the reference may
    started = time.perf_counter()
    one = torch.rand(side, side, device=device, dtype=getattr(torch, precision))
    other = torch.empty_like(one)
    for _ in range(_WARM if device.type == "cuda" else 1):
        torch.mm(one, one, out=other)
    _settle(device)
    first = time.perf_counter() - started
    for _ in range(plan.steps):
        torch.mm(one, one, out=other)
    _settle(device)
    rate = _rate(plan, first, time.perf_counter() - started) * 2 * side**3 / work
    return Measured(images_per_second=rate, first_step=first, outside=None, peak_mib=_peak(plan), precision=precision)


def _run(plan: Plan) -> tuple[Any, Any]:
    """Return a run on random images: its configuration, and its images on the device."""
    import torch

    from empirical.config import Config
    from empirical.data.channels import channel_statistics as channel_statistics
    from empirical.data.training_set import TrainingSet

    images, labels = map(torch.from_numpy, _pictures(plan))
    mean, std = channel_statistics(images)
    counts = (len(labels),) * _CLASSES  # of no effect on cross entropy
    everything, nothing = np.arange(len(labels)), np.arange(0)
    training_set = TrainingSet(
        images=images,
        labels=labels,
        test_images=images[:0],
        test_labels=labels[:0],
        counts=counts,
        mean=mean,
        std=std,
        pad=4,
        mirror=True,
        fingerprint="",
        chosen=everything,
        replaced=nothing,
        partners=nothing,
    )
    config = Config(data="bench", arch=plan.arch, batch_size=plan.batch_size)
    return config, training_set.to(torch.device(plan.device))


def _stacked(plan: Plan, runs: int) -> Measured:
    """Measure several runs as one stack."""
    from empirical.training.stacked import Stack

    config, training_set = _run(plan)
    execution = plan.execution()
    started = time.perf_counter()
    with execution.kernels():
        ends: list[float] = []

        def after_step() -> None:
            if not ends:
                _settle(execution.device)
            ends.append(time.perf_counter() - started)

        stack = Stack([config] * runs, [training_set] * runs, execution)
        stack.epoch(1, after_step)
    ended = time.perf_counter() - started
    return Measured(
        images_per_second=runs * _rate(plan, ends[0], ended),
        first_step=ends[0],
        outside=None,
        peak_mib=_peak(plan),
        precision=execution.precision,
    )


_gate: Any = None
"""Where the processes of a measurement wait for each other."""


def _wait_at(gate: Any, device: str) -> None:
    """Set up a process that is measured with others."""
    global _gate
    _gate = gate
    if device == "cpu":
        one_thread()


def _concurrent(plan: Plan) -> Measured:
    """Measure the loop of :mod:`empirical.training.train` while others do the same."""
    try:
        return _ours(plan, work=_gate.wait)
    except BaseException:
        _gate.abort()  # the others would wait for ever
        raise


def _processes(plan: Plan, runs: int) -> Measured:
    """Measure several runs as processes that begin their second step together."""
    gate = get_context("spawn").Barrier(runs)
    with worker_processes(runs, _wait_at, gate, plan.device) as submit:
        futures = [submit(_concurrent, plan) for _ in range(runs)]
        errors = [error for future in futures if (error := future.exception())]
        if errors:  # of the others one knows only that they were not joined
            raise min(errors, key=lambda error: isinstance(error, BrokenBarrierError))
        found = [future.result() for future in futures]
    rate, peak = (sum(getattr(one, name) for one in found) for name in ("images_per_second", "peak_mib"))
    return Measured(
        images_per_second=rate,
        first_step=max(one.first_step for one in found),
        outside=None,
        peak_mib=peak,
        precision=found[0].precision,
    )


def _busy(plan: Plan) -> Measured:
    """Measure the loop of :mod:`empirical.training.train` beside a process that keeps one core busy."""
    with busy_process():
        return _ours(plan)


def _rate(plan: Plan, first: float, ended: float) -> float:
    """Return the images a second of the steps after the first."""
    return plan.batch_size * plan.steps / (ended - first)


def _settle(device: Any) -> None:
    """Wait until the device has done what it was given."""
    if device.type == "cuda":
        import torch

        torch.cuda.synchronize(device)


def _peak(plan: Plan) -> float:
    """Return the peak memory in MiB."""
    if plan.device == "cuda":
        import torch

        return torch.cuda.max_memory_reserved() / _KIB**2
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB
