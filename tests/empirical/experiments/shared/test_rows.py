"""The experiments ``majority``, ``minority``, ``depth``, ``ssl`` and ``losses``: their grids, and smoke runs."""

import shlex
from dataclasses import fields
from itertools import product

import numpy as np
import pytest
from numpy.random import SeedSequence
from PIL import Image

from empirical.data.longtail import counts
from empirical.experiments import depth, losses, majority, minority, rebalance, ssl
from empirical.experiments.shared import accuracies, one_class
from empirical.experiments.shared.one_class import Design
from empirical.printed import PEERS, cell
from empirical.runtime.command_line import Parser
from empirical.storage.run_folder import Run
from figures.commands import main as draw
from figures.results import class_names
from figures.results import read as read_results

TOYS = {"majority": majority, "minority": minority}
TABLES = {"depth": depth, "ssl": ssl, "losses": losses}
NAMES = (*TOYS, *TABLES)
IMAGES = {"cifar10": (10, 5000), "cifar100": (100, 500)}
SPEED = {"resnet8": 6000, "resnet14": 3500, "resnet20": 2500}


def grid(name, profile, seeds=1):
    if name in TOYS:
        design = TOYS[name].DESIGNS[profile]
        return [
            run for data in one_class.DATA[profile] for i in range(seeds) for run in design.runs(profile, data, 10, i)
        ]
    experiment = TABLES[name].EXPERIMENT
    where = product(experiment.data[profile], experiment.imbalance[profile], range(seeds))
    return [run for data, ratio, seed in where for run in experiment.plan(profile, data, ratio, seed)]


@pytest.fixture(scope="module")
def swept(tmp_path_factory, sweep):
    """Where the smoke runs of all five lie, and what each has written."""
    out = tmp_path_factory.mktemp("swept")
    return out, {name: sweep(name, out) for name in NAMES}


def test_claims_are_judged_by_the_tables(swept, judged):
    judged(swept[0], *NAMES)


def test_the_two_cases_are_those_of_the_text():
    """Section 3: from 100 to 5,000 with the step of 100; the other number fixed at 100 and at 5,000."""
    steps = [100 * step for step in range(1, 51)]
    assert [run.counts for run in grid("majority", "paper")] == [(n,) * 9 + (100,) for n in steps]
    assert [run.counts for run in grid("minority", "paper")] == [(5000,) * 9 + (n,) for n in reversed(steps)]
    for name in TOYS:
        runs = grid(name, "paper", 3)
        assert len(set(runs)) == 150
        recipe = {(run.data, run.method, run.pretrain, run.arch, run.epochs, run.resolution) for run in runs}
        assert recipe == {("cifar10", "ce", "none", "resnet32", 200, None)}
    assert len(set(grid("majority", "paper")) & set(grid("minority", "paper"))) == 1
    for name, profile in product(TOYS, ("cpu", "smoke")):
        own, paper = ({(run.counts[0], run.counts[-1]) for run in grid(name, p)} for p in (profile, "paper"))
        assert profile == "smoke" or own < paper


def test_the_tables_of_section_5_4():
    """Four depths, four self-supervised methods; two data sets; the imbalances of Table 1."""
    where = set(product(("cifar10", "cifar100"), (100, 50, 20, 10)))
    cells = {
        "depth": set(product(("resnet20", "resnet32", "resnet44", "resnet56"), ("ce",), ("none", "rotation"))),
        "ssl": set(product(("resnet32",), ("ce",), ("none", "rotation", "simclr", "moco", "barlow"))),
        "losses": set(product(("resnet32",), losses.METHODS, ("none", "rotation"))),
    }
    assert set(losses.METHODS) == {"ce", "focal", "ldam", "ldam-drw", "balanced-softmax", "logit-adjustment"}
    table1 = {run for data, ratio in where for run in rebalance.EXPERIMENT.plan("paper", data, ratio, 0)}
    for name, own in cells.items():
        runs = grid(name, "paper")
        assert len(set(runs)) == len(runs) == len(where) * len(own)
        assert {(run.data, run.imbalance) for run in runs} == where
        assert {(run.arch, run.method, run.pretrain) for run in runs} == own
        assert {run.epochs for run in runs} == {200}
        assert len(set(runs) & table1) == 16  # CE with and without pre-training is trained once for all


