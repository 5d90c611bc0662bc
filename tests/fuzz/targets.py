"""The fuzz targets, and the properties that hold for any input.

A target takes bytes. Any error that it raises, such as AssertionError, is a finding.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree

from orders.domain.money import format_amount
from orders.domain.settings import StoredSettings, TotalCheck
from orders.protocols.commercetools.checks import check_draft
from orders.protocols.commercetools.documents import (
    DraftRefusedError,
    Provenance,
    complete_document,
    document_of,
)
from orders.protocols.commercetools.errors import ApiError, RequestRefusedError
from orders.protocols.commercetools.products import Catalogue
from orders.protocols.commercetools.requests import read_draft
from orders.protocols.http import HttpAnswer
from orders.protocols.json_text import write_json
from tests.support.altcraft import JSON, XML, Shop, read_json
from tests.support.commercetools import full_draft
from tests.support.project_orders import ProjectOrders
from tests.support.samples import settings

type Tree = dict[str, Any]
REFUSED = frozenset({400, 401, 413, 415})
# Larger inputs only reach size limits, which have their own tests.
MAX_BYTES = 20_000


def altcraft_json(data: bytes) -> None:
    """Import a body as JSON."""
    shop = _shop()
    _expect_sound(shop, shop.post(data, JSON))
    _expect_amounts_kept(shop, _plain_json(data))
    _expect_unchanged_again(shop)


def altcraft_xml(data: bytes) -> None:
    """Import a body as XML."""
    shop = _shop()
    answer = shop.post(data, XML)
    assert etree.fromstring(answer.body).tag == "xml"
    _expect_sound(shop, _shop().post(data, XML, accept=JSON))
    _expect_unchanged_again(shop)


def commercetools_draft(data: bytes) -> None:
    """Read a body as a draft, and convert it to a document."""
    try:
        draft = read_draft(data, None, "demo")
    except RequestRefusedError as refusal:
        _expect_refusal(refusal.status, refusal.errors)
        return
    if check_draft(draft.tree):
        return
    provenance = Provenance("demo", "client")
    try:
        document = document_of(draft.tree, provenance, Catalogue.of("demo", {}))
    except DraftRefusedError as refusal:
        _expect_refusal(400, refusal.errors)
        return
    stored = json.loads(write_json(document), parse_float=Decimal)
    total = complete_document(stored, "demo")["totalPrice"]
    sent = json.loads(data)["totalPrice"]
    assert total["centAmount"] == sent["centAmount"]
    assert total["currencyCode"] == sent["currencyCode"]


def commercetools_update(data: bytes) -> None:
    """Update an order that has every member, and read it."""
    project = ProjectOrders()
    project.create(**{**full_draft(), "orderNumber": "CT-1"})
    before = project.only
    answer = project.send(data)
    if answer.status != 200:
        assert answer.status in {400, 409}
        assert all(each["code"] and each["message"] for each in answer.errors)
        assert project.only == before
        return
    assert answer.tree == project.read() == project.presented()
    assert project.message()["version"] == 1


def _expect_refusal(status: int, errors: Sequence[ApiError]) -> None:
    assert status == 400
    assert errors
    assert all(each.code and each.message for each in errors)


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    each.__name__: each
    for each in (altcraft_json, altcraft_xml, commercetools_draft, commercetools_update)
}


def _shop() -> Shop:
    shop = Shop()
    shop.settings.stored["demo"] = StoredSettings(settings(TotalCheck.OFF), 1)
    return shop


def _expect_sound(shop: Shop, answer: HttpAnswer) -> None:
    """Assert that every order has an entry, and that a failed entry has its errors and paths."""
    assert answer.status == 200 or answer.status in REFUSED
    tree = read_json(answer)
    if answer.status != 200:
        assert tree["error"] == answer.status
        assert not shop.documents()
        return
    for position, entry in enumerate(tree["result"]):
        for error in entry.get("errors", ()):
            assert error["path"].startswith(f"/data/{position}"), error
        assert bool(entry["error"]) == bool(entry.get("errors"))


def _expect_unchanged_again(shop: Shop) -> None:
    """Assert that importing the stored document again changes nothing, not even a digit."""
    documents = shop.documents()
    if not documents:
        return
    data = [{"external_id": name, **document} for name, document in documents.items()]
    answer = read_json(shop.post({"result_details": True, "data": data}))
    outcomes = {entry["outcome"] for entry in answer["result"]}
    assert outcomes == {"unchanged"}, answer
    assert shop.documents() == documents


def _expect_amounts_kept(shop: Shop, sent: object) -> None:
    """Assert that a total is stored with all its digits."""
    orders = sent.get("data") if isinstance(sent, dict) else sent
    named = [
        each for each in (orders if isinstance(orders, list) else ()) if isinstance(each, dict)
    ]
    ids = [each.get("external_id") for each in named]
    documents = shop.documents()
    for order, name in zip(named, ids, strict=True):
        # For a duplicate external id, the outcomes decide which order is stored.
        if isinstance(name, str) and name in documents and ids.count(name) == 1:
            assert documents[name]["total_price"] == _amount(order["total_price"])


def _amount(sent: object) -> str | None:
    try:
        # A negative zero is 0.
        return format_amount(Decimal(str(sent)) or Decimal(0))
    except (InvalidOperation, ValueError):
        return None


def _plain_json(data: bytes) -> object:
    try:
        return json.loads(data, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
