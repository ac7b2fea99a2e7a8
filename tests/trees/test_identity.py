# SPDX-License-Identifier: BSD-2-Clause
"""When two parameter values are the same value."""

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coma.trees.identity import candidates, exact, key, neighbours


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