@pytest.mark.parametrize(
    ("name", "minutes"), [("majority", 14), ("minority", 35), ("depth", 30), ("ssl", 31), ("losses", 33)]
)
def test_the_profile_cpu_takes_as_long_as_stated(name, minutes):
    """From the measured images a second of one core, two cores, a contrastive step at three times the time."""
    runs = grid(name, "cpu", 3)
    seconds = 0
    for run in {*runs, *(run.pretraining() for run in runs)} - {None}:
        images = sum(run.counts or counts(*IMAGES[run.data], run.imbalance)) * run.epochs
        contrastive = run.method is None and run.pretrain != "rotation"
        own = 0.2 if run.method == "ldam-drw" and run.twin() in runs else 1
        seconds += images * own * (3 if contrastive else 1) / SPEED[run.arch] / 2
    assert round(seconds / 60) == minutes < 40
    assert f"{minutes} minutes on two cores" in " ".join(TOYS.get(name, TABLES.get(name)).__doc__.split())


def test_what_else_can_be_chosen():
    runs = Design(majority=(30,), minority=(10, 30), label=2, pretrain="moco").runs("smoke", "digits", 4, 7)
    assert [run.counts for run in runs] == [(30, 30, 10, 30), (30, 30, 30, 30)]
    assert {(run.pretrain, run.seed) for run in runs} == {("moco", 7)}
    plain, equal = (
        Design(majority=(100, 1000, 5000), minority=(100,), schedule=schedule).runs("paper", "cifar10", 10, 0)
        for schedule in one_class.SCHEDULES
    )
    assert {run.epochs for run in plain} == {200}
    assert equal[-1] == plain[-1]
    seen = [sum(run.counts) * run.epochs for run in equal]
    assert seen == pytest.approx([seen[-1]] * 3, rel=0.002)
    assert [run.epochs / run.evaluate_every for run in equal] == pytest.approx([10] * 3, rel=0.02)


def test_the_accuracies_of_the_one_class_and_of_the_others(swept):
    out, tables = swept
    for name in TOYS:
        rows, made = tables[name]
        assert list(rows[0]) == [column.name for column in fields(one_class.Row)]
        for row, run in zip(rows, grid(name, "smoke"), strict=True):
            last = Run(run, out / "runs").result()["last"]
            confusion = np.array(last["confusion"])
            assert row["run"] == run.digest
            assert (int(row["majority_images"]), int(row["minority_images"])) == (run.counts[0], run.counts[-1])
            assert float(row["minority"]) == pytest.approx(100 * last["per_class"][-1], abs=1e-5)
            assert float(row["accuracy"]) == pytest.approx(100 * last["accuracy"], abs=1e-5)
            others = confusion[:-1].diagonal().sum() / confusion[:-1].sum()
            assert float(row["majority"]) == pytest.approx(100 * others, abs=1e-5)
        assert [(part["majority_images"], part["minority_images"]) for part in made["summary"]] == sorted(
            (int(row["majority_images"]), int(row["minority_images"])) for row in rows
        )
        assert {(part["seeds"], part["missing"], part["spread"]) for part in made["summary"]} == {(1, 0, None)}
    [test] = {(part["p"], part["stop"], part["one_bend"]) for part in tables["minority"][1]["summary"]}
    assert 0 < test[0] <= 1
    assert test[1] in (25, 50, 75)


def test_their_options_repeat_the_run_and_name_the_class(tmp_path, sweep):
    options = ("--majority", 30, "--minority", 10, 30, "--label", 3, "--pretrain", "rotation", "--schedule", "steps")
    rows, made = sweep("minority", tmp_path, "--time-budget", "0.000001s", *options, code=75)
    assert [(row["label"], row["class_name"], row["minority_images"], row["majority_images"]) for row in rows] == [
        ("3", "3", "10", "30"),
        ("3", "3", "30", "30"),
    ]
    assert {(row["pretrain"], row["minority"]) for row in rows} == {("rotation", "")}
    assert {(part["p"], part["line"], part["missing"]) for part in made["summary"]} == {(None, None, 1)}
    again = shlex.split(made["command"])[5:]
    assert again == ["--profile", "smoke", "--data", "digits", *map(str, options[:5]), *again[9:]]
    parser = Parser()
    minority.EXPERIMENT.add_options(parser)
    parser.add_argument("--out")
    args = parser.parse_args([*again, "--out", str(tmp_path)])
    args.out = tmp_path
    assert [run.digest for run in minority.EXPERIMENT.prepare(args).sweep.configs] == [row["run"] for row in rows]


