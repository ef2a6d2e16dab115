"""The command ``tailbound``: ``tailbound theory ...``, ``tailbound empirical ...`` and ``tailbound figures ...``.

It runs the command lines of the three packages, which ``python -m theory`` and the like run as well. Unlike those it
does not look into the current folder first, so that a project with a ``theory.py`` or a folder ``figures`` of its own
can be the current folder.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

__all__ = ["PACKAGES", "foreign", "main", "refuse_foreign"]

PACKAGES = {
    "theory": "check the paper's statements, and bounds of your own",
    "empirical": "train networks under a long tail, measure them, examine yours",
    "figures": "draw theory against measurement, write the report",
}
"""The import packages, and what their command lines do."""

_EXAMINE = "examine"
_USAGE = f"usage: tailbound [--help] [--version] {'|'.join((*PACKAGES, _EXAMINE))} ..."
_HOME = Path(__file__).resolve().parent
_BAD_INPUT = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv``, by default the program's, and return the exit code."""
    name, *rest = (sys.argv[1:] if argv is None else [*argv]) or ["--help"]
    if name == "--version":
        refuse_foreign("theory")
        from theory import __version__

        print(f"tailbound {__version__}")
        return 0
    if name in ("-h", "--help"):
        print(_USAGE, "", *(f"  {package:<10} {text}" for package, text in PACKAGES.items()), sep="\n")
        print(f"  {_EXAMINE:<10} what theory says about your own network (in empirical)")
        print("", "tailbound PACKAGE --help lists the commands of a package.", sep="\n")
        return 0
    package, rest = ("empirical", [name, *rest]) if name == _EXAMINE else (name, rest)
    if package not in PACKAGES:
        print(f"tailbound: command={name!r}: must be {', '.join(PACKAGES)} or {_EXAMINE}", file=sys.stderr)
        return _BAD_INPUT
    refuse_foreign(*PACKAGES)
    return int(import_module(f"{package}.__main__").main(rest))


def foreign(name: str) -> Path | None:
    """Return where a module of another project lies that is found under the name of a package of this one; else None.

    Example:
        >>> foreign("theory") is None
        True
    """
    spec = find_spec(name)
    if spec is None:
        return None
    where = spec.origin or next(iter(spec.submodule_search_locations or ()), None)
    if where is None or Path(where).resolve() in (_HOME / name, _HOME / name / "__init__.py"):
        return None
    return Path(where)


def refuse_foreign(*names: str) -> None:
    """End the program in one line if a package of another project stands in the way of one of this.

    Raises:
        SystemExit: with code 2; the line names the module that is found instead.
    """
    for name in names:
        other = foreign(name)
        if other is not None:
            print(
                f"tailbound: {name}={str(other)!r}: must be tailbound's package {name}; this one is found first: "
                "use the command tailbound from another folder, or rename it",
                file=sys.stderr,
            )
            raise SystemExit(_BAD_INPUT)


if __name__ == "__main__":
    sys.exit(main())
