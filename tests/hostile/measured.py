"""Measures each case in a process of its own, which is forked from one that has loaded the hub.

`measure` is for the parent. The module as a program is the process that forks: it reads positions
of `amplifiers()` and writes one line of JSON for each.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.hostile.amplifiers import MAX_MEGABYTES, Amplifier, amplifiers
from tests.support.lambda_context import Context

ROOT = Path(__file__).parents[2]
SECONDS = 20
MOST_MEMORY = 3 * 2**30
type Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Measured:
    """What one request took and what it was answered. `status` is 0 if the process ended early."""

    case: Amplifier
    status: int
    seconds: float
    megabytes: float
    answer_bytes: int
    text: str

    def faults(self) -> list[str]:
        """Return the aims that the case misses."""
        most = self.case.answer_limit
        return [
            text
            for missed, text in (
                (self.status not in self.case.statuses, f"status {self.status}: {self.text}"),
                (self.seconds > self.case.seconds, f"{self.seconds:.1f} s of CPU"),
                (self.megabytes > MAX_MEGABYTES, f"{self.megabytes:.0f} MB"),
                (self.answer_bytes > most, f"answer of {self.answer_bytes} bytes, of {most}"),
            )
            if missed
        ]


def measure(positions: Iterable[int]) -> Iterator[Measured]:
    """Measure the amplifiers at these positions of `amplifiers()`."""
    cases = amplifiers()
    command = [sys.executable, "-m", "tests.hostile.measured"]
    with subprocess.Popen(  # noqa: S603 - this module
        command,
        cwd=ROOT,
        env={**os.environ, **_ENVIRONMENT},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the process has no pipes")
        for position in positions:
            process.stdin.write(f"{position}\n")
            process.stdin.flush()
            yield Measured(cases[position], **json.loads(process.stdout.readline()))
        process.stdin.close()


_ENVIRONMENT = {
    "TABLE_NAME": "hostile",
    "EVENT_BUS_NAME": "triggers",
    "WRITER_TIMEOUT_SECONDS": "27",
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": "us-east-1",
    "POWERTOOLS_SERVICE_NAME": "hostile",
    "POWERTOOLS_METRICS_NAMESPACE": "MarketOrders",
    "POWERTOOLS_LOG_LEVEL": "CRITICAL",
    "PYTHONPATH": f"{ROOT / 'layers' / 'orders'}:{ROOT}",
}


def main() -> None:
    """Load the hub once, and fork for each position that is read."""
    # The hub writes its metrics to the standard output.
    results = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    from orders.runtime.composition import connect  # noqa: PLC0415 - after the redirection
    from tests.hostile.handlers import handler_of, warm_up  # noqa: PLC0415
    from tests.hostile.stored_aws import StoredAws  # noqa: PLC0415

    aws = connect()
    StoredAws().serve(aws.dynamodb, aws.events)
    warm_up()
    cases = amplifiers()
    for line in sys.stdin:
        case = cases[int(line)]
        event = case.event()
        results.write(json.dumps(_forked(handler_of(case.route), event)) + "\n")
        results.flush()


def _forked(handler: Any, event: Tree) -> Tree:  # noqa: ANN401 - a handler
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        answered = _answered(handler, event)
        with os.fdopen(writing, "w") as pipe:
            pipe.write(json.dumps(answered))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    nothing = {"status": 0, "seconds": 0.0, "megabytes": 0.0, "answer_bytes": 0, "text": "ended"}
    return json.loads(text) if text else nothing


def _answered(handler: Any, event: Tree) -> Tree:  # noqa: ANN401 - a handler
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    before, begun = _peak(), time.process_time()
    answer = handler(event, Context())
    seconds, grown = time.process_time() - begun, _peak() - before
    return {
        "status": answer["statusCode"],
        "seconds": seconds,
        "megabytes": grown / 1024,
        "answer_bytes": len(answer["body"].encode("utf-8", "surrogatepass")),
        "text": answer["body"][:300],
    }


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
