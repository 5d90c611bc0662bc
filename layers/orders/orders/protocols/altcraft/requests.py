"""The orders import (Altcraft v74) as it is sent: its bytes to values, for both formats.

XML carries texts only, so the text of a number or a boolean is taken in JSON as well. An optional
member that is null or empty counts as absent.
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
from orders.domain.problems import Code, Problem, Steps, shown
from orders.domain.settings import LineStatusType
from orders.domain.times import ALLOWED as TIMES_ALLOWED
from orders.domain.times import PATTERN as TIMES_PATTERN
from orders.domain.times import parse_time
from orders.protocols.altcraft import json_codec
from orders.protocols.altcraft.decoded import Decoded
from orders.protocols.altcraft.errors import bad_request
from orders.protocols.altcraft.media_types import Format, request_format
from orders.protocols.altcraft.xml_shapes import Array, Free, Record, Text, TextOrFree
from orders.protocols.http import HttpRequest

MAX_ORDERS = 10_000
MAX_LINES = 5000
MAX_TAGS = 1000
MAX_DEFINITIONS = 1000
MAX_COUNT = 10**9
# So that a hopeless order costs neither an answer larger than the request nor the time to make it.
MAX_PROBLEMS = 20


def _custom(code: Code, message: str) -> PydanticCustomError:
    # Braces would be read as placeholders of the message.
    return PydanticCustomError(code, "{message}", {"message": message})


def _reading[T](parse: Callable[[object], T]) -> Callable[[object], T]:
    def read(sent: object) -> T:
        try:
            return parse(sent)
        except ValueError as allowed:
            raise _custom(Code.INVALID_VALUE, f"{shown(sent)} is not {allowed}") from None

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
        raise _custom(
            Code.INVALID_VALUE, f"{shown(text)} is not an id: it takes {EXTERNAL_ID_RULE}"
        )
    return text


def _absent_if_empty(sent: object) -> object:
    return None if sent == "" else sent


def _nothing_if_null(sent: object) -> object:
    return {} if sent is None or sent == "" else sent


def _none_if_null(sent: object) -> object:
    return [] if sent is None else sent


# What a validator of our own takes, in the words of the published contract.
_AMOUNT_SCHEMA = {
    "type": ["string", "number"],
    "pattern": r"^\d{1,15}(\.\d{1,8})?$",
    "minimum": 0,
    "exclusiveMaximum": 10**15,
    "description": "Amount in major units, as a text or a number; never rounded",
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
# Texts are taken too, but a client that is made from the contract has no need of them.
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
Values = Annotated[dict[str, Any], BeforeValidator(_nothing_if_null)]


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
    """One element of `data`; its lines are read one by one, so that reading can stop early."""

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
        list[Name], Field(max_length=MAX_TAGS), FailFast(), BeforeValidator(_none_if_null)
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
    enum_values: Annotated[dict[str, Any], BeforeValidator(_nothing_if_null)] = Field(
        default_factory=dict
    )


class LineStatusBody(_Body):
    """One element of the root's `custom_line_statuses`."""

    external_id: ExternalId
    name: Name
    type: LineStatusType


class ImportBody(_Body):
    """The root of a request; each order in `data` is read on its own, so that it fails alone."""

    custom_fields: Annotated[
        list[CustomFieldBody],
        Field(max_length=MAX_DEFINITIONS),
        FailFast(),
        BeforeValidator(_none_if_null),
    ] = Field(default_factory=list)
    custom_line_statuses: Annotated[
        list[LineStatusBody],
        Field(max_length=MAX_DEFINITIONS),
        FailFast(),
        BeforeValidator(_none_if_null),
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
    error: ValidationError, prefix: Steps = (), subject: str = "The body"
) -> tuple[Problem, ...]:
    """Return what a model found wrong, its paths after `prefix`, at most MAX_PROBLEMS of it.

    `subject` names what was read, for a problem with it as a whole.
    """
    details = error.errors(include_url=False, include_input=False)
    return tuple(
        Problem(code, (*prefix, *detail["loc"]), message)
        for detail in details[:MAX_PROBLEMS]
        for code, message in [_explained(detail, subject)]
    )


# Pydantic's kinds of error in our words; its own messages would name the input, which may be a
# customer's.
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
    **{str(code): (code, "{member}: {message}") for code in Code},
}


def _explained(detail: Mapping[str, Any], subject: str) -> tuple[Code, str]:
    member = str(detail["loc"][-1]) if detail["loc"] else subject
    code, text = _EXPLANATIONS.get(detail["type"], (Code.INVALID_VALUE, "{member} is not valid"))
    return code, text.format(**{**detail.get("ctx", {}), "member": member})


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
    """Return the body of an import as plain data, whatever its format.

    Raises RequestRefusedError (400, 415) and BodyRefusedError.
    """
    charset = request.charset
    if request_format(request) is Format.JSON:
        return json_codec.decode(request.body, charset)
    # Imports cost start-up, and most clients never speak XML.
    from orders.protocols.altcraft import xml_codec  # noqa: PLC0415

    return xml_codec.decode(request.body, IMPORT_SHAPE, charset)


def read_import(decoded: Decoded) -> ImportBody:
    """Return the root of an import; its orders are read one by one, so that each fails alone.

    Raises RequestRefusedError (400).
    """
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
    """Tell whether a fault lies inside of one order, and not at the root of the request."""
    return fault.path[:1] == ("data",) and len(fault.path) > 1
