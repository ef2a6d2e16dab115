"""The functions of :mod:`theory.plugin_classes`."""

from __future__ import annotations

from typing import Any

import sympy

from theory.class_counts import ClassMoments
from theory.proofs.evidence import Case, Step, code
from theory.proofs.shipped.points import normal_cdf

__all__ = ["leads", "losses"]

_MEANS = ((0, 0), (2, 1), (-1, 3))
_VARIANCES = ((1, 3), (2, 5), (4, 7))
_COUNTS = (20, 7, 3)
_TAU = sympy.Rational(1, 4)


def _moments(classes: int) -> ClassMoments:
    return ClassMoments.of_covariances(
        [list(map(float, m)) for m in _MEANS[:classes]], [[[a, 0.0], [0.0, b]] for a, b in _VARIANCES[:classes]]
    )


class _Diagonal:
    """The moments of leads for diagonal covariances, a coordinate at a time.

    In one coordinate, the squares of jointly normal ``v`` and ``u`` have the covariance ``2 c^2 + 4 a b c``.
    """

    def __init__(self, classes: int, noise: str) -> None:
        self.n = [sympy.Integer(n) for n in _COUNTS[:classes]]
        self.total = sum(self.n)
        self.estimated = noise == "both"
        self.spread = [0 * n if noise == "none" else 1 / n for n in self.n]
        self.weights = [(n - 1 if self.estimated else n) / self.total for n in self.n]
        self.p = [1 / sum(w * v[c] for w, v in zip(self.weights, _VARIANCES, strict=False)) for c in (0, 1)]

    def _second(self, q: list[Any]) -> list[Any]:
        """Return ``W(Q)`` for a diagonal ``Q``."""
        found = []
        for c in (0, 1):
            parts = [
                w / self.total * (v[c] * (q[0] * v[0] + q[1] * v[1]) + v[c] ** 2 * q[c])
                for w, v in zip(self.weights, _VARIANCES, strict=False)
            ]
            found.append(sum(parts))
        return found

    def _inverse(self) -> list[Any]:
        more = self._second(self.p)
        return [p + p**2 * w if self.estimated else p for p, w in zip(self.p, more, strict=True)]

    def _between(self, k: int) -> list[Any]:
        plain = [p**2 * v for p, v in zip(self.p, _VARIANCES[k], strict=True)]
        if not self.estimated:
            return plain
        first, second = self._second(plain), self._second(self.p)
        return [q + p**2 * a + 2 * p * b * q for q, p, a, b in zip(plain, self.p, first, second, strict=True)]

    def leads(self, k: int) -> tuple[list[Any], list[list[Any]]]:
        """Return mean and covariance of the leads of class ``k``."""
        others = [j for j in range(len(self.n)) if j != k]
        own, inverse = _VARIANCES[k], self._inverse()
        delta = {j: [_MEANS[k][c] - _MEANS[j][c] for c in (0, 1)] for j in others}
        second = {
            j: [delta[j][c] ** 2 + self.spread[j] * _VARIANCES[j][c] - self.spread[k] * own[c] for c in (0, 1)]
            for j in others
        }
        mean = [
            sum(inverse[c] * second[j][c] for c in (0, 1)) / 2 + (1 - _TAU) * sympy.log(self.n[k] / self.n[j])
            for j in others
        ]
        return mean, [[self._covariance(k, i, j, delta, second) for j in others] for i in others]

    def _covariance(self, k: int, i: int, j: int, delta: dict[int, Any], second: dict[int, Any]) -> Any:
        own, between = _VARIANCES[k], self._between(k)
        a, b = self.spread[k], self.spread[j]
        found = sum(between[c] * (delta[i][c] * delta[j][c] + own[c] * (a + a**2 / 2)) for c in (0, 1))
        if i == j:
            rival = self._between(j)
            found += sum(
                b * (rival[c] * delta[j][c] ** 2 + between[c] * _VARIANCES[j][c])
                + b**2 / 2 * rival[c] * _VARIANCES[j][c]
                for c in (0, 1)
            )
        if self.estimated:
            found += self._common(second[i], second[j], delta[i], delta[j])
        return found

    def _common(self, first: list[Any], second: list[Any], one: list[Any], two: list[Any]) -> Any:
        """Return ``sum_a f_a/(2 n^2) tr(S_a G_i S_a G_j)``; only the means give ``G`` entries off its diagonal."""
        p, q = self.p
        cross = 2 * (p * q) ** 2 * one[0] * one[1] * two[0] * two[1]
        return sum(
            w
            / self.total
            / 2
            * (sum(v[c] ** 2 * self.p[c] ** 4 * first[c] * second[c] for c in (0, 1)) + v[0] * v[1] * cross)
            for w, v in zip(self.weights, _VARIANCES, strict=False)
        )


def leads() -> tuple[Step, ...]:
    """Compare the moments of leads with the formulas, for features of two independent coordinates."""

    def cases(noise: str) -> list[Case]:
        return [
            Case(
                (_moments(3), _COUNTS, k),
                list(_Diagonal(3, noise).leads(k)),
                read=list,
                keywords={"tau": float(_TAU), "noise": noise},
            )
            for k in range(3)
        ]

    return (
        code(
            "the moments of leads, with sample means and without, and expanded for an estimated covariance",
            "plugin_classes.score_leads",
            lambda: [case for noise in ("none", "means", "both") for case in cases(noise)],
        ),
    )


def losses() -> tuple[Step, ...]:
    """Compare recalls of two classes, and what noise takes from them, with the normal law of one lead."""

    def recalls(noise: str) -> list[Any]:
        found = [_Diagonal(2, noise).leads(k) for k in (0, 1)]
        return [normal_cdf(mean[0] / sympy.sqrt(cov[0][0])) for mean, cov in found]

    given, keywords = (_moments(2), _COUNTS[:2]), {"tau": float(_TAU)}

    def taken() -> list[list[Any]]:
        none, means, both = map(recalls, ("none", "means", "both"))
        pairs = [(none, means), (means, both)]
        return [none, *([a - b for a, b in zip(*pair, strict=True)] for pair in pairs)]

    return (
        code(
            "Phi(E D/sqrt(Var D)) for two classes",
            "plugin_classes.asymptotic_recalls",
            lambda: [
                Case(given, recalls(noise), keywords={**keywords, "noise": noise})
                for noise in ("none", "means", "both")
            ],
        ),
        code(
            "the recall without noise, what the means take and what the covariance takes",
            "plugin_classes.noise_losses",
            lambda: [Case(given, taken(), read=lambda r: [r.recalls, r.means, r.covariance], keywords=keywords)],
        ),
    )
