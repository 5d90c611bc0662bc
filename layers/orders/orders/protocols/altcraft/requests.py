"""Models of the orders import (Altcraft v74, orders import), for JSON and XML.

Numbers and booleans may be sent as text, in JSON too, because XML has only text. An optional member
that is null or empty counts as absent.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    FailFast,
    Field,
    PlainValidator,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from orders.domain.custom_fields import EntityType, ValueType
from orders.domain.identifiers import EXTERNAL_ID_RULE, MAX_EXTERNAL_ID_CHARACTERS, is_external_id
from orders.domain.money import parse_amount
from orders.domain.problems import MAX_PROBLEMS, Code, Problem, Steps, shown
from orders.domain.settings import LineStatusType
from orders.domain.times import ALLOWED as TIMES_ALLOWED
from orders.domain.times import PATTERN as TIMES_PATTERN
from orders.domain.times import parse_time
from orders.protocols.altcraft import json_codec
from orders.protocols.altcraft.decoded import MAX_ORDERS, Decoded
from orders.protocols.altcraft.errors import bad_request
from orders.protocols.altcraft.media_types import Format, request_format
from orders.protocols.altcraft.xml_shapes import Array, Free, Record, Text, TextOrFree
from orders.protocols.http import HttpRequest

MAX_LINES = 5000
MAX_TAGS = 1000
MAX_DEFINITIONS = 1000
MAX_COUNT = 10**9


def _custom(code: Code, message: str) -> PydanticCustomError:
    # Braces would be read as placeholders of the message.
    return PydanticCustomError(code, "{message}", {"message": message})


def _reading[T](parse: Callable[[object], T]) -> Callable[[object], T]:
    def read(sent: object) -> T:
        try:
            return parse(sent)
        except ValueError as allowed:
            message = f"must be {allowed}; got {shown(sent)}"
            raise _custom(Code.INVALID_VALUE, message) from None

    return read


_COUNT = re.compile(r"\d{1,10}", re.ASCII)


def _parse_count(sent: object) -> int:
    text = str(sent).strip() if isinstance(sent, int | str) else ""
    if _COUNT.fullmatch(text) and 1 <= int(text) <= MAX_COUNT:
        return int(text)
    raise ValueError(f"a whole number from 1 to {MAX_COUNT}")


_FLAGS: Mapping[object, bool] = {"true": True, "false": False, "1": True, "0": False}


def _parse_flag(sent: object) -> bool:
    flag = _FLAGS.get(str(sent).strip().lower()) if isinstance(sent, bool | int | str) else None
    if flag is None:
        raise ValueError("true or false")
    return flag


def _parse_name(sent: object) -> str:
    """Read a text that other systems may hold as a number (profile_id, field_value)."""
    if isinstance(sent, int) and not isinstance(sent, bool):
        return str(sent)
    if isinstance(sent, str):
        return sent
    raise ValueError("a string or a whole number")


def _check_external_id(text: str) -> str:
    if not is_external_id(text):
        raise _custom(Code.INVALID_VALUE, f"must be {EXTERNAL_ID_RULE}; got {shown(text)}")
    return text


def _absent_if_empty(sent: object) -> object:
    return None if sent == "" else sent


def _empty_object_if_null(sent: object) -> object:
    return {} if sent is None or sent == "" else sent


def _empty_array_if_null(sent: object) -> object:
    return [] if sent is None else sent


# JSON Schemas of the values that custom validators read, for the published contract.
_AMOUNT_SCHEMA = {
    "type": ["string", "number"],
    "pattern": r"^\d{1,15}(\.\d{1,8})?$",
    "minimum": 0,
    "exclusiveMaximum": 10**15,
    "description": "Amount in major units, as a string or a number; never rounded",
}
_MOMENT_SCHEMA = {
    "type": "string",
    "pattern": TIMES_PATTERN,
    "description": f"Time: {TIMES_ALLOWED}",
}
_COUNT_SCHEMA = {
    "type": ["integer", "string"],
    "minimum": 1,
    "maximum": MAX_COUNT,
    "pattern": r"^0*[1-9]\d{0,8}$",
}
# The texts of true and false are read too, but generated clients do not need them.
_FLAG_SCHEMA = {"type": "boolean"}
_EXTERNAL_ID_SCHEMA = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_EXTERNAL_ID_CHARACTERS,
    "pattern": r"^[^\u0000-\u001f\u007f-\u009f]+$",
    "description": EXTERNAL_ID_RULE,
}
_IDENTITY_SCHEMA = {"type": ["string", "integer"]}

Name = Annotated[str, StringConstraints(strict=True, min_length=1)]
ExternalId = Annotated[
    str,
    StringConstraints(strict=True, min_length=1),
    AfterValidator(_check_external_id),
    WithJsonSchema(_EXTERNAL_ID_SCHEMA),
]
Amount = Annotated[Decimal, PlainValidator(_reading(parse_amount)), WithJsonSchema(_AMOUNT_SCHEMA)]
Moment = Annotated[datetime, PlainValidator(_reading(parse_time)), WithJsonSchema(_MOMENT_SCHEMA)]
Count = Annotated[int, PlainValidator(_reading(_parse_count)), WithJsonSchema(_COUNT_SCHEMA)]
Flag = Annotated[bool, PlainValidator(_reading(_parse_flag)), WithJsonSchema(_FLAG_SCHEMA)]
Identity = Annotated[str, PlainValidator(_reading(_parse_name)), WithJsonSchema(_IDENTITY_SCHEMA)]
Absent = BeforeValidator(_absent_if_empty)
Values = Annotated[dict[str, Any], BeforeValidator(_empty_object_if_null)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore")


class LineBody(_Body):
    """One line of an order."""

    external_id: ExternalId
    status: Annotated[Name | None, Absent] = None
    product: Annotated[Name | None, Absent] = None
    sku: Annotated[Name | None, Absent] = None
    base_price_per_item: Annotated[Amount | None, Absent] = None
    min_price_per_item: Annotated[Amount | None, Absent] = None
    final_price_per_item: Amount
    count: Count
    custom_fields: Values = Field(default_factory=dict)


class OrderBody(_Body):
    """One element of `data`. Lines are validated one by one, so that reading can stop early."""

    external_id: ExternalId
    matching: Annotated[Name | None, Absent] = None
    email: Annotated[Name | None, Absent] = None
    phone: Annotated[Name | None, Absent] = None
    profile_id: Annotated[Identity | None, Absent] = None
    field_name: Annotated[Name | None, Absent] = None
    field_value: Annotated[Identity | None, Absent] = None
    provider: Annotated[Name | None, Absent] = None
    subscription_id: Annotated[Name | None, Absent] = None
    endpoint: Name
    tags: Annotated[
        list[Name], Field(max_length=MAX_TAGS), FailFast(), BeforeValidator(_empty_array_if_null)
    ] = Field(default_factory=list)
    status: Name
    delivery_cost: Annotated[Amount | None, Absent] = None
    total_price: Amount
    currency: Name
    create_time: Annotated[Moment | None, Absent] = None
    update_time: Annotated[Moment | None, Absent] = None
    custom_fields: Values = Field(default_factory=dict)
    region: Annotated[Name | None, Absent] = None
    lines: Annotated[list[Any], Field(min_length=1, max_length=MAX_LINES)]
    skip_triggers: Annotated[Flag | None, Absent] = None


class CustomFieldBody(_Body):
    """One element of the root's `custom_fields`."""

    external_id: ExternalId
    name: Name
    entity_type: EntityType
    value_type: ValueType
    required: Flag
    default_value: Any = None
    enum_values: Annotated[dict[str, Any], BeforeValidator(_empty_object_if_null)] = Field(
        default_factory=dict
    )


