"""Messages go by logging, and a command shows them."""

import argparse
import logging
import re
from pathlib import Path

import pytest

from theory.support import messages

ROOT = Path(__file__).parents[3]
BY_CHOICE = {"empirical/runtime/monitor.py", "empirical/runtime/progress.py"}
"""What a caller asks for to show progress prints it."""


def say():
    logger = logging.getLogger("empirical.sweeps.sweep")
    logger.debug("in detail")
    logger.info("3 of 4 trained")
    logger.warning("failed")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], ["3 of 4 trained", "failed"]),
        (["-q"], ["failed"]),
        (["--verbose"], ["in detail", "3 of 4 trained", "failed"]),
    ],
)
def test_a_command_shows_what_its_options_say(options, expected, capsys):
    parser = argparse.ArgumentParser()
    messages.add_options(parser)
    args = parser.parse_args(options)
    with messages.show_messages(args.quiet, args.verbose):
        say()
    shown = capsys.readouterr().err.splitlines()
    if args.verbose:
        assert all(re.match(r"\d{4}-\d\d-\d\d .* empirical\.sweeps\.sweep: ", line) for line in shown)
        shown = [line.partition("sweep: ")[2] for line in shown]
    assert shown == expected


def test_afterwards_logging_is_as_it_was(capsys):
    before = [(logging.getLogger(name).level, list(logging.getLogger(name).handlers)) for name in messages.PACKAGES]
    with pytest.raises(KeyboardInterrupt), messages.show_messages():
        raise KeyboardInterrupt
    after = [(logging.getLogger(name).level, list(logging.getLogger(name).handlers)) for name in messages.PACKAGES]
    assert after == before


def test_quiet_and_verbose_exclude_each_other(capsys):
    parser = argparse.ArgumentParser()
    messages.add_options(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["-q", "-v"])


def test_library_code_prints_nothing():
    printing = {
        file.relative_to(ROOT).as_posix()
        for room in ("config", "runtime", "data", "storage", "training", "sweeps", "analysis", "experiments", "claims")
        for file in (ROOT / "empirical").glob(f"{room}*/**/*.py")
        if re.search(r"^\s+print\(", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert printing <= BY_CHOICE
