import io
import re
import sys
from pathlib import Path

import pytest

from empirical.runtime.monitor import Lines, Quiet, Several, Terminal, by_default

ROW = {
    "epoch": 3,
    "learning_rate": 0.1,
    "train_loss": 0.51234,
    "train_accuracy": 0.875,
    "test_loss": 0.6,
    "test_accuracy": 0.75,
    "images_per_second": 12345.6,
}


class Screen(io.StringIO):
    def isatty(self):
        return True


def go(monitor, row):
    monitor.begin("drw cifar10", Path("runs/abc"), 200, 2)
    monitor.epoch(row, 3725.4)
    monitor.note("something")
    monitor.end()


def test_lines(capsys):
    go(Lines(), ROW)
    assert capsys.readouterr().err.splitlines() == [
        "drw cifar10: runs/abc, goes on after epoch 2",
        "drw cifar10: epoch 3/200  loss 0.5123  train 87.50%  test 75.00%  12,346 images/s  1:02:05 left",
        "something",
    ]


def test_what_is_not_known_is_left_out(capsys):
    go(Lines(), {**ROW, "train_accuracy": None, "test_accuracy": None})
    line = capsys.readouterr().err.splitlines()[1]
    assert line == "drw cifar10: epoch 3/200  loss 0.5123  12,346 images/s  1:02:05 left"


def test_a_bar_on_a_terminal(monkeypatch):
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("TERM", "xterm")
    monitor = by_default()
    assert isinstance(monitor, Terminal)
    go(monitor, ROW)
    for part in ("3/200", "loss 0.5123", "test 75.00%", "12,346 images/s", "1:02:05 left", "something"):
        assert part in screen.getvalue()


@pytest.mark.parametrize("width", [60, 80, 100])
def test_a_narrow_terminal_keeps_the_epoch_and_the_bar(monkeypatch, width):
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    monitor = Terminal()
    monitor.begin("balanced-softmax a-data-set-with-a-long-name.npz", Path("runs/abc"), 200, 2)
    monitor.epoch(ROW, 3725.4)
    monitor.end()
    lines = [re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", line) for line in re.split(r"[\r\n]+", screen.getvalue())]
    last = [line for line in lines if "3/200" in line][-1]
    assert len(last.rstrip()) <= width
    assert "━" in last
    assert "75.00%" in last


@pytest.mark.parametrize("monitor", [Quiet(), Several(Quiet(), Quiet())])
def test_quiet(capsys, monitor):
    go(monitor, ROW)
    shown = capsys.readouterr()
    assert shown.out == shown.err == ""


def test_several(capsys):
    go(Several(Lines(), Lines()), ROW)
    assert capsys.readouterr().err.count("something\n") == 2


def test_lines_elsewhere():
    assert isinstance(by_default(), Lines)
