"""Reads and writes settings as a YAML file."""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from operator_cli.errors import OperatorError
from orders.domain.problems import Steps, pointer
from orders.domain.settings import Settings
from orders.protocols.encodings import other_unicode
from orders.protocols.settings_document import (
    SettingsDocument,
    document_of,
    is_required,
    known_keys,
)

STANDARD_INPUT = "-"
# A place in a file: keys and positions, all as text, because YAML reads the key 1 as a number.
type Keys = tuple[str, ...]
# Messages for the error types of Pydantic. The messages of other types are shown unchanged.
EXPLANATIONS = {
    "bool_type": "must be true or false",
    "dict_type": "must be a mapping of names to numbers",
    "enum": "must be one of {expected}",
    "extra_forbidden": "is not a known key; the known keys are: {known}",
    "greater_than_equal": "must be at least {ge}",
    "int_type": "must be a whole number",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "list_type": "must be a list",
    "missing": "is required",
    "model_type": "must be a mapping with the keys: {known}",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must have {min_length} or more characters",
    "string_type": "must be text: put it in quotes",
    "too_short": "must have {min_length} or more elements",
}
# Messages for errors that the YAML parser describes in terms of Python.
YAML_PROBLEMS = {
    "found unhashable key": "a key must be text or a number",
    "maximum recursion depth exceeded": "it is nested too deeply",
}


class _Loader(yaml.SafeLoader):
    """Reads dates as text, because a settings document holds them as text."""


def _text_of(loader: _Loader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _text_of)


class _Dumper(yaml.SafeDumper):
    """Escapes line separators other than line feeds, so that they can be read back."""


def _node_of(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = '"' if _FOLDED.search(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


# YAML reads these characters as an end of line, unless they are escaped in double quotes.
_FOLDED = re.compile("[\x85\u2028\u2029]")
_Dumper.add_representer(str, _node_of)


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A valid settings document; `lines` maps each place in it to a line of the file."""

    name: str
    document: SettingsDocument
    lines: Mapping[Keys, int]

    def refusal(self, faults: Iterable[tuple[Steps, str]]) -> str:
        """Return a message that lists the faults of the file, one on each line."""
        return _refusal(self.name, self.lines, faults)


def read_settings_file(path: str) -> SettingsFile:
    """Read a settings file; `-` is standard input.

    Raises OperatorError with every fault of the file, its path and its line.
    """
    name = "standard input" if path == STANDARD_INPUT else path
    tree, lines = _parsed(name, _text(name, path))
    try:
        document = SettingsDocument.model_validate(tree)
    except ValidationError as error:
        raise OperatorError(_refusal(name, lines, _faults(error))) from error
    return SettingsFile(name, document, lines)


def settings_yaml(settings: Settings) -> str:
    """Return settings as the text of a file for `read_settings_file`, without empty members."""
    tree = document_of(settings).model_dump(mode="json", exclude_none=True)
    for section in tree.values():
        for part in section if isinstance(section, list) else []:
            _drop_empty(part)
    text: str = yaml.dump(tree, Dumper=_Dumper, allow_unicode=True, sort_keys=False)
    return text


def _drop_empty(part: object) -> None:
    for key in ("name", "enum_values", "slug"):
        if isinstance(part, dict) and not part.get(key):
            part.pop(key, None)


def _text(name: str, path: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if path == STANDARD_INPUT else Path(path).read_bytes()
        encoding = other_unicode(raw)
        if encoding:
            raise OperatorError(
                f"{name} must be UTF-8 text; it looks like {encoding}: save it as UTF-8."
            )
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise OperatorError(f"{name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise OperatorError(
            f"{name} must be UTF-8 text; the byte at position {error.start} is not valid."
        ) from error


def _parsed(name: str, text: str) -> tuple[object, dict[Keys, int]]:
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        if root is None:
            raise OperatorError(f"{name} is empty: it must have at least one section.")
        lines = dict(_lines(root))
        repeated = list(_repeated(root))
        tree: object = loader.construct_document(root)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise OperatorError(f"{name} is not valid YAML: {_reason(error)}.") from error
    if repeated:
        raise OperatorError(_refusal(name, lines, repeated))
    return tree, lines


def _reason(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        problem = str(error.problem)
        return f"{YAML_PROBLEMS.get(problem, problem)} (line {error.problem_mark.line + 1})"
    problem = " ".join(str(error).split())
    if problem.startswith("Exceeds the limit"):
        return f"a number has more than {sys.get_int_max_str_digits()} digits"
    return YAML_PROBLEMS.get(problem, problem)


def _lines(node: yaml.Node, path: Keys = ()) -> Iterator[tuple[Keys, int]]:
    yield path, node.start_mark.line + 1
    for key, child in _children(node):
        yield from _lines(child, (*path, key))


def _repeated(node: yaml.Node, path: Keys = ()) -> Iterator[tuple[Keys, str]]:
    """Find duplicate keys: PyYAML would ignore all but the last one."""
    seen: set[str] = set()
    for key, child in _children(node):
        below = (*path, key)
        if key in seen:
            yield below, "is a duplicate key"
        seen.add(key)
        yield from _repeated(child, below)


def _children(node: yaml.Node) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.SequenceNode):
        yield from ((str(position), child) for position, child in enumerate(node.value))
    elif isinstance(node, yaml.MappingNode):
        yield from ((str(key.value), value) for key, value in node.value)


def _faults(error: ValidationError) -> Iterator[tuple[Steps, str]]:
    for detail in error.errors(include_url=False):
        location = detail["loc"]
        extra = detail["type"] == "extra_forbidden"
        values: dict[str, Any] = {
            **detail.get("ctx", {}),
            "known": ", ".join(known_keys(location[:-1] if extra else location)),
        }
        if "expected" in values:
            # Pydantic lists the values of an enum in single quotes.
            values["expected"] = values["expected"].replace("'", '"')
        # A key without a value is null.
        is_missing = detail["input"] is None and is_required(location)
        text = EXPLANATIONS.get("missing" if is_missing else detail["type"])
        message = text.format(**values) if text else detail["msg"].removeprefix("Value error, ")
        yield location, message


def _refusal(name: str, lines: Mapping[Keys, int], faults: Iterable[tuple[Steps, str]]) -> str:
    texts = [f"{pointer(*path) or '/'}: {message}{_line(lines, path)}" for path, message in faults]
    count = "1 error" if len(texts) == 1 else f"{len(texts)} errors"
    return "\n".join([f"{name} was not applied, because it has {count}:", *texts])


def _line(lines: Mapping[Keys, int], path: Steps) -> str:
    """Return the line of a path. A missing member gets the line of the nearest one around it."""
    steps = tuple(map(str, path))
    while steps not in lines and steps:
        steps = steps[:-1]
    return f" (line {lines[steps]})" if steps in lines else ""
