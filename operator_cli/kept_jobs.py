"""Remembers the unfinished jobs of a file, so that the same command continues them."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from operator_cli.order_export import write_atomically

_VERSION = 1
# Several accounts may import one file.
_MOST = 20


@dataclass(frozen=True, slots=True)
class KeptJob:
    """A job and the options that it was created with.

    `seen` says whether its preview was shown: what it says may be out of date.
    """

    job_id: str
    options: Mapping[str, Any]
    seen: bool = False


@dataclass(frozen=True, slots=True)
class KeptJobs:
    """The jobs of one file at one hub, the newest first. The file of the state is private."""

    path: Path

    @classmethod
    def of(cls, sha256: str, place: str, environment: Mapping[str, str] = os.environ) -> Self:
        """Return the jobs of a file, by its checksum and the place of the hub."""
        base = environment.get("XDG_STATE_HOME") or "~/.local/state"
        name = hashlib.sha256(f"{place}\n{sha256}".encode()).hexdigest()[:32]
        return cls(Path(base).expanduser() / "market-orders" / "imports" / f"{name}.json")

    def read(self) -> Sequence[KeptJob]:
        """Return the jobs. A state that cannot be read has none."""
        try:
            tree = json.loads(self.path.read_bytes())
            if tree["state_version"] != _VERSION:
                return ()
            return tuple(KeptJob(**each) for each in tree["jobs"])
        except (OSError, ValueError, TypeError, KeyError):
            return ()

    def keep(self, job: KeptJob) -> None:
        """Remember a job, or its new state. A folder that cannot be written keeps none."""
        others = [each for each in self.read() if each.job_id != job.job_id]
        self._write([job, *others][:_MOST])

    def see(self, job_id: str) -> None:
        """Remember that the preview of a job was shown."""
        self._write([replace(j, seen=True) if j.job_id == job_id else j for j in self.read()])

    def forget(self, job_id: str) -> None:
        """Forget a job that ended."""
        self._write([each for each in self.read() if each.job_id != job_id])

    def _write(self, jobs: Sequence[KeptJob]) -> None:
        tree = {"state_version": _VERSION, "jobs": [asdict(each) for each in jobs]}
        try:
            if not jobs:
                self.path.unlink(missing_ok=True)
                return
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomically(self.path, json.dumps(tree).encode())
            self.path.chmod(0o600)
        except OSError:
            return
