"""How a request asks for a preview, and what a preview says beside the usual answer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from orders.application.preview_ports import Notes
from orders.application.repeat_requests import Run
from orders.domain.differences import ABSENT, Difference, Differences
from orders.domain.known_products import EntryKind
from orders.domain.order import Order
from orders.domain.problems import shown
from orders.protocols.http import EndpointResult, HttpRequest

type Tree = dict[str, Any]

DRY_RUN_HEADER = "X-Dry-Run"
_FLAGS = {"true": True, "false": False}


def dry_run_by_header(request: HttpRequest, refuse: Callable[[str], Exception]) -> bool:
    """Return whether the header asks for a preview.

    Raises what `refuse` returns of a message for a header that is neither true nor false.
    """
    sent = request.headers.get(DRY_RUN_HEADER.lower(), "false").strip()
    if sent not in _FLAGS:
        raise refuse(f"The header {DRY_RUN_HEADER} must be true or false; got {shown(sent)}")
    return _FLAGS[sent]


def notes_of(*, dry_run: bool) -> Notes | None:
    """Return empty notes for a preview, None for a request that writes."""
    return Notes() if dry_run else None


def run_of(request: HttpRequest, notes: Notes | None) -> Run | None:
    """Return the run of a request with an Idempotency-Key. A preview takes no notes of its own."""
    return request.run if notes is None else None


def marked(result: EndpointResult, notes: Notes | None) -> EndpointResult:
    """Return the result of a request. That of a preview counts no order.

    If it is no error, it has the header too.
    """
    if notes is None:
        return result
    is_error = result.answer.status >= HTTPStatus.BAD_REQUEST
    return result.as_preview({} if is_error else {DRY_RUN_HEADER: "true"})


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition that a request would create or change. `entity` is that of a custom field."""

    kind: str
    external_id: str
    is_new: bool
    entity: str | None = None


def definitions_in(notes: Notes) -> Iterator[Definition]:
    """Yield what would be defined: custom fields, line statuses, then categories."""
    if notes.settings is not None:
        before, after = notes.settings
        for key, custom_field in after.custom_fields.items():
            if before.custom_fields.get(key) != custom_field:
                is_new = key not in before.custom_fields
                yield Definition("custom_field", key[1], is_new, str(key[0]))
        for name, status in after.line_statuses.items():
            if before.line_statuses.get(name) != status:
                yield Definition("custom_line_status", name, name not in before.line_statuses)
    for entry, write in notes.entries.items():
        if entry.kind is EntryKind.CATEGORY:
            yield Definition("category", entry.external_id, write.before is None)


def definition_entry(definition: Definition) -> Tree:
    """Return a definition with the words of answers."""
    entity = {} if definition.entity is None else {"entity_type": definition.entity}
    return {
        "kind": definition.kind,
        "external_id": definition.external_id,
        **entity,
        "outcome": "created" if definition.is_new else "updated",
    }


def triggers_by_type(notes: Notes) -> Sequence[Tree]:
    """Return how many triggers of each type would be published, sorted by type."""
    return [{"type": str(kind), "count": notes.triggers[kind]} for kind in sorted(notes.triggers)]


def change_entry(difference: Difference) -> Tree:
    """Return a difference with its values. A value that does not exist has no member."""
    sides: Mapping[str, object] = {"before": difference.before, "after": difference.after}
    values = {name: value for name, value in sides.items() if value is not ABSENT}
    return {"path": difference.pointer, **values}


def changes_entries(found: Differences) -> Sequence[Tree]:
    """Return the differences with their values."""
    return [change_entry(each) for each in found.found]


def single_change(notes: Notes) -> tuple[str, Order | None, Order | None]:
    """Return the outcome of a request for one order, and the order before and after it.

    A deletion, also a soft one, has no order after it.
    """
    for change in notes.orders.values():
        if change.after is None or change.after.is_hidden:
            return "deleted", change.before, None
        return "updated", change.before, change.after
    return "unchanged", None, None
