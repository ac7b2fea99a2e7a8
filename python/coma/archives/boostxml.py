# SPDX-License-Identifier: BSD-2-Clause
"""Archives that real Boost wrote, read into plain trees without knowing the classes."""

from __future__ import annotations

import base64
import os
import re
from typing import Any

from lxml import etree

from coma import files
from coma.archives.xmlparser import Misfit, describe, parse, refuse_text, syntax_error
from coma.errors import XMLArchiveError
from coma.trees.serializer import MOST_LEVELS, is_deeper

_ITEM = "item"
_COUNTS = (("count", "item_version"), ("count", "bucket_count", "item_version"), ("count",))
_WRAPPERS = ("px", "tx", "scoped_ptr", "weak_ptr")
_POINTER = ("class_id", "class_id_reference", "object_id", "object_id_reference")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)", re.ASCII)
_FLOAT = re.compile(
    r"[+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|nan|inf|infinity)", re.ASCII | re.IGNORECASE
)
_BINARY = re.compile(r"\n((?:[A-Za-z0-9+/]{76}\n)*[A-Za-z0-9+/]+={0,2}\n)\t*", re.ASCII)
_COMMA = re.compile(rb">-?[0-9],[0-9]{9,}e[+-][0-9]{2,}<")
_GROUPED = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{3})+|-?[0-9],[0-9]{9,}e[+-][0-9]+", re.ASCII)
_OPEN = object()
MOST_COPIES = 1_000_000  # values of objects that are pointed to again


