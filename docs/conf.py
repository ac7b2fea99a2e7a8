# SPDX-License-Identifier: BSD-2-Clause
"""How the documentation is built: ``sphinx-build -n -W docs build/docs``."""

from __future__ import annotations

import concurrent.futures
import importlib.metadata
import inspect
import typing
from collections.abc import Callable

import numpy as np

import coma.results.results

if typing.TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "Coma"
author = "The Coma developers"
copyright = author
release = version = importlib.metadata.version("coma-toolkit")

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"Coma {release}"

nb_execution_mode = "off"  # the stored outputs are shown; the tests hold them to what the notebooks print
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

autodoc_typehints = "description"  # beside what the docstring says of each parameter
autodoc_typehints_description_target = "documented_params"
autodoc_member_order = "bysource"
napoleon_use_ivar = True
# no inventories: the docs build without a network
nitpick_ignore_regex = [("py:class", r"(collections|concurrent|contextlib|matplotlib|numpy|os|pandas|xarray)\..*")]
add_module_names = False
default_role = "code"  # Python's docstrings put names between single backquotes

concurrent.futures.Executor.__module__ = "concurrent.futures"  # where users find it
coma.results.results.Array = np.ndarray  # and not np.ndarray[Any, Any]


def show_types(_app: Sphinx, function: Callable[..., object], _is_bound: bool) -> None:
    """Put what annotations mean in place of names that one module knows; that None or anything is returned goes unsaid."""
    function = inspect.unwrap(getattr(function, "__func__", function))
    if not function.__module__.startswith("coma"):  # of a named tuple
        return
    hints = typing.get_type_hints(function)
    if hints.get("return") in (type(None), typing.Any):
        del hints["return"]
    function.__annotations__ = hints


def setup(app: Sphinx) -> None:
    """Tell Sphinx of it."""
    app.connect("autodoc-before-process-signature", show_types)
