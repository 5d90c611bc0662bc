"""The notes in result files of JSON: one more member of an order, or an object beside it."""

import re
from typing import Any

import orjson

from orders.domain.file_records import Note
from orders.domain.problems import MAX_PROBLEMS, Code, Problem
from orders.file_formats.bounds import MAX_RECORD_BYTES
from orders.file_formats.interface import Converted
from orders.protocols.json_text import NotJsonError, read_json, write_json

MEMBER = "_import"
_NAME = b'"_import"'
# What an earlier result file appended. Braces in its texts are escaped.
_APPENDED = re.compile(rb'"_import"\s*+:\s*+\{[^{}]*+\}\s*+(?=\}\s*+\Z)')
_SPACE = b" \t\r\n"


def marked(raw: bytes, note: Note, separator: bytes) -> bytes:
    """Return an object with a note. Other text has its note in an object before it.

    So has an object without members: with the note alone, it would be only a note.
    """
    mark = _written(note)
    plain = _without_note(raw)
    inner = plain.rstrip(_SPACE)
    members = inner[:-1].rstrip(_SPACE)
    is_object = inner.endswith(b"}") and inner.lstrip(_SPACE).startswith(b"{")
    if not is_object or members.endswith(b"{"):
        return b"".join((b'{"_import":', mark, b"}", separator, raw))
    return b"".join((members, b',"_import":', mark, plain[len(members) :]))


def _without_note(raw: bytes) -> bytes:
    """Return an object without the note that an earlier result file appended."""
    start = raw.rfind(_NAME)
    found = _APPENDED.match(raw, start) if start > 0 else None
    if found is None:
        return raw
    return raw[:start].rstrip(_SPACE).removesuffix(b",").rstrip(_SPACE) + raw[found.end() :]


def _written(note: Note) -> bytes:
    tree = {"row": note.row, "code": note.code, "path": note.path, "message": note.message}
    inner = write_json(tree)[1:-1].replace(b"{", b"\\u007b").replace(b"}", b"\\u007d")
    return b"".join((b"{", inner, b"}"))


def key_of(raw: bytes, member: str = "external_id") -> str | None:
    """Return the external id of an order, None if it cannot be read.

    A record that is too large is not read: its value may take much more memory than its text.
    """
    found = _loaded(raw) if len(raw) <= MAX_RECORD_BYTES else None
    key = found.get(member) if isinstance(found, dict) else None
    if isinstance(key, bool) or not isinstance(key, str | int):
        return None
    return str(key)


def is_mark(raw: bytes) -> bool:
    """Return whether an object is only the note of what follows it."""
    if _NAME not in raw:
        return False
    found = _loaded(raw)
    return isinstance(found, dict) and list(found) == [MEMBER]


def _loaded(raw: bytes) -> Any:  # noqa: ANN401 - any JSON
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None


def too_large(raw: bytes) -> Converted | None:
    """Return the fault of a record that is too large, None for others."""
    if len(raw) <= MAX_RECORD_BYTES:
        return None
    limit = f"{MAX_RECORD_BYTES // 1024**2} MB"
    message = f"The record must have at most {limit}; got {len(raw)} bytes"
    return not_an_order(Code.ORDER_TOO_LARGE, message)


def not_an_order(code: Code, message: str) -> Converted:
    """Return the fault of a record that cannot be read as an order."""
    return Converted({}, (Problem(code, (), message),))


def converted(raw: bytes) -> Converted:
    """Return the order of a record in JSON, without its note."""
    refused = too_large(raw)
    if refused is not None:
        return refused
    try:
        text = read_json(raw)
    except NotJsonError as error:
        reason = str(error).replace("The body", "The record", 1)
        return not_an_order(Code.MALFORMED, reason)
    if not isinstance(text.tree, dict):
        return not_an_order(Code.WRONG_TYPE, "The order must be an object")
    text.tree.pop(MEMBER, None)
    faults = (each for each in text.faults(MAX_PROBLEMS + 1) if each.path[:1] != (MEMBER,))
    return Converted(text.tree, tuple(faults)[:MAX_PROBLEMS])
