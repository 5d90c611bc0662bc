"""Finds the changes of a description that would break existing clients."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.api_contract.node import run_node


def breaking_changes(before: Path, after: Path) -> list[str]:
    """Return the place of each breaking change, sorted. Raises the errors of run_node."""
    changes: list[Mapping[str, Any]] = run_node("breaking.mjs", before, after)
    return sorted({_line(change) for change in changes if _breaks(change)})


# Arrays of answers that were always empty, until updates could fill them.
_ONCE_EMPTY = {"returnInfo", "syncInfo"}

# All messages were of one type, which has an order. Clients of the protocol select by type.
_MEMBERS_OF_MESSAGES = (
    *("paths", "/{projectKey}/messages", "get", "responses", "200", "content", "application/json"),
    *("schema", "properties", "results", "items", "required"),
)


def _breaks(change: Mapping[str, Any]) -> bool:
    """Return whether a change breaks a client.

    The comparison tool judges all changes as changes of requests. It does not report a member that
    answers no longer guarantee, and a member that requests may no longer have. It reports a new
    description of a response, on which no client relies.
    """
    path, is_removed = change["path"], change["action"] == "remove"
    if change["action"] == "replace" and path[-1] == "description":
        return False
    if _ONCE_EMPTY & set(path) or tuple(path[:-1]) == _MEMBERS_OF_MESSAGES:
        return False
    is_promise = "required" in path and "responses" in path
    return change["type"] == "breaking" or (is_removed and ("properties" in path or is_promise))


def _line(change: Mapping[str, Any]) -> str:
    return f"{change['action']} {'/'.join(map(str, change['path']))}"
