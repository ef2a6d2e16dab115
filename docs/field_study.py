"""Check the intervals and bounds that other packages ship: ``python docs/field_study.py`` writes ``field-study.json``.

Needs concentration_lib and statsmodels (the extra ``dev``); what needs confseq is left out where it is not installed.
No line of theirs is changed. Every minimum is exact (:func:`theory.check.coverage`) or a tail in ball arithmetic. Ends
are moved outwards by 1e-9 first, so that no verdict is about the last digits of a solver.
"""

import contextlib
import itertools
import json
import math
import platform
import warnings
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from scipy import stats

from theory import check
from theory.laws import Binomial, ChiSquare, Family, Normal, Poisson, StudentT

FILE = Path(__file__).with_name("field-study.json")
ALPHA = 0.05
ROUNDING = 1e-9
RATES = (0, 30)
PACKAGES = ("concentration_lib", "statsmodels", "scipy", "confseq")


def row(package, function, law, n, promise, level, minimum, at, side="at"):
    """Return one line of the table; ``promise`` is ``"at least"`` or ``"about"`` the level."""
    short = level - ROUNDING
    verdict = "kept" if minimum >= short else "broken" if promise == "at least" else "below"
    return {
        "package": package,
        "function": function,
        "law": law,
        "n": n,
        "promise": promise,
        "level": level,
        "minimum": minimum,
        "at": at,
        "side": side,
        "verdict": verdict,
    }


def covered(package, function, interval, family, law, n, promise, level=1 - ALPHA, domain=None):
    """Return the line of an interval that depends on a count."""
    found = check.coverage(interval, family, level, domain, rounding=ROUNDING)
    return row(package, function, law, n, promise, level, found.value.low, float(found.at), found.side)


def proportions(n):
    """Yield the lines of statsmodels and SciPy for a proportion."""
    from statsmodels.stats.proportion import proportion_confint

    family, law = Family(Binomial, n=n), "Binomial(n, p), all p"
    for method in ("normal", "agresti_coull", "beta", "wilson", "jeffreys", "binom_test"):
        promise = "at least" if method == "beta" else "about"
        name = f"proportion_confint(method={method!r})"
        yield covered(
            "statsmodels", name, lambda k, m=method: proportion_confint(k, n, ALPHA, m), family, law, n, promise
        )
    for method in ("exact", "wilson", "wilsoncc"):
        promise = "at least" if method == "exact" else "about"

        def interval(k, m=method):
            found = stats.binomtest(k, n).proportion_ci(1 - ALPHA, m)
            return float(found.low), float(found.high)

        yield covered("scipy", f"binomtest.proportion_ci(method={method!r})", interval, family, law, n, promise)


def rates():
    """Yield the lines of statsmodels and SciPy for a rate."""
    from statsmodels.stats.rates import confint_poisson

    law = f"Poisson(rate), rate from {RATES[0]} to {RATES[1]}"
    for method in ("score", "exact-c", "waldccv", "wald", "sqrt-a", "sqrt", "sqrt-v", "sqrt-cent"):

        def interval(k, m=method):
            low, high = (float(end) for end in confint_poisson(k, 1, method=m, alpha=ALPHA))
            return (low, high) if math.isfinite(low) and math.isfinite(high) else None

        with contextlib.suppress(ValueError):
            promise = "at least" if method == "exact-c" else "about"
            name = f"confint_poisson(method={method!r})"
            yield covered("statsmodels", name, interval, Family(Poisson), law, "", promise, domain=RATES)
    yield covered(
        "scipy",
        "poisson.interval(0.95, rate)",
        inverted(),
        Family(Poisson),
        law,
        "",
        "at least",
        domain=(0.01, RATES[1]),
    )


def inverted():
    """Return the rates whose ``poisson.interval`` holds a count: its two ends are steps that rise with the rate."""
    top = 4.0 * RATES[1]

    def step(end, holds):
        low, high = 1e-3, top
        if holds(end(low)):
            return low
        for _ in range(100):
            middle = (low + high) / 2
            low, high = (low, middle) if holds(end(middle)) else (middle, high)
        return high

    def ends(rate):
        return stats.poisson.interval(1 - ALPHA, rate)

    def interval(k):
        first = step(lambda rate: ends(rate)[1], lambda high: high >= k)
        last = step(lambda rate: ends(rate)[0], lambda low: low > k)
        return first, last

    return interval


def bernoulli(k, n):
    """Return a sample of ``k`` ones and ``n - k`` zeros."""
    return np.array([1.0] * k + [0.0] * (n - k))


