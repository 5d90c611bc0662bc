"""Bodies of the calls other than the import: a few parameters at the root, in JSON or XML."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Self

from pydantic import PlainValidator, TypeAdapter, WithJsonSchema

from orders.domain.near_names import KnownNames
from orders.domain.order_numbers import MAX_ORDER_ID
from orders.domain.problems import Code, Problem
from orders.domain.whole_numbers import parse_whole_number
from orders.protocols.altcraft.errors import RequestRefusedError, bad_request
from orders.protocols.altcraft.requests import Absent, Body, ExternalId, Id, reading
from orders.protocols.altcraft.xml_shapes import Record, Shape, Text

DEFAULT_LIMIT, MAX_LIMIT = 100, 1000


def _parse_limit(sent: object) -> int:
    return _parse_number(sent, MAX_LIMIT)


def _parse_order_id(sent: object) -> int:
    return _parse_number(sent, MAX_ORDER_ID)


def _parse_number(sent: object, greatest: int) -> int:
    number = parse_whole_number(sent)
    if number is not None and 1 <= number <= greatest:
        return number
    raise ValueError(f"a whole number from 1 to {greatest}")


Limit = Annotated[
    int,
    PlainValidator(reading(_parse_limit)),
    WithJsonSchema(
        {
            "type": ["integer", "string"],
            "minimum": 1,
            "maximum": MAX_LIMIT,
            "pattern": r"^([1-9]\d{0,2}|1000)$",
        }
    ),
]
OrderId = Annotated[
    int,
    PlainValidator(reading(_parse_order_id)),
    WithJsonSchema(
        {
            "type": ["integer", "string"],
            "format": "int64",
            "minimum": 1,
            "maximum": MAX_ORDER_ID,
            "pattern": r"^[1-9]\d{0,14}$",
        }
    ),
]
FromId = Annotated[
    Id,
    WithJsonSchema(
        {"type": "string", "description": "`next_from_id` of the page before, empty for the first"}
    ),
]


class ListBody(Body):
    """The body of a list of orders."""

    from_id: Annotated[FromId | None, Absent] = None
    limit: Annotated[Limit | None, Absent] = None
    endpoint: Annotated[Id | None, Absent] = None


class OrderNameBody(Body):
    """The body of a call about one order, which has either of these ids."""

    id: Annotated[OrderId | None, Absent] = None
    external_id: Annotated[ExternalId | None, Absent] = None

    def expect_one_id(self) -> None:
        """Raise RequestRefusedError (400) unless the body has exactly one id."""
        if self.id is None and self.external_id is None:
            raise _refused(Code.REQUIRED, "id or external_id is required")
        if self.id is not None and self.external_id is not None:
            raise _refused(Code.INVALID_VALUE, "external_id must be absent if id is sent")


@dataclass(frozen=True, slots=True, eq=False)
class BodyForm[B: Body]:
    """How the body of a call is read: its model, its shape in XML, and its members."""

    model: TypeAdapter[B]
    shape: Record
    known: KnownNames

    @classmethod
    def of(cls, model: type[B], shapes: Mapping[str, Shape] = MappingProxyType({})) -> Self:
        """Return the form of a body whose members hold text in XML, but for those of `shapes`."""
        names = {*model.model_fields, "token", "format"}
        members: dict[str, Shape] = {name: shapes.get(name, Text()) for name in names}
        return cls(TypeAdapter(model), Record(members), KnownNames.of(names))


LIST = BodyForm.of(ListBody)
ORDER_NAME = BodyForm.of(OrderNameBody)


def _refused(code: Code, message: str) -> RequestRefusedError:
    return bad_request(message, Problem(code, ("external_id",), message))
