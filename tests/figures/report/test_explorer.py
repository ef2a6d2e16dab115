"""The explorer in a real browser: its numbers against the library's, and that people can use the page.

Probabilities agree to a relative error of 1e-10 wherever the exact one is above 1e-290 (below, floats themselves lose
digits), and are below 2e-290 wherever it is not.
"""

import itertools
import json
import math
import random
from urllib.parse import urlencode

import numpy as np
import pytest
from scipy.stats import norm

from figures import report
from figures.report.explorer import PRESETS, SLIDERS
from tests.figures.report.conftest import write_results
from theory import cost, theorem1, theorem2
from theory.exact.binomial import log_pmf

PRECISION = 1e-10
SMALLEST = 1e-290
RANGE = {slider.name: slider for slider in SLIDERS}
THEOREM1 = ("mu1", "mu2", "sigma", "beta", "p", "n_pos", "n_neg")

pytestmark = pytest.mark.usefixtures("toys")


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    """The page, open in the browser."""
    folder = write_results(tmp_path_factory.mktemp("explorer") / "results")
    report.write(folder, folder / "report.html")
    browser.get((folder / "report.html").as_uri())
    return browser


@pytest.fixture(autouse=True)
def reset(page):
    page.execute_script("document.getElementById('reset').click()")
    yield
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def agree(found, exact):
    return abs(found - exact) <= PRECISION * abs(exact) if abs(exact) > SMALLEST else abs(found) < 2 * SMALLEST


def value(name, position):
    """Return what a slider at a position stands for."""
    at = float(position)
    return {"linear": at, "log": float(f"{10**at:.3g}"), "count": round(10**at)}[RANGE[name].scale]


def setting(positions):
    return theorem1.Setting(**{name: value(name, positions[name]) for name in THEOREM1})


def extremes():
    """Return every combination of the ends of the sliders of Theorem 1, with the means close and far."""
    ends = [(RANGE[name].low, RANGE[name].high) for name in (*THEOREM1[2:], "alpha")]
    return [
        {"mu1": mu1, "mu2": mu2, **dict(zip((*THEOREM1[2:], "alpha"), rest, strict=True))}
        for mu1, mu2 in ((-5, 5), (0, 0.05))
        for rest in itertools.product(*ends)
    ]


def anywhere(count, seed):
    """Return random positions, on the sliders' steps."""
    rng = random.Random(seed)
    found = []
    for _ in range(count):
        at = {s.name: round(s.low + s.step * rng.randint(0, round((s.high - s.low) / s.step)), 6) for s in SLIDERS}
        at["mu1"], at["mu2"] = sorted((at["mu1"], at["mu2"]))
        at["mu2"] = at["mu2"] if at["mu2"] > at["mu1"] else at["mu1"] + 0.05
        found.append(at)
    return found


POSITIONS = [*extremes(), *anywhere(120, seed=1)]


def as_script(s):
    names = dict(zip(("mu1", "mu2", "sigma", "beta", "p", "nPos", "nNeg"), THEOREM1, strict=True))
    return {script: getattr(s, name) for script, name in names.items()}


def test_theorem_1_is_the_library_s(page):
    cases = [(setting(at), value("alpha", at["alpha"])) for at in POSITIONS]
    found = page.execute_script(
        """return arguments[0].map(([s, alpha]) => [
            tailbound.shift(s), tailbound.printedShift(s), tailbound.bound(s, alpha), tailbound.failure(s, alpha),
            tailbound.failure(s, alpha, tailbound.printedShift(s)), ...Object.values(tailbound.expectedRecall(s))]);""",
        [(as_script(s), alpha) for s, alpha in cases],
    )
    for (s, alpha), numbers in zip(cases, found, strict=True):
        recall = cost.expected_recall(s)
        exact = [
            float(theorem1.shift(s)),
            float(theorem1.printed_shift(s)),
            theorem1.bound(s, alpha),
            theorem1.failure_probability(s, alpha),
            theorem1.failure_probability(s, alpha, shift=theorem1.printed_shift(s)),
            recall.positive,
            recall.negative,
            recall.ideal,
        ]
        assert all(map(agree, numbers, exact)), (s, alpha, numbers, exact)


def exact_density(s, x):
    law = theorem1.law(s)
    k = np.arange(law.n + 1)
    z = law.standardized(k, int(law.n * law.q), theorem1.Fraction(x))
    sd = np.sqrt(float(law.var) + k * float(law.var_step))
    return float(np.sum(np.exp(log_pmf(k, law.n, law.q) + norm.logpdf(z)) / sd))


