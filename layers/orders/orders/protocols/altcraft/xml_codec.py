"""XML in and out. Where JSON has an array, XML repeats an element: the shapes say where.

lxml is imported with this module only, because most requests are JSON and imports cost start-up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast

from lxml import etree

from orders.domain.problems import Code, Problem, Steps, pointer, shown
from orders.protocols.altcraft.decoded import Decoded
from orders.protocols.altcraft.errors import RequestRefusedError
from orders.protocols.altcraft.xml_shapes import Array, Free, Record, Shape, Text, TextOrFree

ROOT = "xml"
ROW = "row"
# Names the member of a free object whose name is no legal element name.
NAME_ATTRIBUTE = "external_id"
_TOLERATED = frozenset({"array"})


@dataclass(slots=True)
class _Reader:
    faults: list[Problem] = field(default_factory=list)
    lines: dict[Steps, int] = field(default_factory=dict)

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
                self._fault(Code.DUPLICATE_MEMBER, (*path, name), "stands twice; send it once")
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
                self._fault(Code.DUPLICATE_MEMBER, at, "stands twice; send it once")
            self.lines[at] = cast("int", child.sourceline)
            members[name] = self.text(child, at, tolerated=_TOLERATED | {NAME_ATTRIBUTE})
        self._expect_no_text(element, path)
        return members

    def text(
        self, element: etree._Element, path: Steps, tolerated: frozenset[str] = _TOLERATED
    ) -> str:
        if len(element):
            self._fault(Code.MALFORMED, path, "takes text, not elements")
        self._expect_no_attributes(element, path, tolerated)
        return element.text or ""

    def _expect_no_attributes(
        self, element: etree._Element, path: Steps, tolerated: frozenset[str] = _TOLERATED
    ) -> None:
        unknown = [str(name) for name in element.attrib if name not in tolerated]
        if unknown:
            self._fault(Code.MALFORMED, path, f"has an attribute {shown(unknown[0])}; none is read")

    def _expect_no_text(self, element: etree._Element, path: Steps) -> None:
        stray = [element.text, *(child.tail for child in element)]
        if any(text and not text.isspace() for text in stray):
            self._fault(Code.MALFORMED, path, "holds text between its elements; it takes elements")

    def _fault(self, code: Code, path: Steps, what: str) -> None:
        self.faults.append(Problem(code, path, f"Element {shown(pointer(*path) or '/')} {what}"))


def decode(body: bytes, shape: Record, charset: str | None = None) -> Decoded:
    """Read an XML request of the given shape; rows at the root are taken for its `data`.

    The encoding is the one of the byte order mark, the Content-Type or the XML declaration. Raises
    RequestRefusedError (400) with the line and column where it stops being XML, also for any
    document type declaration; (415) for a charset that is not known.
    """
    root = _parse(body, charset)
    if _local_name(root) != ROOT:
        raise RequestRefusedError(
            HTTPStatus.BAD_REQUEST,
            f"The root element must be <{ROOT}>, not {shown(_local_name(root))}",
        )
    if len(root) and all(_local_name(child) == ROW for child in root):
        for child in root:
            child.tag = "data"
    reader = _Reader()
    tree = reader.value(root, shape, ())

    return Decoded(tree, tuple(reader.faults), reader.line_of)


def encode(tree: Mapping[str, Any]) -> bytes:
    """Write an answer: arrays as repeated elements, everything under the root element."""
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
        raise RequestRefusedError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"The charset {shown(charset)} is not known"
        ) from None
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        reason = (error.msg or "it is empty").partition(", line ")[0]
        raise RequestRefusedError(
            HTTPStatus.BAD_REQUEST,
            f"The body is not valid XML: line {line}, column {column}: {reason}",
        ) from None
    if cast("etree.DocInfo", root.getroottree().docinfo).internalDTD is not None:
        raise RequestRefusedError(
            HTTPStatus.BAD_REQUEST, "The body must not hold a document type declaration (DOCTYPE)"
        )
    return root


def _names_the_encoding(body: bytes, charset: str | None) -> bool:
    """Tell whether the Content-Type's charset counts: a byte order mark is surer than it."""
    return charset is not None and not body.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"))


def _local_name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _items(element: etree._Element, item: Shape) -> Iterator[etree._Element]:
    """Yield the items that one element of an array stands for: itself, its rows, or none."""
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
