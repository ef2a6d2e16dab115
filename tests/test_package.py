"""The sdist and the wheel: what is in them, and that they work where there is nothing but what they ask for.

The environment is made of links to the packages that the wheel requires, at the versions of the one that runs the
tests, so nothing is downloaded and nothing else is there: no torch. With ``TAILBOUND_INSTALL=1`` pip installs the
wheel from the package index into an empty environment too.
"""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import matplotlib
import pytest
from packaging.requirements import Requirement

from empirical.__main__ import _EXTRA
from theory import __version__
from theory.verdicts.beyond import RESULTS
from theory.verdicts.certificate import certificate
from theory.verdicts.ledger import LEDGER, Finding, verify

ROOT = Path(__file__).parents[1]
PACKAGES = ("theory", "empirical", "figures")
MODULES = ("tailbound.py", "tailbound_hypothesis.py")
FILES = ("setup.cfg", "pyproject.toml", "MANIFEST.in", "LICENSE", "README.md", "CITATION.cff", "CHANGELOG.md")
INSTALL = "TAILBOUND_INSTALL"
TAILBOUND = f"tailbound-{__version__}"
IMPORT_SECONDS = 0.3


def run(*command, **options):
    """Run a command and return what became of it."""
    return subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=300, check=False, **options)


def done(*command, **options):
    """Run a command that must succeed."""
    found = run(*command, **options)
    assert found.returncode == 0, found.stdout + found.stderr
    return found


def build(tree, out, *options):
    """Build without a network, with the setuptools that is here."""
    done(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, *options, tree)


