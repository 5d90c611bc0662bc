"""The shape of the order import draft (commercetools, OrderImportDraft), declared as data.

Each shape returns its members in the order of the answers, and amounts as Money.
"""

import re
from dataclasses import dataclass
from typing import Literal

from orders.domain.identifiers import EXTERNAL_ID_RULE, is_external_id, order_id_of
from orders.domain.importing import MAX_DOCUMENT_BYTES
from orders.domain.problems import Steps
from orders.protocols.commercetools.errors import (
    bad_request,
    invalid_json_input,
    size_limit_exceeded,
)
from orders.protocols.commercetools.money_shapes import (
    cent_money,
    currency_code,
    money,
    rounded_money,
)
from orders.protocols.commercetools.references import (
    KEY,
    KEY_RULE,
    KeyReference,
    Reference,
)
from orders.protocols.commercetools.shapes import (
    MAX_FAULTS,
    Array,
    EnoughFaultsError,
    Findings,
    Location,
    MapOf,
    Matching,
    Member,
    Record,
    Tagged,
    TooManyPartsError,
    Tree,
    anything,
    boolean,
    integer,
    long,
    one_of,
    optional,
    patterned,
    rate,
    record,
    required,
    text,
    trail,
)
from orders.protocols.commercetools.times import read_time, wire_time
from orders.protocols.json_text import NotJsonError, is_utf_8, read_json

TOO_LARGE = f"The order must have at most {MAX_DOCUMENT_BYTES // 1024} KB."
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(?:-[a-zA-Z0-9]{2,8})*", re.ASCII)
_FIELD_NAME = re.compile(r"[a-zA-Z0-9_-]{2,36}", re.ASCII)


@dataclass(frozen=True, slots=True)
class OrderImportDraft:
    """A draft of the right shape. `tree` holds its members with defaults, and amounts as Money.

    `sent` is the draft as it was sent, and `size` its number of bytes.
    """

    tree: Tree
    sent: Tree
    size: int

    @property
    def order_number(self) -> str | None:
        """Return the order number, None if the shop sent none."""
        number: str | None = self.tree.get("orderNumber")
        return number

    @property
    def store_by(self) -> Literal["key", "identifier"]:
        """Return by what the draft names its store. A key takes precedence over an id."""
        store = self.sent.get("store") or {}
        return "identifier" if store.get("key") is None else "key"


def read_draft(body: bytes, charset: str | None, account: str) -> OrderImportDraft:
    """Read a draft from a request body.

    Raises RequestRefusedError (400): one InvalidJsonInput with every fault of the shape or, if the
    shape is right, one InvalidField for every invalid value.
    """
    return draft_of(read_body(body, charset), len(body), account)


def draft_of(sent: object, size: int, account: str) -> OrderImportDraft:
    """Return a draft of a decoded value, of which `size` is the number of bytes.

    Raises RequestRefusedError as `read_draft` does.
    """
    findings = Findings()
    try:
        tree = ORDER_IMPORT_DRAFT(sent, Location(account, findings))
    except EnoughFaultsError:
        tree = None
    except TooManyPartsError:
        raise bad_request(size_limit_exceeded(TOO_LARGE)) from None
    if tree is None or findings.faults or not isinstance(sent, dict):
        raise bad_request(invalid_json_input(*findings.faults))
    if findings.errors:
        raise bad_request(*findings.errors)
    return OrderImportDraft(tree, sent, size)


def read_body(body: bytes, charset: str | None) -> object:
    """Return the JSON value of a request body.

    Raises RequestRefusedError (400 InvalidJsonInput), also for members that are sent twice.
    """
    if not is_utf_8(charset):
        raise bad_request(invalid_json_input("The body must be in UTF-8"))
    try:
        read = read_json(body)
    except NotJsonError as error:
        raise bad_request(invalid_json_input(str(error))) from None
    faults = read.faults(MAX_FAULTS)
    if faults:
        details = (f"{_trail(fault.path)}{fault.message}" for fault in faults)
        raise bad_request(invalid_json_input(*details))
    return read.tree


def _trail(path: Steps) -> str:
    steps = [step for step in map(str, path) if step and not step.isdigit()]
    return trail(steps) + ": " if steps else ""


def moment(value: object, location: Location) -> str | None:
    """Read a time. Return it in UTC with three fraction digits, as answers show it."""
    sent = text(value, location)
    if sent is None:
        return None
    try:
        return wire_time(read_time(sent))
    except ValueError:
        location.fault(f"Failed to parse date/time: {sent[:60]}")
        return None


def localized(value: object, location: Location) -> Tree | None:
    """Read a text in several languages."""
    names: Tree | None = MapOf(text)(value, location)
    for name in names or ():
        language(name, location)
    return names


