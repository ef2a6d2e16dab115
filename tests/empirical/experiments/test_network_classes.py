"""The recall of every class: predictions on made features of a known law, a smoke run, and what is refused."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from empirical.analysis.class_laws import LAWS, ClassLaws
from empirical.experiments import network_classes
from empirical.experiments.network_classes import CLASSIFIERS, _split, _tail

NAME = "network-classes"
CLASSES, EACH = 4, 200


def made(classes=CLASSES, each=EACH, seed=0):
    """Skewed features, none negative, whose spread doubles from class to class, and labels."""
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    y = rng.permutation(np.repeat(np.arange(classes), each))
    x = rng.gamma(2.0, 1.0, (len(y), 6)) * 2.0 ** y[:, None] + 4 * np.eye(classes, 6)[y]
    return {"features": x, "labels": y}


def saved(path, **arrays):
    np.savez(path, **arrays)
    return path


@pytest.fixture(scope="module")
def done(tmp_path_factory, smoke, table):
    """A run on arrays; whether predictions were written when each classifier was trained."""
    out = tmp_path_factory.mktemp("classes")
    file, when, usual = saved(out / "mine.npz", **made()), [], network_classes._train
    with pytest.MonkeyPatch.context() as patch:

        def spy(*arguments):
            when.append((out / "predictions" / f"{NAME}.jsonl").exists())
            return usual(*arguments)

        patch.setattr(network_classes, "_train", spy)
        options = ("--arrays", file, "--imbalance", 2, 8, "--seeds", 2, "--repeats", 1)
        assert smoke(NAME, out, *options) == 0
    note = json.loads((out / f"{NAME}.json").read_text())
    return SimpleNamespace(out=out, options=options, when=when, rows=table(out / f"{NAME}.csv"), made=note)


def test_classifiers_are_trained_after_the_predictions_are_written(done, table):
    assert done.when
    assert all(done.when)
    told = done.made["data"]["predictions"]
    written = table(done.out / told["file"])
    assert written == [{key: row[key] for key in written[0]} for row in done.rows]
    assert told["when"] == "no record"  # there are no runs to compare with


def test_rows(done):
    """Two seeds, orders and imbalances; heads on plain features of the first seed; 50 images are few."""
    tails = 2 * 2 * CLASSES
    plain = {name: 2 for name in CLASSIFIERS if name.startswith("lda")} | {"head": 1, "head-tau": 1, "head-balanced": 1}
    for name, seeds in plain.items():
        own = [row for row in done.rows if row["classifier"] == name and row["images"] == "150"]
        assert len(own) == tails * (seeds + (2 if name.startswith("lda") else 0))
        assert all((row["theorem2"] == "") == (name != "lda") for row in own)
        assert all(row["drawn"] and row["crossed"] and row["floor"] and row["measured"] for row in own)
    few = [row for row in done.rows if row["images"] == "50"]
    assert len(few) == tails * 2 * 2
    assert {tuple(row[law] == "" for law in LAWS) for row in few} == {(True,) * 5 + (False,)}
    first = [int(row["n"]) for row in done.rows if row["imbalance"] == "8" and row["order"] == "first"][:CLASSES]
    assert first == [100, 50, 25, 12]
    assert {row["run"] for row in done.rows} == {"mine.npz"}
    assert done.made["arguments"]["arrays"] == ["mine.npz"]


def test_skewed_features_show_what_each_law_assumes(done):
    """By the table's own summary: drawn rules are near the floor; normal features and one covariance are not."""
    summary = {
        (part["features"], part["law"]): part
        for part in done.made["summary"]
        if (part["classifier"], part["images"], part["imbalance"]) == ("lda", 150, 8)
    }
    drawn = summary["plain", "drawn"]
    assert drawn["mae"] < 2 * drawn["floor"]
    assert summary["plain", "theorem2"]["mae"] > 2 * drawn["mae"]
    assert drawn["ratio"] == pytest.approx(drawn["mae"] / drawn["floor"])
    assert drawn["met"] == (drawn["ratio"] <= 1.1)
    own = [row for row in done.rows if row["images"] == "150" and row["features"] == "plain"]
    own = [row for row in own if (row["classifier"], row["imbalance"]) == ("lda", "8")]
    errors = [abs(float(row["drawn"]) - float(row["measured"])) for row in own]
    assert drawn["mae"] == pytest.approx(100 * np.mean(errors), abs=1e-3)


def test_a_second_time_all_is_the_same(done, smoke):
    before = (done.out / f"{NAME}.csv").read_bytes()
    assert smoke(NAME, done.out, *done.options) == 0
    assert (done.out / f"{NAME}.csv").read_bytes() == before


