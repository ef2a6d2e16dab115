"""The functions of :mod:`theory.theorem2` and of what goes beyond it: collapse, corrections, more classes, plug-in.

Means and covariances are floats that are short binary fractions, and so exact numbers.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from numpy.typing import ArrayLike

from theory import multiclass, quadratic, theorem2
from theory.proofs.evidence import Case, Step, code
from theory.proofs.shipped.points import normal_cdf, rational

__all__ = [
    "balanced_accuracy",
    "boundary",
    "collapse",
    "corrections",
    "decision",
    "extinction",
    "isotropic",
    "mean_noise",
    "midpoint",
    "multiclass_scores",
    "prior_in_bias",
    "quadratic_boundary",
    "quadratic_recalls",
    "recalls",
    "separation",
    "without_bias",
]


def _shared(mu1: ArrayLike, mu2: ArrayLike, cov: ArrayLike, prior_ratio: float) -> theorem2.Setting:
    return theorem2.Setting(np.asarray(mu1), np.asarray(mu2), np.asarray(cov), prior_ratio)


def _unequal(mu1: ArrayLike, mu2: ArrayLike, cov1: ArrayLike, cov2: ArrayLike, ratio: float) -> quadratic.Setting:
    return quadratic.Setting(np.asarray(mu1), np.asarray(mu2), np.asarray(cov1), np.asarray(cov2), ratio)


def _several(means: ArrayLike, cov: ArrayLike, priors: ArrayLike) -> multiclass.Setting:
    return multiclass.Setting(np.asarray(means), np.asarray(cov), np.asarray(priors))


_PROBLEMS = (
    _shared([1.25, -0.5], [-0.75, 0.25], [[1.5, 0.25], [0.25, 0.75]], 5.0),
    _shared([0.5, 0.25, -1.0], [1.25, -2.0, 0.5], [[2.0, 0.5, 0.0], [0.5, 1.0, 0.25], [0.0, 0.25, 3.0]], 0.375),
)
_BALANCED = tuple(theorem2.Setting(s.mu1, s.mu2, s.cov, 1.0) for s in _PROBLEMS)
_POINTS = ((Fraction(5, 4), 7), (Fraction(11, 4), 40), (Fraction(3, 8), Fraction(5, 4)))  # M, r


def _matrix(array: Any) -> Any:
    return sympy.Matrix([[rational(value) for value in row] for row in array.reshape(len(array), -1).tolist()])


def _exact(s: theorem2.Setting) -> tuple[Any, Any, Any, Any]:
    """Return the means, the covariance and ``ln(p+/p-)`` as exact expressions."""
    return _matrix(s.mu1), _matrix(s.mu2), _matrix(s.cov), sympy.log(rational(s.prior_ratio))


def _hyperplane(s: theorem2.Setting) -> tuple[Any, Any]:
    mu1, mu2, cov, log_ratio = _exact(s)
    w = cov.inv() * (mu1 - mu2)
    return w, -w.dot(mu1 + mu2) / 2 + log_ratio


def _squared(s: theorem2.Setting) -> Any:
    """Return the separation squared."""
    mu1, mu2, cov, _ = _exact(s)
    return (mu1 - mu2).dot(cov.inv() * (mu1 - mu2))


def _point(s: theorem2.Setting) -> list[Any]:
    mu1, mu2, _, log_ratio = _exact(s)
    return list((mu1 + mu2) / 2 - (mu1 - mu2) * log_ratio / _squared(s))


def boundary() -> tuple[Step, ...]:
    """Compare hyperplane and point with Theorem 2's."""
    return (
        code(
            "w = cov^-1 (mu1 - mu2), b = -w . (mu1 + mu2)/2 + ln(p+/p-)",
            "theorem2.hyperplane",
            lambda: [Case((s,), [list(w), b]) for s in _PROBLEMS for w, b in (_hyperplane(s),)],
        ),
        code(
            "(mu1 + mu2)/2 - (mu1 - mu2) ln(p+/p-)/M^2",
            "theorem2.boundary_point",
            lambda: [Case((s,), _point(s)) for s in _PROBLEMS],
        ),
    )


