"""``tailbound empirical verify``: Judge the paper's claims about measurements, and our predictions, by their tables.

Of each prediction of ours it says when it was made: ``predicted`` where the record beside the runs shows that it came
before the runs that it speaks of, ``after the fact`` where it did not, and ``no record`` where the table has none.

Exit codes: 0, the claims are judged, whatever the verdicts and however much is missing; 1, a table does not hold the
predictions that were preregistered; 2, the input cannot be used.
"""

from __future__ import annotations

from collections.abc import Sequence

from empirical.runtime.command_line import Parser, file, folder, program_name

__all__ = ["main"]

_PROGRAM = f"{program_name('empirical')} verify"


def main(argv: Sequence[str]) -> int:
    """Judge what ``argv`` says and return the exit code."""
    parser = _parser()
    args = parser.parse_args(argv)
    from empirical.commands.verdicts import judge  # claims take a second to import, and --help does without

    return judge(parser, args)


def _parser() -> Parser:
    description, _, codes = str(__doc__).partition("\n\n")
    parser = Parser(prog=_PROGRAM, description=description.partition(": ")[2], epilog=codes)
    parser.add_argument(
        "--results", nargs="+", type=folder, required=True, metavar="DIR", help="the folders of the experiments' tables"
    )
    parser.add_argument(
        "--preregistered",
        nargs="+",
        type=file,
        default=[],
        metavar="FILE",
        help="compare the tables with what `predict` wrote before a campaign",
    )
    parser.add_argument("--json", type=file, metavar="FILE", help="write all verdicts and their comparisons there")
    return parser
