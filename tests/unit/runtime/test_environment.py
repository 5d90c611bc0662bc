"""Environment variables and deadlines."""

from dataclasses import dataclass
from typing import Any

import pytest

import operator_cli.composition
from orders.adapters import eventbridge, parallel_calls
from orders.adapters.aws_clients import CLIENT_CONFIG
from orders.application.deadlines import PUBLISHING_SECONDS
from orders.runtime.deadlines import RESERVED_SECONDS, LambdaDeadline
from orders.runtime.environment import (
    Environment,
    ImportEngineEnvironment,
    ImportFilesEnvironment,
    ParkingEnvironment,
)


def test_the_variables_are_read() -> None:
    variables = {"TABLE_NAME": "t", "EVENT_BUS_NAME": "b", "WRITER_TIMEOUT_SECONDS": "27"}
    read = Environment.read({**variables, "OTHER": "x"})
    assert read == Environment(table="t", bus="b", writer_seconds=27)


def test_all_missing_variables_are_reported_at_once() -> None:
    with pytest.raises(RuntimeError, match="TABLE_NAME, EVENT_BUS_NAME, WRITER_TIMEOUT"):
        Environment.read({"TABLE_NAME": ""})


def test_the_queues_of_the_stream_are_read() -> None:
    variables = {"PARKED_TRIGGERS_QUEUE_URL": "triggers", "PARKED_RECORDS_QUEUE_URL": "records"}
    assert ParkingEnvironment.of_relay(variables) == ParkingEnvironment("triggers")
    assert ParkingEnvironment.of_history(variables) == ParkingEnvironment("records")


def test_the_variables_of_import_jobs_are_read() -> None:
    variables = {"IMPORT_FILES_BUCKET": "files", "IMPORT_FILES_STATE_MACHINE_ARN": "arn"}
    assert ImportFilesEnvironment.read(variables) == ImportFilesEnvironment("files")
    assert ImportEngineEnvironment.read(variables) == ImportEngineEnvironment("arn")
    with pytest.raises(RuntimeError, match=r"variables: IMPORT_FILES_STATE_MACHINE_ARN$"):
        ImportEngineEnvironment.read({"IMPORT_FILES_BUCKET": "files"})


def test_only_missing_variables_are_reported() -> None:
    with pytest.raises(RuntimeError, match=r"variables: WRITER_TIMEOUT_SECONDS$"):
        Environment.read({"TABLE_NAME": "t", "EVENT_BUS_NAME": "b"})
    with pytest.raises(RuntimeError, match=r"variables: PARKED_TRIGGERS_QUEUE_URL$"):
        ParkingEnvironment.of_relay({"WRITER_TIMEOUT_SECONDS": "27"})


@dataclass
class Context:
    millis: int
    aws_request_id: str = "x"

    def get_remaining_time_in_millis(self) -> int:
        return self.millis


def test_a_call_that_starts_in_time_ends_in_time() -> None:
    config: Any = CLIENT_CONFIG
    longest = config.connect_timeout + config.read_timeout
    assert config.retries["total_max_attempts"] == 1
    assert longest < RESERVED_SECONDS
    assert longest + 2 <= PUBLISHING_SECONDS, "a last write must leave time to send its triggers"
    threads = max(parallel_calls.MAX_THREADS, eventbridge.MAX_THREADS)
    assert config.max_pool_connections >= threads
    assert operator_cli.composition.CLIENT_CONFIG["max_pool_connections"] >= threads


def test_a_deadline_leaves_time_to_answer() -> None:
    assert LambdaDeadline(Context(27_000)).remaining() == 27 - RESERVED_SECONDS
    assert LambdaDeadline(Context(1_000)).remaining() < 0
