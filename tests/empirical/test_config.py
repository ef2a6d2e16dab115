import json
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest

from empirical.config import Config
from empirical.registry import METHODS
from empirical.training.networks import ARCHITECTURES

OTHER = {
    "data": "cifar100",
    "imbalance": 50,
    "shape": "step",
    "largest": 100,
    "counts": (50, 20),
    "classes": (3, 5),
    "subset": "ldam",
    "indices": "chosen.txt",
    "validation": 0.1,
    "mean": (0.5,),
    "std": (0.2,),
    "similar_fraction": 0.2,
    "similar_degree": 0.4,
    "similar_majority": 1,
    "similar_minority": 2,
    "method": "drw",
    "pretrain": "rotation",
    "temperature": 0.2,
    "dimension": 64,
    "key_momentum": 0.9,
    "queue": 1024,
    "redundancy": 0.1,
    "factor": 0.1,
    "arch": "resnet20",
    "width": 8,
    "resolution": 16,
    "epochs": 100,
    "batch_size": 64,
    "lr": 0.2,
    "momentum": 0.8,
    "weight_decay": 5e-4,
    "warmup": 0.1,
    "decays": (0.7, 0.9),
    "decay": 0.1,
    "beta": 0.999,
    "gamma": 2,
    "margin": 0.3,
    "scale": 20,
    "tau": 2,
    "evaluate_every": 5,
    "data_seed": 1,
    "seed": 1,
}


def test_the_default_is_the_papers_setting():
    config = Config(data="cifar10")
    assert (config.arch, config.epochs, config.batch_size, config.lr) == ("resnet32", 200, 128, 0.1)
    assert (config.momentum, config.weight_decay, config.imbalance) == (0.9, 2e-4, 100)
    assert config.schedule.ends == (5, 160, 180)
    assert [config.schedule.rate(epoch) for epoch in (1, 200)] == pytest.approx([0.02, 1e-5])


USED = {  # what a number needs to be used at all
    "beta": {"method": "rw"},
    "gamma": {"method": "focal"},
    "margin": {"method": "ldam"},
    "scale": {"method": "ldam"},
    "tau": {"method": "logit-adjustment"},
    "mean": {"mean": (0.4,), "std": (0.25,)},
    "std": {"mean": (0.5,), "std": (0.25,)},
    "similar_degree": {"similar_fraction": 0.2},
    "similar_majority": {"similar_fraction": 0.2},
    "similar_minority": {"similar_fraction": 0.2},
    "temperature": {"pretrain": "simclr"},
    "dimension": {"pretrain": "simclr"},
    "key_momentum": {"pretrain": "moco"},
    "queue": {"pretrain": "moco"},
    "redundancy": {"pretrain": "barlow"},
    "factor": {"pretrain": "barlow"},
}


def test_every_field_counts():
    assert OTHER.keys() == {field.name for field in fields(Config)}
    digests = set()
    for name, value in OTHER.items():
        base = Config(data="cifar10", **USED.get(name, {}))
        other = replace(base, **{name: value}, **({"imbalance": None} if name == "indices" else {}))
        assert other.digest != base.digest
        digests.add(other.digest)
    assert len(digests) == len(OTHER)


@pytest.mark.parametrize("name", sorted(USED.keys() - {"mean", "std"}))
def test_a_number_that_is_not_used_does_not_count(name):
    base = Config(data="cifar10")
    assert replace(base, **{name: OTHER[name]}) == base


def test_equal_runs_have_equal_names():
    one, two = Config(data="cifar10", imbalance=100, lr=1, gamma=1), Config(data="cifar10", imbalance=100.0, lr=1.0)
    assert one == two
    assert one.canonical() == two.canonical()
    back = json.loads(one.canonical())
    assert back.pop("format") == 1
    assert Config(**back) == one


def test_the_name_is_made_of_what_is_not_a_default():
    """So that a field added one day leaves earlier names as they are."""
    assert Config(data="d", imbalance=100).canonical() == '{"data":"d","format":1}'
    assert Config(data="cifar10").canonical() == '{"data":"cifar10","format":1}'
    assert Config(data="cifar10", imbalance=100, method="ce", similar_majority=3, lr=0.1) == Config(data="cifar10")
    config = Config(data="d", imbalance=10, decays=(0.5, 0.75), similar_fraction=1)
    assert config.canonical() == '{"data":"d","decays":[0.5,0.75],"format":1,"imbalance":10.0,"similar_fraction":1.0}'


