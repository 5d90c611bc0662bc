"""Decoding of JSON requests: exact numbers, and a clear error for everything invalid."""

import time
import tracemalloc
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.problems import Code
from orders.protocols.altcraft.errors import RequestRefusedError
from orders.protocols.altcraft.json_codec import decode
from orders.protocols.json_text import write_json


def test_numbers_keep_their_digits() -> None:
    assert decode(b'{"a":0.10,"b":12345678901234567890.12,"c":7}').tree == {
        "a": Decimal("0.10"),
        "b": Decimal("12345678901234567890.12"),
        "c": 7,
    }


def test_a_byte_order_mark_is_skipped() -> None:
    assert decode(b"\xef\xbb\xbf{}").tree == {}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"a":1,}', "line 1, column "),
        (b'{\n"a" 1}', "line 2, column 5"),
        (b'{"a":NaN}', "NaN is not a JSON number"),
        (b'{"a":-Infinity}', "-Infinity is not a JSON number"),
        (b'{"a":"\xff"}', "byte 6 is not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b"5", "must be a JSON object"),
        (b" \n", "it is empty"),
        (b'{"a":"\x00"}', "control character"),
        (b'{"a":1}x', "Extra data"),
    ],
)
def test_invalid_json_is_rejected_with_the_place(body: bytes, reason: str) -> None:
    with pytest.raises(RequestRefusedError) as refusal:
        decode(body)
    assert refusal.value.status == 400
    assert reason.lower() in refusal.value.text.lower()


@pytest.mark.parametrize("charset", [None, "utf-8", "utf8", "us-ascii"])
def test_utf_8_is_accepted(charset: str | None) -> None:
    assert decode(b"{}", charset).tree == {}


def test_another_charset_is_rejected() -> None:
    with pytest.raises(RequestRefusedError) as refusal:
        decode(b"{}", "windows-1251")
    assert refusal.value.status == 415


def test_a_duplicate_member_is_reported_with_its_path() -> None:
    decoded = decode(b'{"data":[{"a":1},{"lines":[{"x/y":1,"x/y":2}]}]}')
    [fault] = decoded.faults
    assert (fault.code, fault.pointer) == (Code.DUPLICATE_MEMBER, "/data/1/lines/0/x~1y")


@pytest.mark.parametrize(
    ("number", "fits"),
    [
        (b"1" * 4300, True),
        (b"1" * 4301, False),
        (b"-" + b"1" * 4301, False),
        (b"0." + b"1" * 5000, True),
        (b"1e99999", True),
        (b"1e99999999999999999999", False),
        (b"1e-99999999999999999999", False),
    ],
)
def test_a_number_that_is_too_long_is_reported_with_its_path(number: bytes, *, fits: bool) -> None:
    decoded = decode(b'{"data":[{"a":1},{"b":[7,' + number + b"]}]}")
    assert [(fault.code, fault.pointer) for fault in decoded.faults] == (
        [] if fits else [(Code.INVALID_VALUE, "/data/1/b/1")]
    )
    assert decoded.tree["data"][1]["b"][0] == 7


def test_a_syntax_error_after_a_long_number_has_its_place() -> None:
    with pytest.raises(RequestRefusedError) as refusal:
        decode(b'{"a":' + b"1" * 5000 + b",\n}")
    assert "line 2" in refusal.value.text or "line 1" in refusal.value.text


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (rb'{"data":[{"a":"x\u0000"}]}', "/data/0/a"),
        (rb'{"data":[{"a":["x\b"]}]}', "/data/0/a/0"),
        (rb'{"data":[{"a":"\ud800"}]}', "/data/0/a"),
        (rb'{"data":[{"a\u0001":1}]}', "/data/0"),
        (rb'{"data":[{"a":"\uFFFF"}]}', "/data/0/a"),
        ('{"data":[{"a":"\uffff"}]}'.encode(), "/data/0/a"),
        ('{"data":[{"a":"\ufffe"}]}'.encode(), "/data/0/a"),
    ],
)
def test_characters_that_xml_cannot_hold_are_reported(body: bytes, path: str) -> None:
    [fault] = decode(body).faults
    assert (fault.code, fault.pointer) == (Code.ILLEGAL_CHARACTER, path)


def test_a_hostile_body_is_read_in_linear_time() -> None:
    members = b",".join(b'"k%d":1' % n for n in range(60_000)) + b',"k1":2'
    started = time.process_time()
    assert len(decode(b"{" + members + b"}").faults) == 1
    assert time.process_time() - started < 5, "finding duplicate members takes quadratic time"
    tracemalloc.start()
    deep = b'{"' + b"k" * 20_000 + b'":[' + b"1," * 5_000 + rb'"x\b"]}'
    [fault] = decode(deep).faults
    assert fault.pointer.endswith("/5000")
    assert tracemalloc.get_traced_memory()[1] < 100 * len(deep), "a path is built for each value"
    tracemalloc.stop()


@pytest.mark.parametrize("text", [r"\ud83d\ude00", r"\n\t\r", r"\\b", r"\u043f", r"\"", r"\/"])
def test_other_escapes_are_accepted(text: str) -> None:
    assert decode(b'{"a":"' + text.encode() + b'"}').faults == ()


@given(st.binary())
def test_any_bytes_are_decoded_or_rejected(body: bytes) -> None:
    try:
        assert isinstance(decode(body).tree, dict)
    except RequestRefusedError as refusal:
        assert refusal.status == 400  # noqa: PT017 - no other error is allowed


def test_a_lone_surrogate_in_an_answer_is_replaced() -> None:
    assert write_json({"external_id": "я\ud800"}) == '{"external_id":"я?"}'.encode()


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Decimal("0.10"), "0.1"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1E+308"), "1E+308"),
        (Decimal("1.5E-308"), "1.5E-308"),
        (2**63, "9223372036854775808"),
        (10**30, "1" + "0" * 30),
        (-(10**70) - 1, "-1" + "0" * 69 + "1"),
    ],
)
def test_numbers_of_any_size_are_written(number: Decimal | int, text: str) -> None:
    assert write_json(number).decode() == text
    assert write_json({"a": [number, Decimal("0.5"), True, None]}).decode() == (
        f'{{"a":[{text},0.5,true,null]}}'
    )
