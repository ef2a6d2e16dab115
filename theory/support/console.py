"""The console that tables are printed on."""

from __future__ import annotations

from rich import console

from theory.support.cli import discard_output

__all__ = ["Console"]


class Console(console.Console):
    """A console whose reader may leave: what remains to be done is done all the same, and the exit code is its own."""

    def on_broken_pipe(self) -> None:
        """Print nothing from here on."""
        discard_output()
