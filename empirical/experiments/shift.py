r"""Theorem 1 in feature space: similar samples in the majority move the boundary of the class means; as far as printed?

A network is trained once on balanced data and frozen (:mod:`empirical.experiments.shared.backbone`). Of two classes,
the images that it did not see are the population: ``mu1`` and ``mu2`` are the means of their features, ``sigma^2`` is
the mean of the two variances along the line through them, and samples are drawn from them with replacement, so that
they are independent as the theorem says; what is left of its assumptions is that the classes are Gaussian and equally
wide.

The majority has ``n+`` samples, as many as the class has images, the minority ``n+ / imbalance``. With the chance
``rho`` a sample of the majority is a mixture, of which the fraction ``lambda`` is its own: ``p = 1 - rho`` and
``beta = lambda``. Mixed are

``features``
    the features themselves, both parts drawn independently, and the number of mixtures is binomial: the theorem's
    setting, word by word;
``images``
    the images (equation 2), each image of the majority with one of the minority, and the network sees the mixture; the
    number of mixtures is ``rho n+`` to the nearest whole number: the simulation's setting, in which the theorem speaks
    of features only if the network is linear between images.

The same for the raw pixels in the place of features, where mixing images is mixing features up to rounding.

The estimated boundary is the midpoint of the two sample means. The *shift* is its distance, along the line through
``mu1`` and ``mu2`` and towards ``mu2``, from ``(mu1 + mu2) / 2``, in units of ``|mu2 - mu1|``: theory says
``(1 - lambda) rho / 2``, the printed formula ``(1 - lambda) (1 + rho) / 2``. The band is ``shift +- alpha``, where
``alpha`` is what a bound, or the exact law, gives for a chance of 5 % to be outside.

Where the hyperplane of the nearest-mean classifier crosses the line is a second measurement. In one dimension it is
the same point; in more it moves towards the class whose mean is noisier, which is the one with fewer samples, by ::

    (tr(cov-) / n- - tr(cov+) / n+) / (2 (1 - (1 - lambda) rho) |mu2 - mu1|^2)

to first order in the noise: a shift by sample number alone, which Theorem 1's one dimension does not have. ``cov+`` is
that of the majority with its mixtures, which leave ``1 - (1 - lambda) rho`` of the distance between the means.

All of theory's numbers come from the two classes without mixtures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.random import Generator, SeedSequence
from numpy.typing import NDArray

from empirical.config import Config
from empirical.data.pair_draws import minority_count
from empirical.experiments.experiment import Experiment
from empirical.experiments.shared import backbone
from empirical.experiments.shared.backbone import Frozen
from empirical.experiments.shared.rows import SPREAD, blank, grouped, run_key
from empirical.runtime.progress import Track, silent
from empirical.sweeps.sweep import Sweep, run_sweep

if TYPE_CHECKING:
    from theory import theorem1

__all__ = [
    "DEGREES",
    "EXPERIMENT",
    "FRACTIONS",
    "LEVEL",
    "MIXED",
    "Row",
    "Sampler",
    "band",
    "run",
    "summarise",
]

FRACTIONS = {"smoke": (0.0, 0.5, 1.0), "cpu": (0.0, 0.25, 0.5, 0.75, 1.0), "paper": (0.0, 0.25, 0.5, 0.75, 1.0)}
"""``rho``."""

DEGREES = {"smoke": (0.2,), "cpu": (0.2, 0.5, 0.8), "paper": (0.2, 0.5, 0.8)}
"""``lambda``."""

LEVEL = 0.05
"""The chance to lie outside the band."""

SPACES = ("features", "pixels")
"""What is a sample: the network's features, or the image itself."""

MIXED = ("features", "images")
"""What is mixed."""

