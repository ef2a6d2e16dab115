"""The ledger of measured claims: the paper's sentences about its measurements, our predictions, and what judges them.

May import :mod:`empirical.experiments`, for their names and goals, and what that may import.

A :class:`Claim` is a sentence as printed in the text at hand, with a statistic (the changelog lists those that were
changed after the published tables had been made), and a measure that turns the tables of experiments into comparisons.
A :class:`Comparison` has one value for each seed, positive where the sentence holds; where two runs of a seed share
images, the value is their difference.
:func:`judge` gives the verdict, for one profile and the data sets of its tables:

- ``confirmed``: every comparison is on the claim's side;
- ``contradicted``: at least one is on the other side;
- ``undecided at this scale``: neither;
- ``not measured``: no table has anything for it.

The errors of a claim have one budget, 5 %, however many comparisons it makes: half of it for a wrong confirmation and
half for a wrong contradiction (:mod:`empirical.claims.statistics`). The ledger as a whole has no such bound: of 100
verdicts 2.5 are expected to be wrong, as of true claims 2.5 % may be called contradicted, and of wrong ones 2.5 %
confirmed. ``verify`` says what this comes to. A verdict is of one profile and one data set, so that it does not depend
on which folders are read together.

A sentence that something *can* or *may* happen is confirmed by one comparison that holds (after Hochberg's adjustment
for all of them), and contradicted only by all. A comparison outside the paper's own setting, or by a further index of
the same thing, describes: it decides nothing. For an undecided claim ``verify`` says which effect its seeds could have
shown, and how many seeds would show what was measured.

The paper's claims by number: E1 Figure 1, E2 Figure 2, E3 Figure 3, E4 Figures 3 and 4, E5 Table 1, E6 Figure 5, E7
Table 2, E8 Figure 6, E9 section 5.4. Beside the verdict stands what the paper's own printed tables say to the sentence
(:mod:`empirical.claims.paper.as_printed`), and whether a printed cell is within noise of what was measured
(:mod:`empirical.claims.paper.printed_tables`). Our own predictions are N1 to N10
(:mod:`empirical.claims.predictions`).

**A new entry** is a ``Claim`` in the ``CLAIMS`` of a module of this package, and a new module is a line in
:data:`SECTIONS`. The measure gets the tables by experiment, of one profile; a helper of
:mod:`empirical.claims.measures` usually does::

    def _gain(table):
        ssp, none = {"pretrain": "rotation"}, {"pretrain": "none"}
        return [
            Comparison(data, gain(table, only("recall"), ssp, none, data=data), data) for data in table.values("data")
        ]

    CLAIMS = (
        Claim(
            id="P7.gain",
            place="our prediction",
            printed="pre-training raises the recall",
            statistic="recall with SSP minus without, on each data set: > 0",
            experiments=("toy",),
            measure=each(_gain),
            ours=True,
        ),
    )

A prediction with an error of at most ``e`` is one whose value is ``e`` minus the absolute error; a claim of no effect
has its ``margin`` written down. A measure raises :class:`MissingDataError` where a table is not as it needs it
(``table.need`` does), and a missing run is None; the claim is then not measured, or in part. A curve of too few points
is no missing run: its comparison says what it is ``lacking`` (:func:`empirical.claims.measures.compared`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from empirical.claims import predictions
from empirical.claims.claim import (
    CONFIRMED,
    CONTRADICTED,
    FOLDERS,
    NOT_MEASURED,
    RUNS,
    UNDECIDED,
    Claim,
    Comparison,
    Finding,
    Judged,
    judge,
)
from empirical.claims.paper import printed_tables, section3, section4, section5_2, section5_3, section5_4
from empirical.claims.paper.as_printed import AsPrinted, as_printed
from empirical.claims.statistics import ALPHA
from empirical.claims.tables import MissingDataError, Table, read

__all__ = [
    "ALPHA",
    "CLAIMS",
    "CONFIRMED",
    "CONTRADICTED",
    "FOLDERS",
    "NOT_MEASURED",
    "RUNS",
    "SECTIONS",
    "UNDECIDED",
    "AsPrinted",
    "Claim",
    "Comparison",
    "Finding",
    "Judged",
    "MissingDataError",
    "Table",
    "as_printed",
    "findings",
    "judge",
    "printed_tables",
    "read",
]

SECTIONS = (section3, section4, section5_2, section5_3, section5_4, predictions)
"""The modules that have claims, the paper's before our own."""

CLAIMS: tuple[Claim, ...] = tuple(claim for section in SECTIONS for claim in section.CLAIMS)
"""All of them."""


def findings(folders: Sequence[Path], claims: Sequence[Claim] = CLAIMS) -> list[Finding]:
    """Return the verdict on each claim, once for each profile and data set that has a table for it.

    So a verdict does not depend on which other folders are read beside its own. A sentence about several data sets is
    borne out if it is on each of them, and contradicted if it is on one; each verdict has a budget of its own.

    Raises:
        ValueError: a folder is missing, or a table in it cannot be read.
    """
    profiles = read(folders, dict.fromkeys(name for claim in claims for name in claim.experiments))
    [sole] = profiles if len(profiles) == 1 else [""]
    found = []
    for claim in claims:
        own = {profile: tables for profile, tables in profiles.items() if set(claim.experiments) & tables.keys()}
        judged = [part for profile, tables in own.items() for part in _by_data(claim, tables, profile)]
        found += judged or [judge(claim, {}, sole)]
    return found


def _by_data(claim: Claim, tables: Mapping[str, Table], profile: str) -> list[Finding]:
    """Return the verdicts on a claim, one a data set; one that says why, where no data set has anything for it."""
    read_by_claim = {name: tables[name] for name in claim.experiments if name in tables}
    names = dict.fromkeys(str(row.get("data", "")) for table in read_by_claim.values() for row in table.rows)
    if len(names) < 2:
        return [judge(claim, read_by_claim, profile)]
    judged = []
    for name in names:
        own = {key: table.of_data(name) for key, table in read_by_claim.items()}
        judged.append(judge(claim, {key: table for key, table in own.items() if table.rows}, profile))
    return [part for part in judged if part.verdict != NOT_MEASURED] or judged[:1]
