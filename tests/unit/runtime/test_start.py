"""What an environment of each function has at its start: the modules that it needs, and no state.

With SnapStart, all environments of a version start from one snapshot of this.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[3]
FUNCTIONS = sorted(each.parent.name for each in PROJECT.glob("functions/*/handler.py"))
IMPORTS = {"import_orders", "import_commercetools_order"}
STREAM = {"relay_triggers", "record_history"}
# The protocols whose modules a function needs at its start.
PROTOCOLS: Mapping[str, set[str]] = {
    "import_orders": {"altcraft"},
    "manage_catalogue": {"altcraft"},
    "import_commercetools_order": {"commercetools"},
    "issue_token": {"commercetools"},
    "manage_orders": {"yandex_market"},
    "update_external_id": {"yandex_market"},
    "read_hub": {"hub"},
    "manage_import_jobs": {"hub"},
}
# Modules that only these functions need at their start.
ONLY: Mapping[str, set[str]] = {
    "orders.adapters.dynamodb_catalogue": {"manage_catalogue"},
    "orders.application.import_catalogue": {"manage_catalogue"},
    "orders.application.import_orders": IMPORTS,
    "orders.application.undo_report": set(),
    "orders.application.undo_request": set(),
    "orders.domain.undoing": set(),
    "orders.domain.near_names": {"import_orders", "manage_catalogue"},
    "orders.adapters.stream_records": STREAM,
    "orders.adapters.sqs_parking": STREAM,
    "orders.application.list_orders": {
        "manage_catalogue",
        "manage_import_jobs",
        "manage_orders",
        "read_hub",
    },
    "orders.application.update_order_statuses": {"manage_orders", "update_external_id"},
    "orders.adapters.dynamodb_change_index": {"manage_orders", "read_hub"},
    "botocore.session": {*FUNCTIONS} - {"describe_api"},
    "pydantic": {*FUNCTIONS} - {"describe_api", "issue_token", "relay_triggers"},
    "lxml": set(),
    "boto3": set(),
}
# `altcraft.access` is the only module of a protocol that a function of several ones may import.
SHARED = {"orders.protocols.altcraft.access"}
VARIABLES = {
    "TABLE_NAME": "orders",
    "EVENT_BUS_NAME": "triggers",
    "WRITER_TIMEOUT_SECONDS": "27",
    "PARKED_TRIGGERS_QUEUE_URL": "https://queue",
    "PARKED_RECORDS_QUEUE_URL": "https://queue",
    "IMPORT_FILES_BUCKET": "files",
    "IMPORT_FILES_STATE_MACHINE_ARN": "arn:aws:states:us-east-1:000000000000:stateMachine:files",
    "POWERTOOLS_SERVICE_NAME": "start",
    "POWERTOOLS_METRICS_NAMESPACE": "MarketOrders",
}
# Prints the modules, and what must not be in a snapshot: filled caches, open connections, threads,
# clients, and whatever keeps tokens, settings or lanes of order numbers.
SCRIPT = """
import gc, json, sys, threading
import handler

names = {
    "BaseClient", "Session", "Credentials", "SSLContext", "socket", "ThreadPoolExecutor",
    "DynamoTokens", "DynamoSettings", "TakeOrderIds", "Lane", "LambdaDeadline",
}
classes = {
    base.__name__ for each in gc.get_objects() for base in type(each).__mro__
}
filled = [
    f"{name}.{member}"
    for name, module in list(sys.modules.items())
    if name.startswith("orders.")
    for member, each in list(vars(module).items())
    if hasattr(each, "cache_info") and each.cache_info().currsize
]
print(json.dumps({
    "modules": sorted(sys.modules),
    "captured": sorted(classes & names) + filled,
    "threads": threading.active_count(),
}))
"""


@cache
def _started(function: str) -> dict[str, Any]:
    path = [PROJECT / "functions" / function, PROJECT / "layers" / "orders"]
    ended = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", SCRIPT],
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": ":".join(map(str, path)), **VARIABLES},
    )
    started: dict[str, Any] = json.loads(ended.stdout)
    return started


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_imports_at_its_start_only_what_it_needs(function: str) -> None:
    modules = set(_started(function)["modules"])
    unneeded = {name for name, functions in ONLY.items() if function not in functions}
    assert modules & unneeded == set()
    own = {f"orders.protocols.{name}" for name in PROTOCOLS.get(function, ())}
    foreign = {
        name
        for name in modules - SHARED
        if name.startswith("orders.protocols.")
        and name.count(".") > 2
        and name.rpartition(".")[0] not in own
    }
    assert foreign == set()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_nothing_is_connected_or_cached_at_the_start_of_a_function(function: str) -> None:
    """Environments that start from one snapshot would otherwise share it, or keep it too long."""
    started = _started(function)
    assert (started["captured"], started["threads"]) == ([], 1)
