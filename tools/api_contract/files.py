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
_WIDTH = 120


def written(tree: dict[str, Any]) -> str:
    """Return the text of a contract file. A value that fits in one line has one line."""
    return _indented(tree, "") + "\n"


def _indented(value: Any, margin: str) -> str:  # noqa: ANN401 - any JSON value
    line = json.dumps(value, ensure_ascii=False)
    if len(margin) + len(line) <= _WIDTH or not isinstance(value, dict | list) or not value:
        return line
    inner = margin + " "
    if isinstance(value, dict):
        members = (
            f"{json.dumps(name, ensure_ascii=False)}: {_indented(each, inner)}"
            for name, each in value.items()
        )
        opening, closing = "{}"
    else:
        members = (_indented(each, inner) for each in value)
        opening, closing = "[]"
    return f"{opening}\n{inner}" + f",\n{inner}".join(members) + f"\n{margin}{closing}"


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
