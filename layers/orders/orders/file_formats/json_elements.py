"""The elements of a JSON array that is read as a stream, with their original bytes."""

import json
import re
from collections.abc import Iterator

from orders.domain.file_records import UnreadableFileError
from orders.file_formats.bounds import expect_kept

_NO_SPACE = re.compile(r"[^ \t\r\n]")
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_SCALAR = re.compile(r'[^\s,\[\]{}":]++')
# Everything up to the next bracket that is not in a string.
_BRACKET = re.compile(r'[^"{}\[\]]*+(?:"(?:[^"\\]++|\\.)*+"[^"{}\[\]]*+)*+([{}\[\]])', re.DOTALL)
_PAIRS = {"}": "{", "]": "["}
# The fastest way to the end of a value that is valid. Its numbers are not needed.
_whole_value = json.JSONDecoder(parse_int=str, parse_float=str).raw_decode


_PIECE = 64 * 1024
_MOST_KEPT = 8 * _PIECE


class JsonReader:
    """Reads JSON from blocks of text, and keeps what was not taken yet."""

    def __init__(self, parts: Iterator[str]) -> None:
        self._parts = parts
        # Text that was read too early, the next piece last.
        self._pieces: list[str] = []
        self._is_ended = False
        self.data = ""
        self.position = 0
        # What is before it was taken.
        self._start = 0
        # The number of the element that is read, for messages.
        self.row: int | None = None

    def more(self) -> bool:
        """Read at least as much again as is kept, so that long values are read in few steps."""
        if self._is_ended:
            return False
        kept = self.data[self._start :]
        expect_kept(len(kept), self.row, "An element of the array, and what is around it,")
        found = [kept]
        wanted = len(kept)
        while wanted >= 0:
            part = self._pieces.pop() if self._pieces else next(self._parts, "")
            if not part:
                self._is_ended = True
                break
            found.append(part)
            wanted -= len(part)
        self.data = "".join(found)
        self.position -= self._start
        self._start = 0
        return len(found) > 1

    def take(self) -> str:
        """Return the text up to the position that was not taken yet."""
        taken = self.data[self._start : self.position]
        self._start = self.position
        if len(self.data) > _MOST_KEPT:
            self._put_back()
        return taken

    def _put_back(self) -> None:
        """Keep little text after a large value: a fault in it is found by counting line ends."""
        end = self._start + _PIECE
        places = range(end, len(self.data), _PIECE)
        self._pieces += [self.data[place : place + _PIECE] for place in reversed(places)]
        self.data = self.data[self._start : end]
        self.position, self._start = 0, 0

    def rest(self) -> str:
        """Return all text that was not taken yet. Raises UnreadableFileError for too much."""
        while self.more():
            pass
        self.position = len(self.data)
        return self.take()

    def next_byte(self) -> str:
        """Skip white space. Return the byte at the position, "" at the end of the file."""
        while True:
            found = _NO_SPACE.search(self.data, self.position)
            if found is not None:
                self.position = found.start()
                return found[0]
            self.position = len(self.data)
            if not self.more():
                return ""

    def expect(self, allowed: str, what: str) -> str:
        """Step over the next byte, which must be one of these."""
        found = self.next_byte()
        if not found or found not in allowed:
            raise self.malformed(what)
        self.position += 1
        return found

    def value(self) -> str:
        """Step over a value of any type, and return it."""
        first = self.next_byte()
        if not first:
            raise self.cut_off()
        offset = self.position - self._start
        while True:
            start = self._start + offset
            end = self._end(first, start)
            if end is not None:
                self.position = end
                return self.data[start:end]
            if not self.more():
                raise self.cut_off()

    def _end(self, first: str, start: int) -> int | None:
        """Return the end of the value at `start`, None if it is not known yet."""
        if first in "{[":
            return self._end_of_brackets(start)
        found = (_STRING if first == '"' else _SCALAR).match(self.data, start)
        if found is None:
            if first == '"':
                return None
            raise self.malformed("a value")
        # More of a number may follow.
        is_whole = first == '"' or found.end() < len(self.data) or self._is_ended
        return found.end() if is_whole else None

    def _end_of_brackets(self, start: int) -> int | None:
        try:
            return _whole_value(self.data, start)[1]
        except (ValueError, RecursionError):
            # The end is also found if the value is invalid, so that others can be read.
            return self._end_by_brackets(start)

    def _end_by_brackets(self, start: int) -> int | None:
        opened: list[str] = []
        data, position = self.data, start
        while found := _BRACKET.match(data, position):
            position = found.end()
            bracket = found[1]
            if bracket in "{[":
                opened.append(bracket)
            elif opened[-1] == _PAIRS[bracket]:
                opened.pop()
                if not opened:
                    return position
            else:
                self.position = position - 1
                raise self.malformed("brackets that match")
        return None

    def malformed(self, wanted: str) -> UnreadableFileError:
        """Return the error of JSON that cannot be read on."""
        if self.position >= len(self.data) and not self.more():
            return self.cut_off()
        place = f"Element {self.row} of the array" if self.row else "The beginning of the file"
        message = f"{place} is not valid JSON: it must have {wanted}"
        return UnreadableFileError("malformed", message, self.row)

    def cut_off(self) -> UnreadableFileError:
        """Return the error of a file that ends too early."""
        message = "The file ends before its array is closed; it may be cut off"
        return UnreadableFileError("truncated", message, self.row)
