"""Measures CPU over HTTPS with a session token. Another process answers the calls."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import partial

from orders.runtime.composition import connect
from tests.support.slow_server import certificate
from tools.bench import SCRATCH
from tools.bench.cold_start import SESSION_TOKEN
from tools.bench.cpu import BATCHES, ORDERS, REPEATS, Cpu, expect_ok, low, seconds_of
from tools.bench.handlers import Handler, floor, naive, through_hub_clients
from tools.bench.requests import event, orders
from tools.bench.stub_server import serving
from tools.bench.world import World, handle

# One batch of the naive Lambda is as dear as all others together.
MOST_OF_NAIVE = 100


def measure_over_https(world: World) -> list[Cpu]:
    """Measure the import, the floor and the naive Lambda in a separate process."""
    folder = SCRATCH / "tls"
    folder.mkdir(parents=True, exist_ok=True)
    tls, authority = certificate(folder)
    with serving(world.aws, tls) as url:
        variables = os.environ | {
            "AWS_ENDPOINT_URL": url,
            "AWS_CA_BUNDLE": str(authority),
            "AWS_SESSION_TOKEN": SESSION_TOKEN,
        }
        variables.pop("AWS_ENDPOINT_URL_DYNAMODB", None)
        ended = subprocess.run(
            [sys.executable, "-m", "tools.bench.over_https"],
            env=variables,
            check=True,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
    return [Cpu(**each) for each in json.loads(ended.stderr.splitlines()[-1])]


def _measure(batch: int) -> Sequence[Cpu]:
    """Measure all rows alternately. The calls are those of the rows at the stub."""
    from functions.import_orders import handler  # noqa: PLC0415 - reads the environment

    rows: dict[str, Handler] = {
        "import, HTTPS": partial(handle, handler),
        "floor, HTTPS": floor,
        "floor, hub's clients, HTTPS": through_hub_clients(floor),
        **({"naive, HTTPS": naive} if batch <= MOST_OF_NAIVE else {}),
    }
    sent = event(orders(batch))
    seconds: dict[str, list[float]] = {name: [] for name in rows}
    for repeat in range(-1, max(REPEATS, ORDERS // batch // 4)):
        for name, row in rows.items():
            if repeat < 0:
                expect_ok(row(sent))
            else:
                seconds[name].append(seconds_of(row, sent))
    return [Cpu(name, batch, low(each) * 1e6 / batch, 0) for name, each in seconds.items()]


def main() -> None:
    """Print the measurements as JSON."""
    connect()
    measured = [
        {"name": each.name, "batch": each.batch, "microseconds": each.microseconds, "calls": 0}
        for batch in BATCHES
        for each in _measure(batch)
    ]
    sys.stderr.write(json.dumps(measured) + "\n")


if __name__ == "__main__":
    main()
