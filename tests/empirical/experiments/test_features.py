"""The experiments on the features of trained networks, on the same smoke runs."""

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from empirical.analysis.features import Features, of_run
from empirical.config import Config
from empirical.experiments import embedding, rebalance, representation
from empirical.experiments.shared import class_thirds, run_features, table1_grid
from empirical.storage.run_folder import Run
from empirical.sweeps.profiles import PROFILES
from empirical.sweeps.sweep import run_sweep
from empirical.training.evaluate import retrain_classifier
from figures.commands import main as draw

IMBALANCE = 20


@pytest.fixture(scope="module")
def swept(tmp_path_factory, sweep):
    """Where the runs of ``representation`` lie, and its results."""
    out = tmp_path_factory.mktemp("features")
    return out, *sweep("representation", out, "--imbalance", IMBALANCE)


@pytest.fixture(scope="module")
def embedded(swept, sweep):
    """The results of ``embedding`` from the same runs, all trained but that with the classes in reverse order."""
    out = swept[0]
    before = {path: path.stat().st_mtime_ns for path in (out / "runs").glob("*/*")}
    found = sweep("embedding", out, "--imbalance", IMBALANCE)
    after = {path: path.stat().st_mtime_ns for path in (out / "runs").glob("*/*")}
    assert {path: after.get(path) for path in before} == before
    assert {path.parent.name for path in after.keys() - before.keys()} == {backwards().digest}
    return out, *found


def configs():
    return {run.digest: run for run in representation.plan("smoke", "digits", IMBALANCE, 0)}


def backwards():
    """The run of ``embedding`` with the classes in reverse order."""
    return replace(embedding.plan("smoke", "digits", IMBALANCE, 0)[0], classes=tuple(range(10))[::-1])


def test_they_use_the_runs_of_rebalance_where_it_has_them():
    for profile in PROFILES:
        for experiment in (embedding.EXPERIMENT, representation.EXPERIMENT):
            for name in experiment.data[profile]:
                for ratio in experiment.imbalance[profile]:
                    where = profile, name, ratio, 1
                    assert set(experiment.plan(*where)) < set(rebalance.EXPERIMENT.plan(*where))
        assert set(representation.EXPERIMENT.data[profile]) <= set(table1_grid.DATA[profile])
    assert {embedding.EXPERIMENT.imbalance[profile] for profile in ("cpu", "paper")} == {(50,)}
    assert embedding.EXPERIMENT.imbalance["smoke"][0] in table1_grid.IMBALANCE["smoke"]


def test_claims_are_judged_by_the_tables(embedded, judged):
    judged(embedded[0], "embedding", "representation")


def test_embedding_measures_the_features_by_class(embedded):
    out, rows, made = embedded
    assert len(rows) == 3 * 2 * 10
    for config in (*embedding.plan("smoke", "digits", IMBALANCE, 0), backwards()):
        features = of_run(config, out / "runs")
        for split in ("train", "test"):
            x, labels = (getattr(features, name).numpy() for name in (split, f"{split}_labels"))
            own = [row for row in rows if (row["run"], row["split"]) == (config.digest, split)]
            assert [int(row["label"]) for row in own] == list(range(10))
            assert {row["order"] for row in own} == {"reversed" if config == backwards() else "labels"}
            assert [row["group"] for row in own] == ["first_third"] * 4 + ["middle_third"] * 3 + ["last_third"] * 3
            assert [int(row["images"]) for row in own] == np.bincount(labels).tolist()
            far = np.linalg.norm(x[:, None].astype(float) - x[None], axis=2)
            np.fill_diagonal(far, np.inf)
            rare = np.flatnonzero(labels == 9)
            k = min(10, len(rare) - 1)
            purity = np.mean(labels[np.argsort(far[rare], axis=1)[:, :k]] == 9)
            assert float(own[9]["purity"]) == pytest.approx(100 * purity, abs=0.5)
            for row in own:
                assert 0 <= float(row["separation_least"]) <= float(row["separation_mean"])
                assert row["nearest"] != row["label"]
                assert -1 <= float(row["silhouette"]) <= 1
    parts = {(part["split"], part["classes"], part["pretrain"], part["order"]): part for part in made["summary"]}
    assert len(parts) == 2 * 4 * 3
    own = [row for row in rows if (row["split"], row["pretrain"], row["group"]) == ("test", "rotation", "last_third")]
    found = parts["test", "last_third", "rotation", "labels"]
    assert (found["seeds"], found["missing"]) == (1, 0)
    for name, column in (("purity", "purity"), ("separation", "separation_least"), ("map_purity", "map_purity")):
        assert found[name] == pytest.approx(np.mean([float(row[column]) for row in own]), abs=1e-5)
    assert found["uneven"] == pytest.approx(np.std([float(row["separation_least"]) for row in own], ddof=1), abs=1e-5)


