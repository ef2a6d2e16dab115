"""Runs that are killed, stopped and starved, in forked processes: a program for test_interruptions.py.

``python kills.py SCENARIO FOLDER`` prints what happened as JSON. Forks of one process that has torch loaded start in
milliseconds, so that many can be killed.
"""

import contextlib
import functools
import itertools
import json
import os
import random
import resource
import signal
import sys
import time
from pathlib import Path

import torch

from empirical.commands.train import main
from empirical.config import Config
from empirical.training.train import train

TINY = {"data": "digits", "largest": 60, "imbalance": 5, "arch": "resnet8", "width": 4, "batch_size": 32}
DATA = "gaussian:separation=4,classes=3,train=40,test=20"


def fork(work):
    """Do ``work()`` in a new process and return its id; the exit code is what it returns."""
    sys.stdout.flush()
    process = os.fork()
    if process:
        return process
    code = 99
    try:
        code = work() or 0
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
    finally:
        sys.stderr.flush()
        os._exit(code)


def ended(process):
    """Wait for a process and return its exit code; minus the signal if one ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def until_saved(folder, process):
    """Wait for the first checkpoint of a process that is at work."""
    while not list(folder.glob("*/last.pt")):
        assert os.waitpid(process, os.WNOHANG) == (0, 0)
        time.sleep(0.01)


def run(config, out, save_every=0):
    """Train and return no exit code."""
    train(config, out, device="cpu", save_every=save_every)


def command(*options, out):
    """Return the arguments of a small run of the command."""
    small = ["--data", DATA, "--imbalance", "4", "--arch", "resnet8", "--width", "4", "--resolution", "8"]
    return [*small, "--batch-size", "16", "--device", "cpu", "--save-every", "0", "--out", str(out), *options]


def at_random(folder):
    """Kill runs at random moments, 20 times at least and until the last of them has come to its end.

    Every other run has a checkpoint after each epoch, the others from time to time.
    """
    rng = random.Random(0)
    kills, runs = 0, []
    while kills < 20:
        config = Config(**TINY, epochs=40, method="drw", seed=len(runs))
        runs.append(config.digest)
        delay, code, seen = 0.3, None, []
        while code != 0:
            process = fork(functools.partial(run, config, folder, 0.05 * (len(runs) % 2)))
            time.sleep(rng.uniform(0, delay))
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            code = ended(process)
            assert code in (0, -signal.SIGKILL), code
            kills += code != 0
            seen.append(epochs(folder / config.digest))
            if len(seen) > 4 and seen[-5] == seen[-1]:  # a busy machine
                delay *= 2
        assert ended(fork(functools.partial(run, config, folder / "whole"))) == 0
    return {"kills": kills, "runs": runs, "parts": [path.name for path in folder.rglob("*.part")]}


def at_every_write(folder):
    """Kill a run right before and right after each file takes its place, and let it end each time."""
    config = Config(**TINY, epochs=4, method="drw")
    replace = os.replace

    def killed_at(point, after, out):
        calls = 0

        def dying(source, target):
            nonlocal calls
            calls += 1
            if calls == point and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            replace(source, target)
            if calls == point:
                os.kill(os.getpid(), signal.SIGKILL)

        os.replace = dying
        run(config, out)

    ends = []
    for point, after in itertools.product(range(1, 100), (False, True)):
        out = folder / f"{point}-{after}"
        code = ended(fork(functools.partial(killed_at, point, after, out)))
        ends.append([out.name, code, ended(fork(functools.partial(run, config, out)))])
        if code == 0:  # there was no such write: this is the run without a kill
            break
    return {"run": config.digest, "ends": ends}


def sigterm(folder):
    """Send SIGTERM to a long run in the middle of an epoch, and let the same command end it."""
    argv = command("--epochs", "40", out=folder)
    process = fork(lambda: main(argv))
    until_saved(folder, process)
    os.kill(process, signal.SIGTERM)
    code = ended(process)
    (stopped,) = folder.iterdir()
    shown = {"code": code, "epochs": epochs(stopped), "finished": (stopped / "result.json").exists()}
    return {**shown, **go_on(argv, stopped)}


def full_disk(folder):
    """Let no file grow beyond 30 kB, less than a checkpoint, from the second epoch on; then let the run end."""
    argv = command("--epochs", "5", out=folder)

    def starved():
        limit = (30_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1])
        save = torch.save
        saved = 0

        def later(*args, **kwargs):
            nonlocal saved
            saved += 1
            if saved == 2:
                resource.setrlimit(resource.RLIMIT_FSIZE, limit)
            save(*args, **kwargs)

        torch.save = later
        return main(argv)

    code = ended(fork(starved))
    (stopped,) = folder.iterdir()
    shown = {"code": code, "epochs": epochs(stopped), "files": sorted(path.name for path in stopped.iterdir())}
    return {**shown, **go_on(argv, stopped)}


def two_at_once(folder):
    """Start the same command twice."""
    argv = command("--epochs", "8", out=folder)
    processes = [fork(lambda: main(argv)) for _ in range(2)]
    codes = [ended(process) for process in processes]
    (only,) = folder.iterdir()
    return {"codes": codes, "epochs": epochs(only), "run": only.name}


def freed_by_death(folder):
    """Kill the process that holds the folder while another waits for it."""
    config = Config(**TINY, epochs=6)
    first = fork(lambda: run(config, folder))
    until_saved(folder, first)
    second = fork(lambda: run(config, folder))
    time.sleep(0.2)
    os.kill(first, signal.SIGKILL)
    codes = [ended(first), ended(second)]
    assert ended(fork(lambda: run(config, folder / "whole"))) == 0
    return {"codes": codes, "run": config.digest}


def go_on(argv, stopped):
    """Let the command end the stopped run, and do all of it anew in the folder ``whole``."""
    again = ended(fork(lambda: main(argv)))
    assert ended(fork(lambda: main([*argv, "--out", str(stopped.parent / "whole")]))) == 0
    return {"run": stopped.name, "again": again}


def epochs(run):
    """Return how many epochs the history of a run has."""
    path = run / "history.csv"
    return len(path.read_text().splitlines()[1:]) if path.exists() else 0


if __name__ == "__main__":
    torch.set_num_threads(1)
    scenario, folder = globals()[sys.argv[1]], Path(sys.argv[2])
    print(json.dumps(scenario(folder)))
