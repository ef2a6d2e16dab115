"""Wrong versions of the shipped functions: none of them leaves the statements that rest on it certified."""

import inspect
import textwrap
from dataclasses import fields, replace
from fractions import Fraction

import numpy as np
import pytest

from theory import (
    class_counts,
    collapse,
    corrections,
    cost,
    multiclass,
    plugin,
    plugin_classes,
    quadratic,
    samples,
    sharp,
    temperature,
    theorem1,
    theorem2,
    theorem3,
    two_sided,
)
from theory.proofs import evidence
from theory.verdicts.beyond import RESULTS
from theory.verdicts.ledger import LEDGER

STATEMENTS = (*LEDGER, *RESULTS)


def code_steps(statement):
    return [step for proof in (*statement.proofs, *statement.against) for step in proof() if step.level == "code"]


STEPS = {statement.id: code_steps(statement) for statement in STATEMENTS}


def bent(function, **fields):
    """Return the function with some fields of its setting changed."""
    return lambda s, *rest: function(replace(s, **{name: change(s) for name, change in fields.items()}), *rest)


def patched(function, owner, name, wrong):
    """Return the function as it is while an attribute of ``owner`` is replaced."""

    def broken(*arguments, **keywords):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(owner, name, wrong)
            return function(*arguments, **keywords)

    return broken


def edited(function, owner, name, old, new):
    """Return the function as it is while the source of an attribute of ``owner`` has ``new`` for ``old``."""
    source = textwrap.dedent(inspect.getsource(getattr(owner, name)))
    assert old in source
    module = inspect.getmodule(getattr(owner, name))
    scope = dict(vars(module))
    exec(source.replace(old, new), scope)  # wrong code, made from the code under test
    if getattr(owner, name) is function:
        return scope[name]
    return patched(function, owner, name, scope[name])


def twice(tail):
    """Return both sides of a tail, each the upper one."""
    return sharp.Tail(*(np.stack([getattr(tail, f.name)] * 2, axis=-1) for f in fields(tail)))


def changed(function, **fields):
    """Return the function with some fields of its result changed."""

    def wrong(*arguments, **keywords):
        found = function(*arguments, **keywords)
        return replace(found, **{name: change(found) for name, change in fields.items()})

    return wrong


