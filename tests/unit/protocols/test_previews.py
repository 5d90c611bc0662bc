"""Previews of writes in all protocols: nothing is written, and the real run does the same."""

import json
from dataclasses import replace
from typing import Any

import pytest

from orders.domain.clients import Role
from orders.domain.settings import StoredSettings, UnknownMembers
from orders.protocols.http import HttpAnswer
from tests.support.altcraft import XML, Shop, read_json
from tests.support.altcraft_catalogue import Catalogue
from tests.support.commercetools import draft
from tests.support.fakes import client
from tests.support.order_writes import (
    DELETE,
    HUB_DELETE,
    HUB_LINE_STATUS,
    HUB_REVIVE,
    LINE_STATUS,
    Writer,
)
from tests.support.project_orders import ProjectOrders
from tests.support.samples import line, order, request, to_xml

type Tree = dict[str, Any]

NIL = "00000000-0000-0000-0000-000000000000"
FIELD = {
    "external_id": "gift",
    "name": "Gift",
    "entity_type": "order",
    "required": False,
    "value_type": "bool",
    "default_value": False,
}
STATUS = {"external_id": "packed", "name": "Packed", "type": "in_process"}


def _shop() -> Shop:
    shop = Shop()
    shop.tokens.clients["both"] = client("demo", Role.ORDERS_READ, Role.ORDERS_WRITE)
    shop.post(request(order(external_id="A"), order(external_id="B")))
    shop.publisher.sent.clear()
    return shop


def _state(shop: Shop) -> object:
    return (
        dict(shop.orders.orders),
        dict(shop.settings.stored),
        shop.order_ids.last,
        list(shop.publisher.sent),
        len(shop.orders.writes),
    )


def test_an_import_is_previewed_with_its_outcomes_and_changes() -> None:
    shop = _shop()
    before = _state(shop)
    body = request(
        order(external_id="A", lines=[line(count=7, status="packed")]),
        order(external_id="B"),
        order(external_id="C", custom_fields={"gift": True}),
        order(external_id="D", currency="???"),
        dry_run=True,
        custom_fields=[FIELD],
        custom_line_statuses=[STATUS],
    )
    answer = shop.post(body, authorization="Bearer both")
    assert answer.headers["X-Dry-Run"] == "true"
    tree = read_json(answer)
    assert tree["dry_run"] is True
    assert tree["preview"] == {
        "triggers": 2,
        "triggers_by_type": [
            {"type": "OrderCreated", "count": 1},
            {"type": "OrderLineStatusChanged", "count": 1},
        ],
        "definitions": [
            {
                "kind": "custom_field",
                "external_id": "gift",
                "entity_type": "order",
                "outcome": "created",
            },
            {"kind": "custom_line_status", "external_id": "packed", "outcome": "created"},
        ],
    }
    outcomes = [each["outcome"] for each in tree["result"]]
    assert outcomes == ["updated", "unchanged", "created", "failed"]
    updated, unchanged, created, failed = tree["result"]
    assert updated["changes"] == [
        {"path": "/lines/0/count", "before": 1, "after": 7},
        {"path": "/lines/0/status", "before": "new", "after": "packed"},
    ]
    assert updated["changes_cut"] is False
    assert (updated["order_id"], updated["version"]) == (1, 2)
    assert "changes" not in unchanged
    assert "order_id" not in created
    assert created["version"] == 1
    assert failed["errors"][0]["path"] == "/data/3/currency"
    assert _state(shop) == before


def test_the_answer_to_a_preview_is_that_of_the_import_but_for_new_ids() -> None:
    shop = _shop()
    orders = [
        order(external_id="A", status="delivered"),
        order(external_id="C"),
        order(currency="?"),
    ]
    preview = read_json(shop.post(request(*orders, dry_run=True)))
    real = read_json(shop.post(request(*orders, result_details=True)))
    assert _comparable(preview) == _comparable(real)
    assert preview["preview"]["triggers"] == len(shop.publisher.sent)


def _comparable(tree: Tree) -> Tree:
    extra = {"order_id", "changes", "changes_cut"}
    result = [
        {name: value for name, value in each.items() if name not in extra}
        for each in tree["result"]
    ]
    known = {name: value for name, value in tree.items() if name not in {"dry_run", "preview"}}
    return {**known, "result": result}


