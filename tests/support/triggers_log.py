"""Reads the file of published triggers that a running stack writes."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.local_stack.endpoint import Endpoint

type Tree = dict[str, Any]


def wait_for_triggers(
    endpoint: Endpoint, wanted: Callable[[Tree], bool], count: int, seconds: float = 15
) -> list[Tree]:
    """Return the wanted triggers as soon as there are `count` of them, or after `seconds`.

    `wanted` gets the detail of an event. The triggers are sorted by version.
    """
    give_up = time.monotonic() + seconds
    while True:
        lines = Path(endpoint.events_log).read_text(encoding="utf-8").splitlines()
        found = [event for event in map(json.loads, lines) if wanted(event["detail"])]
        if len(found) >= count or time.monotonic() > give_up:
            return sorted(found, key=lambda event: int(event["detail"]["version"]))
        time.sleep(0.2)
