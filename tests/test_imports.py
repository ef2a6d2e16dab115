"""Who may import whom: ``theory``, ``empirical``, ``figures`` and the rooms of ``empirical``, without circles.

All imports count, those in functions and those for type checkers too.
"""

import ast
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("theory", "empirical", "figures")
FLOORS = (
    ("config", "registry", "learning_rate", "printed"),
    ("runtime",),
    ("data",),
    ("storage",),
    ("training",),
    ("sweeps", "analysis", "benchmark"),
    ("experiments",),
    ("claims",),
    ("commands", "__main__"),
)
"""The rooms of ``empirical``: each imports its own floor's other rooms never, and those of the floors before it."""

FRONT = "empirical"  # the package's own __init__, which offers names of several rooms and imports them at first use


def imports(root):
    """Return for each module of the packages the modules of them that it imports, in whatever way."""
    files = {}
    for package in PACKAGES:
        for path in (root / package).rglob("*.py"):
            parts = path.relative_to(root).with_suffix("").parts
            files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    found = {}
    for module, path in files.items():
        names = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    own = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
                    base = ".".join([*own[: len(own) - node.level + 1], *filter(None, [base])])
                # A module of a package, or a name in it.
                names.update(
                    f"{base}.{alias.name}" if f"{base}.{alias.name}" in files else base for alias in node.names
                )
        found[module] = {name for name in names if name in files and name != module}
    return found


def floor(module):
    """Return the floor of a module of ``empirical``, from 0."""
    room = module.split(".")[1]
    return next(at for at, rooms in enumerate(FLOORS) if room in rooms)


def wrong_directions(found):
    """Return the imports that go the wrong way."""
    wrong = set()
    for module, names in found.items():
        for name in names:
            upper, lower = PACKAGES.index(module.split(".")[0]), PACKAGES.index(name.split(".")[0])
            same_package = upper == lower == PACKAGES.index("empirical") and FRONT not in (module, name)
            same_room = module.split(".")[:2] == name.split(".")[:2]
            if upper < lower or (
                same_package
                and not same_room
                and (floor(name) > floor(module) or (floor(name) == floor(module) and floor(name) > 0))
            ):
                wrong.add((module, name))
            if name == FRONT and upper == lower:
                wrong.add((module, name))  # it would import every room
    return wrong


def circle(found):
    """Return modules that import each other in a ring, the first one again at the end; None if there are none."""
    done, path = set(), []

    def visit(module):
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return None
        path.append(module)
        for name in sorted(found[module]):
            if module != FRONT and (ring := visit(name)):
                return ring
        path.pop()
        done.add(module)
        return None

    return next(filter(None, map(visit, sorted(found))), None)


@pytest.fixture(scope="module")
def ours():
    return imports(ROOT)


def test_every_room_has_a_floor_and_says_what_it_may_import(ours):
    rooms = {path.parent.name for path in (ROOT / "empirical").glob("*/__init__.py")}
    assert rooms <= {room for rooms in FLOORS for room in rooms}
    for room in rooms:
        text = ast.get_docstring(ast.parse((ROOT / "empirical" / room / "__init__.py").read_text(encoding="utf-8")))
        assert "mport" in text, room
    for module in ours:
        if module.startswith("empirical."):
            floor(module)


def test_imports_go_one_way(ours):
    assert wrong_directions(ours) == set()


def test_there_are_no_circles(ours):
    assert circle(ours) is None


@pytest.fixture
def planted(tmp_path):
    """Return a function that writes a small tree of packages and returns its imports."""

    def plant(files):
        for package in PACKAGES:
            (tmp_path / package).mkdir()
            (tmp_path / package / "__init__.py").write_text("")
        for name, text in files.items():
            path = tmp_path / f"{name}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return imports(tmp_path)

    return plant


@pytest.mark.parametrize(
    ("file", "text", "name"),
    [
        ("empirical/data/load", "def f():\n    from empirical.training import step\n", "empirical.training.step"),
        ("empirical/data/load", "if TYPE_CHECKING:\n    import empirical.training.step\n", "empirical.training.step"),
        ("empirical/data/load", "from ..training.step import Trainer\n", "empirical.training.step"),
        ("empirical/analysis/features", "import empirical.sweeps.order\n", "empirical.sweeps.order"),
        ("empirical/config", "from empirical.training.step import Trainer\n", "empirical.training.step"),
        ("empirical/data/load", "import empirical\n", "empirical"),
        ("theory/sharp", "from empirical import config\n", "empirical.config"),
        ("theory/sharp", "from figures import style\n", "figures.style"),
        ("empirical/config", "from figures.style import save\n", "figures.style"),
    ],
)
def test_a_planted_import_the_wrong_way_is_found(planted, file, text, name):
    others = dict.fromkeys(
        ("empirical/training/step", "empirical/sweeps/order", "empirical/config", "figures/style"), ""
    )
    found = planted({**others, file: text})
    assert wrong_directions(found) == {(file.replace("/", "."), name)}


def test_what_may_be_imported_is_not_called_wrong(planted):
    names = ("theory/sharp", "empirical/config", "empirical/runtime/device", "empirical/data/load", "figures/style")
    chain = {two: f"import {one.replace('/', '.')}\n" for one, two in pairwise(names)}
    found = planted({names[0]: "", **chain})
    assert wrong_directions(found) == set()
    assert circle(found) is None


@pytest.mark.parametrize("way", ["import empirical.data.{}", "def f():\n    from empirical.data.{} import x"])
def test_a_planted_circle_is_found(planted, way):
    ring = {f"empirical/data/{one}": way.format(two) for one, two in (("a", "b"), ("b", "c"), ("c", "a"))}
    assert circle(planted(ring)) == [f"empirical.data.{name}" for name in "abca"]