def midpoint() -> tuple[Step, ...]:
    """Compare the point for equal priors with the midpoint."""
    return (
        code(
            "(mu1 + mu2)/2 at p+ = p-",
            "theorem2.boundary_point",
            lambda: [Case((s,), list((_matrix(s.mu1) + _matrix(s.mu2)) / 2)) for s in _BALANCED],
        ),
    )


def isotropic() -> tuple[Step, ...]:
    """Compare Property 2's point with equation (5)."""
    sigma = Fraction(7, 4)

    def expected(s: theorem2.Setting) -> list[Any]:
        mu1, mu2, _, log_ratio = _exact(s)
        length = (mu1 - mu2).dot(mu1 - mu2)
        return list((mu1 + mu2) / 2 - rational(sigma) ** 2 / length * (mu1 - mu2) * log_ratio)

    return (
        code(
            "(mu1 + mu2)/2 - sigma^2 (mu1 - mu2) ln(p+/p-)/|mu1 - mu2|^2",
            "theorem2.isotropic_boundary_point",
            lambda: [Case((s.mu1, s.mu2, float(sigma), s.prior_ratio), expected(s)) for s in _PROBLEMS],
        ),
    )


def separation() -> tuple[Step, ...]:
    """Compare the separation and the boundary's distance from the midpoint with theirs."""
    return (
        code(
            "the root of (mu1 - mu2)^T cov^-1 (mu1 - mu2)",
            "theorem2.separation",
            lambda: [Case((s,), sympy.sqrt(_squared(s))) for s in _PROBLEMS],
        ),
        code(
            "ln(p+/p-), and ln(p+/p-)/M in Mahalanobis distance",
            "corrections.shift",
            lambda: [Case((s,), [_exact(s)[3], _exact(s)[3] / sympy.sqrt(_squared(s))]) for s in _PROBLEMS],
        ),
    )


def recalls() -> tuple[Step, ...]:
    """Compare the recalls with ``Phi(M/2 +- ln(p+/p-)/M)``."""

    def expected(s: theorem2.Setting) -> list[Any]:
        m, log_ratio = sympy.sqrt(_squared(s)), _exact(s)[3]
        return [normal_cdf(m / 2 + sign * log_ratio / m) for sign in (1, -1)]

    return (
        code(
            "Phi(M/2 + ln(p+/p-)/M) and Phi(M/2 - ln(p+/p-)/M)",
            "theorem2.recalls",
            lambda: [Case((s,), expected(s)) for s in _PROBLEMS],
        ),
        code(
            "Phi(M/2 - ln r/M)",
            "theorem2.minority_recall",
            lambda: [Case((float(m), float(r)), _minority(m, r)) for m, r in _POINTS],
        ),
    )


def _minority(m: Fraction, ratio: float | Fraction, sign: int = 1) -> Any:
    size = rational(m)
    return normal_cdf(size / 2 - sign * sympy.log(rational(ratio)) / size)


def collapse() -> tuple[Step, ...]:
    """Compare where classes collapse with the proved roots."""
    z = sympy.Symbol("z", real=True)

    def root(recall: Any) -> Any:
        return sympy.nsolve(normal_cdf(z) - rational(recall), z, 0, prec=35)

    def separation_for(recall: Fraction, ratio: float | Fraction) -> Any:
        at = root(recall)
        return at + sympy.sqrt(at**2 + 2 * sympy.log(rational(ratio)))

    goals = (Fraction(1, 4), Fraction(7, 8))
    return (
        code(
            "sqrt(2 ln r)",
            "collapse.collapse_separation",
            lambda: [Case((float(r),), sympy.sqrt(2 * sympy.log(rational(r)))) for _, r in _POINTS],
        ),
        code(
            "sqrt(2 ln r) and Phi(sqrt(2 ln r))",
            "collapse.majority_minimum",
            lambda: [
                Case((float(r),), [at, normal_cdf(at)])
                for at, r in ((sympy.sqrt(2 * sympy.log(rational(r))), r) for _, r in _POINTS)
            ],
        ),
        code(
            "z + sqrt(z^2 + 2 ln r), z = Phi^-1(recall)",
            "collapse.separation_for",
            lambda: [Case((float(g), float(r)), separation_for(g, r)) for g in goals for _, r in _POINTS],
        ),
        code(
            "exp(M^2/2 - z M)",
            "collapse.prior_ratio_for",
            lambda: [
                Case((float(g), float(m)), sympy.exp(rational(m) ** 2 / 2 - root(g) * rational(m)))
                for g in goals
                for m, _ in _POINTS
            ],
        ),
    )