def test_the_density_is_that_of_the_exact_law(page):
    cases = []
    for at in [*extremes()[::8], *anywhere(60, seed=2)]:
        s = setting({**at, "n_pos": min(at["n_pos"], 4)})
        cases += [(s, float(theorem1.shift(s)) + reach * s.sigma) for reach in (-0.2, 0.0, 0.01, 0.3)]
    script = "return arguments[0].map(([s, x]) => tailbound.density(s, x))"
    found = page.execute_script(script, [(as_script(s), x) for s, x in cases])
    for (s, x), density in zip(cases, found, strict=True):
        assert agree(density, exact_density(s, x)), (s, x)


def test_the_normal_tail(page):
    z = [*np.linspace(-37, 37, 297), 2.999, 3.0, 3.001, -3.0, 1e-9]
    script = "return arguments[0].map((z) => [tailbound.normalTail(z), tailbound.logNormalTail(z)])"
    tails, logs = np.transpose(page.execute_script(script, [float(at) for at in z]))
    assert tails == pytest.approx(norm.sf(z), rel=1e-12, abs=0)
    assert logs == pytest.approx(norm.logsf(z), rel=1e-12, abs=0)


def test_theorem_2_is_the_library_s(page):
    cases = [(value("separation", m), value("imbalance", r)) for m in (0.1, 0.15, 2, 5, 8) for r in (0, 0.5, 1, 2, 3)]
    script = "return arguments[0].map(([m, r]) => tailbound.recalls(m, r))"
    for (m, r), found in zip(cases, page.execute_script(script, cases), strict=True):
        exact = theorem2.recalls(theorem2.Setting([m], [0.0], [[1.0]], r))
        assert agree(found["majority"], exact[0])
        assert agree(found["minority"], exact[1])
        assert agree(found["minority"], float(theorem2.minority_recall(m, r)))


READ = """const shown = [...document.querySelectorAll("[id^=out-]")];
   return {
     numbers: Object.fromEntries(shown.map((cell) => [cell.id.slice(4), Number(cell.dataset.value)])),
     texts: Object.fromEntries(shown.map((cell) => [cell.id.slice(4), cell.textContent])),
     sliders: Object.fromEntries([...document.querySelectorAll("input[type=range]")].map((one) => [one.id, one.value])),
     typed: Object.fromEntries([...document.querySelectorAll("input[type=number]")].map((one) => [one.id, one.value])),
     notes: [...document.querySelectorAll(".error")].map((one) => one.textContent).filter(Boolean),
     drawn: [...document.querySelectorAll("svg[id^=chart-]")].map((chart) => chart.innerHTML),
     alternatives: [...document.querySelectorAll("svg[id^=chart-] > title")].map((title) => title.textContent),
   };"""


def move(page, positions):
    """Move sliders one after the other; return the numbers that are then shown, the texts and the pictures."""
    return page.execute_script(
        """for (const [name, at] of Object.entries(arguments[0])) {
             document.getElementById(name).value = at;
             document.getElementById(name).dispatchEvent(new Event("input", { bubbles: true }));
           }"""
        + READ,
        positions,
    )


def follow(page, values):
    """Open a link that holds these values."""
    query = urlencode(values)
    return page.execute_script(
        "history.replaceState(null, '', '#explorer?' + arguments[0]); window.dispatchEvent(new Event('hashchange'));"
        + READ,
        query,
    )


def type_into(page, name, text):
    """Write a number beside a slider."""
    return page.execute_script(
        """const field = document.getElementById(`${arguments[0]}-number`);
           field.value = arguments[1];
           field.dispatchEvent(new Event("change"));"""
        + READ,
        name,
        text,
    )


