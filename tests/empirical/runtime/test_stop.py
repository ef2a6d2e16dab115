"""Requests to stop: by another's word, asked for now and then, and by SIGTERM."""

import os
import signal

import pytest

from empirical.runtime.stop import Interrupted, Stop


def test_what_is_asked_is_asked_once_a_second(monkeypatch):
    now, answers, asked = [100.0], [False, False, True], []

    def ask():
        asked.append(now[0])
        return answers[len(asked) - 1]

    monkeypatch.setattr("empirical.runtime.stop.time.monotonic", lambda: now[0])
    stop = Stop(stop_requested=ask)
    for _ in range(20):
        stop.check()
        now[0] += 0.1
    assert len(asked) == 2
    assert asked[1] - asked[0] >= 1
    now[0] += 1
    with pytest.raises(Interrupted, match="the sweep was stopped"):
        stop.check()


def test_sigterm_while_it_listens():
    with Stop() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Interrupted, match="SIGTERM"):
            stop.check()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