def test_the_map_shows_the_same_images_of_every_class(embedded, table):
    out, rows, made = embedded
    points = table(out / "embedding-map.csv")
    assert made["further"] == {"map": len(points)}
    shown = {(row["run"], row["split"], row["label"]): int(row["shown"]) for row in rows}
    counts = dict.fromkeys(shown, 0)
    images = {}
    for point in points:
        counts[point["run"], point["split"], point["label"]] += 1
        if point["order"] == "labels":
            images.setdefault((point["split"], point["pretrain"]), []).append(point["image"])
        assert np.isfinite([float(point["x"]), float(point["y"])]).all()
    assert counts == shown
    assert max(shown.values()) == 20
    for row in rows:
        assert int(row["shown"]) == min(20, int(row["images"]))
    for split in ("train", "test"):
        assert images[split, "none"] == images[split, "rotation"]
        assert len(set(images[split, "none"])) == len(images[split, "none"])


def test_a_map_is_the_same_each_time_and_keeps_apart_what_is_apart():
    from empirical.analysis.class_separation import purities

    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 30)
    x = rng.normal(size=(60, 5)) + 50 * labels[:, None]
    places = embedding.tsne(x)
    assert np.array_equal(places, embedding.tsne(x))
    assert purities(places, labels).tolist() == [1, 1]
    assert not embedding.tsne(np.ones((9, 4))).any()


def test_representation_reports_what_the_run_knows(swept, table):
    out, rows, made = swept
    assert len(rows) == 4 * len(representation.CLASSIFIERS)
    sweeps = table(out / "representation-tau.csv")
    assert made["further"] == {"tau": len(sweeps)}
    assert len(sweeps) >= 4 * 21  # more where the best of a sweep is at its edge
    for digest, config in configs().items():
        result = Run(config, out / "runs").result()
        own = {row["classifier"]: row for row in rows if row["run"] == digest}
        assert set(own) == set(representation.CLASSIFIERS)
        joint, per_class = own["joint"], result["last"]["per_class"]
        assert float(joint["accuracy"]) == pytest.approx(100 * result["last"]["accuracy"], abs=0.2)
        assert float(joint["last_third"]) == pytest.approx(100 * np.mean(per_class[-3:]), abs=0.5)
        assert float(joint["first_third"]) == pytest.approx(100 * np.mean(per_class[:4]), abs=0.5)
        assert float(joint["std_100"]) == pytest.approx(result["classifier"]["std_100"], abs=1e-4)
        lengths = result["classifier"]["norms"]
        assert float(joint["relative"]) == pytest.approx(np.std(lengths) / np.mean(lengths), abs=1e-5)
        for name in ("tau-1", "nearest-mean"):
            assert float(own[name]["std_100"]) == pytest.approx(0, abs=1e-4)
        swept_here = [row for row in sweeps if row["run"] == digest]
        assert [float(row["tau"]) for row in swept_here] == pytest.approx(result["tau"]["taus"])
        accuracies = [float(row["accuracy"]) for row in swept_here]
        assert accuracies == pytest.approx([100 * part for part in result["tau"]["accuracy"]], abs=0.2)
        assert float(own["tau-test"]["accuracy"]) == pytest.approx(max(accuracies), abs=1e-5)
        assert float(own["tau-1"]["accuracy"]) == pytest.approx(accuracies[10], abs=1e-5)
        trained = [float(row["balanced_train"]) for row in swept_here]
        at = trained.index(max(trained))
        assert float(own["tau-train"]["tau"]) == pytest.approx(at / 10)
        assert float(own["tau-train"]["accuracy"]) == pytest.approx(accuracies[at], abs=1e-5)
        assert float(own["tau-halves"]["accuracy"]) <= 100


