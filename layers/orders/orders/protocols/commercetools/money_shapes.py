"""Shapes of amounts of money, in cent and in high precision."""

from collections.abc import Mapping

from orders.protocols.commercetools.money import Money, cents_allowed, cents_of, fraction_digits
from orders.protocols.commercetools.shapes import MISSING, Place, long, one_of, text

MAX_FRACTION_DIGITS = 20
_KINDS = ("centPrecision", "highPrecision")
_kind = one_of(*_KINDS)


def money(value: object, place: Place) -> Money | None:
    """Keep an amount of either precision; without a `type` it is cents."""
    if not isinstance(value, dict):
        place.fault("JSON object expected.")
        return None
    if value.get("type") is None:
        return _cents(value, place)
    kind = _kind(value["type"], place.member("type"))
    if kind == "highPrecision":
        return _precise(value, place)
    return _cents(value, place) if kind in _KINDS else None


def cent_money(value: object, place: Place) -> Money | None:
    """Keep an amount in cents; one of high precision is refused."""
    if isinstance(value, dict) and value.get("type") == "highPrecision":
        place.refuse("highPrecision", "The amount takes cent precision.")
        return None
    return money(value, place)


def _cents(value: Mapping[str, object], place: Place) -> Money | None:
    currency = _currency(value, place)
    cents = _needed(value, "centAmount", place)
    digits = optional_integer(value, "fractionDigits", place)
    if currency and digits is not None and digits != fraction_digits(currency):
        place.member("fractionDigits").refuse(
            digits, f"{currency} has {fraction_digits(currency)} fraction digits."
        )
    return None if currency is None or cents is None else Money(currency, cents)


def _precise(value: Mapping[str, object], place: Place) -> Money | None:
    currency = _currency(value, place)
    precise = _needed(value, "preciseAmount", place)
    digits = _needed(value, "fractionDigits", place)
    if currency is None or precise is None or digits is None:
        return None
    least = (fraction_digits(currency) or 0) + 1
    if not least <= digits <= MAX_FRACTION_DIGITS:
        place.member("fractionDigits").fault(
            f"fractionDigits must be > {least - 1} (default for {currency}) and <= "
            f"{MAX_FRACTION_DIGITS}."
        )
        return None
    cents = value.get("centAmount")
    if cents is None:
        return Money(currency, cents_of(precise, digits, currency), precise, digits)
    sent = long(cents, place.member("centAmount"))
    low, high = cents_allowed(precise, digits, currency)
    if sent is None or low <= sent <= high:
        return None if sent is None else Money(currency, sent, precise, digits)
    place.member("centAmount").fault(
        f"centAmount must be correctly rounded preciseAmount (a number between {low} and {high})."
    )
    return None


def _currency(value: Mapping[str, object], place: Place) -> str | None:
    sent = value.get("currencyCode")
    if sent is None:
        place.member("currencyCode").fault(MISSING)
        return None
    code = text(sent, place.member("currencyCode"))
    if code is not None and fraction_digits(code) is None:
        place.member("currencyCode").fault(
            f"Currency '{code[:60]}' not valid as ISO 4217 or custom currency code."
        )
        return None
    return code


def _needed(value: Mapping[str, object], name: str, place: Place) -> int | None:
    sent = value.get(name)
    if sent is None:
        place.member(name).fault(MISSING)
        return None
    return long(sent, place.member(name))
