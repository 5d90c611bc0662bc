"""Updates of orders: versions, errors, states, numbers, triggers, and orders of others."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from commercetools.platform import models as sdk
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.application.ports import WriteOutcome
from orders.domain.changes import OrderChange
from orders.domain.fulfilment import Fulfilment
from orders.domain.identifiers import uuid_of
from orders.domain.order import Presence
from orders.domain.settings import Endpoint, ExternalIdPolicy, StoredSettings
from orders.domain.triggers import TriggerKind
from orders.protocols.commercetools.actions.table import ACTIONS, UNSUPPORTED
from orders.protocols.commercetools.checks import check_draft
from orders.protocols.commercetools.foreign_orders import searchable_of
from orders.protocols.commercetools.updates import MAX_ACTIONS, opened
from tests.support.commercetools import PROJECT, draft, full_draft, line, money
from tests.support.fakes import FakeOrderChanges
from tests.support.project_orders import SHOP, ProjectOrders, Tree, body_of

SDK_ORDERS = (
    Path(__file__).parents[4]
    / "node_modules/@commercetools/platform-sdk/dist/declarations/src/generated/models"
    / "order.d.ts"
)
LOCALE: Tree = {"action": "setLocale", "locale": "nl-NL"}
EMAIL: Tree = {"action": "setCustomerEmail", "email": "new@example.com"}
BY_NUMBER = "order-number=CT-1"


def state(name: str) -> Tree:
    return {"action": "changeOrderState", "orderState": name}


def shipment(name: str) -> Tree:
    return {"action": "changeShipmentState", "shipmentState": name}


def number(name: str) -> Tree:
    return {"action": "setOrderNumber", "orderNumber": name}


def hide(project: ProjectOrders) -> None:
    """Delete the only order softly."""
    key, order = project.orders.orders.popitem()
    project.orders.hidden[key] = replace(order, presence=Presence.HIDDEN)


@pytest.fixture
def project() -> ProjectOrders:
    made = ProjectOrders()
    made.create()
    return made


# Versions and errors.


def test_all_actions_are_one_change_with_one_trigger(project: ProjectOrders) -> None:
    order = project.updated(EMAIL, state("Confirmed"), LOCALE, state("Complete"))
    assert order["version"] == 2
    [trigger] = project.triggers
    assert trigger.kind is TriggerKind.ORDER_STATUS_CHANGED
    assert trigger.changed == {
        "customerEmail": {"new": "new@example.com"},
        "locale": {"new": "nl-NL"},
        "orderState": {"old": "Open", "new": "Complete"},
        "fulfilment": {
            "old": {"status": "PROCESSING", "substatus": "STARTED"},
            "new": {"status": "DELIVERED", "substatus": "DELIVERY_SERVICE_DELIVERED"},
        },
    }


@pytest.mark.parametrize("ref", [uuid_of(PROJECT, 1), BY_NUMBER])
def test_an_order_is_updated_by_its_id_and_its_number(project: ProjectOrders, ref: str) -> None:
    assert project.update(LOCALE, ref=ref).tree == project.read(ref)


def test_an_update_of_another_version_is_rejected_with_the_current_one(
    project: ProjectOrders,
) -> None:
    project.updated(LOCALE)
    for version in (1, 3, 0):
        answer = project.update(EMAIL, version=version)
        assert answer.status == 409
        [error] = answer.errors
        assert (error["code"], error["currentVersion"]) == ("ConcurrentModification", 2)
    assert project.only.version == 2


@pytest.mark.parametrize(
    "actions",
    [
        [],
        [state("Open")],
        [state("Complete"), state("Open")],
        [number("CT-1")],
        [number("X"), number("CT-1")],
        [{"action": "setCustomerEmail"}],
        [
            {"action": "addPayment", "payment": {"id": "p"}},
            {"action": "removePayment", "payment": {"id": "p"}},
        ],
    ],
)
def test_an_update_without_an_effect_is_not_written(
    project: ProjectOrders, actions: list[Tree]
) -> None:
    before = project.only
    answer = project.update(*actions)
    assert (answer.status, answer.tree["version"]) == (200, 1)
    assert project.only is before
    assert project.triggers == []


@pytest.mark.parametrize("ref", ["order-number=none", uuid_of(PROJECT, 9), "x"])
def test_an_unknown_order_is_not_found(project: ProjectOrders, ref: str) -> None:
    answer = project.update(LOCALE, ref=ref)
    assert (answer.status, answer.errors[0]["code"]) == (404, "ResourceNotFound")


def test_a_softly_deleted_order_is_not_found(project: ProjectOrders) -> None:
    hide(project)
    for ref in (uuid_of(PROJECT, 1), BY_NUMBER):
        assert project.send({"version": 1, "actions": [LOCALE]}, ref).status == 404


def test_an_import_of_a_softly_deleted_number_revives_the_order(project: ProjectOrders) -> None:
    hide(project)
    answer = project.import_draft(draft(customerEmail="back@example.com"))
    assert (answer.status, answer.tree["id"]) == (201, uuid_of(PROJECT, 1))
    assert answer.tree == project.read()
    assert (answer.tree["version"], answer.tree["customerEmail"]) == (2, "back@example.com")
    assert [(each.kind, each.revived) for each in project.triggers[-1:]] == [
        (TriggerKind.ORDER_CREATED, True)
    ]


def test_a_softly_deleted_order_of_another_protocol_keeps_its_number() -> None:
    project = ProjectOrders()
    project.create_foreign("CT-1")
    hide(project)
    answer = project.import_draft(draft())
    assert (answer.status, answer.errors[0]["code"]) == (400, "DuplicateField")
    assert list(project.orders.hidden) == [(PROJECT, "CT-1")]


@pytest.mark.parametrize(("token", "status"), [("stranger", 403), ("reader", 403), ("none", 401)])
def test_an_update_needs_the_scope_of_an_import(
    project: ProjectOrders, token: str, status: int
) -> None:
    assert project.update(LOCALE, token=token).status == status


@pytest.mark.parametrize(
    ("body", "detail", "path"),
    [
        (b"{", "", None),
        ([], "JSON object expected.", None),
        ({}, "version: Missing required value, actions: Missing required value", None),
        (
            {"version": "1", "actions": {}},
            "version: JSON Number in the range of a Long expected., actions: JSON Array expected.",
            None,
        ),
        ({"version": 1, "actions": [1]}, "actions: JSON object expected.", "/actions/0"),
        (
            {"version": 1, "actions": [{}]},
            "actions -> action: Missing required value",
            "/actions/0",
        ),
        (
            {"version": 1, "actions": [LOCALE, {"action": "addLineItem"}]},
            "actions -> action: Invalid enum value: 'addLineItem'. Expected one of: ",
            "/actions/1",
        ),
        (
            {"version": 1, "actions": [LOCALE, {"action": "changeOrderState"}, state("Closed")]},
            (
                "actions -> orderState: Missing required value, actions -> orderState: Invalid "
                "enum value: 'Closed'. Expected one of: 'Open','Confirmed','Complete','Cancelled'"
            ),
            "/actions/1",
        ),
        (
            {"version": 1, "actions": [{"action": "setBillingAddress", "address": {"city": "x"}}]},
            "actions -> address -> country: Missing required value",
            "/actions/0",
        ),
    ],
)
def test_a_body_of_the_wrong_shape_is_rejected(
    project: ProjectOrders, body: object, detail: str, path: str | None
) -> None:
    answer = project.send(body)
    assert answer.status == 400
    [error] = answer.errors
    assert error["code"] == "InvalidJsonInput"
    assert error["message"] == "Request body does not contain valid JSON."
    assert detail in error["detailedErrorMessage"]
    assert error.get("path") == path
    assert project.only.version == 1


@pytest.mark.parametrize("name", sorted(UNSUPPORTED))
def test_an_action_that_the_hub_does_not_have_is_named(project: ProjectOrders, name: str) -> None:
    error = project.refused(LOCALE, {"action": name})
    assert (error["code"], error["path"]) == ("InvalidOperation", "/actions/1")
    assert name in error["message"]


def test_every_action_of_the_sdk_is_known() -> None:
    types = [
        each
        for name, each in vars(sdk).items()
        if name.startswith("Order")
        and name.endswith("Action")
        and not name.startswith(("OrderEdit", "OrderUpdateAction"))
    ]
    # The action's name is that of its type.
    names = {each.__name__.removeprefix("Order").removesuffix("Action") for each in types}
    names = {name[0].lower() + name[1:] for name in names}
    assert len(names) > 50
    assert names <= ACTIONS.keys() | UNSUPPORTED
    assert not ACTIONS.keys() & UNSUPPORTED


def test_every_action_has_the_members_of_the_sdk() -> None:
    declared = re.findall(
        r"export interface Order(\w+)Action extends IOrderUpdateAction \{(.*?)\n\}",
        SDK_ORDERS.read_text(),
        re.DOTALL,
    )
    members = {
        name[0].lower() + name[1:]: {
            member: not optional
            for member, optional in re.findall(r"readonly (\w+)(\??): ", body)
            if member != "action"
        }
        for name, body in declared
    }
    # Only orders with several shipping methods have shipping keys, and no import creates them.
    del members["addDelivery"]["shippingKey"]
    read = {
        name: {member.name: member.required for member in action.shape.members}
        for name, action in ACTIONS.items()
    }
    assert read == {name: members[name] for name in ACTIONS}


def test_every_invalid_value_is_reported_with_its_place(project: ProjectOrders) -> None:
    bad = {"action": "addDelivery", "deliveryKey": "x"}
    answer = project.update(bad, LOCALE, bad)
    assert [(each["code"], each["path"]) for each in answer.errors] == [
        ("InvalidField", "/actions/0"),
        ("InvalidField", "/actions/2"),
    ]


def test_the_number_of_actions_is_limited(project: ProjectOrders) -> None:
    assert project.update(*[LOCALE] * MAX_ACTIONS).status == 200
    answer = project.update(*[LOCALE] * (MAX_ACTIONS + 1))
    assert (answer.status, answer.errors[0]["code"]) == (400, "InvalidInput")


def test_an_update_that_makes_the_order_too_large_is_rejected(project: ProjectOrders) -> None:
    texts = [{**EMAIL, "email": "x" * 200_000}, {**LOCALE, "locale": "de"}]
    project.updated(*texts)
    address = {"country": "DE", "city": "y" * 200_000}
    error = project.refused({"action": "setBillingAddress", "address": address})
    assert error["code"] == "ResourceSizeLimitExceeded"


def test_ignored_members_of_an_update_are_named(project: ProjectOrders) -> None:
    answer = project.update(
        {**LOCALE, "extra": 1},
        {"action": "setBillingAddress", "address": {"country": "DE", "planet": "x"}},
    )
    assert answer.answer.headers["X-Ignored-Members"] == (
        "/actions/0/extra, /actions/1/address/planet"
    )


def test_the_user_of_an_update_is_the_last_modifier(project: ProjectOrders) -> None:
    updated = project.update(LOCALE, X_External_User_ID="kim").tree
    assert updated["lastModifiedBy"]["externalUserId"] == "kim"
    assert "externalUserId" not in updated["createdBy"]
    # Without an effect, nobody has changed anything.
    assert project.update(LOCALE, X_External_User_ID="eve").tree == updated
    assert "externalUserId" not in project.updated(EMAIL)["lastModifiedBy"]
    assert project.update(state("Confirmed"), X_External_User_ID="kim").status == 200
    project.set_partner_status("PROCESSING", "READY_TO_SHIP")
    assert "externalUserId" not in project.read()["lastModifiedBy"]


# Concurrent updates, lost answers.


def _overtaking(change: OrderChange) -> Callable[[FakeOrderChanges, OrderChange], WriteOutcome]:
    """Return a fault: another request writes first."""

    def fault(store: FakeOrderChanges, _change: OrderChange) -> WriteOutcome:
        assert store.commit(change) is WriteOutcome.COMMITTED
        return WriteOutcome.CONFLICT

    return fault


def test_of_two_updates_one_wins_and_the_other_gets_the_current_version(
    project: ProjectOrders,
) -> None:
    order = project.only
    other = replace(order, version=2, request_id="other")
    before = project.orders.as_stored(order)
    project.changes.faults.append(
        _overtaking(OrderChange(before, replace(before, order=other), None))
    )
    answer = project.update(LOCALE, version=1)
    assert (answer.status, answer.errors[0]["currentVersion"]) == (409, 2)


def test_a_lost_answer_to_a_committed_update_is_recognised(project: ProjectOrders) -> None:
    def lose(store: FakeOrderChanges, change: OrderChange) -> WriteOutcome:
        store.commit(change)
        return WriteOutcome.UNKNOWN

    project.changes.faults.append(lose)
    answer = project.update(LOCALE, number("CT-2"), version=1)
    assert (answer.status, answer.tree["version"]) == (200, 2)
    assert [each.kind for each in project.triggers] == [TriggerKind.ORDER_EXTERNAL_ID_CHANGED]


def test_an_update_that_cannot_be_confirmed_returns_500(project: ProjectOrders) -> None:
    project.changes.faults += [lambda *_: WriteOutcome.UNKNOWN] * 20
    answer = project.update(LOCALE)
    assert (answer.status, answer.errors[0]["code"]) == (500, "General")


# States in commercetools and in Yandex Market's protocol.


@pytest.mark.parametrize(
    ("actions", "partner"),
    [
        ([state("Confirmed")], ("PROCESSING", "STARTED")),
        ([state("Complete")], ("DELIVERED", "DELIVERY_SERVICE_DELIVERED")),
        ([state("Cancelled")], ("CANCELLED", "SHOP_FAILED")),
        ([shipment("Ready")], ("PROCESSING", "READY_TO_SHIP")),
        ([shipment("Shipped")], ("PROCESSING", "SHIPPED")),
        ([shipment("Delivered")], ("DELIVERED", "DELIVERY_SERVICE_DELIVERED")),
        ([shipment("Delayed")], ("PROCESSING", "STARTED")),
        ([shipment("Shipped"), shipment("Delayed")], ("PROCESSING", "STARTED")),
        ([shipment("Shipped"), state("Cancelled")], ("CANCELLED", "SHOP_FAILED")),
    ],
)
def test_the_fulfilment_state_follows_from_the_states(
    project: ProjectOrders, actions: list[Tree], partner: tuple[str, str]
) -> None:
    order = project.updated(*actions)
    assert project.partner_status() == partner
    expected = {"orderState": "Open"}
    for action in actions:
        expected |= {name: value for name, value in action.items() if name != "action"}
    assert {name: order[name] for name in expected} == expected


def test_states_without_progress_keep_the_fulfilment_state(project: ProjectOrders) -> None:
    project.updated(shipment("Shipped"))
    for name in ("Delayed", "Partial", "Backorder", "Canceled"):
        if name != "Canceled":  # newer than the SDK
            project.updated(shipment(name))
        assert project.partner_status() == ("PROCESSING", "SHIPPED")
    project.updated(shipment("Pending"))
    assert project.partner_status() == ("PROCESSING", "STARTED")


@pytest.mark.parametrize(
    ("reached", "name"),
    [
        (Fulfilment.DELIVERY, "Shipped"),
        (Fulfilment.PICKUP, "Shipped"),
        (Fulfilment.PARTIALLY_RETURNED, "Delivered"),
        (Fulfilment.CANCELLED, "Delivered"),
    ],
)
def test_a_state_that_the_update_only_repeats_keeps_its_detail(
    project: ProjectOrders, reached: Fulfilment, name: str
) -> None:
    [(key, order)] = project.orders.orders.items()
    project.orders.orders[key] = replace(order, fulfilment=reached)
    project.updated(shipment("Delayed"))
    project.updated(shipment(name))
    assert project.only.fulfilment is reached


def test_an_order_that_is_open_again_starts_again(project: ProjectOrders) -> None:
    for final in ("Complete", "Cancelled"):
        project.updated(state(final))
        assert project.updated(state("Open"))["orderState"] == "Open"
        assert project.partner_status() == ("PROCESSING", "STARTED")


def test_a_status_of_the_partner_shows_until_the_next_update_of_the_states(
    project: ProjectOrders,
) -> None:
    project.updated(state("Confirmed"), shipment("Backorder"))
    project.set_partner_status("PROCESSING", "READY_TO_SHIP")
    assert project.read()["shipmentState"] == "Ready"
    order = project.updated(LOCALE)
    assert (order["orderState"], order["shipmentState"]) == ("Confirmed", "Ready")
    assert project.updated(shipment("Ready"))["version"] == order["version"]
    order = project.updated(shipment("Backorder"))
    assert (order["orderState"], order["shipmentState"]) == ("Confirmed", "Backorder")
    assert project.partner_status() == ("PROCESSING", "READY_TO_SHIP")
    project.set_partner_status("PROCESSING", "SHIPPED")
    assert project.read()["shipmentState"] == "Shipped"


def test_a_cancellation_that_is_known_is_not_repeated(project: ProjectOrders) -> None:
    project.set_partner_status("CANCELLED", "SHOP_FAILED")
    assert project.read()["orderState"] == "Cancelled"
    assert project.updated(state("Cancelled"))["version"] == 2


def test_a_predicate_finds_what_an_update_set(project: ProjectOrders) -> None:
    project.updated(EMAIL, state("Confirmed"), {"action": "setStore", "store": {"key": "kiosk"}})
    found = searchable_of(project.only, lambda _order: pytest.fail("not foreign"))
    names = ("customerEmail", "orderState", "store(key)")
    assert [found[name] for name in names] == ["new@example.com", "Confirmed", "kiosk"]


def test_a_new_store_is_another_campaign(project: ProjectOrders) -> None:
    project.updated({"action": "setStore", "store": {"key": "kiosk"}})
    assert project.partner_order(1002)["id"] == 1
    assert "id" not in project.partner_order(1001)


def test_a_store_that_was_defined_a_moment_ago_is_known(project: ProjectOrders) -> None:
    project.stored_settings.cached[PROJECT] = StoredSettings(SHOP, 1)
    project.configure(replace(SHOP, endpoints={**SHOP.endpoints, "new": Endpoint("new")}))
    assert project.updated({"action": "setStore", "store": {"key": "new"}})["store"]["key"] == "new"


# The number.


def test_a_new_number_leaves_the_old_one_as_an_alias(project: ProjectOrders) -> None:
    order = project.updated(number("CT-2"), LOCALE)
    assert order["orderNumber"] == "CT-2"
    for ref in (BY_NUMBER, "order-number=CT-2"):
        assert project.read(ref) == order
    [trigger] = project.triggers
    assert trigger.kind is TriggerKind.ORDER_EXTERNAL_ID_CHANGED
    assert trigger.changed == {
        "external_id": {"old": "CT-1", "new": "CT-2"},
        "locale": {"new": "nl-NL"},
    }
    assert project.message()["orderNumber"] == "CT-1"


def test_an_order_without_a_number_gets_one_at_any_time() -> None:
    project = ProjectOrders()
    project.create(orderNumber=None, orderState="Complete")
    project.declare(external_id_policy=ExternalIdPolicy.ONCE)
    assert project.updated(number("CT-7"))["orderNumber"] == "CT-7"
    assert project.read(uuid_of(PROJECT, 1))["orderNumber"] == "CT-7"


def test_a_number_of_another_order_is_rejected(project: ProjectOrders) -> None:
    project.create_foreign("taken", 2)
    answer = project.update(LOCALE, number("taken"), version=1)
    [error] = answer.errors
    assert (answer.status, error["code"], error["path"]) == (400, "DuplicateField", "/actions/1")
    assert (error["field"], error["duplicateValue"]) == ("orderNumber", "taken")
    assert "locale" not in project.read()


def test_a_number_changes_only_where_the_hub_permits_a_new_external_id(
    project: ProjectOrders,
) -> None:
    project.declare(external_id_policy=ExternalIdPolicy.ONCE)
    project.updated(number("CT-2"))
    error = project.refused(number("CT-3"))
    assert (error["code"], error["path"]) == ("InvalidOperation", "/actions/0")
    project.declare(external_id_policy=ExternalIdPolicy.CHANGE)
    project.updated(shipment("Ready"))
    error = project.refused(number("CT-3"))
    assert error["code"] == "InvalidOperation"
    assert "READY_TO_SHIP" in error["message"]


# Triggers.


def test_a_trigger_shows_changes_in_the_form_of_answers() -> None:
    project = ProjectOrders()
    project.create(
        lineItems=[
            line(
                key="one",
                taxRate={"name": "VAT", "amount": 0.19, "includedInPrice": True, "country": "DE"},
            ),
            line(key="two"),
        ]
    )
    move = {
        "action": "importLineItemState",
        "lineItemKey": "one",
        "state": [{"quantity": 2, "state": {"key": "sold"}}],
    }
    before = project.read()
    after = project.updated(move)
    [trigger] = project.triggers
    assert trigger.changed == {
        "lineItems": {"old": before["lineItems"][:1], "new": after["lineItems"][:1]}
    }
    assert project.presented() == after


# Orders of other protocols.


@pytest.mark.parametrize(
    ("actions", "partner"),
    [
        ([state("Complete")], Fulfilment.DELIVERED),
        ([state("Cancelled")], Fulfilment.SHOP_FAILED),
        ([shipment("Ready")], Fulfilment.READY_TO_SHIP),
        ([state("Confirmed"), shipment("Shipped")], Fulfilment.SHIPPED),
        ([state("Open")], Fulfilment.STARTED),
    ],
)
def test_the_states_of_an_altcraft_order_change(actions: list[Tree], partner: Fulfilment) -> None:
    project = ProjectOrders()
    project.create_foreign()
    answer = project.update(*actions, number("B"))
    assert answer.status == 200, answer.tree
    assert answer.tree["orderNumber"] == "B"
    assert project.only.fulfilment is partner
    for action in actions:
        assert action.items() - {("action", action["action"])} <= answer.tree.items()


@pytest.mark.parametrize(
    "action", [EMAIL, state("Confirmed"), shipment("Delayed"), {"action": "setOrderNumber"}]
)
def test_what_an_altcraft_order_cannot_have_is_rejected(action: Tree) -> None:
    project = ProjectOrders()
    project.create_foreign()
    before = project.only
    answer = project.update(action)
    if action == {"action": "setOrderNumber"}:
        assert answer.status == 200, "without a number, nothing changes"
    else:
        [error] = answer.errors
        assert (error["code"], error["path"]) == ("InvalidOperation", "/actions/0")
        assert "altcraft" in error["message"]
    assert project.only == before


def test_an_altcraft_order_does_not_move_backwards() -> None:
    project = ProjectOrders()
    project.create_foreign()
    project.update(shipment("Shipped"))
    assert project.update(shipment("Ready")).status == 400


# The update tests of the vendor's public mock, whose requests are sent here.


def _sent(*actions: Tree, **draft_changes: object) -> tuple[Tree, Tree]:
    project = ProjectOrders()
    project.create(**draft_changes)
    return project.read(), project.updated(*actions)


PEER: list[tuple[list[Tree], Tree]] = [
    ([{"action": "setLocale", "locale": "nl-NL"}], {"locale": "nl-NL"}),
    ([{"action": "setCustomerEmail", "email": "john@doe.com"}], {"customerEmail": "john@doe.com"}),
    (
        [{"action": "setCustomerId", "customerId": "9e3479fc-cc92-4d10-820a-a080b45ddcc1"}],
        {"customerId": "9e3479fc-cc92-4d10-820a-a080b45ddcc1"},
    ),
    ([{"action": "setOrderNumber", "orderNumber": "5000123"}], {"orderNumber": "5000123"}),
    (
        [{"action": "setPurchaseOrderNumber", "purchaseOrderNumber": "abc123"}],
        {"purchaseOrderNumber": "abc123"},
    ),
    ([state("Complete")], {"orderState": "Complete"}),
    (
        [state("Cancelled"), {"action": "changePaymentState", "paymentState": "Failed"}],
        {"orderState": "Cancelled", "paymentState": "Failed"},
    ),
    ([shipment("Delayed")], {"shipmentState": "Delayed"}),
]


@pytest.mark.parametrize(("actions", "expected"), PEER)
def test_the_update_tests_of_the_public_mock_hold(actions: list[Tree], expected: Tree) -> None:
    _, order = _sent(*actions, orderNumber=None)
    # One change, where the mock counts each action.
    assert order["version"] == 2
    assert expected.items() <= order.items()


def test_the_mocks_fields_of_deliveries_and_parcels_are_set() -> None:
    custom = {"type": {"id": "type-id"}, "fields": {"status": "created", "carrier": "x"}}
    info = {
        "shippingMethodName": "Home delivery (package)",
        "price": money(999),
        "shippingRate": {"price": money(999)},
        "deliveries": [{"key": "CT-Z243002", "parcels": [{"custom": custom}], "custom": custom}],
    }
    project = ProjectOrders()
    [delivery] = project.create(shippingInfo=info)["shippingInfo"]["deliveries"]
    of_delivery = {"action": "setDeliveryCustomField", "deliveryId": delivery["id"]}
    of_parcel = {"action": "setParcelCustomField", "parcelId": delivery["parcels"][0]["id"]}
    status = {"name": "status", "value": "delayed"}
    order = project.updated({**of_delivery, **status}, {**of_parcel, **status})
    order = project.updated({**of_delivery, "name": "carrier", "value": "dhl"})
    [delivery] = order["shippingInfo"]["deliveries"]
    assert delivery["custom"]["fields"] == {"status": "delayed", "carrier": "dhl"}
    assert delivery["parcels"][0]["custom"]["fields"]["status"] == "delayed"


# Any sequence of actions.

_TYPES: list[Tree] = [{"key": "my-type"}, {"id": "other"}]
_VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [None, 1, True, 1.5, "x", [], {"a": None}, {"": {}}, [{"b": [1]}]]
)
_ADDRESS = st.builds(
    lambda key, city: {"country": "DE", **key, **city},
    st.sampled_from([{}, {"key": "home"}, {"key": "work"}, {"key": "new"}]),
    st.sampled_from([{}, {"city": "Berlin"}]),
)
_STATE = st.sampled_from([{"key": "Initial"}, {"key": "packed"}, {"id": "sold"}])
_PART_KEYS = st.sampled_from(["delivery", "parcel", "line-1", "custom-1", "aa", "bb"])


def _named(kind: str) -> st.SearchStrategy[Tree]:
    return _PART_KEYS.map(lambda key: {f"{kind}Key": key})


_TARGETS: dict[str, st.SearchStrategy[Tree]] = {
    "": st.just({}),
    "BillingAddress": st.just({}),
    "ShippingAddress": st.just({}),
    "ItemShippingAddress": st.sampled_from(["home", "work"]).map(lambda key: {"addressKey": key}),
    "Delivery": _named("delivery"),
    "Parcel": _named("parcel"),
    "LineItem": _named("lineItem"),
    "CustomLineItem": _named("customLineItem"),
}


def _action(name: str, **members: st.SearchStrategy[Any]) -> st.SearchStrategy[Tree]:
    optional = {
        member: st.none() | each for member, each in members.items() if not member.startswith("x_")
    }
    merged = {member: each for member, each in members.items() if member.startswith("x_")}

    def build(parts: Tree) -> Tree:
        tree: Tree = {"action": name}
        for member, value in parts.items():
            if member.startswith("x_"):
                tree |= value
            elif value is not None:
                tree[member] = value
        return tree

    return st.fixed_dictionaries({**optional, **merged}).map(build)


_QUANTITY = st.integers(0, 3)
_STATES = st.lists(
    st.builds(lambda state, quantity: {"state": state, "quantity": quantity}, _STATE, _QUANTITY),
    max_size=2,
)
SEQUENCES = st.lists(
    st.one_of(
        *(
            _action(
                f"set{name}CustomType",
                x_target=target,
                type=st.sampled_from(_TYPES),
                fields=st.dictionaries(st.sampled_from(["note", "other"]), _VALUES, max_size=2),
            )
            for name, target in _TARGETS.items()
        ),
        *(
            _action(
                f"set{name}CustomField",
                x_target=target,
                x_name=st.sampled_from([{"name": "note"}, {"name": "other"}]),
                value=_VALUES,
            )
            for name, target in _TARGETS.items()
        ),
        st.sampled_from(["Open", "Confirmed", "Complete", "Cancelled"]).map(state),
        st.sampled_from(["Ready", "Shipped", "Delivered", "Delayed", "Pending"]).map(shipment),
        _action("setOrderNumber", orderNumber=st.sampled_from(["CT-1", "N-1", "N-2"])),
        _action("setStore", store=st.sampled_from([{"key": "kiosk"}, {"id": "website"}])),
        _action("setBillingAddress", address=_ADDRESS),
        _action("addItemShippingAddress", address=_ADDRESS),
        _action("updateItemShippingAddress", address=_ADDRESS),
        _action("removeItemShippingAddress", addressKey=st.sampled_from(["home", "work", "new"])),
        _action("addPayment", payment=st.sampled_from([{"id": "one"}, {"key": "two"}])),
        _action("removePayment", payment=st.sampled_from([{"id": "one"}, {"key": "two"}])),
        _action("addDelivery", deliveryKey=_PART_KEYS, parcels=st.just([{"key": "bb"}, {}])),
        _action("removeDelivery", x_target=_named("delivery")),
        _action("addParcelToDelivery", x_target=_named("delivery"), parcelKey=_PART_KEYS),
        _action("removeParcelFromDelivery", x_target=_named("parcel")),
        _action(
            "setParcelMeasurements",
            x_target=_named("parcel"),
            measurements=st.just({"weightInGram": 2}),
        ),
        _action("setDeliveryAddress", x_target=_named("delivery"), address=_ADDRESS),
        _action("importLineItemState", x_target=_named("lineItem"), state=_STATES),
        _action(
            "transitionLineItemState",
            x_target=_named("lineItem"),
            quantity=_QUANTITY,
            fromState=_STATE,
            toState=_STATE,
        ),
        _action("updateSyncInfo", channel=st.sampled_from([{"key": "erp"}, {"id": "crm"}])),
    ),
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(SEQUENCES, min_size=1, max_size=4), st.sampled_from([draft(), full_draft()]))
def test_any_sequence_of_actions_keeps_the_order_valid(
    requests: list[list[Tree]], sent: Tree
) -> None:
    project = ProjectOrders()
    imported = project.create(**{**sent, "orderNumber": "CT-1"})
    for actions in requests:
        before, shown = project.only, project.read()
        answer = project.update(*actions)
        after = project.only
        assert answer.status in {200, 400}, answer.tree
        if answer.status == 400:
            assert after == before, "all or nothing"
            continue
        assert after.version - before.version == (answer.tree != shown)
        assert project.read() == answer.tree
        assert project.presented() == answer.tree
        campaign = SHOP.endpoints[after.endpoint or "website"].campaign_id
        assert project.partner_order(campaign or 0)["status"] == after.fulfilment.status
        assert check_draft(opened(after)) == []
        assert after.document == before.document
    assert project.message() == imported
    assert len({each.id for each in project.triggers}) == project.only.version - 1
    assert all(each.changed for each in project.triggers)
    identities = [each["id"] for each in _parts(project.read())]
    assert len(set(identities)) == len(identities)


def _parts(order: Tree) -> list[Tree]:
    deliveries = order.get("shippingInfo", {}).get("deliveries", [])
    parcels = [parcel for delivery in deliveries for parcel in delivery["parcels"]]
    return [*deliveries, *parcels, *order["lineItems"], *order["customLineItems"]]


def test_the_sdk_sends_what_the_tests_send() -> None:
    sent = body_of(sdk.OrderSetLocaleAction(locale="nl-NL"), version=7)
    assert json.loads(json.dumps(sent)) == {"version": 7, "actions": [LOCALE]}
