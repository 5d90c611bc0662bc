"""What all formats of XML documents share: a head, the orders, and a tail."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import chain
from typing import BinaryIO

from orders.domain.file_records import FileOptions, Frame, Note, OpenFile, Record
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
from orders.file_formats.interface import Beginning, Converted
from orders.file_formats.xml_elements import Part, Shape, Splitter
from orders.file_formats.xml_marks import marked, order_start
from orders.protocols.altcraft.xml_codec import MARKUP, ROOT

_DECLARED = re.compile(r"<\?xml[^>]*?\sencoding\s*=\s*[\"']([A-Za-z0-9._-]+)")
_BEFORE_ROOT = re.compile(r"\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*)*<", re.DOTALL)


class XmlFormat(ABC):
    """A format of XML documents. What is between two orders belongs to the record of the second.

    A format of a system defines its shape and how it converts an order.
    """

    name: str
    protocol: str = "altcraft"
    shape: Shape

    def guess(self, beginning: Beginning) -> FileOptions | None:
        """Return how to read a file with the root of the format, in its declared charset."""
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
        encoding = UTF_8 if is_wide(codec) else codec
        splitter = Splitter(self.shape_of(options), encoding)
        parts = splitter.parts(data)
        head = _original(next(parts), codec)
        closing = _closing(text_of(head, codec))
        tail = bytes_of(f"\n{closing}", codec)

        def framed(frame: Frame) -> Frame:
            texts = (text_of(each, encoding) for each in splitter.members)
            return self.framed(frame, "".join(texts), tuple(splitter.ignored), codec)

        ended = [framed(Frame(head, tail=tail))]

        def records() -> Iterator[Record]:
            row, last = 1, None
            for part in parts:
                if last is not None:
                    yield Record(row, last.key or None, _original(last, codec))
                    row += 1
                last = part
            rest = b"" if last is None else _original(last, codec)
            ended[0] = framed(replace(ended[0], tail=rest))

        return OpenFile(ended[0], records(), lambda: ended[0])

    def framed(self, frame: Frame, members: str, ignored: Sequence[str], codec: str) -> Frame:
        """Return the frame with the meaning of what was read beside the orders.

        `members` is the text of the elements that were kept, and `ignored` are names of others.
        """
        del members, codec
        return replace(frame, ignored=tuple(ignored))

    @abstractmethod
    def convert(self, record: Record, frame: Frame, options: FileOptions) -> Converted:
        """Return the order of a record."""

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


def order_document(raw: bytes, head: bytes, codec: str) -> str:
    """Return a document with the order of a record only."""
    text = text_of(raw, codec)
    return document_of(head, codec, text[order_start(text) :])


def document_of(head: bytes, codec: str, content: str) -> str:
    """Return a document with this content in the root of the document that has this head."""
    start, end = _root_of(head, codec)
    return f"{start}{content}{end}"


@lru_cache(maxsize=8)
def _root_of(head: bytes, codec: str) -> tuple[str, str]:
    """Return the start tag of the root, which declares namespaces, and its end tag."""
    tags = (match[0] for match in MARKUP.finditer(text_of(head, codec)) if match["start"])
    start = next(tags, f"<{ROOT}>")
    name = re.split(r"[\s>]", start[1:], maxsplit=1)[0]
    return start, f"</{name}>"
