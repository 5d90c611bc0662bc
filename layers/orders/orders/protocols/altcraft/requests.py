"""Models of the orders import (Altcraft v74, orders import), for JSON and XML.

Numbers and booleans may be sent as text, in JSON too, because XML has only text. An optional member
that is null or blank counts as absent, and so does an empty array where an object is meant: PHP has
no other empty object. White space around a value does not count, except in the external ids of
orders and lines, which are the shop's keys.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

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

from orders.domain.custom_fields import EntityType, ValueType, parse_flag
from orders.domain.identifiers import EXTERNAL_ID_RULE, MAX_EXTERNAL_ID_CHARACTERS, is_external_id
from orders.domain.importing import ErrorPolicy
from orders.domain.money import parse_amount
from orders.domain.problems import MAX_PROBLEMS, Code, Problem, Steps, shown
from orders.domain.settings import LineStatusType
from orders.domain.times import ALLOWED as TIMES_ALLOWED
from orders.domain.times import PATTERN as TIMES_PATTERN
from orders.domain.times import parse_time
from orders.domain.whole_numbers import parse_whole_number
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


def custom(code: Code, message: str) -> PydanticCustomError:
    """Return the error of a validator. The message follows the name of the member."""
    # Braces would be read as placeholders of the message.
    return PydanticCustomError(code, "{message}", {"message": message})


def reading[T](parse: Callable[[object], T]) -> Callable[[object], T]:
    """Return a validator that reads a value. The ValueError of `parse` says what is allowed."""

    def read(sent: object) -> T:
        try:
            return parse(sent)
        except ValueError as allowed:
            message = f"must be {allowed}; got {shown(sent)}"
            raise custom(Code.INVALID_VALUE, message) from None

    return read


def _parse_count(sent: object) -> int:
    number = parse_whole_number(sent)
    if number is not None and 1 <= number <= MAX_COUNT:
        return number
    raise ValueError(f"a whole number from 1 to {MAX_COUNT}")


def _parse_name(sent: object) -> str:
    """Read a text that other systems may hold as a number (profile_id, field_value)."""
    if isinstance(sent, str):
        return sent
    number = parse_whole_number(sent)
    if number is None:
        raise ValueError("a string or a whole number")
    return str(number)


def _digits_as_text(sent: object) -> object:
    """Return the text of an id that is sent as a number, as clients with numeric ids do.

    Other forms of a number are refused: 1000, 1e3 and 1000.0 are one number, but three ids.
    """
    if sent is None or isinstance(sent, str):
        return sent
    if isinstance(sent, int) and not isinstance(sent, bool):
        return str(sent)
    message = f"must be a string, or a whole number in plain digits; got {shown(sent)}"
    raise custom(Code.WRONG_TYPE, message)


def _check_external_id(text: str) -> str:
    if not is_external_id(text):
        raise custom(Code.INVALID_VALUE, f"must be {EXTERNAL_ID_RULE}; got {shown(text)}")
    return text


def _trimmed(sent: object) -> object:
    return sent.strip() if isinstance(sent, str) else sent


def is_blank(sent: object) -> bool:
    """Return whether a sent member counts as absent: null, or a text of white space only."""
    return sent is None or (isinstance(sent, str) and (not sent or sent.isspace()))


def _absent_if_blank(sent: object) -> object:
    # Not is_blank: this runs for each optional member of each line.
    return None if isinstance(sent, str) and (not sent or sent.isspace()) else sent


def _empty_object_if_absent(sent: object) -> object:
    return {} if is_blank(sent) or sent == [] else sent


def empty_array_if_absent(sent: object) -> object:
    """Return an array that may be null or blank."""
    return [] if is_blank(sent) else sent


def without_blanks(sent: object) -> object:
    """Return an array without its blank elements, which XML does not distinguish from none."""
    if isinstance(sent, list):
        return [each for each in sent if not is_blank(each)]
    return empty_array_if_absent(sent)


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
ERROR_POLICY_SCHEMA = {
    "type": "string",
    "enum": [str(policy) for policy in ErrorPolicy],
    "default": str(ErrorPolicy.IMPORT_VALID),
}
# The texts of true and false are read too, but generated clients do not need them.
_FLAG_SCHEMA = {"type": "boolean"}
# Ids that are sent as numbers are read too, but generated clients should send texts.
_EXTERNAL_ID_SCHEMA = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_EXTERNAL_ID_CHARACTERS,
    "pattern": r"^[^\u0000-\u001f\u007f-\u009f]+$",
    "description": f"{EXTERNAL_ID_RULE}; a whole number in plain digits is accepted too",
}
_IDENTITY_SCHEMA = {"type": ["string", "integer"]}

Name = Annotated[str, StringConstraints(strict=True, min_length=1, strip_whitespace=True)]
# The id of something that the settings or another system name.
Id = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, strip_whitespace=True),
    BeforeValidator(_digits_as_text),
]
# The id of an order or of a line, which keeps its white space.
ExternalId = Annotated[
    str,
    StringConstraints(strict=True, min_length=1),
    AfterValidator(_check_external_id),
    BeforeValidator(_digits_as_text),
    WithJsonSchema(_EXTERNAL_ID_SCHEMA),
]
# The id of a definition. The ids that refer to it lose their white space too.
DefinitionId = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, strip_whitespace=True),
    AfterValidator(_check_external_id),
    BeforeValidator(_digits_as_text),
    WithJsonSchema(_EXTERNAL_ID_SCHEMA),
]
Amount = Annotated[Decimal, PlainValidator(reading(parse_amount)), WithJsonSchema(_AMOUNT_SCHEMA)]
Moment = Annotated[datetime, PlainValidator(reading(parse_time)), WithJsonSchema(_MOMENT_SCHEMA)]
Count = Annotated[int, PlainValidator(reading(_parse_count)), WithJsonSchema(_COUNT_SCHEMA)]
Flag = Annotated[bool, PlainValidator(reading(parse_flag)), WithJsonSchema(_FLAG_SCHEMA)]
Identity = Annotated[str, PlainValidator(reading(_parse_name)), WithJsonSchema(_IDENTITY_SCHEMA)]
Absent = BeforeValidator(_absent_if_blank)
Values = Annotated[dict[str, Any], BeforeValidator(_empty_object_if_absent)]
Trimmed = BeforeValidator(_trimmed)


class Body(BaseModel):
    """An object of a request. Unknown members are reported apart."""

    model_config = ConfigDict(extra="ignore")


class LineBody(Body):
    """One line of an order."""

    external_id: ExternalId
    status: Annotated[Id | None, Absent] = None
    product: Annotated[Id | None, Absent] = None
    sku: Annotated[Id | None, Absent] = None
    base_price_per_item: Annotated[Amount | None, Absent] = None
    min_price_per_item: Annotated[Amount | None, Absent] = None
    final_price_per_item: Amount
    count: Count
    custom_fields: Values = Field(default_factory=dict)


class OrderBody(Body):
    """One element of `data`. Lines are validated one by one, so that reading can stop early."""

    external_id: ExternalId
    matching: Annotated[Name | None, Absent] = None
    email: Annotated[Name | None, Absent] = None
    phone: Annotated[Name | None, Absent] = None
    profile_id: Annotated[Identity | None, Absent, Trimmed] = None
    field_name: Annotated[Name | None, Absent] = None
    field_value: Annotated[Identity | None, Absent] = None
    provider: Annotated[Name | None, Absent] = None
    subscription_id: Annotated[Name | None, Absent] = None
    endpoint: Id
    tags: Annotated[
        list[Name], Field(max_length=MAX_TAGS), FailFast(), BeforeValidator(without_blanks)
    ] = Field(default_factory=list)
    status: Name
    delivery_cost: Annotated[Amount | None, Absent] = None
    total_price: Amount
    currency: Name
    create_time: Annotated[Moment | None, Absent] = None
    update_time: Annotated[Moment | None, Absent] = None
    custom_fields: Values = Field(default_factory=dict)
    region: Annotated[Id | None, Absent] = None
    lines: Annotated[list[Any], Field(min_length=1, max_length=MAX_LINES), Absent]
    skip_triggers: Annotated[Flag | None, Absent] = None


_Element = TypeVar("_Element", bound=Body)
# Not a `type` statement: Pydantic would describe it as a definition of its own.
Definitions = Annotated[
    list[_Element],
    Field(max_length=MAX_DEFINITIONS),
    FailFast(),
    BeforeValidator(empty_array_if_absent),
]


class CustomFieldBody(Body):
    """One element of the root's `custom_fields`."""

    external_id: DefinitionId
    name: Name
    entity_type: Annotated[EntityType, Trimmed]
    value_type: Annotated[ValueType, Trimmed]
    required: Flag
    default_value: Any = None
    enum_values: Values = Field(default_factory=dict)


