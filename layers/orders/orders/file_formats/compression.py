"""Reads compressed files as streams, with bounds on what comes out of them."""

import io
import struct
import zlib
from collections.abc import Buffer, Iterator
from typing import BinaryIO

from orders.domain.file_records import UnreadableFileError
from orders.domain.problems import shown
from orders.file_formats.bounds import BLOCK_BYTES, blocks

MAX_FILE_BYTES = 5 * 1024**3
# A file may be compressed to so small a part, once more than so many bytes came out of it.
MAX_RATIO = 200
JUDGED_FROM_BYTES = 10 * 1024**2
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
_OTHERS = (
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!", "RAR"),
)
_GZIP_WINDOW, _RAW_WINDOW = 31, -15
_FIRST_BYTES = 1024


def compression_of(beginning: bytes) -> str:
    """Return how a file is compressed. Raises UnreadableFileError for an unsupported way."""
    if beginning.startswith(_GZIP):
        return "gzip"
    if beginning.startswith((_ZIP, b"PK\x05\x06")):
        return "zip"
    if beginning.startswith(_OLD_WORKBOOK):
        raise _spreadsheet()
    for magic, name in _OTHERS:
        if beginning.startswith(magic):
            raise _unreadable("unsupported_compression", f"must be gzip or zip; got {name}")
    return "none"


def decompressed(source: BinaryIO, compression: str) -> BinaryIO:
    """Return the content of a file. Reading it raises UnreadableFileError."""
    if compression == "none":
        return source
    return io.BufferedReader(_Blocks(plain_blocks(source, compression)), BLOCK_BYTES)


def plain_blocks(source: BinaryIO, compression: str) -> Iterator[bytes]:
    """Yield the content of a compressed file. Raises UnreadableFileError."""
    _names, content = opened(source, compression)
    return content


def opened(source: BinaryIO, compression: str) -> tuple[list[str], Iterator[bytes]]:
    """Return a list, which has the name of the file in a zip file once it is read, and the content.

    Raises UnreadableFileError.
    """
    names: list[str] = []
    counted = _Counted(blocks(source))
    if compression == "gzip":
        return names, _checked(_gzip(counted), counted)
    if compression == "zip":
        return names, _checked(_zip(counted, names), counted)
    if compression == "none":
        return names, iter(counted)
    raise _unreadable(
        "unsupported_compression", f"must be none, gzip or zip; got {shown(compression)}"
    )


def _spreadsheet() -> UnreadableFileError:
    message = "The file is a spreadsheet, such as XLSX; save it as CSV in UTF-8, and import that"
    return UnreadableFileError("unsupported_format", message)


def _unreadable(code: str, what: str) -> UnreadableFileError:
    return UnreadableFileError(code, f"The compression of the file {what}")