def balanced_accuracy() -> tuple[Step, ...]:
    """Compare balanced accuracy, and its loss, with the mean of both recalls."""

    def expected(m: Fraction, r: float | Fraction) -> Any:
        return (_minority(m, r) + _minority(m, r, -1)) / 2

    return (
        code(
            "the mean of Phi(M/2 - ln r/M) and Phi(M/2 + ln r/M)",
            "collapse.balanced_accuracy",
            lambda: [Case((float(m), float(r)), expected(m, r)) for m, r in _POINTS],
        ),
        code(
            "Phi(M/2) less that mean",
            "collapse.balanced_accuracy_loss",
            lambda: [Case((float(m), float(r)), normal_cdf(rational(m) / 2) - expected(m, r)) for m, r in _POINTS],
        ),
    )


def corrections() -> tuple[Step, ...]:
    """Compare the effective ratios, and what they leave, with the proved ones."""
    r, tau, assumed = Fraction(40), Fraction(3, 8), Fraction(25)
    beta = Fraction(63, 64)
    s = _PROBLEMS[0]

    def plane(result: Any) -> Any:
        return [*result[0].tolist(), result[1]]

    def normalised(power: Any, bias: bool) -> list[Any]:
        mu1, mu2, cov, log_ratio = _exact(s)
        rows = [cov.inv() * mu for mu in (mu1, mu2)]
        priors = [log_ratio - sympy.log(1 + rational(s.prior_ratio)), -sympy.log(1 + rational(s.prior_ratio))]
        biases = [p - w.dot(mu) / 2 for p, w, mu in zip(priors, rows, (mu1, mu2), strict=True)]
        scaled = [w / w.norm() ** power for w in rows]
        return [*(scaled[0] - scaled[1]), biases[0] - biases[1] if bias else 0]

    def plane_recalls(w: Any, b: Any) -> list[Any]:
        mu1, mu2, cov, _ = _exact(s)
        spread = sympy.sqrt(w.dot(cov * w))
        return [normal_cdf((w.dot(mu1) + b) / spread), normal_cdf(-(w.dot(mu2) + b) / spread)]

    def crossing(w: Any, b: Any) -> list[Any]:
        mu1, mu2, _, _ = _exact(s)
        return list(mu2 - (w.dot(mu2) + b) / w.dot(mu1 - mu2) * (mu1 - mu2))

    w, b = sympy.Matrix([rational(1.25), rational(-0.375)]), rational(0.625)
    given = (s, [1.25, -0.375], 0.625)
    return (
        code(
            "r/a^tau, and r^(1 - tau) where a = r",
            "corrections.logit_adjustment",
            lambda: [
                Case((float(r), float(tau)), rational(r) ** (1 - rational(tau))),
                Case((float(r), float(tau), float(assumed)), rational(r) / rational(assumed) ** rational(tau)),
                Case((float(r),), 1),
            ],
        ),
        code(
            "r w+/w-",
            "corrections.reweighting",
            lambda: [Case((40.0, 0.375, 1.25), 40 * Fraction(3, 8) / Fraction(5, 4))],
        ),
        code(
            "n+ (1 - b^n-)/(n- (1 - b^n+))",
            "corrections.effective_number",
            lambda: [Case((70, 6, float(beta)), Fraction(70, 6) * (1 - beta**6) / (1 - beta**70))],
        ),
        code(
            "r^q",
            "corrections.resampling",
            lambda: [Case((float(r), float(tau)), rational(r) ** rational(tau)), Case((float(r), 0.0), 1)],
        ),
        code(
            "the difference of w_k/|w_k|^tau, w_k = cov^-1 mu_k, without bias and with it",
            "corrections.tau_normalization",
            lambda: [
                Case((s, 1.0), normalised(1, bias=False), plane),
                Case((s, 0.375, "kept"), normalised(rational(tau), bias=True), plane),
            ],
        ),
        code(
            "Phi((w . mu1 + b)/sqrt(w^T cov w)) and Phi(-(w . mu2 + b)/sqrt(w^T cov w))",
            "corrections.hyperplane_recalls",
            lambda: [Case(given, plane_recalls(w, b))],
        ),
        code(
            "where w . x + b = 0 on the line through the means",
            "corrections.crossing_point",
            lambda: [Case(given, crossing(w, b))],
        ),
        code(
            "Phi(M p-) and Phi(M p+), the boundary through the overall mean",
            "corrections.centred_without_bias",
            lambda: [
                Case(
                    (float(m), float(ratio)),
                    [
                        normal_cdf(rational(m) / (1 + rational(ratio))),
                        normal_cdf(rational(m * ratio) / (1 + rational(ratio))),
                    ],
                )
                for m, ratio in _POINTS
            ],
        ),
    )


