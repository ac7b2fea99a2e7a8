# SPDX-License-Identifier: BSD-2-Clause
"""When two parameter values are the same value."""

import enum
import itertools
import math
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path, PurePath

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coma import ParameterSet
from coma.parameters.parameterset import Definition
from coma.trees.identity import candidates, exact, key, neighbours, same


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1, 1.0),
        (-0.0, 0.0),
        (math.nan, -math.nan),
        ((1, 2), [1, 2]),
        (np.float64(0.5), 0.5),
        (np.float32(0.5), 0.5),
        (np.int8(3), 3),
        (np.bool_(True), True),
        (np.array([1, 2]), [1.0, 2.0]),
        (np.array(2.0), 2),
        (0.1 + 0.2, 0.3),
        (0.1 * 3 / 0.3, 1),
        ([0.1 + 0.2], [0.3]),
        ({"a": 0.1 + 0.2, "b": [1]}, {"b": (1,), "a": 0.3}),
        (2**50, float(2**50)),
        (10**18, 1e18),
        (3.8430716821e17, 3.8430716821e17 * 3 / 3),
        (1 + 0j, complex(1)),
        (date(2024, 1, 1), date(2024, 1, 1)),
        (b"a", b"a"),
        (math.inf, np.inf),
    ],
)
def test_the_same_value(a, b):
    """Values that differ in type or in rounding noise only have one key."""
    assert key(a) == key(b)
    assert hash(key(a)) == hash(key(b))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1, True),
        (0, False),
        (1, "1"),
        (None, "None"),
        (None, 0),
        (math.nan, None),
        (math.nan, "nan"),
        (math.inf, -math.inf),
        ((1, 2), (2, 1)),
        ((1, (2, 3)), (1, 2, 3)),
        ([], None),
        ([], {}),
        ("ab", ["a", "b"]),
        ("a", b"a"),
        (1e-300, 0.0),
        (2**70, 2**70 + 1),
        (0.1, 0.10000001),
        ({"a": 1}, {"b": 1}),
        (1j, 1),
        (1.5, "1.5"),
    ],
)
def test_other_values(a, b):
    """Values that mean something else have other keys."""
    assert key(a) != key(b)


def test_digits_say_how_exact():
    """Fewer digits unite more; None unites only equal floats."""
    assert key(1.2345, 3) == key(1.2349, 3)
    assert key(0.1 + 0.2, None) != key(0.3, None)
    assert key(1, None) == key(1.0, None)


@given(st.floats(1e-300, 1e11), st.integers(-2, 2))
def test_a_value_meets_what_differs_by_rounding_noise(value, ulps):
    """Also across the edge of a rounding. Large integers are compared exactly, so that this holds below 1e11."""
    other = value
    for _ in range(abs(ulps)):
        other = math.nextafter(other, math.inf * ulps)
    assert key(other) in set(neighbours(value))


@given(st.integers(2, 10**11), st.integers(-12, 12))
def test_a_decimal_equals_what_arithmetic_makes_of_it(digits, exponent):
    """A number of few digits is the same value as when multiplied and divided again."""
    value = float(f"{digits}e{exponent}")
    assert key(value * 3 / 3) in set(neighbours(value))


def test_long_lists_of_edges_end():
    """The number of neighbours is limited, whatever the value is."""
    edge = 1.0000000000005
    assert len(list(neighbours([edge] * 1000))) <= 64


@given(
    st.lists(st.floats() | st.integers(2**53 - 2, 2**64) | st.just(1234567890123456768.0), max_size=3),
    st.integers(1, 17),
)
def test_what_is_exactly_the_same_has_the_same_key(values, digits):
    """So that a quick look by `exact` decides as a look by keys would."""
    others = [
        float(value) if isinstance(value, int) else int(value) if value.is_integer() else value for value in values
    ]
    if exact(values) is not None and exact(values) == exact(others):
        assert [key(value, digits) for value in values] == [key(value, digits) for value in others]


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 17) | st.none())
def test_several_values_have_the_candidates_that_each_has(value, digits):
    """The quick way gives the same as the thorough one."""
    found = candidates([value, "a"], [digits, digits])
    assert found[0] == (key(value, digits), "a")
    assert set(found) == {(one, "a") for one in neighbours(value, digits)}


class Number(enum.IntEnum):
    """A number with a name."""

    THREE = 3


class Word(enum.StrEnum):
    """A word with a name."""

    A = "a"


class Length(float):
    """A float of another class."""


