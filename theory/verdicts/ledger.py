"""The ledger: the paper's statements under check, as printed and as they hold, with their evidence.

Places and quotations refer to the text at hand, a transcription of arXiv 2107.03758 (withdrawn by its author).
A verdict is computed from the evidence, never typed in:

- ``certified``: the printed statement is shown; what another entry refutes in it is read as it holds;
- ``refuted``: the printed statement is shown to be wrong, and what holds instead is shown;
- ``qualified``: it is shown under a condition that the text does not state, and a counterexample outside it is;
- ``undecided``: a step did not show what it should.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from theory.proofs import cost, shipped, theorem1, theorem2, theorem2_corollaries, theorem3, theorem3_corollaries
from theory.proofs.evidence import Step

__all__ = ["LEDGER", "Finding", "Proof", "Statement", "verdict_of", "verify"]

Proof = Callable[[], tuple[Step, ...]]
Shown = tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True)
class Statement:
    """A statement of the paper.

    Args:
        id: its identifier.
        title: what it says, in one plain line.
        summary: what was found, in one line.
        place: where in the text it stands.
        printed: what the text says.
        holds: what holds; for a certified statement, in which sense it holds.
        proofs: they show ``holds``.
        against: they show that ``printed`` does not hold without reservation; empty if it does.
        condition: under which ``printed`` holds; ``None`` if it needs none, or if nothing saves it.
    """

    id: str
    title: str
    summary: str
    place: str
    printed: str
    holds: str
    proofs: tuple[Proof, ...]
    against: tuple[Proof, ...] = ()
    condition: str | None = None


@dataclass(frozen=True)
class Finding:
    """A statement with its verdict and evidence: each piece has a level, a detail, what it shows, and if it did."""

    statement: Statement
    verdict: str
    evidence: tuple[dict[str, Any], ...]

    @property
    def failed(self) -> bool:
        """Whether something that the ledger gives as holding was not shown."""
        return not all(e["shown"] for e in self.evidence)

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as plain data, for JSON."""
        s = self.statement
        return {
            "id": s.id,
            "title": s.title,
            "summary": s.summary,
            "place": s.place,
            "printed": s.printed,
            "holds": s.holds,
            "condition": s.condition,
            "verdict": self.verdict,
            "evidence": list(self.evidence),
        }


def verify(statement: Statement, shown_before: dict[Proof, Shown] | None = None) -> Finding:
    """Run every step of the statement's evidence and return its verdict.

    Args:
        statement: what is verified.
        shown_before: what the proofs have shown in the same run, which is not run again; it is added to.
    """
    shown_before = {} if shown_before is None else shown_before
    evidence = []
    for shows, proofs in (("holds", statement.proofs), ("against", statement.against)):
        for proof in proofs:
            if proof not in shown_before:
                shown_before[proof] = tuple((step.level, step.statement, step.run()) for step in proof())
            evidence += [
                {"level": level, "detail": detail, "shows": shows, "shown": shown}
                for level, detail, shown in shown_before[proof]
            ]
    return Finding(statement, verdict_of(statement, evidence), tuple(evidence))


def verdict_of(statement: Statement, evidence: Sequence[Mapping[str, Any]]) -> str:
    """Return the verdict that the pieces of evidence give, each with ``shown``: whether it shows what it should."""
    if not evidence or not all(e["shown"] for e in evidence):
        return "undecided"
    if not statement.against:
        return "certified"
    return "qualified" if statement.condition else "refuted"


