"""A claim about measurements, and its verdict."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from empirical.claims.statistics import ALPHA, decide, power
from empirical.claims.tables import MissingDataError, Table
from empirical.storage.prediction_record import joint_status
from theory.support.cli import program_name

__all__ = [
    "CONFIRMED",
    "CONTRADICTED",
    "FOLDERS",
    "NOT_MEASURED",
    "RUNS",
    "UNDECIDED",
    "Claim",
    "Comparison",
    "Finding",
    "Judged",
    "judge",
    "verdict_of",
]

CONFIRMED, CONTRADICTED, UNDECIDED = "confirmed", "contradicted", "undecided at this scale"
"""The verdicts on a claim."""

NOT_MEASURED = "not measured"
"""What stands in their place where no table has anything for the claim."""

RUNS = "runs"
"""How a missing part begins that is runs of a comparison."""

FOLDERS = '--root "$DATA" --runs "$RUNS" --out "$RESULTS"'
"""The folders of a command: of the data sets, of the runs that are there already, and of the tables.

They are variables of a shell: tables name no folder of the machine that made them, and a command whose variables are
not set is refused, rather than training everything anew in another place.
"""


@dataclass(frozen=True)
class Comparison:
    """One of the things that a claim says.

    Attributes:
        label: what is compared, and where.
        values: by seed the statistic, positive where the claim holds; None where a run is missing. One that is not
            finite, such as a share of nothing, counts as no value.
        data: the data set.
        lacking: what the table has too little of, where no run of its grid would give a value.
        decides: whether the verdict rests on it. One that describes only, such as a setting that the paper does not
            have or a second index of the same thing, is shown beside the verdict and takes nothing of its budget.
    """

    label: str
    values: Mapping[int, float | None]
    data: str = ""
    lacking: str = ""
    decides: bool = True


Measure = Callable[[Mapping[str, Table]], list[Comparison]]
"""From the tables of one profile, by experiment, to comparisons. Of its claim's experiments at least one is there."""


@dataclass(frozen=True)
class Claim:
    """A sentence that says something about measurements, with what decides about it, fixed before measuring.

    Attributes:
        id: its identifier.
        place: where in the text it stands.
        printed: the sentence, as printed in the text at hand; of a prediction of ours, as it was written down.
        statistic: what is compared, in words and as a formula; all comparisons are differences that are positive where
            the claim holds.
        experiments: whose tables it reads.
        measure: makes the comparisons.
        margin: for a claim of no effect, which effect counts as none, and why.
        reading: how the sentence is read, where it can be read in more than one way.
        ours: whether it is a prediction of our own, and not a sentence of the paper.
        somewhere: whether the sentence says that something *can* happen: one comparison that holds confirms it, and
            only all of them together contradict it.
    """

    id: str
    place: str
    printed: str
    statistic: str
    experiments: tuple[str, ...]
    measure: Measure
    margin: str | None = None
    reading: str | None = None
    ours: bool = False
    somewhere: bool = False


@dataclass(frozen=True)
class Judged:
    """A comparison with what was found.

    Attributes:
        label: what is compared, and where.
        verdict: ``confirmed``, ``contradicted`` or ``undecided at this scale``, of this comparison alone.
        mean: over the seeds.
        low: of its own interval, which confirms.
        high: likewise.
        low_all: of the interval that holds for all comparisons together, which contradicts.
        high_all: likewise.
        seeds: how many have a value.
        missing: how many runs are not there.
        data: the data set.
        decides: whether the verdict on the claim rests on it.
        detectable: the effect that as many seeds with this spread show with a chance of 80 %, in all comparisons
            together or, where one is enough, in this one alone; None without a spread.
        seeds_needed: how many seeds show the mean that was measured with that chance; None where the mean is not on the
            claim's side, or more than 1,000 are needed.
        lacking: what the table has too little of, where no run of its grid would give a value.
    """

    label: str
    verdict: str
    mean: float | None
    low: float | None
    high: float | None
    low_all: float | None
    high_all: float | None
    seeds: int
    missing: int
    data: str
    decides: bool = True
    detectable: float | None = None
    seeds_needed: int | None = None
    lacking: str = ""

    @property
    def interval(self) -> tuple[float | None, float | None]:
        """The interval of the test that decided: that of all comparisons together where it contradicts."""
        return (self.low_all, self.high_all) if self.verdict == CONTRADICTED else (self.low, self.high)


