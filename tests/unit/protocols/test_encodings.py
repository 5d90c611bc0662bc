"""Bodies that are not UTF-8 are named, and the answer says what to send."""

import gzip
import zlib
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.protocols.altcraft import json_codec, xml_codec
from orders.protocols.altcraft.errors import RequestRefusedError
from orders.protocols.altcraft.requests import IMPORT_SHAPE
from orders.protocols.encodings import likely_format, seems_text
from orders.protocols.json_text import NotJsonError, read_json

JSON = '{"data":"\u044f"}'
SEND_GZIP = "send text in UTF-8, or gzip with the header `Content-Encoding: gzip`"
FORMS = [
    (
        gzip.compress,
        "gzip data: compress the text once, and send the header `Content-Encoding: gzip`",
    ),
    (zlib.compress, f"zlib (deflate) data: {SEND_GZIP}"),
    (lambda body: b"PK\x03\x04" + body, f"a ZIP file: {SEND_GZIP}"),
    (lambda body: b"\x28\xb5\x2f\xfd" + body, f"zstd data: {SEND_GZIP}"),
]
UNICODE = [
    ("utf-16", "UTF-16"),
    ("utf-16-le", "UTF-16"),
    ("utf-16-be", "UTF-16"),
    ("utf-32", "UTF-32"),
    ("utf-32-le", "UTF-32"),
    ("utf-32-be", "UTF-32"),
]


def _refusal(read: Callable[[], object]) -> str:
    with pytest.raises((NotJsonError, RequestRefusedError)) as refusal:
        read()
    return str(refusal.value)


@pytest.mark.parametrize(("pack", "found"), FORMS, ids=["gzip", "zlib", "zip", "zstd"])
def test_undeclared_compression_is_named(pack: Callable[[bytes], bytes], found: str) -> None:
    body = pack(JSON.encode())
    expected = f"is not valid JSON: it looks like {found}"
    assert _refusal(lambda: read_json(body)) == f"The body {expected}"
    assert _refusal(lambda: json_codec.decode(body)) == f"The body {expected}"
    text = _refusal(lambda: xml_codec.decode(body, IMPORT_SHAPE))
    assert text.startswith("The body is not valid XML: line 1, column ")
    assert text.endswith(f"; it looks like {found}")


@pytest.mark.parametrize(("encoding", "found"), UNICODE)
def test_json_in_another_unicode_encoding_is_named(encoding: str, found: str) -> None:
    for text in (JSON, "[]", "1"):
        reason = _refusal(partial(read_json, text.encode(encoding)))
        assert reason == f"The body is not valid JSON: it looks like {found}: send UTF-8"


def test_another_encoding_is_reported_with_its_byte() -> None:
    body = JSON.encode("cp1251")
    assert _refusal(lambda: read_json(body)).endswith("byte 9 is not UTF-8; send UTF-8")


@pytest.mark.parametrize(("encoding", "found"), UNICODE)
def test_xml_in_another_encoding_than_declared_is_named(encoding: str, found: str) -> None:
    body = "<xml/>".encode(encoding).removeprefix(b"\xff\xfe")
    text = _refusal(lambda: xml_codec.decode(body, IMPORT_SHAPE, "utf-8"))
    assert text.startswith("The body is not valid XML: line 1, column ")
    assert text.endswith(f"; it looks like {found}: send UTF-8")


@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=2))
def test_text_in_every_encoding_seems_text(text: str) -> None:
    assert likely_format(f"[{text}".encode()) is None
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        assert seems_text(f"[{text}".encode(encoding))


def test_binary_data_is_not_taken_for_another_unicode_encoding() -> None:
    assert likely_format(bytes(range(256))) is None


@given(st.binary())
def test_compressed_data_does_not_seem_text(raw: bytes) -> None:
    assert not seems_text(gzip.compress(raw))
    assert not seems_text(zlib.compress(raw))
