"""The experiments on frozen features: predicted first, trained afterwards."""

import json
import shutil
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import norm

from empirical.analysis.agreement import lda_recalls
from empirical.claims import findings
from empirical.data.load import load as load_data
from empirical.data.pair_draws import draws
from empirical.data.superclasses import CIFAR100, superclasses
from empirical.experiments import network_pairs, similarity_or_number
from empirical.experiments.shared import backbone, frozen_features
from empirical.experiments.similarity_or_number import DISSIMILAR, SIMILAR, attributed
from empirical.storage.digests import json_digest
from empirical.sweeps.profiles import PROFILES
from empirical.sweeps.sweep import run_sweep
from figures.commands import main as draw
from theory.attribution import split
from theory.plugin import asymptotic_recalls
from theory.theorem2 import minority_recall

NETWORKS = "network-pairs"
SIMILARITY = "similarity-or-number"
SMALL = ("--imbalance", 1, 8, "--networks", 4, "--pairs", 2)


@pytest.fixture(scope="module")
def done(tmp_path_factory, smoke, table):
    """Smoke runs; for each call of the trainer, what it was to train and whether predictions were written by then."""
    out, calls, usual = tmp_path_factory.mktemp("frozen"), [], run_sweep
    with pytest.MonkeyPatch.context() as patch:

        def spy(setting):
            calls.append((setting.configs, (out / "runs" / "predictions" / f"{NETWORKS}.jsonl").exists()))
            return usual(setting)

        patch.setattr(frozen_features, "run_sweep", spy)
        assert smoke(NETWORKS, out, *SMALL) == 0
    assert smoke(SIMILARITY, out, "--imbalance", 8) == 0
    return SimpleNamespace(
        out=out,
        calls=calls,
        rows=table(out / f"{NETWORKS}.csv"),
        made=json.loads((out / f"{NETWORKS}.json").read_text()),
        similarity=table(out / f"{SIMILARITY}.csv"),
    )


def test_imbalanced_networks_are_trained_after_the_predictions_are_written(done):
    (backbones, early), (balanced, also_early), (imbalanced, late) = done.calls
    assert (early, also_early, late) == (False, False, True)
    assert [run.imbalance for run in (*backbones, *balanced)] == [1] * 3
    assert [run.counts[0] / run.counts[1] for run in imbalanced] == [4] * 4
    assert {frozenset(run.classes) for run in imbalanced} == {frozenset(run.classes) for run in balanced}
    assert len({run.classes for run in imbalanced}) == 4


def test_predictions_are_judged(done, judged):
    judged(done.out, NETWORKS, SIMILARITY)


def test_predictions_are_the_table_s_and_their_hash_is_in_it(done, table):
    told = done.made["data"]["predictions"]
    assert (told["when"], told["because"]) == ("predicted", [])
    written = table(done.out / "runs" / told["file"])
    assert written == [{key: row[key] for key in written[0]} for row in done.rows]
    assert len(done.rows) == 3 * 90 * 2 + 4
    for row in done.rows:
        ratio = int(row["n_pos"]) / int(row["n_neg"])
        assert float(row["theorem2"]) == pytest.approx(minority_recall(float(row["separation"]), ratio), abs=2e-5)
        assert (row["classifier"] == "lda") == (row["together"] != "")
        assert row["oracle"] == ""


def test_a_second_time_nothing_is_trained_and_all_is_the_same(done, smoke):
    trained = {path: path.stat().st_mtime_ns for path in (done.out / "runs").rglob("*.*") if path.suffix != ".lock"}
    before = (done.out / f"{NETWORKS}.csv").read_bytes()
    assert smoke(NETWORKS, done.out, *SMALL) == 0
    assert before == (done.out / f"{NETWORKS}.csv").read_bytes()
    assert json.loads((done.out / f"{NETWORKS}.json").read_text())["data"] == done.made["data"]
    assert {path: path.stat().st_mtime_ns for path in trained} == trained


