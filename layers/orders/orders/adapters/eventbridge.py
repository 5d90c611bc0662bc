"""Publish triggers to EventBridge in batches, and send failed entries again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from orders.adapters.aws_faults import TRANSIENT_CODES, code_of, is_transient
from orders.adapters.parallel_calls import ParallelCalls
from orders.application.ports import Deadline, Pause, Unsent
from orders.application.retries import attempts, pause_with_jitter
from orders.domain.order import Order
from orders.domain.times import format_time
from orders.domain.triggers import SCHEMA_VERSION, Trigger, TriggerPayload

if TYPE_CHECKING:
    from mypy_boto3_events.client import EventBridgeClient

_log = logging.getLogger(__name__)

SOURCE = "market.orders"
ENTRIES_PER_CALL = 10
# EventBridge accepts less than 256 KB for an entry and for a call. The overhead of a call is not
# documented, so this limit is lower.
MAX_BYTES = 250_000
# More at a time are slower: the threads then wait for each other.
MAX_THREADS = 32
_NO_TIME = "NoTimeLeft"
_PASSING = "PassingFault"
TRANSIENT = TRANSIENT_CODES | {_PASSING}
# The entry itself is invalid, so a retry cannot succeed.
_ENTRY_FAULTS = frozenset({"InvalidArgument", "MalformedDetail", "ValidationException"})
# EventBridge counts 14 bytes for the `Time` of an entry.
_TIME_BYTES = 14


# Returns an order as JSON, in the format of the protocol that wrote it.
type Present = Callable[[Order], bytes]


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A trigger with its EventBridge entry."""

    trigger: Trigger
    entry: Mapping[str, Any]
    size: int


@dataclass(slots=True)
class EventBridgePublisher:
    """Implements TriggerPublisher with an event bus."""

    client: EventBridgeClient
    bus: str
    present: Present
    pause: Pause = pause_with_jitter
    _in_parallel: ParallelCalls = field(
        default_factory=lambda: ParallelCalls(MAX_THREADS), init=False
    )

    def publish(self, triggers: Sequence[Trigger], deadline: Deadline) -> Sequence[Unsent]:
        """Publish the triggers. Return those that could not be sent in time."""
        left = self._in_parallel(
            lambda parcels: self._send(parcels, deadline),
            _packed([self._parcel(trigger) for trigger in triggers]),
        )
        return [unsent for answers in left for unsent in answers]

    def _parcel(self, trigger: Trigger) -> _Parcel:
        detail = detail_of(trigger, self.present)
        entry = {
            "EventBusName": self.bus,
            "Source": SOURCE,
            "DetailType": str(trigger.kind),
            "Time": trigger.order.updated_at,
            "Detail": detail.decode(),
        }
        return _Parcel(trigger, entry, _overhead(trigger) + len(detail))

    def _send(self, parcels: Sequence[_Parcel], deadline: Deadline) -> list[Unsent]:
        unsent = {parcel.trigger.id: Unsent(parcel.trigger, _NO_TIME) for parcel in parcels}
        for _ in attempts(deadline, self.pause):
            if deadline.remaining() <= 0:
                break
            failures = self._try(parcels)
            for parcel in parcels:
                code = failures.get(parcel.trigger.id)
                if code is None:
                    del unsent[parcel.trigger.id]
                else:
                    poison = code in _ENTRY_FAULTS
                    unsent[parcel.trigger.id] = Unsent(parcel.trigger, code, poison)
            parcels = [each for each in parcels if failures.get(each.trigger.id) in TRANSIENT]
            if not parcels:
                break
        return list(unsent.values())

    def _try(self, parcels: Sequence[_Parcel]) -> dict[str, str]:
        """Send the entries once. Return the error codes of the failed ones, by trigger id."""
        try:
            answer = self.client.put_events(
                Entries=[parcel.entry for parcel in parcels]  # type: ignore[misc]
            )
        except (ClientError, BotoCoreError) as error:
            code = code_of(error)
            _log.warning("PutEvents failed", extra={"code": code})
            if is_transient(error):
                return dict.fromkeys((parcel.trigger.id for parcel in parcels), _PASSING)
            return self._try_singly(parcels) if len(parcels) > 1 else {parcels[0].trigger.id: code}
        failures: dict[str, str] = {}
        # The results have no ids. They are in the order of the entries.
        for parcel, result in zip(parcels, answer["Entries"], strict=True):
            if "ErrorCode" in result:
                code = str(result["ErrorCode"])
                _log.warning("a trigger failed", extra={"id": parcel.trigger.id, "code": code})
                failures[parcel.trigger.id] = code
        return failures

    def _try_singly(self, parcels: Sequence[_Parcel]) -> dict[str, str]:
        """Send the entries of a rejected call one by one, so that only the invalid ones fail."""
        return {name: code for each in parcels for name, code in self._try([each]).items()}


def detail_of(trigger: Trigger, present: Present) -> bytes:
    """Return the public detail of a trigger as JSON (see events/schemas).

    If the entry is larger than MAX_BYTES, or if the trigger is thin, the order is left out. If it
    is still too large, the changed values are left out too.
    """
    limit = MAX_BYTES - _overhead(trigger)
    members: dict[str, Any] = {
        "id": trigger.id,
        "schema_version": SCHEMA_VERSION,
        "account": trigger.order.account,
        "occurred_at": format_time(trigger.order.updated_at),
        "order_id": trigger.order.order_id,
        "external_id": trigger.order.external_id,
        "version": trigger.order.version,
        "protocol": trigger.order.protocol,
        "changed": orjson.Fragment(trigger.changes),
        **({"revived": True} if trigger.revived else {}),
        **({} if trigger.payload is TriggerPayload.FULL else {"person_omitted": True}),
    }
    if trigger.payload is not TriggerPayload.THIN:
        whole = orjson.dumps({**members, "order": orjson.Fragment(present(trigger.order))})
        if len(whole) <= limit:
            return whole
    partial = orjson.dumps({**members, "order_omitted": True})
    if len(partial) <= limit:
        return partial
    names: dict[str, dict[str, Any]] = {member: {} for member in trigger.changed}
    return orjson.dumps(
        {**members, "changed": names, "changed_omitted": True, "order_omitted": True}
    )


def _overhead(trigger: Trigger) -> int:
    return _TIME_BYTES + len(SOURCE) + len(trigger.kind)


def _packed(parcels: Sequence[_Parcel]) -> Iterator[list[_Parcel]]:
    """Split the entries into calls that respect the limits of EventBridge."""
    call: list[_Parcel] = []
    size = 0
    for parcel in parcels:
        if call and (len(call) == ENTRIES_PER_CALL or size + parcel.size > MAX_BYTES):
            yield call
            call, size = [], 0
        call.append(parcel)
        size += parcel.size
    if call:
        yield call
