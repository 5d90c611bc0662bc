"""Conversion of API Gateway events to requests, and of answers to API Gateway's form."""

import base64
import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.protocols.http import (
    MAX_BODY_BYTES,
    BodyRefusedError,
    HttpAnswer,
    by_preference,
    fits_answer,
)
from orders.runtime.api_gateway import read_request, write_answer
from tests.support.samples import Tree


def _event(body: str | None, *, encoded: bool = False, **headers: str) -> Tree:
    return {
        "headers": headers,
        "body": body,
        "isBase64Encoded": encoded,
        "queryStringParameters": None,
    }


def _body(event: Tree) -> bytes:
    return read_request(event).body


def _encoded(raw: bytes, **headers: str) -> Tree:
    return _event(base64.b64encode(raw).decode(), encoded=True, **headers)


def test_text_and_base64_bodies_are_the_same_request() -> None:
    assert _body(_event('{"я":1}')) == _body(_encoded('{"я":1}'.encode())) == '{"я":1}'.encode()
    assert _body(_event(None)) == b""


def test_header_names_are_in_lower_case_and_absent_parts_are_empty() -> None:
    head = read_request(
        {"headers": {"AUTHORIZATION": "Bearer x"}, "queryStringParameters": {"format": "xml"}}
    )
    assert head.headers == {"authorization": "Bearer x"}
    assert head.query == {"format": "xml"}
    assert read_request({"headers": None}).headers == {}
    assert read_request({"headers": {"Content-Type": None}}).headers == {}


@pytest.mark.parametrize(
    ("value", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("Basic abc", None),
        ("Bearer", None),
        ("Bearer ", None),
        ("  BEARER\tabc", "abc"),
        ("", None),
    ],
)
def test_the_bearer_token(value: str, token: str | None) -> None:
    assert read_request({"headers": {"Authorization": value}}).bearer_token == token


@pytest.mark.parametrize(
    ("value", "got"),
    [
        ("abc", "a value without the scheme `Bearer`"),
        ("Basic abc", "another scheme"),
        ("Bearer:abc", "a value without the scheme `Bearer`"),
        (" bearer ", "no token"),
    ],
)
def test_the_fault_of_an_authorization_header_says_how_it_must_read(value: str, got: str) -> None:
    fault = f"The header Authorization must be `Bearer <token>`; got {got}"
    assert read_request({"headers": {"Authorization": value}}).bearer_fault == fault


@pytest.mark.parametrize("value", ["", " ", "Bearer abc", "bearer  abc"])
def test_an_absent_or_valid_authorization_header_has_no_fault(value: str) -> None:
    assert read_request({"headers": {"Authorization": value}}).bearer_fault is None


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "x-gzip", "identity, gzip", "gzip,"])
def test_gzip_is_inflated(coding: str) -> None:
    assert _body(_encoded(gzip.compress(b"{}"), **{"Content-Encoding": coding})) == b"{}"
    assert _body(_encoded(b"{}", **{"Content-Encoding": "identity"})) == b"{}"


@given(st.lists(st.binary(max_size=9_000), min_size=1, max_size=6))
def test_all_members_of_a_gzip_body_are_read(parts: list[bytes]) -> None:
    packed = b"".join(map(gzip.compress, parts))
    assert _body(_encoded(packed, **{"Content-Encoding": "gzip"})) == b"".join(parts)


