"""Differences between two objects of JSON, as JSON.

A patch is an object with the differing members. A member is null if it was removed. It is `{"": …}`
around a value that takes the place of another one. It is a patch if both values are objects, and an
object of patches by position if both are arrays of as many objects. Any other value takes the place
of the old one. `{"lines":{"2":{"status":"delivered"}}}` changes the status of the third line.
"""

from collections.abc import Mapping
from typing import Any

type Tree = dict[str, Any]

# The only member around a value that takes the place of another one.
WHOLE = ""
# No JSON value is equal to it.
_ABSENT = object()


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> Tree:
    """Return the patch that makes `new` of `old`. Neither may have a member with an empty name."""
    changes = {
        name: _change(old.get(name, _ABSENT), new.get(name, _ABSENT))
        for name in (*old, *(each for each in new if each not in old))
    }
    return {name: change for name, change in changes.items() if change is not _ABSENT}


def patched(tree: Mapping[str, Any], patch: Mapping[str, Any]) -> Tree:
    """Return a copy of an object to which a patch is applied."""
    result = dict(tree)
    for name, change in patch.items():
        if change is None:
            result.pop(name, None)
        else:
            result[name] = _changed(result.get(name), change)
    return result


def _change(old: Any, new: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return the change of a member, _ABSENT if there is none."""
    if new is _ABSENT:
        return None
    if _is_patchable(old) and _is_patchable(new):
        return difference(old, new) or _ABSENT
    if _are_patchable(old) and _are_patchable(new) and len(old) == len(new):
        parts = {str(n): difference(*pair) for n, pair in enumerate(zip(old, new, strict=True))}
        return {position: each for position, each in parts.items() if each} or _ABSENT
    if _same(old, new):
        return _ABSENT
    return {WHOLE: new} if new is None or isinstance(new, dict) else new


def _is_patchable(value: object) -> bool:
    return isinstance(value, dict) and WHOLE not in value


def _are_patchable(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_patchable, value))


def _same(one: Any, other: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    """Return whether two values are equal in JSON, where true differs from 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _changed(value: Any, change: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if not isinstance(change, dict):
        return change
    if change.keys() == {WHOLE}:
        return change[WHOLE]
    if isinstance(value, list):
        return [
            _changed(each, change[str(position)]) if str(position) in change else each
            for position, each in enumerate(value)
        ]
    return patched(value or {}, change)
