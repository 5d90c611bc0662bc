"""The files of the contract and their format."""

import json
from pathlib import Path
from typing import Any

_PROJECT = Path(__file__).parents[2]
# The hub returns this file at /openapi.json.
DESCRIPTION = _PROJECT / "functions" / "describe_api" / "openapi.json"
POSTMAN_COLLECTION = _PROJECT / "docs" / "postman_collection.json"
# The last released description, on which clients rely.
RELEASED = Path(__file__).with_name("released.json")


def written(tree: dict[str, Any]) -> str:
    """Return the text of a contract file."""
    return json.dumps(tree, indent=1, ensure_ascii=False) + "\n"


def written_by_part(tree: dict[str, Any]) -> str:
    """Return the text of a released description: one line for each path and each component.

    Programs read it, and a diff of two releases names the parts that changed.
    """
    members = (f"{_line(name)}: {_parts(value, name)}" for name, value in tree.items())
    return "{\n" + ",\n".join(members) + "\n}\n"


def _parts(value: Any, name: str) -> str:  # noqa: ANN401 - any JSON value
    if name == "components":
        kinds = (f"{_line(kind)}: {_parts(parts, 'paths')}" for kind, parts in value.items())
        return "{\n" + ",\n".join(kinds) + "\n}"
    if name == "paths":
        lines = (f"{_line(part)}: {_line(content)}" for part, content in value.items())
        return "{\n" + ",\n".join(lines) + "\n}"
    return _line(value)


def _line(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
