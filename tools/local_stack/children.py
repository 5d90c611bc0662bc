"""Starts the child processes of a stack, and ends all of them."""

import contextlib
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from tools.local_stack.environment import MARKER
from tools.local_stack.errors import LocalStackError
from tools.local_stack.interruption import POLL_SECONDS, Interruption
from tools.local_stack.private_files import private_file
from tools.local_stack.settings import PROJECT

TERMINATION_SECONDS = 5
# A start that prints nothing for longer than this looks stuck.
REPORT_SECONDS = 8
TAIL_LINES = 15


class Children:
    """Starts processes and marks them with an environment variable, by which it finds them again.

    Processes that a child starts inherit the mark, so `sweep` ends them too.
    """

    def __init__(
        self,
        mark: str,
        logs: Path,
        interruption: Interruption,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Start nothing yet.

        Each process writes to its own log file in the folder `logs`. `report` receives a line for
        each `REPORT_SECONDS` that a process takes.
        """
        self._mark = mark
        self._logs = logs
        self._interruption = interruption
        self._report = report
        self._started: list[subprocess.Popen[bytes]] = []

    def start(
        self, name: str, command: Sequence[str], environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        """Start a process in a separate session, so that Ctrl-C in the terminal does not reach it.

        Raises LocalStackError if the program is missing.
        """
        with private_file(self.log(name)) as log:
            try:
                process = subprocess.Popen(  # noqa: S603  # the project defines every command
                    command,
                    cwd=PROJECT,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except FileNotFoundError as error:
                raise LocalStackError(f"{command[0]} is missing: run `make setup`.") from error
        self._started.append(process)
        return process

    def run(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run a process to its end; raise LocalStackError if it exits with an error."""
        process = self.start(name, command, environment)
        started = reported = time.monotonic()
        while process.poll() is None:
            self._interruption.pause()
            now = time.monotonic()
            if now - reported >= REPORT_SECONDS:
                reported = now
                self._report(f"  {name} has been running for {now - started:.0f} seconds …")
        if process.returncode:
            raise LocalStackError(f"{name} failed: {self.details(name)}")

    def log(self, name: str) -> Path:
        """Return the path of a process's log file."""
        return self._logs / f"{name.replace(' ', '-')}.log"

    def details(self, name: str) -> str:
        """Return the path of a process's log file and its last lines, for a message."""
        log = self.log(name)
        lines = log.read_text(errors="replace").rstrip().splitlines()[-TAIL_LINES:]
        return "\n    ".join([f"see its log, {log}. The last lines are:", *lines])

    def sweep(self) -> None:
        """End every process that has the mark, including those that start in the meantime."""
        if not self._end_all(psutil.Process.terminate):
            self._end_all(psutil.Process.kill)
        while self._started:
            self._started.pop().wait(TERMINATION_SECONDS)

    def _end_all(self, end: Callable[[psutil.Process], None]) -> bool:
        deadline = time.monotonic() + TERMINATION_SECONDS
        while marked := self._marked():
            if time.monotonic() > deadline:
                return False
            for process in marked:
                with contextlib.suppress(psutil.NoSuchProcess):
                    end(process)
            time.sleep(POLL_SECONDS)
        return True

    def _marked(self) -> list[psutil.Process]:
        return [process for process in psutil.process_iter() if self._is_marked(process)]

    def _is_marked(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(MARKER) == self._mark
        except (psutil.Error, OSError):
            # The process has ended, or belongs to another user.
            return False
