"""The file of products or SKUs: the JSON body of Altcraft's import, or JSON Lines."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from operator_cli.errors import UsageError
from operator_cli.reconcile_file import STANDARD_INPUT
from orders.protocols.json_text import NotJsonError, read_json

type Root = Mapping[str, Any]


def read_catalogue(file: str) -> tuple[Root, Sequence[object]]:
    """Return the members of the root but `data`, and `data`. Raises UsageError.

    JSON Lines have one element of `data` in each line.
    """
    content = _content(file)
    try:
        tree = read_json(content).tree
    except NotJsonError as error:
        lines = content.splitlines()
        if len([line for line in lines if line.strip()]) > 1 and lines[0].rstrip().endswith(b"}"):
            return {}, _read_lines(file, lines)
        raise UsageError(f"{_named(file)} cannot be read: {error}.") from error
    if isinstance(tree, list):
        return {}, tree
    if not isinstance(tree, dict):
        raise UsageError(f"{_named(file)} must be a JSON object or an array.")
    if "data" not in tree:
        return {}, [tree]
    data = tree.pop("data")
    if not isinstance(data, list):
        raise UsageError(f"data of {_named(file)} must be an array.")
    return tree, data


def _read_lines(file: str, lines: Sequence[bytes]) -> list[object]:
    entries: list[object] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entries.append(read_json(line).tree)
        except NotJsonError as error:
            raise UsageError(f"Line {number} of {_named(file)} is not JSON: {error}.") from error
    return entries


def _content(file: str) -> bytes:
    if file == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from error


def _named(file: str) -> str:
    return "standard input" if file == STANDARD_INPUT else file
