import contextlib
import json
import re
import shutil
from concurrent.futures import Executor, Future
from dataclasses import replace

import numpy as np
import pytest
import torch

from empirical.config import Config
from empirical.data.training_set import load_training_set
from empirical.registry import METHODS
from empirical.runtime.device import Execution
from empirical.runtime.monitor import Quiet
from empirical.runtime.stop import Interrupted, Stop
from empirical.storage.checkpoint import load_checkpoint
from empirical.storage.run_folder import Run
from empirical.sweeps.train_many import train_many
from empirical.training.augment import normalize
from empirical.training.step import Trainer
from empirical.training.tasks import Supervised, build_network
from empirical.training.train import Diverged, train, trained_network

pytestmark = pytest.mark.usefixtures("one_thread")

CPU = Execution(torch.device("cpu"))
GAUSSIAN = "gaussian:separation=4,classes=3,train=30,test=20"
TINY = Config(data=GAUSSIAN, imbalance=3, arch="resnet8", width=2, resolution=8, epochs=5, batch_size=16)


def contents(config, out):
    """Return what a run came to, without what was timed and without which run it shares its start with."""
    run = Run(config, out)
    state, result = run.checkpoint(), run.result()
    for row in state["history"]:
        del row["images_per_second"]
    for name in ("seconds", "shared"):
        del state[name], result[name]
    return state, result


def same(one, two):
    if isinstance(one, torch.Tensor):
        return torch.equal(one, two)
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(two) and all(map(same, one, two))
    return one == two


class Impatient(Stop):
    """Stops at a certain question."""

    def __init__(self, questions):
        super().__init__()
        self.questions = questions

    def check(self, needed=0.0):
        self.questions -= 1
        if self.questions < 0:
            raise Interrupted("the test asked for it")


class Immediate(Executor):
    """Does everything at once, and remembers what."""

    def __init__(self):
        self.done = []

    def submit(self, function, config, *args, **kwargs):
        self.done.append(config)
        future = Future()
        try:
            future.set_result(function(config, *args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def test_two_runs_have_the_same_bits_and_two_seeds_do_not(tmp_path):
    for out in ("one", "two"):
        train(TINY, tmp_path / out, device="cpu")
    assert same(contents(TINY, tmp_path / "one"), contents(TINY, tmp_path / "two"))
    other = replace(TINY, seed=1)
    train(other, tmp_path / "one", device="cpu")
    assert not same(contents(TINY, tmp_path / "one"), contents(other, tmp_path / "one"))


@pytest.mark.parametrize("method", ["drw", "rs"])
@pytest.mark.parametrize("pretrain", ["none", "rotation", "moco"])
def test_stopped_between_any_two_steps(tmp_path, method, pretrain):
    config = replace(TINY, method=method, pretrain=pretrain)
    train(config, tmp_path / "whole", device="cpu")
    stops, result = 0, None
    while result is None:
        stops += 1
        with contextlib.suppress(Interrupted):
            result = train(config, tmp_path / "parts", device="cpu", stop=Impatient(5 + stops))
    assert stops > 3
    runs = [config] if pretrain == "none" else [config, config.pretraining()]
    for run in runs:
        assert same(contents(run, tmp_path / "whole"), contents(run, tmp_path / "parts"))


@pytest.mark.parametrize(("method", "pretrain"), [("drw", "none"), ("rs", "moco"), ("ldam-drw", "rotation")])
def test_captured_steps_train_the_same(tmp_path, method, pretrain, graphs):
    """The code path of CUDA: every step, of evaluation too, a graph, captured anew where the loss changes."""
    config = replace(TINY, method=method, pretrain=pretrain)
    train(config, tmp_path / "graphs", device="cpu")
    runs = [config] if pretrain == "none" else [config, config.pretraining()]
    losses = len(runs) + (config.method in ("drw", "ldam-drw"))
    assert graphs.made == 2 * losses + 1  # steps of 16 and of 9 images; evaluation
    assert graphs.replayed == 5 * 4 * len(runs) + 5 + 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Execution, "graphs", False)
        train(config, tmp_path / "eager", device="cpu")
    for run in runs:
        assert same(contents(run, tmp_path / "graphs"), contents(run, tmp_path / "eager"))


def test_nothing_is_trained_twice(tmp_path, monkeypatch):
    config = replace(TINY, pretrain="rotation")
    first = train(config, tmp_path, device="cpu")
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}

    def fail(*_):
        raise AssertionError("trained again")

    monkeypatch.setattr(Trainer, "step", fail)
    assert train(config, tmp_path, device="cpu") == first == Run(config, tmp_path).result()
    assert times == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*") if path.name != ".lock"} | {
        path: times[path] for path in times if path.name == ".lock"
    }
    with pytest.raises(AssertionError, match="trained again"):
        train(replace(config, method="rw"), tmp_path, device="cpu")


