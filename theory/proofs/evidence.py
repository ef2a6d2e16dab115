"""Evidence: single steps that show something, each of a stated level and each able to fail, but for citations.

Levels, strongest first (a verdict is no stronger than its weakest step):

- ``identity``: SymPy reduces the difference of two expressions to zero;
- ``lemma``: z3 finds the negation of a statement about all real numbers unsatisfiable;
- ``code``: a function of this library returns what a proved formula gives, in exact arithmetic, at stated points;
- ``witness``: exact arithmetic at one setting, for what is claimed of some setting and for counterexamples;
- ``cited``: a classical result with its source, the same for everyone, whose conditions other steps establish;
- ``ball``: Arb arithmetic encloses exact numbers and the comparison holds, or fails, for the whole enclosure;
- ``monte-carlo``: a test with a stated false-alarm rate;
- ``empirical``: measurements on real data, with intervals.

A step carries its claim as data: two sides, assumptions and a conclusion, compared numbers, arguments and values. So
wrong variants of it can be made (:meth:`Step.wrong_variants`), and a test runs all of them: none may show anything.
"""

from __future__ import annotations

import importlib
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from typing import Any

__all__ = [
    "LEVELS",
    "Case",
    "Comparison",
    "Step",
    "ball",
    "cited",
    "code",
    "identity",
    "lemma",
    "monte_carlo",
    "witness",
]

LEVELS = ("identity", "lemma", "code", "witness", "cited", "ball", "monte-carlo", "empirical")
_LEMMA_LIMIT = 10_000_000  # of z3's own steps, forty times what the hardest lemma here takes
_DIGITS = 30
_WRONG = Fraction(11, 10)  # the factor by which a wrong variant is off
_NOTICED = Fraction(1, 10**6)  # the same for values of code, whose floats are compared more closely
_SIGNS: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "<": (operator.lt, ">="),
    "<=": (operator.le, ">"),
    ">": (operator.gt, "<="),
    ">=": (operator.ge, "<"),
    "==": (operator.eq, "!="),
    "!=": (operator.ne, "=="),
}

Comparison = tuple[Any, str, Any]
"""``(left, sign, right)`` with one of the signs <, <=, >, >=, ==, !=."""


def _none() -> Iterator[Step]:
    return iter(())


@dataclass(frozen=True)
class Step:
    """One step of an argument: its level, what it states, and how to check it again.

    Args:
        level: one of :data:`LEVELS`.
        statement: what the step shows, in words.
        check: returns whether it does.
        variants: returns wrong variants of the step.
        function: for code, the function's dotted name; else empty.
    """

    level: str
    statement: str
    check: Callable[[], bool]
    variants: Callable[[], Iterator[Step]] = _none
    function: str = ""

    def run(self) -> bool:
        """Return whether the step shows its statement: false if that is wrong, or undecided in the time it has."""
        return bool(self.check())

    def wrong_variants(self) -> Iterator[Step]:
        """Yield steps whose claim is wrong, each in one place: none of them may show anything."""
        return self.variants()


def identity(statement: str, pair: Callable[[], tuple[Any, Any]]) -> Step:
    """Return the step that the two SymPy expressions given by ``pair()`` are equal.

    The second is what is stated. In the wrong variants it is off by a factor, as a whole or in one of its symbols (in
    one entry, for matrices); zero is replaced by 1/10.

    Example:
        >>> import sympy
        >>> x = sympy.Symbol("x")
        >>> step = identity("(x + 1)^2 = x^2 + 2 x + 1", lambda: ((x + 1) ** 2, x**2 + 2 * x + 1))
        >>> step.run(), [wrong.run() for wrong in step.wrong_variants()]
        (True, [False, False])
    """

    def variants() -> Iterator[Step]:
        left, right = pair()
        for wrong in _wrong_expressions(right):
            yield Step("identity", statement, partial(_equal, left, wrong))

    return Step("identity", statement, lambda: _equal(*pair()), variants)


