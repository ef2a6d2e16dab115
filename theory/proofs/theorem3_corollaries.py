"""The steps behind what goes beyond Theorem 3 and Property 3: norms, angles, the bias term, and where the prior sits.

The weights of the Bayes classifier for Gaussian classes of one covariance (Theorem 2's model) are
``w_k = cov^-1 mu_k`` and its biases ``b_k = ln p_k - <mu_k, mu_k>/2``, with ``<u, v> = u^T cov^-1 v``. Proofs by
scalar products hold in every dimension.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import sympy

from theory.proofs.evidence import Comparison, Step, ball, cited, identity, lemma, witness

__all__ = [
    "bias_coordinate",
    "bias_matters",
    "equal_norms",
    "feature_norm",
    "norm_slope",
    "opposite_weights",
    "prior_in_bias",
    "tau_between",
    "tau_condition",
]

_F, _REST, _W = sympy.symbols("f_norm rest w_norm", positive=True)
_COS = sympy.Symbol("cosine", real=True)
_AA, _BB = sympy.symbols("aa bb", positive=True)  # <mu1, mu1> and <mu2, mu2>
_XA, _XB, _LN_P1, _LN_P2 = sympy.symbols("xa xb ln_p1 ln_p2", real=True)  # <x, mu1>, <x, mu2>
_TAU = sympy.Symbol("tau", real=True)


def norm_slope() -> tuple[Step, ...]:
    """Show how a class's probability moves with the norm of its weight."""
    odds = sympy.exp(_W * _F * _COS) / _REST
    log_probability = sympy.log(odds / (1 + odds))
    share = sympy.Symbol("share", positive=True)
    return (
        identity(
            "d ln P_t/d|w_t| = |f| cos(a_t) (1 - P_t)",
            lambda: (sympy.diff(log_probability, _W), _F * _COS / (1 + odds)),
        ),
        lemma(
            "it is > 0 if and only if cos(a_t) > 0: a larger norm helps only features within 90 degrees of the weight",
            lambda: (
                [share < 1],
                sympy.And(
                    sympy.Or(_COS <= 0, _F * _COS * (1 - share) > 0), sympy.Or(_COS > 0, _F * _COS * (1 - share) <= 0)
                ),
            ),
        ),
    )


def feature_norm() -> tuple[Step, ...]:
    """Show what the norm of the feature does: it sharpens the probabilities and, without bias, decides nothing."""
    slopes = sympy.symbols("s1 s2 s3", real=True)  # |w_j| cos(a_j)
    first, second, third = slopes
    shares = sympy.symbols("P1 P2 P3", positive=True)
    slope = first - sum(p * s for p, s in zip(shares, slopes, strict=True))
    exponentials = [sympy.exp(_F * s) for s in slopes]
    probabilities = [e / sum(exponentials) for e in exponentials]

    def decided_by_length() -> list[Comparison]:
        weights, biases, feature = (Fraction(1), Fraction(0)), (Fraction(0), Fraction(1)), Fraction(1, 2)
        near = [w * feature + b for w, b in zip(weights, biases, strict=True)]
        far = [w * 4 * feature + b for w, b in zip(weights, biases, strict=True)]
        return [(near[0], "<", near[1]), (far[0], ">", far[1])]

    return (
        identity(
            "d ln P_t/d|f| = s_t - sum_j P_j s_j with s_j = |w_j| cos(a_j) (three classes)",
            lambda: (
                sympy.diff(sympy.log(probabilities[0]), _F),
                first - sum(p * s for p, s in zip(probabilities, slopes, strict=True)),
            ),
        ),
        lemma(
            "it is > 0 for the class of the largest logit, unless all are equal",
            lambda: ([sympy.Eq(sum(shares), 1), first >= second, first >= third, first > third], slope > 0),
        ),
        lemma(
            "and < 0 for that of the smallest",
            lambda: ([sympy.Eq(sum(shares), 1), first <= second, first <= third, first < third], slope < 0),
        ),
        lemma(
            "without bias |f| does not change which logit is larger",
            lambda: ([first > second], _F * first > _F * second),
        ),
        witness(
            "with one it does: w = 1, 0 and b = 0, 1 give f = 1/2 to class 2 and f = 2 to class 1", decided_by_length
        ),
    )