def test_pretraining_is_one_run_for_all_methods_and_is_carried_over(tmp_path):
    configs = [replace(TINY, pretrain="rotation", method=method) for method in ("ce", "rw", "ldam")]
    for config in configs:
        assert train(config, tmp_path, device="cpu")["pretraining"] == configs[0].pretraining().digest
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 4
    learnt = Run(configs[0].pretraining(), tmp_path).checkpoint()["module"]
    for config in configs:
        stage = Supervised(config, load_training_set(config, None), CPU)
        fresh = {name: value.clone() for name, value in stage.module.state_dict().items()}
        stage.start_from({k.removeprefix("network."): v for k, v in learnt.items() if k.startswith("network.")})
        for name, value in stage.module.state_dict().items():
            expected = fresh[name] if name.startswith("classifier.") else learnt[f"network.{name}"]
            assert torch.equal(value, expected), name
    plain = train(replace(TINY, method="ce"), tmp_path, device="cpu")
    assert plain["pretraining"] is None
    assert plain["train_loss"] != Run(configs[0], tmp_path).result()["train_loss"]


@pytest.mark.parametrize(("plain", "deferred"), [("ce", "drw"), ("ldam", "ldam-drw")])
def test_work_that_twins_share_is_done_once_and_changes_no_bit(tmp_path, plain, deferred):
    one, two = replace(TINY, method=plain), replace(TINY, method=deferred)
    for config in (one, two):
        assert train(config, tmp_path / config.method, device="cpu")["shared"] is None
    for out, order in (("forth", (one, two)), ("back", (two, one))):
        first, second = (train(config, tmp_path / out, device="cpu") for config in order)
        assert first["shared"] is None
        assert second["shared"] == {"run": order[0].digest, "epoch": TINY.schedule.switch}
        for config in order:
            assert same(contents(config, tmp_path / out), contents(config, tmp_path / config.method))
    histories = [Run(config, tmp_path / "forth").checkpoint()["history"] for config in (one, two)]
    assert histories[0][:3] == histories[1][:3]
    assert histories[0][3]["train_loss"] != histories[1][3]["train_loss"]


def test_many_runs_share_what_they_can(tmp_path):
    methods = ("drw", "rw", "ce", "drw")
    configs = [replace(TINY, pretrain="rotation", method=method) for method in methods]
    executor = Immediate()
    results = train_many(configs, tmp_path, executor, device="cpu")
    assert [result["config"]["method"] for result in results] == list(methods)
    order = [config.method for config in executor.done]
    assert order[0] is None
    assert sorted(order[1:]) == ["ce", "drw", "rw"]
    assert order.index("ce") < order.index("drw")
    assert results[0]["shared"]["run"] == configs[2].digest
    assert results[0] == results[3]


def test_many_runs_in_processes_of_one_thread(tmp_path):
    configs = [replace(TINY, seed=seed) for seed in (0, 1)]
    results = train_many(configs, tmp_path, device="cpu")
    assert [result["config"]["seed"] for result in results] == [0, 1]
    assert [result["threads"] for result in results] == [1, 1]


def test_the_first_error_of_many_runs_is_raised(tmp_path):
    configs = [TINY, replace(TINY, lr=1e30), replace(TINY, seed=1)]
    with pytest.raises(Diverged):
        train_many(configs, tmp_path, Immediate(), device="cpu")
    assert Run(configs[0], tmp_path).result() is not None


@pytest.mark.parametrize(
    ("batch_size", "where"),
    [(16, "step 2, learning rate 1e+30: the loss"), (100, "after step 1, learning rate 1e+30: the test loss")],
)
def test_a_loss_that_is_not_finite_ends_the_run(tmp_path, batch_size, where):
    config = replace(TINY, lr=1e30, batch_size=batch_size)
    for _ in range(2):
        with pytest.raises(Diverged, match=re.escape(f"epoch 1, {where} is not finite") + "$"):
            train(config, tmp_path, device="cpu")
    run = Run(config, tmp_path)
    assert run.checkpoint() is None
    assert run.result() is None


