"""Definitions of claims that once charged a sentence with what it does not say."""

from dataclasses import replace

import numpy as np
import pytest

from empirical.claims import CLAIMS, CONFIRMED, CONTRADICTED, UNDECIDED, Claim, Comparison, findings, judge
from empirical.claims.statistics import decide, seeds_needed, visible_effect
from empirical.claims.tables import Table
from empirical.experiments.minority import DESIGNS

BY_ID = {claim.id: claim for claim in CLAIMS}
UP, DOWN, OPEN = {0: 1.0, 1: 1.1, 2: 0.9}, {0: -1.0, 1: -1.1, 2: -0.9}, {0: 1.0, 1: -1.0, 2: 0.2}


def claim(*parts, somewhere=False):
    """A claim that makes these comparisons."""
    comparisons = [Comparison(str(k), values, "toy", decides=decides) for k, (values, decides) in enumerate(parts)]
    return Claim("X1.x", "nowhere", "it is", "it: > 0", ("toy",), lambda tables: comparisons, somewhere=somewhere)


def verdict(*parts, somewhere=False):
    return judge(claim(*parts, somewhere=somewhere), {"toy": Table("toy", ({"data": "toy", "seed": 0},))}).verdict


@pytest.mark.parametrize(
    ("values", "always", "somewhere"),
    [
        ((UP, UP), CONFIRMED, CONFIRMED),
        ((UP, DOWN), CONTRADICTED, CONFIRMED),
        ((UP, OPEN), UNDECIDED, CONFIRMED),
        ((DOWN, OPEN), CONTRADICTED, UNDECIDED),
        ((DOWN, DOWN), CONTRADICTED, CONTRADICTED),
        ((OPEN, OPEN), UNDECIDED, UNDECIDED),
    ],
)
def test_what_can_happen_is_not_what_always_does(values, always, somewhere):
    parts = [(part, True) for part in values]
    assert verdict(*parts) == always
    assert verdict(*parts, somewhere=True) == somewhere


@pytest.mark.parametrize("somewhere", [False, True])
@pytest.mark.parametrize("beside", [UP, DOWN, OPEN])
def test_what_only_describes_decides_nothing(beside, somewhere):
    assert verdict((UP, True), (beside, False), somewhere=somewhere) == CONFIRMED
    assert verdict((DOWN, True), (beside, False), somewhere=somewhere) == CONTRADICTED
    assert verdict((beside, False), somewhere=somewhere) == UNDECIDED


def test_what_only_describes_takes_nothing_of_the_budget():
    alone = judge(claim((UP, True)), {"toy": Table("toy", ({"data": "toy", "seed": 0},))}).comparisons[0]
    beside = judge(claim((UP, True), (DOWN, False)), {"toy": Table("toy", ({"data": "toy", "seed": 0},))})
    assert (beside.comparisons[0].low_all, beside.comparisons[0].high_all) == (alone.low_all, alone.high_all)


def similar(minority, majority, imbalance=100):
    """A table of Figure 3: by rho, of three seeds, what the last and the first class score."""
    rows = [
        {
            "data": "cifar10",
            "imbalance": imbalance,
            "fraction": rho,
            "degree": 0.2 if rho else 0.0,
            "seed": seed,
            "minority": minority[rho] + 0.1 * seed * (1 + rho),
            "majority": majority[rho] - 0.2 * seed * (1 - rho),
            "accuracy": 50.0,
            "run": f"{rho}{seed}",
        }
        for rho in minority
        for seed in range(3)
    ]
    return {"similar-fraction": Table("similar-fraction", tuple(rows))}


def comparison(name, tables):
    found = judge(BY_ID[name], tables)
    return next(part for part in found.comparisons if part.seeds)


def test_a_majority_whose_images_are_all_mixed_does_not_close_the_gap():
    """The gap widens with similar samples, and at rho 1 the majority is lost as well, which a line would charge."""
    minority = {0.0: 30.0, 0.2: 20.0, 0.4: 15.0, 0.8: 10.0, 1.0: 10.0}
    majority = {0.0: 87.0, 0.2: 85.0, 0.4: 82.0, 0.8: 75.0, 1.0: 10.0}
    part = comparison("E4.severe", similar(minority, majority))
    assert part.verdict == CONFIRMED
    assert part.mean == pytest.approx((65 + 67 + 65) / 3 - 57, abs=0.3)


def test_a_minority_at_the_floor_decides_nothing():
    minority = dict.fromkeys((0.0, 0.2, 0.4, 0.8), 0.0)
    found = judge(BY_ID["E4.severe"], similar(minority, {rho: 90 - 30 * rho for rho in minority}))
    assert found.verdict == UNDECIDED
    assert found.missing[1].startswith("a recall of the minority of 5 % or more with unchanged images for cifar10")


