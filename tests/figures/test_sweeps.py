"""The figures of the experiments that train networks, from results made up here."""

import csv
import json

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from scipy.stats import norm, t

from empirical.experiments.printed import TABLE1, TABLE2
from figures import FIGURES, ResultsError, classwise, norms, rebalance, similar_degree, similar_fraction
from figures.results import interval
from figures.similarity import predicted

METHODS = ("ce", "rs", "rw", "drw")
STARTS = ("none", "rotation")
RATIOS = (100, 50, 20, 10)
SEEDS = (0, 1, 2)
MODULES = {
    "rebalance": rebalance,
    "norms": norms,
    "classwise": classwise,
    "similar-fraction": similar_fraction,
    "similar-degree": similar_degree,
}


def accuracy(method, start, ratio, seed):
    return 60 + 5 * METHODS.index(method) + 2 * STARTS.index(start) - np.log(ratio) + seed**2


def table(name):
    rows = []
    if name.startswith("similar"):
        for step in range(6):
            fraction, degree = (step / 5, 0.2) if name == "similar-fraction" else (0.2, step / 5)
            for seed in SEEDS:
                found = {"majority": 90 - seed, "minority": 60 - 5 * step + seed, "accuracy": 70 + seed}
                rows.append({"data": "cifar10", "imbalance": 100, "fraction": fraction, "degree": degree, **found})
    for method in METHODS if not rows else ():
        for start in STARTS:
            for ratio in RATIOS:
                for seed in SEEDS:
                    where = {"data": "cifar10", "imbalance": ratio, "method": method, "pretrain": start}
                    run = {"run": f"{method}-{start}-{ratio}-{seed}"}
                    value = accuracy(method, start, ratio, seed)
                    if name == "rebalance":
                        rows.append({**where, "accuracy": value, "best": value + 1, **run})
                    elif name == "norms" and start == "none":
                        for label in range(3):
                            length = 3 - label / 10 + seed
                            rows.append({**where, "label": label, "norm": length, "std_100": ratio / 2 + seed, **run})
                    elif name == "classwise":
                        for label in range(3):
                            taken = np.roll([6 + seed, 3 - seed, 1], label)
                            error = 100 - 10 * (6 + seed)
                            text = " ".join(map(str, taken))
                            rows.append({**where, "label": label, "error": error, "taken_for": text, **run})
    return [{"run": str(i), **row} for i, row in enumerate(rows)]