class _Blocks(io.RawIOBase):
    """Blocks as a stream."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._rest = memoryview(part)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


class _Counted:
    """The bytes of the compressed file, of which some can be given back, and what came out of them.

    Many small members have many steps in one block, so that no step may copy a block.
    """

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        # What is read next is the last one.
        self._views: list[memoryview] = []
        self.size = 0
        self.unpacked = 0

    def __iter__(self) -> Iterator[bytes]:
        while block := self.block():
            yield block

    def block(self, most: int = BLOCK_BYTES) -> bytes:
        """Return some bytes, b"" at the end."""
        if not self._views:
            part = next(self._parts, b"")
            self.size += len(part)
            self._views.append(memoryview(part))
        view = self._views.pop()
        self.give_back(view[most:])
        return bytes(view[:most])

    def give_back(self, rest: Buffer) -> None:
        """Put bytes before what is read next."""
        view = memoryview(rest)
        if view:
            self._views.append(view)

    def exactly(self, size: int) -> bytes:
        """Return so many bytes. Raises UnreadableFileError if there are fewer."""
        found = b""
        while len(found) < size:
            part = self.block(size - len(found))
            if not part:
                raise _cut_off()
            found += part
        return found

    def count(self, part: bytes) -> None:
        """Count what came out of the file. Raises UnreadableFileError if it is too much."""
        self.unpacked += len(part)
        if self.unpacked > MAX_FILE_BYTES:
            message = f"The file must have at most {MAX_FILE_BYTES // 1024**3} GB when unpacked"
            raise UnreadableFileError("too_large", message)
        if self.unpacked > JUDGED_FROM_BYTES and self.unpacked > MAX_RATIO * self.size:
            message = f"The file must not unpack to more than {MAX_RATIO} times its size"
            raise UnreadableFileError("compression_bomb", message)


def _cut_off() -> UnreadableFileError:
    message = "The compressed file is cut off; upload it again"
    return UnreadableFileError("truncated", message)


def _checked(content: Iterator[bytes], counted: _Counted) -> Iterator[bytes]:
    """Yield the content within its bounds. Raises UnreadableFileError."""
    is_begun = False
    for part in content:
        if not is_begun and part.startswith((_GZIP, _ZIP)):
            message = "The compressed file must contain orders; it contains a compressed file"
            raise UnreadableFileError("nested_compression", message)
        is_begun = True
        counted.count(part)
        yield part


def _inflated(source: _Counted, window: int) -> Iterator[bytes]:
    """Yield what one compressed stream contains, and give back what follows it."""
    inflate = zlib.decompressobj(window)
    # The rest of a block is copied at the end of the stream, so small streams get small blocks.
    most = _FIRST_BYTES
    try:
        while not inflate.eof:
            data = inflate.unconsumed_tail or source.block(most)
            most = min(2 * most, BLOCK_BYTES)
            if not data:
                raise _cut_off()
            part = inflate.decompress(data, BLOCK_BYTES)
            if part:
                yield part
    except zlib.error:
        message = "The compressed file is damaged; upload it again"
        raise UnreadableFileError("damaged", message) from None
    source.give_back(inflate.unused_data)


def _gzip(source: _Counted) -> Iterator[bytes]:
    """Yield the content of all members. Zeros after the last one are padding."""
    while True:
        yield from _inflated(source, _GZIP_WINDOW)
        while rest := source.block(_FIRST_BYTES):
            if rest := rest.lstrip(b"\0"):
                source.give_back(rest)
                break
        if not rest:
            return


_HEADER = struct.Struct("<HHHHHIIIHH")
_ENCRYPTED, _LATER_SIZES, _NAME_IS_UTF_8 = 1, 8, 2048
_STORED, _DEFLATED = 0, 8
_ALL_ONES = 0xFFFFFFFF
_CENTRAL = (b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06")
_DESCRIPTOR = b"PK\x07\x08"
# What archivers of a Mac add.
_ADDED = ("__MACOSX/", ".DS_Store")
# What workbooks of Excel and of LibreOffice begin with.
_OF_WORKBOOKS = ("[Content_Types].xml", "_rels/", "docProps/", "xl/", "mimetype")


def _zip(source: _Counted, names: list[str]) -> Iterator[bytes]:
    """Yield the content of the one file in a zip file."""
    is_found = False
    while (signature := source.exactly(4)) == _ZIP:
        member = _Member.of(source)
        if member.is_directory or member.name.startswith(_ADDED):
            for part in member.content(source):
                source.count(part)
            continue
        if member.name.startswith(_OF_WORKBOOKS):
            raise _spreadsheet()
        if is_found:
            found = ", ".join(shown(name) for name in (*names, member.name))
            message = f"The zip file must contain one file; it contains {found} and maybe more"
            raise UnreadableFileError("several_files", message)
        is_found = True
        names.append(member.name)
        yield from member.content(source)
    if signature not in _CENTRAL:
        message = "The zip file is damaged; upload it again"
        raise UnreadableFileError("damaged", message)
    if not is_found:
        raise UnreadableFileError("empty_file", "The zip file must contain one file; it is empty")


class _Member:
    """The local header of a file in a zip file."""

    def __init__(self, name: str, flags: int, method: int, sizes: tuple[int, int, int]) -> None:
        self.name, self.flags, self.method = name, flags, method
        self.crc, self.packed, self.size = sizes
        self.is_wide = False

    @classmethod
    def of(cls, source: _Counted) -> "_Member":
        """Read a header. Raises UnreadableFileError for an unsupported file."""
        fields = _HEADER.unpack(source.exactly(_HEADER.size))
        _version, flags, method, _time, _date, crc, packed, size, of_name, of_extra = fields
        name = source.exactly(of_name).decode(
            "utf-8" if flags & _NAME_IS_UTF_8 else "cp437", "replace"
        )
        extra = source.exactly(of_extra)
        if flags & _ENCRYPTED:
            message = f"The zip file must not be encrypted; {shown(name)} has a password"
            raise UnreadableFileError("encrypted", message)
        if method not in {_STORED, _DEFLATED}:
            raise _unreadable("unsupported_compression", "in a zip file must be stored or deflated")
        member = cls(name, flags, method, (crc, packed, size))
        wide = _wide_sizes(extra)
        if wide is not None:
            member.is_wide = True
            if _ALL_ONES in {size, packed}:
                member.size, member.packed = wide
        return member

    @property
    def is_directory(self) -> bool:
        """Return whether it is a folder."""
        return self.name.endswith("/")

    def content(self, source: _Counted) -> Iterator[bytes]:
        """Yield the content and check it. Raises UnreadableFileError."""
        crc, size = 0, 0
        for part in self._parts(source):
            crc = zlib.crc32(part, crc)
            size += len(part)
            yield part
        if self.flags & _LATER_SIZES:
            self._read_descriptor(source, size)
        if crc != self.crc or size != self.size:
            message = f"The file {shown(self.name)} in the zip file is damaged; upload it again"
            raise UnreadableFileError("damaged", message)

    def _parts(self, source: _Counted) -> Iterator[bytes]:
        if self.method == _DEFLATED:
            yield from _inflated(source, _RAW_WINDOW)
            return
        if self.flags & _LATER_SIZES:
            message = "in a zip file must be deflated, or stored with its size in front of it"
            raise _unreadable("unsupported_compression", message)
        left = self.packed
        while left:
            part = source.block(min(left, BLOCK_BYTES))
            if not part:
                raise _cut_off()
            left -= len(part)
            yield part

    def _read_descriptor(self, source: _Counted, size: int) -> None:
        """Read the checksum and the sizes behind the content. Sizes may have eight bytes."""
        first = source.exactly(4)
        if first == _DESCRIPTOR:
            first = source.exactly(4)
        (self.crc,) = struct.unpack("<I", first)
        is_wide = self.is_wide or size > _ALL_ONES
        _packed, self.size = (
            struct.unpack("<QQ", source.exactly(16))
            if is_wide
            else struct.unpack("<II", source.exactly(8))
        )


def _wide_sizes(extra: bytes) -> tuple[int, int] | None:
    """Return the size and the packed size of the Zip64 field; None without it."""
    position = 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, position)
        if kind == 1:
            data = extra[position + 4 : position + 4 + length].ljust(16, b"\0")
            size, packed = struct.unpack_from("<QQ", data)
            return size, packed
        position += 4 + length
    return None
