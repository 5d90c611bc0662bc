"""Run the load and the audit: `python -m tools.load --minutes 10`.

The command starts the stack on an embedded AWS that injects faults. Simulated shops send requests,
and in the middle of the run the embedded AWS restarts and keeps its data. After the last triggers,
the audit compares the answers that the shops received with the stored orders and the published
triggers, and all lists, messages, changes and histories with the stored orders, and with what
clients have gathered that followed the changes all the time. The exit code is 1
if there is any difference.
"""

import argparse
import csv
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tools.load.audit import Difference, differences
from tools.load.followed_changes import ChangeFollower, following
from tools.load.journal import Entry, Reply, read_journal
from tools.load.process_orders import process_run
from tools.load.reads import audit_reads, list_readers
from tools.load.stored import read_published, read_stored
from tools.load.world import ACCOUNTS, create_accounts
from tools.local_stack.foreground import free_port
from tools.local_stack.settings import PROJECT, StackSettings
from tools.local_stack.stack import LocalStack

STATE = PROJECT / ".local" / "load"
LOCUST = Path(sys.executable).with_name("locust")
FAULT_SHARE = 0.04
# The relay publishes the triggers of an interrupted writer about half a minute after its end.
PATIENCE_SECONDS = 180.0
QUIET_SECONDS = 45.0
console = Console()


def main() -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.load", description=__doc__)
    parser.add_argument(
        "--minutes", type=float, default=10, help="how long the shops send requests"
    )
    parser.add_argument("--shops", type=int, default=12, help="number of shops")
    parser.add_argument(
        "--port", type=int, default=0, help="port of the stack; 0 chooses a free one"
    )
    parser.add_argument(
        "--process",
        type=int,
        metavar="ORDERS",
        help="instead, read so many orders with the vendor's process() while others are written",
    )
    asked = parser.parse_args()
    if asked.process:
        return _process(asked.process, asked.port or free_port())
    journals = STATE / "journals"
    _empty(journals)
    faults = STATE / "faults.log"
    faults.write_text("")
    settings = StackSettings(
        port=asked.port or free_port(),
        state=STATE,
        emulator_program=PROJECT / "tools" / "load" / "faulty_emulator.py",
        emulator_variables={
            "PERSIST_STATE": "1",
            "FAULT_SHARE": str(FAULT_SHARE),
            "FAULTS_LOG": str(faults),
        },
    )
    with LocalStack(settings, report=console.print) as stack:
        world = create_accounts(stack)
        console.print(f"{asked.shops} shops of {len(ACCOUNTS)} accounts, {asked.minutes:g} min …")
        followers = [ChangeFollower(each) for each in list_readers(stack, world.shops)]
        shops = _start(world.file, stack.endpoint.base_url, asked.shops, asked.minutes)
        with following(followers):
            _wait(shops, asked.minutes * 30)
            console.print("Restarting the embedded AWS …")
            stack.restart()
            shops.wait(asked.minutes * 60 + 300)
        console.print("Waiting for the last triggers …")
        _wait_until_quiet(settings.events_log)
        journal = list(read_journal(journals))
        stored = read_stored(stack)
        published = read_published(settings.events_log)
        console.print("Reading all lists, changes and histories …")
        reads = audit_reads(stack, world.shops, journal, followers=followers)
    found = [*differences(journal, stored, published), *reads.differences]
    complaints = journals / "complaints.txt"
    if complaints.exists():
        found += [
            Difference("complaint", "", "", line)
            for line in complaints.read_text(encoding="utf-8").splitlines()
        ]
    _show(journal, len(stored), len(published), faults, reads.compared)
    return _report(found) or int(not journal)


