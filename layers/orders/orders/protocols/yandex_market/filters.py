"""Filters and pages of the order lists, as a query of the order store."""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from orders.application.list_orders import ALL_TIMES, ListedOrders, OrdersQuery
from orders.application.orders_in_sequence import Resume
from orders.application.ports import ChangePosition
from orders.domain.changes import StoredOrder
from orders.domain.identifiers import (
    is_external_id,
    is_reserved_id,
)
from orders.domain.order_numbers import MAX_ORDER_ID
from orders.domain.order_summary import Summarise
from orders.domain.problems import spelled
from orders.domain.ranges import Range
from orders.protocols.yandex_market.errors import RequestRefusedError, bad_request
from orders.protocols.yandex_market.representation import MOSCOW
from orders.protocols.yandex_market.requests import MAX_NAMED
from orders.protocols.yandex_market.substatuses import STATUSES, SUBSTATUSES

MAX_PAGE = 50
_MAX_INT32 = 2**31 - 1
_DAY = timedelta(days=1)
# A shop may send a time of creation that is later than the import, such as one without its zone.
_AHEAD = timedelta(days=1)
_INTEGER = re.compile(r"\d{1,19}", re.ASCII)
_MOSCOW_DATE = re.compile(r"(\d{2})-(\d{2})-(\d{4})", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TOKEN = re.compile(r"(?P<id>\d{1,16})?(?:\.(?P<at>\d{1,18})\.(?P<changed>\d{1,16}))?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def type_mismatch(sent: object) -> RequestRefusedError:
    """Return the 400 error of a value of the wrong type."""
    return bad_request(f"Type mismatch: {spelled(sent)}")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which orders to list. Empty collections and None do not restrict."""

    endpoints: frozenset[str]
    order_ids: frozenset[int] = frozenset()
    external_ids: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    substatuses: frozenset[str] = frozenset()
    created: Range[datetime] = ALL_TIMES
    changed: Range[datetime] = ALL_TIMES
    is_fake: bool = False

    def query(self, account: str, summarise: Summarise, token: str | None) -> OrdersQuery:
        """Return the query. Raises RequestRefusedError (400) for an invalid page token."""
        query = OrdersQuery(
            account,
            only_ids=self._named_ids(),
            only_external_ids=self._named_external_ids(account),
            # An order that the shop created at a time was imported at this time or later.
            created=Range(_earlier(self.created.start, _AHEAD), None),
            changed=self.changed,
            matches=self._matches(summarise),
            newest_first=True,
        )
        if not self.changed.is_bounded:
            return _continued(query, token)
        # From the oldest change on, no order is lost that changes between two pages.
        resume = Resume() if token is None else _read_token(token)
        return replace(query, by_change=True, newest_first=False, resume=resume)

    def _named_ids(self) -> frozenset[int] | None:
        if self.is_fake:
            return frozenset()
        return (
            frozenset(each for each in self.order_ids if 0 < each <= MAX_ORDER_ID)
            if self.order_ids
            else None
        )

    def _named_external_ids(self, account: str) -> frozenset[str] | None:
        return (
            frozenset(
                each
                for each in self.external_ids
                if is_external_id(each) and not is_reserved_id(account, each)
            )
            if self.external_ids
            else None
        )

    def _matches(self, summarise: Summarise) -> Callable[[StoredOrder], bool]:
        def matches(stored: StoredOrder) -> bool:
            order = stored.order
            return (
                order.endpoint in self.endpoints
                and (not self.statuses or order.fulfilment.status in self.statuses)
                and (not self.substatuses or order.fulfilment.substatus in self.substatuses)
                and (not self.created.is_bounded or summarise(order).created_at in self.created)
            )

        return matches


def next_page_token(listed: ListedOrders, shown: int) -> dict[str, str]:
    """Return `paging` after the first `shown` orders of the page."""
    resume = listed.resume if shown == len(listed.orders) else listed.resumes[shown - 1]
    return {} if resume is None else {"nextPageToken": _write_token(resume)}


def read_statuses(sent: Collection[str]) -> frozenset[str]:
    """Return the statuses if all of them exist. Raises RequestRefusedError (400)."""
    return _known(sent, STATUSES)


def read_substatuses(sent: Collection[str]) -> frozenset[str]:
    """Return the substatuses if all of them exist. Raises RequestRefusedError (400)."""
    return _known(sent, SUBSTATUSES)


def _known(sent: Collection[str], known: frozenset[str]) -> frozenset[str]:
    for unknown in sorted(frozenset(sent) - known):
        raise type_mismatch(unknown)
    return frozenset(sent)


def read_size(sent: str | None, name: str) -> int:
    """Return the size of a page. A larger one than MAX_PAGE is reduced to it (truncateLimit)."""
    if sent is None:
        return MAX_PAGE
    if _INTEGER.fullmatch(sent) is None or not 1 <= int(sent) <= _MAX_INT32:
        raise bad_request(
            f"{name} must be between 1 and {MAX_PAGE} (rejected value: {spelled(sent)})"
        )
    return min(int(sent), MAX_PAGE)


def read_number(sent: str, name: str, most: int) -> int:
    """Return a number from 1 to `most`. Raises RequestRefusedError (400)."""
    if _INTEGER.fullmatch(sent) is None or not 1 <= int(sent) <= most:
        raise bad_request(f"{name} must be between 1 and {most} (rejected value: {spelled(sent)})")
    return int(sent)


def read_order_ids(sent: Iterable[str]) -> frozenset[int]:
    """Return order ids, at most MAX_NAMED. Raises RequestRefusedError (400)."""
    ids = set()
    for each in sent:
        if _INTEGER.fullmatch(each) is None:
            raise type_mismatch(each)
        ids.add(int(each))
    if len(ids) > MAX_NAMED:
        raise bad_request(
            f"orderIds size must be between 1 and {MAX_NAMED} (rejected value: {len(ids)} ids)"
        )
    return frozenset(ids)


def read_days(start: str | None, end: str | None, names: tuple[str, str]) -> Range[datetime]:
    """Return the time from the start of a day up to the start of another one, in Moscow.

    Days less than a day apart mean the first day. Raises RequestRefusedError (400).
    """
    first, last = (None if each is None else _read_day(each) for each in (start, end))
    if first is not None and last is not None:
        _expect_order(first, last, names)
        last = max(last, first + _DAY)
    return Range(first, last)


def read_moments(start: str | None, end: str | None, names: tuple[str, str]) -> Range[datetime]:
    """Return the time from a moment up to another one. Raises RequestRefusedError (400)."""
    first, last = (None if each is None else _read_moment(each) for each in (start, end))
    if first is not None and last is not None:
        _expect_order(first, last, names)
    return Range(first, last)


def _expect_order(first: datetime, last: datetime, names: tuple[str, str]) -> None:
    if first > last:
        raise bad_request(f"{names[0]} must not be later than {names[1]}")


def _read_day(sent: str) -> datetime:
    found = _MOSCOW_DATE.fullmatch(sent)
    text = f"{found[3]}-{found[2]}-{found[1]}" if found else sent
    if _DATE.fullmatch(text) is None:
        raise type_mismatch(sent)
    try:
        moment = datetime.combine(date.fromisoformat(text), time(), MOSCOW).astimezone(UTC)
        return min(moment, datetime.max.replace(tzinfo=UTC) - 2 * _DAY)
    except (ValueError, OverflowError):
        raise type_mismatch(sent) from None


def _read_moment(sent: str) -> datetime:
    # In a query, a plus sign that is not percent-encoded is a space.
    text = re.sub(r" (\d{2}:?\d{2})$", r"+\1", sent)
    try:
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=MOSCOW)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        raise type_mismatch(sent) from None


def _earlier(moment: datetime | None, by: timedelta) -> datetime | None:
    if moment is None:
        return None
    return max(moment, datetime.min.replace(tzinfo=UTC) + by) - by


def _continued(query: OrdersQuery, token: str | None) -> OrdersQuery:
    if token is None:
        return query
    resume = _read_token(token)
    if resume.order_id is None or resume.change is not None:
        raise type_mismatch(token)
    return replace(query, ids=Range(None, resume.order_id))


def _read_token(sent: str) -> Resume:
    found = _TOKEN.fullmatch(sent)
    if found is None:
        raise type_mismatch(sent)
    order_id = None if found["id"] is None else int(found["id"])
    if found["at"] is None:
        return Resume(order_id)
    try:
        moment = _EPOCH + int(found["at"]) * _MICROSECOND
    except OverflowError:
        raise type_mismatch(sent) from None
    return Resume(order_id, ChangePosition(moment, int(found["changed"])))


def _write_token(resume: Resume) -> str:
    order_id = "" if resume.order_id is None else str(resume.order_id)
    if resume.change is None:
        return order_id or "0"
    at = (resume.change.changed_at - _EPOCH) // _MICROSECOND
    return f"{order_id}.{at}.{resume.change.order_id}"
