"""Shapes of amounts of money in cent precision and in high precision."""

from collections.abc import Callable, Mapping

from orders.protocols.commercetools.money import Money, cents_allowed, cents_of, fraction_digits
from orders.protocols.commercetools.shapes import MISSING, Location, integer, long, one_of

MAX_FRACTION_DIGITS = 20

type _Reader[T] = Callable[[object, Location], T | None]
_kind = one_of("centPrecision", "highPrecision")


def money(value: object, location: Location) -> Money | None:
    """Read an amount of either precision. Without a `type` it has cent precision."""
    if not isinstance(value, dict):
        location.fault("JSON object expected.")
        return None
    if value.get("type") is None:
        return _cents(value, location)
    match _kind(value["type"], location.member("type")):
        case "centPrecision":
            return _cents(value, location)
        case "highPrecision":
            return _precise(value, location)
    return None


def cent_money(value: object, location: Location) -> Money | None:
    """Read an amount in cent precision. High precision is an error."""
    if isinstance(value, dict) and value.get("type") == "highPrecision":
        location.refuse("highPrecision", "The amount must have cent precision.")
        return None
    return money(value, location)


def rounded_money(value: object, location: Location) -> Money | None:
    """Read an amount of either precision and round it to cents."""
    amount = money(value, location)
    return amount and Money(amount.currency, amount.cents)


def currency_code(value: object, location: Location) -> str | None:
    """Read a currency code."""
    if not isinstance(value, str):
        location.fault("ISO 4217 code JSON String expected.")
        return None
    if fraction_digits(value) is None:
        location.fault(f"Currency '{value[:60]}' not valid as ISO 4217 or custom currency code.")
        return None
    return value


def _cents(value: Mapping[str, object], location: Location) -> Money | None:
    currency = _needed(value, "currencyCode", currency_code, location)
    cents = _needed(value, "centAmount", long, location)
    digits = _read(value, "fractionDigits", integer, location)
    if currency is None or cents is None:
        return None
    if digits is not None and digits != fraction_digits(currency):
        location.member("fractionDigits").refuse(
            digits, f"It must be {fraction_digits(currency)} for {currency}."
        )
    return Money(currency, cents)


def _precise(value: Mapping[str, object], location: Location) -> Money | None:
    currency = _needed(value, "currencyCode", currency_code, location)
    precise = _needed(value, "preciseAmount", long, location)
    digits = _needed(value, "fractionDigits", integer, location)
    sent = _read(value, "centAmount", long, location)
    if currency is None or precise is None or digits is None:
        return None
    reason = _digits_fault(digits, currency)
    if reason:
        location.fault(reason)
        return None
    low, high = cents_allowed(precise, digits, currency)
    if sent is not None and not low <= sent <= high:
        location.fault(
            "centAmount must be correctly rounded preciseAmount "
            f"(a number between {low} and {high})."
        )
        return None
    cents = cents_of(precise, digits, currency) if sent is None else sent
    return Money(currency, cents, precise, digits)


def _digits_fault(digits: int, currency: str) -> str:
    default = fraction_digits(currency) or 0
    if digits <= default:
        return f"fractionDigits must be > {default} (default for {currency})."
    if digits > MAX_FRACTION_DIGITS:
        return f"fractionDigits must be <= {MAX_FRACTION_DIGITS}."
    return ""


def _needed[T](
    value: Mapping[str, object], name: str, read: _Reader[T], location: Location
) -> T | None:
    if value.get(name) is None:
        location.member(name).fault(MISSING)
    return _read(value, name, read, location)


def _read[T](
    value: Mapping[str, object], name: str, read: _Reader[T], location: Location
) -> T | None:
    sent = value.get(name)
    return None if sent is None else read(sent, location.member(name))
