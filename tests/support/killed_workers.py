"""Kills the processes in which a local stack runs a function."""

from pathlib import Path

import psutil

from tools.local_stack.environment import MARKER
from tools.local_stack.stack import LocalStack


def kill_workers(stack: LocalStack, function: str) -> int:
    """Kill the workers of a function, given the end of its name. Return how many there were."""
    state = str(Path(stack.endpoint.events_log).parent)
    killed = 0
    for process in psutil.process_iter():
        try:
            environment = process.environ()
            name = environment.get("AWS_LAMBDA_FUNCTION_NAME", "")
            if environment.get(MARKER) == state and name.endswith(function):
                process.kill()
                killed += 1
        except (psutil.Error, OSError):
            continue
    return killed