WRONG = {
    "theorem1.shift": [
        theorem1.printed_shift,
        lambda s: -theorem1.shift(s),
        lambda s: float(theorem1.shift(s)) * (1 + 1e-9),
    ],
    "theorem1.printed_shift": [theorem1.shift, lambda s: 2 * theorem1.printed_shift(s)],
    "theorem1.exponents": [
        lambda s, a: (theorem1.exponents(s, a)[0], theorem1.exponents(s, a)[1] * Fraction(41, 40)),
        lambda s, a: (theorem1.exponents(s, a)[0] * Fraction(s.sigma), theorem1.exponents(s, a)[1]),
        bent(theorem1.exponents, n_neg=lambda s: s.n_neg + 1),
    ],
    "theorem1.bound": [lambda s, a: theorem1.bound(s, a) / 2, bent(theorem1.bound, beta=lambda s: 1 - s.beta)],
    "theorem1.law": [
        changed(theorem1.law, q=lambda law: 1 - law.q),
        changed(theorem1.law, var_step=lambda law: Fraction(0)),
        changed(theorem1.law, mean_step=lambda law: -law.mean_step),
    ],
    "theorem1.failure_probability": [
        lambda s, a, shift=None: theorem1.failure_probability(s, a * Fraction(100001, 100000), shift),
        lambda s, a, shift=None: theorem1.failure_probability(s, a),
    ],
    "cost.expected_recall": [
        cost.limit_recall,
        edited(cost.expected_recall, cost, "_expected", "var=one.var + var", "var=one.var + 2 * var"),
        changed(cost.expected_recall, positive=lambda r: r.negative),
        lambda s: cost.expected_recall(replace(s, sigma=s.sigma * Fraction(1001, 1000))),
    ],
    "cost.limit_recall": [cost.expected_recall, changed(cost.limit_recall, negative=lambda r: r.positive)],
    "class_counts.score_losses": [
        lambda moments, counts: class_counts.score_losses(moments, counts[::-1]),
        lambda moments, counts: 2 * class_counts.score_losses(moments, counts),
        lambda moments, counts: class_counts.score_losses(
            class_counts.ClassMoments.of_covariances(moments.means, moments.covariances.mean(axis=0)), counts
        ),
    ],
    "class_counts.lda_rule": [
        lambda means, scatter, counts, tau: class_counts.lda_rule(means, scatter, counts),
        lambda means, scatter, counts, tau: class_counts.lda_rule(means, scatter, counts, -tau),
        lambda means, scatter, counts, tau: class_counts.lda_rule(means, scatter, counts[::-1], tau),
        lambda means, scatter, counts, tau: class_counts.lda_rule(
            means, np.multiply(scatter, sum(counts) / (sum(counts) - 3)), counts, tau
        ),
    ],
    "plugin_classes.score_leads": [
        lambda moments, counts, k, tau, noise: plugin_classes.score_leads(moments, counts, k, tau=tau),
        lambda moments, counts, k, tau, noise: plugin_classes.score_leads(moments, counts, k, noise=noise),
        lambda moments, counts, k, tau, noise: plugin_classes.score_leads(
            moments, counts[::-1], k, tau=tau, noise=noise
        ),
        *(
            edited(plugin_classes.score_leads, plugin_classes._Expansion, *change)
            for change in (
                ("leads", "spread[k] ** 2 / 2", "spread[k] ** 2"),
                ("leads", "spread[j] ** 2 / 2", "spread[j] ** 2"),
                ("leads", "rival @ delta[at]", "self.within[k] @ delta[at]"),
                ("_second", "+ np.tensordot", "- np.tensordot"),
                ("_common", "weight / 2", "weight"),
                ("_common", "- self.spread[k]", "+ self.spread[k]"),
            )
        ),
    ],
    "plugin_classes.asymptotic_recalls": [
        lambda moments, counts, tau, noise: plugin_classes.asymptotic_recalls(moments, counts, tau=tau),
        lambda moments, counts, tau, noise: plugin_classes.asymptotic_recalls(moments, counts, noise=noise),
        patched(
            plugin_classes.asymptotic_recalls,
            plugin_classes,
            "_chance",
            lambda leads, images, seed, k: float(leads.mean[0] / leads.cov[0, 0]),
        ),
    ],
    "plugin_classes.noise_losses": [
        lambda moments, counts, tau: plugin_classes.noise_losses(moments, counts),
        changed(plugin_classes.noise_losses, means=lambda r: -r.means),
        changed(plugin_classes.noise_losses, covariance=lambda r: r.covariance + r.means),
    ],
    "temperature.adjusted": [
        lambda z, prior, tau, t, q=None: temperature.adjusted(z, prior, tau, 1.0, q),
        lambda z, prior, tau, t, q=None: temperature.adjusted(z, prior, 1.0, t, q),
        lambda z, prior, tau, t, q=None: temperature.adjusted(z, prior, tau, t),
    ],
    "temperature.posterior": [
        lambda z, prior, tau, t, q=None: temperature.posterior(z, prior, tau, 1.0, q),
        lambda z, prior, tau, t, q=None: temperature.posterior(z, prior, t, tau, q),
        lambda z, prior, tau, t, q=None: temperature.posterior(z, prior, tau, t, prior),
    ],
    "temperature.which_tau": [
        lambda r, e, t, added: temperature.which_tau(r, e, t, -added),
        lambda r, e, t, added: temperature.which_tau(r, None, t, added),
        lambda r, e, t, added: t * temperature.which_tau(r, e, 1, added),
    ],
    "temperature.cost": [
        lambda m, r, d, t, s: temperature.cost(m, r, -d, t, s),
        lambda m, r, d, t, s: temperature.cost(m, r, d, 1, s),
        lambda m, r, d, t, s: temperature.cost(m, r, d, t),
    ],
    "temperature.cost_bound": [
        lambda m, r, d, t: temperature.cost(m, r, d, t),
        lambda m, r, d, t: temperature.cost_bound(m, r, d * t, t),
    ],
    "sharp.bernoulli_proxy": [lambda q, side="both": 0.25, lambda q, side="both": float(q * (1 - q))],
    "sharp.sub_gaussian_bound": [
        patched(sharp.sub_gaussian_bound, sharp, "_proxy", lambda q, p, sign: q * p),
        patched(sharp.sub_gaussian_bound, sharp.Tail, "least_var", property(lambda tail: tail.var)),
        theorem1.bound,
    ],
    "sharp.chernoff_bound": [
        sharp.sub_gaussian_bound,
        patched(sharp.chernoff_bound, sharp.Tail, "best_tilt", lambda tail, power: 1.1 / tail.proxy()),
        patched(sharp.chernoff_bound, sharp.Tail, "sides", lambda tail: twice(tail)),
    ],
    "sharp.sharp_bound": [
        sharp.chernoff_bound,
        edited(
            sharp.sharp_bound,
            sharp.Tail,
            "log_counted",
            "np.clip(np.where(up, below, n",
            "0 * np.clip(np.where(up, below, n",
        ),
        edited(sharp.sharp_bound, sharp.Tail, "log_counted", "mass * normal[:-1]", "mass * normal[1:]"),
    ],
    "sharp.Tail.log_factor": [
        edited(sharp.Tail.log_factor, sharp.Tail, "log_factor", "(ratio * i0e(w) *", "(i0e(w) *"),
        edited(sharp.Tail.log_factor, sharp.Tail, "log_factor", "1 - share + share * ratio", "1 - share / 2"),
        edited(sharp.Tail.log_factor, sharp.Tail, "log_factor", "ratio * both / t", "both / t"),
        edited(
            sharp.Tail.log_factor, sharp.Tail, "log_factor", "[np.ones_like(t), chord", "[2 * np.ones_like(t), chord"
        ),
    ],
    "samples.required_samples": [
        changed(samples.required_samples, first=lambda found: found.first + 3),
        changed(samples.required_samples, from_then_on=lambda found: found.from_then_on - 1),
    ],
    "samples.limit_failure": [
        lambda s, a, by: samples.limit_failure(s, a),
        bent(samples.limit_failure, n_neg=lambda s: s.n_neg + 1),
    ],
    "two_sided.shift": [lambda s: -two_sided.shift(s), bent(two_sided.shift, p_neg=lambda s: 1 - s.p_neg)],
    "two_sided.law": [
        changed(two_sided.law, var=lambda law: law.var * 2),
        changed(two_sided.law, second=lambda law: law.second._replace(step=-law.second.step)),
        changed(two_sided.law, first=lambda law: law.first._replace(var_step=Fraction(0))),
    ],
    "two_sided.failure_probability": [
        bent(two_sided.failure_probability, beta_neg=lambda s: 1 - s.beta_neg),
        two_sided.bound,
    ],
    "two_sided.exponents": [
        edited(two_sided.exponents, two_sided, "exponents", "c.step**2 / 4", "c.step**2 / 5"),
        edited(two_sided.exponents, two_sided, "exponents", "if 0 < c.q < 1", ""),
    ],
    "two_sided.bound": [two_sided.sub_gaussian_bound, lambda s, a: two_sided.bound(s, a) / 2],
    "theorem2.hyperplane": [
        lambda s: (theorem2.hyperplane(s)[0], -theorem2.hyperplane(s)[1]),
        lambda s: (s.cov @ (s.mu1 - s.mu2), theorem2.hyperplane(s)[1]),
    ],
    "theorem2.boundary_point": [
        lambda s: s.mu1 + s.mu2 - theorem2.boundary_point(s) + 1e-9,
        lambda s: (s.mu1 + s.mu2) / 2 + 1e-9,
        lambda s: theorem2.boundary_point(s) * 1.0000001,
    ],
    "theorem2.isotropic_boundary_point": [
        lambda mu1, mu2, sigma, ratio: theorem2.isotropic_boundary_point(mu1, mu2, sigma**2, ratio),
        lambda mu1, mu2, sigma, ratio: theorem2.isotropic_boundary_point(mu1, mu2, sigma, 1 / ratio),
    ],
    "theorem2.separation": [lambda s: theorem2.separation(s) ** 2, lambda s: float(np.linalg.norm(s.mu1 - s.mu2))],
    "theorem2.recalls": [
        edited(theorem2.recalls, theorem2, "recalls", "m / 2", "m / 2.02"),
        lambda s: theorem2.recalls(s)[::-1],
    ],
    "theorem2.minority_recall": [
        edited(theorem2.minority_recall, theorem2, "minority_recall", "m / 2", "m / 2.02"),
        lambda m, r: theorem2.minority_recall(m, 1 / r),
    ],
    "corrections.shift": [
        lambda s: corrections.shift(s)[::-1],
        lambda s: (-corrections.shift(s)[0], corrections.shift(s)[1]),
    ],
    "collapse.collapse_separation": [lambda r: np.sqrt(2.02 * np.log(r)), lambda r: 2 * np.log(r)],
    "collapse.majority_minimum": [lambda r: (collapse.collapse_separation(r), 0.5)],
    "collapse.separation_for": [lambda g, r: collapse.separation_for(1 - g, r)],
    "collapse.prior_ratio_for": [
        lambda g, m: collapse.prior_ratio_for(1 - g, m),
        lambda g, m: collapse.prior_ratio_for(g, 2 * m),
    ],
    "collapse.balanced_accuracy": [theorem2.minority_recall, collapse.balanced_accuracy_loss],
    "collapse.balanced_accuracy_loss": [
        collapse.balanced_accuracy,
        lambda m, r: -collapse.balanced_accuracy_loss(m, r),
    ],
    "corrections.logit_adjustment": [
        lambda r, tau=1.0, a=None: corrections.logit_adjustment(r, -tau, a),
        lambda r, tau=1.0, a=None: corrections.logit_adjustment(r, tau),
    ],
    "corrections.reweighting": [lambda r, w1, w2: corrections.reweighting(r, w2, w1)],
    "corrections.effective_number": [
        lambda n1, n2, b: corrections.effective_number(n2, n1, b),
        lambda n1, n2, b: corrections.effective_number(n1 + 1, n2, b),
    ],
    "corrections.resampling": [lambda r, q=0.0: corrections.resampling(r, 1 - q)],
    "corrections.tau_normalization": [
        lambda s, tau, bias="dropped": corrections.tau_normalization(s, tau, "kept"),
        lambda s, tau, bias="dropped": corrections.tau_normalization(s, tau / 2, bias),
    ],
    "corrections.hyperplane_recalls": [
        lambda s, w, b: corrections.hyperplane_recalls(s, w, -b),
        lambda s, w, b: corrections.hyperplane_recalls(s, w, b)[::-1],
    ],
    "corrections.crossing_point": [
        lambda s, w, b: corrections.crossing_point(s, w, -b),
        lambda s, w, b: (s.mu1 + s.mu2) / 2,
    ],
    "corrections.centred_without_bias": [lambda m, r: corrections.centred_without_bias(m, r)[::-1]],
    "quadratic.log_odds": [
        lambda s, x: -quadratic.log_odds(s, x),
        edited(quadratic.log_odds, quadratic, "boundary", "volumes + s.mu2", "-volumes + s.mu2"),
    ],
    "quadratic.recalls": [
        lambda s: quadratic.recalls(s)[::-1],
        lambda s: quadratic.recalls(replace(s, prior_ratio=1 / s.prior_ratio)),
    ],
    "quadratic.extinction_ratio": [
        edited(quadratic.extinction_ratio, quadratic, "extinction_ratio", "(wider - 1)", "wider"),
        lambda s: quadratic.extinction_ratio(s) ** 2,
    ],
    "multiclass.linear_classifier": [
        lambda s: (multiclass.linear_classifier(s)[0], multiclass.linear_classifier(s)[1] * 2),
        lambda s: (multiclass.linear_classifier(s)[0] * np.sqrt(s.priors)[:, None], multiclass.linear_classifier(s)[1]),
    ],
    "multiclass.boundary_point": [
        lambda s, i, j: multiclass.boundary_point(s, i, 1),
        lambda s, i, j: (s.means[i] + s.means[j]) / 2,
    ],
    "multiclass.decide": [lambda s, x: 2, lambda s, x: 1 - multiclass.decide(s, x)],
    "plugin.mean_noise_shift": [
        lambda *given: -plugin.mean_noise_shift(*given),
        lambda d, n1, n2, covariance="known": plugin.mean_noise_shift(d, n1, n2),
    ],
    "plugin.dominating_dimension": [lambda n1, n2: plugin.dominating_dimension(n1, n2) / 2],
    "theorem3.probabilities": [
        lambda w, f: theorem3.probabilities(w, [-v for v in f]),
        lambda w, f: theorem3.probabilities(w, f)[::-1],
    ],
    "theorem3.norms_and_angles": [lambda w, f: tuple(np.cos(part) for part in theorem3.norms_and_angles(w, f))],
    "theorem3.norm_angle_form": [
        lambda norms, length, angles: theorem3.norm_angle_form(norms, length**2, angles),
        lambda norms, length, angles: theorem3.norm_angle_form(norms, length, [np.pi - a for a in angles]),
    ],
    "theorem3.tau_normalize": [
        lambda w, tau: theorem3.tau_normalize(w, 1 - tau),
        lambda w, tau: theorem3.tau_normalize(w, tau**2),
    ],
}


def test_every_statement_rests_on_code():
    assert [name for name, steps in STEPS.items() if not steps] == []


def test_every_function_that_a_statement_rests_on_has_wrong_versions():
    assert {step.function for steps in STEPS.values() for step in steps} == set(WRONG)
    assert all(WRONG.values())


CASES = [
    pytest.param(name, wrong, id=f"{name}-{i}") for name, listed in WRONG.items() for i, wrong in enumerate(listed)
]


@pytest.mark.parametrize(("name", "wrong"), CASES)
def test_wrong_code_is_not_certified(name, wrong, monkeypatch):
    """The verdict of every statement with a code step about the function is then undecided."""
    steps = [[step for step in steps if step.function == name] for steps in STEPS.values()]
    look_up = evidence._function
    monkeypatch.setattr(evidence, "_function", lambda asked: wrong if asked == name else look_up(asked))
    concerned = [own for own in steps if own]
    assert concerned
    assert not any(all(step.run() for step in own) for own in concerned)
