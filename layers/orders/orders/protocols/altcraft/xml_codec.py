"""Altcraft's requests and answers in XML. A repeated element is an array, as its shape declares.

Only this module imports lxml: most requests are JSON, and the import would slow down cold starts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, cast

from lxml import etree

from orders.domain.problems import (
    MAX_PROBLEMS,
    Code,
    Problem,
    Steps,
    pointer,
    problems_left,
    shown,
)
from orders.protocols.altcraft.decoded import Decoded
from orders.protocols.altcraft.errors import bad_request, unsupported_media_type
from orders.protocols.altcraft.xml_shapes import Array, Free, Record, Shape, Text, TextOrFree

ROOT = "xml"
ROW = "row"
# Holds the name of a Free object's member if an element cannot have that name.
NAME_ATTRIBUTE = "external_id"
_TOLERATED = frozenset({"array"})
# The parser takes some hundred bytes for each tag. Orders in 4 MB have fewer.
MAX_TAGS = 500_000


@dataclass(slots=True)
class _Reader:
    """Reads elements. Of each order, and of all else together, it keeps the first faults."""

    faults: list[Problem] = field(default_factory=list)
    lines: dict[Steps, int] = field(default_factory=dict)
    room: dict[Steps, int] = field(default_factory=dict)

    def value(self, element: etree._Element, shape: Shape, path: Steps) -> Any:  # noqa: ANN401
        self.lines[path] = cast("int", element.sourceline)
        match shape:
            case Record():
                return self.record(element, shape, path)
            case Free():
                return self.free(element, path)
            case Array():
                return [
                    self.value(item, shape.item, (*path, position))
                    for position, item in enumerate(_items(element, shape.item))
                ]
            case TextOrFree() if len(element):
                return self.free(element, path)
            case Text() | TextOrFree():
                return self.text(element, path)

    def line_of(self, path: Steps) -> int | None:
        """Return the line of the element at `path`, or of the nearest one around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)

    def record(self, element: etree._Element, shape: Record, path: Steps) -> dict[str, Any]:
        self._expect_no_attributes(element, path)
        members: dict[str, Any] = {}
        for child in element:
            name = _local_name(child)
            member = shape.members.get(name)
            if isinstance(member, Array):
                items = members.setdefault(name, [])
                for item in _items(child, member.item):
                    at = (*path, name, len(items))
                    items.append(self.value(item, member.item, at))
            elif name in members:
                self._fault(Code.DUPLICATE_MEMBER, (*path, name), "is a duplicate; send it once")
            else:
                at = (*path, name)
                members[name] = "" if member is None else self.value(child, member, at)
        self._expect_no_text(element, path)
        return members

    def free(self, element: etree._Element, path: Steps) -> dict[str, str]:
        members: dict[str, str] = {}
        for child in element:
            name = child.get(NAME_ATTRIBUTE) or _local_name(child)
            at = (*path, name)
            if name in members:
                self._fault(Code.DUPLICATE_MEMBER, at, "is a duplicate; send it once")
            self.lines[at] = cast("int", child.sourceline)
            members[name] = self.text(child, at, tolerated=_TOLERATED | {NAME_ATTRIBUTE})
        self._expect_no_text(element, path)
        return members

    def text(
        self, element: etree._Element, path: Steps, tolerated: frozenset[str] = _TOLERATED
    ) -> str:
        if len(element):
            self._fault(Code.MALFORMED, path, "must hold text; got elements")
        self._expect_no_attributes(element, path, tolerated)
        return element.text or ""

    def _expect_no_attributes(
        self, element: etree._Element, path: Steps, tolerated: frozenset[str] = _TOLERATED
    ) -> None:
        unknown = next((str(name) for name in element.attrib if name not in tolerated), None)
        if unknown is not None and self._has_room(path):
            # To find the prefix, all namespaces of the element are read.
            is_early = len(self.faults) < MAX_PROBLEMS
            sent = _sent_name(element, unknown) if is_early else etree.QName(unknown).localname
            self._fault(Code.MALFORMED, path, f"must not have the attribute {shown(sent)}")

    def _expect_no_text(self, element: etree._Element, path: Steps) -> None:
        stray = chain([element.text], (child.tail for child in element))
        if any(text and not text.isspace() for text in stray):
            self._fault(Code.MALFORMED, path, "must hold elements only; got text between them")

    def _has_room(self, path: Steps) -> bool:
        return self.room.get(_unit_of(path), 1) > 0

    def _fault(self, code: Code, path: Steps, what: str) -> None:
        unit = _unit_of(path)
        left = self.room.setdefault(unit, problems_left(len(self.faults)))
        if left > 0:
            self.room[unit] = left - 1
            message = f"Element {shown(pointer(*path) or '/')} {what}"
            self.faults.append(Problem(code, path, message))


