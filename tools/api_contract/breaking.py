"""What a new description would break for the clients of an older one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.api_contract.node import run_node


def breaking_changes(before: Path, after: Path) -> list[str]:
    """Return each change that breaks a client, by its place. Raises what run_node raises."""
    changes: list[Mapping[str, Any]] = run_node("breaking.mjs", before, after)
    return sorted({_told(change) for change in changes if _breaks(change)})


def _breaks(change: Mapping[str, Any]) -> bool:
    """Tell whether a change breaks a client.

    The comparison is made for requests: it does not see that a member which an answer no longer
    promises is missed, and that one which a request may no longer hold is lost.
    """
    path, is_removed = change["path"], change["action"] == "remove"
    is_promise = "required" in path and "responses" in path
    return change["type"] == "breaking" or (is_removed and ("properties" in path or is_promise))


def _told(change: Mapping[str, Any]) -> str:
    return f"{change['action']} {'/'.join(map(str, change['path']))}"
