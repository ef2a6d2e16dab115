"""The strategy for tight spots: ``theory.check.settings``."""

from fractions import Fraction

from flint import arb, ctx
from hypothesis import find, given
from hypothesis import settings as configure

from theory import check
from theory.laws import (
    Binomial,
)


class TestSettings:
    ARGUMENTS = (
        lambda n, p: Binomial(n, p),
        lambda n, p: 1 - (1 - p) ** (n - 1) * (1 - p * 0.9999),
        {"n": range(1, 41), "p": (Fraction(1, 100), Fraction(99, 100))},
        1,
    )

    def test_the_tight_spots_are_drawn(self):
        """A bound that is too small only where n = 40 and p is near its top is seen within a hundred draws."""
        family, _, domain, threshold = self.ARGUMENTS
        bound = lambda n, p: arb(1) if n < 40 else 1 - (p - 0.98).max(arb(0)) / 2  # noqa: E731

        def wrong(s):
            with ctx.workprec(100):
                law, value = family(**s), bound(s["n"], arb(float(s["p"])))
            return check.tail(law, threshold, value).verdict == "refuted"

        found = find(
            check.settings(family, bound, domain, threshold),
            wrong,
            settings=configure(max_examples=100, derandomize=True, database=None),
        )
        assert found["n"] == 40
        assert found["p"] > Fraction(0.98)

    @given(check.settings(*ARGUMENTS))
    @configure(max_examples=30, deadline=None, derandomize=True)
    def test_draws_lie_in_the_domain(self, s):
        assert list(s) == ["n", "p"]
        assert 1 <= s["n"] <= 40
        assert Fraction(1, 100) <= s["p"] <= Fraction(99, 100)
