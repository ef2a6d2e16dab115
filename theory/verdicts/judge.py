"""A judge of formulas: is a candidate for one of the paper's formulas right, wrong, or neither shown?

:func:`judge` takes a formula that somebody proposes in the place of one of the paper's, as SymPy expressions in the
symbols of :mod:`theory.proofs.derivations` and :mod:`theory.verdicts.formulas`, and returns its verdict with the
evidence:

- ``certified``: it holds for all settings, by an identity or by a chain of lemmas;
- ``refuted``: it fails at the setting that is given, in exact rational or in ball arithmetic;
- ``undecided``: neither was shown. It never passes for that.

What is judged against is not what the paper prints but what follows from its model:
:data:`theory.verdicts.formulas.FORMULAS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, partial
from typing import Any

import sympy

from theory.proofs import derivations as d
from theory.proofs.evidence import Step, identity, lemma, witness
from theory.support.validate import choice, refuse
from theory.verdicts import bounds as judged_bounds
from theory.verdicts import enclosure
from theory.verdicts.formula_balls import formula_ball, functions
from theory.verdicts.formulas import FORMULAS, TAU, Expressions, Formula, Point, points

__all__ = ["Judgement", "judge"]

_GAP, _ODDS, _POSITIVE = sympy.symbols("gap odds positive", positive=True)
_FREE = {d.MU2: d.MU1 + _GAP, d.BETA: 1 / (1 + _ODDS)}  # Theorem 1's settings by symbols free of one another


@dataclass(frozen=True)
class Judgement:
    """The judgement on a candidate.

    Args:
        formula: the identifier of the formula that the candidate is to replace.
        verdict: ``certified``, ``refuted`` or ``undecided``.
        evidence: the steps that show the verdict; each was run and can be run again. Empty if undecided.
        counterexample: the setting at which a refuted candidate fails, by the names of its symbols, else ``None``.
        domain: where the candidate was judged: the relations that the statement presupposes, or those of the caller;
            empty for all settings.
    """

    formula: str
    verdict: str
    evidence: tuple[Step, ...] = ()
    counterexample: Mapping[str, Fraction] | None = None
    domain: tuple[str, ...] = ()


def judge(formula: str, candidate: Any, *, domain: Any = None) -> Judgement:
    """Return whether ``candidate`` is right in the place of one of the paper's formulas.

    A candidate for ``T1.probability`` is any bound around the shift that holds, weaker or sharper than the printed
    one; :mod:`theory.verdicts.bounds` says which are recognised. The others have to equal what holds, or have its sign.

    Args:
        formula: a key of :data:`theory.verdicts.formulas.FORMULAS`, whose ``states`` tells what a candidate has to be.
        candidate: a SymPy expression, a number, or a tuple of them. Symbols are known by their names, so that
            ``sympy.Symbol("mu1")`` is :data:`theory.proofs.derivations.MU1`. A rule may be a relation: ``x < ...``.
        domain: relations between the formula's symbols, under which the candidate is judged; ``()`` for all settings.
            By default those that the statement presupposes (``within`` of the formula): for Property 2
            ``ln_ratio > 0``, since the text has p+ > p-, for tau-normalisation ``0 <= tau <= 1``.

    Raises:
        ValueError: the formula is not known, the candidate is not of the form that it needs, it or the domain holds a
            symbol that does not belong to the formula, or the domain is no sequence of inequalities.

    Example:
        >>> judge("T1.shift", d.printed_shift()).verdict
        'refuted'
        >>> judge("T1.shift", (1 - d.BETA) * (1 - d.P) * (d.MU2 - d.MU1) / 2).verdict
        'certified'
        >>> first, second = d.printed_exponents()
        >>> judge("T1.probability", (first, second)).verdict
        'certified'
        >>> found = judge("T1.probability", (first, sympy.Rational(11, 10) * second))
        >>> found.verdict, found.evidence[0].run()
        ('refuted', True)
    """
    known = FORMULAS[choice("formula", formula, FORMULAS)]
    if domain is not None:
        known = replace(known, within=_relations(known, domain))
    shown = tuple(str(relation) for relation in known.within)
    expressions = _expressions(known, candidate)
    find, show = {
        "equal": (_unequal, _equalities),
        "rule": (_against_rule, _implications),
        "bound": (_above_bound, _sufficient),
    }[known.kind]
    found = find(known, expressions)
    if found is not None:
        step, point = found
        return Judgement(formula, "refuted", (step,), {symbol.name: value for symbol, value in point.items()}, shown)
    steps = [*_definedness(known, expressions), *show(known, expressions)]
    if not all(_tried(step.run) for step in steps) or not _proved(formula):
        return Judgement(formula, "undecided", domain=shown)
    return Judgement(formula, "certified", (*known.proofs(), *steps), domain=shown)


def _unequal(formula: Formula, candidate: Expressions) -> tuple[Step, Point] | None:
    for point in points(formula):
        for value, right in zip(candidate, _answer(formula, candidate), strict=True):

            def differ(value: Any = value, right: Any = right, point: Point = point) -> bool:
                return _sign(value - right, point) in (-1, 1)

            if differ():
                return witness(f"at {_point_text(point)}: {value} is not {right}", differ), point
    return None


def _equalities(formula: Formula, candidate: Expressions) -> list[Step]:
    free = {symbol: _FREE[symbol] for symbol in formula.symbols if symbol in _FREE}
    parts = [("", free)]
    if (d.LOG_RATIO > 0) in formula.within:
        parts = [("", free | {d.LOG_RATIO: _POSITIVE})]
    if {TAU >= 0, TAU <= 1} <= set(formula.within):
        inside = free | {TAU: 1 / (1 + _ODDS)}
        parts = [(" for 0 < tau < 1", inside), (" for tau = 0", free | {TAU: 0}), (" for tau = 1", free | {TAU: 1})]
    return [
        identity(
            f"{given} = {right}{where}", partial(lambda own, *pair: tuple(e.subs(own) for e in pair), own, given, right)
        )
        for given, right in zip(candidate, _answer(formula, candidate), strict=True)
        for where, own in parts
    ]


def _against_rule(formula: Formula, candidate: Expressions) -> tuple[Step, Point] | None:
    (rule,), (right,) = candidate, _answer(formula, candidate)
    for point in points(formula):

        def disagree(point: Point = point) -> bool:
            signs = _sign(rule, point), _sign(right, point)
            return None not in signs and signs[0] != signs[1]

        if disagree():
            return witness(f"at {_point_text(point)}: {rule} has not the sign of {right}", disagree), point
    return None


def _implications(formula: Formula, candidate: Expressions) -> list[Step]:
    (rule,), (right,) = candidate, _answer(formula, candidate)
    return [
        lemma(f"{rule} > 0 where {right} > 0", lambda: ([*formula.domain, right > 0], rule > 0)),
        lemma(f"{rule} < 0 where {right} < 0", lambda: ([*formula.domain, right < 0], rule < 0)),
    ]


def _above_bound(formula: Formula, candidate: Expressions) -> tuple[Step, Point] | None:
    total = _total(candidate)

    def point_of(suspect: judged_bounds.Suspect) -> Point:
        s, alpha = suspect
        values = (s.mu1, s.mu2, s.sigma, s.beta, s.p, s.n_pos, s.n_neg, alpha)
        return {symbol: Fraction(value) for symbol, value in zip(formula.symbols, values, strict=True)}

    def inside(suspect: judged_bounds.Suspect) -> bool:
        return formula.is_within(point_of(suspect))

    for suspect in judged_bounds.suspects(total, inside) if _elementary(total) else ():
        (s, alpha), point = suspect, point_of(suspect)

        def margin(s: Any = s, alpha: Fraction = alpha, point: Point = point) -> Any:
            return enclosure.failure_probability(s, alpha) - _ball(total, point)

        def above(margin: Callable[[], Any] = margin) -> bool:
            return enclosure.decide(margin) is True

        if _tried(above):
            exact = enclosure.failure_probability(s, alpha)
            statement = (
                f"at {_point_text(point)}: P(|f - E f| > alpha) = {exact.str(6)} > "
                f"{_ball(total, point).str(6)} = {total}"
            )
            return Step("ball", statement, above), point
    return None


def _sufficient(formula: Formula, candidate: Expressions) -> list[Step]:
    return judged_bounds.sufficient(_total(candidate), formula.within)


def _total(candidate: Expressions) -> Any:
    return candidate[0] if len(candidate) == 1 else sum(2 * sympy.exp(-e) for e in candidate)


def _answer(formula: Formula, candidate: Expressions) -> Expressions:
    return next(answer for answer in formula.answers if len(answer) == len(candidate))


@cache
def _proved(formula: str) -> bool:
    return all(step.run() for step in FORMULAS[formula].proofs())


def _tried(check: Callable[[], bool]) -> bool:
    """Return whether the check succeeds; what cannot be expressed in its terms, it does not show."""
    try:
        return check()
    except TypeError:
        return False


def _definedness(formula: Formula, candidate: Expressions) -> list[Step]:
    """Return the steps that every part of the candidate has a real value in all settings."""
    needed: set[Any] = set()
    for part in (part for expression in candidate for part in sympy.preorder_traversal(expression)):
        if part.is_Pow and not part.exp.is_nonnegative:
            needed.add(sympy.Ne(part.base, 0))
        if part.is_Pow and not part.exp.is_integer:
            needed.add(sympy.Ge(part.base, 0))
        if part.func is sympy.log:
            needed.add(sympy.Gt(part.args[0], 0))
    if not all(map(_elementary, candidate)):
        needed.add(sympy.false)
    where = f" with {', '.join(map(str, formula.within))}" if formula.within else ""
    return [
        lemma(f"{relation} in all settings{where}", partial(lambda r: (formula.domain, r), relation))
        for relation in sorted(needed - {sympy.true}, key=str)
    ]


def _expressions(formula: Formula, candidate: Any) -> Expressions:
    """Return the candidate as a tuple of expressions in the formula's own symbols."""
    own = {symbol.name: symbol for symbol in formula.symbols}
    sizes = sorted({len(answer) for answer in formula.answers})
    given = tuple(candidate) if isinstance(candidate, tuple | list | sympy.Tuple) else (candidate,)
    if len(given) not in sizes:
        refuse("candidate", candidate, f"must be {' or '.join(map(str, sizes))} of: {formula.states}")
    found = []
    for one in given:
        try:
            expression = sympy.sympify(one, strict=True)
        except sympy.SympifyError:
            refuse("candidate", one, f"must be real SymPy expressions or numbers: {formula.states}")
        if formula.kind == "rule" and isinstance(
            expression, sympy.StrictLessThan | sympy.LessThan | sympy.GreaterThan | sympy.StrictGreaterThan
        ):
            expression = expression.gts - expression.lts
        if not _plain(expression) or expression.has(sympy.I, sympy.nan, sympy.oo, sympy.zoo):
            refuse("candidate", one, f"must be real SymPy expressions or numbers: {formula.states}")
        unknown = sorted({symbol.name for symbol in expression.free_symbols} - own.keys())
        if unknown:
            refuse("candidate", one, f"may hold the symbols {', '.join(own)}, not {', '.join(unknown)}")
        named = {symbol: own[symbol.name] for symbol in expression.free_symbols}
        exact = {value: sympy.Rational(value) for value in expression.atoms(sympy.Float)}  # as the binary fraction
        found.append(expression.xreplace(named | exact))
    return tuple(found)


