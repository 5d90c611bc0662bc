"""Each update action, in the types of the SDK, and what it makes of an order."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from commercetools.platform import models as sdk

from orders.protocols.commercetools.actions.table import ACTIONS
from tests.support.commercetools import draft, full_draft, line, money
from tests.support.project_orders import ProjectOrders, Tree, body_of

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
BERLIN = sdk.BaseAddress(country="DE", city="Berlin", key="berlin")
WIRE_BERLIN = {"key": "berlin", "city": "Berlin", "country": "DE"}
TYPE = sdk.TypeResourceIdentifier(key="my-type")
FIELDS = sdk.FieldContainer(note="new")
CUSTOM_LINE: Tree = {"name": {"en": "Wrap"}, "slug": "wrap", "quantity": 2, "money": money(100)}
SHIPPING: Tree = {
    "shippingMethodName": "Mail",
    "price": money(500),
    "shippingRate": {"price": money(500)},
    "deliveries": [
        {"key": "first", "items": [{"id": "item", "quantity": 1}], "parcels": [{"key": "box"}]},
        {"key": "second"},
    ],
}
ADDRESSES: list[Tree] = [{"key": "home", "country": "DE"}, {"key": "work", "country": "AT"}]
ORDER: Tree = {
    "lineItems": [line(key="mug"), line(key="cup")],
    "customLineItems": [{**CUSTOM_LINE, "key": "wrap"}],
    "shippingInfo": SHIPPING,
    "billingAddress": {"country": "FR"},
    "shippingAddress": {"country": "FR"},
    "itemShippingAddresses": ADDRESSES,
}


def custom(**fields: object) -> Tree:
    """Return custom fields of the type that the actions set, without the id of the type."""
    return {"type": {"typeId": "type", "key": "my-type"}, "fields": fields}


def seen(tree: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value without derived ids and times."""
    if isinstance(tree, list):
        return [seen(each) for each in tree]
    if not isinstance(tree, dict):
        return tree
    dropped = {"createdAt", "lastModifiedAt"}
    dropped |= {"id"} if "key" in tree or tree.keys() & {"type", "parcels"} else set()
    return {name: seen(each) for name, each in tree.items() if name not in dropped}


@pytest.fixture
def project() -> ProjectOrders:
    made = ProjectOrders()
    made.create(**ORDER)
    return made


def _state(name: str) -> sdk.StateResourceIdentifier:
    return sdk.StateResourceIdentifier(key=name)


def _item_states(*states: tuple[str, int]) -> list[Tree]:
    return [
        {"quantity": quantity, "state": {"typeId": "state", "key": name}}
        for name, quantity in states
    ]


def _delivery(order: Tree, number: int = 0) -> Any:  # noqa: ANN401
    return seen(order["shippingInfo"]["deliveries"][number])


def _parcel(order: Tree, number: int = 0) -> Any:  # noqa: ANN401
    return _delivery(order)["parcels"][number]


