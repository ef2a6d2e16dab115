"""The figures: what theory predicts, what was measured, from results on disk; they train nothing.

``python -m figures NAME`` draws one and ``python -m figures all`` draws all. A figure is a module with two
functions, both given the folder of the results: ``draw(results)`` returns a ``matplotlib.figure.Figure``, and
``command(results)`` the command line that made its data; either raises :class:`ResultsError` when the data are not
there.
"""

from __future__ import annotations

__all__ = ["FIGURES", "ResultsError"]

FIGURES = {
    "class-order": "figures.class_order",
    "classwise": "figures.classwise",
    "corrections": "figures.corrections",
    "depth": "figures.depth",
    "embedding": "figures.embedding",
    "examination": "figures.examination",
    "losses": "figures.losses",
    "majority": "figures.majority",
    "minority": "figures.minority",
    "network-classes": "figures.network_classes",
    "network-pairs": "figures.network_pairs",
    "norm-angle": "figures.norm_angle",
    "norms": "figures.norms",
    "pairs": "figures.pairs",
    "pretraining": "figures.pretraining",
    "rebalance": "figures.rebalance",
    "representation": "figures.representation",
    "shift": "figures.shift",
    "similar-degree": "figures.similar_degree",
    "similar-fraction": "figures.similar_fraction",
    "similarity-or-number": "figures.similarity_or_number",
    "ssl": "figures.ssl",
    "theorem1": "figures.theorem1",
    "which-tau": "figures.which_tau",
}
"""The module of each figure, by name."""


class ResultsError(ValueError):
    """Results that a figure needs are missing or cannot be read; the message says how to make them."""
