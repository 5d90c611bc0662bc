"""Calculates the cost of a million orders from measurements and the public prices of us-east-1."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# Dollars per million, on demand.
REST_REQUEST, LAMBDA_REQUEST, WRITE_UNIT, READ_UNIT, EVENT = 3.50, 0.20, 0.625, 0.125, 1.00
# Dollars per GB-second on arm64.
GB_SECOND = 0.0000133334
# A function with this memory has one whole vCPU; with less memory, it has a proportional share.
FULL_CPU_MB = 1769
DEFAULT_MB = 1024
# The latency of a call in a Region is assumed, not measured: published medians of DynamoDB are
# between 7.6 ms for one item and 10.2 ms for 25 items. The calls of one round run in parallel.
CALL_MS = 10
ROUNDS = 5
MEMORY_SIZES = (512, 768, 1024, 1280, 1536, 1769)
BATCHES = (1, 50, 500)


@dataclass(frozen=True, slots=True)
class Request:
    """The measurements of one request: its orders and its milliseconds of CPU.

    `write_units` and `read_units` are those of one order; `waiting_ms` is the time that the request
    waits for AWS.
    """

    name: str
    orders: int
    cpu_ms: float
    write_units: float
    read_units: float
    waiting_ms: float

    def duration_ms(self, memory_mb: int) -> float:
        """Return how long the function runs, in milliseconds."""
        return duration_ms(self.cpu_ms, self.waiting_ms, memory_mb)

    def running_cost(self, memory_mb: int) -> float:
        """Return the dollars that the function's time costs per million orders."""
        gigabytes = memory_mb / 1024
        return 1e6 / self.orders * self.duration_ms(memory_mb) / 1000 * gigabytes * GB_SECOND

    def costs(self) -> Mapping[str, float]:
        """Return the dollars per million orders by service."""
        return {
            "API Gateway": REST_REQUEST / self.orders,
            "Lambda, requests": LAMBDA_REQUEST / self.orders,
            "Lambda, time": self.running_cost(DEFAULT_MB),
            "DynamoDB, writes": WRITE_UNIT * self.write_units,
            "DynamoDB, reads": READ_UNIT * self.read_units,
            "EventBridge": EVENT,
        }


def duration_ms(cpu_ms: float, waiting_ms: float, memory_mb: int = DEFAULT_MB) -> float:
    """Return how long a function runs with its share of the CPU, in milliseconds."""
    return waiting_ms + cpu_ms * max(1.0, FULL_CPU_MB / memory_mb)


def imported(orders: int, cpu_ms: float, write_units: float) -> Request:
    """Return the request of an import: one consistent read per order, and sequential rounds."""
    return Request(f"{orders} per request", orders, cpu_ms, write_units, 1.0, ROUNDS * CALL_MS)


def one_by_one(orders: int, cpu_ms: float) -> Request:
    """Return the request of a Lambda that calls `put_item` and `put_events` for each order."""
    name = f"naive, {orders} per request"
    return Request(name, orders, cpu_ms, 1.0, 0.0, 2 * orders * CALL_MS)


def memory_curve(requests: Sequence[Request]) -> Mapping[str, Mapping[int, tuple[float, float]]]:
    """Return the milliseconds and the dollars per million orders, by request and memory size."""
    return {
        request.name: {
            memory: (request.duration_ms(memory), request.running_cost(memory))
            for memory in MEMORY_SIZES
        }
        for request in requests
    }