@dataclass(frozen=True)
class Finding:
    """The verdict on a claim, for one profile and the data sets that its tables have.

    Attributes:
        claim: the claim.
        profile: of the runs; empty if nothing was measured.
        data: the data sets.
        verdict: ``confirmed``, ``contradicted``, ``undecided at this scale`` or ``not measured``.
        comparisons: what it rests on.
        missing: what was not there to judge by.
        make: the commands that make it, without their folders.
        when: of our predictions, whether the record beside the runs shows that they came first: ``predicted``, ``after
            the fact`` or ``no record``; empty for a sentence of the paper.
    """

    claim: Claim
    profile: str
    data: tuple[str, ...]
    verdict: str
    comparisons: tuple[Judged, ...]
    missing: tuple[str, ...]
    make: tuple[str, ...]
    when: str = ""

    @property
    def counts(self) -> str:
        """The numbers of comparisons that are confirmed and contradicted, in words."""
        if not self.comparisons:
            return ""
        deciding = [part for part in self.comparisons if part.decides]
        found = Counter(part.verdict for part in deciding)
        against = f", {found[CONTRADICTED]} contradicted" if found[CONTRADICTED] else ""
        return f"{found[CONFIRMED]} of {len(deciding)} confirmed{against}"

    @property
    def power(self) -> str:
        """Why a claim is undecided: what its tables lack, and what its seeds could have shown.

        Also how many seeds would show what was measured.
        """
        if self.verdict != UNDECIDED:
            return ""
        left = [part for part in self.comparisons if part.decides and part.verdict == UNDECIDED]
        lacking = dict.fromkeys(part.lacking.rstrip(",") for part in left if part.lacking)
        reasons = [f"not testable by this table, which lacks {text}" for text in lacking]
        flat = sum(part.seeds > 1 and part.low is None for part in left)
        if any(part.seeds == 1 for part in left):
            reasons.append("not testable with one seed")
        if flat:
            reasons.append(f"{flat} not testable, as all seeds have one value")
        return "; ".join([*reasons, *self._visible([part for part in left if part.detectable])])

    def _visible(self, left: Sequence[Judged]) -> list[str]:
        """Return what the seeds of these comparisons could have shown; nothing if there are none."""
        if not left:
            return []
        far = min if self.claim.somewhere else max  # one comparison is enough for it, or all must hold
        least = far(part.detectable or 0.0 for part in left)
        needed = [part.seeds_needed for part in left]
        known = [value for value in needed if value is not None]
        enough = known and (self.claim.somewhere or len(known) == len(needed))
        more = f"; {far(known)} seeds would show what was measured" if enough else ""
        return [f"{self.seeds} show an effect of {least:.2g} with a chance of 80 %{more}"]

    @property
    def seeds(self) -> str:
        """The numbers of seeds, from the comparison with the fewest to the one with the most."""
        numbers = {part.seeds for part in self.comparisons} or {0}
        least, most = min(numbers), max(numbers)
        return f"{least} to {most} seeds" if least < most else f"{most} seed{'s' * (most != 1)}"

    @property
    def late(self) -> int:
        """The number of comparisons that lack runs, or values that their runs do not give."""
        return sum(part.missing > 0 or part.seeds == 0 for part in self.comparisons)

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as plain data, for JSON."""
        claim = self.claim
        return {
            "id": claim.id,
            "place": claim.place,
            "predicted" if claim.ours else "printed": claim.printed,
            "reading": claim.reading,
            "statistic": claim.statistic,
            "margin": claim.margin,
            "experiments": list(claim.experiments),
            "profile": self.profile or None,
            "data": list(self.data),
            "verdict": self.verdict,
            **({"when": self.when} if self.claim.ours else {}),
            "counts": self.counts,
            "power": self.power,
            "alpha": ALPHA,
            "comparisons": [dict(vars(part)) for part in self.comparisons],
            "missing": list(self.missing),
            "make": [f"{command} {FOLDERS}" for command in self.make],
        }


def judge(claim: Claim, tables: Mapping[str, Table], profile: str = "") -> Finding:
    """Return the verdict on a claim by the tables of a profile.

    ``confirmed``: all comparisons hold. ``contradicted``: at least one fails. ``undecided at this scale``: neither,
    because intervals reach over 0, or comparisons are missing; one seed is never enough. Of a claim that something can
    happen one comparison that holds is enough, and it is contradicted if all intervals lie below 0. See
    :mod:`empirical.claims.statistics` for the errors that this can make.

    Example:
        >>> rows = [{"data": "toy", "seed": seed, "gain": gain} for seed, gain in enumerate([1.0, 1.5, 1.2])]
        >>> def gain(tables):
        ...     return [Comparison("gain", {row["seed"]: row["gain"] for row in tables["toy"].rows}, "toy")]
        >>> claim = Claim("X1.gain", "nowhere", "it gains", "the gain", ("toy",), gain)
        >>> judge(claim, {"toy": Table("toy", tuple(rows))}, "smoke").verdict
        'confirmed'
    """
    there = {name: tables[name] for name in claim.experiments if name in tables}
    absent = [name for name in claim.experiments if name not in tables]
    missing = [f"the table {name}" for name in absent]
    make = [f"{program_name('empirical')} run {name} --profile {profile or 'cpu'}" for name in absent]
    comparisons: list[Comparison] = []
    if there:
        try:
            comparisons = claim.measure(there)
            if not comparisons:
                missing.append(f"anything to compare in the table {', '.join(there)}")
            elif not any(part.decides for part in comparisons):
                missing.append(f"the paper's own setting in the table {', '.join(there)}")
        except MissingDataError as error:
            comparisons = []
            missing.append(str(error))
    data = tuple(dict.fromkeys(part.data for part in comparisons if part.data))
    if not comparisons:
        return Finding(
            claim=claim,
            profile=profile,
            data=data,
            verdict=NOT_MEASURED,
            comparisons=(),
            missing=tuple(missing),
            make=tuple(make),
        )
    comparisons += [Comparison(f"the table {name}", {}) for name in absent]
    missing += [f"{part.lacking} for {part.label}" for part in comparisons if part.lacking]
    late = [part for part in comparisons if not part.lacking and (not part.values or None in part.values.values())]
    missing += [f"{RUNS} for {part.label}" for part in late if part.values or part.data]
    missing += [f"a finite value for {part.label}" for part in comparisons if part.values and _undefined(part)]
    if any(part.data for part in late):
        make += [command for table in there.values() for command in table.commands]
    judged = _judge_comparisons(comparisons, claim.somewhere)
    when = joint_status(table.when for table in there.values()) if claim.ours else ""
    return Finding(
        claim=claim,
        profile=profile,
        data=data,
        verdict=verdict_of(judged, claim.somewhere),
        comparisons=judged,
        missing=tuple(missing),
        make=tuple(make),
        when=when,
    )


def _undefined(part: Comparison) -> bool:
    """Return whether all runs are there and none gives a number."""
    return all(value is not None and not math.isfinite(value) for value in part.values.values())


def verdict_of(judged: Sequence[Judged], somewhere: bool) -> str:
    """Return the verdict on a claim by those of its comparisons that decide."""
    deciding = [part for part in judged if part.decides]
    verdicts = {part.verdict for part in deciding}
    if somewhere:
        if CONFIRMED in verdicts:
            return CONFIRMED
        below = [part.high is not None and part.high < 0 for part in deciding]
        return CONTRADICTED if below and all(below) else UNDECIDED
    if CONTRADICTED in verdicts:
        return CONTRADICTED
    return CONFIRMED if verdicts == {CONFIRMED} else UNDECIDED


def _judge_comparisons(comparisons: Sequence[Comparison], somewhere: bool) -> tuple[Judged, ...]:
    """Judge those that decide under one budget, and those that describe under one of their own."""
    found: dict[int, Judged] = {}
    for decides in (True, False):
        own = [(k, part) for k, part in enumerate(comparisons) if part.decides is decides]
        found |= dict(zip((k for k, _ in own), _judge_family([part for _, part in own], somewhere), strict=True))
    return tuple(found[k] for k in range(len(comparisons)))


def _judge_family(comparisons: Sequence[Comparison], somewhere: bool) -> tuple[Judged, ...]:
    """Judge comparisons that share a budget."""
    if not comparisons:
        return ()
    seeds = sorted({seed for part in comparisons for seed in part.values})
    values = [[_or_nan(part.values.get(seed)) for seed in seeds] for part in comparisons]
    found = decide(np.array(values).reshape(len(comparisons), len(seeds)))
    verdicts = [
        CONFIRMED if up else CONTRADICTED if down else UNDECIDED
        for up, down in zip(found.holds, found.fails, strict=True)
    ]
    detectable, needed = power(found, somewhere=somewhere)
    return tuple(
        Judged(
            label=part.label,
            data=part.data,
            seeds=int(found.seeds[k]),
            missing=sum(value is None for value in part.values.values()),
            verdict=verdicts[k],
            decides=part.decides,
            detectable=_or_none(detectable[k]),
            seeds_needed=needed[k],
            lacking=part.lacking,
            **{name: _or_none(getattr(found, name)[k]) for name in ("mean", "low", "high", "low_all", "high_all")},
        )
        for k, part in enumerate(comparisons)
    )


def _or_nan(value: float | None) -> float:
    return math.nan if value is None or not math.isfinite(value) else value


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 6)