_UNEQUAL = (
    _unequal([0.75], [-0.25], [[4.0]], [[1.5]], 2.5),
    _unequal([0.75, 0.5], [-0.25, 1.0], [[3.0, 0.5], [0.5, 2.0]], [[1.0, 0.25], [0.25, 0.75]], 3.0),
)


def _log_odds(s: quadratic.Setting, x: Any) -> Any:
    """Return the logarithm of ``p+ N(x; mu1, cov1)/(p- N(x; mu2, cov2))``, from the densities."""
    total = sympy.log(rational(s.prior_ratio))
    for sign, mean, cov in ((1, s.mu1, s.cov1), (-1, s.mu2, s.cov2)):
        off, matrix = x - _matrix(mean), _matrix(cov)
        total -= sign * (off.dot(matrix.inv() * off) + sympy.log(matrix.det())) / 2
    return total


def quadratic_boundary() -> tuple[Step, ...]:
    """Compare the log odds of unequal covariances with the two densities."""
    features = {1: [1.375], 2: [1.375, -0.625]}
    return (
        code(
            "ln p+ N(x; mu1, cov1) - ln p- N(x; mu2, cov2)",
            "quadratic.log_odds",
            lambda: [
                Case((s, features[len(s.mu1)]), _log_odds(s, sympy.Matrix(list(map(rational, features[len(s.mu1)])))))
                for s in _UNEQUAL
            ],
        ),
    )


def quadratic_recalls() -> tuple[Step, ...]:
    """Compare the recalls with unequal variances with those of means 0 and 0, variances 4 and 1, ratio 1.2."""
    s = _unequal([0.0], [0.0], [[4.0]], [[1.0]], 1.2)
    threshold = sympy.sqrt((sympy.log(2) - sympy.log(rational(1.2))) * sympy.Rational(8, 3))
    return (
        code(
            "P(|x| > t) and P(|x| < t) where the log odds ln(p+/p-) - ln 2 + 3 t^2/8 are 0, variances 4 and 1, means 0",
            "quadratic.recalls",
            lambda: [
                Case(
                    (s,),
                    [sympy.erfc(threshold / sympy.sqrt(8)), sympy.erf(threshold / sympy.sqrt(2))],
                    lambda recalls: [one.value for one in recalls],
                )
            ],
        ),
    )


def decision() -> tuple[Step, ...]:
    """Compare the decision with the largest score."""
    return multiclass_scores()[-1:]


def without_bias() -> tuple[Step, ...]:
    """Compare recalls with the bias and without where mu2 = -mu1: ``Phi(M/2 +- ln(p+/p-)/M)`` and ``Phi(M/2)``."""
    s = _shared([1.25, -0.5], [-1.25, 0.5], [[1.5, 0.25], [0.25, 0.75]], 40.0)
    w, b = _hyperplane(s)
    weights, m = [float(v) for v in w], sympy.sqrt(_squared(s))
    return (
        code(
            "Phi(M/2 + ln(p+/p-)/M) and Phi(M/2 - ln(p+/p-)/M) with the bias, Phi(M/2) without where mu2 = -mu1",
            "corrections.hyperplane_recalls",
            lambda: [
                Case((s, weights, float(b)), [normal_cdf(m / 2 + sign * b / m) for sign in (1, -1)]),
                Case((s, weights, 0.0), [normal_cdf(m / 2)] * 2),
            ],
        ),
    )