@pytest.mark.parametrize("part", range(4))
def test_what_is_shown_follows_the_sliders(page, part):
    for at in [*extremes()[part::16], *anywhere(12, seed=3 + part)]:
        at = {"separation": 2, "imbalance": 1, **at}
        shown = follow(page, {name: value(name, position) for name, position in at.items()})
        assert shown["notes"] == []
        for name, position in shown["sliders"].items():
            x = value(name, at[name])
            exact = x if RANGE[name].scale == "linear" else math.log10(x)
            assert abs(float(position) - exact) <= RANGE[name].step / 2 + 1e-9
        s, alpha = setting(at), value("alpha", at["alpha"])
        m, ratio = (value(name, at[name]) for name in ("separation", "imbalance"))
        recall, law = cost.expected_recall(s), theorem1.law(s)
        positive, negative = theorem2.recalls(theorem2.Setting([m], [0.0], [[1.0]], ratio))
        variance = law.var + law.n * law.q * law.var_step + law.n * law.q * (1 - law.q) * law.mean_step**2
        exact = {
            "imbalance": s.n_pos / s.n_neg,
            "separation": (s.mu2 - s.mu1) / s.sigma,
            "shift": float(theorem1.shift(s)),
            "printed-shift": float(theorem1.printed_shift(s)),
            "sd": math.sqrt(variance),
            "bound": theorem1.bound(s, alpha),
            "failure": theorem1.failure_probability(s, alpha),
            "printed-failure": theorem1.failure_probability(s, alpha, shift=theorem1.printed_shift(s)),
            "recall-positive": recall.positive,
            "recall-negative": recall.negative,
            "recall-ideal": recall.ideal,
            "moved": math.log(ratio) / m,
            "majority": positive,
            "minority": negative,
            "collapse": math.exp(m * m / 2),
        }
        assert shown["numbers"].keys() == exact.keys()
        for name, number in exact.items():
            assert agree(shown["numbers"][name], number), (name, at, shown["numbers"][name], number)
        assert ("vacuous" in shown["texts"]["bound"]) == (exact["bound"] >= 1)
        assert len(shown["drawn"]) == len(shown["alternatives"]) == 5
        assert not [chart for chart in shown["drawn"] if "NaN" in chart or "Infinity" in chart]


def test_the_curves_are_drawn_where_their_numbers_are(page):
    """The exact probability's curve, read back from the picture, is the library's."""
    move(page, {})
    path = page.execute_script("return document.querySelector('#chart-tails path.holds').getAttribute('d')")
    ticks = page.execute_script(
        """const texts = [...document.querySelectorAll('#chart-tails text')];
           return texts.map((t) => [t.textContent, Number(t.getAttribute('x')), Number(t.getAttribute('y'))]);"""
    )
    s = theorem1.Setting(0, 1, 1, beta=0.5, p=0.8, n_pos=1000, n_neg=100)
    across = {float(label): x for label, x, y in ticks if label in ("0", "0.4")}
    up = {math.log10(float(label)): y - 4 for label, x, y in ticks if label in ("1", "1e-6")}
    for point in path[1:].split("L")[::10]:
        x, y = map(float, point.split())
        alpha = 0.4 * (x - across[0]) / (across[0.4] - across[0])
        power = -6 * (y - up[0]) / (up[-6] - up[0])
        if power > -11:
            assert power == pytest.approx(math.log10(theorem1.failure_probability(s, alpha)), abs=0.03)


@pytest.mark.parametrize(
    ("name", "to", "stops", "note"), [("mu1", 3, 0.95, "stops below mu2"), ("mu2", -4, 0.05, "stops above mu1")]
)
def test_a_mean_stops_at_the_other_which_stays(page, name, to, stops, note):
    shown = move(page, {name: to})
    assert {key: float(shown["sliders"][key]) for key in ("mu1", "mu2")} == {"mu1": 0, "mu2": 1, name: stops}
    assert shown["notes"] == [note]
    assert move(page, {"p": 0.5})["notes"] == []


def test_typed_numbers_are_taken_exactly(page):
    shown = type_into(page, "p", "0.1234")
    s = theorem1.Setting(0, 1, 1, beta=0.5, p=0.1234, n_pos=1000, n_neg=100)
    assert agree(shown["numbers"]["shift"], float(theorem1.shift(s)))
    assert (shown["sliders"]["p"], shown["typed"]["p-number"]) == ("0.12", "0.1234")
    assert float(type_into(page, "n_pos", "1234567")["typed"]["n_pos-number"]) == 1234567


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("p", "1.2", "must be from 0 to 1; shown is 0.8"),
        ("p", "", "must be a number; shown is 0.8"),
        ("n_neg", "2.5", "must be a whole number; shown is 100"),
        ("mu1", "1.5", "the means keep their order: mu1 + 0.05 <= mu2; shown is 0"),
    ],
)
def test_a_number_that_cannot_be_is_said_and_changes_nothing(page, name, text, says):
    before = move(page, {})
    shown = type_into(page, name, text)
    assert shown["notes"] == [says]
    assert (shown["numbers"], shown["sliders"]) == (before["numbers"], before["sliders"])


