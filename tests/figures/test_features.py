"""The figures of the experiments on features, from results made up here."""

from itertools import combinations, product

import numpy as np
import pytest

from empirical.experiments.representation import CLASSIFIERS
from empirical.printed import TABLE1, TABLE2
from figures import ResultsError, embedding, representation
from figures.results import CIFAR10

STARTS = ("none", "rotation")
SPLITS = ("train", "test")
SEEDS = (0, 1)
MODULES = {"embedding": embedding, "representation": representation}
FURTHER = {"embedding": "map", "representation": "tau"}


def tables(name, classes=10):
    """Return the rows and those of the further table."""
    rng = np.random.default_rng(0)
    rows, more = [], []
    if name == "embedding":
        for start, seed, split, label in product(STARTS, SEEDS, SPLITS, range(classes)):
            where = {"data": "cifar10", "imbalance": 50, "pretrain": start, "seed": seed, "split": split}
            where |= {"label": label, "run": f"{start}-{seed}"}
            value = 50 + 10 * STARTS.index(start) + label + seed
            on_map = {"map_silhouette": value / 200, "map_purity": value - 5}
            found = {"images": 100, "silhouette": value / 100, "purity": value, "separation_least": value / 10}
            rows.append({**where, **found, **on_map})
            more += [{**where, "x": x + 3 * label, "y": y} for x, y in rng.normal(size=(5, 2))]
    else:
        for ratio, method, start, seed in product((100, 10), ("ce", "drw"), STARTS, SEEDS):
            where = {"data": "cifar10", "imbalance": ratio, "method": method, "pretrain": start, "seed": seed}
            where["run"] = f"{ratio}-{method}-{start}-{seed}"
            for i, classifier in enumerate(CLASSIFIERS):
                value = 60 + i + seed
                found = {"tau": 0.5, "accuracy": value, "last_third": value - 20, "std_100": 40 + seed - i}
                rows.append({**where, "classifier": classifier, **found})
            more += [{**where, "tau": step / 10, "accuracy": 60 + step + seed} for step in range(21)]
    return rows, more


def both(name, rows, more):
    """Return what the fixture ``write`` is to write."""
    return {"name": name, "rows": rows, "further": {FURTHER[name]: more}}


def lose(rows, runs):
    """Empty the cells of what these runs measured: one row a run and split or classifier is left."""
    kept = ("data", "imbalance", "method", "pretrain", "seed", "split", "classifier", "run")
    left = {}
    for i, row in enumerate(rows):
        lost = row["run"] in runs
        emptied = {key: value if key in kept or not lost else "" for key, value in row.items()}
        left[tuple(emptied.values()) if lost else i] = emptied
    return list(left.values())


@pytest.fixture(params=MODULES)
def results(request, tmp_path, write):
    write(tmp_path, **both(request.param, *tables(request.param)))
    return tmp_path, request.param


def series(ax):
    """Return what each series of points with intervals shows."""
    return [container.lines[0].get_ydata() for container in ax.containers]


def test_all_of_it_is_inside_and_nothing_is_missing(results, assert_complete, assert_inside):
    folder, name = results
    fig = assert_complete(name, folder)
    others = {
        "embedding": (embedding.draw_numbers, embedding.draw_training),
        "representation": (representation.draw_norms, representation.draw_tau),
    }[name]
    for other in others:
        assert_inside(other(folder))
    for ax in [*fig.axes, *(ax for other in others for ax in other(folder).axes)]:
        for values in series(ax):
            assert ax.get_ylim()[0] <= min(values) <= max(values) <= ax.get_ylim()[1]


def test_missing_runs_are_noted_and_the_rest_is_drawn(results, write, assert_inside, title):
    folder, name = results
    about = MODULES[name].draw(folder).get_label()
    rows, more = tables(name)
    runs = sorted({row["run"] for row in rows})
    write(folder, **both(name, lose(rows, runs[:1]), lose(more, runs[:1])))
    fig = MODULES[name].draw(folder)
    assert fig.get_supxlabel().startswith(f"1 of {len(runs)} runs are missing; the same command trains them: python")
    assert all(len(values) for ax in fig.axes for values in series(ax))
    write(folder, **both(name, lose(rows, runs), lose(more, runs)))
    fig = MODULES[name].draw(folder)
    assert fig.get_supxlabel().startswith(f"{len(runs)} of {len(runs)} runs are missing")
    assert not any(len(values) for ax in fig.axes for values in series(ax))
    assert_inside(fig)
    assert about.startswith(f"{title(fig)}. ")


def test_titles_say_the_means(tmp_path, write, title):
    for name in MODULES:
        write(tmp_path, **both(name, *tables(name)))
    assert title(embedding.draw(tmp_path)) == (
        "Of the neighbours of test images on the map 50 % are of the same class from random weights, 60 % with "
        "pre-training"
    )
    said = "Of the neighbours of {} images 55 % are of the same class from random weights, 65 % with pre-training"
    assert title(embedding.draw_numbers(tmp_path)) == said.format("test")
    assert title(embedding.draw_training(tmp_path)) == said.format("training")
    where = "(CE, from random weights, imbalance 100)"
    assert title(representation.draw(tmp_path)) == (
        f"The same features give 60.5 % (joint) to 66.5 % (nearest mean) accuracy {where}"
    )
    assert title(representation.draw_tau(tmp_path)) == (
        f"Accuracy goes from 60.5 % at tau 0 to 80.5 % at 2, the best {where}"
    )
    assert title(representation.draw_norms(tmp_path)) == (f"Re-trained norms are 0.98 times as uneven as joint {where}")