def equal_norms() -> tuple[Step, ...]:
    """Show for which hyperplanes equal norms give exactly the wanted boundary of two classes, without bias.

    The wanted classifier is the sign of ``n . f - c``, the weights ``v_1, v_2`` have the norm ``a``.
    """
    k, nf, c, t = sympy.symbols("k nf c t", real=True)
    nn, a = sympy.symbols("nn a", positive=True)
    v1n = sympy.Symbol("v1n", real=True)  # v_1 . n
    length = a**2 - 2 * k * v1n + k**2 * nn  # |v_1 - k n|^2
    return (
        lemma(
            "without bias f and t f are decided alike, whatever the norms and tau: if f and t f, t != 1, both lie on "
            "n . f = c, then c = 0: the boundary passes through the origin",
            lambda: ([sympy.Eq(nf, c), sympy.Eq(t * nf, c), sympy.Ne(t, 1)], sympy.Eq(c, 0)),
        ),
        lemma(
            "v_1 - v_2 = k n, k != 0 and |v_2| = |v_1| force k = 2 v_1 . n/(n . n): v_2 is the mirror image of "
            "v_1 in the hyperplane",
            lambda: ([sympy.Ne(k, 0), sympy.Eq(length, a**2)], sympy.Eq(k * nn, 2 * v1n)),
        ),
        identity(
            "conversely the mirror image v_1 - 2 (v_1 . n)/(n . n) n has the norm of v_1 and differs from it along n",
            lambda: (length.subs(k, 2 * v1n / nn), a**2),
        ),
        lemma(
            "the classes lie on the right sides, k > 0, if and only if v_1 . n > 0",
            lambda: (
                [sympy.Eq(k * nn, 2 * v1n)],
                sympy.And(sympy.Or(v1n <= 0, k > 0), sympy.Or(v1n > 0, k <= 0)),
            ),
        ),
    )


def prior_in_bias() -> tuple[Step, ...]:
    """Show that in Theorem 2's model the prior sits in the bias, and what dropping the bias leaves."""
    xx = sympy.Symbol("xx", real=True)
    posterior = [p - (xx - 2 * x + mm) / 2 for p, x, mm in ((_LN_P1, _XA, _AA), (_LN_P2, _XB, _BB))]
    biases = [_LN_P1 - _AA / 2, _LN_P2 - _BB / 2]
    m = sympy.Symbol("M", positive=True)
    ratio = sympy.Symbol("lnr", positive=True)
    opposite = {_XA: -_AA, _XB: _AA, _BB: _AA, _LN_P1: _LN_P2 + ratio}  # at x = mu2 = -mu1
    return (
        identity(
            "ln(p_k N(x; mu_k, cov)) is -<x, x>/2 + w_k . x + b_k up to a constant, w_k = cov^-1 mu_k, "
            "b_k = ln p_k - <mu_k, mu_k>/2",
            lambda: (
                sympy.Matrix(posterior),
                sympy.Matrix([_XA + biases[0], _XB + biases[1]]) - sympy.Matrix([xx, xx]) / 2,
            ),
        ),
        identity(
            "without b_1 - b_2 the log odds lose all of ln(p_1/p_2), and (<mu1, mu1> - <mu2, mu2>)/2 besides: what is "
            "left is the balanced classifier if and only if <mu1, mu1> = <mu2, mu2>",
            lambda: (_XA - _XB - (posterior[0] - posterior[1]).subs({_LN_P1: 0, _LN_P2: 0}), (_AA - _BB) / 2),
        ),
        identity(
            "at mu2 = -mu1 the score of a minority's feature has the mean -M^2/2 + ln r with the bias, -M^2/2 without, "
            "in units of its standard deviation M (M^2 = 4 <mu1, mu1>): dropping the bias takes the minority's recall "
            "from Phi(M/2 - ln r/M) to Phi(M/2), which is the whole effect of imbalance",
            lambda: (
                sympy.Matrix([(posterior[0] - posterior[1]) / m, (_XA - _XB) / m]).subs(opposite).subs(_AA, m**2 / 4),
                -sympy.Matrix([m / 2 - ratio / m, m / 2]),
            ),
        ),
    )


