# SPDX-License-Identifier: BSD-2-Clause
"""Plain trees as XML text: the form that Coma 2.0 and Boost (with ``no_header``) read, made lossless."""

from __future__ import annotations

import functools
import re
from typing import Any, NamedTuple

from lxml import etree

from coma.archives import boostxml
from coma.archives.xmlnumbers import Numbers
from coma.archives.xmlparser import BLANKS, Misfit, describe, parse, refuse_text, syntax_error
from coma.errors import SerializerError, XMLArchiveError
from coma.trees import types
from coma.trees.attachment import NO_PLACE
from coma.trees.serializer import MOST_LEVELS, is_deeper

SUFFIX = "xml"
_KIND = "class_name"
_COMA = "coma"
_MARK = 'class_id="0" class_name="coma" tracking_level="0" version="0"'
_HEADER = """<?xml version="1.0" encoding="UTF-8" standalone="yes" ?>
<!DOCTYPE boost_serialization>
<boost_serialization signature="serialization::archive" version="18">"""
_TRAILER = "\n</boost_serialization>\n"
_COUNT, _VERSION, _ITEM = "count", "item_version", "item"
_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_FLOAT = re.compile(
    r"[+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|nan|inf|infinity)", re.ASCII | re.IGNORECASE
)
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPECIAL = re.compile("[&<>\r]")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_BOOLS = {"True": True, "False": False}  # as Coma 2.0 wrote them


class _Form(NamedTuple):
    """How XML is laid out and spelled."""

    newline: str
    indent: str
    none: str
    nonfinite: dict[str, str]


_COMA_NUMBERS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
_PLAIN = _Form("\n", "  ", "<{0}/>", _COMA_NUMBERS)
_COMPACT = _Form("", "", "<{0}/>", _COMA_NUMBERS)
_BOOST = _Form("\n", "\t", '<{0} class_name="none"></{0}>', {name: name for name in _COMA_NUMBERS})


def dumps(tree: Any, pretty: bool = True, boost: bool = False) -> bytes:
    """Return a plain tree with one root as UTF-8 XML; with `boost`, in the full form of Boost's archives.

    Raises
    ------
    XMLArchiveError
        If the tree has more than one root, or a key or string that XML cannot hold; the error names its path.

    Examples
    --------
    >>> print(dumps({'results': {'t': 1.5, 'name': '12', 'n': [1]}}).decode(), end='')
    <results>
      <t>1.5</t>
      <name class_name="str">12</name>
      <n>
        <count>1</count>
        <item_version>0</item_version>
        <item>1</item>
      </n>
    </results>
    """
    name, content = _root(tree)
    try:
        return _written(name, content, pretty, boost)
    except RecursionError:
        raise XMLArchiveError(f"{name!r} is nested too deeply for XML") from None
    except ValueError as error:  # an integer of more digits than Python prints
        raise XMLArchiveError(f"{name!r} cannot be stored in XML: {error}") from None


def _written(name: str, content: Any, pretty: bool, boost: bool) -> bytes:
    if boost and (not isinstance(content, dict) or not content or _looks_like_list(content)):
        raise XMLArchiveError(f"the full form of Boost holds a struct; {name!r} is no dictionary that looks like one")
    form = _BOOST if boost else _PLAIN if pretty else _COMPACT
    text = _element(_checked_name(name, ()), content, (name,), form, form.newline)
    if boost:
        text = _HEADER + text.replace(f"<{name}", f"<{name} {_MARK}", 1) + _TRAILER
    return text.removeprefix("\n").encode() + b"\n"


def loads(text: bytes, name: str = "XML text", restore: types.Restore = types.restore) -> dict[str, Any]:
    """Return the tree that XML text holds, with arrays and registered types in place.

    Entities are not expanded, and nothing is fetched.

    Parameters
    ----------
    text
        UTF-8, or in the encoding that it declares.
    name
        What errors call the text; its file, say.
    restore
        Returns what a dictionary with a ``__type__`` stands for.

    Raises
    ------
    XMLArchiveError
        If it is not XML, with the line; or an element fits neither a value, a list nor a dictionary.
    """
    try:
        tree = _read(text, name, restore)
        if text.count(b"</") > MOST_LEVELS and is_deeper(tree):
            raise RecursionError
        return tree
    except etree.XMLSyntaxError as error:
        raise syntax_error(name, error) from None
    except RecursionError:
        raise XMLArchiveError(f'"{name}" is nested too deeply') from None
    except (Misfit, SerializerError, ValueError) as error:
        raise XMLArchiveError(f'"{name}" cannot be read: {error}') from None


def _read(text: bytes, name: str, restore: types.Restore) -> dict[str, Any]:
    numbers = Numbers()

    def restored(state: dict[str, Any]) -> Any:
        items = state.get("list")
        array = numbers.find(items) if isinstance(items, str) else None
        return restore(state if array is None else {**state, "list": array})

    try:
        roots = parse(numbers.take_out(text))
    except etree.XMLSyntaxError:  # whose line must be that of the whole text
        roots = parse(text)
    if len(roots) != 1 or _is_boost(roots[0]):
        return boostxml.loads(text, name)
    return {str(roots[0].tag): _value(roots[0], restored)}


