"""Fixtures that start local stacks for the end-to-end tests."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.stack_process import StackProcess
from tools.local_stack.foreground import free_port
from tools.local_stack.settings import PROJECT, StackSettings
from tools.local_stack.stack import LocalStack

# The folders stay between runs of the suite, because they hold cached builds. Each pytest-xdist
# process uses a separate folder.
STATES = PROJECT / ".local" / "e2e" / os.environ.get("PYTEST_XDIST_WORKER", "main")

type StartStack = Callable[..., StackProcess]


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    """Return a running stack; `stack.endpoint` holds its URLs and credentials."""
    with LocalStack(StackSettings(port=free_port(), state=STATES / "stack")) as running:
        yield running


@pytest.fixture(scope="session")
def command_state() -> Path:
    """Return the state folder of stacks that run as a separate process."""
    return STATES / "command"


@pytest.fixture
def start_stack(command_state: Path) -> Iterator[StartStack]:
    """Return a function that starts `python -m tools.local_stack`."""
    with ExitStack() as running:

        def start(port: int = 0) -> StackProcess:
            return running.enter_context(StackProcess(command_state, port))

        yield start
