import math
from fractions import Fraction
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from empirical.registry import METHODS, method_facts
from empirical.training.losses import (
    effective_weights,
    inverse_weights,
    margins,
    method_loss,
)

COUNTS = [5000, 900, 50, 7]
BETA, GAMMA, MARGIN, SCALE, TAU = 0.999, 1.5, 0.4, 12.0, 0.7
NUMBERS = {"beta": BETA, "gamma": GAMMA, "margin": MARGIN, "scale": SCALE, "tau": TAU}


def slow(method, logits, targets, deferred):
    """The loss of a method by its formulas, number by number, in plain Python."""
    weights = [1.0] * len(COUNTS)
    if method == "rw" or (deferred and method in ("drw", "ldam-drw")):
        weights = [(1 - BETA) / (1 - BETA**n) for n in COUNTS]
    elif method == "rw-inverse":
        weights = [1 / n for n in COUNTS]
    total = norm = 0.0
    for z, y in zip(logits.tolist(), targets.tolist(), strict=True):
        if method in ("ldam", "ldam-drw"):
            margin = MARGIN * (COUNTS[y] / min(COUNTS)) ** -0.25
            z = [SCALE * (value - margin * (c == y)) for c, value in enumerate(z)]
        elif method == "balanced-softmax":
            z = [value + math.log(n) for value, n in zip(z, COUNTS, strict=True)]
        elif method == "logit-adjustment":
            z = [value + TAU * math.log(n / sum(COUNTS)) for value, n in zip(z, COUNTS, strict=True)]
        p = math.exp(z[y]) / sum(math.exp(value) for value in z)
        loss = -math.log(p)
        if method == "focal":
            loss *= (1 - p) ** GAMMA
        total += weights[y] * loss
        norm += weights[y]
    return total / norm


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(20, len(COUNTS), generator=generator, dtype=torch.float64)
    return logits.clamp(-1, 1), torch.randint(len(COUNTS), (20,), generator=generator)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("deferred", [False, True])
@pytest.mark.parametrize(("dtype", "close"), [(torch.float64, 1e-12), (torch.float32, 1e-5), (torch.bfloat16, 0.02)])
def test_losses_against_their_formulas(batch, method, deferred, dtype, close):
    logits, targets = batch
    loss = method_loss(method, COUNTS, **NUMBERS)(logits.to(dtype), targets, deferred)
    assert loss.shape == ()
    assert loss.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    # The class weights and margins are kept in single precision.
    assert float(loss.detach()) == pytest.approx(slow(method, logits, targets, deferred), rel=close)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_and_number_counts(batch, method):
    """No two methods agree, but for re-sampling with plain cross entropy; and no number is ignored."""
    values = {other: float(method_loss(other, COUNTS, **NUMBERS)(*batch, True)) for other in METHODS}
    same = {other for other, value in values.items() if value == values[method]}
    expected = [{"ce", "rs"}, {"rw", "drw"}]
    assert same == next((group for group in expected if method in group), {method})
    used = {
        "rw": {"beta"},
        "drw": {"beta"},
        "focal": {"gamma"},
        "ldam": {"margin", "scale"},
        "ldam-drw": {"margin", "scale", "beta"},
        "logit-adjustment": {"tau"},
    }.get(method, set())
    for name in NUMBERS:
        changed = method_loss(method, COUNTS, **{**NUMBERS, name: NUMBERS[name] * 0.9})(*batch, True)
        assert (float(changed) != values[method]) == (name in used)


@pytest.mark.parametrize("method", METHODS)
def test_gradients(batch, method):
    loss, (logits, targets) = method_loss(method, COUNTS, **NUMBERS), batch
    assert torch.autograd.gradcheck(lambda z: loss(z, targets, True), logits.requires_grad_())


def test_kinds_of_methods():
    assert {m for m in METHODS if method_facts(m).cosine} == {"ldam", "ldam-drw"}
    assert {m for m in METHODS if method_facts(m).deferred} == {"drw", "ldam-drw"}
    assert {m for m in METHODS if method_facts(m).balanced_sampling} == {"rs"}


@pytest.mark.parametrize("method", METHODS)
def test_switch(batch, method):
    loss = method_loss(method, COUNTS)
    assert (float(loss(*batch, False)) != float(loss(*batch, True))) == method_facts(method).deferred
    assert (loss.weights(False) is None) == (method not in ("rw", "rw-inverse"))
    assert (loss.weights(True) is None) == (method not in ("rw", "rw-inverse", "drw", "ldam-drw"))


