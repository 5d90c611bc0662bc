"""Measurements in processes of their own, whose memory no other measurement has used."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

type Tree = dict[str, Any]


def measured_by(module: str, *arguments: str) -> Tree:
    """Run a module, and return the measurement that it reports."""
    ended = subprocess.run(  # noqa: S603 - the callers name the module and its arguments
        [sys.executable, "-m", module, *arguments],
        check=True,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    measured: Tree = json.loads(ended.stderr.splitlines()[-1])
    return measured


def report(measured: Tree) -> None:
    """Return a measurement to the process that asked for it. The hub logs to the other stream."""
    sys.stderr.write(json.dumps(measured) + "\n")


def peak_mb(process: psutil.Process) -> int:
    """Return the peak of the memory of a process; outside of Linux, its present memory."""
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        return int(process.memory_info().rss / 1024**2)
    [peak] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
    return int(peak.split()[1]) // 1024
