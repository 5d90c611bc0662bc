"""Converts the description to a Postman collection."""

from pathlib import Path
from typing import Any

from orders.protocols.idempotency import KEY_HEADER
from tools.api_contract.node import run_node

# The converter generates random ids, and invents answers where there is no example.
_LEFT_OUT = frozenset({"id", "_postman_id", "_postman_previewlanguage", "response"})


def export_collection(description: Path) -> dict[str, Any]:
    """Return the collection of a description file. Raises the errors of run_node."""
    collection: dict[str, Any] = _kept(run_node("postman.mjs", description))
    return collection


def _kept(node: Any) -> Any:  # noqa: ANN401 - any node of a collection
    if isinstance(node, list):
        return [_kept(each) for each in node]
    if not isinstance(node, dict):
        return node
    if node.get("key") == KEY_HEADER:
        # Each request needs a key of its own, which Postman generates if the header is enabled.
        node |= {"value": "{{$guid}}", "disabled": True}
    return {name: _kept(each) for name, each in node.items() if name not in _LEFT_OUT}
