"""Measurements of the library's own speed: ``tailbound theory bench [--quick] [--json FILE]``.

What is compared runs in turns, in one process on one thread, and a ratio is the median over the turns of the ratios of
times, so that a machine that slows down for a while slows both. Absolute times describe the machine they were taken on.
"""

from __future__ import annotations

import json
import math
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from scipy.special import betaln, xlog1py, xlogy

from theory import theorem1
from theory.exact.counting import count_outside
from theory.support.cli import record_output
from theory.support.files import check_file, write_whole
from theory.verdicts.checker import check_tail_bound
from theory.verdicts.sequential import Evidence

__all__ = ["Measurement", "check_and_report", "measure", "run"]

_ALPHA = Fraction(1, 5)
_CHUNK = 1 << 15
_CLAIMS, _MARGINS = (1e-4, 1e-2, 0.1, 0.5), (0.1, 0.3, 1.0, 3.0)
_COUNTS = (10, 10**3, 10**5, 10**7)


@dataclass(frozen=True)
class Measurement:
    """One measured number; ``limit`` is the most, or with ``at_least`` the least, that it should be."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the limit is kept, or ``None`` if there is none."""
        if self.limit is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def run(json_file: Path | None = None, quick: bool = False) -> int:
    """Measure, print the table, write ``json_file``; return 0, or 1 if a limit is not kept (unless ``quick``)."""
    if json_file is not None:
        check_file("json", json_file)
    measurements = measure(quick)
    console = Console()
    console.print(_table(measurements))
    if json_file is not None:
        content = {
            "quick": quick,
            "machine": {
                "platform": platform.platform(),
                "python": platform.python_version(),
                "numpy": np.__version__,
                "cores": os.cpu_count(),
            },
            "measurements": [asdict(m) | {"met": m.met} for m in measurements],
        }
        write_whole(json_file, json.dumps(content, indent=2) + "\n")
        record_output(json_file)
        console.print(f"measurements written to {json_file}", markup=False, highlight=False, soft_wrap=True)
    return int(not quick and any(m.met is False for m in measurements))


def measure(quick: bool = False) -> list[Measurement]:
    """Return the measurements; ``quick`` ones, of fewer replicates and turns, are rough."""
    size, turns, large = (1_000_000, 3, 10**7) if quick else (4_000_000, 7, 10**8)
    return [
        *_simulation(size, turns),
        *_flatness(size, turns),
        *_exact_law(turns),
        *_checks(turns, quick),
        *_large_check(large),
        *(_power(1, (0.5,)) if quick else _power(20, _CLAIMS)),
    ]


def _setting(n_pos: int) -> theorem1.Setting:
    return theorem1.Setting(0, 1, 1, Fraction(1, 2), Fraction(1, 2), n_pos, n_neg=50)


def _simulation(size: int, turns: int) -> list[Measurement]:
    """Compare the three ways to simulate with what NumPy needs for the random numbers alone, and with each other."""
    s = _setting(5000)
    few = min(size, 2_000)  # replicates drawn sample by sample: 5,050 samples each
    with ThreadPoolExecutor(1) as one_thread:
        seconds = _in_turns(
            {
                "normal": lambda: _normals(size),
                "binomial": lambda: _binomial_and_normal(s, size),
                "count": lambda: _count(s, size, one_thread),
                "statistics": lambda: theorem1.simulate(s, size, np.random.default_rng(1)),
                "samples": lambda: theorem1.simulate(s, few, np.random.default_rng(1), method="samples"),
            },
            turns,
        )
    each = {name: [t / (few if name == "samples" else size) for t in taken] for name, taken in seconds.items()}

    def ratio(above: str, below: str) -> float:
        return statistics.median(a / b for a, b in zip(each[above], each[below], strict=True))

    return [
        *(Measurement(f"{name}, a replicate", 1e9 * statistics.median(taken), "ns") for name, taken in each.items()),
        Measurement("statistics / NumPy's binomial and normal", ratio("statistics", "binomial"), "x", 1.5),
        Measurement("count / NumPy's normal", ratio("count", "normal"), "x", 1.5),
        Measurement("samples / statistics", ratio("samples", "statistics"), "x", 1_000, at_least=True),
        Measurement("samples / count", ratio("samples", "count"), "x", 10_000, at_least=True),
    ]


def _flatness(size: int, turns: int) -> list[Measurement]:
    """Compare the slowest with the fastest number of positive samples, from 10 to 10^7."""
    found = []
    with ThreadPoolExecutor(1) as one_thread:
        for name, work in (
            ("count", lambda n: _count(_setting(n), size, one_thread)),
            ("statistics", lambda n: theorem1.simulate(_setting(n), size, np.random.default_rng(1))),
        ):
            seconds = _in_turns({str(n): partial(work, n) for n in _COUNTS}, turns)
            median = [statistics.median(taken) for taken in seconds.values()]
            found.append(
                Measurement(f"{name}, n_pos 10 to 10^7: slowest / fastest", max(median) / min(median), "x", 1.5)
            )
    return found