type Read = Callable[[Tree], Any]
SIMPLE: list[tuple[sdk.OrderUpdateAction, Read, Any]] = [
    (
        sdk.OrderChangeOrderStateAction(order_state=sdk.OrderState.COMPLETE),
        lambda order: order["orderState"],
        "Complete",
    ),
    (
        sdk.OrderChangeShipmentStateAction(shipment_state=sdk.ShipmentState.DELAYED),
        lambda order: order["shipmentState"],
        "Delayed",
    ),
    (
        sdk.OrderChangePaymentStateAction(payment_state=sdk.PaymentState.PAID),
        lambda order: order["paymentState"],
        "Paid",
    ),
    (
        sdk.OrderTransitionStateAction(state=_state("packed"), force=True),
        lambda order: seen(order["state"]),
        {"typeId": "state", "key": "packed"},
    ),
    (
        sdk.OrderSetOrderNumberAction(order_number="CT-2"),
        lambda order: order["orderNumber"],
        "CT-2",
    ),
    (
        sdk.OrderSetCustomerEmailAction(email="new@example.com"),
        lambda order: order["customerEmail"],
        "new@example.com",
    ),
    (
        sdk.OrderSetCustomerIdAction(customer_id="customer-7"),
        lambda order: order["customerId"],
        "customer-7",
    ),
    (
        sdk.OrderSetPurchaseOrderNumberAction(purchase_order_number="PO-1"),
        lambda order: order["purchaseOrderNumber"],
        "PO-1",
    ),
    (sdk.OrderSetLocaleAction(locale="nl-NL"), lambda order: order["locale"], "nl-NL"),
    (
        sdk.OrderSetStoreAction(store=sdk.StoreResourceIdentifier(key="kiosk")),
        lambda order: order["store"],
        {"typeId": "store", "key": "kiosk"},
    ),
    (
        sdk.OrderSetBillingAddressAction(address=BERLIN),
        lambda order: order["billingAddress"],
        WIRE_BERLIN,
    ),
    (
        sdk.OrderSetShippingAddressAction(address=BERLIN),
        lambda order: order["shippingAddress"],
        WIRE_BERLIN,
    ),
    (
        sdk.OrderAddItemShippingAddressAction(address=BERLIN),
        lambda order: order["itemShippingAddresses"],
        [*ADDRESSES, WIRE_BERLIN],
    ),
    (
        sdk.OrderRemoveItemShippingAddressAction(address_key="home"),
        lambda order: order["itemShippingAddresses"],
        ADDRESSES[1:],
    ),
    (
        sdk.OrderUpdateItemShippingAddressAction(
            address=sdk.BaseAddress(key="home", country="NL", city="Leiden")
        ),
        lambda order: order["itemShippingAddresses"],
        [{"key": "home", "country": "NL", "city": "Leiden"}, ADDRESSES[1]],
    ),
    (
        sdk.OrderSetCustomTypeAction(type=TYPE, fields=FIELDS),
        lambda order: seen(order["custom"]),
        custom(note="new"),
    ),
    (
        sdk.OrderSetBillingAddressCustomTypeAction(type=TYPE, fields=FIELDS),
        lambda order: seen(order["billingAddress"]["custom"]),
        custom(note="new"),
    ),
    (
        sdk.OrderSetShippingAddressCustomTypeAction(type=TYPE, fields=FIELDS),
        lambda order: seen(order["shippingAddress"]["custom"]),
        custom(note="new"),
    ),
    (
        sdk.OrderSetItemShippingAddressCustomTypeAction(
            address_key="work", type=TYPE, fields=FIELDS
        ),
        lambda order: seen(order["itemShippingAddresses"][1]["custom"]),
        custom(note="new"),
    ),
    (
        sdk.OrderSetDeliveryCustomTypeAction(delivery_key="first", type=TYPE, fields=FIELDS),
        lambda order: _delivery(order)["custom"],
        custom(note="new"),
    ),
    (
        sdk.OrderSetParcelCustomTypeAction(parcel_key="box", type=TYPE, fields=FIELDS),
        lambda order: _parcel(order)["custom"],
        custom(note="new"),
    ),
    (
        sdk.OrderSetLineItemCustomTypeAction(line_item_key="cup", type=TYPE, fields=FIELDS),
        lambda order: seen(order["lineItems"][1]["custom"]),
        custom(note="new"),
    ),
    (
        sdk.OrderSetCustomLineItemCustomTypeAction(
            custom_line_item_key="wrap", type=TYPE, fields=FIELDS
        ),
        lambda order: seen(order["customLineItems"][0]["custom"]),
        custom(note="new"),
    ),
    (
        sdk.OrderAddPaymentAction(payment=sdk.PaymentResourceIdentifier(id="pay-1")),
        lambda order: order["paymentInfo"],
        {"payments": [{"typeId": "payment", "id": "pay-1"}]},
    ),
    (
        sdk.OrderAddDeliveryAction(
            delivery_key="third",
            items=[sdk.DeliveryItem(id="item", quantity=2)],
            parcels=[
                sdk.ParcelDraft(key="bag", measurements=sdk.ParcelMeasurements(weight_in_gram=9))
            ],
            address=BERLIN,
            custom=sdk.CustomFieldsDraft(type=TYPE, fields=FIELDS),
        ),
        lambda order: _delivery(order, 2),
        {
            "key": "third",
            "items": [{"id": "item", "quantity": 2}],
            "parcels": [{"key": "bag", "measurements": {"weightInGram": 9}, "items": []}],
            "address": WIRE_BERLIN,
            "custom": custom(note="new"),
        },
    ),
    (
        sdk.OrderRemoveDeliveryAction(delivery_key="first"),
        lambda order: [each["key"] for each in order["shippingInfo"]["deliveries"]],
        ["second"],
    ),
    (
        sdk.OrderSetDeliveryAddressAction(delivery_key="first", address=BERLIN),
        lambda order: _delivery(order)["address"],
        WIRE_BERLIN,
    ),
    (
        sdk.OrderSetDeliveryItemsAction(
            delivery_key="first", items=[sdk.DeliveryItem(id="other", quantity=3)]
        ),
        lambda order: order["shippingInfo"]["deliveries"][0]["items"],
        [{"id": "other", "quantity": 3}],
    ),
    (
        sdk.OrderAddParcelToDeliveryAction(
            delivery_key="second",
            parcel_key="bag",
            tracking_data=sdk.TrackingData(tracking_id="T-1", carrier="Post"),
            items=[sdk.DeliveryItem(id="item", quantity=1)],
            custom=sdk.CustomFieldsDraft(type=TYPE, fields=FIELDS),
        ),
        lambda order: _delivery(order, 1)["parcels"],
        [
            {
                "key": "bag",
                "trackingData": {"trackingId": "T-1", "carrier": "Post", "isReturn": False},
                "items": [{"id": "item", "quantity": 1}],
                "custom": custom(note="new"),
            }
        ],
    ),
    (
        sdk.OrderRemoveParcelFromDeliveryAction(parcel_key="box"),
        lambda order: order["shippingInfo"]["deliveries"][0]["parcels"],
        [],
    ),
    (
        sdk.OrderSetParcelMeasurementsAction(
            parcel_key="box", measurements=sdk.ParcelMeasurements(height_in_millimeter=5)
        ),
        lambda order: _parcel(order)["measurements"],
        {"heightInMillimeter": 5},
    ),
    (
        sdk.OrderSetParcelTrackingDataAction(
            parcel_key="box", tracking_data=sdk.TrackingData(tracking_id="T-2", is_return=True)
        ),
        lambda order: _parcel(order)["trackingData"],
        {"trackingId": "T-2", "isReturn": True},
    ),
    (
        sdk.OrderSetParcelItemsAction(
            parcel_key="box", items=[sdk.DeliveryItem(id="item", quantity=4)]
        ),
        lambda order: order["shippingInfo"]["deliveries"][0]["parcels"][0]["items"],
        [{"id": "item", "quantity": 4}],
    ),
    (
        sdk.OrderTransitionLineItemStateAction(
            line_item_key="mug",
            quantity=1,
            from_state=_state("Initial"),
            to_state=_state("packed"),
            actual_transition_date=NOON,
        ),
        lambda order: seen(order["lineItems"][0]["state"]),
        _item_states(("Initial", 1), ("packed", 1)),
    ),
    (
        sdk.OrderTransitionCustomLineItemStateAction(
            custom_line_item_key="wrap",
            quantity=2,
            from_state=_state("Initial"),
            to_state=_state("packed"),
        ),
        lambda order: seen(order["customLineItems"][0]["state"]),
        _item_states(("packed", 2)),
    ),
    (
        sdk.OrderImportLineItemStateAction(
            line_item_key="cup",
            state=[
                sdk.ItemState(quantity=1, state=sdk.StateReference(id="sold")),
                sdk.ItemState(quantity=1, state=sdk.StateReference(id="lost")),
            ],
        ),
        lambda order: order["lineItems"][1]["state"],
        [
            {"quantity": 1, "state": {"typeId": "state", "id": "sold"}},
            {"quantity": 1, "state": {"typeId": "state", "id": "lost"}},
        ],
    ),
    (
        sdk.OrderImportCustomLineItemStateAction(
            custom_line_item_key="wrap",
            state=[sdk.ItemState(quantity=2, state=sdk.StateReference(id="sold"))],
        ),
        lambda order: order["customLineItems"][0]["state"],
        [{"quantity": 2, "state": {"typeId": "state", "id": "sold"}}],
    ),
    (
        sdk.OrderUpdateSyncInfoAction(
            channel=sdk.ChannelResourceIdentifier(key="erp"), external_id="E-1", synced_at=NOON
        ),
        lambda order: seen(order["syncInfo"]),
        [
            {
                "channel": {"typeId": "channel", "key": "erp"},
                "externalId": "E-1",
                "syncedAt": "2026-03-04T12:00:00.000Z",
            }
        ],
    ),
]