def test_classes_of_own_data_are_named_in_options_tables_and_figures(tmp_path, sweep):
    """The classes are called so that a reader of the table could take two of them for numbers."""
    rng, names = np.random.default_rng(SeedSequence(0)), ("1e5", "nan", "cat")
    for part, name, number in product(("train", "test"), names, range(12)):
        (tmp_path / "pets" / part / name).mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "pets" / part / name / f"{number}.png")
    options = ("--data", tmp_path / "pets", "--majority", 12, "--minority", 6, "--label", "nan")
    rows, made = sweep("minority", tmp_path / "out", *options)
    assert [(row["label"], row["class_name"]) for row in rows] == [("2", "nan")]
    assert made["data"]["pets"]["names"] == ["1e5", "cat", "nan"]
    assert shlex.split(made["command"])[-4:-2] == ["--label", "nan"]
    found = read_results(tmp_path / "out", "minority", ("label", "class_name"))
    assert found.rows[0]["class_name"] == "nan"
    assert class_names(found.rows, 3) == ["1", "2", "nan"]


def test_the_class_is_looked_up_by_its_label():
    [config] = Design(majority=(30,), minority=(10,), label=1).runs("smoke", "digits", 3, 0)
    last = {"confusion": [[8, 1, 1], [2, 5, 3], [0, 4, 6]]}
    row = one_class._row(config, {"last": last}, 1, "dog")
    assert (row.label, row.class_name, row.minority_images, row.majority_images) == (1, "dog", 10, 30)
    assert (row.minority, row.majority, row.accuracy) == pytest.approx((50, 70, 100 * 19 / 30))


def rows_of(data, seeds, at=1000, gone=()):
    noise = np.random.default_rng(SeedSequence(11))
    return [
        one_class.Row(
            data=data,
            label=9,
            class_name="j",
            minority_images=n,
            majority_images=5000,
            pretrain="none",
            seed=seed,
            minority=None if n in gone else value,
            majority=80.0,
            accuracy=79.0,
            run=f"{data}{n}{seed}",
        )
        for n in minority.DESIGNS["cpu"].minority
        for seed in range(seeds)
        for value in [60 + 0.003 * (n - at) - 0.03 * max(0, at - n) + seed + noise.normal(0, 1)]
    ]


def test_the_summary_says_where_linear_stops():
    summary = minority.summarise(rows_of("b", 3, at=1500) + rows_of("a", 3))
    assert [part["data"] for part in summary] == ["a"] * 12 + ["b"] * 12
    for data, at in (("a", 1000), ("b", 1500)):
        [test] = {(part["p"], part["stop"]) for part in summary if part["data"] == data}
        assert test == (0.0001, at)
    first, last = summary[0], summary[11]
    assert (first["minority_images"], last["minority_images"]) == (100, 5000)
    assert first["stop_low"] <= 1000 <= first["stop_high"]
    assert (first["slope_below"], first["slope_above"]) == pytest.approx((3.3, 0.3), abs=0.3)
    assert last["bent"] == pytest.approx(last["minority"], abs=2)
    assert first["line"] > first["bent"] + 5
    some = minority.summarise(rows_of("a", 3, gone=(100, 200)))
    assert [part["missing"] for part in some] == [3, 3] + [0] * 10
    assert some[0]["p"] is not None
    assert some[0]["bent"] is not None
    [none] = {part["p"] for part in minority.summarise(rows_of("a", 3, gone=minority.DESIGNS["cpu"].minority))}
    assert none is None


@pytest.mark.parametrize("name", TABLES)
def test_a_row_is_a_run_and_its_accuracy(swept, name):
    out, tables = swept
    rows, made = tables[name]
    more = ["depth"] if name == "depth" else []
    assert list(rows[0]) == [*(column.name for column in fields(accuracies.Row)), *more]
    for row, run in zip(rows, grid(name, "smoke"), strict=True):
        result = Run(run, out / "runs").result()
        assert (row["run"], row["method"], row["pretrain"]) == (run.digest, run.method, run.pretrain)
        assert float(row["accuracy"]) == pytest.approx(100 * result["last"]["accuracy"], abs=1e-5)
        assert float(row["best"]) >= float(row["accuracy"])
        if more:
            assert f"resnet{row['depth']}" == run.arch
    accuracy = {(row["method"], row.get("depth"), row["pretrain"]): float(row["accuracy"]) for row in rows}
    for part in made["summary"]:
        where = part["method"], str(part["depth"]) if more else None, part["pretrain"]
        assert part["last"] == pytest.approx(accuracy.pop(where), abs=1e-5)
    assert not accuracy


