"""Parts of all command lines: bad input is one line and exit code 2, Ctrl-C another and 130."""

from __future__ import annotations

import argparse
import codecs
import contextlib
import functools
import io
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, TextIO

from theory import __version__
from theory.support.files import is_pipe_or_device

__all__ = [
    "BAD_INPUT",
    "CANCELLED",
    "FAILED",
    "Parser",
    "Unfailing",
    "file",
    "file_or_folder",
    "folder",
    "program",
    "program_name",
    "record_output",
]

BAD_INPUT = 2
"""The exit code for input that cannot be used."""

CANCELLED = 130
"""The exit code after Ctrl-C, as shells have it."""

FAILED = 1
"""The exit code when the work was done, or tried, and something is not as it should be."""

P = ParamSpec("P")
_NAMES = "tailbound.names"
_NEGATIVE = re.compile(r"-(\d[\d_]*\.?\d*|\.\d+)(e[-+]?\d+)?$|-inf$|-nan$", re.IGNORECASE)
"""What is a number after an option and no option; argparse's own knows no exponents."""


class _Help(argparse.HelpFormatter):
    """Help that says of every option what holds where it is left out."""

    def _get_help_string(self, action: argparse.Action) -> str:
        text, usual = action.help or "", action.default
        if not action.option_strings or usual is None or usual is False or usual == argparse.SUPPRESS:
            return text
        if "default" in text or action.required or usual in ((), []):
            return text
        shown = " ".join(map(str, usual)) if isinstance(usual, list | tuple) else str(usual)
        return f"{text} (default: {shown.replace('%', '%%')})"


class Parser(argparse.ArgumentParser):
    """A parser that says in one line what is wrong and exits with code 2; ``--version`` says the version."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Create the parser, as :class:`argparse.ArgumentParser`."""
        super().__init__(*args, **{"formatter_class": _Help, **options})
        self._negative_number_matcher = _NEGATIVE
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


def file_or_folder(text: str) -> Path:
    """Return the path of a file or a folder, as :func:`file`."""
    return _path(text, "must name a file or a folder")


def program(prog: str) -> Callable[[Callable[P, int]], Callable[P, int]]:
    """Decorate the function that a command line runs.

    Ctrl-C then ends it with one line and 130. What cannot be printed never decides over the work: it goes on, ends with
    its own exit code, and says last what was lost. Only where the output is all there is, no file holds it
    (:func:`record_output`), a full disk or a closed output ends it with 1; a reader that has gone, as ``head``, does
    not.
    """

    def decorate(main: Callable[P, int]) -> Callable[P, int]:
        @functools.wraps(main)
        def run(*args: P.args, **kwargs: P.kwargs) -> int:
            _hold_descriptors()
            for stream in (sys.stdout, sys.stderr):
                _escape(stream)
            before = sys.stdout, sys.stderr
            output, messages = Unfailing(sys.stdout), Unfailing(sys.stderr)
            sys.stdout, sys.stderr = output, messages
            try:
                return main(*args, **kwargs)
            except KeyboardInterrupt:
                print(f"{prog}: cancelled", file=sys.stderr)
                return CANCELLED
            finally:
                failed = _tell(prog, output, messages)
                sys.stdout, sys.stderr = before
                if failed:
                    sys.exit(FAILED)

        return run

    return decorate


def record_output(path: Path) -> None:
    """Say which file or folder holds what the program prints, so that losing the output is no failure of the work."""
    if isinstance(sys.stdout, Unfailing):  # it is within :func:`program`
        sys.stdout.kept = path


