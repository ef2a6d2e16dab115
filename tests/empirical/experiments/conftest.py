"""What the tests of experiments share: the claims that their real tables are judged by."""

import pytest

from empirical.claims import CLAIMS, findings


@pytest.fixture(scope="session")
def judged():
    """Return a function that asserts that every claim about some experiments finds in a folder all that it needs."""

    def judge(folder, *names):
        claims = [claim for claim in CLAIMS if set(claim.experiments) <= set(names)]
        found = findings([folder], claims)
        assert {name for claim in claims for name in claim.experiments} == set(names)
        assert [(part.claim.id, part.missing) for part in found if part.missing] == []
        assert {(part.profile, part.data) for part in found} == {("smoke", ("digits",))}
        assert all(part.comparisons and part.seeds == "1 seed" for part in found)

    return judge
