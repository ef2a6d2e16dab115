"""The arrays of any torch module: features, logits, labels and the last layer, taken by a hook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from empirical.runtime.progress import Track, silent
from theory.support.validate import refuse

__all__ = ["collect"]

_SHOWN = 8
_LABELS = ("label", "labels", "target", "targets", "y", "fine_label")


class _Call(NamedTuple):
    """A layer that was called: its name, what it was given and what it returned."""

    layer: str
    given: Any
    returned: Any


@torch.no_grad()
def collect(
    module: nn.Module,
    loader: Iterable[Any],
    layer: str | None = None,
    *,
    device: str | torch.device | None = None,
    track: Track = silent,
) -> dict[str, NDArray[Any]]:
    """Return the arrays of any torch module for :func:`empirical.examine`: features, logits, labels and the last layer.

    The module is run in evaluation mode, once over the loader; a hook takes what the last layer is given. The modes of
    the module and of its parts, and its device, are put back, and nothing else of it is changed.

    Args:
        module: any network: of torchvision, of timm, one's own. What its last layer gives, or else the first part of
            what it returns, are the logits.
        loader: yields batches of images and labels, as a ``DataLoader`` does. The images are held-out ones.
        layer: the name of the last layer in ``module.named_modules()``, such as ``fc``, ``head`` or
            ``classifier.1``; of a layer that has linear ones inside, one of those; by default one of the module's. Of
            several it is the one whose output is returned, or else the last that is called.
        device: where the module is run; by default where its parameters lie.
        track: shows progress.

    Returns:
        ``features`` (n, d), ``logits`` (n, C) and ``labels`` (n,); where the logits are the output of a linear layer,
        ``weight`` (C, d) and ``bias`` (C,) too. ``np.savez(file, **arrays)`` keeps them.

    Raises:
        ValueError: there is no such layer or device, a batch is no pair of images and labels, or the layer is not
            called exactly once a batch with a vector for each image.

    Example:
        >>> from torch.utils.data import DataLoader, TensorDataset
        >>> module = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 3))
        >>> images = TensorDataset(torch.rand(12, 1, 4, 4), torch.arange(12) % 3)
        >>> {name: array.shape for name, array in collect(module, DataLoader(images, batch_size=5)).items()}
        {'features': (12, 8), 'logits': (12, 3), 'labels': (12,), 'weight': (3, 8), 'bias': (3,)}
    """
    if not isinstance(module, nn.Module):
        refuse("module", type(module).__name__, "must be a torch.nn.Module")
    if not hasattr(loader, "__iter__") and not hasattr(loader, "__getitem__"):
        refuse("loader", type(loader).__name__, "must yield batches of images and labels, as a DataLoader does")
    layers, calls = _layers(module, layer), list[_Call]()
    last, linear = next(iter(layers)) if len(layers) == 1 else None, True
    found: dict[str, list[Tensor]] = {"features": [], "logits": [], "labels": []}
    with ExitStack() as put_back:
        place = put_back.enter_context(_evaluated(module, device))
        for name, part in layers.items():
            put_back.enter_context(_recorded_calls(name, part, calls, whatever=len(layers) == 1))
        batches = track(cast("Sequence[Any]", loader), "batches") if isinstance(loader, Sized) else loader
        for batch in batches:
            images, labels = _pair(batch)
            calls.clear()
            outputs = _outputs(module(images.to(place)), len(labels))
            last = last or _last(calls, outputs)
            features, output = _call(last, calls, len(labels))
            own = next((part for part in outputs if _same(part, output)), None)
            linear = linear and own is not None
            for key, value in (
                ("features", features),
                ("logits", outputs[0] if own is None else own),
                ("labels", labels),
            ):
                found[key].append(value.detach().cpu())
        if last is None or not found["labels"]:
            refuse("loader", type(loader).__name__, "must yield at least one batch")
        arrays = {key: _numpy(torch.cat(values)) for key, values in found.items()}
        head = layers[last]
        if linear and isinstance(head, nn.Linear):
            arrays["weight"] = _numpy(head.weight)
            if head.bias is not None:
                arrays["bias"] = _numpy(head.bias)
    return arrays


def _layers(module: nn.Module, name: str | None) -> dict[str, nn.Module]:
    """Return the layers that may be the last, by their names: the linear ones, or the one that is named."""
    modules = dict(module.named_modules())
    linear = [key for key, part in modules.items() if isinstance(part, nn.Linear)]
    if name is None:
        if not linear:
            refuse("layer", None, "must be named: the module has no linear layer")
        return {key: modules[key] for key in linear}
    if name not in modules:
        shown = ", ".join(linear[-_SHOWN:]) or ", ".join(list(modules)[-_SHOWN:])
        refuse("layer", name, f"must be the name of a layer, such as {shown}")
    inside = [key for key in linear if key.startswith(f"{name}.")]
    return {key: modules[key] for key in inside or [name]}


@contextmanager
def _evaluated(module: nn.Module, device: str | torch.device | None) -> Iterator[torch.device]:
    """Put a module into evaluation mode and on a device; put it back afterwards."""
    modes = [(part, part.training) for part in module.modules()]
    parameter = next(module.parameters(), None)
    before = torch.device("cpu") if parameter is None else parameter.device
    try:
        place = before if device is None else torch.device(device)
        if device is not None:
            module.to(place)
    except (RuntimeError, AssertionError) as error:  # no such device, none at hand, not compiled for it
        module.to(before)
        refuse("device", str(device), f"must be a device that torch can use: {str(error).partition('. ')[0]}")
    module.eval()
    try:
        yield place
    finally:
        for part, mode in modes:
            part.training = mode
        if device is not None:
            module.to(before)


@contextmanager
def _recorded_calls(name: str, layer: nn.Module, calls: list[_Call], whatever: bool) -> Iterator[None]:
    """Add each call of a layer to ``calls``: ``whatever`` it returns, or only if that may be logits.

    Those of all layers of a transformer would take its activations in memory.
    """

    def keep(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        if whatever or (isinstance(output, Tensor) and output.ndim == 2):
            calls.append(_Call(name, next(iter((*args, *kwargs.values())), None), output))

    hook = layer.register_forward_hook(keep, with_kwargs=True)
    try:
        yield
    finally:
        hook.remove()


def _last(calls: Sequence[_Call], outputs: Sequence[Tensor]) -> str:
    """Return the layer whose output the module returns, or else the last that was called."""
    if not calls:
        refuse("layer", None, "must be named: no linear layer of the module gives a vector for each image")
    returned = [call.layer for call in calls if any(_same(part, call.returned) for part in outputs)]
    return (returned or [calls[-1].layer])[-1]


def _call(layer: str, calls: Sequence[_Call], images: int) -> tuple[Tensor, Any]:
    """Return what a layer was given and what it returned, if it was called once with a vector for each image."""
    own = [call for call in calls if call.layer == layer]
    if len(own) != 1:
        refuse("layer", layer, f"must be called once for a batch; it is called {len(own)} times")
    given = own[0].given
    if isinstance(given, Tensor) and given.ndim == 4 and given.shape[2:] == (1, 1):
        given = given.flatten(1)
    if not isinstance(given, Tensor) or given.ndim != 2 or len(given) != images:
        shown = tuple(given.shape) if isinstance(given, Tensor) else f"a {type(given).__name__}"
        refuse("layer", layer, f"must be given a vector for each image; it is given {shown}")
    return given, own[0].returned


def _same(part: Tensor, output: Any) -> bool:
    """Return whether a part of what a module returns is the output of a layer, but for its precision."""
    return isinstance(output, Tensor) and output.shape == part.shape and torch.equal(output.to(part.dtype), part)


def _pair(batch: Any) -> tuple[Tensor, Tensor]:
    """Return the images and the labels of a batch."""
    values = batch
    if isinstance(batch, Mapping):
        own = next((key for key in _LABELS if key in batch), None)
        rest = [value for key, value in batch.items() if key != own]
        values = rest if own is None else [*rest[:1], batch[own]]
    if not isinstance(values, list | tuple) or len(values) < 2 or not isinstance(values[0], Tensor):
        refuse("loader", type(batch).__name__, "must yield batches of images and labels, the images as a tensor")
    try:
        labels = torch.as_tensor(values[1])
    except (TypeError, ValueError, RuntimeError):
        labels = torch.empty(0)
    if labels.shape != values[0].shape[:1] or labels.is_floating_point() or labels.is_complex():
        shown = f"{labels.dtype} of shape {tuple(labels.shape)}" if labels.numel() else type(values[1]).__name__
        allowed = (
            "must yield labels as whole numbers, one for each image of a batch, as a DataLoader of a data set does"
        )
        refuse("loader", shown, allowed)
    return values[0], labels


def _outputs(output: Any, images: int) -> list[Tensor]:
    """Return what a module returns that may be logits: its matrices with a row for each image, the likeliest first."""
    found = [part for part in _tensors(output) if part.ndim == 2 and len(part) == images]
    if not found:
        allowed = "must return logits, a row for each image, or have them as a part of what it returns"
        refuse("module", type(output).__name__, allowed)
    return found


def _tensors(output: Any) -> Iterator[Tensor]:
    if isinstance(output, Tensor):
        yield output
    elif isinstance(output, Mapping):
        for key in sorted(output, key=lambda key: key != "logits"):
            yield from _tensors(output[key])
    elif hasattr(output, "logits"):
        yield from _tensors(output.logits)
    elif isinstance(output, list | tuple):
        for part in output:
            yield from _tensors(part)


def _numpy(value: Tensor) -> NDArray[Any]:
    kept = value.detach().cpu()
    return np.asarray((kept.float() if kept.is_floating_point() else kept).numpy())
