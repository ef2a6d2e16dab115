"""The profiles of the experiments: the paper's recipe, a smaller one for a laptop, and one of seconds.

``paper`` is the recipe of section 5.2 in the numbers of the codebases that the paper follows: ResNet-32, 200 epochs,
images as they are. It looks at the test images after every 20th epoch, the last one included, as the tables report the
last epoch and a look after each would cost hours; ``best`` is then the best of those ten epochs. ``cpu`` is the same on
real images brought to 16 x 16, with a ResNet-8 of half the width and 30 epochs, tested after every 10th. ``smoke`` is
scikit-learn's digits, a ResNet-8 of 4 channels and 5 epochs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from empirical.config import Config

__all__ = ["PROFILES", "profile_config"]

PROFILES: Mapping[str, Mapping[str, Any]] = {
    "smoke": {"arch": "resnet8", "width": 4, "epochs": 5, "batch_size": 32},
    "cpu": {"arch": "resnet8", "width": 8, "resolution": 16, "epochs": 30, "evaluate_every": 10},
    "paper": {"evaluate_every": 20},
}
"""In which numbers of the recipe each profile differs from the defaults of :class:`empirical.config.Config`."""


def profile_config(profile: str, **fields: Any) -> Config:
    """Return a configuration of the ``profile``.

    Example:
        >>> profile_config("cpu", data="cifar10", imbalance=50).arch, profile_config("paper", data="cifar10").epochs
        ('resnet8', 200)
    """
    return Config(**{**PROFILES[profile], **fields})
