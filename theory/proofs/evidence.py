"""Evidence: single steps that show something, each of a stated level and each able to fail, but for citations.

Levels, strongest first (a verdict is no stronger than its weakest step):

- ``identity``: SymPy reduces the difference of two expressions to zero;
- ``lemma``: z3 finds the negation of a statement about all real numbers unsatisfiable;
- ``witness``: exact arithmetic at one setting, for what is claimed of some setting and for counterexamples;
- ``cited``: a classical result with its source, the same for everyone, whose conditions other steps establish;
- ``ball``: Arb arithmetic encloses exact numbers and the comparison holds, or fails, for the whole enclosure;
- ``monte-carlo``: a test with a stated false-alarm rate;
- ``empirical``: measurements on real data, with intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["LEVELS", "Step", "ball", "cited", "identity", "lemma", "witness"]

LEVELS = ("identity", "lemma", "witness", "cited", "ball", "monte-carlo", "empirical")
_LEMMA_LIMIT_MS = 60_000


@dataclass(frozen=True)
class Step:
    """One step of an argument: its level, what it states, and how to check it again.

    ``run()`` is true when the step shows its statement, and false when it does not (a wrong statement, or one
    that could not be decided in the time that it is given).
    """

    level: str
    statement: str
    check: Callable[[], bool]

    def run(self) -> bool:
        """Check the step again."""
        return bool(self.check())


def identity(statement: str, pair: Callable[[], tuple[Any, Any]]) -> Step:
    """Return the step that the two SymPy expressions given by ``pair()`` are equal.

    Example:
        >>> import sympy
        >>> x = sympy.Symbol("x")
        >>> identity("(x + 1)^2 = x^2 + 2 x + 1", lambda: ((x + 1) ** 2, x**2 + 2 * x + 1)).run()
        True
    """

    def check() -> bool:
        import sympy

        left, right = pair()
        difference = sympy.simplify(left - right)
        return bool(difference.is_zero_matrix if difference.is_Matrix else difference == 0)

    return Step("identity", statement, check)


def lemma(statement: str, parts: Callable[[], tuple[Sequence[Any], Any]]) -> Step:
    """Return the step that, for all real numbers, the assumptions imply the claim given by ``parts()``.

    Both are SymPy relations between rational functions of real symbols; that a symbol is positive or nonnegative
    counts among the assumptions, and so does that what they divide by is not zero. Whole numbers are taken as
    reals, which makes the statement stronger. z3 leaves a division by zero free, so a claim that relied on one would
    not be shown. A claim that SymPy reduces to true before z3 has seen it counts as shown by SymPy.

    ``run`` raises ``TypeError`` for anything but rational functions of real symbols with different names.

    Example:
        >>> import sympy
        >>> x = sympy.Symbol("x", real=True)
        >>> lemma("x (1 - x) <= 1/4", lambda: ([], x * (1 - x) <= sympy.Rational(1, 4))).run()
        True
    """

    def check() -> bool:
        import sympy
        import z3

        assumptions, claim = parts()
        solver = z3.Solver()
        solver.set("timeout", _LEMMA_LIMIT_MS)
        solver.add(*(_to_z3(a) for a in assumptions))
        symbols = {symbol for part in (*assumptions, claim) for symbol in part.free_symbols}
        if len({symbol.name for symbol in symbols}) < len(symbols):
            raise TypeError(f"{sorted(map(str, symbols))}: two symbols have one name")
        for symbol in symbols:
            if symbol.is_positive:
                solver.add(z3.Real(symbol.name) > 0)
            elif symbol.is_nonnegative:
                solver.add(z3.Real(symbol.name) >= 0)
            elif symbol.is_negative:
                solver.add(z3.Real(symbol.name) < 0)
        powers = {power for part in assumptions for power in part.atoms(sympy.Pow)}
        solver.add(*(_to_z3(power.base) != 0 for power in powers if power.exp.is_negative))
        if solver.check() != z3.sat:  # assumptions that contradict one another would imply anything
            return False
        solver.add(z3.Not(_to_z3(claim)))
        return bool(solver.check() == z3.unsat)

    return Step("lemma", statement, check)


def cited(statement: str, source: str) -> Step:
    """Return the step that rests on a classical result; it says where the result stands."""
    return Step("cited", f"{statement} [{source}]", lambda: bool(source))


def ball(statement: str, check: Callable[[], bool | None]) -> Step:
    """Return the step that a rigorous enclosure decides; ``None`` (undecided) does not show it."""
    return Step("ball", statement, lambda: check() is True)


def witness(statement: str, check: Callable[[], bool]) -> Step:
    """Return the step that exhibits one setting, in exact arithmetic, where something holds."""
    return Step("witness", statement, check)


def _to_z3(expression: Any) -> Any:
    """Translate a SymPy relation or rational function into z3's real arithmetic."""
    import sympy
    import z3

    if expression is sympy.true or expression is sympy.false:
        return z3.BoolVal(bool(expression))
    if expression.is_Symbol and expression.is_real:
        return z3.Real(expression.name)
    if expression.is_Rational:
        return z3.Q(int(expression.p), int(expression.q))
    parts = [_to_z3(a) for a in expression.args]
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
    }
    if expression.func in relations:
        return relations[expression.func](*parts)
    raise TypeError(f"{expression}: not a relation between rational functions of real symbols")
