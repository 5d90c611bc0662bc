"""Altcraft's requests and answers in XML. A repeated element is an array, as its shape declares.

Only this module imports lxml: most requests are JSON, and the import would slow down cold starts.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
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
from orders.protocols.altcraft.decoded import Decoded, LineOf
from orders.protocols.altcraft.errors import bad_request, unsupported_media_type
from orders.protocols.altcraft.xml_shapes import Array, Free, Record, Shape, Text, TextOrFree
from orders.protocols.encodings import likely_format

ROOT = "xml"
ROW = "row"
_ROOT_END = f"</{ROOT}>".encode()
# The element of a Free object's member whose name no element can have, and the attribute with it.
FIELD = "field"
NAME_ATTRIBUTE = "external_id"
_TOLERATED = frozenset({"array"})
_TOLERATED_IN_FREE = _TOLERATED | {NAME_ATTRIBUTE}
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace"
_NIL = f"{{{_INSTANCE}}}nil"
# Attributes that serializers add, and that hold no data of the order.
_WITHOUT_DATA = frozenset(
    {
        _NIL,
        *(f"{{{_INSTANCE}}}{name}" for name in ("type", "schemaLocation")),
        f"{{{_INSTANCE}}}noNamespaceSchemaLocation",
        *(f"{{{_XML_NAMESPACE}}}{name}" for name in ("lang", "space")),
    }
)
_NIL_VALUES = {"true": True, "1": True, "false": False, "0": False}
# The parser takes some hundred bytes for each tag. Orders in 4 MB have fewer.
MAX_TAGS = 500_000


@dataclass(slots=True)
class _Reader:
    """Reads elements. Of each order, and of all else together, it keeps the first faults."""

    faults: list[Problem] = field(default_factory=list)
    lines: dict[Steps, int] = field(default_factory=dict)
    room: dict[Steps, int] = field(default_factory=dict)
    # All elements in the order of the text, if the parser does not know all lines: `lines` then has
    # the numbers of the elements instead.
    numbered: Iterator[tuple[int, etree._Element]] | None = None

    def root(self, element: etree._Element, shape: Record) -> dict[str, Any]:
        self._mark(element, ())
        return self.record(element, shape, ())

    def value(self, element: etree._Element, shape: Shape, path: Steps) -> Any:  # noqa: ANN401
        self._mark(element, path)
        if element.keys() and self._is_nil(element, path):
            return None
        match shape:
            case Record():
                return self.record(element, shape, path)
            case Free():
                return self.free(element, path)
            case Array():
                return [
                    self.value(item, shape.item, (*path, position))
                    for position, item in enumerate(items_of(element))
                ]
            case TextOrFree() if len(element):
                return self.free(element, path)
            case Text() | TextOrFree():
                return self.text(element, path)

    def line_of(self, path: Steps) -> int | None:
        """Return what `lines` has for the element at `path`, or for the nearest one around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)

    def record(self, element: etree._Element, shape: Record, path: Steps) -> dict[str, Any]:
        self._expect_no_attributes(element, path)
        members: dict[str, Any] = {}
        is_stray = _is_text(element.text)
        for child in element:
            name = local_name(child)
            is_stray = is_stray or _is_text(child.tail)
            member = shape.members.get(name)
            if isinstance(member, Text) and name not in members and is_plain(child):
                # Nearly all elements are so.
                self._mark(child, (*path, name))
                members[name] = child.text or ""
            elif isinstance(member, Array):
                items = members.setdefault(name, [])
                for item in items_of(child):
                    at = (*path, name, len(items))
                    items.append(self.value(item, member.item, at))
            elif member is None:
                # An unknown member may be an array, so its element may be repeated.
                members[name] = ""
                self._mark(child, (*path, name))
            elif name in members:
                self._fault(Code.DUPLICATE_MEMBER, (*path, name), "is a duplicate; send it once")
            else:
                members[name] = self.value(child, member, (*path, name))
        self._expect_no_text(path, is_stray=is_stray)
        return members

    def free(self, element: etree._Element, path: Steps) -> dict[str, str | None]:
        members: dict[str, str | None] = {}
        for child in element:
            name = child.get(NAME_ATTRIBUTE) or local_name(child)
            at = (*path, name)
            if name in members:
                self._fault(Code.DUPLICATE_MEMBER, at, "is a duplicate; send it once")
                continue
            self._mark(child, at)
            members[name] = (
                None
                if child.keys() and self._is_nil(child, at)
                else self.text(child, at, tolerated=_TOLERATED_IN_FREE)
            )
        stray = chain([element.text], (child.tail for child in element))
        self._expect_no_text(path, is_stray=any(map(_is_text, stray)))
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
        unknown = next(
            (
                str(name)
                for name in element.keys()  # noqa: SIM118 - `in element` would yield its children
                if name not in tolerated and name not in _WITHOUT_DATA
            ),
            None,
        )
        if unknown is not None and self._has_room(path):
            # To find the prefix, all namespaces of the element are read.
            is_early = len(self.faults) < MAX_PROBLEMS
            sent = _sent_name(element, unknown) if is_early else etree.QName(unknown).localname
            self._fault(Code.MALFORMED, path, f"must not have the attribute {shown(sent)}")

    def _expect_no_text(self, path: Steps, *, is_stray: bool) -> None:
        if is_stray:
            self._fault(Code.MALFORMED, path, "must hold elements only; got text between them")

    def _mark(self, element: etree._Element, path: Steps) -> None:
        if self.numbered is None:
            self.lines[path] = cast("int", element.sourceline)
        else:
            # Elements are marked in the order of the text, and some are passed over.
            self.lines[path] = next(number for number, each in self.numbered if each is element)

    def _is_nil(self, element: etree._Element, path: Steps) -> bool:
        """Return whether an element says that it stands for null (XML Schema, xsi:nil)."""
        sent = element.get(_NIL)
        if sent is None:
            return False
        nil = _NIL_VALUES.get(sent.strip())
        if nil is None and self._has_room(path):
            self._fault(Code.MALFORMED, path, f"must have xsi:nil true or false; got {shown(sent)}")
        elif nil and not is_empty(element):
            self._fault(Code.MALFORMED, path, "must be empty, because its xsi:nil is true")
        return nil is True

    def _has_room(self, path: Steps) -> bool:
        return self.room.get(_unit_of(path), 1) > 0

    def _fault(self, code: Code, path: Steps, what: str) -> None:
        unit = _unit_of(path)
        left = self.room.get(unit)
        if left is None:
            left = problems_left(len(self.faults))
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
    root = parsed(body, charset)
    if local_name(root) != ROOT:
        raise bad_request(f"The root element must be <{ROOT}>; got {shown(local_name(root))}")
    if has_rows(root):
        for child in root:
            child.tag = "data"
    has_all_lines = body.count(b"\n") < _LAST_EXACT_LINE
    reader = _Reader(numbered=None if has_all_lines else enumerate(root.iter()))
    tree = reader.root(root, shape)
    line_of = reader.line_of if has_all_lines else _counting(body, root, reader.line_of)
    return Decoded(tree, tuple(reader.faults), line_of)