def test_a_number_that_is_not_defined_is_no_missing_run(results, write):
    folder, name = results
    rows, more = tables(name)
    rows[0]["purity" if name == "embedding" else "last_third"] = ""
    write(folder, **both(name, rows, more))
    assert not MODULES[name].draw(folder).get_supxlabel()


@pytest.mark.parametrize("content", [None, "", "data,imbalance\n1,2\n", "\x00"])
@pytest.mark.parametrize("table", ["own", "further", "made"])
def test_missing_and_broken_results(results, table, content):
    folder, name = results
    file = {"own": f"{name}.csv", "further": f"{name}-{FURTHER[name]}.csv", "made": f"{name}.json"}[table]
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_text(content)
    with pytest.raises(ResultsError, match=rf"^results=.*make them with: python -m empirical run {name} ") as raised:
        MODULES[name].draw(folder)
    assert "\n" not in str(raised.value)


def test_a_map_of_another_run_is_refused(results, write):
    folder, name = results
    rows, more = tables(name)
    write(folder, **both(name, rows, more))
    path = folder / f"{name}-{FURTHER[name]}.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(ResultsError, match=f"must hold the {name}-{FURTHER[name]}.csv that belongs to {name}.json"):
        MODULES[name].draw(folder)


def test_names_of_classes_on_a_map_do_not_cover_each_other(tmp_path, write):
    rows, places = tables("embedding")
    places = [{**place, "x": 0.5 + place["x"] / 1e3} for place in places]  # all medians near each other
    write(tmp_path, **both("embedding", rows, places))
    fig = embedding.draw(tmp_path)
    fig.draw_without_rendering()
    for ax in fig.axes:
        boxes = [text.get_window_extent() for text in ax.texts]
        assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


def test_embedding_draws_every_class_once_on_each_map_and_its_numbers(tmp_path, write):
    write(tmp_path, **both("embedding", *tables("embedding")))
    fig = embedding.draw(tmp_path)
    assert "Data set CIFAR-10, imbalance 50." in fig.get_label()
    for ax in fig.axes:
        looks = [(line.get_color(), line.get_marker(), line.get_fillstyle()) for line in ax.lines]
        assert len(set(looks)) == len(looks) == 10
        assert [len(line.get_xdata()) for line in ax.lines] == [5] * 10  # of one seed
        assert sorted(text.get_text() for text in ax.texts) == sorted(CIFAR10)
    for numbers in (embedding.draw_numbers(tmp_path), embedding.draw_training(tmp_path)):
        plain, on_map, pretrained, pretrained_on_map = series(numbers.axes[0])
        assert plain == pytest.approx(np.arange(10) + 50.5)
        assert pretrained == pytest.approx(np.arange(10) + 60.5)
        assert (on_map, pretrained_on_map) == (pytest.approx(plain - 5), pytest.approx(pretrained - 5))
        assert series(numbers.axes[1])[0] == pytest.approx(plain / 100)
        assert series(numbers.axes[2])[1] == pytest.approx(pretrained / 10)
        assert [text.get_text() for text in numbers.axes[0].get_xticklabels()] == list(CIFAR10)


def test_of_many_classes_the_rarest_have_colours(tmp_path, write):
    write(tmp_path, **both("embedding", *tables("embedding", classes=30)))
    ax = embedding.draw(tmp_path).axes[0]
    assert [line.get_color() for line in ax.lines].count("#BBBBBB") == 20
    assert sorted(text.get_text() for text in ax.texts) == [str(label) for label in range(21, 31)]


def test_representation_draws_classifiers_sweep_norms_and_what_is_printed(tmp_path, write):
    write(tmp_path, **both("representation", *tables("representation")))
    pictures = (representation.draw, representation.draw_tau, representation.draw_norms)
    accuracies, taus, norms = (draw(tmp_path).axes for draw in pictures)
    for i, at in ((0, 0), (1, 3)):
        for ax, shift in ((accuracies[2 * i], 0), (accuracies[2 * i + 1], -20)):
            for values in series(ax):
                assert values == pytest.approx(np.arange(len(CLASSIFIERS)) + 60.5 + shift)
        assert len(taus[i].lines) == 4
        for line in taus[i].lines:
            assert line.get_ydata() == pytest.approx(np.arange(21) + 60.5)
        for values in series(norms[i]):
            assert values == pytest.approx([40.5, 39.5])
        beside = (accuracies[2 * i], norms[i])
        hollow = [[line.get_ydata()[0] for line in ax.lines if line.get_fillstyle() == "none"] for ax in beside]
        cells = [("ce", "none"), ("ce", "rotation"), ("drw", "none"), ("drw", "rotation")]
        assert hollow[0] == [TABLE1["cifar10"][cell][at] for cell in cells]
        assert hollow[1] == [TABLE2["cifar10"][cell][at] for cell in cells[::2]]
