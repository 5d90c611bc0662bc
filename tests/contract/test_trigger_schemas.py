"""The published schemas hold what the code emits, and would notice if it did not."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from orders.adapters.eventbridge import MAX_BYTES, detail_of
from orders.domain.order import Order
from orders.domain.triggers import Trigger, TriggerKind, deletion_of, trigger_of
from orders.protocols.altcraft.documents import LINES
from orders.protocols.altcraft.representation import present

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


def test_each_kind_has_its_schema_and_no_other_is_there() -> None:
    assert (
        {path.stem for path in SCHEMAS.glob("*")}
        == set(map(str, TriggerKind))
        == set(map(str, CHANGES))
    )


@pytest.mark.parametrize("kind", TriggerKind)
def test_what_is_emitted_fits_its_schema(kind: TriggerKind) -> None:
    Draft202012Validator.check_schema(_schema(kind))
    Draft202012Validator(_schema(kind)).validate(_detail(kind))


@pytest.mark.parametrize("kind", TriggerKind)
def test_an_event_without_its_order_fits_too(kind: TriggerKind) -> None:
    before, after = CHANGES[kind]
    document = json.dumps({**json.loads(after.document), "note": "x" * MAX_BYTES})
    huge = replace(after, document=document)
    if before and kind is TriggerKind.ORDER_EXTERNAL_ID_CHANGED:
        # Nothing but the id changes then: the order is as large before as after.
        before = replace(before, document=document)
    detail = json.loads(detail_of(_trigger(before, huge, kind), present))
    assert detail["order_omitted"] is True
    Draft202012Validator(_schema(kind)).validate(detail)


@pytest.mark.parametrize("kind", TriggerKind)
@pytest.mark.parametrize("member", ["id", "version", "external_id", "order", "changed", "account"])
def test_a_member_that_goes_missing_is_noticed(kind: TriggerKind, member: str) -> None:
    detail = _detail(kind)
    del detail[member]
    with pytest.raises(ValidationError):
        Draft202012Validator(_schema(kind)).validate(detail)


@pytest.mark.parametrize("kind", TriggerKind)
def test_a_new_member_is_noticed(kind: TriggerKind) -> None:
    with pytest.raises(ValidationError):
        Draft202012Validator(_schema(kind)).validate({**_detail(kind), "extra": 1})
