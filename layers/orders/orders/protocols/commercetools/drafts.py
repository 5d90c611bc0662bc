"""The order import draft (commercetools, OrderImportDraft): its shape as data.

Each shape keeps the members in the order in which an answer shows them, with amounts as Money.
"""

import re
from dataclasses import dataclass

from orders.domain.identifiers import EXTERNAL_ID_RULE, is_external_id, order_id_of
from orders.protocols.commercetools.errors import bad_request, invalid_json_input
from orders.protocols.commercetools.money_shapes import (
    cent_money,
    currency_code,
    money,
    rounded_money,
)
from orders.protocols.commercetools.references import (
    KEY,
    KEY_RULE,
    key_reference,
    reference,
)
from orders.protocols.commercetools.shapes import (
    MISSING,
    Findings,
    Member,
    Place,
    Shape,
    Tree,
    anything,
    array,
    boolean,
    integer,
    long,
    mapping,
    matching,
    one_of,
    optional,
    rate,
    record,
    required,
    text,
)
from orders.protocols.commercetools.times import read_time, wire_time
from orders.protocols.json_text import NotJsonError, is_utf_8, read_json

_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(?:-[a-zA-Z0-9]{2,8})*", re.ASCII)
_FIELD_NAME = re.compile(r"[a-zA-Z0-9_-]{2,36}", re.ASCII)


@dataclass(frozen=True, slots=True)
class OrderImportDraft:
    """A draft of the right shape; `tree` holds its members with defaults, amounts as Money."""

    tree: Tree

    @property
    def order_number(self) -> str | None:
        """Return the shop's id of the order, None if it gives none."""
        number: str | None = self.tree.get("orderNumber")
        return number


def read_draft(body: bytes, charset: str | None, account: str) -> OrderImportDraft:
    """Read a draft.

    Raises RequestRefusedError (400): InvalidJsonInput, which names all that is wrong with the
    shape; if that is right, every value that its field cannot have.
    """
    if not is_utf_8(charset):
        raise bad_request(invalid_json_input("the body must be UTF-8"))
    try:
        read = read_json(body)
    except NotJsonError as error:
        raise bad_request(invalid_json_input(str(error))) from None
    if read.faults:
        details = (f"{_trail(fault.path)}{fault.message}" for fault in read.faults[:20])
        raise bad_request(invalid_json_input(*details))
    findings = Findings()
    tree = ORDER_IMPORT_DRAFT(read.tree, Place(account, findings))
    if tree is None or findings.faults:
        raise bad_request(invalid_json_input(*findings.faults))
    if findings.errors:
        raise bad_request(*findings.errors)
    return OrderImportDraft(tree)


def _trail(path: str) -> str:
    named = (step.replace("~1", "/").replace("~0", "~") for step in path.split("/"))
    steps = [step for step in named if step and not step.isdigit()]
    return " -> ".join(steps) + ": " if steps else ""


def _moment(value: object, place: Place) -> str | None:
    sent = text(value, place)
    if sent is None:
        return None
    try:
        return wire_time(read_time(sent))
    except ValueError:
        place.fault(f"Failed to parse date/time: {sent[:60]}")
        return None


def _localized(value: object, place: Place) -> Tree | None:
    names: Tree | None = mapping(text)(value, place)
    for language in names or ():
        if _LANGUAGE.fullmatch(language) is None:
            place.fault(f"Invalid language tag: '{language[:60]}'")
    return names


def _custom_fields(value: object, place: Place) -> Tree | None:
    fields: Tree | None = mapping(anything)(value, place)
    for name in fields or ():
        if _FIELD_NAME.fullmatch(name) is None:
            place.refuse(name, "A field's name takes 2 to 36 letters, digits, '_' or '-'.")
    return fields


_any_number = matching(is_external_id, EXTERNAL_ID_RULE)


def _order_number(value: object, place: Place) -> str | None:
    number: str | None = _any_number(value, place)
    if number is not None and order_id_of(place.account, number) is not None:
        place.refuse(number, "It is the form of an order's id here, which is no number of a shop.")
    return number


_country = matching(_COUNTRY.fullmatch, "two capital letters (ISO 3166-1 alpha-2)")
_key = matching(KEY.fullmatch, KEY_RULE)
_key_of = optional("key", _key)

_CUSTOM = record(required("type", reference("type")), Member("fields", _custom_fields, default={}))
_custom = optional("custom", _CUSTOM)