_DATA = {"smoke": ("digits",), "cpu": ("cifar10",), "paper": ("cifar10",)}
_IMBALANCE = {"smoke": (1, 5), "cpu": (1, 100), "paper": (1, 10, 100)}  # the network is trained on balanced data
_PAIRS = {"smoke": 2, "cpu": 5, "paper": 9}
_REPEATS = {"smoke": 50, "cpu": 200, "paper": 1000}
_BANDS = ("printed", "sharp", "exact")
_TOLERANCE = 1e-3

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A setting of one network; a network that is not trained has one row, in which all that was measured is None.

    Shifts and bands are in units of the distance between the means of the two classes.

    Attributes:
        data: the data set.
        seed: of the network and the samples.
        space: ``features`` or ``pixels``.
        mixed: ``features`` or ``images``.
        majority: the positive class.
        minority: the negative one.
        separation: ``|mu2 - mu1| / sigma``.
        imbalance: as asked for.
        n_pos: samples of the majority.
        n_neg: samples of the minority.
        fraction: ``rho``.
        degree: ``lambda``.
        predicted: the shift by the formula that holds.
        printed: the shift by the formula as printed.
        predicted_crossing: the shift of the hyperplane, ``predicted`` and the first-order term of the noise.
        band_printed: ``alpha`` by the bound that the theorem prints.
        band_sharp: by :func:`theory.sharp.sharp_bound`.
        band_exact: by the exact law.
        measured: the shift, mean over the repeats.
        low: the 2.5 % quantile of the repeats.
        high: their 97.5 % quantile.
        crossing: the shift of the nearest-mean classifier's hyperplane, median over the repeats: a ratio, whose mean
            need not exist.
        inside_printed: repeats within ``predicted +- band_printed``.
        inside_sharp: within ``predicted +- band_sharp``.
        inside_exact: within ``predicted +- band_exact``.
        as_printed: repeats within ``printed +- band_printed``: what the theorem says, word by word.
        repeats: how many there were.
        run: the folder of the network.
    """

    key: ClassVar[tuple[str, ...]] = (
        "run",
        "space",
        "mixed",
        "majority",
        "minority",
        "imbalance",
        "fraction",
        "degree",
    )
    outcome: ClassVar[tuple[str, ...]] = ("measured",)

    data: str
    seed: int
    space: str | None
    mixed: str | None
    majority: str | None
    minority: str | None
    separation: float | None
    imbalance: float | None
    n_pos: int | None
    n_neg: int | None
    fraction: float | None
    degree: float | None
    predicted: float | None
    printed: float | None
    predicted_crossing: float | None
    band_printed: float | None
    band_sharp: float | None
    band_exact: float | None
    measured: float | None
    low: float | None
    high: float | None
    crossing: float | None
    inside_printed: int | None
    inside_sharp: int | None
    inside_exact: int | None
    as_printed: int | None
    repeats: int | None
    run: str


def run(sweep: Sweep, track: Track = silent) -> list[Row]:
    """Train the networks that are missing and return a row for each setting."""
    rows = []
    for config, result in track(run_sweep(sweep), "networks"):
        if result is None:
            rows.append(blank(Row, run_key(config)))
        else:
            rows += _network(sweep, config, backbone.of_run(config, sweep.runs, sweep.root))
    return rows


def summarise(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return for each space and way of mixing how far off both formulas are, and how often the bands hold.

    ``error`` and ``error_printed`` are mean absolute errors of the mean shift over the settings, in per cent of the
    distance between the means; ``error_crossing`` is that of where the hyperplane crosses. ``inside_*`` are the parts
    of all repeats within the bands, which should be at least 95 % (``exact``: about), ``as_printed`` the part within
    the printed band about the printed shift, and ``low`` and ``high`` the exact (Clopper-Pearson) 95 % interval of
    ``inside_exact``. ``missing`` counts networks.
    """
    from scipy.stats import binomtest

    missing = sum(row.space is None for row in rows)
    done: list[Any] = [row for row in rows if row.space is not None]

    def key(row: Row) -> tuple[Any, ...]:
        return row.data, row.space, row.mixed, row.imbalance

    summary = []
    for (data, space, mixed, ratio), own in grouped(done, key):
        repeats = sum(row.repeats for row in own)
        inside = {name: sum(getattr(row, name) for row in own) for name in _INSIDE}
        exact = binomtest(inside["inside_exact"], repeats).proportion_ci(method="exact")
        summary.append(
            {
                "data": data,
                "space": space,
                "mixed": mixed,
                "imbalance": ratio,
                "missing": missing,
                "error": 100 * float(np.mean([abs(row.measured - row.predicted) for row in own])),
                "error_crossing": 100 * float(np.mean([abs(row.crossing - row.predicted_crossing) for row in own])),
                "error_printed": 100 * float(np.mean([abs(row.measured - row.printed) for row in own])),
                **{name: 100 * count / repeats for name, count in inside.items()},
                "low": 100 * float(exact.low),
                "high": 100 * float(exact.high),
            }
        )
    empty = ("space", "mixed", "imbalance", "error", "error_crossing", "error_printed", *_INSIDE, "low", "high")
    return summary or [{"data": rows[0].data, **dict.fromkeys(empty), "missing": missing}]


