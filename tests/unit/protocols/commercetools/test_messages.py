"""The messages of changes: each type once, from the versions of an order before and after."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest.mock import patch
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.application import list_events
from orders.application.ports import Deadline, HistoryPage, VersionKey
from orders.application.read_sizes import FIRST_ORDERS
from orders.domain.identifiers import uuid_of
from orders.domain.order_numbers import MAX_ORDER_ID
from orders.domain.ranges import Range
from orders.protocols.commercetools.message_ids import (
    MAX_POSITION,
    MAX_VERSION,
    changed_id,
    imported_id,
    order_of_message,
    orders_of_changes,
)
from orders.protocols.commercetools.messages import TYPES, differences
from tests.support.commercetools import PROJECT, draft, money
from tests.support.project_orders import ProjectOrders, Tree

SDK = (
    Path(__file__).parents[4]
    / "node_modules/@commercetools/platform-sdk/dist/declarations/src/generated/models"
    / "message.d.ts"
)
ORDER = uuid_of(PROJECT, 1)
BY = ("createdBy", "lastModifiedBy")
ADDRESS: Tree = {"country": "NL", "city": "Utrecht"}
TYPE: Tree = {"typeId": "type", "id": "type-1"}
ITEMS: list[Tree] = [{"id": "line", "quantity": 1}]
PAYMENT: Tree = {"typeId": "payment", "id": "p1"}
SHIPPING: Tree = {
    "shippingMethodName": "Mail",
    "price": money(1),
    "shippingRate": {"price": money(1)},
    "deliveries": [{"key": "d1", "items": ITEMS, "parcels": [{"key": "k1"}]}],
}
STATE: Tree = {"typeId": "state", "id": "packed"}


def act(name: str, /, **members: object) -> Tree:
    return {"action": name, **members}


def return_of(project: ProjectOrders) -> Tree:
    """Return the action that returns a line of the order."""
    item = {"quantity": 1, "lineItemId": line_id(project), "shipmentState": "Advised"}
    return act("addReturnInfo", items=[item])


def line_id(project: ProjectOrders, kind: str = "lineItems") -> str:
    identity: str = project.read()[kind][0]["id"]
    return identity


def item_id(project: ProjectOrders) -> str:
    identity: str = project.read()["returnInfo"][0]["items"][0]["id"]
    return identity


type Actions = Callable[[ProjectOrders], Tree]


def plainly(name: str, /, **members: object) -> Actions:
    return lambda _project: act(name, **members)


CUSTOM = {"type": TYPE, "fields": {"note": 1}}
DELIVERY_CUSTOM = plainly("setDeliveryCustomType", deliveryKey="d1", **CUSTOM)


def moves(kind: str) -> Actions:
    """Return the action that moves one of two items of a line to another state."""
    members, name = ("lineItems", "lineItemId")
    if kind.startswith("Custom"):
        members, name = ("customLineItems", "customLineItemId")

    def make(project: ProjectOrders) -> Tree:
        first = project.read()[members][0]
        states = {"fromState": first["state"][0]["state"], "toState": STATE}
        return act(f"transition{kind}State", quantity=1, **states, **{name: first["id"]})

    return make


# What happened before, the action, and the type and some members of its only message.
CASES: dict[str, tuple[list[Actions], Actions, Tree]] = {
    "OrderStateChanged": (
        [],
        plainly("changeOrderState", orderState="Confirmed"),
        {"orderState": "Confirmed", "oldOrderState": "Open"},
    ),
    "OrderShipmentStateChanged": (
        [],
        plainly("changeShipmentState", shipmentState="Shipped"),
        {"shipmentState": "Shipped"},
    ),
    "OrderPaymentStateChanged": (
        [plainly("changePaymentState", paymentState="Pending")],
        plainly("changePaymentState", paymentState="Paid"),
        {"paymentState": "Paid", "oldPaymentState": "Pending"},
    ),
    "OrderStateTransition": (
        [],
        plainly("transitionState", state=STATE),
        {"state": STATE, "force": False},
    ),
    "OrderCustomerSet": (
        [],
        plainly("setCustomerId", customerId="c1"),
        {"customer": {"typeId": "customer", "id": "c1"}},
    ),
    "OrderCustomerEmailSet": (
        [plainly("setCustomerEmail", email="a@example.com")],
        plainly("setCustomerEmail"),
        {"oldEmail": "a@example.com"},
    ),
    "OrderPurchaseOrderNumberSet": (
        [],
        plainly("setPurchaseOrderNumber", purchaseOrderNumber="P"),
        {"purchaseOrderNumber": "P"},
    ),
    "OrderStoreSet": (
        [],
        plainly("setStore", store={"typeId": "store", "key": "kiosk"}),
        {"store": {"typeId": "store", "key": "kiosk"}},
    ),
    "OrderCustomTypeSet": ([], plainly("setCustomType", **CUSTOM), {"customFields": CUSTOM}),
    "OrderCustomTypeRemoved": (
        [plainly("setCustomType", **CUSTOM)],
        plainly("setCustomType"),
        {"previousTypeId": "type-1"},
    ),
    "OrderCustomFieldAdded": (
        [plainly("setCustomType", **CUSTOM)],
        plainly("setCustomField", name="other", value=True),
        {"name": "other", "value": True},
    ),
    "OrderCustomFieldChanged": (
        [plainly("setCustomType", **CUSTOM)],
        plainly("setCustomField", name="note", value=2),
        {"name": "note", "value": 2, "previousValue": 1},
    ),
    "OrderCustomFieldRemoved": (
        [plainly("setCustomType", **CUSTOM)],
        plainly("setCustomField", name="note"),
        {"name": "note"},
    ),
    "OrderBillingAddressSet": (
        [],
        plainly("setBillingAddress", address=ADDRESS),
        {"address": ADDRESS},
    ),
    "OrderShippingAddressSet": (
        [plainly("setShippingAddress", address=ADDRESS)],
        plainly("setShippingAddress"),
        {"oldAddress": ADDRESS},
    ),
    "OrderPaymentAdded": ([], plainly("addPayment", payment=PAYMENT), {"paymentRef": PAYMENT}),
    "OrderPaymentRemoved": (
        [plainly("addPayment", payment=PAYMENT)],
        plainly("removePayment", payment=PAYMENT),
        {"paymentRef": PAYMENT, "removedPaymentInfo": True},
    ),
    "DeliveryAdded": ([], plainly("addDelivery", deliveryKey="d2"), {}),
    "DeliveryRemoved": ([], plainly("removeDelivery", deliveryKey="d1"), {}),
    "DeliveryAddressSet": (
        [],
        plainly("setDeliveryAddress", deliveryKey="d1", address=ADDRESS),
        {"address": ADDRESS},
    ),
    "DeliveryItemsUpdated": (
        [],
        plainly("setDeliveryItems", deliveryKey="d1", items=[]),
        {"items": [], "oldItems": ITEMS},
    ),
    "DeliveryCustomTypeSet": ([], DELIVERY_CUSTOM, {"customFields": CUSTOM}),
    "DeliveryCustomTypeRemoved": (
        [DELIVERY_CUSTOM],
        plainly("setDeliveryCustomType", deliveryKey="d1"),
        {"previousTypeId": "type-1"},
    ),
    "DeliveryCustomFieldAdded": (
        [DELIVERY_CUSTOM],
        plainly("setDeliveryCustomField", deliveryKey="d1", name="other", value=[1]),
        {"name": "other", "value": [1]},
    ),
    "DeliveryCustomFieldChanged": (
        [DELIVERY_CUSTOM],
        plainly("setDeliveryCustomField", deliveryKey="d1", name="note", value=True),
        {"name": "note", "value": True, "previousValue": 1},
    ),
    "DeliveryCustomFieldRemoved": (
        [DELIVERY_CUSTOM],
        plainly("setDeliveryCustomField", deliveryKey="d1", name="note"),
        {"name": "note"},
    ),
    "ParcelAddedToDelivery": (
        [],
        plainly("addParcelToDelivery", deliveryKey="d1", parcelKey="k2"),
        {},
    ),
    "ParcelRemovedFromDelivery": (
        [],
        plainly("removeParcelFromDelivery", parcelKey="k1"),
        {},
    ),
    "ParcelMeasurementsUpdated": (
        [],
        plainly("setParcelMeasurements", parcelKey="k1", measurements={"weightInGram": 5}),
        {"measurements": {"weightInGram": 5}},
    ),
    "ParcelTrackingDataUpdated": (
        [],
        plainly("setParcelTrackingData", parcelKey="k1", trackingData={"trackingId": "T"}),
        {"trackingData": {"trackingId": "T", "isReturn": False}},
    ),
    "ParcelItemsUpdated": (
        [],
        plainly("setParcelItems", parcelKey="k1", items=ITEMS),
        {"items": ITEMS, "oldItems": []},
    ),
    "ReturnInfoAdded": ([], return_of, {}),
    "OrderReturnShipmentStateChanged": (
        [return_of],
        lambda project: act(
            "setReturnShipmentState", returnItemId=item_id(project), shipmentState="Returned"
        ),
        {"returnShipmentState": "Returned"},
    ),
    "LineItemStateTransition": ([], moves("LineItem"), {"quantity": 1, "toState": STATE}),
    "CustomLineItemStateTransition": (
        [],
        moves("CustomLineItem"),
        {"quantity": 1, "toState": STATE},
    ),
}
# No update action leads to these: only an import that revives an order replaces its returns.
BY_IMPORTS = {"OrderImported", "ReturnInfoSet", "OrderCustomerGroupSet"}


@pytest.fixture
def project() -> ProjectOrders:
    made = ProjectOrders()
    wrap = {"name": {"en": "Wrap"}, "slug": "wrap", "quantity": 2, "money": money(1)}
    made.create(shippingInfo=SHIPPING, customLineItems=[wrap])
    return made


def declared() -> dict[str, dict[str, bool]]:
    """Return the members of each message type of the SDK, and whether they are required."""
    text = re.sub(r"/\*\*.*?\*/", "", SDK.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = {}
    for body in re.findall(r"interface \w+Message extends \w+ \{(.*?)\n\}", text, re.DOTALL):
        members = re.findall(r"readonly (\w+)(\??): ([^;]+);", body)
        [name] = [kind.strip("'") for member, _, kind in members if member == "type"]
        found[name] = {member: not mark for member, mark, _ in members}
    return found


def test_each_type_of_the_hub_is_one_of_the_sdk() -> None:
    assert set(TYPES) <= declared().keys()
    assert set(TYPES) == CASES.keys() | BY_IMPORTS


@pytest.mark.parametrize("name", CASES)
def test_each_action_has_the_message_of_the_sdk(project: ProjectOrders, name: str) -> None:
    earlier, action, members = CASES[name]
    for each in earlier:
        project.updated(each(project))
    before = len(project.messages())
    order = project.updated(action(project))
    newest, *rest = project.messages()
    assert len(rest) == before
    assert newest["type"] == name
    assert newest.items() >= members.items()
    assert newest["resourceVersion"] == order["version"]
    assert newest["sequenceNumber"] == before + 1
    assert newest["resource"] == {"typeId": "order", "id": ORDER}
    assert newest["createdAt"] == newest["lastModifiedAt"] == order["lastModifiedAt"]
    assert [newest[member] for member in BY] == [order["lastModifiedBy"]] * 2
    own = declared()[name]
    assert {member for member, required in own.items() if required} <= newest.keys()
    base = declared_base()
    assert newest.keys() <= own.keys() | base


def test_an_import_that_replaces_an_order_has_messages() -> None:
    """Only the revival of an order replaces members that no update action changes."""
    group: Tree = {"typeId": "customer-group", "id": "g"}
    returned: Tree = {"items": [{"id": "i", "shipmentState": "Advised"}]}
    before: Tree = {"returnInfo": [returned, returned]}
    after: Tree = {"returnInfo": [returned], "customerGroup": group}
    assert list(differences(before, after, "now")) == [
        ("OrderCustomerGroupSet", {"customerGroup": group}),
        ("ReturnInfoSet", {"returnInfo": [returned]}),
    ]


def test_a_line_tells_which_items_moved_between_which_states() -> None:
    def line_of(**quantities: int) -> Tree:
        entries = [{"quantity": n, "state": {"id": name}} for name, n in quantities.items()]
        return {"lineItems": [{"id": "1", "key": "mug", "state": entries}]}

    changes = list(differences(line_of(a=3, b=2), line_of(b=1, c=2, d=2), "now"))
    assert {name for name, _ in changes} == {"LineItemStateTransition"}
    moved = [
        (each["fromState"]["id"], each["toState"]["id"], each["quantity"]) for _, each in changes
    ]
    assert moved == [("a", "c", 2), ("a", "d", 1), ("b", "d", 1)]
    _, first = changes[0]
    assert (first["lineItemId"], first["lineItemKey"], first["transitionDate"]) == (
        *("1", "mug", "now"),
    )


def declared_base() -> set[str]:
    return {
        *("id", "version", "createdAt", "lastModifiedAt", *BY, "sequenceNumber", "resource"),
        *("resourceVersion", "resourceUserProvidedIdentifiers", "type"),
    }


def types(messages: list[Tree]) -> list[str]:
    return [each["type"] for each in messages]


def test_one_change_has_all_its_messages_in_sequence(project: ProjectOrders) -> None:
    project.updated(
        act("changeOrderState", orderState="Confirmed"),
        act("addDelivery", deliveryKey="d2"),
        act("setCustomerEmail", email="a@example.com"),
    )
    messages = project.messages(sort="createdAt asc")
    assert types(messages) == [
        *("OrderImported", "OrderStateChanged", "OrderCustomerEmailSet", "DeliveryAdded"),
    ]
    assert [each["sequenceNumber"] for each in messages] == [1, 2, 3, 4]
    assert [each["resourceVersion"] for each in messages] == [1, 2, 2, 2]
    assert project.messages() == messages[::-1]
    assert project.messages(sort="id asc", where=f'resource(id="{ORDER}")') in (
        messages,
        [*messages[1:], messages[0]],
    )


def test_a_change_through_another_protocol_has_messages(project: ProjectOrders) -> None:
    project.updated(act("setStore", store={"typeId": "store", "key": "website"}))
    project.set_partner_status("PROCESSING", "READY_TO_SHIP")
    assert types(project.messages())[:2] == ["OrderShipmentStateChanged", "OrderStateChanged"]
    newest = project.messages()[0]
    assert (newest["shipmentState"], newest["resourceVersion"]) == ("Ready", 3)


def test_a_change_of_another_protocol_s_order_has_messages() -> None:
    project = ProjectOrders()
    project.create_foreign()
    project.update(act("changeShipmentState", shipmentState="Ready"))
    messages = project.messages(sort="createdAt asc")
    assert types(messages) == ["OrderStateChanged", "OrderShipmentStateChanged"]
    assert [each["sequenceNumber"] for each in messages] == [1, 2]
    assert messages[0]["lastModifiedBy"] == {"clientId": "shop", "isPlatformClient": False}


def test_a_change_without_a_message_type_has_none(project: ProjectOrders) -> None:
    project.updated(act("setLocale", locale="de"))
    project.updated(act("setOrderNumber", orderNumber="CT-2"))
    [imported] = project.messages()
    assert imported["resourceUserProvidedIdentifiers"] == {"orderNumber": "CT-1"}
    project.updated(act("setCustomerEmail", email="a@example.com"))
    newest = project.messages()[0]
    assert newest["resourceUserProvidedIdentifiers"] == {"orderNumber": "CT-2"}
    assert newest["sequenceNumber"] == 2


def test_messages_are_filtered_and_paged(project: ProjectOrders) -> None:
    for number in range(5):
        project.updated(act("setCustomerEmail", email=f"{number}@example.com"))
    everything = project.messages(sort="createdAt asc")
    assert len(everything) == 6
    for sort in ("createdAt asc", "createdAt desc", "id asc", "id desc"):
        whole = project.messages(sort=sort)
        paged = [
            project.messages(sort=sort, limit="1", offset=str(number))[0] for number in range(6)
        ]
        assert paged == whole
    by_id = project.messages(sort="id asc")
    assert [UUID(each["id"]).int for each in by_id] == sorted(
        UUID(each["id"]).int for each in by_id
    )
    assert project.messages(sort="id desc") == by_id[::-1]
    for number, each in enumerate(by_id):
        where = f'id > "{each["id"]}"'
        assert project.messages(sort="id asc", where=where) == by_id[number + 1 :]
        assert project.messages(where=f'id = "{each["id"]}"') == [each]
    where = f'createdAt > "{everything[3]["createdAt"]}"'
    assert project.messages(where=where) == everything[4:][::-1]
    assert project.messages(sort="createdAt asc", where=where) == everything[4:]
    assert types(project.messages(where='type = "OrderImported"')) == ["OrderImported"]
    assert len(project.messages(where='type in ("OrderCustomerEmailSet")')) == 5
    assert project.messages(where='type = "OrderDeleted"') == []
    assert project.messages(where=f'resource(id="{uuid_of(PROJECT, 2)}")') == []


def test_the_time_of_a_poll_bounds_the_messages_of_older_orders(project: ProjectOrders) -> None:
    for number in range(2, 6):
        project.import_draft(draft(orderNumber=f"CT-{number}"))
    body = {"version": 1, "actions": [act("setCustomerEmail", email="a@example.com")]}
    project.send(body, uuid_of(PROJECT, 3))
    project.send(body, ORDER)
    everything = project.messages(sort="createdAt asc")
    assert types(everything) == ["OrderImported"] * 5 + ["OrderCustomerEmailSet"] * 2
    for each in everything:
        at = each["createdAt"]
        later = [each for each in everything if each["createdAt"] >= at]
        for where, expected in (
            (f'createdAt >= "{at}"', later),
            (f'createdAt < "{at}"', everything[: -len(later)]),
        ):
            assert project.messages(sort="createdAt asc", where=where) == expected
            assert project.messages(where=where) == expected[::-1]


@settings(max_examples=15)
@given(
    st.lists(
        st.lists(
            st.sampled_from(
                [
                    act("setCustomerEmail", email="a@example.com"),
                    act("setCustomerEmail"),
                    act("changeOrderState", orderState="Confirmed"),
                    act("changeOrderState", orderState="Open"),
                    act("addPayment", payment=PAYMENT),
                    act("setLocale", locale="de"),
                    act("setPurchaseOrderNumber", purchaseOrderNumber="P"),
                ]
            ),
            max_size=3,
        ),
        max_size=6,
    )
)
def test_messages_keep_their_sequence_while_an_order_changes(updates: list[list[Tree]]) -> None:
    project = ProjectOrders()
    project.create()
    known: list[Tree] = []
    for actions in updates:
        project.updated(*actions)
        messages = project.messages(sort="createdAt asc", limit="500")
        assert messages[: len(known)] == known
        assert [each["sequenceNumber"] for each in messages] == list(range(1, len(messages) + 1))
        assert len({each["id"] for each in messages}) == len(messages)
        known = messages


def test_messages_end_before_a_version_that_is_not_recorded_yet(project: ProjectOrders) -> None:
    for number in range(4):
        project.updated(act("setCustomerEmail", email=f"{number}@example.com"))
    everything = project.messages(sort="createdAt asc")
    [kept] = project.history.versions.values()
    missing = kept.pop(3)
    # Its time is over: what it changed is shown with the next version.
    late = project.messages(sort="createdAt asc")
    assert [each["resourceVersion"] for each in late] == [1, 2, 4, 5]
    project.wait_no_longer()
    assert project.messages(sort="createdAt asc") == everything[:2]
    kept[3] = missing
    assert project.messages(sort="createdAt asc") == everything


def histories_read(project: ProjectOrders, **query: str) -> list[int]:
    """Return how many histories each call reads together for a page of messages."""
    read: list[int] = []
    find_below = project.history.find_below

    def spied(
        versions: Sequence[VersionKey], limit: int, deadline: Deadline
    ) -> Sequence[HistoryPage]:
        read.append(len(versions))
        return find_below(versions, limit, deadline)

    with patch.object(project.history, "find_below", spied):
        project.page_of_messages(**query)
    return read


@pytest.mark.parametrize(
    "query",
    [{"sort": "createdAt asc"}, {"sort": "createdAt desc"}, {"where": "resource(id in (IDS))"}],
    ids=["oldest first", "newest first", "named"],
)
def test_the_histories_of_a_page_are_read_together(
    project: ProjectOrders, query: dict[str, str]
) -> None:
    for number in range(2, 21):
        project.import_draft(draft(orderNumber=f"CT-{number}"))
    body = {"version": 1, "actions": [act("setCustomerEmail", email="a@example.com")]}
    ids = [uuid_of(PROJECT, order_id) for order_id in range(1, 21)]
    for each in ids:
        project.send(body, each)
    names = ", ".join(f'"{each}"' for each in ids)
    query = {name: text.replace("IDS", names) for name, text in query.items()}
    assert histories_read(project, **query, withTotal="false") == [16, 4]
    if "where" not in query:
        # Not many more are read than the page may need.
        assert histories_read(project, **query, limit="1", withTotal="false")[0] == 1


def test_long_histories_are_read_few_at_a_time(project: ProjectOrders) -> None:
    project.import_draft(draft(orderNumber="CT-2"))
    for version in range(1, FIRST_ORDERS):
        for order_id in (1, 2):
            email = f"{version}@example.com"
            body = {"version": version, "actions": [act("setCustomerEmail", email=email)]}
            assert project.send(body, uuid_of(PROJECT, order_id)).status == 200
    assert histories_read(project, withTotal="false") == [1, 1]


@given(
    st.tuples(
        st.integers(0, MAX_ORDER_ID), st.integers(1, MAX_VERSION), st.integers(0, MAX_POSITION)
    ),
    st.tuples(
        st.integers(0, MAX_ORDER_ID), st.integers(1, MAX_VERSION), st.integers(0, MAX_POSITION)
    ),
    st.uuids(),
)
def test_ids_of_messages_sort_and_name_their_order(
    one: tuple[int, int, int], other: tuple[int, int, int], any_id: UUID
) -> None:
    first, second = changed_id(PROJECT, *one), changed_id(PROJECT, *other)
    assert (UUID(first).int < UUID(second).int) == (one < other)
    assert order_of_message(PROJECT, first) == one[0]
    assert order_of_message("other", first) is None
    assert order_of_message(PROJECT, imported_id(PROJECT, one[0])) == one[0]
    for bound in (UUID(second).int, (UUID(first).int >> 90 << 90) | (any_id.int >> 38)):
        after = UUID(first).int >= bound
        wanted = Range(bound, None) if after else Range(None, bound)
        assert one[0] in orders_of_changes(PROJECT, wanted)


def test_the_numbers_begin_with_the_oldest_kept_version(project: ProjectOrders) -> None:
    for number in range(4):
        project.updated(act("setCustomerEmail", email=f"{number}@example.com"))
    whole = project.messages(sort="createdAt asc")
    [kept] = project.history.versions.values()
    del kept[1], kept[2]
    imported, *changes = project.messages(sort="createdAt asc")
    assert imported == whole[0]
    assert changes == whole[3:]
    assert [each["sequenceNumber"] for each in changes] == [4, 5]


def test_the_total_of_messages_reads_few_histories(
    project: ProjectOrders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_events, "MAX_HISTORIES_FOR_TOTAL", 2)
    for number in range(2, 6):
        project.import_draft(draft(orderNumber=f"CT-{number}"))
    body = {"version": 1, "actions": [act("setCustomerEmail", email="a@example.com")]}
    totals = []
    for order_id in range(1, 6):
        project.send(body, uuid_of(PROJECT, order_id))
        totals.append(project.page_of_messages(limit="1").get("total"))
    assert totals == [6, 7, 8, None, None]
    imports = project.page_of_messages(where='type="OrderImported"', limit="1")
    assert imports["total"] == 5
