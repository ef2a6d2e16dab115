"""SymPy expressions evaluated on Arb balls."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache, reduce
from numbers import Real
from typing import Any

from flint import arb

from theory.exact.balls import exact
from theory.exact.law import is_ball
from theory.support.validate import number, refuse

__all__ = ["as_function", "compiled", "formula_ball", "functions"]


@cache
def functions() -> Mapping[Any, Callable[..., Any]]:
    """Return the elementary functions of SymPy that are known, each with the same one for balls."""
    import sympy

    return {
        sympy.exp: lambda a: a.exp(),
        sympy.log: lambda a: a.log(),
        sympy.sin: lambda a: a.sin(),
        sympy.cos: lambda a: a.cos(),
        sympy.erf: lambda a: a.erf(),
        sympy.erfc: lambda a: a.erfc(),
        sympy.Abs: abs,
        sympy.Min: lambda *a: reduce(arb.min, a),
        sympy.Max: lambda *a: reduce(arb.max, a),
    }


def formula_ball(expression: Any, values: Mapping[Any, Any]) -> Any:
    """Return a ball around the expression's value, not finite where it has no real value.

    Args:
        expression: an expression of elementary functions, see :func:`functions`.
        values: a ball for each symbol.

    Raises:
        TypeError: the expression holds anything else.
    """
    return compiled(expression)(values)


def compiled(expression: Any) -> Callable[[Mapping[Any, Any]], Any]:
    """Return the function from the balls of the symbols to that of the expression."""
    import sympy

    if expression.is_Symbol:
        return lambda values: values[expression]
    if expression.is_Rational:
        fraction = Fraction(int(expression.p), int(expression.q))
        return lambda values: exact(fraction)
    if expression in (sympy.pi, sympy.E):
        return lambda values: arb.pi() if expression is sympy.pi else arb(1).exp()
    inner = [compiled(part) for part in expression.args]
    if expression.is_Add or expression.is_Mul:
        combine = operator.add if expression.is_Add else operator.mul
        return lambda values: reduce(combine, [one(values) for one in inner])
    if expression.is_Pow:
        base, power = inner
        if expression.exp.is_Integer:
            whole = int(expression.exp)
            return lambda values: _power(base(values), whole)
        if expression.exp == sympy.Rational(1, 2):
            return lambda values: base(values).sqrt()
        return lambda values: base(values) ** power(values)
    function = functions().get(expression.func)
    if function is None:
        raise TypeError(f"{expression}: not an elementary function of real numbers")
    return lambda values: function(*(one(values) for one in inner))


def _power(base: Any, whole: int) -> Any:
    """Return a whole power; flint has none of a ball around exactly 0."""
    found = base**whole
    if found.is_nan() and base.is_finite() and whole > 0:
        return reduce(operator.mul, [base] * whole)
    return found


def as_function(name: str, expression: Any) -> Callable[..., Any]:
    """Return a function of named parameters: the one given, a constant, or a SymPy expression on balls.

    Example:
        >>> import sympy
        >>> as_function("bound", sympy.Symbol("n") / 2)(n=3) == 1.5
        True
    """
    if callable(expression):
        return expression  # type: ignore[no-any-return]
    if is_ball(expression) or isinstance(expression, Real):
        fixed = expression if is_ball(expression) else number(name, expression)

        def constant(**_: Any) -> Any:
            return fixed

        constant.constant = True  # type: ignore[attr-defined]
        return constant
    if not hasattr(expression, "free_symbols"):
        refuse(name, expression, "must be a number, a function of the parameters, or a SymPy expression in them")
    import sympy

    exactly = expression.xreplace({value: sympy.Rational(value) for value in expression.atoms(sympy.Float)})

    symbols = exactly.free_symbols
    try:
        evaluate = compiled(exactly)
    except TypeError as error:
        refuse(name, expression, str(error))

    def formula(**values: Any) -> Any:
        missing = sorted(symbol.name for symbol in symbols if symbol.name not in values)
        if missing:
            refuse(
                name, expression, f"holds {', '.join(missing)}, which the domain does not: it has {', '.join(values)}"
            )
        return evaluate({symbol: v if is_ball(v := values[symbol.name]) else exact(v) for symbol in symbols})

    return formula