_INSIDE = ("inside_printed", "inside_sharp", "inside_exact", "as_printed")


def _bounds() -> dict[str, Callable[..., Any]]:
    """Return the failure probability of Theorem 1 and its bounds, by the names in :data:`_BANDS`."""
    from theory import sharp, theorem1

    return dict(zip(_BANDS, (theorem1.bound, sharp.sharp_bound, theorem1.failure_probability), strict=True))


def band(bound: Callable[..., Any], s: theorem1.Setting, level: float = LEVEL) -> float:
    """Return an ``alpha`` at which a failure probability, or a bound on it, is at most ``level``.

    The smallest one to a relative error of 0.001, never below it.

    Example:
        >>> from theory import theorem1
        >>> s = theorem1.Setting(0, 1, 1, beta=0.5, p=1, n_pos=50, n_neg=50)
        >>> alpha = band(theorem1.failure_probability, s)
        >>> round(alpha, 3), theorem1.failure_probability(s, alpha) <= 0.05
        (0.196, True)
    """
    from scipy.optimize import brentq  # scipy takes a second, and --help does without

    start = float(s.sigma) / math.sqrt(min(s.n_pos, s.n_neg))

    def excess(log_alpha: float) -> float:
        return math.log(max(bound(s, math.exp(log_alpha)), 1e-300) / level)

    low = high = math.log(start)
    while excess(high) > 0:
        low, high = high, high + 0.5
    while excess(low) <= 0:
        low -= 0.5
    alpha = math.exp(brentq(excess, low, high, xtol=_TOLERANCE / 4))
    while bound(s, alpha) > level:
        alpha *= 1 + _TOLERANCE / 4
    return alpha


@dataclass(frozen=True, eq=False)
class Sampler:
    """Draws the means of samples of two classes, of which one may be mixed with the other.

    Args:
        pos: the population of the positive class, shape ``(m, d)``.
        neg: that of the negative class, shape ``(m, d)``.
        n_pos: samples of the positive class.
        n_neg: of the negative one.
        repeats: how often to draw them.
    """

    pos: Floats
    neg: Floats
    n_pos: int
    n_neg: int
    repeats: int

    def features(self, fraction: float, degree: float, rng: Generator) -> tuple[Floats, Floats]:
        """Return the two means of each repeat, shape ``(repeats, d)``, mixing features as the theorem has it."""
        k = rng.binomial(self.n_pos, fraction, self.repeats)
        own = self._sums(self.pos, self.n_pos - k, rng)
        own += degree * self._sums(self.pos, k, rng) + (1 - degree) * self._sums(self.neg, k, rng)
        return own / self.n_pos, self._negative(rng)

    def images(self, fraction: float, mixtures: Floats, rng: Generator) -> tuple[Floats, Floats]:
        """Return them with a fixed number of samples drawn from given mixtures, shape ``(m, d)``."""
        k = np.full(self.repeats, math.floor(fraction * self.n_pos + 0.5))
        own = self._sums(self.pos, self.n_pos - k, rng) + self._sums(mixtures, k, rng)
        return own / self.n_pos, self._negative(rng)

    def shifts(self, positive: Floats, negative: Floats) -> tuple[Floats, Floats]:
        """Return the shift and the crossing of each repeat, from the two means."""
        mu1, mu2 = self.pos.mean(axis=0), self.neg.mean(axis=0)
        line, middle = mu2 - mu1, (mu1 + mu2) / 2
        away = (positive + negative) / 2 - middle
        normal = negative - positive
        return away @ line / (line @ line), (away * normal).sum(axis=1) / (normal @ line)

    def noise(self, fraction: float, degree: float) -> float:
        """Return by how much the noise of the means moves the hyperplane, to first order."""
        distance = np.sum((self.neg.mean(axis=0) - self.pos.mean(axis=0)) ** 2)
        own, other = (float(x.var(axis=0).sum() / distance) for x in (self.pos, self.neg))
        mixture = degree**2 * own + (1 - degree) ** 2 * other
        between = fraction * (1 - fraction) * (1 - degree) ** 2
        positive = (1 - fraction) * own + fraction * mixture + between
        left = 1 - (1 - degree) * fraction
        return (other / self.n_neg - positive / self.n_pos) / (2 * left)

    def _negative(self, rng: Generator) -> Floats:
        return self._sums(self.neg, np.full(self.repeats, self.n_neg), rng) / self.n_neg

    def _sums(self, population: Floats, sizes: NDArray[np.int64], rng: Generator) -> Floats:
        """Return the sum of ``sizes[r]`` draws for each repeat ``r``."""
        counts = rng.multinomial(sizes, np.full(len(population), 1 / len(population)))
        return np.asarray(counts @ population, dtype=np.float64)


