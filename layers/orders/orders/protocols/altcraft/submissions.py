"""Reads the orders and the definitions of a decoded import."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from orders.domain.custom_fields import CustomField, ValueType
from orders.domain.known_products import EntryName
from orders.domain.problems import (
    NOTHING_REPORTED,
    Code,
    Problem,
    Reported,
    Steps,
    below,
    problems_left,
    shown,
)
from orders.domain.settings import Definitions, LineStatus, Rulebook, UnknownMembers
from orders.domain.submissions import Rejection, Submission
from orders.domain.whole_numbers import parse_whole_number
from orders.protocols.altcraft import PROTOCOL
from orders.protocols.altcraft.checks import check_order, product_names
from orders.protocols.altcraft.documents import LINES, defaults_of, document_of
from orders.protocols.altcraft.drafts import LineDraft, OrderDraft
from orders.protocols.altcraft.errors import RequestRefusedError, bad_request
from orders.protocols.altcraft.profile_matching import DEFAULT_MODE, FIELDS, matching_problems
from orders.protocols.altcraft.requests import (
    LINE,
    MAX_LINES,
    ORDER,
    CustomFieldBody,
    ImportBody,
    LineBody,
    OrderBody,
    is_blank,
    problems_of,
)
from orders.protocols.altcraft.states import fulfilment_of
from orders.protocols.altcraft.unknown_members import unknown_of_order

MAX_ECHOED_CHARACTERS = 255
MAX_ENUM_NUMBER = 10**18 - 1


@dataclass(frozen=True, slots=True)
class AltcraftOrder:
    """One order of a request: a draft, or its problems. Paths begin at the root of the request.

    `sent` are the members of the order as sent.
    """

    position: int
    external_id: str | None
    skip_trigger: bool
    draft: OrderDraft | None
    sent: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()

    @property
    def product_names(self) -> Iterable[EntryName]:
        """Return the names of the products and SKUs of the lines."""
        lines = self.draft.lines if self.draft else ()
        return [name for line in lines for _, name in product_names(line)]

    def submit(
        self, rules: Rulebook, before: Reported = NOTHING_REPORTED
    ) -> Submission | Rejection:
        """Check the order against the account's settings.

        `before` is what the orders before it report: that of one request is limited.
        """
        at_most, most_warnings = before.problems_left, before.warnings_left
        prefix = ("data", self.position)
        policy = rules.settings.policies.unknown_members
        problems, warnings = self._unknown_members(policy, prefix, before)
        if self.draft is None or self.problems:
            return Rejection((*self.problems, *problems)[:at_most], warnings)
        checked = check_order(self.draft, rules, at_most)
        problems = (*(below(prefix, each) for each in checked.problems), *problems)
        if problems:
            return Rejection(problems[:at_most], warnings)
        return Submission(
            external_id=self.draft.external_id,
            protocol=PROTOCOL,
            document=document_of(self.draft, checked),
            status=self.draft.status,
            endpoint=self.draft.endpoint,
            fulfilment=fulfilment_of(self.draft.status),
            update_time=self.draft.update_time,
            lines=LINES,
            defaults=defaults_of(checked),
            warnings=(*warnings, *(below(prefix, each) for each in checked.warnings))[
                :most_warnings
            ],
            path=prefix,
        )

    def _unknown_members(
        self, policy: UnknownMembers, prefix: Steps, before: Reported
    ) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
        """Return the problems and the warnings of unknown members."""
        if policy is UnknownMembers.REJECT:
            at_most = before.problems_left
            return unknown_of_order(self.sent, prefix, at_most).problems(at_most), ()
        most = before.warnings_left
        if policy is UnknownMembers.IGNORE or not most:
            return (), ()
        return (), unknown_of_order(self.sent, prefix).warnings(policy)[:most]


def read_orders(
    body: ImportBody, faults: Iterable[Problem], *, is_request: bool = True
) -> list[AltcraftOrder]:
    """Read each element of `data`. `faults` are those that the decoder found inside it.

    The orders of a request report so many problems together. Those of a file do not.
    """
    faults_at: dict[str | int, list[Problem]] = {}
    for fault in faults:
        _, position, *_ = fault.path
        faults_at.setdefault(position, []).append(fault)
    skip_all = bool(body.skip_triggers)
    orders: list[AltcraftOrder] = []
    found = 0
    for position, sent in enumerate(body.data):
        faults_of_order = faults_at.get(position, ())
        order = _read_order(position, sent, faults_of_order, found, skip_all=skip_all)
        if is_request:
            found += len(order.problems)
        orders.append(order)
    return orders


def read_definitions(body: ImportBody) -> Definitions:
    """Read the root's definitions. Raises RequestRefusedError (400) for an invalid one."""
    return Definitions(
        custom_fields=read_custom_fields(body.custom_fields),
        line_statuses=tuple(
            LineStatus(sent.external_id, sent.name, sent.type) for sent in body.custom_line_statuses
        ),
    )


def read_custom_fields(sent: Sequence[CustomFieldBody]) -> tuple[CustomField, ...]:
    """Read the root's custom fields. Raises RequestRefusedError (400) for an invalid one."""
    return tuple(_definition(position, each) for position, each in enumerate(sent))