def test_the_parts_of_a_split_share_no_image_and_all_classes_have_as_many():
    y = made()["labels"][:-7]
    parts = _split(y, 0)
    each = np.bincount(y).min()
    assert sum(map(len, parts)) == len(set(np.concatenate(parts))) == CLASSES * each
    sizes = [np.bincount(y[part]).tolist() for part in parts]
    quarter = each // 4
    assert sizes == [[each - 2 * quarter] * CLASSES, [quarter] * CLASSES, [quarter] * CLASSES]
    assert not np.array_equal(parts[0], _split(y, 1)[0])


def test_what_is_measured_is_not_what_is_read(monkeypatch, tmp_path):
    """Each trained rule is read twice: for the floor on the images of the prediction, and on those that are kept."""
    seen, usual = [], network_classes.read
    monkeypatch.setattr(network_classes, "read", lambda rule, images: seen.append(images[0]) or usual(rule, images))
    data = made()
    setting = SimpleNamespace(profile="smoke", imbalance=(2,), classifiers=("lda",), repeats=1)
    source = network_classes._Source(
        data="mine",
        seed=0,
        run="mine.npz",
        x=data["features"],
        y=data["labels"],
        classes=tuple(map(str, range(CLASSES))),
    )
    case = next(source.cases(setting))
    told = case.predict()
    seen.clear()
    case.measure(told)
    read = [case.others[0], *(images for images, _ in case.few.values())]
    assert [len(part) for part in seen] == [n for images in read for n in (len(images), len(case.kept[0]))]
    rows = [{tuple(row) for row in part} for part in (case.pool[0], case.others[0], case.kept[0])]
    assert not rows[0] & rows[1]
    assert not rows[0] & rows[2]
    assert not rows[1] & rows[2]
    assert all({tuple(row) for row in few} <= rows[1] for few, _ in case.few.values())


def test_tails():
    assert _tail(100, 3, 25, "first").tolist() == [100, 20, 4]
    assert _tail(100, 3, 25, "last").tolist() == [4, 20, 100]
    with pytest.raises(ValueError, match="imbalance=100"):
        _tail(100, 3, 100, "first")


def test_laws_of_normal_features_agree():
    """One covariance, many images: every law is the same."""
    rng = np.random.default_rng(np.random.SeedSequence(2))
    y = np.repeat([0, 1, 2], 6000)

    def drawn():
        return rng.standard_normal((len(y), 2)) + 2 * np.array([[0, 0], [1, 0], [0, 1]])[y], y

    found = ClassLaws(drawn(), drawn(), draws=10, seed=0).recalls(np.array([5000, 1000, 500]))
    assert set(found) == set(LAWS)
    for law in LAWS:
        assert found[law] == pytest.approx(found["theorem2"], abs=6.6 * np.sqrt(0.5 / 6000)), law


def test_smoke(tmp_path, sweep, judged):
    """Digits, one network; the claims find what they need."""
    rows, made = sweep(NAME, tmp_path, "--imbalance", 8, "--repeats", 1)
    assert {row["features"] for row in rows} == {"plain", "sqrt"}
    assert made["arguments"]["data"] == ["digits"]
    judged(tmp_path, NAME)


def test_a_network_that_is_not_trained_is_a_row_without_numbers(tmp_path, sweep):
    [row], made = sweep(NAME, tmp_path, "--imbalance", 8, "--time-budget", "0.000001s", code=75)
    assert row["data"] == "digits"
    assert row["run"]
    assert not row["measured"]
    assert made["summary"] == [{"missing": 1}]


@pytest.mark.parametrize(
    ("arrays", "options", "message"),
    [
        ({}, ("--data", "digits"), "data=['digits']: must be left out with --arrays"),
        (
            {},
            ("--imbalance", 101),
            "imbalance=101: must be at most 50 here, for the rarest class to have 2 of 100 images",
        ),
        ({}, ("--imbalance", 2, "--classifiers", "svm"), "classifiers='svm': must be one of"),
        ({}, ("--imbalance", 2, "--repeats", 0), "repeats=0"),
        ({"labels": None}, (), "arrays="),
        ({"labels": np.zeros(CLASSES * EACH)}, (), "labels=[800]: must hold at least two classes"),
        ({"labels": np.zeros(3)}, (), "labels="),
        ({"features": np.full((4, 2), np.nan), "labels": np.arange(4)}, (), "features="),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, assert_refused, arrays, options, message):
    held = {name: value for name, value in {**made(), **arrays}.items() if value is not None}
    assert_refused(NAME, ("--arrays", saved(tmp_path / "mine.npz", **held), *options), message)


def test_a_missing_file_is_refused(tmp_path, assert_refused):
    assert_refused(NAME, ("--arrays", tmp_path / "none.npz"), "arrays=")
