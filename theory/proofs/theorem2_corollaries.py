"""The steps behind what goes beyond Theorem 2: its point, recalls, collapse, corrections, more classes, finite samples.

As in :mod:`theory.proofs.theorem2` vectors enter through their scalar products only, so that the proofs hold in
every dimension: ``m = mu1 - mu2``, ``w = cov^-1 m``, ``y = x - (mu1 + mu2)/2`` and ``L = ln(p+/p-)``. The boundary
is ``w . y = -L``.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import sympy

from theory.proofs.evidence import Comparison, Step, cited, identity, lemma, witness

__all__ = [
    "balanced_accuracy",
    "collapse",
    "corrections",
    "extinction",
    "mean_noise",
    "multiclass",
    "nearest_point",
    "recalls",
]

_MM, _DD, _GG = sympy.symbols("mm dd gg", positive=True)  # w . m, m . m and w . w
_L, _Z = sympy.symbols("L z", real=True)
_M, _LOG = sympy.symbols("M lnr", positive=True)  # the separation, and ln(p+/p-) > 0
_R = sympy.Symbol("r", positive=True)
_HALF = sympy.Rational(1, 2)
_DIMENSIONS = (2, 3, 5, 8, 12)


def nearest_point() -> tuple[Step, ...]:
    """Show when the printed point is the boundary's nearest point to the midpoint in Euclidean distance too."""
    factor, along = sympy.Symbol("k", positive=True), sympy.Symbol("along", real=True)
    e, yy, wy = sympy.Symbol("e", positive=True), sympy.Symbol("yy", real=True), sympy.Symbol("wy", real=True)
    printed, nearest = _L**2 * _DD / _MM**2, _L**2 / _GG
    excess = _L**2 * (_DD * _GG - _MM**2) / (_MM**2 * _GG)
    return (
        identity(
            "of y = a m and y = b w only a = -L/(w . m), the printed point, and b = -L/(w . w) satisfy w . y = -L",
            lambda: (
                sympy.Matrix([*sympy.solve(along * _MM + _L, along), *sympy.solve(along * _GG + _L, along)]),
                sympy.Matrix([-_L / _MM, -_L / _GG]),
            ),
        ),
        cited("(w . y)^2 <= (w . w)(y . y)", "Cauchy-Schwarz"),
        lemma(
            "so |y|^2 >= L^2/(w . w) on the boundary: the second is the nearest point in Euclidean distance",
            lambda: ([wy**2 <= _GG * yy, sympy.Eq(wy, -_L)], yy >= nearest),
        ),
        identity(
            "the printed point's |y|^2 exceeds it by L^2 ((m . m)(w . w) - (w . m)^2)/((w . m)^2 (w . w))",
            lambda: (printed - nearest, excess),
        ),
        identity(
            "(w . w) - (w . m)^2/(m . m) = |w - k m|^2 with k = (w . m)/(m . m)",
            lambda: (_GG - _MM**2 / _DD, (_GG - 2 * factor * _MM + factor**2 * _DD).subs(factor, _MM / _DD)),
        ),
        lemma(
            "for L != 0 the excess is 0 only if (m . m)(w . w) = (w . m)^2, hence only if w = k m",
            lambda: ([sympy.Ne(_L, 0), sympy.Eq(excess, 0)], sympy.Eq(_DD * _GG, _MM**2)),
        ),
        witness(
            "w = cov^-1 m = k m, multiplied by cov, is cov m = m/k: m is an eigenvector of cov, of the eigenvalue 1/k "
            "(exact rational arithmetic, d = 2 to 12)",
            _eigenvectors_checked,
        ),
        identity(
            "conversely cov m = e m gives w = m/e, and the excess is 0",
            lambda: (excess.subs({_MM: _DD / e, _GG: _DD / e**2}), sympy.S.Zero),
        ),
        witness(
            "exact rational arithmetic, d = 2 to 12: the excess is > 0 for covariances of which m is no "
            "eigenvector, and 0 for covariances of which it is one",
            _nearest_points_checked,
        ),
    )


