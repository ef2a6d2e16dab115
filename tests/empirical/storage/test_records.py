"""Records of a run: not one that was altered is believed."""

import json

import pytest

from empirical.config import Config
from empirical.storage.run_folder import Run
from empirical.training.evaluate import by_frequency

CONFIG = Config(data="digits", imbalance=4)
RESULT = {
    "hash": CONFIG.digest,
    "config": CONFIG.numbers(),
    "last": {
        "epoch": 4,
        "accuracy": 0.75,
        "class_mean": 0.75,
        "per_class": [1.0, 0.5],
        "confusion": [[2, 0], [1, 1]],
        "loss": 0.5,
    },
    "best": {"epoch": 3, "accuracy": 0.75},
    "groups": by_frequency([1.0, 0.5], [101, 5]),
    "classes": ["a", "b"],
    "counts": [101, 5],
    "data": "0" * 64,
}


@pytest.fixture
def run(tmp_path):
    """Return a finished run."""
    run = Run(CONFIG, tmp_path)
    run.folder.mkdir()
    run.finish(RESULT)
    return run


def test_what_was_written_is_read(run):
    assert run.result() == RESULT
    assert len(json.loads((run.folder / "result.json").read_text())["sha256"]) == 64


def test_another_runs_result_is_refused(run, tmp_path):
    other = Run(Config(data="digits", imbalance=5), tmp_path)
    other.folder.mkdir()
    (other.folder / "result.json").write_bytes((run.folder / "result.json").read_bytes())
    with pytest.raises(
        ValueError, match=rf"^file=.*result\.json': must be of run {other.name}, and is of '{run.name}'"
    ):
        other.result()


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r["last"].update(accuracy=1.7),
        lambda r: r["last"].update(accuracy=0.76),
        lambda r: r["last"]["per_class"].reverse(),
        lambda r: r["config"].update(seed=1),
        lambda r: r.pop("data"),
        lambda r: r.pop("sha256"),
        lambda r: r.update(sha256="0" * 64),
    ],
)
def test_an_edited_result_is_refused(run, change):
    path = run.folder / "result.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"^file=.*result\.json': .*; remove it to have it made again$"):
        run.result()


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r["last"].update(accuracy=1.7),
        lambda r: r["last"].update(accuracy="high"),
        lambda r: r["last"]["per_class"].reverse(),
        lambda r: r["last"]["confusion"][0].append(3),
        lambda r: r["last"].update(loss=-1.0),
        lambda r: r.update(last=[1]),
        lambda r: r["best"].update(epoch=9),
        lambda r: r.update(data="other"),
    ],
)
def test_a_result_without_a_digest_is_checked_by_its_numbers(run, change):
    """As results were written before they had one."""
    content = json.loads(json.dumps({name: value for name, value in RESULT.items() if name != "classes"}))
    path = run.folder / "result.json"
    path.write_text(json.dumps(content))
    assert run.result() == content
    change(content)
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"^file=.*result\.json': must hold a result"):
        run.result()


@pytest.mark.parametrize(
    "text", ["", "[]", "NaN", '{"x": 1}', '{"last": NaN}', "[" * 100_000, '{"a":' * 100_000, "\udcff"]
)
def test_other_json_is_refused(run, text):
    (run.folder / "result.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ValueError, match=r"^file=.*result\.json'"):
        run.result()


def test_a_name_that_comes_twice_is_refused(run):
    """Python keeps the last of them, and other programs the first."""
    path = run.folder / "result.json"
    path.write_text(path.read_text().replace("{\n", '{\n  "counts": [1, 1],\n', 1))
    with pytest.raises(ValueError, match=r"result\.json': cannot be read; remove it to have it made again$"):
        run.result()


def test_links_are_not_followed(run, tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (run.folder / ".lock").symlink_to(precious)
    with (
        pytest.raises(ValueError, match=r"^lock=.*: must be a file of its own, not a link"),
        run.locked_folder("0" * 64, lambda process: None, lambda: None),
    ):
        pass
    assert precious.read_text() == "precious"
