"""Measures writes and reads with growing numbers of stored orders."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tools.bench.loading import Loader, clock_before_now
from tools.bench.progress import Progress, announce
from tools.bench.reads import Page, measure_pages
from tools.bench.units import BATCH, Change, Units, measure_batch, measure_changes
from tools.bench.world import ACCOUNT, World

# The numbers of stored orders. Counts end at 10,000.
STORED = (1000, 20_000)
STORED_FULL = (1000, 100_000, 1_000_000)


@dataclass(slots=True)
class StoreFigures:
    """The units of writes and reads."""

    created: list[Units] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)


def measure_stores(world: World, stored: Sequence[int] = STORED) -> StoreFigures:
    """Store orders, and measure with each number of them."""
    loader = Loader(world.hub, ACCOUNT, clock_before_now(max(stored)))
    since = loader.clock.now
    figures = StoreFigures([measure_batch(world, BATCH)], measure_changes(world))
    for count in stored:
        announce(f"Storing {count:,} orders")
        Progress("orders", count).follow(loader.load(count), loader.stored)
        figures.pages += measure_pages(world, since, count)
        figures.created.append(measure_batch(world, BATCH, count))
    return figures
