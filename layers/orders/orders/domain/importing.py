"""Decide what an import does with each order: create, update, leave unchanged, or reject it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from orders.domain.applied_defaults import settled_defaults
from orders.domain.changes import StoredOrder
from orders.domain.fulfilment import Fulfilment
from orders.domain.order import Cause, Order, Presence
from orders.domain.overrides import overridden_status, settled_overrides
from orders.domain.problems import Code, Problem, below, shown
from orders.domain.submissions import Submission
from orders.domain.times import format_time
from orders.domain.triggers import Trigger, trigger_of

# A DynamoDB item has at most 400 KB. The rest is for the other attributes of the item.
MAX_DOCUMENT_BYTES = 388 * 1024


class Outcome(StrEnum):
    """The outcome of one order of a request. Published in answers."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    FAILED = "failed"


class ErrorPolicy(StrEnum):
    """What an import does with the valid orders of a request if others fail. Published."""

    IMPORT_VALID = "import_valid"
    REJECT_ALL = "reject_all"


@dataclass(frozen=True, slots=True)
class Step:
    """One valid order of the request. `position` is its index in the request, from 0."""

    position: int
    submission: Submission
    skip_trigger: bool


@dataclass(frozen=True, slots=True)
class OrderResult:
    """The result of one order of the request.

    `order_id`, `version` and `digest` are those of the stored order, None if the order failed.
    `retryable` is true if the same order may succeed when it is sent again.
    """

    position: int
    external_id: str | None
    outcome: Outcome
    order_id: int | None = None
    version: int | None = None
    digest: str | None = None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    retryable: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """All steps of a request for one order, in request order.

    `stored` is the order as read, None if it does not exist. `external_id` is the current id of the
    order. A step may have an alias of the order instead. `aliases` are known of a softly deleted
    order only.
    """

    account: str
    external_id: str
    stored: Order | None
    steps: tuple[Step, ...]
    aliases: tuple[str, ...] = ()

    @property
    def hidden(self) -> StoredOrder | None:
        """Return the order if it is softly deleted, else None."""
        if self.stored is None or not self.stored.is_hidden:
            return None
        return StoredOrder(self.stored, self.aliases)


