"""Fixtures that start local stacks for the end-to-end tests."""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.stack_process import StackProcess
from tools.local_stack.foreground import free_port
from tools.local_stack.settings import PROJECT, StackSettings
from tools.local_stack.stack import LocalStack

FOLDER = Path(__file__).parent
# The folders stay between runs of the suite, because they hold cached builds. Each pytest-xdist
# process uses a separate folder.
STATES = PROJECT / ".local" / "e2e" / os.environ.get("PYTEST_XDIST_WORKER", "main")
# What the tests of this folder share. It ends with the last of them, long before the session: the
# thread of a stack would poll its queue while unit tests block sockets.
SHARED = ExitStack()

type StartStack = Callable[..., StackProcess]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what begins a wait first and what needs its end last, so that others use the time.

    No tests of other folders run in between, because the shared stack would have ended.
    """
    here = sorted((item for item in items if item.path.parent == FOLDER), key=_turn)
    first = next((n for n, item in enumerate(items) if item.path.parent == FOLDER), 0)
    others = [item for item in items if item.path.parent != FOLDER]
    items[:] = [*others[:first], *here, *others[first:]]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Generator[None]:
    """End what the tests of this folder share after the last of them."""
    try:
        return (yield)
    finally:
        if nextitem is None or nextitem.path.parent != FOLDER:
            SHARED.close()


def _turn(item: pytest.Item) -> int:
    if item.get_closest_marker("begins_a_wait"):
        return 0
    return 2 if item.get_closest_marker("ends_a_wait") else 1


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    """Return a running stack; `stack.endpoint` holds its URLs and credentials."""
    # A session that is interrupted ends without the last test of this folder.
    with SHARED:
        yield SHARED.enter_context(
            LocalStack(StackSettings(port=free_port(), state=STATES / "stack"))
        )


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
