"""The steps behind :mod:`theory.temperature`: Bayes' decision from tempered logits, which tau, and a wrong one's cost.

Any two classes ``j, k`` are compared through the logs of their densities at ``x`` and of their frequencies, so that a
proof for a pair is one for any number of classes: the largest of several scores wins every comparison.
"""

from __future__ import annotations

from typing import Any

import sympy

from theory.proofs.evidence import Step, cited, identity, lemma

__all__ = ["bayes", "identified", "trainings", "wrong_tau"]

_T = sympy.Symbol("T", positive=True)
_TAU, _C = sympy.symbols("tau c", real=True)
_F, _P, _Q = (sympy.symbols(f"ln_{name}_j ln_{name}_k", real=True) for name in "fpq")
_L = sympy.Symbol("L", real=True)  # ln r


def _logits() -> list[Any]:
    return [_T * (f + _C) + _TAU * p for f, p in zip(_F, _P, strict=True)]


def bayes() -> tuple[Step, ...]:
    """Show which decisions and probabilities the adjusted logits give."""
    z = _logits()
    balanced = [logit - _TAU * p for logit, p in zip(z, _P, strict=True)]
    aimed = [score + _T * q for score, q in zip(balanced, _Q, strict=True)]
    trained = [score / _T + p for score, p in zip(balanced, _P, strict=True)]
    return (
        cited(
            "for class frequencies q, deciding for the largest q_k p(x | k) has the highest accuracy",
            "R. Duda, P. Hart, D. Stork, Pattern classification, 2001, section 2.2",
        ),
        identity(
            "z - tau ln pi of two classes differ by T (ln p(x | j) - ln p(x | k))",
            lambda: (balanced[0] - balanced[1], _T * (_F[0] - _F[1])),
        ),
        lemma(
            "which is > 0 if and only if p(x | j) > p(x | k): Bayes' decision for equal frequencies",
            lambda: ([], sympy.Eq(_T * (_F[0] - _F[1]) > 0, _F[0] > _F[1])),
        ),
        identity(
            "z - tau ln pi + T ln q differ by T (ln q_j p(x | j) - ln q_k p(x | k)): Bayes' decision for q",
            lambda: (aimed[0] - aimed[1], _T * (_Q[0] + _F[0] - _Q[1] - _F[1])),
        ),
        identity(
            "(z - tau ln pi)/T + ln pi differ by ln pi_j p(x | j) - ln pi_k p(x | k), the log posterior odds under pi: "
            "their softmax is the posterior",
            lambda: (trained[0] - trained[1], _P[0] + _F[0] - _P[1] - _F[1]),
        ),
    )


def identified() -> tuple[Step, ...]:
    """Show that long-tailed data tell tau and T, and that their likelihood is concave."""
    a, b, a2, b2, z1, z2 = sympy.symbols("a b a2 b2 z1 z2", real=True)
    z, log_p = sympy.symbols("z ln_p", real=True)
    p1, p2, p3, u1, u2, u3, s = sympy.symbols("p1 p2 p3 u1 u2 u3 s", real=True)

    def same(x: Any) -> Any:
        """Return that both pairs of parameters give the same log odds at a logit difference."""
        return sympy.Eq(a * x + (1 - b) * _L, a2 * x + (1 - b2) * _L)

    def curvature() -> tuple[Any, Any]:
        """Return the second derivative of log-sum-exp along a direction, and the variance under its softmax."""
        total = sum(p * sympy.exp(s * u) for p, u in ((p1, u1), (p2, u2), (p3, u3)))
        second = sympy.diff(sympy.log(total), s, 2).subs(s, 0).subs(p3, 1 - p1 - p2)
        mean = p1 * u1 + p2 * u2 + (1 - p1 - p2) * u3
        variance = p1 * (u1 - mean) ** 2 + p2 * (u2 - mean) ** 2 + (1 - p1 - p2) * (u3 - mean) ** 2
        return sympy.simplify(second), sympy.expand(variance)

    return (
        identity(
            "in a = 1/T, b = tau/T the model's scores (z - tau ln pi)/T + ln pi are a z - b ln pi + ln pi: linear",
            lambda: ((z - _TAU * log_p) / _T + log_p, 1 / _T * z - _TAU / _T * log_p + log_p),
        ),
        identity(
            "log-sum-exp has, along any direction, the variance of the direction under the softmax as its second "
            "derivative (three classes)",
            curvature,
        ),
        cited(
            "for any number of classes it is convex: the log-likelihood, linear minus log-sum-exp, is concave",
            "S. Boyd, L. Vandenberghe, Convex optimization, 2004, section 3.1.5",
        ),
        lemma(
            "two images whose logits of a pair differ by other amounts, and unequal frequencies, determine (a, b)",
            lambda: (
                [sympy.Ne(z1, z2), sympy.Ne(_L, 0), same(z1), same(z2)],
                sympy.And(sympy.Eq(a, a2), sympy.Eq(b, b2)),
            ),
        ),
    )


