"""Each protocol knows where its orders have personal data, and whose it is."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from orders.domain.order import Order
from orders.domain.patches import difference
from orders.domain.personal_data import Contacts, MemberPath, person_of
from orders.domain.triggers import TriggerPayload, deletion_of, reduced, trigger_of
from orders.protocols.altcraft import personal_data as altcraft
from orders.protocols.altcraft.drafts import LineDraft, OrderDraft
from orders.protocols.altcraft.profile_matching import FIELDS, MODES
from orders.protocols.commercetools import personal_data as commercetools
from orders.protocols.commercetools.requests import ADDRESS, ORDER_IMPORT_DRAFT
from orders.protocols.commercetools.shapes import Array, Record, Tagged
from orders.runtime.composition.order_protocols import (
    contacts_of,
    lines_of,
    present,
    reduce_trigger,
)
from tests.support import drafts
from tests.support.commercetools import draft, full_draft

type Tree = dict[str, Any]

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SECRET = "private"
PLACE = {"city": "Berlin", "country": "DE"}
# Members of a draft that are no personal data: they name goods, places of sale and states, and are
# not personal wherever they are.
NOT_PERSONAL = {
    "orderNumber", "purchaseOrderNumber", "customerGroup", "businessUnit", "store", "totalPrice",
    "taxedPrice", "country", "orderState", "shipmentState", "paymentState", "state", "completedAt",
    "inventoryMode", "priceRoundingMode", "taxRoundingMode", "taxCalculationMode", "origin",
    "shippingInfo", "lineItems", "customLineItems", "paymentInfo", "key", "productId", "name",
    "variant", "price", "quantity", "taxRate", "supplyChannel", "distributionChannel", "money",
    "slug", "taxCategory", "priceMode", "shippingMethodName", "shippingRate", "shippingMethod",
    "deliveries", "discountedPrice", "shippingMethodState", "items", "parcels", "measurements",
    "trackingData", "value", "channel", "validFrom", "validUntil", "discounted", "tiers",
    "recurrencePolicy", "id", "sku", "prices", "images", "attributes", "includedDiscounts",
    "discount", "discountedAmount", "payments", "freeAbove", "amount", "rate", "totalNet",
    "totalGross", "taxPortions", "totalTax", "includedInPrice", "subRates", "minimumQuantity",
    "url", "dimensions", "label", "w", "h", "heightInMillimeter", "lengthInMillimeter",
    "widthInMillimeter", "weightInGram", "trackingId", "carrier", "provider",
    "providerTransaction", "isReturn", "type", "minimumCentAmount", "score", "priceFunction",
    "isMatching", "currencyCode", "function",
}  # fmt: skip


def altcraft_order(**changes: object) -> Order:
    tree = {
        "currency": "USD",
        "custom_fields": {"note": SECRET, "number": 5},
        "email": f"{SECRET}@example.com",
        "endpoint": "website",
        "lines": [
            {
                "count": 1,
                "custom_fields": {"engraving": SECRET},
                "external_id": "1",
                "final_price_per_item": "1",
                "sku": "mug",
                "status": "new",
            }
        ],
        "matching": "email",
        "phone": f"{SECRET} 7",
        "status": "new",
        "total_price": "1",
        **{name: SECRET for name in FIELDS if name not in {"email", "phone"}},
        **changes,
    }
    document = json.dumps({name: value for name, value in tree.items() if value is not None})
    return Order("demo", "A", 7, 1, "new", "altcraft", document, NOW, NOW, "request")


def project_order(**changes: object) -> Order:
    stored = drafts.stored({**_private(full_draft()), **changes})
    tree = {**json.loads(stored.document), "external_user_id": SECRET}
    return replace(stored, document=json.dumps(tree))


def _private(sent: Tree) -> Tree:
    """Return the draft with a text that can be recognised in each personal member."""
    tree: Tree = json.loads(json.dumps(sent))
    for address in _addresses(tree):
        for name in ("firstName", "lastName", "streetName", "city", "email", "phone", "company"):
            address[name] = f"{SECRET}@example.com"
    for custom in _customs(tree):
        custom["fields"] = {"note": SECRET}
    return tree | {"customerEmail": f"{SECRET}@example.com", "customerId": SECRET}


def _addresses(tree: Tree) -> list[Tree]:
    [delivery] = tree["shippingInfo"]["deliveries"]
    found = [tree["billingAddress"], tree["shippingAddress"], *tree["itemShippingAddresses"]]
    return [*found, delivery["address"]]


def _customs(tree: object) -> Iterator[Tree]:
    if isinstance(tree, dict):
        if "custom" in tree:
            yield tree["custom"]
        for each in tree.values():
            yield from _customs(each)
    elif isinstance(tree, list):
        for each in tree:
            yield from _customs(each)


ORDERS = {"altcraft": altcraft_order(), "commercetools": project_order()}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_no_personal_data_is_in_a_trigger_without_the_person(order: Order) -> None:
    assert SECRET in present(order).decode()
    assert SECRET not in order.external_id
    trigger = reduce_trigger(trigger_of(None, order), TriggerPayload.WITHOUT_PERSON)
    assert SECRET not in present(trigger.order).decode()
    shown = json.loads(present(trigger.order))
    # What a consumer needs to act on the order is left.
    kept = {
        "altcraft": {"status", "lines", "total_price", "currency", "endpoint", "matching"},
        "commercetools": {"orderState", "lineItems", "customLineItems", "totalPrice", "createdBy"},
    }
    assert kept[order.protocol] <= shown.keys()


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize("payload", list(TriggerPayload))
def test_a_trigger_that_is_reduced_again_stays_the_same(
    order: Order, payload: TriggerPayload
) -> None:
    once = reduce_trigger(deletion_of(order), payload)
    assert reduce_trigger(once, payload) == once
    assert once.payload is payload


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize("payload", [TriggerPayload.WITHOUT_PERSON, TriggerPayload.THIN])
def test_changes_name_personal_members_without_their_values(
    order: Order, payload: TriggerPayload
) -> None:
    after = json.loads(order.document)
    after |= {name: f"new {SECRET}" for name in ("email", "customerEmail") if name in after}
    after |= {"status": "paid", "orderState": "Complete"}
    changed_order = replace(order, version=2, document=json.dumps(after))
    trigger = trigger_of(order, changed_order, lines_of(order))
    changed = dict(reduce_trigger(trigger, payload).changed)
    assert SECRET not in json.dumps(changed)
    member = "email" if "email" in after else "customerEmail"
    assert changed[member] == {}
    assert changed["status"]["new"] == "paid"


def test_defaults_and_overrides_lose_their_personal_data_too() -> None:
    beside = {"custom_fields": {"note": SECRET}, "lines": {"0": {"custom_fields": {"a": SECRET}}}}
    order = replace(
        altcraft_order(),
        defaults=json.dumps(beside),
        overrides='{"lines":{"0":{"status":"delivered"}}}',
    )
    shown = present(altcraft.PERSONAL.without_person(order)).decode()
    assert SECRET not in shown
    assert json.loads(shown)["lines"][0]["status"] == "delivered"


def test_a_thin_trigger_keeps_nothing_of_the_document() -> None:
    order = replace(altcraft_order(), defaults='{"tags":["a"]}')
    thin = reduced(deletion_of(order), TriggerPayload.THIN, altcraft.PERSONAL).order
    assert (thin.document, thin.defaults, thin.overrides) == ("{}", "", "")


def test_numbers_keep_their_digits_without_the_person() -> None:
    attributes = [{"name": "weight", "value": 1}]
    order = drafts.stored(draft(customerEmail="a@example.com"))
    document = json.loads(order.document)
    document["lineItems"][0]["variant"]["attributes"] = attributes
    text = json.dumps(document).replace('"value": 1}', '"value": 0.10000000000000000001}')
    assert "0.10000000000000000001" in text
    stripped = commercetools.PERSONAL.without_person(replace(order, document=text))
    assert "0.10000000000000000001" in stripped.document


def test_every_member_of_a_draft_is_either_personal_or_known_not_to_be() -> None:
    """A new member of a draft must be decided on before it reaches a trigger."""
    personal = commercetools.MEMBERS
    unknown = {
        ".".join(path)
        for path in _declared(ORDER_IMPORT_DRAFT)
        if not any(path[: len(each)] == each for each in personal) and path[-1] not in NOT_PERSONAL
    }
    assert unknown == set()
    drafted = set(OrderDraft.__dataclass_fields__) | set(LineDraft.__dataclass_fields__)
    named = {path[-1] for path in altcraft.MEMBERS}
    assert drafted == {
        *("external_id", "matching", "endpoint", "status", "total_price", "currency", "lines"),
        *("tags", "region", "delivery_cost", "create_time", "update_time", "custom_fields"),
        *("count", "final_price_per_item", "product", "sku", "base_price_per_item"),
        "min_price_per_item",
    }
    assert {name for needed in MODES.values() for name in needed} <= named


def _declared(shape: object, path: MemberPath = ()) -> Iterator[MemberPath]:
    match shape:
        case Record():
            for member in shape.members:
                yield (*path, member.name)
                yield from _declared(member.shape, (*path, member.name))
        case Array(inner):
            yield from _declared(inner, (*path, "*"))
        case Tagged(_, choices):
            for choice in choices.values():
                yield from _declared(choice, path)


def test_each_mode_of_matching_gives_its_contacts() -> None:
    order = altcraft_order(
        email="A@example.com",
        phone="+7 912",
        profile_id="p",
        subscription_id="s",
        field_value="7 912 345",
        custom_fields={"second": "b@example.com", "n": 79_123, "date": "2026-01-02T03:04:05Z"},
    )
    assert contacts_of(order) == Contacts(
        emails=("A@example.com", "b@example.com"),
        phones=("+7 912", "7 912 345", "79123"),
        customer_ids=("p", "s", "7 912 345"),
    )


@pytest.mark.parametrize("place", ["billing", "shipping", "item", "delivery", "custom", "customer"])
def test_a_person_is_found_at_every_place_of_a_project_order(place: str) -> None:
    sent = full_draft()
    contact = {"email": "Jane@Example.com"}
    match place:
        case "billing":
            sent["billingAddress"] |= contact
        case "shipping":
            sent["shippingAddress"] |= contact
        case "item":
            sent["itemShippingAddresses"][1] |= contact
        case "delivery":
            sent["shippingInfo"]["deliveries"][0]["address"] |= contact
        case "custom":
            sent["lineItems"][0]["custom"]["fields"] = {"mail": "jane@example.com"}
        case _:
            sent["customerEmail"] = "jane@example.com"
    person = person_of(["jane@example.com"])
    assert person.is_in(contacts_of(drafts.stored(sent)))
    assert not person.is_in(contacts_of(drafts.stored(full_draft())))


def test_the_custom_fields_and_comments_of_returned_items_are_personal() -> None:
    """Only updates write them, so no draft has them."""
    order = drafts.stored(full_draft())
    item = {"quantity": 1, "comment": "Jane", "custom": {"fields": {"mail": "jane@example.com"}}}
    content = order.content() | {"returnInfo": [{"items": [item]}]}
    order = replace(order, document=json.dumps(content, default=str))
    assert person_of(["jane@example.com"]).is_in(contacts_of(order))
    [kept] = commercetools.PERSONAL.without_person(order).content()["returnInfo"]
    assert kept == {"items": [{"quantity": 1}]}


@pytest.mark.parametrize(
    ("sent", "changed"),
    [
        ({}, {"shippingInfo": {"deliveries": [{"address": PLACE, "items": []}]}}),
        ({}, {"shippingAddress": PLACE}),
        ({}, {"updated_by": {"version": 1, "user": PLACE["city"]}}),
        ({"lineItems": [{"id": "1"}]}, {"lineItems": [{"id": "1", "custom": {"fields": PLACE}}]}),
        ({"custom": None}, {"custom": {"fields": PLACE}}),
        ({"returnInfo": []}, {"returnInfo": [{"items": [{"comment": PLACE["city"]}]}]}),
        (
            {"shippingInfo": {"deliveries": [{"id": "1"}]}},
            {"shippingInfo": {"deliveries": [{"id": "1", "address": PLACE}]}},
        ),
    ],
)
def test_what_an_update_added_is_left_out_too(sent: Tree, changed: Tree) -> None:
    """A patch has an object that is new, or replaces another value, in a wrapper."""
    order = replace(
        drafts.stored(full_draft()),
        document=json.dumps(sent),
        overrides=json.dumps(difference(sent, changed)),
    )
    assert order.content() == changed
    stripped = commercetools.PERSONAL.without_person(order)
    assert "Berlin" not in stripped.overrides
    assert "Berlin" not in json.dumps(stripped.content())


@pytest.mark.parametrize("member", ["phone", "mobile", "fax"])
def test_every_number_of_an_address_is_a_phone(member: str) -> None:
    sent = full_draft()
    sent["shippingAddress"][member] = "+49 (30) 1234-56"
    assert member in {each.name for each in ADDRESS.members}
    assert person_of(phones=["4930123456"]).is_in(contacts_of(drafts.stored(sent)))


def test_the_customer_of_a_project_order_is_found_by_its_id() -> None:
    order = drafts.stored(full_draft())
    assert person_of(customer_ids=[full_draft()["customerId"]]).is_in(contacts_of(order))