def _relations(formula: Formula, domain: Any) -> tuple[Any, ...]:
    """Return the caller's domain in the formula's own symbols."""
    allowed = f"must be a sequence of inequalities between {', '.join(symbol.name for symbol in formula.symbols)}"
    if not isinstance(domain, tuple | list):
        refuse("domain", domain, allowed)
    own = {symbol.name: symbol for symbol in formula.symbols}
    found = []
    for one in domain:
        if one is True or one is sympy.true:
            continue
        kinds = sympy.StrictLessThan | sympy.LessThan | sympy.GreaterThan | sympy.StrictGreaterThan
        if not isinstance(one, kinds) or not {symbol.name for symbol in one.free_symbols} <= own.keys():
            refuse("domain", one, allowed)
        found.append(one.xreplace({symbol: own[symbol.name] for symbol in one.free_symbols}))
    return tuple(found)


def _plain(expression: Any) -> bool:
    """Return whether the expression is a scalar without bound variables."""
    bound = (sympy.Integral, sympy.Sum, sympy.Product, sympy.Limit, sympy.Derivative, sympy.Order)
    if not isinstance(expression, sympy.Expr) or expression.has(*bound):
        return False
    return not any(getattr(part, "is_Matrix", False) for part in sympy.preorder_traversal(expression))


def _point_text(point: Point) -> str:
    return ", ".join(f"{symbol} = {value}" for symbol, value in point.items())


def _sign(expression: Any, point: Point) -> int | None:
    """Return the sign of the expression at the point, ``None`` if it has no value or is not told from 0."""
    value = expression.subs({symbol: sympy.Rational(v.numerator, v.denominator) for symbol, v in point.items()})
    if value.is_Rational:
        return int(sympy.sign(value))
    try:
        positive = enclosure.decide(lambda: _ball(expression, point))
    except TypeError:
        return None
    return None if positive is None else 1 if positive else -1


def _elementary(expression: Any) -> bool:
    """Return whether :func:`_ball` knows every function in the expression."""
    known = functions()
    return all(part.func in known for part in expression.atoms(sympy.Function))


def _ball(expression: Any, point: Point) -> Any:
    """Return an Arb ball around the expression's value at the point, not finite where it has no real value."""
    return formula_ball(expression, {symbol: enclosure.exact(value) for symbol, value in point.items()})
