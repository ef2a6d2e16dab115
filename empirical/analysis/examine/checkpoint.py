"""Anyone's PyTorch file as one of this library's networks: every tensor of it has a parameter, or it is refused."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from empirical.training.networks import build
from theory.support.files import is_pipe_or_device
from theory.support.validate import refuse

__all__ = ["Loaded", "State", "network_of", "read_state"]

_KNOWN = ("state_dict", "model_state_dict", "model", "network", "net", "weights", "model_ema", "state_dict_ema")
_PREFIXES = re.compile(r"^(?:module\.|backbone\.|model\.|network\.|net\.|encoder\.|_orig_mod\.)+")
_STAGE = re.compile(r"^layer(\d+)\.(\d+)\.")
_COUNTERS = "num_batches_tracked"
_OWN = {"state_dict", "arch", "classes", "mean", "std", "run"}  # what every model.pt of this library holds
_DEPTH = 4
_MATRIX = 2
_MAGIC = b"tailbound checkpoint"
_SCALAR = type(np.float64()).__reduce__(np.float64())[0]
_PLAIN: list[Any] = [Namespace, np.dtype, np.dtypes.Float64DType, np.dtypes.Float32DType]
_PLAIN += [(_SCALAR, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")]
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_UNSUPPORTED = re.compile(r"Unsupported (?:global|class|operand)[^A-Za-z]*(?:GLOBAL )?([\w.]+)")


@dataclass(frozen=True, eq=False)
class State:
    """The tensors of a PyTorch file.

    Attributes:
        path: the file.
        held_in: where they are, if the file holds several networks, such as "model"; else empty.
        tensors: by their names.
        settings: what a ``model.pt`` of this library says of its network beside them; empty for other files.
    """

    path: Path
    held_in: str
    tensors: dict[str, Tensor]
    settings: Mapping[str, Any]

    @property
    def cosine(self) -> bool:
        """Whether the last layer gives cosines: it has no bias in a file of this library."""
        return bool(self.settings) and "classifier.bias" not in self.tensors


@dataclass(frozen=True, eq=False)
class Loaded:
    """A network with the weights of a file.

    Attributes:
        network: in evaluation mode, on the CPU.
        bias: whether the file has a bias for the last layer; without one it is 0.
        held_in: the keys of the file that hold the tensors, such as "model", if it holds several networks; else empty.
        by: how the tensors were mapped: "name", "the usual names of ResNets", or "order, kind and shape".
        mapping: for each tensor its name in the file and its name in the network.
    """

    network: nn.Module
    bias: bool
    held_in: str
    by: str
    mapping: tuple[tuple[str, str], ...]


def read_state(path: Path) -> State:
    """Return the tensors of a PyTorch file; nothing in it is executed.

    If the file holds several networks, the network's own go before averages of it.

    Args:
        path: a ``state_dict``, or dictionaries that hold one among other things, or a file of safetensors.

    Raises:
        ValueError: it cannot be read, holds more than tensors and plain values, or several networks.
    """
    allowed = "must be a file of torch.save or safetensors that holds the tensors of one network"
    try:
        if is_pipe_or_device(path):
            raise ValueError("it is a pipe or a device")
        if path.suffix == ".safetensors":
            found: Any = _safetensors(path)
        else:
            with torch.serialization.safe_globals(_PLAIN):
                found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # KeyError, RuntimeError, UnpicklingError, BadZipFile, ...: whatever the decoder raises
        if path.is_file() and path.read_bytes()[: len(_MAGIC)] == _MAGIC:
            refuse("checkpoint", str(path), "is the state of a run of this library: give the folder of the run")
        refuse("checkpoint", str(path), f"{allowed} ({_reason(error)})")
    candidates = sorted(_states(found), key=lambda one: _rank(*one))
    if not candidates or [_rank(*one) for one in candidates[:2]] == [_rank(*candidates[0])] * 2:
        names = ", ".join(".".join(keys) for keys, _ in candidates)
        refuse("checkpoint", str(path), f"{allowed}; it holds {names or 'none'}")
    keys, state = candidates[0]
    for name, value in state.items():
        if value.layout != torch.strided or value.is_quantized or value.is_complex() or value.is_meta:
            kind = "on no device" if value.is_meta else f"{value.dtype}, {value.layout}"
            refuse("checkpoint", str(path), f"must hold dense tensors of real numbers: {name} is {kind}")
    held_in = ".".join(keys) if sum(_has_head(state) for _, state in candidates) > 1 else ""
    own = isinstance(found, Mapping) and found.keys() >= _OWN
    return State(path, held_in, state, {name: found[name] for name in found.keys() - {"state_dict"}} if own else {})


def network_of(file: State, arch: str, channels: int = 3) -> Loaded:
    """Return the network ``arch`` with the weights of a file.

    Prefixes such as ``module.`` and ``backbone.`` are taken off. Tensors are mapped by name, by the usual names of
    ResNets (``conv1``, ``bn1``, ``layer1.0.conv1`` and so on), or else one after the other, where every one must be of
    the kind (weight, bias, running mean or variance) and the shape that the network has there. The last layer is the
    only matrix; it may be without a bias.

    Args:
        file: the tensors.
        arch: a name of :func:`empirical.training.networks.build`.
        channels: of the images.

    Raises:
        ValueError: a tensor of the file or of the network has no counterpart.
    """
    path = file.path
    state = {name: value for name, value in file.tensors.items() if not name.endswith(_COUNTERS)}
    matrices = [name for name, value in state.items() if value.ndim == 2]
    if len(matrices) != 1:
        shown = ", ".join(matrices) or "none"
        refuse("checkpoint", str(path), f"must have one matrix, the weight of the last layer; it has {shown}")
    weight = state.pop(matrices[0])
    bias_name = matrices[0].removesuffix("weight") + "bias"
    bias = state.pop(bias_name, None)
    width = min((len(value) for value in state.values() if value.ndim == 4), default=None)  # of the first stage
    network = build(arch, len(weight), channels=channels, width=width, cosine=file.cosine)
    own = {
        name: value
        for name, value in network.state_dict().items()
        if not name.endswith(_COUNTERS) and not name.startswith("classifier.")
    }
    by, mapping = _mapping(path, arch, state, own)
    expected = network.state_dict()["classifier.weight"].shape
    if weight.shape != expected:
        fits = f"{matrices[0]} of shape {tuple(expected)}"
        refuse("checkpoint", str(path), f"must have {fits} for {arch}, and has {tuple(weight.shape)}")
    if bias is not None and bias.shape != weight.shape[:1]:
        refuse(
            "checkpoint",
            str(path),
            f"must have {bias_name} of shape {_shape(weight.shape[:1])}, and has {_shape(bias.shape)}",
        )
    filled = {parameter: state[name] for name, parameter in mapping} | {"classifier.weight": weight}
    if not file.cosine:
        filled["classifier.bias"] = torch.zeros(len(weight)) if bias is None else bias
    for name, value in filled.items():
        if not bool(torch.isfinite(value).all()):
            refuse("checkpoint", str(path), f"must hold finite numbers: those of {name} are not")
    counters = {name: value for name, value in network.state_dict().items() if name.endswith(_COUNTERS)}
    network.load_state_dict({**counters, **filled}, strict=True)
    head = [(matrices[0], "classifier.weight")] + ([] if bias is None else [(bias_name, "classifier.bias")])
    return Loaded(network=network.eval(), bias=bias is not None, held_in=file.held_in, by=by, mapping=(*mapping, *head))


def _safetensors(path: Path) -> Mapping[str, Tensor]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ModuleNotFoundError:
        raise ValueError("reading it needs the package safetensors: pip install safetensors") from None
    try:
        found: Mapping[str, Tensor] = load_file(path)
    except SafetensorError as error:
        raise ValueError(str(error)) from None
    return found


def _reason(error: Exception) -> str:
    """Return why a file cannot be read, in a line."""
    text = " ".join(_ESCAPES.sub("", str(error)).split())
    other = _UNSUPPORTED.search(text)
    if other is not None:
        return f"it also holds a {other[1]}, which could be made to execute anything: save the state_dict() alone"
    return text[:200] if " " in text else type(error).__name__


def _states(content: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Tensor]]]:
    """Yield the dictionaries of weights in what a file holds, after the keys that lead to them."""
    if not isinstance(content, Mapping):
        return
    tensors = {str(key): value for key, value in content.items() if isinstance(value, Tensor)}
    if len(tensors) > 1 and any(value.ndim >= _MATRIX for value in tensors.values()):
        yield keys, tensors
    elif len(keys) < _DEPTH:
        for key, value in content.items():
            yield from _states(value, (*keys, str(key)))


def _has_head(state: Mapping[str, Tensor]) -> bool:
    return any(value.ndim == _MATRIX for value in state.values())


def _rank(keys: tuple[str, ...], state: Mapping[str, Tensor]) -> tuple[int, ...]:
    """Return the place of a dictionary among several: with a matrix before without, known keys before unknown ones."""
    return (not _has_head(state), *(_KNOWN.index(key) if key in _KNOWN else len(_KNOWN) for key in keys))


def _mapping(
    path: Path, arch: str, state: Mapping[str, Tensor], own: Mapping[str, Tensor]
) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return how the tensors of a file are mapped, and the name in the network of each."""
    blocks = sum(1 for name in own if re.fullmatch(r"stages\.\d+\.conv1\.weight", name)) // 3
    plain = {name: _PREFIXES.sub("", name) for name in state}
    for by, renamed in (("name", plain), ("the usual names of ResNets", _usual(plain, blocks))):
        if sorted(renamed.values()) == sorted(own):
            for name, parameter in renamed.items():
                _check_shape(path, arch, name, state[name], parameter, own[parameter])
            return by, tuple(renamed.items())
    for (name, value), (parameter, mine) in zip(state.items(), own.items(), strict=False):
        if name.rpartition(".")[2] != parameter.rpartition(".")[2]:
            refuse("checkpoint", str(path), f"must be a {arch}: {name} comes where {parameter} is expected")
        _check_shape(path, arch, name, value, parameter, mine)
    if len(state) != len(own):
        more, fewer = (state, own) if len(state) > len(own) else (own, state)
        first = list(more)[len(fewer)]
        where = "in the file" if more is state else f"in {arch}"
        refuse("checkpoint", str(path), f"must be a {arch}: {first} {where} has no counterpart")
    return "order, kind and shape", tuple(zip(state, own, strict=True))


def _usual(names: Mapping[str, str], blocks: int) -> dict[str, str]:
    """Return the names with those that most CIFAR ResNets have turned into ours."""
    found = {}
    for name, plain in names.items():
        stage = _STAGE.match(plain)
        if stage is not None:
            at = (int(stage[1]) - 1) * blocks + int(stage[2])
            found[name] = f"stages.{at}.{plain[stage.end() :]}"
        else:
            found[name] = re.sub(r"^bn1\.", "stem.1.", re.sub(r"^conv1\.", "stem.0.", plain))
    return found


def _check_shape(path: Path, arch: str, name: str, value: Tensor, parameter: str, own: Tensor) -> None:
    if value.shape != own.shape:
        shapes = (
            f"{name} has the shape {_shape(value.shape)} in the file, and {parameter} has {_shape(own.shape)} in {arch}"
        )
        shapes += "; empirical.collect takes the arrays of other networks"
        refuse("checkpoint", str(path), f"must be a {arch}: {shapes}")


def _shape(sizes: Sequence[int]) -> str:
    return " x ".join(map(str, sizes)) or "()"