@pytest.mark.parametrize(
    ("action", "read", "expected"), SIMPLE, ids=[each.action for each, _, _ in SIMPLE]
)
def test_an_action_changes_the_order(
    project: ProjectOrders, action: sdk.OrderUpdateAction, read: Read, expected: object
) -> None:
    imported = project.read()
    updated = project.updated(action)
    assert read(updated) == expected
    assert updated["version"] == 2
    [trigger] = project.triggers
    assert trigger.changed
    assert project.message()["version"] == 1
    unchanged = {"lastModifiedAt", "version", "lastModifiedBy"}
    differing = {
        name for name in {**imported, **updated} if imported.get(name) != updated.get(name)
    }
    shown = differing - unchanged
    named = {"external_id"} if shown == {"orderNumber"} else shown
    assert trigger.changed.keys() - {"fulfilment"} == named


# Actions that need another one before them.
type Steps = tuple[sdk.OrderUpdateAction, sdk.OrderUpdateAction, Read]
IN_SEQUENCE: dict[str, Steps] = {
    "setCustomField": (
        sdk.OrderSetCustomTypeAction(type=TYPE),
        sdk.OrderSetCustomFieldAction(name="note", value=[1, {"a": None}]),
        lambda order: order["custom"]["fields"],
    ),
    "setBillingAddressCustomField": (
        sdk.OrderSetBillingAddressCustomTypeAction(type=TYPE),
        sdk.OrderSetBillingAddressCustomFieldAction(name="note", value=[1, {"a": None}]),
        lambda order: order["billingAddress"]["custom"]["fields"],
    ),
    "setShippingAddressCustomField": (
        sdk.OrderSetShippingAddressCustomTypeAction(type=TYPE),
        sdk.OrderSetShippingAddressCustomFieldAction(name="note", value=[1, {"a": None}]),
        lambda order: order["shippingAddress"]["custom"]["fields"],
    ),
    "setItemShippingAddressCustomField": (
        sdk.OrderSetItemShippingAddressCustomTypeAction(address_key="work", type=TYPE),
        sdk.OrderSetItemShippingAddressCustomFieldAction(
            address_key="work", name="note", value=[1, {"a": None}]
        ),
        lambda order: order["itemShippingAddresses"][1]["custom"]["fields"],
    ),
    "setDeliveryCustomField": (
        sdk.OrderSetDeliveryCustomTypeAction(delivery_key="second", type=TYPE),
        sdk.OrderSetDeliveryCustomFieldAction(
            delivery_key="second", name="note", value=[1, {"a": None}]
        ),
        lambda order: _delivery(order, 1)["custom"]["fields"],
    ),
    "setParcelCustomField": (
        sdk.OrderSetParcelCustomTypeAction(parcel_key="box", type=TYPE),
        sdk.OrderSetParcelCustomFieldAction(parcel_key="box", name="note", value=[1, {"a": None}]),
        lambda order: _parcel(order)["custom"]["fields"],
    ),
    "setLineItemCustomField": (
        sdk.OrderSetLineItemCustomTypeAction(line_item_key="mug", type=TYPE),
        sdk.OrderSetLineItemCustomFieldAction(
            line_item_key="mug", name="note", value=[1, {"a": None}]
        ),
        lambda order: order["lineItems"][0]["custom"]["fields"],
    ),
    "setCustomLineItemCustomField": (
        sdk.OrderSetCustomLineItemCustomTypeAction(custom_line_item_key="wrap", type=TYPE),
        sdk.OrderSetCustomLineItemCustomFieldAction(
            custom_line_item_key="wrap", name="note", value=[1, {"a": None}]
        ),
        lambda order: order["customLineItems"][0]["custom"]["fields"],
    ),
}


