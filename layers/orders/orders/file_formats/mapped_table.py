"""Files with columns whose meaning a mapping says: that of a preset, or one that a user wrote."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from orders.domain.file_records import FileOptions, Frame, UnreadableFileError
from orders.domain.problems import listed, shown
from orders.file_formats.cells import (
    first_rows,
    guess_date_form,
    guess_decimal_comma,
    guess_delimiter,
)
from orders.file_formats.csv_rows import Row
from orders.file_formats.interface import Beginning, Converted
from orders.file_formats.mappings import (
    ColumnMapping,
    MappingError,
    convert,
    overridden,
    read_mapping,
)
from orders.file_formats.presets import Preset
from orders.file_formats.table_format import RESULT_COLUMNS, KeyOf, TableFormat

type Cells = Mapping[str, str]


class MappedTable(TableFormat):
    """A format with columns. Adjacent rows with the same value of `group_by` are one order.

    If lines are in a cell, the columns of a line are names in this cell.
    """

    has_lines_in_a_cell = False

    def __init__(self, preset: Preset) -> None:
        self.name = preset.name
        self.preset = preset

    def guess(self, beginning: Beginning) -> FileOptions | None:
        """Return how to read a file whose header has the columns of the export."""
        delimiter = guess_delimiter(beginning.text)
        rows = first_rows(beginning.text, delimiter)
        if not rows or not self.preset.columns <= {name.strip() for name in rows[0]}:
            return None
        found = FileOptions(
            format=self.name,
            charset=beginning.charset,
            delimiter=delimiter,
            decimal_comma=self.preset.decimal_comma,
            date_form=self.preset.date_form,
        )
        if self.preset.mapping:
            return found
        cells = [cell for row in rows[1:] for cell in row]
        return replace(
            found,
            decimal_comma=guess_decimal_comma(cells),
            date_form=guess_date_form(cells),
        )

    def mapping(self, options: FileOptions) -> ColumnMapping:
        """Return the mapping of a file. Raises UnreadableFileError."""
        try:
            if not self.preset.mapping:
                return read_mapping(options.mapping)
            return overridden(read_mapping(self.preset.mapping), options.mapping)
        except MappingError as error:
            raise UnreadableFileError("invalid_mapping", str(error)) from error

    def ignored(self, columns: Sequence[str], options: FileOptions) -> tuple[str, ...]:
        """Return the names of the columns that the mapping does not read."""
        mapped = self.mapping(options).columns | {*RESULT_COLUMNS, ""}
        return tuple(dict.fromkeys(name for name in columns if name not in mapped))

    def key_of(self, columns: Sequence[str], options: FileOptions) -> KeyOf:
        """Return a function that returns the key of a row."""
        name = self.mapping(options).group_by
        if name not in columns:
            found = listed([each for each in columns if each])
            raise UnreadableFileError(
                "missing_column",
                f"The header must have the column {shown(name)}; got {found}. Check the delimiter "
                "and the mapping",
            )
        place = columns.index(name)
        return lambda cells: cells[place].strip() if place < len(cells) else ""

    def of_rows(self, rows: Sequence[Row], frame: Frame, options: FileOptions) -> Converted:
        """Return the order of adjacent rows."""
        return self.converted(list(self.named_cells(rows, frame)), options)

    def converted(self, rows: Sequence[Cells], options: FileOptions) -> Converted:
        """Return the order of rows by the names of their columns."""
        return convert(self.mapping(options), rows, options)

    def named_cells(self, rows: Sequence[Row], frame: Frame) -> Iterator[Cells]:
        """Yield the cells of each row by name. Of a repeated column, the first value counts."""
        for _number, _raw, cells in rows:
            named: dict[str, str] = {}
            for name, cell in zip(frame.columns, cells, strict=False):
                if name and not named.get(name, "").strip():
                    named[name] = cell
            yield named
