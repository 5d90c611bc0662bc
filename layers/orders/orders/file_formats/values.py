"""Values as spreadsheets and exports write them: amounts, whole numbers, times and currencies.

Each function returns the value in the form that an import accepts, and raises ValueError with what
is allowed. Nothing is rounded, and nothing ambiguous is guessed: the options of the file decide.
"""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from orders.domain.currencies import FRACTION_DIGITS
from orders.domain.times import format_time, parse_time

# The words and signs of currencies that exports write instead of ISO 4217 codes.
CURRENCY_WORDS: Mapping[str, str] = {
    "руб": "RUB",
    "р": "RUB",
    "rur": "RUB",
    "₽": "RUB",
    "€": "EUR",
    "евро": "EUR",
    "$": "USD",
    "us$": "USD",
    "долл": "USD",
    "£": "GBP",
    "грн": "UAH",
    "₴": "UAH",
    "тг": "KZT",
    "тенге": "KZT",
    "₸": "KZT",
    "бел. руб": "BYN",
    "zł": "PLN",
    "kč": "CZK",
    "рубль": "RUB",
    "рублей": "RUB",
    "доллар": "USD",
    "долл. сша": "USD",
    "доллар сша": "USD",
    # The numbers of ISO 4217, as 1C writes them. 810 is the one before 1998, which is still used.
    "643": "RUB",
    "810": "RUB",
    "840": "USD",
    "978": "EUR",
    "980": "UAH",
    "398": "KZT",
    "933": "BYN",
    "156": "CNY",
}
# What may be beside an amount. Any other word, or a percent sign, would change its meaning.
_MONEY_WORDS = frozenset(
    {*CURRENCY_WORDS, *map(str.lower, FRACTION_DIGITS), "kr", "fr", "sfr", "r$", "c$", "a$", "¥"}
)
# What may be beside a number of items.
_COUNT_WORDS = frozenset({"шт", "pcs", "pc", "pieces", "stk", "stück", "ea", "x"})

# Nearly all amounts and times of a file are written so, and need no more than to be checked.
_PLAIN_AMOUNTS = {
    False: re.compile(r"\d{1,200}(?:\.\d{1,200})?", re.ASCII),
    True: re.compile(r"\d{1,200}(?:,\d{1,200})?", re.ASCII),
}
_PLAIN_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2}) ?(Z|[+-]\d{2}:?[0-5]\d)?", re.ASCII
)
# How spreadsheet programs shorten a long number, and how they write one as a decimal number.
_SHORTENED = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d{1,3}", re.ASCII)
_AS_DECIMAL = re.compile(r"\d+\.0", re.ASCII)
_FORMULA_TEXT = re.compile(r'="([^"]*)"')
_SPACES = re.compile(r"[\s\u00a0\u2007\u2009\u202f']")
_GUARD = re.compile(r"'(?=[\d=+\-@])")
_MONEY = re.compile(r"(?P<open>\()?(?P<sign>[-\u2212])?(?P<digits>\d[\d.,]*|[.,]\d+)(?P<close>\))?")
# The words before a number, and those after it.
_WORDS = re.compile(
    r"^[^\d(),.\-\u2212]++"
    r"|(?<![^\d(),\-\u2212])\.*+[^\d(),.\-\u2212][^\d(),\-\u2212]*+$"
)
_PLAIN_LOCAL_TIME = re.compile(
    r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})[T ](\d{2}:\d{2})(:\d{2})?", re.ASCII
)
_DAY = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")
_CLOCK = re.compile(
    r"[T ,]\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?"
    r"\s*(?P<half>[AaPp][Mm])?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_ISO_WITH_ZONE = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{1,2}:\d{2})(:\d{2})?(\.\d+)? ?(Z|UTC|[+-]\d{2}:?\d{2})?", re.ASCII
)
_MAX_CELL = 200
_NOON = 12
# The forms of dates that are not those of ISO 8601, each with an example.
_LOCAL_FORMS = {"mdy": "01/31/2026", "dmy": "31.01.2026"}


