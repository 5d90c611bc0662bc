"""A preview of any request has the outcomes of the real run right after it, word for word."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from orders.domain.clients import Role
from tests.support.altcraft import JSON, XML, Shop
from tests.support.commercetools import draft
from tests.support.commercetools import line as draft_line
from tests.support.fakes import FakeOrderChanges, client
from tests.support.order_changes import renaming, soft_deletion
from tests.support.project_orders import Answer, ProjectOrders
from tests.support.samples import line, order, request, to_xml
from tests.support.yandex_market import stored_order

type Tree = dict[str, Any]

NAMES = ("A", "B", "C", "D", "E")
# What only one of both answers says.
OF_PREVIEWS = {"order_id", "changes", "changes_cut", "dry_run", "preview"}

_names = st.sampled_from([*NAMES, "Z"])
_lines = st.lists(
    st.builds(
        line,
        external_id=st.sampled_from(["1", "2", "3"]),
        count=st.sampled_from([1, 2, 0, "x"]),
        status=st.sampled_from(["new", "packed", "unknown"]),
    ),
    min_size=1,
    max_size=3,
)
_orders = st.builds(
    order,
    external_id=_names,
    status=st.sampled_from(["new", "delivered", "canceled"]),
    currency=st.sampled_from(["USD", "USD", "USD", "???"]),
    update_time=st.sampled_from([None, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"]),
    skip_triggers=st.sampled_from([None, None, True]),
    custom_fields=st.sampled_from([{}, {"gift": True}, {"gift": "no"}]),
    lines=_lines | st.just([line()]),
)
_fields = st.builds(
    lambda kind, default: {
        "external_id": "gift",
        "name": "Gift",
        "entity_type": "order",
        "required": False,
        "value_type": kind,
        "default_value": default,
    },
    st.sampled_from(["bool", "unicode"]),
    st.sampled_from([True, "no"]),
)
_statuses = st.just({"external_id": "packed", "name": "Packed", "type": "in_process"})
_requests = st.builds(
    lambda orders, fields, statuses, skip, policy: request(
        *orders,
        custom_fields=fields,
        custom_line_statuses=statuses,
        skip_triggers=skip,
        error_policy=policy,
    ),
    st.lists(_orders, min_size=1, max_size=5),
    st.lists(_fields, max_size=1),
    st.lists(_statuses, max_size=1),
    st.sampled_from([None, None, True]),
    st.sampled_from([None, "import_valid", "reject_all"]),
)


def _shop(earlier: list[Tree], renamed: str | None, hidden: str | None) -> Shop:
    """Return a shop after some requests. One order is renamed to Z, and one is softly deleted."""
    shop = Shop()
    shop.tokens.clients["token"] = client("demo", Role.ORDERS_READ, Role.ORDERS_WRITE)
    shop.orders.orders["demo", "E"] = replace(stored_order("E", 900), protocol="commercetools")
    for body in earlier:
        shop.post(body)
    changes = FakeOrderChanges(shop.orders)
    found = shop.orders.orders.get(("demo", renamed or ""))
    # The number of a delivered order is final.
    if found and found.status == "new":
        changes.commit(renaming(shop.orders.as_stored(found), "Z"))
    if hidden and ("demo", hidden) in shop.orders.orders:
        changes.commit(soft_deletion(shop.orders.as_stored(shop.orders["demo", hidden])))
    shop.publisher.sent.clear()
    return shop


def _state(shop: Shop) -> object:
    orders = shop.orders
    return (
        dict(orders.orders),
        dict(orders.hidden),
        dict(orders.aliases),
        len(orders.writes),
        dict(shop.settings.stored),
        shop.order_ids.last,
        list(shop.publisher.sent),
    )


def _without(tree: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(tree, dict):
        return {name: _without(each) for name, each in tree.items() if name not in OF_PREVIEWS}
    return [_without(each) for each in tree] if isinstance(tree, list) else tree


def _without_elements(body: bytes) -> bytes:
    root = etree.fromstring(body)
    for name in OF_PREVIEWS:
        for element in root.findall(f".//{name}"):
            parent = element.getparent()
            assert parent is not None
            parent.remove(element)
    return etree.tostring(root)


@given(
    st.lists(_requests, max_size=3),
    _requests,
    st.sampled_from([None, *NAMES]),
    st.sampled_from([None, *NAMES]),
)
def test_the_preview_of_an_import_agrees_with_the_import(
    earlier: list[Tree], body: Tree, renamed: str | None, hidden: str | None
) -> None:
    for media in (JSON, XML):
        shop = _shop(earlier, renamed, hidden)
        before = _state(shop)
        asked, real = {**body, "dry_run": True}, {**body, "result_details": True}
        is_json = media == JSON
        preview = shop.post(asked if is_json else to_xml(asked), media)
        assert _state(shop) == before
        answer = shop.post(real if is_json else to_xml(real), media)
        assert preview.status == answer.status
        if not is_json:
            assert _without_elements(preview.body) == _without_elements(answer.body)
            continue
        shown, done = json.loads(preview.body), json.loads(answer.body)
        assert _without(shown) == _without(done)
        if preview.status == 200:
            _expect_agreement(shop, shown, before)


def _expect_agreement(shop: Shop, shown: Tree, before: Any) -> None:  # noqa: ANN401
    sent = [str(each.kind) for each in shop.publisher.sent]
    by_type = {each["type"]: each["count"] for each in shown["preview"]["triggers_by_type"]}
    assert by_type == {kind: sent.count(kind) for kind in sent}
    assert shown["preview"]["triggers"] == len(sent)
    changed = before[4] != shop.settings.stored
    assert bool(shown["preview"]["definitions"]) is changed


_drafts = st.builds(
    draft,
    orderNumber=st.sampled_from([None, *NAMES]),
    orderState=st.sampled_from([None, "Open", "Nonsense"]),
    totalPrice=st.sampled_from([draft()["totalPrice"], None]),
    lineItems=st.just([draft_line()]) | st.just([draft_line(quantity=0)]),
    store=st.sampled_from([None, {"typeId": "store", "key": "kiosk"}]),
)
_actions = st.lists(
    st.sampled_from(
        [
            {"action": "changeOrderState", "orderState": "Confirmed"},
            {"action": "changeOrderState", "orderState": "Nonsense"},
            {"action": "setCustomerEmail", "email": "a@b.c"},
            {"action": "setCustomerEmail"},
            {"action": "setOrderNumber", "orderNumber": "B"},
            {"action": "setOrderNumber", "orderNumber": "Y"},
            {"action": "changeShipmentState", "shipmentState": "Shipped"},
            {"action": "unknown"},
        ]
    ),
    min_size=1,
    max_size=3,
)
# Times follow the clock, and ids of parts follow the id of the order.
_LEFT = {"id", "createdAt", "lastModifiedAt", "dryRun", "preview"}


def _content(tree: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(tree, dict):
        return {name: _content(each) for name, each in tree.items() if name not in _LEFT}
    return [_content(each) for each in tree] if isinstance(tree, list) else tree


@given(st.lists(_drafts, max_size=3), _drafts, _actions, st.integers(1, 2))
def test_the_previews_of_a_project_agree_with_its_writes(
    earlier: list[Tree], body: Tree, actions: list[Tree], version: int
) -> None:
    project = ProjectOrders()
    for each in earlier:
        project.import_draft(each)
    update = {"version": version, "actions": actions}
    writes: list[Callable[..., Answer]] = [
        partial(project.import_draft, body),
        partial(project.send, update),
        partial(project.delete, version),
    ]
    for write in writes:
        project.publisher.sent.clear()
        before = dict(project.orders.orders), dict(project.orders.aliases)
        shown = write(X_Dry_Run="true")
        assert (dict(project.orders.orders), dict(project.orders.aliases)) == before
        assert project.publisher.sent == []
        done = write()
        assert shown.status == (200 if done.status == 201 else done.status)
        assert _content(shown.tree) == _content(done.tree)
        if shown.status == 200:
            assert shown.tree["preview"]["triggers"] == len(project.publisher.sent)
