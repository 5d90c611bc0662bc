"""The main program of the embedded AWS.

It runs in the emulator's own Python environment and cannot import the project's packages.

DynamoDB writes a stream record for each change by PartiQL, and the relay depends on these records.
The emulator does not write them, so this program adds them. It also rejects the requests of foreign
web pages.
"""

import os
import sys
from collections.abc import Callable
from contextvars import ContextVar
from functools import lru_cache
from importlib import import_module
from typing import Any

type Item = dict[str, Any]
type Table = dict[str, Any]

_by_statement: ContextVar[bool] = ContextVar("by_statement", default=False)


def stream_statements(dynamodb: Any) -> None:  # noqa: ANN401  # a module of the emulator
    """Make the emulator write a stream record for each change by PartiQL."""
    for name in ("_partiql_insert", "_partiql_update", "_partiql_delete"):
        setattr(dynamodb, name, _marked(getattr(dynamodb, name)))
    put, remove, emit = dynamodb._set_item, dynamodb._remove_item, dynamodb._emit_stream_event  # noqa: SLF001

    def set_item(table: Table, partition: str, sort: str, item: Item) -> None:
        before = table["items"].get(partition, {}).get(sort)
        put(table, partition, sort, item)
        if _by_statement.get():
            emit(table["TableName"], "MODIFY" if before else "INSERT", before, item)

    def remove_item(table: Table, partition: str, sort: str) -> None:
        before = table["items"].get(partition, {}).get(sort)
        remove(table, partition, sort)
        if _by_statement.get():
            emit(table["TableName"], "REMOVE", before, None)

    dynamodb._set_item, dynamodb._remove_item = set_item, remove_item  # noqa: SLF001


def remember_statements(keywords: Any) -> None:  # noqa: ANN401  # a module of the emulator
    """Cache the emulator's parsed statements, because batches repeat the same statements."""
    keywords._tokenize = lru_cache(maxsize=256)(keywords._tokenize)  # noqa: SLF001


def remember_expressions(dynamodb: Any) -> None:  # noqa: ANN401  # a module of the emulator
    """Cache the emulator's parsed expressions: a query parses its condition for each item."""
    for name in ("_tokenize", "_condition_syntax_error"):
        setattr(dynamodb, name, lru_cache(maxsize=256)(getattr(dynamodb, name)))


def _marked(change: Callable[..., object]) -> Callable[..., object]:
    def by_statement(*arguments: object) -> object:
        mark = _by_statement.set(True)
        try:
            return change(*arguments)
        finally:
            _by_statement.reset(mark)

    return by_statement


def serve() -> int | None:
    """Run the emulator behind the guard until a signal ends it; return its exit code."""
    program: Any = import_module("ministack.app")
    program.app = import_module("request_guard").guarded(
        program.app, int(os.environ["GATEWAY_PORT"])
    )
    result: int | None = program.main()
    return result


if __name__ == "__main__":
    dynamodb: Any = import_module("ministack.services.dynamodb")
    stream_statements(dynamodb)
    remember_expressions(dynamodb)
    remember_statements(import_module("ministack.services._dynamodb_keywords"))
    sys.exit(serve())