@pytest.mark.parametrize("method", METHODS)
def test_every_method_learns_what_is_easy(tmp_path, method):
    config = replace(TINY, data=GAUSSIAN.replace("separation=4", "separation=20"), method=method, epochs=10, width=4)
    result = train(config, tmp_path, device="cpu")
    assert result["last"]["accuracy"] > 0.5  # a third by chance
    assert result["counts"] == [30, 17, 10]
    assert result["best"]["accuracy"] >= result["last"]["accuracy"]


def test_the_result_is_that_of_the_saved_network(tmp_path):
    config = replace(TINY, method="ldam-drw")
    result = train(config, tmp_path, device="cpu")
    network, training_set = trained_network(config, tmp_path)
    with torch.no_grad():
        logits = network(normalize(training_set.test_images, training_set.mean, training_set.std))
    decided, labels = logits.argmax(1).numpy(), training_set.test_labels.numpy()
    confusion = np.zeros((3, 3), dtype=int)
    np.add.at(confusion, (labels, decided), 1)
    assert result["last"]["confusion"] == confusion.tolist()
    assert result["last"]["accuracy"] == np.mean(decided == labels)
    assert result["last"]["per_class"] == pytest.approx([np.mean(decided[labels == c] == c) for c in range(3)])
    weight = network.classifier.weight.detach().double().numpy()
    assert result["classifier"]["norms"] == pytest.approx(np.linalg.norm(weight, axis=1))
    assert result["last"] == json.loads((tmp_path / config.digest / "result.json").read_text())["last"]
    assert {"torch", "torchvision", "numpy", "python", "tailbound"} <= result["versions"].keys()
    assert (result["device"], result["precision"], result["deterministic"]) == ("cpu", "float32", True)


def test_the_result_has_the_sweep_over_tau(tmp_path):
    result = train(TINY, tmp_path, device="cpu")
    network, training_set = trained_network(TINY, tmp_path)
    with torch.no_grad():
        seen = (
            network.features(normalize(training_set.test_images, training_set.mean, training_set.std)).double().numpy()
        )
    weight, labels = network.classifier.weight.detach().double().numpy(), training_set.test_labels.numpy()
    found = result["tau"]
    assert found["taus"] == pytest.approx(np.arange(len(found["taus"])) / 10)
    assert len(found["taus"]) >= 21
    for tau, accuracy in zip(found["taus"], found["accuracy"], strict=True):
        lengths = np.linalg.norm(weight, axis=1, keepdims=True)
        decided = (seen @ (weight / lengths**tau).T).argmax(1)
        assert accuracy == pytest.approx(np.mean(decided == labels), abs=1.5 / len(labels))
    best = max(found["accuracy"])
    assert found["best"] == {
        "tau": found["taus"][found["accuracy"].index(best)],
        "accuracy": best,
        "chosen_on": "test images",
    }
    assert json.loads((tmp_path / TINY.digest / "result.json").read_text())["tau"] == found


def test_no_tau_where_norms_mean_nothing_or_are_0(tmp_path):
    assert train(replace(TINY, method="ldam"), tmp_path, device="cpu")["tau"] is None
    assert "tau" not in train(replace(TINY, method=None, pretrain="rotation"), tmp_path, device="cpu")
    stage = Supervised(TINY, load_training_set(TINY, None), CPU)
    assert stage.swept() is not None
    with torch.no_grad():
        stage.module.classifier.weight[1] = 0
    assert stage.swept() is None


def test_the_test_images_are_looked_at_as_often_as_asked(tmp_path):
    config = replace(TINY, evaluate_every=2)
    result = train(config, tmp_path, device="cpu")
    rows = Run(config, tmp_path).checkpoint()["history"]
    assert [row["test_accuracy"] is not None for row in rows] == [False, True, False, True, True]
    assert result["best"]["epoch"] in (2, 4, 5)
    every = train(TINY, tmp_path, device="cpu")
    assert every["last"] == result["last"]


