"""Sweeps on a Dask cluster and as jobs: the same table as on this machine, whatever happens to a worker."""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from submitit.core.utils import FailedJobError, UncompletedJobError

from empirical.config import Config
from empirical.experiments import rebalance
from empirical.experiments.shared import table1_grid
from empirical.runtime.stop import Interrupted
from empirical.storage.run_folder import Run
from empirical.sweeps import slurm
from empirical.sweeps.profiles import PROFILES
from empirical.sweeps.sweep import run_sweep
from empirical.sweeps.workers import Job

ROOT = Path(__file__).parents[3]
RUNS = 2 * 2  # CE and DRW, with and without the pre-training, which is a run of its own and not one of the sweep
DEADLINE = 240  # seconds; a machine that does nothing else needs a tenth


def written(out):
    return (out / "rebalance.csv").read_bytes()


def eventually(found):
    """Return what ``found`` returns once that is not nothing."""
    for _ in range(DEADLINE * 20):
        if value := found():
            return value
        time.sleep(0.05)
    raise TimeoutError


@pytest.fixture(scope="module", autouse=True)
def few():
    """Five trainings."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(table1_grid, "METHODS", ("ce", "drw"))
        patched.setitem(table1_grid.IMBALANCE, "smoke", (10,))
        yield


@pytest.fixture
def longer(monkeypatch):
    """Runs that last."""
    monkeypatch.setitem(PROFILES, "smoke", {**PROFILES["smoke"], "epochs": 2000})


@pytest.fixture(scope="module")
def alone(tmp_path_factory, few, smoke):
    """The sweep in one process."""
    out = tmp_path_factory.mktemp("alone")
    assert smoke("rebalance", out, "--workers", 1) == 0
    return out


@pytest.fixture
def single(tmp_path, monkeypatch, alone, smoke):
    """The sweep of one of the runs."""
    monkeypatch.setattr(table1_grid, "METHODS", ("ce",))
    monkeypatch.setattr(table1_grid, "PRETRAININGS", ("none",))
    assert smoke("rebalance", tmp_path / "single", "--runs", alone / "runs") == 0
    return tmp_path / "single"


def strike(runs, kind):
    """Send a signal to the process of a run that has an epoch behind it."""
    begun = eventually(lambda: [path.parent for path in runs.glob("*/last.pt")])[0]
    os.kill(int((begun / ".lock").read_text()), kind)


class Cluster:
    """A scheduler and two workers, each in a folder of its own."""

    def __init__(self, folder):
        self.folders = [folder / name for name in ("scheduler", "one", "two")]
        for place in self.folders:
            place.mkdir()
        contact = folder / "contact.json"
        self.processes = [self.start(0, "scheduler", "--port", "0", "--scheduler-file", contact)]
        address = json.loads(eventually(lambda: contact.exists() and contact.read_text()))["address"]
        self.executor = address.replace("tcp://", "dask://")
        for place in (1, 2):
            own = ("--nthreads", "1", "--no-nanny", "--resources", "GPU=1", "--local-directory", self.folders[place])
            self.processes.append(self.start(place, "worker", address, *own))

    def start(self, place, kind, *options):
        argv = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--host", "127.0.0.1", "--no-dashboard"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        with (self.folders[place] / "log").open("w") as log:
            words = [str(word) for word in (*argv, *options)]
            return subprocess.Popen(words, cwd=self.folders[place], env=environment, stdout=log, stderr=log)

    def begun(self):
        """Return which worker is in the middle of a run, after its first epoch."""
        alive = [place for place in (1, 2) if self.processes[place].poll() is None]
        return next((place for place in alive if list(self.folders[place].rglob("last.pt"))), None)

    def end(self):
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    yield made
    made.end()


@contextmanager
def meanwhile(action):
    """Do something in another thread; it must be done by the end."""
    failed = []

    def act():
        try:
            action()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=act)
    thread.start()
    yield
    thread.join(DEADLINE)
    assert not failed


def test_a_process_is_killed_in_the_middle(tmp_path, single, capsys, smoke):
    out = tmp_path / "out"
    with meanwhile(lambda: strike(out / "runs", signal.SIGKILL)):
        assert smoke("rebalance", out, "--workers", 2) == 0
    assert "processes were lost: " in capsys.readouterr().err
    assert written(out) == written(single)


def test_processes_end_with_the_one_that_began_them(tmp_path):
    lines = (
        "import multiprocessing, time",
        "from empirical.sweeps.workers import _end_with_parent",
        "def wait():",
        "    _end_with_parent()",
        "    print(multiprocessing.current_process().pid, flush=True)",
        "    time.sleep(300)",
        "if __name__ == '__main__':",
        "    multiprocessing.get_context('spawn').Process(target=wait).start()",
    )
    (tmp_path / "parent.py").write_text("\n".join(lines))
    argv = [sys.executable, "parent.py"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=environment) as parent:
        child = int(parent.stdout.readline())
        parent.kill()
        eventually(lambda: not Path(f"/proc/{child}").exists())


def test_a_caller_s_executor(tmp_path, alone):
    parser = argparse.ArgumentParser()
    rebalance.EXPERIMENT.add_options(parser)
    args = parser.parse_args(["--profile", "smoke", "--device", "cpu", "--runs", str(tmp_path)])
    with ThreadPoolExecutor(2) as pool:
        setting = replace(rebalance.EXPERIMENT.prepare(args).sweep, executor=pool)
        found = run_sweep(setting)
        assert pool.submit(pow, 2, 3).result() == 8
    assert setting.exit_code == 0
    for run, result in found:
        assert result["last"] == Run(run, alone / "runs").result()["last"]


def test_an_executor_that_does_not_answer(tmp_path, capsys, smoke):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # and does not listen
        place = f"127.0.0.1:{held.getsockname()[1]}"
        assert smoke("rebalance", tmp_path / "out", "--executor", f"dask://{place}") == 2
    shown = capsys.readouterr().err
    assert f"executor='dask://{place}': must be the address of a Dask scheduler, and none answers there\n" in shown
    assert not (tmp_path / "out").exists()


def test_a_cluster_is_asked_to_stop_and_what_it_has_comes_back(tmp_path, monkeypatch, longer, cluster, smoke):
    rng = np.random.default_rng(0)
    parts = {f"x_{part}": rng.integers(0, 256, (60, 8, 8), dtype=np.uint8) for part in ("train", "test")}
    labels = {f"y_{part}": np.repeat([0, 1, 2], 20) for part in ("train", "test")}
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    (here / "sets").mkdir()
    np.savez("sets/toy.npz", **parts, **labels)  # a path that means nothing in the folders of the workers

    def stop():
        eventually(cluster.begun)
        os.kill(os.getpid(), signal.SIGTERM)

    with meanwhile(stop):
        assert smoke("rebalance", tmp_path / "out", "--executor", cluster.executor, "--data", "sets/toy.npz") == 75
    came = list((tmp_path / "out" / "runs").glob("*/history.csv"))
    assert any(len(path.read_text().splitlines()) > 1 for path in came)
    assert not list((tmp_path / "out" / "runs").glob("*/result.json"))
    eventually(lambda: cluster.begun() is None)


def test_a_worker_is_killed_in_the_middle(tmp_path, alone, cluster, capsys, smoke):
    def kill():
        place = eventually(cluster.begun)
        cluster.processes[place].kill()

    with meanwhile(kill):
        out = tmp_path / "out"
        assert smoke("rebalance", out, "--executor", cluster.executor, "--resources", "GPU=1") == 0
    assert sum(process.poll() is not None for process in cluster.processes) == 1
    assert written(out) == written(alone)
    shown = capsys.readouterr().err
    assert f"{RUNS} of {RUNS} trained" in shown
    for run in (alone / "runs").iterdir():
        left = {path.name for path in run.iterdir()}
        assert {path.name for path in (out / "runs" / run.name).iterdir()} == left
        assert (out / "runs" / run.name / "last.pt").stat().st_size == (run / "last.pt").stat().st_size
        there, expected = (
            json.loads((folder / run.name / "result.json").read_text()) for folder in (out / "runs", alone / "runs")
        )
        assert there["shared"] == expected["shared"]


def test_what_a_run_starts_from_goes_along(alone):
    from empirical.sweeps.dask_cluster import _start

    deferred = rebalance.EXPERIMENT.plan("smoke", "digits", 10, 0)[-1]
    assert (deferred.method, deferred.pretrain) == ("drw", "rotation")
    anew = replace(deferred, epochs=6)  # nothing of it is there
    assert _start(anew, alone / "runs") == {run.digest: {} for run in (anew, anew.pretraining(), anew.twin())}
    whole = {"config.json", "history.csv", "last.pt", "result.json"}
    start = {name: set(files) for name, files in _start(deferred, alone / "runs").items()}
    assert {name: files & whole for name, files in start.items()} == {
        deferred.digest: whole,
        deferred.pretraining().digest: whole,
    }
    (alone / "runs" / deferred.digest / "last.pt").rename(alone / "aside")
    start = _start(deferred, alone / "runs")
    (alone / "aside").rename(alone / "runs" / deferred.digest / "last.pt")
    assert set(start[deferred.twin().digest]) == {"config.json", "images.npz", "switch.pt"}


def test_a_job_that_is_told_to_end_begins_again_and_goes_on(tmp_path, single, smoke):
    out, runs = tmp_path / "out", tmp_path / "runs"
    with meanwhile(lambda: strike(runs, signal.SIGUSR2)):  # what comes ahead of the end of a job's time
        assert smoke("rebalance", out, "--executor", "submitit://local", "--runs", runs) == 0
    assert written(out) == written(single)
    logs = [path.read_text() for path in (runs / "jobs").glob("*_log.*")]
    assert sum("Requeued job" in log for log in logs) == 1
    assert len(list((runs / "jobs").glob("*_submitted.pkl"))) == 1


class FakeJobs:
    """Submitit's executor, its jobs ending at once with what is said beforehand."""

    def __init__(self, *ends):
        self.ends, self.begun, self.cancelled = list(ends), [], 0

    def submit(self, training):
        end = self.ends[len(self.begun)]
        self.begun.append(training)
        return SimpleNamespace(
            done=lambda: end != "pending",
            result=lambda: raised(end) if isinstance(end, Exception) else end,
            state="PENDING" if end == "pending" else "RUNNING",
            cancel=lambda check: setattr(self, "cancelled", self.cancelled + 1),
        )