def lemma(statement: str, parts: Callable[[], tuple[Sequence[Any], Any]]) -> Step:
    """Return the step that, for all real numbers, the assumptions imply the claim given by ``parts()``.

    Both are SymPy relations between rational functions of real symbols; that a symbol is positive or nonnegative
    counts among the assumptions, and so does that what they divide by is not zero. Whole numbers are taken as
    reals, which makes the statement stronger. z3 leaves a division by zero free, so a claim that relied on one would
    not be shown. A claim that SymPy reduces to true before z3 has seen it counts as shown by SymPy.

    The wrong variants deny the claim and, where something is assumed, make the claim without any assumption.

    ``run`` raises ``TypeError`` for anything but rational functions of real symbols with different names.

    Example:
        >>> import sympy
        >>> x = sympy.Symbol("x", real=True)
        >>> lemma("x (1 - x) <= 1/4", lambda: ([], x * (1 - x) <= sympy.Rational(1, 4))).run()
        True
    """

    def variants() -> Iterator[Step]:
        import sympy

        assumptions, claim = parts()
        yield Step("lemma", statement, lambda: _implied(assumptions, sympy.Not(claim)))
        bare = {s: sympy.Symbol(s.name, real=True) for part in (*assumptions, claim) for s in part.free_symbols}
        if assumptions or any(symbol != plain for symbol, plain in bare.items()):
            yield Step("lemma", statement, lambda: _implied((), claim.xreplace(bare)))

    return Step("lemma", statement, lambda: _implied(*parts()), variants)


def code(statement: str, function: str, cases: Callable[[], Iterable[Case]], digits: int = 12) -> Step:
    """Return the step that a function of this library returns what a proved formula gives, at each of some points.

    Args:
        statement: the formula, in words; the step states ``FUNCTION: STATEMENT (N points)``.
        function: its dotted name below ``theory``, such as ``theorem1.shift``, looked up when the step runs.
        cases: returns the points, each a :class:`Case`. They have to tell wrong code from right: values that are
            no whole numbers, all different, on both sides of every condition in the code.
        digits: to how many of them floats must agree; what returns fractions or whole numbers must agree exactly.

    The wrong variants change each expected value by one part in a million, or what is no number at all.

    Example:
        >>> from theory import theorem1
        >>> s = theorem1.Setting(0, 1, 1, Fraction(1, 4), Fraction(1, 3), 10, 10)
        >>> step = code("(1 - beta)(1 - p)(mu2 - mu1)/2", "theorem1.shift", lambda: [Case((s,), Fraction(1, 4))])
        >>> step.run(), [wrong.run() for wrong in step.wrong_variants()]
        (True, [False])
    """

    def agree(expected: Iterable[Case]) -> bool:
        listed = list(expected)
        called = _function(function)
        return bool(listed) and all(
            _agrees(case.read(called(*case.arguments, **case.keywords)), case.value, digits) for case in listed
        )

    def variants() -> Iterator[Step]:
        for case in cases():
            for wrong in _wrong_values(case.value):
                yield Step("code", statement, partial(agree, [replace(case, value=wrong)]))

    return Step("code", f"theory.{function}: {statement}", lambda: agree(cases()), variants, function)


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Case:
    """One point of a :func:`code` step.

    Args:
        arguments: what the function is called with.
        value: what the formula gives: a fraction, a whole number or a truth value; a SymPy number, which is evaluated
            to 30 digits; or a nested sequence of those.
        read: takes from the returned value what is compared; by default all of it.
        keywords: further arguments, by name.
    """

    arguments: tuple[Any, ...]
    value: Any
    read: Callable[[Any], Any] = _same
    keywords: Mapping[str, Any] = field(default_factory=dict)


def cited(statement: str, source: str) -> Step:
    """Return the step that rests on a classical result; it says where the result stands."""
    return Step("cited", f"{statement} [{source}]", lambda: bool(source))


def ball(statement: str, margins: Callable[[], Iterable[Callable[[], Any]]]) -> Step:
    """Return the step that each of the margins is greater than 0, by rigorous enclosures of it.

    Each margin is a function that returns a ball at flint's current precision, which is raised until the ball's sign
    is decided; an undecided one does not show the statement. The wrong variant is about the margins' negatives.
    """

    def decided(sign: int) -> bool:
        from theory.verdicts import enclosure

        some = False
        for margin in margins():
            some = True
            if enclosure.decide(partial(_signed, sign, margin)) is not True:
                return False
        return some

    return Step("ball", statement, lambda: decided(1), lambda: iter([Step("ball", statement, lambda: decided(-1))]))