def test_new_classifiers_on_frozen_features(swept):
    out, rows, _ = swept
    [config] = [run for run in configs().values() if (run.method, run.pretrain) == ("ce", "rotation")]
    own = {row["classifier"]: row for row in rows if row["run"] == config.digest}
    features = of_run(config, out / "runs")
    x, labels = features.test, features.test_labels
    new = retrain_classifier(features.train, features.train_labels, 10, seed=0)
    right = (x @ new.weight.T + new.bias).argmax(1) == labels
    assert float(own["retrained"]["accuracy"]) == pytest.approx(100 * right.double().mean().item(), abs=0.5)
    means = np.stack([features.train[features.train_labels == c].numpy().mean(axis=0) for c in range(10)])
    cosines = x.numpy() @ (means / np.linalg.norm(means, axis=1, keepdims=True)).T
    right = cosines.argmax(axis=1) == labels.numpy()
    assert float(own["nearest-mean"]["accuracy"]) == pytest.approx(100 * right.mean(), abs=0.2)


@pytest.fixture
def known(monkeypatch):
    """A function that has the experiments see certain features."""

    def set_known(features):
        config = Config(data="digits", method="ce")
        for module in (embedding, representation):
            monkeypatch.setattr(module, "features_of_runs", lambda setting, track: iter([(config, features)]))
        return SimpleNamespace(profile="smoke", class_names=lambda run: ("cat", "dog", "truck"))

    return set_known


