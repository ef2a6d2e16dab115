"""Printed cells against measurements: within noise or not."""

import numpy as np
import pytest
from scipy import stats

from empirical.claims import Table
from empirical.claims.paper.printed_tables import (
    NOT_COMPARABLE,
    NOT_MEASURED,
    OUTSIDE,
    UNDECIDED,
    WITHIN,
    compare,
    counts,
    published_range,
)
from empirical.claims.repeat import cell_fault
from empirical.printed import TABLE1, TABLE2, cell

IMBALANCES = (100, 50, 20, 10)


def tables(seed=0, seeds=3, shift=0.0, spread=0.5):
    """Return tables whose runs lie around the printed cells: those of Table 1 off by ``shift`` points."""
    rng = np.random.default_rng(seed)
    places = [
        (data, imbalance, method, pretrain, seed)
        for data, rows in TABLE1.items()
        for method, pretrain in rows
        for imbalance in IMBALANCES
        for seed in range(seeds)
    ]
    names = ("data", "imbalance", "method", "pretrain", "seed")
    accuracies, norms = [], []
    for place in places:
        row = dict(zip(names, place, strict=True))
        value = cell(TABLE1, *place[:4]) + shift + spread * rng.normal()
        accuracies.append({**row, "accuracy": value})
        printed = cell(TABLE2, *place[:4])
        if printed is not None:
            del row["pretrain"]
            norms.append({**row, "label": 0, "std_100": printed * np.exp(0.03 * rng.normal())})
    return {"rebalance": Table("rebalance", tuple(accuracies)), "norms": Table("norms", tuple(norms))}


def test_runs_around_the_printed_cells_are_within():
    found = compare({"paper": tables()})
    assert len(found) == 64 + 32
    assert {part.verdict for part in found} == {WITHIN}
    assert {part.seeds for part in found} == {3}
    assert counts(found) == "96 cells, 96 within"


def test_the_band_by_hand():
    own = tables()
    found = [part for part in compare({"paper": own}) if (part.table, part.data) == ("Table 1", "cifar10")]
    samples = np.array(
        [
            [row["accuracy"] for row in own["rebalance"].where(data="cifar10", imbalance=i, method=m, pretrain=p)]
            for m, p in TABLE1["cifar10"]
            for i in IMBALANCES
        ]
    )
    spread = np.sqrt(samples.var(axis=1, ddof=1).mean())
    half = stats.t.ppf(1 - 0.05 / 64, 64) * spread * np.sqrt(4 / 3) + 1.5
    assert len(found) == 32
    for part in found:
        assert (part.low, part.high) == pytest.approx((part.mean - half, part.mean + half), abs=2e-4)
    norm = next(part for part in compare({"paper": own}) if (part.table, part.data) == ("Table 2", "cifar10"))
    logs = [
        np.log([row["std_100"] for row in own["norms"].where(data="cifar10", imbalance=i, method=m)])
        for m, _ in TABLE2["cifar10"]
        for i in IMBALANCES
    ]
    spread = np.sqrt(np.var(logs, axis=1, ddof=1).mean())
    half = stats.t.ppf(1 - 0.05 / 32, 32) * spread * np.sqrt(4 / 3) + np.log(10 / 9) / 2
    assert np.log([norm.low, norm.high]) == pytest.approx([logs[0].mean() - half, logs[0].mean() + half], abs=1e-4)


@pytest.mark.parametrize("shift", [6.0, -6.0])
def test_numbers_that_are_far_off_are_outside_on_either_side(shift):
    found = [part for part in compare({"paper": tables(shift=shift)}) if part.table == "Table 1"]
    assert {part.verdict for part in found} == {OUTSIDE}


def test_a_true_reproduction_is_rarely_called():
    """The worst case: each printed number is a run like the others, and the subset adds the whole 1.5 points."""
    worlds, called = 100, 0
    for seed in range(worlds):
        own = tables(seed=seed, shift=1.5)["rebalance"]
        rng = np.random.default_rng(10_000 + seed)
        noise = {}
        for row in own.rows:
            place = row["data"], row["imbalance"], row["method"], row["pretrain"]
            row["accuracy"] += noise.setdefault(place, 0.5 * rng.normal())
        found = compare({"paper": {"rebalance": own}})
        called += any(part.verdict == OUTSIDE for part in found if part.data == "cifar10")
    assert 0 < called <= stats.binom.isf(1e-6, worlds, 0.05)


def test_other_profiles_one_seed_and_unfinished_runs():
    own = tables()
    assert {part.verdict for part in compare({"cpu": own, "smoke": own})} == {NOT_COMPARABLE}
    assert {part.verdict for part in compare({"paper": tables(seeds=1)})} == {UNDECIDED}
    late = tuple({**row, "accuracy": None} if row["method"] == "rs" else row for row in own["rebalance"].rows)
    found = compare({"paper": {"rebalance": Table("rebalance", late)}})
    assert counts(found) == "64 cells, 48 within, 16 not measured"
    assert {part.method for part in found if part.verdict == NOT_MEASURED} == {"rs"}
    digits = tuple({**row, "data": "digits"} for row in own["rebalance"].rows)
    assert compare({"paper": {"rebalance": Table("rebalance", digits)}}) == []
    assert compare({"paper": {"rebalance": Table("rebalance", ({"seed": 0},))}}) == []


def test_runs_of_two_recipes_are_not_compared():
    found = tables()
    for name, table in found.items():
        twice = Table(name, table.rows * 2)
        assert not compare({"paper": {name: twice}})


def one_run(accuracy, profile="paper", method="ce"):
    """Return the cell of one run at imbalance 100 of CIFAR-10."""
    row = {"data": "cifar10", "imbalance": 100, "method": method, "pretrain": "none", "seed": 0, "accuracy": accuracy}
    [found] = compare({profile: {"rebalance": Table("rebalance", (row,))}})
    return found


@pytest.mark.parametrize(
    ("accuracy", "told"),
    [
        (70.36, "within the range of published numbers, 70.4 to 72.0"),  # the least, of imbalanced-semi-self
        (71.95, "within the range of published numbers, 70.4 to 72.0"),  # the greatest, of BagofTricks-LT
        (70.16, "0.2 below the range of published numbers, 70.4 to 72.0"),
        (72.95, "1.0 above the range of published numbers, 70.4 to 72.0"),
    ],
)
def test_one_run_is_within_the_range_of_published_numbers_or_not(accuracy, told):
    found = one_run(accuracy)
    assert found.range == told
    assert found.verdict == UNDECIDED
    assert cell_fault(found.as_dict()) == ""
    assert "'within" in cell_fault({**found.as_dict(), "range": "within the range of published numbers, 60.0 to 80.0"})
    assert one_run(accuracy, profile="cpu").range is None
    assert one_run(None).range is None


def test_one_published_number_is_no_range():
    assert published_range("cifar10", 100, "drw", "none") == (74.64, 75.4)
    assert published_range("cifar10", 100, "drw", "rotation") is None
    assert {part.range for part in compare({"paper": tables()}) if part.table == "Table 2"} == {None}