LEDGER = (
    Statement(
        id="T1",
        title="with the stated probability the boundary lies within alpha of the midpoint plus the printed shift",
        summary="as a whole it fails: the probability holds around another shift than the printed one",
        place="section 4.1, Theorem 1",
        printed="for any alpha > 0, 0 < beta+ < 1 and 0 <= p <= 1, with at least probability of "
        "1 - 2 exp(-alpha^2/sigma^2 n+ n-/(n+ + n-)) - 2 exp(-4 n+ alpha^2/((1 - beta+)^2 (mu1 - mu2)^2)), "
        "|f - (mu1 + mu2)/2 - Delta| <= alpha, where Delta = (1 - beta+)(1 - p/2)(mu2 - mu1) >= 0",
        holds="the same with Delta = (1 - beta+)(1 - p)(mu2 - mu1)/2; the parts are judged by T1.shift, T1.probability "
        "and T1.nonnegative",
        proofs=(
            theorem1.shift_holds,
            theorem1.probability,
            shipped.theorem1.shift,
            shipped.theorem1.exponents,
            shipped.theorem1.law,
        ),
        against=(theorem1.together_fails, theorem1.shift_differs, shipped.theorem1.printed_shift),
    ),
    Statement(
        id="T1.shift",
        title="the boundary is shifted by (1 - beta)(1 - p/2)(mu2 - mu1)",
        summary="the printed shift is (1 - beta)(mu2 - mu1)/2 too large, always",
        place="section 4.1, Theorem 1, after eq. (1)",
        printed="Delta = (1 - beta+)(1 - p/2)(mu2 - mu1) >= 0",
        holds="E[f] - (mu1 + mu2)/2 = (1 - beta+)(1 - p)(mu2 - mu1)/2; the printed value is larger by "
        "(1 - beta+)(mu2 - mu1)/2 in every setting, as if a slash had moved: (1 - p/2) for (1 - p)/2. I = 1 is read "
        "as in the formula, a sample that is not similar; the words before it say the reverse",
        proofs=(theorem1.shift_holds, shipped.theorem1.shift),
        against=(theorem1.shift_differs, shipped.theorem1.printed_shift),
    ),
    Statement(
        id="T1.probability",
        title="with the stated probability the boundary lies within alpha of the midpoint plus the shift that holds",
        summary="holds for all settings around the true shift, not around the printed one",
        place="section 4.1, Theorem 1, eq. (1)",
        printed="|f - (mu1 + mu2)/2 - Delta| <= alpha with probability at least (Delta is judged by T1.shift) "
        "1 - 2 exp(-alpha^2/sigma^2 n+ n-/(n+ + n-)) - 2 exp(-4 n+ alpha^2/((1 - beta+)^2 (mu1 - mu2)^2))",
        holds="the printed probability, for all settings, with the shift that holds as Delta; Z+ and Z- of a similar "
        "sample are read as independent",
        proofs=(
            theorem1.probability,
            theorem1.probability_at_points,
            shipped.theorem1.exponents,
            shipped.theorem1.law,
        ),
    ),
    Statement(
        id="T1.nonnegative",
        title="the shift is not negative",
        summary="true of the shift that holds too: it is 0 only without similar samples",
        place="section 4.1, Theorem 1, after eq. (1)",
        printed="Delta >= 0",
        holds="as printed, of the shift that holds: (1 - beta+)(1 - p)(mu2 - mu1)/2 >= 0, and 0 only at p = 1",
        proofs=(theorem1.shift_nonnegative, shipped.theorem1.shift),
    ),
    Statement(
        id="T1.sign-rule",
        title="the Bayes classifier is sign(x - (mu1 + mu2)/2): +1 below the midpoint",
        summary="the formula's sign contradicts the words, which are right",
        place="section 4.1, first paragraph",
        printed="the Bayes classifier is f(x) = sign(x - (mu1 + mu2)/2), 'i.e., classify x as +1 if x < (mu1 + mu2)/2'",
        holds="the words are right and the formula's sign is reversed: f(x) = sign((mu1 + mu2)/2 - x)",
        proofs=(theorem1.sign_rule_holds, shipped.theorem1.recalls),
        against=(theorem1.sign_rule_differs,),
    ),
    Statement(
        id="T1.claim.exponential",
        title="the biased probability is exponentially affected by similarity and by sample number",
        summary="of the stated probability: by the numbers in both exponents, by beta in one, by p in none",
        place="section 1, fourth paragraph",
        printed="the gap is influenced by category similarity, while the biased probability is exponentially affected "
        "by both category similarity and sample number",
        holds="both exponents of the stated probability are multiplied by c where both numbers of samples are; the "
        "second has 1/(1 - beta+)^2 as a factor; p, the share of similar samples, is in neither",
        proofs=(theorem1.exponents_hold, shipped.theorem1.exponents),
        against=(theorem1.exponents_without_similarity,),
        condition="both classes grow, similarity is the degree beta+, not the share of similar samples, and the second "
        "term is not the negligible one",
    ),
    Statement(
        id="T1.claim.shifted",
        title="similar positive samples shift the boundary to the negative class",
        summary="true in expectation; of one estimate with a probability above 1/2 that tends to 1",
        place="section 4.1, 'A Unified Perspective' under Theorem 1",
        printed="for similar training samples in positive class, the decision boundary of the estimated classifier "
        "would be shifted to negative class (f > (mu1 + mu2)/2)",
        holds="E[f] > (mu1 + mu2)/2 for p < 1; and P(f > (mu1 + mu2)/2) > 1/2 at any numbers of samples, at least "
        "1 - exp(-shift^2/(2 (v1 + v2))), v1 = sigma^2/4 (1/n+ + 1/n-), v2 = (1 - beta+)^2 (mu2 - mu1)^2/(16 n+)",
        condition="the boundary is its expectation, or the numbers of samples are large",
        proofs=(
            theorem1.probability,
            theorem1.shifted_in_probability,
            shipped.theorem1.shift,
            shipped.theorem1.shifted,
        ),
        against=(theorem1.shifted_otherwise,),
    ),
    Statement(
        id="T1.claim.negative",
        title="similar positive samples lower the performance of the negative class",
        summary="true of its expected recall, at any numbers of samples",
        place="section 4.1, 'A Unified Perspective' under Theorem 1",
        printed="which means that the performance of the negative class would be decreased",
        holds="as printed, of the expected recall under the estimated boundary: for p < 1 it is below that without "
        "similar samples (p = 1), for all settings and at the same numbers of samples",
        proofs=(
            cost.recall_is_a_tail,
            cost.negative_recall_given_count,
            cost.negative_recall_falls_in_share,
            shipped.theorem1.law,
            shipped.theorem1.recalls,
        ),
    ),
    Statement(
        id="T1.claim.beta",
        title="the more similar the samples, the larger the shift",
        summary="true wherever there are similar samples, as the text supposes",
        place="section 4.1, interpretation (1) under Theorem 1",
        printed="the more similar the data, the smaller beta+, the larger the bias Delta",
        holds="as printed, where there are similar samples: the shift falls strictly in beta+ for p < 1, and at p = 1 "
        "it is 0 for every beta+",
        proofs=(theorem1.beta_larger, theorem1.beta_unchanged, shipped.theorem1.shift),
    ),
    Statement(
        id="T1.claim.p",
        title="the more similar samples, the larger the shift",
        summary="true",
        place="section 4.1, interpretation (2) under Theorem 1",
        printed="the more similar samples the positive class has, the smaller p, the larger the bias Delta",
        holds="the shift falls strictly in p, for all settings",
        proofs=(theorem1.p_larger, shipped.theorem1.shift),
    ),
    Statement(
        id="T1.claim.imbalance",
        title="more positive samples make the biased estimate more probable",
        summary="true of the stated probability if n- is kept; else it can fall",
        place="section 4.1, interpretation (3) under Theorem 1",
        printed="if the positive class has more samples (n+ > n-), the probability of the biased estimation becomes "
        "larger than in the case n+ = n-",
        holds="the probability that the theorem states rises when positives are added and n- is kept; with the "
        "total kept it can fall, and the exact probability can fall even when n- is kept",
        condition="n- is kept, and the probability is the one that the theorem states (a lower bound)",
        proofs=(theorem1.imbalance_fixed_negatives, shipped.theorem1.exponents),
        against=(theorem1.imbalance_otherwise, shipped.theorem1.law),
    ),
    Statement(
        id="T1.claim.decreased-more",
        title="the more similar the majority's samples, the lower the accuracy of the minority",
        summary="true of the expected recall, in the share and in the degree of similarity",
        place="section 4.1, 'Sample Number and Category Similarity'",
        printed="more similar information in the majority classes would lead to a more biased decision boundary, i.e., "
        "the accuracy of this minority class would be decreased more",
        holds="as printed, of the expectations: the shift and the loss of expected recall both rise with the share of "
        "similar samples (1 - p) and, where there are any (p < 1), with their degree (1 - beta+)",
        proofs=(
            theorem1.p_larger,
            theorem1.beta_larger,
            cost.recall_is_a_tail,
            cost.negative_recall_given_count,
            cost.negative_recall_falls_in_share,
            cost.negative_recall_falls_in_beta,
            shipped.theorem1.shift,
            shipped.theorem1.recalls,
        ),
    ),
    Statement(
        id="T2.claim.accuracy",
        title="the classifier has the higher accuracy for the majority class",
        summary="true with equal covariances, which the text has not assumed yet; else it can fail",
        place="section 5.1, before Theorem 2",
        printed="empirically, the classifier f_B would have higher accuracy for the majority class",
        holds="for equal covariances the recalls are Phi(M/2 + ln(p+/p-)/M) and Phi(M/2 - ln(p+/p-)/M); with means 0 "
        "and 0, variances 4 and 1 and p+/p- = 1.2 they are .560 for the majority and .757 for the minority",
        proofs=(theorem2.majority_higher, theorem2_corollaries.recalls, shipped.theorem2.recalls),
        against=(theorem2.majority_lower, shipped.theorem2.quadratic_recalls),
        condition="the covariances are equal",
    ),
    Statement(
        id="T2.boundary",
        title="for equal covariances the boundary is a hyperplane, and its estimate a point",
        summary="the point is where the boundary crosses the line of the means; the boundary has others",
        place="section 5.1, Theorem 2, eq. (3)",
        printed="for Sigma1 = Sigma2 = Sigma the boundary is a hyperplane, and "
        "B^ = (mu1 + mu2)/2 - (mu1 - mu2) ln(p+/p-)/((mu1 - mu2)^T Sigma^-1 (mu1 - mu2))",
        holds="for mu1 != mu2 and Sigma the covariance the boundary is a hyperplane; B^ is the point where it crosses "
        "the line through the means, its nearest point to their midpoint in Mahalanobis distance (for p+ != p- in "
        "Euclidean distance if and only if mu1 - mu2 is an eigenvector of Sigma)",
        proofs=(theorem2.boundary, theorem2_corollaries.nearest_point, shipped.theorem2.boundary),
        against=(theorem2.boundary_is_more,),
        condition="B^ is read as the point where the hyperplane crosses the line through the means: the estimate of a "
        "hyperplane is no point, unless d = 1",
    ),
    Statement(
        id="T2.covariance",
        title="the features are N(mu, Sigma^2)",
        summary="a slip of notation: Sigma, not Sigma^2, is the covariance in use",
        place="section 5.1, before Theorem 2",
        printed="P(X|Y = +1) ~ N(mu1, Sigma1^2), P(X|Y = -1) ~ N(mu2, Sigma2^2)",
        holds="N(mu, Sigma): equation (3) uses Sigma^-1 and Property 2 sets Sigma = sigma^2 I, so Sigma is the "
        "covariance",
        proofs=(theorem2.covariance_holds, shipped.theorem2.boundary),
        against=(theorem2.covariance_differs,),
    ),
    Statement(
        id="T2.claim.similarity",
        title="the smaller the mean difference, the more biased the boundary",
        summary="true along a direction, or in Mahalanobis distance",
        place="section 5.1, interpretation of Theorem 2",
        printed="the smaller the mean difference, the more biased the decision boundary",
        holds="the boundary's distance from the midpoint is ln(p+/p-)/M in Mahalanobis distance, falling in the "
        "separation M; in Euclidean distance it falls in |mu1 - mu2| along every fixed direction",
        condition="the covariance and the direction of mu1 - mu2 are kept, or the difference is measured by M",
        proofs=(
            theorem2.similarity_along_direction,
            theorem2_corollaries.recalls,
            shipped.theorem2.separation,
            shipped.theorem2.recalls,
        ),
        against=(theorem2.similarity_across_directions,),
    ),
    Statement(
        id="T2.claim.imbalance",
        title="the more imbalanced the data, the more biased the boundary",
        summary="true",
        place="section 5.1, interpretation of Theorem 2",
        printed="more imbalanced data have a larger prior gap, which leads to a more biased decision boundary",
        holds="as printed: for p+ > p- the boundary's distance from the midpoint rises strictly in p+/p-",
        proofs=(
            theorem2.imbalance,
            theorem2_corollaries.recalls,
            shipped.theorem2.separation,
            shipped.theorem2.recalls,
        ),
    ),
    Statement(
        id="P1",
        title="with equal priors the boundary is the midpoint",
        summary="true",
        place="section 5.1, Property 1, eq. (4)",
        printed="for p+ = p- and Sigma1 = Sigma2, B^ = (mu1 + mu2)/2",
        holds="as printed, B^ being the point of T2.boundary",
        proofs=(theorem2.balanced, shipped.theorem2.midpoint),
    ),
    Statement(
        id="P2",
        title="the boundary of isotropic classes under imbalance",
        summary="true, with covariance sigma^2 I",
        place="section 5.1, Property 2, eq. (5)",
        printed="for p+ > p- and Sigma1 = Sigma2 = sigma^2 I, "
        "B^ = (mu1 + mu2)/2 - sigma^2 (mu1 - mu2) ln(p+/p-)/|mu1 - mu2|^2",
        holds="as printed, with sigma^2 I the covariance and B^ the point of T2.boundary",
        proofs=(theorem2.isotropic, shipped.theorem2.isotropic),
    ),
    Statement(
        id="T3.decision",
        title="the decision is the class of the largest score, and so the discriminant's",
        summary="true, and it is the most probable class of eq. (6)",
        place="section 5.3, eq. (7) and the sentence after it",
        printed="y^ = argmax_i (w_i . f + b_i); indeed, the discriminant function is "
        "(w_y . f + b_y) - (w_j . f + b_j) >= 0 for all j",
        holds="as printed: both say the same, and that the class is a most probable one; shown of three classes, each "
        "comparison being of two",
        proofs=(theorem3.decision, shipped.theorem2.decision, shipped.theorem3.probabilities),
    ),
    Statement(
        id="T3.bias",
        title="the bias term has a negligible effect on the final results",
        summary="the opposite in Theorem 2's model, where the bias term holds all of the imbalance",
        place="section 5.3, before Theorem 3",
        printed="here we will discard the bias term due to its negligible effect on the final results",
        holds="in Theorem 2's model the weights do not depend on the prior, and discarding the bias takes the "
        "minority's recall from Phi(M/2 - ln r/M) to Phi(M/2) at mu2 = -mu1; what it does in trained "
        "networks is for experiments",
        proofs=(theorem3_corollaries.prior_in_bias, shipped.theorem2.prior_in_bias),
        against=(theorem3_corollaries.bias_matters, shipped.theorem2.without_bias),
    ),
    Statement(
        id="T3",
        title="without bias the probabilities depend on norms and angles",
        summary="true",
        place="section 5.3, Theorem 3",
        printed="without bias, the probability of class t is exp(w_t . f)/sum_j exp(w_j . f), influenced by the norms "
        "of the weights and the angles between w and f",
        holds="as printed: ln P_t has the slopes |f| cos(a_t) (1 - P_t) in |w_t| and "
        "-|w_t| |f| sin(a_t) (1 - P_t) in a_t",
        proofs=(theorem3.norms_and_angles, theorem3_corollaries.norm_slope, shipped.theorem3.probabilities),
    ),
    Statement(
        id="P3",
        title="balancing the norms of the weights can alleviate the classifier's bias",
        summary="true of bias in the norms; bias in the angles stays",
        place="section 5.3, Property 3",
        printed="with w^ the tau-normalization of w, the classifier bias can be alleviated by balancing the weight "
        "norms between majority and minority classes, |w^_i| ~ |w^_j| for all i, j",
        holds="it can, but not always: tau = 1 makes all norms 1, and the decision is then by the angles "
        "alone: bias that sits in the norms goes, bias that sits in the angles stays, and with negative cosines "
        "balancing can create one",
        condition="a sample's own class has the smallest angle to it",
        proofs=(
            theorem3.equal_norms,
            theorem3.angles_remain,
            theorem3_corollaries.equal_norms,
            theorem3_corollaries.tau_between,
            shipped.theorem3.normalisation,
        ),
        against=(theorem3.balancing_harms,),
    ),
    Statement(
        id="P3.claim.norms",
        title="re-balancing alleviates imbalance because the norms of the weights become more similar",
        summary="it alleviates it, for another reason in Theorem 2's model: no norm changes there",
        place="section 5.3, after Property 3",
        printed="fine-tuning the classifiers by re-balance strategies could alleviate the imbalance problem, because "
        "the norms of the classifier weights become more similar",
        holds="re-balancing the prior restores the balanced boundary, in Theorem 2's model by the biases alone, all "
        "weights and norms being kept; where the imbalance sits in the norms, equal norms take it away. Two classes "
        "trained by gradient descent from zero have equal norms whatever the imbalance",
        proofs=(
            theorem2_corollaries.corrections,
            theorem3.equal_norms,
            shipped.theorem2.corrections,
            shipped.theorem3.normalisation,
        ),
        against=(
            theorem3_corollaries.prior_in_bias,
            theorem3_corollaries.opposite_weights,
            shipped.theorem2.prior_in_bias,
        ),
        condition="the imbalance sits in the norms of the weights",
    ),
)
