"""The section that says how all of it was made: versions, machine, seeds and commands."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from figures.report.collect import LEDGER_FILE, RESULTS_FILE, Collected
from figures.report.markup import Markup, join, tag
from figures.report.values import MISSING, command, definitions, value
from theory import __version__
from theory.support.cli import program_name

__all__ = ["provenance"]

_PACKAGES = ("numpy", "scipy", "sympy", "python-flint", "z3-solver", "matplotlib")
_ALSO = ("hardware", "device", "gpu")  # where an experiment names them


def provenance(collected: Collected) -> Markup:
    """Return the section."""
    versions = {"tailbound": __version__, "python": platform.python_version()}
    versions |= {name: version(name) for name in _PACKAGES}
    page = definitions(
        [
            ("Versions", ", ".join(f"{name} {number}" for name, number in versions.items())),
            ("Machine", f"{platform.system()} {platform.machine()}"),
            ("Verdicts", command(f"{program_name('theory')} verify --json RESULTS/{LEDGER_FILE}")),
            ("Results beyond the paper", command(f"{program_name('theory')} results --json RESULTS/{RESULTS_FILE}")),
            ("This page", command(f"{program_name('figures')} report --results RESULTS")),
        ]
    )
    return join(
        tag("p", "RESULTS stands for the folder of the results in every command."),
        tag("h3", "Verdicts and this page"),
        page,
        *(_experiment(name, made) for name, made in collected.metadata.items()),
    )


def _experiment(name: str, metadata: Mapping[str, Any]) -> Markup:
    """Return how an experiment was made; what it does not say is left open."""
    arguments = metadata.get("arguments")
    options = arguments if isinstance(arguments, dict) else {}
    seeds = options.get("seeds", options.get("seed"))
    terms = [
        ("Command", command(f"{metadata.get('command', MISSING)} --out RESULTS")),
        *([("Profile", options["profile"])] if "profile" in options else []),
        ("How many seeds" if "seeds" in options else "Seed", value(seeds, "seeds")),
        ("Versions", _pairs(metadata.get("versions"))),
        ("Machine", metadata.get("platform") or MISSING),
        *((key.capitalize(), value(metadata[key], key)) for key in _ALSO if key in metadata),
        ("Seconds", value(metadata.get("seconds"), "seconds")),
    ]
    rest = {key: part for key, part in metadata.items() if key not in ("command", "summary", "versions")}
    all_of_it = json.dumps(rest, indent=1, ensure_ascii=False)
    full = tag("details", tag("summary", f"All that {name}.json says, but for its summary"), tag("pre", all_of_it))
    return tag("details", tag("summary", f"Experiment {name}"), definitions(terms), full)


def _pairs(versions: Any) -> str:
    """Return names with what they have, in one line."""
    return ", ".join(f"{name} {number}" for name, number in versions.items()) if isinstance(versions, dict) else MISSING