def bias_matters() -> tuple[Step, ...]:
    """Exhibit how much recall the bias term decides, in Theorem 2's model."""

    def margins() -> Iterator[Callable[[], Any]]:
        from flint import arb

        def cdf(x: Any) -> Any:
            return (-x / arb(2).sqrt()).erfc() / 2

        yield lambda: cdf(arb(1)) - cdf(1 - arb(100).log() / 2) - arb("0.74")

    return (
        ball(
            "M = 2, p+/p- = 100, mu2 = -mu1: discarding the bias moves the minority's recall from .096 to .841, by "
            "more than .74",
            margins,
        ),
    )


def tau_condition() -> tuple[Step, ...]:
    """Show exactly when tau-normalisation without bias gives the balanced boundary in Theorem 2's model."""
    a1, a2 = sympy.symbols("a1 a2", positive=True)  # |w_k|^-tau
    k, u, v, ratio, w12 = sympy.symbols("k u v kappa w12", real=True)
    w11, w22 = sympy.symbols("w11 w22", positive=True)

    def scores(
        mu1: tuple[int, int], mu2: tuple[int, int], variances: tuple[int, int], *, normalized: bool
    ) -> list[Any]:
        """Return ``v_k . (mu1 + mu2)/2`` exactly, for a diagonal covariance."""
        weights = [
            sympy.Matrix([sympy.Rational(a, s) for a, s in zip(mu, variances, strict=True)]) for mu in (mu1, mu2)
        ]
        middle = (sympy.Matrix(mu1) + sympy.Matrix(mu2)) / 2
        return [w.dot(middle) / (w.norm() if normalized else 1) for w in weights]

    isotropic, wide = (1, 1), (1, 4)
    return (
        identity(
            "the balanced boundary <x, mu1 - mu2> = (<mu1, mu1> - <mu2, mu2>)/2 passes through the origin, as "
            "every boundary without bias does, if and only if <mu1, mu1> = <mu2, mu2>",
            lambda: ((_XA - _XB - (_AA - _BB) / 2).subs({_XA: 0, _XB: 0}), -(_AA - _BB) / 2),
        ),
        lemma(
            "linearly independent w_1, w_2 (by Gram's determinant): |a_1 w_1 - a_2 w_2 - k (w_1 - w_2)|^2 = 0 forces "
            "a_1 = k = a_2, a_i = |w_i|^-tau",
            lambda: (
                [
                    w12**2 < w11 * w22,
                    sympy.Eq((a1 - k) ** 2 * w11 - 2 * (a1 - k) * (a2 - k) * w12 + (a2 - k) ** 2 * w22, 0),
                ],
                sympy.And(sympy.Eq(a1, k), sympy.Eq(a2, k)),
            ),
        ),
        lemma(
            "that is tau ln|w_1| = tau ln|w_2|: tau = 0 or |w_1| = |w_2|",
            lambda: ([sympy.Eq(_TAU * u, _TAU * v)], sympy.Or(sympy.Eq(_TAU, 0), sympy.Eq(u, v))),
        ),
        lemma(
            "linearly dependent, mu2 = kappa mu1 with kappa != 1: <mu1, mu1> = <mu2, mu2> forces kappa = -1, when "
            "|w_1| = |w_2| too",
            lambda: ([sympy.Ne(ratio, 1), sympy.Eq(_AA, ratio**2 * _AA)], sympy.Eq(ratio, -1)),
        ),
        lemma(
            "conversely with a_1 = a_2 the decision is that of w_1 - w_2",
            lambda: ([sympy.Eq(a1, a2), _XA > _XB], a1 * _XA > a2 * _XB),
        ),
        witness(
            "restored: cov = I, mu = (1, 2), (2, 1), for tau = 0 and tau = 1: both scores are equal at the midpoint",
            lambda: [
                (first, "==", second)
                for first, second in (scores((1, 2), (2, 1), isotropic, normalized=n) for n in (False, True))
            ],
        ),
        witness(
            "not restored, whatever the prior: cov = I, mu = (3, 0), (0, 1), tau = 1: the midpoint scores 3/2 "
            "against 1/2",
            lambda: [
                (scores((3, 0), (0, 1), isotropic, normalized=True), "==", [sympy.Rational(3, 2), sympy.Rational(1, 2)])
            ],
        ),
        witness(
            "broken by normalising: cov = diag(1, 4), mu = (1, 0), (0, 2): restored by dropping the bias (tau = "
            "0), not at tau = 1",
            lambda: [
                (first, "!=" if normalized else "==", second)
                for normalized in (False, True)
                for first, second in (scores((1, 0), (0, 2), wide, normalized=normalized),)
            ],
        ),
    )


