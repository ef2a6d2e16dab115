"""Networks of others: PyTorch files, torch modules, runs; and the public checkpoints where they are at hand."""

import json
import os
from argparse import Namespace
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import empirical
from empirical.analysis.examine.checkpoint import network_of, read_state
from empirical.analysis.examine.sources import of_checkpoint
from empirical.training.networks import build

PUBLIC = os.environ.get("TAILBOUND_CHECKPOINTS")
DATA = os.environ.get("TAILBOUND_DATA")
LONG_TAILED = "imbalanced-dl-resnet32-ce-ir100.pth.tar"
BALANCED = "akamaster-resnet32-balanced.th"
COUNTS = (5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50)

ours = {"stem.0.": "conv1.", "stem.1.": "bn1.", "stages.0.": "layer1.0.", "stages.1.": "layer2.0."}
ours |= {"stages.2.": "layer3.0.", "classifier.": "fc."}


def others(state, rename=lambda name: name):
    """Return a state by the names that most ResNets have."""
    found = OrderedDict()
    for name, value in state.items():
        prefix = next(prefix for prefix in ours if name.startswith(prefix))
        found[rename(ours[prefix] + name.removeprefix(prefix))] = value
    return found


@pytest.fixture
def network():
    return build("resnet8", 10, width=4, generator=torch.Generator().manual_seed(0)).eval()


def without(state, *endings):
    return {name: value for name, value in state.items() if not name.endswith(endings)}


