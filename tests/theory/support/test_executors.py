"""Executors: the three kinds, their order of results, and what is refused."""

import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from theory.support.executors import map_tasks, open_executor


def test_results_come_in_the_order_of_the_tasks():
    assert map_tasks(None, pow, [(2, k) for k in range(20)]) == [2**k for k in range(20)]


def test_an_executor_of_the_caller_stays_open():
    with ThreadPoolExecutor(1) as pool:
        assert map_tasks(pool, pow, [(2, 3)]) == [8]
        assert map_tasks(pool, pow, [(3, 2)]) == [9]


def test_the_first_error_is_raised_and_what_still_waits_is_cancelled():
    ran, seen = [], Event()

    def work(task):
        if task == 0:
            raise ZeroDivisionError
        seen.wait(60)
        ran.append(task)

    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(ZeroDivisionError):
            map_tasks(pool, work, [(k,) for k in range(100)])
        seen.set()
    assert ran in ([], [1])  # at most the one that had started


@pytest.mark.parametrize("executor", [7, "dask", "dask://nowhere", "tcp://127.0.0.1:1", "dask://a b:1"])
def test_what_is_no_executor_is_refused(executor):
    with pytest.raises(ValueError, match=r"^executor=.*dask://HOST:PORT"), open_executor(executor):
        pass


def test_dask_without_its_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(ValueError, match=r"^executor='dask://127.0.0.1:1': needs .*distributed"),
        open_executor("dask://127.0.0.1:1"),
    ):
        pass