def trainings() -> tuple[Step, ...]:
    """Show which tau a way to train implies, where what its loss sees is Bayes' rule times T."""
    t, q = sympy.symbols("t q", real=True)
    f, log_w = sympy.symbols("f lnw", real=True)  # ln p(x | +)/p(x | -) and ln w+/w-
    r, e = sympy.symbols("r e", real=True)

    def left(odds: Any, tau: Any) -> Any:
        """Return the log odds of two classes after the adjustment."""
        return sympy.expand(odds - tau * _L)

    return (
        identity(
            "cross entropy, T (ln f + L): tau = T leaves T ln f, the balanced log odds times T",
            lambda: (left(_T * (f + _L), _T), _T * f),
        ),
        identity(
            "the loss of logit adjustment sees z + t ln pi = T ln(pi p(x | k)): tau = T - t leaves T ln f",
            lambda: (left(_T * (f + _L) - t * _L, _T - t), _T * f),
        ),
        identity(
            "class weights, T (ln f + L + ln w+/w-) by R.corrections: tau = T (L + ln w+/w-)/L leaves T ln f",
            lambda: (left(_T * (f + _L + log_w), _T * (_L + log_w) / _L), _T * f),
        ),
        identity(
            "inverse frequencies, ln w+/w- = -L: tau = 0",
            lambda: ((_T * (_L + log_w) / _L).subs(log_w, -_L), sympy.S.Zero),
        ),
        identity(
            "classes drawn in proportion to n^q, T (ln f + q L): tau = q T leaves T ln f",
            lambda: (left(_T * (f + q * _L), q * _T), _T * f),
        ),
        lemma(
            "effective numbers have 1 < e < r (R.corrections), 0 < ln e < ln r: 0 < tau < T",
            lambda: ([e > 0, e < r], sympy.And(_T * e / r > 0, _T * e / r < _T)),
        ),
    )


def wrong_tau() -> tuple[Step, ...]:
    """Show what a wrong tau costs two Gaussian classes, exactly and at most."""
    m, h, x = sympy.Symbol("M", positive=True), sympy.Symbol("h", real=True), sympy.Symbol("x", real=True)
    d, wy = sympy.symbols("d wy", real=True)

    def phi(x: Any) -> Any:
        return sympy.exp(-(x**2) / 2) / sympy.sqrt(2 * sympy.pi)

    def cdf(x: Any) -> Any:
        return (1 + sympy.erf(x / sympy.sqrt(2))) / 2

    accuracy = (cdf(m / 2 + h / m) + cdf(m / 2 - h / m)) / 2
    loss = cdf(m / 2) - accuracy
    slope = (phi(m / 2 - h / m) - phi(m / 2 + h / m)) / (2 * m)
    return (
        identity(
            "tau - d in the place of tau leaves T (w . y + d L/T): the boundary of the log prior ratio h = d L/T",
            lambda: (_T * (wy + _L) + (_TAU - _T) * _L - (_TAU - d) * _L, _T * (wy + d * _L / _T)),
        ),
        cited("whose recalls are Phi(M/2 + h/M) and Phi(M/2 - h/M)", "R.recalls"),
        identity(
            "the loss of balanced accuracy, Phi(M/2) - (Phi(M/2 + h/M) + Phi(M/2 - h/M))/2, has the slope (phi(M/2 - "
            "h/M) - phi(M/2 + h/M))/(2 M) in h",
            lambda: (sympy.diff(loss, h), slope),
        ),
        identity(
            "phi(M/2 + h/M) = exp(-h) phi(M/2 - h/M): the slope has the sign of h, and the loss is 0 at h = 0 only",
            lambda: (phi(m / 2 + h / m), sympy.exp(-h) * phi(m / 2 - h / m)),
        ),
        identity(
            "at h = 0 its second derivative is phi(M/2)/(2 M): for small errors it is phi(M/2) h^2/(4 M)",
            lambda: (sympy.diff(loss, h, 2).subs(h, 0), phi(m / 2) / (2 * m)),
        ),
        identity(
            "anywhere it is (u phi(u) + v phi(v))/(2 M^2) at u, v = M/2 + h/M, M/2 - h/M",
            lambda: (
                sympy.diff(loss, h, 2),
                sum(u * phi(u) for u in (m / 2 + h / m, m / 2 - h / m)) / (2 * m**2),
            ),
        ),
        identity(
            "x phi(x) has the slope (1 - x^2) phi(x): it is largest at x = 1",
            lambda: (sympy.diff(x * phi(x), x), (1 - x**2) * phi(x)),
        ),
        identity(
            "the second derivative is at most phi(1)/M^2, and the loss at most its double integral phi(1) h^2/(2 M^2)",
            lambda: (
                sympy.integrate(sympy.integrate(phi(1) / m**2, (x, 0, x)), (x, 0, h)),
                phi(1) * h**2 / (2 * m**2),
            ),
        ),
    )
