"""The loop that the speed of ours is measured against: the standard one of long-tail codebases, written out.

A ``DataLoader`` with worker processes gives PIL images to torchvision's transforms one by one; the network runs in
float32 and NCHW; loss and accuracy are read off the device at every step.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from types import TracebackType

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

__all__ = ["Pictures", "reference_steps"]


class Pictures(Dataset[tuple[Tensor, int]]):
    """Images as a torchvision data set gives them: PIL, then the transforms.

    Args:
        images: uint8, shape ``(n, side, side, 3)``.
        labels: shape ``(n,)``.
        mean: of each channel, in [0, 1].
        std: of each channel.
    """

    def __init__(
        self, images: NDArray[np.uint8], labels: NDArray[np.int64], mean: tuple[float, ...], std: tuple[float, ...]
    ) -> None:
        """Keep the images and make the transforms."""
        self._images, self._labels = images, labels
        self._transform = transforms.Compose(
            [
                transforms.RandomCrop(images.shape[1], padding=4),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize(mean, std),
            ]
        )

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self._images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """Return an image and its label."""
        return self._transform(Image.fromarray(self._images[index])), int(self._labels[index])


def reference_steps(
    network: nn.Module, pictures: Pictures, *, batch_size: int, workers: int, device: torch.device
) -> Iterator[float]:
    """Train for an epoch and give the time at which each step is over, in seconds from the start.

    SGD with learning rate 0.1, momentum 0.9 and weight decay 2e-4, cross entropy.

    Args:
        network: it is moved to ``device`` and trained.
        pictures: the data.
        batch_size: images a step.
        workers: processes that load images; 0 to load them in this one.
        device: where to train.
    """
    started = time.perf_counter()
    network.to(device).train()
    loader = DataLoader(
        pictures,
        batch_size,
        shuffle=True,
        num_workers=workers,
        pin_memory=device.type == "cuda",
        drop_last=True,
        multiprocessing_context="fork" if workers else None,
        worker_init_fn=_leave_quietly,
    )
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=2e-4)
    seen, losses, right = 0, 0.0, 0
    for images, labels in loader:
        images, labels = images.to(device, non_blocking=True), labels.to(device, non_blocking=True)
        logits = network(images)
        loss = cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses += loss.item() * len(labels)
        right += (logits.argmax(1) == labels).sum().item()
        seen += len(labels)
        yield time.perf_counter() - started


def _leave_quietly(worker: int) -> None:
    """Have a process that loads images print nothing if the one that it loads for is gone.

    The thread that hands over its tensors would print a traceback when the measuring is stopped at that moment.
    """
    report = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, (EOFError, ConnectionError)):
            report(kind, error, trace)

    sys.excepthook = hook
