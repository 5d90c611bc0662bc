"""Altcraft's calls that change one order: the deletion, and the status of a line."""

import json
from dataclasses import replace
from typing import Any

import pytest

from orders.application.ports import WriteOutcome
from orders.domain.changes import OrderChange
from orders.domain.settings import UnknownMembers
from orders.domain.triggers import TriggerKind
from orders.protocols.http import HttpAnswer
from tests.support.fakes import FakeOrderChanges
from tests.support.order_changes import renaming
from tests.support.order_writes import DELETE, HUB_LINE_STATUS, LINE_STATUS, Writer

type Tree = dict[str, Any]

STATUS = {
    "order_external_id": "A",
    "order_line_external_id": "2",
    "status_external_id": "delivered",
}
OK = {"error": 0, "error_text": ""}


def _tree(answer: HttpAnswer, status: int = 200) -> Tree:
    assert answer.status == status, answer.body
    tree: Tree = json.loads(answer.body)
    if status != 200:
        assert tree["error"] == status
    return tree


@pytest.mark.parametrize("body", [{"external_id": "A"}, {"id": 1}, {"id": "1"}])
def test_the_newer_contract_deletes_permanently(body: Tree) -> None:
    writer = Writer()
    writer.create()
    assert _tree(writer.call(DELETE, body)) == OK
    assert (writer.orders.orders, writer.orders.hidden) == ({}, {})
    assert writer.kinds == [TriggerKind.ORDER_DELETED]
    assert writer.publisher.sent[0].order.through == ""


@pytest.mark.parametrize(
    ("body", "permanent"),
    [
        ({"with_fire": True}, True),
        ({"with_fire": "true", "group_id": 3}, True),
        ({"with_fire": False}, False),
        ({"group_id": 3}, False),
        ({"with_fire": None, "group_id": "3"}, False),
    ],
)
def test_the_older_contract_deletes_softly_without_with_fire(body: Tree, permanent: bool) -> None:  # noqa: FBT001
    writer = Writer()
    writer.create()
    assert _tree(writer.call(DELETE, {"id": 1, **body})) == {**OK, "result": []}
    assert writer.orders.orders == {}
    assert bool(writer.orders.hidden) is not permanent


def test_an_order_is_deleted_by_a_former_external_id() -> None:
    writer = Writer()
    stored = writer.orders.as_stored(writer.create())
    assert writer.changes.commit(renaming(stored, "B")) is WriteOutcome.COMMITTED
    assert _tree(writer.call(DELETE, {"external_id": "A"})) == OK
    assert (writer.orders.orders, writer.orders.aliases) == ({}, {})


@pytest.mark.parametrize("body", [{"external_id": "B"}, {"id": 9}, {"id": 9, "with_fire": False}])
def test_an_unknown_order_is_not_deleted(body: Tree) -> None:
    writer = Writer()
    writer.create()
    assert _tree(writer.call(DELETE, body), 404)["error_text"].endswith("does not exist")
    assert len(writer.orders) == 1


@pytest.mark.parametrize("name", [{"external_id": "A"}, {"id": 1}])
def test_a_softly_deleted_order_can_only_be_deleted_permanently(name: Tree) -> None:
    writer = Writer()
    writer.create()
    _tree(writer.call(DELETE, {**name, "with_fire": False}))
    again = _tree(writer.call(DELETE, {**name, "with_fire": False}), 404)
    assert again["error_text"] == "Order 1 does not exist"
    assert _tree(writer.call(DELETE, {**name, "with_fire": True})) == {**OK, "result": []}
    assert writer.orders.hidden == {}
    assert writer.kinds == [TriggerKind.ORDER_DELETED] * 2


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "id or external_id is required"),
        ({"id": 1, "external_id": "A"}, "external_id must be absent if id is sent"),
        ({"id": 0}, "id must be a whole number from 1 to 9"),
        ({"id": 1, "with_fire": "perhaps"}, "with_fire must be true or false"),
    ],
)
def test_a_wrong_body_deletes_nothing(body: Tree, text: str) -> None:
    writer = Writer()
    writer.create()
    tree = _tree(writer.call(DELETE, body), 400)
    assert text in tree["error_text"]
    assert tree["errors"][0]["path"]
    assert len(writer.orders) == 1