def _is_boost(root: etree._Element) -> bool:
    return root.get(_KIND) != _COMA and (root.getparent() is not None or root.get("class_id") is not None)


def _value(element: etree._Element, restore: types.Restore) -> Any:
    kind = element.get(_KIND)
    if len(element):
        return _children(element, kind, restore)
    text = element.text or ""
    if kind == "str":
        return text
    if kind == "dict":
        return {}
    if kind == "none":
        return None
    if kind == "bool":
        return _bool(element, text.strip(BLANKS))
    return _scalar(text)


def _scalar(text: str) -> Any:
    if not text:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    number = text.strip(BLANKS)
    if _INTEGER.fullmatch(number):
        return int(number)
    return float(number) if _FLOAT.fullmatch(number) else text


def _bool(element: etree._Element, text: str) -> bool:
    if text not in ("0", "1"):
        raise Misfit(f"{describe(element)} is {text!r}; a bool is 0 or 1")
    return text == "1"


def _children(element: etree._Element, kind: str | None, restore: types.Restore) -> Any:
    refuse_text(element)
    if kind != "dict" and _is_list([child.tag for child in element], element[0].text):
        return [_value(child, restore) for child in list(element)[2:]]
    state: dict[str, Any] = {}
    for child in element:
        if not isinstance(child.tag, str):
            raise Misfit(f"{describe(element)} refers to an entity, which Coma never expands")
        if child.tag in state:
            raise Misfit(f"{describe(child)} stands twice in {element.tag!r}")
        state[child.tag] = _value(child, restore)
    return restore(state) if types.TYPE in state else state


def _is_list(names: list[Any], count: str | None) -> bool:
    return (
        names[:2] == [_COUNT, _VERSION]
        and all(name == _ITEM for name in names[2:])
        and (count or "").strip(BLANKS) == str(len(names) - 2)
    )


def _looks_like_list(node: dict[str, Any]) -> bool:
    """Tell whether a dictionary would be read as a list, unless it is marked."""
    count = node.get(_COUNT)
    return _is_list(list(node), f"{count:d}" if isinstance(count, bool) else str(count))


def _root(tree: Any) -> tuple[str, Any]:
    if not isinstance(tree, dict) or len(tree) != 1:
        found = list(tree) if isinstance(tree, dict) else f"a {type(tree).__name__}"
        raise XMLArchiveError(f"XML holds one root, not {found}")
    return next(iter(tree.items()))


def _element(name: str, node: Any, path: tuple[str, ...], form: _Form, start: str) -> str:
    """Return an element as text; `start` is the newline and indent before it."""
    if isinstance(node, dict):
        kind = ' class_name="dict"' if not node or _looks_like_list(node) else ""
        body = "".join(
            _element(_checked_name(key, path), item, (*path, key), form, start + form.indent)
            for key, item in node.items()
        )
        return f"{start}<{name}{kind}>{body}{start if body else ''}</{name}>"
    if isinstance(node, list):
        return f"{start}<{name}>{_items(node, path, form, start + form.indent)}{start}</{name}>"
    if isinstance(node, str):
        return f"{start}<{name}{_mark(node)}>{_escaped(node, path)}</{name}>"
    if isinstance(node, bool):
        return f'{start}<{name} class_name="bool">{node:d}</{name}>'
    if node is None:
        return start + form.none.format(name)
    if isinstance(node, tuple):
        raise XMLArchiveError(f"{'/'.join(path)!r}: {NO_PLACE}")
    return f"{start}<{name}>{_number(node, form)}</{name}>"


def _items(items: list[Any], path: tuple[str, ...], form: _Form, start: str) -> str:
    head = f"{start}<{_COUNT}>{len(items)}</{_COUNT}>{start}<{_VERSION}>0</{_VERSION}>"
    if set(map(type, items)) == {float}:
        between = f"</{_ITEM}>{start}<{_ITEM}>"
        return f"{head}{start}<{_ITEM}>{between.join(_number(item, form) for item in items)}</{_ITEM}>"
    return head + "".join(_element(_ITEM, item, (*path, str(i)), form, start) for i, item in enumerate(items))


def _number(value: float, form: _Form) -> str:
    text = repr(value)
    return text if text[-1] not in "nf" else form.nonfinite[text]


def _mark(text: str) -> str:
    return ' class_name="str"' if text != text.strip(BLANKS) or not isinstance(_scalar(text), str) else ""


def _escaped(text: str, path: tuple[str, ...]) -> str:
    bad = _FORBIDDEN.search(text)
    if bad:
        raise XMLArchiveError(
            f"{'/'.join(path)!r} holds the character {bad.group()!r}, which XML cannot; store it as JSON or leave it out"
        )
    return text.translate(_ESCAPES) if _SPECIAL.search(text) else text


def _checked_name(name: str, path: tuple[str, ...]) -> str:
    if not _is_name(name):
        raise XMLArchiveError(
            f"key {name!r} in {'/'.join(path) or 'the root'!r} is no XML name, which starts with a letter or _ and goes "
            "on with letters, digits, _ - and .; rename it, or store it as JSON"
        )
    return name


@functools.lru_cache(maxsize=4096)
def _is_name(name: str) -> bool:
    try:
        return ":" not in name and "{" not in name and etree.Element(name) is not None
    except ValueError:
        return False
