"""Our own predictions about trained networks, and the statistic and the margin that each is judged by.

Theory predicts from balanced data; an entry says how close it is to come. Its statistic and its margin are written down
here, with the reason for the margin: a goal set beforehand where there is one, and else what would still
answer the question that the experiment asks. Not all of them were fixed before anything was trained: in the published
tables of three seeds the first seed was trained before the last entries were written. What comes first is shown by
the record beside the runs (:mod:`empirical.storage.prediction_record`), which the tables published so far do not have;
``verify`` says of each prediction whether it was made before, after the fact, or without a record.

The predictions by number: N1 recall under imbalance by Theorem 2 and its refinements (``network-pairs``), N2 the shift
of Theorem 1 (``shift``), N3 the shares of number and similarity (``similarity-or-number``), N4 pre-training
(``pretraining``; an explanation, as it reads the networks that it speaks of), N5 corrections as movements of the
boundary (``corrections``), N6 Theorem 3 and Property 3 (``norm-angle``), N7 rarity against class (``class-order``), N8
the recall of every class (``network-classes``), N9 tau by likelihood (``which-tau``), N10 the boundary with it
(``corrections``).

Draws, repeats and pairs of classes inside a seed are averaged within the seed first: the interval is over networks.
What a claim averages over is named (:func:`empirical.claims.measures.per_seed`), and a table in which anything
else differs, as it holds runs of two recipes, is not judged. The
experiment ``pairs`` trains no network and repeats draws of the images only, so that it has no seeds to judge by; its
agreement stands in its own table.
"""

from __future__ import annotations

from empirical.claims.predictions import (
    class_order,
    corrections,
    network_classes,
    network_pairs,
    norm_angle,
    pretraining,
    shift,
    similarity_or_number,
    tau_choice,
    which_tau,
)

__all__ = ["CLAIMS"]

CLAIMS = tuple(
    claim
    for module in (
        network_pairs,
        shift,
        similarity_or_number,
        pretraining,
        corrections,
        norm_angle,
        class_order,
        network_classes,
        which_tau,
        tau_choice,
    )
    for claim in module.CLAIMS
)
"""The predictions in order."""
