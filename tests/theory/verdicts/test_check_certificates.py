"""Certificates of single checks: written, repeated, forged."""

import itertools
import json
from fractions import Fraction

import numpy as np
import pytest
import sympy
from flint import arb
from scipy import stats

from theory import check
from theory.__main__ import main
from theory.laws import (
    Binomial,
    Family,
    Laplace,
    Mean,
    Mixture,
    Normal,
)
from theory.proofs.evidence import lemma
from theory.verdicts.canonical import digest

HALF = Fraction(1, 2)
N, P, T = sympy.symbols("n p t")


def hoeffding(factor):
    domain = {"n": range(1, 4), "p": (0.125, 0.875), "t": (0.25, 0.75)}
    bound = sympy.exp(-factor * N * T**2)
    return check.tail_everywhere(lambda n, p, t: Binomial(n, p), bound, domain, N * (P + T))


def checks():
    return {
        "tail": check.tail(Mean(Binomial(1, arb(0.5, 0.125)), 20), Fraction(9, 10), 0.03),
        "refuted": check.tail(Binomial(100, 0.5), 60, 0.02),
        "both": check.tail(Mixture([HALF, HALF], [Normal(), Laplace(1)]), 4, 0.1, "both", center=arb(0.5, 0.125)),
        "everywhere": hoeffding(2),
        "counterexample": hoeffding(8),
        "coverage": check.coverage(
            lambda k: tuple(stats.binomtest(k, 12).proportion_ci()), Family(Binomial, n=12), 0.95
        ),
        "size": check.size(lambda k: k >= 8, Family(Binomial, n=10), 0.06, (0, HALF)),
    }


class TestCertificates:
    def test_every_check_is_repeated_elsewhere(self, tmp_path, capsys):
        for name, found in checks().items():
            file = tmp_path / f"{name}.json"
            found.certificate(file)
            assert check.recheck(file).holds, name
            assert main(["recheck", str(file)]) == 0
            assert "one check: the certificate holds" in capsys.readouterr().out

    def test_a_changed_verdict_is_not_repeated(self, tmp_path):
        from theory.verdicts.canonical import digest

        for name, found in checks().items():
            file = tmp_path / f"{name}.json"
            found.certificate(file)
            data = json.loads(file.read_text())
            data["verdict"] = "certified" if data["verdict"] == "refuted" else "refuted"
            file.write_text(json.dumps(data))
            with pytest.raises(ValueError, match="the hash does not match"):
                check.recheck(file)
            del data["sha256"]
            file.write_text(json.dumps({**data, "sha256": digest(data)}))
            assert not check.recheck(file).holds, name
            assert main(["recheck", str(file)]) == 1

    def test_a_missing_box_and_a_lowered_bound_are_seen(self, tmp_path):
        from theory.verdicts.canonical import digest

        file = tmp_path / "check.json"
        checks()["everywhere"].certificate(file)
        whole = json.loads(file.read_text())
        del whole["sha256"]
        fewer = {**whole, "leaves": whole["leaves"][1:]}
        lower = {**whole, "leaves": [{**leaf, "bound": "0"} for leaf in whole["leaves"]]}
        for data, word in ((fewer, "cover"), (lower, "not shown to hold")):
            file.write_text(json.dumps({**data, "sha256": digest(data)}))
            assert any(word in line for line in check.recheck(file).differences)

    def test_what_is_no_certificate_is_refused(self, tmp_path):
        file = tmp_path / "x.json"
        for text in ("{", "[]", '{"format": "tailbound check", "version": 2}'):
            file.write_text(text)
            with pytest.raises(ValueError, match="^FILE="):
                check.recheck(file)
        with pytest.raises(ValueError, match="^FILE=.*can be read"):
            check.recheck(tmp_path / "none.json")
        simulated = check.simulated(lambda rng, size: rng.random(size) < 0.1, 0.5, rng=np.random.default_rng(1))
        with pytest.raises(ValueError, match="keeps no evidence"):
            simulated.certificate(file)


