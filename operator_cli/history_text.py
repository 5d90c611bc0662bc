"""The history of an order as text: one line a version, and one line for each changed value."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from orders.protocols.json_text import write_json

type Tree = Mapping[str, Any]

ABSENT = "(none)"
# Lines and other entries of a document have one of these members as their id.
_IDS = ("external_id", "id", "key")
_MISSING = object()


def history_lines(versions: Iterable[Tree]) -> Iterator[str]:
    """Yield the lines of a history, in the order of its versions."""
    for version in versions:
        yield _heading(version)
        changed = version["changed"]
        if changed is None:
            if version["status"] is not None:
                yield "  what changed is not known: the version before is not kept"
            continue
        for member, change in changed.items():
            for path, old, new in differences(
                (member,), change.get("old", _MISSING), change.get("new", _MISSING)
            ):
                yield f"  {_path_text(path)}: {_value(old)} -> {_value(new)}"


def differences(
    path: tuple[str, ...], old: object, new: object
) -> Iterator[tuple[tuple[str, ...], object, object]]:
    """Yield the path, the old and the new value of each part that differs.

    Elements of arrays that have an id are compared by it, others by their place.
    """
    if old == new and type(old) is type(new):
        return
    before, after = _parts(old), _parts(new)
    if before is None or after is None:
        yield path, old, new
        return
    for name in [*before, *(each for each in after if each not in before)]:
        below = (*path, name)
        yield from differences(below, before.get(name, _MISSING), after.get(name, _MISSING))


def _parts(value: object) -> Mapping[str, object] | None:
    """Return the parts of an object or an array by their names, None for any other value."""
    if isinstance(value, Mapping):
        return {str(name): each for name, each in value.items()}
    if not isinstance(value, list):
        return None
    for member in _IDS:
        ids = [each.get(member) if isinstance(each, Mapping) else None for each in value]
        if None not in ids and len(set(map(str, ids))) == len(ids):
            return {f"[{name}]": each for name, each in zip(ids, value, strict=True)}
    return {f"[{place}]": each for place, each in enumerate(value)}


def _heading(version: Tree) -> str:
    parts = [
        f"version {version['version']}",
        str(version["at"]),
        str(version["trigger"] or "no trigger"),
        f"external_id {_value(version['external_id'])}",
        f"status {_value(version['status'])}" if version["status"] is not None else "",
        f"through {version['protocol']}" if version["protocol"] else "",
        f"client {_value(version['client'])}" if version["client"] else "",
        f"request {version['request_id']}" if version["request_id"] else "",
    ]
    return "  ".join(part for part in parts if part)


def _path_text(path: Sequence[str]) -> str:
    text = ""
    for name in path:
        text += name if name.startswith("[") or not text else f".{name}"
    return printable(text)


def _value(value: object) -> str:
    return ABSENT if value is _MISSING else printable(write_json(value).decode())


def printable(text: str) -> str:
    """Escape characters that a terminal would act on."""
    return "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in text)
