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
        missing = [name for name in ("TABLE_NAME", "EVENT_BUS_NAME") if not variables.get(name)]
        if missing:
            raise RuntimeError(f"Missing environment variables: {', '.join(missing)}")
        return cls(table=variables["TABLE_NAME"], bus=variables["EVENT_BUS_NAME"])
