"""Runs `python -m tools.local_stack` as a separate process."""

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from tools.local_stack.environment import MARKER
from tools.local_stack.settings import PROJECT

# A first start installs the packages of the layer, while other tests use the processors.
READY_SECONDS = 240.0
END_SECONDS = 20.0


class StackProcess:
    """One run of the command. On exit from the context, all its remaining processes are killed."""

    def __init__(self, state: Path, port: int = 0) -> None:
        self.state = state
        self._output = tempfile.NamedTemporaryFile(prefix="local-stack-")  # noqa: SIM115  # lives as long as the process
        self._process = subprocess.Popen(  # noqa: S603  # the test defines the command
            [sys.executable, "-m", "tools.local_stack", "--port", str(port), "--state", str(state)],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        for child in self.children():
            child.kill()
        self._output.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def output(self) -> str:
        return Path(self._output.name).read_text(encoding="utf-8")

    @property
    def endpoint_file(self) -> Path:
        return self.state / "endpoint.json"

    def wait_for(self, text: str) -> None:
        """Wait until the command's output contains `text`."""
        deadline = time.monotonic() + READY_SECONDS
        while text not in self.output:
            assert self._process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.05)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self) -> int:
        """Wait until the command ends; return its exit code."""
        return self._process.wait(END_SECONDS)

    def children(self) -> list[psutil.Process]:
        """Return the running processes that stacks of this state folder have started."""
        return [process for process in psutil.process_iter() if self._is_child(process)]

    def _is_child(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(MARKER) == str(self.state)
        except (psutil.Error, OSError):
            return False
