"""Triggers are published in few calls, and unsent triggers are reported."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from mypy_boto3_events.client import EventBridgeClient

from orders.adapters.eventbridge import MAX_BYTES, EventBridgePublisher, detail_of
from orders.application.ports import Unsent
from orders.domain.order import Order
from orders.domain.triggers import Trigger, trigger_of
from orders.protocols.altcraft.representation import present
from tests.support.deadlines import CountingPause, FixedDeadline

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DEADLINE = FixedDeadline()
type Tree = dict[str, Any]


def _order(
    number: int = 1, document: str = '{"status":"new","lines":[]}', version: int = 1
) -> Order:
    return Order(
        "demo", f"order {number}", number, version, "new", "altcraft", document, NOW, NOW, "request"
    )


def _triggers(count: int, document: str = '{"status":"new","lines":[]}') -> list[Trigger]:
    return [trigger_of(None, _order(number, document)) for number in range(1, count + 1)]


@pytest.fixture
def events() -> Iterator[EventBridgeClient]:
    with mock_aws():
        client = boto3.client("events")
        client.create_event_bus(Name="triggers")
        yield client


class Bus:
    """Records each PutEvents call, and can answer in place of the bus."""

    def __init__(self, client: EventBridgeClient, *answers: Sequence[str] | None) -> None:
        self.calls: list[list[Tree]] = []
        self.answers = list(answers)
        client.meta.events.register("provide-client-params.events.PutEvents", self._on_call)
        client.meta.events.register("after-call.events.PutEvents", self._on_answer)

    def _on_call(self, params: Tree, **_rest: object) -> None:
        self.calls.append(list(params["Entries"]))

    def _on_answer(self, parsed: Tree, **_rest: object) -> None:
        codes = self.answers.pop(0) if self.answers else None
        if codes is not None:
            parsed["Entries"] = [
                {"ErrorCode": code} if code else {"EventId": "1"} for code in codes
            ]


def _publisher(client: EventBridgeClient, limit: int = 5) -> EventBridgePublisher:
    return EventBridgePublisher(client, "triggers", present, CountingPause(limit))


def test_a_trigger_is_an_entry_with_the_public_detail(events: EventBridgeClient) -> None:
    bus = Bus(events)
    [trigger] = _triggers(1)
    assert _publisher(events).publish([trigger], DEADLINE) == []
    [[entry]] = bus.calls
    assert (entry["EventBusName"], entry["Source"], entry["DetailType"], entry["Time"]) == (
        "triggers",
        "market.orders",
        "OrderCreated",
        NOW,
    )
    assert json.loads(entry["Detail"]) == {
        "id": trigger.id,
        "schema_version": 1,
        "account": "demo",
        "occurred_at": "2026-01-02T03:04:05Z",
        "order_id": 1,
        "external_id": "order 1",
        "version": 1,
        "protocol": "altcraft",
        "changed": {},
        "order": {"external_id": "order 1", "status": "new", "lines": []},
    }


def test_a_call_has_at_most_ten_entries(events: EventBridgeClient) -> None:
    bus = Bus(events)
    triggers = _triggers(23)
    assert _publisher(events).publish(triggers, DEADLINE) == []
    assert sorted(len(call) for call in bus.calls) == [3, 10, 10]
    sent = {json.loads(entry["Detail"])["id"] for call in bus.calls for entry in call}
    assert sent == {trigger.id for trigger in triggers}


def test_a_call_has_at_most_256_kb(events: EventBridgeClient) -> None:
    bus = Bus(events)
    note = "я" * 50_000
    assert _publisher(events).publish(_triggers(5, f'{{"note":"{note}"}}'), DEADLINE) == []
    assert sorted(len(call) for call in bus.calls) == [1, 2, 2]
    for call in bus.calls:
        assert sum(len(entry["Detail"].encode()) for entry in call) <= MAX_BYTES


def test_only_failed_entries_are_sent_again(events: EventBridgeClient) -> None:
    bus = Bus(events, ["", "InternalFailure", "ThrottlingException"], ["InternalFailure", ""])
    triggers = _triggers(3)
    assert _publisher(events).publish(triggers, DEADLINE) == []
    ids = [[json.loads(entry["Detail"])["order_id"] for entry in call] for call in bus.calls]
    assert ids == [[1, 2, 3], [2, 3], [2]]


def test_an_invalid_entry_is_not_sent_again(events: EventBridgeClient) -> None:
    bus = Bus(events, ["MalformedDetail", "", "InternalFailure"])
    triggers = _triggers(3)
    assert _publisher(events).publish(triggers, DEADLINE) == [
        Unsent(triggers[0], "MalformedDetail", is_poison=True)
    ]
    assert [len(call) for call in bus.calls] == [3, 1]


def test_triggers_that_are_not_sent_in_time_are_reported(events: EventBridgeClient) -> None:
    Bus(events, *[["InternalFailure"] * 3] * 5)
    triggers = _triggers(3)
    left = _publisher(events, limit=2).publish(triggers, DEADLINE)
    assert list(left) == [Unsent(each, "InternalFailure") for each in triggers]


def test_nothing_is_sent_after_the_deadline(events: EventBridgeClient) -> None:
    bus = Bus(events)
    triggers = _triggers(12)
    left = _publisher(events).publish(triggers, FixedDeadline(0))
    assert sorted(each.trigger.order.order_id for each in left) == list(range(1, 13))
    assert bus.calls == []


def test_a_failed_call_is_repeated_after_a_transient_error(events: EventBridgeClient) -> None:
    triggers = _triggers(12)
    events.delete_event_bus(Name="triggers")
    bus = Bus(events)
    left = _publisher(events).publish(triggers, DEADLINE)
    assert sorted(each.trigger.order.order_id for each in left) == list(range(1, 13))
    assert len(bus.calls) == 2 + 12, "an unknown bus is a permanent error"


def test_an_invalid_entry_does_not_block_the_others_of_its_call(events: EventBridgeClient) -> None:
    bus = Bus(events)

    def refuse(params: Tree, **_rest: object) -> None:
        if any('"order_id":3,' in entry["Detail"] for entry in params["Entries"]):
            raise ClientError({"Error": {"Code": "ValidationException"}}, "PutEvents")

    events.meta.events.register("provide-client-params.events.PutEvents", refuse)
    triggers = _triggers(5)
    assert _publisher(events).publish(triggers, DEADLINE) == [
        Unsent(triggers[2], "ValidationException", is_poison=True)
    ]
    assert [len(call) for call in bus.calls] == [5, 1, 1, 1, 1, 1]


def test_an_order_that_is_too_large_is_left_out() -> None:
    before, after = _order(), _order(1, json.dumps({"note": "x" * MAX_BYTES}), 2)
    after = replace(after, status="paid")
    created = json.loads(detail_of(trigger_of(None, after), present))
    assert created["order_omitted"] is True
    assert "order" not in created
    updated = detail_of(trigger_of(before, after), present)
    assert len(updated) < MAX_BYTES
    tree = json.loads(updated)
    assert (tree["order_omitted"], tree["changed_omitted"]) == (True, True)
    assert tree["changed"] == {"note": {}, "status": {}, "lines": {}}


def test_a_detail_of_exactly_the_largest_size_is_kept() -> None:
    overhead = len(detail_of(trigger_of(None, _order(1, '{"note":""}')), present))
    room = MAX_BYTES - 14 - len("market.orders") - len("OrderCreated") - overhead
    fits = detail_of(
        trigger_of(None, _order(1, json.dumps({"note": "x" * room}, separators=(",", ":")))),
        present,
    )
    assert b'"order":' in fits
    over = detail_of(
        trigger_of(None, _order(1, json.dumps({"note": "x" * (room + 1)}, separators=(",", ":")))),
        present,
    )
    assert b'"order_omitted":true' in over


def _entry_bytes(call: list[Tree]) -> int:
    """Count as EventBridge does; an entry with a time takes 14 bytes more."""
    members = ("Source", "DetailType", "Detail")
    return sum(14 + len(entry[name].encode()) for entry in call for name in members) - 28 * len(
        call
    )


@pytest.mark.parametrize("room", [249_000, 249_900, 250_000, 250_001, 255_000, 261_000, 262_144])
def test_no_entry_and_no_call_has_more_than_250_000_bytes(
    events: EventBridgeClient, room: int
) -> None:
    """Below the 256 KiB of EventBridge, with room for how it counts."""
    bus = Bus(events)
    empty = len(detail_of(trigger_of(None, _order(1, '{"note":""}')), present))
    frame = 14 + len("market.orders") + len("OrderCreated")
    note = "x" * (room - frame - empty)
    triggers = _triggers(1, f'{{"note":"{note}"}}') + _triggers(3)[1:]
    assert _publisher(events).publish(triggers, DEADLINE) == []
    assert max(_entry_bytes(call) for call in bus.calls) <= 250_000
    details = [json.loads(entry["Detail"]) for call in bus.calls for entry in call]
    assert max("order_omitted" in detail for detail in details) == (room > 250_000)
