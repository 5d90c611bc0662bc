"""The embedded AWS with injected faults, which runs in the emulator's own Python environment.

A share of the calls of the hub's functions is throttled, fails before or after its effect, is
rejected for a conflict, succeeds only in part, or is slow. A file counts the injected faults.
At a restart, the embedded AWS would lose the table's stream. DynamoDB keeps it, so this program
saves it with the other data.
"""

import asyncio
import json
import os
import random
import sys
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "local_stack"))
emulator_process: Any = import_module("emulator_process")

type Reply = tuple[int, dict[str, str], bytes]
type Handle = Callable[[str, str, dict[str, str], bytes, dict[str, Any]], Awaitable[Reply]]

SHARE = float(os.environ["FAULT_SHARE"])
LOG = Path(os.environ["FAULTS_LOG"])
# Only the hub's functions send this user agent: the operator, the deployment and the audit get no
# faults.
HUB_USER_AGENT = "market-orders "
CHANCE = random.Random(20_260_101)  # noqa: S311 - faults need no secure random numbers
_FAULTS = ("throttled", "failed before", "failed after", "slow", "in part", "conflict")
_THROTTLED = {
    "dynamodb": "ProvisionedThroughputExceededException",
    "events": "ThrottlingException",
}


def with_faults(service: str, handle: Handle) -> Handle:
    """Return a handler of a service that injects faults into a share of the functions' calls."""

    async def faulty(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Reply:
        async def pass_on(sent: bytes = body) -> Reply:
            return await handle(method, path, headers, sent, query)

        action = headers.get("x-amz-target", "").rpartition(".")[2]
        is_of_hub = headers.get("user-agent", "").startswith(HUB_USER_AGENT)
        if not is_of_hub or CHANCE.random() >= SHARE:
            return await pass_on()
        fault = CHANCE.choice(_FAULTS)
        reply = await _inject(fault, service, action, body, pass_on)
        _count(f"{service}.{action}: {fault}" if reply else "none")
        return reply or await pass_on()

    return faulty


async def _inject(
    fault: str,
    service: str,
    action: str,
    body: bytes,
    pass_on: Callable[..., Awaitable[Reply]],
) -> Reply | None:
    """Answer a call with the fault; return None if the call cannot have this fault."""
    match fault:
        case "throttled":
            return _error(400, _THROTTLED[service])
        case "failed before":
            return _error(500, "InternalServerError")
        case "failed after":
            await pass_on()
            return _error(500, "InternalServerError")
        case "slow":
            await asyncio.sleep(CHANCE.uniform(0.2, 1.5))
            return await pass_on()
        case "conflict":
            return _conflict(action, body)
        case _:
            return await _in_part(action, body, pass_on)


def _conflict(action: str, body: bytes) -> Reply | None:
    if action == "TransactWriteItems":
        count = len(json.loads(body)["TransactItems"])
        reasons = [{"Code": "TransactionConflict"}] + [{"Code": "None"}] * (count - 1)
        return _error(400, "TransactionCanceledException", CancellationReasons=reasons)
    if action in {"PutItem", "UpdateItem", "DeleteItem"}:
        return _error(400, "TransactionConflictException")
    return None


async def _in_part(
    action: str, body: bytes, pass_on: Callable[..., Awaitable[Reply]]
) -> Reply | None:
    """Pass on the first half of a batch, and reject the rest."""
    sent: dict[str, Any] = json.loads(body)
    if action == "BatchGetItem":
        [(table, asked)] = sent["RequestItems"].items()
        taken, left = _halves(asked["Keys"])
        sent["RequestItems"] = {table: {**asked, "Keys": taken}}
        reply = await _passed(sent, pass_on)
        unprocessed = {table: {**asked, "Keys": left}} if left else {}
        return _reply(200, {**reply, "UnprocessedKeys": unprocessed})
    if action not in _LISTS:
        return None
    parts, results, refusal = _LISTS[action]
    sent[parts], left = _halves(sent[parts])
    reply = await _passed(sent, pass_on)
    reply[results] += [refusal] * len(left)
    if "FailedEntryCount" in reply:
        reply["FailedEntryCount"] += len(left)
    return _reply(200, reply)


# The member that holds the parts of a batch, that of their results, and the result of a rejected
# part.
_LISTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "BatchExecuteStatement": (
        "Statements",
        "Responses",
        {"Error": {"Code": "ThrottlingError", "Message": "injected"}},
    ),
    "PutEvents": (
        "Entries",
        "Entries",
        {"ErrorCode": "ThrottlingException", "ErrorMessage": "injected"},
    ),
}


def _halves(parts: list[Any]) -> tuple[list[Any], list[Any]]:
    half = (len(parts) + 1) // 2
    return parts[:half], parts[half:]


async def _passed(sent: dict[str, Any], pass_on: Callable[..., Awaitable[Reply]]) -> dict[str, Any]:
    _, _, answered = await pass_on(json.dumps(sent).encode())
    tree: dict[str, Any] = json.loads(answered)
    return tree


def _error(status: int, code: str, **members: object) -> Reply:
    kind = f"com.amazonaws.dynamodb.v20120810#{code}"
    return _reply(status, {"__type": kind, "message": "injected", **members})


def _reply(status: int, tree: dict[str, Any]) -> Reply:
    return status, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(tree).encode()


def _count(what: str) -> None:
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"{what}\n")


def keep_stream(dynamodb: Any) -> None:  # noqa: ANN401 - a module of the emulator
    """Make the emulator keep the table's stream at a restart, as it keeps the table."""
    get_state, restore = dynamodb.get_state, dynamodb._restore_state  # noqa: SLF001

    def get_all() -> dict[str, Any]:
        return {**get_state(), "stream_records": dynamodb._stream_records}  # noqa: SLF001

    def restore_all(data: dict[str, Any]) -> object:
        kept = data.pop("stream_records", None)
        restored = restore(data)
        if kept is not None:
            dynamodb._stream_records._data.update(kept._data)  # noqa: SLF001
        return restored

    dynamodb.get_state, dynamodb._restore_state = get_all, restore_all  # noqa: SLF001


if __name__ == "__main__":
    dynamodb: Any = import_module("ministack.services.dynamodb")
    events: Any = import_module("ministack.services.eventbridge")
    emulator_process.stream_statements(dynamodb)
    emulator_process.remember_expressions(dynamodb)
    emulator_process.remember_statements(import_module("ministack.services._dynamodb_keywords"))
    keep_stream(dynamodb)
    dynamodb.handle_request = with_faults("dynamodb", dynamodb.handle_request)
    events.handle_request = with_faults("events", events.handle_request)
    sys.exit(emulator_process.serve())