def text_of(cell: str) -> str:
    """Return a cell without the white space around it, and without the apostrophe before a number.

    Exports write such an apostrophe, or ="0123", so that a spreadsheet keeps leading zeros and plus
    signs.
    """
    text = cell.strip()
    if not text.startswith(("'", "=")):
        return text
    if text.startswith("=") and (formula := _FORMULA_TEXT.fullmatch(text)):
        return formula[1].strip()
    return text[1:] if text.startswith("'") and _GUARD.match(text) else text


def is_plain_amount(cell: str, *, decimal_comma: bool) -> bool:
    """Return whether an amount has digits only, and perhaps its decimal point or comma."""
    return _PLAIN_AMOUNTS[decimal_comma].fullmatch(cell) is not None


def amount_of(cell: str, *, decimal_comma: bool) -> str:
    """Return an amount in major units in plain notation, such as 1234.50 for "1 234,50 руб".

    Negative amounts keep their sign, also in parentheses.
    """
    if is_plain_amount(cell, decimal_comma=decimal_comma):
        return cell.replace(",", ".") if decimal_comma else cell
    allowed = (
        "an amount with a decimal comma, such as 1234,50 or 1.234,50"
        if decimal_comma
        else "an amount with a decimal point, such as 1234.50 or 1,234.50"
    )
    text = _without_words(_short_text(cell, allowed), _MONEY_WORDS)
    match = _MONEY.fullmatch(_SPACES.sub("", text))
    if match is None or bool(match["open"]) != bool(match["close"]):
        raise ValueError(allowed)
    mark, group = (",", ".") if decimal_comma else (".", ",")
    whole, *fraction = match["digits"].split(mark)
    if len(fraction) > 1 or any(group in each for each in fraction):
        raise ValueError(allowed)
    first, *groups = whole.split(group)
    if groups and (not 1 <= len(first) <= 3 or any(len(each) != 3 for each in groups)):  # noqa: PLR2004 - thousands have three digits
        raise ValueError(allowed)
    digits = (first + "".join(groups)) or "0"
    sign = "-" if match["sign"] or match["open"] else ""
    return sign + digits + (f".{fraction[0]}" if fraction and fraction[0] else "")


def _short_text(cell: str, allowed: str) -> str:
    """Return the text of a cell. Raises ValueError for a longer one than any number has."""
    text = text_of(cell)
    if len(text) > _MAX_CELL:
        raise ValueError(allowed)
    return text.strip()


# The signs that only one currency has. A word such as "руб." is that of several.
_SIGNS = {"€": "EUR", "£": "GBP", "₽": "RUB", "₴": "UAH", "₸": "KZT", "zł": "PLN"}


def currency_beside(cell: str) -> str | None:
    """Return the currency that is written beside an amount, None if there is none for certain."""
    if cell[-1:].isdecimal() and cell[:1].isdecimal():
        return None
    words = (word.strip().rstrip(".") for word in _WORDS.findall(text_of(cell)[:_MAX_CELL].strip()))
    found = (_SIGNS.get(word.lower(), word.upper()) for word in words)
    return next((code for code in found if code in FRACTION_DIGITS), None)


def _without_words(text: str, known: Collection[str]) -> str:
    """Return a text without the words around its number, if they are known."""

    def kept(word: re.Match[str]) -> str:
        plain = word[0].strip().rstrip(".").strip().lower()
        return "" if plain in known else word[0]

    return _WORDS.sub(kept, _WORDS.sub(kept, text).strip()).strip()


def whole_number_of(cell: str, *, decimal_comma: bool) -> str:
    """Return a whole number, such as 2 for "2" or "2.000"."""
    if cell.isdecimal() and cell.isascii() and len(cell) <= _MAX_CELL:
        return str(int(cell))
    allowed = "a whole number"
    text = _without_words(_short_text(cell, allowed), _COUNT_WORDS)
    try:
        number = Decimal(amount_of(text, decimal_comma=decimal_comma))
    except ValueError:
        raise ValueError(allowed) from None
    if number != number.to_integral_value():
        raise ValueError(allowed)
    return str(int(number))


