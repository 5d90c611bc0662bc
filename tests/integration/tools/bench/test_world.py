"""The benchmark measures the real handler and discards its output."""

import json
import subprocess
import sys

from tools.local_stack.settings import PROJECT

PROGRAM = """
import json
from tools.bench.requests import event, orders
from tools.bench.world import opened

with opened() as world:
    body = json.loads(world.handle(event(orders(3), result_details=True))["body"])
    print(json.dumps(body["counts"]))
"""


def test_the_measured_handler_imports_orders() -> None:
    """The benchmark sets the handler's environment, so it runs in a separate process."""
    ended = subprocess.run(  # noqa: S603 - the test defines the program
        [sys.executable, "-c", PROGRAM],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    [line] = ended.stdout.splitlines()
    assert json.loads(line)["created"] == 3