WRITTEN = {
    "a state": lambda s: (s, "name"),
    "in a dictionary": lambda s: ({"epoch": 3, "backbone": "resnet8", "state_dict": s, "best": 1.5}, "name"),
    "by an unusual name": lambda s: ({"ema": s, "epoch": 1}, "name"),
    "below other keys": lambda s: ({"a": {"b": {"model": {"state_dict": s}}}, "epoch": 3}, "name"),
    "beside tensors": lambda s: ({"net": s, "best": torch.tensor(0.9), "epoch": torch.tensor(3)}, "name"),
    "beside plain objects": lambda s: ({"state_dict": s, "best": np.float64(0.9), "args": Namespace(lr=0.1)}, "name"),
    "of several": lambda s: ({"optimizer": {"a": torch.ones(2), "b": torch.ones(2)}, "model": s}, "name"),
    "data parallel": lambda s: ({f"module.{name}": value for name, value in s.items()}, "name"),
    "a backbone": lambda s: (
        {("" if name.startswith("classifier") else "backbone.") + name: value for name, value in s.items()},
        "name",
    ),
    "without counters": lambda s: (without(s, "num_batches_tracked"), "name"),
    "usual names": lambda s: (others(s), "the usual names of ResNets"),
    "usual names, sorted": lambda s: (OrderedDict(sorted(others(s).items())), "the usual names of ResNets"),
    "in order": lambda s: (
        OrderedDict((f"part{i}.{name.rpartition('.')[2]}", value) for i, (name, value) in enumerate(s.items())),
        "order, kind and shape",
    ),
    "head first": lambda s: (OrderedDict(reversed(others(s).items())), "the usual names of ResNets"),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_file_gives_the_network_back(network, tmp_path, name):
    written, by = WRITTEN[name](network.state_dict())
    if name == "in order":  # the last layer is found by its shape, and its bias by the name beside it
        head = next(key for key in written if written[key].ndim == 2).rpartition(".")[0]
        written = OrderedDict((key, v) for key, v in written.items() if v.ndim != 1 or len(v) != 10) | {
            f"{head}.bias": network.classifier.bias
        }
    torch.save(written, tmp_path / "a.pth")
    found = network_of(read_state(tmp_path / "a.pth"), "resnet8")
    assert found.by == by
    assert found.bias
    images = torch.rand(3, 3, 16, 16)
    assert torch.equal(found.network(images), network(images))
    assert len(found.mapping) == len(without(network.state_dict(), "num_batches_tracked"))


def test_a_head_without_bias(network, tmp_path):
    torch.save(without(others(network.state_dict()), "fc.bias"), tmp_path / "a.pth")
    found = network_of(read_state(tmp_path / "a.pth"), "resnet8")
    assert not found.bias
    assert not found.network.classifier.bias.any()


def test_safetensors(network, tmp_path):
    save = pytest.importorskip("safetensors.torch")
    save.save_file(dict(others(network.state_dict())), tmp_path / "a.safetensors")
    images = torch.rand(3, 3, 16, 16)
    assert torch.equal(network_of(read_state(tmp_path / "a.safetensors"), "resnet8").network(images), network(images))
    (tmp_path / "b.safetensors").write_bytes(b"torn")
    with pytest.raises(ValueError, match="^checkpoint=.*must be a file of torch.save or safetensors"):
        network_of(read_state(tmp_path / "b.safetensors"), "resnet8")


def changed(state, name, value):
    return {**state, name: value}


BAD = {
    "another arch": (lambda s: s, "resnet14", "must be a resnet14"),
    "a tensor lacks": (lambda s: without(s, "stages.1.conv1.weight"), "resnet8", "must be a resnet8"),
    "a tensor more": (
        lambda s: changed(s, "stages.9.extra.weight", torch.ones(4, 4, 1, 1)),
        "resnet8",
        "no counterpart",
    ),
    "another shape": (
        lambda s: changed(s, "stages.0.conv1.weight", torch.ones(4, 4, 1, 1)),
        "resnet8",
        "stages.0.conv1.weight has the shape 4 x 4 x 1 x 1",
    ),
    "no head": (lambda s: without(s, "classifier.weight"), "resnet8", "must have one matrix, .*none"),
    "two heads": (lambda s: changed(s, "head.weight", torch.ones(3, 16)), "resnet8", "must have one matrix"),
    "not finite": (
        lambda s: changed(s, "stem.1.bias", torch.full((4,), np.nan)),
        "resnet8",
        "must hold finite numbers",
    ),
    "another bias": (
        lambda s: changed(s, "classifier.bias", torch.ones(3)),
        "resnet8",
        "must have classifier.bias of shape 10, and has 3",
    ),
    "complex": (
        lambda s: changed(s, "classifier.weight", s["classifier.weight"] * 1j),
        "resnet8",
        "must hold dense tensors of real numbers: classifier.weight is torch.complex64",
    ),
    "sparse": (
        lambda s: changed(s, "classifier.weight", s["classifier.weight"].to_sparse()),
        "resnet8",
        "must hold dense tensors of real numbers: classifier.weight is torch.float32, torch.sparse_coo",
    ),
    "a module": (
        lambda s: {"model": nn.Linear(2, 2), "state_dict": s},
        "resnet8",
        "also holds a torch.nn.modules.linear.Linear, .* save the state_dict",
    ),
    "nothing": (lambda s: {"epoch": 3}, "resnet8", "it holds none"),
    "several": (lambda s: {"a": s, "b": s}, "resnet8", "it holds a, b"),
    "no such arch": (lambda s: s, "resnet9", "arch='resnet9'"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_loaded_whole_is_refused(network, tmp_path, name):
    change, arch, line = BAD[name]
    torch.save(change(network.state_dict()), tmp_path / "a.pth")
    with pytest.raises(ValueError, match=line) as refused:
        network_of(read_state(tmp_path / "a.pth"), arch)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"hello", b"no file of torch"])
def test_a_file_of_something_else(tmp_path, content):
    (tmp_path / "a.pth").write_bytes(content)
    with pytest.raises(ValueError, match="^checkpoint=.*must be a file of torch.save"):
        network_of(read_state(tmp_path / "a.pth"), "resnet8")


def test_which_of_several_networks_was_loaded_is_said(network, tmp_path):
    state = network.state_dict()
    average = {name: torch.zeros_like(value) for name, value in state.items()}
    torch.save({"state_dict": {"ema": average, "model": state}, "epoch": 3}, tmp_path / "a.pth")
    found = network_of(read_state(tmp_path / "a.pth"), "resnet8")
    assert found.held_in == "state_dict.model"
    assert torch.equal(found.network.classifier.weight, network.classifier.weight)
    torch.save({"state_dict": state}, tmp_path / "a.pth")
    assert network_of(read_state(tmp_path / "a.pth"), "resnet8").held_in == ""


def test_tensors_of_another_kind_are_not_taken_in_order(network, tmp_path):
    """Files sorted by name have biases before weights, of one shape: mapped by order alone they would load, wrongly."""
    state = without(network.state_dict(), "num_batches_tracked")
    odd = OrderedDict((f"x.{name}.y.{name.rpartition('.')[2]}", value) for name, value in sorted(state.items()))
    torch.save(odd, tmp_path / "a.pth")
    with pytest.raises(ValueError, match="must"):
        network_of(read_state(tmp_path / "a.pth"), "resnet8")


class Evil:
    def __reduce__(self):
        return os.system, ("touch evil",)


def test_nothing_in_a_file_is_executed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": Evil()}, tmp_path / "a.pth")
    with pytest.raises(ValueError, match="^checkpoint="):
        read_state(tmp_path / "a.pth")
    assert not (tmp_path / "evil").exists()


def test_images_are_normalised_as_said(network, tmp_path):
    torch.save(network.state_dict(), tmp_path / "a.pth")
    data = "gaussian:classes=10,train=5,test=3"
    torch.save(build("resnet8", 10, channels=1, width=4).state_dict(), tmp_path / "a.pth")
    own, about = of_checkpoint(tmp_path / "a.pth", "resnet8", data)
    assert about["normalisation"] == "the data set's"
    told, said = of_checkpoint(tmp_path / "a.pth", "resnet8", data, mean=about["mean"], std=about["std"])
    other, _ = of_checkpoint(tmp_path / "a.pth", "resnet8", data, mean=[0.1], std=[0.9])
    assert said["normalisation"] == "given"
    assert told["features"] == pytest.approx(own["features"], abs=1e-2)
    assert np.abs(other["features"] - own["features"]).max() > 0.1
    with pytest.raises(ValueError, match="^mean="):
        of_checkpoint(tmp_path / "a.pth", "resnet8", data, mean=[0.1, 0.2], std=[0.9])
    with pytest.raises(ValueError, match="^std="):
        of_checkpoint(tmp_path / "a.pth", "resnet8", data, mean=[0.1], std=[0.0])
    with pytest.raises(ValueError, match="^std=None: must be given with mean"):
        of_checkpoint(tmp_path / "a.pth", "resnet8", data, mean=[0.1])
    with pytest.raises(ValueError, match="^mean=None: must be given with std"):
        of_checkpoint(tmp_path / "a.pth", "resnet8", data, std=[0.1])
    with pytest.raises(ValueError, match="^checkpoint=.*must have 3 classes"):
        of_checkpoint(tmp_path / "a.pth", "resnet8", "gaussian:classes=3,train=5,test=3")


class TestCollect:
    @pytest.fixture
    def loader(self):
        rng = torch.Generator().manual_seed(0)
        images = torch.rand(10, 3, 16, 16, generator=rng)
        return DataLoader(TensorDataset(images, torch.arange(10) % 2), batch_size=4)

    def test_what_the_last_layer_sees(self, network, loader):
        network.train()
        state = {name: value.clone() for name, value in network.state_dict().items()}
        found = empirical.collect(network, loader, layer="classifier")
        assert network.training
        assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
        assert not network.classifier._forward_hooks
        assert found["logits"] == pytest.approx(found["features"] @ found["weight"].T + found["bias"], abs=1e-5)
        assert found["labels"].tolist() == [0, 1] * 5
        by_default = empirical.collect(network, loader)
        assert all(np.array_equal(found[name], by_default[name]) for name in found)

    def test_of_torchvision(self, loader):
        from torchvision.models import mobilenet_v3_small, resnet18

        for make, layer in ((resnet18, "fc"), (mobilenet_v3_small, "classifier.3")):
            found = empirical.collect(make(num_classes=2), loader, layer=layer)
            assert found["weight"].shape == (2, found["features"].shape[1])
            assert empirical.examine(**found, counts=[9, 3]).accuracy[0].images == 10

    def test_a_layer_that_is_not_linear(self, loader):
        module = build("resnet8", 2, width=4, cosine=True)
        found = empirical.collect(module, loader, layer="classifier")
        assert found.keys() == {"features", "logits", "labels"}

    def test_batches_of_other_forms(self, network, loader):
        pairs = [{"image": images, "label": labels} for images, labels in loader]
        known = empirical.collect(network, loader)
        assert np.array_equal(empirical.collect(network, iter(pairs))["logits"], known["logits"])

    @pytest.mark.parametrize(
        ("layer", "batches", "line"),
        [
            ("fc", None, "layer='fc': must be the name of a layer, such as classifier"),
            ("stem", None, "layer='stem': must be given a vector"),
            ("stages.0.conv1", None, "layer='stages.0.conv1': must be given a vector"),
            (None, [], "loader="),
            (None, [torch.zeros(2, 3, 16, 16)], "loader='Tensor'"),
            (None, [(torch.zeros(2, 3, 16, 16), ["a", "b"])], "loader='list': must yield labels as whole numbers"),
            (None, [(torch.zeros(2, 3, 16, 16), torch.eye(2))], "loader='torch.float32 of shape .2, 2.'"),
            (None, [(torch.zeros(3, 16, 16), 1)], "loader='torch.int64 of shape .*of a batch, as a DataLoader"),
            (None, [(torch.zeros(3, 16, 16), None)], "loader='NoneType': must yield labels"),
            (None, 5, "loader='int': must yield batches of images and labels"),
            (None, TensorDataset(torch.zeros(2, 3, 16, 16), torch.arange(2)), "loader='torch.int64 of shape"),
        ],
    )
    def test_bad_input(self, network, loader, layer, batches, line):
        with pytest.raises(ValueError, match=f"^{line}"):
            empirical.collect(network, loader if batches is None else batches, layer=layer)
        assert not any(part._forward_hooks for part in network.modules())

    def test_labels_are_found_by_their_name(self, network, loader):
        batches = [{"labels": labels, "pixel_values": images} for images, labels in loader]
        known, found = empirical.collect(network, loader), empirical.collect(network, batches)
        assert all(np.array_equal(found[name], known[name]) for name in known)

    def test_modes_of_parts_are_put_back(self, network, loader):
        network.train()
        network.stem.eval()
        empirical.collect(network, loader)
        assert network.training
        assert network.classifier.training
        assert not network.stem.training

    @pytest.mark.parametrize("layer", [None, "head"])
    @pytest.mark.parametrize("output", ["logits", "features and logits", "both", "by name"])
    def test_the_last_layer_is_the_one_whose_output_is_returned(self, loader, layer, output):
        """Not the one that was made last, or is called last; in a container it is the linear layer inside."""

        class Heads(nn.Module):
            def __init__(self):
                super().__init__()
                self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(768, 2))
                self.projection = nn.Linear(768, 5)

            def forward(self, x):
                x = x.flatten(1)
                logits, projected = self.head(x), self.projection(x)
                outputs = {"logits": logits, "features and logits": (x, logits), "both": [(logits, projected)]}
                return outputs.get(output, {"loss": projected.mean(), "logits": logits})

        module = Heads()
        found = empirical.collect(module, loader, layer)
        if output == "both" and layer is None:  # either is returned: the last one that is called
            assert found["weight"].shape == (5, 768)
        else:
            assert np.array_equal(found["weight"], module.head[1].weight.detach().numpy())
            assert found["logits"] == pytest.approx(found["features"] @ found["weight"].T + found["bias"], abs=1e-5)

    def test_a_weight_that_does_not_give_the_logits_is_left_out(self, loader):
        class Scaled(nn.Sequential):
            def forward(self, x):
                return 20 * super().forward(x)

        found = empirical.collect(Scaled(nn.Flatten(), nn.Linear(768, 2)), loader)
        assert found.keys() == {"features", "logits", "labels"}
        assert empirical.examine(**found).accuracy[0].images == 10

    def test_no_module_and_no_device(self, network, loader):
        with pytest.raises(ValueError, match="^module='function': must be a torch.nn.Module"):
            empirical.collect(lambda x: x, loader)
        with pytest.raises(ValueError, match="^device='gpu': must be a device"):
            empirical.collect(network, loader, device="gpu")

    def test_a_layer_that_is_called_twice(self, loader):
        class Twice(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(768, 2)

            def forward(self, x):
                return self.fc(x.flatten(1)) + self.fc(x.flatten(1))

        with pytest.raises(ValueError, match="^layer='fc': must be called once"):
            empirical.collect(Twice(), loader)

    def test_a_module_without_a_linear_layer(self, loader):
        with pytest.raises(ValueError, match="^layer=None"):
            empirical.collect(nn.Flatten(), loader)
        with pytest.raises(ValueError, match="^module="):
            empirical.collect(nn.Sequential(nn.Flatten(), nn.Linear(768, 2), nn.Unflatten(1, (2, 1))), loader)


def test_a_run(tmp_path, exit_code, capsys):
    """All that is needed for every section is there: the examination has no table that is missing."""
    from empirical.config import Config
    from empirical.training.train import train

    config = Config(
        data="gaussian:separation=3,classes=3,train=40,test=60",
        imbalance=4,
        arch="resnet8",
        width=4,
        epochs=4,
        batch_size=16,
    )
    result = train(config, tmp_path / "runs", device="cpu")
    folder = tmp_path / "runs" / config.digest
    assert exit_code("examine", "--run", folder, "--out", tmp_path / "out", "--device", "cpu") == 0
    made = json.loads((tmp_path / "out" / "examination.json").read_text())
    recalls = [row["recall"] for row in made["tables"]["classes"]["rows"]]
    assert recalls == pytest.approx([100 * value for value in result["last"]["per_class"]])
    assert [row["count"] for row in made["tables"]["classes"]["rows"]] == result["counts"]
    assert "the training images" in [row["chosen_by"] for row in made["tables"]["corrections"]["rows"]]
    capsys.readouterr()
    for wrong in (tmp_path, tmp_path / "nowhere"):
        assert exit_code("examine", "--run", wrong) == 2
        assert capsys.readouterr().err.startswith("python -m empirical examine: run=")


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--checkpoint", "a.pth"], "arch=None: must be given with --checkpoint"),
        (["--checkpoint", "a.pth", "--arch", "resnet8"], "data=None: must be given with --checkpoint"),
        (["--checkpoint", "a.pth", "--arch", "resnet8", "--data", "digits"], "checkpoint='a.pth'"),
        (["--checkpoint", "a.pth", "--arrays", "a.npz"], "not allowed with argument"),
        (["--arrays", "a.npz", "--arch", "resnet8"], "arch='resnet8': must be left out with --arrays"),
        (["--run", "a", "--mean", "0.5"], "mean=[0.5]: must be left out with --run"),
        (["--arrays", "a.npz", "--device", "cpu"], "device='cpu': must be left out with --arrays"),
    ],
)
def test_options_that_do_not_fit(options, line, exit_code, capsys):
    assert exit_code("examine", *options) == 2
    assert line in capsys.readouterr().err