def concentration(n):
    """Yield the lines of concentration_lib's fixed-sample bounds: one-sided, from above and from below."""
    import concentration_lib as c

    support = {"upper_bound": 1.0, "lower_bound": 0.0}
    bernoulli_law, family = "Bernoulli(p), all p", Family(Binomial, n=n)
    by_size = {
        "hoeffding_bound": support,
        "bernstein_bound": support,
        "bentkus_bound": support,
        "bennett_bound": support,
        "chernoff_subgaussian_bound": {"R": 0.5},
    }
    by_sample = {
        "hoeffding_quadratic_subgaussian_bound": support,
        "chernoff_quadratic_subgaussian_bound": {"R": 0.5},
        "empirical_bernstein_bound": support,
        "empirical_bentkus_bound": support,
        "bercu_touati_bound": {"sigma": 0.5, "a": 0.5},
    }
    for name, options in [*by_size.items(), *by_sample.items()]:
        for side in ("upper", "lower"):

            def interval(k, name=name, options=options, side=side):
                first = n if name in by_size else bernoulli(k, n)
                reach = float(np.squeeze(getattr(c, name)(first, delta=ALPHA, side=side, **options)))
                if math.isnan(reach):
                    return None
                return (-math.inf, k / n + reach) if side == "upper" else (k / n - reach, math.inf)

            yield attempt(f"{name}(side={side!r})", interval, family, bernoulli_law, n)
    deviation = Family(Binomial, through=lambda sd: (1 - (1 - 4 * sd**2).nonnegative_part().sqrt()) / 2, n=n)
    spread = {
        "hoeffding_std_dev_bound": True,
        "maurer_pontil_std_dev_bound": True,
        "bentkus_std_dev_bound_crude": True,
        "bentkus_pinelis_std_dev_bound": False,
    }
    for name, sized in spread.items():
        for side in ("upper", "lower"):

            def interval(k, name=name, sized=sized, side=side):
                sample = bernoulli(k, n)
                given = n if sized else sample
                reach = float(np.squeeze(getattr(c, name)(given, delta=ALPHA, side=side, **support)))
                if math.isnan(reach):
                    return None
                seen = float(np.std(sample))
                return (-math.inf, seen + reach) if side == "upper" else (seen - reach, math.inf)

            law = "Bernoulli(p), p up to 1/2"
            yield attempt(
                f"{name}(side={side!r})", interval, deviation, law, n, (Fraction(1, 1000), Fraction(499, 1000))
            )
    for name in ("bernstein_bound", "bentkus_bound", "bennett_bound"):
        yield known_deviation(c, name, n)
    yield from gaussian(c, n)
    yield from symmetric(c, n)


def known_deviation(c, name, n):
    """Return the line of a bound that is told the true standard deviation, at p = 1/200 to 199/200: exact at each."""
    least, where = 1.0, None
    for step in range(1, 200):
        p = Fraction(step, 200)
        sd = math.sqrt(p * (1 - p))
        reach = float(getattr(c, name)(n, ALPHA, sd, upper_bound=1.0, lower_bound=0.0, side="upper"))
        held = Binomial(n, p).sf(n * (float(p) - reach - ROUNDING), strict=False)
        if held < least:
            least, where = held, float(p)
    law = "Bernoulli(p), p = 1/200, ..., 199/200"
    return row("concentration_lib", f"{name}(sigma known)", law, n, "at least", 1 - ALPHA, least, where)


def hedged(n):
    """Yield the lines of the bound that depends on the order of the sample: every sequence of zeros and ones."""
    import concentration_lib as c

    for side in ("upper", "lower"):

        def interval(k, side=side):
            parts = []
            for ones in itertools.combinations(range(n), k):
                sample = np.zeros(n)
                sample[list(ones)] = 1
                try:
                    reach = float(
                        np.squeeze(
                            c.empirical_hedged_capital_bound(
                                sample, ALPHA, upper_bound=1.0, lower_bound=0.0, side=side, safe=True
                            )
                        )
                    )
                except Exception:  # as if nothing were excluded
                    reach = math.inf
                reach = math.inf if math.isnan(reach) else reach
                ends = (-math.inf, k / n + reach) if side == "upper" else (k / n - reach, math.inf)
                parts.append((Fraction(1, math.comb(n, k)), *ends))
            return parts

        name = f"empirical_hedged_capital_bound(side={side!r})"
        yield attempt(name, interval, Family(Binomial, n=n), "Bernoulli(p), all p", n)


def attempt(function, interval, family, law, n, domain=None):
    """Return the line, or one that says which error the function raised."""
    try:
        return covered("concentration_lib", function, interval, family, law, n, "at least", domain=domain)
    except Exception as error:  # whatever another package raises is the finding
        failed = row("concentration_lib", function, law, n, "at least", 1 - ALPHA, -1.0, -1.0)
        return {**failed, "minimum": None, "at": None, "verdict": f"raises {type(error).__name__}"}


