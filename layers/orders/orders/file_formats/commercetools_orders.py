"""Converted records as orders of commercetools' import, with the problems of their conversion."""

from collections.abc import Iterator, Sequence
from itertools import chain

from orders.application.ports import SentOrder
from orders.domain.file_records import Record
from orders.domain.problems import Code, Problem
from orders.file_formats.altcraft_orders import LocatedOrder, rejected
from orders.file_formats.interface import Converted, Tree
from orders.protocols.commercetools.checks import check_draft
from orders.protocols.commercetools.errors import ApiError, RequestRefusedError
from orders.protocols.commercetools.requests import OrderImportDraft, draft_of
from orders.protocols.commercetools.submissions import SentDraft
from orders.protocols.json_text import write_json

_ARRAYS = frozenset({"lineItems", "customLineItems", "itemShippingAddresses"})
_NUMBER_IS_REQUIRED = Problem(
    Code.REQUIRED, ("orderNumber",), "orderNumber is required in a file, so that it can be repeated"
)
# The JSON encoder writes values with so many levels.
_SURELY_WRITTEN = 250
_TOO_DEEP = Problem(Code.MALFORMED, (), "The record is nested too deeply")


def read_drafts(
    records: Sequence[Record],
    converted: Sequence[Converted],
    account: str,
    client: str,
    *,
    skip_triggers: bool,
) -> list[SentOrder]:
    """Return the drafts at the positions of their records. `client` is recorded as their sender."""
    orders: list[SentOrder] = []
    for position, (record, each) in enumerate(zip(records, converted, strict=True)):
        draft, problems = _read(record.raw, each, account)
        if draft is None:
            orders.append(rejected(position, record, problems, ()))
            continue
        order = SentDraft(
            draft,
            draft.order_number or "",
            account,
            client,
            position=position,
            skip_trigger=skip_triggers,
        )
        orders.append(LocatedOrder(order, each.list_sources) if each.list_sources else order)
    return orders


def _read(
    raw: bytes, converted: Converted, account: str
) -> tuple[OrderImportDraft | None, tuple[Problem, ...]]:
    """Return the draft of a record that has an order number, or what is wrong with it."""
    if converted.faults:
        return None, converted.faults
    if not _can_be_written(raw, converted.tree):
        return None, (_TOO_DEEP,)
    try:
        draft = draft_of(converted.tree, len(raw), account)
        errors = check_draft(draft.tree)
    except RequestRefusedError as refusal:
        errors, draft = list(refusal.errors), None
    if errors or draft is None:
        return None, tuple(chain.from_iterable(map(_problems, errors)))
    return (draft, ()) if draft.order_number is not None else (None, (_NUMBER_IS_REQUIRED,))


def _can_be_written(raw: bytes, tree: Tree) -> bool:
    """Return whether a value is not nested too deeply. Few brackets cannot be."""
    if raw.count(b"{") + raw.count(b"[") <= _SURELY_WRITTEN:
        return True
    try:
        write_json(tree)
    except (RecursionError, TypeError):
        return False
    return True


def _problems(error: ApiError) -> Iterator[Problem]:
    """Yield what is wrong with a draft. Faults of its shape name their members, but no indexes."""
    if not error.details:
        yield Problem(Code.INVALID_VALUE, (), error.message)
    for detail in error.details:
        trail, separator, _ = detail.partition(": ")
        steps = trail.split(" -> ") if separator else []
        end = next((n for n, step in enumerate(steps, 1) if step in _ARRAYS), len(steps))
        yield Problem(Code.INVALID_VALUE, tuple(steps[:end]), detail)