def test_the_same_subset_for_every_method_and_another_for_every_seed():
    training_sets = [load_training_set(replace(TINY, method=method), None) for method in ("ce", "ldam")]
    assert torch.equal(training_sets[0].images, training_sets[1].images)
    assert not torch.equal(training_sets[0].images, load_training_set(replace(TINY, seed=1), None).images)
    networks = [build_network(replace(TINY, seed=seed), training_sets[0]).state_dict() for seed in (0, 0, 1)]
    assert same(networks[0], networks[1])
    assert not same(networks[0], networks[2])


def test_other_data_under_the_same_name(tmp_path):
    path = tmp_path / "toy.npz"
    rng = np.random.default_rng(0)
    arrays = {"y_train": np.repeat([0, 1], 12), "y_test": np.repeat([0, 1], 5)}
    arrays |= {
        f"x_{part}": rng.integers(0, 256, (n, 8, 8), dtype=np.uint8) for part, n in (("train", 24), ("test", 10))
    }
    np.savez(path, **arrays)
    config = replace(TINY, data=str(path), resolution=None)
    train(config, tmp_path / "out", device="cpu")
    arrays["x_test"][0, 0, 0] ^= 1
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=r"^data='.*toy.npz': must hold the images that .* was begun with$"):
        train(config, tmp_path / "out", device="cpu")
    with pytest.raises(ValueError, match=r"was trained on$"):
        trained_network(config, tmp_path / "out")


