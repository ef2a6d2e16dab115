"""Command line: ``python -m theory verify [--json FILE]`` and ``python -m theory prove ID``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, or 1 if a statement given as holding was not shown, or 2 for bad input."""
    parser = argparse.ArgumentParser(prog="python -m theory", description="Check the paper's statements.")
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify", help="check every statement of the ledger")
    verify.add_argument("--json", type=Path, metavar="FILE", help="write the ledger with its verdicts to FILE")
    prove = commands.add_parser("prove", help="print and run again the steps behind one statement")
    prove.add_argument("id", help="identifier of a statement, such as T1.probability")
    arguments = parser.parse_args(argv)

    from theory import report

    try:
        if arguments.command == "verify":
            return report.verify(arguments.json)
        return report.prove(arguments.id)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