@pytest.mark.skipif(not (PUBLIC and DATA), reason="public checkpoints: set TAILBOUND_CHECKPOINTS and TAILBOUND_DATA")
class TestPublic:
    """What was published and measured of two networks that others trained, on CIFAR-10."""

    @pytest.fixture(scope="class")
    def arrays(self):
        normalised = {"mean": (0.4914, 0.4822, 0.4465), "std": (0.2023, 0.1994, 0.2010)}
        return of_checkpoint(Path(PUBLIC) / LONG_TAILED, "resnet32", "cifar10", root=Path(DATA), **normalised)[0]

    @pytest.fixture(scope="class")
    def found(self, arrays):
        return empirical.examine(**arrays, counts=COUNTS)

    def test_accuracy(self, found):
        assert found.accuracy[0].accuracy == pytest.approx(71.92, abs=0.005)
        published = [96.4, 98.4, 84.7, 79.0, 80.7, 60.3, 66.9, 60.7, 43.4, 48.7]
        assert [row.recall for row in found.classes] == pytest.approx(published, abs=0.05)
        assert found.calibration[0].ece == pytest.approx(19, abs=0.5)

    def test_norms(self, found):
        assert found.about["norm_std_100"] == pytest.approx(49.1, abs=0.05)
        norms = [3.35, 3.43, 3.40, 2.85, 3.04, 2.57, 2.45, 2.36, 2.12, 2.13]
        assert [row.norm for row in found.parts] == pytest.approx(norms, abs=0.01)
        assert found.gap[0].points == pytest.approx(31.8, abs=0.05)

    def test_corrections(self, found):
        swept = {(row.correction, round(row.tau, 1)): row.accuracy for row in found.strengths}
        assert swept["logits - tau log prior", 1.0] == pytest.approx(78.1, abs=0.05)
        assert swept["logits - tau log prior", 2.0] == pytest.approx(80.65, abs=0.01)
        assert swept["tau-normalisation", 2.0] == pytest.approx(78.83, abs=0.02)
        assert swept["tau-normalisation", 3.0] == pytest.approx(79.27, abs=0.02)
        assert (
            max(swept["tau-normalisation", tau] for tau in (0.0, 1.0, 2.0, 3.0, 4.0))
            == (swept["tau-normalisation", 3.0])
        )
        for row in found.corrections:
            if row.chosen_by == "likelihood on the other half, no sweep":
                assert row.temperature == pytest.approx(1.87, abs=0.05)
                assert row.accuracy > 80

    def test_theorem_2_on_its_features(self, found):
        """To within what another choice of halves and of the few images changes."""
        errors = {(row.law, row.imbalance): row.error for row in found.fit}
        alone, together = "Theorem 2, separation alone", "with covariances and finite samples"
        measured = [errors[alone, ratio] for ratio in (2, 10, 100)]
        assert measured == [pytest.approx(1.8, abs=0.3), pytest.approx(4.3, abs=0.4), pytest.approx(8.7, abs=1)]
        measured = [errors[together, ratio] for ratio in (2, 10, 100)]
        assert measured == [pytest.approx(0.9, abs=0.2), pytest.approx(1.4, abs=0.3), pytest.approx(3.7, abs=0.7)]

    def test_balanced(self):
        normalised = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
        arrays, about = of_checkpoint(Path(PUBLIC) / BALANCED, "resnet32", "cifar10", root=Path(DATA), **normalised)
        assert about["mapped_by"] == "the usual names of ResNets"
        logits = arrays["features"] @ arrays["weight"].T + arrays["bias"]
        assert 100 * np.mean(logits.argmax(axis=1) == arrays["labels"]) == pytest.approx(92.63, abs=0.005)
