# SPDX-License-Identifier: BSD-2-Clause
"""Plain trees as XML text, as docs/formats.md describes it."""

import contextlib
import math
import re
import secrets

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coma
from coma.archives.xmlarchive import dumps, loads
from coma.trees.equality import equal
from coma.trees.serializer import RecursiveSerializer

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,5}", fullmatch=True) | st.sampled_from(
    ["count", "item_version", "item", "größe", "class_name", "boost_serialization"]
)
TEXTS = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff") | st.sampled_from("\t\n\r")
)
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.sampled_from(["1", "nan", "1e5", " a", ""])
)
TREES = st.recursive(LEAVES, lambda t: st.lists(t, max_size=4) | st.dictionaries(NAMES, t, max_size=4), max_leaves=20)


@given(st.sampled_from(["measurement", "experiment", "a"]), TREES, st.booleans())
def test_any_tree_comes_back(root, tree, pretty):
    """Bits, types, order and every character are kept, indented or not."""
    assert equal(loads(dumps({root: tree}, pretty)), {root: tree})


def test_the_text_is_the_documented_one():
    """The plain form: no declaration, indent 2, a newline at the end, and class_name only where it is needed."""
    tree = {
        "measurement": {"info": {"measurement_id": 1}, "parameters": {"theta_0": -5.0, "sizes": [8, 16], "n": None}}
    }
    assert dumps(tree).decode() == (
        "<measurement>\n  <info>\n    <measurement_id>1</measurement_id>\n  </info>\n  <parameters>\n"
        "    <theta_0>-5.0</theta_0>\n    <sizes>\n      <count>2</count>\n      <item_version>0</item_version>\n"
        "      <item>8</item>\n      <item>16</item>\n    </sizes>\n    <n/>\n  </parameters>\n</measurement>\n"
    )


@pytest.mark.parametrize(
    ("value", "element"),
    [
        (True, '<x class_name="bool">1</x>'),
        ("", '<x class_name="str"></x>'),
        ("12", '<x class_name="str">12</x>'),
        ("a < b & c\r", '<x class_name="str">a &lt; b &amp; c&#13;</x>'),
        ("abc", "<x>abc</x>"),
        ({}, '<x class_name="dict"></x>'),
        (math.nan, "<x>NaN</x>"),
        (-math.inf, "<x>-Infinity</x>"),
        (1e300, "<x>1e+300</x>"),
    ],
)
def test_a_value_is_written_as_documented(value, element):
    """A class_name stands where the plain text would read back as another value."""
    assert dumps({"x": value}).decode() == element + "\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<x> 12\n</x>", 12),
        ("<x>+5</x>", 5),
        ("<x>1.</x>", 1.0),
        ("<x>.5e-3</x>", 0.5e-3),
        ("<x>iNf</x>", math.inf),
        ("<x>-nan</x>", math.nan),
        ("<x>12\nabc</x>", "12\nabc"),
        ("<x>1_000</x>", "1_000"),
        ("<x>٣</x>", "٣"),
        ("<x>0x10</x>", "0x10"),
        ("<x>True</x>", True),
        ("<x>true</x>", "true"),
        ("<x> a </x>", " a "),
        ("<x><!-- c -->5<!-- d --></x>", 5),
        ("<?xml version='1.0'?><x><?pi?><a>1</a></x>", {"a": 1}),
        (
            "<x><count>3</count><item_version>0</item_version><item>1</item></x>",
            {"count": 3, "item_version": 0, "item": 1},
        ),
        ("<x><![CDATA[<a>]]></x>", "<a>"),
    ],
)
def test_a_text_is_read_as_documented(text, value):
    """Numbers are recognised strictly, anything else is a string as it stands."""
    assert equal(loads(text.encode()), {"x": value})


