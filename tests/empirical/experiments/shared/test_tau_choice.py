"""Tau by likelihood for two classes: logistic regression, cross-fitting, and what is put aside."""

import numpy as np
import pytest
from numpy.random import SeedSequence
from sklearn.linear_model import LogisticRegression

from empirical.analysis.linear_classifiers import Rule, weighted_head
from empirical.config import Config
from empirical.experiments.shared import tau_choice
from empirical.experiments.shared.corrected_heads import offset
from empirical.experiments.shared.corrected_networks import imbalanced_runs
from empirical.experiments.shared.tau_choice import POST_HOC, REFUSED, adjusted, choose, cross_fitted, remaining_counts

COUNTS = 20_000, 1000


def scores(separation=2.0, counts=COUNTS, seed=0):
    """Bayes' logit differences of two Gaussian classes of these numbers, at the separation ``M``."""
    rng = np.random.default_rng(SeedSequence(seed))
    log_ratio = np.log(counts[0] / counts[1])
    return [
        separation * (side * separation / 2 + rng.standard_normal(n)) + log_ratio
        for side, n in zip((1, -1), counts, strict=True)
    ]


def features(counts, separation=2.0, dimension=3, seed=0):
    rng = np.random.default_rng(SeedSequence(seed))
    pos, neg = (rng.standard_normal((n, dimension)) for n in counts)
    pos[:, 0] += separation
    return pos, neg


class TestChoose:
    @pytest.mark.parametrize("temperature", [0.4, 1.0, 1.9])
    def test_of_bayes_rule_times_t_tau_is_t(self, temperature):
        """Five standard errors: a chance of 6e-7 for a new seed."""
        found = choose(*(temperature * s for s in scores()), COUNTS)
        assert found.tau == pytest.approx(temperature, abs=5 * found.tau_error)
        assert found.temperature == pytest.approx(temperature, rel=0.2)
        assert found.tau_error < 0.03 * temperature
        assert found.fit == "trusted"

    def test_an_overconfident_classifier_is_corrected_to_the_same_decision(self):
        """Whatever the scale of the logits, images lie on the same side; with tau = 1 they do not."""
        pos, neg = scores(counts=(2000, 100))
        x = np.linspace(-10, 10, 401)
        decided, plain = [], []
        for scale in (0.5, 1, 3):
            rule = Rule(np.array([1.0 * scale]), 0.0)
            choice = choose(scale * pos, scale * neg, (2000, 100))
            rules = adjusted(rule, {"likelihood": choice, "post-hoc": POST_HOC}, (2000, 100))
            decided.append(rules["likelihood"].scores(x[:, None]) > 0)
            plain.append(rules["post-hoc"].scores(x[:, None]) > 0)
        assert (decided[0] == decided[1]).all()
        assert (decided[1] == decided[2]).all()
        assert not (plain[1] == plain[2]).all()

    @pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.0), (1.5, 0.7), (-2.0, 2.5)])
    def test_it_is_logistic_regression(self, shift, scale):
        """The log odds ``a s + c`` without a penalty: tau is where they are those of the class frequencies."""
        pos, neg = (scale * s + shift for s in scores(counts=(500, 40)))
        found = choose(pos, neg, (500, 40))
        s, y = np.concatenate([pos, neg]), np.repeat([1, 0], [500, 40])
        fit = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(s[:, None], y)
        a, c = fit.coef_[0, 0], fit.intercept_[0]
        assert found.temperature == pytest.approx(1 / a, rel=1e-4)
        assert found.tau * np.log(500 / 40) == pytest.approx((np.log(500 / 40) - c) / a, rel=1e-4, abs=1e-4)

    def test_a_split_of_other_frequencies_than_training_finds_the_same(self):
        pos, neg = scores()
        found = choose(pos[:1000], neg, COUNTS)
        assert found.tau == pytest.approx(1, abs=5 * found.tau_error)

    @pytest.mark.parametrize(
        ("pos", "neg", "counts"),
        [
            ([1.0, 2.0, 3.0], [-1.0], (30, 10)),
            ([1.0, 2.0, -1.0], [], (30, 10)),
            ([1.0, 2.0, -1.0], [0.0, -2.0, 1.5], (30, 30)),
        ],
        ids=["told apart", "no rare image", "as many of both"],
    )
    def test_what_tells_nothing_of_tau_is_refused(self, pos, neg, counts):
        assert choose(np.array(pos), np.array(neg), counts) == REFUSED
        assert adjusted(Rule(np.ones(1), 0.0), {"likelihood": REFUSED}, counts) == {}


class TestCrossFitting:
    @pytest.mark.parametrize(("counts", "folds"), [((300, 25), 10), ((300, 4), 4), ((3, 300), 3)])
    def test_each_logit_is_of_a_classifier_without_the_image_and_its_fold(self, counts, folds):
        pos, neg = features(counts)
        found = tau_choice.out_of_fold(pos, neg)
        for fold in range(folds):
            own = [np.arange(n) % folds == fold for n in counts]
            assert min(map(np.sum, own)) > 0
            rule = weighted_head(pos[~own[0]], neg[~own[1]])
            for x, mine, logits in zip((pos, neg), own, found, strict=True):
                assert logits[mine] == pytest.approx(rule.scores(x[mine]), abs=1e-12)

    def test_an_image_has_no_part_in_the_logits_of_its_fold(self):
        pos, neg = features((60, 12))
        changed = neg.copy()
        changed[3] += 5
        before, after = tau_choice.out_of_fold(pos, neg), tau_choice.out_of_fold(pos, changed)
        for n, old, new in zip((60, 12), before, after, strict=True):
            others = np.arange(n) % tau_choice.FOLDS != 3
            assert (old != new)[others].all()
        own = np.arange(60) % tau_choice.FOLDS == 3
        assert (before[0] == after[0])[own].all()

    def test_the_boundary_of_gaussian_classes_is_the_midpoint(self):
        """With 40,000 and 2000 samples the error of an offset is about 0.02 in log odds, 0.005 at M = 2."""
        pos, neg = features((40_000, 2000))
        choice = cross_fitted(pos, neg)
        rule = adjusted(weighted_head(pos, neg), {"likelihood": choice}, (40_000, 2000))["likelihood"]
        test = features((40_000, 40_000), seed=1)
        assert offset(*map(rule.scores, test)) == pytest.approx(0, abs=0.05)
        assert choice.fit == "trusted"

    def test_one_rare_image_is_refused(self):
        assert cross_fitted(*features((30, 1))) == REFUSED


class TestRuns:
    def test_a_tenth_is_put_aside_and_never_all_of_a_class(self):
        assert remaining_counts((5000, 500)) == (4500, 450)
        for n_pos in range(1, 60):
            for n_neg in range(1, n_pos + 1):
                left = remaining_counts((n_pos, n_neg))
                if left is not None:
                    assert 0 < left[1] < n_neg
                    assert 0 < left[0] < n_pos
                    assert left[0] != left[1]
        assert remaining_counts((20, 20)) is remaining_counts((15, 14)) is remaining_counts((9, 1)) is None

    def test_the_network_whose_tau_is_chosen_is_that_of_cross_entropy_with_fewer_images(self):
        even = Config(data="digits", classes=(0, 9), counts=(100, 100))
        runs = imbalanced_runs(even, (100, 10))
        assert (runs["likelihood"].counts, runs["likelihood"].method) == ((90, 9), "ce")
        assert len(set(runs.values())) == len(runs) == 6
        assert "likelihood" not in imbalanced_runs(even, (100, 100))