def test_logit_adjustment_of_strength_1_is_balanced_softmax(batch):
    one, two = (float(method_loss(m, COUNTS)(*batch)) for m in ("logit-adjustment", "balanced-softmax"))
    assert one == pytest.approx(two, rel=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_balanced_counts_leave_cross_entropy(batch, method):
    logits, targets = batch
    balanced = float(method_loss(method, [90] * 4, gamma=0, tau=0)(logits, targets, True))
    if method_facts(method).cosine:
        shifted = 30 * (logits - 0.5 * torch.nn.functional.one_hot(targets, 4))
        assert balanced == pytest.approx(float(torch.nn.functional.cross_entropy(shifted, targets)))
    else:
        assert balanced == pytest.approx(float(torch.nn.functional.cross_entropy(logits, targets)))


@given(counts=st.lists(st.integers(1, 10**6), min_size=2, max_size=20), beta=st.floats(0, 0.99999))
@settings(deadline=None)
def test_weights(counts, beta):
    weights = effective_weights(counts, beta)
    assert float(weights.sum()) == pytest.approx(len(counts))
    # Rarer classes weigh at least as much, and at most as much as by the inverse frequencies.
    order = sorted(range(len(counts)), key=counts.__getitem__)
    assert all(weights[a] >= weights[b] * (1 - 1e-12) for a, b in pairwise(order))
    inverse = inverse_weights(counts)
    assert weights.max() / weights.min() <= inverse.max() / inverse.min() * (1 + 1e-9)
    assert inverse.tolist() == pytest.approx([len(counts) / n / sum(1 / k for k in counts) for n in counts])


def test_weights_of_cifar():
    """The formula in exact rational numbers."""
    beta, counts = Fraction(9999, 10000), [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]
    raw = [(1 - beta) / (1 - beta**n) for n in counts]
    assert effective_weights(counts, 0.9999).tolist() == pytest.approx(
        [float(10 * w / sum(raw)) for w in raw], rel=1e-12
    )
    assert effective_weights(counts, 0).tolist() == [1] * 10
    # Up to the edge of what beta can be, (1 - beta^n) / (1 - beta) = n to first order.
    for near in (1 - 1e-12, 1 - 2**-53):
        assert effective_weights([3, 1], near).tolist() == pytest.approx([0.5, 1.5], rel=1e-11)


def test_margins():
    assert margins([10000, 625, 16, 1], 0.5).tolist() == pytest.approx([0.05, 0.1, 0.25, 0.5], rel=1e-12)


def test_sure_decisions_have_finite_gradients():
    """At p = 1 the slope of (1 - p)^gamma is infinite for gamma below 1."""
    for gamma in (0, 0.3, 1, 2):
        logits = torch.tensor([[200.0, 0.0], [0.0, 200.0]], requires_grad=True)
        loss = method_loss("focal", [5, 5], gamma=gamma)(logits, torch.tensor([0, 0]))
        loss.backward()
        assert float(loss.detach()) == pytest.approx(100)
        assert logits.grad.isfinite().all()
        assert logits.grad[1].tolist() == pytest.approx([-0.5, 0.5])


def test_loss_has_nothing_to_train_or_save():
    loss = method_loss("ldam-drw", COUNTS)
    assert not list(loss.parameters())
    assert not loss.state_dict()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "softmax"}, r"^method='softmax': must be one of balanced-softmax, ce, "),
        ({"method": "rw", "beta": 1}, r"^beta=1: must be at least 0 and below 1$"),
        ({"method": "rw", "beta": -0.1}, r"^beta=-0.1: "),
        ({"gamma": -1}, r"^gamma=-1: "),
        ({"method": "ldam", "margin": 0}, r"^margin=0: "),
        ({"scale": 0}, r"^scale=0: "),
        ({"tau": math.nan}, r"^tau=nan: "),
        ({"counts": [3, 0]}, r"^counts=\[3, 0\]: "),
        ({"counts": [3]}, r"^counts=\[3\]: "),
        ({"counts": [[3, 3]]}, r"^counts=\[\[3, 3\]\]: "),
    ],
)
def test_refused(change, message):
    arguments = {"method": "ce", "counts": COUNTS, **change}
    with pytest.raises(ValueError, match=message) as raised:
        method_loss(**arguments)
    assert "\n" not in str(raised.value)