def sources():
    """Return the files of the packages; published results belong to the repository, not to the library."""
    files = [file for name in PACKAGES for file in (ROOT / name).rglob("*") if file.is_file()]
    published = ROOT / "figures" / "published"
    kept = [file for file in files if "__pycache__" not in file.parts and published not in file.parents]
    return {file.relative_to(ROOT).as_posix() for file in kept} | set(MODULES)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the repository, as building leaves traces."""
    copied = tmp_path_factory.mktemp("tree")
    for name in (*FILES, *MODULES):
        shutil.copy(ROOT / name, copied)
    for name in (*PACKAGES, "tests"):
        shutil.copytree(ROOT / name, copied / name, ignore=shutil.ignore_patterns("__pycache__"))
    return copied


@pytest.fixture(scope="module")
def built(tree, tmp_path_factory):
    """The folder of the sdist and of the wheel that was built from it."""
    out = tmp_path_factory.mktemp("dist")
    build(tree, out)
    assert {file.name for file in out.iterdir()} == {f"{TAILBOUND}.tar.gz", f"{TAILBOUND}-py3-none-any.whl"}
    return out


@pytest.fixture(scope="module")
def wheel(built):
    """The wheel."""
    return built / f"{TAILBOUND}-py3-none-any.whl"


def members(wheel):
    """Return the content of each file in a wheel."""
    with zipfile.ZipFile(wheel) as file:
        return {name: file.read(name) for name in file.namelist()}


def test_what_the_wheel_holds(wheel):
    content = members(wheel)
    info = {name for name in content if name.startswith(f"{TAILBOUND}.dist-info/")}
    assert content.keys() - info == sources()
    assert {name.partition("/")[2] for name in info} == {
        "METADATA",
        "RECORD",
        "WHEEL",
        "entry_points.txt",
        "licenses/LICENSE",
        "top_level.txt",
    }
    assert content[f"{TAILBOUND}.dist-info/licenses/LICENSE"] == (ROOT / "LICENSE").read_bytes()
    assert f"\nVersion: {__version__}\n" in content[f"{TAILBOUND}.dist-info/METADATA"].decode()
    for name in (
        "theory/py.typed",
        "empirical/py.typed",
        "figures/py.typed",
        "theory/verdicts/certificate.schema.json",
        "figures/report/style.css",
    ):
        assert content[name] == (ROOT / name).read_bytes()


def test_what_the_sdist_holds(built):
    with tarfile.open(built / f"{TAILBOUND}.tar.gz") as file:
        names = {member.name.removeprefix(f"{TAILBOUND}/") for member in file if member.isfile()}
    made = {name for name in names if name.startswith("tailbound.egg-info/")} | {"PKG-INFO"}
    assert names - made == sources() | set(FILES)


def test_no_place_of_this_machine_is_in_the_wheel(wheel, tree):
    places = [str(place).encode() for place in (ROOT, tree, Path(sys.prefix), Path.home() / "")]
    found = [name for name, content in members(wheel).items() for place in places if place + b"/" in content]
    assert found == []


def test_the_sdist_gives_the_wheel_that_the_repository_gives(tree, wheel, tmp_path):
    build(tree, tmp_path, "--wheel")
    assert members(tmp_path / wheel.name) == members(wheel)


def required(wheel):
    """Return the distributions that the wheel requires without extras, and what those require, by name."""
    lines = members(wheel)[f"{TAILBOUND}.dist-info/METADATA"].decode().splitlines()
    waiting = [Requirement(line.partition(": ")[2]) for line in lines if line.startswith("Requires-Dist: ")]
    found = {}
    while waiting:
        one = waiting.pop()
        if one.name not in found and (one.marker is None or one.marker.evaluate({"extra": ""})):
            found[one.name] = distribution(one.name)
            waiting += map(Requirement, found[one.name].requires or ())
    return found


class Environment:
    """An environment of Python; its programs run in an empty folder and see no setting of this one."""

    def __init__(self, home, work):
        self.bin, self.work = home / "bin", work
        # Only its cache of fonts, which takes seconds to make.
        self._variables = {"PATH": str(self.bin), "HOME": str(work), "MPLCONFIGDIR": matplotlib.get_cachedir()}

    def run(self, program, *arguments, cwd=None, **variables):
        return run(self.bin / program, *arguments, cwd=cwd or self.work, env={**self._variables, **variables})

    def python(self, code):
        """Return what a program prints."""
        found = self.run("python", "-c", code)
        assert found.returncode == 0, found.stderr
        return found.stdout.strip()


DOWNLOAD = (
    () if os.environ.get(INSTALL) == "1" else pytest.mark.skip(f"downloads: set {INSTALL}=1 to install from the index")
)


@pytest.fixture(scope="module", params=["links", pytest.param("index", marks=DOWNLOAD)])
def environment(request, wheel, tmp_path_factory):
    """An environment with the wheel and what it requires."""
    home, work = tmp_path_factory.mktemp("environment"), tmp_path_factory.mktemp("work")
    if request.param == "index":
        venv.create(home, with_pip=True)
        pip = (home / "bin" / "python", "-m", "pip")
        done(*pip, "install", "--constraint", ROOT / "constraints.txt", wheel)
    else:
        venv.create(home, with_pip=False)
        site = home / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
        for one in required(wheel).values():
            for name in {file.parts[0] for file in one.files} - {"..", "__pycache__"}:
                if not (site / name).exists():
                    (site / name).symlink_to(one.locate_file(name))
        pip = (sys.executable, "-m", "pip", "--python", home / "bin" / "python")
        done(*pip, "install", "--no-index", "--no-deps", wheel)
    assert "No broken requirements" in done(*pip, "check").stdout
    return Environment(home, work)


def test_only_what_is_required_is_there(environment):
    code = "import importlib.util, sys; print([name for name in sys.argv[1:] if importlib.util.find_spec(name)])"
    found = environment.run("python", "-c", code, *sorted(_EXTRA), "pytest", "sphinx", *PACKAGES)
    assert found.stdout.strip() == str(["PIL", *PACKAGES])
    assert environment.python("import theory; print(theory.__version__)") == __version__
    assert "site-packages" in environment.python("import theory; print(theory.__file__)")


def test_importing_theory_is_fast(environment):
    """In seconds of the processor, the best of three: other work on the machine counts little."""
    code = "from time import process_time as now; start = now(); import theory; print(now() - start)"
    assert min(float(environment.python(code)) for _ in range(3)) < IMPORT_SECONDS


@pytest.fixture(scope="module")
def ledger(environment):
    """The environment, where the ledger was written to ``results``."""
    verified = environment.run("tailbound", "theory", "verify", "--json", "results/ledger.json")
    assert verified.returncode == 0, verified.stderr
    assert f"{len(LEDGER)} statements: " in verified.stdout
    return environment


def test_theory_verifies(ledger):
    found = json.loads((ledger.work / "results" / "ledger.json").read_text(encoding="utf-8"))
    assert [one["id"] for one in found] == [statement.id for statement in LEDGER]
    assert {one["verdict"] for one in found} == {"certified", "refuted", "qualified"}


def test_a_certificate_from_elsewhere_is_repeated(environment):
    made = certificate([verify(statement) for statement in LEDGER if statement.id in ("T3", "P1")])
    (environment.work / "certificate.json").write_text(json.dumps(made), encoding="utf-8")
    repeated = environment.run("tailbound", "theory", "recheck", "certificate.json")
    assert repeated.returncode == 1, repeated.stdout  # of the whole library it lacks all other statements
    assert "T1.shift: missing in the certificate" in repeated.stdout
    assert not any(f"{name}: " in repeated.stdout for name in ("T3", "P1"))


def test_a_figure_of_theory(environment):
    drawn = environment.run("tailbound", "figures", "theorem1", "--out", "drawn")
    assert drawn.returncode == 0, drawn.stderr
    assert [Path(line).name for line in drawn.stdout.splitlines()] == ["theorem1.png", "theorem1.svg", "theorem1.txt"]


def test_the_report(ledger):
    """Results beyond the paper that come without evidence are verified anew."""
    beyond = [Finding(statement, "undecided", ()).as_dict() for statement in RESULTS]
    (ledger.work / "results" / "beyond.json").write_text(json.dumps(beyond), encoding="utf-8")
    written = ledger.run("tailbound", "figures", "report", "--results", "results", "--out", "results/report.html")
    assert written.returncode == 0, written.stderr
    page = (ledger.work / "results" / "report.html").read_text(encoding="utf-8")
    assert f"Written by tailbound {__version__}." in page
    assert all(statement.id in page for statement in (*LEDGER, *RESULTS))


def test_networks_need_the_extra(environment):
    for command in ("list", "train --data digits --out runs", "bench", "run pairs --data digits --out out"):
        refused = environment.run("tailbound", "empirical", *command.split())
        assert refused.returncode == 2, command
        assert refused.stderr.count("\n") == 1, refused.stderr
        assert refused.stderr.endswith(": pip install '.[empirical]' in tailbound's folder\n"), refused.stderr
        assert refused.stdout == ""
    assert not {"runs", "out"} & {path.name for path in environment.work.iterdir()}


def test_hypothesis_knows_the_settings(environment):
    code = (
        "import warnings, sys; warnings.simplefilter('ignore')\n"
        "from hypothesis import strategies\n"
        "from theory.theorem1 import Setting\n"
        "one = strategies.from_type(Setting).example()\n"
        "print(type(one).__name__, 'theory.strategies' in sys.modules)"
    )
    assert environment.python(code) == "Setting True"


@pytest.fixture(params=["module", "package"])
def shadow(request, tmp_path):
    """Return a function that makes a module or a package of another project and returns the folder that holds it."""

    def make(name):
        file = tmp_path / f"{name}.py" if request.param == "module" else tmp_path / name / "__init__.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text("mine = 'mine'\n")
        return tmp_path

    return make


@pytest.mark.parametrize("name", PACKAGES)
def test_hypothesis_leaves_modules_of_other_projects_alone(environment, shadow, name):
    code = f"import hypothesis, {name}; hypothesis.find(hypothesis.strategies.integers(), bool); print({name}.mine)"
    found = environment.run("python", "-W", "error", "-c", code, cwd=shadow(name))
    assert (found.stdout, found.stderr, found.returncode) == ("mine\n", "", 0)


@pytest.mark.parametrize("name", PACKAGES)
def test_modules_of_other_projects_in_the_current_folder_do_not_stop_the_command(environment, shadow, name):
    found = environment.run("tailbound", "theory", "prove", "P1", cwd=shadow(name))
    assert found.returncode == 0, found.stderr


@pytest.mark.parametrize("name", PACKAGES)
def test_a_module_of_another_project_that_is_found_first_is_named(environment, shadow, name):
    folder = shadow(name)
    found = environment.run("tailbound", "theory", "verify", PYTHONPATH=str(folder))
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.startswith(f"tailbound: {name}='{folder / name}")
    assert found.stderr.count("\n") == 1


def test_a_package_that_shadows_another_is_named_by_python_m_too(environment, shadow):
    found = environment.run("python", "-m", "figures", "theorem1", cwd=shadow("empirical"))
    assert (found.returncode, found.stderr.count("\n")) == (2, 1), found.stderr
    assert found.stderr.startswith("tailbound: empirical=")


def test_the_command_says_its_version(environment):
    assert environment.run("tailbound", "--version").stdout == f"tailbound {__version__}\n"
