"""``tailbound empirical predict``: Write predictions down, and train nothing that they speak of.

The predictions go to the record beside the runs, ``RUNS/predictions/NAME.jsonl``, and ``DIR/NAME-preregistration.json``
holds their SHA-256 and a digest of the file itself: post it before the campaign, and ``verify --preregistered FILE``
compares the finished table with it. The balanced networks that the predictions are made from are trained first.

Exit codes: 0, the predictions are written; 1, a balanced run failed, or a file cannot be written; 75, the sweep was
stopped by SIGTERM or its time budget, and the same command goes on; 130, cancelled.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from empirical.experiments import PREDICTING, load
from empirical.experiments.experiment import Experiment
from empirical.runtime.command_line import FAILED, Parser, folder, program_name, record_output, writing
from empirical.runtime.progress import silent, track
from empirical.runtime.stop import CANCELLED
from empirical.storage.folders import make_folders
from empirical.storage.prediction_record import Changed, preregistration
from empirical.storage.provenance import command
from empirical.storage.tables import write_whole
from theory.support import messages

__all__ = ["main"]

_PROGRAM = f"{program_name('empirical')} predict"


def main(argv: Sequence[str]) -> int:
    """Predict what ``argv`` names and return the exit code."""
    description, _, more = str(__doc__).partition("\n\n")
    parser = Parser(prog=_PROGRAM, description=description.partition(": ")[2], epilog=more)
    parser.add_argument("experiment", choices=PREDICTING)
    parser.add_argument("options", nargs=argparse.REMAINDER, help="its own options: predict EXPERIMENT --help")
    args = parser.parse_args(argv)
    return _predict(args.experiment, args.options)


def _predict(name: str, options: Sequence[str]) -> int:
    experiment = load(name)
    parser = Parser(prog=f"{_PROGRAM} {name}", description=f"Predict what `run {name}` measures.")
    experiment.add_options(parser)
    parser.add_argument("--out", required=True, type=folder, metavar="DIR", help="the folder for the preregistration")
    messages.add_options(parser)
    parser.set_defaults(only_predictions=True)
    args = parser.parse_args(options)
    with messages.show_messages(args.quiet, args.verbose):
        return _write_down(parser, experiment, args)


def _write_down(parser: Parser, experiment: Experiment[Any, Any], args: argparse.Namespace) -> int:
    """Write the predictions down and return the exit code."""
    name = experiment.name
    try:
        prepared = experiment.prepare(args)
        make_folders({**({} if args.runs is None else {"runs": args.runs}), "out": args.out})
        experiment.run(prepared.work, silent if args.quiet else track)
    except (ValueError, Changed) as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        print(f"{parser.prog}: cancelled; the same command goes on", file=sys.stderr)
        return CANCELLED
    made = prepared.provenance.get("predictions")
    if made is None:
        return (0 if prepared.sweep is None else prepared.sweep.exit_code) or FAILED
    content = preregistration(name, command(name, prepared.arguments), made)
    path = args.out / f"{name}-preregistration.json"
    with writing(parser, path, "; the record beside the runs stays"):
        write_whole(path, json.dumps(content, indent=2, allow_nan=False) + "\n")
    record_output(path)
    print(f"{made['when']}: {path}, digest {content['digest']}")
    for reason in made["because"]:
        print(f"  {reason}")
    return 0