def recalls() -> tuple[Step, ...]:
    """Show that the recalls are ``Phi(M/2 + L/M)`` and ``Phi(M/2 - L/M)``, in any dimension."""
    xi_xi, xi_m = sympy.symbols("xi_xi xi_m", real=True)  # <xi, xi>, <xi, m> = w . xi

    def log_odds(to_mu1: int, to_mu2: int) -> Any:
        """Return ``L - <x - mu1, x - mu1>/2 + <x - mu2, x - mu2>/2`` for ``x - mu_k = xi`` plus a multiple of ``m``."""
        squares = [xi_xi + 2 * c * xi_m + c**2 * _M**2 for c in (to_mu1, to_mu2)]
        return _L - squares[0] / 2 + squares[1] / 2

    return (
        identity(
            "for x = mu1 + xi the log odds are L + M^2/2 + w . xi; for x = mu2 + xi they are L - M^2/2 + w . xi",
            lambda: (
                sympy.Matrix([log_odds(0, 1), log_odds(-1, 0)]),
                sympy.Matrix([_L + _M**2 / 2 + xi_m, _L - _M**2 / 2 + xi_m]),
            ),
        ),
        cited(
            "w . xi has mean 0 and variance w^T cov w = w . (cov cov^-1 m) = w . m = M^2",
            "T. W. Anderson, An introduction to multivariate statistical analysis, 2003, section 2.3",
        ),
        witness(
            "exact rational arithmetic, d = 2 to 12: w^T cov w = w . m = m^T cov^-1 m",
            lambda: [(_product(_times(cov, w), w), "==", _product(w, m)) for cov, m, w, _ in _problems()],
        ),
        cited(
            "a linear function of a Gaussian vector is Gaussian",
            "T. W. Anderson, An introduction to multivariate statistical analysis, 2003, theorem 2.4.4",
        ),
        identity(
            "so P(log odds > 0 | +) = Phi((L + M^2/2)/M) = Phi(M/2 + L/M), P(log odds < 0 | -) = Phi(M/2 - L/M)",
            lambda: (
                sympy.Matrix([(_L + _M**2 / 2) / _M, -(_L - _M**2 / 2) / _M]),
                sympy.Matrix([_M / 2 + _L / _M, _M / 2 - _L / _M]),
            ),
        ),
    )


def collapse() -> tuple[Step, ...]:
    """Show where the minority's recall falls below 1/2, where the majority's is lowest, and their limits."""
    minority, majority, at = _M / 2 - _LOG / _M, _M / 2 + _LOG / _M, sympy.sqrt(2 * _LOG)
    root = _Z + sympy.sqrt(_Z**2 + 2 * _LOG)
    infinite = sympy.oo

    def limits() -> list[Comparison]:
        return [
            (sympy.limit(minority, _M, 0, "+"), "==", -infinite),
            (sympy.limit(majority, _M, 0, "+"), "==", infinite),
            (sympy.limit(minority, _M, infinite), "==", infinite),
            (sympy.limit(majority, _M, infinite), "==", infinite),
            (sympy.limit(minority, _LOG, infinite), "==", -infinite),
            (sympy.limit(majority, _LOG, infinite), "==", infinite),
        ]

    return (
        identity(
            "M/2 - ln r/M = 0 at M = sqrt(2 ln r): the minority's recall is Phi(0) = 1/2",
            lambda: (minority.subs(_M, at), sympy.S.Zero),
        ),
        lemma("for M^2 < 2 ln r it is < 0: the recall is below 1/2", lambda: ([_M**2 < 2 * _LOG], minority < 0)),
        lemma("for M^2 > 2 ln r it is > 0: above 1/2", lambda: ([_M**2 > 2 * _LOG], minority > 0)),
        identity(
            "M = z + sqrt(z^2 + 2 ln r) solves M/2 - ln r/M = z",
            lambda: (sympy.radsimp(minority.subs(_M, root)), _Z),
        ),
        lemma("it is the only one: M/2 - ln r/M rises strictly in M > 0", lambda: ([], sympy.diff(minority, _M) > 0)),
        identity(
            "for a given M the imbalance is ln r = M^2/2 - z M",
            lambda: (minority.subs(_LOG, _M**2 / 2 - _Z * _M), _Z),
        ),
        identity(
            "the slope of the majority's M/2 + ln r/M is 1/2 - ln r/M^2",
            lambda: (sympy.diff(majority, _M), _HALF - _LOG / _M**2),
        ),
        lemma("it is < 0 for M^2 < 2 ln r", lambda: ([_M**2 < 2 * _LOG], sympy.diff(majority, _M) < 0)),
        lemma("and > 0 for M^2 > 2 ln r", lambda: ([_M**2 > 2 * _LOG], sympy.diff(majority, _M) > 0)),
        identity(
            "so the majority's recall is lowest at M = sqrt(2 ln r) too, with the value Phi(sqrt(2 ln r))",
            lambda: (majority.subs(_M, at), at),
        ),
        witness(
            "the arguments of Phi tend to -oo, oo for M -> 0; to oo, oo for M -> oo; to -oo, oo for r -> oo "
            "(minority, majority)",
            limits,
        ),
    )