def _exact_law(turns: int) -> list[Measurement]:
    """Time the exact law and fit its growth: the exponent of ``n_pos`` should be that of the square root."""
    sizes = [10**4, 10**5, 10**6, 10**7]
    law = _in_turns({str(n): partial(theorem1.failure_probability, _setting(n), _ALPHA) for n in sizes}, turns)
    ball = _in_turns({str(10**5): partial(check_tail_bound, theorem1.bound, _setting(10**5), _ALPHA)}, turns)
    median = [statistics.median(taken) for taken in law.values()]
    exponent = float(np.polyfit(np.log(sizes), np.log(median), 1)[0])
    return [
        *(Measurement(f"exact law, n_pos {n:,}", 1e3 * t, "ms") for n, t in zip(sizes, median, strict=True)),
        Measurement("exact law, growth exponent", exponent, "of n_pos", 0.6),
        Measurement("ball check, n_pos 100,000", 1e3 * statistics.median(ball[str(10**5)]), "ms", 1_000),
    ]


def _power(streams: int, claims: Sequence[float]) -> list[Measurement]:
    """Compare the replicates that the sequential check needs, on average, with the least that any test can need.

    That is ``log(1 / rate) / KL`` (Wald 1945), here with the rate 1e-6. On the same streams runs what betting on the
    running estimate amounts to for Booleans, the Beta(1/2, 1/2) mixture (I. Waudby-Smith, A. Ramdas, Estimating means
    of bounded random variables by betting, JRSS B 86, 2024; S. Howard et al. 2021). A claim is too low or too high by a
    margin where the truth is ``1 + margin`` times it, or the claim that many times the truth.
    """
    needed, found, all_ratios = math.log(1e6), [], []
    children = iter(np.random.SeedSequence(8).spawn(len(claims) * len(_MARGINS) * 2))
    for claim, margin, side in product(claims, _MARGINS, ("too low", "too high")):
        rng = np.random.default_rng(next(children))
        p = claim * (1 + margin) if side == "too low" else claim / (1 + margin)
        if p >= 1:
            continue
        least = needed / (p * math.log(p / claim) + (1 - p) * math.log((1 - p) / (1 - claim)))
        ratios = np.array([_replicates(claim, p, needed, rng) for _ in range(streams)]).mean(axis=0) / least
        name = f"claim {claim:g} {side} by {margin:.0%}: replicates / least"
        found += [
            Measurement(f"{name}, sequential check", float(ratios[0]), "x"),
            Measurement(f"{name}, betting by the running estimate", float(ratios[1]), "x"),
        ]
        all_ratios.append(ratios)
    means = np.mean(all_ratios, axis=0)
    return [
        *found,
        Measurement("replicates / least, sequential check, mean of these", float(means[0]), "x", 1.3),
        Measurement("replicates / least, betting by the running estimate, mean", float(means[1]), "x"),
    ]