@pytest.mark.parametrize("name", IN_SEQUENCE)
def test_a_custom_field_is_set_and_removed(project: ProjectOrders, name: str) -> None:
    set_type, set_field, read = IN_SEQUENCE[name]
    assert set_field.action == name
    error = project.refused(set_field)
    assert (error["code"], error["path"]) == ("InvalidOperation", "/actions/0")
    assert read(project.updated(set_type, set_field)) == {"note": [1, {"a": None}]}
    [sent] = body_of(set_field)["actions"]
    assert read(project.updated({**sent, "value": None})) == {}
    error = project.refused({**sent, "value": None})
    assert error["code"] == "InvalidOperation"


def _returned(project: ProjectOrders, state: str = "Returned") -> Tree:
    """Return a line and a custom line, and return the order."""
    order = project.read()
    wanted = sdk.ReturnShipmentState(state)
    return project.updated(
        sdk.OrderAddReturnInfoAction(
            return_tracking_id="R-1",
            return_date=NOON,
            items=[
                sdk.ReturnItemDraft(
                    quantity=1,
                    line_item_id=order["lineItems"][0]["id"],
                    comment="broken",
                    shipment_state=wanted,
                ),
                sdk.ReturnItemDraft(
                    quantity=2,
                    custom_line_item_id=order["customLineItems"][0]["id"],
                    shipment_state=wanted,
                    custom=sdk.CustomFieldsDraft(type=TYPE, fields=FIELDS),
                ),
            ],
        )
    )