class LineStatusBody(Body):
    """One element of the root's `custom_line_statuses`."""

    external_id: DefinitionId
    name: Name
    type: Annotated[LineStatusType, Trimmed]


class ImportBody(Body):
    """The root of a request. Each order of `data` is validated on its own."""

    custom_fields: Definitions[CustomFieldBody] = Field(default_factory=list)
    custom_line_statuses: Definitions[LineStatusBody] = Field(default_factory=list)
    skip_triggers: Annotated[Flag | None, Absent] = None
    result_details: Annotated[Flag | None, Absent] = None
    failed_only: Annotated[Flag | None, Absent] = None
    dry_run: Annotated[Flag | None, Absent] = None
    error_policy: Annotated[
        ErrorPolicy | None, Absent, Trimmed, WithJsonSchema(ERROR_POLICY_SCHEMA)
    ] = None
    data: Annotated[list[Any], Field(max_length=MAX_ORDERS), Absent]


ORDER = TypeAdapter(OrderBody)
LINE = TypeAdapter(LineBody)
IMPORT = TypeAdapter(ImportBody)

ROOT_MEMBERS = frozenset(ImportBody.model_fields) | {"token", "format"}
LINE_MEMBERS = frozenset(LineBody.model_fields)
ORDER_MEMBERS = frozenset(OrderBody.model_fields)
DEFINITION_MEMBERS = frozenset(CustomFieldBody.model_fields)
LINE_STATUS_MEMBERS = frozenset(LineStatusBody.model_fields)


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
    "enum": (Code.INVALID_VALUE, "{member} must be {expected}; got {got}"),
    "string_unicode": (Code.ILLEGAL_CHARACTER, "{member} is not valid Unicode text"),
    **{str(code): (code, "{member} {message}") for code in Code},
}


