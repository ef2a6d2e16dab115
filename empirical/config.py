"""The configuration of a run: it holds every number of the recipe, and its hash."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from empirical.learning_rate import Schedule, refuse_few_epochs
from empirical.registry import ARCHITECTURES, METHODS, OBJECTIVES, default_numbers, method_facts, own_width
from theory.support.validate import choice, integer, number, positive, refuse

__all__ = ["DATA", "NO_PRETRAINING", "SHAPES", "SUBSETS", "Config", "has_name"]

DATA = ("cifar10", "cifar100", "digits", "gaussian")
"""The data sets that have a name; ``gaussian`` may be followed by a colon and its numbers. Others are paths."""

NO_PRETRAINING = "none"
"""The name of a start from random weights."""

SHAPES = ("exp", "step")
"""How the class counts fall."""

SUBSETS = ("nested", "ldam")
"""How the images of a long tail are drawn (:func:`empirical.data.longtail.subset` and ``ldam_subset``)."""

_IMBALANCE = 100.0
"""That of a data set with a name, if nothing is said."""

_METHOD_NUMBERS = ("beta", "gamma", "margin", "scale", "tau")
"""The numbers that not all methods use; for the others they are set to their defaults, so that a run has one name."""

_FORMAT, _COSINE_FORMAT = 1, 2  # in format 1 the rows of a layer of cosines began with norms of about sqrt(2)
_DIGITS = 16
_MOST = 1_000_000
_WIDEST = 4096
_RATE = 1e30  # what a float of 32 bits can hold


@dataclass(frozen=True, kw_only=True)
class Config:
    """A run: data, network, method, and every number of the recipe.

    The defaults are the setting of section 5.2 of the paper, in the numbers of the codebases that it follows. What
    cannot change the result (the folder, the device, how long a process may take) is no part of it.

    Args:
        data: the data set, a name that :func:`empirical.data.load.load` knows. Of a path, its last part counts: the
            same file by another path, or moved, is the same run (its images are compared when the run goes on).
        imbalance: how many times as many images the most frequent class has as the rarest, at least 1. None means 100
            for the data sets that have a name (:data:`DATA`), and for files and folders the classes as they are.
        shape: ``exp``, class counts that fall by the same factor from class to class, or ``step``.
        largest: how many images the most frequent class keeps; None for as many as the data have for these counts.
        counts: how many images each class keeps; None for what ``imbalance``, ``shape`` and ``largest`` say. If
            given, these are set to what it means: ``imbalance`` to the most over the fewest.
        classes: the classes to keep, from the most frequent to the rarest, by label or by name; they become 0, 1, ...
            None for all, in the order of their labels.
        subset: how the images are drawn: ``nested``, by ``seed``, so that fewer are a part of more; or ``ldam``, the
            draw of the published codebases, which is the same for every seed.
        indices: the file of the positions of the images to train on, ``.npz`` or text
            (:func:`empirical.data.positions.read_positions`), instead of all that draws a long tail.
        validation: the fraction of the images of each class that is held out of training, from 0 to below 1; what is
            chosen is chosen on them.
        mean: what is subtracted from each channel, in units of 255; None for the mean of the training set.
        std: what each channel is then divided by; given with ``mean`` only.
        similar_fraction: rho of section 4.2, the fraction of the images of ``similar_majority`` that are mixed with
            images of ``similar_minority``.
        similar_degree: lambda of section 4.2, the weight that the majority's image keeps there.
        similar_majority: the class whose images are mixed, by name or by label after ``classes``; the first by default.
        similar_minority: the class that they become similar to, likewise; None for the last one.
        method: the method of long-tailed learning, or None for a run that is a pre-training.
        pretrain: the self-supervised pre-training whose weights the network starts from.
        temperature: a number of the pre-training, as are the next five: :mod:`empirical.training.pretrain` explains
            them under the name of each objective. None for the objective's own; what an objective does not have is
            None.
        dimension: likewise.
        key_momentum: likewise.
        queue: likewise.
        redundancy: likewise.
        factor: likewise.
        arch: the network.
        width: its number of channels in the first stage; None for the architecture's own.
        resolution: the side that the images are scaled to, in pixels; None for their own.
        epochs: how often each image is seen.
        batch_size: images a step.
        lr: the learning rate of the plateau (:class:`empirical.learning_rate.Schedule`).
        momentum: of SGD, without Nesterov's correction.
        weight_decay: the coefficient of the L2 penalty's gradient, on every parameter.
        warmup: the fraction of the epochs with a rising learning rate.
        decays: the fractions of the epochs after which it falls.
        decay: the factor by which it falls.
        beta: of the effective number of samples, for ``rs``, ``rw`` and what is deferred.
        gamma: the exponent of the focal loss.
        margin: the largest margin of LDAM.
        scale: the scale of LDAM's cosines.
        tau: the strength of the logit adjustment.
        evaluate_every: epochs from one look at the test set to the next; the last epoch is always looked at.
        data_seed: of what is random in the data set itself: the test set of one that comes without, drawn images.
        seed: of everything else that is random, the choice of the imbalanced subset included.

    Raises:
        ValueError: a value is outside its range; the message names it, its value and what is allowed.

    Example:
        >>> config = Config(data="cifar10", method="drw", pretrain="rotation")
        >>> config.digest == Config(data="cifar10", method="drw", pretrain="rotation", imbalance=100).digest
        True
        >>> config.pretraining().method is None
        True
        >>> config.twin().method
        'ce'
    """

    data: str
    imbalance: float | None = None
    shape: str = "exp"
    largest: int | None = None
    counts: tuple[int, ...] | None = None
    classes: tuple[int | str, ...] | None = None
    subset: str = SUBSETS[0]
    indices: str | None = None
    validation: float = 0.0
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    similar_fraction: float = 0.0
    similar_degree: float = 0.0
    similar_majority: int | str = 0
    similar_minority: int | str | None = None
    method: str | None = "ce"
    pretrain: str = NO_PRETRAINING
    temperature: float | None = None
    dimension: int | None = None
    key_momentum: float | None = None
    queue: int | None = None
    redundancy: float | None = None
    factor: float | None = None
    arch: str = "resnet32"
    width: int | None = None
    resolution: int | None = None
    epochs: int = 200
    batch_size: int = 128
    lr: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 2e-4
    warmup: float = 0.025
    decays: tuple[float, float] = (0.8, 0.9)
    decay: float = 0.01
    beta: float = 0.9999
    gamma: float = 1.0
    margin: float = 0.5
    scale: float = 30.0
    tau: float = 1.0
    evaluate_every: int = 1
    data_seed: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        """Check every field, and bring it to its plain type, so that equal runs have equal hashes."""
        plain: dict[str, Any] = {
            **self._plain_data(),
            "shape": choice("shape", self.shape, SHAPES),
            "similar_fraction": _real(
                "similar_fraction", self.similar_fraction, "must be from 0 to 1", least=0, most=1
            ),
            "similar_degree": _real("similar_degree", self.similar_degree, "must be from 0 to 1", least=0, most=1),
            "method": None if self.method is None else choice("method", self.method, METHODS),
            "pretrain": choice("pretrain", self.pretrain, (NO_PRETRAINING, *OBJECTIVES)),
            "arch": choice("arch", self.arch, ARCHITECTURES),
            "epochs": integer("epochs", self.epochs, most=_MOST),
            "batch_size": integer("batch_size", self.batch_size, least=2, most=_MOST),
            "lr": _real("lr", self.lr, f"must be above 0 and at most {_RATE:g}", above=0, most=_RATE),
            "momentum": _real("momentum", self.momentum, "must be at least 0 and below 1", least=0, below=1),
            "weight_decay": _real("weight_decay", self.weight_decay, "must be a finite number of at least 0", least=0),
            "warmup": _real("warmup", self.warmup, "must be at least 0 and below 1", least=0, below=1),
            "decay": _real("decay", self.decay, "must be above 0 and at most 1", above=0, most=1),
            "beta": _real("beta", self.beta, "must be at least 0 and below 1", least=0, below=1),
            "gamma": _real("gamma", self.gamma, "must be a finite number of at least 0", least=0),
            "margin": _real("margin", self.margin, "must be a finite number above 0", above=0),
            "scale": _real("scale", self.scale, "must be a finite number above 0", above=0),
            "tau": _real("tau", self.tau, "must be a finite number of at least 0", least=0),
            "evaluate_every": integer("evaluate_every", self.evaluate_every),
            "data_seed": integer("data_seed", self.data_seed, least=0),
            "seed": integer("seed", self.seed, least=0),
        }
        for name, least, most in (("largest", 1, None), ("width", 1, _WIDEST), ("resolution", 4, _WIDEST)):
            value = getattr(self, name)
            plain[name] = None if value is None else integer(name, value, least, most)
        plain["similar_majority"] = _class("similar_majority", self.similar_majority)
        minority = self.similar_minority
        plain["similar_minority"] = None if minority is None else _class("similar_minority", minority)
        if plain["width"] == own_width(self.arch):
            plain["width"] = None
        if self.counts is not None:
            plain["counts"] = _several("counts", self.counts, partial(integer, least=1))
            plain["imbalance"] = max(plain["counts"]) / min(plain["counts"])
            plain["shape"], plain["largest"] = SHAPES[0], None
        if self.classes is not None:
            plain["classes"] = _several("classes", self.classes, _class)
            if len(set(plain["classes"])) < len(plain["classes"]):
                refuse("classes", list(plain["classes"]), "must be all different")
        if plain["imbalance"] is None:
            for name in ("shape", "largest", "subset"):
                if plain[name] != type(self).__dataclass_fields__[name].default:
                    refuse(name, plain[name], "must be left out, or imbalance given: the images are taken as they are")
        decays = tuple(
            _real("decays", value, "must be two fractions above 0 and below 1", above=0, below=1)
            for value in self.decays
        )
        if len(decays) != 2 or not decays[0] < decays[1]:
            refuse("decays", self.decays, "must be two fractions, the first below the second")
        plain["decays"] = decays
        if self.method is None and self.pretrain == NO_PRETRAINING:
            refuse("method", None, "must be a method, unless the run is a pre-training")
        used = () if self.method is None else method_facts(self.method).numbers
        for name in _METHOD_NUMBERS:
            if name not in used:
                plain[name] = type(self).__dataclass_fields__[name].default
        if plain["similar_fraction"] == 0:
            plain.update(similar_degree=0.0, similar_majority=0, similar_minority=None)
        elif plain["similar_majority"] == plain["similar_minority"]:
            refuse("similar_minority", self.similar_minority, "must be another class than similar_majority")
        own = {} if plain["pretrain"] == NO_PRETRAINING else default_numbers(str(plain["pretrain"]))
        for name, checked in _PRETRAIN_NUMBERS.items():
            value = getattr(self, name)
            plain[name] = checked(name, own[name] if value is None else value) if name in own else None
        for name, value in plain.items():
            object.__setattr__(self, name, value)
        refuse_few_epochs(self.epochs)

    def _plain_data(self) -> dict[str, Any]:
        """Return the fields that say which images there are, checked, in plain types."""
        data, indices = (str(one) if isinstance(one, Path) else one for one in (self.data, self.indices))
        if not isinstance(data, str) or not data:
            refuse("data", data, "must be the name of a data set")
        known = has_name(data)
        plain: dict[str, Any] = {
            "data": data if known else _path("data", data),
            "imbalance": _IMBALANCE if known and self.indices is None else None,
            "subset": choice("subset", self.subset, SUBSETS),
            "indices": None,
            "validation": _real("validation", self.validation, "must be at least 0 and below 1", least=0, below=1),
        }
        if self.imbalance is not None:
            allowed = "must be a finite number of at least 1"
            plain["imbalance"] = _real("imbalance", self.imbalance, allowed, least=1)
        if self.indices is not None:
            if not isinstance(indices, str) or not indices:
                refuse("indices", indices, "must be the path of a file")
            plain["indices"] = _path("indices", indices)
            for name in ("imbalance", "counts", "largest"):
                if getattr(self, name) is not None:
                    refuse(
                        name,
                        getattr(self, name),
                        "must be left out: indices=FILE says which images there are",
                    )
        if plain["subset"] != SUBSETS[0] and plain["validation"]:
            allowed = f"must be 0 with subset {self.subset}, which leaves no images of the most frequent class"
            refuse("validation", self.validation, allowed)
        for name, above in (("mean", -math.inf), ("std", 0.0)):
            value = getattr(self, name)
            if (value is None) != (self.mean is None):
                given = "mean" if self.mean is None else f"mean={self.mean}"
                refuse(name, value, f"must be given with {given}, and left out without it")
            allowed = "must be one finite number a channel" + (", above 0" if name == "std" else "")
            check = partial(_real, allowed=allowed, above=above)
            plain[name] = None if value is None else _several(name, value, check, least=1)
        if self.mean is not None and len(plain["mean"]) != len(plain["std"]):
            refuse("std", list(plain["std"]), f"must be {len(plain['mean'])} numbers, as many as mean has")
        return plain

    @property
    def schedule(self) -> Schedule:
        """The learning rates."""
        return Schedule(epochs=self.epochs, base=self.lr, warmup=self.warmup, decays=self.decays, decay=self.decay)

    @property
    def digest(self) -> str:
        """The name of the run: the first 16 hexadecimal digits of the SHA-256 of :meth:`canonical`."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()[:_DIGITS]

    def canonical(self) -> str:
        """Return what is not at its default, as JSON with sorted keys and no spaces; equal runs give equal text.

        So a field that is added one day leaves the names of all earlier runs as they are; ``format`` grows where a
        recipe changes, and only for the methods that it concerns. An imbalance of 100 is left out, and null where the
        classes are as they are. Of a path the last part is named.

        Raises:
            ValueError: classes are named: which labels they are is known to the data
                (:func:`empirical.data.class_names.with_labels`).
        """
        for name in ("classes", "similar_majority", "similar_minority"):
            value = getattr(self, name)
            if isinstance(value, str) or (isinstance(value, tuple) and any(isinstance(part, str) for part in value)):
                refuse(name, value, "must be labels here: empirical.data.class_names.with_labels looks names up")
        usual = {field.name: field.default for field in fields(self)} | {"imbalance": _IMBALANCE}
        own = {name: value for name, value in asdict(self).items() if value != usual[name]}
        if not has_name(self.data):
            last = os.path.basename(os.path.abspath(self.data))
            own["data"] = os.path.join(os.curdir, last) if has_name(last) else last
        if self.indices is not None:
            own["indices"] = os.path.basename(self.indices)
        cosine = self.method is not None and method_facts(self.method).cosine
        own["format"] = _COSINE_FORMAT if cosine else _FORMAT
        return json.dumps(own, sort_keys=True, separators=(",", ":"), allow_nan=False)

    def numbers(self) -> dict[str, Any]:
        """Return the fields in plain types, as ``Config(**numbers)`` takes them."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def pretraining(self) -> Config | None:
        """Return the run whose weights this one starts from: the same for all methods; None if there is none."""
        if self.method is None or self.pretrain == NO_PRETRAINING:
            return None
        return replace(self, method=None, evaluate_every=1)

    def twin(self) -> Config | None:
        """Return the run that equals this one up to the switch of deferred re-weighting; None if there is none.

        Up to there ``drw`` is ``ce`` and ``ldam-drw`` is ``ldam``, so what one has done serves the other.
        """
        twin = None if self.method is None else method_facts(self.method).twin
        return None if twin is None else replace(self, method=twin)


def has_name(data: str) -> bool:
    """Return whether a data set is one of :data:`DATA`; others are paths.

    Example:
        >>> [has_name(data) for data in ("cifar10", "gaussian:classes=3", "insects", "./cifar10")]
        [True, True, False, False]
    """
    return data.partition(":")[0] in DATA[-1:] or data in DATA


def _path(name: str, value: str) -> str:
    """Return a path in its shortest form; ``~`` is the home."""
    try:
        os.fsencode(value).decode()
    except UnicodeError:
        refuse(name, value, "must be UTF-8: it is a part of the records")
    path = os.path.normpath(os.path.expanduser(value))
    return os.path.join(os.curdir, path) if has_name(path) else path


def _several(name: str, values: Any, check: Callable[[str, Any], Any], least: int = 2) -> tuple[Any, ...]:
    """Return several values, each checked."""
    if not isinstance(values, list | tuple) or len(values) < least:
        what = "a name or a label" if name == "classes" else "a number"
        refuse(name, values, f"must be {what} for each of two or more classes" if least > 1 else "must be numbers")
    return tuple(check(name, value) for value in values)


def _class(name: str, value: Any) -> int | str:
    """Return the label of a class, or its name."""
    if isinstance(value, str) and value:
        return value
    return integer(name, value, least=0)


def _real(name: str, value: Any, allowed: str, **limits: float) -> float:
    return float(number(name, value, allowed, **limits))


def _positive(name: str, value: Any) -> float:
    return float(positive(name, value))


_PRETRAIN_NUMBERS: dict[str, Callable[[str, Any], float]] = {
    "temperature": _positive,
    "dimension": partial(integer, most=_MOST),
    "key_momentum": partial(_real, allowed="must be from 0 to 1", least=0, most=1),
    "queue": partial(integer, most=_MOST),
    "redundancy": partial(_real, allowed="must be a finite number of at least 0", least=0),
    "factor": _positive,
}
"""How each number of a pre-training is checked and brought to its plain type."""