def test_an_import_is_previewed_in_xml() -> None:
    shop = _shop()
    before = _state(shop)
    body = request(order(external_id="A", status="delivered"), order(external_id="C"), dry_run=True)
    answer = shop.post(to_xml(body), XML, authorization="Bearer both")
    text = answer.body.decode()
    assert "<dry_run>true</dry_run>" in text
    change = "<path>/status</path><before>new</before><after>delivered</after>"
    assert f"<changes>{change}</changes><changes_cut>false</changes_cut>" in text
    assert "<triggers>2</triggers>" in text
    assert _state(shop) == before


@pytest.mark.parametrize("sent", ["yes", "on", 2, [], {}, "truely"])
def test_another_value_of_the_member_is_an_error(sent: object) -> None:
    shop = _shop()
    before = _state(shop)
    answer = shop.post(request(order(external_id="A", status="delivered"), dry_run=sent))
    assert answer.status == 400
    tree = read_json(answer)
    assert tree["error_text"].startswith("dry_run must be true or false; got ")
    assert tree["errors"][0]["path"] == "/dry_run"
    assert _state(shop) == before


@pytest.mark.parametrize("name", ["dryRun", "dry-run", "DRY_RUN", "dryrun"])
@pytest.mark.parametrize("policy", UnknownMembers)
def test_another_spelling_of_the_member_is_an_error(name: str, policy: UnknownMembers) -> None:
    shop = _shop()
    stored = shop.settings.stored["demo"]
    policies = replace(stored.settings.policies, unknown_members=policy)
    changed = replace(stored.settings, policies=policies)
    shop.settings.stored["demo"] = StoredSettings(changed, 2)
    before = _state(shop)
    answer = shop.post({**request(order(external_id="C")), name: True})
    [error] = read_json(answer)["errors"]
    assert (answer.status, error["path"]) == (400, f"/{name}")
    assert error["message"] == f'"{name}" is unsupported; write dry_run'
    assert _state(shop) == before


def test_a_client_that_may_not_read_gets_no_stored_values() -> None:
    shop = _shop()
    body = request(order(external_id="A", status="delivered"), dry_run=True)
    [change] = read_json(shop.post(body))["result"][0]["changes"]
    assert change == {"path": "/status", "after": "delivered"}


def test_changes_are_cut_and_say_so() -> None:
    shop = _shop()
    lines = [line(external_id=str(n)) for n in range(30)]
    body = request(order(external_id="A", lines=lines), dry_run=True)
    [result] = read_json(shop.post(body))["result"]
    assert len(result["changes"]) == 20
    assert result["changes_cut"] is True


def test_steps_on_one_order_show_the_net_change_once() -> None:
    shop = _shop()
    body = request(
        order(external_id="A", status="canceled"),
        order(external_id="A", status="delivered"),
        dry_run=True,
    )
    tree = read_json(shop.post(body, authorization="Bearer both"))
    first, last = tree["result"]
    assert "changes" not in first
    assert [each["after"] for each in last["changes"]] == ["delivered"]
    assert tree["preview"]["triggers"] == 1


def test_a_preview_of_definitions_that_are_refused_is_refused() -> None:
    shop = _shop()
    shop.settings.room = 0
    body = request(order(), dry_run=True, custom_fields=[FIELD])
    real = {**body, "dry_run": False}
    assert shop.post(body).body == shop.post(real).body


@pytest.mark.parametrize(
    ("member", "header", "is_preview"),
    [
        (True, None, True),
        ("true", None, True),
        (1, None, True),
        (None, "true", True),
        (False, "true", True),
        (True, "false", True),
        (False, "false", False),
        (None, None, False),
    ],
)
def test_the_member_or_the_header_asks_for_a_preview(
    member: object,
    header: str | None,
    is_preview: bool,  # noqa: FBT001
) -> None:
    shop = _shop()
    before = _state(shop)
    answer = shop.post(request(order(external_id="C"), dry_run=member), x_dry_run=header or "")
    assert (_state(shop) == before) is is_preview
    assert ("dry_run" in read_json(answer)) is is_preview
    assert ("X-Dry-Run" in answer.headers) is is_preview


@pytest.mark.parametrize("header", ["1", "yes", "True", "", "true,true"])
def test_another_value_of_the_header_is_an_error_in_altcraft(header: str) -> None:
    shop = _shop()
    before = _state(shop)
    shop_answer = _posted_with(shop, header)
    tree = read_json(shop_answer)
    assert (shop_answer.status, tree["error"]) == (400, 400)
    assert tree["error_text"].startswith("The header X-Dry-Run must be true or false; got ")
    assert _state(shop) == before


def _posted_with(shop: Shop, header: str) -> HttpAnswer:
    # The shop leaves out empty headers.
    return shop.post(request(order(external_id="C")), x_dry_run=header or " ")