def test_torn_and_foreign_checkpoints_are_refused_and_left_alone(tmp_path):
    with pytest.raises(Interrupted, match=r"stopped after epoch 2 of 5: the test asked for it$"):
        train(TINY, tmp_path, device="cpu", stop=Impatient(11))
    path = tmp_path / TINY.digest / "last.pt"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=f"^checkpoint='{TINY.digest}/last.pt': is torn"):
        train(TINY, tmp_path, device="cpu")
    assert path.read_bytes() == whole[: len(whole) // 2]
    other = replace(TINY, seed=1)
    train(other, tmp_path, device="cpu")
    shutil.copy(tmp_path / other.digest / "last.pt", path)
    with pytest.raises(ValueError, match=f"must belong to run {TINY.digest}, and belongs to run {other.digest}$"):
        train(TINY, tmp_path, device="cpu")
    path.write_bytes(whole)
    train(TINY, tmp_path, device="cpu")
    train(TINY, tmp_path / "whole", device="cpu")
    assert same(contents(TINY, tmp_path), contents(TINY, tmp_path / "whole"))


def test_the_history_follows_the_checkpoint(tmp_path):
    with pytest.raises(Interrupted):
        train(TINY, tmp_path, device="cpu", stop=Impatient(11))
    history = tmp_path / TINY.digest / "history.csv"
    done = len(load_checkpoint(history.with_name("last.pt"), TINY.digest)["history"])
    assert 0 < done < TINY.epochs
    history.write_text("what a crash left")
    with pytest.raises(Interrupted):
        train(TINY, tmp_path, device="cpu", stop=Impatient(0))
    lines = history.read_text().splitlines()
    assert (
        lines[0]
        == "epoch,learning_rate,train_loss,train_accuracy,test_loss,test_accuracy,test_class_mean,images_per_second"
    )
    assert len(lines) == 1 + done


def test_an_unfinished_run_has_no_network(tmp_path):
    with pytest.raises(ValueError, match=r"must be a finished run$"):
        trained_network(TINY, tmp_path)


def squares(path, height, width, seed=0):
    """Write an npz of 8 grey images a class in 2 classes, and return a configuration that trains on it."""
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    images, labels = rng.integers(0, 256, (16, height, width, 1), dtype=np.uint8), np.repeat([0, 1], 8)
    np.savez(path, x_train=images, y_train=labels, x_test=images, y_test=labels)
    return Config(data=str(path), imbalance=1, arch="resnet8", width=2, epochs=4, batch_size=8)


@pytest.mark.parametrize(
    ("height", "width", "changes", "message"),
    [
        (2, 2, {}, "^data=.*at least 4 pixels a side, not 2 x 2"),
        (8, 4, {"pretrain": "rotation"}, "^pretrain='rotation': needs square images, not 8 x 4"),
    ],
)
def test_images_that_do_not_fit_leave_nothing_behind(tmp_path, height, width, changes, message):
    config = replace(squares(tmp_path / "images.npz", height, width), **changes)
    with pytest.raises(ValueError, match=message):
        train(config, tmp_path / "runs", device="cpu")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("config", [TINY, replace(TINY, method=None, pretrain="rotation")], ids=["ce", "rotation"])
def test_a_run_that_version_0_1_0_began_goes_on(config, tmp_path):
    """Its history has no column ``test_class_mean``, and its ``config.json`` neither names of classes nor a digest."""
    train(config, tmp_path / "whole", device="cpu")
    with pytest.raises(Interrupted):
        train(config, tmp_path, device="cpu", stop=Impatient(14))
    run = Run(config, tmp_path)
    state = run.checkpoint()
    state["history"] = [{k: v for k, v in row.items() if k != "test_class_mean"} for row in state["history"]]
    done = len(state["history"])
    run.save(state)
    record = json.loads((run.folder / "config.json").read_text())
    old = {name: record[name] for name in ("hash", "config", "data")}
    (run.folder / "config.json").write_text(json.dumps(old))
    (run.folder / "history.csv").unlink()
    result = train(config, tmp_path, device="cpu")
    whole = Run(config, tmp_path / "whole").result()
    assert result.get("last") == whole.get("last")
    assert result.get("best") == whole.get("best")
    assert result.get("best_class_mean") is None
    rows = run.checkpoint()["history"]
    assert [row["epoch"] for row in rows] == list(range(1, config.epochs + 1))
    assert [row["test_class_mean"] for row in rows[:done]] == [None] * done
    assert "test_accuracy,test_class_mean,images_per_second\n" in (run.folder / "history.csv").read_text()


def test_a_checkpoint_of_other_images_is_refused_whatever_was_deleted(tmp_path):
    config = squares(tmp_path / "images.npz", 8, 8)
    train(config, tmp_path / "runs", device="cpu")
    folder = Run(config, tmp_path / "runs").folder
    for name in ("config.json", "result.json"):
        (folder / name).unlink()
    squares(tmp_path / "images.npz", 8, 8, seed=1)
    with pytest.raises(ValueError, match=r"^checkpoint=.*last.pt': must be trained on the images at hand"):
        train(config, tmp_path / "runs", device="cpu")


def test_what_is_drawn_is_recorded(tmp_path):
    config = replace(TINY, pretrain="rotation", similar_fraction=0.5, similar_degree=0.2)
    with pytest.raises(Interrupted):
        train(config, tmp_path, device="cpu", stop=Impatient(1))
    training_set = load_training_set(config, None)
    path = Run(config.pretraining(), tmp_path).folder / "images.npz"
    train(config, tmp_path, device="cpu")
    for images in (path, Run(config, tmp_path).folder / "images.npz"):
        with np.load(images, allow_pickle=False) as found:
            assert set(found) == {"chosen", "replaced", "partners"}
            for name in found:
                assert found[name].dtype == np.int64
                assert np.array_equal(found[name], getattr(training_set, name))
    assert len(training_set.replaced) == 15


@pytest.mark.parametrize("method", ["ce", "drw"])
@pytest.mark.parametrize("every", [0, 0.02, 1e9])
def test_what_is_saved_when_changes_no_bit(tmp_path, every, method, monkeypatch):
    config = replace(TINY, method=method, epochs=8)
    saved = []
    write = Run.save

    def save(run, state, name="last"):
        saved.append((name, len(state["history"])))
        write(run, state, name)

    train(config, tmp_path / "whole", device="cpu")
    monkeypatch.setattr(Run, "save", save)
    train(config, tmp_path / "parts", device="cpu", save_every=every)
    due = {0: [*range(1, 9)], 1e9: [6, 8]}
    if every in due:
        assert saved == [(name, epoch) for epoch in due[every] for name in ("switch", "last")[epoch != 6 :]]
    assert ("switch", 6) in saved
    assert saved[-1] == ("last", 8)
    assert same(contents(config, tmp_path / "whole"), contents(config, tmp_path / "parts"))


@pytest.mark.parametrize("error", [Interrupted, KeyboardInterrupt, OSError])
def test_the_last_whole_epoch_is_saved_before_a_stop(tmp_path, error):
    """In the middle of the third epoch, whose first steps have changed the network, the second is saved."""

    class Failing(Stop):
        questions = 2 * (1 + 4) + 1 + 2  # one before each epoch and one before each of its 4 steps

        def check(self, needed=0.0):
            self.questions -= 1
            if self.questions < 0:
                raise error("at a bad moment")

    with pytest.raises(error):
        train(TINY, tmp_path / "parts", device="cpu", stop=Failing(), save_every=1e9)
    run = Run(TINY, tmp_path / "parts")
    assert len(run.checkpoint()["history"]) == 2
    assert len((run.folder / "history.csv").read_text().splitlines()) == 1 + 2
    train(TINY, tmp_path / "parts", device="cpu")
    train(TINY, tmp_path / "whole", device="cpu")
    assert same(contents(TINY, tmp_path / "whole"), contents(TINY, tmp_path / "parts"))


class Listening(Quiet):
    """Remembers what it is told of another way to compute."""

    def __init__(self):
        self.notes = []

    def note(self, text):
        if "began with" in text:
            self.notes.append(text)


def test_another_number_of_threads_is_said_and_recorded(tmp_path, monkeypatch):
    listening = Listening()
    with pytest.raises(Interrupted):
        train(TINY, tmp_path, device="cpu", stop=Impatient(11), monitor=listening)
    done = len(Run(TINY, tmp_path).checkpoint()["history"])
    with pytest.raises(Interrupted):  # with as many threads there is nothing to say
        train(TINY, tmp_path, device="cpu", stop=Impatient(1), monitor=listening)
    assert listening.notes == []
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    result = train(TINY, tmp_path, device="cpu", monitor=listening)
    folder = tmp_path / TINY.digest
    assert listening.notes == [f"{folder}: began with threads 1, goes on with threads 2; so other bits will come out"]
    assert [(one["from_epoch"], one["threads"]) for one in result["executions"]] == [(1, 1), (done + 1, 2)]
    assert result["threads"] == 2


def test_other_vector_instructions_are_said_and_recorded(tmp_path, monkeypatch):
    """Two processors of one name can differ in them, and in the last bits of every sum."""
    listening = Listening()
    for vectors, steps in (("AVX2", 11), ("AVX512", 500)):
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda vectors=vectors: vectors)
        with contextlib.suppress(Interrupted):
            train(TINY, tmp_path, device="cpu", stop=Impatient(steps), monitor=listening)
    [note] = listening.notes
    assert note.endswith("began with instructions AVX2, goes on with instructions AVX512; so other bits will come out")
    result = Run(TINY, tmp_path).result()
    assert [one["instructions"] for one in result["executions"]] == ["AVX2", "AVX512"]


