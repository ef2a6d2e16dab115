"""Results beyond the paper, those of this library's own, each with its proof, judged like the paper's statements.

They have no printed form; ``tailbound theory results`` runs all of their proofs, and ``tailbound theory prove ID``
prints one.

To add a result:

1. Write its proof in :mod:`theory.proofs`: functions that return steps (:mod:`theory.proofs.evidence`). A step holds
   its claim as data, from which wrong variants of it are made; ``tests/theory/proofs/test_wrong_variants.py`` runs all
   of them, and none may show anything.
2. Tie the shipped functions to it in :mod:`theory.proofs.shipped`: a function that returns steps of the level ``code``.
   Each names a public function and compares what it returns with what the proved formula gives, at points that tell
   wrong code from right::

       def mean_noise() -> tuple[Step, ...]:
           cases = [Case((3, 7, 2), Fraction(3, 2) * (Fraction(1, 2) - Fraction(1, 7)))]
           return (code("d/2 (1/n- - 1/n+)", "plugin.mean_noise_shift", lambda: cases),)

3. Add an entry below: identifier, title (what it says, in one plain line), place of the code, what was found, what
   holds, and the functions of 1. and 2.
4. Add wrong versions of the public functions to ``tests/theory/verdicts/test_wrong_code.py``: each must turn the entry
   away from ``certified``. That every function of a ``code`` step has one is tested there.
"""

from __future__ import annotations

from theory.proofs import (
    class_counts,
    cost,
    plugin_classes,
    sharp,
    shipped,
    temperature,
    theorem2_corollaries,
    theorem3_corollaries,
    two_sided,
)
from theory.verdicts.ledger import Proof, Statement

__all__ = ["RESULTS"]


def _own(identifier: str, title: str, source: str, summary: str, holds: str, *proofs: Proof) -> Statement:
    return Statement(identifier, title, summary, source, "(not in the paper)", holds, proofs)


