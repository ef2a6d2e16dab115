"""Judge anyone's bound, confidence interval or test, rigorously.

- :func:`tail`: a bound on a tail of a law, at one setting;
- :func:`tail_everywhere`: the same for all parameters of a domain, with the simplest counterexample;
- :func:`coverage`: the exact minimum coverage of a confidence interval over its parameter; :func:`coverage_at` at one;
- :func:`size`: the exact size of a test;
- :func:`simulated`: any event that can be simulated, by a sequential test with a stated false-alarm rate;
- :func:`settings`: a Hypothesis strategy for the parameters of a bound that aims at tight spots;
- :func:`recheck`: repeat the certificate that a result's ``certificate(FILE)`` wrote.

Every result has a ``verdict``, ``certified``, ``refuted``, ``undecided``, or ``qualified`` where only part of an
endless domain was checked; ``explain()`` says in words what was found, and ``assert_holds()`` raises it as an
``AssertionError`` unless the verdict is ``certified``. Nothing passes because it could not be decided. The laws are
those of :mod:`theory.laws`.

Example:
    >>> from theory import check
    >>> from theory.laws import Binomial
    >>> check.tail(Binomial(100, 0.5), 60, bound=0.03).assert_holds()
    >>> check.tail(Binomial(100, 0.5), 60, bound=0.02).verdict
    'refuted'
"""

from theory.strategies import tail_settings as settings
from theory.verdicts.checker import BoundCheck
from theory.verdicts.coverage import CoverageCheck, coverage, coverage_at, size
from theory.verdicts.everywhere import EverywhereCheck, tail_everywhere
from theory.verdicts.recheck import recheck
from theory.verdicts.sequential import check_probability as simulated
from theory.verdicts.tails import tail

__all__ = [
    "BoundCheck",
    "CoverageCheck",
    "EverywhereCheck",
    "coverage",
    "coverage_at",
    "recheck",
    "settings",
    "simulated",
    "size",
    "tail",
    "tail_everywhere",
]