def test_the_status_of_a_line_is_updated() -> None:
    writer = Writer()
    writer.create()
    assert _tree(writer.call(LINE_STATUS, STATUS)) == OK
    assert writer.statuses() == ["new", "delivered"]
    assert writer.kinds == [TriggerKind.ORDER_LINE_STATUS_CHANGED]
    assert _tree(writer.call(LINE_STATUS, STATUS)) == OK
    assert len(writer.kinds) == 1


def test_a_line_is_found_by_a_former_external_id_of_its_order() -> None:
    writer = Writer()
    stored = writer.orders.as_stored(writer.create())
    assert writer.changes.commit(renaming(stored, "B")) is WriteOutcome.COMMITTED
    assert _tree(writer.call(LINE_STATUS, STATUS)) == OK
    assert writer.statuses("B") == ["new", "delivered"]


def test_ids_may_be_sent_as_numbers() -> None:
    writer = Writer()
    writer.create("7")
    body = {"order_external_id": 7, "order_line_external_id": 2, "status_external_id": "canceled"}
    assert _tree(writer.call(LINE_STATUS, body)) == OK
    assert writer.statuses("7") == ["new", "canceled"]


def test_the_trigger_of_a_line_can_be_skipped() -> None:
    writer = Writer()
    writer.create()
    for body in ({**STATUS, "skip_triggers": True}, {**STATUS, "skip_triggers": "1"}):
        _tree(writer.call(LINE_STATUS, body))
    assert writer.statuses() == ["new", "delivered"]
    assert writer.kinds == []


@pytest.mark.parametrize(
    ("changes", "status", "text"),
    [
        ({"order_external_id": "B"}, 404, 'Order "B" does not exist'),
        ({"order_line_external_id": "3"}, 404, 'Order "A" has no line "3"'),
        ({"status_external_id": "lost"}, 400, 'Unknown line status "lost"; allowed values: new, '),
        ({"status_external_id": ""}, 400, "status_external_id is required"),
        ({"order_line_external_id": None}, 400, "order_line_external_id is required"),
        ({"order_external_id": ["A"]}, 400, "order_external_id must be a string"),
        ({"skip_triggers": 7}, 400, "skip_triggers must be true or false"),
    ],
)
def test_a_status_that_cannot_be_updated_is_rejected(changes: Tree, status: int, text: str) -> None:
    writer = Writer()
    writer.create()
    tree = _tree(writer.call(LINE_STATUS, {**STATUS, **changes}), status)
    assert text in tree["error_text"]
    if status == 400:
        assert tree["errors"][0]["path"] == f"/{next(iter(changes))}"
    assert writer.statuses() == ["new", "new"]


def test_an_unknown_status_has_its_code() -> None:
    writer = Writer()
    writer.create()
    tree = _tree(writer.call(LINE_STATUS, {**STATUS, "status_external_id": "lost"}), 400)
    assert [each["code"] for each in tree["errors"]] == ["unknown_line_status"]


def test_a_line_of_a_softly_deleted_order_does_not_exist() -> None:
    writer = Writer()
    writer.create()
    _tree(writer.call(DELETE, {"id": 1, "with_fire": False}))
    _tree(writer.call(LINE_STATUS, STATUS), 404)


def test_lines_of_another_protocol_have_no_status() -> None:
    writer = Writer()
    order = replace(writer.create(), protocol="commercetools")
    writer.orders.orders["demo", "A"] = order
    tree = _tree(writer.call(LINE_STATUS, STATUS), 409)
    assert [each["code"] for each in tree["errors"]] == ["other_protocol"]
    assert writer.ask(HUB_LINE_STATUS, body={"status": "delivered"}).status == 409


