"""`make bench`: measure, print the table with every target, write it as JSON and as a chart."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.cold_start import measure_cold_start
from bench.cpu import BATCHES, Cpu, measure_cpu, ratio
from bench.units import STORED, STORED_FULL, Units, measure_units
from bench.world import opened

type Tree = dict[str, Any]
RESULTS = Path(__file__).parents[1] / ".local" / "bench"


@dataclass(frozen=True, slots=True)
class Target:
    """What is aimed at, and what was measured; `met` tells whether that suffices."""

    what: str
    aim: str
    measured: str
    met: bool


def main(arguments: Sequence[str]) -> None:
    """Run everything; `--full` also measures with a million orders stored."""
    with opened() as world:
        cpu = measure_cpu(world)
        start = measure_cold_start(world)
        units = measure_units(world, STORED_FULL if "--full" in arguments else STORED)
    memory = [_in_a_process(kind) for kind in ("json", "xml", "growth")]
    targets = _targets(cpu, start, units, memory)
    _print(cpu, units, targets)
    _write(cpu, start, units, memory, targets)


def _in_a_process(kind: str) -> Tree:
    ended = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "bench.memory", kind],
        check=True,
        stderr=subprocess.PIPE,
        text=True,
        stdout=subprocess.DEVNULL,
    )
    measured: Tree = json.loads(ended.stderr.splitlines()[-1])
    return measured


def _targets(
    cpu: Sequence[Cpu], start: Tree, units: Sequence[Units], memory: Sequence[Tree]
) -> list[Target]:
    [ours] = [each for each in cpu if (each.name, each.batch) == ("import", 100)]
    [single] = [each for each in cpu if (each.name, each.batch) == ("import", 1)]
    json_largest, xml_largest, growth = memory
    return [
        _at_least("orders a CPU second, batch of 100", ours.orders_a_second, 2500),
        _at_most("times the floor, batch of 100", ratio(cpu, "import", "floor", 100), 1.4),
        _at_least("times less than the naive Lambda", ratio(cpu, "naive", "import", 100), 8),
        _at_most("times JSON, as XML", ratio(cpu, "XML", "import", 100), 2),
        _at_most("times the bare cold start", start["import_ms"] / start["bare_ms"], 1.5),
        _at_most("write units a created order", max(each.write_units for each in units), 2.2),
        _at_most("calls of a warm batch of 1", single.calls, 5),
        _at_most("s for the largest JSON request", json_largest["seconds"], 10),
        _at_most("s for the largest XML request", xml_largest["seconds"], 10),
        _at_most("MB at its peak", max(json_largest["peak_mb"], xml_largest["peak_mb"]), 512),
        _at_most("MB more after 10 000 invocations", growth["growth_mb"], 5),
    ]


def _at_most(what: str, measured: float, limit: float) -> Target:
    return Target(what, f"at most {limit:g}", f"{measured:.4g}", measured <= limit)


def _at_least(what: str, measured: float, limit: float) -> Target:
    return Target(what, f"at least {limit:g}", f"{measured:.4g}", measured >= limit)


def _print(cpu: Sequence[Cpu], units: Sequence[Units], targets: Sequence[Target]) -> None:
    console = Console()
    table = Table(title="CPU of a warm invocation, us an order", title_justify="left")
    for column in ("", *(f"batch of {batch}" for batch in BATCHES)):
        table.add_column(column, justify="left" if not column else "right")
    for name in dict.fromkeys(each.name for each in cpu):
        row = [f"{each.microseconds:.0f}" for each in cpu if each.name == name]
        table.add_row(name, *row)
    console.print(table)
    for each in units:
        console.print(
            f"{each.stored} orders stored: {each.calls:.2f} calls, {each.write_units:.3f} write "
            "units an order"
        )
    table = Table(title="Targets", title_justify="left")
    for column in ("measured", "", "aim", "met"):
        table.add_column(column, justify="right" if column == "measured" else "left")
    for target in targets:
        table.add_row(target.measured, target.what, target.aim, "yes" if target.met else "NO")
    console.print(table)


def _write(
    cpu: Sequence[Cpu],
    start: Tree,
    units: Sequence[Units],
    memory: Sequence[Tree],
    targets: Sequence[Target],
) -> None:
    RESULTS.mkdir(parents=True, exist_ok=True)
    results = {
        "cpu": [asdict(each) for each in cpu],
        "cold_start": start,
        "units": [asdict(each) for each in units],
        "memory": memory,
        "targets": [asdict(each) for each in targets],
    }
    (RESULTS / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    (RESULTS / "chart.md").write_text(_chart(cpu))


def _chart(cpu: Sequence[Cpu]) -> str:
    """Return a chart that Markdown shows: CPU an order at a batch of 100."""
    bars = [each for each in cpu if each.batch == 100]  # noqa: PLR2004 - the batch of the targets
    names = ", ".join(f'"{each.name}"' for each in bars)
    values = ", ".join(f"{each.microseconds:.0f}" for each in bars)
    return (
        "```mermaid\nxychart-beta\n"
        '    title "CPU an order, batch of 100, microseconds"\n'
        f"    x-axis [{names}]\n    bar [{values}]\n```\n"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