def balanced_accuracy() -> tuple[Step, ...]:
    """Show that imbalance lowers the mean of both recalls, and down to what."""

    def phi(x: Any) -> Any:
        return sympy.exp(-(x**2) / 2) / sympy.sqrt(2 * sympy.pi)

    def cdf(x: Any) -> Any:
        return (1 + sympy.erf(x / sympy.sqrt(2))) / 2

    up, down = _M / 2 + _LOG / _M, _M / 2 - _LOG / _M
    accuracy = (cdf(up) + cdf(down)) / 2
    density = sympy.Symbol("density", positive=True)
    return (
        identity(
            "its slope in ln r is (phi(M/2 + ln r/M) - phi(M/2 - ln r/M))/(2 M)",
            lambda: (sympy.diff(accuracy, _LOG), (phi(up) - phi(down)) / (2 * _M)),
        ),
        identity("phi(M/2 + ln r/M) = phi(M/2 - ln r/M)/r", lambda: (phi(up), phi(down) * sympy.exp(-_LOG))),
        lemma(
            "with r > 1 and d = phi(M/2 - ln r/M) > 0 the slope (d/r - d)/(2 M) is < 0: imbalance costs balanced "
            "accuracy, the more the larger it is",
            lambda: ([_R > 1], (density / _R - density) / (2 * _M) < 0),
        ),
        identity(
            "for r -> oo it tends to 1/2, so that the loss tends to Phi(M/2) - 1/2",
            lambda: (sympy.limit(accuracy, _LOG, sympy.oo), _HALF),
        ),
    )


