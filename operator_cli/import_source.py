"""The file of an import, and how this machine reads it."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from operator_cli.errors import UsageError
from orders.application.import_job_ports import FileFormats
from orders.domain.file_records import (
    UNCHOSEN,
    FileOptions,
    Frame,
    Record,
    UnreadableFileError,
)

if TYPE_CHECKING:
    from orders.file_formats.interface import FileFormat

# A file up to this size is imported by requests, a larger one by a job.
MAX_SMALL_ORDERS = 1000
MAX_SMALL_BYTES = 4 * 1024 * 1024
# The hub detects a format by so many first bytes too.
BEGINNING_BYTES = 64 * 1024
# With it, any file with columns has a format.
ANY_MAPPING: Mapping[str, Any] = {"group_by": "", "order": {}, "line": {}}


@dataclass(frozen=True, slots=True)
class LocalFormats:
    """The formats as the hub has them. `named` returns one of them."""

    port: FileFormats
    named: Callable[[str], "FileFormat"]


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What the options of the command say. `chosen` are the options of the file's format."""

    chosen: Mapping[str, Any] = field(default_factory=dict)
    skip_triggers: bool = True
    stop_above_percent: int = 10
    on_duplicate: str = "update"

    def as_json(self) -> Mapping[str, Any]:
        """Return the members of a job that follow from the options."""
        options = {name: each for name, each in self.chosen.items() if name != "format"}
        return {
            **({"format": self.chosen["format"]} if "format" in self.chosen else {}),
            **({"options": options} if options else {}),
            "skip_triggers": self.skip_triggers,
            "stop_above_percent": self.stop_above_percent,
            "on_duplicate": self.on_duplicate,
        }


@dataclass(frozen=True, slots=True)
class SmallFile:
    """A file of which all records were read."""

    records: Sequence[Record]
    frame: Frame


@dataclass(frozen=True, slots=True)
class ImportSource:
    """A file, and how to read it. Every method raises UsageError if it cannot be read.

    `ignored` are the columns and members that an import does not read. `mapping_name` is the name
    of a mapping that the hub keeps: then only a job of the hub can read the file.
    """

    file: Path
    size: int
    options: FileOptions
    formats: LocalFormats
    ignored: Sequence[str] = ()
    mapping_name: str | None = None

    def checksum(self) -> str:
        """Return the SHA-256 of the file."""
        with _readable(self.file), self.file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()

    def small(self) -> SmallFile | None:
        """Return the content of a small file whose orders a request can have, None of another."""
        is_small = self.size <= MAX_SMALL_BYTES and self.mapping_name is None
        if not is_small or self.formats.named(self.options.format).protocol != "altcraft":
            return None
        records: list[Record] = []
        size = 0
        with _readable(self.file), self.file.open("rb") as opened:
            content = self.formats.port.open(opened, self.options)
            for record in _marked(content.records):
                records.append(record)
                size += len(record.raw)
                if len(records) > MAX_SMALL_ORDERS or size > MAX_SMALL_BYTES:
                    return None
            if not records:
                raise UnreadableFileError("no_orders", "The file has no orders")
            return SmallFile(tuple(records), content.whole_frame())

    def first(self, limit: int) -> SmallFile:
        """Return the first records."""
        with _readable(self.file), self.file.open("rb") as opened:
            content = self.formats.port.open(opened, self.options)
            records = tuple(islice(_marked(content.records), limit))
        return SmallFile(records, content.frame)


def open_source(
    file: Path, chosen: Mapping[str, Any], formats: Callable[[], LocalFormats]
) -> ImportSource:
    """Return a file and how to read it. Raises UsageError."""
    known = formats()
    mapping = chosen.get("mapping")
    name = mapping if isinstance(mapping, str) else None
    # The hub reads a file of no known system by the mapping that it keeps.
    local = chosen if name is None else {**chosen, "mapping": ANY_MAPPING}
    with _readable(file), file.open("rb") as opened:
        if not file.is_file():
            raise UsageError(f"{file} must be a file.")
        options = known.port.detect(file.name, opened.read(BEGINNING_BYTES), _options_of(local))
        opened.seek(0)
        ignored = () if name else known.port.open(opened, options).frame.ignored
    return ImportSource(file, file.stat().st_size, options, known, ignored, name)


def first_rows_of(
    file: Path, chosen: Mapping[str, Any], limit: int
) -> tuple[FileOptions, Sequence[Sequence[str]]]:
    """Return how to read a file with columns, and its first rows, the header first.

    A file of an unknown format is one with columns. Raises UsageError.
    """
    from orders.file_formats.cells import first_rows
    from orders.file_formats.charsets import codec_of, text_of
    from orders.file_formats.registry import plain_beginning
    from orders.file_formats.table_format import TableFormat

    formats = local_formats()
    with _readable(file), file.open("rb") as opened:
        beginning = opened.read(BEGINNING_BYTES)
        options = formats.port.detect(
            file.name, beginning, _options_of({"mapping": ANY_MAPPING, **chosen})
        )
        data = plain_beginning(beginning, options.compression)
    rows = first_rows(text_of(data, codec_of(options.charset, data)), options.delimiter, limit)
    return options, rows if isinstance(formats.named(options.format), TableFormat) else []


def local_formats() -> LocalFormats:
    """Return the formats of this version of the command."""
    from orders.file_formats.registry import Registry, format_named

    return LocalFormats(Registry(), format_named)


def _options_of(chosen: Mapping[str, Any]) -> FileOptions:
    guessed = tuple(each for each in UNCHOSEN.guessed if each not in chosen)
    return replace(UNCHOSEN, **chosen, guessed=guessed)


def _marked(records: Iterator[Record]) -> Iterator[Record]:
    """Mark the records whose key was in the file before."""
    rows: dict[str, int] = {}
    for each in records:
        first = each.row if each.key is None else rows.setdefault(each.key, each.row)
        yield each if first == each.row else replace(each, first_row=first)


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from error
    except UnreadableFileError as error:
        text = str(error).rstrip(".")
        place = "" if error.row is None else f", row {error.row}"
        raise UsageError(f"{file}{place}: {text}.") from error
