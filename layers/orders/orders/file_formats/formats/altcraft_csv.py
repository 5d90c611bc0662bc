"""Orders of the Altcraft import as CSV: one row a line, with the members' names in the header."""

from collections import Counter
from collections.abc import Sequence

from orders.domain.file_records import FileOptions, Frame, UnreadableFileError
from orders.domain.problems import shown
from orders.file_formats.altcraft_columns import AMOUNTS, LINE, TIMES, columns_of
from orders.file_formats.altcraft_rows import OrderOfRows
from orders.file_formats.cells import (
    first_rows,
    guess_date_form,
    guess_decimal_comma,
    guess_delimiter,
    values_of,
)
from orders.file_formats.csv_rows import Row
from orders.file_formats.interface import Beginning, Converted
from orders.file_formats.table_format import RESULT_COLUMNS, KeyOf, TableFormat

KEY = "external_id"


class AltcraftCsv(TableFormat):
    """Adjacent rows with the same external_id are one order."""

    name = "altcraft_csv"

    def guess(self, beginning: Beginning) -> FileOptions | None:
        """Return how to read a file whose header names the order and its lines."""
        delimiter = guess_delimiter(beginning.text)
        rows = first_rows(beginning.text, delimiter)
        names = {name.strip() for name in rows[0]} if rows else set()
        if KEY not in names or not any(name.startswith(LINE) for name in names):
            return None
        amounts = values_of(rows, (*AMOUNTS, *(LINE + name for name in AMOUNTS)))
        return FileOptions(
            format=self.name,
            charset=beginning.charset,
            delimiter=delimiter,
            decimal_comma=guess_decimal_comma(amounts),
            date_form=guess_date_form(values_of(rows, TIMES)),
        )

    def key_of(self, columns: Sequence[str], options: FileOptions) -> KeyOf:
        """Return a function that returns the external id of a row."""
        del options
        named = [name for name in columns if name and name not in RESULT_COLUMNS]
        repeated = next((name for name, times in Counter(named).items() if times > 1), None)
        if repeated is not None:
            message = f"The header must have each column once; it repeats {shown(repeated)}"
            raise UnreadableFileError("duplicate_column", message)
        if KEY not in columns:
            message = f"The header must have the column {KEY}; got {shown(', '.join(columns))}"
            raise UnreadableFileError("missing_column", f"{message}. Check the delimiter")
        place = columns.index(KEY)
        return lambda cells: cells[place] if place < len(cells) else ""

    def ignored(self, columns: Sequence[str], options: FileOptions) -> tuple[str, ...]:
        """Return the names of the columns that no member of an order has."""
        return columns_of(tuple(columns), options).unknown

    def of_rows(self, rows: Sequence[Row], frame: Frame, options: FileOptions) -> Converted:
        """Return the order of adjacent rows."""
        order = OrderOfRows(columns_of(frame.columns, options))
        for number, _raw, cells in rows:
            order.add(number, cells)
        return order.converted()


FORMAT = AltcraftCsv()