def test_a_state_that_says_nothing_of_instructions_goes_on_without_a_word(tmp_path):
    listening, run = Listening(), Run(TINY, tmp_path)
    with pytest.raises(Interrupted):
        train(TINY, tmp_path, device="cpu", stop=Impatient(11), monitor=listening)
    state = run.checkpoint()
    del state["executions"][0]["instructions"]
    run.save(state)
    result = train(TINY, tmp_path, device="cpu", monitor=listening)
    assert listening.notes == []
    assert ["instructions" in one for one in result["executions"]] == [False, True]


class Clock:
    """A clock that goes on by so many seconds whenever it is looked at."""

    def __init__(self, step):
        self.now, self.step = 0.0, step

    def __call__(self):
        self.now += self.step
        return self.now


class Left(Quiet):
    """Remembers the time left after each epoch."""

    def __init__(self):
        self.seconds = []

    def epoch(self, row, seconds_left):
        self.seconds.append(seconds_left)


def test_the_time_left_is_by_the_epochs_of_this_process(tmp_path, monkeypatch):
    slow, fast = Left(), Left()
    monkeypatch.setattr("empirical.training.train.time.perf_counter", Clock(1000.0))
    with pytest.raises(Interrupted):
        train(TINY, tmp_path, device="cpu", stop=Impatient(11), monitor=slow)
    done = len(slow.seconds)
    monkeypatch.setattr("empirical.training.train.time.perf_counter", Clock(1.0))
    result = train(TINY, tmp_path, device="cpu", monitor=fast)
    assert 0 < done < TINY.epochs - 1
    assert [left / 3000 for left in slow.seconds] == list(range(TINY.epochs - 1, TINY.epochs - 1 - done, -1))
    assert [left / 3 for left in fast.seconds] == list(range(TINY.epochs - 1 - done, -1, -1))
    assert result["seconds"] == 3000 * done + 3 * (TINY.epochs - done)