class Unfailing:
    """A stream that never fails: what cannot be printed must not decide over the work.

    Args:
        stream: where the text goes; None if the shell closed it.

    Attributes:
        lost: why text was lost; empty if none was.
        lines: how many lines were lost.
        unread: whether it was lost because nobody reads any more.
        kept: what holds the text too.
    """

    def __init__(self, stream: TextIO | None) -> None:
        """Begin with nothing lost."""
        self.lost = ""
        self.lines = 0
        self.unread = False
        self.kept: Path | None = None
        self._is_closed = stream is None
        self._stream = io.StringIO() if stream is None else stream

    def write(self, text: str) -> int:
        """Write the text if that is possible, and count it if not."""
        if self._is_closed:
            self._lose("it is closed", text)
        else:
            try:
                self._stream.write(text)
            except (OSError, ValueError) as error:
                self._lose(error, text)
        return len(text)

    def flush(self) -> None:
        """Write what is buffered, if that is possible."""
        try:
            self._stream.flush()
        except (OSError, ValueError) as error:
            self._lose(error, "")

    def __getattr__(self, name: str) -> Any:
        """Return what else the stream has; a closed one is like no terminal."""
        return getattr(self._stream, name)

    def forget(self) -> None:
        """Send what is still in the buffer to nowhere, lest Python fails with it when it ends."""
        with contextlib.suppress(OSError, ValueError), open(os.devnull, "w") as nowhere:  # there may be no descriptor
            os.dup2(nowhere.fileno(), self._stream.fileno())

    def _lose(self, reason: Exception | str, text: str) -> None:
        self.lost = self.lost or getattr(reason, "strerror", None) or str(reason)
        self.lines += text.count("\n")
        self.unread = self.unread or isinstance(reason, BrokenPipeError)


def _tell(prog: str, output: Unfailing, messages: Unfailing) -> bool:
    """Say what of a program's output and messages was lost, and return whether nothing else holds the output."""
    output.flush()
    failed = bool(output.lost) and output.kept is None and not output.unread
    if failed:
        print(f"{prog}: the output cannot be written: {output.lost}", file=messages)
    elif output.lost and output.kept is not None:
        print(f"{prog}: the result could not be printed: {output.lost}; it is in {output.kept}", file=messages)
    if messages.lost:
        lost = f"{messages.lines} lines of messages could not be printed: {messages.lost}"
        print(f"{prog}: {lost}", file=output, flush=True)
    for stream in (output, messages):
        if stream.lost:
            stream.forget()
    return failed


def _hold_descriptors() -> None:
    """Open what the shell closed of input, output and messages, so that no file gets its number, and with it strays."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the least number that is free


def _escape(stream: TextIO | None) -> None:
    """Have a stream write letters that its encoding lacks as escapes, not fail; names of files as their bytes."""
    codecs.register_error(_NAMES, _bytes_of_names)
    if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape", "backslashreplace"):
        stream.reconfigure(errors=_NAMES)


def _bytes_of_names(error: UnicodeError) -> tuple[bytes, int]:
    """Return what an encoding writes for letters that it lacks, as :func:`codecs.register_error` has it.

    In a locale without UTF-8 the letters of a file's name come as surrogates of bytes: a terminal shows the bytes.
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    found = (
        bytes([ord(letter) - 0xDC00]) if 0xDC80 <= ord(letter) <= 0xDCFF else letter.encode("ascii", "backslashreplace")
        for letter in letters
    )
    return b"".join(found), error.end


def program_name(package: str) -> str:
    """Return how the command line of a package was called: ``tailbound theory`` or ``python -m theory``."""
    called = Path(sys.argv[0] if sys.argv else "").stem
    return f"tailbound {package}" if called == "tailbound" else f"python -m {package}"


def _path(text: str, allowed: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError(f"{text!r}: {allowed}")
    try:
        os.fsencode(text).decode()  # in a locale without UTF-8, its letters come as surrogates
        path = Path(text).expanduser()
        if is_pipe_or_device(path):
            raise argparse.ArgumentTypeError(f"{text!r}: {allowed}, not a pipe or a device")
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        raise argparse.ArgumentTypeError(f"{text[:40]!r}: {allowed}: {error.strerror}") from None
    except UnicodeError:
        raise argparse.ArgumentTypeError(f"{text[:40]!r}: {allowed} in UTF-8: records name it") from None
    except RuntimeError:
        raise argparse.ArgumentTypeError(f"{text[:40]!r}: {allowed}: the home of ~ is not known") from None
    return path
