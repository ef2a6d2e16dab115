"""Command line: ``python -m theory verify [--json FILE]``, ``prove ID`` and ``bench [--quick] [--json FILE]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0, or 1 if a statement given as holding was not shown or a measured limit was not kept, or 2 for bad input.
    """
    parser = argparse.ArgumentParser(prog="python -m theory", description="Check the paper's statements.")
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify", help="check every statement of the ledger")
    verify.add_argument("--json", type=Path, metavar="FILE", help="write the ledger with its verdicts to FILE")
    prove = commands.add_parser("prove", help="print and run again the steps behind one statement")
    prove.add_argument("id", help="identifier of a statement, such as T1.probability")
    bench = commands.add_parser("bench", help="measure speed and memory against what NumPy needs")
    bench.add_argument("--quick", action="store_true", help="fewer replicates and turns: rough numbers, no limits")
    bench.add_argument("--json", type=Path, metavar="FILE", help="write the measurements to FILE")
    arguments = parser.parse_args(argv)

    try:
        if arguments.command == "bench":
            from theory import bench as measurements

            return measurements.run(arguments.json, arguments.quick)
        from theory import report

        if arguments.command == "verify":
            return report.verify(arguments.json)
        return report.prove(arguments.id)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
