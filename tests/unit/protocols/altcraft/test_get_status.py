"""Altcraft's status of one order."""

import json
from typing import Any

import pytest

from orders.domain.order_numbers import MAX_ORDER_ID
from tests.support.altcraft_reads import GET_STATUS, Reader

type Tree = dict[str, Any]

PAID = {"endpoint": "website", "status": "paid"}


def shop() -> Reader:
    reader = Reader()
    reader.create("A", status="paid")
    return reader


def refusal(reader: Reader, status: int, **body: object) -> Tree:
    answer = reader.ask(GET_STATUS, body)
    tree: Tree = json.loads(answer.body)
    assert (answer.status, tree["error"], tree["result"]) == (status, status, [])
    return tree


def test_an_order_is_named_by_its_external_id_or_its_id() -> None:
    reader = shop()
    order_id = reader.orders.orders["demo", "A"].order_id
    names: list[Tree] = [{"external_id": "A"}, {"id": order_id}, {"id": str(order_id)}]
    for name in names:
        assert reader.call(GET_STATUS, **name)["result"] == PAID


def test_a_former_external_id_names_the_order() -> None:
    reader = shop()
    reader.orders.aliases["demo", "former"] = reader.orders.orders["demo", "A"].order_id
    assert reader.call(GET_STATUS, external_id="former")["result"] == PAID


def test_an_external_id_may_be_a_number() -> None:
    reader = Reader()
    reader.create("1000")
    assert reader.call(GET_STATUS, external_id=1000)["result"]["status"] == "new"


def test_the_status_in_xml() -> None:
    assert shop().call_xml(GET_STATUS, external_id="A") == (
        "<xml><error>0</error><error_text></error_text>"
        "<result><endpoint>website</endpoint><status>paid</status></result></xml>"
    )


def test_quotes_around_an_external_id_do_not_count_unless_an_order_has_them() -> None:
    reader = shop()
    assert reader.call(GET_STATUS, external_id='"A"')["result"] == PAID
    reader.create('"A"', 1, status="new")
    assert reader.call(GET_STATUS, external_id='"A"')["result"]["status"] == "new"
    for nothing in ('"', '""', '"B"', '"A'):
        refusal(reader, 404, external_id=nothing)


def test_an_order_without_an_endpoint() -> None:
    reader = Reader()
    reader.create(order={"endpoint": None})
    assert reader.call(GET_STATUS, external_id="A")["result"]["endpoint"] == ""


def test_an_unknown_order_is_not_found() -> None:
    reader = shop()
    assert refusal(reader, 404, external_id="B")["error_text"] == 'Order "B" does not exist'
    assert refusal(reader, 404, id=7)["error_text"] == "Order 7 does not exist"
    reader.create("C", account="other")
    refusal(reader, 404, external_id="C")


@pytest.mark.parametrize(
    ("body", "text", "path"),
    [
        ({}, "id or external_id is required", "/external_id"),
        ({"id": None, "external_id": " "}, "id or external_id is required", "/external_id"),
        (
            {"id": 1, "external_id": "A"},
            "external_id must be absent if id is sent",
            "/external_id",
        ),
        ({"id": 0}, f"id must be a whole number from 1 to {MAX_ORDER_ID}; got 0", "/id"),
        ({"id": "x"}, f'id must be a whole number from 1 to {MAX_ORDER_ID}; got "x"', "/id"),
        ({"id": 2**53}, f"id must be a whole number from 1 to {MAX_ORDER_ID}; got {2**53}", "/id"),
        ({"external_id": 1.5}, "external_id must be a string", "/external_id"),
        ({"external_id": "x" * 256}, "external_id must be 1 to 255 characters", "/external_id"),
        ({"external_id": ["A"]}, "external_id must be a string", "/external_id"),
    ],
)
def test_a_body_must_name_one_order(body: Tree, text: str, path: str) -> None:
    tree = refusal(shop(), 400, **body)
    assert tree["error_text"].startswith(text)
    assert tree["errors"][0]["path"] == path


def test_a_problem_in_xml_has_its_line() -> None:
    answer = shop().ask(GET_STATUS, b"<xml>\n<id>x</id>\n</xml>", "application/xml")
    assert answer.status == 400
    assert b"<path>/id</path>" in answer.body
    assert b"<line>2</line>" in answer.body