def _network(sweep: Sweep, config: Config, frozen: Frozen) -> Iterator[Row]:
    """Yield the rows of a network."""
    spaces = {
        "features": [frozen.features(images) for images in frozen.images],
        "pixels": [frozen.pixels(images) for images in frozen.images],
    }

    def separation(a: int, b: int) -> float:
        return backbone.geometry(spaces["features"][a], spaces["features"][b])[1]

    pairs = backbone.at_even_ranks(len(frozen.classes), separation, _PAIRS[sweep.profile])
    for (a, b), stream in zip(pairs, SeedSequence(config.seed).spawn(len(pairs)), strict=True):
        rng = np.random.default_rng(stream)
        partners = rng.permutation(len(frozen.images[b]))
        mixtures = {degree: _mixtures(frozen, a, b, partners, degree) for degree in DEGREES[sweep.profile]}
        for space, ratio in product(SPACES, sweep.arguments()["imbalance"]):
            pos, neg = spaces[space][a], spaces[space][b]
            n_neg = minority_count(len(pos), ratio)
            sampler = Sampler(pos=pos, neg=neg, n_pos=len(pos), n_neg=n_neg, repeats=_REPEATS[sweep.profile])
            case = {"space": space, "majority": frozen.classes[a], "minority": frozen.classes[b], "imbalance": ratio}
            for degree, fraction in product(DEGREES[sweep.profile], FRACTIONS[sweep.profile]):
                theory = _theory(sampler, fraction, degree)
                for mixed in MIXED:
                    drawn = (
                        sampler.features(fraction, degree, rng)
                        if mixed == "features"
                        else sampler.images(fraction, mixtures[degree][space], rng)
                    )
                    yield Row(
                        **run_key(config),
                        **case,
                        mixed=mixed,
                        fraction=fraction,
                        degree=degree,
                        **theory,
                        **_measured(theory, *sampler.shifts(*drawn)),
                    )


def _mixtures(frozen: Frozen, a: int, b: int, partners: NDArray[np.int64], degree: float) -> dict[str, Floats]:
    """Return what the mixtures of all images of class ``a`` with images of class ``b`` are in each space."""
    blend = degree * frozen.images[a].double() + (1 - degree) * frozen.images[b][partners].double()
    images = blend.round().to(frozen.images[a].dtype)
    return {"features": frozen.features(images), "pixels": frozen.pixels(images)}


def _theory(sampler: Sampler, fraction: float, degree: float) -> dict[str, Any]:
    """Return what theory says, from the two classes without mixtures."""
    from theory import theorem1

    separation = backbone.geometry(sampler.pos, sampler.neg)[1]
    s = theorem1.Setting(0, 1, 1 / separation, degree, 1 - fraction, sampler.n_pos, sampler.n_neg)
    shift = abs(float(theorem1.shift(s)))  # not -0.0
    return {
        "separation": separation,
        "n_pos": s.n_pos,
        "n_neg": s.n_neg,
        "predicted": shift,
        "printed": float(theorem1.printed_shift(s)),
        "predicted_crossing": shift + sampler.noise(fraction, degree),
        **{f"band_{name}": band(bound, s) for name, bound in _bounds().items()},
    }


def _measured(theory: dict[str, Any], shifts: Floats, crossings: Floats) -> dict[str, Any]:
    """Return what the repeats say."""
    low, high = np.quantile(shifts, SPREAD)
    away = np.abs(shifts - theory["predicted"])
    return {
        "measured": float(shifts.mean()),
        "low": float(low),
        "high": float(high),
        "crossing": float(np.median(crossings)),
        **{f"inside_{name}": int((away <= theory[f"band_{name}"]).sum()) for name in _BANDS},
        "as_printed": int((np.abs(shifts - theory["printed"]) <= theory["band_printed"]).sum()),
        "repeats": len(shifts),
    }


EXPERIMENT = Experiment(
    name="shift",
    doc=__doc__,
    row=Row,
    data=_DATA,
    imbalance=_IMBALANCE,
    setup=lambda args: backbone.prepare(args, _DATA, _IMBALANCE, minority_count)[0],
    run=run,
    summarise=summarise,
    merges=("data", "seeds"),
)
