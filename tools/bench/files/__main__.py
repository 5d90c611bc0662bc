"""`make bench-files`: measures imported files, prints tables, and writes JSON and Markdown."""

import argparse
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console

from tools.bench import SCRATCH
from tools.bench.files import FILES
from tools.bench.files.exports import BY_FORMAT
from tools.bench.files.figures import ORDERS, Figures, Sizes, documentation, targets
from tools.bench.files.folder_bucket import FolderBucket
from tools.bench.files.formats import measure_jobs
from tools.bench.files.jobs_over_http import measure_over_http
from tools.bench.files.splitting import Split, measure_split
from tools.bench.files.steps import functions, wait_longer
from tools.bench.files.units import measure_units, transitions
from tools.bench.files.workers import measure_in_processes
from tools.bench.progress import announce
from tools.bench.targets import Target, target_table
from tools.bench.world import opened

# The formats that are split with ten times as many orders, to see that the memory is flat.
IN_MEMORY = ("altcraft_csv", "json_lines", "altcraft_xml")


def main() -> None:
    """Run every measurement. An aim that is missed is printed, and is no error."""
    parser = argparse.ArgumentParser(description="Measure imported files.")
    parser.add_argument("--orders", type=int, default=ORDERS, help="orders of the whole job")
    sizes = Sizes.of(parser.parse_args().orders)
    try:
        figures = _measure(sizes)
    finally:
        shutil.rmtree(FILES, ignore_errors=True)
    found = targets(figures)
    _write(figures, found)
    console = Console(width=130)
    # The same text is for the documentation, so that it is not broken into lines.
    console.print(documentation(figures), soft_wrap=True, markup=False, highlight=False)
    console.print(target_table(found))


def _measure(sizes: Sizes) -> Figures:
    wait_longer()
    with opened() as world, functions(FolderBucket(FILES)) as steps:
        # DynamoDB Local comes first: the stub opens lanes of order ids that exist there, too.
        announce(f"Counting the units of a job with {sizes.units:,} orders")
        units = measure_units(world, steps, sizes.units)
        announce(f"Measuring the CPU of jobs with {sizes.compared:,} orders")
        cpu = measure_jobs(world, steps, sizes.compared)
        announce(f"Importing {sizes.whole:,} orders in processes, on DynamoDB Local")
        in_processes = measure_in_processes(world, steps, sizes.whole)
    announce(f"Importing {sizes.whole:,} orders on the embedded AWS")
    whole = [measure_over_http(sizes.whole), in_processes]
    splits = _split(tuple(BY_FORMAT), sizes.split)
    in_memory = _split(IN_MEMORY, sizes.split_in_memory)
    return Figures(cpu, units, transitions(), whole, splits, in_memory)


def _split(formats: Sequence[str], orders: int) -> list[Split]:
    found = []
    for name in formats:
        announce(f"Splitting {orders:,} orders: {name}")
        found.append(measure_split(name, orders))
        shutil.rmtree(FILES, ignore_errors=True)
    return found


def _write(figures: Figures, found: Sequence[Target]) -> None:
    SCRATCH.mkdir(parents=True, exist_ok=True)
    results = asdict(figures) | {
        "million": asdict(figures.million()),
        "targets": [asdict(each) for each in found],
    }
    (SCRATCH / "files.json").write_text(json.dumps(results, indent=2) + "\n")
    (SCRATCH / "files.md").write_text(documentation(figures))


if __name__ == "__main__":
    main()
