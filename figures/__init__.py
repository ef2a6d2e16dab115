"""The figures: what theory predicts, what was measured, from results on disk; they train nothing.

``tailbound figures NAME`` draws one and ``tailbound figures all`` draws all. :func:`plot_theorem1`,
:func:`plot_minority_recall` and :func:`plot_predicted` draw into a figure of one's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from figures.agreement import plot_predicted
    from figures.theorem1 import plot_theorem1
    from figures.theorem2 import plot_minority_recall

__all__ = ["FIGURES", "Drawing", "ResultsError", "plot_minority_recall", "plot_predicted", "plot_theorem1"]

_PLOTS = {
    "plot_minority_recall": "figures.theorem2",
    "plot_predicted": "figures.agreement",
    "plot_theorem1": "figures.theorem1",
}


class ResultsError(ValueError):
    """Results that a figure needs are missing or cannot be read; the message says how to make them."""


@dataclass(frozen=True)
class Drawing:
    """A figure and the functions of a module that draw it.

    Attributes:
        title: what it shows, in one line.
        module: the module, imported when the figure is drawn.
        drawing: the function of the module that draws the figure from a folder of results.
        making: the function that returns the command line that made them.
    """

    title: str
    module: str
    drawing: str = "draw"
    making: str = "command"

    def draw(self, results: str | Path, **options: Any) -> Figure:
        """Return the figure of the results in the folder ``results``; figures of theory take ``options``.

        Raises:
            ResultsError: they are missing or cannot be read.
        """
        figure: Figure = getattr(import_module(self.module), self.drawing)(Path(results), **options)
        return figure

    def command(self, results: str | Path, **options: Any) -> str:
        """Return the command line that made the data.

        Raises:
            ResultsError: the results are missing or cannot be read.
        """
        return str(getattr(import_module(self.module), self.making)(Path(results), **options))


FIGURES = {
    "class-order": Drawing("Gaps between classes: due to rarity or to which classes are rare", "figures.class_order"),
    "classwise": Drawing("Error of each class with and without pre-training", "figures.classwise"),
    "classwise-confusion": Drawing("What each class is taken for", "figures.classwise", "draw_confusion"),
    "classwise-confusion-pretrained": Drawing(
        "What each class is taken for, with pre-training", "figures.classwise", "draw_confusion_pretrained"
    ),
    "corrections": Drawing("How far each correction moves the boundary, by theory and measured", "figures.corrections"),
    "corrections-recall": Drawing("The minority's recall under each correction", "figures.corrections", "draw_recall"),
    "depth": Drawing("Accuracy by depth of the network", "figures.accuracies", "draw_depth", "depth_command"),
    "embedding": Drawing("Maps of the features with and without pre-training", "figures.embedding"),
    "embedding-numbers": Drawing("Separation of the classes, test images", "figures.embedding", "draw_numbers"),
    "embedding-training": Drawing("Separation of the classes, training images", "figures.embedding", "draw_training"),
    "examination": Drawing("Recalls of an examined network, and what theory says of them", "figures.examination"),
    "examination-corrections": Drawing(
        "Corrections and calibration of an examined network", "figures.examination", "draw_corrections"
    ),
    "losses": Drawing("Accuracy of losses for long tails", "figures.accuracies", "draw_losses", "losses_command"),
    "majority": Drawing(
        "Accuracy by the number of images of the other classes",
        "figures.one_class",
        "draw_majority",
        "majority_command",
    ),
    "minority": Drawing(
        "Accuracy by the number of images of one class", "figures.one_class", "draw_minority", "minority_command"
    ),
    "network-classes": Drawing("Every class's recall at any counts, predicted and measured", "figures.network_classes"),
    "network-classes-roots": Drawing("The same from square roots of features", "figures.network_classes", "draw_roots"),
    "network-pairs": Drawing("Minority recall of networks, predicted and measured", "figures.network_pairs"),
    "network-pairs-errors": Drawing("Errors of each law of minority recall", "figures.network_pairs", "draw_errors"),
    "network-pairs-line": Drawing("Number and similarity on one axis", "figures.network_pairs", "draw_line"),
    "norm-angle": Drawing("The gap between frequent and rare classes and its parts", "figures.norm_angle"),
    "norms": Drawing("Norm of each class's weights", "figures.norms"),
    "norms-spread": Drawing("How uneven the norms are, beside Table 2", "figures.norms", "draw_spread"),
    "pairs": Drawing("Minority recall of pairs of classes, predicted and measured", "figures.pairs"),
    "pretraining": Drawing("Separation and recall gained by pre-training", "figures.pretraining"),
    "rebalance": Drawing(
        "Accuracy of re-balancing with and without pre-training",
        "figures.accuracies",
        "draw_rebalance",
        "rebalance_command",
    ),
    "representation": Drawing("Accuracy of one representation under each classifier", "figures.representation"),
    "representation-norms": Drawing(
        "How uneven norms of re-trained classifiers are", "figures.representation", "draw_norms"
    ),
    "representation-tau": Drawing("Accuracy by tau of each representation", "figures.representation", "draw_tau"),
    "shift": Drawing("Shift of the boundary by similar samples, by formula and measured", "figures.shift"),
    "shift-bands": Drawing("How often the boundary lies within each band", "figures.shift", "draw_bands"),
    "shift-crossing": Drawing("Where the nearest-mean hyperplane crosses", "figures.shift", "draw_crossing"),
    "similar-degree": Drawing(
        "Accuracy by the degree of similarity", "figures.similarity", "draw_degree", "degree_command"
    ),
    "similar-fraction": Drawing(
        "Accuracy by the part of similar samples", "figures.similarity", "draw_fraction", "fraction_command"
    ),
    "similarity-or-number": Drawing(
        "A minority's drop in recall: due to number or to similarity", "figures.similarity_or_number"
    ),
    "ssl": Drawing("Accuracy of self-supervised methods", "figures.accuracies", "draw_ssl", "ssl_command"),
    "theorem1": Drawing("Theorem 1's law, bound and shifts in any setting", "figures.theorem1"),
    "theorem2": Drawing("Theorem 2's minority recall for any separations", "figures.theorem2"),
    "which-tau": Drawing("Accuracy lost by rules that choose tau", "figures.which_tau"),
}
"""The figures by name."""


def __getattr__(name: str) -> Any:
    if name in _PLOTS:
        return getattr(import_module(_PLOTS[name]), name)
    raise AttributeError(f"module 'figures' has no attribute {name!r}")
