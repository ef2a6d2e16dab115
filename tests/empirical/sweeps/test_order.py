"""Which run begins when: what it starts from is there, a failure costs what depends on it and nothing else."""

import logging
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from threading import Event

import pytest

from empirical.config import Config
from empirical.runtime.stop import Stop
from empirical.sweeps import sweep
from empirical.sweeps.order import complete, needs
from empirical.sweeps.workers import Workers

PLAIN, DEFERRED, FOCAL = (Config(data="digits", method=method) for method in ("ce", "drw", "focal"))
TURNED, TURNED_DEFERRED = (Config(data="digits", method=method, pretrain="rotation") for method in ("ce", "drw"))
FIRST = TURNED.pretraining()
ALL = (DEFERRED, TURNED_DEFERRED, FOCAL, PLAIN, TURNED)


class Executor:
    """Ends a run at once, well or with an error, and remembers the order."""

    def __init__(self, bad=()):
        self.bad, self.begun = bad, []

    def submit(self, run):
        self.begun.append(run)
        future = Future()
        if run in self.bad:
            future.set_exception(ArithmeticError("bad"))
        else:
            future.set_result({"run": run.digest})
        return future


def test_each_begins_after_what_it_starts_from():
    executor = Executor()
    ended = [run for run, found in complete(needs(ALL), executor.submit)]
    assert sorted(run.digest for run in ended) == sorted(run.digest for run in (FIRST, *ALL))
    place = {run: number for number, run in enumerate(executor.begun)}
    assert place[FIRST] == 0
    assert place[FIRST] < place[TURNED] < place[TURNED_DEFERRED]
    assert place[PLAIN] < place[DEFERRED]


@pytest.mark.parametrize(
    ("bad", "left_out"),
    [((FIRST,), {TURNED, TURNED_DEFERRED}), ((PLAIN,), set()), ((FOCAL, TURNED), set())],
)
def test_a_failure_stops_what_starts_from_it_alone(bad, left_out):
    executor = Executor(bad)
    found = dict(complete(needs(ALL), executor.submit))
    assert {run for run, result in found.items() if isinstance(result, Exception)} == set(bad)
    assert {FIRST, *ALL} - found.keys() == left_out
    assert len(executor.begun) == len(set(executor.begun))


def test_what_cannot_be_collected_has_failed():
    def collect(run, value):
        raise OSError("full")

    executor = Executor()
    found = dict(complete(needs(ALL), executor.submit, collect))
    assert set(found) == {FIRST, PLAIN, FOCAL, DEFERRED}
    assert all(isinstance(result, OSError) for result in found.values())


def test_no_more_than_so_many_at_a_time():
    running, seen = set(), []

    def work(run):
        running.add(run)
        seen.append(len(running))
        running.remove(run)
        return {}

    with ThreadPoolExecutor(8) as pool:
        futures = []

        def submit(run):
            assert sum(not future.done() for future in futures) < 2
            futures.append(pool.submit(work, run))
            return futures[-1]

        assert len(list(complete(needs(ALL), submit, capacity=2))) == 6
    assert max(seen) <= 2


@pytest.mark.parametrize("most", [None, 1])
def test_after_the_end_nothing_begins_and_what_has_begun_is_waited_for(most):
    goes, go_on, begun = [True], Event(), []

    def work(run):
        begun.append(run)
        go_on.wait(30)
        return {}

    def going():
        if len(begun) == 1:
            goes[0] = False
            go_on.set()
        return goes[0]

    with ThreadPoolExecutor(1) as pool:
        found = dict(complete(needs(ALL), lambda run: pool.submit(work, run), capacity=most, goes_on=going))
    assert list(found) == begun == [FIRST]
    assert not any(isinstance(result, CancelledError) for result in found.values())


def test_a_sweep_counts_its_runs_and_no_pre_training(caplog):
    """Of four runs two are there; the other two start from the same pre-training, which is none of them."""

    def submit(run):
        future = Future()
        future.set_result({})
        return future

    caplog.set_level(logging.INFO, logger="empirical")
    place = Workers(submit, collect=lambda run, found: found)
    assert sweep._sweep((TURNED, TURNED_DEFERRED), 2, place, sweep.Outcome(), Stop()) is None
    assert caplog.messages == ["runs: 3 of 4 trained", "runs: 4 of 4 trained"]
