"""The measurements: that they run, are numbers, and are written; never how fast."""

import json
import math

import pytest

from theory import bench
from theory.__main__ import main
from theory.bench import Measurement


def test_quick_measurements(tmp_path, capsys):
    file = tmp_path / "new" / "bench.json"
    assert main(["bench", "--quick", "--json", str(file)]) == 0
    content = json.loads(file.read_text())
    assert content["quick"] is True
    assert set(content["machine"]) == {"platform", "python", "numpy", "cores"}
    by_name = {m["name"]: m for m in content["measurements"]}
    assert all(math.isfinite(m["value"]) for m in by_name.values())
    assert all(m["value"] > 0 for name, m in by_name.items() if "exponent" not in name)
    assert {
        "statistics / NumPy's binomial and normal",
        "count / NumPy's normal",
        "samples / count",
        "exact law, growth exponent",
        "tail check, normal",
        "Poisson binomial, 1,000 trials, 30 digits",
        "minimum coverage, n 100",
        "minimum coverage, growth exponent",
    } <= set(by_name)
    assert "samples / count" in capsys.readouterr().out


def test_a_limit_is_kept_or_not():
    assert Measurement("a", 1.0, "x").met is None
    assert Measurement("a", 1.0, "x", 1.5).met
    assert not Measurement("a", 2.0, "x", 1.5).met
    assert Measurement("a", 2.0, "x", 1.5, at_least=True).met


@pytest.mark.parametrize(("value", "quick", "code"), [(1.0, False, 0), (2.0, False, 1), (2.0, True, 0)])
def test_the_exit_code_tells_of_limits_unless_quick(monkeypatch, value, quick, code):
    monkeypatch.setattr(bench, "measure", lambda quick: [Measurement("a", value, "x", 1.5), Measurement("b", 3, "ns")])
    assert bench.run(quick=quick) == code


def test_turns_are_taken_in_turn():
    order = []
    seconds = bench._in_turns({name: lambda name=name: order.append(name) for name in "ab"}, turns=2)
    assert order == list("ababab")
    assert {name: len(taken) for name, taken in seconds.items()} == {"a": 2, "b": 2}
