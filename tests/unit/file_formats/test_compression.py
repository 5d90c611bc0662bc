"""Compressed files are read as streams within bounds."""

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.domain.file_records import UnreadableFileError
from orders.file_formats import compression
from orders.file_formats.bounds import BLOCK_BYTES
from orders.file_formats.compression import compression_of, decompressed
from orders.file_formats.registry import Registry
from tests.support.files import Trickle

TEXT = b"".join(b"row %d of a file\n" % number for number in range(5000))


def zipped(
    *members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED, is_streamed: bool = False
) -> bytes:
    target = Forward() if is_streamed else io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return target.getvalue()


class Forward(io.BytesIO):
    """A target that cannot seek, so that the sizes follow the content."""

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        raise io.UnsupportedOperation

    def seek(self, *_position: int) -> int:
        raise io.UnsupportedOperation


def content(data: bytes, kind: str, sizes: Sequence[int] = (1000, 1, 70_000)) -> bytes:
    return decompressed(Trickle(data, sizes), kind).read()  # type: ignore[arg-type]


def refused(data: bytes, kind: str) -> UnreadableFileError:
    with pytest.raises(UnreadableFileError) as found:
        content(data, kind)
    return found.value


@settings(deadline=None, max_examples=30)
@given(sizes=st.lists(st.integers(1, 5000), min_size=1, max_size=4))
def test_content_is_the_same_for_any_reads(sizes: list[int]) -> None:
    assert content(gzip.compress(TEXT), "gzip", sizes) == TEXT
    assert content(zipped(("a.csv", TEXT)), "zip", sizes) == TEXT
    assert content(zipped(("a.csv", TEXT), is_streamed=True), "zip", sizes) == TEXT
    assert content(zipped(("a.csv", TEXT), method=zipfile.ZIP_STORED), "zip", sizes) == TEXT


def test_all_members_of_gzip_are_read_and_padding_is_not() -> None:
    assert content(gzip.compress(b"a") + gzip.compress(b"b") + bytes(512), "gzip") == b"ab"


def test_an_empty_file_is_read() -> None:
    assert content(gzip.compress(b""), "gzip") == b""
    assert content(zipped(("a.csv", b"")), "zip") == b""


def test_folders_and_files_that_a_mac_adds_are_skipped() -> None:
    members = (("orders/", b""), ("orders/a.csv", TEXT), ("__MACOSX/orders/._a.csv", b"x"))
    assert content(zipped(*members), "zip") == TEXT


def test_a_zip64_file_is_read() -> None:
    target = io.BytesIO()
    with (
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.csv", "w", force_zip64=True) as member,
    ):
        member.write(TEXT)
    assert content(target.getvalue(), "zip") == TEXT
    streamed = Forward()
    with (
        zipfile.ZipFile(streamed, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.csv", "w", force_zip64=True) as member,
    ):
        member.write(TEXT)
    assert content(streamed.getvalue(), "zip") == TEXT


def test_several_files_are_rejected_with_their_names() -> None:
    error = refused(zipped(("a.csv", b"1"), ("b.csv", b"2")), "zip")
    assert error.code == "several_files"
    assert '"a.csv", "b.csv"' in str(error)


def test_an_encrypted_file_is_rejected() -> None:
    data = bytearray(zipped(("a.csv", TEXT)))
    data[6] |= 1
    error = refused(bytes(data), "zip")
    assert (error.code, "password" in str(error)) == ("encrypted", True)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (gzip.compress(gzip.compress(TEXT)), "gzip"),
        (zipped(("a.zip", zipped(("b.csv", TEXT)))), "zip"),
        (zipped(("a.gz", gzip.compress(TEXT))), "zip"),
    ],
    ids=["gzip in gzip", "zip in zip", "gzip in zip"],
)
def test_a_compressed_file_in_another_is_rejected(data: bytes, kind: str) -> None:
    assert refused(data, kind).code == "nested_compression"


