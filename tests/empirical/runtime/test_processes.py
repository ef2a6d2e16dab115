"""A benchmark that is stopped leaves nothing behind: no process, no semaphore, no file, one line."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = """
import sys
from empirical.benchmark import bench
from empirical.commands.bench import main

everything = bench.Plan.candidates.fget
bench.Plan.candidates = property(lambda self: {sys.argv[1]: everything(self)[sys.argv[1]]})
if __name__ == "__main__":
    plan = ["--arch", "resnet8", "--batch-size", "2", "--steps", "20000", "--stacked", "2"]
    sys.exit(main([*plan, "--json", "bench.json"]))
"""
ROOT = Path(__file__).parents[3]
PATIENCE = 120
AT_WORK = {  # the program, the keeper of its semaphores, the process of the measurement, and what that begins
    "ours, beside a busy process": 4,
    "reference, 2 workers": 5,
    "2 runs, processes": 5,
}


def alive(group):
    """Return the processes of a group that have not ended."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, _, rest = status.read_text().rpartition(")")
        except OSError:  # it has ended meanwhile
            continue
        state, _, its_group = rest.split()[:3]
        if int(its_group) == group and state not in "ZX":
            found.append(status.parent.name)
    return found


def until(condition, what):
    """Wait for a condition."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the processes off /proc")
@pytest.mark.parametrize(
    ("candidate", "number"), list(zip(AT_WORK, [signal.SIGTERM, signal.SIGINT, signal.SIGTERM], strict=True))
)
def test_nothing_is_left(candidate, number, tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    process = subprocess.Popen(
        [sys.executable, "program.py", candidate],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        until(lambda: process.poll() is not None or len(alive(process.pid)) == AT_WORK[candidate], "it does not begin")
        # As schedulers and terminals do it: SIGTERM goes to the program, Ctrl-C to all that are in front.
        (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
        out, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, out) == (130, "")
        assert err == "python -m empirical bench: cancelled; nothing was written\n"
        until(lambda: not alive(process.pid), "processes are left")
        assert [file.name for file in tmp_path.iterdir() if file.name != "__pycache__"] == ["program.py"]
    finally:
        if alive(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the processes off /proc")
def test_the_busy_process_does_not_outlive_a_killed_one(tmp_path):
    code = "import time\nfrom empirical.runtime.processes import busy_process\nwith busy_process(): time.sleep(1000)"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, start_new_session=True)
    until(lambda: len(alive(process.pid)) == 2, "it does not begin")
    process.kill()
    process.wait()
    until(lambda: not alive(process.pid), "it is left")


INTERRUPTED = """
import os, signal, sys
from multiprocessing import util
from empirical.runtime.processes import listening, worker_processes

spawn = util.spawnv_passfds

def spawn_and_stop(path, argv, descriptors):
    pid = spawn(path, argv, descriptors)
    if "--multiprocessing-fork" in map(os.fsdecode, argv):
        os.kill(os.getpid(), int(sys.argv[1]))
    return pid

util.spawnv_passfds = spawn_and_stop
if __name__ == "__main__":
    with listening(), worker_processes() as submit:
        try:
            submit(abs, -3)
        except KeyboardInterrupt:
            print("stopped")
            raise SystemExit(130)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_that_is_being_started_is_started_whole(number, tmp_path):
    script = tmp_path / "program.py"
    script.write_text(INTERRUPTED)
    run = subprocess.run(
        [sys.executable, script, str(int(number))],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=PATIENCE,
    )
    assert (run.returncode, run.stdout, run.stderr) == (130, "stopped\n", "")


UNGUARDED = """
import os
from empirical.runtime.processes import pool

with pool(2, os.getpid) as processes:
    print(processes.submit(abs, -3).result())
"""


def test_a_script_without_a_main_guard_is_told_what_to_do(tmp_path):
    script = tmp_path / "mine.py"
    script.write_text(UNGUARDED)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, env=environment, timeout=PATIENCE)
    assert run.returncode == 1
    assert run.stderr.strip().splitlines()[-1].endswith('put the call under: if __name__ == "__main__":')
    assert run.stderr.count("Traceback") == 1
    assert not run.stdout
    script.write_text(UNGUARDED.replace("with", "if __name__ == '__main__':\n  with"))
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, env=environment, timeout=PATIENCE)
    assert (run.returncode, run.stdout, run.stderr) == (0, "3\n", "")
