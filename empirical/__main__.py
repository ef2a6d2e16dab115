"""The command line: ``tailbound empirical list``, ``run NAME ... --out DIR``,
``predict NAME ... --out DIR``, ``merge NAME --results DIR DIR --out DIR``,
``train ... --out DIR``, ``examine``, ``export``, ``bench`` and
``verify --results DIR``.

Each command is a module of :mod:`empirical.commands`; this one dispatches. Bad input ends with exit code 2 and one line
that says what is allowed; nothing is written then.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from empirical.runtime.command_line import Parser, program, program_name

__all__ = ["COMMANDS", "main"]

COMMANDS = {
    "run": "run an experiment",
    "predict": "write an experiment's predictions down, and train nothing that they speak of",
    "merge": "join tables of an experiment that was made in several places",
    "list": "name the experiments, and how many runs and how much time they need",
    "train": "train a network",
    "examine": "say what the theory says of anyone's network",
    "export": "write a finished run in three small files, to share",
    "bench": "measure how fast training is",
    "verify": "judge the paper's claims by the tables that are there",
}
"""The commands, modules of :mod:`empirical.commands`, and what they do."""

_PROGRAM = program_name("empirical")
_EXTRA = {"PIL", "sklearn", "threadpoolctl", "torch", "torchvision"}  # packages of the extra "empirical"


@program(_PROGRAM)
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv``, by default the program's, and return the exit code."""
    try:
        return _dispatch(sys.argv[1:] if argv is None else argv)
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        Parser(prog=_PROGRAM).error(f"needs the package {error.name}: pip install '.[empirical]' in tailbound's folder")


def _dispatch(argv: Sequence[str]) -> int:
    """Run the command that ``argv`` names."""
    if argv and argv[0] in COMMANDS:
        command_module = import_module(f"empirical.commands.{argv[0]}")
        return int(command_module.main(argv[1:]))
    parser = Parser(prog=_PROGRAM, description="The theory against data.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="|".join(COMMANDS))
    for name, meaning in COMMANDS.items():
        commands.add_parser(name, help=meaning)
    parser.parse_args(argv)
    raise AssertionError("the parser takes the commands only, and those were dealt with above")


if __name__ == "__main__":
    sys.exit(main())
