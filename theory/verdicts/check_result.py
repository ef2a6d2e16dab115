"""The common part of all results of checks: a verdict, a sentence, an assertion for tests, and a certificate."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

from theory.support.validate import refuse

__all__ = ["CheckResult"]


class CheckResult:
    """A verdict that can be asserted and certified; a dataclass with ``verdict`` and ``record`` inherits it."""

    verdict: str
    record: Mapping[str, Any] | None

    def explain(self) -> str:
        """Return what was checked and found, in a few plain sentences."""
        raise NotImplementedError

    def assert_holds(self) -> None:
        """Raise ``AssertionError`` with an explanation unless the verdict is certified.

        An undecided check fails, too: nothing passes because it could not be decided.
        """
        if self.verdict != "certified":
            raise AssertionError(self.explain())

    def certificate(self, path: str | PathLike[str]) -> None:
        """Write the check with its evidence to a file that :func:`theory.check.recheck` repeats elsewhere.

        Raises:
            ValueError: the file cannot be written, or the check keeps no evidence: a simulated one, one over a domain
                that was not decided, a coverage through a function of the parameter.
        """
        from theory.verdicts.check_certificate import write

        if self.record is None:
            refuse("check", self.verdict, "keeps no evidence that another machine could repeat")
        write(self.record, path)
