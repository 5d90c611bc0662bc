"""Files with columns whose meaning a mapping says: that of a preset, or one that a user wrote."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from orders.domain.file_records import FileOptions, Frame, UnreadableFileError
from orders.domain.problems import Code, Problem, listed, shown
from orders.file_formats.cells import (
    certain_date_form,
    first_rows,
    guess_date_form,
    guess_decimal_comma,
    guess_delimiter,
    values_of,
)
from orders.file_formats.csv_rows import Row
from orders.file_formats.interface import Beginning, Converted
from orders.file_formats.mapped_orders import LatestOrders, MappedOrders
from orders.file_formats.mappings import MONEY, TIMES, ColumnMapping
from orders.file_formats.presets import Preset
from orders.file_formats.table_format import RESULT_COLUMNS, KeyOf, TableFormat
from orders.file_formats.written_mappings import MappingError, overridden, read_mapping

type Cells = Mapping[str, str]
_ID = "external_id"


class MappedTable(TableFormat):
    """A format with columns. Adjacent rows with the same value of `group_by` are one order.

    If lines are in a cell, the columns of a line are names in this cell.
    """

    has_lines_in_a_cell = False

    def __init__(self, preset: Preset) -> None:
        self.name = preset.name
        self.preset = preset
        self._mapping = read_mapping(preset.mapping) if preset.mapping else None
        self._latest = LatestOrders(self._read_mapping)

    def guess(self, beginning: Beginning) -> FileOptions | None:
        """Return how to read a file whose header has the columns of the export."""
        delimiter = guess_delimiter(beginning.text)
        rows = first_rows(beginning.text, delimiter)
        if not rows or not _folded_names(self.preset.columns) <= _folded_names(rows[0]):
            return None
        found = FileOptions(
            format=self.name,
            charset=beginning.charset,
            delimiter=delimiter,
        )
        mapping = self._mapping
        if mapping is None:
            cells = [cell for row in rows[1:] for cell in row]
            return replace(
                found,
                decimal_comma=guess_decimal_comma(cells),
                date_form=guess_date_form(cells),
            )
        # The file may have been saved by a spreadsheet program.
        table = [known_names(tuple(rows[0]), mapping.columns), *rows[1:]]
        return replace(
            found,
            decimal_comma=guess_decimal_comma(values_of(table, mapping.columns_of(MONEY))),
            date_form=certain_date_form(values_of(table, mapping.columns_of(TIMES)))
            or self.preset.date_form,
        )

    def mapping(self, options: FileOptions) -> ColumnMapping:
        """Return the mapping of a file. Raises UnreadableFileError."""
        return self.orders(options).mapping

    def orders(self, options: FileOptions) -> MappedOrders:
        """Return what converts the orders of a file. Raises UnreadableFileError."""
        return self._latest.of(options)

    def _read_mapping(self, options: FileOptions) -> ColumnMapping:
        try:
            if self._mapping is None:
                return read_mapping(options.mapping)
            return overridden(self._mapping, options.mapping)
        except MappingError as error:
            raise UnreadableFileError("invalid_mapping", str(error)) from error

    def known(self, columns: tuple[str, ...], options: FileOptions) -> tuple[str, ...]:
        """Return the names of columns as the mapping writes them."""
        return known_names(columns, self.mapping(options).columns)

    def ignored(self, columns: Sequence[str], options: FileOptions) -> tuple[str, ...]:
        """Return the names of the columns that the mapping does not read."""
        mapped = self.mapping(options).columns | {*RESULT_COLUMNS, ""}
        return tuple(dict.fromkeys(name for name in columns if name not in mapped))

    def key_of(self, columns: Sequence[str], options: FileOptions) -> KeyOf:
        """Return a function that returns the key of a row."""
        names = self.mapping(options).group_by
        place = next((columns.index(name) for name in names if name in columns), None)
        if place is None:
            found = listed([each for each in columns if each])
            wanted = " or ".join(map(shown, names))
            raise UnreadableFileError(
                "missing_column",
                f"The header must have the column {wanted}; got {found}. Check the delimiter "
                "and the mapping",
            )
        self._expect_amounts(columns, options)
        return lambda cells: cells[place].strip() if place < len(cells) else ""

    def _expect_amounts(self, columns: Sequence[str], options: FileOptions) -> None:
        """Raise UnreadableFileError if the user's mapping names columns of amounts in vain.

        A delivery cost or a discount would be lost without a word.
        """
        mapping, preset = self.mapping(options), self._mapping
        parts = [("order", mapping.order, preset.order if preset else {})]
        if not self.has_lines_in_a_cell:
            parts.append(("line", mapping.line, preset.line if preset else {}))
        for part, sources, usual in parts:
            for member in sorted(MONEY & sources.keys()):
                source = sources[member]
                missing = next(iter(source.missing(columns)), ())
                if missing and source.default is None and source != usual.get(member):
                    raise UnreadableFileError(
                        "missing_column",
                        f"The header must have the column {' or '.join(map(shown, missing))}, "
                        f"which the mapping names for {part}.{member}",
                    )

    def id_of(self, columns: Sequence[str], options: FileOptions) -> KeyOf:
        """Return a function that returns the external id in the first row of an order."""
        key_of, source = self.key_of(columns, options), self.mapping(options).order.get(_ID)
        needed = frozenset(source.needed) if source else frozenset()
        # Of a repeated column, the first value counts.
        places = [place for place, name in reversed([*enumerate(columns)]) if name in needed]
        if source is None or not places:
            return key_of

        def id_or_key(cells: Sequence[str]) -> str:
            row = {columns[place]: cells[place] for place in places if place < len(cells)}
            return source.text(row)[1] or key_of(cells)

        return id_or_key

    def of_rows(self, rows: Sequence[Row], frame: Frame, options: FileOptions) -> Converted:
        """Return the order of adjacent rows."""
        repeated = _repeated(frame.columns)
        mapped = self.mapping(options).columns & repeated
        faults = tuple(_faults(rows, frame.columns, mapped, options.delimiter))
        if faults:
            return Converted({}, faults)
        named = _named if repeated else _named_once
        return self.converted([named(cells, frame.columns) for _, _, cells in rows], options)

    def converted(self, rows: Sequence[Cells], options: FileOptions) -> Converted:
        """Return the order of rows by the names of their columns."""
        return self.orders(options).convert(rows)


def known_names(columns: tuple[str, ...], mapped: frozenset[str]) -> tuple[str, ...]:
    """Return the names of columns as a mapping writes them, in any case and with any spaces.

    A column that has the name of the mapping exactly has priority.
    """
    by_folded = {_folded(name): name for name in mapped - set(columns)}
    return tuple(name if name in mapped else by_folded.get(_folded(name), name) for name in columns)


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _folded_names(names: Iterable[str]) -> set[str]:
    return set(map(_folded, names))


@lru_cache(maxsize=8)
def _repeated(columns: tuple[str, ...]) -> frozenset[str]:
    """Return the names that a header has more than once."""
    return frozenset(name for name, count in Counter(columns).items() if count > 1)


def _faults(
    rows: Sequence[Row], columns: Sequence[str], repeated: frozenset[str], delimiter: str
) -> Iterator[Problem]:
    """Find rows with values beyond the last column, and repeated columns that contradict."""
    for number, _raw, cells in rows:
        if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
            message = (
                f"Row {number} must have at most {len(columns)} cells; got {len(cells)}. Put a "
                f"cell that has the delimiter {shown(delimiter)} in quotes"
            )
            yield Problem(Code.MALFORMED, (), message)
        for name in repeated:
            values = {
                cell.strip(): None
                for column, cell in zip(columns, cells, strict=False)
                if column == name and cell.strip()
            }
            if len(values) > 1:
                message = (
                    f"Row {number} must have one value in the columns {shown(name)}; "
                    f"got {listed([*values])}"
                )
                yield Problem(Code.INVALID_VALUE, (), message)


def _named(cells: Sequence[str], columns: Sequence[str]) -> Cells:
    """Return the cells of a row by name. Of a repeated column, the first value counts."""
    named: dict[str, str] = {}
    for name, cell in zip(columns, cells, strict=False):
        if name and not named.get(name, "").strip():
            named[name] = cell
    return named


def _named_once(cells: Sequence[str], columns: Sequence[str]) -> Cells:
    """Return the cells of a row by name, if the header has each name once."""
    return dict(zip(columns, cells, strict=False))