def raised(error):
    raise error


@pytest.fixture
def queue(tmp_path, monkeypatch):
    """A place whose jobs are made up."""
    monkeypatch.setattr(slurm, "_PAUSE", 0.01)

    @contextmanager
    def opened(*ends):
        fake = FakeJobs(*ends)
        monkeypatch.setattr(slurm, "_executor", lambda *options: fake)
        job = Job(tmp_path, tmp_path, "cpu", None)
        (tmp_path / "jobs").mkdir()
        with slurm.jobs(job, "submitit://local", {}, None) as place:
            yield fake, place

    return opened


LOST, FAILED = UncompletedJobError("lost"), FailedJobError("failed")


@pytest.mark.parametrize(
    ("ends", "begun"), [(({"a": 1},), 1), ((LOST, LOST, {"a": 1}), 3), ((LOST, LOST, LOST), 3), ((LOST, FAILED), 2)]
)
def test_a_lost_job_begins_again_three_times_at_most(queue, ends, begun):
    with queue(*ends) as (fake, place):
        future = place.submit(Config(data="digits"))
        if isinstance(ends[-1], Exception):
            assert future.exception(30) is ends[-1]
        else:
            assert place.collect(None, future.result(30)) == {"a": 1}
    assert len(fake.begun) == begun
    assert len(set(fake.begun)) == 1


def test_jobs_that_wait_for_their_turn_never_begin_after_the_end(queue):
    with queue("pending", LOST) as (fake, place):
        place.submit(Config(data="digits"))
        place.halt()
        assert fake.cancelled == 1
        late = place.submit(Config(data="digits", seed=1))
        assert isinstance(late.exception(30), Interrupted)
    assert len(fake.begun) == 2
