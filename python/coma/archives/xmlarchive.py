# SPDX-License-Identifier: BSD-2-Clause
"""Plain trees as XML text: the form that Coma 2.0 and Boost (with ``no_header``) read, made lossless."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from coma.archives import boostxml
from coma.archives.xmlparser import BLANKS, Misfit, describe, parse, syntax_error
from coma.errors import SerializerError, XMLArchiveError
from coma.trees import types

SUFFIX = "xml"
_KIND = "class_name"
_COUNT, _VERSION, _ITEM = "count", "item_version", "item"
_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_FLOAT = re.compile(
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|nan|inf|infinity)", re.ASCII | re.IGNORECASE
)
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BOOLS = {"True": True, "False": False}  # as Coma 2.0 wrote them


def dumps(tree: dict[str, Any], pretty: bool = True) -> bytes:
    """Return a plain tree with one root as UTF-8 XML.

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
    if len(tree) != 1:
        raise XMLArchiveError(f"XML holds one root, this tree has {len(tree)}: {list(tree)}")
    (name, content), *_ = tree.items()
    root = _element(name, ())
    _fill(root, content, (name,))
    return etree.tostring(root, pretty_print=pretty, encoding="UTF-8") + (b"" if pretty else b"\n")


def loads(text: bytes, name: str = "XML text") -> dict[str, Any]:
    """Return the tree that XML text holds, with arrays and registered types in place.

    Entities are not expanded, and nothing is fetched.

    Raises
    ------
    XMLArchiveError
        If it is not XML, with the line; or an element fits neither a value, a list nor a dictionary.
    """
    try:
        roots = parse(text)
        if len(roots) != 1 or _is_boost(roots[0]):
            return boostxml.loads(text, name)
        return {str(roots[0].tag): _value(roots[0])}
    except etree.XMLSyntaxError as error:
        raise syntax_error(name, error) from None
    except RecursionError:
        raise XMLArchiveError(f'"{name}" is nested too deeply') from None
    except (Misfit, SerializerError, ValueError) as error:
        raise XMLArchiveError(f'"{name}" cannot be read: {error}') from None


def _is_boost(root: etree._Element) -> bool:
    return root.getparent() is not None or root.get("class_id") is not None


def _value(element: etree._Element) -> Any:
    kind = element.get(_KIND)
    if len(element):
        return _children(element, kind)
    text = element.text or ""
    if kind == "str":
        return text
    if kind == "dict":
        return {}
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


def _children(element: etree._Element, kind: str | None) -> Any:
    if kind != "dict" and _is_list([child.tag for child in element], element[0].text):
        return [_value(child) for child in list(element)[2:]]
    state: dict[str, Any] = {}
    for child in element:
        if not isinstance(child.tag, str):
            raise Misfit(f"{describe(element)} refers to an entity, which Coma never expands")
        if child.tag in state:
            raise Misfit(f"{describe(child)} stands twice in {element.tag!r}")
        state[child.tag] = _value(child)
    return types.restore(state) if types.TYPE in state else state


def _is_list(names: list[Any], count: str | None) -> bool:
    return (
        names[:2] == [_COUNT, _VERSION]
        and all(name == _ITEM for name in names[2:])
        and (count or "").strip(BLANKS) == str(len(names) - 2)
    )


def _fill(element: etree._Element, node: Any, path: tuple[str, ...]) -> None:
    if isinstance(node, dict):
        _fill_dict(element, node, path)
    elif isinstance(node, list):
        _fill_list(element, node, path)
    elif isinstance(node, str):
        _fill_string(element, node, path)
    elif isinstance(node, bool):
        element.set(_KIND, "bool")
        element.text = "1" if node else "0"
    elif node is not None:
        element.text = _number(node)


def _number(value: float) -> str:
    return repr(value).replace("nan", "NaN").replace("inf", "Infinity")


def _fill_dict(element: etree._Element, node: dict[str, Any], path: tuple[str, ...]) -> None:
    if not node or _is_list(list(node), str(node.get(_COUNT))):
        element.set(_KIND, "dict")
        element.text = None if node else ""
    for name, item in node.items():
        child = _element(name, path)
        element.append(child)
        _fill(child, item, (*path, name))


def _fill_list(element: etree._Element, items: list[Any], path: tuple[str, ...]) -> None:
    etree.SubElement(element, _COUNT).text = str(len(items))
    etree.SubElement(element, _VERSION).text = "0"
    for i, item in enumerate(items):
        _fill(etree.SubElement(element, _ITEM), item, (*path, str(i)))


def _fill_string(element: etree._Element, text: str, path: tuple[str, ...]) -> None:
    bad = _FORBIDDEN.search(text)
    if bad:
        raise XMLArchiveError(
            f"{'/'.join(path)!r} holds the character {bad.group()!r}, which XML cannot; store it as JSON or leave it out"
        )
    if text != text.strip(BLANKS) or not isinstance(_scalar(text), str):
        element.set(_KIND, "str")
    element.text = text


def _element(name: str, path: tuple[str, ...]) -> etree._Element:
    try:
        if ":" not in name and "{" not in name:
            return etree.Element(name)
    except ValueError:
        pass
    raise XMLArchiveError(
        f"key {name!r} in {'/'.join(path) or 'the root'!r} is no XML name, which starts with a letter or _ and goes on "
        "with letters, digits, _ - and .; rename it, or store it as JSON"
    )