@pytest.mark.parametrize("call", [DELETE, LINE_STATUS])
def test_both_formats_are_read_and_written(call: str) -> None:
    body = STATUS if call == LINE_STATUS else {"external_id": "A"}
    for token in ("body", "header"):
        writer = Writer()
        writer.create()
        sent = {**body, "token": "writer"} if token == "body" else body
        header = "" if token == "body" else "Bearer writer"
        xml = "".join(f"<{name}>{value}</{name}>" for name, value in sent.items())
        answer = writer.call(call, f"<xml>{xml}</xml>".encode(), "application/xml", None, header)
        assert answer.headers["Content-Type"] == "application/xml; charset=utf-8"
        assert answer.body == b"<xml><error>0</error><error_text></error_text></xml>"
        assert len(writer.kinds) == 1
        writer.create()
        as_xml = writer.call(call, {**sent, "format": "xml"}, authorization=header)
        assert as_xml.body == answer.body
        writer.create()
        as_json = writer.call(call, sent, query={"format": "json"}, authorization=header)
        assert json.loads(as_json.body) == OK


def test_the_samples_of_the_documentation_with_quotes_in_xml_are_read() -> None:
    writer = Writer()
    writer.create()
    body = b'<xml><external_id>"A"</external_id></xml>'
    assert writer.call(DELETE, body, "application/xml").status == 200
    assert writer.orders.orders == {}


def test_errors_in_xml_name_their_line() -> None:
    writer = Writer()
    writer.create()
    body = b"<xml>\n<order_external_id>A</order_external_id>\n</xml>"
    answer = writer.call(LINE_STATUS, body, "application/xml")
    assert answer.status == 400
    assert b"<path>/order_line_external_id</path>" in answer.body
    assert b"<line>" in answer.body


@pytest.mark.parametrize("call", [DELETE, LINE_STATUS])
@pytest.mark.parametrize(("token", "status"), [("reader", 403), ("", 401), ("nobody", 401)])
def test_only_a_client_that_may_write_changes_orders(call: str, token: str, status: int) -> None:
    writer = Writer()
    writer.create()
    body = STATUS if call == LINE_STATUS else {"external_id": "A"}
    header = f"Bearer {token}" if token else ""
    _tree(writer.call(call, body, authorization=header), status)
    _tree(writer.call(call, {**body, "token": token}, authorization=""), status)
    assert (len(writer.orders), writer.kinds) == (1, [])


@pytest.mark.parametrize("call", [DELETE, LINE_STATUS])
def test_orders_of_another_account_do_not_exist(call: str) -> None:
    writer = Writer()
    writer.create()
    body = STATUS if call == LINE_STATUS else {"external_id": "A"}
    _tree(writer.call(call, body, authorization="Bearer stranger"), 404)
    assert writer.kinds == []


def test_unknown_members_are_reported_as_the_account_wants() -> None:
    writer = Writer()
    writer.create()
    sent = {**STATUS, "skip_trigger": True}
    [warning] = _tree(writer.call(LINE_STATUS, sent))["warnings"]
    assert warning["path"] == "/skip_trigger"
    writer.declare(UnknownMembers.REJECT)
    assert "skip_trigger" in _tree(writer.call(LINE_STATUS, sent), 400)["error_text"]


@pytest.mark.parametrize("call", [DELETE, LINE_STATUS])
def test_a_change_that_may_or_may_not_be_stored_is_answered_with_503(call: str) -> None:
    writer = Writer()
    writer.create()

    def lose(_changes: FakeOrderChanges, _change: OrderChange) -> WriteOutcome:
        writer.index.available = False
        return WriteOutcome.UNKNOWN

    writer.changes.faults.append(lose)
    body = STATUS if call == LINE_STATUS else {"external_id": "A"}
    answer = writer.call(call, body)
    tree = _tree(answer, 503)
    assert tree["error_text"] == "The change may or may not be stored; send the request again"
    assert answer.headers["Retry-After"] == "5"
