"""Files of commercetools' drafts with what real ones have in them."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from orders.domain.file_records import UnreadableFileError
from orders.domain.problems import NOTHING_REPORTED, Problem
from orders.domain.settings import Rulebook, Settings
from orders.domain.submissions import Rejection
from orders.file_formats.registry import Registry
from tests.support.files import read_whole

RULES = Rulebook.of(Settings(currencies=("EUR", "JPY")))


def _money(cents: int, currency: str = "EUR") -> dict[str, object]:
    return {"currencyCode": currency, "centAmount": cents}


def _draft(**members: object) -> dict[str, Any]:
    line = {
        "name": {"de": "Tasse", "en-US": "Mug"},
        "variant": {"sku": "mug"},
        "quantity": 2,
        "price": {"value": _money(995)},
    }
    return {"orderNumber": "CT-1", "totalPrice": _money(1990), "lineItems": [line], **members}


def _read(data: bytes) -> list[tuple[str | None, Sequence[Problem]]]:
    """Return the key of each record, and the problems of its import."""
    options = Registry().detect("orders.json", data)
    assert options.format.startswith("commercetools_")
    frame, records = read_whole(data, options)
    sent = Registry().sent_orders(
        records, frame, options, skip_triggers=True, account="demo", client="c"
    )
    checked = [each.submit(RULES, NOTHING_REPORTED) for each in sent]
    return [
        (record.key, each.problems if isinstance(each, Rejection) else ())
        for record, each in zip(records, checked, strict=True)
    ]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("is_page", [False, True])
def test_drafts_may_be_an_array_or_a_page(*, is_page: bool, indent: int | None) -> None:
    drafts = [_draft(), _draft(orderNumber="CT-2")]
    tree = {"limit": 20, "count": 2, "results": drafts} if is_page else drafts
    assert _read(json.dumps(tree, indent=indent).encode()) == [("CT-1", ()), ("CT-2", ())]


def test_the_members_of_a_draft_are_read() -> None:
    precise = {
        "type": "highPrecision",
        "currencyCode": "EUR",
        "preciseAmount": 99549,
        "fractionDigits": 4,
    }
    draft = _draft(
        customerEmail="ada@example.com",
        completedAt="2025-10-07T09:50:26+03:00",
        orderState="Complete",
        paymentState="Paid",
        shipmentState="Delivered",
        origin="Merchant",
        customLineItems=[
            {"name": {"en": "Gift"}, "slug": "gift", "quantity": 1, "money": _money(-100)}
        ],
        shippingInfo={
            "shippingMethodName": "DHL",
            "price": _money(290),
            "shippingRate": {"price": _money(290)},
        },
    )
    draft["lineItems"][0]["price"]["value"] = precise
    whole = json.dumps(_draft(orderNumber="CT-2")).replace("EUR", "JPY")
    lines = f"{json.dumps(draft)}\n{whole}\n".encode()
    for data in (lines, b"\xef\xbb\xbf" + lines):
        assert _read(data) == [("CT-1", ()), ("CT-2", ())]


@pytest.mark.parametrize(
    ("members", "pointer", "message"),
    [
        (
            {"totalPrice": {"currencyCode": "EUR", "centAmount": 19.9}},
            "/totalPrice/centAmount",
            "totalPrice -> centAmount: JSON Number in the range of a Long expected.",
        ),
        (
            {"lineItems": [{"quantity": 1}]},
            "/lineItems",
            "lineItems -> name: Missing required value",
        ),
        ({"completedAt": "soon"}, "/completedAt", "completedAt: Failed to parse date/time: soon"),
        ({"lineItems": []}, "", "An order must have at least one line item"),
        ({"orderNumber": None}, "/orderNumber", "orderNumber is required in a file"),
    ],
)
def test_a_problem_names_the_member(members: dict[str, object], pointer: str, message: str) -> None:
    draft = {name: each for name, each in _draft(**members).items() if each is not None}
    [(_, problems)] = _read(json.dumps(draft).encode() + b"\n")
    assert problems[0].pointer == f"/0{pointer}"
    assert problems[0].message.startswith(message)


def test_a_draft_in_many_lines_is_rejected_once() -> None:
    with pytest.raises(UnreadableFileError) as raised:
        Registry().detect("orders.json", json.dumps(_draft(), indent=2).encode())
    assert (raised.value.code, raised.value.row) == ("malformed", 1)
    assert "`jq -c .`" in str(raised.value)


@pytest.mark.parametrize(
    ("levels", "problems"), [(100, []), (300, ["The record is nested too deeply"])]
)
def test_a_draft_that_is_nested_too_deeply_is_rejected(levels: int, problems: list[str]) -> None:
    unknown = "[" * levels + "]" * levels
    draft = json.dumps(_draft()).removesuffix("}") + f', "unknown": {unknown}}}'
    [(_key, found)] = _read(draft.encode())
    assert [each.message for each in found] == problems
