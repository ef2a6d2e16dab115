"""The provenance of a result: the command that repeats it, versions, platform, and what trained the networks."""

from __future__ import annotations

import os
import platform
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from theory import __version__

__all__ = ["command", "merge_command", "surroundings", "training"]

_CPUINFO = Path("/proc/cpuinfo")


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


def merge_command(experiment: str, folders: Iterable[Path]) -> str:
    """Return the command line that merges tables again, the folders by their names, without where they lie.

    Example:
        >>> merge_command("rebalance", [Path("/results/here"), Path("there")])
        'python -m empirical merge rebalance --results here there'
    """
    names = [folder.resolve().name for folder in folders]
    return shlex.join(["python", "-m", "empirical", "merge", experiment, "--results", *names])


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
        "processor": f"{_processor()}, {os.cpu_count()} cores",
    }


def training(results: Iterable[Mapping[str, Any] | None]) -> dict[str, Any]:
    """Return what trained the runs of a table, from their ``result.json``; None stands for one that is not finished.

    Seconds are those of the runs one by one: epochs that DRW shares with CE count in both, a pre-training in neither. A
    run that was computed in more than one way counts as such: ``bfloat16, then float32``.

    Example:
        >>> one = {"device": "cpu", "precision": "float32", "versions": {"torch": "2.14.1"}, "seconds": 64.0}
        >>> training([one, one, None])
        {'runs': 2, 'missing': 1, 'seconds': 128.0,
         'device': {'cpu': 2}, 'precision': {'float32': 2}, 'torch': {'2.14.1': 2}}
    """
    found = list(results)
    finished = [result for result in found if result is not None]
    how = {name: [_in_turn(result, name) for result in finished] for name in ("device", "precision")}
    return {
        "runs": len(finished),
        "missing": len(found) - len(finished),
        "seconds": round(sum(result["seconds"] for result in finished), 1),
        **{name: dict(Counter(values)) for name, values in how.items()},
        "torch": dict(Counter(result["versions"]["torch"] for result in finished)),
    }


def _in_turn(result: Mapping[str, Any], name: str) -> str:
    """Return on what device, or in what precision, a run was computed: each that differs from the one before."""
    values = [str(part[name]) for part in result.get("executions", ()) if name in part] or [str(result[name])]
    return ", then ".join(value for before, value in zip([None, *values], values, strict=False) if value != before)


def _processor() -> str:
    """Return the model of the processor, as far as the system tells it."""
    lines = _CPUINFO.read_text().splitlines() if _CPUINFO.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(filter(None, models), platform.processor() or platform.machine())
