"""What is measured is the real handler: it answers, and what it prints goes nowhere."""

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
    """In a process of its own, as the benchmark runs: it sets the handler's environment first."""
    ended = subprocess.run(  # noqa: S603 - our own program
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
