"""Command line: ``tailbound theory verify``, ``results``, ``prove ID``, ``recheck FILE`` and ``bench``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from theory.support.cli import Parser, file, program, program_name

_PROGRAM = program_name("theory")


@program(_PROGRAM)
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0, or 1 if a statement given as holding was not shown, a certificate was not repeated or a measured limit was
        not kept; bad input exits with 2, and Ctrl-C with 130.
    """
    parser = Parser(prog=_PROGRAM, description="Check the paper's statements, and results beyond them.")
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, what: str, failure: str) -> Parser:
        ends = f"Exit codes: 0; 1, {failure}; 2, the input is bad or a file cannot be written; 130, cancelled."
        return commands.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.", epilog=ends)

    unshown = "a statement that is given as holding was not shown"
    verify = command(
        "verify", "judge every statement of the paper, as printed: certified, refuted or qualified", unshown
    )
    results = command("results", "judge every result of ours that goes beyond the paper", unshown)
    prove = command("prove", "print and run again the steps behind one statement or result", "a step was not shown")
    prove.add_argument("id", metavar="ID", help="its name in the list of verify or results, such as T1.probability")
    recheck = command("recheck", "repeat a certificate and say whether it holds", "it does not hold here")
    recheck.add_argument("file", type=file, metavar="FILE", help="a certificate: of verify, or of theory.check")
    bench = command("bench", "measure speed and memory against what NumPy needs", "a limit is not kept")
    bench.add_argument("--quick", action="store_true", help="fewer replicates and turns: rough numbers, no limits")
    for one in (verify, results, bench):
        one.add_argument("--json", type=file, metavar="FILE", help="write what was found to FILE")
    verify.add_argument(
        "--certificate", type=file, metavar="FILE", help="check our own results too, and write all verdicts to FILE"
    )
    arguments = parser.parse_args(argv)

    try:
        if arguments.command == "bench":
            from theory import bench as measurements

            return measurements.run(arguments.json, arguments.quick)
        from theory.verdicts import report

        if arguments.command == "prove":
            return report.prove(arguments.id)
        if arguments.command == "recheck":
            return report.recheck(arguments.file)
        if arguments.command == "verify":
            return report.verify(arguments.json, arguments.certificate)
        return report.results(arguments.json)
    except (ValueError, OSError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    sys.exit(main())