@pytest.mark.parametrize(
    ("state", "payment"), [("Returned", "Initial"), ("Advised", "NonRefundable")]
)
def test_a_return_is_added(project: ProjectOrders, state: str, payment: str) -> None:
    order = _returned(project, state)
    [info] = order["returnInfo"]
    assert (info["returnTrackingId"], info["returnDate"]) == ("R-1", "2026-03-04T12:00:00.000Z")
    first, second = info["items"]
    assert first["id"] != second["id"]
    assert seen(first) == {
        "quantity": 1,
        "type": "LineItemReturnItem",
        "lineItemId": order["lineItems"][0]["id"],
        "comment": "broken",
        "shipmentState": state,
        "paymentState": payment,
    }
    assert second["customLineItemId"] == order["customLineItems"][0]["id"]
    assert first["createdAt"] == first["lastModifiedAt"] == order["lastModifiedAt"]


def test_a_return_without_a_date_has_the_time_of_the_update(project: ProjectOrders) -> None:
    item = {
        "quantity": 1,
        "shipmentState": "Advised",
        "lineItemId": project.read()["lineItems"][0]["id"],
    }
    order = project.updated({"action": "addReturnInfo", "items": [item]})
    assert order["returnInfo"][0]["returnDate"] == order["lastModifiedAt"]


