"""``tailbound empirical merge``: Join tables of an experiment that was made in several places or at several times.

It writes ``DIR/NAME.csv``, ``DIR/NAME.json`` and further tables as ``run`` does, as if all had been made in one go: a
run that one table lacks comes from another. Tables may share rows that agree in every cell. They may differ in their
data sets, in their seeds, and in their imbalances and other lists where no row depends on the other values. ``parts``
in the JSON file has the command, the versions, the machine and the SHA-256 of each table.

Exit codes: 0, the table is written; 1, it cannot be; 2, the tables cannot be merged, and nothing was written.
"""

from __future__ import annotations

from collections.abc import Sequence

from empirical.experiments import EXPERIMENTS, load
from empirical.runtime.command_line import Parser, folder, program_name, record_output, writing
from empirical.storage.folders import folder_for_work
from empirical.storage.tables import write_together
from theory.support.validate import refuse

__all__ = ["main"]

_PROGRAM = f"{program_name('empirical')} merge"


def main(argv: Sequence[str]) -> int:
    """Merge the tables that ``argv`` names and return the exit code."""
    description, _, more = str(__doc__).partition("\n\n")
    parser = Parser(prog=_PROGRAM, description=description.partition(": ")[2], epilog=more)
    names = sorted(EXPERIMENTS)
    parser.add_argument("experiment", choices=names, metavar="EXPERIMENT", help=", ".join(names))
    parser.add_argument(
        "--results",
        nargs="+",
        type=folder,
        required=True,
        metavar="DIR",
        help="the folders of the tables, at least two",
    )
    parser.add_argument("--out", type=folder, required=True, metavar="DIR", help="the folder for the merged table")
    args = parser.parse_args(argv)
    from empirical.experiments.shared.result_files import result_files, summary_text
    from empirical.experiments.shared.table_merge import merge_tables

    experiment = load(args.experiment)
    try:
        if len(args.results) < 2:
            refuse("results", str(args.results[0]), "must be at least two folders")
        rows, made, lacking = merge_tables(experiment, args.results)
    except ValueError as error:
        parser.error(str(error))
    try:
        files, summary = result_files(experiment, rows, made, args.out, lacking)
    except ValueError:  # a cell has a word, such as a method, that the summary does not know
        parser.error(
            f"results={list(map(str, args.results))}: must hold rows that this version of {args.experiment} knows"
        )
    try:
        with folder_for_work(args.out), writing(parser, args.out):
            write_together(files)
    except ValueError as error:
        parser.error(str(error))
    table = args.out / args.experiment
    record_output(table.with_suffix(".json"))
    print(summary_text(summary))
    print(f"{len(rows)} rows of {len(made['parts'])} tables: {table}.csv, {table}.json")
    return 0