@dataclass(frozen=True, slots=True)
class Write:
    """One conditional write: store `order` if the stored version is still `base_version`.

    `base_version` is None if the order must not exist yet. `trigger` is stored in the same write.
    It is None if the caller skips triggers. `revives` is the softly deleted order that the write
    ends the deletion of, None for every other order.
    """

    order: Order
    base_version: int | None
    trigger: Trigger | None
    revives: StoredOrder | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The write and the results of one group. `write` is None if nothing changes in the end."""

    group: Group
    write: Write | None
    results: tuple[OrderResult, ...]


def group_steps(
    account: str,
    steps: Iterable[Step],
    found: Mapping[str, Order],
    hidden: Mapping[str, StoredOrder] | None = None,
) -> list[Group]:
    """Group the steps by order. `found` maps a sent external id to the stored order that has it.

    `hidden` does so for softly deleted orders.
    """
    groups: dict[str, list[Step]] = {}
    stored: dict[str, Order] = {}
    aliases: dict[str, tuple[str, ...]] = {}
    for step in steps:
        name = step.submission.external_id
        order, deleted = found.get(name), (hidden or {}).get(name)
        if order is None and deleted is not None:
            order = deleted.order
            aliases[order.external_id] = deleted.aliases
        key = order.external_id if order else name
        groups.setdefault(key, []).append(step)
        if order:
            stored[key] = order
    return [
        Group(account, key, stored.get(key), tuple(members), aliases.get(key, ()))
        for key, members in groups.items()
    ]


def plan_group(group: Group, order_id: int, cause: Cause) -> Plan:
    """Decide the steps of a group one after the other, and combine them into one write.

    `order_id` is used only if the order is new. The version rises by one even if several steps
    change the order. If the steps cancel each other out, nothing is written.
    """
    current = group.stored
    changed_by: list[Step] = []
    decided: list[tuple[Step, Outcome, tuple[Problem, ...]]] = []
    for step in group.steps:
        refusal = _refusal(current, step.submission)
        if not refusal and current and _is_equal(current, step.submission):
            decided.append((step, Outcome.UNCHANGED, ()))
            continue
        after = _after(group, current, step.submission, order_id, cause)
        refusal = refusal or _excess(after)
        if refusal:
            decided.append((step, Outcome.FAILED, (below(step.submission.path, refusal),)))
        else:
            is_new = current is None or current.is_hidden
            outcome = Outcome.CREATED if is_new else Outcome.UPDATED
            decided.append((step, outcome, ()))
            current = after
            changed_by.append(step)
    write = _net_write(group, current, changed_by)
    final = write.order if write else group.stored
    results = tuple(_result(step, outcome, problems, final) for step, outcome, problems in decided)
    return Plan(group, write, results)


def plan_again(group: Group, cause: Cause, *, created: bool) -> Plan:
    """Return the plan by which an earlier run of the same request wrote the stored order.

    `created` says that the run created the order, which other requests may have changed since. The
    version before an update is not known: each step counts as a change, unless it is equal to the
    step before it.
    """
    stored = group.stored
    if stored is None:
        raise ValueError("an order that was written is stored")
    if created:
        first = replace(cause, at=stored.created_at)
        return plan_group(replace(group, stored=None), stored.order_id, first)
    before = replace(
        stored,
        version=stored.version - 1,
        document="{}",
        update_time=None,
        presence=Presence.HIDDEN if stored.presence is Presence.REVIVED else Presence.PRESENT,
    )
    return plan_group(replace(group, stored=before), 0, cause)


def failed(step: Step, problem: Problem, *, retryable: bool) -> OrderResult:
    """Return the result of an order that could not be stored."""
    return OrderResult(
        step.position,
        step.submission.external_id,
        Outcome.FAILED,
        problems=(below(step.submission.path, problem),),
        warnings=step.submission.warnings,
        retryable=retryable,
    )


def _refusal(current: Order | None, sent: Submission) -> Problem | None:
    if current is None:
        return None
    # An import of its own protocol revives a softly deleted order.
    if sent.must_be_new and not (current.is_hidden and current.protocol == sent.protocol):
        name = shown(sent.external_id)
        return Problem(Code.DUPLICATE, ("external_id",), f"Order {name} already exists")
    if current.protocol != sent.protocol:
        return Problem(
            Code.OTHER_PROTOCOL,
            ("external_id",),
            f"Order {shown(sent.external_id)} was imported through {current.protocol}; "
            "delete it there before importing it here",
        )
    if (
        current.update_time is not None
        and sent.update_time is not None
        and sent.update_time < current.update_time
        and current.document != sent.document
    ):
        stored_time = format_time(current.update_time)
        return Problem(
            Code.STALE,
            ("update_time",),
            f"update_time must not be earlier than {stored_time}, the newest update_time of the "
            f"stored order {shown(sent.external_id)}; got {format_time(sent.update_time)}",
        )
    return None


def _is_equal(current: Order, sent: Submission) -> bool:
    return current.document == sent.document and not current.is_hidden


def _excess(order: Order) -> Problem | None:
    """Return the problem of an order that is too large to be stored. It names the largest part."""
    texts = (order.document, order.defaults, order.overrides)
    if not is_too_large(*texts):
        return None
    size = sum(map(_bytes, texts))
    sizes = {
        name: _bytes(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
        for name, value in json.loads(order.document).items()
    }
    sizes["the defaults of custom fields"] = _bytes(order.defaults)
    largest = max(sizes, key=lambda name: sizes[name])
    return Problem(
        Code.ORDER_TOO_LARGE,
        (),
        f"The order must have at most {MAX_DOCUMENT_BYTES // 1024} KB; got {_kilobytes(size)} KB; "
        f"the largest part is {largest} with {_kilobytes(sizes[largest])} KB",
    )


def is_too_large(*texts: str) -> bool:
    """Return whether the texts of an order are too large to be stored."""
    # A character has at most 4 bytes, so most texts are small enough without being encoded.
    if sum(map(len, texts)) * 4 <= MAX_DOCUMENT_BYTES:
        return False
    return sum(map(_bytes, texts)) > MAX_DOCUMENT_BYTES


def _bytes(text: str) -> int:
    return len(text.encode())


def _kilobytes(size: int) -> int:
    return -(-size // 1024)


def _after(
    group: Group, current: Order | None, sent: Submission, order_id: int, cause: Cause
) -> Order:
    """Return the version that the group writes, if this is its last step.

    `current` is the order before this step: the version takes over what is not sent.
    """
    overrides = settled_overrides(current, sent.document, sent.lines)
    status = overridden_status(overrides, sent.lines) or sent.status
    update_time = _newest(current.update_time if current else None, sent.update_time)
    defaults = settled_defaults(current, sent.document, sent.defaults, sent.lines)
    if group.stored is None:
        return Order(
            account=group.account,
            external_id=group.external_id,
            order_id=order_id,
            version=1,
            status=status,
            protocol=sent.protocol,
            document=sent.document,
            created_at=cause.at,
            updated_at=cause.at,
            request_id=cause.request_id,
            update_time=update_time,
            fulfilment=_fulfilment(current, sent),
            endpoint=sent.endpoint,
            defaults=defaults,
            client=cause.client,
            overrides=overrides,
        )
    return replace(
        group.stored.next_version(cause),
        status=status,
        document=sent.document,
        update_time=update_time,
        fulfilment=_fulfilment(current, sent),
        endpoint=sent.endpoint,
        defaults=defaults,
        presence=Presence.REVIVED if group.stored.is_hidden else Presence.PRESENT,
        overrides=overrides,
    )


def _newest(known: datetime | None, sent: datetime | None) -> datetime | None:
    """Return the guard against older imports: one that names no time does not remove it."""
    return max((time for time in (known, sent) if time is not None), default=None)


def _net_write(group: Group, current: Order | None, changed_by: Sequence[Step]) -> Write | None:
    stored = group.stored
    if current is None or (stored and _is_unchanged(stored, current)):
        return None
    is_silent = all(step.skip_trigger for step in changed_by)
    lines = changed_by[-1].submission.lines
    trigger = None if is_silent else trigger_of(stored, current, lines)
    return Write(current, stored.version if stored else None, trigger, group.hidden)


def _fulfilment(current: Order | None, sent: Submission) -> Fulfilment:
    if current is None:
        return sent.fulfilment
    return current.fulfilment.after_import(sent.fulfilment)


def _is_unchanged(stored: Order, current: Order) -> bool:
    return (
        stored.document == current.document
        and stored.fulfilment is current.fulfilment
        and stored.is_hidden == current.is_hidden
        and stored.overrides == current.overrides
    )


def _result(
    step: Step, outcome: Outcome, problems: tuple[Problem, ...], final: Order | None
) -> OrderResult:
    known = final if outcome is not Outcome.FAILED else None
    return OrderResult(
        step.position,
        step.submission.external_id,
        outcome,
        order_id=known.order_id if known else None,
        version=known.version if known else None,
        digest=known.digest if known else None,
        problems=problems,
        warnings=step.submission.warnings,
    )
