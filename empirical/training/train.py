"""Training: a configuration becomes a folder with its result, once, and however often it is interrupted."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from empirical.config import Config
from empirical.data.class_names import labelled
from empirical.data.load import located
from empirical.data.training_set import TrainingSet, load_training_set
from empirical.registry import own_width
from empirical.runtime.device import Execution, find_device, make_cublas_deterministic
from empirical.runtime.monitor import Monitor, Quiet
from empirical.runtime.stop import Interrupted, Stop
from empirical.storage.folders import make_folder
from empirical.storage.provenance import surroundings
from empirical.storage.run_folder import Run
from empirical.training.evaluate import by_frequency, norms
from empirical.training.step import Optimizer, Trainer
from empirical.training.tasks import SelfSupervised, Supervised, build_network
from theory.support.validate import number, refuse

__all__ = ["SAVE_EVERY", "Diverged", "train", "trained_network"]

_NETWORK = "network."
_LEAST_SIDE = 4

SAVE_EVERY = 5.0
"""Seconds between two checkpoints. One of a ResNet-32 takes 25 ms; 200 epochs in 25 s leave 125 ms for an epoch."""


class Diverged(ArithmeticError):  # noqa: N818 - what happened, not an error of the caller
    """The loss of a run is no longer finite."""


def train(
    config: Config,
    out: str | Path,
    *,
    root: str | Path | None = None,
    by_name: bool = False,
    device: str = "auto",
    deterministic: bool = False,
    compile: bool = False,
    precision: str = "auto",
    save_every: float = SAVE_EVERY,
    stop: Stop | None = None,
    monitor: Monitor | None = None,
) -> dict[str, Any]:
    """Train the run of a configuration, or what is left of it, and return its result.

    A finished run is not trained again. A run that was stopped goes on after its last whole epoch, one that was killed
    after the last one that is saved; on a CPU, with as many threads, the result is the same to the bit as without the
    interruption, and it is said if the number of threads or the like is another than before. The
    pre-training that it needs is a run of its own, which is trained first if it is not there, and a run that equals
    this one up to the switch of deferred re-weighting (:meth:`empirical.config.Config.twin`) hands over its state at
    the switch if it has got so far.

    Args:
        config: what to train.
        out: the folder of the runs (:class:`empirical.storage.run_folder.Run`).
        root: the folder of the data sets, for :func:`empirical.data.load.load`.
        by_name: whether a file of images that is not where ``config`` says may be the one of its name in ``root``, as
            on a machine that it was sent to; the caller compares the images.
        device: ``auto``, ``cpu`` or ``cuda``.
        deterministic: choose deterministic kernels on CUDA.
        compile: use ``torch.compile``.
        precision: ``auto``, ``float32`` or ``bfloat16``, as :class:`empirical.runtime.device.Execution` takes it.
        save_every: seconds from one checkpoint to the next, at least; 0 for one after each epoch. The last epoch, the
            one before deferred re-weighting and the last whole one before a stop are saved whatever it says.
        stop: when to stop early; by default never.
        monitor: what to tell; by default nothing is shown.

    Returns:
        What ``result.json`` holds: the accuracies of the last and of the best epoch (the best by the test images, so
        for comparison only), the scores of the last one by class, the norms of the classifier, what its
        tau-normalisation comes to (:meth:`empirical.training.tasks.Supervised.swept`), the logit adjustment that images
        held out for validation make most likely (:meth:`empirical.training.tasks.Supervised.adjusted`), and how it was
        made.

    Raises:
        ValueError: the data are missing or do not fit the configuration, there is no such device, the folder cannot
            be written, or it holds a checkpoint that is torn or foreign.
        Diverged: a loss is not finite.
        Interrupted: ``stop`` asked for it; the same call goes on from there.
        OSError: the disk is full or fails; what was saved before stays.
    """
    out = Path(out)
    stop, monitor = stop or Stop(), monitor or Quiet()
    every = float(number("save_every", save_every, "must be a finite number of seconds of at least 0", least=0))
    where = find_device(device)
    if deterministic:
        make_cublas_deterministic(where)
    execution = Execution(where, deterministic, compile, precision)
    here = replace(config, data=located(config.data, root)) if by_name else config
    config = replace(labelled(here, root), data=config.data)
    training_set = load_training_set(replace(config, data=here.data), root)
    build_network(config, training_set)  # refuses what does not fit, before anything is written, and so does this
    _check_images(config, training_set)
    make_folder(out)
    training_set = training_set.to(execution.device)
    with execution.kernels():
        first = config.pretraining()
        if first is not None:
            _train(Run(first, out), training_set, execution, stop, monitor, every)
        return _train(Run(config, out), training_set, execution, stop, monitor, every)


def _check_images(config: Config, training_set: TrainingSet) -> None:
    """Refuse images that the network or the pre-training cannot take."""
    count, height, width = training_set.images.shape[:3]
    if min(height, width) < _LEAST_SIDE:
        refuse("data", config.data, f"must hold images of at least {_LEAST_SIDE} pixels a side, not {height} x {width}")
    if config.pretrain == "rotation" and height != width:
        refuse("pretrain", config.pretrain, f"needs square images, not {height} x {width}")
    if config.queue is not None and min(config.batch_size, count) > config.queue:
        refuse("batch_size", config.batch_size, f"must be at most {config.queue}, the keys that moco's queue holds")


def trained_network(config: Config, out: str | Path, root: str | Path | None = None) -> tuple[nn.Module, TrainingSet]:
    """Return the network of a finished run, in evaluation mode on the CPU, and what it was trained and tested on.

    For :func:`empirical.training.evaluate.tau_sweep`, :func:`empirical.training.evaluate.retrain_classifier` and
    everything else that looks at features. What the network takes is
    ``normalize(training_set.test_images, training_set.mean, training_set.std)``.

    Raises:
        ValueError: the run is not finished, its data are others, or its checkpoint is torn or foreign.
    """
    config = labelled(replace(config, data=located(config.data, root)), root)
    run = Run(config, Path(out))
    state = run.checkpoint()
    if state is None or run.result() is None:
        refuse("run", str(run.folder), "must be a finished run")
    training_set = load_training_set(config, root)
    if state["data"] != training_set.fingerprint:
        refuse("data", config.data, f"must hold the images that {run.folder} was trained on")
    if run.has_images_of(training_set) is False:
        changed = "data" if config.indices is None else "indices"
        refuse(changed, getattr(config, changed), f"must name the images that {run.folder} was trained on")
    network = build_network(config, training_set)
    network.load_state_dict(_network_state(run, state))
    return network.eval(), training_set


def _train(
    run: Run, training_set: TrainingSet, execution: Execution, stop: Stop, monitor: Monitor, save_every: float
) -> dict[str, Any]:
    """Return the result of a run; train it if it has none."""

    def waiting(process: str) -> None:
        monitor.note(f"{run.folder}: process {process} is training this run; waiting for it")

    about = {name: list(getattr(training_set, name)) for name in ("data_classes", "classes", "counts")}
    with run.locked_folder(training_set.fingerprint, waiting, stop.check, about):
        run.record_images(training_set)
        finished = run.result()
        if finished is None:
            training = _Training(run, training_set, execution, save_every)
            finished = training.finish(stop, monitor)
            run.write_model(training.model())
            run.finish(finished)
            if execution.graphs:
                gc.collect()  # graphs lie in cycles of references, and what they hold on the device with them
                torch.cuda.empty_cache()  # for the other processes that train there
        return finished


class _Training:
    """A run under way: its network, its optimiser and its history."""

    def __init__(self, run: Run, training_set: TrainingSet, execution: Execution, save_every: float) -> None:
        self._run, self._training_set, self._execution, self._save_every = run, training_set, execution, save_every
        self._config = config = run.config
        kind = SelfSupervised if config.method is None else Supervised
        self._stage = kind(config, training_set, execution)
        self._optimizer = Optimizer(self._stage.module, config.momentum, config.weight_decay, execution.device)
        self._history: list[dict[str, Any]] = []
        self._seconds = 0.0
        self._shared: dict[str, Any] | None = None
        self._executions: list[dict[str, Any]] = []
        self._unsaved: dict[str, Any] | None = None
        self._begin()
        self._saved = time.monotonic()

    def finish(self, stop: Stop, monitor: Monitor) -> dict[str, Any]:
        """Train the epochs that are left and return the result."""
        config, run = self._config, self._run
        label = f"pretrain {config.pretrain}" if config.method is None else config.method
        steps = -(-len(self._training_set.labels) // config.batch_size)
        trainer = Trainer(self._stage.module, self._optimizer, steps, self._execution, self._stage.generators)
        done = len(self._history)
        self._note_execution(done + 1, monitor)
        monitor.begin(f"{label} {Path(config.data).name or config.data}", run.folder, config.epochs, done)
        for text in (self._training_set.described(), *self._training_set.notes):
            monitor.note(text)
        run.write_history(self._history)
        longest = spent = 0.0
        try:
            for epoch in range(done + 1, config.epochs + 1):
                stop.check(longest)
                began = time.perf_counter()
                self._history.append(self._epoch(trainer, epoch, stop))
                took = time.perf_counter() - began
                self._seconds += took
                spent += took
                self._keep(epoch)
                longest = max(longest, time.perf_counter() - began)
                # The epochs before this process may be another machine's, and tell nothing of those to come.
                monitor.epoch(self._history[-1], spent / (epoch - done) * (config.epochs - epoch))
        except Interrupted as error:
            done = len(self._history)
            raise Interrupted(f"{run.folder}: stopped after epoch {done} of {config.epochs}: {error}") from None
        finally:
            try:
                if self._unsaved is not None:
                    self._save(self._unsaved)
            finally:
                monitor.end()
        return self._result()

    def model(self) -> dict[str, Any]:
        """Return the trained network in plain values and tensors, for other programs."""
        config, own = self._config, self._training_set
        state = _network_state(self._run, {"module": self._stage.module.state_dict()})
        return {
            "state_dict": {name: value.detach().cpu().contiguous() for name, value in state.items()},
            "arch": config.arch,
            "width": config.width or own_width(config.arch),
            "classes": list(own.classes),
            "mean": own.mean.tolist(),
            "std": own.std.tolist(),
            "resolution": config.resolution,
            "data_seed": config.data_seed,
            "run": config.digest,
        }

    def _note_execution(self, epoch: int, monitor: Monitor) -> None:
        """Record how the epochs from this one on are computed, and say so if that is another way than before."""
        now = self._execution.describe()
        if self._executions:
            before = self._executions[-1]
            if all(before.get(name) == now[name] for name in now):
                return
            known = [name for name in now if name in before and now[name] != before[name]]  # 0.1.0 recorded fewer
            if known:
                was, goes_on = (", ".join(f"{name} {how[name]}" for name in known) for how in (before, now))
                told = f"began with {was}, goes on with {goes_on}; so other bits will come out"
                monitor.note(f"{self._run.folder}: {told}")
        self._executions.append({"from_epoch": epoch, **now})

    def _begin(self) -> None:
        """Bring network, optimiser and history to where the run stands."""
        config, out = self._config, self._run.out
        state, first, twin = self._run.checkpoint(), config.pretraining(), config.twin()
        if state is None and twin is not None:
            plain = Run(twin, out)
            state = plain.checkpoint("switch")
            same = state is not None and state.get("data") == self._training_set.fingerprint
            if not (same and plain.has_images_of(self._training_set)):
                state = None
            if state is not None:
                state["shared"] = {"run": twin.digest, "epoch": len(state["history"])}
        if state is not None:
            self._fits(state)
            self._own_images(state, self._run)
            self._stage.module.load_state_dict(state["module"])
            self._optimizer.velocity = state["velocity"]
            self._history, self._seconds = [_with_class_mean(row) for row in state["history"]], state["seconds"]
            self._shared, self._executions = state["shared"], state.get("executions", [])
        elif first is not None:
            pretraining = Run(first, out)
            learnt = pretraining.checkpoint()
            if learnt is None:
                refuse("pretrain", config.pretrain, f"{pretraining.folder} has lost its last.pt; remove the folder")
            self._own_images(learnt, pretraining)
            assert isinstance(self._stage, Supervised)
            self._stage.start_from(_network_state(pretraining, learnt))

    def _fits(self, state: Mapping[str, Any]) -> None:
        """Refuse a checkpoint of another form: other tensors than the network's, or a history of other epochs."""
        module, velocity = self._stage.module.state_dict(), self._optimizer.velocity
        try:
            fits = (
                {name: value.shape for name, value in state["module"].items()}
                == {name: value.shape for name, value in module.items()}
                and [value.shape for value in state["velocity"]] == [value.shape for value in velocity]
                and [row["epoch"] for row in state["history"]] == list(range(1, len(state["history"]) + 1))
                and 0 < len(state["history"]) <= self._config.epochs
                and state["seconds"] >= 0
                and isinstance(state["data"], str)
                and "shared" in state
            )
        except (AttributeError, KeyError, TypeError):
            fits = False
        if not fits:
            reason = f"must hold a network of this shape and its first epochs, at most {self._config.epochs}; remove it"
            refuse("checkpoint", f"{self._run.name}/last.pt", reason)

    def _own_images(self, state: dict[str, Any], run: Run) -> None:
        """Refuse a checkpoint that was made from other images."""
        if state["data"] != self._training_set.fingerprint:
            refuse("checkpoint", f"{run.name}/last.pt", "must be trained on the images at hand; remove it")

    def _epoch(self, trainer: Trainer, epoch: int, stop: Stop) -> dict[str, Any]:
        """Train an epoch and return its row of the history."""
        config, stage = self._config, self._stage
        rate = config.schedule.rate(epoch)
        began = time.perf_counter()
        trainer.begin(stage.loss(epoch), rate)
        for images, targets in stage.batches(epoch):
            stop.check()
            trainer.step(images, targets)
        tally = trainer.tally(stage.decides)
        seconds = time.perf_counter() - began
        where = f"{self._run.folder}: epoch {epoch}"
        if tally.bad_step is not None:
            raise Diverged(f"{where}, step {tally.bad_step}, learning rate {rate:g}: the loss is not finite")
        tested = None
        if epoch % config.evaluate_every == 0 or epoch == config.epochs:
            tested = stage.scores()
        if tested is not None and not math.isfinite(tested.loss):
            raise Diverged(f"{where}, after step {tally.steps}, learning rate {rate:g}: the test loss is not finite")
        return {
            "epoch": epoch,
            "learning_rate": rate,
            "train_loss": tally.loss,
            "train_accuracy": tally.accuracy,
            "test_loss": None if tested is None else tested.loss,
            "test_accuracy": None if tested is None else tested.accuracy,
            "test_class_mean": None if tested is None else tested.class_mean,
            **self._validated(tested is not None),
            "images_per_second": round(tally.images / seconds, 1),
        }

    def _validated(self, due: bool) -> dict[str, Any]:
        """Return what a row of the history says of the images held out for validation; nothing if there are none."""
        if not len(self._training_set.validation) or not isinstance(self._stage, Supervised):
            return {}
        found = self._stage.validation_scores() if due else None
        return {
            "validation_accuracy": None if found is None else found.accuracy,
            "validation_class_mean": None if found is None else found.class_mean,
        }

    def _keep(self, epoch: int) -> None:
        """Write what the run goes on from, and the history; or remember it, if the last time is not long ago."""
        config = self._config
        at_switch = epoch == config.schedule.switch and config.twin() is not None
        due = time.monotonic() - self._saved >= self._save_every or at_switch or epoch == config.epochs
        state: dict[str, Any] = {
            "data": self._training_set.fingerprint,
            "module": self._stage.module.state_dict(),
            "velocity": self._optimizer.velocity,
            "history": self._history,
            "seconds": self._seconds,
            "shared": self._shared,
            "executions": self._executions,
        }
        if at_switch:
            self._run.save(state, "switch")
        if due:
            self._save(state)
        else:
            self._unsaved = state | {
                "module": {name: value.clone() for name, value in state["module"].items()},
                "velocity": [value.clone() for value in state["velocity"]],
                "history": list(self._history),
            }

    def _save(self, state: dict[str, Any]) -> None:
        """Write a state, and the history in it."""
        self._unsaved = None
        self._run.save(state)
        self._run.write_history(state["history"])
        self._saved = time.monotonic()

    def _result(self) -> dict[str, Any]:
        """Return the result of the finished run."""
        config, execution = self._config, self._execution
        result: dict[str, Any] = {"hash": config.digest, "config": config.numbers()}
        tested = self._stage.scores()
        if tested is not None:
            assert isinstance(self._stage, Supervised)
            classifier: Any = self._stage.module.classifier
            seen = [row for row in self._history if row["test_accuracy"] is not None]
            result["last"] = {"epoch": config.epochs, **asdict(tested)}
            result["groups"] = by_frequency(tested.per_class, self._training_set.counts)
            result["best"] = _best(seen, "test", "accuracy")
            result["best_class_mean"] = _best(seen, "test", "class_mean")
            if len(self._training_set.validation):
                result["chosen"] = _validation_choice(seen)
            result["classifier"] = norms(classifier.weight)
            result["tau"] = self._stage.swept()
            if len(self._training_set.validation):
                result["adjustment"] = self._stage.adjusted()
        first = config.pretraining()
        return {
            **result,
            "train_loss": self._history[-1]["train_loss"],
            "classes": list(self._training_set.classes),
            "counts": list(self._training_set.counts),
            "data": self._training_set.fingerprint,
            "pretraining": None if first is None else first.digest,
            "shared": self._shared,
            **execution.describe(),
            "executions": self._executions,
            **_surroundings(),
            "seconds": round(self._seconds, 2),
        }