def witness(statement: str, claim: Callable[[], bool | Sequence[Comparison]]) -> Step:
    """Return the step that exhibits one setting, in exact arithmetic, where something holds.

    ``claim()`` gives the comparisons that make it up, such as ``(x, "<", y)``; in each wrong variant one of them is
    turned round. (A truth value will do, for a step that no ledger keeps.)

    Example:
        >>> witness("2^10 > 10^3", lambda: [(2**10, ">", 10**3)]).run()
        True
    """

    def holds(comparisons: bool | Sequence[Comparison]) -> bool:
        if isinstance(comparisons, bool):
            return comparisons
        return bool(comparisons) and all(bool(_SIGNS[sign][0](left, right)) for left, sign, right in comparisons)

    def variants() -> Iterator[Step]:
        claimed = claim()
        comparisons = [] if isinstance(claimed, bool) else list(claimed)
        for i, (left, sign, right) in enumerate(comparisons):
            turned = [*comparisons[:i], (left, _SIGNS[sign][1], right), *comparisons[i + 1 :]]
            yield Step("witness", statement, partial(holds, turned))

    return Step("witness", statement, lambda: holds(claim()), variants)


def monte_carlo(statement: str, check: Callable[[Any], bool], right: Any, wrong: Sequence[Any]) -> Step:
    """Return the step that a test by simulation passes for ``right``; its wrong variants are about ``wrong``."""

    def variants() -> Iterator[Step]:
        for value in wrong:
            yield Step("monte-carlo", statement, partial(check, value))

    return Step("monte-carlo", statement, lambda: check(right), variants)


def _equal(left: Any, right: Any) -> bool:
    """Return whether SymPy shows two expressions, or matrices of them, to be equal."""
    import sympy

    difference = left - right
    if _clearly_not_zero(difference):
        return False
    difference = sympy.simplify(difference)
    return bool(difference.is_zero_matrix if difference.is_Matrix else difference == 0)


def _clearly_not_zero(expression: Any) -> bool:
    """Return whether the expression is far from zero at a point of its symbols, which spares a search for zero."""
    import sympy

    symbols = sorted(expression.free_symbols, key=str)
    point = {s: sympy.Rational(-1 if s.is_negative else 1, 3 + i) * (5 + i) / 7 for i, s in enumerate(symbols)}
    if any(s.is_integer for s in symbols):
        return False
    for entry in expression if getattr(expression, "is_Matrix", False) else (expression,):
        value = sympy.N(entry.subs(point), _DIGITS)
        if value.is_number and value.is_finite and abs(value) > sympy.Float(10) ** -12:
            return True
    return False


def _wrong_expressions(right: Any) -> Iterator[Any]:
    """Yield expressions that differ from ``right`` in one place."""
    import sympy

    factor = sympy.Rational(_WRONG.numerator, _WRONG.denominator)
    if getattr(right, "is_Matrix", False):
        for i, entry in enumerate(right):
            for wrong in _wrong_expressions(entry):
                whole = right.as_mutable()
                whole[i] = wrong
                yield whole
        return
    right = sympy.sympify(right)
    yield factor * right if right != 0 else sympy.Rational(1, 10)
    for symbol in sorted(right.free_symbols, key=str):
        yield right.subs(symbol, factor * symbol)


def _implied(assumptions: Sequence[Any], claim: Any) -> bool:
    """Return whether z3 finds that the assumptions can hold, and that they cannot hold without the claim."""
    import sympy
    import z3

    # With its own context, a fixed order and a limit that counts steps, the answer depends on the lemma alone.
    context = z3.Context()
    solver = z3.Solver(ctx=context)
    solver.set("rlimit", _LEMMA_LIMIT)
    solver.add(*(_to_z3(a, context) for a in assumptions))
    symbols = sorted({symbol for part in (*assumptions, claim) for symbol in part.free_symbols}, key=str)
    if len({symbol.name for symbol in symbols}) < len(symbols):
        raise TypeError(f"{sorted(map(str, symbols))}: two symbols have one name")
    for symbol in symbols:
        if symbol.is_positive:
            solver.add(z3.Real(symbol.name, context) > 0)
        elif symbol.is_nonnegative:
            solver.add(z3.Real(symbol.name, context) >= 0)
        elif symbol.is_negative:
            solver.add(z3.Real(symbol.name, context) < 0)
    powers = {power for part in assumptions for power in part.atoms(sympy.Pow)}
    divided_by = sorted({power.base for power in powers if power.exp.is_negative}, key=sympy.default_sort_key)
    solver.add(*(_to_z3(base, context) != 0 for base in divided_by))
    if solver.check() != z3.sat:  # assumptions that contradict one another would imply anything
        return False
    solver.add(z3.Not(_to_z3(claim, context)))
    return bool(solver.check() == z3.unsat)