@pytest.mark.parametrize("call", [DELETE, LINE_STATUS])
@pytest.mark.parametrize("form", ["json", "xml"])
def test_a_call_is_previewed(call: str, form: str) -> None:
    writer = Writer()
    writer.create()
    before = dict(writer.orders.orders)
    body: Tree = (
        {"external_id": "A"}
        if call == DELETE
        else {
            "order_external_id": "A",
            "order_line_external_id": "2",
            "status_external_id": "delivered",
        }
    )
    sent = {**body, "dry_run": True}
    answer = writer.call_xml(call, sent) if form == "xml" else writer.call(call, sent)
    assert answer.status == 200, answer.body
    assert writer.orders.orders == before
    assert writer.kinds == []
    if form == "xml":
        assert b"<dry_run>true</dry_run><preview><outcome>" in answer.body
        return
    tree = json.loads(answer.body)
    kind = "OrderDeleted" if call == DELETE else "OrderLineStatusChanged"
    changes = [] if call == DELETE else [{"path": "/lines/1/status", "after": "delivered"}]
    assert tree == {
        "error": 0,
        "error_text": "",
        "dry_run": True,
        "preview": {
            "outcome": "deleted" if call == DELETE else "updated",
            "triggers": 1,
            "triggers_by_type": [{"type": kind, "count": 1}],
            "changes": changes,
            "changes_cut": False,
        },
    }
    assert writer.call(call, {**sent, "dry_run": False}).status == 200
    assert [str(each) for each in writer.kinds] == [kind]


def test_a_line_status_that_is_stored_already_is_previewed_as_unchanged() -> None:
    writer = Writer()
    writer.create()
    body = {
        "order_external_id": "A",
        "order_line_external_id": "2",
        "status_external_id": "new",
        "dry_run": True,
    }
    preview = json.loads(writer.call(LINE_STATUS, body).body)["preview"]
    assert (preview["outcome"], preview["triggers"], preview["changes"]) == ("unchanged", 0, [])


@pytest.mark.parametrize("folder", ["products", "sku"])
def test_imports_into_the_catalogue_and_deletions_are_previewed(folder: str) -> None:
    shop = Catalogue()
    entry = {"external_id": "P", "name": "Mug"}
    if folder == "sku":
        entry["product_external_id"] = "X"
    body = {
        "data": [entry],
        "categories": [{"external_id": "K", "name": "Kitchen"}],
        "custom_fields": [{**FIELD, "entity_type": "product"}],
    }
    settings = dict(shop.settings.stored)
    tree = shop.send(f"{folder}/import", {**body, "dry_run": True})
    assert [each["outcome"] for each in tree["result"]] == ["created"]
    assert tree["preview"]["definitions"] == [
        {
            "kind": "custom_field",
            "external_id": "gift",
            "entity_type": "product",
            "outcome": "created",
        },
        {"kind": "category", "external_id": "K", "outcome": "created"},
    ]
    assert shop.listed(folder) == []
    assert shop.settings.stored == settings
    assert shop.send(f"{folder}/import", body)["error"] == 0
    removal = {"external_ids": ["P", "unknown"]}
    preview = shop.send(f"{folder}/delete", {**removal, "dry_run": True})
    assert preview == {"error": 0, "error_text": "", "deleted_count": 1, "dry_run": True}
    assert len(shop.listed(folder)) == 1
    assert shop.send(f"{folder}/delete", removal)["deleted_count"] == 1


def test_a_project_previews_an_import() -> None:
    project = ProjectOrders()
    answer = project.import_draft(draft(orderNumber="CT-1"), X_Dry_Run="true")
    assert answer.status == 200
    assert answer.answer.headers["X-Dry-Run"] == "true"
    tree = answer.tree
    assert (tree["id"], tree["version"], tree["orderNumber"]) == (NIL, 1, "CT-1")
    assert tree["dryRun"] is True
    assert tree["preview"] == {
        "outcome": "created",
        "triggers": 1,
        "triggersByType": [{"type": "OrderCreated", "count": 1}],
    }
    assert project.orders.orders == {}
    assert project.publisher.sent == []
    # The order would be created now, not in the second of its number.
    assert tree["createdAt"].startswith("2026-01-02T")
    # No number was taken: the next order has the first one.
    created = project.create(orderNumber="CT-1")
    assert project.only.order_id == 1
    left = {"id", "createdAt", "lastModifiedAt", "lineItems", "dryRun", "preview"}
    assert {k: v for k, v in tree.items() if k not in left} == {
        k: v for k, v in created.items() if k not in left
    }