@pytest.mark.parametrize(
    ("tree", "complaint"),
    [
        ({"a": {"b c": 1}}, r"key 'b c' in 'a' is no XML name"),
        ({"a": {"b": {"": 1}}}, r"key '' in 'a/b' is no XML name"),
        ({"a": {"1": 1}}, r"key '1' in 'a' is no XML name"),
        ({"a": {"x:y": 1}}, r"key 'x:y' in 'a' is no XML name"),
        ({"a": {"{u}y": 1}}, r"key '{u}y' in 'a' is no XML name"),
        ({"a/b": 1}, r"key 'a/b' in .* is no XML name"),
        ({"a": {"b": ["x", "y\0"]}}, r"'a/b/1' holds the character '\\x00'"),
        ({"a": "\ud800"}, r"'a' holds the character '\\ud800'"),
        ({"a": "\uffff"}, r"'a' holds the character '\\uffff'"),
        ({"a": 1, "b": 2}, r"XML holds one root, not \['a', 'b'\]"),
        ({}, r"XML holds one root, not \[\]"),
        ([1], r"XML holds one root, not a list"),
        (None, r"XML holds one root, not a NoneType"),
    ],
    ids=repr,
)
def test_what_xml_cannot_hold_is_named_with_its_path(tree, complaint):
    """The error says what to do instead."""
    with pytest.raises(coma.XMLArchiveError, match=complaint):
        dumps(tree)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (b"", "is not XML"),
        (b"<a>\n<b>\n</a>", r"is not XML: .*line \d"),
        (b"<a/>text", "is not XML: .*line 1"),
        (b"<a>\n\n<b/><b/></a>", r"element 'b' in line 3 stands twice in 'a'"),
        (b'<a>\n<b class_name="bool">2</b></a>', r"element 'b' in line 2 is '2'; a bool is 0 or 1"),
        (b"<a>&undefined;</a>", "is not XML|entit"),
        (b"<a>" * 100_000, "is not XML|nested"),
        (b"<a>" * 5000 + b"</a>" * 5000, "is not XML|nested"),
        (b"<a>" + b"1" * 5000 + b"</a>", "digits"),
        (b"<a>\xff</a>", "is not XML"),
        (b"<a>\x01</a>", "is not XML"),
    ],
    ids=lambda value: f"{value[:20]!r}{len(value)}",
)
def test_malformed_text_is_an_error_with_its_place(text, complaint):
    """The error names the file and the line."""
    with pytest.raises(coma.XMLArchiveError, match=f'"a.xml" .*(?:{complaint})'):
        loads(text, "a.xml")


@pytest.mark.parametrize("place", ["{secret}", "file://{secret}"])
@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY e SYSTEM "{place}">]><a><b>&e;</b></a>',
        '<!DOCTYPE a SYSTEM "{place}"><a><b>1</b></a>',
        '<!DOCTYPE a [<!ENTITY % p SYSTEM "{place}"> %p;]><a><b>1</b></a>',
        '<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{place}" parse="text"/></a>',
    ],
)
def test_nothing_outside_the_file_is_read(tmp_path, text, place):
    """A file that asks for another one is an error, or does not get it."""
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    found = []
    with contextlib.suppress(coma.XMLArchiveError):
        found.append(loads(text.replace("{place}", place.replace("{secret}", str(secret))).encode()))
    assert "the secret" not in repr(found)


def test_entities_are_not_expanded():
    """A billion laughs are an error at once."""
    lines = ["<!DOCTYPE a [", '<!ENTITY l0 "ha">']
    lines += [f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10)]
    with pytest.raises(coma.XMLArchiveError):
        loads("\n".join([*lines, "]><a>&l9;</a>"]).encode())


@pytest.mark.parametrize("digits", ["612345678901234e", "0123456789012345", "e123456789012345"])
def test_an_array_comes_back_whatever_its_name_while_it_is_read(monkeypatch, digits):
    """Long arrays are parsed apart; the random name that stands for one meanwhile may look like a number."""
    tree = {"x": np.linspace(0.1, 1, 1000)}
    monkeypatch.setattr(secrets, "token_hex", lambda _: digits)
    assert equal(loads(dumps(RecursiveSerializer().encode(tree))), tree)


def test_a_number_has_every_digit():
    """Doubles read back equal, and are written in the shortest way."""
    text = dumps({"x": [0.1, 1 / 3, 5e-324, 1.7976931348623157e308]}).decode()
    assert re.findall(r"<item>(.*)</item>", text) == ["0.1", "0.3333333333333333", "5e-324", "1.7976931348623157e+308"]


@pytest.mark.parametrize("kind", [None, "mine", "numpy.ndarrays"])
def test_a_list_that_stands_beside_a_dtype_is_a_list(kind):
    """Only what is marked as an array of numpy is one."""
    tree = {
        "x": {
            **({"__type__": kind} if kind else {}),
            "shape": [300],
            "dtype": "float64",
            "list": [i / 7 for i in range(300)],
        }
    }
    assert equal(loads(dumps({"a": tree})), {"a": tree})


def test_a_comma_within_an_item_parts_no_numbers():
    """It is no number, and stays what it is."""
    text = dumps(RecursiveSerializer().encode({"x": np.linspace(0.1, 1, 1000)})).replace(
        b"<item>0.1</item>", b"<item>1,2</item>"
    )
    with pytest.raises(coma.XMLArchiveError, match="damaged numpy"):
        loads(
            text.replace(b"<count>1000</count>", b"<count>1001</count>").replace(
                b"<item>1.0</item>", b"<item>1.0</item><item>1.0</item>"
            )
        )
