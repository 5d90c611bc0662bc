"""Orders of the Altcraft import as XML: the document of the orders import."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import chain
from typing import BinaryIO

from orders.domain.file_records import (
    FileOptions,
    Frame,
    Note,
    OpenFile,
    Record,
    UnreadableFileError,
)
from orders.domain.problems import Code, Problem
from orders.file_formats.bounds import blocks
from orders.file_formats.charsets import (
    UTF_8,
    bytes_of,
    codec_of,
    decoded,
    is_wide,
    mark_of,
    text_of,
)
from orders.file_formats.import_root import DATA, MEMBERS, with_root
from orders.file_formats.interface import Beginning, Converted
from orders.file_formats.json_marks import not_an_order, too_large
from orders.file_formats.xml_elements import Part, Shape, Splitter
from orders.file_formats.xml_marks import marked, order_start
from orders.protocols.altcraft.errors import RequestRefusedError
from orders.protocols.altcraft.requests import IMPORT_SHAPE
from orders.protocols.altcraft.xml_codec import MARKUP, ROOT, ROW, decode

_SHAPE = Shape(
    root=ROOT,
    orders=frozenset({DATA, ROW}),
    key="external_id",
    row=ROW,
    secrets=frozenset({"token"}),
    members=MEMBERS,
    read=frozenset({"format"}),
)
_DECLARED = re.compile(r"<\?xml[^>]*?\sencoding\s*=\s*[\"']([A-Za-z0-9._-]+)")
_BEFORE_ROOT = re.compile(r"\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*)*<", re.DOTALL)


class AltcraftXml:
    """What is between two orders belongs to the record of the second one."""

    name = "altcraft_xml"
    protocol = "altcraft"
    shape = _SHAPE

    def guess(self, beginning: Beginning) -> FileOptions | None:
        """Return how to read a file with the root of the import, in its declared charset."""
        start = _BEFORE_ROOT.match(beginning.text)
        if start is None or not re.match(
            rf"(?:\w+:)?{self.shape.root}\b", beginning.text[start.end() :]
        ):
            return None
        charset = mark_of(beginning.data)[1]
        if not charset:
            declared = _DECLARED.match(beginning.text.lstrip())
            charset = declared[1].lower() if declared else UTF_8
        return FileOptions(format=self.name, charset=charset)

    def shape_of(self, options: FileOptions) -> Shape:
        """Return what the document is made of."""
        del options
        return self.shape

    def open(self, source: BinaryIO, options: FileOptions) -> OpenFile:
        """Read everything before the first order. Raises UnreadableFileError."""
        read = blocks(source)
        first = next(read, b"")
        codec = codec_of(options.charset, first)
        data: Iterator[bytes] = chain((first,), read)
        if is_wide(codec):
            data = (text.encode(UTF_8, "surrogatepass") for text in decoded(data, codec))
        splitter = Splitter(self.shape_of(options), UTF_8 if is_wide(codec) else codec)
        parts = splitter.parts(data)
        head = _original(next(parts), codec)
        closing = _closing(text_of(head, codec))
        tail = bytes_of(f"\n{closing}", codec)
        ended = [self._frame(Frame(head, tail=tail), splitter, codec)]

        def records() -> Iterator[Record]:
            row, last = 1, None
            for part in parts:
                if last is not None:
                    yield Record(row, last.key or None, _original(last, codec))
                    row += 1
                last = part
            rest = b"" if last is None else _original(last, codec)
            ended[0] = self._frame(replace(ended[0], tail=rest), splitter, codec)

        return OpenFile(ended[0], records(), lambda: ended[0])

    def _frame(self, frame: Frame, splitter: Splitter, codec: str) -> Frame:
        """Return the frame with the meaning of what was read beside the orders."""
        ignored = tuple(splitter.ignored)
        if not self.shape.members:
            return replace(frame, ignored=ignored)
        members = (text_of(each, UTF_8 if is_wide(codec) else codec) for each in splitter.members)
        body = _document(root_of(frame.head, codec), "".join(members))
        try:
            read = decode(body.encode(UTF_8, "replace"), IMPORT_SHAPE, UTF_8)
        except RequestRefusedError as refusal:
            raise UnreadableFileError("malformed", refusal.text) from None
        return with_root(frame, read.tree | dict.fromkeys(ignored), read.faults)

    def convert(self, record: Record, frame: Frame, options: FileOptions) -> Converted:
        """Return the order of an element."""
        refused = too_large(record.raw)
        if refused is not None:
            return refused
        codec = codec_of(options.charset, frame.head)
        text = text_of(record.raw, codec)
        body = _document(root_of(frame.head, codec), text[order_start(text) :])
        try:
            read = decode(body.encode(UTF_8, "replace"), IMPORT_SHAPE, UTF_8)
        except RequestRefusedError as refusal:
            return not_an_order(Code.MALFORMED, refusal.text.replace("The body", "The record", 1))
        match read.tree.get(DATA):
            case [dict() as tree]:
                faults = (Problem(each.code, each.path[2:], each.message) for each in read.faults)
                return Converted(tree, tuple(faults))
        return not_an_order(Code.MALFORMED, "The order must be one element with members")

    def head(self, frame: Frame, options: FileOptions) -> bytes:
        """Return what is before the first order."""
        del options
        return frame.head

    def annotated(self, record: Record, note: Note, frame: Frame, options: FileOptions) -> bytes:
        """Return the order with the note in a comment before it."""
        codec = codec_of(options.charset, frame.head)
        text = marked(text_of(record.raw, codec), note)
        if is_wide(codec):
            return bytes_of(text, codec)
        return text.encode(codec, "xmlcharrefreplace")

    def tail(self, frame: Frame, options: FileOptions) -> bytes:
        """Return what is after the last order."""
        del options
        return frame.tail


def _original(part: Part, codec: str) -> bytes:
    return bytes_of(part.raw.decode(UTF_8, "surrogatepass"), codec) if is_wide(codec) else part.raw


def _closing(head: str) -> str:
    """Return the end tags of the elements that a head leaves open."""
    opened: list[str] = []
    for match in MARKUP.finditer(head):
        if match.lastgroup == "start" and not match[0].endswith("/>"):
            opened.append(re.split(r"[\s>/]", match[0][1:], maxsplit=1)[0])
        elif match[0].startswith("</"):
            opened.pop()
    return "".join(f"</{name}>" for name in reversed(opened))


def _document(root: str, content: str) -> str:
    """Return a document with this start tag of its root."""
    name = re.split(r"[\s>]", root[1:], maxsplit=1)[0]
    return f"{root}{content}</{name}>"


@lru_cache(maxsize=8)
def root_of(head: bytes, codec: str) -> str:
    """Return the start tag of the root, which declares namespaces."""
    tags = (match[0] for match in MARKUP.finditer(text_of(head, codec)) if match["start"])
    return next(tags, f"<{ROOT}>")


FORMAT = AltcraftXml()
