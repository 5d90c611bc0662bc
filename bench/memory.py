"""Memory: of the largest request, and over many invocations. Run in a process of its own."""

import json
import resource
import sys
import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import psutil

from bench.requests import event, order, orders
from bench.world import World, opened

type Tree = dict[str, Any]
MAX_BYTES = 4 * 1024 * 1024
MANY = 10_000


def largest(world: World, kind: str) -> Tree:
    """Handle as many orders as fit into the published body."""
    size = len(json.dumps(event(orders(100), kind))) // 100 * 3 // 4
    sent = event(orders(MAX_BYTES // size * 98 // 100), kind)
    with world.aws.answering():
        started = time.perf_counter()
        answer = world.handle(sent)
        seconds = time.perf_counter() - started
    if answer["statusCode"] != HTTPStatus.OK:
        raise RuntimeError(answer["body"][:300])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    count = MAX_BYTES // size * 98 // 100
    return {"kind": kind, "orders": count, "seconds": round(seconds, 2), "peak_mb": peak}


def growth(world: World) -> Tree:
    """Handle many requests; tell the resident memory after the first thousand and at the end."""
    sent = event([order(1)])
    process = psutil.Process()
    with world.aws.answering():
        for number in range(MANY):
            world.handle(sent)
            if number == MANY // 10:
                early = process.memory_info().rss
    late = process.memory_info().rss
    return {"invocations": MANY, "growth_mb": round((late - early) / 1024**2, 1)}


def main(arguments: Sequence[str]) -> None:
    """Print one measurement as JSON."""
    with opened() as world:
        measured = growth(world) if arguments[0] == "growth" else largest(world, arguments[0])
    sys.stderr.write(json.dumps(measured) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
