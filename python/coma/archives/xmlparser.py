# SPDX-License-Identifier: BSD-2-Clause
"""XML text to elements, safely: no entity is expanded, and nothing is fetched."""

from __future__ import annotations

from typing import Any

from lxml import etree

from coma.errors import XMLArchiveError

BLANKS = " \t\r\n"
BOOST_ROOT = "boost_serialization"


class Misfit(Exception):
    """What an element holds does not fit; the element is named with its line."""


def parse(text: bytes) -> list[etree._Element]:
    """Return the root elements: one, unless it is a Boost archive, with or without its header.

    Raises
    ------
    Misfit
        If it declares entities or an external DTD.
    lxml.etree.XMLSyntaxError
        If it is not XML.
    """
    root = _parse(text) if _is_headed(text) else _parse_roots(text)
    _check_dtd(root)
    return list(root) if root.tag == BOOST_ROOT else [root]


def refuse_text(element: etree._Element) -> None:
    """Refuse text between child elements, which has no place in a tree.

    Raises
    ------
    Misfit
        If there is any.
    """
    for text in (element.text, *[child.tail for child in element]):
        if text and not text.isspace():
            raise Misfit(f"{describe(element)} holds elements and the text {text.strip()[:40]!r}")


def describe(element: etree._Element) -> str:
    """Return how errors name an element."""
    return f"element {element.tag!r} in line {element.sourceline}"


def syntax_error(name: str, error: etree.XMLSyntaxError) -> XMLArchiveError:
    """Return the error for text that is not XML."""
    return XMLArchiveError(f'"{name}" is not XML: {" ".join(str(error.msg).split())}')


def _is_headed(text: bytes) -> bool:
    return text.lstrip()[:2] in (b"<?", b"<!")


def _parse(text: bytes) -> etree._Element:
    return etree.fromstring(text, _parser())


def _parse_roots(text: bytes) -> etree._Element:
    """Parse text without header, as Boost writes with ``no_header``: perhaps several roots."""
    try:
        return _parse(text)
    except etree.XMLSyntaxError as error:
        code: int = vars(error)["code"]
        if code != _EXTRA_CONTENT:
            raise
        wrapped = _parse(b"<%b>%b</%b>" % (_TAG, text, _TAG))
        if any((between or "").strip() for between in (wrapped.text, *(root.tail for root in wrapped))):
            raise
        return wrapped


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
        huge_tree=True,
    )


def _check_dtd(root: etree._Element) -> None:
    docinfo: Any = root.getroottree().docinfo
    dtd = docinfo.internalDTD
    if docinfo.system_url or docinfo.public_id or (dtd is not None and list(dtd.iterentities())):
        raise Misfit("it declares entities or an external DTD, which Coma never expands")


_TAG = BOOST_ROOT.encode()
_EXTRA_CONTENT = etree.ErrorTypes.ERR_DOCUMENT_END
