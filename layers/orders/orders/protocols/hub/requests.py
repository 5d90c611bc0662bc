"""The bodies of comparisons and of changes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from http import HTTPStatus
from itertools import islice
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from orders.application.reconcile import MAX_RECONCILED, Expected
from orders.domain.identifiers import EXTERNAL_ID_RULE, is_external_id, request_id_of
from orders.domain.problems import MAX_PROBLEMS, pointer, shown
from orders.domain.times import PATTERN, parse_time
from orders.domain.whole_numbers import parse_whole_number
from orders.protocols.http import HttpRequest
from orders.protocols.hub.errors import Fault, RequestRefusedError, invalid_body
from orders.protocols.json_text import NotJsonError, is_utf_8, read_json

type Tree = Mapping[str, Any]
type Way = tuple[str | int, ...]

_JSON_TYPES = frozenset({"", "application/json", "text/json"})
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MAX_VERSION = 2**53
# Orders of one answer to an undo.
DEFAULT_UNDONE, MAX_UNDONE = 200, 1000
_AFTER = "`next` of the previous answer to the same undo"


def _digits_as_text(sent: object) -> object:
    """Return the text of an id that is sent as a whole number, as clients with numeric ids do."""
    return str(sent) if isinstance(sent, int) and not isinstance(sent, bool) else sent


def whole_number(sent: object) -> object:
    """Return 2 for 2.0 and 2e0, which are whole numbers in JSON Schema."""
    number = parse_whole_number(sent) if isinstance(sent, Decimal) else None
    return sent if number is None else number


def _external_id(text: str) -> str:
    if not is_external_id(text):
        raise ValueError(f"have {EXTERNAL_ID_RULE}")
    return text


def hex_digest(text: str) -> str:
    """Return a SHA-256 in lower case. Raises ValueError with the rule that it breaks."""
    if _DIGEST.fullmatch(text.lower()) is None:
        raise ValueError("have 64 hexadecimal digits")
    return text.lower()


def _time(text: str) -> str:
    try:
        parse_time(text)
    except ValueError as error:
        raise ValueError(f"be {error}") from None
    return text


class ExpectedOrder(BaseModel):
    """An order as the shop has it. At least one of its last three members is required."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    external_id: Annotated[str, AfterValidator(_external_id), BeforeValidator(_digits_as_text)]
    digest: (
        Annotated[
            str,
            AfterValidator(hex_digest),
            Field(json_schema_extra={"pattern": "^[0-9a-fA-F]{64}$"}),
        ]
        | None
    ) = None
    version: Annotated[int, Field(ge=1, le=_MAX_VERSION), BeforeValidator(whole_number)] | None = (
        None
    )
    update_time: (
        Annotated[str, AfterValidator(_time), Field(json_schema_extra={"pattern": PATTERN})] | None
    ) = None

    def expected(self) -> Expected:
        """Return what is compared."""
        moment = None if self.update_time is None else parse_time(self.update_time)
        return Expected(self.external_id, self.digest, self.version, moment)


class ReconcileBody(BaseModel):
    """The orders to compare."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    orders: Annotated[list[ExpectedOrder], Field(max_length=MAX_RECONCILED)]


class LineStatusBody(BaseModel):
    """The new status of a line."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    status: Annotated[str, Field(min_length=1), BeforeValidator(_digits_as_text)]


def _request_id(text: str) -> str:
    request_id = request_id_of(text)
    if request_id is None:
        raise ValueError("be the X-Request-Id of an earlier answer")
    return request_id


def _limit(number: int) -> int:
    if not 1 <= number <= MAX_UNDONE:
        raise ValueError(f"be a whole number from 1 to {MAX_UNDONE}")
    return number


class UndoBody(BaseModel):
    """The request to undo. Unless `dry_run` is false, nothing is written."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    request_id: Annotated[
        str,
        AfterValidator(_request_id),
        Field(json_schema_extra={"description": "The X-Request-Id of the answer to undo"}),
    ]
    dry_run: bool = True
    skip_triggers: bool = False
    limit: Annotated[
        int,
        AfterValidator(_limit),
        BeforeValidator(whole_number),
        Field(json_schema_extra={"minimum": 1, "maximum": MAX_UNDONE}),
    ] = DEFAULT_UNDONE
    after: Annotated[str, Field(json_schema_extra={"description": _AFTER})] | None = None


class RestoreBody(BaseModel):
    """The version to restore."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    version: Annotated[int, Field(ge=1, le=_MAX_VERSION), BeforeValidator(whole_number)]
    skip_triggers: bool = False


