"""Counts what a job takes of AWS: capacity units, requests to S3, triggers, and rounds of calls.

DynamoDB Local reports the units of all calls but PartiQL statements, as in tools/bench/units.py.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from orders.domain.import_jobs import MAX_CHUNK_ORDERS
from orders.runtime.composition import connect
from orders.runtime.composition.import_files import job_files
from tools.bench.capacity import consumption
from tools.bench.files.exports import BY_FORMAT
from tools.bench.files.kept_items import KeptItems
from tools.bench.files.steps import FINISH, IMPORT, SPLIT, Functions, event_of
from tools.bench.rounds import in_rounds
from tools.bench.units import inserted_keys, units_of_put
from tools.bench.world import World
from tools.local_stack.settings import PROJECT

type Tree = dict[str, Any]
CSV = "altcraft_csv"
MACHINE = PROJECT / "statemachines" / "import_files.asl.yaml"
_READS = frozenset({"GetItem", "BatchGetItem", "Query"})
_READS_OF_S3 = frozenset({"GetObject", "HeadObject"})


@dataclass(frozen=True, slots=True)
class StepRounds:
    """The rounds of a step: of a job with one chunk, and of one with `chunks`."""

    first: int
    whole: int
    chunks: int

    def of(self, chunks: float) -> float:
        """Return the rounds of a job with so many chunks: each further one takes equally many."""
        return self.first + (self.whole - self.first) / (self.chunks - 1) * (chunks - 1)


@dataclass(frozen=True, slots=True)
class JobUnits:
    """What a whole job takes. The rounds are those of calls that wait for each other."""

    orders: int
    chunks: int
    megabytes: float
    write_units: float
    read_units: float
    s3_writes: int
    s3_reads: int
    triggers: int
    split_rounds: StepRounds
    chunk_rounds: StepRounds
    finish_rounds: StepRounds

    def per_thousand(self, amount: float) -> float:
        """Return an amount of the job for 1,000 orders."""
        return amount * 1000 / self.orders


def measure_units(world: World, steps: Functions, orders: int) -> JobUnits:
    """Run a job on DynamoDB Local for its units, and one on the stub for its rounds."""
    s3: Counter[str] = Counter()
    triggers = looked_for = 0

    def see_s3(model: Any, **_rest: object) -> None:  # noqa: ANN401 - botocore's
        s3[model.name] += 1

    def see(params: Tree, **_rest: object) -> None:
        nonlocal triggers, looked_for
        triggers += len(params.get("Entries", ()))
        for asked in params.get("RequestItems", {}).values():
            looked_for += len(asked["Keys"])

    s3_events = job_files(connect()).client.meta.events
    with ExitStack() as stack:
        inserted = stack.enter_context(inserted_keys(world))
        stack.enter_context(world.aws.asked(see))
        consumed = stack.enter_context(consumption(world.hub.dynamodb))
        job = steps.add_job(BY_FORMAT[CSV], orders)
        s3_events.register("before-call.s3", see_s3)
        stack.callback(s3_events.unregister, "before-call.s3", see_s3)
        chunks = steps.run(job).chunks.calls
    units: dict[str, float] = dict(consumed.by_operation)
    # It reports half a unit for an item that does not exist, and AWS charges a whole one.
    units["BatchGetItem"] = looked_for
    reads = sum(each for name, each in units.items() if name in _READS)
    writes = sum(each for name, each in units.items() if name not in _READS)
    writes += sum(units_of_put(world, key) for key in inserted)
    s3_reads = sum(count for name, count in s3.items() if name in _READS_OF_S3)
    first, whole = (_rounds(world, steps, each) for each in (MAX_CHUNK_ORDERS, orders))

    def rounds(step: str) -> StepRounds:
        return StepRounds(first[step], whole[step], chunks)

    steps.forget(job)
    return JobUnits(
        orders=orders,
        chunks=chunks,
        megabytes=job.file.size / 1e6 if job.file else 0.0,
        write_units=writes,
        read_units=reads,
        s3_writes=s3.total() - s3_reads,
        s3_reads=s3_reads,
        triggers=triggers,
        split_rounds=rounds(SPLIT),
        chunk_rounds=rounds(IMPORT),
        finish_rounds=rounds(FINISH),
    )


def _rounds(world: World, steps: Functions, orders: int) -> Mapping[str, int]:
    """Return the rounds of each step, of all its calls together."""
    counted: Counter[str] = Counter()
    stub = KeptItems(world.table, world.hub.dynamodb, world.hub.events)
    stub.items = dict(world.aws.items)
    with stub.answering():
        job = steps.add_job(BY_FORMAT[CSV], orders)

        def call(name: str, more: Tree) -> Tree:
            with _counting(name, counted):
                return steps.call(name, event_of(job) | more)

        for number in range(call(SPLIT, {})["chunks"]):
            call(IMPORT, {"chunk": number})
        call(FINISH, {"error": ""})
    steps.forget(job)
    return counted


@contextmanager
def _counting(name: str, counted: Counter[str]) -> Iterator[None]:
    hub = connect()
    with in_rounds(hub.dynamodb, hub.events, job_files(hub).client) as rounds:
        yield
    counted[name] += rounds.count


@cache
def transitions() -> int:
    """Return how many states a whole run enters, without those of its chunks."""
    machine: Tree = yaml.safe_load(MACHINE.read_text(encoding="utf-8"))
    return len(longest_path(machine["States"], machine["StartAt"]))


def longest_path(states: Tree, start: str) -> list[str]:
    """Return the states of the longest way through a state machine in which no step fails.

    A run that splits its file and imports its chunks leaves no state out.
    """
    state = states[start]
    following = [each["Next"] for each in state.get("Choices", ())]
    following += [state[name] for name in ("Default", "Next") if name in state]
    paths = [longest_path(states, each) for each in dict.fromkeys(following)]
    return [start, *max(paths, key=len, default=[])]
