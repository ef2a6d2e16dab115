"""The command line: ``tailbound figures NAME``, ``tailbound figures all`` or ``tailbound figures report``.

``all`` draws what there is and says in one line which figures it cannot draw, with ``--verbose`` in one line each why.
A figure asked for by name that cannot be drawn is an error: exit code 2, and nothing is written. ``report`` writes all
that there is on one HTML page.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from empirical.runtime.command_line import BAD_INPUT, Parser, folder, place, program, program_name
from empirical.storage.folders import make_folder
from empirical.storage.tables import check_file
from figures import FIGURES, ResultsError
from figures.style import save

__all__ = ["main"]

_PROGRAM = program_name("figures")


@program(_PROGRAM)
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv``, by default the program's, and return the exit code."""
    parser = Parser(prog=_PROGRAM, description="Draw figures from results, or write the report.")
    names = [*sorted(FIGURES), "all", "report"]
    parser.add_argument("name", choices=names, help="the figure, all of them, or the report")
    parser.add_argument("--results", type=folder, default=Path("results"), metavar="DIR", help="what to draw")
    parser.add_argument(
        "--out", type=place, metavar="DIR|FILE", help="where to (default: figures, or report.html, in the results)"
    )
    parser.add_argument("--verbose", action="store_true", help="with all: say of each figure not drawn what it lacks")
    args = parser.parse_args(argv)
    if args.name == "report":
        return _report(parser, args.results, args.out or args.results / "report.html")
    out = args.out or args.results / "figures"
    if args.name == "all":
        _check(parser, args.results, out)
    absent = []
    for name in sorted(FIGURES) if args.name == "all" else [args.name]:
        module = import_module(FIGURES[name])
        try:
            figure, command = module.draw(args.results), module.command(args.results)
        except ResultsError as error:
            if args.verbose or args.name != "all":
                print(f"{parser.prog}: {name} not drawn: {error}", file=sys.stderr)
            if args.name != "all":
                return BAD_INPUT
            absent.append(name)
            continue
        try:
            written = save(figure, out, name, command)
        except OSError as error:
            parser.error(f"out={str(out)!r}: must be a folder that can be made and written: {error.strerror}")
        print(*written, sep="\n")
    if absent and not args.verbose:
        print(
            f"{parser.prog}: not drawn, for lack of results: {', '.join(absent)}; --verbose says what each needs",
            file=sys.stderr,
        )
    return 0


def _check(parser: Parser, results: Path, out: Path) -> None:
    """Refuse folders that cannot be used, once rather than for each figure."""
    if not results.is_dir():
        parser.error(f"results={str(results)!r}: must be a folder that exists")
    try:
        make_folder(out)
    except ValueError as error:
        parser.error(str(error))


def _report(parser: Parser, results: Path, out: Path) -> int:
    """Write the report and say where it lies."""
    from figures import report

    if results.is_dir():  # else the report says so
        try:
            check_file("out", out)
        except ValueError as error:
            parser.error(str(error))
    try:
        size = report.write(results, out)
    except ResultsError as error:
        parser.error(str(error))
    except OSError as error:
        parser.error(f"out={str(out)!r}: must be a file that can be written: {error.strerror}")
    print(f"the report, {size / 1e6:.1f} MB: {out}")
    return 0
