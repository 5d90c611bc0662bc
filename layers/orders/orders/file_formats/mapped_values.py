"""The values of members: for each source, a function that reads its value from rows.

The functions of a mapping are made once for a file, because each of its orders needs all of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import partial

from orders.domain.file_records import FileOptions
from orders.domain.money import (
    MAX_INTEGER_DIGITS,
    exact_quotient,
    exact_sum,
    format_amount,
    line_total,
)
from orders.domain.problems import listed
from orders.file_formats.mappings import (
    LINE_NUMBER,
    LINE_PLACE,
    MAX_TEMPLATE_CHARACTERS,
    MONEY,
    TIMES,
    Source,
)
from orders.file_formats.values import (
    amount_of,
    currency_beside,
    currency_of,
    is_plain_amount,
    text_of,
    time_of,
    unchanged_id,
    whole_number_of,
)

type Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CurrencyBeside:
    """A currency that is written beside an amount, with the column and its text."""

    code: str
    column: str
    text: str


# Reads the value of a member, None if it is blank. Only a sum has more than one row. Adds the
# currencies beside amounts to the list. Raises ValueError with what is allowed.
type ReadValue = Callable[[Sequence[Row], list[CurrencyBeside]], object]
# Reads the amount in the text of a column with this name.
type _ReadAmount = Callable[[str, str, list[CurrencyBeside]], str]

# The members whose digits spreadsheet programs change: numbers, and codes that may have a point.
_NUMBERS = frozenset({"external_id", "phone", "profile_id", "subscription_id"})
_CODES = frozenset({"field_value", "product", "sku"})
_IDS = _NUMBERS | _CODES
_DIVISOR = "a whole number of 1 or more, by which the amount is divided"


class CellError(ValueError):
    """A cell has no such value. `allowed` says which it may have."""

    def __init__(self, allowed: object, name: str, text: str) -> None:
        super().__init__(allowed)
        self.name, self.text = name, text


class InexactError(ValueError):
    """No decimal number expresses a price."""

    def __init__(self, price: Fraction) -> None:
        super().__init__("an amount that its items share exactly")
        self.price = price


@dataclass(frozen=True, slots=True)
class ValueReaders:
    """Makes the functions for a file that writes amounts and times as its options say."""

    options: FileOptions

    def of(self, member: str, source: Source) -> ReadValue:
        """Return the function that reads a member from its source."""
        if source.constant is not None:
            return lambda _rows, _beside: source.constant
        if source.is_column:
            return self._of_column(member, source)
        read = self._of_sum(source) if source.total else self._of_text(member, source)
        if not source.if_filled:
            return read

        def read_unless_filled(rows: Sequence[Row], beside: list[CurrencyBeside]) -> object:
            known = source.filled(rows[0])
            return read(rows, beside) if known is None else known

        return read_unless_filled

    def _of_column(self, member: str, source: Source) -> ReadValue:
        names, default = source.columns, _default_of(source)
        read, read_amount = self._of_member(member), self._amount

        def amount_of_column(rows: Sequence[Row], beside: list[CurrencyBeside]) -> object:
            row = rows[0]
            for name in names:
                if (cell := row.get(name)) and (text := text_of(cell)):
                    return read_amount(name, text, beside)
            return default(row)

        def text_of_column(rows: Sequence[Row], _beside: list[CurrencyBeside]) -> object:
            row = rows[0]
            for name in names:
                if (cell := row.get(name)) and (text := text_of(cell)):
                    return text if read is None else read(text)
            return default(row)

        return amount_of_column if member in MONEY else text_of_column

    def _of_sum(self, source: Source) -> ReadValue:
        computed = _Computed(source, self._amount, self.options)

        def read_sum(rows: Sequence[Row], beside: list[CurrencyBeside]) -> object:
            found = computed.numbers(source.total, rows, beside)
            return computed.amount(found, rows, beside) if found else source.default

        return read_sum

    def _of_text(self, member: str, source: Source) -> ReadValue:
        default, read = _default_of(source), self._of_found(member, source)

        def read_text(rows: Sequence[Row], beside: list[CurrencyBeside]) -> object:
            name, text = source.text(rows[0])
            return read(name, text, rows, beside) if text else default(rows[0])

        return read_text

    def _of_found(
        self, member: str, source: Source
    ) -> Callable[[str, str, Sequence[Row], list[CurrencyBeside]], object]:
        """Return the function that reads the text which a source has found in rows."""
        if source.split is not None:
            split = source.split
            return lambda _name, text, _rows, _beside: _parts_of(_short(text, source), split)
        if source.lookup:
            return lambda _name, text, _rows, _beside: _looked_up(source, _short(text, source))
        if member in MONEY and not source.is_plain:
            computed = _Computed(source, self._amount, self.options)

            def compute(
                name: str, text: str, rows: Sequence[Row], beside: list[CurrencyBeside]
            ) -> object:
                return computed.amount([computed.number(name, text, beside)], rows, beside)

            return compute
        if member in MONEY:
            amount = self._amount
            return lambda name, text, _rows, beside: amount(name, _short(text, source), beside)
        read = self._of_member(member)
        if read is None or (source.template is not None and member in _IDS):
            return lambda _name, text, _rows, _beside: _short(text, source)
        return lambda _name, text, _rows, _beside: read(_short(text, source))

    def _amount(self, name: str, text: str, beside: list[CurrencyBeside]) -> str:
        decimal_comma = self.options.decimal_comma
        if is_plain_amount(text, decimal_comma=decimal_comma):
            return text.replace(",", ".") if decimal_comma else text
        amount = amount_of(text, decimal_comma=decimal_comma)
        if code := currency_beside(text):
            beside.append(CurrencyBeside(code, name, text))
        return amount

    def _of_member(self, member: str) -> Callable[[str], str] | None:
        """Return the function that reads a text as its member has it, None for any text."""
        if member in TIMES:
            return partial(time_of, date_form=self.options.date_form)
        if member in _IDS:
            return partial(unchanged_id, may_have_point=member in _CODES)
        if member == "count":
            return partial(whole_number_of, decimal_comma=self.options.decimal_comma)
        return currency_of if member == "currency" else None


def _default_of(source: Source) -> Callable[[Row], str | None]:
    """Return the function that returns the value of a blank member in a row."""
    default = source.default
    if default is None or LINE_PLACE not in default:
        return lambda _row: default
    return lambda row: default.replace(LINE_PLACE, row.get(LINE_NUMBER, ""))


def _short(text: str, source: Source) -> str:
    if source.template is not None and len(text) > MAX_TEMPLATE_CHARACTERS:
        raise ValueError(f"a text of at most {MAX_TEMPLATE_CHARACTERS} characters")
    return text


def _parts_of(text: str, separator: str) -> list[str]:
    return [part for each in text.split(separator) if (part := each.strip())]


def _looked_up(source: Source, text: str) -> str:
    if (found := source.lookup.get(text)) is not None:
        return found
    if (found := source.folded.get(text.lower())) is not None:
        return found
    if source.default is not None:
        return source.default
    raise ValueError(f"one of {listed(list(source.lookup))}")


class _Computed:
    """An amount that is computed from columns."""

    def __init__(self, source: Source, read: _ReadAmount, options: FileOptions) -> None:
        self._source, self._read, self._options = source, read, options

    def amount(
        self, found: Sequence[Decimal], rows: Sequence[Row], beside: list[CurrencyBeside]
    ) -> str:
        """Return the sum of amounts, less those of other columns and divided.

        Raises InexactError if it had to be rounded.
        """
        source = self._source
        whole, divisor, row = exact_sum(found), source.divisor, rows[0]
        if source.less and any(less := self.numbers(source.less, rows, beside)):
            off = exact_sum(map(Decimal.copy_abs, less))
            shared_by = self._count(source.less_divided_by, row)
            whole = exact_sum((line_total(whole, shared_by), off.copy_negate()))
            divisor *= shared_by
        if source.divide_by:
            divisor *= self._count(source.divide_by, row)
        amount = exact_quotient(whole, divisor)
        if amount is None:
            raise InexactError(Fraction(whole) / divisor)
        return format_amount(amount) if amount >= 0 else f"-{format_amount(-amount)}"

    def numbers(
        self, names: Sequence[str], rows: Sequence[Row], beside: list[CurrencyBeside]
    ) -> Sequence[Decimal]:
        """Return the amounts of columns in rows. Raises CellError."""
        return [
            self.number(name, text, beside)
            for name in names
            for row in rows
            if (cell := row.get(name)) and (text := text_of(cell))
        ]

    def number(self, name: str, text: str, beside: list[CurrencyBeside]) -> Decimal:
        """Return the amount in the text of a column. Raises CellError."""
        try:
            number = Decimal(self._read(name, text, beside))
        except ValueError as allowed:
            raise CellError(allowed, name, text) from None
        if number.adjusted() > MAX_INTEGER_DIGITS:
            raise CellError(f"an amount of at most {MAX_INTEGER_DIGITS} digits", name, text)
        return number

    def _count(self, names: Sequence[str], row: Row) -> int:
        """Return the number of items that an amount is divided by, 1 without names of columns."""
        if not names:
            return 1
        number = next((text for name in names if (text := text_of(row.get(name, "")))), "")
        try:
            count = int(whole_number_of(number, decimal_comma=self._options.decimal_comma))
        except ValueError:
            count = 0
        if count < 1:
            raise CellError(_DIVISOR, names[0], number)
        return count
