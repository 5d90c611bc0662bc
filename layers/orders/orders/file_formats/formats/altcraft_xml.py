"""Orders of the Altcraft import as XML: the document of the orders import."""

from collections.abc import Sequence

from orders.domain.file_records import FileOptions, Frame, Record, UnreadableFileError
from orders.domain.problems import Code, Problem
from orders.file_formats.charsets import UTF_8, codec_of
from orders.file_formats.import_root import DATA, MEMBERS, with_root
from orders.file_formats.interface import Converted
from orders.file_formats.json_marks import not_an_order, too_large
from orders.file_formats.xml_elements import Shape
from orders.file_formats.xml_format import XmlFormat, document_of, order_document
from orders.protocols.altcraft.errors import RequestRefusedError
from orders.protocols.altcraft.requests import IMPORT_SHAPE
from orders.protocols.altcraft.xml_codec import ROOT, ROW, decode


class AltcraftXml(XmlFormat):
    """The members beside the orders mean the same as in a request."""

    name = "altcraft_xml"
    shape = Shape(
        root=ROOT,
        orders=frozenset({DATA, ROW}),
        key="external_id",
        row=ROW,
        secrets=frozenset({"token"}),
        members=MEMBERS,
        read=frozenset({"format"}),
    )

    def framed(self, frame: Frame, members: str, ignored: Sequence[str], codec: str) -> Frame:
        """Return the frame with the meaning of the members beside the orders."""
        body = document_of(frame.head, codec, members)
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
        body = order_document(record.raw, frame.head, codec_of(options.charset, frame.head))
        try:
            read = decode(body.encode(UTF_8, "replace"), IMPORT_SHAPE, UTF_8)
        except RequestRefusedError as refusal:
            return not_an_order(Code.MALFORMED, refusal.text.replace("The body", "The record", 1))
        match read.tree.get(DATA):
            case [dict() as tree]:
                faults = (Problem(each.code, each.path[2:], each.message) for each in read.faults)
                return Converted(tree, tuple(faults))
        return not_an_order(Code.MALFORMED, "The order must be one element with members")


FORMAT = AltcraftXml()