def _signed(sign: int, margin: Callable[[], Any]) -> Any:
    return sign * margin()


def _function(name: str) -> Callable[..., Any]:
    module, _, attribute = name.rpartition(".")
    found: Any = importlib.import_module("theory")
    for part in module.split("."):
        found = getattr(found, part) if hasattr(found, part) else importlib.import_module(f"{found.__name__}.{part}")
    called: Callable[..., Any] = getattr(found, attribute)
    return called


def _agrees(value: Any, expected: Any, digits: int) -> bool:
    """Return whether a returned value is the expected one: exactly, or a float to so many digits."""
    if isinstance(expected, (list, tuple)):
        listed = value.tolist() if hasattr(value, "tolist") else value
        if not isinstance(listed, (list, tuple)) or len(listed) != len(expected):
            return False
        return all(_agrees(one, other, digits) for one, other in zip(listed, expected, strict=True))
    if expected is None or isinstance(expected, (bool, str)):
        return bool(value == expected) and isinstance(value, type(expected))
    exact = _exact(expected)
    given = value.item() if hasattr(value, "item") else value
    if not isinstance(given, float):
        return bool(Fraction(given) == exact)
    if given != given or given in (float("inf"), -float("inf")):
        return False
    off = abs(Fraction(given) - exact)
    return bool(off * 10**digits <= abs(exact))


def _exact(value: Any) -> Fraction:
    """Return a number as a fraction; a SymPy number that is none is rounded to 30 digits."""
    if not hasattr(value, "evalf"):
        return Fraction(value)
    if value.is_Rational:
        return Fraction(int(value.p), int(value.q))
    import sympy

    return Fraction(*map(int, sympy.Rational(value.evalf(_DIGITS)).as_numer_denom()))


def _wrong_values(value: Any) -> Iterator[Any]:
    """Yield values that differ from ``value`` in one number."""
    if isinstance(value, (list, tuple)):
        for i, part in enumerate(value):
            for wrong in _wrong_values(part):
                yield [*value[:i], wrong, *value[i + 1 :]]
    elif isinstance(value, bool):
        yield not value
    elif value is None or isinstance(value, str):
        yield 0
    else:
        exact = _exact(value)
        yield exact * (1 + _NOTICED) if exact else _NOTICED


def _to_z3(expression: Any, context: Any) -> Any:
    """Translate a SymPy relation or rational function into z3's real arithmetic, in the context given."""
    import sympy
    import z3

    if expression is sympy.true or expression is sympy.false:
        return z3.BoolVal(bool(expression), context)
    if expression.is_Symbol and expression.is_real:
        return z3.Real(expression.name, context)
    if expression.is_Rational:
        return z3.Q(int(expression.p), int(expression.q), context)
    parts = [_to_z3(a, context) for a in expression.args]
    if expression.is_Add:
        return z3.Sum(parts)
    if expression.is_Mul:
        return z3.Product(parts)
    if expression.is_Pow and expression.exp.is_Integer:
        power = z3.Product([parts[0]] * abs(int(expression.exp)))
        return power if expression.exp > 0 else 1 / power
    relations = {
        sympy.StrictLessThan: lambda a, b: a < b,
        sympy.LessThan: lambda a, b: a <= b,
        sympy.StrictGreaterThan: lambda a, b: a > b,
        sympy.GreaterThan: lambda a, b: a >= b,
        sympy.Equality: lambda a, b: a == b,
        sympy.Unequality: lambda a, b: a != b,
        sympy.And: z3.And,
        sympy.Or: z3.Or,
        sympy.Not: z3.Not,
    }
    if expression.func in relations:
        return relations[expression.func](*parts)
    raise TypeError(f"{expression}: not a relation between rational functions of real symbols")
