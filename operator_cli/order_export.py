"""Exports orders to a file, page by page, so that an interrupted export can continue.

Beside the file, a state file says how much of it is complete, and the cursor of what follows. What
an interruption left behind this is cut off, so that no row is lost, doubled or cut short.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, Self

from operator_cli.errors import OperatorError, UsageError
from operator_cli.export_rows import csv_row, header, json_row
from operator_cli.hub_reads import HubReads, OrderFilters
from orders.domain.problems import shown
from orders.domain.times import format_time, parse_time

type Progress = Callable[[int, float], None]

_VERSION = 1


class Format(StrEnum):
    """The formats of an export."""

    CSV = "csv"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What is exported. An interrupted export continues with the same plan only."""

    source: str
    format: Format
    filters: OrderFilters

    def as_json(self) -> Mapping[str, Any]:
        """Return the plan in the form of a state file."""
        filters = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self.filters).items()
        }
        return {"source": self.source, "format": str(self.format), "filters": filters}


@dataclass(frozen=True, slots=True)
class ExportState:
    """How far an export is: the file is complete up to `size`, with `count` orders.

    `created_to` is where the list ends if the plan does not say it.
    """

    plan: Mapping[str, Any]
    created_to: str
    after: str | None = None
    size: int = 0
    count: int = 0

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Return the state of a file, None if it does not exist. Raises UsageError."""
        try:
            tree = json.loads(path.read_bytes())
            version = tree.pop("state_version")
            state = cls(**tree)
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise _unreadable(path) from error
        if version != _VERSION:
            raise _unreadable(path)
        return state

    def write(self, path: Path) -> None:
        """Replace the state file: it has either the old state or the new one."""
        text = json.dumps({"state_version": _VERSION, **asdict(self)}, ensure_ascii=False)
        write_atomically(path, text.encode())


@dataclass(frozen=True, slots=True)
class Export:
    """The export of a plan to a file."""

    hub: HubReads
    file: Path
    plan: ExportPlan
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def state_file(self) -> Path:
        """The state file, which exists until the export is complete."""
        return self.file.with_name(self.file.name + ".state")

    def run(self, progress: Progress, *, overwrite: bool = False) -> int:
        """Begin or continue the export; return the number of orders in the file.

        Raises UsageError if the file is not one of this export, and OperatorError if it cannot be
        written.
        """
        try:
            state = self._begin(overwrite=overwrite)
            with self.file.open("r+b" if state.size else "wb") as opened:
                self._expect_complete(opened, state)
                state = self._write_all(opened, state, progress)
            self.state_file.unlink()
        except OSError as error:
            raise OperatorError(f"{self.file} cannot be written: {error.strerror}.") from error
        return state.count

    def _begin(self, *, overwrite: bool) -> ExportState:
        state = None if overwrite else ExportState.read(self.state_file)
        if state is None:
            if self.file.exists() and not overwrite:
                raise UsageError(f"{self.file} exists: choose another file, or give --overwrite.")
            created_to = self.plan.filters.created_to or format_time(self.clock())
            state = ExportState(self.plan.as_json(), created_to)
            state.write(self.state_file)
        elif state.plan != self.plan.as_json():
            raise UsageError(
                f"{self.file} is the unfinished export of other orders ({_difference(state, self)}"
                " differs): repeat its command, or give --overwrite."
            )
        return state

    def _expect_complete(self, opened: IO[bytes], state: ExportState) -> None:
        """Cut off what is behind the complete part. Raises UsageError if it is not there."""
        if opened.seek(0, os.SEEK_END) < state.size:
            raise UsageError(
                f"{self.file} was changed after the export was interrupted: give --overwrite."
            )
        opened.truncate(state.size)
        opened.seek(state.size)

    def _write_all(self, opened: IO[bytes], state: ExportState, progress: Progress) -> ExportState:
        filters = replace(self.plan.filters, created_to=state.created_to)
        row = csv_row if self.plan.format is Format.CSV else json_row
        rows = header() if self.plan.format is Format.CSV and not state.size else b""
        begun: datetime | None = None
        while True:
            page = self.hub.page_of_orders(filters, state.after)
            rows += b"".join(map(row, page.entries))
            opened.write(rows)
            opened.flush()
            os.fsync(opened.fileno())
            state = replace(
                state,
                after=page.following,
                size=state.size + len(rows),
                count=state.count + len(page.entries),
            )
            if page.entries:
                begun = begun or parse_time(page.entries[0]["created_at"])
                reached = parse_time(page.entries[-1]["created_at"])
                progress(state.count, _part(begun, reached, parse_time(state.created_to)))
            if page.following is None:
                progress(state.count, 1.0)
                return state
            state.write(self.state_file)
            rows = b""


def _unreadable(path: Path) -> UsageError:
    return UsageError(f"{path} cannot be read: delete it, and export again with --overwrite.")


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file: after an interruption it has either the old content or the new one."""
    draft = path.with_name(path.name + ".new")
    with draft.open("wb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())
    draft.replace(path)


def _part(begun: datetime, reached: datetime, end: datetime) -> float:
    """Return which part of the time between the first order and the end was read."""
    whole = end - begun
    return min(1.0, (reached - begun) / whole) if whole > timedelta(0) else 1.0


def _difference(state: ExportState, export: Export) -> str:
    """Name the first part of the plan that differs."""
    now = export.plan.as_json()
    for name, value in now.items():
        old = state.plan.get(name)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            return next((f"--{n.replace('_', '-')}" for n in value if value[n] != old.get(n)), name)
        if value != old:
            return f"the {name}, {shown(old)}," if name == "source" else f"the {name}"
    return "the plan"
