# SPDX-License-Identifier: BSD-2-Clause
"""Libraries that Coma can do without."""

from __future__ import annotations

import importlib
from typing import Any

from coma.errors import ExperimentError


def load(module: str, extra: str, what: str) -> Any:
    """Return a module for `what`, a method.

    Raises
    ------
    ExperimentError
        If it is not installed; the error says how to install it.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        name = module.partition(".")[0]
        raise ExperimentError(f"{what} needs {name}: pip install 'coma-toolkit[{extra}]'") from None