def corrections() -> tuple[Step, ...]:
    """Show what corrections through the prior make of the prior ratio, and which restore the balanced boundary."""
    tau, q, wy = sympy.symbols("tau q wy", real=True)
    plus, minus = sympy.symbols("density_pos density_neg", positive=True)  # p+ w+ f+(x) and p- w- f-(x)
    share, beta, mean = sympy.symbols("share beta mean", positive=True)
    n, last = sympy.Symbol("n", positive=True), sympy.Symbol("last", positive=True)
    risk = -plus * sympy.log(share) - minus * sympy.log(1 - share)
    best = plus / (plus + minus)
    return (
        identity(
            "log odds L + w . y less tau L (logit adjustment) are (1 - tau) L + w . y: those of the ratio r^(1 - tau)",
            lambda: (
                (sympy.log(_R) + wy) - tau * sympy.log(_R),
                sympy.expand_log(sympy.log(_R ** (1 - tau)), force=True) + wy,
            ),
        ),
        identity(
            "at tau = 1 they are w . y: the balanced boundary, exactly",
            lambda: (((1 - tau) * _L + wy).subs(tau, 1), wy),
        ),
        identity(
            "the weighted cross entropy -p+ w+ f+ ln s - p- w- f- ln(1 - s) at a feature is stationary in s at "
            "p+ w+ f+/(p+ w+ f+ + p- w- f-)",
            lambda: (sympy.diff(risk, share).subs(share, best), sympy.S.Zero),
        ),
        lemma(
            "and convex in s: this is its minimum",
            lambda: ([share < 1], plus / share**2 + minus / (1 - share) ** 2 > 0),
        ),
        identity(
            "with the second derivative p+ w+ f+/s^2 + p- w- f-/(1 - s)^2",
            lambda: (sympy.diff(risk, share, 2), plus / share**2 + minus / (1 - share) ** 2),
        ),
        identity(
            "whose odds are (p+ w+/(p- w-)) f+/f-: the effective ratio is r w+/w-, affine log odds included",
            lambda: (best / (1 - best), plus / minus),
        ),
        identity(
            "drawing classes in proportion to n^q makes the ratio (n+/n-)^q",
            lambda: ((_R * n) ** q / n**q, sympy.powsimp(_R**q)),
        ),
        identity(
            "effective numbers: (1 - b^(n+1))/(1 - b) = (1 - b^n)/(1 - b) + b^n, so that they are 1 + b + ... + "
            "b^(n-1), and the effective ratio is the mean of the first n- powers of b over that of the first n+",
            lambda: ((1 - beta * last) / (1 - beta), (1 - last) / (1 - beta) + last),
        ),
        lemma(
            "b^n lies below the mean of the n earlier, larger powers, and one term below the mean lowers it: the "
            "mean falls in n, and the effective ratio is > 1 for n+ > n-, 0 < b < 1",
            lambda: ([n >= 1, last < mean], (n * mean + last) / (n + 1) < mean),
        ),
        identity(
            "for b -> 1 each mean tends to 1, and so does the effective ratio (here n+ = 7, n- = 3)",
            lambda: (sympy.limit(sympy.Rational(7, 3) * (1 - beta**3) / (1 - beta**7), beta, 1), sympy.S.One),
        ),
    )


def extinction() -> tuple[Step, ...]:
    """Show when, with unequal covariances, a finite prior ratio extinguishes the negative class."""
    c1, c2 = sympy.symbols("c1 c2", positive=True)
    delta, y = sympy.symbols("delta y", real=True)
    form = y**2 / c2 - (y - delta) ** 2 / c1
    lowest = -delta * c2 / (c1 - c2)
    return (
        cited(
            "some coordinates make two covariances diagonal at once",
            "R. Horn, C. Johnson, Matrix analysis, 2013, section 7.6",
        ),
        identity(
            "each coordinate adds y^2/c2 - (y - delta)^2/c1 to twice the log odds, y = x - mu2; its second "
            "derivative is 2/c2 - 2/c1",
            lambda: (sympy.diff(form, y, 2), 2 / c2 - 2 / c1),
        ),
        lemma("it is > 0 for c1 > c2", lambda: ([c1 > c2], 2 / c2 - 2 / c1 > 0)),
        identity(
            "it is stationary at y = -delta c2/(c1 - c2)",
            lambda: (sympy.diff(form, y).subs(y, lowest), sympy.S.Zero),
        ),
        identity(
            "where it is -delta^2/(c1 - c2): the log odds are > 0 everywhere if "
            "ln r > ln(det cov1/det cov2)/2 + m^T (cov1 - cov2)^-1 m/2",
            lambda: (form.subs(y, lowest), -(delta**2) / (c1 - c2)),
        ),
        witness(
            "for c1 < c2, and for c1 = c2 with delta != 0, it is unbounded below: no finite ratio suffices",
            lambda: [
                (sympy.limit(form.subs({c1: 1, c2: 2, delta: 1}), y, sympy.oo), "==", -sympy.oo),
                (sympy.limit(form.subs({c1: 1, c2: 1, delta: 1}), y, -sympy.oo), "==", -sympy.oo),
            ],
        ),
    )


