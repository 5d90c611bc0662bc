"""Calculates what a million orders from a file take on AWS, from measurements and public prices.

The prices are those of us-east-1. The times are calculated: nothing here was measured on AWS.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tools.bench.costs import (
    CALL_MS,
    DEFAULT_MB,
    EVENT,
    FULL_CPU_MB,
    GB_SECOND,
    LAMBDA_REQUEST,
    READ_UNIT,
    WRITE_UNIT,
    duration_ms,
)
from tools.bench.files.formats import FormatCpu
from tools.bench.files.units import JobUnits, StepRounds

MILLION = 1_000_000
# Dollars per million state transitions and Express requests, and per GB-second of the latter.
TRANSITION, EXPRESS_REQUEST, EXPRESS_GB_SECOND = 25.0, 1.0, 0.00001667
EXPRESS_GB = 64 / 1024
# Dollars per million requests to S3, and per GB in a month.
S3_WRITE, S3_READ, S3_GB_MONTH = 5.0, 0.4, 0.023
# The file, its chunks and its result files are kept so many months.
COPIES, MONTHS = 3, 3
# Write units a second of a new table, and of one whose warm throughput was raised.
NEW_TABLE, WARM_TABLE = 4000, 32_000
# An index of an account has so many partitions, each with 1,000 write units a second.
INDEX_ENTRIES_A_SECOND = 16_000
# AWS charges once for each write unit of warm throughput that is added: an hour's price of a
# provisioned one.
WARM_UNIT = 0.00065


@dataclass(frozen=True, slots=True)
class Million:
    """A million orders: the units and milliseconds of all steps together."""

    chunks: float
    transitions: float
    gigabytes: float
    write_units: float
    read_units: float
    s3_writes: float
    s3_reads: float
    triggers: float
    split_ms: float
    chunk_ms: float
    finish_ms: float

    def dollars(self) -> Mapping[str, float]:
        """Return the price by service."""
        of_whole_vcpu = (self.split_ms + self.finish_ms) * FULL_CPU_MB
        gb_seconds = (of_whole_vcpu + self.chunk_ms * DEFAULT_MB) / 1000 / 1024
        express_gb_seconds = self.chunk_ms / 1000 * EXPRESS_GB
        return {
            "DynamoDB, writes": self.write_units / 1e6 * WRITE_UNIT,
            "DynamoDB, reads": self.read_units / 1e6 * READ_UNIT,
            "Lambda": gb_seconds * GB_SECOND + (self.chunks + 2) / 1e6 * LAMBDA_REQUEST,
            "Step Functions, transitions": self.transitions / 1e6 * TRANSITION,
            "Step Functions, Express": (
                self.chunks / 1e6 * EXPRESS_REQUEST + express_gb_seconds * EXPRESS_GB_SECOND
            ),
            "S3, requests": (self.s3_writes * S3_WRITE + self.s3_reads * S3_READ) / 1e6,
            "S3, storage": self.gigabytes * COPIES * MONTHS * S3_GB_MONTH,
            "EventBridge": self.triggers / 1e6 * EVENT,
        }

    def orders_a_second(self, concurrency: int, table: int = NEW_TABLE) -> float:
        """Return how fast chunks are imported, so many at the same time."""
        by_chunks = concurrency * MILLION / (self.chunk_ms / 1000)
        by_table = table * MILLION / self.write_units
        return min(by_chunks, by_table, INDEX_ENTRIES_A_SECOND)

    def seconds(self, concurrency: int, table: int = NEW_TABLE) -> float:
        """Return the time of the whole job."""
        chunks = MILLION / self.orders_a_second(concurrency, table)
        return (self.split_ms + self.finish_ms) / 1000 + chunks

    def fewest_chunks_at_once(self, table: int) -> int:
        """Return with which concurrency the table or the index is the limit."""
        limit = min(table * MILLION / self.write_units, INDEX_ENTRIES_A_SECOND)
        return -int(-limit * self.chunk_ms / 1000 // MILLION)


def warm_throughput_dollars() -> float:
    """Return what the warm throughput costs once."""
    return (WARM_TABLE - NEW_TABLE) * WARM_UNIT


def a_million(units: JobUnits, cpu: FormatCpu, transitions: int) -> Million:
    """Return a million orders, from a job with fewer of them and the CPU of its steps.

    A state machine starts an execution for each chunk, which is one transition more.
    """
    times = MILLION / units.orders
    chunks = units.chunks * times

    def milliseconds(microseconds: float, rounds: StepRounds, memory_mb: int) -> float:
        """Return the time of a step that waits for its calls, and has its share of the CPU."""
        return duration_ms(microseconds / 1000 * MILLION, rounds.of(chunks) * CALL_MS, memory_mb)

    return Million(
        chunks=chunks,
        transitions=transitions + chunks,
        gigabytes=units.megabytes / 1000 * times,
        write_units=units.write_units * times,
        read_units=units.read_units * times,
        s3_writes=units.s3_writes * times,
        s3_reads=units.s3_reads * times,
        triggers=units.triggers,
        split_ms=milliseconds(cpu.split, units.split_rounds, FULL_CPU_MB),
        chunk_ms=milliseconds(cpu.chunks, units.chunk_rounds, DEFAULT_MB),
        finish_ms=milliseconds(cpu.finish, units.finish_rounds, FULL_CPU_MB),
    )