def test_what_they_share_is_trained_once(swept):
    out = swept[0]
    runs = {run for name in NAMES for run in grid(name, "smoke")}
    first = {run.pretraining() for run in runs} - {None}
    assert len(list((out / "runs").glob("*/result.json"))) == len(runs | first)
    assert len(runs) < sum(len(grid(name, "smoke")) for name in NAMES)


def test_their_figures(swept):
    out = swept[0]
    for name in NAMES:
        assert draw([name, "--results", str(out), "--out", str(out / "figures")]) == 0
    assert {path.name for path in (out / "figures").iterdir()} == {
        f"{name}.{kind}" for name in NAMES for kind in ("png", "svg", "txt")
    }


def test_published_numbers_stand_beside_their_cells():
    """As printed by the codebases; the depth of Table 1 alone has printed numbers."""
    cells = {"data": "cifar10", "pretrain": "none", "seed": 0, "best_epoch": 200, "images": 1}
    row = accuracies.Row(**cells, imbalance=50, method="ldam-drw", accuracy=80.0, best=80.0, run="a")
    [part] = losses.summarise([row])
    assert (part["printed"], part["peers"]) == (None, "81.6")
    assert cell(PEERS["BagofTricks-LT"], "cifar100", 100, "ldam", "none") == 38.88
    assert cell(PEERS["BagofTricks-LT"], "cifar100", 100, "focal", "none") is None  # a sigmoid loss
    assert cell(PEERS["BagofTricks-LT"], "cifar10", 50, "tau-norm", "none") == 79.78
    assert cell(PEERS["LDAM-DRW"], "cifar10", 10, "ldam-drw", "none") == 88.16
    assert cell(PEERS["imbalanced-DL"], "cifar100", 100, "ldam-drw", "none") == 41.28
    assert cell(PEERS["imbalanced-semi-self"], "cifar100", 10, "ldam-drw", "rotation") == 58.91
    cells |= {"imbalance": 100, "method": "ce", "accuracy": 70.0, "best": 70.0}
    deep, usual = depth.summarise([depth.Row(**cells, run=f"{n}", depth=n) for n in (44, 32)])[::-1]
    assert (deep["depth"], deep["printed"], deep["peers"]) == (44, None, None)
    assert (usual["depth"], usual["printed"]) == (32, 71.3)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("majority", ("--majority", "0"), "majority=0: must be a whole number of at least 1"),
        ("majority", ("--majority", "ten"), "majority='ten': must be"),
        ("majority", ("--majority", "10", "10"), "majority=[10, 10]: must be all different"),
        ("majority", ("--majority", "10", "2000"), "majority=2000: must be at most 104: the class of label 8 has"),
        ("majority", ("--majority", "107", "--label", "8"), "majority=107: must be at most 106: the class of label 2"),
        ("majority", ("--minority", "1.5"), "minority=1.5: must be"),
        (
            "minority",
            ("--minority", "10", "2000", "20"),
            "minority=2000: must be at most 108: the class of label 9 has",
        ),
        ("minority", ("--minority", "105", "--label", "8"), "minority=105: must be at most 104: the class of label 8"),
        (
            "minority",
            ("--label", "10"),
            "label='10': must be at most 9, the label of the last class, or a name: 0, 1, 2",
        ),
        ("minority", ("--label", "last"), "label='last': must be"),
        ("minority", ("--pretrain", "magic"), "pretrain='magic': must be one of"),
        ("minority", ("--schedule", "hours"), "schedule='hours': must be one of epochs, steps"),
        ("minority", ("--imbalance", "10"), "unrecognized arguments: --imbalance 10"),
        ("minority", ("--data", "mnist"), "data='mnist': must be"),
        ("minority", ("--profile", "huge"), "profile='huge': must be one of cpu, paper, smoke"),
        ("depth", ("--arch", "resnet9"), "arch='resnet9': must be one of"),
        ("depth", ("--arch", "resnet8", "resnet8"), "arch=['resnet8', 'resnet8']: must be all different"),
        ("depth", ("--method", "magic"), "method='magic': must be one of"),
        ("depth", ("--imbalance", "1000"), "imbalance=1000.0: must be at most"),
        ("ssl", ("--method", "magic"), "method='magic': must be one of"),
        ("ssl", ("--seeds", "0"), "seeds=0: must be"),
        ("losses", ("--method", "ce", "magic"), "method='magic': must be one of"),
        ("losses", ("--method", "ce", "ce"), "method=['ce', 'ce']: must be all different"),
        ("losses", ("--profile", "huge"), "profile='huge': must be one of cpu, paper, smoke"),
    ],
)
def test_bad_options(assert_refused, name, options, message):
    assert_refused(name, options, message)