def test_another_imbalance_never_contradicts_the_paper():
    flat = dict.fromkeys((0.0, 0.2, 0.4, 0.8), 30.0)
    rising = {rho: 30 + 40 * rho for rho in flat}
    tables = similar(rising, flat, imbalance=10)
    for name in ("E3.minority", "E4.influenced", "E4.severe"):
        found = judge(BY_ID[name], tables)
        assert found.verdict == UNDECIDED, name
        assert {part.verdict for part in found.comparisons if part.seeds} == {CONTRADICTED}, name


@pytest.mark.parametrize(("name", "column"), [("E3.adjusted", "adjusted"), ("E3.log-odds", "log_odds")])
def test_readouts_decide_where_recall_is_at_its_floor(name, column):
    """Recall is 0 at every rho; what has no floor falls, and is judged at the paper's imbalance alone."""
    floor = dict.fromkeys((0.0, 0.2, 0.4, 0.8), 0.0)

    def tables(imbalance, sign=1):
        [table] = similar(floor, dict.fromkeys(floor, 90.0), imbalance).values()
        rows = []
        for row in table.rows:
            value = -5 * sign * row["fraction"] + 0.1 * row["seed"] * (1 + row["fraction"])
            rows.append({**row, "adjusted": 22, "log_odds": -4, "auc": 0.9, column: value})
        return {"similar-fraction": Table("similar-fraction", tuple(rows))}

    assert judge(BY_ID["E3.minority"], tables(100)).verdict == UNDECIDED
    found = judge(BY_ID[name], tables(100))
    assert found.verdict == CONFIRMED
    assert [part.decides for part in found.comparisons] == [True, *([False] if column == "log_odds" else [])]
    assert judge(BY_ID[name], tables(100, sign=-1)).verdict == CONTRADICTED
    assert judge(BY_ID[name], tables(10)).verdict == UNDECIDED
    [without] = similar(floor, floor).values()
    lacking = judge(BY_ID[name], {"similar-fraction": without})
    assert lacking.missing == (f"the table similar-fraction has no column {column}",)


@pytest.mark.parametrize(("bend", "seeds", "verdict_of_most"), [(0, 7, CONFIRMED), (10, 3, CONTRADICTED)])
def test_the_grid_of_figure_2_can_decide_where_it_is_linear(bend, seeds, verdict_of_most):
    """At the noise of the published points: 1.25 beside what a seed shifts as a whole."""
    rng = np.random.default_rng(np.random.SeedSequence(3))
    found = []
    for _ in range(40):
        rows = [
            {
                **{"data": "cifar10", "label": 9, "majority_images": 5000, "minority_images": n, "pretrain": "none"},
                **{"seed": seed, "minority": 50 + n / 200 + 4 * bend * u * (1 - u) + shift + rng.normal(0, 1.25)},
            }
            for seed in range(seeds)
            for shift in [rng.normal(0, 2)]
            for n in DESIGNS["cpu"].minority
            for u in [(n - 2500) / 2500]
        ]
        found.append(judge(BY_ID["E2.linear"], {"minority": Table("minority", tuple(rows))}).verdict)
    assert found.count(verdict_of_most) >= 28
    assert set(found) <= {verdict_of_most, UNDECIDED}


def test_poor_boundaries_are_judged_in_both_orders_of_the_classes(true):
    labels = [row for row in true["embedding"].rows if row["order"] == "labels"]
    old = [{name: value for name, value in row.items() if name != "order"} for row in labels]
    alone = judge(BY_ID["E6.poor"], {"embedding": Table("embedding", tuple(old))})
    assert alone.verdict == UNDECIDED
    assert "the classes in reverse order for" in alone.missing[0]

    def table(slope):
        """In reverse order the frequent classes are those whose boundaries are less clear by nature."""
        rows = [
            {**row, "order": order, "purity": 50 + factor * row["label"] + 0.1 * row["seed"] * row["label"]}
            for row in labels
            for order, factor in (("labels", slope), ("reversed", -2.0))
        ]
        return {"embedding": Table("embedding", tuple(rows))}

    for slope, verdict_of_both in ((-1.0, CONFIRMED), (4.0, CONTRADICTED)):
        found = judge(BY_ID["E6.poor"], table(slope))
        assert (found.verdict, len([part for part in found.comparisons if part.decides])) == (verdict_of_both, 1)


def test_better_features_are_compared_with_worse_ones(true, with_rows):
    """Normalising helps as much without SSP: that says nothing about the quality of features."""

    def alike(row):
        return {**row, "last_third": 50 + 5 * (row["classifier"] == "tau-1") + 0.01 * row["seed"]}

    assert judge(BY_ID["E9.normalised"], with_rows(true, "representation", alike)).verdict != CONFIRMED


def test_norms_are_judged_relative_to_their_mean_too(true, with_rows):
    """Norms that all shrink to a tenth are as uneven as before."""

    def smaller(row):
        scale = 0.1 if row["method"] in ("rs", "rw") else 1.0
        base = [10.0, 1.0][row["label"] % 2] + 0.01 * row["seed"] * (row["method"] == "ce")
        return {**row, "norm": scale * base, "std_100": 450 * scale + row["seed"] * (row["method"] == "ce")}

    found = judge(BY_ID["E7.rebalanced"], with_rows(true, "norms", smaller))
    assert found.verdict != CONFIRMED
    assert {part.verdict for part in found.comparisons if "over the mean" not in part.label} == {CONFIRMED}