def test_a_recipe_that_changed_has_other_names_and_no_other_has():
    """The rows of LDAM's layer of cosines begin with norm 1: a run from before is not taken for one of now."""
    formats = {method: json.loads(Config(data="d", method=method).canonical())["format"] for method in METHODS}
    assert {method for method, number in formats.items() if number == 2} == {"ldam", "ldam-drw"}
    assert set(formats.values()) == {1, 2}
    assert json.loads(Config(data="d", method=None, pretrain="rotation").canonical())["format"] == 1


def test_hashes_of_published_runs():
    """By which the published tables name their runs."""
    assert Config(data="cifar10").digest == "e5f2942095033e65"
    assert (
        Config(data="cifar100", imbalance=10, method="drw", pretrain="rotation", classes=(3, 5)).digest
        == "01d6589a7bf832c2"
    )


def test_files_and_folders_are_taken_as_they_are():
    for data in ("insects", "insects.npz", "./cifar10", "~/digits.npz"):
        config = Config(data=data)
        assert config.imbalance is None
        assert json.loads(config.canonical())["imbalance"] is None
        assert Config(**config.numbers()) == config
        assert Config(data=data, imbalance=100).digest != config.digest
        with pytest.raises(ValueError, match=r"^largest=5: must be left out, or imbalance given"):
            Config(data=data, largest=5)
    assert {Config(data=data).imbalance for data in ("cifar10", "cifar100", "digits", "gaussian:classes=3")} == {100}


def test_a_file_is_one_run_by_whichever_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    paths = ("d.npz", "./d.npz", "x/../d.npz", "~/d.npz", str(tmp_path / "d.npz"), "/elsewhere/d.npz")
    assert {Config(data=path).digest for path in paths} == {Config(data="d.npz").digest}
    assert Config(data="./cifar10").digest != Config(data="cifar10").digest
    assert Config(data=".").digest == Config(data=str(tmp_path)).digest


def test_names_of_classes_are_looked_up_before_the_hash():
    config = Config(data="cifar10", classes=("cat", 5), similar_fraction=0.5, similar_minority="dog")
    with pytest.raises(ValueError, match=r"^classes=\('cat', 5\): must be labels here"):
        _ = config.digest


def test_counts_say_what_imbalance_shape_and_largest_would():
    config = Config(data="d", counts=[40, 20, 10], imbalance=7, shape="step", largest=3)
    assert config == Config(data="d", counts=(40, 20, 10))
    assert (config.imbalance, config.shape, config.largest) == (4, "exp", None)


def test_numbers_of_a_pretraining():
    config = Config(data="d", pretrain="simclr")
    assert config == Config(data="d", pretrain="simclr", temperature=0.5, dimension=128, queue=7)
    assert (config.temperature, config.dimension, config.queue) == (0.5, 128, None)
    one, two = (Config(data="d", pretrain="simclr", temperature=value) for value in (1, 1.0))
    assert one.digest == two.digest
    assert one.pretraining().temperature == 1


def test_the_name_does_not_change_with_the_process():
    code = "from empirical.config import Config; print(Config(data='cifar10').digest)"
    argv = [sys.executable, "-c", code]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert done.stdout.strip() == Config(data="cifar10").digest == "e5f2942095033e65"


def test_pretraining_is_shared_by_all_methods():
    runs = {Config(data="d", pretrain="rotation", method=m, gamma=g).pretraining() for m in METHODS for g in (1, 2)}
    (shared,) = runs
    assert shared.method is None
    assert shared.pretraining() is None
    assert Config(data="d").pretraining() is None
    assert replace(shared, imbalance=10) == Config(data="d", pretrain="rotation", imbalance=10).pretraining()


