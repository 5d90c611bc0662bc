"""The lines of a file with their original bytes. A line ends with LF, CR LF or CR."""

import re
from collections.abc import Iterable, Iterator

from orders.file_formats.bounds import expect_kept, without_gaps
from orders.file_formats.charsets import bytes_of, decoded, is_wide

_LINE = re.compile(r"[^\r\n]*+(?:\r\n|\r|\n)|[^\r\n]++")
# Rows of these have no value.
_BLANK = ' \t\r\n,;|"'
_END = re.compile(r"\r\n\Z|[\r\n]\Z")


def raw_lines(blocks: Iterable[bytes], codec: str) -> Iterator[bytes]:
    """Yield the lines with their ends; their sum is the file. Raises UnreadableFileError."""
    if is_wide(codec):
        yield from _wide_lines(blocks, codec)
        return
    rest, number = b"", 1
    for block in without_gaps(blocks, _BLANK.encode(), (b"\n", b"\r")):
        lines = (rest + block).splitlines(keepends=True)
        # After a CR, an LF may follow in the next block.
        rest = b"" if lines[-1].endswith(b"\n") else lines.pop()
        yield from lines
        number += len(lines)
        expect_kept(len(rest), number, f"Line {number}")
    yield from rest.splitlines(keepends=True)


def _wide_lines(blocks: Iterable[bytes], codec: str) -> Iterator[bytes]:
    rest, number = "", 1
    for text in without_gaps(decoded(blocks, codec), _BLANK, ("\n", "\r")):
        lines = _LINE.findall(rest + text)
        rest = lines.pop() if lines and not lines[-1].endswith("\n") else ""
        for line in lines:
            yield bytes_of(line, codec)
        number += len(lines)
        expect_kept(len(rest), number, f"Line {number}")
    if rest:
        yield bytes_of(rest, codec)


def line_end(text: str) -> str:
    """Return the line end of a line, "" if it has none."""
    found = _END.search(text)
    return found[0] if found else ""
