"""The figures of the experiments that train networks, from results made up here."""

from itertools import product

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from scipy.stats import norm, t

from empirical.printed import TABLE1, TABLE2
from figures import FIGURES, classwise, norms
from figures.one_class import predicted as predicted_of_one_class
from figures.results import interval
from figures.similarity import predicted

METHODS = ("ce", "rs", "rw", "drw")
STARTS = ("none", "rotation")
RATIOS = (100, 50, 20, 10)
SEEDS = (0, 1, 2)
NAMES = (
    *("rebalance", "norms", "classwise", "similar-fraction", "similar-degree"),
    *("majority", "minority", "depth", "ssl", "losses"),
)
LOSSES = ("ce", "focal", "ldam-drw")
SELF_SUPERVISED = (*STARTS, "simclr", "moco", "barlow")
DEPTHS = (20, 32, 56)
IMAGES = (100, 500, 1000, 2000, 3000, 5000)


def accuracy(method, start, ratio, seed):
    return 60 + 5 * METHODS.index(method) + 2 * STARTS.index(start) - np.log(ratio) + seed**2


def one_class(images, seed):
    return 60 + 0.004 * (images - 1000) - 0.03 * max(0, 1000 - images) + (images % 7 + 2) * seed / 10


def case(name):
    for images in IMAGES:
        for seed in SEEDS:
            number = {"minority_images": 100, "majority_images": 5000, f"{name}_images": images}
            found = {"minority": one_class(images, seed), "majority": 90 - seed, "accuracy": 85 + seed}
            yield {"data": "cifar10", "label": 9, **number, "pretrain": "none", "seed": seed, **found}


def accuracies(methods, starts, depths):
    for method, start, layers, ratio, seed in product(methods, starts, depths, RATIOS, SEEDS):
        value = 60 + 5 * methods.index(method) + 2 * starts.index(start) - np.log(ratio) + seed**2 + layers / 10
        where = {"data": "cifar10", "imbalance": ratio, "method": method, "pretrain": start, "depth": layers}
        yield {**where, "accuracy": value, "best": value + 1}


def table(name):
    rows = []
    if name in ("majority", "minority"):
        rows = list(case(name))
    if name in ("depth", "ssl", "losses"):
        methods = LOSSES if name == "losses" else ("ce",)
        starts = SELF_SUPERVISED if name == "ssl" else STARTS
        rows = list(accuracies(methods, starts, DEPTHS if name == "depth" else (32,)))
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


def command(name):
    return (
        f"python -m empirical run {name} --profile paper --data cifar10 --majority 5000 --minority 5000 4000 3000 100"
    )


def lose(rows, chosen):
    """Empty the cells of what a run measured."""
    kept = ("data", "imbalance", "method", "pretrain", "fraction", "degree", "depth", "run")
    if "minority_images" in rows[0]:
        kept += ("label", "minority_images", "majority_images", "seed")
    return [{k: v if k in kept or not chosen(row) else "" for k, v in row.items()} for row in rows]


@pytest.fixture(params=NAMES)
def results(request, tmp_path, write):
    write(tmp_path, request.param, table(request.param), command=command(request.param))
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


def test_all_of_it_is_inside_and_nothing_is_missing(results, assert_complete):
    folder, name = results
    assert_complete(name, folder, command=command(name))