def language(value: object, location: Location) -> str | None:
    """Read a language tag, such as de-DE."""
    tag = text(value, location)
    if tag is not None and _LANGUAGE.fullmatch(tag) is None:
        location.fault(f"Invalid language tag: '{tag[:60]}'")
    return tag


def custom_fields(value: object, location: Location) -> Tree | None:
    """Read custom fields. Their values may be any JSON."""
    fields: Tree | None = MapOf(anything)(value, location)
    for name in fields or ():
        field_name(name, location)
    return fields


def field_name(value: object, location: Location) -> str | None:
    """Read the name of a custom field."""
    name = text(value, location)
    if name is not None and _FIELD_NAME.fullmatch(name) is None:
        location.refuse(name, "A field's name must be 2 to 36 letters, digits, '_' or '-'.")
    return name


_any_number = Matching(is_external_id, EXTERNAL_ID_RULE)


def order_number(value: object, location: Location) -> str | None:
    """Read the order number. The form of generated ids is reserved."""
    number: str | None = _any_number(value, location)
    if number is not None and order_id_of(location.account, number) is not None:
        location.refuse(number, "It must not have the form of an order id, which is reserved.")
    return number


_country = patterned(_COUNTRY, "two capital letters (ISO 3166-1 alpha-2)")
key = patterned(KEY, KEY_RULE)
KEY_MEMBER = optional("key", key)

CUSTOM = record(required("type", Reference("type")), Member("fields", custom_fields, default={}))
CUSTOM_MEMBER = optional("custom", CUSTOM)

ADDRESS_MEMBERS = (
    optional("id", text),
    KEY_MEMBER,
    *(optional(name, text) for name in ("title", "salutation", "firstName", "lastName")),
    *(optional(name, text) for name in ("streetName", "streetNumber", "additionalStreetInfo")),
    *(optional(name, text) for name in ("postalCode", "city", "region", "state")),
    required("country", _country),
    *(optional(name, text) for name in ("company", "department", "building", "apartment")),
    *(optional(name, text) for name in ("pOBox", "phone", "mobile", "email", "fax")),
    optional("additionalAddressInfo", text),
    optional("externalId", text),
)
ADDRESS = record(*ADDRESS_MEMBERS)
ADDRESS_WITH_CUSTOM = record(*ADDRESS_MEMBERS, CUSTOM_MEMBER)

_TAX_PORTION = record(
    optional("name", text), required("rate", rate), required("amount", cent_money)
)
TAXED_PRICE = record(
    required("totalNet", cent_money),
    required("totalGross", cent_money),
    required("taxPortions", Array(_TAX_PORTION)),
    optional("totalTax", rounded_money),
)
TAX_RATE = record(
    optional("id", text),
    KEY_MEMBER,
    required("name", text),
    required("amount", rate),
    required("includedInPrice", boolean),
    required("country", _country),
    optional("state", text),
    Member("subRates", Array(record(required("name", text), required("amount", rate))), default=()),
)

_TIER = record(required("minimumQuantity", long), required("value", money))
_DISCOUNTED = record(required("value", money), required("discount", Reference("product-discount")))
PRICE = record(
    KEY_MEMBER,
    required("value", money),
    optional("country", _country),
    optional("customerGroup", Reference("customer-group")),
    optional("channel", Reference("channel")),
    optional("validFrom", moment),
    optional("validUntil", moment),
    optional("discounted", _DISCOUNTED),
    optional("tiers", Array(_TIER)),
    CUSTOM_MEMBER,
    optional("recurrencePolicy", Reference("recurrence-policy")),
)
IMAGE = record(
    required("url", text),
    required("dimensions", record(required("w", integer), required("h", integer))),
    optional("label", text),
)
VARIANT = record(
    optional("id", long),
    optional("sku", text),
    Member("prices", Array(PRICE), default=()),
    Member("images", Array(IMAGE), default=()),
    Member(
        "attributes",
        Array(record(required("name", text), required("value", anything))),
        default=(),
    ),
)

STATES = Array(record(required("quantity", long), required("state", Reference("state"))))
SHIPPING_DETAILS = record(
    required(
        "targets",
        Array(
            record(
                required("addressKey", text),
                required("quantity", long),
                optional("shippingMethodKey", text),
            )
        ),
    )
)
_inventory_mode = one_of("None", "TrackOnly", "ReserveOnOrder", "ReserveOnCart")
_tax_members = (optional("taxedPrice", TAXED_PRICE), optional("taxRate", TAX_RATE))