_ADDRESS_MEMBERS = (
    optional("id", text),
    _key_of,
    *(optional(name, text) for name in ("title", "salutation", "firstName", "lastName")),
    *(optional(name, text) for name in ("streetName", "streetNumber", "additionalStreetInfo")),
    *(optional(name, text) for name in ("postalCode", "city", "region", "state")),
    required("country", _country),
    *(optional(name, text) for name in ("company", "department", "building", "apartment")),
    *(optional(name, text) for name in ("pOBox", "phone", "mobile", "email", "fax")),
    optional("additionalAddressInfo", text),
    optional("externalId", text),
)
_ADDRESS = record(*_ADDRESS_MEMBERS)

_TAX_PORTION = record(
    optional("name", text), required("rate", rate), required("amount", cent_money)
)
_TAXED_PRICE = record(
    required("totalNet", cent_money),
    required("totalGross", cent_money),
    required("taxPortions", array(_TAX_PORTION)),
    optional("totalTax", rounded_money),
)
_TAX_RATE = record(
    optional("id", text),
    _key_of,
    required("name", text),
    required("amount", rate),
    required("includedInPrice", boolean),
    required("country", _country),
    optional("state", text),
    Member("subRates", array(record(required("name", text), required("amount", rate))), default=()),
)

_TIER = record(required("minimumQuantity", long), required("value", money))
_DISCOUNTED = record(required("value", money), required("discount", reference("product-discount")))
_PRICE = record(
    _key_of,
    required("value", money),
    optional("country", _country),
    optional("customerGroup", reference("customer-group")),
    optional("channel", reference("channel")),
    optional("validFrom", _moment),
    optional("validUntil", _moment),
    optional("discounted", _DISCOUNTED),
    optional("tiers", array(_TIER)),
    _custom,
    optional("recurrencePolicy", reference("recurrence-policy")),
)
_IMAGE = record(
    required("url", text),
    required("dimensions", record(required("w", integer), required("h", integer))),
    optional("label", text),
)
_VARIANT = record(
    optional("id", long),
    optional("sku", text),
    Member("prices", array(_PRICE), default=()),
    Member("images", array(_IMAGE), default=()),
    Member(
        "attributes",
        array(record(required("name", text), required("value", anything))),
        default=(),
    ),
)

_STATES = array(record(required("quantity", long), required("state", reference("state"))))
_SHIPPING_DETAILS = record(
    required(
        "targets",
        array(
            record(
                required("addressKey", text),
                required("quantity", long),
                optional("shippingMethodKey", text),
            )
        ),
    )
)
_inventory_mode = one_of("None", "TrackOnly", "ReserveOnOrder", "ReserveOnCart")
_tax_members = (optional("taxedPrice", _TAXED_PRICE), optional("taxRate", _TAX_RATE))

_LINE = record(
    _key_of,
    optional("productId", text),
    required("name", _localized),
    required("variant", _VARIANT),
    required("price", _PRICE),
    required("quantity", long),
    *_tax_members,
    optional("state", _STATES),
    optional("supplyChannel", reference("channel")),
    optional("distributionChannel", reference("channel")),
    optional("inventoryMode", _inventory_mode),
    optional("shippingDetails", _SHIPPING_DETAILS),
    _custom,
)
_CUSTOM_LINE = record(
    _key_of,
    required("name", _localized),
    required("money", money),
    required("slug", matching(KEY.fullmatch, KEY_RULE)),
    required("quantity", long),
    *_tax_members,
    optional("taxCategory", reference("tax-category")),
    optional("state", _STATES),
    Member("priceMode", one_of("Standard", "External"), default="Standard"),
    optional("shippingDetails", _SHIPPING_DETAILS),
    _custom,
)