def test_missing_runs_are_noted_and_the_rest_is_drawn(results, write, assert_inside, title):
    folder, name = results
    about = FIGURES[name].draw(folder).get_label()
    rows = table(name)
    lost = rows[0]["run"]
    write(folder, name, lose(rows, lambda row: row["run"] == lost), command=command(name))
    fig = FIGURES[name].draw(folder)
    total = len({row["run"] for row in rows})
    assert fig.get_supxlabel().startswith(f"1 of {total} runs are missing; the same command trains them: python -m")
    assert_inside(fig)
    note = fig._supxlabel.get_window_extent()
    assert fig.bbox.x0 <= note.x0 < note.x1 <= fig.bbox.x1
    assert sum(len(series[0]) for ax in fig.axes for series in measured(ax)) > 0
    write(folder, name, lose(rows, lambda row: True), command=command(name))
    fig = FIGURES[name].draw(folder)
    assert fig.get_supxlabel().startswith(f"{total} of {total} runs are missing")
    assert sum(len(series[0]) for ax in fig.axes for series in measured(ax)) == 0
    assert_inside(fig)
    assert about.startswith(f"{title(fig)}. ")
    assert not fig.get_label().startswith(title(fig))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("rebalance", "Pre-training changes accuracy by -3.0 to 2.0 points"),
        ("ssl", "Self-supervised pre-training changes accuracy by -3.0 to 8.0 points"),
        ("depth", "At these depths pre-training changes accuracy by -3.0 to 2.0 points"),
        ("losses", "Under these losses pre-training changes accuracy by -3.0 to 2.0 points"),
    ],
)
def test_titles_say_what_pretraining_changes(tmp_path, write, title, name, said):
    rows = table(name)
    for row in rows:  # the starts are 2 points apart
        if (row["pretrain"], row["imbalance"]) == ("rotation", 10):
            row["accuracy"] -= 5
    write(tmp_path, name, rows)
    assert title(FIGURES[name].draw(tmp_path)) == said
    write(tmp_path, name, [row for row in rows if row["pretrain"] == "none"])
    assert "changes" not in title(FIGURES[name].draw(tmp_path))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("norms", "At imbalance 100 the norms go from 4.00 for the most frequent class to 3.80 for the rarest (CE)"),
        ("norms-spread", "Imbalance 100: norms under CE + RS are 2.0 times as uneven as under CE"),
        (
            "similar-fraction",
            "From rho 0 to 1 majority and minority go from 89 and 61 to 89 and 36 % at imbalance 100",
        ),
        (
            "similar-degree",
            "From lambda 0 to 1 majority and minority go from 89 and 61 to 89 and 36 % at imbalance 100",
        ),
        (
            "majority",
            "The accuracy of truck goes from 30 to 76 % as images of each other class go from 100 to 5,000 (the one "
            "class has 100 images)",
        ),
        (
            "minority",
            "The accuracy of truck goes from 30 to 76 % as images of the one class go from 100 to 5,000 (the others "
            "have 5,000 images each)",
        ),
    ],
)
def test_titles_say_from_what_to_what(tmp_path, write, title, name, said):
    experiment = name.partition("-spread")[0]
    rows = table(experiment)
    for row in rows:
        if row.get("method") in ("rs", "rw", "drw") and "std_100" in row:
            row["std_100"] *= {"rs": 2, "rw": 1.5, "drw": 1.2}[row["method"]]
    write(tmp_path, experiment, rows)
    assert title(FIGURES[name].draw(tmp_path)) == said


def test_titles_name_the_errors_and_the_confused_classes(tmp_path, write, title):
    rows = table("classwise")
    for row in rows:
        row["error"] += 20 * row["label"]
        if (row["label"], row["method"], row["pretrain"]) == (2, "rw", "none"):
            row["taken_for"] = "8 1 1"
    write(tmp_path, "classwise", rows)
    assert title(classwise.draw(tmp_path)) == (
        "At imbalance 100 the rarest class has 70 % errors, the most frequent 30 % (CE, from random weights)"
    )
    assert title(classwise.draw_confusion(tmp_path)) == (
        "From random weights, CE + RW: 80 % of class 3 is taken for class 1, the most of all pairs"
    )
    assert title(classwise.draw_confusion_pretrained(tmp_path)).startswith("Rotation pre-training (SSP), ")
    write(tmp_path, "classwise", [row for row in rows if (row["method"], row["pretrain"]) == ("drw", "none")])
    assert title(classwise.draw(tmp_path)).endswith("(CE + DRW, from random weights)")
    assert title(classwise.draw_confusion_pretrained(tmp_path)) == (
        "What each class is taken for, rotation pre-training (SSP)"
    )


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_missing_and_broken_results(results, assert_refused, kind):
    folder, name = results
    assert_refused(name, folder, f"{name}.{kind}")


def test_interval_is_student_s():
    mean, half = interval([1.0, None, 2.0, 6.0])
    assert mean == 3
    assert half == pytest.approx(t.ppf(0.975, 2) * np.sqrt(7) / np.sqrt(3))
    assert np.isnan(interval([1.0])[1])
    assert interval([None, None]) is None


def test_rebalance_shows_measured_and_printed(tmp_path, write):
    write(tmp_path, "rebalance", table("rebalance"))
    axes = FIGURES["rebalance"].draw(tmp_path).axes
    for ax, method in zip(axes, METHODS, strict=True):
        ratios = sorted(RATIOS)
        for start, (_, means, bars), marks in zip(STARTS, measured(ax), hollow(ax), strict=True):
            samples = [[accuracy(method, start, ratio, seed) for seed in SEEDS] for ratio in ratios]
            assert means == pytest.approx([np.mean(sample) for sample in samples])
            for sample, (low, high) in zip(samples, bars, strict=True):
                mean, half = interval(sample)
                assert (low, high) == pytest.approx((mean - half, mean + half))
            assert marks.get_ydata() == pytest.approx(TABLE1["cifar10"][method, start][::-1])