def test_a_verdict_does_not_depend_on_the_folders_beside_its_own(tmp_path, true, write, with_rows):
    """On one data set the sentence holds, on the other it does not; read together each keeps its verdict."""

    def of(data, worse):
        def change(row):
            if row["data"] != data:
                return None
            return {**row, "accuracy": 100 - row["accuracy"]} if worse else row

        return with_rows({"rebalance": true["rebalance"]}, "rebalance", change)

    write(tmp_path / "one", of("cifar10", worse=False))
    write(tmp_path / "other", of("cifar100", worse=True))
    apart = [findings([tmp_path / name], [BY_ID["E5.ssp-ce"]])[0] for name in ("one", "other")]
    together = findings([tmp_path / "one", tmp_path / "other"], [BY_ID["E5.ssp-ce"]])
    assert [part.verdict for part in together] == [part.verdict for part in apart] == [CONFIRMED, CONTRADICTED]
    assert [part.comparisons for part in together] == [part.comparisons for part in apart]


def test_an_undecided_claim_says_what_its_seeds_could_show():
    found = judge(claim(({0: 1.0, 1: 2.0, 2: -0.5}, True)), {"toy": Table("toy", ({"data": "toy", "seed": 0},))})
    [part] = found.comparisons
    spread = 1.2583057
    assert part.detectable == pytest.approx(visible_effect(3) * spread, rel=1e-5)
    assert part.seeds_needed == seeds_needed(part.mean / spread) == 20
    assert found.power == "3 seeds show an effect of 4.1 with a chance of 80 %; 20 seeds would show what was measured"


def test_what_no_seed_of_a_table_can_decide_is_said():
    table = {"toy": Table("toy", ({"data": "toy", "seed": 0},))}
    short = Comparison("0", {}, "toy", lacking="5 values of n, of which there are 3,")
    described = replace(short, decides=False)

    def power(*parts):
        return judge(replace(claim(), measure=lambda tables: list(parts)), table).power

    assert power(short) == "not testable by this table, which lacks 5 values of n, of which there are 3"
    flat = Comparison("1", {0: 0.0, 1: 0.0, 2: 0.0}, "toy")
    assert power(flat, described) == "1 not testable, as all seeds have one value"
    assert power(Comparison("1", {0: 3.0}, "toy"), Comparison("2", {0: 4.0}, "toy")) == "not testable with one seed"
    parts = power(short, Comparison("2", OPEN, "toy")).split("; ")
    assert parts[0].startswith("not testable")
    assert parts[1].startswith("0 to 3 seeds show an effect of")
    assert power(Comparison("3", UP, "toy"), described) == ""


def test_the_power_that_is_stated_is_the_power():
    """By simulation: 40,000 draws; six standard errors of a share of 80 % are 1.2 points."""
    for seeds, comparisons in ((3, 1), (5, 2)):
        effect = visible_effect(seeds, comparisons)
        rng = np.random.default_rng(np.random.SeedSequence(seeds))
        drawn = effect + rng.standard_normal((40_000, comparisons, seeds))
        assert np.mean(decide(drawn).holds.all(axis=-1)) == pytest.approx(0.8, abs=0.012)


def test_one_comparison_that_is_enough_has_its_own_power():
    """The others show nothing: they are far on the other side."""
    effect = visible_effect(5, 3, somewhere=True)
    drawn = np.random.default_rng(np.random.SeedSequence(8)).standard_normal((40_000, 3, 5))
    drawn[:, 0] += effect
    drawn[:, 1:] -= 100
    assert np.mean(decide(drawn).holds.any(axis=-1)) == pytest.approx(0.8, abs=0.012)
    assert seeds_needed(effect, 3, somewhere=True) == 5
    assert visible_effect(5, somewhere=True) == visible_effect(5)


def test_where_one_comparison_is_enough_the_easiest_one_says_what_is_needed():
    values = ({0: 1.0, 1: 2.0, 2: 0.5}, {0: 1.0, 1: 9.0, 2: -5.0})
    table = {"toy": Table("toy", ({"data": "toy", "seed": 0},))}
    all_of_them, one = (
        judge(claim(*((own, True) for own in values), somewhere=somewhere), table) for somewhere in (False, True)
    )
    assert one.verdict == all_of_them.verdict == UNDECIDED
    assert f"{min(part.seeds_needed for part in one.comparisons)} seeds would show" in one.power
    assert f"{max(part.seeds_needed for part in all_of_them.comparisons)} seeds would show" in all_of_them.power


def test_the_interval_shown_is_that_of_the_test_that_decided():
    table = {"toy": Table("toy", ({"data": "toy", "seed": 0},))}
    up, down = judge(claim((UP, True), (DOWN, True)), table).comparisons
    assert up.interval == (up.low, up.high)
    assert down.interval == (down.low_all, down.high_all) != (down.low, down.high)