_DELIVERY_ITEMS = array(record(required("id", text), required("quantity", long)))
_PARCEL = record(
    _key_of,
    optional(
        "measurements",
        record(
            *(
                optional(name, integer)
                for name in (
                    "heightInMillimeter",
                    "lengthInMillimeter",
                    "widthInMillimeter",
                    "weightInGram",
                )
            )
        ),
    ),
    optional(
        "trackingData",
        record(
            *(
                optional(name, text)
                for name in ("trackingId", "carrier", "provider", "providerTransaction")
            ),
            Member("isReturn", boolean, default=False),
        ),
    ),
    Member("items", _DELIVERY_ITEMS, default=()),
    _custom,
)
_DELIVERY = record(
    _key_of,
    Member("items", _DELIVERY_ITEMS, default=()),
    Member("parcels", array(_PARCEL), default=()),
    optional("address", record(*_ADDRESS_MEMBERS, _custom)),
    _custom,
)
_PRICE_FUNCTION = record(required("currencyCode", currency_code), required("function", text))
_tier_members = (optional("isMatching", boolean),)
_RATE_TIERS: dict[str, Shape] = {
    "CartValue": record(
        required("type", text),
        required("minimumCentAmount", long),
        required("price", cent_money),
        *_tier_members,
    ),
    "CartScore": record(
        required("type", text),
        required("score", integer),
        optional("price", cent_money),
        optional("priceFunction", _PRICE_FUNCTION),
        *_tier_members,
    ),
    "CartClassification": record(
        required("type", text),
        required("value", text),
        required("price", cent_money),
        *_tier_members,
    ),
}
_tier_type = one_of(*_RATE_TIERS)


def _rate_tier(value: object, place: Place) -> Tree | None:
    if not isinstance(value, dict):
        place.fault("JSON object expected.")
        return None
    if value.get("type") is None:
        place.member("type").fault(MISSING)
        return None
    kind = _tier_type(value["type"], place.member("type"))
    tier: Tree | None = _RATE_TIERS[kind](value, place) if kind in _RATE_TIERS else None
    return tier


def _discount(value: object, place: Place) -> Tree | None:
    is_direct = isinstance(value, dict) and value.get("typeId") == "direct-discount"
    kept: Tree | None = reference("direct-discount" if is_direct else "cart-discount")(value, place)
    return kept


_SHIPPING_RATE = record(
    required("price", cent_money),
    optional("freeAbove", cent_money),
    Member("tiers", array(_rate_tier), default=()),
)
_INCLUDED_DISCOUNT = record(required("discount", _discount), required("discountedAmount", money))
_SHIPPING_INFO = record(
    required("shippingMethodName", text),
    required("price", cent_money),
    required("shippingRate", _SHIPPING_RATE),
    *_tax_members,
    optional("taxCategory", reference("tax-category")),
    optional("shippingMethod", reference("shipping-method")),
    Member("deliveries", array(_DELIVERY), default=()),
    optional(
        "discountedPrice",
        record(
            required("value", money),
            required("includedDiscounts", array(_INCLUDED_DISCOUNT)),
        ),
    ),
    Member(
        "shippingMethodState",
        one_of("MatchesCart", "DoesNotMatchCart"),
        default="MatchesCart",
    ),
)

_rounding_mode = one_of("HalfEven", "HalfUp", "HalfDown")
ORDER_IMPORT_DRAFT = record(
    optional("orderNumber", _order_number),
    optional("purchaseOrderNumber", text),
    optional("customerId", text),
    optional("customerEmail", text),
    optional("customerGroup", reference("customer-group")),
    optional("businessUnit", key_reference("business-unit")),
    optional("store", key_reference("store")),
    required("totalPrice", cent_money),
    optional("taxedPrice", _TAXED_PRICE),
    optional("country", _country),
    Member("orderState", one_of("Open", "Confirmed", "Complete", "Cancelled"), default="Open"),
    optional(
        "shipmentState",
        one_of(
            *("Shipped", "Delivered", "Ready", "Pending"),
            *("Delayed", "Partial", "Backorder", "Canceled"),
        ),
    ),
    optional("paymentState", one_of("BalanceDue", "Failed", "Pending", "CreditOwed", "Paid")),
    optional("state", reference("state")),
    optional("completedAt", _moment),
    Member("inventoryMode", _inventory_mode, default="None"),
    Member("priceRoundingMode", _rounding_mode, default="HalfEven"),
    Member("taxRoundingMode", _rounding_mode, default="HalfEven"),
    Member(
        "taxCalculationMode",
        one_of("LineItemLevel", "UnitPriceLevel"),
        default="LineItemLevel",
    ),
    Member("origin", one_of("Customer", "Merchant", "Quote", "RecurringOrder"), default="Customer"),
    optional("shippingInfo", _SHIPPING_INFO),
    optional("billingAddress", _ADDRESS),
    optional("shippingAddress", _ADDRESS),
    Member("lineItems", array(_LINE), default=()),
    Member("customLineItems", array(_CUSTOM_LINE), default=()),
    Member("itemShippingAddresses", array(_ADDRESS), default=()),
    optional("paymentInfo", record(required("payments", array(reference("payment"))))),
    _custom,
)
