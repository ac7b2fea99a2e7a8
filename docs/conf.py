# SPDX-License-Identifier: BSD-2-Clause
"""How the documentation is built: ``sphinx-build -n -W docs build/docs``."""

import importlib.metadata

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

autodoc_typehints = "none"  # the docstrings say it in words
autodoc_member_order = "bysource"
napoleon_use_ivar = True
# no inventories: the docs build without a network
nitpick_ignore = [("py:class", name) for name in ("matplotlib.axes.Axes", "numpy.ndarray", "xarray.Dataset")]
add_module_names = False
default_role = "code"  # Python's docstrings put names between single backquotes
