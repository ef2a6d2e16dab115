"""The field study: its page shows the table of its JSON, and a part of it computed again gives the same numbers."""

import importlib.util
import json
from pathlib import Path

import pytest
from scipy import stats

from theory import check
from theory.laws import Binomial, Family

HERE = Path(__file__).parent
SPEC = importlib.util.spec_from_file_location("field_study", HERE / "field_study.py")
field_study = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(field_study)
STORED = json.loads(field_study.FILE.read_text(encoding="utf-8"))


def test_the_page_shows_the_table():
    """The page is not edited by hand."""
    assert field_study.table(STORED["lines"]) in (HERE / "field-study.md").read_text(encoding="utf-8")


def test_every_line_has_its_verdict():
    """No promise is said to be kept whose minimum is below it."""
    assert len(STORED["lines"]) > 100
    for line in STORED["lines"]:
        if line["minimum"] is None:
            assert line["verdict"].startswith("raises")
        elif line["verdict"] == "kept":
            assert line["minimum"] >= line["level"] - 2e-9
        else:
            assert line["minimum"] < line["level"]
            assert line["verdict"] == ("broken" if line["promise"] == "at least" else "below")


@pytest.mark.parametrize(
    ("package", "lines"),
    [
        ("statsmodels", lambda: field_study.proportions(10)),
        ("concentration_lib", lambda: field_study.concentration(10)),
    ],
)
def test_a_part_of_it_computed_again(package, lines):
    """Other versions of a package may have mended what is shown: then the study has to be run again."""
    pytest.importorskip(package)
    if field_study.versions().get(package) != STORED["versions"][package]:
        pytest.skip(f"the table is of {package} {STORED['versions'][package]}")
    stored = {(one["package"], one["function"], one["n"]): one for one in STORED["lines"]}
    for one in lines():
        then = stored[one["package"], one["function"], one["n"]]
        assert one["verdict"] == then["verdict"], one["function"]
        assert one["minimum"] == pytest.approx(then["minimum"], abs=1e-9), one["function"]


def test_reproductions_in_plain_scipy():
    """What is wrong, without the packages: the formulas as they stand, against the law."""
    n = 10
    t = stats.t.ppf(0.95, n - 1)
    assert stats.t.cdf(t * ((n - 1) / n) ** 0.5, n - 1) == pytest.approx(0.9420, abs=5e-5)
    quantile = stats.chi2.ppf(0.05, n - 1)
    assert stats.chi2.sf(quantile * n / (n - 1), n - 1) == pytest.approx(0.9303, abs=5e-5)


def test_a_wrong_interval_is_caught():
    """The same machinery on an interval that is known to fail and on one that is known to hold."""

    def interval(k, level):
        found = stats.binomtest(k, 12).proportion_ci(level)
        return float(found.low), float(found.high)

    assert check.coverage(lambda k: interval(k, 0.95), Family(Binomial, n=12), 0.95).verdict == "certified"
    assert check.coverage(lambda k: interval(k, 0.80), Family(Binomial, n=12), 0.95).verdict == "refuted"
