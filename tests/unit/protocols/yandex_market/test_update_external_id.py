"""The external-id update of the Partner API: every documented status, header and message."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.application.errors import StorageRefusedError
from orders.application.ports import WriteOutcome
from orders.domain.fulfilment import Fulfilment
from orders.domain.identifiers import is_external_id
from orders.domain.settings import Endpoint, Policies, Settings, StoredSettings
from orders.domain.triggers import TriggerKind
from orders.protocols.http import BodyRefusedError
from orders.protocols.yandex_market.answers import answer_error
from tests.support.fakes import FakeOrderChanges, TickingClock
from tests.support.http import request
from tests.support.yandex_market import (
    DBS,
    EXPRESS,
    FBS,
    FBY,
    LAAS,
    Seller,
    error_of,
    stored_order,
)

UPDATE_ERROR = "EXTERNAL_ORDER_ID_UPDATE_ERROR"


@pytest.fixture
def seller() -> Seller:
    seller = Seller()
    seller.stock(stored_order())
    return seller


def test_the_documented_answer_byte_for_byte(seller: Seller) -> None:
    answer = seller.rename("B")
    assert (answer.status, answer.body) == (200, b'{"status":"OK"}')
    assert seller.found().external_id == "B"
    [trigger] = seller.publisher.sent
    assert trigger.kind is TriggerKind.ORDER_EXTERNAL_ID_CHANGED
    assert trigger.changed == {"external_id": {"old": "A", "new": "B"}}


def test_the_same_external_id_again_changes_nothing(seller: Seller) -> None:
    seller.rename("B")
    before = seller.found()
    assert seller.rename("B").status == 200
    assert seller.found() == before
    assert len(seller.publisher.sent) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"api_key": "key"},
        {"api_key": "", "authorization": "Bearer key"},
        {"api_key": "", "authorization": "bearer key"},
        {"api_key": "old", "authorization": "Bearer key"},
        {"api_key": "key", "authorization": "Bearer old"},
        {"api_key": "writer"},
        {"api_key": "reader", "authorization": "Bearer writer"},
        {"api_key": "", "authorization": "  Bearer \t key "},
    ],
)
def test_one_valid_credential_is_sufficient(seller: Seller, headers: dict[str, str]) -> None:
    assert seller.rename("B", headers=headers).status == 200


@pytest.mark.parametrize(
    "authorization",
    [
        'OAuth oauth_token="key", oauth_client_id="app"',
        "OAuth oauth_token=key, oauth_client_id=app",
        'oauth oauth_client_id="app" ,oauth_token = "key"',
        'OAUTH OAUTH_TOKEN="key"',
        "OAuth key",
    ],
)
def test_the_oauth_header_of_older_clients_is_accepted(seller: Seller, authorization: str) -> None:
    headers = {"api_key": "", "authorization": authorization}
    assert seller.rename("B", headers=headers).status == 200


INVALID_SYNTAX = (
    "Authorization header has invalid syntax. The header Authorization must be `Bearer <token>`"
)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"api_key": ""}, (401, "UNAUTHORIZED", "Credentials are not specified")),
        ({"api_key": "wrong"}, (401, "UNAUTHORIZED", "Api-Key token is invalid")),
        (
            {"api_key": "", "authorization": "Basic a2V5"},
            (401, "UNAUTHORIZED", f"{INVALID_SYNTAX}; got another scheme"),
        ),
        (
            {"api_key": "", "authorization": "key"},
            (401, "UNAUTHORIZED", f"{INVALID_SYNTAX}; got a value without the scheme `Bearer`"),
        ),
        *(
            (
                {"api_key": "", "authorization": header},
                (401, "UNAUTHORIZED", "OAuth token is not specified"),
            )
            for header in (
                "Bearer ",
                "OAuth",
                'OAuth oauth_token=""',
                'OAuth oauth_client_id="x"',
                "OAuth oauth_token=key, oauth_token=key",
            )
        ),
        (
            {"api_key": "", "authorization": 'OAuth oauth_token="wrong", oauth_client_id="x"'},
            (403, "FORBIDDEN", "OAuth token is invalid"),
        ),
        (
            {"api_key": "", "authorization": "Bearer wrong"},
            (403, "FORBIDDEN", "OAuth token is invalid"),
        ),
        (
            {"api_key": "reader"},
            (403, "FORBIDDEN", "Token does not have any of the scopes to access the API method"),
        ),
        ({"api_key": "stranger"}, (403, "FORBIDDEN", "Access denied")),
    ],
)
def test_invalid_credentials_are_rejected(
    seller: Seller, headers: dict[str, str], expected: tuple[int, str, str]
) -> None:
    answer = seller.rename("B", headers=headers)
    assert error_of(answer) == expected
    assert not [name for name in answer.headers if name.startswith("X-RateLimit")]
    assert seller.counter.counts == {}, "strangers must not burn a seller's quota"
    assert seller.found().external_id == "A"


@pytest.mark.parametrize("campaign_id", [2001, 999_999, 2**63 - 1])
def test_foreign_and_unknown_campaigns_get_the_same_error(seller: Seller, campaign_id: int) -> None:
    assert error_of(seller.rename(campaign_id=campaign_id)) == (403, "FORBIDDEN", "Access denied")


def test_an_unknown_campaign_is_looked_up_in_fresh_settings(seller: Seller) -> None:
    new = Settings(endpoints={"website": Endpoint("website", campaign_id=77)})
    seller.settings.cached["demo"] = seller.settings.stored["demo"]
    seller.settings.stored["demo"] = StoredSettings(new, 2)
    assert seller.rename(campaign_id=77).status == 200
    assert seller.settings.fresh_loads == 1


@pytest.mark.parametrize(
    "sent", ["0", "-1", "a", "", "1.0", "\uff11", "9223372036854775808", "1" * 400, "1 ", "0x1"]
)
def test_an_id_in_the_path_must_be_a_positive_int64(seller: Seller, sent: str) -> None:
    for answer in (seller.rename(campaign_id=sent), seller.rename(order_id=sent)):
        status, code, message = error_of(answer)
        assert (status, code) == (400, "BAD_REQUEST")
        assert message.startswith("Type mismatch: ")
        assert len(message) < 100


@pytest.mark.parametrize("order_id", [2, 2**53 + 1, 2**63 - 1])
def test_an_unknown_order_is_not_found(seller: Seller, order_id: int) -> None:
    expected = (404, "NOT_FOUND", f"Order not found: {order_id}")
    assert error_of(seller.rename(order_id=order_id)) == expected


@pytest.mark.parametrize("endpoint", ["couriers", "offline", "removed"])
def test_an_order_of_another_campaign_is_not_found(seller: Seller, endpoint: str) -> None:
    seller.stock(stored_order("X", 2, endpoint))
    assert error_of(seller.rename(order_id=2))[:2] == (404, "NOT_FOUND")
    assert seller.found(2).external_id == "X"


@pytest.mark.parametrize("campaign_id", [FBY, LAAS])
def test_an_unsupported_sales_model_is_rejected(seller: Seller, campaign_id: int) -> None:
    assert error_of(seller.rename(campaign_id=campaign_id)) == (
        400,
        "BAD_REQUEST",
        "Campaign type is not allowed. Allowed campaign types: FBS, DBS, EXPRESS",
    )


@pytest.mark.parametrize(("campaign_id", "endpoint"), [(DBS, "couriers"), (EXPRESS, "express")])
def test_the_supported_sales_models_can_set_the_external_id(
    seller: Seller, campaign_id: int, endpoint: str
) -> None:
    seller.stock(stored_order("X", 2, endpoint))
    assert seller.rename("Y", 2, campaign_id).status == 200


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "Required request body is missing"),
        (b" \n", "Required request body is missing"),
        (b"{", "JSON: The body is not valid JSON: line 1, column 2"),
        (b"\xff", "JSON: The body is not valid JSON: byte 0 is not UTF-8"),
        (b"[]", "JSON: the body must be an object"),
        (b'"B"', "JSON: the body must be an object"),
        (b"{}", "externalOrderId must not be null (rejected value: null)"),
        (
            b'{"externalOrderId":null}',
            "externalOrderId must not be null (rejected value: null)",
        ),
        (b'{"externalOrderId":""}', "externalOrderId must not be empty (rejected value: )"),
        (b'{"externalOrderId":5.0}', "Type mismatch: externalOrderId (rejected value: 5.0)"),
        (b'{"externalOrderId":true}', "Type mismatch: externalOrderId (rejected value: true)"),
        (
            b'{"externalOrderId":' + b"5" * 5000 + b"}",
            "JSON: /externalOrderId: Numbers must have at most 4300 digits",
        ),
        (b'{"externalOrderId":["a"]}', "Type mismatch: externalOrderId (rejected value: "),
        (
            b'{"externalOrderId":"a","externalOrderId":"b"}',
            'JSON: /externalOrderId: Duplicate member "externalOrderId"',
        ),
        (
            b'{"externalOrderId":"a\\u0000"}',
            "JSON: /externalOrderId: Text must not contain control",
        ),
        (b'{"externalOrderId":"\\ud800"}', "JSON: /externalOrderId: Text must not contain"),
        (
            b'{"externalOrderId":"a\\nb"}',
            (
                "externalOrderId must be 1 to 255 characters, at most 512 bytes of UTF-8, without "
                "control characters (rejected value: a\\nb)"
            ),
        ),
        (
            json.dumps({"externalOrderId": "x" * 256}).encode(),
            "externalOrderId size must be between 1 and 255 (rejected value: xxx",
        ),
        (
            json.dumps({"externalOrderId": "я" * 255 + "€"}).encode(),
            "externalOrderId size must be between 1 and 255",
        ),
        (
            json.dumps({"externalOrderId": "€" * 171}).encode(),
            "externalOrderId must be 1 to 255 characters, at most 512 bytes",
        ),
        (b"[" * 100_000, "JSON: The body is not valid JSON: it is nested too deeply"),
        (
            json.dumps({"externalOrderId": "B", "x": "x" * 512 * 1024}).encode(),
            "The request is too big: at most 524288 bytes (512 KB)",
        ),
    ],
)
def test_an_invalid_body_is_rejected_with_the_reason(
    seller: Seller, body: bytes, message: str
) -> None:
    status, code, reason = error_of(seller.rename(body=body))
    assert (status, code) == (400, "BAD_REQUEST")
    assert reason.startswith(message)
    assert len(reason) < 300
    assert seller.found().external_id == "A"


@pytest.mark.parametrize("text", ["a", " a ", "Ж-1", "0001", "x" * 255, "я" * 255, "a/b?c=d#e"])
def test_any_valid_external_id_is_stored_unchanged(seller: Seller, text: str) -> None:
    assert seller.rename(text).status == 200
    assert seller.found().external_id == text


@pytest.mark.parametrize("number", ["0", "1000", "123456789012345678901234567890"])
def test_an_external_id_may_be_a_whole_number_in_plain_digits_here(
    seller: Seller, number: str
) -> None:
    assert seller.rename(body=f'{{"externalOrderId":{number}}}'.encode()).status == 200
    assert seller.found().external_id == number


def test_unknown_members_are_ignored(seller: Seller) -> None:
    assert seller.rename(body=b'{"externalOrderId":"B","more":{"a":1}}').status == 200


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("", 200),
        ("application/json", 200),
        ("Application/JSON; charset=UTF-8", 200),
        ("text/plain", 415),
        ("application/xml", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/json; charset=windows-1251", 415),
    ],
)
def test_the_body_must_be_json(seller: Seller, content_type: str, status: int) -> None:
    answer = seller.rename("B", headers={"content_type": content_type})
    assert answer.status == status
    if status == 415:
        expected = f"Content type {content_type} not supported"
        assert error_of(answer) == (415, "UNSUPPORTED_MEDIA_TYPE", expected)


@pytest.mark.parametrize("state", [each for each in Fulfilment if each is not Fulfilment.STARTED])
def test_the_external_id_cannot_change_from_ready_to_ship_on(
    seller: Seller, state: Fulfilment
) -> None:
    seller.stock(replace(stored_order(), fulfilment=state))
    assert error_of(seller.rename("B")) == (
        400,
        UPDATE_ERROR,
        (
            f"Cannot do operation for order with status {state.status}, and substatus "
            f"{state.substatus} (partnerId = {FBS}, orderId = 1)"
        ),
    )
    assert seller.found().external_id == "A"
    assert seller.rename("A").status == 200, "setting the same value is no change"


def test_the_policy_once_allows_one_change(seller: Seller) -> None:
    seller.declare_once()
    assert seller.rename("B").status == 200
    assert error_of(seller.rename("C")) == (
        400,
        UPDATE_ERROR,
        (
            f"Cannot do operation, external ID already set for order (partnerId = {FBS}, "
            "orderId = 1, externalId = B)"
        ),
    )
    assert seller.rename("B").status == 200


def test_the_external_id_of_another_order_is_rejected(seller: Seller) -> None:
    seller.stock(stored_order("B", 2))
    assert error_of(seller.rename("B")) == (
        400,
        UPDATE_ERROR,
        (
            f"Cannot do operation, external ID belongs to another order (partnerId = {FBS}, "
            "orderId = 1, externalId = B)"
        ),
    )


def test_the_external_id_cannot_change_after_fifty_changes(seller: Seller) -> None:
    for number in range(50):
        assert seller.rename(f"id {number}").status == 200
    status, code, message = error_of(seller.rename("one more"))
    assert (status, code) == (400, UPDATE_ERROR)
    assert "already has 50 former external IDs" in message


def test_every_counted_request_has_rate_limit_headers(seller: Seller) -> None:
    answers = [
        seller.rename("B"),
        seller.rename(order_id=99),
        seller.rename(order_id="x"),
        seller.rename(body=b"{"),
        seller.rename("C", headers={"content_type": "text/plain"}),
    ]
    assert [answer.status for answer in answers] == [200, 404, 400, 400, 415]
    for number, answer in enumerate(answers, start=1):
        assert answer.headers["X-RateLimit-Resource-Limit"] == "10000"
        assert answer.headers["X-RateLimit-Resource-Remaining"] == str(10_000 - number)
        assert answer.headers["X-RateLimit-Resource-Until"] == "Fri, 02 Jan 2026 04:00:00 GMT"


def test_the_10_001st_request_of_an_hour_exceeds_the_limit() -> None:
    clock = TickingClock(datetime(2026, 1, 2, 14, tzinfo=UTC), step=timedelta(0))
    seller = Seller(clock=clock)
    seller.stock(stored_order())
    assert all(seller.rename("A").status == 200 for _ in range(10_000))
    clock.now += timedelta(minutes=59, seconds=59)
    answer = seller.rename("B")
    assert error_of(answer) == (
        420,
        "LIMIT_EXCEEDED",
        (
            "Hit rate limit of 10 000 requests per 1 hour for resource "
            "/campaigns/{campaignId}/orders/{orderId}/external-id"
        ),
    )
    assert answer.headers["X-RateLimit-Resource-Limit"] == "10000"
    assert answer.headers["X-RateLimit-Resource-Remaining"] == "0"
    until = parsedate_to_datetime(answer.headers["X-RateLimit-Resource-Until"])
    assert until == datetime(2026, 1, 2, 15, tzinfo=UTC)
    assert seller.found().external_id == "A"
    clock.now = until
    again = seller.rename("B")
    assert (again.status, again.headers["X-RateLimit-Resource-Remaining"]) == (200, "9999")
    assert seller.found().external_id == "B"


def test_the_limit_comes_from_the_account_and_counts_rejected_requests(seller: Seller) -> None:
    seller.declare(Policies(external_id_requests_per_hour=2))
    statuses = [seller.rename(body=b"{").status for _ in range(4)]
    assert statuses == [400, 400, 420, 420]
    assert seller.rename(campaign_id=DBS).status == 404, "each campaign has its own limit"


def test_requests_are_accepted_if_the_counter_fails(seller: Seller) -> None:
    seller.declare(Policies(external_id_requests_per_hour=1))
    seller.counter.available = False
    for _ in range(3):
        answer = seller.rename("B")
        assert (answer.status, answer.headers["X-RateLimit-Resource-Remaining"]) == (200, "1")


def test_an_unavailable_store_returns_503_with_retry_after(seller: Seller) -> None:
    seller.index.available = False
    answer = seller.rename("B")
    assert error_of(answer) == (
        503,
        "SERVICE_UNAVAILABLE",
        "Service temporarily unavailable. Please, try again later",
    )
    assert answer.headers["Retry-After"] == "5"
    assert answer.headers["X-RateLimit-Resource-Remaining"] == "9999"


def test_unavailable_tokens_return_503(seller: Seller) -> None:
    seller.tokens.available = False
    assert error_of(seller.rename("B"))[0] == 503


def test_an_unconfirmed_change_returns_503_and_its_trigger_is_unpublished(seller: Seller) -> None:
    seller.changes.faults += [lambda _changes, _change: WriteOutcome.UNKNOWN] * 9
    answered = seller.answer_rename("B")
    assert answered.answer.status == 503
    assert answered.report
    assert answered.report.unpublished


def test_an_internal_error_returns_500_without_details(seller: Seller) -> None:
    def refuse(_changes: FakeOrderChanges, _change: object) -> WriteOutcome:
        raise StorageRefusedError("the table's name is market-orders-orders")

    seller.changes.faults.append(refuse)
    answered = seller.answer_rename("B")
    assert error_of(answered.answer) == (500, "INTERNAL_ERROR", "Internal server error")
    assert isinstance(answered.error, StorageRefusedError)
    assert answered.answer.headers["X-RateLimit-Resource-Remaining"] == "9999"


def test_a_rejected_write_returns_500(seller: Seller) -> None:
    seller.changes.faults.append(lambda _changes, _change: WriteOutcome.REFUSED)
    assert error_of(seller.rename("B"))[0] == 500


def test_an_unpublished_trigger_does_not_fail_the_request(seller: Seller) -> None:
    seller.publisher.lost.add("B")
    answered = seller.answer_rename("B")
    assert answered.answer.status == 200
    assert answered.report
    assert [trigger.changed for trigger in answered.report.unpublished] == [
        {"external_id": {"old": "A", "new": "B"}}
    ]


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (
            BodyRefusedError(413, "larger than 4 MB"),
            (400, "BAD_REQUEST", "The request is too big: larger than 4 MB"),
        ),
        (
            BodyRefusedError(415, "Content-Encoding must be gzip"),
            (415, "UNSUPPORTED_MEDIA_TYPE", "Content-Encoding must be gzip"),
        ),
        (BodyRefusedError(400, "cut off"), (400, "BAD_REQUEST", "JSON: cut off")),
    ],
)
def test_an_unreadable_body_is_rejected(
    refusal: BodyRefusedError, expected: tuple[int, str, str]
) -> None:
    assert error_of(answer_error(refusal, request())) == expected


@given(st.text())
def test_any_text_is_stored_or_rejected(text: str) -> None:
    seller = Seller()
    seller.stock(stored_order())
    body = json.dumps({"externalOrderId": text}).encode()
    answer = seller.rename(body=body)
    if answer.status == 200:
        assert seller.found().external_id == text
        assert is_external_id(text)
    else:
        assert error_of(answer)[:2] == (400, "BAD_REQUEST")
        assert seller.found().external_id == "A"


@given(st.binary(max_size=200))
def test_any_bytes_return_200_or_400(body: bytes) -> None:
    seller = Seller()
    seller.stock(stored_order())
    assert seller.rename(body=body).status in {200, 400}


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_path_returns_a_documented_status(campaign_id: str, order_id: str) -> None:
    seller = Seller()
    seller.stock(stored_order())
    assert seller.rename("B", order_id, campaign_id).status in {200, 400, 403, 404}


def test_an_order_can_be_renamed_only_in_its_own_campaign(seller: Seller) -> None:
    assert error_of(seller.rename("B", campaign_id=DBS))[:2] == (404, "NOT_FOUND")
