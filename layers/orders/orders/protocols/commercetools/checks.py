"""Rules about several members of a draft. They require a draft of the right shape."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import chain, islice
from typing import Any

from orders.protocols.commercetools.errors import (
    ApiError,
    duplicate_price_key,
    duplicate_price_scope,
    invalid_field,
    invalid_input,
    invalid_operation,
    invalid_shipping_details,
)
from orders.protocols.commercetools.money import Money
from orders.protocols.commercetools.shapes import MAX_FAULTS, Tree

MAX_LINES = 5000
# Shops add rates as binary floats, where 0.1 + 0.2 is 0.30000000000000004.
_RATE_TOLERANCE = Decimal("1E-9")
_LEAST_TIER = 2


def check_draft(draft: Tree) -> list[ApiError]:
    """Return the errors of a draft (commercetools, OrderImportDraft), at most MAX_FAULTS."""
    return list(islice(_errors(draft), MAX_FAULTS))


def _errors(draft: Tree) -> Iterator[ApiError]:
    lines, custom_lines = draft["lineItems"], draft["customLineItems"]
    yield from chain(
        _check_number_of_lines(len(lines) + len(custom_lines)),
        _repeated_keys("lineItems.key", lines),
        _repeated_keys("customLineItems.key", custom_lines),
        _check_addresses(draft["itemShippingAddresses"]),
        chain.from_iterable(_check_product(line) for line in lines),
        chain.from_iterable(_check_prices(line["variant"]["prices"]) for line in lines),
        chain.from_iterable(_check_price(price) for price in _prices(lines)),
        chain.from_iterable(_check_taxes(line) for line in (*lines, *custom_lines)),
        _check_rate(draft.get("shippingInfo", {})),
        _check_shipping_details("LineItem", lines, draft),
        _check_shipping_details("CustomLineItem", custom_lines, draft),
        _check_currencies(draft),
    )


def _check_number_of_lines(count: int) -> Iterator[ApiError]:
    if count == 0:
        yield invalid_input("An order must have at least one line item or custom line item.")
    if count > MAX_LINES:
        yield invalid_input(f"An order must have at most {MAX_LINES} lines; got {count}.")


def _repeated_keys(name: str, parts: Iterable[Mapping[str, Any]]) -> Iterator[ApiError]:
    counts = Counter(part["key"] for part in parts if "key" in part)
    for key in (key for key, count in counts.items() if count > 1):
        yield invalid_field(name, key, why="It must be unique in the order.")


def _check_addresses(addresses: Iterable[Tree]) -> Iterator[ApiError]:
    if any("key" not in address for address in addresses):
        yield invalid_input("Each address of itemShippingAddresses must have a key.")
    yield from _repeated_keys("itemShippingAddresses.key", addresses)


def _check_product(line: Tree) -> Iterator[ApiError]:
    """Check that a line names its product by id and variant id, by SKU, or by all three."""
    variant = line["variant"]
    if "productId" in line and "id" not in variant:
        yield invalid_operation("A line item with productId must have variant.id too.")
    elif "id" in variant and "productId" not in line:
        yield invalid_operation("A line item with variant.id must have productId too.")
    elif "sku" not in variant and "productId" not in line:
        yield invalid_operation(
            "A line item must have either productId with variant.id, or variant.sku."
        )


def _prices(lines: Iterable[Tree]) -> Iterator[Tree]:
    for line in lines:
        yield line["price"]
        yield from line["variant"]["prices"]


_SCOPE = ("country", "customerGroup", "channel", "validFrom", "validUntil")


def _check_prices(prices: Iterable[Tree]) -> Iterator[ApiError]:
    scopes, keys = set(), set()
    for price in prices:
        key = price.get("key")
        if key is not None and key in keys:
            yield duplicate_price_key(key, _identified(price))
        keys.add(key)
        scope = (price["value"].currency, *(_scope_value(price.get(name)) for name in _SCOPE))
        if scope in scopes:
            yield duplicate_price_scope(_identified(price))
        scopes.add(scope)


def _scope_value(value: Tree | str | None) -> str | None:
    """Return a part of a price's scope. The key of a reference makes no other scope."""
    identity: str | None = value["id"] if isinstance(value, dict) else value
    return identity


