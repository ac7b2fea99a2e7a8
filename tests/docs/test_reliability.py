# SPDX-License-Identifier: BSD-2-Clause
"""The page on reliability names tests that there are."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "reliability.md"


def test_each_row_of_the_table_names_tests_that_there_are():
    """By the module, and by how the name of the test begins or what it contains."""
    table = PAGE.read_text().partition("## Faults and outcomes")[2].partition("\n\nThe kill tests")[0]
    rows = [row.rpartition(" | ")[2] for row in table.splitlines()[4:]]
    assert len(rows) > 20
    for row in rows:
        known = ""
        named = re.findall(r"`(\w+(?:\.py)?)`", row)
        assert named, row
        for name in named:
            if name.endswith(".py"):
                (path,) = TESTS.rglob(name)
                known = path.read_text()
            else:
                assert re.search(rf"def test_\w*{name}", known), name
