"""How the documentation is built: ``make docs``."""

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
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