def multiclass() -> tuple[Step, ...]:
    """Show that for more classes each pair's scores differ by Theorem 2's log odds of that pair."""
    xi, xj, ii, jj, ij, p_i, p_j = sympy.symbols(
        "xi xj ii jj ij ln_p_i ln_p_j", real=True
    )  # <x, mu_i>, <mu_i, mu_j>, ...
    first, second = xi - ii / 2 + p_i, xj - jj / 2 + p_j
    theorem2 = (p_i - p_j) + xi - xj - (ii - ij + ij - jj) / 2  # L + <x - (mu_i + mu_j)/2, mu_i - mu_j>
    return (
        identity(
            "w_i . x + b_i - (w_j . x + b_j) = ln(p_i/p_j) + <x - (mu_i + mu_j)/2, mu_i - mu_j>",
            lambda: (first - second, theorem2),
        ),
    )


def mean_noise() -> tuple[Step, ...]:
    """Show what the noise of the sample means adds to the plug-in score's expectation."""
    d, n1, n2 = sympy.symbols("d n1 n2", positive=True)

    def square(distance: Any, n: Any) -> Any:
        """Return ``E|x - xbar|^2`` for means ``distance`` apart: the squared mean and the trace of the covariance."""
        return distance**2 + d * (1 + 1 / n)

    shift = d / 2 * (1 / n2 - 1 / n1)
    return (
        identity(
            "E(|x - xbar2|^2 - |x - xbar1|^2)/2 = +-M^2/2 + d/2 (1/n2 - 1/n1) for a feature of class 1 (2), cov = I",
            lambda: (
                sympy.Matrix([square(_M, n2) - square(0, n1), square(0, n2) - square(_M, n1)]) / 2,
                sympy.Matrix([_M**2 / 2 + shift, -(_M**2) / 2 + shift]),
            ),
        ),
        lemma(
            "it is > 0, in favour of class 1, whenever class 1 has more samples",
            lambda: ([n1 > n2], shift > 0),
        ),
    )


def _eigenvectors_checked() -> list[Comparison]:
    eigenvalue = [(cov, m, _product(m, m) / _product(w, m)) for cov, m, w, eigenvector in _problems() if eigenvector]
    return [(_times(cov, m), "==", [e * v for v in m]) for cov, m, e in eigenvalue]


def _nearest_points_checked() -> list[Comparison]:
    return [
        (_product(m, m) * _product(w, w), "==" if eigenvector else ">", _product(w, m) ** 2)
        for _, m, w, eigenvector in _problems()
    ]


def _problems() -> Iterator[tuple[list[list[Fraction]], list[Fraction], list[Fraction], bool]]:
    """Yield ``(cov, m, cov^-1 m, whether m is an eigenvector)``, exact: random ones, and some made to be."""
    import random

    from flint import fmpq_mat

    source = random.Random(20210708)
    for d in _DIMENSIONS:
        for eigenvector in (False, True):
            m = [source.randint(1, 9) for _ in range(d)]
            root = [[source.randint(-5, 5) for _ in range(d)] for _ in range(d)]
            cov = [[sum(a * b for a, b in zip(u, v, strict=True)) + (u is v) for v in root] for u in root]
            if eigenvector:  # P cov P + m m^T with P = |m|^2 I - m m^T, which takes m to |m|^2 m
                length = sum(a * a for a in m)
                inner = fmpq_mat(d, d, [length * (i == j) - m[i] * m[j] for i in range(d) for j in range(d)])
                outer = fmpq_mat(d, d, [a * b for a in m for b in m])
                product = inner * fmpq_mat(d, d, [v for row in cov for v in row]) * inner + outer
                cov = [[int(product[i, j].p) for j in range(d)] for i in range(d)]
            w = fmpq_mat(d, d, [v for row in cov for v in row]).solve(fmpq_mat(d, 1, m))
            exact = [Fraction(int(w[i, 0].p), int(w[i, 0].q)) for i in range(d)]
            yield [[Fraction(v) for v in row] for row in cov], [Fraction(v) for v in m], exact, eigenvector


def _times(matrix: list[list[Fraction]], vector: list[Fraction]) -> list[Fraction]:
    return [_product(row, vector) for row in matrix]


def _product(u: list[Fraction], v: list[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(u, v, strict=True)), Fraction(0))