def _identified(price: Tree) -> Tree:
    """Return the members of a price that tell it from others."""
    named = {name: price[name] for name in ("key", *_SCOPE) if name in price}
    return {**named, "value": price["value"].tree()}


def _check_price(price: Tree) -> Iterator[ApiError]:
    start, end = price.get("validFrom"), price.get("validUntil")
    if start and end and start >= end:
        yield invalid_field("validFrom", start, why="It must be earlier than validUntil.")
    tiers = price.get("tiers", ())
    quantities = [tier["minimumQuantity"] for tier in tiers]
    if any(quantity < _LEAST_TIER for quantity in quantities):
        yield invalid_field("minimumQuantity", min(quantities), why="It must be at least 2.")
    if len(set(quantities)) < len(quantities):
        yield invalid_input("The minimumQuantity of a price's tiers must be unique.")
    if any(tier["value"].currency != price["value"].currency for tier in tiers):
        yield invalid_input("The tiers of a price must have the currency of the price.")


def _check_taxes(line: Tree) -> Iterator[ApiError]:
    if "taxedPrice" in line and "taxRate" not in line:
        yield invalid_operation("A line with taxedPrice must have taxRate too.")
    yield from _check_rate(line)


def _check_rate(part: Tree) -> Iterator[ApiError]:
    rate = part.get("taxRate")
    parts = rate["subRates"] if rate else ()
    if rate and parts:
        difference = sum(each["amount"] for each in parts) - rate["amount"]
        if abs(difference) > _RATE_TOLERANCE:
            why = "It must be the sum of the subRates' amounts."
            yield invalid_field("taxRate.amount", rate["amount"], why=why)


def _check_shipping_details(subject: str, lines: Iterable[Tree], draft: Tree) -> Iterator[ApiError]:
    keys = {address.get("key") for address in draft["itemShippingAddresses"]}
    for position, line in enumerate(lines):
        # A line has no id yet, so the error names its key or its position.
        name = line.get("key", str(position))
        targets = line.get("shippingDetails", {}).get("targets")
        if targets is None:
            continue
        total = sum(target["quantity"] for target in targets)
        if total != line["quantity"]:
            yield invalid_shipping_details(
                subject,
                name,
                f"The quantities of the targets must add up to the line's quantity, "
                f"{line['quantity']}; got {total}.",
            )
        for target in targets:
            if target["addressKey"] not in keys:
                yield invalid_shipping_details(
                    subject, name, "Each addressKey must be a key of itemShippingAddresses."
                )


def _check_currencies(draft: Tree) -> Iterator[ApiError]:
    expected = draft["totalPrice"].currency
    if any(each.currency != expected for each in _amounts(draft)):
        yield invalid_input(
            f"All amounts of an order must have the currency of totalPrice, {expected}."
        )


def _amounts(draft: Tree) -> Iterator[Money]:
    """Yield the amounts that add up to the order's total. Other prices of variants do not."""
    shipping = draft.get("shippingInfo")
    if shipping:
        yield from _shipping_amounts(shipping)
    for line in draft["lineItems"]:
        yield line["price"]["value"]
        if "discounted" in line["price"]:
            yield line["price"]["discounted"]["value"]
    for line in draft["customLineItems"]:
        yield line["money"]
    for taxed in (each.get("taxedPrice") for each in (draft, shipping or {}, *_all_lines(draft))):
        if taxed:
            yield from (taxed["totalNet"], taxed["totalGross"])
            yield from (portion["amount"] for portion in taxed["taxPortions"])
            if "totalTax" in taxed:
                yield taxed["totalTax"]


def _shipping_amounts(shipping: Tree) -> Iterator[Money]:
    rate, discounted = shipping["shippingRate"], shipping.get("discountedPrice")
    yield from (shipping["price"], rate["price"])
    if "freeAbove" in rate:
        yield rate["freeAbove"]
    yield from (tier["price"] for tier in rate["tiers"] if "price" in tier)
    if discounted:
        yield discounted["value"]
        yield from (each["discountedAmount"] for each in discounted["includedDiscounts"])


def _all_lines(draft: Tree) -> Iterator[Tree]:
    yield from draft["lineItems"]
    yield from draft["customLineItems"]
