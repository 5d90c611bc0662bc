"""The main program of the embedded AWS.

It runs in the emulator's own Python environment and cannot import the project's packages.

DynamoDB writes a stream record for each change by PartiQL, and the relay depends on these records.
The emulator does not write them, so this program adds them. It also delivers events to log groups,
limits a replay to the rules that it names, and rejects the requests of foreign web pages.
"""

import json
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


def complete_targets(eventbridge: Any, logs: Any) -> None:  # noqa: ANN401  # modules of the emulator
    """Make the emulator deliver to log groups, and let a replay reach only the rules it names."""
    invoke = eventbridge._invoke_target  # noqa: SLF001

    def invoke_target(
        target: dict[str, Any],
        event: dict[str, Any],
        rule: dict[str, Any],
        view: Any = None,  # noqa: ANN401
    ) -> None:
        replay = eventbridge._replays.get(event.get("ReplayName"))  # noqa: SLF001
        reached = replay and replay["Destination"].get("FilterArns")
        if reached and rule["Arn"] not in reached:
            return
        _, log_group, name = target["Arn"].partition(":log-group:")
        if not log_group:
            invoke(target, event, rule, view)
            return
        view = view or eventbridge._pattern_event_view(event)  # noqa: SLF001
        line = eventbridge._apply_input_transformer(target["InputTransformer"], rule, view)  # noqa: SLF001
        place = {"logGroupName": name.removesuffix(":*"), "logStreamName": rule["Name"]}
        logs._create_log_stream(place)  # noqa: SLF001
        logs._put_log_events({**place, "logEvents": [{"message": json.loads(line)["message"]}]})  # noqa: SLF001

    eventbridge._invoke_target = invoke_target  # noqa: SLF001


def remember_statements(keywords: Any) -> None:  # noqa: ANN401  # a module of the emulator
    """Cache the emulator's parsed statements, because batches repeat the same statements."""
    keywords._tokenize = lru_cache(maxsize=256)(keywords._tokenize)  # noqa: SLF001


def parse_once(dynamodb: Any) -> None:  # noqa: ANN401  # a module of the emulator
    """Parse each member of a batch once: the emulator parses it to check it, and again to run it.

    A statement is known by its list of parameters, which a batch passes on. What was parsed is used
    once more only, because running a statement may change it.
    """
    parse = dynamodb._parse_partiql  # noqa: SLF001
    last: ContextVar[tuple[str, list[Any], Any] | None] = ContextVar("last", default=None)

    def parse_partiql(statement: str, parameters: list[Any]) -> object:
        known = last.get()
        if known is not None and known[0] == statement and known[1] is parameters:
            last.set(None)
            return known[2]
        parsed = parse(statement, parameters)
        last.set((statement, parameters, parsed) if parameters else None)
        return parsed

    dynamodb._parse_partiql = parse_partiql  # noqa: SLF001


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
    parse_once(dynamodb)
    remember_expressions(dynamodb)
    complete_targets(
        import_module("ministack.services.eventbridge"),
        import_module("ministack.services.cloudwatch_logs"),
    )
    remember_statements(import_module("ministack.services._dynamodb_keywords"))
    sys.exit(serve())