def read_undo(request: HttpRequest) -> UndoBody:
    """Read an undo. Raises RequestRefusedError (400, 415) and BodyRefusedError."""
    return read_flat(UndoBody, request)


def read_restore(request: HttpRequest) -> RestoreBody:
    """Read the version to restore. Raises RequestRefusedError (400, 415) and BodyRefusedError."""
    return read_flat(RestoreBody, request)


def read_reconcile(request: HttpRequest) -> Sequence[Expected]:
    """Read the orders to compare. Raises RequestRefusedError (400, 415) and BodyRefusedError."""
    tree = read_object(request)
    body = validated(ReconcileBody, tree, _unknown_members(tree))
    lacking = [
        Fault(
            "An order must have a digest, a version or an update_time to be compared",
            pointer=pointer("orders", position),
        )
        for position, each in enumerate(body.orders)
        if each.digest is None and each.version is None and each.update_time is None
    ]
    if lacking:
        raise invalid_body(lacking)
    return [each.expected() for each in body.orders]


def read_line_status(request: HttpRequest) -> str:
    """Read the status of a line. Raises RequestRefusedError (400, 415) and BodyRefusedError."""
    return read_flat(LineStatusBody, request).status


def read_flat[B: BaseModel](model: type[B], request: HttpRequest) -> B:
    """Return a body whose members have no members. Raises as read_undo does."""
    tree = read_object(request)
    return validated(model, tree, ((name,) for name in tree if name not in model.model_fields))


def read_object(request: HttpRequest) -> Tree:
    """Return the object of a JSON body. Raises RequestRefusedError and BodyRefusedError."""
    if request.media_type not in _JSON_TYPES or not is_utf_8(request.charset):
        raise RequestRefusedError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "The body must be application/json in UTF-8; "
            f"got {shown(request.headers['content-type'])}",
        )
    try:
        text = read_json(request.body)
    except NotJsonError as error:
        raise invalid_body([Fault(str(error))]) from None
    faults = [Fault(each.message, pointer=each.pointer) for each in text.faults()]
    if faults:
        raise invalid_body(faults)
    if not isinstance(text.tree, dict):
        raise invalid_body([Fault(f"The body must be an object; got {shown(text.tree)}")])
    return text.tree


def validated[B: BaseModel](model: type[B], tree: Tree, unknown: Iterator[Way]) -> B:
    """Return the body, unless it has unknown members or others that break rules.

    `unknown` leads to each unknown member. Raises RequestRefusedError.
    """
    first = list(islice(unknown, MAX_PROBLEMS))
    if first:
        raise invalid_body([_unsupported(way) for way in first])
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        details = error.errors(include_url=False)[:MAX_PROBLEMS]
        raise invalid_body([_fault(each) for each in details]) from None


def _unknown_members(tree: Tree) -> Iterator[Way]:
    """Return the unknown members, which Pydantic would list all: there may be half a million."""
    yield from ((name,) for name in tree if name not in ReconcileBody.model_fields)
    orders = tree.get("orders")
    for position, order in enumerate(orders if isinstance(orders, list) else ()):
        members = order if isinstance(order, dict) else ()
        for name in members:
            if name not in ExpectedOrder.model_fields:
                yield "orders", position, name


def _unsupported(way: Way) -> Fault:
    return Fault(f"{shown(way[-1])} is unsupported; remove it", pointer=pointer(*way))


_RULES: Mapping[str, str] = {
    "string_type": "be a string",
    "string_too_short": "not be empty",
    "int_type": "be a whole number",
    "bool_type": "be true or false",
    "list_type": "be an array",
    "dict_type": "be an object",
    "model_type": "be an object",
    "greater_than_equal": "be a whole number from 1",
    "less_than_equal": f"be at most {_MAX_VERSION}",
}


def _fault(detail: Mapping[str, Any]) -> Fault:
    way = detail["loc"]
    name, place = str(way[-1]) if isinstance(way[-1], str) else "an order", pointer(*way)
    match detail["type"]:
        case "missing":
            return Fault(f"{name} is required", pointer=place)
        case "too_long":
            got = len(detail["input"])
            text = f"{name} must have at most {MAX_RECONCILED} orders; got {got}"
            return Fault(text, pointer=place)
        case "value_error":
            rule = str(detail["ctx"]["error"])
        case kind:
            rule = _RULES.get(kind, "be valid")
    return Fault(f"{name} must {rule}; got {shown(detail['input'])}", pointer=place)
