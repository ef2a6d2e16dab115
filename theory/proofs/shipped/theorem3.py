"""The functions of :mod:`theory.theorem3`."""

from __future__ import annotations

import sympy

from theory.proofs.evidence import Case, Step, code
from theory.proofs.shipped.points import rational

__all__ = ["normalisation", "probabilities"]

_WEIGHTS = [[1.25, 0.5], [-0.75, 2.0], [0.375, -1.5]]
_FEATURE = [0.625, -0.25]


def probabilities() -> tuple[Step, ...]:
    """Compare the probabilities with the softmax of ``|w_j| |f| cos(angle)``."""
    rows = [sympy.Matrix(list(map(rational, w))) for w in _WEIGHTS]
    f = sympy.Matrix(list(map(rational, _FEATURE)))
    norms, length = [w.norm() for w in rows], f.norm()
    angles = [sympy.acos(w.dot(f) / (w.norm() * f.norm())) for w in rows]
    chosen = [0.5, 1.25, 2.75]  # angles that need not be those of the weights above

    def softmax(logits: list[sympy.Expr]) -> list[sympy.Expr]:
        total = sum(sympy.exp(v) for v in logits)
        return [sympy.exp(v) / total for v in logits]

    return (
        code(
            "exp(w_t . f)/sum_j exp(w_j . f)",
            "theorem3.probabilities",
            lambda: [Case((_WEIGHTS, _FEATURE), softmax([w.dot(f) for w in rows]))],
        ),
        code(
            "|w_j|, |f| and the angles between them",
            "theorem3.norms_and_angles",
            lambda: [Case((_WEIGHTS, _FEATURE), [norms, length, angles])],
        ),
        code(
            "exp(|w_t| |f| cos a_t)/sum_j exp(|w_j| |f| cos a_j)",
            "theorem3.norm_angle_form",
            lambda: [
                Case(
                    ([1.5, 0.75, 2.25], 1.75, chosen),
                    softmax(
                        [
                            rational(n) * rational(1.75) * sympy.cos(rational(a))
                            for n, a in zip((1.5, 0.75, 2.25), chosen, strict=True)
                        ]
                    ),
                )
            ],
        ),
    )


def normalisation() -> tuple[Step, ...]:
    """Compare the tau-normalised weights with ``w/|w|^tau``."""
    rows = [sympy.Matrix(list(map(rational, w))) for w in _WEIGHTS]
    return (
        code(
            "w_i/|w_i|^tau",
            "theorem3.tau_normalize",
            lambda: [
                Case((_WEIGHTS, tau), [list(w / w.norm() ** rational(tau)) for w in rows]) for tau in (0.0, 0.625, 1.0)
            ],
        ),
    )
