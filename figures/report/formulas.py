"""The formulas of the theorems as MathML, which browsers typeset without a script or a network."""

from __future__ import annotations

import re

from figures.report.markup import Markup, join, tag

__all__ = ["FORMULAS", "formula", "theorem1_formulas", "theorem2_formulas"]

_NAMES = {
    "alpha": "\N{GREEK SMALL LETTER ALPHA}",
    "beta": "\N{GREEK SMALL LETTER BETA}",
    "mu": "\N{GREEK SMALL LETTER MU}",
    "sigma": "\N{GREEK SMALL LETTER SIGMA}",
    "Delta": "\N{GREEK CAPITAL LETTER DELTA}",
    "Phi": "\N{GREEK CAPITAL LETTER PHI}",
    "Sigma": "\N{GREEK CAPITAL LETTER SIGMA}",
    "sum": "\N{N-ARY SUMMATION}",
    "-": "\N{MINUS SIGN}",
    "<=": "\N{LESS-THAN OR EQUAL TO}",
    ">=": "\N{GREATER-THAN OR EQUAL TO}",
}
_TOKEN = re.compile(r"(?P<mn>\d+)|(?P<mi>[A-Za-z]+)|(?P<mo>[<>]=|\S)")
_INDEXED = re.compile(r"([A-Za-z]+)_(\S)")


def formula(*parts: str) -> Markup:
    """Return a formula on a line of its own, from text and from what :func:`_over` and :func:`_power` return.

    In text ``x_1`` has an index, and ``alpha`` is the Greek letter.

    Example:
        >>> formula("M > 2")
        '<math display="block"><mrow><mi>M</mi><mo>&gt;</mo><mn>2</mn></mrow></math>'
    """
    return tag("math", _row(*parts), display="block")


def _row(*parts: str) -> Markup:
    return tag("mrow", *(part if isinstance(part, Markup) else _plain(part) for part in parts))


def _plain(text: str) -> Markup:
    """Return text as the elements of a formula."""
    made, at = [], 0
    for found in _INDEXED.finditer(text):
        made += [_tokens(text[at : found.start()]), tag("msub", _tokens(found[1]), _tokens(found[2]))]
        at = found.end()
    return join(*made, _tokens(text[at:]))


def _tokens(text: str) -> Markup:
    return join(*(tag(str(found.lastgroup), _NAMES.get(found[0], found[0])) for found in _TOKEN.finditer(text)))


def _over(above: str, below: str) -> Markup:
    return tag("mfrac", _row(above), _row(below))


def _power(base: str, exponent: str) -> Markup:
    return tag("msup", _row(base), _row(exponent))


def _exponential(*exponent: str) -> Markup:
    return _power("e", _row(*exponent))


_MIDPOINT = _over("mu_1 + mu_2", "2")
_SHIFT = formula("Delta =", _over("(1 - beta)(1 - p)", "2"), "(mu_2 - mu_1)")
_PRINTED_SHIFT = formula("Delta = (1 - beta)(1 -", _over("p", "2"), ")(mu_2 - mu_1)")
_PROBABILITY = formula(
    "P(| f -",
    _MIDPOINT,
    "- Delta | <= alpha) >= 1 - 2",
    _exponential("-", _over(_power("alpha", "2"), _power("sigma", "2")), _over("n_+ n_-", "n_+ + n_-")),
    "- 2",
    _exponential(
        "-", _over(_row("4 n_+", _power("alpha", "2")), _row(_power("(1 - beta)", "2"), _power("(mu_1 - mu_2)", "2")))
    ),
)
_ODDS = _over("p_+", "p_-")
_DISTANCE = _row(_power("(mu_1 - mu_2)", "T"), _power("Sigma", "-1"), "(mu_1 - mu_2)")
_BOUNDARY = formula("B =", _MIDPOINT, "-", _over("mu_1 - mu_2", _DISTANCE), "ln", _ODDS)
_ISOTROPIC = formula(
    "B =", _MIDPOINT, "-", _over(_power("sigma", "2"), _power("| mu_1 - mu_2 |", "2")), "(mu_1 - mu_2) ln", _ODDS
)
_RECALLS = formula(
    "Phi (", _over("M", "2"), "+", _over("ln r", "M"), ")  ,  Phi (", _over("M", "2"), "-", _over("ln r", "M"), ")"
)
_SOFTMAX = formula(
    "P(t | f) =",
    _over(
        _row("exp(| w_t | | f | cos", tag("msub", _tokens("alpha"), _tokens("t")), ")"),
        _row(tag("msub", _tokens("sum"), _tokens("j")), "exp(| w_j | | f | cos alpha_j )"),
    ),
)

FORMULAS: dict[str, tuple[Markup | None, Markup | None]] = {
    "T1": (join(_PROBABILITY, _PRINTED_SHIFT), join(_PROBABILITY, _SHIFT)),
    "T1.shift": (_PRINTED_SHIFT, _SHIFT),
    "T1.probability": (_PROBABILITY, None),
    "T2.boundary": (_BOUNDARY, None),
    "T2.claim.accuracy": (None, _RECALLS),
    "P1": (formula("B =", _MIDPOINT), None),
    "P2": (_ISOTROPIC, None),
    "T3": (_SOFTMAX, None),
    "R.recalls": (None, _RECALLS),
}
"""By statement: as printed, and as it holds, where a formula says it."""


def theorem1_formulas() -> Markup:
    """Return what Theorem 1 states, with the shift that holds."""
    return FORMULAS["T1"][1] or Markup()


def theorem2_formulas() -> Markup:
    """Return the recalls of both classes by Theorem 2."""
    return _RECALLS
