"""The ledger: the paper's statements under check, as printed and as they hold, with their evidence.

Places and quotations refer to the text at hand, a transcription of arXiv 2107.03758 (withdrawn by its author).
A verdict is computed from the evidence, never typed in:

- ``certified``: the printed statement is shown;
- ``refuted``: the printed statement is shown to be wrong, and what holds instead is shown;
- ``qualified``: it is shown under a condition that the text does not state, and a counterexample outside it is;
- ``undecided``: a step did not show what it should.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from theory.proofs import shipped, theorem1, theorem2, theorem2_further, theorem3, theorem3_further
from theory.proofs.evidence import Step

__all__ = ["LEDGER", "Finding", "Proof", "Statement", "verify"]

Proof = Callable[[], tuple[Step, ...]]


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


def verify(statement: Statement) -> Finding:
    """Run every step of the statement's evidence and return its verdict."""
    evidence = tuple(
        {"level": step.level, "detail": step.statement, "shows": shows, "shown": step.run()}
        for shows, step in _steps(statement)
    )
    return Finding(statement, _verdict(statement, evidence), evidence)


def _steps(statement: Statement) -> Iterator[tuple[str, Step]]:
    for shows, proofs in (("holds", statement.proofs), ("against", statement.against)):
        for proof in proofs:
            for step in proof():
                yield shows, step


def _verdict(statement: Statement, evidence: tuple[dict[str, Any], ...]) -> str:
    if not evidence or not all(e["shown"] for e in evidence):
        return "undecided"
    if not statement.against:
        return "certified"
    return "qualified" if statement.condition else "refuted"


LEDGER = (
    Statement(
        id="T1.shift",
        title="the boundary is shifted by (1 - beta)(1 - p/2)(mu2 - mu1)",
        summary="the printed shift is (1 - beta)(mu2 - mu1)/2 too large, always",
        place="section 4.1, Theorem 1, after eq. (1)",
        printed="Delta = (1 - beta+)(1 - p/2)(mu2 - mu1) >= 0",
        holds="E[f] - (mu1 + mu2)/2 = (1 - beta+)(1 - p)(mu2 - mu1)/2; the printed value is larger by "
        "(1 - beta+)(mu2 - mu1)/2 in every setting, as if a slash had moved: (1 - p/2) for (1 - p)/2",
        proofs=(theorem1.shift_holds, shipped.theorem1.shift),
        against=(theorem1.shift_differs, shipped.theorem1.printed_shift),
    ),
    Statement(
        id="T1.probability",
        title="the boundary lies within alpha of its shifted place with the stated probability",
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
        id="T2.boundary",
        title="for equal covariances the boundary is a hyperplane, and its estimate a point",
        summary="the point where the boundary crosses the line of the means",
        place="section 5.1, Theorem 2, eq. (3)",
        printed="for Sigma1 = Sigma2 = Sigma the boundary is a hyperplane, and "
        "B^ = (mu1 + mu2)/2 - (mu1 - mu2) ln(p+/p-)/((mu1 - mu2)^T Sigma^-1 (mu1 - mu2))",
        holds="as printed, for mu1 != mu2 and Sigma the covariance: B^ is the point where the hyperplane crosses the "
        "line through the means, its nearest point to their midpoint in Mahalanobis distance (for p+ != p- in "
        "Euclidean distance if and only if mu1 - mu2 is an eigenvector of Sigma)",
        proofs=(theorem2.boundary, theorem2_further.nearest_point, shipped.theorem2.boundary),
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
            theorem2_further.recalls,
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
            theorem2_further.recalls,
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
        holds="as printed",
        proofs=(theorem2.balanced, shipped.theorem2.midpoint),
    ),
    Statement(
        id="P2",
        title="the boundary of isotropic classes under imbalance",
        summary="true, with covariance sigma^2 I",
        place="section 5.1, Property 2, eq. (5)",
        printed="for p+ > p- and Sigma1 = Sigma2 = sigma^2 I, "
        "B^ = (mu1 + mu2)/2 - sigma^2 (mu1 - mu2) ln(p+/p-)/|mu1 - mu2|^2",
        holds="as printed, with sigma^2 I the covariance",
        proofs=(theorem2.isotropic, shipped.theorem2.isotropic),
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
        proofs=(theorem3.norms_and_angles, theorem3_further.norm_slope, shipped.theorem3.probabilities),
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
            theorem3_further.equal_norms,
            theorem3_further.tau_between,
            shipped.theorem3.normalisation,
        ),
        against=(theorem3.balancing_harms,),
    ),
)
