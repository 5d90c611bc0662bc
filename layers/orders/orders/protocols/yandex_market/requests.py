"""Path parameters and JSON bodies. Error messages are those of the Partner API's error page."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from orders.domain.fulfilment import SalesModel
from orders.domain.identifiers import (
    EXTERNAL_ID_RULE,
    MAX_EXTERNAL_ID_CHARACTERS,
    is_external_id,
)
from orders.domain.problems import cut, spelled
from orders.protocols.http import HttpRequest
from orders.protocols.json_text import NotJsonError, is_utf_8, read_json
from orders.protocols.yandex_market.errors import bad_request, unsupported_media_type

# The Partner API's limit for all methods.
MAX_JSON_BYTES = 512 * 1024
MAX_INT64 = 2**63 - 1
MIN_INT64 = -(2**63)
MAX_NAMED = 50
# The Partner API's limit for the update of several statuses.
MAX_MOVED = 30
# An answer names so many faults of a body.
MAX_FAULTS = 20
_INTEGER = re.compile(r"\d{1,19}", re.ASCII)
_JSON_TYPES = frozenset({"", "application/json", "text/json"})


def _digits_as_text(sent: object) -> object:
    """Return the text of an id that is sent as a whole number, as clients with numeric ids do."""
    return str(sent) if isinstance(sent, int) and not isinstance(sent, bool) else sent


_SEVERAL = Field(min_length=1, max_length=MAX_NAMED)
# More than there are values.
_ANY = Field(min_length=1, max_length=500)
# Strict values are members of an enum, and JSON has their names.
_ProgramType = Annotated[SalesModel, Field(strict=False)]


def _checked_external_id(text: str) -> str:
    if not is_external_id(text):
        raise ValueError(f"must be {EXTERNAL_ID_RULE}")
    return text


class ExternalIdBody(BaseModel):
    """Body of the external-id update. The limits of the id are the hub's (docs/decisions.md)."""

    model_config = ConfigDict(strict=True, frozen=True)

    external_order_id: Annotated[
        str,
        Field(min_length=1, max_length=MAX_EXTERNAL_ID_CHARACTERS),
        AfterValidator(_checked_external_id),
        BeforeValidator(_digits_as_text),
    ] = Field(alias="externalOrderId")


class OrderStatusChange(BaseModel):
    """The order's new status. A `delivery` that is sent with it is ignored."""

    model_config = ConfigDict(strict=True, frozen=True)

    status: str
    substatus: str | None = None


class OrderStatusBody(BaseModel):
    """Body of the status update."""

    model_config = ConfigDict(strict=True, frozen=True)

    order: OrderStatusChange


class OrderState(OrderStatusChange):
    """One order of the update of several statuses, with its new status."""

    id: Annotated[int, Field(ge=MIN_INT64, le=MAX_INT64)]


class OrderStatesBody(BaseModel):
    """Body of the update of several statuses."""

    model_config = ConfigDict(strict=True, frozen=True)

    orders: Annotated[list[OrderState], Field(min_length=1, max_length=MAX_MOVED)]


class OrderDates(BaseModel):
    """The times of the business's orders. The hub knows no days of shipment."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    creation_date_from: str | None = Field(default=None, alias="creationDateFrom")
    creation_date_to: str | None = Field(default=None, alias="creationDateTo")
    update_date_from: str | None = Field(default=None, alias="updateDateFrom")
    update_date_to: str | None = Field(default=None, alias="updateDateTo")


class BusinessOrdersBody(BaseModel):
    """Body of the list of a business's orders. A filter that the hub cannot answer is rejected."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    order_ids: Annotated[list[int], _SEVERAL] | None = Field(default=None, alias="orderIds")
    external_order_ids: Annotated[list[str], _SEVERAL] | None = Field(
        default=None, alias="externalOrderIds"
    )
    program_types: Annotated[list[_ProgramType], _ANY] | None = Field(
        default=None, alias="programTypes"
    )
    campaign_ids: Annotated[list[int], _SEVERAL] | None = Field(default=None, alias="campaignIds")
    statuses: Annotated[list[str], _ANY] | None = None
    substatuses: Annotated[list[str], _ANY] | None = None
    dates: OrderDates = OrderDates()
    fake: bool = False
    waiting_for_cancellation_approve: Literal[False] | None = Field(
        default=None, alias="waitingForCancellationApprove"
    )


def read_id(request: HttpRequest, name: str) -> int:
    """Return a path parameter, a positive int64. Raises RequestRefusedError (400)."""
    sent = request.path.get(name, "")
    if _INTEGER.fullmatch(sent) is None or not 1 <= int(sent) <= MAX_INT64:
        raise bad_request(f"Type mismatch: {spelled(sent)}")
    return int(sent)


def without_suffix(request: HttpRequest, name: str) -> HttpRequest:
    """Return the request without the optional `.json` at the end of a path parameter."""
    path = {**request.path, name: request.path.get(name, "").removesuffix(".json")}
    return replace(request, path=path)


def read_json_body[Body: BaseModel](request: HttpRequest, model: type[Body]) -> Body:
    """Read and validate a JSON body. Raises RequestRefusedError (400, 415) and BodyRefusedError."""
    _expect_json(request)
    body = request.body
    if len(body) > MAX_JSON_BYTES:
        raise bad_request(f"The request is too big: at most {MAX_JSON_BYTES} bytes (512 KB)")
    if not body.strip():
        raise bad_request("Required request body is missing")
    try:
        text = read_json(body)
    except NotJsonError as error:
        raise bad_request(f"JSON: {error}") from None
    for fault in text.faults(at_most=1):
        raise bad_request(f"JSON: {fault.pointer}: {fault.message}")
    if not isinstance(text.tree, dict):
        raise bad_request("JSON: the body must be an object")
    try:
        return model.model_validate(text.tree)
    except ValidationError as error:
        raise bad_request("; ".join(_messages(error))) from None


def _expect_json(request: HttpRequest) -> None:
    """Raise RequestRefusedError (415) if the Content-Type is not JSON. It may be missing."""
    if request.media_type not in _JSON_TYPES or not is_utf_8(request.charset):
        raise unsupported_media_type(spelled(request.headers["content-type"]))


def _messages(error: ValidationError) -> Iterator[str]:
    for detail in islice(error.errors(include_url=False), MAX_FAULTS):
        field = ".".join(cut(str(step)) for step in detail["loc"])
        yield _message(detail, field)


def _message(detail: Mapping[str, Any], field: str) -> str:
    if detail["type"] == "extra_forbidden":
        return f"{field} is not supported; remove it"
    return _rule(detail, field)


def _rule(detail: Mapping[str, Any], field: str) -> str:
    sent = detail["input"]
    kind = detail["type"]
    if kind == "missing" or sent is None:
        return f"{field} must not be null (rejected value: null)"
    rejected = f"(rejected value: {spelled(sent)})"
    if kind in {"too_short", "too_long"}:
        rejected = f"(rejected value: {len(sent)} values)"
    if kind in {"string_too_short", "too_short"}:
        return f"{field} must not be empty {rejected}"
    if kind in {"string_too_long", "too_long"}:
        return f"{field} size must be between 1 and {detail['ctx']['max_length']} {rejected}"
    if kind == "value_error":
        return f"{field} {detail['ctx']['error']} {rejected}"
    return f"Type mismatch: {field} {rejected}"