@pytest.mark.parametrize(
    "names",
    [
        ("[Content_Types].xml", "xl/workbook.xml"),
        ("_rels/.rels", "xl/workbook.xml"),
        ("docProps/app.xml", "xl/workbook.xml"),
        ("xl/worksheets/sheet1.xml", "[Content_Types].xml"),
        ("mimetype", "content.xml"),
    ],
)
def test_a_spreadsheet_is_rejected_with_advice(names: Sequence[str]) -> None:
    error = refused(zipped(*((name, b"<x/>") for name in names)), "zip")
    assert error.code == "unsupported_format"
    assert str(error) == (
        "The file is a spreadsheet, such as XLSX; save it as CSV in UTF-8, and import that"
    )


def test_a_spreadsheet_that_was_named_csv_is_rejected_with_advice() -> None:
    data = zipped(("xl/workbook.xml", b"<x/>"), ("[Content_Types].xml", b"<x/>"))
    with pytest.raises(UnreadableFileError, match="save it as CSV"):
        Registry().detect("orders.csv", data)


def test_an_old_spreadsheet_is_rejected_with_advice() -> None:
    with pytest.raises(UnreadableFileError, match="save it as CSV"):
        compression_of(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")


@pytest.mark.parametrize("kind", ["gzip", "zip"])
def test_a_file_that_is_cut_off_is_rejected(kind: str) -> None:
    data = gzip.compress(TEXT) if kind == "gzip" else zipped(("a.csv", TEXT))
    for size in (1, 5, 20, len(data) // 2):
        assert refused(data[:size], kind).code == "truncated"


@pytest.mark.parametrize("kind", ["gzip", "zip"])
def test_a_damaged_file_is_rejected(kind: str) -> None:
    data = bytearray(gzip.compress(TEXT) if kind == "gzip" else zipped(("a.csv", TEXT)))
    data[200] ^= 0xFF
    assert refused(bytes(data), kind).code in {"damaged", "truncated"}


def test_a_wrong_checksum_is_rejected() -> None:
    data = bytearray(zipped(("a.csv", TEXT)))
    data[14:18] = struct.pack("<I", zlib.crc32(TEXT) ^ 1)
    assert refused(bytes(data), "zip").code == "damaged"


@pytest.mark.parametrize("kind", ["gzip", "zip"])
def test_a_bomb_is_rejected_early(kind: str) -> None:
    zeros = bytes(40 * 1024**2)
    data = gzip.compress(zeros) if kind == "gzip" else zipped(("a.csv", zeros))
    source = decompressed(io.BytesIO(data), kind)
    before = compression.JUDGED_FROM_BYTES - BLOCK_BYTES
    assert source.read(before) == zeros[:before]
    with pytest.raises(UnreadableFileError) as found:
        source.read(1024**2)
    assert found.value.code == "compression_bomb"


def test_a_file_that_is_too_large_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "MAX_FILE_BYTES", len(TEXT) - 1)
    assert refused(gzip.compress(TEXT), "gzip").code == "too_large"


@pytest.mark.parametrize(
    ("data", "kind"),
    [(gzip.compress(b""), "gzip"), (zipped(), "zip"), (zipped(("a", b"")), "zip"), (b"{", "none")],
    ids=["gzip", "empty zip", "zip", "text"],
)
def test_compression_is_recognised(data: bytes, kind: str) -> None:
    assert compression_of(data) == kind


def test_other_compressions_are_rejected_by_name() -> None:
    with pytest.raises(UnreadableFileError, match="got zstd"):
        compression_of(b"\x28\xb5\x2f\xfd....")
    with pytest.raises(UnreadableFileError, match='got "lzma"'):
        decompressed(io.BytesIO(b""), "lzma")
    assert refused(zipped(("a.csv", TEXT), method=zipfile.ZIP_BZIP2), "zip").code == (
        "unsupported_compression"
    )


def test_an_empty_zip_file_is_rejected() -> None:
    assert refused(zipped(), "zip").code == "empty_file"
