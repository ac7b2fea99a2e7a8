# SPDX-License-Identifier: BSD-2-Clause
"""What may have been meant by a name that is unknown."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def suggestion(name: object, known: Iterable[str]) -> str:
    """Return the end of an error's sentence: the nearest of the known names, or all of them.

    Examples
    --------
    >>> suggestion('theta_o', ['theta_0', 'L']), suggestion('l', ['theta_0', 'L']), suggestion('x', ['theta_0', 'L'])
    ("; did you mean 'theta_0'?", "; did you mean 'L'?", "; there is 'theta_0', 'L'")
    >>> suggestion('label', ['parameters/B', 'results/label'])
    "; did you mean 'results/label'?"
    """
    names = list(dict.fromkeys(known))
    sought = str(name).casefold()
    same = [known for known in names if sought in (known.casefold(), known.casefold().rpartition("/")[2])]
    near = same or difflib.get_close_matches(str(name), names, 1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; there is {', '.join(map(repr, names)) or 'none'}"