def opposite_weights() -> tuple[Step, ...]:
    """Show that two classes trained by gradient descent from zero have equal norms, whatever the imbalance."""
    logits, scale = sympy.symbols("l1 l2 l3", real=True), sympy.Symbol("a", positive=True)
    loss = sympy.log(sum(sympy.exp(value) for value in logits)) - logits[0]
    return (
        identity(
            "the cross entropy's slopes in the logits sum to 0, hence its gradients in the weights do, feature by "
            "feature (three classes)",
            lambda: (sum(sympy.diff(loss, value) for value in logits), sympy.S.Zero),
        ),
        cited(
            "gradient descent, with momentum or weight decay, keeps every linear subspace that contains the start "
            "and is mapped into itself by the gradient: the sum of the weights stays 0 if it starts there",
            "linearity of the update",
        ),
        lemma(
            "two classes: w_2 = -w_1, so that both norms and a = |w_k|^-tau are equal: without bias the decision by "
            "a w_1 . f and a w_2 . f is that of w_1 . f, for every tau",
            lambda: ([_XA > 0], scale * _XA > scale * -_XA),
        ),
    )


def bias_coordinate() -> tuple[Step, ...]:
    """Show what happens when the features hold a constant coordinate 1, whose weight the bias then is."""
    ln_p = sympy.Symbol("ln_p", negative=True)
    bias = ln_p - _AA / 2
    prior, square = sympy.symbols("ln_p square", real=True)
    return (
        identity(
            "the squared norm of (w_k, b_k) has the slope 2 b_k in ln p_k: now the prior is in the norms",
            lambda: (sympy.diff(_W**2 + bias**2, ln_p), 2 * bias),
        ),
        lemma(
            "which is < 0, as p_k < 1: for these weights it is the rarer class whose norm grows, against what "
            "section 5.3 observes of trained networks (softmax weights are unique up to a common vector, and "
            "norms are not)",
            lambda: ([prior < 0, square >= 0], 2 * (prior - square / 2) < 0),
        ),
    )


def tau_between() -> tuple[Step, ...]:
    """Show what tau between 0 and 1 does to two classes, the first with the larger norm.

    With ``u = ln(|w_1|/|w_2|) > 0`` and cosines of one sign, ``g = ln|cos_2/cos_1|``, the second class wins where
    ``g > (1 - tau) u`` (positive cosines) or ``g < (1 - tau) u`` (negative ones).
    """
    u = sympy.Symbol("u", positive=True)
    g, s, t = sympy.symbols("g s t", real=True)
    first, second, c1, c2 = sympy.symbols("norm1 norm2 cos1 cos2", positive=True)
    ratio = (1 - _TAU) * u
    return (
        identity(
            "the norms' ratio is exp((1 - tau) u), of slope -u times it: it falls to 1 at tau = 1",
            lambda: (
                sympy.Matrix([sympy.diff(sympy.exp(ratio), _TAU), sympy.exp(ratio).subs(_TAU, 1)]),
                sympy.Matrix([-u * sympy.exp(ratio), 1]),
            ),
        ),
        lemma(
            "at every tau in [0, 1) it is still > 1 (exponent > 0), and for tau > 1 below 1: the order of the "
            "norms turns over",
            lambda: ([], sympy.And(sympy.Or(_TAU >= 1, ratio > 0), sympy.Or(_TAU <= 1, ratio < 0))),
        ),
        lemma(
            "positive cosines: what the second class wins at tau = s it wins at every tau = t > s",
            lambda: ([s < t, g > (1 - s) * u], g > (1 - t) * u),
        ),
        lemma(
            "negative cosines: what it wins at tau = t it had won at every tau = s < t: normalising takes from it",
            lambda: ([s < t, g < (1 - t) * u], g < (1 - s) * u),
        ),
        lemma(
            "cosines of different signs: the class of the positive one wins, whatever the norms",
            lambda: ([], first * _F * c1 > -second * _F * c2),
        ),
    )