def unchanged_id(text: str, *, may_have_point: bool) -> str:
    """Return an id or a phone number, unless a spreadsheet program has changed its digits."""
    is_shortened = "+" in text and _SHORTENED.fullmatch(text)
    if is_shortened or (not may_have_point and "." in text and _AS_DECIMAL.fullmatch(text)):
        raise ValueError("the exported text, not a number that a spreadsheet program has changed")
    return text


def currency_of(cell: str) -> str:
    """Return the ISO 4217 code of a currency, which may be a word or a sign such as "руб."."""
    text = text_of(cell)
    return CURRENCY_WORDS.get(text.rstrip(".").strip().lower(), text.upper())


def time_of(cell: str, date_form: str) -> str:
    """Return a time in RFC 3339 in UTC. A time without a zone is UTC.

    ISO dates are accepted in every file, because only the other forms are ambiguous.
    """
    plain = _PLAIN_TIME.fullmatch(cell)
    if plain is not None and (time := _plain_time(*plain.groups())) is not None:
        return time
    local = _PLAIN_LOCAL_TIME.fullmatch(cell) if date_form in _LOCAL_FORMS else None
    if local is not None and (time := _plain_local_time(local, date_form)) is not None:
        return time
    text = text_of(cell)
    # A longer text than any time has is none.
    text = text if len(text) <= _MAX_CELL else ""
    iso = _ISO_WITH_ZONE.fullmatch(text)
    if iso is not None:
        day, clock, second, fraction, zone = iso.groups()
        zone = "Z" if zone in {None, "UTC"} else zone
        text = f"{day}T{clock:0>5}{second or ':00'}{fraction or ''}{zone}"
    try:
        return format_time(parse_time(text))
    except ValueError:
        return _local_time(text, date_form)


def _plain_time(day: str, clock: str, zone: str | None) -> str | None:
    """Return the time of these parts, None for those that `parse_time` decides about."""
    is_utc = zone in {None, "Z"}
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{'' if is_utc else zone}")
        utc = moment if is_utc else moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
    return f"{utc.isoformat()}Z"


def _plain_local_time(found: re.Match[str], date_form: str) -> str | None:
    first, second, year, clock, seconds = found.groups()
    month, day = (first, second) if date_form == "mdy" else (second, first)
    return _plain_time(f"{year}-{month:0>2}-{day:0>2}", f"{clock}{seconds or ':00'}", None)


def _local_time(text: str, date_form: str) -> str:
    day = _DAY.match(text)
    example = _LOCAL_FORMS.get(date_form)
    also = f" or {example} 15:04:05" if example else ""
    allowed = f"a time such as 2026-01-31 15:04:05 or 2026-01-31T15:04:05+03:00{also}"
    if day is None or example is None:
        raise ValueError(allowed)
    first, second, year = day.groups()
    month, number = (first, second) if date_form == "mdy" else (second, first)
    rest = text[day.end() :]
    clock = _CLOCK.fullmatch(rest) if rest.strip() else None
    if rest.strip() and clock is None:
        raise ValueError(allowed)
    try:
        moment = datetime.fromisoformat(f"{year}-{int(month):02}-{int(number):02}")
        if clock is None:
            return format_time(parse_time(f"{moment.date().isoformat()}"))
        hour = _hour(int(clock["hour"]), clock["half"])
        zone = clock["zone"] or "Z"
        zone = "Z" if zone in {"UTC", "GMT"} else zone
        return format_time(
            parse_time(
                f"{moment.date().isoformat()}T{hour:02}:{clock['minute']}"
                f":{clock['second'] or '00'}{zone}"
            )
        )
    except ValueError:
        raise ValueError(allowed) from None


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    if not 1 <= hour <= _NOON:
        raise ValueError(half)
    return hour % _NOON + (_NOON if half.lower() == "pm" else 0)
