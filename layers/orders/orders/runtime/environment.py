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
class ParkingEnvironment:
    """The additional variable of the functions of the stream: the queue of what they park."""

    queue_url: str

    @classmethod
    def of_relay(cls, variables: Mapping[str, str]) -> Self:
        """Read the queue of parked triggers. Raises RuntimeError if the variable is missing."""
        return cls(_read(variables, "PARKED_TRIGGERS_QUEUE_URL"))

    @classmethod
    def of_history(cls, variables: Mapping[str, str]) -> Self:
        """Read the queue of parked records. Raises RuntimeError if the variable is missing."""
        return cls(_read(variables, "PARKED_RECORDS_QUEUE_URL"))


@dataclass(frozen=True, slots=True)
class ImportFilesEnvironment:
    """The additional variable of all functions of import jobs: the bucket of the files."""

    bucket: str

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Self:
        """Read the variable. Raises RuntimeError that names it if it is missing."""
        return cls(_read(variables, "IMPORT_FILES_BUCKET"))


@dataclass(frozen=True, slots=True)
class ImportEngineEnvironment:
    """The additional variable of the function that starts import jobs: what runs them."""

    machine_arn: str

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Self:
        """Read the variable. Raises RuntimeError that names it if it is missing."""
        return cls(_read(variables, "IMPORT_FILES_STATE_MACHINE_ARN"))


def _read(variables: Mapping[str, str], name: str) -> str:
    _expect(variables, name)
    return variables[name]


def _expect(variables: Mapping[str, str], *names: str) -> None:
    missing = [name for name in names if not variables.get(name)]
    if missing:
        raise RuntimeError(f"Missing environment variables: {', '.join(missing)}")
