"""Measures how the memory grows over many invocations, in a separate process."""

from typing import Any

import psutil

from tools.bench.processes import report
from tools.bench.requests import event, order
from tools.bench.world import World, opened

type Tree = dict[str, Any]
MANY = 10_000


def growth(world: World) -> Tree:
    """Handle many requests; return how the resident memory grew after the first thousand."""
    sent = event([order(1)])
    process = psutil.Process()
    with world.aws.answering():
        for number in range(MANY):
            world.handle(sent)
            if number == MANY // 10:
                early = process.memory_info().rss
    late = process.memory_info().rss
    return {"invocations": MANY, "growth_mb": round((late - early) / 1024**2, 1)}


def main() -> None:
    """Print the measurement as JSON."""
    with opened() as world:
        measured = growth(world)
    report(measured)


if __name__ == "__main__":
    main()