def write(folder, name, rows):
    with (folder / f"{name}.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    made = {"command": f"python -m empirical run {name}", "arguments": {"profile": "paper"}, "rows": len(rows)}
    (folder / f"{name}.json").write_text(json.dumps(made))


def lose(rows, chosen):
    """Empty the cells of what a run measured."""
    kept = ("data", "imbalance", "method", "pretrain", "fraction", "degree", "run")
    return [{k: v if k in kept or not chosen(row) else "" for k, v in row.items()} for row in rows]


@pytest.fixture(params=MODULES)
def results(request, tmp_path):
    write(tmp_path, request.param, table(request.param))
    return tmp_path, request.param


def measured(ax):
    """Return the x, the mean and the ends of the interval of each series of points."""
    series = []
    for container in ax.containers:
        line, _, [bars] = container.lines
        series.append((line.get_xdata(), line.get_ydata(), [segment[:, 1] for segment in bars.get_segments()]))
    return series


def hollow(ax):
    return [line for line in ax.lines if line.get_fillstyle() == "none" and len(line.get_xdata())]


def test_all_of_it_is_inside_and_nothing_is_missing(results):
    folder, name = results
    assert name in FIGURES
    fig = MODULES[name].draw(folder)
    assert "profile paper" in fig.get_suptitle()
    assert not fig.get_supxlabel()
    fig.draw_without_rendering()
    for part in [*fig.axes, *fig.legends]:
        box = part.get_tightbbox()
        assert fig.bbox.x0 <= box.x0 < box.x1 <= fig.bbox.x1
        assert fig.bbox.y0 <= box.y0 < box.y1 <= fig.bbox.y1
    assert MODULES[name].command(folder) == f"python -m empirical run {name}"


def test_missing_runs_are_noted_and_the_rest_is_drawn(results):
    folder, name = results
    rows = table(name)
    lost = rows[0]["run"]
    write(folder, name, lose(rows, lambda row: row["run"] == lost))
    fig = MODULES[name].draw(folder)
    total = len({row["run"] for row in rows})
    assert fig.get_supxlabel().startswith(f"1 of {total} runs are missing; the same command trains them: python -m")
    assert sum(len(series[0]) for ax in fig.axes for series in measured(ax)) > 0
    write(folder, name, lose(rows, lambda row: True))
    fig = MODULES[name].draw(folder)
    assert fig.get_supxlabel().startswith(f"{total} of {total} runs are missing")
    assert sum(len(series[0]) for ax in fig.axes for series in measured(ax)) == 0
    fig.draw_without_rendering()


@pytest.mark.parametrize("content", [None, "", "{}", "[]", "data,imbalance\n1,2\n", "\x00"])
@pytest.mark.parametrize("kind", ["csv", "json"])
def test_missing_and_broken_results(results, kind, content):
    folder, name = results
    path = folder / f"{name}.{kind}"
    path.unlink()
    if content is not None:
        path.write_text(content)
    for function in (MODULES[name].draw, MODULES[name].command):
        with pytest.raises(
            ResultsError, match=rf"^results=.*make them with: python -m empirical run {name} "
        ) as raised:
            function(folder)
        assert "\n" not in str(raised.value)


def test_interval_is_student_s():
    mean, half = interval([1.0, None, 2.0, 6.0])
    assert mean == 3
    assert half == pytest.approx(t.ppf(0.975, 2) * np.sqrt(7) / np.sqrt(3))
    assert np.isnan(interval([1.0])[1])
    assert interval([None, None]) is None


def test_rebalance_shows_measured_and_printed(tmp_path):
    write(tmp_path, "rebalance", table("rebalance"))
    axes = rebalance.draw(tmp_path).axes
    for ax, method in zip(axes, METHODS, strict=True):
        ratios = sorted(RATIOS)
        for start, (_, means, bars), marks in zip(STARTS, measured(ax), hollow(ax), strict=True):
            samples = [[accuracy(method, start, ratio, seed) for seed in SEEDS] for ratio in ratios]
            assert means == pytest.approx([np.mean(sample) for sample in samples])
            for sample, (low, high) in zip(samples, bars, strict=True):
                mean, half = interval(sample)
                assert (low, high) == pytest.approx((mean - half, mean + half))
            assert marks.get_ydata() == pytest.approx(TABLE1["cifar10"][method, start][::-1])


def test_norms_show_what_table_2_prints(tmp_path):
    write(tmp_path, "norms", table("norms"))
    *panels, last = norms.draw(tmp_path).axes
    assert [ax.get_title() for ax in panels] == [f"imbalance {ratio}" for ratio in RATIOS]
    for ax in panels:
        for _, means, _ in measured(ax):
            assert means == pytest.approx([4, 3.9, 3.8])
    for method, (_, means, _), marks in zip(METHODS, measured(last), hollow(last), strict=True):
        assert means == pytest.approx([ratio / 2 + 1 for ratio in RATIOS])
        assert marks.get_ydata() == pytest.approx(TABLE2["cifar10"][method, "none"])


def test_classwise_shows_errors_and_confusions(tmp_path):
    write(tmp_path, "classwise", table("classwise"))
    fig = classwise.draw(tmp_path)
    assert "cifar10, imbalance 100 " in fig.get_suptitle()
    for ax in fig.axes[:4]:
        for _, means, _ in measured(ax):
            assert means == pytest.approx([30, 30, 30])
    images = [ax.images[0].get_array() for ax in fig.axes[4:12]]
    for image in images:
        assert np.asarray(image) == pytest.approx(np.array([[70, 20, 10], [10, 70, 20], [20, 10, 70]]))


@pytest.mark.parametrize("name", ["similar-fraction", "similar-degree"])
def test_theory_starts_where_the_measurements_without_similar_samples_are(tmp_path, name):
    write(tmp_path, name, table(name))
    [ax] = MODULES[name].draw(tmp_path).axes
    lines = [line for line in ax.lines if line.get_linestyle() == "-"]
    assert [to_rgba(line.get_color()) for line in lines] == [
        to_rgba(container.lines[0].get_color()) for container in ax.containers[:2]
    ]
    majority, minority = (measured(ax)[i][1] for i in (0, 1))
    plain = 0 if name == "similar-fraction" else -1
    for line, means in zip(lines, (majority, minority), strict=True):
        assert line.get_ydata()[plain] == pytest.approx(means[plain], abs=1)
    assert (lines[1].get_ydata() - minority[plain]).min() < -3


def test_no_line_where_theory_has_none(tmp_path):
    write(tmp_path, "similar-degree", [{**row, "minority": 0} for row in table("similar-degree")])
    [ax] = similar_degree.draw(tmp_path).axes
    assert not [line for line in ax.lines if line.get_linestyle() == "-"]
    assert "Theorem 1: no line" in ax.get_legend_handles_labels()[1][0]


def test_predicted_is_theorem_1():
    high, low = predicted(90.0, 60.0, [0.25], [0.2])
    distance = norm.ppf(0.9) + norm.ppf(0.6)
    shift = 0.8 * 0.25 * distance / 2
    assert high == pytest.approx([100 * norm.cdf(norm.ppf(0.9) + shift)])
    assert low == pytest.approx([100 * norm.cdf(norm.ppf(0.6) - shift)])
    assert predicted(90.0, 0.0, [0.5], [0.2]) is None
    assert predicted(30.0, 40.0, [0.5], [0.2]) is None