def test_the_states_of_a_return_item_change(project: ProjectOrders) -> None:
    item = _returned(project, "Advised")["returnInfo"][0]["items"][0]
    named = {"return_item_id": item["id"]}
    refund = sdk.OrderSetReturnPaymentStateAction(
        **named, payment_state=sdk.ReturnPaymentState.REFUNDED
    )
    assert project.refused(refund)["code"] == "InvalidOperation"
    back = sdk.OrderSetReturnShipmentStateAction(
        **named, shipment_state=sdk.ReturnShipmentState.BACK_IN_STOCK
    )
    after = project.updated(back)["returnInfo"][0]["items"][0]
    assert (after["shipmentState"], after["paymentState"]) == ("BackInStock", "Initial")
    assert after["lastModifiedAt"] > after["createdAt"] == item["createdAt"]
    after = project.updated(refund)["returnInfo"][0]["items"][0]
    assert after["paymentState"] == "Refunded"


def test_a_return_item_has_custom_fields(project: ProjectOrders) -> None:
    item = _returned(project)["returnInfo"][0]["items"][0]
    order = project.updated(
        sdk.OrderSetReturnItemCustomTypeAction(return_item_id=item["id"], type=TYPE),
        sdk.OrderSetReturnItemCustomFieldAction(return_item_id=item["id"], name="note", value="x"),
    )
    assert seen(order["returnInfo"][0]["items"][0]["custom"]) == custom(note="x")


def test_a_payment_is_removed_and_the_last_one_removes_paymentinfo(project: ProjectOrders) -> None:
    def add(name: str) -> sdk.OrderUpdateAction:
        return sdk.OrderAddPaymentAction(payment=sdk.PaymentResourceIdentifier(id=name))

    def remove(name: str) -> sdk.OrderUpdateAction:
        return sdk.OrderRemovePaymentAction(payment=sdk.PaymentResourceIdentifier(id=name))

    project.updated(add("one"), add("two"), add("one"))
    assert len(project.updated(remove("one"))["paymentInfo"]["payments"]) == 1
    assert project.refused(remove("one"))["code"] == "InvalidOperation"
    assert "paymentInfo" not in project.updated(remove("two"))


def test_every_action_is_tested() -> None:
    others = {
        *("addReturnInfo", "setReturnShipmentState", "setReturnPaymentState", "removePayment"),
        *("setReturnItemCustomType", "setReturnItemCustomField"),
    }
    assert {each.action for each, _, _ in SIMPLE} | set(IN_SEQUENCE) | others == set(ACTIONS)


REMOVED = {
    "setCustomerEmail": "customerEmail",
    "setCustomerId": "customerId",
    "setPurchaseOrderNumber": "purchaseOrderNumber",
    "setLocale": "locale",
    "setBillingAddress": "billingAddress",
    "setShippingAddress": "shippingAddress",
    "setCustomType": "custom",
}


@pytest.mark.parametrize("name", REMOVED)
def test_an_action_without_a_value_removes_the_member(name: str) -> None:
    project = ProjectOrders()
    project.create(**{**full_draft(), "orderNumber": "CT-1"})
    project.updated({"action": "setLocale", "locale": "de"})
    assert REMOVED[name] in project.read()
    assert REMOVED[name] not in project.updated({"action": name})
    assert REMOVED[name] in project.message() or name == "setLocale"
    # Without an effect, the version stays.
    assert project.updated({"action": name})["version"] == 3


def test_parts_of_deliveries_are_removed_without_a_value(project: ProjectOrders) -> None:
    project.updated(
        {
            "action": "setParcelMeasurements",
            "parcelKey": "box",
            "measurements": {"weightInGram": 1},
        },
        {"action": "setDeliveryAddress", "deliveryKey": "first", "address": {"country": "DE"}},
    )
    order = project.updated(
        {"action": "setParcelMeasurements", "parcelKey": "box"},
        {"action": "setDeliveryAddress", "deliveryKey": "first"},
        {"action": "setDeliveryItems", "deliveryKey": "first", "items": []},
    )
    assert _delivery(order) == {
        "key": "first",
        "items": [],
        "parcels": [{"key": "box", "items": []}],
    }


