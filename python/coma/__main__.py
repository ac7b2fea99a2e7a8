# SPDX-License-Identifier: BSD-2-Clause
"""``python -m coma`` is the command ``coma``."""

from __future__ import annotations

import sys

from coma.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
