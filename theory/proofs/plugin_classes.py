"""The steps behind :mod:`theory.plugin_classes`: moments of the plug-in scores of ``C`` classes, and their noise.

Matrices enter through traces and forms only, so that the steps hold in every dimension, for any number of classes and
unequal covariances: ``t_ab = tr(P S_a P S_b)``, ``t_a = tr(P S_a)``, ``q = delta^T P delta`` and
``q_a = delta^T P S_a P delta``, with ``a`` the class ``k`` whose features are read, or a rival ``i`` or ``j``.
"""

from __future__ import annotations

from typing import Any

import sympy

from theory.proofs.evidence import Step, cited, identity, lemma

__all__ = ["estimated_covariance", "first_order_losses", "moments_of_leads"]

_NK, _NJ = sympy.symbols("n_k n_j", positive=True)
_Q, _QK, _QJ, _QIJ = sympy.symbols("q q_k q_j q_ij", real=True)
_TK, _TJ, _TKK, _TKJ, _TJJ = sympy.symbols("t_k t_j t_kk t_kj t_jj", positive=True)
_PRIOR = sympy.Symbol("l", real=True)


def _mean(own: Any, rival: Any) -> Any:
    """Return the mean of a lead with ``1/n_k`` and ``1/n_j`` of the two classes."""
    return (_Q + rival * _TJ - own * _TK) / 2 + _PRIOR


def _variance(own: Any, rival: Any) -> Any:
    """Return the variance of a lead."""
    return _QK + _TKK * (own + own**2 / 2) + rival * (_QJ + _TKJ) + rival**2 / 2 * _TJJ


def moments_of_leads() -> tuple[Step, ...]:
    """Show the mean and the covariance of the leads of a class's own score, with a known covariance."""
    own, rival = 1 / _NK, 1 / _NJ
    # v = x - x_j of mean delta and covariance S_k + S_j/n_j, u = x - x_k of mean 0 and S_k (1 + 1/n_k); S_k is common.
    traces = {
        "vv": _TKK + 2 * rival * _TKJ + rival**2 * _TJJ,
        "uu": _TKK * (1 + own) ** 2,
        "uv": _TKK,
    }
    form_v = 2 * traces["vv"] + 4 * (_QK + rival * _QJ)
    m, d = sympy.symbols("M d", positive=True)
    alike = {_Q: m**2, _TK: d, _TJ: d, _PRIOR: 0}
    return (
        cited(
            "for jointly normal u, v of means a, b: E u^T P u = a^T P a + tr(P U), Cov(u^T P u, v^T P v) = "
            "2 tr(P W P W^T) + 4 a^T P W P b, with U the covariance of u and W that of u with v",
            "A. M. Mathai, S. B. Provost, Quadratic forms in random variables, 1992, section 3.2",
        ),
        identity(
            "E D_j = (delta^T P delta + tr(P S_j)/n_j - tr(P S_k)/n_k)/2 + l_k - l_j",
            lambda: ((_Q + _TK + rival * _TJ - _TK * (1 + own)) / 2 + _PRIOR, _mean(own, rival)),
        ),
        identity(
            "Var D_j = delta^T P S_k P delta + t_kk (1/n_k + 1/(2 n_k^2)) + (delta^T P S_j P delta + t_kj)/n_j + "
            "t_jj/(2 n_j^2)",
            lambda: ((form_v - 2 * 2 * traces["uv"] + 2 * traces["uu"]) / 4, _variance(own, rival)),
        ),
        identity(
            "Cov(D_i, D_j) = delta_i^T P S_k P delta_j + t_kk (1/n_k + 1/(2 n_k^2)): rivals share x and x_k",
            lambda: (
                (2 * _TKK + 4 * _QIJ - 2 * traces["uv"] - 2 * traces["uv"] + 2 * traces["uu"]) / 4,
                _QIJ + _TKK * (own + own**2 / 2),
            ),
        ),
        identity(
            "two classes of one covariance: E D = M^2/2 + d/2 (1/n_j - 1/n_k), the bias of R.mean-noise",
            lambda: (_mean(own, rival).subs(alike), m**2 / 2 + d / 2 * (rival - own)),
        ),
    )


