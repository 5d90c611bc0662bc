"""The header Idempotency-Key, and the fingerprint of a request."""

from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.application.errors import KeyInUseError, KeyReusedError
from orders.application.undo_report import UndoneOrder, UndoReport
from orders.domain.undoing import UndoOutcome
from orders.protocols.http import RETRY_AFTER_SECONDS, EndpointResult, HttpAnswer, HttpRequest
from orders.protocols.idempotency import (
    MAX_KEY_CHARACTERS,
    Caller,
    KeyRefusedError,
    fingerprint_of,
    has_key,
    read_key,
    refusal_of,
)

CALLER = Caller("demo", "shop")
BODY = b'{"token":"secret","data":[]}'


def _with_key(value: str) -> HttpRequest:
    return HttpRequest(headers={"idempotency-key": value})


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        ('"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ('  "order 1"  ', "order 1"),
        (r'"a \"b\" \\ c"', r'a "b" \ c'),
        ("shop:2026/11/26#7", "shop:2026/11/26#7"),
        ("k" * MAX_KEY_CHARACTERS, "k" * MAX_KEY_CHARACTERS),
        (f'"{"k" * MAX_KEY_CHARACTERS}"', "k" * MAX_KEY_CHARACTERS),
    ],
)
def test_a_key_is_a_string_in_quotes_or_bare(sent: str, key: str) -> None:
    assert read_key(_with_key(sent)) == key


@pytest.mark.parametrize(
    "sent",
    [
        *("", "  ", '""', '"  "', '"', '"a', 'a"', '"a"b"', r'"a\b"', "a b", "a\tb", "a,b"),
        *("a;b", '"a";b=1', '"a", "b"', "ключ", '"ключ"', '"a\x00"', "a\\b", "'a b'"),
        "k" * (MAX_KEY_CHARACTERS + 1),
        f'"{"k" * (MAX_KEY_CHARACTERS + 1)}"',
    ],
)
def test_a_malformed_key_is_rejected(sent: str) -> None:
    with pytest.raises(KeyRefusedError) as refused:
        read_key(_with_key(sent))
    assert refused.value.status == 400
    assert "Idempotency-Key must be a string of 1 to 255" in refused.value.text


def test_only_a_request_with_the_header_has_a_key() -> None:
    assert has_key(_with_key(""))
    assert not has_key(HttpRequest())


def test_the_refusals_are_those_of_the_draft() -> None:
    reused, in_use = refusal_of(KeyReusedError()), refusal_of(KeyInUseError())
    assert (reused.status, reused.retry_after) == (422, "")
    assert "is already used" in reused.text
    assert (in_use.status, in_use.retry_after) == (409, "5")
    assert "A request is outstanding" in in_use.text


def _request(**changes: object) -> HttpRequest:
    members = {
        "method": "POST",
        "resource": "/{projectKey}/orders/import",
        "path": {"projectKey": "demo"},
        "queries": {"format": ("json",)},
        "read_body": lambda: BODY,
        **changes,
    }
    return HttpRequest(**members)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "DELETE"},
        {"resource": "/{projectKey}/orders"},
        {"path": {"projectKey": "other"}},
        {"path": {}},
        {"queries": {}},
        {"queries": {"format": ("xml",)}},
        {"queries": {"format": ("json", "json")}},
        {"read_body": lambda: BODY + b" "},
        {"read_body": bytes},
    ],
)
def test_each_part_of_a_request_changes_its_fingerprint(changes: dict[str, object]) -> None:
    assert fingerprint_of(_request(**changes), CALLER) != fingerprint_of(_request(), CALLER)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "utf-32"])
def test_the_token_of_a_body_does_not_change_the_fingerprint(encoding: str) -> None:
    def fingerprint(token: str, data: str = "A") -> str:
        body = f'<xml><token>{token}</token><data external_id="{data}"/></xml>'.encode(encoding)
        return fingerprint_of(_request(read_body=lambda: body), Caller("demo", "shop", token))

    assert fingerprint("secret") == fingerprint("another one")
    assert fingerprint("secret") != fingerprint("secret", "B")


def test_headers_do_not_change_the_fingerprint() -> None:
    changed = _request(headers={"authorization": "Bearer new", "accept": "application/xml"})
    assert fingerprint_of(changed, CALLER) == fingerprint_of(_request(), CALLER)


@pytest.mark.parametrize("name", ["x-dry-run", "x-external-user-id", "x-skip-triggers"])
def test_a_header_that_changes_what_is_done_changes_the_fingerprint(name: str) -> None:
    plain, changed = _request(), _request(headers={name: "true"})
    assert fingerprint_of(changed, CALLER) != fingerprint_of(plain, CALLER)


TEXTS = st.text(max_size=3)
PAIRS = st.dictionaries(TEXTS, TEXTS, max_size=3)


REQUESTS = st.tuples(TEXTS, PAIRS, st.binary(max_size=3))


@given(REQUESTS, REQUESTS)
def test_different_requests_have_different_fingerprints(
    one: tuple[str, dict[str, str], bytes], other: tuple[str, dict[str, str], bytes]
) -> None:
    def fingerprint(parts: tuple[str, dict[str, str], bytes]) -> str:
        resource, path, body = parts
        return fingerprint_of(
            _request(resource=resource, path=path, read_body=lambda: body), CALLER
        )

    assert (fingerprint(one) == fingerprint(other)) == (one == other)


def test_an_answer_that_asks_for_a_retry_is_retryable() -> None:
    headers = {"Retry-After": RETRY_AFTER_SECONDS}
    assert EndpointResult(HttpAnswer(HTTPStatus.CONFLICT, b"", headers)).is_retryable
    assert not EndpointResult(HttpAnswer(HTTPStatus.CONFLICT, b"", {})).is_retryable


@pytest.mark.parametrize("outcome", UndoOutcome)
def test_an_undo_is_retryable_if_an_order_failed(outcome: UndoOutcome) -> None:
    order = UndoneOrder(1, "A", 2, outcome)
    report = UndoReport("demo", dry_run=False, orders=(order,), is_settled=True, following=None)
    answered = EndpointResult(HttpAnswer(HTTPStatus.OK, b"", {}), report)
    assert answered.is_retryable == (outcome is UndoOutcome.FAILED)
