"""The end of an import job is published as its schema says."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from jsonschema import Draft202012Validator
from moto import mock_aws

from orders.adapters.job_triggers import EventBridgeJobTriggers, detail_of
from orders.application.errors import StorageRefusedError, StorageUnavailableError
from orders.domain.import_jobs import FINISHED, Counts, JobKind, JobState, Undone
from tests.support.deadlines import DEADLINE, CountingPause
from tests.support.import_jobs import import_job

SCHEMA = json.loads(
    (Path(__file__).parents[3] / "events" / "schemas" / f"{FINISHED}.json").read_text("utf-8")
)
ENDED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
JOB = import_job(state=JobState.COMPLETED, run=1, counts=Counts(1, 2, 3, 4, 5, 6), ended_at=ENDED)


@dataclass
class Bus:
    """The bus, its entries, and the answers that replace the next ones."""

    triggers: EventBridgeJobTriggers
    entries: list[dict[str, Any]] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        events = self.triggers.client.meta.events
        events.register("provide-client-params.events.PutEvents", self._on_call)
        events.register("after-call.events.PutEvents", self._on_answer)

    def _on_call(self, params: dict[str, Any], **_rest: object) -> None:
        self.entries += params["Entries"]

    def _on_answer(self, parsed: dict[str, Any], **_rest: object) -> None:
        if self.codes and (code := self.codes.pop(0)):
            parsed["Entries"] = [{"ErrorCode": code}]


@pytest.fixture
def bus() -> Iterator[Bus]:
    with mock_aws():
        client = boto3.client("events")
        client.create_event_bus(Name="triggers")
        yield Bus(EventBridgeJobTriggers(client, "triggers", CountingPause(4)))


def test_the_trigger_has_the_counts_and_the_end_of_the_job(bus: Bus) -> None:
    bus.triggers.publish(JOB, DEADLINE)
    [entry] = bus.entries
    assert (entry["DetailType"], entry["Source"]) == ("ImportJobFinished", "market.orders")
    assert (entry["EventBusName"], entry["Time"]) == ("triggers", ENDED)
    detail = json.loads(entry["Detail"])
    assert detail == {
        "id": detail["id"],
        "schema_version": 1,
        "account": "demo",
        "occurred_at": "2026-01-02T03:04:05Z",
        "job_id": JOB.job_id,
        "kind": "import",
        "state": "completed",
        "counts": {
            "received": 15,
            "created": 1,
            "updated": 2,
            "unchanged": 3,
            "failed": 4,
            "unprocessed": 5,
            "triggers": 6,
        },
        "skip_triggers": True,
    }


@pytest.mark.parametrize(
    "job",
    [
        JOB,
        replace(JOB, state=JobState.STOPPED),
        replace(JOB, state=JobState.FAILED, counts=None),
        replace(JOB, state=JobState.CANCELLED),
        replace(JOB, kind=JobKind.UNDO, undone=Undone(1, 2, 3, 4, 5)),
    ],
    ids=["completed", "stopped", "failed", "cancelled", "undo"],
)
def test_each_trigger_matches_its_schema(job: Any) -> None:  # noqa: ANN401 - a Job
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(
        detail_of(job)
    )


def test_a_repeated_finish_has_the_same_id_and_another_run_has_another() -> None:
    first = detail_of(JOB)["id"]
    assert detail_of(replace(JOB, version=9))["id"] == first
    others = [replace(JOB, run=2), replace(JOB, account="other"), replace(JOB, job_id="other")]
    assert len({first, *(detail_of(each)["id"] for each in others)}) == 4


def test_an_entry_that_fails_for_now_is_sent_again(bus: Bus) -> None:
    bus.codes = ["ThrottlingException", "InternalFailure"]
    bus.triggers.publish(JOB, DEADLINE)
    assert len(bus.entries) == 3


def test_an_entry_that_always_fails_is_an_error(bus: Bus) -> None:
    bus.codes = ["ThrottlingException"] * 4
    with pytest.raises(StorageUnavailableError):
        bus.triggers.publish(JOB, DEADLINE)
    bus.codes = ["NotAuthorizedForSourceException"]
    with pytest.raises(StorageRefusedError, match="NotAuthorizedForSourceException"):
        bus.triggers.publish(JOB, DEADLINE)
