"""The entry of ``python -m figures`` and ``tailbound figures``; :mod:`figures.commands` does the work."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tailbound import refuse_foreign

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv``, by default the program's, and return the exit code."""
    refuse_foreign("theory", "empirical")
    from figures.commands import main as run

    return run(argv)


if __name__ == "__main__":
    sys.exit(main())
