"""A plain format of files, for the engine of import jobs."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from orders.application.ports import SentOrder
from orders.domain.file_records import (
    UNCHOSEN,
    FileOptions,
    Frame,
    Note,
    OpenFile,
    Record,
    UnreadableFileError,
)
from orders.domain.known_products import EntryName
from orders.domain.problems import Code, Problem, Reported
from orders.domain.settings import Rulebook
from orders.domain.submissions import Rejection, Submission


@dataclass(frozen=True)
class LineOrder:
    """An order of a line of JSON: `{"id": ..., "text": ...}`. One with `bad` is rejected."""

    position: int
    line: bytes
    skip_trigger: bool
    product_names: tuple[EntryName, ...] = ()

    @property
    def external_id(self) -> str | None:
        return key_of(self.line)

    def submit(self, rules: Rulebook, before: Reported) -> Submission | Rejection:
        del rules, before
        tree = json.loads(self.line)
        path = ("data", self.position)
        if "bad" in tree:
            count = int(tree["bad"])
            message = "`count` must be positive; got 0"
            at = [(*path, "lines", index, "count") for index in range(count)]
            return Rejection(tuple(Problem(Code.INVALID_VALUE, each, message) for each in at))
        document = json.dumps({"text": tree["text"]}, separators=(",", ":"))
        return Submission(tree["id"], "altcraft", document, "new", path=path)


def key_of(line: bytes) -> str | None:
    """Return the id of a line."""
    try:
        key: str | None = json.loads(line).get("id")
    except ValueError:
        return None
    return key


@dataclass
class LineFormats:
    """FileFormats with one format: lines of JSON. A file that begins with `?` has no format."""

    def detect(self, name: str, beginning: bytes, chosen: FileOptions = UNCHOSEN) -> FileOptions:
        del name
        if beginning.startswith(b"?"):
            raise UnreadableFileError("unknown_format", "The file has no known format")
        return replace(chosen, format="lines")

    def open(self, source: BinaryIO, options: FileOptions) -> OpenFile:
        assert options.format == "lines"
        return OpenFile(Frame(), self._records(source), lambda: Frame(columns=("id", "text")))

    def _records(self, source: BinaryIO) -> Iterator[Record]:
        for row, line in enumerate(source, 1):
            if line.startswith(b"!"):
                raise UnreadableFileError("broken", "The row must be JSON", row)
            yield Record(row, key_of(line), line)

    def sent_orders(
        self,
        records: Sequence[Record],
        frame: Frame,
        options: FileOptions,
        *,
        skip_triggers: bool,
        account: str = "",
        client: str = "",
    ) -> Sequence[SentOrder]:
        del options, account, client
        assert frame.columns
        return [
            LineOrder(position, each.raw, skip_triggers) for position, each in enumerate(records)
        ]

    def head(self, frame: Frame, options: FileOptions) -> bytes:
        del frame, options
        return b"head\n"

    def annotated(self, record: Record, note: Note, frame: Frame, options: FileOptions) -> bytes:
        del frame, options
        notes = f" {note.row}|{note.code}|{note.path}|{note.message}\n"
        return record.raw.rstrip(b"\n") + notes.encode()

    def tail(self, frame: Frame, options: FileOptions) -> bytes:
        del frame, options
        return b"tail\n"
