"""Converted records as orders of commercetools' import, with the problems of their conversion."""

from collections.abc import Iterator, Sequence
from itertools import chain

from orders.application.ports import SentOrder
from orders.domain.file_records import Record
from orders.domain.problems import Code, Problem
from orders.file_formats.altcraft_orders import LocatedOrder, rejected
from orders.file_formats.interface import Converted
from orders.protocols.commercetools.checks import check_draft
from orders.protocols.commercetools.errors import ApiError, RequestRefusedError
from orders.protocols.commercetools.requests import read_draft
from orders.protocols.commercetools.submissions import SentDraft
from orders.protocols.json_text import write_json

_ARRAYS = frozenset({"lineItems", "customLineItems", "itemShippingAddresses"})
_NUMBER_IS_REQUIRED = Problem(
    Code.REQUIRED, ("orderNumber",), "orderNumber is required in a file, so that it can be repeated"
)


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
        problems = each.faults
        draft = None
        if not problems:
            draft, problems = _read(each, account, client, position, skip_triggers=skip_triggers)
        if draft is None:
            orders.append(rejected(position, record, problems, ()))
        else:
            orders.append(LocatedOrder(draft, each.list_sources) if each.list_sources else draft)
    return orders


def _read(
    converted: Converted, account: str, client: str, position: int, *, skip_triggers: bool
) -> tuple[SentDraft | None, tuple[Problem, ...]]:
    try:
        draft = read_draft(write_json(converted.tree), None, account)
        errors = check_draft(draft.tree)
    except RequestRefusedError as refusal:
        errors, draft = list(refusal.errors), None
    if errors or draft is None:
        return None, tuple(chain.from_iterable(map(_problems, errors)))
    if draft.order_number is None:
        return None, (_NUMBER_IS_REQUIRED,)
    order = SentDraft(
        draft,
        draft.order_number,
        account,
        client,
        position=position,
        skip_trigger=skip_triggers,
    )
    return order, ()


def _problems(error: ApiError) -> Iterator[Problem]:
    """Yield what is wrong with a draft. Faults of its shape name their members, but no indexes."""
    if not error.details:
        yield Problem(Code.INVALID_VALUE, (), error.message)
    for detail in error.details:
        trail, separator, _ = detail.partition(": ")
        steps = trail.split(" -> ") if separator else []
        end = next((n for n, step in enumerate(steps, 1) if step in _ARRAYS), len(steps))
        yield Problem(Code.INVALID_VALUE, tuple(steps[:end]), detail)
