"""The steps that prove, or disprove, what the paper says in and under Theorem 1 (section 4.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import sympy

from theory import theorem1
from theory.proofs import derivations as d
from theory.proofs.evidence import Step, ball, cited, identity, lemma, monte_carlo

__all__ = [
    "V_COUNT",
    "V_GAUSS",
    "beta_larger",
    "beta_unchanged",
    "exponents_hold",
    "exponents_without_similarity",
    "imbalance_fixed_negatives",
    "imbalance_otherwise",
    "p_larger",
    "probability",
    "probability_at_points",
    "shift_differs",
    "shift_holds",
    "shift_nonnegative",
    "shifted_in_probability",
    "shifted_otherwise",
    "sign_rule_differs",
    "sign_rule_holds",
    "together_fails",
]

_GAP = d.MU2 - d.MU1
V_GAUSS = d.SIGMA**2 * (1 / d.N_POS + 1 / d.N_NEG) / 4
V_COUNT = (1 - d.BETA) ** 2 * _GAP**2 / (16 * d.N_POS)
_EXAMPLE = theorem1.Setting(0, 1, 1, Fraction(1, 2), Fraction(1, 2), 400, 100)
_REPLICATES = 5_000
_FALSE_ALARM = 1e-9


def shift_holds() -> tuple[Step, ...]:
    """Show that the generating process gives the shift ``(1 - beta) (1 - p) (mu2 - mu1) / 2``."""
    holds = (1 - d.BETA) * (1 - d.P) * _GAP / 2
    return (
        identity(
            "E[f] - (mu1 + mu2)/2, integrated from the generating process, = (1 - beta)(1 - p)(mu2 - mu1)/2",
            lambda: (d.theorem1_shift(), holds),
        ),
        _simulated_shift_holds(),
    )


def shift_differs() -> tuple[Step, ...]:
    """Show that the printed shift is wrong for every setting."""
    return (
        identity(
            "printed shift - shift that holds = (1 - beta)(mu2 - mu1)/2",
            lambda: (d.printed_shift() - d.theorem1_shift(), (1 - d.BETA) * _GAP / 2),
        ),
        lemma(
            "(1 - beta)(mu2 - mu1)/2 > 0 for all settings: the printed shift never holds",
            lambda: (d.theorem1_domain(), (1 - d.BETA) * _GAP / 2 > 0),
        ),
        _simulated_printed_shift(),
    )


def shift_nonnegative() -> tuple[Step, ...]:
    """Show that the shift that holds is never negative, and when it is zero."""
    return (
        lemma("(1 - beta)(1 - p)(mu2 - mu1)/2 >= 0", lambda: (d.theorem1_domain(), d.theorem1_shift() >= 0)),
        lemma(
            "and it is 0 only at p = 1, without similar samples",
            lambda: ([*d.theorem1_domain(), sympy.Eq(d.theorem1_shift(), 0)], sympy.Eq(d.P, 1)),
        ),
    )


def together_fails() -> tuple[Step, ...]:
    """Exhibit settings where the printed probability fails around the printed shift."""
    alpha = Fraction(1, 5)

    def margins() -> Iterator[Callable[[], Any]]:
        from theory.verdicts import enclosure

        for s in (_EXAMPLE, replace(_EXAMPLE, p=1), replace(_EXAMPLE, beta=Fraction(1, 10))):
            far = theorem1.printed_shift(s)
            yield partial(_excess, enclosure, s, alpha, Fraction(far))

    return (
        ball(
            "|f - (mu1 + mu2)/2 - Delta| > alpha, Delta as printed, is more probable than stated, enclosed by Arb at "
            "three settings, one of them without similar samples (mu = 0, 1, sigma = 1, alpha = 1/5)",
            margins,
        ),
    )


def _excess(enclosure: Any, s: theorem1.Setting, alpha: Fraction, shift: Fraction) -> Any:
    return enclosure.failure_probability(s, alpha, shift) - enclosure.bound(s, alpha)


def exponents_hold() -> tuple[Step, ...]:
    """Show what the stated probability depends on, and how: exponentially."""
    first, second = d.printed_exponents()
    factor = sympy.Symbol("c", positive=True)
    more = {d.N_POS: factor * d.N_POS, d.N_NEG: factor * d.N_NEG}
    return (
        identity(
            "c times as many samples of both classes make both exponents c times as large",
            lambda: (sympy.Matrix([e.subs(more) for e in (first, second)]), factor * sympy.Matrix([first, second])),
        ),
        identity(
            "the second exponent is 4 n+ alpha^2/((1 - beta)^2 (mu1 - mu2)^2), of slope 2/(1 - beta) times it in beta",
            lambda: (sympy.diff(second, d.BETA), 2 / (1 - d.BETA) * second),
        ),
        lemma(
            "which is > 0: the more similar the samples, the smaller the exponent",
            lambda: ([*d.theorem1_domain(), d.ALPHA > 0], sympy.diff(second, d.BETA) > 0),
        ),
    )


def exponents_without_similarity() -> tuple[Step, ...]:
    """Show which part of similarity the stated probability does not know, and where the other has no effect."""
    first, second = d.printed_exponents()
    crowded = [theorem1.Setting(0, 1, 1, Fraction(b), Fraction(1, 2), 5000, 50) for b in ("1/4", "3/4")]
    alpha = Fraction(3, 10)

    def margins() -> Iterator[Callable[[], Any]]:
        from theory.verdicts import enclosure

        def unchanged() -> Any:
            near, far = (enclosure.bound(s, alpha) for s in crowded)
            return near * enclosure.exact(Fraction(1, 10**100)) - abs(near - far)

        yield unchanged

    return (
        identity(
            "neither exponent depends on p, the share of similar samples, nor the first on beta",
            lambda: (
                sympy.Matrix([sympy.diff(first, d.P), sympy.diff(second, d.P), sympy.diff(first, d.BETA)]),
                sympy.zeros(3, 1),
            ),
        ),
        ball(
            "beta from 1/4 to 3/4 changes the stated probability of failure by less than a part in 10^100 "
            "(mu = 0, 1, sigma = 1, n+ = 5000, n- = 50, alpha = 3/10)",
            margins,
        ),
    )


def shifted_in_probability() -> tuple[Step, ...]:
    """Show that the boundary is shifted to the negative class in expectation, and with which probability."""
    v, t = sympy.symbols("v t", positive=True)
    scale = sympy.Symbol("c", positive=True)
    more = {d.N_POS: scale * d.N_POS, d.N_NEG: scale * d.N_NEG}
    return (
        lemma(
            "E[f] > (mu1 + mu2)/2 for p < 1",
            lambda: ([*d.theorem1_domain(), d.P < 1], d.theorem1_shift() > 0),
        ),
        lemma(
            "given k >= 1 similar samples f - (mu1 + mu2)/2 has a mean > 0",
            lambda: ([*d.theorem1_domain(), d.K >= 1], d.conditional_mean() > 0),
        ),
        identity("and given none the mean 0", lambda: (d.conditional_mean().subs(d.K, 0), sympy.S.Zero)),
        cited(
            "a normal variable is > 0 with probability 1/2 if its mean is 0, and more if it is > 0: so "
            "P(f > (mu1 + mu2)/2) > 1/2 for p < 1, whatever the numbers of samples",
            "symmetry of the normal law",
        ),
        identity(
            "by the moment generating function of T1.probability P(f <= (mu1 + mu2)/2) <= exp(t^2 v/2 - t shift) for "
            "t > 0, v = v1 + v2: at t = shift/v it is exp(-shift^2/(2 v))",
            lambda: ((t**2 * v / 2 - t * d.ALPHA).subs(t, d.ALPHA / v), -(d.ALPHA**2) / (2 * v)),
        ),
        identity(
            "v falls as 1/c when both classes have c times as many samples: the probability of the shift tends to 1",
            lambda: ((V_GAUSS + V_COUNT).subs(more), (V_GAUSS + V_COUNT) / scale),
        ),
    )


def shifted_otherwise() -> tuple[Step, ...]:
    """Exhibit a setting where many an estimated boundary is shifted to the positive class."""

    def margins() -> Iterator[Callable[[], Any]]:
        from theory.verdicts import enclosure

        law = theorem1.law(theorem1.Setting(0, 1, 1, Fraction(1, 2), Fraction(9, 10), 100, 10))
        yield lambda: enclosure.exact(Fraction(57, 100)) - enclosure.upper_tail(law, Fraction(0))
        few = theorem1.law(theorem1.Setting(0, 1, 1, Fraction(1, 2), Fraction(1, 2), 5000, 50))
        yield lambda: enclosure.exact(Fraction(97, 100)) - enclosure.upper_tail(few, Fraction(0))

    return (
        ball(
            "f > (mu1 + mu2)/2 in less than 57 % of estimates (mu = 0, 1, sigma = 1, beta = 1/2, p = 9/10, n+ = 100, "
            "n- = 10), and in less than 97 % at p = 1/2, n+ = 5000, n- = 50",
            margins,
        ),
    )


def probability(exponents: tuple[Any, Any] | None = None) -> tuple[Step, ...]:
    """Show, for all settings, that the failure probability is at most ``2 exp(-e1) + 2 exp(-e2)``.

    Args:
        exponents: the pair ``(e1, e2)`` as SymPy expressions; by default as printed.
    """
    first, second = exponents or d.printed_exponents()
    k, n, t, q, u = d.K, d.N_POS, sympy.Symbol("t", real=True), 1 - d.P, sympy.Symbol("u", real=True)
    r, h, step = sympy.symbols("r h step", real=True)
    log_mgf = sympy.log(1 - q + q * sympy.exp(t)) - q * t
    tilted = q * sympy.exp(t) / (1 - q + q * sympy.exp(t))
    v, v1, v2 = sympy.symbols("v v1 v2", positive=True)
    return (
        identity(
            "given k similar samples, f - (mu1 + mu2)/2 has mean (1 - beta)(mu2 - mu1) k / (2 n+)",
            lambda: (d.conditional_mean(), (1 - d.BETA) * _GAP * k / (2 * n)),
        ),
        identity(
            "given k, f has variance sigma^2/4 ((n+ - k + k(beta^2 + (1 - beta)^2))/n+^2 + 1/n-)",
            lambda: (
                d.conditional_variance(),
                d.SIGMA**2 / 4 * ((n - k + k * (d.BETA**2 + (1 - d.BETA) ** 2)) / n**2 + 1 / d.N_NEG),
            ),
        ),
        cited(
            "given k, f is Gaussian: a linear combination of independent Gaussians",
            "Feller 1971, volume II, section III.6",
        ),
        lemma(
            "the Gaussian part's variance is at most v1 = sigma^2/4 (1/n+ + 1/n-), whatever k",
            lambda: ([*d.theorem1_domain(), k >= 0, k <= n], d.conditional_variance() <= V_GAUSS),
        ),
        lemma(
            "so it is if Z+ and Z- of a similar sample, independent here, have any correlation r in [-1, 1]: their "
            "mixture's variance is at most sigma^2",
            lambda: (
                [d.BETA > 0, d.BETA < 1, r >= -1, r <= 1],
                d.BETA**2 + (1 - d.BETA) ** 2 + 2 * r * d.BETA * (1 - d.BETA) <= 1,
            ),
        ),
        identity(
            "given k, the mean less the shift that holds is (1 - beta)(mu2 - mu1)/2 (k/n+ - q), q = 1 - p",
            lambda: (d.conditional_mean() - d.theorem1_shift(), (1 - d.BETA) * _GAP / 2 * (k / n - q)),
        ),
        identity(
            "h(t) = log E exp(t (I - q)) of a Bernoulli(q) indicator has h(0) = 0 and h'(0) = 0",
            lambda: (
                sympy.Matrix([log_mgf, sympy.diff(log_mgf, t)]).subs(t, 0),
                sympy.zeros(2, 1),
            ),
        ),
        identity(
            "h''(t) = u (1 - u) with u = q e^t / (1 - q + q e^t)",
            lambda: (sympy.diff(log_mgf, t, 2), tilted * (1 - tilted)),
        ),
        lemma("u (1 - u) <= 1/4", lambda: ([], u * (1 - u) <= sympy.Rational(1, 4))),
        cited("hence h(t) <= t^2/8: Taylor's theorem (Hoeffding's lemma)", "Hoeffding 1963, section 4"),
        cited(
            "k/n+ - q is a mean of n+ independent indicators less q: its mgf is the product of theirs",
            "Feller 1971, volume II, section XIII.1",
        ),
        lemma(
            "so the mean's part, of log mgf n+ h(t step) with step = (1 - beta)(mu2 - mu1)/(2 n+), has at most "
            "n+ (t step)^2/8",
            lambda: ([h <= (t * step) ** 2 / 8], n * h <= n * (t * step) ** 2 / 8),
        ),
        identity(
            "which is t^2 v2/2 with v2 = (1 - beta)^2 (mu2 - mu1)^2 / (16 n+)",
            lambda: (n * (t * (1 - d.BETA) * _GAP / (2 * n)) ** 2 / 8, t**2 * V_COUNT / 2),
        ),
        cited(
            "E exp(t (f - E f)) = E[exp(t part(k)) E[exp(t noise) | k]], where the inner expectation is at most "
            "exp(t^2 v1/2) for every k: so it is at most exp(t^2 v1/2) exp(t^2 v2/2)",
            "the tower property: Feller 1971, volume II, section V.10",
        ),
        identity(
            "Chernoff's t = alpha/v gives the exponent t^2 v/2 - t alpha = -alpha^2/(2 v), v = v1 + v2",
            lambda: ((t**2 * v / 2 - t * d.ALPHA).subs(t, d.ALPHA / v), -(d.ALPHA**2) / (2 * v)),
        ),
        cited(
            "hence P(|f - E f| > alpha) <= 2 exp(-alpha^2/(2 (v1 + v2)))",
            "Boucheron, Lugosi and Massart 2013, section 2.2",
        ),
        lemma(
            "alpha^2/(2 (v1 + v2)) >= min(alpha^2/(4 v1), alpha^2/(4 v2)): the larger of the two terms "
            "2 exp(-alpha^2/(4 v1)), 2 exp(-alpha^2/(4 v2)) alone is a bound, and so is their sum",
            lambda: (
                [v1 > 0, v2 > 0, d.ALPHA > 0],
                sympy.Or(
                    d.ALPHA**2 / (2 * (v1 + v2)) >= d.ALPHA**2 / (4 * v1),
                    d.ALPHA**2 / (2 * (v1 + v2)) >= d.ALPHA**2 / (4 * v2),
                ),
            ),
        ),
        identity("alpha^2/(4 v1) = the first exponent", lambda: (d.ALPHA**2 / (4 * V_GAUSS), first)),
        identity("alpha^2/(4 v2) = the second exponent", lambda: (d.ALPHA**2 / (4 * V_COUNT), second)),
    )


def probability_at_points() -> tuple[Step, ...]:
    """Compare enclosures of the exact law and of the printed bound over a grid of settings."""

    def margins() -> Iterator[Callable[[], Any]]:
        from theory.verdicts import enclosure

        grid = product(
            (1, 7, 60),
            (1, 30),
            (Fraction(1, 10), Fraction(9, 10)),
            (Fraction(0), Fraction(1, 2), Fraction(1)),
            (13, 30),
        )
        for n_pos, n_neg, beta, p, tenths in grid:
            s = theorem1.Setting(0, 1, Fraction(1, 2), beta, p, n_pos, n_neg)
            a = Fraction(tenths, 10)
            yield lambda s=s, a=a: enclosure.bound(s, a) - enclosure.failure_probability(s, a)  # type: ignore[misc]
            yield lambda s=s, a=a: 1 - enclosure.bound(s, a)  # type: ignore[misc]

    return (ball("exact probability < printed bound < 1, enclosed by Arb at each of 72 settings", margins),)


def sign_rule_holds() -> tuple[Step, ...]:
    """Show that the posterior favours the positive class exactly where ``x < (mu1 + mu2) / 2``."""
    x = sympy.Symbol("x", real=True)
    middle = (d.MU1 + d.MU2) / 2
    log_odds = ((x - d.MU2) ** 2 - (x - d.MU1) ** 2) / (2 * d.SIGMA**2)  # equal priors, equal variances
    return (
        identity(
            "log p(+|x)/p(-|x) = (mu2 - mu1)/sigma^2 ((mu1 + mu2)/2 - x)",
            lambda: (log_odds, _GAP / d.SIGMA**2 * (middle - x)),
        ),
        lemma(
            "it is > 0 for all x < (mu1 + mu2)/2",
            lambda: ([*d.theorem1_domain(), x < middle], _GAP / d.SIGMA**2 * (middle - x) > 0),
        ),
        lemma(
            "and < 0 for all x > (mu1 + mu2)/2",
            lambda: ([*d.theorem1_domain(), x > middle], _GAP / d.SIGMA**2 * (middle - x) < 0),
        ),
    )


def sign_rule_differs() -> tuple[Step, ...]:
    """Show that the printed formula gives every point that is not on the boundary to the wrong class."""
    x = sympy.Symbol("x", real=True)
    middle = (d.MU1 + d.MU2) / 2
    return (
        lemma(
            "x - (mu1 + mu2)/2, whose sign is printed, and the log odds never have the same sign",
            lambda: (
                [*d.theorem1_domain(), sympy.Ne(x, middle)],
                (x - middle) * (_GAP / d.SIGMA**2 * (middle - x)) < 0,
            ),
        ),
    )


def beta_larger() -> tuple[Step, ...]:
    """Show that for ``p < 1`` a smaller beta gives a larger shift."""
    slope = sympy.diff(d.theorem1_shift(), d.BETA)
    return (
        identity("d shift/d beta = -(1 - p)(mu2 - mu1)/2", lambda: (slope, -(1 - d.P) * _GAP / 2)),
        lemma("it is < 0 for all settings with p < 1", lambda: ([*d.theorem1_domain(), d.P < 1], slope < 0)),
    )


def beta_unchanged() -> tuple[Step, ...]:
    """Show that without similar samples beta changes nothing."""
    return (
        identity("at p = 1 the shift is 0 for every beta", lambda: (d.theorem1_shift().subs(d.P, 1), sympy.S.Zero)),
    )


def p_larger() -> tuple[Step, ...]:
    """Show that a smaller p gives a larger shift."""
    slope = sympy.diff(d.theorem1_shift(), d.P)
    return (
        identity("d shift/d p = -(1 - beta)(mu2 - mu1)/2", lambda: (slope, -(1 - d.BETA) * _GAP / 2)),
        lemma("it is < 0 for all settings", lambda: (d.theorem1_domain(), slope < 0)),
    )


def imbalance_fixed_negatives() -> tuple[Step, ...]:
    """Show that more positives, the negatives kept, raise both printed exponents above the balanced ones."""

    def larger(name: str, exponent: Any) -> Step:
        more = [*d.theorem1_domain(), d.ALPHA > 0, d.N_POS > d.N_NEG]
        return lemma(
            f"n+ > n-, n- kept: the {name} exponent is larger than at n+ = n-, so that the stated probability is",
            lambda: (more, exponent > exponent.subs(d.N_POS, d.N_NEG)),
        )

    first, second = d.printed_exponents()
    return (larger("first", first), larger("second", second))


def imbalance_otherwise() -> tuple[Step, ...]:
    """Exhibit imbalances that lower the probability: with the total kept, and by the exact law."""
    wide = [theorem1.Setting(0, 1, 1, Fraction(9, 10), Fraction(1, 2), n, 200 - n) for n in (100, 150)]
    lattice = [theorem1.Setting(0, 1, Fraction(1, 1000), Fraction(1, 2), Fraction(1, 2), n, 2) for n in (2, 3)]

    def lower(pair: list[theorem1.Setting], alpha: Fraction, quantity: str) -> list[Callable[[], Any]]:
        from theory.verdicts import enclosure

        failure = getattr(enclosure, quantity)
        return [lambda: failure(pair[1], alpha) - failure(pair[0], alpha)]

    third, thirtieth = Fraction(3, 10), Fraction(1, 30)
    return (
        ball(
            "total kept: n+ = 150, n- = 50 has a lower stated probability than 100, 100 "
            "(mu = 0, 1, sigma = 1, beta = 9/10, p = 1/2, alpha = 3/10)",
            lambda: lower(wide, third, "bound"),
        ),
        ball("and a lower exact probability", lambda: lower(wide, third, "failure_probability")),
        ball(
            "n- = 2 kept, n+ from 2 to 3: the exact probability falls, since the share of similar samples lies on "
            "a lattice (mu = 0, 1, sigma = 1/1000, beta = p = 1/2, alpha = 1/30)",
            lambda: lower(lattice, thirtieth, "failure_probability"),
        ),
    )


def _simulated_shift_holds() -> Step:
    """Return the step that compares a sample-level simulation with the exact law around the shift that holds."""
    alpha = Fraction(1, 20)

    def agrees(s: theorem1.Setting) -> bool:
        from scipy.stats import binomtest

        exact = theorem1.failure_probability(s, alpha)
        return bool(binomtest(_failures(theorem1.shift(s), alpha), _REPLICATES, exact).pvalue > _FALSE_ALARM)

    wrong = [replace(_EXAMPLE, sigma=Fraction(5, 4)), replace(_EXAMPLE, p=Fraction(2, 3))]
    return monte_carlo(
        f"{_REPLICATES:,} boundaries drawn sample by sample: the share beyond alpha = {alpha} of the shift that holds "
        f"agrees with the exact law (exact binomial test, false alarm {_FALSE_ALARM:g})",
        agrees,
        _EXAMPLE,
        wrong,
    )


def _simulated_printed_shift() -> Step:
    """Return the step that shows by simulation that the printed probability and the printed shift contradict."""
    alpha = Fraction(1, 5)
    stated = theorem1.bound(_EXAMPLE, alpha)

    def exceeds(shift: float | Fraction) -> bool:
        from scipy.stats import binomtest

        failures = _failures(shift, alpha)
        return bool(binomtest(failures, _REPLICATES, stated, alternative="greater").pvalue < _FALSE_ALARM)

    return monte_carlo(
        f"{_REPLICATES:,} boundaries drawn sample by sample: the share beyond alpha = {alpha} of the printed shift "
        f"exceeds the stated failure probability {stated:.3f} (exact binomial test, false alarm {_FALSE_ALARM:g})",
        exceeds,
        theorem1.printed_shift(_EXAMPLE),
        [theorem1.shift(_EXAMPLE)],
    )


def _failures(shift: float | Fraction, alpha: Fraction) -> int:
    """Return how many simulated boundaries of the example lie beyond ``alpha`` of a shift."""
    rng = np.random.default_rng(np.random.SeedSequence(20210708))
    f = theorem1.simulate(_EXAMPLE, _REPLICATES, rng, method="samples")
    center = float((Fraction(_EXAMPLE.mu1) + Fraction(_EXAMPLE.mu2)) / 2 + Fraction(shift))
    return int(np.sum(np.abs(f - center) > float(alpha)))
