"""Counts the DynamoDB calls of a client, and the capacity units that they consume."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

type Tree = dict[str, Any]
_BEFORE, _AFTER = "provide-client-params.dynamodb", "after-call.dynamodb"


@dataclass(slots=True)
class Consumption:
    """The units of each call. DynamoDB Local does not report those of PartiQL statements."""

    of_calls: list[float] = field(default_factory=list)
    by_operation: Counter[str] = field(default_factory=Counter)

    @property
    def calls(self) -> int:
        """Return the number of calls."""
        return len(self.of_calls)

    @property
    def units(self) -> float:
        """Return the units of all calls, with those of the secondary index."""
        return sum(self.of_calls)


@contextmanager
def consumption(client: Any) -> Iterator[Consumption]:  # noqa: ANN401 - of boto3 or of the hub
    """Count every call of a client inside the context."""
    consumed = Consumption()

    def ask(params: Tree, **_rest: object) -> None:
        params["ReturnConsumedCapacity"] = "TOTAL"

    def see(parsed: Tree, model: Any, **_rest: object) -> None:  # noqa: ANN401 - botocore's
        reported = parsed.get("ConsumedCapacity", [])
        by_table = reported if isinstance(reported, list) else [reported]
        units = sum(each["CapacityUnits"] for each in by_table)
        consumed.of_calls.append(units)
        consumed.by_operation[model.name] += units

    client.meta.events.register(_BEFORE, ask)
    client.meta.events.register(_AFTER, see)
    try:
        yield consumed
    finally:
        client.meta.events.unregister(_BEFORE, ask)
        client.meta.events.unregister(_AFTER, see)
