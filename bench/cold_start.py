"""Start-up: a fresh process to its first answer, beside one that only has boto3 and a client.

Plain processes with compiled sources, AWS answered by a stub: the import of modules, the clients,
and the first request. The runtime's own start is in neither.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.requests import event, orders
from bench.world import World

type Tree = dict[str, Any]
REPEATS = 9
_ROOT = Path(__file__).parents[1]
_BARE = "import boto3; boto3.client('dynamodb')"


def measure_cold_start(world: World, kind: str = "json") -> Tree:
    """Return the milliseconds of both, medians of runs that take turns."""
    scratch = _ROOT / ".local" / "bench"
    scratch.mkdir(parents=True, exist_ok=True)
    state = scratch / "cold_start.json"
    items = [[*key, item] for key, item in world.aws.items.items()]
    state.write_text(json.dumps({"items": items, "event": event(orders(1), kind)}))
    ours, bare = [], []
    for _ in range(REPEATS):
        ours.append(_milliseconds([sys.executable, "-m", "bench.first_answer", str(state)]))
        bare.append(_milliseconds([sys.executable, "-c", _BARE]))
    return {"import_ms": statistics.median(ours), "bare_ms": statistics.median(bare)}


def _milliseconds(command: list[str]) -> float:
    environment = {**os.environ, "PYTHONPATH": f"{_ROOT}:{_ROOT / 'layers' / 'orders'}"}
    started = time.perf_counter()
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603
    return (time.perf_counter() - started) * 1000