def test_parts_keep_their_ids_when_others_come_and_go(project: ProjectOrders) -> None:
    before = project.read()["shippingInfo"]["deliveries"]
    box = before[0]["parcels"][0]
    after = project.updated(
        {"action": "removeDelivery", "deliveryId": before[0]["id"]},
        {"action": "addDelivery"},
        {"action": "addDelivery", "parcels": [{}, {}]},
    )["shippingInfo"]["deliveries"]
    assert after[0] == before[1]
    added = [*after[1:], *after[2]["parcels"]]
    ids = {each["id"] for each in (*before, box, *added)}
    assert len(ids) == 7
    assert {each["createdAt"] for each in added} == {project.read()["lastModifiedAt"]}
    project.updated({"action": "addParcelToDelivery", "deliveryId": after[0]["id"]})
    assert project.read()["shippingInfo"]["deliveries"][0]["id"] == before[1]["id"]


def test_an_unused_item_address_only_can_be_removed() -> None:
    details = {"targets": [{"addressKey": "home", "quantity": 2}]}
    project = ProjectOrders()
    project.create(itemShippingAddresses=ADDRESSES, lineItems=[line(shippingDetails=details)])
    error = project.refused({"action": "removeItemShippingAddress", "addressKey": "home"})
    assert error["code"] == "InvalidOperation"
    order = project.updated({"action": "removeItemShippingAddress", "addressKey": "work"})
    assert [each["key"] for each in order["itemShippingAddresses"]] == ["home"]


SYNC = {"action": "updateSyncInfo", "channel": {"key": "erp"}}


def test_each_channel_has_one_entry_of_the_last_synchronization(project: ProjectOrders) -> None:
    order = project.updated({**SYNC, "externalId": "1"}, {**SYNC, "channel": {"key": "crm"}})
    first, second = order["syncInfo"]
    assert first["syncedAt"] == second["syncedAt"] == order["lastModifiedAt"]
    again = project.updated({**SYNC, "externalId": "2"})
    assert [each.get("externalId") for each in again["syncInfo"]] == ["2", None]
    assert again["syncInfo"][0]["syncedAt"] == again["lastModifiedAt"]


