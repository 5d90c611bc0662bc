"""Reads the log of published triggers: ids, kinds and versions, without customer data."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from operator_cli.printing import shown_time

# The messages that the rules `TriggersLogRule` and `JobsLogRule` in template.yaml write.
_OF_ORDER = re.compile(
    r"(?P<kind>\w+) (?P<trigger_id>\S+) order (?P<order_id>\d+) version (?P<version>\d+)"
)
_OF_JOB = re.compile(r"(?P<kind>\w+) (?P<trigger_id>\S+) job (?P<job_id>\S+) (?P<state>\w+)")
# A line appears in the log some time after the time that it has.
LATENESS = timedelta(minutes=5)

type Row = dict[str, object]


@dataclass(slots=True)
class TriggerLog:
    """A log group of triggers. Each line is returned once."""

    logs: Any
    group: str
    _seen: dict[str, datetime] = field(default_factory=dict)

    def read(self, start: datetime) -> list[Row]:
        """Return the lines that were not returned before, from `start` on, sorted by time."""
        new = [each for each in self._events(start) if each["eventId"] not in self._seen]
        self._seen = {name: at for name, at in self._seen.items() if at >= start}
        self._seen |= {each["eventId"]: _time_of(each) for each in new}
        return [row_of(each) for each in sorted(new, key=_time_of)]

    def _events(self, start: datetime) -> Iterator[Mapping[str, Any]]:
        following: dict[str, str] = {}
        while True:
            page = self.logs.filter_log_events(
                logGroupName=self.group,
                startTime=int(start.timestamp() * 1000),
                **following,
            )
            yield from page["events"]
            if "nextToken" not in page:
                return
            following = {"nextToken": page["nextToken"]}

    def follow(
        self,
        start: datetime,
        show: Callable[[Row], None],
        clock: Callable[[], datetime],
        pause: Callable[[], None],
    ) -> None:
        """Show the lines from `start` on, and new ones until it is interrupted."""
        while True:
            for row in self.read(start):
                show(row)
            start = max(start, clock() - LATENESS)
            pause()


def row_of(event: Mapping[str, Any]) -> Row:
    """Return the trigger that a line names."""
    at = shown_time(_time_of(event))
    message = event["message"]
    if job := _OF_JOB.fullmatch(message):
        return {"at": at, **job.groupdict()}
    match = _OF_ORDER.fullmatch(message)
    if match is None:
        return {"at": at, "message": message}
    numbers = {name: int(match[name]) for name in ("order_id", "version")}
    return {"at": at, "kind": match["kind"], "trigger_id": match["trigger_id"], **numbers}


def _time_of(event: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
