"""What the stack tells a Lambda through its environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Environment:
    """Names of the stack's resources."""

    table: str
    bus: str

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Self:
        """Read the variables; raise RuntimeError that names all that are missing."""
        _expect(variables, "TABLE_NAME", "EVENT_BUS_NAME")
        return cls(table=variables["TABLE_NAME"], bus=variables["EVENT_BUS_NAME"])


@dataclass(frozen=True, slots=True)
class RelayEnvironment:
    """What the relay is told besides: where poison is parked, and how long a writer may live."""

    queue_url: str
    writer_seconds: int

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Self:
        """Read the variables; raise RuntimeError that names all that are missing."""
        _expect(variables, "PARKED_TRIGGERS_QUEUE_URL", "WRITER_TIMEOUT_SECONDS")
        return cls(
            queue_url=variables["PARKED_TRIGGERS_QUEUE_URL"],
            writer_seconds=int(variables["WRITER_TIMEOUT_SECONDS"]),
        )


def _expect(variables: Mapping[str, str], *names: str) -> None:
    missing = [name for name in names if not variables.get(name)]
    if missing:
        raise RuntimeError(f"Missing environment variables: {', '.join(missing)}")