class TestForgedCertificates:
    """Whoever edits a file can hash it anew: then the content must give it away."""

    def forged(self, found, path, change):
        found.certificate(path)
        data = json.loads(path.read_text())
        del data["sha256"]
        change(data)
        path.write_text(json.dumps({**data, "sha256": digest(data)}))
        return path

    @pytest.mark.parametrize(
        "change",
        [
            lambda data: data.update(intervals=data["intervals"] * 2),
            lambda data: data.update(intervals=[[k, "2", a, b] for k, _, a, b in data["intervals"]]),
            lambda data: data.update(intervals=[[k, "1/2", a, b] for k, _, a, b in data["intervals"]]),
            lambda data: data["intervals"].extend([[0, "1", "0", "1"], [0, "-1", "0", "1"]]),
            lambda data: data.update(level="-1"),
            lambda data: data.update(level="0"),
            lambda data: data.update(domain=["1", "0"]),
            lambda data: data.update(domain=["0", "2"]),
            lambda data: data.update(domain=["0"]),
            lambda data: data.update(closed="x"),
            lambda data: data.pop("made_with"),
            lambda data: data.update(made_with="x"),
        ],
    )
    def test_of_a_coverage(self, tmp_path, change):
        found = check.coverage(lambda k: (0, 1), Family(Binomial, n=2), HALF)
        with pytest.raises(ValueError, match=r"^FILE=.*: must be a certificate of a check: "):
            check.recheck(self.forged(found, tmp_path / "check.json", change))

    @pytest.mark.parametrize(
        "change",
        [
            lambda data: data.update(side="up"),
            lambda data: data.update(center="x"),
            lambda data: data["leaves"][0].update(threshold="x"),
        ],
    )
    def test_of_a_tail_everywhere(self, tmp_path, change):
        found = check.tail_everywhere(Binomial, 1, {"n": [1, 2], "p": (0, HALF)}, 1)
        with pytest.raises(ValueError, match=r"^FILE=.*: must be a certificate of a check: "):
            check.recheck(self.forged(found, tmp_path / "check.json", change))

    def test_of_no_setting_at_all(self, tmp_path):
        found = check.tail_everywhere(Binomial, 1, {"n": [1, 2], "p": (0, HALF)}, 1)
        path = self.forged(found, tmp_path / "check.json", lambda data: data.update(domain=[], leaves=[]))
        assert check.recheck(path).differences == ("the domain holds no setting",)

    def test_brackets_without_end(self, tmp_path):
        (tmp_path / "check.json").write_text("[" * 100_000)
        with pytest.raises(ValueError, match=r"^FILE=.*: must be a certificate"):
            check.recheck(tmp_path / "check.json")


def forged(found, path, **changes):
    """Write a certificate with changes, its hash made anew."""
    found.certificate(path)
    data = {**json.loads(path.read_text()), **changes}
    data.pop("sha256")
    path.write_text(json.dumps({**data, "sha256": digest(data)}))
    return path


@pytest.mark.parametrize("counts", [(0, 9, 2), (0, 2, 11), (-1, 2, 9), (2, 2, 9)])
def test_intervals_of_counts_out_of_order_or_that_cannot_occur_are_refused(tmp_path, counts):
    """Three rows that begin at 0 and end at 2 are no intervals of 0, 1 and 2."""
    found = check.coverage(
        lambda k: (0.0, 1.0) if k in (0, 2, 9) else None,
        Family(Binomial, n=10),
        0.9,
        domain=(Fraction(1, 100), Fraction(1, 20)),
    )
    assert found.verdict == "refuted"
    rows = [[k, "1", "0", "1"] for k in counts]
    file = forged(found, tmp_path / "forged.json", intervals=rows, verdict="certified")
    with pytest.raises(ValueError, match="^FILE=.*intervals="):
        check.recheck(file)


def test_a_recheck_says_that_a_step_beyond_the_limits_is_not_repeated(tmp_path):
    arguments = {"bound": lambda n: 2, "domain": {"n": itertools.count(1)}, "threshold": lambda n: n, "limit": {"n": 5}}
    step = lemma("1 > 0", lambda: ([], sympy.Symbol("x", real=True) ** 2 >= 0))
    found = check.tail_everywhere(lambda n: Binomial(n, HALF), **arguments, beyond=step)
    assert found.verdict == "certified"
    found.certificate(tmp_path / "a.json")
    repeated = check.recheck(tmp_path / "a.json")
    assert repeated.holds
    assert repeated.notes == ("not repeated, it rests on the maker: what holds beyond n up to 5: 1 > 0",)