def test_twins():
    twins = {method: config.method for method in METHODS if (config := Config(data="d", method=method).twin())}
    assert twins == {"ce": "drw", "drw": "ce", "ldam": "ldam-drw", "ldam-drw": "ldam"}
    config = Config(data="d", method="drw", seed=3)
    assert config.twin().twin() == config


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"imbalance": 0.5}, r"^imbalance=0\.5: must be a finite number of at least 1$"),
        ({"imbalance": float("nan")}, r"^imbalance=nan: must"),
        ({"imbalance": "many"}, r"^imbalance='many': must"),
        ({"shape": "line"}, r"^shape='line': must be one of exp, step$"),
        ({"method": "magic"}, r"^method='magic': must be one of balanced-softmax, ce, drw, "),
        ({"method": None}, r"^method=None: must be a method, unless"),
        ({"pretrain": "jigsaw"}, r"^pretrain='jigsaw': must be one of barlow, moco, none, rotation, simclr$"),
        ({"arch": "vgg"}, r"^arch='vgg': must be one of resnet110, "),
        ({"epochs": 3}, r"^epochs=3: must be at least 4"),
        ({"epochs": 10.5}, r"^epochs=10\.5: must be a whole number"),
        ({"epochs": 10**20}, r"^epochs=1\d*: must be .*at most 1,?000,?000"),
        ({"batch_size": 1}, r"^batch_size=1: must be a whole number of at least 2 and at most 1,000,000$"),
        ({"lr": 0}, r"^lr=0: must be above 0 and at most 1e\+30$"),
        ({"lr": float("inf")}, r"^lr=inf: must"),
        ({"momentum": 1}, r"^momentum=1: must"),
        ({"weight_decay": -1e-4}, r"^weight_decay=-0\.0001: must"),
        ({"decays": (0.9, 0.8)}, r"^decays=\(0\.9, 0\.8\): must be two fractions"),
        ({"decays": (0.9,)}, r"^decays=\(0\.9,\): must"),
        ({"beta": 1}, r"^beta=1: must"),
        ({"width": 0}, r"^width=0: must"),
        ({"resolution": 3}, r"^resolution=3: must"),
        ({"largest": 0}, r"^largest=0: must"),
        ({"similar_fraction": 1.1}, r"^similar_fraction=1\.1: must be from 0 to 1$"),
        (
            {"similar_fraction": 1, "similar_minority": 0},
            r"^similar_minority=0: must be another class than similar_maj",
        ),
        ({"similar_majority": -1}, r"^similar_majority=-1: must"),
        ({"counts": (5, 0)}, r"^counts=0: must be a whole number of at least 1$"),
        ({"counts": (5,)}, r"^counts=\(5,\): must be a number for each of two or more classes$"),
        ({"counts": 5}, r"^counts=5: must be a number for each"),
        ({"counts": (5, 2.5)}, r"^counts=2\.5: must be a whole"),
        ({"classes": (1, 1)}, r"^classes=\[1, 1\]: must be all different$"),
        ({"classes": (0, -1)}, r"^classes=-1: must"),
        ({"pretrain": "simclr", "temperature": 0}, r"^temperature=0: must be a finite number > 0$"),
        ({"pretrain": "simclr", "dimension": 0.5}, r"^dimension=0\.5: must be a whole"),
        ({"pretrain": "moco", "key_momentum": 1.5}, r"^key_momentum=1\.5: must be from 0 to 1$"),
        ({"pretrain": "moco", "queue": 0}, r"^queue=0: must"),
        ({"pretrain": "barlow", "redundancy": -1}, r"^redundancy=-1: must"),
        ({"pretrain": "barlow", "factor": "x"}, r"^factor='x': must"),
        ({"seed": -1}, r"^seed=-1: must"),
        ({"seed": True}, r"^seed=True: must"),
        ({"data": ""}, r"^data='': must"),
        ({"data": "\udcff.npz"}, r"^data='\\udcff\.npz': must be UTF-8"),
        ({"classes": (1,)}, r"^classes=\(1,\): must be a name or a label for each of two or more classes$"),
        ({"classes": (1, "")}, r"^classes='': must be a whole"),
        ({"subset": "other"}, r"^subset='other': must be one of ldam, nested$"),
        ({"subset": "ldam", "imbalance": 10, "validation": 0.1}, r"^validation=0\.1: must be 0 with subset ldam"),
        ({"validation": 1}, r"^validation=1: must be at least 0 and below 1$"),
        ({"indices": ""}, r"^indices='': must be the path of a file$"),
        ({"indices": "x.txt", "imbalance": 10}, r"^imbalance=10: must be left out: indices=FILE says"),
        ({"indices": "x.txt", "counts": (5, 5)}, r"^counts=\(5, 5\): must be left out: indices=FILE says"),
        ({"mean": (0.5,)}, r"^std=None: must be given with mean"),
        ({"std": (0.5,)}, r"^std=\(0\.5,\): must be given with mean, and left out without it$"),
        ({"mean": (0.5,), "std": (0,)}, r"^std=0: must be one finite number a channel, above 0$"),
        ({"mean": (0.5, 0.5), "std": (1,)}, r"^std=\[1\.0\]: must be 2 numbers, as many as mean has$"),
    ],
)
def test_refused(numbers, message):
    with pytest.raises(ValueError, match=message):
        Config(**{"data": "cifar10", **numbers})


def test_the_known_names_are_those_of_the_networks():
    assert all(Config(data="d", arch=arch).arch == arch for arch in ARCHITECTURES)
