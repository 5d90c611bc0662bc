"""Imports a file with the real functions in processes of their own, on DynamoDB Local.

The state machine is replaced by a loop, the bucket by a folder, and a stub accepts the triggers.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

import psutil

from orders.adapters.dynamodb_import_jobs import DynamoImportJobs
from orders.runtime.composition import connect
from tests.support.template_tables import create_table
from tools.bench.files.exports import BY_FORMAT
from tools.bench.files.folder_bucket import FolderBucket
from tools.bench.files.jobs_over_http import CSV, WholeJob
from tools.bench.files.steps import (
    FINISH,
    IMPORT,
    SPLIT,
    Functions,
    event_of,
    functions,
    wait_longer,
)
from tools.bench.processes import peak_mb
from tools.bench.progress import Progress
from tools.bench.stubbed_aws import StubbedAws
from tools.bench.world import World, create_account

type Tree = dict[str, Any]
WORKERS = 2
type Call = Callable[[str, Tree], Tree]


def measure_in_processes(world: World, steps: Functions, orders: int) -> WholeJob:
    """Run a job with two workers, in a table of its own."""
    table = create_table(world.dynamodb)
    create_account(world.dynamodb, table)
    own = replace(steps, jobs=DynamoImportJobs(world.hub.dynamodb, table))
    job = own.add_job(BY_FORMAT[CSV], orders)
    event = event_of(job)
    peaks: dict[str, int] = {}
    with ExitStack() as stack:
        folder, variables = str(own.bucket.folder), os.environ | {"TABLE_NAME": table}
        # Each process is one environment of one function, as on Lambda.
        names = (SPLIT, *(f"{IMPORT} {number + 1}" for number in range(WORKERS)), FINISH)
        split, *chunks, finish = (
            stack.enter_context(_worker(name, folder, variables, peaks)) for name in names
        )
        started = time.perf_counter()
        found = split(SPLIT, event)["chunks"]
        Progress("chunks", found).follow(_imported(chunks, event, found))
        finish(FINISH, event | {"error": ""})
        seconds = time.perf_counter() - started
    own.expect_imported(job)
    own.forget(job)
    world.dynamodb.delete_table(TableName=table)
    return WholeJob("the functions in processes, on DynamoDB Local", orders, seconds, peaks)


def _imported(workers: Sequence[Call], event: Tree, chunks: int) -> Iterator[int]:
    """Yield how many chunks are imported. Each worker takes the next one when it has time."""
    numbers, lock = iter(range(chunks)), Lock()
    done: list[int] = []

    def work(call: Call) -> None:
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            call(IMPORT, event | {"chunk": number})
            done.append(number)

    with ThreadPoolExecutor(len(workers)) as pool:
        running = [pool.submit(work, each) for each in workers]
        while not all(each.done() for each in running):
            yield len(done)
            time.sleep(0.05)
        for each in running:
            each.result()
    yield len(done)


@contextmanager
def _worker(
    name: str, folder: str, variables: Mapping[str, str], peaks: dict[str, int]
) -> Iterator[Call]:
    """Start a process that calls functions. At its end, note the peak of its memory."""
    command = [sys.executable, "-m", "tools.bench.files.workers", folder]
    with subprocess.Popen(  # noqa: S603 - the command is built above
        command, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("The worker has no pipes")
        asked, answered = process.stdin, process.stdout

        def call(function: str, event: Tree) -> Tree:
            asked.write(json.dumps({"function": function, "event": event}) + "\n")
            asked.flush()
            line = answered.readline()
            if not line:
                raise RuntimeError(f"The worker of {function} has failed")
            answer: Tree = json.loads(line)
            peaks[name] = answer["peak_mb"]
            result: Tree = answer["result"]
            return result

        try:
            yield call
        finally:
            asked.close()


def main(folder: str) -> None:
    """Call the functions that the lines of the standard input name, and print their results."""
    results = sys.stdout
    wait_longer()
    hub = connect()
    stub = StubbedAws(hub.environment.table, hub.dynamodb, hub.events)
    # The logger writes to the standard output that it finds when it is created.
    with (
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        redirect_stdout(nowhere),
        functions(FolderBucket(Path(folder))) as steps,
        stub.without_bus(),
    ):
        for line in sys.stdin:
            asked = json.loads(line)
            result = steps.call(asked["function"], asked["event"])
            answer = {"result": result, "peak_mb": peak_mb(psutil.Process())}
            results.write(json.dumps(answer) + "\n")
            results.flush()


if __name__ == "__main__":
    main(sys.argv[1])