def test_another_out_with_the_same_runs_does_not_hide_what_was_trained(done, tmp_path, smoke):
    """The record is beside the runs; without it, predictions made now are told after the fact."""
    runs = shutil.copytree(done.out / "runs", tmp_path / "runs")
    assert smoke(NETWORKS, tmp_path / "again", *SMALL, "--runs", runs) == 0
    assert when(tmp_path / "again") == ("predicted", "predicted")
    shutil.rmtree(runs / "predictions")
    assert smoke(NETWORKS, tmp_path / "anew", *SMALL, "--runs", runs) == 0
    assert when(tmp_path / "anew") == ("after the fact", "after the fact")


def test_an_edited_record_is_refused(done, tmp_path, capsys, smoke):
    runs = shutil.copytree(done.out / "runs", tmp_path / "runs")
    record = runs / "predictions" / f"{NETWORKS}.jsonl"
    record.write_text(record.read_text().replace('"written": "2', '"written": "1', 1))
    capsys.readouterr()
    assert smoke(NETWORKS, tmp_path / "again", *SMALL, "--runs", runs) == 2
    shown = capsys.readouterr()
    line = shown.err.splitlines()[-1]
    assert f"run {NETWORKS}: predictions='predictions/network-pairs.jsonl': line 1 is not as it was written" in line
    assert shown.out == ""
    assert not (tmp_path / "again" / f"{NETWORKS}.csv").exists()


def test_a_preregistration_is_what_the_table_holds(done, tmp_path, smoke, exit_code, capsys):
    """`predict` trains nothing imbalanced; the table that `run` makes later holds what was posted."""
    options = ("--profile", "smoke", "--seeds", 1, "--device", "cpu", *SMALL, "--runs", tmp_path / "runs")
    assert exit_code("predict", NETWORKS, *options, "--out", tmp_path) == 0
    results = list((tmp_path / "runs").glob("*/result.json"))
    assert {tuple(sorted(set(json.loads(path.read_text())["counts"]))) for path in results} == {(52,)}
    posted = tmp_path / f"{NETWORKS}-preregistration.json"
    assert smoke(NETWORKS, tmp_path, *SMALL) == 0
    assert when(tmp_path) == ("predicted", "predicted")
    verify = ("verify", "--results", tmp_path, "--preregistered", posted)
    assert exit_code(*verify) == 0
    assert "the table holds the predictions preregistered" in capsys.readouterr().out
    note = json.loads(posted.read_text())
    posted.write_text(json.dumps({**note, "sha256": "0" * 64}))
    assert exit_code(*verify) == 2
    content = {key: value for key, value in note.items() if key != "digest"} | {"sha256": "0" * 64}
    posted.write_text(json.dumps({**content, "digest": json_digest(content)}))
    assert exit_code(*verify) == 1
    assert "the table does not hold" in capsys.readouterr().out


def when(out):
    """Return when a table says that its predictions were made, and when its claims do."""
    made = json.loads((out / f"{NETWORKS}.json").read_text())["data"]["predictions"]
    [found] = [f for f in findings([out]) if f.claim.id == "N1.lda"]
    return made["when"], found.when


def test_the_network_has_not_seen_the_images_of_the_second_stage(done):
    run = done.calls[0][0][0]
    data = load_data("digits")
    seen = frozen_features.features(run, done.out / "runs", None)["relu"]
    assert run.counts is None
    assert (run.largest, run.imbalance) == (52, 1)
    assert (~seen.test).sum() == len(data.train_labels) - 10 * 52
    assert np.bincount(seen.labels[seen.test]).tolist() == np.bincount(data.test_labels).tolist()
    assert np.bincount(seen.labels[~seen.test]).tolist() == (np.bincount(data.train_labels) - 52).tolist()