def _explained(detail: Mapping[str, Any], subject: str) -> tuple[Code, str]:
    path: Steps = detail["loc"]
    member = _member(path) if path else subject
    code, text = _EXPLANATIONS.get(detail["type"], (Code.INVALID_VALUE, "{member} is not valid"))
    if path and isinstance(path[-1], str) and is_blank(detail["input"]):
        # Optional members may be null or blank, so this one is required.
        return Code.REQUIRED, f"{member} is required"
    details = dict(detail.get("ctx", {}))
    if "expected" in details:
        # Pydantic quotes the values of an enum, which are no personal data, as Python does.
        details |= {"expected": details["expected"].replace("'", ""), "got": shown(detail["input"])}
    return code, text.format(**{**details, "member": member})


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
DEFINITIONS_SHAPE = Array(
    Record(
        dict.fromkeys(DEFINITION_MEMBERS, _TEXTS)
        | {"default_value": TextOrFree(), "enum_values": Free()}
    )
)
IMPORT_SHAPE = Record(
    dict.fromkeys(ROOT_MEMBERS, _TEXTS)
    | {
        "custom_fields": DEFINITIONS_SHAPE,
        "custom_line_statuses": Array(Record(dict.fromkeys(LINE_STATUS_MEMBERS, _TEXTS))),
        "data": Array(_ORDER_SHAPE),
    }
)


def decode(request: HttpRequest, shape: Record = IMPORT_SHAPE) -> Decoded:
    """Decode the body of a request from JSON, or from XML of the given shape.

    Raises RequestRefusedError (400, 415) and BodyRefusedError.
    """
    charset = request.charset
    if request_format(request) is Format.JSON:
        return json_codec.decode(request.body, charset)
    # Most requests are JSON, and importing lxml would slow down cold starts.
    from orders.protocols.altcraft import xml_codec  # noqa: PLC0415

    return xml_codec.decode(request.body, shape, charset)


def read_import(decoded: Decoded) -> ImportBody:
    """Validate the root of an import, but not its orders. Raises RequestRefusedError (400)."""
    return read_root(
        IMPORT, decoded, tuple(each for each in decoded.faults if not is_of_order(each))
    )


def read_root[B: Body](body: TypeAdapter[B], decoded: Decoded, faults: Sequence[Problem]) -> B:
    """Validate the root of a request, which has these faults. Raises RequestRefusedError (400)."""
    faults = [*faults, *_misspelled(decoded.tree)]
    if faults:
        raise bad_request(faults[0].message, *faults)
    try:
        return body.validate_python(decoded.tree)
    except ValidationError as error:
        problems = problems_of(error)
        text = f"{problems[0].message} ({problems[0].pointer or '/'})"
        raise bad_request(text, *problems) from None


def _misspelled(tree: Mapping[str, Any]) -> list[Problem]:
    """Return the problems of other spellings of `dry_run`: ignored, they would lead to a write."""
    spellings = [
        name
        for name in tree
        if name != _DRY_RUN and name.lower().replace("-", "").replace("_", "") == "dryrun"
    ]
    return [
        Problem(Code.UNKNOWN_MEMBER, (name,), f"{shown(name)} is unsupported; write dry_run")
        for name in spellings
    ]


_DRY_RUN = "dry_run"


def is_of_order(fault: Problem) -> bool:
    """Return whether a fault is inside one order, and not at the root of the request."""
    return fault.path[:1] == ("data",) and len(fault.path) > 1