def gaussian(c, n):
    """Yield the lines of bounds for Gaussian samples: their coverage is one tail of a known law."""
    root = math.sqrt(n)
    sample = np.arange(n, dtype=float)
    seen = float(np.std(sample))

    def line(function, law, threshold, side):
        miss = law.sf(threshold, strict=False) if side == "right" else law.cdf(threshold)
        held = check.tail(law, threshold, ALPHA * (1 + 1e-9), side).verdict == "certified"
        found = row("concentration_lib", function, "Normal(mean, sd), all", n, "at least", 1 - ALPHA, 1 - miss, None)
        return {**found, "verdict": "kept" if held else "broken"}

    yield line("gaussian_bound(side='upper')", Normal(), root * c.gaussian_bound(n, ALPHA, 1.0, "upper"), "right")
    reach = c.chernoff_subgaussian_bound(n, ALPHA, 1.0, "upper")
    yield line("chernoff_subgaussian_bound(R=sd)", Normal(), root * reach, "right")
    student = c.empirical_student_bound(sample, ALPHA, "upper") * root / (seen * math.sqrt(n / (n - 1)))
    yield line("empirical_student_bound(side='upper')", StudentT(n - 1), student, "right")
    # chi-squared: n seen^2 / sd^2 has n - 1 degrees of freedom, and the bound fails where sd lies beyond seen + reach
    up = seen + float(c.chi2_std_dev_bound(sample, ALPHA, "upper"))
    yield line("chi2_std_dev_bound(side='upper')", ChiSquare(n - 1), n * seen**2 / up**2, "left")
    down = seen - float(c.chi2_std_dev_bound(sample, ALPHA, "lower"))
    yield line("chi2_std_dev_bound(side='lower')", ChiSquare(n - 1), n * seen**2 / down**2, "right")
    squares = n * float(np.mean(sample**2))
    up = seen + float(c.chi2_zero_mean_std_dev_bound(sample, ALPHA, "upper"))
    yield line("chi2_zero_mean_std_dev_bound(side='upper')", ChiSquare(n), squares / up**2, "left")


def symmetric(c, n):
    """Yield the lines of bounds for symmetric samples and for a mean of 0, on fair coins worth -1 and 1."""
    for name, options in (
        ("symmetric_bentkus_efron_bound", {}),
        ("bercu_touati_zero_mean_bound", {"sigma": 1.0, "a": 0.5}),
    ):
        held = Fraction(0)
        for k in range(n + 1):
            sample = 2 * bernoulli(k, n) - 1
            try:
                reach = float(np.squeeze(getattr(c, name)(sample, ALPHA, side="upper", **options)))
            except Exception:  # the search for a root fails on samples without spread
                reach = 0.0
            if reach >= -sample.mean():
                held += Fraction(math.comb(n, k), 2**n)
        promised = 1 - ALPHA
        yield row(
            "concentration_lib", f"{name}(side='upper')", "fair signs", n, "at least", promised, float(held), None
        )


def sequences(n):
    """Yield the lines of confseq's boundaries at one fixed time; they promise all times at once."""
    from confseq import boundaries as b

    family, law, v = Family(Binomial, n=n), "Bernoulli(p), all p", n / 4

    def both(k):
        try:
            low, high = b.bernoulli_confidence_interval(k, n, ALPHA, n)
        except ValueError:  # raised at n = 10 for a count of 1; taken as if nothing were excluded
            return 0, 1
        return float(low), float(high)

    yield covered("confseq", "bernoulli_confidence_interval", both, family, law, n, "at least")
    for name, reach in (
        ("normal_mixture_bound", lambda: b.normal_mixture_bound(v, ALPHA, v, is_one_sided=True)),
        ("gamma_exponential_mixture_bound", lambda: b.gamma_exponential_mixture_bound(v, ALPHA, v, 1.0)),
        ("gamma_poisson_mixture_bound", lambda: b.gamma_poisson_mixture_bound(v, ALPHA, v, 1.0)),
        ("poly_stitching_bound", lambda: b.poly_stitching_bound(v, ALPHA, v, 0.0)),
    ):
        width = float(np.squeeze(reach())) / n
        yield covered("confseq", f"{name}(v=n/4)", lambda k, w=width: (k / n - w, math.inf), family, law, n, "at least")


def study():
    """Return all lines."""
    lines = []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for n in (10, 30, 100):
            lines += proportions(n)
        lines += rates()
        for n in (10, 30):
            lines += concentration(n)
        lines += hedged(8)
        with contextlib.suppress(ImportError):
            for n in (10, 100):
                lines += sequences(n)
    return lines


def versions():
    """Return the versions of what was studied."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def table(lines):
    """Return the lines as a table in Markdown."""
    text = ["| package | function | n | promise | minimum | where | verdict |", "|---|---|---|---|---|---|---|"]
    for one in lines:
        minimum = "" if one["minimum"] is None else f"{one['minimum']:.4f}"
        where = "" if one["at"] is None else f"{'' if one['side'] == 'at' else one['side'] + ' '}{one['at']:.4g}"
        promise = f"{one['promise']} {one['level']:g}"
        cells = [one["package"], f"`{one['function']}`", str(one["n"]), promise, minimum, where, one["verdict"]]
        text.append("| " + " | ".join(cells) + " |")
    return "\n".join(text)


if __name__ == "__main__":
    FILE.write_text(json.dumps({"versions": versions(), "lines": study()}, indent=1) + "\n", encoding="utf-8")
    print(f"written: {FILE}")