LINE = record(
    KEY_MEMBER,
    optional("productId", text),
    required("name", localized),
    required("variant", VARIANT),
    required("price", PRICE),
    required("quantity", long),
    *_tax_members,
    optional("state", STATES),
    optional("supplyChannel", Reference("channel")),
    optional("distributionChannel", Reference("channel")),
    optional("inventoryMode", _inventory_mode),
    optional("shippingDetails", SHIPPING_DETAILS),
    CUSTOM_MEMBER,
)
CUSTOM_LINE = record(
    KEY_MEMBER,
    required("name", localized),
    required("money", money),
    required("slug", patterned(KEY, KEY_RULE)),
    required("quantity", long),
    *_tax_members,
    optional("taxCategory", Reference("tax-category")),
    optional("state", STATES),
    Member("priceMode", one_of("Standard", "External"), default="Standard"),
    optional("shippingDetails", SHIPPING_DETAILS),
    CUSTOM_MEMBER,
)

DELIVERY_ITEMS = Array(record(required("id", text), required("quantity", long)))
MEASUREMENTS = record(
    *(
        optional(name, integer)
        for name in (
            "heightInMillimeter",
            "lengthInMillimeter",
            "widthInMillimeter",
            "weightInGram",
        )
    )
)
TRACKING_DATA = record(
    *(
        optional(name, text)
        for name in ("trackingId", "carrier", "provider", "providerTransaction")
    ),
    Member("isReturn", boolean, default=False),
)
PARCEL = record(
    KEY_MEMBER,
    optional("measurements", MEASUREMENTS),
    optional("trackingData", TRACKING_DATA),
    Member("items", DELIVERY_ITEMS, default=()),
    CUSTOM_MEMBER,
)
DELIVERY = record(
    KEY_MEMBER,
    Member("items", DELIVERY_ITEMS, default=()),
    Member("parcels", Array(PARCEL), default=()),
    optional("address", record(*ADDRESS_MEMBERS, CUSTOM_MEMBER)),
    CUSTOM_MEMBER,
)
_PRICE_FUNCTION = record(required("currencyCode", currency_code), required("function", text))
_tier_members = (optional("isMatching", boolean),)
_RATE_TIERS: dict[str, Record] = {
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

SHIPPING_RATE = record(
    required("price", cent_money),
    optional("freeAbove", cent_money),
    Member("tiers", Array(Tagged("type", _RATE_TIERS)), default=()),
)
_INCLUDED_DISCOUNT = record(
    required("discount", Reference("cart-discount", ("direct-discount",))),
    required("discountedAmount", money),
)
SHIPPING_INFO = record(
    required("shippingMethodName", text),
    required("price", cent_money),
    required("shippingRate", SHIPPING_RATE),
    *_tax_members,
    optional("taxCategory", Reference("tax-category")),
    optional("shippingMethod", Reference("shipping-method")),
    Member("deliveries", Array(DELIVERY), default=()),
    optional(
        "discountedPrice",
        record(
            required("value", money),
            required("includedDiscounts", Array(_INCLUDED_DISCOUNT)),
        ),
    ),
    Member(
        "shippingMethodState",
        one_of("MatchesCart", "DoesNotMatchCart"),
        default="MatchesCart",
    ),
)

order_state = one_of("Open", "Confirmed", "Complete", "Cancelled")
shipment_state = one_of(
    *("Shipped", "Delivered", "Ready", "Pending"),
    *("Delayed", "Partial", "Backorder", "Canceled"),
)
payment_state = one_of("BalanceDue", "Failed", "Pending", "CreditOwed", "Paid")
_rounding_mode = one_of("HalfEven", "HalfUp", "HalfDown")
ORDER_IMPORT_DRAFT = record(
    optional("orderNumber", order_number),
    optional("purchaseOrderNumber", text),
    optional("customerId", text),
    optional("customerEmail", text),
    optional("customerGroup", Reference("customer-group")),
    optional("businessUnit", KeyReference("business-unit")),
    optional("store", KeyReference("store")),
    required("totalPrice", cent_money),
    optional("taxedPrice", TAXED_PRICE),
    optional("country", _country),
    Member("orderState", order_state, default="Open"),
    optional("shipmentState", shipment_state),
    optional("paymentState", payment_state),
    optional("state", Reference("state")),
    optional("completedAt", moment),
    Member("inventoryMode", _inventory_mode, default="None"),
    Member("priceRoundingMode", _rounding_mode, default="HalfEven"),
    Member("taxRoundingMode", _rounding_mode, default="HalfEven"),
    Member(
        "taxCalculationMode",
        one_of("LineItemLevel", "UnitPriceLevel"),
        default="LineItemLevel",
    ),
    Member("origin", one_of("Customer", "Merchant", "Quote", "RecurringOrder"), default="Customer"),
    optional("shippingInfo", SHIPPING_INFO),
    optional("billingAddress", ADDRESS),
    optional("shippingAddress", ADDRESS),
    Member("lineItems", Array(LINE), default=()),
    Member("customLineItems", Array(CUSTOM_LINE), default=()),
    Member("itemShippingAddresses", Array(ADDRESS), default=()),
    optional("paymentInfo", record(required("payments", Array(Reference("payment"))))),
    CUSTOM_MEMBER,
)
