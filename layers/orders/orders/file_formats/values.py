"""Values as spreadsheets and exports write them: amounts, whole numbers, times and currencies.

Each function returns the value in the form that an import accepts, and raises ValueError with what
is allowed. Nothing is rounded, and nothing ambiguous is guessed: the options of the file decide.
"""

import re
from collections.abc import Collection, Mapping
from datetime import datetime
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
}
# What may be beside an amount. Any other word, or a percent sign, would change its meaning.
_MONEY_WORDS = frozenset(
    {*CURRENCY_WORDS, *map(str.lower, FRACTION_DIGITS), "kr", "fr", "sfr", "r$", "c$", "a$", "¥"}
)
# What may be beside a number of items.
_COUNT_WORDS = frozenset({"шт", "pcs", "pc", "pieces", "stk", "stück", "ea", "x"})

_SPACES = re.compile(r"[\s\u00a0\u2007\u2009\u202f']")
_GUARD = re.compile(r"'(?=[\d=+\-@])")
_MONEY = re.compile(r"(?P<open>\()?(?P<sign>[-\u2212])?(?P<digits>\d[\d.,]*|[.,]\d+)(?P<close>\))?")
# The words before a number, and those after it.
_WORDS = re.compile(
    r"^[^\d(),.\-\u2212]++"
    r"|(?<![^\d(),\-\u2212])\.*+[^\d(),.\-\u2212][^\d(),\-\u2212]*+$"
)
_DAY = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")
_CLOCK = re.compile(
    r"[T ,]\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?"
    r"\s*(?P<half>[AaPp][Mm])?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_ISO_WITH_ZONE = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?(\.\d+)? ?(Z|UTC|[+-]\d{2}:?\d{2})?", re.ASCII
)
_MAX_CELL = 200
_NOON = 12


def text_of(cell: str) -> str:
    """Return a cell without the white space around it, and without the apostrophe before a number.

    Exports write such an apostrophe so that a spreadsheet keeps leading zeros and plus signs.
    """
    text = cell.strip()
    return text[1:] if _GUARD.match(text) else text


def amount_of(cell: str, *, decimal_comma: bool) -> str:
    """Return an amount in major units in plain notation, such as 1234.50 for "1 234,50 руб".

    Negative amounts keep their sign, also in parentheses.
    """
    allowed = (
        "an amount with a decimal comma, such as 1234,50 or 1.234,50"
        if decimal_comma
        else "an amount with a decimal point, such as 1234.50 or 1,234.50"
    )
    text = _without_words(text_of(cell)[:_MAX_CELL].strip(), _MONEY_WORDS)
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


def _without_words(text: str, known: Collection[str]) -> str:
    """Return a text without the words around its number, if they are known."""

    def kept(word: re.Match[str]) -> str:
        plain = word[0].strip().rstrip(".").strip().lower()
        return "" if plain in known else word[0]

    return _WORDS.sub(kept, _WORDS.sub(kept, text).strip()).strip()


def whole_number_of(cell: str, *, decimal_comma: bool) -> str:
    """Return a whole number, such as 2 for "2" or "2.000"."""
    allowed = "a whole number"
    text = _without_words(text_of(cell)[:_MAX_CELL].strip(), _COUNT_WORDS)
    try:
        number = Decimal(amount_of(text, decimal_comma=decimal_comma))
    except ValueError:
        raise ValueError(allowed) from None
    if number != number.to_integral_value():
        raise ValueError(allowed)
    return str(int(number))


def currency_of(cell: str) -> str:
    """Return the ISO 4217 code of a currency, which may be a word or a sign such as "руб."."""
    text = text_of(cell)
    return CURRENCY_WORDS.get(text.rstrip(".").strip().lower(), text.upper())


def time_of(cell: str, date_form: str) -> str:
    """Return a time in RFC 3339 in UTC. A time without a zone is UTC.

    ISO dates are accepted in every file, because only the other forms are ambiguous.
    """
    text = text_of(cell)[:_MAX_CELL]
    iso = _ISO_WITH_ZONE.fullmatch(text)
    if iso is not None:
        day, clock, second, fraction, zone = iso.groups()
        zone = "Z" if zone in {None, "UTC"} else zone
        text = f"{day}T{clock}{second or ':00'}{fraction or ''}{zone}"
    try:
        return format_time(parse_time(text))
    except ValueError:
        return _local_time(text, date_form)


def _local_time(text: str, date_form: str) -> str:
    day = _DAY.match(text)
    example = {"mdy": "01/31/2026", "dmy": "31.01.2026"}.get(date_form)
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