def extinction() -> tuple[Step, ...]:
    """Compare the ratio that extinguishes a class with the proved one."""

    def expected(s: quadratic.Setting) -> Any:
        cov1, cov2, m = _matrix(s.cov1), _matrix(s.cov2), _matrix(s.mu1) - _matrix(s.mu2)
        return sympy.sqrt(cov1.det() / cov2.det()) * sympy.exp(m.dot((cov1 - cov2).inv() * m) / 2)

    return (
        code(
            "sqrt(det cov1/det cov2) exp(m^T (cov1 - cov2)^-1 m/2)",
            "quadratic.extinction_ratio",
            lambda: [Case((s,), expected(s)) for s in _UNEQUAL],
        ),
        *quadratic_boundary(),
    )


_CLASSES = _several([[0.5, -0.25], [1.75, 0.5], [-0.625, 1.5]], [[1.5, 0.25], [0.25, 0.75]], [20.0, 5.0, 2.0])


def _scores(s: multiclass.Setting) -> tuple[list[list[Any]], list[Any]]:
    means, cov, priors = _matrix(s.means), _matrix(s.cov), [rational(p) for p in s.priors.tolist()]
    weights = [cov.inv() * means.row(k).T for k in range(means.rows)]
    logs = [sympy.log(p / sum(priors)) for p in priors]
    return [list(w) for w in weights], [
        log - w.dot(means.row(k)) / 2 for k, (w, log) in enumerate(zip(weights, logs, strict=True))
    ]


def multiclass_scores() -> tuple[Step, ...]:
    """Compare weights, biases and pairs with the proved scores."""
    x = [0.875, 0.375]

    def decided() -> int:
        weights, biases = _scores(_CLASSES)
        scores = [
            sum(a * rational(v) for a, v in zip(w, x, strict=True)) + b for w, b in zip(weights, biases, strict=True)
        ]
        return max(range(3), key=lambda k: float(scores[k].evalf(30)))

    pair = theorem2.Setting(_CLASSES.means[0], _CLASSES.means[2], _CLASSES.cov, 10.0)
    return (
        code(
            "w_k = cov^-1 mu_k, b_k = ln p_k - w_k . mu_k/2",
            "multiclass.linear_classifier",
            lambda: [Case((_CLASSES,), list(_scores(_CLASSES)))],
        ),
        code(
            "Theorem 2's point of the pair",
            "multiclass.boundary_point",
            lambda: [Case((_CLASSES, 0, 2), _point(pair))],
        ),
        code("the class of the largest score", "multiclass.decide", lambda: [Case((_CLASSES, x), decided(), int)]),
    )


def prior_in_bias() -> tuple[Step, ...]:
    """Compare the Bayes classifier for other priors: the same weights, other biases."""
    other = _several(_CLASSES.means, _CLASSES.cov, [1.0, 4.0, 64.0])
    return (
        code(
            "w_k = cov^-1 mu_k whatever the priors, b_k = ln p_k - w_k . mu_k/2",
            "multiclass.linear_classifier",
            lambda: [Case((other,), [_scores(_CLASSES)[0], _scores(other)[1]])],
        ),
    )


def mean_noise() -> tuple[Step, ...]:
    """Compare what the means' noise adds with the proved shift."""
    return (
        code(
            "d/2 (1/n- - 1/n+), and m/(m - d - 1) times that for an estimated covariance, m = n+ + n- - 2",
            "plugin.mean_noise_shift",
            lambda: [
                Case((3, 17, 5), Fraction(3, 2) * (Fraction(1, 5) - Fraction(1, 17))),
                Case((3, 17, 5, "estimated"), Fraction(3, 2) * (Fraction(1, 5) - Fraction(1, 17)) * Fraction(20, 16)),
            ],
        ),
        code(
            "2 ln(n+/n-)/(1/n- - 1/n+)",
            "plugin.dominating_dimension",
            lambda: [
                Case((17, 5), 2 * sympy.log(sympy.Rational(17, 5)) / (sympy.Rational(1, 5) - sympy.Rational(1, 17)))
            ],
        ),
    )
