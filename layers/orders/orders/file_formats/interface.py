"""The interface of a file format."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from orders.domain.file_records import FileOptions, Frame, Note, OpenFile, Record
from orders.domain.problems import Problem

type Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Converted:
    """A record as one order in the words of the format's protocol: plain data as in its JSON.

    Numbers are int or Decimal. `faults` are problems of the record, with paths below the order. A
    record with faults is never imported. `list_sources` returns what `source_of` has. Only records
    with problems need it.
    """

    tree: Tree
    faults: tuple[Problem, ...] = ()
    list_sources: Callable[[], Mapping[str, str]] | None = None

    @property
    def source_of(self) -> Mapping[str, str]:
        """Return the columns, or the paths in the file, that members came from, by JSON pointer.

        The result file and messages name them.
        """
        return {} if self.list_sources is None else self.list_sources()


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first bytes of a decompressed file, at most 64 KB. `text` is what they say."""

    name: str
    data: bytes
    charset: str
    text: str


class FileFormat(Protocol):
    """Reads and writes the files of one system.

    `name` is what users choose; `protocol` names the protocol whose orders `convert` returns
    (`altcraft` or `commercetools`).
    """

    name: str
    protocol: str

    def guess(self, beginning: Beginning) -> FileOptions | None:
        """Return how to read a file that begins so, None if it is of another format."""

    def open(self, source: BinaryIO, options: FileOptions) -> OpenFile:
        """Read the head of a decompressed file. Raises UnreadableFileError."""

    def convert(self, record: Record, frame: Frame, options: FileOptions) -> Converted:
        """Return the order of a record."""

    def head(self, frame: Frame, options: FileOptions) -> bytes:
        """Return the beginning of a result file."""

    def annotated(self, record: Record, note: Note, frame: Frame, options: FileOptions) -> bytes:
        """Return a record of a result file: the original bytes with the four columns appended."""

    def tail(self, frame: Frame, options: FileOptions) -> bytes:
        """Return the end of a result file."""


type Formats = Sequence[FileFormat]
