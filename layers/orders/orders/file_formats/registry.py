"""The file formats by their names. A format is imported when it is needed first."""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import BinaryIO

from orders.application.ports import SentOrder
from orders.domain.file_records import (
    UNCHOSEN,
    FileOptions,
    Frame,
    Note,
    OpenFile,
    Record,
    UnreadableFileError,
)
from orders.domain.problems import listed, shown
from orders.file_formats.bounds import BEGINNING_BYTES
from orders.file_formats.charsets import codec_of, guess_charset, is_wide, text_of
from orders.file_formats.compression import compression_of, decompressed, opened
from orders.file_formats.interface import Beginning, FileFormat
from orders.file_formats.written_mappings import MappingError, check_mapping, is_whole

# The modules in `formats`, each with its FORMAT. They are tried in this order: the most specific
# formats first.
NAMES = (
    "altcraft_xml",
    "commerceml",
    "commercetools_array",
    "json_array",
    "commercetools_drafts",
    "json_lines",
    "altcraft_csv",
    "shopify_csv",
    "matrixify_csv",
    "woocommerce_csv",
    "amazon_orders",
    "mapped_csv",
)
# The formats whose columns a mapping may change.
MAPPED = (
    "shopify_csv",
    "matrixify_csv",
    "woocommerce_csv",
    "amazon_orders",
    "commerceml",
    "mapped_csv",
)
# Any file with columns could have a mapping, so this format must be named, or have one.
_DETECTED = tuple(name for name in NAMES if name != "mapped_csv")


def format_named(name: str) -> FileFormat:
    """Return a format. Raises UnreadableFileError if there is none with this name."""
    if name not in NAMES:
        message = f"format must be one of {listed(NAMES)}; got {shown(name)}"
        raise UnreadableFileError("unknown_format", message)
    found: FileFormat = import_module(f"orders.file_formats.formats.{name}").FORMAT
    return found


def mapping_fault(format_name: str, mapping: Mapping[str, object]) -> str | None:
    """Return why a file cannot be read with a mapping, None if it can.

    Both may be empty: then the format is detected, and the file has no mapping.
    """
    needs_all = format_name == "mapped_csv"
    if not mapping:
        return "mapping is required for the format mapped_csv" if needs_all else None
    if format_name and format_name not in MAPPED:
        return _without_mapping(format_name)
    try:
        check_mapping(mapping)
    except MappingError as error:
        return str(error)
    if needs_all and not is_whole(mapping):
        return "mapping must have group_by, order and line for the format mapped_csv"
    return None


def _without_mapping(format_name: str) -> str:
    allowed = listed(MAPPED)
    return (
        f"The file must have a format with a mapping: {allowed}; got {format_name}, which needs "
        "no mapping: omit it"
    )


@dataclass(frozen=True, slots=True)
class Registry:
    """Implements the application's port FileFormats."""

    def detect(self, name: str, beginning: bytes, chosen: FileOptions = UNCHOSEN) -> FileOptions:
        """Return how to read a file with this name and these first bytes, as it was uploaded.

        Raises UnreadableFileError if no format fits.
        """
        compression = chosen.compression
        if "compression" in chosen.guessed:
            compression = compression_of(beginning)
        inner, data = _content(name, beginning, compression)
        if not data:
            raise UnreadableFileError("empty_file", "The file must contain orders; it is empty")
        charset = chosen.charset if "charset" not in chosen.guessed else guess_charset(data)
        codec = codec_of(charset, data)
        # A character may be cut off at the end.
        text = text_of(data[: len(data) // 2 * 2] if is_wide(codec) else data, codec)
        start = Beginning(inner, data, charset, text)
        found = _guessed(start, chosen)
        if chosen.mapping and found.format not in MAPPED:
            raise UnreadableFileError("invalid_mapping", _without_mapping(found.format))
        kept = {
            each: getattr(chosen, each)
            for each in UNCHOSEN.guessed
            if each not in {*chosen.guessed, "format"}
        }
        return replace(
            found,
            **{**kept, "compression": compression},
            mapping=chosen.mapping,
            guessed=chosen.guessed,
        )

    def open(self, source: BinaryIO, options: FileOptions) -> OpenFile:
        """Decompress a file and read its head. Raises UnreadableFileError."""
        content = decompressed(source, options.compression)
        return format_named(options.format).open(content, options)

    def sent_orders(  # noqa: PLR0913 - account and client are the sender of drafts
        self,
        records: Sequence[Record],
        frame: Frame,
        options: FileOptions,
        *,
        skip_triggers: bool,
        account: str = "",
        client: str = "",
    ) -> Sequence[SentOrder]:
        """Return the orders of records. The position of each is its index."""
        found = format_named(options.format)
        converted = [found.convert(record, frame, options) for record in records]
        if found.protocol == "commercetools":
            from orders.file_formats.commercetools_orders import read_drafts  # noqa: PLC0415

            return read_drafts(records, converted, account, client, skip_triggers=skip_triggers)
        # A function imports only the protocol that it needs.
        from orders.file_formats.altcraft_orders import read_converted  # noqa: PLC0415

        return read_converted(
            records,
            converted,
            skip_triggers=skip_triggers or frame.skip_triggers,
            unknown=frame.unknown,
        )

    def head(self, frame: Frame, options: FileOptions) -> bytes:
        """Return the beginning of a result file."""
        return format_named(options.format).head(frame, options)

    def annotated(self, record: Record, note: Note, frame: Frame, options: FileOptions) -> bytes:
        """Return the original bytes of a record with a note, as a result file has it."""
        return format_named(options.format).annotated(record, note, frame, options)

    def tail(self, frame: Frame, options: FileOptions) -> bytes:
        """Return the end of a result file."""
        return format_named(options.format).tail(frame, options)


def plain_beginning(beginning: bytes, compression: str) -> bytes:
    """Return the first bytes of the content of a file, of which these are the first bytes."""
    return _content("", beginning, compression)[1]


def _guessed(start: Beginning, chosen: FileOptions) -> FileOptions:
    if chosen.format:
        guess = format_named(chosen.format).guess(start)
        return guess or FileOptions(format=chosen.format, charset=start.charset)
    for name in _DETECTED:
        guess = format_named(name).guess(start)
        if guess is not None:
            return guess
    if is_whole(chosen.mapping) and (guess := format_named("mapped_csv").guess(start)):
        return guess
    hint = (
        "The mapping of a file with other columns must have group_by, order and line"
        if chosen.mapping
        else "A file with other columns must have a mapping"
    )
    message = f"The format of the file is not known; name it: {listed(NAMES)}. {hint}"
    raise UnreadableFileError("unknown_format", message)


def _content(name: str, beginning: bytes, compression: str) -> tuple[str, bytes]:
    """Return the name of the content and its first bytes. The file may be cut off."""
    names, content = opened(io.BytesIO(beginning), compression)
    data = b"".join(_until_cut(content))[:BEGINNING_BYTES]
    return names[0] if names else name.removesuffix(".gz"), data


def _until_cut(content: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    try:
        for part in content:
            yield part
            size += len(part)
            if size >= BEGINNING_BYTES:
                return
    except UnreadableFileError as error:
        if error.code != "truncated":
            raise