def estimated_covariance() -> tuple[Step, ...]:
    """Show what an estimated covariance changes: exactly, and to the first order in ``1/n``."""
    d, f, n, t = sympy.symbols("d f n t", positive=True)
    entries = sympy.symbols("e1 e2 e3", real=True)
    q1, q2, q3 = sympy.symbols("s1 s2 s3", positive=True)
    pooled = sympy.Matrix([[q1, q2], [q2, q3]])
    error = sympy.Matrix([[entries[0], entries[1]], [entries[1], entries[2]]])
    inverse = pooled.inv()

    def second_order() -> tuple[Any, Any]:
        expanded = (pooled + t * error).inv().diff(t, 2).subs(t, 0) / 2
        return expanded.applyfunc(sympy.simplify), (inverse * error * inverse * error * inverse).applyfunc(
            sympy.simplify
        )

    known = n / f  # P = n/f S^-1, so that forms in S are numbers
    within = d + 1  # S tr(S^-1 S) + S S^-1 S in units of S
    return (
        cited(
            "the pooled scatter does not depend on the sample means: given it, the moments of the leads are those "
            "with P^ in the place of P",
            "R. A. Fisher 1925; the law of total expectation and covariance",
        ),
        cited(
            "for A ~ Wishart(S, f) and symmetric Q: E (A - f S) Q (A - f S) = f (S tr(Q S) + S Q S), "
            "Cov(tr(G A), tr(H A)) = 2 f tr(G S H S)",
            "R. J. Muirhead, Aspects of multivariate statistical theory, 1982, section 3.1",
        ),
        identity(
            "(P^-1 + E)^-1 has the second-order term P E P E P, so that E P^ = P + P W(P) P (two dimensions)",
            second_order,
        ),
        cited(
            "for one covariance E P^ = n/(f - d - 1) S^-1 and E P^ S P^ = n^2 (f - 1)/((f - d)(f - d - 1)(f - d - 3)) "
            "S^-1, f = n - C",
            "D. von Rosen, Moments for the inverted Wishart distribution, Scand. J. Statist. 15, 1988",
        ),
        identity(
            "then P + P W(P) P is n/f (1 + (d + 1)/f) S^-1, short of it by n (d + 1)^2/(f^2 (f - d - 1)): second order",
            lambda: (
                n / (f - d - 1) - (known + known**2 * (f / n**2) * known * within),
                n * (d + 1) ** 2 / (f**2 * (f - d - 1)),
            ),
        ),
        identity(
            "and the expansion of E P^ S P^ is (n/f)^2 (1 + 3 (d + 1)/f) S^-1",
            lambda: (known**2 + 3 * f / n**2 * known**4 * within, known**2 * (1 + 3 * (d + 1) / f)),
        ),
        identity(
            "of which the exact one differs in the second order only",
            lambda: (
                sympy.limit(f * (f**2 * (f - 1) / ((f - d) * (f - d - 1) * (f - d - 3)) - 1), f, sympy.oo),
                3 * (d + 1),
            ),
        ),
        identity(
            "its error moves a lead by -tr(E G_j)/2, E = A/n - f/n S, for all features alike: the covariance f/(2 n^2) "
            "tr(S G_i S G_j)",
            lambda: (2 * f * sympy.Symbol("g") / n**2 / 4, f * sympy.Symbol("g") / (2 * n**2)),
        ),
    )


def first_order_losses() -> tuple[Step, ...]:
    """Show what the noise of the means takes from the standardised lead of two classes, to the first order."""
    own, rival = sympy.symbols("a b", nonnegative=True)
    m, spread = sympy.Symbol("m", real=True), sympy.Symbol("s", positive=True)
    z = _mean(own, rival) / sympy.sqrt(_variance(own, rival))

    def slope(of: Any) -> Any:
        """Return the slope of the standardised lead without noise, ``m`` being its mean and ``s^2`` its variance."""
        found = sympy.diff(z, of).subs({own: 0, rival: 0})
        return sympy.simplify(found.subs(_Q, 2 * (m - _PRIOR)).subs(_QK, spread**2))

    t = sympy.Symbol("t", positive=True)
    recall = (1 + sympy.erf((t / 2 - 1 / (2 * t)) / sympy.sqrt(2))) / 2
    lost_own = (_TK / 2 + m * _TKK / (2 * spread**2)) / spread
    lost_rival = (-_TJ / 2 + m * (_QJ + _TKJ) / (2 * spread**2)) / spread
    return (
        identity(
            "per 1/n_k the standardised lead m/s loses (tr(P S_k) + m t_kk/s^2)/(2 s)",
            lambda: (-slope(own), lost_own),
        ),
        identity(
            "per 1/n_j it loses (m (q_j + t_kj)/s^2 - tr(P S_j))/(2 s)",
            lambda: (-slope(rival), lost_rival),
        ),
        lemma(
            "the standardised lead falls by the noise of the own mean where it is 0 or more",
            lambda: ([m >= 0, spread > 0, _TK > 0, _TKK > 0], _TK / 2 + m * _TKK / (2 * spread**2) > 0),
        ),
        lemma(
            "it rises by the noise of the rival's mean where it is 0 or less",
            lambda: ([m <= 0, _QJ >= 0], _TJ / 2 - m * (_QJ + _TKJ) / (2 * spread**2) > 0),
        ),
        identity(
            "not so the recall: in one dimension, with M = 1, l = -1/2 and noise of the rival's mean alone, it is "
            "E Phi(t/2 - 1/(2 t)), t ~ N(1, 1/n_j), one half without noise, and has the slope -phi(0)/2 in 1/n_j",
            lambda: (recall.diff(t, 2).subs(t, 1) / 2, -1 / (2 * sympy.sqrt(2 * sympy.pi))),
        ),
    )