class LineStatusBody(_Body):
    """One element of the root's `custom_line_statuses`."""

    external_id: ExternalId
    name: Name
    type: LineStatusType


class ImportBody(_Body):
    """The root of a request. Each order of `data` is validated on its own."""

    custom_fields: Annotated[
        list[CustomFieldBody],
        Field(max_length=MAX_DEFINITIONS),
        FailFast(),
        BeforeValidator(_empty_array_if_null),
    ] = Field(default_factory=list)
    custom_line_statuses: Annotated[
        list[LineStatusBody],
        Field(max_length=MAX_DEFINITIONS),
        FailFast(),
        BeforeValidator(_empty_array_if_null),
    ] = Field(default_factory=list)
    skip_triggers: Annotated[Flag | None, Absent] = None
    result_details: Annotated[Flag | None, Absent] = None
    data: Annotated[list[Any], Field(max_length=MAX_ORDERS)]


ORDER = TypeAdapter(OrderBody)
LINE = TypeAdapter(LineBody)
IMPORT = TypeAdapter(ImportBody)

ROOT_MEMBERS = frozenset(ImportBody.model_fields) | {"token", "format"}
LINE_MEMBERS = frozenset(LineBody.model_fields)
ORDER_MEMBERS = frozenset(OrderBody.model_fields)