def _unit_of(path: Steps) -> Steps:
    """Return the path of the order that is rejected for a fault at `path`, () for the request."""
    return path[:2] if path[:1] == ("data",) else ()


def decode(body: bytes, shape: Record, charset: str | None = None) -> Decoded:
    """Decode an XML request of the given shape. Rows at the root are read as its `data`.

    The encoding is that of the byte order mark, else of the Content-Type, else of the XML
    declaration. Raises RequestRefusedError: 400 for invalid XML (with line and column) and for a
    document type declaration, 415 for an unsupported charset.
    """
    _expect_few_tags(body)
    root = _parse(body, charset)
    if _local_name(root) != ROOT:
        raise bad_request(f"The root element must be <{ROOT}>; got {shown(_local_name(root))}")
    if len(root) and all(_local_name(child) == ROW for child in root):
        for child in root:
            child.tag = "data"
    reader = _Reader()
    tree = reader.value(root, shape, ())
    return Decoded(tree, tuple(reader.faults), reader.line_of)


def encode(tree: Mapping[str, Any]) -> bytes:
    """Return an answer as XML: members of the root element, arrays as repeated elements."""
    root = etree.Element(ROOT)
    _append(root, tree)
    return etree.tostring(root, encoding="utf-8", xml_declaration=False)


def _parse(body: bytes, charset: str | None) -> etree._Element:
    try:
        parser = etree.XMLParser(
            encoding=charset if _names_the_encoding(body, charset) else None,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=False,
            recover=False,
            remove_comments=True,
            remove_pis=True,
        )
    except LookupError:
        raise unsupported_media_type(f"Unsupported charset {shown(charset)}; send utf-8") from None
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        reason = (error.msg or "it is empty").partition(", line ")[0]
        raise bad_request(
            f"The body is not valid XML: line {line}, column {column}: {reason}"
        ) from None
    if cast("etree.DocInfo", root.getroottree().docinfo).internalDTD is not None:
        raise bad_request("The body must not contain a document type declaration (DOCTYPE)")
    return root


def _expect_few_tags(body: bytes) -> None:
    """Raise RequestRefusedError (400) if the body has more tags than orders can have."""
    # "<" is this byte in every encoding but EBCDIC, which begins with another.
    mark = b"<" if b"<" in body[:64] else b"\x4c"
    if body.count(mark) > MAX_TAGS:
        raise bad_request(
            f"The body must have at most {MAX_TAGS} XML tags; split it into several requests"
        )


def _names_the_encoding(body: bytes, charset: str | None) -> bool:
    """Return whether the Content-Type's charset counts: a byte order mark takes precedence."""
    return charset is not None and not body.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"))


def _local_name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


_XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace"


def _sent_name(element: etree._Element, attribute: str) -> str:
    """Return an attribute's name as the client wrote it, such as `xsi:nil`."""
    name = etree.QName(attribute)
    prefixes = {uri: prefix for prefix, uri in element.nsmap.items() if prefix}
    # XML reserves the prefix `xml`, which needs no declaration.
    prefix = (prefixes | {_XML_NAMESPACE: "xml"}).get(name.namespace or "")
    return f"{prefix}:{name.localname}" if prefix else name.localname


def _items(element: etree._Element, item: Shape) -> Iterator[etree._Element]:
    """Yield the items of an array's element: its rows, else the element, none if it is empty."""
    if len(element) and all(_local_name(child) == ROW for child in element):
        yield from element
    elif len(element) or (element.text and (isinstance(item, Text) or not element.text.isspace())):
        yield element


_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _append(parent: etree._Element, members: Mapping[str, Any]) -> None:
    for name, value in members.items():
        for item in value if isinstance(value, list | tuple) else [value]:
            child = etree.SubElement(parent, name)
            if isinstance(item, Mapping):
                _append(child, item)
            else:
                child.text = _text_of(item)


def _text_of(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else _ILLEGAL.sub("\ufffd", str(value))