def test_norms_show_what_table_2_prints(tmp_path, write):
    write(tmp_path, "norms", table("norms"))
    panels, [last] = norms.draw(tmp_path).axes, norms.draw_spread(tmp_path).axes
    assert [ax.get_title() for ax in panels] == [f"imbalance {ratio}" for ratio in RATIOS]
    for ax in panels:
        for _, means, _ in measured(ax):
            assert means == pytest.approx([4, 3.9, 3.8])
    for method, (_, means, _), marks in zip(METHODS, measured(last), hollow(last), strict=True):
        assert means == pytest.approx([ratio / 2 + 1 for ratio in RATIOS])
        assert marks.get_ydata() == pytest.approx(TABLE2["cifar10"][method, "none"])


def test_classwise_shows_errors_and_confusions(tmp_path, write):
    write(tmp_path, "classwise", table("classwise"))
    fig = classwise.draw(tmp_path)
    assert "Data set CIFAR-10, imbalance 100." in fig.get_label()
    for ax in fig.axes:
        for _, means, _ in measured(ax):
            assert means == pytest.approx([30, 30, 30])
    both = (classwise.draw_confusion(tmp_path), classwise.draw_confusion_pretrained(tmp_path))
    images = [ax.images[0].get_array() for other in both for ax in other.axes[:4]]
    assert len(images) == 8
    for image in images:
        assert np.asarray(image) == pytest.approx(np.array([[70, 20, 10], [10, 70, 20], [20, 10, 70]]))


def test_classes_have_the_same_labels_below_a_panel_without_runs(tmp_path, write):
    rows = [{**row, "class_name": ("airplane", "bird", "ship")[row["label"]]} for row in table("classwise")]
    for row in rows:
        if row["method"] == "rw":
            row.update(dict.fromkeys(("label", "error", "taken_for", "class_name"), ""))
    write(tmp_path, "classwise", rows)
    fig = classwise.draw(tmp_path)
    fig.draw_without_rendering()
    without, with_runs = ([label.get_rotation() for label in ax.get_xticklabels()] for ax in fig.axes[2:])
    assert without == with_runs
    assert set(without) == {45.0}


@pytest.mark.parametrize("name", ["similar-fraction", "similar-degree"])
def test_theory_starts_where_the_measurements_without_similar_samples_are(tmp_path, name, write):
    write(tmp_path, name, table(name))
    [ax] = FIGURES[name].draw(tmp_path).axes
    lines = [line for line in ax.lines if line.get_linestyle() == "-"]
    assert [to_rgba(line.get_color()) for line in lines] == [
        to_rgba(container.lines[0].get_color()) for container in ax.containers[:2]
    ]
    majority, minority = (measured(ax)[i][1] for i in (0, 1))
    plain = 0 if name == "similar-fraction" else -1
    for line, means in zip(lines, (majority, minority), strict=True):
        assert line.get_ydata()[plain] == pytest.approx(means[plain], abs=1)
    assert (lines[1].get_ydata() - minority[plain]).min() < -3


def test_no_line_where_theory_has_none(tmp_path, write):
    write(tmp_path, "similar-degree", [{**row, "minority": 0} for row in table("similar-degree")])
    [ax] = FIGURES["similar-degree"].draw(tmp_path).axes
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


def test_depth_shows_what_is_printed_at_one_depth(tmp_path, write):
    write(tmp_path, "depth", table("depth"))
    axes = FIGURES["depth"].draw(tmp_path).axes
    for ax, ratio in zip(axes, RATIOS, strict=True):
        assert ax.get_title() == f"imbalance {ratio}"
        for start, (_, means, _), marks in zip(STARTS, measured(ax), hollow(ax), strict=True):
            own = accuracies(("ce",), STARTS, DEPTHS)
            rows = [row for row in own if (row["pretrain"], row["imbalance"]) == (start, ratio)]
            values = [[row["accuracy"] for row in rows if row["depth"] == layers] for layers in DEPTHS]
            assert means == pytest.approx([np.mean(sample) for sample in values])
            [printed] = marks.get_ydata()
            assert printed == TABLE1["cifar10"]["ce", start][RATIOS.index(ratio)]
            assert marks.get_xdata() == pytest.approx([32], rel=0.1)


