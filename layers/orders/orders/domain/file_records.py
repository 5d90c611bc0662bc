"""The records of an imported file: each holds the rows of one order, byte for byte."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Record:
    """The rows of one order.

    `row` is the number of the first row, from 1, as a spreadsheet or an editor shows it: the header
    of a CSV file is row 1. In a JSON array it is the number of the element. `key` is the external
    id as the file has it, None if it cannot be read. `raw` are the original bytes of the rows, with
    their line ends. `first_row` is set if the key was in the file before: the row of the record
    that had it.
    """

    row: int
    key: str | None
    raw: bytes
    first_row: int | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """What is around the records of a file: `head`, then the records with `separator`, then `tail`.

    `columns` are the names in the header of a file with columns. `ignored` are the names of columns
    and members of the file that the import does not read; `unknown` are those members beside the
    orders that the protocol does not have. `skip_triggers` holds for each order of the file.
    """

    head: bytes = b""
    separator: bytes = b""
    tail: bytes = b""
    columns: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    skip_triggers: bool = False


@dataclass(frozen=True, slots=True)
class FileOptions:
    """How a file is read. All of it is stored in the job and shown: no guess is silent.

    `format` is the name of a file format. `compression` is `none`, `gzip` or `zip`. `delimiter`,
    `decimal_comma` and `date_form` matter to files with columns. `mapping` overrides how a format
    maps columns to members. `guessed` are the names of the options that nobody has chosen.
    """

    format: str
    compression: str = "none"
    charset: str = "utf-8"
    delimiter: str = ","
    decimal_comma: bool = False
    date_form: str = "iso"
    mapping: Mapping[str, object] = field(default_factory=dict)
    guessed: tuple[str, ...] = ()


# What is known of a file before its format is detected.
UNCHOSEN = FileOptions(
    format="",
    guessed=("format", "compression", "charset", "delimiter", "decimal_comma", "date_form"),
)


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file whose head was read. `records` are read while they are iterated, in file order.

    Iterating raises UnreadableFileError at a fault after which no record can be found. The tail of
    `frame` only closes the file; `ended` returns the frame with the tail that the file has.
    """

    frame: Frame
    records: Iterator[Record]
    ended: Callable[[], Frame] | None = None

    def whole_frame(self) -> Frame:
        """Return the frame of a file of which all records were iterated."""
        return self.frame if self.ended is None else self.ended()


class UnreadableFileError(Exception):
    """A file cannot be read as the format says. The message is written for its sender."""

    def __init__(self, code: str, message: str, row: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.row = row


@dataclass(frozen=True, slots=True)
class Note:
    """What the four appended columns of a result file say of a record: row, code, path, message.

    `code` is an outcome (`created`, `updated`, `unchanged`), `unprocessed`, or that of a problem.
    """

    row: int
    code: str
    path: str = ""
    message: str = ""
