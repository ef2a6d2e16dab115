"""The experiments shift, corrections, norm-angle, class-order and pretraining: parts on known laws, and smoke runs."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from numpy.random import SeedSequence
from scipy.optimize import minimize

from empirical.analysis import features, linear_classifiers, rarity
from empirical.analysis.agreement import separation_from_recalls
from empirical.analysis.classifier_parts import PARTS, recalls, shapley
from empirical.config import Config
from empirical.data.load import load as load_data
from empirical.data.training_set import load_training_set
from empirical.experiments import class_order, corrections, load, norm_angle, pretraining, rebalance, shift
from empirical.experiments.shared import corrected_heads, corrected_networks, frozen_features, tau_choice
from empirical.storage.run_folder import Run
from empirical.sweeps.profiles import profile_config
from empirical.sweeps.sweep import run_sweep
from empirical.training.augment import normalize
from empirical.training.train import trained_network
from theory import theorem1, theorem2


def rng(seed=0):
    return np.random.default_rng(SeedSequence(seed))


def classes(n, separation, dimension=1, seed=0, at=0.0):
    """Two classes of ``n`` samples, unit variance, the second ``separation`` above the first along the first axis."""
    x = rng(seed).standard_normal((2, n, dimension))
    x[1, :, 0] += separation
    return x + at


def number(cell):
    """Return the number in a cell; None if it is empty."""
    return float(cell) if cell else None


@pytest.fixture(scope="module")
def swept(tmp_path_factory, exit_code):
    """Return a function that runs an experiment; all have the same runs."""
    runs = tmp_path_factory.mktemp("runs")
    done = {}

    def sweep(name, *options):
        if name not in done:
            out = runs / name
            argv = ("--profile", "smoke", "--device", "cpu", "--seeds", 1, "--runs", runs, "--out", out)
            assert exit_code("run", name, *argv, *options) == 0
            with (out / f"{name}.csv").open(newline="") as file:
                rows = [
                    {
                        k: v if k in ("run", "data", "space", "mixed", "level", "method", "order", "fit") else number(v)
                        for k, v in r.items()
                    }
                    for r in csv.DictReader(file)
                ]
            done[name] = rows, json.loads((out / f"{name}.json").read_text())
        return runs, *done[name]

    return sweep


class TestShift:
    @pytest.mark.parametrize(("fraction", "degree"), [(0.0, 0.2), (0.5, 0.2), (1.0, 0.8)])
    def test_the_theorems_setting_has_the_theorems_law(self, fraction, degree):
        """Mean and spread of the shift are those of the exact law; the printed shift is not within 20 deviations."""
        pos, neg = classes(1000, 2.0, dimension=3)
        sampler = shift.Sampler(pos, neg, n_pos=400, n_neg=40, repeats=1500)
        theory = shift._theory(sampler, fraction, degree)
        shifts, _ = sampler.shifts(*sampler.features(fraction, degree, rng(1)))
        law = theorem1.law(theorem1.Setting(0, 1, 1 / theory["separation"], degree, 1 - fraction, 400, 40))
        variance = float(law.var + law.n * law.q * (law.var_step + (1 - law.q) * law.mean_step**2))
        error = np.sqrt(variance / len(shifts))
        assert theory["predicted"] == pytest.approx((1 - degree) * fraction / 2)
        assert shifts.mean() == pytest.approx(theory["predicted"], abs=4 * error)
        assert abs(shifts.mean() - theory["printed"]) > 20 * error
        # The variance of 1500 shifts is 3.7 % off, and the two classes' are equal up to 6 %.
        assert shifts.var() == pytest.approx(variance, rel=0.2)
        inside = np.mean(np.abs(shifts - theory["predicted"]) <= theory["band_exact"])
        assert inside == pytest.approx(1 - shift.LEVEL, abs=0.03)
        assert theory["band_printed"] > theory["band_sharp"] >= theory["band_exact"] * 0.999

    @pytest.mark.parametrize("bound", shift._bounds().values())
    def test_a_band_is_the_smallest_that_a_bound_allows(self, bound):
        s = theorem1.Setting(0, 1, 0.5, beta=0.2, p=0.5, n_pos=52, n_neg=10)
        alpha = shift.band(bound, s)
        assert bound(s, alpha) <= shift.LEVEL < bound(s, 0.998 * alpha)

    @pytest.mark.parametrize(("fraction", "n_pos"), [(0.0, 60), (0.0, 1000), (0.75, 1000)])
    def test_the_hyperplane_moves_with_the_numbers_too(self, fraction, n_pos):
        pos, neg = classes(1000, 4.0, dimension=60)
        sampler = shift.Sampler(pos, neg, n_pos=n_pos, n_neg=20, repeats=600)
        shifts, crossings = sampler.shifts(*sampler.features(fraction, 0.5, rng(1)))
        noise = sampler.noise(fraction, 0.5)
        assert noise > 0.05
        assert np.median(crossings) - np.median(shifts) == pytest.approx(noise, rel=0.2)

    def test_mixtures_that_are_given_come_in_a_fixed_number(self):
        sampler = shift.Sampler(np.zeros((4, 1)), np.ones((4, 1)), n_pos=10, n_neg=3, repeats=5)
        positive, negative = sampler.images(0.25, np.full((4, 1), 0.5), rng())
        assert positive.ravel().tolist() == pytest.approx([0.15] * 5)  # 2.5 mixtures, rounded up
        assert negative.ravel().tolist() == pytest.approx([1.0] * 5)

    def test_smoke(self, swept):
        _, rows, made = swept("shift")
        assert len(rows) == 2 * 2 * 2 * 2 * 3
        for row in rows:
            assert row["predicted"] == pytest.approx((1 - row["degree"]) * row["fraction"] / 2, abs=1e-6)
            assert row["printed"] == pytest.approx((1 - row["degree"]) * (1 + row["fraction"]) / 2, abs=1e-6)
            assert row["n_neg"] == np.floor(row["n_pos"] / row["imbalance"] + 0.5)
            assert row["inside_exact"] <= row["inside_printed"] <= row["repeats"]
        for part in made["summary"]:
            assert part["missing"] == 0
            assert part["low"] <= part["inside_exact"] <= part["high"]
            assert part["error"] < 5 < part["error_printed"]
        assert made["command"].endswith("run shift --profile smoke --data digits --imbalance 1 5 --seeds 1")


class TestCorrections:
    def test_large_gaussian_samples_move_as_theory_says(self):
        """A head for each correction on Gaussian classes: 40,000 samples leave an error of about 0.02 in log odds."""
        separation, n, ratio = 2.0, 40_000, 20
        neg, pos = classes(n, separation, dimension=3)
        tests = classes(n, separation, dimension=3, seed=1)[::-1]
        for method in ("ce", "rw", "rw-inverse", "rs", "logit-adjustment", "retrained"):
            head = corrected_heads.corrected_head(method, pos, neg[: n // ratio], rng(2))
            expected = np.log(corrections.effective_ratio(method, n, n // ratio)) / separation**2
            assert corrections.offset(*map(head.scores, tests)) == pytest.approx(expected, abs=0.05), method
        assert corrections.effective_ratio("ce", n, n // ratio) == ratio
        assert 1 < corrections.effective_ratio("drw", n, n // ratio) < ratio

    def test_without_bias_the_boundary_passes_through_the_origin(self):
        neg, pos = classes(20_000, 2.0, dimension=2, at=1.5)
        head = linear_classifiers.weighted_head(pos, neg[:1000], weight_decay=1e-6)
        head = linear_classifiers.Rule(head.w, 0.0)
        s = theorem2.Setting([3.5, 1.5], [1.5, 1.5], np.eye(2), prior_ratio=1)
        w = theorem2.hyperplane(s)[0]
        expected = w @ (s.mu1 + s.mu2) / 2 / theorem2.separation(s) ** 2
        assert corrections.offset_without_bias(pos, neg) == pytest.approx(expected, abs=0.05)
        # The origin is 2.5 away from the midpoint, which makes much of a small error of the direction.
        assert corrections.offset(head.scores(pos), head.scores(neg)) == pytest.approx(expected, abs=0.2)

    @pytest.mark.parametrize(("weights", "added"), [((1.0, 1.0), 0.0), ((0.2, 3.0), 0.0), ((1.0, 1.0), 1.5)])
    def test_the_head_is_the_minimum(self, weights, added):
        pos, neg = classes(40, 1.0, dimension=2)
        neg = neg[:10]
        share = np.repeat(weights, [40, 10]) / (40 * weights[0] + 10 * weights[1])

        def loss(rows):
            """The loss of the two softmax rows, weights and biases, with the penalty on each."""
            rows = rows.reshape(2, 3)
            x = np.column_stack([np.concatenate([pos, neg]), np.ones(50)])
            z = x @ rows.T + [added, 0.0]
            right = z[np.arange(50), np.repeat([0, 1], [40, 10])]
            return share @ (np.logaddexp(*z.T) - right) + 1e-2 / 2 * np.sum(rows**2)

        rows = minimize(loss, rng().standard_normal(6), tol=1e-12).x.reshape(2, 3)
        head = linear_classifiers.weighted_head(pos, neg, weights, added, 1e-2)
        assert rows[0] == pytest.approx(-rows[1], abs=1e-4)
        assert [*head.w, head.b] == pytest.approx(rows[0] - rows[1], abs=1e-3)

    def test_smoke(self, swept):
        runs, rows, made = swept("corrections")
        assert {row["level"] for row in rows} == {"heads", "networks"}
        assert len(rows) == 3 * len(corrections.HEADS) + len(corrections.NETWORKS)
        refused = [row for row in rows if row["fit"] == "refused"]
        for row in rows:
            base = next(r for r in rows if r["method"] == "ce" and (r["level"], r["majority"]) == _where(row))
            if row in refused:
                assert {row[name] for name in ("measured", "moved", "recall", "tau", "tau_error")} == {None}
            else:
                assert row["moved"] == pytest.approx(row["measured"] - base["measured"], abs=2e-6)
            assert (row["fit"] == "") is (row["method"] != "likelihood")
            assert row["predicted"] == 0 or row["method"] not in ("logit-adjustment", "post-hoc", "likelihood")
            if row["method"] != "tau":
                ratio = corrections.effective_ratio(row["method"], int(row["n_pos"]), int(row["n_neg"]))
                assert row["predicted"] == pytest.approx(np.log(ratio) / row["separation"] ** 2, abs=1e-4)
        for row in rows:
            if row["level"] == "networks" and row["method"] == "likelihood":
                result = json.loads((runs / row["run"] / "result.json").read_text())
                assert tuple(result["counts"]) == tau_choice.remaining_counts((int(row["n_pos"]), int(row["n_neg"])))
            elif row["level"] == "networks" and row["method"] not in ("tau", "retrained", "post-hoc"):
                result = json.loads((runs / row["run"] / "result.json").read_text())
                assert result["counts"] == [row["n_pos"], row["n_neg"]]
                images = sum(result["last"]["confusion"][1])
                assert (row["read"], row["kept"]) == (images // 2, images - images // 2)
                hits = row["recall"] * row["kept"] / 100
                assert hits == pytest.approx(round(hits), abs=1e-4)
                assert 0 <= images * result["last"]["per_class"][1] - round(hits) <= row["read"]
        assert sum(part["refused"] for part in made["summary"]) == len(refused) > 0
        assert {part["missing"] for part in made["summary"]} == {0}

    def test_nothing_that_is_measured_enters_a_prediction(self):
        """Other images to measure on change no prediction, other images to read no measurement."""
        neg, pos = classes(60, 2.0, dimension=2)
        own, read, kept = (
            [tuple(part) for part in classes(80, 2.0, dimension=2, seed=seed)[::-1].reshape(2, 2, 40, 2)]
            for seed in (1, 2, 3)
        )

        def rows(read, kept):
            test = [(read[at][0], kept[at][1]) for at in (0, 1)]
            where = dict.fromkeys(("data", "seed", "level", "majority", "minority", "imbalance"), "") | {"run": ""}
            return list(corrections._head_rows(where, pos, neg, test, 20, rng()))

        told = "separation", "predicted", "moved_predicted", "recall_predicted"
        found = "measured", "moved", "recall"
        chosen = "tau", "tau_error", "temperature", "fit"
        base, other, new = rows(own, own), rows(own, kept), rows(read, own)
        assert base[-1].fit == "trusted"
        for part in (other, new):
            assert [[getattr(row, name) for name in chosen] for row in (*part, *base)] == 2 * [
                [getattr(row, name) for name in chosen] for row in base
            ]
        for names, same, changed in ((told, other, new), (found, new, other)):
            values = [[[getattr(row, name) for name in names] for row in part] for part in (base, same, changed)]
            assert values[0] == values[1] != values[2]

    def test_images_that_choose_tau_change_nothing_else(self, monkeypatch):
        """Other folds change what is measured of ``likelihood`` alone, and no random number is drawn for them."""
        neg, pos = classes(60, 2.0, dimension=2)
        tests = [tuple(part) for part in classes(80, 2.0, dimension=2, seed=1)[::-1].reshape(2, 2, 40, 2)]
        where = dict.fromkeys(("data", "seed", "level", "majority", "minority", "imbalance"), "") | {"run": ""}

        def rows(folds):
            monkeypatch.setattr(tau_choice, "FOLDS", folds)
            return {row.method: row for row in corrections._head_rows(where, pos, neg, tests, 20, rng())}

        ten, five = rows(10), rows(5)
        assert {name for name in ten if ten[name] != five[name]} == {"likelihood"}
        assert ten["likelihood"].predicted == five["likelihood"].predicted
        stream, kept = rng(), [part for _, part in tests]
        for method in ("ce", "rw", "rw-inverse", "rs", "logit-adjustment", "retrained"):
            head = corrected_heads.corrected_head(method, pos, neg[:20], stream)
            assert ten[method].measured == corrections.offset(*map(head.scores, kept)), method

    def test_a_networks_tau_is_chosen_on_training_images_that_it_did_not_see(self, swept, monkeypatch):
        runs, rows, _ = swept("corrections")
        [row] = [row for row in rows if row["level"] == "networks" and row["method"] == "likelihood"]
        even = profile_config("smoke", counts=(int(row["n_pos"]),) * 2, data="digits", classes=(0, 9), seed=0)
        configs = corrected_networks.imbalanced_runs(even, (int(row["n_pos"]), int(row["n_neg"])))
        own, whole = (load_training_set(configs[method], None) for method in ("likelihood", "ce"))
        assert configs["likelihood"].digest == row["run"]
        assert set(own.chosen) < set(whole.chosen)
        spied = []
        monkeypatch.setattr(corrected_networks, "choose", lambda *given: spied.append(given) or tau_choice.POST_HOC)
        sweep = SimpleNamespace(runs=runs, root=None)
        results = dict.fromkeys(configs.values()) | {configs["likelihood"]: {}}
        measured, choices = corrected_networks.differences(configs, results, sweep)
        assert list(measured) == ["likelihood"]
        assert choices["likelihood"] == tau_choice.POST_HOC
        [(pos, neg, counts)] = spied
        assert (len(pos), len(neg)) == tuple(np.subtract(whole.counts, own.counts))
        assert counts == own.counts
        data = load_data("digits")
        aside = sorted(set(whole.chosen) - set(own.chosen))
        images = torch.from_numpy(data.train_images[aside])
        network, _ = trained_network(configs["likelihood"], runs)
        with torch.no_grad():
            logits = network(normalize(images, own.mean, own.std)).numpy()
        expected = (logits[:, 0] - logits[:, 1])[data.train_labels[aside] == 0]
        assert sorted(pos) == pytest.approx(sorted(expected), abs=1e-4)

    def test_networks_are_read_off_one_half_and_measured_on_the_other(self, swept):
        runs, rows, _ = swept("corrections")
        [ce] = [row for row in rows if row["level"] == "networks" and row["method"] == "ce"]
        own = {"data": "digits", "classes": (0, 9), "seed": 0}
        majority, minority = int(ce["n_pos"]), int(ce["n_neg"])

        def recalls(config, which):
            """The recalls on one half of the test images of each class."""
            seen = features.of_run(config, runs)
            right = ((seen.test @ seen.weight.T + seen.bias).argmax(1) == seen.test_labels).numpy()
            parts = [right[seen.test_labels.numpy() == at] for at in (0, 1)]
            at = [frozen_features.halves(len(part), 0, label)[which] for part, label in zip(parts, (0, 9), strict=True)]
            return [part[chosen].mean() for part, chosen in zip(parts, at, strict=True)], [len(part) for part in at]

        balanced = profile_config("smoke", counts=(majority, majority), **own)
        assert ce["separation"] == pytest.approx(separation_from_recalls(*recalls(balanced, 0)), abs=1e-6)
        imbalanced = profile_config("smoke", counts=(majority, minority), **own)
        assert imbalanced.digest == ce["run"]
        assert ce["recall"] == pytest.approx(100 * recalls(imbalanced, 1)[0][1], abs=1e-4)

    def test_networks_are_predicted_before_they_are_trained(self, swept, tmp_path, monkeypatch, exit_code):
        runs, rows, made = swept("corrections")
        record = runs / "predictions" / "corrections.jsonl"
        shutil.move(record.parent, tmp_path / "moved away")
        calls, usual = [], run_sweep

        def spy(setting):
            written = record.exists()
            calls.append((written, {len(set(config.counts or (1,))) for config in setting.configs}))
            return usual(setting)

        monkeypatch.setattr(frozen_features, "run_sweep", spy)
        argv = ("--profile", "smoke", "--device", "cpu", "--seeds", 1, "--runs", runs, "--out", tmp_path)
        assert exit_code("run", "corrections", *argv) == 0
        assert calls == [(False, {1}), (True, {1, 2})]  # first what is balanced
        again = json.loads((tmp_path / "corrections.json").read_text())["data"]["predictions"]
        with (runs / again["file"]).open(newline="") as file:
            predicted = list(csv.DictReader(file))
        networks = [row for row in rows if row["level"] == "networks"]
        for name in ("predicted", "moved_predicted", "recall_predicted", "separation"):
            assert [float(row[name]) for row in predicted] == [row[name] for row in networks]
        assert "measured" not in predicted[0]
        assert again["sha256"] == made["data"]["predictions"]["sha256"]
        assert again["when"] == "after the fact"
        shutil.rmtree(record.parent)
        shutil.move(tmp_path / "moved away", record.parent)

    def test_what_needs_a_run_that_is_missing_is_empty(self, tmp_path, exit_code):
        argv = ("--profile", "smoke", "--seeds", 1, "--time-budget", "0.000001s", "--out", tmp_path)
        assert exit_code("run", "corrections", *argv) == 75
        made = json.loads((tmp_path / "corrections.json").read_text())
        assert {part["cases"] for part in made["summary"]} == {0}


def _where(row):
    return row["level"], row["majority"]


class TestNormAngle:
    @pytest.mark.parametrize("part", PARTS)
    def test_the_part_that_is_uneven_gets_all_of_it(self, part):
        labels = np.repeat([0, 1], 500)
        x = np.abs(rng().standard_normal((1000, 2))) * 0.5 + np.eye(2)[labels]
        means = np.eye(2)
        weight, bias = 3 * np.eye(2), np.zeros(2)
        if part == "norms":
            weight[0] *= 2
        elif part == "biases":
            bias[0] = 2.0
        else:
            weight[1] = [3 * np.sin(0.5), 3 * np.cos(0.5)]
        found = recalls(weight, bias, means, x, labels)
        added = shapley(found)
        assert found[frozenset(PARTS)] == pytest.approx(
            np.bincount(labels, (x @ weight.T + bias).argmax(axis=1) == labels) / 500
        )
        assert abs(added[part][0] - added[part][1]) > 0.05
        for other in set(PARTS) - {part}:
            assert added[other] == pytest.approx([0, 0])

    def test_smoke(self, swept):
        runs, rows, made = swept("norm-angle", "--imbalance", 5)
        assert len(rows) == 4 * 10
        for row in rows:
            total = row["neutral"] + row["norms"] + row["biases"] + row["angles"]
            assert row["recall"] == pytest.approx(total, abs=1e-4)
            result = json.loads((runs / row["run"] / "result.json").read_text())
            assert row["recall"] == pytest.approx(100 * result["last"]["per_class"][int(row["label"])], abs=1e-4)
        for part in made["summary"]:
            own = [row for row in rows if row["method"] == part["method"]]
            gap = np.mean([row["recall"] for row in own[:5]]) - np.mean([row["recall"] for row in own[5:]])
            assert part["gap"] == pytest.approx(gap, abs=1e-4)
            assert part["gap"] == pytest.approx(
                sum(part[name] for name in ("norms", "biases", "angles", "features")), abs=1e-6
            )


class TestClassOrder:
    def test_what_adds_up_is_told_apart(self):
        of_place, of_class = np.array([7.0, 5, 4, 1]), np.array([3.0, 2, 0, 6])
        found = rarity.split(of_class + of_place, of_class[::-1] + of_place)
        assert found.rarity == pytest.approx(rarity.gap(of_place)) == pytest.approx(3.5)
        assert found.classes == pytest.approx(rarity.gap(of_class)) == pytest.approx(-0.5)
        alone = rarity.split([1.0, 2.0], [None])
        assert (alone.labels, alone.rarity, alone.classes) == (-1.0, None, None)

    def test_smoke(self, swept):
        runs, rows, made = swept("class-order", "--imbalance", 5)
        assert len(rows) == 2 * 4 * 10
        by_order = {order: [row for row in rows if row["order"] == order] for order in rarity.ORDERS}
        for order, own in by_order.items():
            for row in own:
                assert row["label"] == (row["place"] if order == "labels" else 9 - row["place"])
                result = json.loads((runs / row["run"] / "result.json").read_text())
                assert row["recall"] == pytest.approx(100 * result["last"]["per_class"][int(row["place"])], abs=1e-4)
                assert row["norm"] == pytest.approx(result["classifier"]["norms"][int(row["place"])], abs=1e-5)
        for part in made["summary"]:
            for name in ("recall", "norm"):
                found = {}
                for order, own in by_order.items():
                    values = [row[name] for row in own if row["method"] == part["method"]]
                    found[order] = np.mean(values[:5]) - np.mean(values[5:])
                    assert part[f"{name}_{order}"] == pytest.approx(found[order], abs=1e-4)
                assert part[f"{name}_rarity"] == pytest.approx(sum(found.values()) / 2, abs=1e-4)

    def test_runs_that_are_there_are_taken(self, swept, exit_code):
        runs, *_, made = swept("class-order", "--imbalance", 5)
        argv = ("--profile", "smoke", "--device", "cpu", "--seeds", 1, "--runs", runs, "--imbalance", 5)
        assert exit_code("run", "class-order", *argv, "--out", runs / "again") == 0
        assert json.loads((runs / "again" / "class-order.json").read_text())["summary"] == made["summary"]

    def test_a_missing_order_leaves_its_seed_out(self, tmp_path, exit_code):
        argv = ("--profile", "smoke", "--seeds", 1, "--time-budget", "0.000001s", "--out", tmp_path)
        assert exit_code("run", "class-order", *argv) == 75
        made = json.loads((tmp_path / "class-order.json").read_text())
        assert {(part["seeds"], part["missing"], part["norm_rarity"]) for part in made["summary"]} == {(0, 1, None)}


class TestPretraining:
    def test_separations_of_gaussian_classes(self):
        means = np.array([[0.0, 0, 0], [1, 0, 0], [0, 3, 0]])
        labels = np.repeat(np.arange(3), 6000)
        x = rng().standard_normal((len(labels), 3)) + means[labels]
        x[:, 0] *= 7  # nothing depends on units
        expected = np.linalg.norm(means[:, None] - means, axis=-1)
        found = pretraining.separations(x, labels, seed=0)
        assert found.mahalanobis == pytest.approx(expected, abs=0.06)
        assert found.accuracy == pytest.approx(expected, abs=0.1)

    def test_the_distance_is_not_inflated_by_few_samples(self):
        """40 of each class in 20 dimensions: uncorrected, the square would be 1.3 M^2 + 1.3 on average."""
        squares = []
        for seed in range(200):
            x = classes(40, 2.0, dimension=20, seed=seed)
            labels = np.repeat([0, 1], 40)
            squares.append(pretraining.separations(x.reshape(80, 20), labels, seed=0).mahalanobis[0, 1] ** 2)
        assert np.mean(squares) == pytest.approx(4, abs=4 * np.std(squares) / np.sqrt(200))

    def test_smoke(self, swept):
        swept("norm-angle", "--imbalance", 5)
        runs, rows, made = swept("pretraining", "--imbalance", 5)
        plain, other = pretraining.EXPERIMENT.plan("smoke", "digits", 5, 0)
        assert {row["run"] for row in rows} == {other.digest}
        counts = Run(plain, runs).result()["counts"]
        for row in rows:
            assert row["ratio"] == pytest.approx(counts[int(row["majority"])] / counts[int(row["minority"])], abs=1e-6)
            assert row["gain"] == pytest.approx(row["recall_pretrained"] - row["recall"], abs=2e-6)
            for end in ("", "_pretrained"):
                expected = 100 * theorem2.minority_recall(row[f"separation{end}"], row["ratio"])
                assert row[f"predicted{end}"] == pytest.approx(expected, abs=1e-3)
        [part] = made["summary"]
        assert part["gain"] == pytest.approx(np.mean([row["gain"] for row in rows]), abs=1e-4)
        confusion = Run(plain, runs).result()["last"]["confusion"]
        for row in rows:  # what is taken for the majority among all classes has lost against it
            own = confusion[int(row["minority"])]
            assert row["recall"] <= 100 * (1 - own[int(row["majority"])] / sum(own)) + 1e-6


@pytest.mark.parametrize("name", ["shift", "corrections", "norm-angle", "class-order", "pretraining"])
def test_predictions_are_judged_by_the_table(swept, judged, name):
    runs, *_ = swept(name, *(("--imbalance", 5) if name in ("norm-angle", "class-order", "pretraining") else ()))
    judged(runs / name, name)


def test_they_use_the_runs_of_rebalance():
    runs = set(rebalance.EXPERIMENT.plan("cpu", "cifar10", 100, 1))
    assert set(pretraining.EXPERIMENT.plan("cpu", "cifar10", 100, 1)) < runs
    assert set(norm_angle.EXPERIMENT.plan("cpu", "cifar10", 100, 1)) < runs
    assert len(runs & set(class_order.plan("cpu", "cifar10", 100, 1, classes=10))) == 4
    assert all(isinstance(run, Config) for run in runs)


@pytest.mark.parametrize("name", ["shift", "corrections", "norm-angle", "class-order", "pretraining"])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--profile", "huge"), "profile='huge': must be one of cpu, paper, smoke"),
        (("--imbalance", "0.5"), "imbalance=0.5: must be"),
        (("--imbalance", "1000"), "imbalance=1000"),
        (("--data", "cifar10", "--root", "nowhere"), "data='cifar10'"),
    ],
)
def test_bad_options(assert_refused, monkeypatch, name, options, message):
    def offline(*args, **options):
        raise OSError("no network")

    monkeypatch.setattr("empirical.data.torchvision_data.cifar", offline)
    assert_refused(name, options, message)
    assert load(name).title


def test_listing_them_loads_no_torch():
    names = ("shift", "corrections", "norm-angle", "class-order", "pretraining")
    code = f"import sys; from empirical.experiments import load\nfor name in {names}: load(name)\n"
    done = subprocess.run(
        [sys.executable, "-c", code + "sys.exit('torch' in sys.modules)"], check=False, cwd=Path(__file__).parents[3]
    )
    assert done.returncode == 0
