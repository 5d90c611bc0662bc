"""The slices of a request in XML, of which it is known that it can be read.

A slice begins with the white space before its element, so that what is left out leaves no lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from orders.protocols.altcraft.slices import NotSlicedError, Slices
from orders.protocols.altcraft.xml_codec import (
    MARKUP,
    encoding_of,
    has_rows,
    is_empty,
    items_of,
    local_name,
    parsed,
)

_DECLARATION = re.compile(r"<\?xml\s[^>]*?\?>")
_ENCODING = re.compile(r"\sencoding\s*=\s*[\"']([^\"']*)")
# The root's children, and the rows of an array below them.
_CHILDREN, _ROWS = 1, 2


def slices_of(body: bytes, charset: str | None) -> Slices:
    """Return the slices of a request. Raises NotSlicedError if its encoding is not known."""
    root = parsed(body, charset)
    text = _text_of(body, root)
    children = list(_children_of(text))
    if len(children) != len(root) or any(
        len(place.rows) != len(child) for place, child in zip(children, root, strict=True)
    ):
        raise NotSlicedError
    cuts = sorted(_cuts(root, children))
    frame, elements = [""], []
    position = 0
    for cut, is_order in cuts:
        begin = _before_space(text, cut.start)
        frame[-1] += text[position:begin]
        if is_order:
            elements.append(text[begin : cut.end])
            frame.append("")
        position = cut.end
    frame[-1] += text[position:]
    return Slices(frame, elements, [""] * len(elements))


@dataclass(frozen=True, slots=True, order=True)
class _Place:
    """The place of an element in the text, and those of the elements in it."""

    start: int
    end: int
    rows: tuple[_Place, ...] = ()


def _cuts(root: etree._Element, children: list[_Place]) -> Iterator[tuple[_Place, bool]]:
    """Yield the places of the token and of the orders, and whether it is that of an order."""
    if has_rows(root):
        yield from ((place, True) for place in children)
        return
    for child, place in zip(root, children, strict=True):
        name = local_name(child)
        if name == "token":
            yield place, False
        elif name == "data":
            if any(item is child for item in items_of(child)):
                yield place, True
            else:
                rows = zip(child, place.rows, strict=True)
                yield from ((each, True) for row, each in rows if not is_empty(row))


def _text_of(body: bytes, root: etree._Element) -> str:
    """Return the text of a body. A declaration of another encoding than UTF-8 is left out.

    The document is text in an answer in UTF-8, and clients send it in UTF-8.
    """
    try:
        text = body.decode(encoding_of(body, root)).removeprefix("\ufeff")
    except (LookupError, UnicodeDecodeError):
        raise NotSlicedError from None
    declaration = _DECLARATION.match(text)
    if declaration is None:
        return text
    encoding = _ENCODING.search(declaration[0])
    is_utf_8 = encoding is None or encoding[1].lower() in {"utf-8", "utf8"}
    return text if is_utf_8 else text[declaration.end() :]


def _children_of(text: str) -> Iterator[_Place]:
    """Yield the places of the root's children."""
    starts = {_CHILDREN: 0, _ROWS: 0}
    rows: list[_Place] = []
    depth = 0
    for match in MARKUP.finditer(text):
        is_start = match.lastgroup == "start"
        if is_start:
            if depth in starts:
                starts[depth] = match.start()
            if text[match.end() - 2] != "/":
                depth += 1
                continue
        elif text.startswith("</", match.start()):
            depth -= 1
        else:
            continue
        if depth == _ROWS:
            rows.append(_Place(starts[_ROWS], match.end()))
        elif depth == _CHILDREN:
            yield _Place(starts[_CHILDREN], match.end(), tuple(rows))
            rows = []


def _before_space(text: str, start: int) -> int:
    while text[start - 1] in " \t\r\n":
        start -= 1
    return start