RESULTS = (
    _own(
        "R.sub-gaussian",
        "a closed form below the bound that Theorem 1 prints",
        "theory.sharp.sub_gaussian_bound",
        "a closed form, never above Theorem 1's bound",
        "P(|f - E f| > alpha) <= sub_gaussian_bound <= the bound that Theorem 1 prints, for all settings",
        sharp.moment_generating_function,
        sharp.proxies,
        sharp.below_printed,
        sharp.smoothing,
        shipped.bounds.sub_gaussian,
    ),
    _own(
        "R.sharp",
        "an explicit bound below Chernoff's and the sub-Gaussian one",
        "theory.sharp.sharp_bound",
        "an explicit bound below Chernoff's and the sub-Gaussian one",
        "P(|f - E f| > alpha) <= sharp_bound <= chernoff_bound and sub_gaussian_bound, for all settings",
        sharp.moment_generating_function,
        sharp.tilting,
        sharp.counting,
        sharp.at_points,
        shipped.bounds.chernoff,
        shipped.bounds.sharp_bound,
    ),
    _own(
        "R.samples",
        "how many positive samples keep the boundary within alpha",
        "theory.samples.required_samples",
        "the printed, Chernoff's and the sub-Gaussian bound fall in n+; the exact law need not",
        "bisection finds the required samples by these bounds; erfc(alpha/sqrt(2 V0)) bounds the exact law from below",
        sharp.falls_in_samples,
        sharp.least_failure,
        shipped.bounds.samples,
    ),
    _own(
        "R.two-sided",
        "shift and bound with similar samples in both classes",
        "theory.two_sided",
        "similar samples on both sides: shift, when it cancels, and the bound",
        "shift = ((1 - beta+)(1 - p+) - (1 - beta-)(1 - p-))(mu2 - mu1)/2, and Theorem 1's bound with both proxies",
        two_sided.shift_holds,
        two_sided.cancellation,
        two_sided.reduces_to_theorem1,
        two_sided.bound_holds,
        shipped.bounds.two_sided_shift,
        shipped.bounds.cancellation,
        shipped.bounds.two_sided_law,
    ),
    _own(
        "R.cost",
        "what the shift costs in recall",
        "theory.cost",
        "expected recall under an estimated boundary is a tail of its exact law",
        "E Phi((f - mu1)/sigma) is exact; no estimated boundary has a better mean recall than the ideal one",
        cost.recall_is_a_tail,
        cost.balanced_at_most_ideal,
        cost.shift_moves_recall,
        shipped.theorem1.recalls,
    ),
    _own(
        "R.nearest-point",
        "when Theorem 2's point is the boundary's nearest to the midpoint",
        "theory.theorem2.boundary_point",
        "Theorem 2's point is the nearest in Euclidean distance iff mu1 - mu2 is an eigenvector",
        "for ln(p+/p-) != 0: if and only if mu1 - mu2 is an eigenvector of the covariance",
        theorem2_corollaries.nearest_point,
        shipped.theorem2.boundary,
    ),
    _own(
        "R.recalls",
        "the recalls of the Bayes classifier under imbalance",
        "theory.theorem2.recalls",
        "the recalls of the Bayes classifier, in any dimension",
        "Phi(M/2 + L/M) and Phi(M/2 - L/M), with L = ln(p+/p-)",
        theorem2_corollaries.recalls,
        shipped.theorem2.recalls,
    ),
    _own(
        "R.collapse",
        "at which separation a class collapses under imbalance",
        "theory.collapse",
        "the minority's recall is below one half iff M < sqrt(2 ln r)",
        "at M = sqrt(2 ln r) the majority's recall is lowest; the limits in M and r, and the loss of balanced accuracy",
        theorem2_corollaries.collapse,
        theorem2_corollaries.balanced_accuracy,
        shipped.theorem2.collapse,
        shipped.theorem2.balanced_accuracy,
    ),
    _own(
        "R.corrections",
        "which corrections restore the balanced boundary",
        "theory.corrections",
        "logit adjustment and, in the population, inverse-frequency weights restore the balanced boundary",
        "every correction through the prior is an effective prior ratio; effective-number weights leave one above 1",
        theorem2_corollaries.corrections,
        shipped.theorem2.corrections,
    ),
    _own(
        "R.temperature",
        "logits minus tau times the log prior give Bayes' decision",
        "theory.temperature",
        "Bayes' decision and posterior from logits that are Bayes' rule up to a temperature and a share of the prior",
        "for any number of classes z - tau ln pi decides best at equal frequencies, z - tau ln pi + T ln q at q; "
        "long-tailed data determine tau and T, with a concave likelihood",
        temperature.bayes,
        temperature.identified,
        shipped.temperature.decision,
    ),
    _own(
        "R.which-tau",
        "the tau that a way to train implies, and the cost of a wrong one",
        "theory.temperature.which_tau",
        "tau is T after cross entropy and T - t after logit adjustment by t; what a wrong tau costs",
        "where what the loss sees is Bayes' rule times T, for counts of ratio r that it weighs to the ratio e: tau = "
        "T ln e/ln r - t; the cost of a tau that is off by d is exact for two Gaussian classes of separation M, and at "
        "most phi(1)/2 (d ln r/(T M))^2",
        temperature.trainings,
        temperature.wrong_tau,
        shipped.temperature.which_tau,
        shipped.temperature.cost,
    ),
    _own(
        "R.extinction",
        "a finite imbalance can extinguish a class of smaller covariance",
        "theory.quadratic",
        "with unequal covariances a finite imbalance can extinguish the minority",
        "if cov1 - cov2 is positive definite, no point is given to the minority beyond an explicit ratio",
        theorem2_corollaries.extinction,
        shipped.theorem2.extinction,
    ),
    _own(
        "R.multiclass",
        "for more classes, each pair has Theorem 2's boundary",
        "theory.multiclass",
        "for more classes, each pair has Theorem 2's boundary",
        "the scores of two classes differ by the log odds of their pair",
        theorem2_corollaries.multiclass,
        shipped.theorem2.multiclass_scores,
    ),
    _own(
        "R.mean-noise",
        "the noise of the sample means adds a bias against the minority",
        "theory.plugin",
        "with known covariance, the noise of the means adds a bias of d/2 (1/n- - 1/n+) against the minority",
        "it is added to the plug-in score's expectation, whatever the priors",
        theorem2_corollaries.mean_noise,
        shipped.theorem2.mean_noise,
    ),
    _own(
        "R.class-counts",
        "recalls at any class counts can be told from balanced moments, their noise counted once",
        "theory.class_counts",
        "n of N images given the moments of all are n new images on average; a class's score loses tr(P S_k)/(2 n_k)",
        "for normal features of any covariances: statistics drawn given the moments of N >= n images have the law of n "
        "new ones over all balanced samples; the noise of a class's mean takes tr(P S_k)/(2 n_k) from its score",
        class_counts.without_replacement,
        class_counts.mean_noise,
        shipped.class_counts.mean_noise,
        shipped.class_counts.rule,
    ),
    _own(
        "R.plugin-classes",
        "mean and covariance of the scores of a plug-in rule of many classes",
        "theory.plugin_classes",
        "the moments of the plug-in scores of C classes with covariances of their own",
        "exact with a known covariance, to the first order in 1/n with an estimated one; of two classes E D/sd(D) "
        "falls by the noise of the own mean if E D >= 0, and rises by that of the rival's if E D <= 0; the recall "
        "need not",
        plugin_classes.moments_of_leads,
        plugin_classes.estimated_covariance,
        plugin_classes.first_order_losses,
        shipped.plugin_classes.leads,
        shipped.plugin_classes.losses,
    ),
    _own(
        "R.norms",
        "when equal norms give the wanted boundary",
        "theory.theorem3",
        "when equal norms give the wanted boundary, and what tau between 0 and 1 does",
        "without bias: iff the weights are mirror images in the wanted hyperplane, which passes through the origin",
        theorem3_corollaries.norm_slope,
        theorem3_corollaries.feature_norm,
        theorem3_corollaries.equal_norms,
        theorem3_corollaries.opposite_weights,
        theorem3_corollaries.tau_between,
        shipped.theorem3.probabilities,
        shipped.theorem3.normalisation,
    ),
    _own(
        "R.prior-in-bias",
        "in Theorem 2's model the prior sits in the bias term",
        "theory.corrections",
        "in Theorem 2's model the prior sits in the bias term, which section 5.3 discards",
        "the Bayes weights cov^-1 mu do not depend on the prior, ln p is in the bias; with a constant coordinate among "
        "the features it is in the norms",
        theorem3_corollaries.prior_in_bias,
        theorem3_corollaries.tau_condition,
        theorem3_corollaries.bias_coordinate,
        shipped.theorem2.prior_in_bias,
    ),
)
