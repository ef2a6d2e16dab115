"""Command line: ``python -m theory verify``, ``results``, ``prove ID`` and ``bench``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from theory._cli import Parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0, or 1 if a statement given as holding was not shown or a measured limit was not kept; bad input exits with 2.
    """
    parser = Parser(prog="python -m theory", description="Check the paper's statements, and results beyond them.")
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify", help="check every statement of the ledger")
    results = commands.add_parser("results", help="check every result that goes beyond the paper")
    prove = commands.add_parser("prove", help="print and run again the steps behind one statement or result")
    prove.add_argument("id", help="its identifier, such as T1.probability")
    bench = commands.add_parser("bench", help="measure speed and memory against what NumPy needs")
    bench.add_argument("--quick", action="store_true", help="fewer replicates and turns: rough numbers, no limits")
    for command in (verify, results, bench):
        command.add_argument("--json", type=Path, metavar="FILE", help="write what was found to FILE")
    arguments = parser.parse_args(argv)

    try:
        if arguments.command == "bench":
            from theory import bench as measurements

            return measurements.run(arguments.json, arguments.quick)
        from theory import report

        if arguments.command == "prove":
            return report.prove(arguments.id)
        return {"verify": report.verify, "results": report.results}[arguments.command](arguments.json)
    except (ValueError, OSError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    sys.exit(main())
