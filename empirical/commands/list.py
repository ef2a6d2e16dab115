"""``tailbound empirical list``: Name the experiments, and say how many runs each profile needs.

Runs that several experiments share are trained once if they share the folder of the runs: ``all together`` counts them
once. With ``--time`` a few steps of each kind of run are measured on this machine and extrapolated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from empirical.config import Config
from empirical.experiments import EXPERIMENTS, load
from empirical.experiments.plans import planned_runs, pretrainings
from empirical.runtime.command_line import ROOT, Parser, folder, program_name
from empirical.runtime.threads import wait_passively
from empirical.sweeps.profiles import PROFILES
from empirical.sweeps.sweep import side_by_side
from theory.support.validate import choice

__all__ = ["main"]

_TOGETHER = "all together"


def main(argv: Sequence[str]) -> int:
    """Print what ``argv`` asks for and return the exit code."""
    description, _, more = str(__doc__).partition("\n\n")
    parser = Parser(prog=f"{program_name('empirical')} list", description=description.partition(": ")[2], epilog=more)
    parser.add_argument("--profile", metavar="|".join(PROFILES), help="only this one")
    parser.add_argument(
        "--root", type=folder, default=ROOT, metavar="DIR", help=f"the folder of the data sets (default: {ROOT})"
    )
    parser.add_argument("--time", action="store_true", help="measure how long they will take on this machine")
    args = parser.parse_args(argv)
    try:
        profiles = tuple(PROFILES) if args.profile is None else (choice("profile", args.profile, PROFILES),)
        plans = {name: {p: planned_runs(name, p, args.root) for p in profiles} for name in EXPERIMENTS}
        plans[_TOGETHER] = {p: _all(plans, p) for p in profiles}
        clock = _Clock(plans, args.root) if args.time else None
    except ValueError as error:
        parser.error(str(error))
    for name, plan in plans.items():
        print(f"{name}: {load(name).title}" if name in EXPERIMENTS else name)
        for profile, configs in plan.items():
            if configs is None:
                continue
            line = f"    {profile}: {_plural(len(set(configs)), 'run')}"
            if firsts := pretrainings(configs):
                line += f", {_plural(len(firsts), 'pre-training')}"
            print(line if clock is None else f"{line}, about {_duration(clock.seconds(profile, configs))}")
    return 0


Plans = Mapping[str, Mapping[str, "tuple[Config, ...] | None"]]


def _all(plans: Plans, profile: str) -> tuple[Config, ...]:
    """Return the runs of all experiments, each once."""
    return tuple(dict.fromkeys(run for plan in plans.values() for run in plan[profile] or ()))


class _Clock:
    """Says how long runs take; what that needs is measured first, each kind of run once."""

    def __init__(self, plans: Plans, root: Path) -> None:
        wait_passively()
        from empirical.data.size import Size, size_of
        from empirical.sweeps.estimate import Kind, Speed, kind_of, measure

        known: dict[tuple[object, ...], Size] = {}
        self._sizes: dict[Config, Size] = {}
        self._speeds: dict[int, dict[Kind, Speed]] = {}
        self._workers = {profile: side_by_side(profile, "auto") for profile in next(iter(plans.values()))}
        for profile, workers in self._workers.items():
            configs = _all(plans, profile)
            for run in configs:
                which = run.data, run.data_seed, run.resolution, run.classes
                if which not in known:
                    known[which] = size_of(
                        run.data, root, seed=run.data_seed, resolution=run.resolution, classes=run.classes
                    )
                self._sizes[run] = known[which]
            kinds = {kind_of(one, self._sizes[run]) for run in configs for one in (run, run.pretraining()) if one}
            speeds = self._speeds.setdefault(workers, {})
            speeds.update(measure(kinds - speeds.keys(), "auto", workers))

    def seconds(self, profile: str, configs: Sequence[Config]) -> float:
        """Return how long runs take."""
        from empirical.sweeps.estimate import sweep_seconds

        workers = self._workers[profile]
        return sweep_seconds(configs, self._sizes, self._speeds[workers], workers)


def _plural(n: int, word: str) -> str:
    return f"{n} {word}" + ("" if n == 1 else "s")


def _duration(seconds: float) -> str:
    """Return a duration in words.

    Example:
        >>> [_duration(s) for s in (4.2, 600.0, 9000.0, 300000.0)]
        ['4 s', '10 min', '2.5 h', '3.5 days']
    """
    for limit, unit, name in ((90, 1, "s"), (5400, 60, "min")):
        if seconds < limit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds / 3600:.1f} h" if seconds < 2 * 86400 else f"{seconds / 86400:.1f} days"