def _replicates(claim: float, p: float, needed: float, rng: np.random.Generator) -> tuple[int, int]:
    """Return after how many replicates the sequential check, and the Beta mixture, have a verdict on one stream."""
    evidence, count, trials, other = Evidence(claim, math.exp(-needed)), 0, 0, 0
    while evidence.verdict is None or not other:
        size = evidence.next_size() if evidence.verdict is None else max(2, trials // 32)
        events = int(rng.binomial(size, p))
        count, trials = count + events, trials + size
        if evidence.verdict is None:
            evidence.add(events, size)
        mixture = betaln(count + 0.5, trials - count + 0.5) - math.log(math.pi)
        if not other and mixture - xlogy(count, claim) - xlog1py(trials - count, -claim) >= needed:
            other = trials
    return evidence.trials, other


def _checks(turns: int, quick: bool) -> list[Measurement]:
    """Time checks on the exact laws of :mod:`theory.laws`, and fit how the minimum coverage grows with the trials."""
    from theory import check, laws

    bound = math.exp(-2)
    points = {
        "normal": partial(check.tail, laws.Normal(), 3, bound),
        "Student t": partial(check.tail, laws.StudentT(5), 3, bound),
        "beta": partial(check.tail, laws.Beta(2.5, 3.5), 0.9, bound),
        "binomial, n 1,000": partial(check.tail, laws.Binomial(1000, 0.5), 560, bound),
        "Poisson, rate 100": partial(check.tail, laws.Poisson(100), 140, bound),
    }
    chances = np.random.default_rng(np.random.SeedSequence(1)).random(1000).tolist()
    seconds = _in_turns({**points, "convolution": lambda: laws.PoissonBinomial(chances).sf_ball(700, bits=100)}, turns)
    median = {name: statistics.median(taken) for name, taken in seconds.items()}
    sizes = [25, 50, 100] if quick else [125, 250, 500, 1000]
    coverage = {n: _wilson_coverage(n) for n in sorted({100, *sizes})}
    exponent = float(np.polyfit(np.log(sizes), np.log([coverage[n] for n in sizes]), 1)[0])
    limits = {100: 2.0, 1000: 60.0}
    return [
        *(Measurement(f"tail check, {name}", 1e3 * median[name], "ms", 2) for name in points),
        Measurement("Poisson binomial, 1,000 trials, 30 digits", median["convolution"], "s", 0.2),
        *(Measurement(f"minimum coverage, n {n:,}", t, "s", limits.get(n)) for n, t in coverage.items()),
        Measurement("minimum coverage, growth exponent", exponent, "of n"),
    ]


def _wilson_coverage(n: int) -> float:
    """Return the seconds that the minimum coverage of Wilson's interval over all p takes."""
    from theory import check, laws

    z = 1.959963984540054
    scale, spread = 1 + z * z / n, z * z / (4 * n * n)

    def interval(k: int) -> tuple[float, float]:
        center = (k / n + z * z / (2 * n)) / scale
        half = z * math.sqrt(k / n * (1 - k / n) / n + spread) / scale
        return center - half, center + half

    start = time.perf_counter()
    check.coverage(interval, laws.Family(laws.Binomial, n=n), 0.95, rounding=1e-12)
    return time.perf_counter() - start


def _large_check(replicates: int) -> list[Measurement]:
    """Run one Monte Carlo check in a process of its own, on all cores, for its time and its peak memory."""
    done = subprocess.run(
        [sys.executable, "-c", f"from theory import bench; bench.check_and_report({replicates})"],
        capture_output=True,
        check=True,
        text=True,
    )
    seconds, mebibytes = json.loads(done.stdout)
    found = [Measurement(f"check of {replicates:,} replicates, all cores", seconds, "s")]
    if mebibytes is not None:
        found.append(Measurement(f"check of {replicates:,} replicates, peak memory", mebibytes, "MiB", 1024))
    return found


def check_and_report(replicates: int) -> None:
    """Print ``[seconds, MiB]`` as JSON: the time of one Monte Carlo check and this process's peak memory."""
    start = time.perf_counter()
    check_tail_bound(theorem1.bound, _setting(5000), _ALPHA, level="monte-carlo", replicates=replicates)
    print(json.dumps([time.perf_counter() - start, _peak_mebibytes()]))


def _peak_mebibytes() -> float | None:
    """Return this process's peak resident memory, or ``None`` on a system that does not tell."""
    status = Path("/proc/self/status")  # getrusage would count what the parent used before the process was started
    if status.exists() and (peak := re.search(r"VmHWM:\s+(\d+) kB", status.read_text())):
        return float(peak[1]) / 1024
    return None


def _in_turns(work: dict[str, Callable[[], object]], turns: int) -> dict[str, list[float]]:
    """Return the seconds of each piece of work, ``turns`` times in turn, after one turn to warm up."""
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(turns + 1):
        for name, call in work.items():
            start = time.perf_counter()
            call()
            if turn:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def _normals(size: int) -> None:
    """Draw one normal a replicate as fast as NumPy can: into a buffer that stays in the cache."""
    rng, buffer = np.random.Generator(np.random.SFC64(1)), np.empty(_CHUNK)
    for start in range(0, size, _CHUNK):
        rng.standard_normal(out=buffer[: min(_CHUNK, size - start)])


def _binomial_and_normal(s: theorem1.Setting, size: int) -> None:
    rng = np.random.default_rng(1)
    rng.binomial(s.n_pos, 1 - float(s.p), size)
    rng.standard_normal(size)


def _count(s: theorem1.Setting, size: int, executor: Executor) -> None:
    law = theorem1.law(s)
    center = law.expectation
    count_outside(law, center - _ALPHA, center + _ALPHA, size, np.random.default_rng(1), executor)


def _table(measurements: list[Measurement]) -> Table:
    table = Table(title="Speed and scale on this machine", box=SIMPLE_HEAD)
    table.add_column("measured")
    table.add_column("value", justify="right")
    table.add_column("unit")
    table.add_column("limit", justify="right")
    table.add_column("met")
    for m in measurements:
        limit = "" if m.limit is None else f"{'>=' if m.at_least else '<='} {m.limit:,g}"
        met = {None: "", True: "[green]yes[/]", False: "[red]no[/]"}[m.met]
        table.add_row(m.name, f"{m.value:,.3g}" if m.value < 1000 else f"{m.value:,.0f}", m.unit, limit, met)
    return table