def test_the_limit_counts_all_members() -> None:
    half = gzip.compress(b"a" * (MAX_BODY_BYTES // 2))
    assert len(_body(_encoded(half * 2, **{"Content-Encoding": "gzip"}))) == MAX_BODY_BYTES
    with pytest.raises(BodyRefusedError, match="4194304 bytes"):
        _body(_encoded(half * 2 + gzip.compress(b"a"), **{"Content-Encoding": "gzip"}))


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "br", "identity"])
@pytest.mark.parametrize(
    "text",
    ['{"я": 1}', "<xml>\r\n\t</xml>", "grant_type=client_credentials", "", "not gzip"],
)
def test_a_body_that_the_gateway_has_decoded_is_not_decoded_again(text: str, coding: str) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1251"):
        raw = text.encode(encoding)
        assert _body(_encoded(raw, **{"Content-Encoding": coding})) == raw
    assert _body(_event(text, encoded=False, **{"Content-Encoding": coding})) == text.encode()


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (_event("a" * (MAX_BODY_BYTES + 1)), 413),
        (_encoded(b"a" * (MAX_BODY_BYTES + 1)), 413),
        (_encoded(gzip.compress(b"a" * (MAX_BODY_BYTES + 1)), **{"Content-Encoding": "gzip"}), 413),
        (_encoded(bytes(range(256)), **{"Content-Encoding": "gzip"}), 400),
        (_encoded(zlib.compress(b"{}"), **{"Content-Encoding": "gzip"}), 400),
        (
            _event(
                gzip.compress(b"{}").decode(errors="replace"),
                encoded=False,
                **{"Content-Encoding": "gzip"},
            ),
            400,
        ),
        (_encoded(gzip.compress(b"{}" * 99)[:-9], **{"Content-Encoding": "gzip"}), 400),
        (_encoded(gzip.compress(b"{}") + b"tail", **{"Content-Encoding": "gzip"}), 400),
        (_encoded(gzip.compress(b"{}") * 2 + b"\x1f", **{"Content-Encoding": "gzip"}), 400),
        (_encoded((gzip.compress(b"{}") * 2)[:-1], **{"Content-Encoding": "gzip"}), 400),
        (_encoded(gzip.compress(b"{}")[:-8] + bytes(8), **{"Content-Encoding": "gzip"}), 400),
        (_encoded(zlib.compress(b"{}"), **{"Content-Encoding": "deflate"}), 415),
        (_encoded(gzip.compress(b"{}"), **{"Content-Encoding": "deflate"}), 415),
        (_encoded(b'\x0b\x03\x80{"a":1}\x03', **{"Content-Encoding": "br"}), 415),
        (_encoded(b"{}", **{"Content-Encoding": "zstd"}), 415),
        (_encoded(b"{}", **{"Content-Encoding": "gzip, gzip"}), 415),
        (_encoded(gzip.compress(b"{}"), **{"Content-Encoding": "deflate, gzip"}), 415),
        (_event("%%%", encoded=True), 400),
        (_event("\ud800"), 400),
    ],
)
def test_an_unreadable_body_is_rejected(event: Tree, status: int) -> None:
    with pytest.raises(BodyRefusedError) as refusal:
        _body(event)
    assert refusal.value.status == status


def test_a_body_of_the_maximum_size_is_accepted() -> None:
    assert len(_body(_event("a" * MAX_BODY_BYTES))) == MAX_BODY_BYTES
    packed = _encoded(gzip.compress(b"a" * MAX_BODY_BYTES), **{"Content-Encoding": "gzip"})
    assert len(_body(packed)) == MAX_BODY_BYTES


def test_the_error_of_a_large_body_has_the_limit() -> None:
    with pytest.raises(BodyRefusedError, match="4194304 bytes"):
        _body(_event("a" * (MAX_BODY_BYTES + 1)))


def test_an_answer_is_text() -> None:
    answer = HttpAnswer(200, '{"я":1}'.encode(), {"Content-Type": "application/json"})
    assert write_answer(answer) == {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"},
        "body": '{"я":1}',
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", []),
        ("application/xml", ["application/xml"]),
        ("a/b;q=0.1, c/d", ["c/d", "a/b"]),
        ("a/b, c/d", ["a/b", "c/d"]),
        ("a/b;q=0, c/d;q=0.000, e/f", ["e/f"]),
        ("a/b;q=high, e/f", ["e/f"]),
        # Parameters may come before or after the weight (RFC 9110, 12.5.1).
        ("a/b;q=0.5;version=1, c/d;level=1;q=0.9", ["c/d", "a/b"]),
        ('a/b;title="x, y;q=0";q=0.3, c/d;q=0.2', ["a/b", "c/d"]),
        ("A/B ; Q=0.5 , C/D", ["c/d", "a/b"]),
        (",, a/b ,", ["a/b"]),
    ],
)
def test_accepted_names_are_sorted_by_weight(accept: str, expected: list[str]) -> None:
    assert by_preference(accept) == expected


def test_the_size_of_an_answer_is_limited() -> None:
    assert fits_answer(b"a" * (5 * 1024 * 1024))
    assert not fits_answer(b"a" * (5 * 1024 * 1024), b"a")
    assert not fits_answer(b'"' * (3 * 1024 * 1024))
    assert not fits_answer(b"\\" * (3 * 1024 * 1024))
