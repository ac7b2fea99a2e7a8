# SPDX-License-Identifier: BSD-2-Clause
"""A progress bar on a terminal or in a notebook, silence elsewhere."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

from tqdm.std import tqdm


def bar(total: int, show: bool | None = None) -> tqdm[Any]:
    """Return a tqdm bar.

    Parameters
    ----------
    total
        How many steps it has.
    show
        True, False, or None: where a person sees it.
    """
    if _in_notebook() and importlib.util.find_spec("ipywidgets"):
        from tqdm.notebook import tqdm as notebook_bar

        return notebook_bar(total=total, disable=show is False)
    visible = sys.stderr.isatty() or _in_notebook() if show is None else show
    return tqdm(total=total, disable=not visible, leave=True)


def _in_notebook() -> bool:
    return getattr(_ipython(), "kernel", None) is not None


def _ipython() -> Any:
    module = sys.modules.get("IPython")
    return module.get_ipython() if module else None