def test_ssl_shows_each_start_by_its_colour(tmp_path, write):
    write(tmp_path, "ssl", table("ssl"))
    fig = FIGURES["ssl"].draw(tmp_path)
    [ax] = fig.axes
    series = measured(ax)
    assert len(series) == len(SELF_SUPERVISED)
    for i, (_, means, _) in enumerate(series):
        assert means == pytest.approx([63.2 + 2 * i + 5 / 3 - np.log(ratio) for ratio in sorted(RATIOS)])
    colours = [to_rgba(container.lines[0].get_color()) for container in ax.containers]
    assert len(set(colours)) == len(SELF_SUPERVISED)
    assert [marks.get_ydata().tolist() for marks in hollow(ax)] == [
        list(TABLE1["cifar10"]["ce", start][::-1]) for start in STARTS
    ]
    legend = [text.get_text() for text in fig.legends[0].get_texts()]
    assert legend[:5] == [
        "from random weights",
        "rotation pre-training (SSP)",
        "SimCLR pre-training",
        "MoCo pre-training",
        "Barlow Twins pre-training",
    ]


def test_losses_show_what_their_codebases_report(tmp_path, write):
    write(tmp_path, "losses", table("losses"))
    fig = FIGURES["losses"].draw(tmp_path)
    assert [ax.get_title() for ax in fig.axes] == [f"imbalance {ratio}" for ratio in RATIOS]
    assert [text.get_text() for text in fig.axes[0].get_yticklabels()] == ["CE", "focal loss", "LDAM-DRW"]
    shown = [(x, round(y)) for ax in fig.axes for m in hollow(ax) for x, y in zip(*m.get_data(), strict=True)]
    assert sorted(x for x, y in shown if y == 1) == []
    assert sorted(x for x, y in shown if y == 2) == [77.03, 77.73, 77.75, 77.83, 81.60, 82.13, 88.16, 88.53]
    assert "published (ResNet-32, 200 epochs)" in [text.get_text() for text in fig.legends[0].get_texts()]
    write(tmp_path, "losses", [{**row, "data": "digits"} for row in table("losses")])
    fig = FIGURES["losses"].draw(tmp_path)
    assert not any(hollow(ax) for ax in fig.axes)
    assert "published (ResNet-32, 200 epochs)" not in [text.get_text() for text in fig.legends[0].get_texts()]


@pytest.mark.parametrize("name", ["majority", "minority"])
def test_the_toy_example_shows_the_class_the_others_and_all(tmp_path, name, write):
    write(tmp_path, name, table(name))
    [ax] = FIGURES[name].draw(tmp_path).axes
    one, others, everything = measured(ax)
    assert one[1] == pytest.approx([np.mean([one_class(n, seed) for seed in SEEDS]) for n in IMAGES])
    assert others[1] == pytest.approx([89] * 6)
    assert everything[1] == pytest.approx([86] * 6)
    assert ax.get_legend_handles_labels()[1][-3:] == ["the one class, truck", "the other classes", "all classes"]
    lines = [line.get_ydata() for line in ax.lines if line.get_linestyle() == "-"]
    if name == "majority":  # where all classes have 100 images it is right in 30 %: no two Gaussian classes
        assert not lines
        assert "Theorem 2: no line" in ax.get_legend_handles_labels()[1][0]
    else:
        assert lines[0][-1] == pytest.approx(one[1][-1])
        assert lines[0][0] == pytest.approx(predicted_of_one_class(one[1][-1], [50])[0])
        assert (np.diff(lines[0]) > 0).all()


def test_minority_shows_where_linear_stops(tmp_path, write):
    write(tmp_path, "minority", table("minority"))
    [ax] = FIGURES["minority"].draw(tmp_path).axes
    [straight] = [line for line in ax.lines if line.get_linestyle() == ":"]
    [bent] = [line for line in ax.lines if line.get_linestyle() == "--"]
    assert bent.get_ydata() == pytest.approx(measured(ax)[0][1], abs=0.5)
    assert np.abs(straight.get_ydata() - measured(ax)[0][1]).max() > 5
    labels = ax.get_legend_handles_labels()[1]
    assert "straight line, p = 0.0001" in labels
    assert "bent at 1,000 images,\n95 % interval 1,000 to 1,000" in labels
    few = [row for row in table("minority") if row["minority_images"] > 2000]
    write(tmp_path, "minority", few)
    [ax] = FIGURES["minority"].draw(tmp_path).axes
    assert not [line for line in ax.lines if line.get_linestyle() == ":"]


def test_no_line_where_theorem_2_has_none():
    assert predicted_of_one_class(50.0, [1]) is None
    assert predicted_of_one_class(100.0, [1]) is None
    assert predicted_of_one_class(84.13, [1, 10])[0] == pytest.approx(84.13)
