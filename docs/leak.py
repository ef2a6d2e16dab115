"""How much measuring on the images that were read flatters: ``python docs/leak.py FILE.npz`` writes ``leak.json``.

``FILE.npz`` has the ``features`` and ``labels`` of balanced images that the network was not trained on. Half of the
images of each class train classifiers of all pairs of classes; of the rest one half is read by the predictions of the
experiment ``network-pairs``, and the minority's recall is measured on that half again, and on the other.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from empirical.analysis.recall_laws import LAWS
from empirical.config import Config
from empirical.data.dataset import Dataset
from empirical.experiments.shared.frozen_features import SecondStage
from empirical.runtime.threads import threadpool_limits

FILE = Path(__file__).with_name("leak.json")
CLASSIFIERS = ("lda", "head")
IMBALANCE = (2, 10, 100)
SEEDS = 3


def stage(features, labels, classifier, seed):
    """Return the classifiers of a split of the images."""
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    test = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        own = rng.permutation(np.flatnonzero(labels == label))
        test[own[len(own) // 2 :]] = True
    names = tuple(map(str, np.unique(labels)))
    data = Dataset("features", names, features, labels, test)
    n_pos = min(np.bincount(labels[~test]))
    return SecondStage(Config(data="features", seed=seed), {"relu": data}, "relu", classifier, int(n_pos), repeats=1)


def leak(features, labels, classifier, imbalance, seeds):
    """Return by law the mean absolute error in points on the images that it reads, and on others."""
    errors = {law: ([], []) for law in LAWS}
    for seed in range(seeds):
        own = stage(features, labels, classifier, seed)
        pairs = [(pos, neg) for pos in range(len(own.classes)) for neg in range(len(own.classes)) if pos != neg]
        for pos, neg in pairs:
            said = own.predict(pos, neg, imbalance)
            measured = [own.measure(pos, neg, said.n_neg, half).mean() for half in ("read", "kept")]
            for law in LAWS:
                if getattr(said, law) is not None:
                    for part, recall in zip(errors[law], measured, strict=True):
                        part.append(100 * abs(getattr(said, law) - recall))
    return {law: tuple(round(float(np.mean(part)), 4) for part in both) for law, both in errors.items() if both[0]}


def lines(features, labels, seeds=SEEDS):
    """Yield a line for each classifier, law and imbalance."""
    for classifier in CLASSIFIERS:
        for imbalance in IMBALANCE:
            found = leak(features, labels, classifier, imbalance, seeds)
            for law, (same, others) in found.items():
                yield {"classifier": classifier, "law": law, "imbalance": imbalance, "same": same, "others": others}


def main():
    """Measure, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, metavar="FILE.npz", help="features and labels of balanced images")
    with np.load(parser.parse_args().file) as arrays:
        features, labels = arrays["features"].astype(np.float64), arrays["labels"].astype(np.int64)
    with threadpool_limits(1):
        measured = list(lines(features, labels))
    made = {"seeds": SEEDS, "images": len(labels), "lines": measured}
    FILE.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