EAST = timezone(timedelta(hours=1))
NOON = datetime(2024, 1, 2, 12, 0, 0, 5)
ZONED = NOON.replace(tzinfo=UTC)
ONE_POINT = [  # each line is one point in several forms, and another point than the other lines
    [3, 3.0, Number.THREE, np.int8(3), np.float32(3), Length(3), np.longdouble(3), np.array(3)],
    [0.5, np.float16(0.5), Length(0.5), np.longdouble("0.5"), np.array(0.5)],
    [0.3, 0.1 + 0.2, np.longdouble("0.3"), Length(0.3)],
    [True, np.bool_(True)],
    ["a", Word.A, np.str_("a")],
    [b"a", np.bytes_(b"a")],
    [None],
    [math.nan, np.longdouble("nan"), Length("nan")],
    [math.inf, np.longdouble("inf")],
    [1e300, np.longdouble("1e300")],
    [np.longdouble("1e400")],
    [np.longdouble("-1e400")],
    [0.5j, np.complex64(0.5j), np.clongdouble(0.5j)],
    [(3, "a"), [Number.THREE, Word.A], (3.0, "a")],
    [(0.5, 3), np.array([0.5, 3]), np.array([0.5, 3], np.longdouble)],
    [{"a": 3}, {Word.A: Number.THREE}],
    [date(2024, 1, 2), np.datetime64("2024-01-02"), np.array("2024-01-02", "M8[D]")],
    [NOON, NOON.replace(fold=1), pd.Timestamp(NOON), np.datetime64(NOON), np.datetime64(NOON, "ns")],
    [ZONED, ZONED.astimezone(EAST), pd.Timestamp(ZONED), pd.Timestamp(ZONED).tz_convert(EAST)],
    [np.datetime64(1, "ns"), np.datetime64(1000, "ps"), np.array(1, "M8[ns]")],
    [np.datetime64(1, "ps")],
    [timedelta(seconds=1), np.timedelta64(1, "s"), np.timedelta64(10**9, "ns"), pd.Timedelta(1, "s")],
    [np.timedelta64(1, "ns"), np.timedelta64(1000, "ps")],
    [np.timedelta64(1, "Y"), np.timedelta64(12, "M")],
    [np.timedelta64(7, "M")],
    [(1, 2), np.array([1, 2])],
    [np.array([1, 2], "M8[ns]")],
    [np.array([1, 2], "m8[ns]")],
    [(timedelta(seconds=1), timedelta(seconds=2)), np.array([1, 2], "m8[s]")],
    [np.datetime64("NaT"), np.datetime64("NaT", "ns")],
    [np.timedelta64("NaT"), np.timedelta64("NaT", "s")],
    [Path("a/b"), PurePath("a/b")],
    [1],
]


def seed(value, digits=12):
    """Return the seed of the point that has this value."""
    return ParameterSet(Definition([("x", "parameters/x")], digits), [value]).seed


def test_what_is_one_point_has_one_seed_and_no_other_point_has_it():
    """Over every kind of value, in all forms that are equal as parameters."""
    forms = [(line, value) for line, values in enumerate(ONE_POINT) for value in values]
    for (line, a), (other, b) in itertools.product(forms, repeat=2):
        assert (key(a) == key(b)) == same(a, b) == (line == other), (a, b)
        assert (seed(a) == seed(b)) == (line == other), (a, b)


@given(
    st.integers(1, 10**12), st.integers(-20, 20), st.integers(-4, 4), st.integers(-4, 4), st.sampled_from([3, 6, 12])
)
def test_noise_at_the_edge_of_a_rounding_does_not_change_the_seed(number, exponent, left, right, digits):
    """A decimal with one digit more than count, of which the last is 5, comes out of arithmetic on either side."""
    edge = float(f"{str(number)[:digits].ljust(digits, '1')}5e{exponent}")
    a, b = edge * (1 + left * 2.0**-52), edge * (1 + right * 2.0**-52)
    if same(a, b, digits):
        assert seed(a, digits) == seed(b, digits)
        assert seed([a, 1], digits) == seed((b, 1), digits)


SEEDS = {
    -5.0: 12666330983419479828,
    0.1: 3185137426365332600,
    0: 448378874682596074,
    3: 7798349080639053299,
    1180591620717411303424: 2057416724081711595,
    True: 11993115736606559761,
    "a": 5769464598246243493,
    "": 2579534964471636011,
    None: 1456921817850469709,
    1e300: 12503589182259885833,
    0.30000000000000004: 16262351752351578592,
    (1.5 + 2j): 7361892143577233407,
    b"ab": 10792226795693285465,
    (1, 2.5): 225842475296821811,
    "ü": 9346603055249389689,
}


def test_seeds_are_those_of_earlier_versions():
    """What a seed is made of must not change: results of years ago are to be made again."""
    assert [seed(value) for value in SEEDS] == list(SEEDS.values())
    assert ParameterSet.of(n=[0.1, None], s={"a": 2}).seed == 13322869566265843336
    others = {"d": date(2024, 1, 2), "t": datetime(2024, 1, 2, 3), "p": Path("a"), "a": np.array([[1.5, 2], [3, 4]])}
    assert ParameterSet.of(**others).seed == 7578814768476272328
