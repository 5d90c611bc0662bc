"""`make bench`: measures imports and reads, prints tables, and writes JSON and a chart."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from tools.bench import SCRATCH
from tools.bench.cold_start import Start, measure_cold_start
from tools.bench.costs import BATCHES as COSTED
from tools.bench.costs import MEMORY_SIZES, Request, imported, memory_curve, one_by_one
from tools.bench.cpu import BATCHES, Cpu, measure, measure_cpu, ratio
from tools.bench.embedded import Largest, measure_largest
from tools.bench.handlers import naive
from tools.bench.latency import BATCHES as WAITED
from tools.bench.latency import STATES, Latency, measure_latency
from tools.bench.over_https import measure_over_https
from tools.bench.processes import measured_by
from tools.bench.progress import announce
from tools.bench.reads import WITH_TOTAL, Page, by_name
from tools.bench.stores import STORED, STORED_FULL, StoreFigures, measure_stores
from tools.bench.targets import Target, at_least, at_most, plain_table, target_table
from tools.bench.units import measure_batch
from tools.bench.world import World, opened

type Tree = dict[str, Any]
# The batch of the targets.
COMPARED = 100


@dataclass(frozen=True, slots=True)
class Measured:
    """The results of one run."""

    cpu: Sequence[Cpu]
    latencies: Sequence[Latency]
    cold_start: Start | None
    stores: StoreFigures
    requests: Sequence[Request]
    largest: Sequence[Largest]
    growth: Tree


def main(arguments: Sequence[str]) -> None:
    """Run every measurement; `--full` also measures with a million stored orders."""
    with opened() as world:
        announce("Measuring the CPU time of imports")
        cpu = measure_cpu(world)
        announce("Measuring the CPU time over HTTPS")
        cpu += measure_over_https(world)
        announce("Measuring what a shop waits for")
        latencies = measure_latency(world)
        announce("Measuring cold starts")
        start = measure_cold_start(world)
        announce("Measuring the costs of requests")
        requests = _measure_requests(world)
        stores = measure_stores(world, STORED_FULL if "--full" in arguments else STORED)
    announce("Measuring the largest request on the embedded AWS")
    largest = measure_largest()
    announce("Measuring the memory of many requests")
    measured = Measured(
        cpu, latencies, start, stores, requests, largest, measured_by("tools.bench.memory")
    )
    targets = _targets(measured)
    _print(measured, targets)
    _write(measured, targets)


def _measure_requests(world: World) -> list[Request]:
    """Measure the CPU time and the write units from which the costs are calculated."""
    requests = []
    for batch in COSTED:
        [cpu] = measure(world, batch, **{"import": world.handle})
        requests.append(imported(batch, cpu.milliseconds, measure_batch(world, batch).write_units))
    [cpu] = measure(world, 50, naive=naive)
    return [*requests, one_by_one(50, cpu.milliseconds)]


def _targets(measured: Measured) -> list[Target]:
    cpu = measured.cpu
    [batch] = [each for each in cpu if (each.name, each.batch) == ("import", COMPARED)]
    [single] = [each for each in cpu if (each.name, each.batch) == ("import", 1)]
    created = max(each.write_units for each in measured.stores.created)
    imports = [each for each in measured.stores.changed if not each.is_transaction]
    changed = max(each.write_units for each in imports)
    slowest = max(each.seconds for each in measured.largest)
    peak = max(each.peak_mb for each in measured.largest)
    growth = measured.growth["growth_mb"]
    return [
        at_least("orders per CPU second, batch of 100", batch.orders_a_second, 2500),
        at_most(
            "times the CPU of the floor, batch of 100", ratio(cpu, "import", "floor", 100), 1.4
        ),
        at_most("times the CPU of JSON, for XML", ratio(cpu, "XML", "import", 100), 2),
        at_most("write units per created order", created, 2.01),
        at_most("write units of a changed import of 1 KB, with its history", changed, 4),
        *_targets_of_waiting(measured),
        *_targets_of_pages(measured.stores.pages),
        at_most("calls of a warm request with 1 order", single.calls, 5),
        at_most("s for the largest request, embedded AWS", slowest, 6),
        at_most("MB of memory at its peak", peak, 150),
        at_most("MB more memory after 10,000 invocations", growth, 5),
    ]


def _targets_of_waiting(measured: Measured) -> list[Target]:
    """Return the figures that were set as aims for what a shop waits for, and for its CPU."""
    by_batch = {(each.state, each.batch): each for each in measured.latencies}
    cpu = {each.name: each.microseconds for each in measured.cpu if each.batch == COMPARED}
    rounds = (("warm", 1, 5), ("idle for a minute", 1, 5), ("cold", 1, 6), ("warm", 1000, 10))
    start = measured.cold_start
    return [
        at_most("us of CPU an order of 100, at the stub", cpu["import"], 160),
        at_most("us of CPU an order of 100, over HTTPS", cpu["import, HTTPS"], 260),
        *(
            at_most(
                f"ms for {batch} orders at 10 ms a call", by_batch["warm", batch].milliseconds, most
            )
            for batch, most in ((1, 58), (100, 70), (1000, 250))
        ),
        *(
            at_most(
                f"rounds of calls for {batch} orders, {state}", by_batch[state, batch].rounds, most
            )
            for state, batch, most in rounds
        ),
        at_most("ms of a cold start over TLS", start.import_ms if start else None, 320),
        at_most("times the bare cold start, over TLS", start.ratio if start else None, 1.3),
    ]


def _targets_of_pages(pages: Sequence[Page]) -> list[Target]:
    """Return the targets of the reads: one without a total costs the same at every size."""
    targets = []
    for name, same in by_name(pages).items():
        most = max(each.read_units for each in same)
        growth = most / min(each.read_units for each in same)
        targets.append(
            at_most(f"read units: {name}", most, 250)
            if name.endswith(WITH_TOTAL)
            else at_most(f"times the read units: {name}", growth, 1.1)
        )
    return targets


def _print(measured: Measured, targets: Sequence[Target]) -> None:
    console = Console(width=120)
    console.print(_cpu_table(measured.cpu))
    console.print(_latency_table(measured.latencies))
    for created in measured.stores.created:
        console.print(
            f"{created.stored:,} stored orders: {created.calls:.2f} calls and "
            f"{created.write_units:.3f} write units per created order"
        )
    for change in measured.stores.changed:
        console.print(
            f"{change.name} of an order: {change.write_units:g} write units: {change.order:g} for "
            f"the order, {change.index:g} for the index, {change.history:g} for the history"
        )
    console.print(_pages_table(measured.stores.pages))
    for largest in measured.largest:
        console.print(
            f"the largest {largest.kind} request, {largest.orders} orders: {largest.seconds} s, "
            f"{largest.peak_mb} MB"
        )
    if start := measured.cold_start:
        console.print(
            f"cold start over TLS to the first answer: {start.import_ms:.0f} ms, with all "
            f"authorities {start.all_authorities_ms:.0f} ms, XML {start.xml_ms:.0f} ms, "
            f"bare {start.bare_ms:.0f} ms"
        )
        console.print(
            "imports during the cold start, ms: "
            + ", ".join(f"{name} {ms}" for name, ms in start.imports.items())
        )
    console.print(_cost_table(measured.requests))
    console.print(_memory_table(measured.requests))
    console.print(target_table(targets))


def _cpu_table(cpu: Sequence[Cpu]) -> Table:
    columns = (f"batch of {batch}" for batch in BATCHES)
    table = plain_table("CPU of a warm invocation, microseconds per order", "", *columns)
    for name in dict.fromkeys(each.name for each in cpu):
        by_batch = {each.batch: f"{each.microseconds:.0f}" for each in cpu if each.name == name}
        table.add_row(name, *(by_batch.get(batch, "-") for batch in BATCHES))
    return table


def _latency_table(latencies: Sequence[Latency]) -> Table:
    columns = (f"{batch} orders" for batch in WAITED)
    table = plain_table("Wall time and rounds of calls of an import, at 10 ms a call", "", *columns)
    by_batch = {(each.state, each.batch): each for each in latencies}
    for state in STATES:
        row = (by_batch[state, batch] for batch in WAITED)
        table.add_row(state, *(f"{each.milliseconds:.0f} ms, {each.rounds}" for each in row))
    return table


def _pages_table(pages: Sequence[Page]) -> Table:
    sizes = dict.fromkeys(each.stored for each in pages)
    columns = (f"{size:,} stored" for size in sizes)
    title = "Calls, their rounds, and read units of reads; pages have 100 orders"
    table = plain_table(title, "", *columns)
    for name, same in by_name(pages).items():
        row = (f"{each.calls}, {each.rounds}, {each.read_units:g}" for each in same)
        table.add_row(name, *row)
    return table


def _cost_table(requests: Sequence[Request]) -> Table:
    table = plain_table("Dollars per million orders", "", *(each.name for each in requests))
    for service in requests[0].costs():
        table.add_row(service, *(f"{each.costs()[service]:.2f}" for each in requests))
    table.add_row("sum", *(f"{sum(each.costs().values()):.2f}" for each in requests))
    return table


def _memory_table(requests: Sequence[Request]) -> Table:
    columns = (f"{memory} MB" for memory in MEMORY_SIZES)
    table = plain_table("Time of a request, and its dollars per million orders", "", *columns)
    for name, by_memory in memory_curve(requests).items():
        table.add_row(name, *(f"{ms:.0f} ms, {cost:.2f}" for ms, cost in by_memory.values()))
    return table


def _write(measured: Measured, targets: Sequence[Target]) -> None:
    SCRATCH.mkdir(parents=True, exist_ok=True)
    results = asdict(measured) | {
        "memory_curve": memory_curve(measured.requests),
        "targets": [asdict(each) for each in targets],
    }
    (SCRATCH / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    (SCRATCH / "chart.md").write_text(_chart(measured.cpu))


def _chart(cpu: Sequence[Cpu]) -> str:
    """Return a Mermaid chart for Markdown: CPU per order in a batch of 100."""
    bars = [each for each in cpu if each.batch == COMPARED]
    names = ", ".join(f'"{each.name}"' for each in bars)
    values = ", ".join(f"{each.microseconds:.0f}" for each in bars)
    return (
        "```mermaid\nxychart-beta\n"
        '    title "CPU per order, batch of 100, microseconds"\n'
        f"    x-axis [{names}]\n    bar [{values}]\n```\n"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