def _with_class_mean(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of the history with the column ``test_class_mean``; version 0.1.0 had none, and it is then empty."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        found[name] = value
        if name == "test_accuracy":
            found["test_class_mean"] = None
    return found


def _best(rows: list[dict[str, Any]], part: str, what: str) -> dict[str, Any] | None:
    """Return the first epoch with the best score on the test or validation images, and the score.

    None if an epoch has no score: nothing is the best of a part.
    """
    if not rows or any(row.get(f"{part}_{what}") is None for row in rows):
        return None
    best = max(rows, key=lambda row: row[f"{part}_{what}"])
    return {"epoch": best["epoch"], what: best[f"{part}_{what}"]}


def _validation_choice(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the epoch that the validation images choose, by the mean over classes, and its test scores."""
    found = _best(rows, "validation", "class_mean")
    if found is None:
        return None
    row = next(row for row in rows if row["epoch"] == found["epoch"])
    test = {name: row[name] for name in ("test_accuracy", "test_class_mean")}
    return {"chosen_on": "validation images", **found, **test}


def _network_state(run: Run, state: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return the state of the network in a checkpoint; that of a pre-training holds its objective too."""
    prefix = _NETWORK if run.config.method is None else ""
    return {name.removeprefix(prefix): value for name, value in state["module"].items() if name.startswith(prefix)}


def _surroundings() -> dict[str, Any]:
    """Return the versions and the platform."""
    known = surroundings()
    known["versions"].update({name: version(name) for name in ("torch", "torchvision")})
    return known
