"""The watch over the suite's log lines finds secrets and customers' data."""

import importlib
import json
import logging

import pytest

from orders.protocols.http import EndpointResult, HttpAnswer
from orders.runtime import observability
from tests.support.log_leaks import WATCH

LEAKS = {
    "token": "a-token-of-the-shop-1234",
    "header": "Authorization: Bearer abcdefghijkl",
    "email": "customer jane.doe@example.org",
    "phone": "called +491701234567",
    "address": "streetName of the address",
}


@pytest.mark.parametrize("text", LEAKS.values(), ids=LEAKS)
@pytest.mark.parametrize("name", ["orders.adapters.dynamodb_orders", ""])
def test_a_leak_in_any_logger_is_found(text: str, name: str) -> None:
    WATCH.know(LEAKS["token"])
    if name:
        logging.getLogger(name).warning(text)
    else:
        observability.logger.warning("refused", extra={"body": text})
    seen, WATCH.leaks = WATCH.leaks, []
    WATCH.secrets.discard(LEAKS["token"])
    assert seen


def test_ids_codes_and_numbers_are_not_leaks() -> None:
    observability.logger.info("imported", extra={"account": "demo", "order_ids": [1, 2**53]})
    assert WATCH.leaks == []


def test_the_log_lines_of_handlers_are_watched() -> None:
    before = WATCH.lines
    handler = importlib.import_module("functions.describe_api.handler")
    observability.record_answered(EndpointResult(HttpAnswer(400, b"", {})))
    assert WATCH.lines == before + 1
    assert handler.logger is observability.logger


def test_a_fault_is_logged_without_its_message() -> None:
    fault = KeyError("jane.doe@example.org")
    observability.logger.error("a request failed", exc_info=fault)
    assert WATCH.leaks == []


def test_the_private_members_of_a_request_are_watched_for() -> None:
    body = {"token": "secret-in-a-body", "data": [{"phone": "00491701234567"}]}
    headers = {"Api-Key": "secret-in-a-header", "Authorization": "Basic c2VjcmV0LWluLWJhc2lj"}
    WATCH.know_request({"headers": headers, "body": json.dumps(body)})
    expected = {
        *("secret-in-a-body", "00491701234567", "secret-in-a-header", "c2VjcmV0LWluLWJhc2lj"),
    }
    assert expected <= WATCH.secrets
