"""What a run learns from: the images of an epoch, how often classes come, and when a loss changes."""

from dataclasses import replace

import torch

from empirical.config import Config
from empirical.data.training_set import load_training_set
from empirical.runtime.device import Execution
from empirical.training.tasks import Supervised

CPU = Execution(torch.device("cpu"))
GAUSSIAN = "gaussian:separation=4,classes=3,train=30,test=20"
TINY = Config(data=GAUSSIAN, imbalance=3, arch="resnet8", width=2, resolution=8, epochs=5, batch_size=16)


def test_an_epoch_sees_each_image_once():
    config = replace(TINY, data="digits", resolution=None, largest=41, imbalance=41)
    training_set = load_training_set(config, None)
    stage = Supervised(config, training_set, CPU)
    epochs = [torch.cat([targets for _, targets in stage.batches(epoch)]) for epoch in (1, 2)]
    for targets in epochs:
        assert torch.equal(targets.bincount(), torch.tensor(training_set.counts))
    assert not torch.equal(*epochs)


def test_resampling_draws_rare_classes_as_often_as_their_weights_say():
    config = replace(TINY, method="rs", data=GAUSSIAN.replace("train=30", "train=3000"), imbalance=10, beta=0)
    frequent = Supervised(config, load_training_set(config, None), CPU)
    balanced = Supervised(replace(config, beta=0.999999), load_training_set(config, None), CPU)
    for stage, shares in ((frequent, [0.7060, 0.2233, 0.0707]), (balanced, [1 / 3] * 3)):
        drawn = torch.cat([targets for _, targets in stage.batches(1)]).bincount(minlength=3)
        n = 3000 + 948 + 300
        assert int(drawn.sum()) == n
        for count, share in zip(drawn.tolist(), shares, strict=True):
            # Hoeffding: further off than this with a chance of 2 exp(-2 n 0.06^2) < 1e-12.
            assert abs(count / n - share) < 0.06


def test_a_last_batch_of_one_image_is_left_out():
    config = replace(TINY, batch_size=16)
    training_set = load_training_set(config, None)
    assert len(training_set.labels) == 57
    sizes = {16: [16, 16, 16, 9], 8: [8] * 7, 28: [28, 28], 100: [57]}
    for size, expected in sizes.items():
        stage = Supervised(replace(config, batch_size=size), training_set, CPU)
        assert [len(targets) for _, targets in stage.batches(1)] == expected


def test_deferred_reweighting_begins_after_the_switch():
    config = replace(TINY, method="drw", epochs=10)
    stage = Supervised(config, load_training_set(config, None), CPU)
    losses = [stage.loss(epoch) for epoch in range(1, 11)]
    assert len(set(losses[:8])) == len(set(losses[8:])) == 1
    assert losses[7] is not losses[8]
    plain = Supervised(replace(config, method="ce"), load_training_set(config, None), CPU)
    assert len({plain.loss(epoch) for epoch in range(1, 11)}) == 1
