"""The mappings of columns that an account keeps for imports of files."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace

from orders.domain.problems import shown
from orders.domain.settings import Settings

MAX_MAPPINGS = 50
MAX_MAPPING_BYTES = 50 * 1024
NAME_RULE = "1 to 64 letters, digits, points, hyphens and underscores, a letter or digit first"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


def is_mapping_name(text: str) -> bool:
    """Return whether a mapping may have this name (NAME_RULE)."""
    return _NAME.fullmatch(text) is not None


def excess_of_mapping(settings: Settings, name: str, tree: Mapping[str, object]) -> str:
    """Say how the account cannot keep a mapping with this name; "" if it can."""
    if not is_mapping_name(name):
        return f"The name of a mapping must have {NAME_RULE}; got {shown(name)}"
    size = len(json.dumps(tree, ensure_ascii=False).encode())
    if size > MAX_MAPPING_BYTES:
        return f"A mapping must have at most {MAX_MAPPING_BYTES // 1024} KB; got {size} bytes"
    if name not in settings.mappings and len(settings.mappings) >= MAX_MAPPINGS:
        return f"An account must have at most {MAX_MAPPINGS} mappings; remove one first"
    return ""


def with_mapping(settings: Settings, name: str, tree: Mapping[str, object]) -> Settings:
    """Return the settings with a mapping, which replaces the one with the same name."""
    return replace(settings, mappings={**settings.mappings, name: tree})


def without_mapping(settings: Settings, name: str) -> Settings:
    """Return the settings without the mapping of this name."""
    left = {each: tree for each, tree in settings.mappings.items() if each != name}
    return replace(settings, mappings=left)