def test_measured_recalls_are_those_of_lda_on_the_drawn_images(done):
    run = done.calls[0][0][0]
    seen = frozen_features.features(run, done.out / "runs", None)

    def kept(images, label):
        return images[frozen_features.halves(len(images), run.seed, label)[1]]

    for kind in ("relu", "sqrt"):
        x = seen[kind].images
        drawn = draws(seen[kind], run.seed, 2)
        for pos, neg in ((3, 8), (8, 3)):
            [row] = [
                row
                for row in done.rows
                if (row["classifier"], row["features"], row["imbalance"]) == ("lda", kind, "8")
                and (row["majority"], row["minority"]) == (str(pos), str(neg))
            ]
            n_pos, n_neg = int(row["n_pos"]), int(row["n_neg"])
            assert (n_pos, n_neg) == (48, 6)
            images = len(drawn[0].test[neg])
            assert (int(row["read"]), int(row["kept"])) == (images // 2, images - images // 2)
            recalls = [
                lda_recalls(
                    x[d.train[pos][:n_pos]],
                    x[d.train[neg][:n_neg]],
                    kept(x[d.test[pos]], pos),
                    kept(x[d.test[neg]], neg),
                )[1]
                for d in drawn
            ]
            assert float(row["measured"]) == pytest.approx(np.mean(recalls), abs=1e-6)
            assert float(row["low"]) <= float(row["measured"]) <= float(row["high"])


def test_a_prediction_does_not_see_the_images_that_measure_it(done):
    """With other values on the images that are kept every prediction stays; on those that are read it does not."""
    run = done.calls[0][0][0]
    features = frozen_features.features(run, done.out / "runs", None)["relu"]
    test = draws(features, run.seed, 1)[0].test

    def predicted(which):
        images = features.images.copy()
        for label in (3, 8):
            images[test[label][frozen_features.halves(len(test[label]), run.seed, label)[which]]] += 5.0
        other = {"relu": replace(features, images=images)}
        return [
            frozen_features.SecondStage(run, other, "relu", name, 48, 2).predict(3, 8, 8) for name in ("lda", "head")
        ]

    usual = [
        frozen_features.SecondStage(run, {"relu": features}, "relu", n, 48, 2).predict(3, 8, 8) for n in ("lda", "head")
    ]
    assert predicted(1) == usual
    assert all(one != other for one, other in zip(predicted(0), usual, strict=True))


def test_networks_are_read_and_measured_on_halves_of_the_test_images(done):
    """The halves of all experiments are the same; both together are the recall that the run says."""
    runs = {run.digest: run for run in done.calls[2][0]}
    sweep = SimpleNamespace(runs=done.out / "runs", root=None)
    rows = [row for row in done.rows if row["classifier"] == "network"]
    assert len(rows) == 4
    for row in rows:
        run = runs[row["run"]]
        result = json.loads((done.out / "runs" / run.digest / "result.json").read_text())
        minority = run.classes[1]
        right = network_pairs._right(sweep, run)[minority]
        assert right.mean() == pytest.approx(result["last"]["per_class"][1])
        read, kept = frozen_features.halves(len(right), run.seed, minority)
        assert (int(row["read"]), int(row["kept"])) == (len(read), len(kept))
        assert not set(read) & set(kept)
        assert float(row["measured"]) == pytest.approx(right[kept].mean(), abs=1e-6)


def test_pairs_for_networks_are_the_most_and_the_least_similar(done):
    separations = {
        frozenset((row["majority"], row["minority"])): float(row["separation"])
        for row in done.rows
        if (row["classifier"], row["features"]) == ("lda", "relu")
    }
    chosen = {frozenset((row["majority"], row["minority"])) for row in done.rows if row["classifier"] == "network"}
    assert sorted(separations[pair] for pair in chosen) == [min(separations.values()), max(separations.values())]


def test_the_summary_says_what_is_aimed_at_and_what_is_reached(done):
    for part in done.made["summary"]:
        ratios = (8, None) if part["classifier"] != "network" else (4, None)
        assert part["imbalance"] in (1, *ratios)
        assert part["goal"] == (2 if part["classifier"] == "lda" else 4)
        assert part["met"] == (part["mae"] <= part["goal"] and (part["correlation"] or 0) >= 0.97)
        cases = [
            (float(row[part["law"]]), float(row["measured"]))
            for row in done.rows
            if (row["classifier"], row["features"]) == (part["classifier"], part["features"])
            and (
                float(row["imbalance"]) > 1
                if part["imbalance"] is None
                else float(row["imbalance"]) == part["imbalance"]
            )
        ]
        assert part["cases"] == len(cases)
        assert part["mae"] == pytest.approx(100 * np.mean([abs(p - m) for p, m in cases]), abs=1e-3)


def test_without_time_there_is_a_row_that_says_what_is_missing(tmp_path, done, smoke, table):
    for name in (NETWORKS, SIMILARITY):
        assert smoke(name, tmp_path, "--time-budget", "0.000001s") == 75
        [row] = table(tmp_path / f"{name}.csv")
        assert row["data"] == "digits"
        assert (row["theorem2"], row["measured"]) == ("", "")
        assert not (tmp_path / "runs" / "predictions").exists()
        assert draw([name, "--results", str(tmp_path), "--out", str(tmp_path / "figures")]) == 0


def test_with_the_features_only_nothing_imbalanced_is_measured(tmp_path, done, smoke, table):
    run = done.calls[0][0][0].digest
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / run).symlink_to(done.out / "runs" / run)
    assert smoke(NETWORKS, tmp_path, *SMALL, "--time-budget", "0.000001s") == 75
    rows = table(tmp_path / f"{NETWORKS}.csv")
    assert len(rows) == len(done.rows)
    assert {row["measured"] for row in rows} == {""}
    assert not (tmp_path / "runs" / "predictions").exists()


