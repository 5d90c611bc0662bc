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

    Only triggers of orders of the endpoint's account are returned: order ids are unique in an
    account, and other accounts use the same stack. The end of an import job has no order. `wanted`
    gets the detail of an event. The triggers are sorted by version.
    """

    def is_wanted(detail: Tree) -> bool:
        is_of_order = "order_id" in detail and detail.get("account") == endpoint.account
        return is_of_order and wanted(detail)

    give_up = time.monotonic() + seconds
    while True:
        written = Path(endpoint.events_log).read_text(encoding="utf-8")
        # What follows the last line break is still being written.
        lines = written.rpartition("\n")[0].splitlines()
        found = [event for event in map(json.loads, lines) if is_wanted(event["detail"])]
        if len(found) >= count or time.monotonic() > give_up:
            return sorted(found, key=lambda event: int(event["detail"]["version"]))
        time.sleep(0.2)
