"""What cells look like: how a file writes amounts and times, and what its delimiter is."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

from orders.file_formats.csv_rows import DELIMITERS

# Three digits after a single comma may be thousands.
_WITH_COMMA = re.compile(
    r"[-+]?(?:\d{1,3}(?:[. \u00a0\u202f]?\d{3})*,(?:\d{1,2}|\d{4,8})"
    r"|(?:0|\d{4,}|\d{1,3}(?:[. \u00a0\u202f]\d{3})+),\d{3})"
)
_WITH_POINT = re.compile(r"[-+]?\d+\.\d{1,8}")
_DATE = re.compile(
    r"(?P<first>\d{1,2})[./-](?P<second>\d{1,2})[./-](?P<year>\d{4})"
    r"(?:[T ,]\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second_of_minute>\d{2}))?)?",
    re.ASCII,
)
# The beginning of a date with any time of day.
_DAY = re.compile(
    r"(?P<first>\d{1,2})[./-](?P<second>\d{1,2})[./-]\d{4}(?=(?:[T ,][\d:.\sAPMapmUTCGZ+-]*)?$)",
    re.ASCII,
)
_MONTHS = 12


def guess_decimal_comma(cells: Iterable[str]) -> bool:
    """Return whether amounts seem to have a decimal comma."""
    has_comma = False
    for cell in cells:
        if _WITH_POINT.fullmatch(cell.strip()):
            return False
        has_comma = has_comma or _WITH_COMMA.fullmatch(cell.strip()) is not None
    return has_comma


def guess_date_form(cells: Iterable[str]) -> str:
    """Return the form of dates: iso, dmy or mdy. Dates with points begin with the day."""
    found = list(cells)
    form = certain_date_form(found)
    if form:
        return form
    dates = filter(None, (_DAY.match(cell.strip()) for cell in found))
    return next(("mdy" if "/" in date[0] else "dmy" for date in dates), "iso")


def certain_date_form(cells: Iterable[str]) -> str:
    """Return the form that dates can have only, dmy or mdy, "" if they can have both or neither."""
    forms = set()
    for cell in cells:
        date = _DAY.match(cell.strip())
        if date is not None and int(date["second"]) > _MONTHS:
            forms.add("mdy")
        elif date is not None and (int(date["first"]) > _MONTHS or "." in date[0]):
            forms.add("dmy")
    return forms.pop() if len(forms) == 1 else ""


def guess_delimiter(text: str) -> str:
    """Return the delimiter of a header: that of a `sep=` line, or the one that it has most."""
    line = next((each for each in map(str.strip, _lines(text)) if each), "")
    if line.lower().startswith("sep=") and len(line.strip('"')) > len("sep="):
        return line.strip('"')[4]
    unquoted = re.sub(r'"[^"]*"', "", line)
    return max(DELIMITERS, key=unquoted.count)


def first_rows(text: str, delimiter: str, limit: int = 200) -> list[list[str]]:
    """Return the first rows of a text that have values, the header first."""
    rows: list[list[str]] = []
    try:
        for row in csv.reader(_lines(text), delimiter=delimiter):
            is_separator = not rows and row and row[0].lower().startswith("sep=")
            if any(row) and not is_separator:
                rows.append(row)
            if len(rows) > limit:
                break
    except csv.Error:
        pass
    return rows


def _lines(text: str) -> io.StringIO:
    """Return the lines of a text: only CR, LF and both together end one."""
    return io.StringIO(text, newline="")


def values_of(rows: Sequence[Sequence[str]], names: Iterable[str]) -> Iterable[str]:
    """Yield the values of the columns with these names. `rows` begin with the header."""
    if not rows:
        return
    wanted = set(names)
    places = [place for place, name in enumerate(rows[0]) if name.strip() in wanted]
    for row in rows[1:]:
        yield from (row[place] for place in places if place < len(row) and row[place])
