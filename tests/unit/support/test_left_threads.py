"""A test file that leaves a thread running fails."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event, Thread

import pytest

from tests.support.left_threads import left_threads

pytest_plugins = ["pytester"]

CONFTEST = """
    from pathlib import Path
    from threading import Event

    from tests.support.left_threads import LeftThreads

    ENDED = Event()
    FOLDER = Path(__file__).parent / "together"

    def pytest_configure(config):
        config.pluginmanager.register(LeftThreads(patience=0.05, shared_folders={FOLDER}))

    def pytest_unconfigure():
        ENDED.set()
"""
LEAVES = """
    from threading import Thread
    from conftest import ENDED

    def test_first():
        Thread(target=ENDED.wait, name="poller").start()

    def test_second():
        pass
"""
LEAVES_NONE = """
    from threading import Event, Thread
    import pytest

    @pytest.fixture(scope="module", autouse=True)
    def ended():
        ended = Event()
        thread = Thread(target=ended.wait)
        thread.start()
        yield
        ended.set()
        thread.join()

    def test_only():
        pass
"""
PASSES = "def test_only(): pass"


@pytest.fixture
def ended() -> Iterator[Event]:
    event = Event()
    yield event
    event.set()


def _run(pytester: pytest.Pytester, **files: str) -> pytest.RunResult:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(**files)
    return pytester.runpytest_inprocess("-q", "--disable-plugin-autoload")


def test_the_last_test_of_the_file_that_left_a_thread_fails(pytester: pytest.Pytester) -> None:
    result = _run(pytester, test_a=LEAVES, test_b=PASSES)
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_second*",
            "*test_a.py must end its threads; still running: poller*",
        ]
    )


def test_a_thread_that_ends_with_its_fixture_is_accepted(pytester: pytest.Pytester) -> None:
    _run(pytester, test_a=LEAVES_NONE, test_b=PASSES).assert_outcomes(passed=2)


def test_the_files_of_a_shared_folder_must_end_their_threads_with_its_last_test(
    pytester: pytest.Pytester,
) -> None:
    pytester.mkdir("together")
    files = {"together/test_a": LEAVES, "together/test_b": PASSES, "test_c": PASSES}
    result = _run(pytester, **files)
    result.assert_outcomes(passed=4, errors=1)
    result.stdout.fnmatch_lines(
        ["*ERROR at teardown of test_only*", "*together must end its threads*"]
    )


def test_a_thread_that_is_about_to_end_is_waited_for(ended: Event) -> None:
    before = set(threading.enumerate())
    thread = Thread(target=ended.wait, args=(0.01,))
    thread.start()
    assert left_threads(before, patience=5) == []
    assert not thread.is_alive()


def test_threads_that_ran_before_are_not_reported(ended: Event) -> None:
    before = set(threading.enumerate())
    thread = Thread(target=ended.wait, name="earlier")
    thread.start()
    assert left_threads(before, patience=0) == ["earlier"]
    assert left_threads(before | {thread}, patience=0) == []


def test_only_the_threads_of_a_pool_that_work_are_reported(ended: Event) -> None:
    before, started = set(threading.enumerate()), Event()

    def work() -> None:
        started.set()
        ended.wait()

    with ThreadPoolExecutor(1, thread_name_prefix="pool") as pool, ExitStack() as at_end:
        at_end.callback(ended.set)
        pool.submit(int).result()
        assert left_threads(before, patience=1) == []
        pool.submit(work)
        assert started.wait(5)
        assert left_threads(before, patience=0) == ["pool_0"]