def problems_of(
    error: ValidationError,
    prefix: Steps = (),
    subject: str = "The body",
    at_most: int = MAX_PROBLEMS,
) -> tuple[Problem, ...]:
    """Return at most `at_most` problems of a validation, with paths that begin with `prefix`.

    `subject` names what was validated, for a problem of the whole value.
    """
    details = error.errors(include_url=False)
    return tuple(
        Problem(code, (*prefix, *detail["loc"]), message)
        for detail in details[:at_most]
        for code, message in [_explained(detail, subject)]
    )


# Messages for Pydantic's error types. Pydantic's own messages would quote the input, which may be
# personal data.
_EXPLANATIONS: Mapping[str, tuple[Code, str]] = {
    "missing": (Code.REQUIRED, "{member} is required"),
    "string_too_short": (Code.REQUIRED, "{member} is required"),
    "too_short": (Code.REQUIRED, "{member} must hold at least one element"),
    "too_long": (Code.INVALID_VALUE, "{member} may hold at most {max_length} elements"),
    "string_type": (Code.WRONG_TYPE, "{member} must be a string"),
    "list_type": (Code.WRONG_TYPE, "{member} must be an array"),
    "dict_type": (Code.WRONG_TYPE, "{member} must be an object"),
    "model_type": (Code.WRONG_TYPE, "{member} must be an object"),
    "model_attributes_type": (Code.WRONG_TYPE, "{member} must be an object"),
    "enum": (Code.INVALID_VALUE, "{member} must be {expected}"),
    "string_unicode": (Code.ILLEGAL_CHARACTER, "{member} is not valid Unicode text"),
    **{str(code): (code, "{member} {message}") for code in Code},
}


def _explained(detail: Mapping[str, Any], subject: str) -> tuple[Code, str]:
    path: Steps = detail["loc"]
    member = _member(path) if path else subject
    code, text = _EXPLANATIONS.get(detail["type"], (Code.INVALID_VALUE, "{member} is not valid"))
    if path and isinstance(path[-1], str) and detail["input"] is None:
        # Optional members may be null, so this one is required.
        return code, f"{member} is required"
    return code, text.format(**{**detail.get("ctx", {}), "member": member})


def _member(path: Steps) -> str:
    """Return the name of the member that a path leads to, such as `count` or `tags[0]`."""
    last = path[-1]
    return last if isinstance(last, str) else f"{_member(path[:-1])}[{last}]"


_TEXTS = Text()
_LINE_SHAPE = Record(dict.fromkeys(LINE_MEMBERS, _TEXTS) | {"custom_fields": Free()})
_ORDER_SHAPE = Record(
    dict.fromkeys(ORDER_MEMBERS, _TEXTS)
    | {"tags": Array(_TEXTS), "custom_fields": Free(), "lines": Array(_LINE_SHAPE)}
)
IMPORT_SHAPE = Record(
    dict.fromkeys(ROOT_MEMBERS, _TEXTS)
    | {
        "custom_fields": Array(
            Record(
                dict.fromkeys(CustomFieldBody.model_fields, _TEXTS)
                | {"default_value": TextOrFree(), "enum_values": Free()}
            )
        ),
        "custom_line_statuses": Array(Record(dict.fromkeys(LineStatusBody.model_fields, _TEXTS))),
        "data": Array(_ORDER_SHAPE),
    }
)


def decode(request: HttpRequest) -> Decoded:
    """Decode the body of an import from JSON or XML.

    Raises RequestRefusedError (400, 415) and BodyRefusedError.
    """
    charset = request.charset
    if request_format(request) is Format.JSON:
        return json_codec.decode(request.body, charset)
    # Most requests are JSON, and importing lxml would slow down cold starts.
    from orders.protocols.altcraft import xml_codec  # noqa: PLC0415

    return xml_codec.decode(request.body, IMPORT_SHAPE, charset)


def read_import(decoded: Decoded) -> ImportBody:
    """Validate the root of an import, but not its orders. Raises RequestRefusedError (400)."""
    root_faults = tuple(fault for fault in decoded.faults if not is_of_order(fault))
    if root_faults:
        raise bad_request(root_faults[0].message, *root_faults)
    try:
        return IMPORT.validate_python(decoded.tree)
    except ValidationError as error:
        problems = problems_of(error)
        text = f"{problems[0].message} ({problems[0].pointer or '/'})"
        raise bad_request(text, *problems) from None


def is_of_order(fault: Problem) -> bool:
    """Return whether a fault is inside one order, and not at the root of the request."""
    return fault.path[:1] == ("data",) and len(fault.path) > 1