def test_gaussian_data_have_an_oracle(tmp_path, smoke, table):
    """No classifier may be better than Bayes' own: balanced accuracies are below ``Phi(M / 2)`` up to chance, 1e-9."""
    data = "gaussian:separation=2.5,classes=3,train=400,test=500"
    assert smoke(NETWORKS, tmp_path, "--data", data, "--imbalance", 5, "--pairs", 0) == 0
    rows = table(tmp_path / f"{NETWORKS}.csv")
    assert {(row["classifier"], row["features"]) for row in rows} == {
        ("lda", "relu"),
        ("lda", "sqrt"),
        ("lda", "pixels"),
        ("head", "relu"),
    }
    least, counts = 2.5 * 0.997, (200, 40)
    hoeffding = np.sqrt(np.log(2e9) / (2 * 500))
    for row in rows:
        assert (int(row["n_pos"]), int(row["n_neg"])) == counts
        if row["features"] == "pixels":
            limits = [asymptotic_recalls(m, 64, *counts, "estimated")[1] for m in (least, 2.5)]
            assert abs(float(row["oracle"]) - float(row["measured"])) < hoeffding
        else:
            limits = [minority_recall(m, 5) for m in (least, 2.5)]
        assert limits[0] <= float(row["oracle"]) + 1e-6 <= limits[1] + 2e-6
        assert float(row["balanced_accuracy"]) <= norm.cdf(1.25) + norm.isf(1e-9) * np.sqrt(0.25 / 1000)
    laws = {
        (part["law"], part["features"]) for part in json.loads((tmp_path / f"{NETWORKS}.json").read_text())["summary"]
    }
    assert ("oracle", "pixels") in laws


def test_the_groups_of_cifar_100():
    names = tuple(sorted(name for members in CIFAR100.values() for name in members))
    kinds = superclasses(names)
    stage = SimpleNamespace(classes=names)
    cases = similarity_or_number._grouped(stage, SimpleNamespace(seed=3))
    assert len(set(cases)) == len(cases) == 800
    assert all((kinds[pos] == kinds[neg]) == (group == SIMILAR) for pos, neg, group in cases)
    assert set(Counter((neg, group) for _, neg, group in cases).values()) == {4}
    assert cases == similarity_or_number._grouped(stage, SimpleNamespace(seed=3))
    assert cases != similarity_or_number._grouped(stage, SimpleNamespace(seed=4))


def test_elsewhere_the_groups_are_quarters_by_separation(done):
    groups = {}
    for row in done.similarity:
        groups.setdefault(row["group"], set()).add(float(row["separation"]))
    assert max(groups[SIMILAR]) <= min(groups["between"])
    assert max(groups["between"]) <= min(groups[DISSIMILAR])
    counts = Counter(row["group"] for row in done.similarity if row["imbalance"] == "8")
    assert counts == {SIMILAR: 22, "between": 46, DISSIMILAR: 22}


