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