MOVE = {
    "action": "transitionLineItemState",
    "lineItemKey": "mug",
    "quantity": 1,
    "fromState": {"key": "Initial"},
    "toState": {"key": "packed"},
}
REFUSED: list[tuple[str, Tree, str]] = [
    ("more items than are in the state", {**MOVE, "quantity": 3}, "InvalidOperation"),
    ("a state of no item", {**MOVE, "fromState": {"id": "none"}}, "InvalidOperation"),
    ("no item", {**MOVE, "quantity": 0}, "InvalidField"),
    ("an unknown line", {**MOVE, "lineItemKey": "none"}, "InvalidOperation"),
    (
        "the id of one line and the key of another",
        {**MOVE, "lineItemId": "some-id"},
        "InvalidOperation",
    ),
    (
        "a line without a name",
        {name: value for name, value in MOVE.items() if name != "lineItemKey"},
        "InvalidInput",
    ),
    (
        "states that do not add up",
        {
            "action": "importLineItemState",
            "lineItemKey": "mug",
            "state": [{"quantity": 3, "state": {"id": "x"}}],
        },
        "InvalidOperation",
    ),
    ("an unknown delivery", {"action": "removeDelivery", "deliveryKey": "no"}, "InvalidOperation"),
    (
        "an unknown parcel",
        {"action": "removeParcelFromDelivery", "parcelId": "no"},
        "InvalidOperation",
    ),
    ("a delivery of no name", {"action": "removeDelivery"}, "InvalidInput"),
    ("a known delivery key", {"action": "addDelivery", "deliveryKey": "first"}, "InvalidField"),
    (
        "a known parcel key",
        {"action": "addParcelToDelivery", "deliveryKey": "second", "parcelKey": "box"},
        "InvalidField",
    ),
    (
        "two parcels with one key",
        {"action": "addDelivery", "parcels": [{"key": "aa"}, {"key": "aa"}]},
        "InvalidField",
    ),
    (
        "an unknown return item",
        {"action": "setReturnPaymentState", "returnItemId": "no", "paymentState": "Refunded"},
        "InvalidOperation",
    ),
    ("a return of nothing", {"action": "addReturnInfo", "items": []}, "InvalidInput"),
    (
        "a return of no line",
        {"action": "addReturnInfo", "items": [{"quantity": 1, "shipmentState": "Advised"}]},
        "InvalidInput",
    ),
    (
        "a return of an unknown line",
        {
            "action": "addReturnInfo",
            "items": [{"quantity": 1, "shipmentState": "Advised", "lineItemId": "no"}],
        },
        "InvalidOperation",
    ),
    (
        "an address with a known key",
        {"action": "addItemShippingAddress", "address": {"key": "home", "country": "DE"}},
        "InvalidField",
    ),
    (
        "an address without a key",
        {"action": "addItemShippingAddress", "address": {"country": "DE"}},
        "InvalidInput",
    ),
    (
        "an unknown address",
        {"action": "updateItemShippingAddress", "address": {"key": "no", "country": "DE"}},
        "InvalidOperation",
    ),
    (
        "an unknown address to remove",
        {"action": "removeItemShippingAddress", "addressKey": "no"},
        "InvalidOperation",
    ),
    (
        "a field of an unknown address",
        {"action": "setItemShippingAddressCustomType", "addressKey": "no"},
        "InvalidOperation",
    ),
    (
        "an unknown store",
        {"action": "setStore", "store": {"key": "nowhere"}},
        "ReferencedResourceNotFound",
    ),
    ("no store instead of none", {"action": "setStore"}, "InvalidOperation"),
    ("no number", {"action": "setOrderNumber"}, "InvalidOperation"),
    (
        "a number of the hub's own form",
        {"action": "setOrderNumber", "orderNumber": "2a97516c-354b-8000-8000-000000000009"},
        "InvalidField",
    ),
    (
        "an unassigned payment",
        {"action": "removePayment", "payment": {"id": "x"}},
        "InvalidOperation",
    ),
    (
        "a field name of one letter",
        {"action": "setCustomField", "name": "x", "value": 1},
        "InvalidField",
    ),
]


@pytest.mark.parametrize(
    ("action", "code"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED]
)
def test_an_order_that_does_not_permit_an_action_is_not_changed(
    project: ProjectOrders, action: Tree, code: str
) -> None:
    # An action before it must have no effect either.
    locale = {"action": "setLocale", "locale": "de"}
    answer = project.update(locale, action)
    assert answer.status == 400, answer.tree
    [error] = answer.errors
    assert (error["code"], error["path"]) == (code, "/actions/1")
    assert "locale" not in project.read()
    assert project.only.version == 1
    assert project.triggers == []


def test_deliveries_need_shippinginfo_and_addresses_an_address() -> None:
    project = ProjectOrders()
    project.create()
    for action in (
        {"action": "addDelivery"},
        {"action": "setBillingAddressCustomType", "type": {"key": "my-type"}},
    ):
        assert project.refused(action)["code"] == "InvalidOperation"


def test_a_store_that_is_the_present_one_is_rejected() -> None:
    project = ProjectOrders()
    project.create(store={"key": "kiosk"})
    assert project.refused({"action": "setStore", "store": {"key": "kiosk"}})["code"] == (
        "InvalidOperation"
    )
    assert "store" not in project.updated({"action": "setStore"})
    assert project.only.endpoint == "website", "the default endpoint"


@pytest.mark.parametrize("sent", [full_draft(), draft()])
def test_an_update_changes_no_other_member(sent: Tree) -> None:
    project = ProjectOrders()
    imported = project.create(**sent)
    updated = project.updated({"action": "setLocale", "locale": "de"})
    left_out = {"locale", "version", "lastModifiedAt"}
    assert {name: value for name, value in updated.items() if name not in left_out} == {
        name: value for name, value in imported.items() if name not in left_out
    }
    assert project.message() == imported