def _read_order(
    position: int,
    sent: object,
    faults: Sequence[Problem],
    found: int,
    *,
    skip_all: bool,
) -> AltcraftOrder:
    """Read one order. `found` are the problems of the orders before it."""
    prefix = ("data", position)
    members: Mapping[str, Any] = sent if isinstance(sent, dict) else {}
    at_most = problems_left(found)
    body, problems = _read_body(sent, at_most)
    has_room = len(faults) + len(problems) < at_most
    lines, line_problems = _read_lines(members.get("lines"), at_most) if has_room else ([], [])
    if isinstance(sent, dict):
        problems += [*line_problems, *matching_problems(sent)]
    draft = _draft(body, lines) if body and has_room and not line_problems else None
    return AltcraftOrder(
        position=position,
        external_id=echoed(members.get("external_id")),
        skip_trigger=skip_all or bool(body and body.skip_triggers),
        draft=draft,
        sent=members,
        problems=(*faults, *(below(prefix, each) for each in problems))[:at_most],
    )


def echoed(external_id: object) -> str | None:
    """Return the external id for its entry, also if it is invalid: shops match by it."""
    named = isinstance(external_id, str | int) and not isinstance(external_id, bool)
    return str(external_id)[:MAX_ECHOED_CHARACTERS] if named else None


def _read_body(sent: object, at_most: int) -> tuple[OrderBody | None, list[Problem]]:
    try:
        return ORDER.validate_python(sent), []
    except ValidationError as error:
        return None, list(problems_of(error, subject="The order", at_most=at_most))


def _read_lines(sent: object, at_most: int) -> tuple[list[LineBody], list[Problem]]:
    """Read lines until `at_most` problems are found. `_read_body` reports lines of another type."""
    lines: list[LineBody] = []
    problems: list[Problem] = []
    for position, line in enumerate(sent[: MAX_LINES + 1] if isinstance(sent, list) else ()):
        try:
            lines.append(LINE.validate_python(line))
        except ValidationError as error:
            problems += problems_of(error, ("lines", position), "The line", at_most)
        if isinstance(line, dict) and is_blank(line.get("product")) and is_blank(line.get("sku")):
            path = ("lines", position, "product")
            problems.append(Problem(Code.REQUIRED, path, "product or sku is required"))
        if len(problems) >= at_most:
            break
    return lines, problems


def _draft(body: OrderBody, lines: Sequence[LineBody]) -> OrderDraft:
    sent = vars(body)
    matching = {"matching": body.matching or DEFAULT_MODE}
    matching |= {name: sent[name] for name in FIELDS if sent[name] is not None}
    return OrderDraft(
        external_id=body.external_id,
        matching=matching,
        endpoint=body.endpoint,
        status=body.status,
        total_price=body.total_price,
        currency=body.currency,
        lines=tuple(_line(line) for line in lines),
        tags=tuple(body.tags),
        region=body.region,
        delivery_cost=body.delivery_cost,
        create_time=body.create_time,
        update_time=body.update_time,
        custom_fields=body.custom_fields,
    )


def _line(body: LineBody) -> LineDraft:
    return LineDraft(
        external_id=body.external_id,
        count=body.count,
        final_price_per_item=body.final_price_per_item,
        status=body.status or "new",
        product=body.product,
        sku=body.sku,
        base_price_per_item=body.base_price_per_item,
        min_price_per_item=body.min_price_per_item,
        custom_fields=body.custom_fields,
    )


def _definition(position: int, sent: CustomFieldBody) -> CustomField:
    prefix = ("custom_fields", position)
    values, default = sent.enum_values, sent.default_value
    if sent.value_type is ValueType.ENUM and not values and isinstance(default, dict):
        # The enum sample of Altcraft's documentation sends the values as default_value.
        values, default = default, None
    if default in ([], {}) or (sent.value_type is not ValueType.UNICODE and is_blank(default)):
        default = None
    field = CustomField(
        sent.external_id,
        sent.name,
        sent.entity_type,
        sent.value_type,
        required=sent.required,
        enum_values=_enum_values(values, prefix),
    )
    if sent.value_type is ValueType.ENUM and not values:
        message = "enum_values is required for value_type enum"
        raise _refused(Code.REQUIRED, (*prefix, "enum_values"), message)
    try:
        return field.with_default(default)
    except ValueError as error:
        raise _refused(Code.WRONG_TYPE, (*prefix, "default_value"), str(error)) from None


def _enum_values(sent: Mapping[str, object], prefix: Steps) -> dict[str, int]:
    values = {}
    for name, number in sent.items():
        read = parse_whole_number(number)
        if read is None or abs(read) > MAX_ENUM_NUMBER:
            path = (*prefix, "enum_values", name)
            message = (
                "Values of enum_values must be whole numbers of at most 18 digits; "
                f"got {shown(number)}"
            )
            raise _refused(Code.WRONG_TYPE, path, message)
        values[name] = read
    return values


def _refused(code: Code, path: Steps, message: str) -> RequestRefusedError:
    return bad_request(message, Problem(code, path, message))
