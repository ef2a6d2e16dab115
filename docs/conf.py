"""How the documentation is built: ``make docs``."""

import runpy
from pathlib import Path

from theory import __version__

project = "tailbound"
author = "the tailbound developers"
release = version = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.apidoc",
    "sphinx.ext.autodoc",
    "sphinx-mathjax-offline",  # formulas without a network
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
exclude_patterns = ["_build", "api/*/modules.rst"]
html_theme = "furo"
html_title = f"tailbound {version}"

apidoc_modules = [
    {"path": f"../{package}", "destination": f"api/{package}", "module_first": True, "separate_modules": True}
    for package in ("theory", "empirical", "figures")
]
autodoc_default_options = {
    "ignore-module-all": True,
    "exclude-members": "get_context, kurtosis, skew",
}  # what a module re-exports is documented at its home
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_preserve_defaults = True
myst_enable_extensions = ["dollarmath"]
suppress_warnings = ["ref.python"]  # a short name in an annotation, such as Row, that several modules have
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True


def setup(app):
    """Write the page of files and columns before the pages are read."""
    app.connect("builder-inited", write_columns)


def write_columns(app):
    """Write the page that is generated from the row classes."""
    page = runpy.run_path(str(Path(__file__).with_name("columns.py")))["page"]()
    target = Path(app.srcdir) / "api" / "columns.md"
    target.parent.mkdir(exist_ok=True)
    target.write_text(page, encoding="utf-8")
