"""Showing how a run goes: a bar on a terminal, a line an epoch elsewhere, TensorBoard's files if asked for."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from theory.support.validate import refuse

__all__ = ["Lines", "Monitor", "Quiet", "Several", "Tensorboard", "Terminal", "by_default"]


_LABEL = 24
_BAR = 10
_WIDE = 120


class Monitor(Protocol):
    """A listener to the progress of a run."""

    def begin(self, label: str, folder: Path, epochs: int, done: int) -> None:
        """A run of ``epochs`` begins or goes on after ``done`` of them."""

    def epoch(self, row: Mapping[str, Any], seconds_left: float) -> None:
        """An epoch is over: its row of the history, and how long the rest will take."""

    def note(self, text: str) -> None:
        """Something else to know."""

    def end(self) -> None:
        """The run is over, or stopped."""


class Quiet:
    """Shows nothing."""

    def begin(self, label: str, folder: Path, epochs: int, done: int) -> None:
        """Show nothing."""

    def epoch(self, row: Mapping[str, Any], seconds_left: float) -> None:
        """Show nothing."""

    def note(self, text: str) -> None:
        """Show nothing."""

    def end(self) -> None:
        """Show nothing."""


class Lines(Quiet):
    """Plain lines on standard error, one an epoch."""

    def __init__(self) -> None:
        """Begin with no run."""
        self._label, self._epochs = "", 0

    def begin(self, label: str, folder: Path, epochs: int, done: int) -> None:
        """Say which run it is."""
        self._label, self._epochs = label, epochs
        self.note(f"{label}: {folder}" + (f", goes on after epoch {done}" if done else ""))

    def epoch(self, row: Mapping[str, Any], seconds_left: float) -> None:
        """Print the epoch's line."""
        self.note(f"{self._label}: epoch {row['epoch']}/{self._epochs}  {_numbers(row)}  {_clock(seconds_left)} left")

    def note(self, text: str) -> None:
        """Print the text."""
        print(text, file=sys.stderr, flush=True)


class Terminal(Quiet):
    """A bar of rich."""

    def begin(self, label: str, folder: Path, epochs: int, done: int) -> None:
        """Show the bar."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._console = Console(stderr=True)
        text = f"{label}: {folder}" + (f", goes on after epoch {done}" if done else "")
        self._console.print(text, markup=False, highlight=False)
        short = label if len(label) <= _LABEL else label[: _LABEL - 1] + "…"
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=_BAR if self._console.width < _WIDE else None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[numbers]}", markup=False),
            console=self._console,
        )
        # What is left of the line for numbers: the bar, the epochs and a space after each column come first.
        self._room = self._console.width - len(short) - _BAR - 2 * len(str(epochs)) - 1 - 3
        self._task = self._bar.add_task(short, total=epochs, completed=done, numbers="")
        self._bar.start()

    def epoch(self, row: Mapping[str, Any], seconds_left: float) -> None:
        """Move the bar."""
        numbers = _fitting(row, seconds_left, self._room)
        self._bar.update(self._task, completed=row["epoch"], numbers=numbers)

    def note(self, text: str) -> None:
        """Print the text above the bar."""
        from rich.console import Console

        Console(stderr=True).print(text, markup=False, highlight=False)

    def end(self) -> None:
        """Leave the bar as it stands."""
        self._bar.stop()


class Tensorboard(Quiet):
    """TensorBoard's event files, in the folder ``tensorboard`` of the run.

    Raises:
        ValueError: the package ``tensorboard`` is not installed.
    """

    def __init__(self) -> None:
        """Find the package."""
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            refuse(
                "tensorboard", True, "needs the package tensorboard: pip install '.[tensorboard]' in tailbound's folder"
            )
        self._writer_class: Any = SummaryWriter

    def begin(self, label: str, folder: Path, epochs: int, done: int) -> None:
        """Open the event file; what an interrupted process wrote of later epochs is dropped."""
        self._writer = self._writer_class(folder / "tensorboard", purge_step=done + 1)

    def epoch(self, row: Mapping[str, Any], seconds_left: float) -> None:
        """Write the epoch's numbers."""
        for name, value in row.items():
            if name != "epoch" and value is not None:
                self._writer.add_scalar(name, value, row["epoch"])

    def end(self) -> None:
        """Close the event file."""
        self._writer.close()


class Several:
    """Tells several monitors."""

    def __init__(self, *monitors: Monitor) -> None:
        """Keep the monitors."""
        self._monitors = monitors

    def begin(self, label: str, folder: Path, epochs: int, done: int) -> None:
        """Tell each."""
        for monitor in self._monitors:
            monitor.begin(label, folder, epochs, done)

    def epoch(self, row: Mapping[str, Any], seconds_left: float) -> None:
        """Tell each."""
        for monitor in self._monitors:
            monitor.epoch(row, seconds_left)

    def note(self, text: str) -> None:
        """Tell each."""
        for monitor in self._monitors:
            monitor.note(text)

    def end(self) -> None:
        """Tell each."""
        for monitor in self._monitors:
            monitor.end()


def by_default() -> Monitor:
    """Return the bar if standard error is a terminal, the lines if not."""
    return Terminal() if sys.stderr.isatty() else Lines()


def _fitting(row: Mapping[str, Any], seconds_left: float, room: int) -> str:
    """Return as many of an epoch's numbers as a line has room for; the test accuracy is the last to leave."""
    clock = f"{_clock(seconds_left)} left"
    parts = [*_numbers(row).split("  "), clock]
    for first in ("images/s", "loss", "train", clock, "test"):
        if len("  ".join(parts)) > room:
            parts = [part for part in parts if first not in part]
    return "  ".join(parts)


def _numbers(row: Mapping[str, Any]) -> str:
    """Return an epoch's numbers in a few words."""
    parts = [f"loss {row['train_loss']:.4f}"]
    if row["train_accuracy"] is not None:
        parts.append(f"train {100 * row['train_accuracy']:.2f}%")
    if row["test_accuracy"] is not None:
        parts.append(f"test {100 * row['test_accuracy']:.2f}%")
    return "  ".join([*parts, f"{row['images_per_second']:,.0f} images/s"])


def _clock(seconds: float) -> str:
    """Return a time to go, as hours:minutes:seconds.

    Example:
        >>> _clock(3725.4)
        '1:02:05'
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