def encode(tree: Mapping[str, Any], encoded: Sequence[bytes] = ()) -> bytes:
    """Return an answer as XML: members of the root element, arrays as repeated elements.

    `encoded` are elements that follow the members.
    """
    return b"".join((encode_element(ROOT, tree)[: -len(_ROOT_END)], *encoded, _ROOT_END))


def encode_element(name: str, members: Mapping[str, Any]) -> bytes:
    """Return an element with these members."""
    element = etree.Element(name)
    _append(element, members)
    return etree.tostring(element, encoding="utf-8", xml_declaration=False)


def has_rows(root: etree._Element) -> bool:
    """Return whether the root has rows only, which count as its `data`."""
    return len(root) > 0 and all(local_name(child) == ROW for child in root)


def parsed(body: bytes, charset: str | None) -> etree._Element:
    """Return the root of a document. Raises RequestRefusedError as `decode` does."""
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
        found = likely_format(body)
        hint = f"; it looks like {found}" if found else ""
        line, column = error.position
        reason = (error.msg or "it is empty").partition(", line ")[0]
        raise bad_request(
            f"The body is not valid XML: line {line}, column {column}: {reason}{hint}"
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


def local_name(element: etree._Element) -> str:
    """Return the name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def is_plain(element: etree._Element) -> bool:
    """Return whether an element has neither elements nor attributes."""
    return not len(element) and not element.keys()


def _is_text(text: str | None) -> bool:
    return text is not None and bool(text) and not text.isspace()


def _sent_name(element: etree._Element, attribute: str) -> str:
    """Return an attribute's name as the client wrote it, such as `xsi:nil`."""
    name = etree.QName(attribute)
    prefixes = {uri: prefix for prefix, uri in element.nsmap.items() if prefix}
    # XML reserves the prefix `xml`, which needs no declaration.
    prefix = (prefixes | {_XML_NAMESPACE: "xml"}).get(name.namespace or "")
    return f"{prefix}:{name.localname}" if prefix else name.localname


def items_of(element: etree._Element) -> Iterator[etree._Element]:
    """Yield the items of an array's element: its rows, else itself. Blank ones are no items."""
    if not len(element):
        if element.text and not element.text.isspace():
            yield element
    elif all(local_name(child) == ROW for child in element):
        yield from (row for row in element if not is_empty(row))
    else:
        yield element


def is_empty(element: etree._Element) -> bool:
    """Return whether an element has neither elements nor text but white space."""
    return not len(element) and (not element.text or element.text.isspace())


# libxml2 keeps 16 bits of a line number and guesses the rest from the nodes around it.
_LAST_EXACT_LINE = 2**16 - 2
MARKUP = re.compile(
    r"""<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|</[^>]*+>"""
    r"""|(?P<start><(?:[^<>"']++|"[^"]*+"|'[^']*+')*+>)""",
    re.DOTALL,
)


def _counting(body: bytes, root: etree._Element, number_of: LineOf) -> LineOf:
    """Return a function that counts the lines of a long body when the first one is asked for.

    `number_of` returns the number of the element for a path.
    """
    lines = cache(lambda: _counted_lines(body, root))

    def line_of(path: Steps) -> int | None:
        number = number_of(path)
        return None if number is None else lines()[number]

    return line_of


def _counted_lines(body: bytes, root: etree._Element) -> Sequence[int]:
    """Return the line in which the start tag of each element ends.

    If they cannot be counted, these are the parser's, which are not exact.
    """
    text = _decoded(body, root)
    lines = array("L")
    line, counted_to = 1, 0
    for match in MARKUP.finditer(text):
        line += text.count("\n", counted_to, match.end())
        counted_to = match.end()
        if match["start"]:
            lines.append(line)
    if len(lines) == sum(1 for _ in root.iter()):
        return lines
    return array("L", (cast("int", element.sourceline) for element in root.iter()))


def encoding_of(body: bytes, root: etree._Element) -> str:
    """Return the encoding of a body that was parsed to `root`."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    return root.getroottree().docinfo.encoding or "utf-8"


def _decoded(body: bytes, root: etree._Element) -> str:
    try:
        return body.decode(encoding_of(body, root), errors="replace")
    except LookupError:
        # Python does not know the encoding. Nearly all have the markup of ASCII.
        return body.decode("latin-1")


_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _append(parent: etree._Element, members: Mapping[str, Any]) -> None:
    for name, value in members.items():
        for item in value if isinstance(value, list | tuple) else [value]:
            child = _child(parent, name)
            if isinstance(item, Mapping):
                _append(child, item)
            else:
                child.text = _text_of(item)


# The names that elements get. Other ones are legal too, but not for every reader.
_ELEMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)


def _child(parent: etree._Element, name: str) -> etree._Element:
    """Append an element. A name that it cannot have is in an attribute, as requests may send it."""
    if _ELEMENT_NAME.fullmatch(name):
        return etree.SubElement(parent, name)
    return etree.SubElement(parent, FIELD, {NAME_ATTRIBUTE: _text_of(name)})


def _text_of(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else _ILLEGAL.sub("\ufffd", str(value))
