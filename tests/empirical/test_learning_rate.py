import pytest

from empirical.learning_rate import Schedule


def test_the_recipe_of_200_epochs():
    rates = [Schedule(200).rate(epoch) for epoch in range(1, 201)]
    expected = [0.1 * epoch / 5 for epoch in range(1, 6)] + [0.1] * 155 + [1e-3] * 20 + [1e-5] * 20
    assert rates == pytest.approx(expected, rel=1e-12)
    assert rates[159] == 0.1
    assert Schedule(200).switch == 160


@pytest.mark.parametrize(("epochs", "ends"), [(4, (1, 2, 3)), (5, (1, 3, 4)), (10, (1, 8, 9)), (100, (3, 80, 90))])
def test_other_lengths(epochs, ends):
    assert Schedule(epochs).ends == ends


@pytest.mark.parametrize("epochs", [*range(4, 60), 200, 1000])
def test_every_phase_has_an_epoch_and_is_rounded_to_the_nearest(epochs):
    warmup, first, second = Schedule(epochs).ends
    assert 1 <= warmup < first < second < epochs
    if epochs >= 8:
        assert abs(first - 0.8 * epochs) <= 0.5
        assert abs(second - 0.9 * epochs) <= 0.5
    assert Schedule(epochs).rate(warmup) == 0.1
    assert [Schedule(epochs).rate(epoch) for epoch in (second + 1, epochs)] == pytest.approx([1e-5] * 2)


def test_too_few_epochs():
    with pytest.raises(ValueError, match=r"^epochs=3: must be at least 4: one for each phase of the schedule$"):
        Schedule(3)
