"""The command line: ``tailbound figures NAME``, ``tailbound figures all`` or ``tailbound figures report``.

``all`` draws what there is and says in one line which figures it cannot draw, with ``--verbose`` in one line each why.
A figure asked for by name that cannot be drawn is an error: exit code 2, and nothing is written. ``report`` writes all
that there is on one HTML page. Nothing is written into the folder of the results unless ``--out`` names it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from textwrap import TextWrapper
from typing import Any

from empirical.runtime.command_line import (
    BAD_INPUT,
    Parser,
    file_or_folder,
    folder,
    numeric,
    program,
    program_name,
    record_output,
)
from empirical.storage.folders import make_folder
from empirical.storage.tables import check_file
from figures import FIGURES, Drawing, ResultsError
from figures.style import FORMATS, STYLES, save, style
from theory.support.validate import refuse

__all__ = ["main"]

_PROGRAM = program_name("figures")
_FORMATS = ("png", "svg")
_WIDTH = 80  # of a terminal
_THEORY = {
    "theorem1": {
        "mu1": "mean of the positive class (default 0)",
        "mu2": "mean of the negative class (default 1)",
        "sigma": "standard deviation of both (default 1)",
        "beta": "weight of a similar sample's own class (default 0.5)",
        "p": "chance of a pure positive sample (default 0.8)",
        "n_pos": "number of positive samples (default 1000)",
        "n_neg": "number of negative samples (default 100)",
    },
    "theorem2": {
        "separation": "separations M, a line each (default 1 2 3 4)",
        "imbalance": "the least and the largest imbalance (default 1 100)",
    },
}
_SEVERAL = "theorem2"  # whose options take several numbers


@program(_PROGRAM)
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv``, by default the program's, and return the exit code."""
    parser = _parser()
    args = parser.parse_args(argv)
    options = _options(parser, args)
    if args.name == "report":
        try:
            for option in ("format", "style", "dpi", "verbose"):
                value = getattr(args, option)
                if value is not None and value is not False:
                    refuse(option, value, "must be left out: the report has no use for it")
        except ValueError as error:
            parser.error(str(error))
        return _report(parser, args.results, args.out or Path("report.html"))
    out = args.out or Path("figures")
    if args.out is None and (out / "__init__.py").exists():
        parser.error("out='figures': must be no Python package, as tailbound's own figures are: name one with --out")
    if args.name == "all":
        _check(parser, args.results, out)
    with ExitStack() as look:
        try:
            look.enter_context(style(args.style or "paper", args.dpi))
        except ValueError as error:
            parser.error(str(error))
        absent = [
            name
            for name in (sorted(FIGURES) if args.name == "all" else [args.name])
            if not _draw(parser, args, name, out, options)
        ]
    if absent and args.name != "all":
        return BAD_INPUT
    if absent and not args.verbose:
        print(
            f"{parser.prog}: not drawn, for lack of results: {', '.join(absent)}; --verbose says what each needs",
            file=sys.stderr,
        )
    return 0


def _parser() -> Parser:
    """Return the parser of the command line."""
    width = max(map(len, FIGURES)) + 2
    wrap = TextWrapper(_WIDTH, initial_indent="  ", subsequent_indent=" " * (width + 2), break_on_hyphens=False)
    listed = "\n".join(wrap.fill(f"{name:{width}}{FIGURES[name].title}") for name in sorted(FIGURES))
    parser = Parser(
        prog=_PROGRAM,
        description="Draw figures from results, or write the report.",
        epilog=f"figures:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [*sorted(FIGURES), "all", "report"]
    parser.add_argument("name", choices=names, metavar="NAME", help="a figure of those below, all, or report")
    parser.add_argument(
        "--results",
        type=folder,
        default=Path("results"),
        metavar="DIR",
        help="the folder of the tables (default: results)",
    )
    parser.add_argument(
        "--out", type=file_or_folder, metavar="DIR|FILE", help="where to (default: figures; of the report: report.html)"
    )
    parser.add_argument("--format", nargs="+", choices=FORMATS, help="of the files (default: png svg)")
    parser.add_argument("--style", choices=list(STYLES), help="paper (default): as wide as a column; screen: larger")
    parser.add_argument(
        "--dpi",
        type=numeric,
        metavar="N",
        help="dots per inch of a PNG (default: "
        + ", ".join(f"{name} {dots}" for name, (_, _, dots) in STYLES.items())
        + ")",
    )
    parser.add_argument("--verbose", action="store_true", help="with all: say of each figure not drawn what it lacks")
    for figure, options in _THEORY.items():
        group = parser.add_argument_group(f"setting of {figure}")
        for option, about in options.items():
            several: Any = {"nargs": "+"} if figure == _SEVERAL else {}
            group.add_argument(f"--{option.replace('_', '-')}", type=numeric, metavar="X", help=about, **several)
    return parser


def _options(parser: Parser, args: argparse.Namespace) -> dict[str, Any]:
    """Return the options of the figure's theory; those of another figure are refused."""
    found = {}
    for figure, options in _THEORY.items():
        for option in options:
            value = getattr(args, option)
            if value is not None and figure != args.name:
                parser.error(f"{option}={value!r}: must be left out, it is an option of {figure}")
            if value is not None:
                found[option] = value
    return found


def _draw(parser: Parser, args: argparse.Namespace, name: str, out: Path, options: dict[str, Any]) -> bool:
    """Draw a figure and return whether its results are there."""
    drawing: Drawing = FIGURES[name]
    try:
        figure, command = drawing.draw(args.results, **options), drawing.command(args.results, **options)
    except ResultsError as error:
        if args.verbose or args.name != "all":
            print(f"{parser.prog}: {name} not drawn: {error}", file=sys.stderr)
        return False
    except ValueError as error:
        if not options:
            raise
        parser.error(str(error))
    try:
        written = save(figure, out, name, command, list(dict.fromkeys(args.format or _FORMATS)))
    except OSError as error:
        parser.error(f"out={str(out)!r}: must be a folder that can be made and written: {error.strerror}")
    record_output(out)
    print(*written, sep="\n")
    return True


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
    record_output(out)
    print(f"the report, {size / 1e6:.1f} MB: {out}")
    return 0
