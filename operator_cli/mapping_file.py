"""Reads and writes mappings of columns as YAML files."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from operator_cli.errors import UsageError
from orders.domain.problems import shown

_MAP = "tag:yaml.org,2002:map"
_BOOL, _TIME = "tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp"


class _Loader(yaml.SafeLoader):
    """Reads names, dates and words such as yes and no as the texts that the columns have."""


def _map_of(loader: _Loader, node: yaml.MappingNode) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(None, None, "a name must be text", None)
        if key.value in found:
            problem = f"{shown(key.value)} is a duplicate"
            raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
        found[key.value] = loader.construct_object(value, deep=True)
    return found


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in rules if tag not in {_BOOL, _TIME}]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOL, re.compile(r"true|false"), ["t", "f"])
_Loader.add_constructor(_MAP, _map_of)


def read_mapping_file(file: Path) -> Mapping[str, Any]:
    """Return the content of a mapping file as plain JSON. Raises UsageError."""
    try:
        tree = yaml.load(file.read_text(encoding="utf-8-sig"), _Loader)  # noqa: S506 - a safe loader
        plain = json.loads(json.dumps(tree, allow_nan=False))
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from error
    except yaml.MarkedYAMLError as error:
        line = f" (line {error.problem_mark.line + 1})" if error.problem_mark else ""
        raise UsageError(f"{file} is not YAML in UTF-8: {error.problem}{line}.") from error
    except (ValueError, TypeError, RecursionError, yaml.YAMLError) as error:
        raise UsageError(f"{file} is not YAML in UTF-8.") from error
    if not isinstance(plain, dict):
        raise UsageError(f"{file} must have a mapping at its root.")
    return plain


def checked_mapping(file: Path) -> Mapping[str, Any]:
    """Return the content of a mapping file whose members were checked. Raises UsageError."""
    from orders.file_formats.written_mappings import MappingError, check_mapping

    tree = read_mapping_file(file)
    try:
        check_mapping(tree)
    except MappingError as error:
        raise UsageError(f"{file}: {error}.") from error
    return tree


def mapping_yaml(tree: Mapping[str, object]) -> str:
    """Return a mapping as YAML that `read_mapping_file` reads."""
    text: str = yaml.safe_dump(dict(tree), allow_unicode=True, sort_keys=False)
    return text