def test_a_link_opens_the_same_state(page):
    from selenium.webdriver.support.ui import WebDriverWait

    type_into(page, "beta", "0.333")
    page.execute_script(
        """const own = document.getElementById("own");
           own.value = "imbalance,recall\\n10,62\\n100,21";
           own.dispatchEvent(new Event("input"));"""
    )
    before = move(page, {"separation": 2.5})
    WebDriverWait(page, 5).until(lambda _: "separation=2.5" in page.current_url)
    link = page.current_url
    page.get("about:blank")
    page.get(link)
    after = move(page, {})
    assert (after["numbers"], after["typed"], after["drawn"]) == (before["numbers"], before["typed"], before["drawn"])


def test_a_link_with_values_that_cannot_be_says_so(page):
    shown = follow(page, {"p": "7", "beta": "x", "sigma": "2"})
    [note] = shown["notes"]
    assert "p=7: must be from 0 to 1" in note
    assert "beta=x: must be a number" in note
    assert (shown["typed"]["p-number"], shown["typed"]["sigma-number"]) == ("0.8", "2")


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: f"{preset.label}, {len(preset.values)} values")
def test_presets(page, preset):
    wanted = json.dumps(dict(preset.values))
    shown = page.execute_script(
        "[...document.querySelectorAll('[data-preset]')].find((one) => one.dataset.preset === arguments[0]).click();"
        + READ,
        wanted,
    )
    assert shown["notes"] == []
    for name, number in preset.values.items():
        assert float(shown["typed"][f"{name}-number"]) == number
        assert RANGE[name].low <= (number if RANGE[name].scale == "linear" else math.log10(number)) <= RANGE[name].high


def paste(page, text):
    return page.execute_script(
        """document.getElementById("own").value = arguments[0];
           document.getElementById("own").dispatchEvent(new Event("input"));
           const points = document.querySelectorAll("#chart-recalls .own").length;
           const note = document.getElementById("own-note").textContent;
           return [note, points, document.getElementById("fit").disabled];""",
        text,
    )


def test_own_points_are_drawn_and_measured(page):
    ratios = [2, 10, 50]
    recalls = theorem2.minority_recall(3.0, np.array(ratios))
    text = "imbalance,recall\n" + "\n".join(
        f"{r},{100 * recall:.6f}" for r, recall in zip(ratios, recalls, strict=True)
    )
    said, points, _ = paste(page, text)
    misses = np.abs(theorem2.minority_recall(2.0, np.array(ratios)) - recalls)
    assert said == f"3 points; mean absolute error at M = 2: {100 * misses.mean():.1f} points of recall"
    assert points == 3
    page.execute_script("document.getElementById('fit').click()")
    assert float(move(page, {})["typed"]["separation-number"]) == pytest.approx(3, abs=0.005)


@pytest.mark.parametrize("text", ["10,0.5\nx,y", "10", "0.5,0.5", "10,-1", "10,101", "10,0.5,1", "1e999,0.5"])
def test_points_that_cannot_be_read_are_said(page, text):
    said, points, off = paste(page, text)
    assert "must be an imbalance from 1 and a recall" in said
    assert (points, off) == (0, True)


def test_the_curve_is_dragged(page):
    from selenium.webdriver.common.action_chains import ActionChains

    handle = page.find_element("css selector", "#chart-recalls .handle")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", handle)
    ActionChains(page).drag_and_drop_by_offset(handle, 0, -60).perform()
    shown = move(page, {})
    m = float(shown["typed"]["separation-number"])
    assert m > 2.2
    assert agree(shown["numbers"]["minority"], float(theorem2.minority_recall(m, 10.0)))
    found = page.execute_script("return tailbound.separationFor(arguments[0], 10)", shown["numbers"]["minority"])
    assert found == pytest.approx(m, rel=1e-9)


def test_the_pointer_reads_values(page):
    from selenium.webdriver.common.action_chains import ActionChains

    chart = page.find_element("id", "chart-recalls")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", chart)
    ActionChains(page).move_to_element(chart).perform()
    said = page.find_element("id", "readout-recalls").text
    assert said.startswith("imbalance ")
    assert "majority 0." in said
    assert "minority 0." in said


