"""What the command lines share: bad input is one line and exit code 2, Ctrl-C another and 130."""

from __future__ import annotations

import argparse
import contextlib
import functools
import io
import os
import select
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, TextIO

from theory import __version__

__all__ = [
    "BAD_INPUT",
    "CANCELLED",
    "FAILED",
    "UNREAD",
    "Parser",
    "Unfailing",
    "discard_output",
    "file",
    "folder",
    "place",
    "program",
    "program_name",
    "show_result",
]

BAD_INPUT = 2
"""The exit code for input that cannot be used."""

CANCELLED = 130
"""The exit code after Ctrl-C, as shells have it."""

FAILED = 1
"""The exit code when the work was done, or tried, and something is not as it should be."""

UNREAD = 141
"""The exit code of a program whose output nobody reads any more, as shells have it."""

P = ParamSpec("P")


class Parser(argparse.ArgumentParser):
    """A parser that says in one line what is wrong and exits with code 2; ``--version`` says the version."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Create the parser, as :class:`argparse.ArgumentParser`."""
        super().__init__(*args, **options)
        self.add_argument("--version", action="version", version=f"tailbound {__version__}")

    def error(self, message: str) -> NoReturn:
        """Print the message without the usage, and exit."""
        self.exit(BAD_INPUT, f"{self.prog}: {message}\n")


def file(text: str) -> Path:
    """Return the path of a file that ``text`` names; nothing, and what no disk can hold, is refused."""
    return _path(text, "must name a file")


def folder(text: str) -> Path:
    """Return the path of a folder, as :func:`file`; nothing would mean the working directory."""
    return _path(text, "must name a folder")


def place(text: str) -> Path:
    """Return the path of a file or a folder, as :func:`file`."""
    return _path(text, "must name a file or a folder")


def program(prog: str) -> Callable[[Callable[P, int]], Callable[P, int]]:
    """Decorate the function that a command line runs.

    Ctrl-C then ends it with one line and 130; a reader that has gone, such as ``head``, with 141 if there was more to
    write and else with the program's own exit code.
    """

    def decorate(main: Callable[P, int]) -> Callable[P, int]:
        @functools.wraps(main)
        def run(*args: P.args, **kwargs: P.kwargs) -> int:
            messages = Unfailing(sys.stderr)
            before, sys.stderr = sys.stderr, messages
            _escape(sys.stdout)
            try:
                return main(*args, **kwargs)
            except KeyboardInterrupt:
                print(f"{prog}: cancelled", file=sys.stderr)
                return CANCELLED
            except BrokenPipeError:
                if not _is_broken(sys.stdout):  # it is another pipe
                    raise
                discard_output()
                return UNREAD
            finally:
                try:
                    if sys.stdout is not None:  # it is, if the shell closed it
                        sys.stdout.flush()
                except OSError as error:
                    discard_output()
                    if not isinstance(error, BrokenPipeError):
                        print(f"{prog}: the output cannot be written: {error.strerror}", file=sys.stderr)
                        sys.exit(FAILED)
                finally:
                    messages.tell(prog)
                    sys.stderr = before

        return run

    return decorate


class Unfailing:
    """A stream for messages that never fails: what cannot be printed must not decide over the work.

    Args:
        stream: where the messages go; None if the shell closed it.
    """

    def __init__(self, stream: TextIO | None) -> None:
        """Begin with nothing lost."""
        self._stream = stream
        self._lost = 0
        self._reason = ""

    def write(self, text: str) -> int:
        """Write the text if that is possible, and count it if not."""
        if self._stream is None:
            self._lose("it is closed", text)
            return len(text)
        try:
            self._stream.write(text)
        except (OSError, ValueError) as error:
            self._lose(getattr(error, "strerror", None) or str(error), text)
        return len(text)

    def flush(self) -> None:
        """Write what is buffered, if that is possible."""
        if self._stream is not None:
            try:
                self._stream.flush()
            except (OSError, ValueError) as error:
                self._lose(getattr(error, "strerror", None) or str(error), "")

    def tell(self, prog: str) -> None:
        """Say on standard output, if that can be written, how much was lost."""
        if self._reason and sys.stdout is not None:
            with contextlib.suppress(OSError, ValueError):
                print(f"{prog}: {self._lost} lines of messages could not be printed: {self._reason}", flush=True)

    def __getattr__(self, name: str) -> Any:
        """Return what else the stream has; a closed one is like no terminal."""
        return getattr(open(os.devnull, "w") if self._stream is None else self._stream, name)

    def _lose(self, reason: str, text: str) -> None:
        self._reason = self._reason or reason
        self._lost += text.count("\n")


def _escape(stream: TextIO | None) -> None:
    """Have a stream write letters that its encoding lacks as escapes, not fail."""
    if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
        stream.reconfigure(errors="backslashreplace")


def program_name(package: str) -> str:
    """Return how the command line of a package was called: ``tailbound theory`` or ``python -m theory``."""
    called = Path(sys.argv[0] if sys.argv else "").stem
    return f"tailbound {package}" if called == "tailbound" else f"python -m {package}"


def show_result(prog: str, text: str, kept: Path) -> None:
    """Print what came of work that is done; if that cannot be printed, say so, and where it is kept.

    A full disk or a reader that has gone does not make finished work a failure.

    Args:
        prog: the program that speaks.
        text: what is printed, in one piece, so that a reader of its first line does not break the rest.
        kept: the file that holds the result.
    """
    try:
        print(text, flush=True)
    except (OSError, ValueError) as error:
        discard_output()
        reason = getattr(error, "strerror", None) or error
        print(f"{prog}: the result could not be printed: {reason}; it is in {kept}", file=sys.stderr)


def discard_output() -> None:
    """Send what is still to be written to nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _is_broken(stream: TextIO) -> bool:
    """Return whether a stream is a pipe that nobody reads."""
    poll = select.poll()
    poll.register(stream, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def _path(text: str, allowed: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError(f"{text!r}: {allowed}")
    try:
        os.fsencode(text).decode()  # in a locale without UTF-8, its letters come as surrogates
        path = Path(text).expanduser()
        path.exists()
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        raise argparse.ArgumentTypeError(f"{text[:40]!r}: {allowed}: {error.strerror}") from None
    except UnicodeError:
        raise argparse.ArgumentTypeError(f"{text[:40]!r}: {allowed} in UTF-8: records name it") from None
    except RuntimeError:
        raise argparse.ArgumentTypeError(f"{text[:40]!r}: {allowed}: the home of ~ is not known") from None
    return path