def test_a_project_previews_an_import_without_a_number() -> None:
    project = ProjectOrders()
    answer = project.import_draft(draft(orderNumber=None), X_Dry_Run="true")
    assert (answer.status, answer.tree["id"]) == (200, NIL)
    assert "orderNumber" not in answer.tree
    assert project.orders.orders == {}


@pytest.mark.parametrize(
    "body", [draft(orderNumber="CT-1"), draft(orderNumber="CT-2", totalPrice=None), draft(x=1)]
)
def test_a_preview_in_a_project_has_the_errors_of_the_import(body: Tree) -> None:
    project = ProjectOrders()
    project.create(orderNumber="CT-1")
    preview = project.import_draft(body, X_Dry_Run="true")
    real = project.import_draft(body)
    assert preview.status in {200, 400}
    if real.status == 400:
        assert preview.tree == real.tree


def test_a_project_previews_an_update() -> None:
    project = ProjectOrders()
    project.create()
    before = project.only
    project.publisher.sent.clear()
    action = {"action": "changeOrderState", "orderState": "Confirmed"}
    body = {"version": 1, "actions": [action]}
    answer = project.send(body, X_Dry_Run="true")
    assert (answer.status, answer.tree["version"]) == (200, 2)
    assert answer.tree["preview"] == {
        "outcome": "updated",
        "triggers": 1,
        "triggersByType": [{"type": "OrderStatusChanged", "count": 1}],
        "changes": [{"path": "/orderState", "before": "Open", "after": "Confirmed"}],
        "changesCut": False,
    }
    assert (project.only, project.publisher.sent) == (before, [])
    real = project.send(body).tree
    left = {"lastModifiedAt", "dryRun", "preview"}
    assert {k: v for k, v in answer.tree.items() if k not in left} == {
        k: v for k, v in real.items() if k not in left
    }


def test_a_preview_finds_a_number_that_another_order_has() -> None:
    project = ProjectOrders()
    project.create(orderNumber="CT-1")
    project.create_foreign("taken", 2)
    body = {"version": 1, "actions": [{"action": "setOrderNumber", "orderNumber": "taken"}]}
    preview = project.send(body, X_Dry_Run="true")
    assert (preview.status, preview.tree) == (400, project.send(body).tree)


def test_a_project_previews_a_deletion() -> None:
    project = ProjectOrders()
    project.create()
    before = project.only
    answer = project.delete(1, X_Dry_Run="true")
    assert answer.status == 200
    assert answer.tree["preview"]["outcome"] == "deleted"
    assert answer.tree["preview"]["triggersByType"] == [{"type": "OrderDeleted", "count": 1}]
    assert project.only == before
    assert project.delete(9, X_Dry_Run="true").tree == project.delete(9).tree


@pytest.mark.parametrize("value", ["1", "yes", "True", "", "true,true"])
def test_another_value_of_the_header_is_an_error_in_a_project(value: str) -> None:
    project = ProjectOrders()
    project.create()
    before = dict(project.orders.orders)
    body = {"version": 1, "actions": [{"action": "setCustomerEmail", "email": "a@b.c"}]}
    answers = [
        project.import_draft(draft(orderNumber="CT-2"), X_Dry_Run=value),
        project.send(body, X_Dry_Run=value),
        project.delete(1, X_Dry_Run=value),
    ]
    for answer in answers:
        assert answer.status == 400
        [error] = answer.errors
        assert error["code"] == "InvalidInput"
        assert error["message"].startswith("The header X-Dry-Run must be true or false; got ")
    assert project.orders.orders == before


def test_the_hub_keeps_settings_and_orders_in_a_preview() -> None:
    writer = Writer()
    writer.create()
    before = dict(writer.orders.orders)
    for method in (HUB_DELETE, HUB_LINE_STATUS, HUB_REVIVE):
        body = {"status": "delivered"} if method == HUB_LINE_STATUS else None
        answer = writer.ask(method, body=body, dry_run="true")
        tree = json.loads(answer.body)
        assert (answer.status, tree["dry_run"]) == (200, True)
        outcomes = {HUB_DELETE: "deleted", HUB_LINE_STATUS: "updated", HUB_REVIVE: "unchanged"}
        assert tree["preview"]["outcome"] == outcomes[method]
        wrong = writer.ask(method, body=body, dry_run="1")
        fault = json.loads(wrong.body)
        assert (wrong.status, fault["code"]) == (400, "invalid_parameter")
        assert fault["detail"].startswith("The header X-Dry-Run must be true or false; got ")
    assert writer.orders.orders == before
    assert writer.kinds == []
    assert isinstance(writer.settings.stored["demo"], StoredSettings)
