"""Environment variables that the stack sets for its functions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from orders.domain.relaying import WriterLifetime


@dataclass(frozen=True, slots=True)
class Environment:
    """Names of the table and of the event bus, and the timeout of functions that write orders."""

    table: str
    bus: str
    writer_seconds: int

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Self:
        """Read the variables. Raises RuntimeError that names every missing one."""
        _expect(variables, "TABLE_NAME", "EVENT_BUS_NAME", "WRITER_TIMEOUT_SECONDS")
        return cls(
            table=variables["TABLE_NAME"],
            bus=variables["EVENT_BUS_NAME"],
            writer_seconds=int(variables["WRITER_TIMEOUT_SECONDS"]),
        )

    def writer_lifetime(self) -> WriterLifetime:
        """Return the longest time that a function writes."""
        return WriterLifetime(timedelta(seconds=self.writer_seconds))


@dataclass(frozen=True, slots=True)
class RelayEnvironment:
    """The additional variable of the relay: the queue of parked triggers."""

    queue_url: str

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Self:
        """Read the variables. Raises RuntimeError that names every missing one."""
        _expect(variables, "PARKED_TRIGGERS_QUEUE_URL")
        return cls(queue_url=variables["PARKED_TRIGGERS_QUEUE_URL"])


@dataclass(frozen=True, slots=True)
class HistoryEnvironment:
    """Additional variable of the history: the queue of records that cannot be processed."""

    queue_url: str

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Self:
        """Read the variable. Raises RuntimeError that names it if it is missing."""
        _expect(variables, "PARKED_RECORDS_QUEUE_URL")
        return cls(queue_url=variables["PARKED_RECORDS_QUEUE_URL"])


@dataclass(frozen=True, slots=True)
class ImportFilesEnvironment:
    """Additional variable of the functions that work on imported files: the bucket."""

    bucket: str

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Self:
        """Read the variable. Raises RuntimeError that names it if it is missing."""
        _expect(variables, "IMPORT_FILES_BUCKET")
        return cls(bucket=variables["IMPORT_FILES_BUCKET"])


@dataclass(frozen=True, slots=True)
class ImportJobsEnvironment:
    """The additional variables of import jobs: where their files are, and what runs them."""

    bucket: str
    machine_arn: str

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Self:
        """Read the variables. Raises RuntimeError that names every missing one."""
        _expect(variables, "IMPORT_FILES_BUCKET", "IMPORT_FILES_STATE_MACHINE_ARN")
        return cls(
            bucket=variables["IMPORT_FILES_BUCKET"],
            machine_arn=variables["IMPORT_FILES_STATE_MACHINE_ARN"],
        )


def _expect(variables: Mapping[str, str], *names: str) -> None:
    missing = [name for name in names if not variables.get(name)]
    if missing:
        raise RuntimeError(f"Missing environment variables: {', '.join(missing)}")