def load_boost(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return what a ``boost::archive::xml_oarchive`` wrote, as a plain tree.

    No schema is needed, and class attributes are dropped. A struct becomes a dictionary (a member name that comes
    twice holds a list), a container a list, a map with string keys a dictionary and any other map a list of
    ``{'first': key, 'second': value}``. complex, optional, variant, bitset, binary objects and smart pointers become
    what they hold; an object that is pointed to twice appears twice. What the archive does not tell apart is read as
    the simpler: a string such as ``"12"`` as a number, a bool as 0 or 1, a struct {real, imag} as complex.

    Parameters
    ----------
    path
        An XML archive, with its header or written with ``no_header``.

    Returns
    -------
    dict
        The archived objects by name.

    Raises
    ------
    XMLArchiveError
        If the file is not well-formed XML, with its line; or an object contains itself, with the element.
    ArchiveError
        If it cannot be read.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = tempfile.mkdtemp() + '/archive.xml'
    >>> _ = pathlib.Path(file).write_text('<n>3</n><z><real>1.0</real><imag>-2.5e-01</imag></z>')
    >>> load_boost(file)
    {'n': 3, 'z': (1-0.25j)}
    """
    return loads(files.read(path), os.fspath(path))


def loads(text: bytes, name: str = "XML text") -> dict[str, Any]:
    """Return the objects of an archive given as text; `name` is what errors call it."""
    try:
        tree = read(parse(text.replace(b"\r", b"&#13;")), text)
        if text.count(b"</") > MOST_LEVELS and is_deeper(tree):
            raise RecursionError
        return tree
    except etree.XMLSyntaxError as error:
        raise syntax_error(name, error) from None
    except RecursionError:
        raise XMLArchiveError(f'"{name}" is nested too deeply') from None
    except (Misfit, ValueError) as error:  # an integer of more digits than Python reads, say
        raise XMLArchiveError(f'"{name}" cannot be read: {error}') from None


def read(roots: list[etree._Element], text: bytes) -> dict[str, Any]:
    """Return the objects that root elements hold; `text` shows whether a locale wrote decimal commas."""
    reader = _Reader(bool(_COMMA.search(text)))
    return _collected([(str(root.tag), reader.value(root)) for root in roots])


class _Reader:
    """Remembers tracked objects, so that what refers to them can be filled in."""

    def __init__(self, comma: bool) -> None:
        self.comma = comma
        self.objects: dict[str, Any] = {}
        self.copies = 0

    def value(self, element: etree._Element) -> Any:
        reference = element.get("object_id_reference")
        if reference is not None:
            return self._again(element, reference)
        if element.get("class_id") == "-1":
            return None
        number = element.get("object_id")
        if number is None:
            return self._content(element)
        self.objects[number] = _OPEN
        self.objects[number] = self._content(element)
        return self.objects[number]

    def _again(self, element: etree._Element, reference: str) -> Any:
        if reference not in self.objects:
            raise Misfit(f"{describe(element)} refers to object {reference}, which is not there")
        if self.objects[reference] is _OPEN:
            raise Misfit(f"{describe(element)} refers to object {reference}, which contains it: a tree has no cycles")
        return self._copied(self.objects[reference])

    def _copied(self, node: Any) -> Any:
        """Return an object that is pointed to again; few bytes of an archive may so stand for very many objects."""
        self.copies += 1
        if self.copies > MOST_COPIES:
            raise Misfit(f"what it points to more than once would be more than {MOST_COPIES} values in a tree")
        if isinstance(node, dict):
            return {key: self._copied(item) for key, item in node.items()}
        return [self._copied(item) for item in node] if isinstance(node, list) else node

    def _content(self, element: etree._Element) -> Any:
        if not len(element):
            return self._leaf(element)
        refuse_text(element)
        children = list(element)
        names = [str(child.tag) for child in children]
        items = _items(children, names)
        if items is not None:
            return _mapped([self.value(child) for child in items], [len(child) for child in items])
        return self._record(children, names)

    def _record(self, children: list[etree._Element], names: list[str]) -> Any:
        if len(names) == 1 and names[0] in _WRAPPERS and any(key in children[0].attrib for key in _POINTER):
            return self.value(children[0])
        if names == ["weak_ptr"] or (names == ["elems"] and len(children[0])):
            return self.value(children[0])
        if names == ["bits"]:
            return children[0].text or ""
        if names == ["initialized"] and children[0].text == "0":
            return None
        if names in (["initialized", "value"], ["which", "value"]):
            return self.value(children[1])
        members = [(name, self.value(child)) for name, child in zip(names, children, strict=True)]
        if names == ["real", "imag"] and all(isinstance(part, int | float) for _, part in members):
            return complex(members[0][1], members[1][1])
        return _collected(members)

    def _leaf(self, element: etree._Element) -> Any:
        text = element.text or ""
        if not text and element.get("class_id") is not None:
            return {}
        if self.comma and _GROUPED.fullmatch(text):
            text = text.replace(".", "").replace(",", ".")
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
        binary = _BINARY.fullmatch(text)
        return base64.b64decode(binary[1]) if binary else text


def _items(children: list[etree._Element], names: list[str]) -> list[etree._Element] | None:
    """Return the items of a container, or None where the children are the members of something else."""
    for counts in _COUNTS:
        found = children[len(counts) :]
        if names == [*counts, *[_ITEM] * len(found)] and _number(children[0]) == len(found):
            return found
    return children if len(names) > 1 and set(names) == {_ITEM} else None


def _number(element: etree._Element) -> int | None:
    text = (element.text or "").replace(".", "")
    return int(text) if _INTEGER.fullmatch(text) else None


def _mapped(items: list[Any], sizes: list[int]) -> Any:
    """Return pairs with distinct string keys as a dictionary, any other items as a list."""
    pairs = all(
        size == 2 and isinstance(item, dict) and list(item) == ["first", "second"]
        for item, size in zip(items, sizes, strict=True)
    )
    keys = [item["first"] for item in items] if pairs else []
    if items and pairs and all(isinstance(key, str) for key in keys) and len(set(keys)) == len(keys):
        return {item["first"]: item["second"] for item in items}
    return items


def _collected(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return named members as a dictionary; those of one name as a list."""
    found: dict[str, list[Any]] = {}
    for name, value in members:
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}