def _process(size: int, port: int) -> int:
    """Measure the vendor's `process()`; return the exit code."""
    with LocalStack(StackSettings(port=port, state=STATE), report=console.print) as stack:
        console.print(f"Importing {size} orders, then reading them …")
        run = process_run(stack, "reader")
        measured = run(size)
    meanwhile, read = measured.meanwhile, measured.read
    _print_table(
        {
            "orders committed before": measured.committed,
            "orders read": len(read.orders),
            "pages; largest one, characters": f"{len(read.page_sizes)}; {max(read.page_sizes)}",
            "seconds": f"{read.seconds:.1f}",
            "imported, renamed, moved, deleted meanwhile": (
                f"{meanwhile.imported}, {meanwhile.renamed}, {meanwhile.moved}, "
                f"{len(meanwhile.deleted)}"
            ),
        }
    )
    return _report(measured.differences)


def _report(found: Sequence[Difference]) -> int:
    """Print the differences; return the exit code."""
    for each in found[:50]:
        console.print(f"[red]{each.kind}[/red] {each.account} {each.order}: {each.detail}")
    console.print(f"{len(found)} differences")
    return 1 if found else 0


def _empty(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        path.unlink()


def _start(world: Path, host: str, shops: int, minutes: float) -> subprocess.Popen[bytes]:
    log = (STATE / "locust.log").open("wb")
    return subprocess.Popen(  # noqa: S603 - a program of the virtual environment
        [
            str(LOCUST),
            *("--locustfile", str(PROJECT / "tools" / "load" / "shoppers.py"), "--headless"),
            *("--host", host, "--users", str(shops), "--spawn-rate", "4"),
            *("--run-time", f"{int(minutes * 60)}s", "--stop-timeout", "200"),
            *("--csv", str(STATE / "locust"), "--only-summary"),
        ],
        cwd=PROJECT,
        env={
            "LOAD_WORLD": str(world),
            "LOAD_JOURNALS": str(STATE / "journals"),
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(PROJECT),
        },
        stdout=log,
        stderr=subprocess.STDOUT,
    )


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait for this time; raise RuntimeError if the process ends before."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return
    raise RuntimeError(f"The shops ended too early: see {STATE / 'locust.log'}.")


def _wait_until_quiet(log: Path) -> None:
    """Wait until no trigger has arrived for QUIET_SECONDS, at most for PATIENCE_SECONDS."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    size, since = log.stat().st_size, time.monotonic()
    while time.monotonic() < deadline and time.monotonic() - since < QUIET_SECONDS:
        time.sleep(1)
        if log.stat().st_size != size:
            size, since = log.stat().st_size, time.monotonic()


def _show(
    journal: list[Entry], stored: int, published: int, faults: Path, compared: Mapping[str, str]
) -> None:
    reply = Counter(each.reply for each in journal)
    requests = _requests()
    injected = Counter(faults.read_text(encoding="utf-8").splitlines())
    injected.pop("none", None)
    rows = {
        "requests, including retries": requests["Request Count"],
        "requests per second": f"{float(requests['Requests/s']):.1f}",
        "latency p50 / p95 / p99, ms": " / ".join(requests[p] for p in ("50%", "95%", "99%")),
        "writes acknowledged": reply[Reply.ACKNOWLEDGED],
        "writes rejected": reply[Reply.REFUSED],
        "writes with an unknown outcome": reply[Reply.UNKNOWN],
        "writes sent more than once": sum(each.tries > 1 for each in journal),
        "orders stored": stored,
        "triggers received": published,
        "faults injected": injected.total(),
        **compared,
    }
    _print_table(rows)
    kinds = Counter(each.rpartition(": ")[2] for each in injected.elements())
    console.print(json.dumps(kinds))


def _print_table(rows: Mapping[str, object]) -> None:
    table = Table("", "")
    for name, value in rows.items():
        table.add_row(name, str(value))
    console.print(table)


def _requests() -> dict[str, str]:
    with (STATE / "locust_stats.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["Name"] == "Aggregated"][0]  # noqa: RUF015


if __name__ == "__main__":
    sys.exit(main())
