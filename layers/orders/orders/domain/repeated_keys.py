"""Keys that are in a file more than once, found in little memory.

Python's dict takes more than 100 bytes a key. These tables take 12 bytes a place, and at most three
of four places are used. Each of many small tables grows on its own, so that growing never doubles
the memory.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

_TABLES = 1024
_FIRST_PLACES = 64


@dataclass(slots=True)
class _Table:
    """Hashes of keys with their rows: a hash is at the first free place from its own on."""

    hashes: array[int] = field(default_factory=lambda: _zeros("Q", _FIRST_PLACES))
    rows: array[int] = field(default_factory=lambda: _zeros("I", _FIRST_PLACES))
    used: int = 0

    def put(self, number: int, row: int) -> int | None:
        """Keep the row of a hash, unless it has one: then return that."""
        place = self._place_of(number)
        if self.hashes[place]:
            return self.rows[place]
        self.hashes[place], self.rows[place] = number, row
        self.used += 1
        if self.used * 4 > len(self.hashes) * 3:
            self._grow()
        return None

    def _place_of(self, number: int) -> int:
        """Return the place of a hash, or the free one that it gets."""
        hashes, last = self.hashes, len(self.hashes) - 1
        place = number & last
        while hashes[place] not in (0, number):
            place = (place + 1) & last
        return place

    def _grow(self) -> None:
        before = list(self._entries())
        self.hashes = _zeros("Q", len(self.hashes) * 2)
        self.rows = _zeros("I", len(self.hashes))
        for number, row in before:
            place = self._place_of(number)
            self.hashes[place], self.rows[place] = number, row

    def _entries(self) -> Iterator[tuple[int, int]]:
        return ((number, row) for number, row in zip(self.hashes, self.rows, strict=True) if number)


@dataclass(slots=True)
class RepeatedKeys:
    """The keys of a file that is being read, with the first row of each.

    Keys are compared by hashes of 64 bits. Among ten million keys, two different ones have the same
    hash in one of 300,000 files: then the second order is reported as a duplicate.
    """

    _tables: list[_Table] = field(default_factory=lambda: [_Table() for _ in range(_TABLES)])

    def first_row(self, key: str, row: int) -> int | None:
        """Return the row that had the key before. If there is none, keep this one."""
        digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        # Zero marks a free place.
        number = int.from_bytes(digest) or 1
        return self._tables[number >> 54].put(number, row)


def _zeros(kind: str, count: int) -> array[int]:
    whole: array[int] = array(kind, [0]) * count
    return whole
