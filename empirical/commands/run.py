"""``tailbound empirical run``: Run an experiment and write its tables.

It writes ``DIR/NAME.csv``, the tidy table, and ``DIR/NAME.json``, how it was made and its summary, and the SHA-256 of
the tables: what reads them refuses one that is torn, altered or of another run. Further tables of an experiment go to
``DIR/NAME-TABLE.csv``.

Exit codes: 0, the table is whole; 1, a run failed, and the table has what the others gave, or it cannot be written; 75,
the sweep was stopped by SIGTERM or its time budget, the table has what there is, and the same command goes on; 130,
cancelled. Where DIR has the table with runs that are finished there and not here, it stays as it is, and the code is 1
or 75.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from typing import Any

from empirical.experiments import EXPERIMENTS, load
from empirical.experiments.experiment import Experiment
from empirical.experiments.shared.result_files import check_replaceable, lost_runs, result_files, summary_text
from empirical.runtime.command_line import FAILED, Parser, folder, program_name, record_output, writing
from empirical.runtime.progress import silent, track
from empirical.runtime.stop import CANCELLED
from empirical.storage.folders import make_folders
from empirical.storage.prediction_record import Changed
from empirical.storage.provenance import command, surroundings, training
from empirical.storage.tables import write_together
from empirical.sweeps.sweep import Sweep
from theory.support import messages

__all__ = ["main"]

_log = logging.getLogger(__name__)

_PROGRAM = f"{program_name('empirical')} run"


def main(argv: Sequence[str]) -> int:
    """Run the experiment that ``argv`` names and return the exit code."""
    description, _, more = str(__doc__).partition("\n\n")
    parser = Parser(prog=_PROGRAM, description=description.partition(": ")[2], epilog=more)
    names = sorted(EXPERIMENTS)
    parser.add_argument("experiment", choices=names, metavar="EXPERIMENT", help=", ".join(names))
    parser.add_argument("options", nargs=argparse.REMAINDER, help="its own options: run EXPERIMENT --help")
    args = parser.parse_args(argv)
    return _run(args.experiment, args.options)


def _run(name: str, options: Sequence[str]) -> int:
    """Run the experiment ``name``."""
    experiment = load(name)
    parser = Parser(prog=f"{_PROGRAM} {name}", description=experiment.title)
    experiment.add_options(parser)
    parser.add_argument("--out", required=True, type=folder, metavar="DIR", help="the folder for the results")
    messages.add_options(parser)
    args = parser.parse_args(options)
    with messages.show_messages(args.quiet, args.verbose):
        return _make(experiment, parser, args)


def _make(experiment: Experiment[Any, Any], parser: Parser, args: argparse.Namespace) -> int:
    """Run the experiment with its options and write its tables."""
    name = experiment.name
    try:
        prepared = experiment.prepare(args)
        check_replaceable(name, args.out, prepared.arguments, prepared.provenance)
        make_folders({**({"runs": args.runs} if experiment.trains and args.runs is not None else {}), "out": args.out})
    except ValueError as error:
        parser.error(str(error))
    sweep = prepared.sweep
    for text in () if sweep is None else sweep.notes:
        _log.info(text)
    started = time.perf_counter()
    try:
        rows = experiment.run(prepared.work, silent if args.quiet else track)
    except Changed as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        print(f"{parser.prog}: cancelled; the same command goes on", file=sys.stderr)
        return CANCELLED
    seconds = time.perf_counter() - started
    made = {
        "command": command(name, prepared.arguments),
        "arguments": prepared.arguments,
        "data": prepared.provenance,
        **surroundings(),
        **({} if sweep is None else _trained(sweep)),
        "seconds": round(seconds, 2),
    }
    if lost := lost_runs(experiment, args.out, rows):
        kept = f"{args.out} has a table of {name} with {len(lost)} finished runs that are not finished here: it stays"
        joined = f"name another folder, and join the two with: {program_name('empirical')} merge {name}"
        print(f"{parser.prog}: {kept}; {joined}", file=sys.stderr)
        return (0 if sweep is None else sweep.exit_code) or FAILED
    files, summary = result_files(experiment, rows, made, args.out)
    with writing(parser, args.out, "; what is trained stays"):
        write_together(files)
    record_output(args.out / f"{name}.json")
    print(summary_text(summary))
    print(f"{len(rows)} rows in {seconds:.1f} s: {args.out / name}.csv, {args.out / name}.json")
    return 0 if sweep is None else sweep.exit_code


def _trained(sweep: Sweep) -> dict[str, Any]:
    """Return what trained the runs of a sweep."""
    from empirical.storage.run_folder import Run

    return {"trained": training(Run(run, sweep.runs).result() for run in sweep.configs)}
