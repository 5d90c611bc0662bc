"""Where the contract lies, and how it is written."""

import json
from pathlib import Path
from typing import Any

_PROJECT = Path(__file__).parents[2]
# What the hub serves.
DESCRIPTION = _PROJECT / "functions" / "describe_api" / "openapi.json"
POSTMAN_COLLECTION = _PROJECT / "docs" / "postman_collection.json"
# The last released description: what clients rely on.
RELEASED = Path(__file__).with_name("released.json")


def written(tree: dict[str, Any]) -> str:
    """Return the text of a file of the contract."""
    return json.dumps(tree, indent=1, ensure_ascii=False) + "\n"
