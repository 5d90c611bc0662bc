"""What a million orders cost: measured units and CPU times the public prices of us-east-1."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# Dollars a million, on demand.
REST_REQUEST, LAMBDA_REQUEST, WRITE_UNIT, READ_UNIT, EVENT = 3.50, 0.20, 0.625, 0.125, 1.00
# Dollars a GB-second on arm64.
GB_SECOND = 0.0000133334
# With this much memory a function has one whole vCPU; with less, its share.
FULL_CPU_MB = 1769
DEFAULT_MB = 1024
# The one figure that is not measured: what a call's answer takes in a Region (published medians of
# DynamoDB lie between 7.6 ms for one item and 10.2 ms for 25). Calls of one round run together.
CALL_MS = 10
ROUNDS = 5
MEMORY_SIZES = (512, 768, 1024, 1280, 1536, 1769)
BATCHES = (1, 50, 500)


@dataclass(frozen=True, slots=True)
class Request:
    """One request as measured: its orders, milliseconds of CPU, and write units an order.

    `waiting_ms` is what it spends on AWS's answers, `read_units` are an order's.
    """

    name: str
    orders: int
    cpu_ms: float
    write_units: float
    read_units: float
    waiting_ms: float

    def duration_ms(self, memory_mb: int) -> float:
        """Return how long the function runs."""
        return self.waiting_ms + self.cpu_ms * max(1.0, FULL_CPU_MB / memory_mb)

    def running_cost(self, memory_mb: int) -> float:
        """Return the dollars of a million orders for the function's time."""
        gigabytes = memory_mb / 1024
        return 1e6 / self.orders * self.duration_ms(memory_mb) / 1000 * gigabytes * GB_SECOND

    def costs(self) -> Mapping[str, float]:
        """Return the dollars of a million orders by service."""
        return {
            "API Gateway": REST_REQUEST / self.orders,
            "Lambda, requests": LAMBDA_REQUEST / self.orders,
            "Lambda, time": self.running_cost(DEFAULT_MB),
            "DynamoDB, writes": WRITE_UNIT * self.write_units,
            "DynamoDB, reads": READ_UNIT * self.read_units,
            "EventBridge": EVENT,
        }


def imported(orders: int, cpu_ms: float, write_units: float) -> Request:
    """Return an import: one consistent read an order, rounds of calls one after the other."""
    return Request(f"{orders} a request", orders, cpu_ms, write_units, 1.0, ROUNDS * CALL_MS)


def one_by_one(orders: int, cpu_ms: float) -> Request:
    """Return the way of `put_item` and `put_events` an order, each waited for."""
    name = f"naive, {orders} a request"
    return Request(name, orders, cpu_ms, 1.0, 0.0, 2 * orders * CALL_MS)


def memory_curve(requests: Sequence[Request]) -> Mapping[str, Mapping[int, tuple[float, float]]]:
    """Return by request and memory size its milliseconds and what a million costs."""
    return {
        request.name: {
            memory: (request.duration_ms(memory), request.running_cost(memory))
            for memory in MEMORY_SIZES
        }
        for request in requests
    }