def biased(norms, noise=0.0):
    """Features of three classes under a classifier whose rows point the right way, with these norms."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 40)
    x = np.eye(3)[labels] + 0.3 + rng.normal(0, 1, (120, 3)) * noise
    x, labels = torch.from_numpy(x.astype(np.float32)), torch.from_numpy(labels)
    weight = torch.diag(torch.tensor(norms))
    return Features(x, labels, x, labels, weight, torch.zeros(3), (40, 40, 40))


def test_biased_norms_are_found_and_mended(known):
    rows = {row.classifier: row for row in representation.run(known(biased([9.0, 1.0, 1.0])))}
    joint = rows["joint"]
    assert (joint.accuracy, joint.first_third, joint.middle_third, joint.last_third) == pytest.approx(
        (100 / 3, 100, 0, 0)
    )
    assert joint.std_100 == pytest.approx(100 * np.std([9, 1, 1]))
    assert joint.relative == pytest.approx(np.std([9, 1, 1]) / np.mean([9, 1, 1]))
    for name in representation.CLASSIFIERS[1:]:
        assert rows[name].accuracy == 100, name
    # The scores of class 1 are 1.3 and 0.3 * 9^(1 - tau): it is right from tau 0.333 on.
    assert [rows[name].tau for name in ("tau-train", "tau-halves", "tau-test")] == pytest.approx([0.4] * 3)
    assert rows["tau-1"].std_100 == pytest.approx(0, abs=1e-4)


def test_no_half_chooses_for_itself(known):
    features = biased([9.0, 1.0, 1.0])
    # The second image of each pair is right at tau 2 only, so at 2 the first half is best by the second.
    x = features.test.clone()
    x[41::2] = x[41::2] * 0 + torch.tensor([3.0, 0.5, 0.5])
    x[1:40:2] = torch.tensor([1.0, 8.0, 8.0])
    odd = Features(features.train, features.train_labels, x, features.test_labels, features.weight, None, (40,) * 3)
    rows = {row.classifier: row for row in representation.run(known(odd))}
    first, second = slice(0, 120, 2), slice(1, 120, 2)
    labels = odd.test_labels.numpy()

    def right(half, tau):
        scaled = np.array([9.0, 1.0, 1.0]) ** (1 - tau)
        return ((x.numpy()[half] * scaled).argmax(axis=1) == labels[half]).mean()

    taus = np.arange(21) / 10
    by_first, by_second = (taus[np.argmax([right(half, tau) for tau in taus])] for half in (first, second))
    assert by_first != by_second
    halves = rows["tau-halves"]
    assert halves.tau == pytest.approx((by_first + by_second) / 2)
    assert halves.accuracy == pytest.approx(50 * (right(second, by_first) + right(first, by_second)))


def test_blobs_far_apart(known):
    features = biased([1.0, 1.0, 1.0], noise=0.01)
    rows = list(embedding.run(known(features)))
    assert [row.split for row in rows] == ["train"] * 3 + ["test"] * 3
    for row in rows:
        assert (row.purity, row.map_purity) == (100, 100)
        assert row.silhouette > 0.95
        assert row.separation_mean == pytest.approx(np.sqrt(2) / 0.01, rel=0.15)


def test_missing_runs_and_lost_checkpoints_are_empty_rows(swept, monkeypatch, tmp_path, capsys, sweep, table):
    out = swept[0]
    unfinished, lost = embedding.plan("smoke", "digits", IMBALANCE, 0)
    trained = run_sweep
    monkeypatch.setattr(
        run_features,
        "run_sweep",
        lambda setting: [(run, None if run == unfinished else found) for run, found in trained(setting)],
    )
    checkpoint = Run(lost, out / "runs").folder / "last.pt"
    aside = checkpoint.rename(checkpoint.with_suffix(".aside"))
    try:
        rows, made = sweep("embedding", tmp_path, "--imbalance", IMBALANCE, "--runs", out / "runs")
        whole, whole_made = sweep("representation", tmp_path, "--imbalance", IMBALANCE, "--runs", out / "runs")
    finally:
        aside.rename(checkpoint)
    assert f"features: run='{checkpoint.parent}': must be a finished run" in capsys.readouterr().err
    rows, points = (
        [row for row in part if row["order"] == "labels"] for part in (rows, table(tmp_path / "embedding-map.csv"))
    )
    assert len(rows) == 2 * 2
    for row in [*rows, *points]:
        assert {name for name, value in row.items() if value} == {
            "data",
            "imbalance",
            "pretrain",
            "order",
            "seed",
            "split",
            "run",
        }
    parts = [part for part in made["summary"] if part["order"] == "labels"]
    assert {(part["seeds"], part["missing"], part["purity"]) for part in parts} == {(0, 1, None)}
    assert len(whole) == 4 * len(representation.CLASSIFIERS)
    empty = {row["run"] for row in whole if not row["accuracy"]}
    assert empty == {unfinished.digest, lost.digest}
    assert Counter((part["seeds"], part["missing"]) for part in whole_made["summary"]) == {(0, 1): 14, (1, 0): 14}
    for name, missing in (("embedding", 2), ("representation", 2)):
        assert draw([name, "--results", str(tmp_path), "--out", str(tmp_path / "figures")]) == 0
        text = (tmp_path / "figures" / f"{name}.svg").read_text()
        assert f"{missing} of {2 if name == 'embedding' else 4} runs are missing" in text


def test_their_figures(embedded):
    out = embedded[0]
    for name in ("embedding", "representation"):
        assert draw([name, "--results", str(out), "--out", str(out / "figures")]) == 0
        assert (out / "figures" / f"{name}.png").stat().st_size > 10000


def test_groups():
    for classes in (2, 3, 10, 100):
        groups = [class_thirds.third(label, classes) for label in range(classes)]
        assert groups == sorted(groups, key=class_thirds.THIRDS.index)
        assert groups[0] == "first_third"
        assert groups[-1] == "last_third"
    assert [class_thirds.third(label, 100) for label in (33, 34, 66, 67)] == [
        "first_third",
        "middle_third",
        "middle_third",
        "last_third",
    ]
