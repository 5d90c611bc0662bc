"""The watch over the suite's messages finds each kind of fault, and accepts sent values."""

import json
import logging

import pytest

from orders.protocols.http import HttpAnswer
from orders.runtime import observability
from tests.support.http import request
from tests.support.plain_messages import (
    VENDOR_TEXTS,
    WATCH,
    faults_of_answer,
    faults_of_event,
    faults_of_output,
    message_faults,
)

FAULTY = {
    "None": "Substatus not allowed: None",
    "a quoted None": "count: 'None' is not a whole number",
    "a boolean": "required must be false; got True",
    "a type": "data must be an array; got dict",
    "a repr of an object": "data is {'external_id': '1'}",
    "a repr of an array": "tags is ['a', 'b']",
    "a repr of a tuple": "duplicate ('a', 'order')",
    "a repr in quotes": "data must be an array; got \"{'external_id': '1'}\"",
    "a Decimal": "total_price must be positive; got Decimal(1)",
    "an exception": "KeyError: orderNumber",
    "an enum": "status must be new; got <Code.STALE: stale>",
    "Pydantic's own words": "currencies: Value error, must be USD",
    "an expanded namespace": "has the attribute {http://www.w3.org/2001/XMLSchema-instance}nil",
    "a banned phrase": "Member orderNumber stands " + "twice; send it once",
}


@pytest.mark.parametrize("message", FAULTY.values(), ids=FAULTY)
def test_a_faulty_message_is_found(message: str) -> None:
    assert list(message_faults(message))


@pytest.mark.parametrize("message", FAULTY.values(), ids=FAULTY)
@pytest.mark.parametrize("name", ["message", "error_text", "error_description"])
def test_a_faulty_message_is_found_in_an_answer(message: str, name: str) -> None:
    body = json.dumps({"statusCode": 400, "errors": [{"code": "InvalidField", name: message}]})
    assert faults_of_event({"body": "{}"}, {"body": body})
    assert faults_of_answer(request(b"{}"), HttpAnswer(400, body.encode(), {}))


def test_a_faulty_message_is_found_in_details_and_warnings() -> None:
    faulty = "count must be a number; got None"
    details = {"errors": [{"detailedErrorMessage": faulty}]}
    warnings = {"result": [{"warnings": [{"message": faulty}]}]}
    for tree in (details, warnings):
        assert faults_of_event({}, {"body": json.dumps(tree)})


@pytest.mark.parametrize("name", ["message", "error_text"])
def test_a_faulty_message_is_found_in_xml(name: str) -> None:
    body = f"<xml><error>400</error><{name}>tags is [&apos;a&apos;]</{name}></xml>"
    assert faults_of_event({}, {"body": body})


@pytest.mark.parametrize("name", ["orders.adapters.dynamodb_orders", ""])
def test_a_faulty_message_is_found_in_a_log_line(name: str) -> None:
    logger = logging.getLogger(name) if name else observability.logger
    logger.warning("order None was not stored")
    seen, WATCH.faults = WATCH.faults, []
    assert seen


def test_a_faulty_message_is_found_in_the_output_of_a_command() -> None:
    assert faults_of_output("currencies: must be an array; got {'a': 1}", "apply settings.yaml")


SENT = {
    "a word in quotes": ('count must be a whole number; got "None"', ""),
    "a word without quotes": ("Type mismatch: None", '{"externalOrderId": "None"}'),
    "a container as text": ("currency must be known; got \"{'a'\"", '{"currency": "{\'a\'"}'),
    "a phrase in quotes": ('Unknown member "of ' + 'ours" was ignored', ""),
    "a phrase without quotes": ("Order not found: of " + "ours", "of " + "ours"),
    "an escaped quote": (r'currency must be known; got "a\"None"', ""),
    "a vendor's list": (
        f"Invalid enum value: 'x'. Expected one of: {VENDOR_TEXTS[0]}",
        "",
    ),
}


@pytest.mark.parametrize(("message", "sent"), SENT.values(), ids=SENT)
def test_a_sent_value_is_not_a_fault(message: str, sent: str) -> None:
    assert list(message_faults(message, sent)) == []


def test_null_in_a_request_does_not_excuse_none() -> None:
    event = {"body": '{"order": {"substatus": null}}'}
    body = json.dumps({"errors": [{"message": "Substatus not allowed: None"}]})
    assert faults_of_event(event, {"body": body})


def test_the_path_the_query_and_the_headers_are_sent_values() -> None:
    body = json.dumps({"message": "Type mismatch: None"}).encode()
    answer = HttpAnswer(400, body, {})
    assert faults_of_answer(request(path={"orderId": "None"}), answer) == []
    assert faults_of_answer(request(query={"limit": "None"}), answer) == []
    assert faults_of_answer(request(headers={"content-type": "None"}), answer) == []


def test_orders_in_an_answer_are_not_messages() -> None:
    order = {"custom": {"fields": {"message": "None"}}}
    for tree in ({"order": order}, {"orders": [order]}, {"results": [order]}):
        assert faults_of_event({}, {"body": json.dumps(tree)}) == []
