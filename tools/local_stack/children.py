"""The processes that a stack starts, and how to end every one of them."""

import contextlib
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from tools.local_stack.environment import MARKER
from tools.local_stack.errors import LocalStackError
from tools.local_stack.interruption import POLL_SECONDS, Interruption
from tools.local_stack.settings import PROJECT

TERMINATION_SECONDS = 5
# A start that is silent for longer looks stuck.
REPORT_SECONDS = 8
TAIL_LINES = 15


class Children:
    """Starts processes that can all be found again by the mark in their environment."""

    def __init__(
        self,
        mark: str,
        logs: Path,
        interruption: Interruption,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Keep one log file a process in the folder `logs`; report on processes that take long."""
        self._mark = mark
        self._logs = logs
        self._interruption = interruption
        self._report = report
        self._started: list[subprocess.Popen[bytes]] = []

    def start(
        self, name: str, command: Sequence[str], environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        """Start a process in a session of its own, out of reach of the terminal's Ctrl-C."""
        with self.log(name).open("wb") as log:
            try:
                process = subprocess.Popen(  # noqa: S603  # the commands are ours
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
        """Run a process to its end; raise LocalStackError if it fails."""
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
        """Name the file that holds what the process writes."""
        return self._logs / f"{name.replace(' ', '-')}.log"

    def details(self, name: str) -> str:
        """Point to a process's log file and show the end of it."""
        log = self.log(name)
        lines = log.read_text(errors="replace").rstrip().splitlines()[-TAIL_LINES:]
        return "\n    ".join([f"correct what its log says, {log}, which ends with", *lines])

    def sweep(self) -> None:
        """End every process that carries the mark, and what it starts meanwhile."""
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
            # It ended meanwhile, or is somebody else's.
            return False
