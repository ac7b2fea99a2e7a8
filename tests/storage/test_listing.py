# SPDX-License-Identifier: BSD-2-Clause
"""The listing of a directory: ids and paths as the names say, in order, whatever else lies there."""

import os

from hypothesis import given
from hypothesis import strategies as st

from coma.storage.listing import Listing
from coma.storage.names import Names

NAMES = Names("measurement.${measurement_id}")
IDS = st.integers(0, 30) | st.integers(10**6 - 3, 10**6 + 3) | st.integers(2**61 - 2, 2**64 + 2)
FILES = st.builds(
    lambda number, width, suffix: f"measurement.{number:0{width}d}.{suffix}",
    IDS,
    st.integers(5, 8),
    st.sampled_from(["json", "xml", "npy", "json.backup"]),
) | st.sampled_from(["measurement.index.json", "measurement.none.json", "measurement.000001..json", "x"])


@given(st.sets(FILES), st.none() | IDS)
def test_a_listing_is_what_the_names_say(tmp_path_factory, names, last):
    """Usual and unusual names, several files of one id, ids of any size; all of them or those up to one."""
    directory = str(tmp_path_factory.mktemp("listed"))
    for name in names:
        open(os.path.join(directory, name), "w").close()
    expected: dict[int, list[str]] = {}
    for name in sorted(names):
        number = NAMES.id(name)
        if number is not None and (last is None or number <= last):
            expected.setdefault(number, []).append(os.path.join(directory, name))
    listing = Listing.of(directory, NAMES)
    listing = listing if last is None else listing.up_to(last)
    assert list(listing.items()) == sorted(expected.items())
    assert list(listing.values()) == [paths for _, paths in sorted(expected.items())]
    assert len(listing) == len(expected)
    assert listing.last == max(expected, default=0)
