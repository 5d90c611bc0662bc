"""The published schemas accept exactly the triggers that the code publishes."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from orders.adapters.eventbridge import MAX_BYTES, detail_of
from orders.domain.import_jobs import FINISHED
from orders.domain.order import Order, Presence
from orders.domain.triggers import (
    Trigger,
    TriggerKind,
    TriggerPayload,
    deletion_of,
    reduced,
    trigger_of,
)
from orders.protocols.altcraft.documents import LINES
from orders.protocols.altcraft.personal_data import PERSONAL
from orders.protocols.altcraft.representation import present
from orders.runtime.composition.order_protocols import present as present_any
from tests.support.commercetools import line
from tests.support.project_orders import ProjectOrders

SCHEMAS = Path(__file__).parents[2] / "events" / "schemas"
NOW = datetime(2026, 1, 2, 3, 4, 5, 600_000, tzinfo=UTC)
type Tree = dict[str, Any]


def _order(version: int = 1, status: str = "new", line: str = "new", **rest: object) -> Order:
    tree = {"status": status, "lines": [{"external_id": "1", "status": line}], **rest}
    document = json.dumps(tree)
    return Order("demo", "A", 7, version, status, "altcraft", document, NOW, NOW, "req")


CHANGES: dict[TriggerKind, tuple[Order | None, Order]] = {
    TriggerKind.ORDER_CREATED: (None, _order()),
    TriggerKind.ORDER_DELETED: (_order(), _order(2)),
    TriggerKind.ORDER_EXTERNAL_ID_CHANGED: (_order(), replace(_order(2), external_id="B")),
    TriggerKind.ORDER_STATUS_CHANGED: (_order(), _order(2, "paid", "delivered")),
    TriggerKind.ORDER_LINE_STATUS_CHANGED: (_order(), _order(2, line="delivered")),
    TriggerKind.ORDER_UPDATED: (_order(region="north"), _order(2, tags=["a"])),
}


def _schema(kind: TriggerKind) -> Tree:
    schema: Tree = json.loads((SCHEMAS / f"{kind}.json").read_text(encoding="utf-8"))
    return schema


def _trigger(before: Order | None, after: Order, kind: TriggerKind) -> Trigger:
    deleted = kind is TriggerKind.ORDER_DELETED
    trigger = deletion_of(after) if deleted else trigger_of(before, after, LINES)
    assert trigger.kind is kind
    return trigger


def _detail(kind: TriggerKind) -> Tree:
    detail: Tree = json.loads(detail_of(_trigger(*CHANGES[kind], kind), present))
    return detail


def test_each_kind_has_a_schema_and_there_are_no_others() -> None:
    kinds = set(map(str, TriggerKind))
    assert {path.stem for path in SCHEMAS.glob("*")} == {*kinds, FINISHED}
    assert set(map(str, CHANGES)) == kinds


@pytest.mark.parametrize("kind", TriggerKind)
def test_a_published_trigger_matches_its_schema(kind: TriggerKind) -> None:
    Draft202012Validator.check_schema(_schema(kind))
    Draft202012Validator(_schema(kind)).validate(_detail(kind))


def test_the_trigger_of_a_revival_says_so_and_matches_its_schema() -> None:
    hidden = replace(_order(2), presence=Presence.HIDDEN)
    trigger = trigger_of(hidden, replace(_order(3), presence=Presence.REVIVED), LINES)
    detail = json.loads(detail_of(trigger, present))
    assert (str(trigger.kind), detail["revived"]) == ("OrderCreated", True)
    Draft202012Validator(_schema(trigger.kind)).validate(detail)
    assert "revived" not in _detail(TriggerKind.ORDER_CREATED)


@pytest.mark.parametrize("payload", TriggerPayload)
@pytest.mark.parametrize("kind", TriggerKind)
def test_a_trigger_of_every_payload_matches_its_schema(
    kind: TriggerKind, payload: TriggerPayload
) -> None:
    """The members say what is left out."""
    person = {"email": "jane@example.com", "custom_fields": {"note": "Jane"}}
    before, after = CHANGES[kind]
    known = json.loads(after.document) | person
    after = replace(after, document=json.dumps(known))
    if before and kind is TriggerKind.ORDER_EXTERNAL_ID_CHANGED:
        before = replace(before, document=after.document)
    trigger = reduced(_trigger(before, after, kind), payload, PERSONAL)
    detail = json.loads(detail_of(trigger, present))
    Draft202012Validator(_schema(kind)).validate(detail)
    is_full, is_thin = payload is TriggerPayload.FULL, payload is TriggerPayload.THIN
    assert ("jane" in json.dumps(detail).lower()) is is_full
    assert ("person_omitted" in detail) is not is_full
    assert ("order_omitted" in detail) is is_thin
    assert ("order" in detail) is not is_thin
    if kind is TriggerKind.ORDER_STATUS_CHANGED:
        assert detail["changed"]["status"] == {"old": "new", "new": "paid"}
        # The order had no email before.
        assert detail["changed"]["email"] == ({"new": "jane@example.com"} if is_full else {})


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        (
            TriggerKind.ORDER_STATUS_CHANGED,
            {"action": "changeOrderState", "orderState": "Confirmed"},
        ),
        (
            TriggerKind.ORDER_UPDATED,
            {
                "action": "importLineItemState",
                "lineItemKey": "mug",
                "state": [{"quantity": 2, "state": {"key": "sold"}}],
            },
        ),
        (
            TriggerKind.ORDER_EXTERNAL_ID_CHANGED,
            {"action": "setOrderNumber", "orderNumber": "CT-2"},
        ),
    ],
)
def test_the_trigger_of_an_update_matches_its_schema(kind: TriggerKind, action: Tree) -> None:
    project = ProjectOrders()
    project.create(lineItems=[line(key="mug")])
    project.updated(action)
    [trigger] = project.triggers
    assert trigger.kind is kind
    detail = json.loads(detail_of(trigger, present_any))
    Draft202012Validator(_schema(kind)).validate(detail)


@pytest.mark.parametrize("kind", TriggerKind)
def test_an_event_without_its_order_matches_its_schema(kind: TriggerKind) -> None:
    before, after = CHANGES[kind]
    document = json.dumps({**json.loads(after.document), "note": "x" * MAX_BYTES})
    huge = replace(after, document=document)
    if before and kind is TriggerKind.ORDER_EXTERNAL_ID_CHANGED:
        # Only the external id changes, so the order has the same size before and after.
        before = replace(before, document=document)
    detail = json.loads(detail_of(_trigger(before, huge, kind), present))
    assert detail["order_omitted"] is True
    Draft202012Validator(_schema(kind)).validate(detail)


@pytest.mark.parametrize("kind", TriggerKind)
@pytest.mark.parametrize("member", ["id", "version", "external_id", "order", "changed", "account"])
def test_a_missing_member_is_rejected(kind: TriggerKind, member: str) -> None:
    detail = _detail(kind)
    del detail[member]
    with pytest.raises(ValidationError):
        Draft202012Validator(_schema(kind)).validate(detail)


@pytest.mark.parametrize("kind", TriggerKind)
def test_an_additional_member_is_rejected(kind: TriggerKind) -> None:
    with pytest.raises(ValidationError):
        Draft202012Validator(_schema(kind)).validate({**_detail(kind), "extra": 1})
