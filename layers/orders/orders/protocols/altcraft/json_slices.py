"""The slices of a request in JSON, of which it is known that it can be read."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from orders.protocols.altcraft.slices import Slices

_SPACE = re.compile(r"[ \t\n\r]*")
# Finds the end of a value. Numbers are not read: a long one would be rejected.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)


def slices_of(body: bytes) -> Slices:
    """Return the slices of an object with `data`, or of an array that counts as its `data`."""
    text = body.decode("utf-8-sig")
    start = _after_space(text, 0)
    if text[start] == "[":
        return _sliced(text, start, "", "")
    members = list(_parts(text, start, _member))
    kept = [each for each in members if each.name != "token"]
    # The name of a member may have escapes.
    at = next(number for number, each in enumerate(kept) if each.name == "data")
    # The first member that is kept has the white space of the first one that was sent.
    before = text[: members[0].start] + "".join(
        text[each.start : each.end] + "," + text[after.begin : after.start]
        for each, after in pairwise(kept[: at + 1])
    )
    after = "".join("," + text[each.begin : each.end] for each in kept[at + 1 :])
    data = kept[at]
    head = before + text[data.start : data.value]
    return _sliced(text, data.value, head, after + text[members[-1].end :], data.end)


@dataclass(frozen=True, slots=True)
class _Part:
    """An element of an array, or a member of an object.

    `begin` is the place of the white space before it, `start` its own, `value` that of its value.
    """

    begin: int
    start: int
    value: int
    end: int
    name: str = ""


def _sliced(text: str, start: int, head: str, tail: str, end: int | None = None) -> Slices:
    """Return the slices of the array at `start`, between `head` and `tail`."""
    elements = list(_parts(text, start, _element))
    first, last = (elements[0].value, elements[-1].end) if elements else (start + 1, start + 1)
    # The first element that a document keeps has the white space of the first one that was sent.
    head = head + text[start:first] if head else text[:first]
    frame = [head, *[""] * len(elements)]
    frame[-1] += text[last:end] + tail
    return Slices(
        frame,
        [text[each.value : each.end] for each in elements],
        ["," + text[each.begin : each.value] for each in elements],
    )


def _parts(text: str, start: int, read: Callable[[str, int], _Part]) -> Iterator[_Part]:
    """Yield the parts of the array or object that begins at `start`."""
    begin = start + 1
    if text[_after_space(text, begin)] in "]}":
        return
    while True:
        part = read(text, begin)
        yield part
        after = _after_space(text, part.end)
        if text[after] != ",":
            return
        begin = after + 1


def _element(text: str, begin: int) -> _Part:
    value = _after_space(text, begin)
    return _Part(begin, value, value, _end_of(text, value))


def _member(text: str, begin: int) -> _Part:
    start = _after_space(text, begin)
    name, end = _DECODER.raw_decode(text, start)
    value = _after_space(text, _after_space(text, end) + 1)
    return _Part(begin, start, value, _end_of(text, value), name)


def _end_of(text: str, start: int) -> int:
    _, end = _DECODER.raw_decode(text, start)
    return end


def _after_space(text: str, start: int) -> int:
    found = _SPACE.match(text, start)
    return found.end() if found else start