def test_the_drop_is_split_by_the_mean_recalls_of_the_groups(done):
    made = json.loads((done.out / f"{SIMILARITY}.json").read_text())
    for part in made["summary"]:
        means = [
            np.mean(
                [
                    float(row[part["source"]])
                    for row in done.similarity
                    if row["group"] == group and row["imbalance"] == ratio
                ]
            )
            for group in (DISSIMILAR, SIMILAR)
            for ratio in ("1", "8")
        ]
        parts = split(*means)
        assert part["number"] == pytest.approx(100 * parts.number, abs=1e-3)
        assert part["similarity"] == pytest.approx(100 * parts.similarity, abs=1e-3)
        assert part["drop"] == pytest.approx(100 * (means[0] - means[3]), abs=1e-3)
        assert part["low"] <= part["share"] <= part["high"]
    assert [part["source"] for part in made["summary"]] == ["measured", "theorem2", "finite"]


def test_shares_when_classes_are_drawn_anew():
    """Two classes, one of which loses by number only and one by similarity only: the shares span all in between."""

    def row(minority, group, imbalance, recall):
        return SimpleNamespace(minority=minority, group=group, imbalance=imbalance, measured=recall)

    rows = [row("a", group, ratio, 0.9 if ratio == 1 else 0.5) for group in (SIMILAR, DISSIMILAR) for ratio in (1, 10)]
    rows += [
        row("b", group, ratio, 0.5 if group == SIMILAR else 0.9) for group in (SIMILAR, DISSIMILAR) for ratio in (1, 10)
    ]
    parts, shares = attributed(rows, "measured", 10)
    assert (parts.number, parts.similarity) == pytest.approx((0.2, 0.2))
    assert sorted(set(shares.round(6))) == [0, 0.5, 1]
    assert np.mean(shares == 1) == pytest.approx(0.25, abs=0.05)


def test_of_no_drop_there_is_no_share():
    def row(group, ratio, recall):
        values = {"measured": recall, "theorem2": recall, "finite": recall}
        return SimpleNamespace(data="toy", minority="a", group=group, imbalance=ratio, **values)

    rows = [row(group, ratio, 1.0) for group in (SIMILAR, DISSIMILAR) for ratio in (1, 10)]
    for part in similarity_or_number.summarise(rows):
        assert (part["drop"], part["share"], part["low"], part["high"]) == (0, None, None, None)
    json.dumps(similarity_or_number.summarise(rows), allow_nan=False)


def test_their_figures(done):
    for name in (NETWORKS, SIMILARITY):
        assert draw([name, "--results", str(done.out), "--out", str(done.out / "figures")]) == 0
        assert (done.out / "figures" / f"{name}.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        (NETWORKS, ("--pairs", 46), "pairs=46: must be at most 45, the pairs of the 10 classes of digits"),
        (NETWORKS, ("--pairs", -1), "pairs=-1: must be"),
        (SIMILARITY, ("--imbalance", 1), "imbalance=1: must be above 1 at least once"),
        (NETWORKS, ("--networks", 0.5), "networks=0.5: must be a finite number of at least 1"),
        (NETWORKS, ("--networks", 2, 2), "networks=[2, 2]: must be all different"),
        (NETWORKS, ("--networks", 100), "networks=100: must leave the minority 2 of the 52 images"),
        *(
            (name, options, message)
            for name in (NETWORKS, SIMILARITY)
            for options, message in (
                (("--repeats", 0), "repeats=0: must be a whole number of at least 1"),
                (("--imbalance", 1, 60), "imbalance=60: must leave the minority 2 of the 52 images"),
                (("--data", "mnist"), "data='mnist': must be"),
                (("--profile", "huge"), "profile='huge': must be one of"),
                (("--seeds", 0), "seeds=0: must be"),
            )
        ),
    ],
)
def test_bad_options(assert_refused, name, options, message):
    assert_refused(name, options, message)


def test_profiles_name_data_imbalances_and_a_network():
    for experiment in (network_pairs.EXPERIMENT, similarity_or_number.EXPERIMENT):
        assert experiment.data.keys() == experiment.imbalance.keys() == PROFILES.keys() == backbone.BACKBONE.keys()
    assert backbone.backbone("paper", "cifar10", 5000, 0).arch == "resnet32"
    assert backbone.backbone("cpu", "cifar10", 5000, 0).resolution is None