def test_it_is_used_with_the_keyboard_alone(page):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    page.execute_script("document.querySelector('.skip').focus(); document.activeElement.blur()")
    reached = []
    for _ in range(200):
        ActionChains(page).send_keys(Keys.TAB).perform()
        name = page.execute_script(
            "const a = document.activeElement; return a === document.body ? null : a.id || a.tagName"
        )
        if name is None:
            break
        reached.append(name)
        if name in ("mu1", "SUMMARY"):
            style = "return getComputedStyle(document.activeElement).outlineStyle"
            assert page.execute_script(style) == "solid"
    assert [name for name in reached if name in RANGE] == list(RANGE)
    assert {f"{name}-number" for name in RANGE} <= set(reached)
    assert "reset" in reached
    shown = "return [...document.querySelectorAll('summary')].filter((one) => one.checkVisibility()).length"
    assert reached.count("SUMMARY") == page.execute_script(shown) > 20
    before = move(page, {})["numbers"]["shift"]
    page.execute_script("document.getElementById('p').focus()")
    ActionChains(page).send_keys(Keys.ARROW_LEFT).perform()
    after = move(page, {})
    assert float(after["sliders"]["p"]) == 0.79
    assert after["numbers"]["shift"] > before
    assert page.find_element("id", "p").get_attribute("aria-valuetext") == "0.79"


def test_print_opens_what_is_folded_and_hides_the_sliders(page):
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    heights = "return [...document.querySelectorAll('details > :not(summary)')].map((part) => part.checkVisibility())"
    assert not any(element.is_displayed() for element in page.find_elements("css selector", "input, nav, button"))
    page.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    assert all(page.execute_script(heights))
    page.execute_script("window.dispatchEvent(new Event('afterprint'))")
    assert not page.find_elements("css selector", "details[open]")


def test_it_is_under_twelve_screens_before_anything_is_unfolded(page):
    assert page.execute_script("return document.documentElement.scrollHeight / window.innerHeight") < 12


def test_charts_stay_beside_the_sliders_or_above_them_on_a_phone(page):
    boxes = """return [...document.querySelectorAll(".workbench")].map((one) => [".charts", ".sliders"].map((part) => {
                 const box = one.querySelector(part).getBoundingClientRect();
                 return [box.left, box.top, box.right, box.bottom];
               }));"""
    page.execute_script("window.scrollTo(0, 0)")
    for charts, sliders in page.execute_script(boxes):
        assert sliders[2] <= charts[0]
        assert abs(sliders[1] - charts[1]) < 60
    metrics = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    for charts, sliders in page.execute_script(boxes):
        assert charts[3] <= sliders[1] + 1
        assert charts[3] - charts[1] < 480
    position = "return getComputedStyle(document.querySelector('.workbench .charts')).position"
    assert page.execute_script(position) == "sticky"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1200])
def test_it_fits_the_screen_and_can_be_read(page, scheme, width):
    page.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 1000}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    page.execute_script("for (const one of document.querySelectorAll('details')) one.open = true")
    wide, faint, dark = page.execute_script(
        """
        const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
        const linear = (c) => (c <= 0.03928 * 255 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
        const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
        const behind = (element) => {
          for (let at = element; at; at = at.parentElement) {
            const colour = parts(getComputedStyle(at).backgroundColor);
            if (colour.length < 4 || colour[3] > 0) return colour;
          }
          throw new Error("no background");
        };
        const faint = [];
        for (const element of document.body.querySelectorAll("*:not(script, style, noscript, title)")) {
          const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
          if (!own) continue;
          const style = getComputedStyle(element);
          const shades = [light(parts(element.closest("svg") ? style.fill : style.color)), light(behind(element))];
          const contrast = (Math.max(...shades) + 0.05) / (Math.min(...shades) + 0.05);
          if (contrast < 4.5) faint.push(`${element.tagName} ${element.textContent.slice(0, 30)}: ${contrast}`);
        }
        const root = document.documentElement;
        return [root.scrollWidth - root.clientWidth, faint, light(behind(document.body)) < 0.1];
        """
    )
    page.execute_script("for (const one of document.querySelectorAll('details')) one.open = false")
    assert wide <= 0
    assert faint == []
    assert dark == (scheme == "dark")


def test_the_lines_of_charts_stand_out_in_both_schemes(page):
    for scheme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        lines = page.execute_script(
            """const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
               const linear = (c) => (c <= 0.03928 * 255 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
               const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
               const paper = light(parts(getComputedStyle(document.body).backgroundColor));
               return [...document.querySelectorAll(".curve")].map((line) => {
                 const ink = light(parts(getComputedStyle(line).stroke));
                 return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
               });"""
        )
        assert min(lines) >= 3


def test_the_browser_has_nothing_to_complain_about(page):
    resources = page.execute_script("return performance.getEntriesByType('resource').map((one) => one.name)")
    assert [name for name in resources if not name.startswith("data:")] == []
    assert page.get_log("browser") == []
