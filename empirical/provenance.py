"""How a result was made: the command that repeats it, versions, platform."""

from __future__ import annotations

import platform
import shlex
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from theory import __version__

__all__ = ["command", "surroundings"]


def command(experiment: str, arguments: Mapping[str, Any]) -> str:
    """Return the command line that repeats a run, without the folder that its results go to.

    Example:
        >>> command("pairs", {"data": "digits", "components": (2, 4), "seed": 0})
        'python -m empirical run pairs --data digits --components 2 4 --seed 0'
    """
    words = ["python", "-m", "empirical", "run", experiment]
    for name, value in arguments.items():
        values = value if isinstance(value, tuple | list) else (value,)
        words += [f"--{name}", *map(str, values)]
    return shlex.join(words)


def surroundings() -> dict[str, Any]:
    """Return the versions that a result may depend on and the kind of machine; no names of hosts or folders."""
    packages = ("numpy", "scipy", "scikit-learn")
    return {
        "versions": {
            "tailbound": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in packages},
        },
        "platform": f"{platform.system()} {platform.machine()}",
    }
