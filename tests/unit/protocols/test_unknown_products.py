"""Imports of orders whose products the catalogue does not have, in every protocol with imports."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from orders.application.import_orders import ImportOrders
from orders.application.import_together import ImportTogether
from orders.domain.catalogue import Product, Variant
from orders.domain.catalogue_entries import CatalogueEntry
from orders.domain.clients import Role
from orders.domain.known_products import EntryKind, EntryName
from orders.domain.settings import ProductsFromCatalogue, StoredSettings, UnknownProducts
from orders.protocols.altcraft import answers as altcraft_answers
from orders.protocols.altcraft.access import AccountAccess
from orders.protocols.altcraft.import_orders import ImportOrdersEndpoint
from orders.protocols.commercetools import answers as project_answers
from orders.protocols.commercetools import import_orders as project_import
from orders.protocols.commercetools.access import ProjectAccess
from orders.protocols.http import HttpAnswer
from tests.support.catalogue import FakeCatalogue
from tests.support.commercetools import draft, line
from tests.support.deadlines import CountingPause
from tests.support.fakes import (
    FakeOrderIds,
    FakeOrders,
    FakeOrderTransactions,
    FakePublisher,
    FakeSettings,
    FakeTokens,
    TickingClock,
    client,
    publishing,
)
from tests.support.http import answered, request
from tests.support.samples import order, settings, to_xml

type Tree = dict[str, Any]

LINE: Tree = order()["lines"][0]


@dataclass
class Shop:
    """An account with the product `mug`, and the SKU `mug-red` of it."""

    catalogue: FakeCatalogue = field(default_factory=FakeCatalogue)
    orders: FakeOrders = field(default_factory=FakeOrders)
    settings: FakeSettings = field(
        default_factory=lambda: FakeSettings({"demo": StoredSettings(settings(), 1)})
    )

    def __post_init__(self) -> None:
        for kind, name, product in (
            (EntryKind.PRODUCT, "mug", None),
            (EntryKind.SKU, "mug-red", "mug"),
        ):
            entry = CatalogueEntry(EntryName(kind, name), name, "{}", product)
            self.catalogue.entries["demo", kind, entry.name.number] = entry, 1
        tokens = FakeTokens({"token": client("demo", *Role)})
        use_case = ImportOrders(
            self.orders,
            FakeOrderIds(),
            self.settings,
            publishing(FakePublisher()),
            TickingClock(),
            CountingPause(3),
            self.catalogue,
        )
        numbers = iter(range(1000))
        self._altcraft = ImportOrdersEndpoint(
            AccountAccess(tokens),
            use_case,
            ImportTogether(use_case, FakeOrderTransactions(self.orders, self.settings)),
            lambda: f"request-{next(numbers)}",
        )
        self._project = project_import.ImportOrdersEndpoint(
            ProjectAccess(tokens), use_case, lambda: f"request-{next(numbers)}"
        )

    def declare(self, **policies: object) -> None:
        stored = self.settings.stored["demo"]
        changed = replace(stored.settings.policies, **policies)  # type: ignore[arg-type]
        self.settings.stored["demo"] = replace(
            stored, settings=replace(stored.settings, policies=changed)
        )

    def send(self, *orders: Tree, in_xml: bool = False) -> HttpAnswer:
        body: Tree = {"data": list(orders)}
        content = to_xml(body) if in_xml else json.dumps(body).encode()
        media = "application/xml" if in_xml else "application/json"
        headers = {"authorization": "Bearer token", "content-type": media}
        sent = request(content, headers)
        return answered(self._altcraft, sent, altcraft_answers.answer_error).answer

    def send_draft(self, *lines: Tree, **members: object) -> HttpAnswer:
        content = json.dumps(draft(lineItems=list(lines), **members)).encode()
        headers = {"authorization": "Bearer token", "content-type": "application/json"}
        sent = request(content, headers, path={"projectKey": "demo"})
        return answered(self._project, sent, project_answers.answer_error).answer


def _of(**names: str) -> Tree:
    return {**{n: v for n, v in LINE.items() if n not in {"product", "sku"}}, **names}


KNOWN = order(external_id="known", lines=[_of(product="mug", sku="mug-red")])
UNKNOWN = order(
    external_id="unknown",
    lines=[_of(sku="mug-red"), {**_of(product="hat", sku="hat-red"), "external_id": "2"}],
)
POINTERS = ["/data/1/lines/1/product", "/data/1/lines/1/sku"]


def test_accepted_products_are_not_looked_up() -> None:
    shop = Shop()
    assert json.loads(shop.send(KNOWN, UNKNOWN).body)["error"] == 0
    assert shop.send_draft(line(variant={"sku": "hat"})).status == 201
    assert shop.catalogue.reads == 0


@pytest.mark.parametrize("in_xml", [False, True])
def test_warnings_of_unknown_products_are_in_every_answer(in_xml: bool) -> None:  # noqa: FBT001
    shop = Shop()
    shop.declare(unknown_products=UnknownProducts.WARN)
    answer = shop.send(KNOWN, UNKNOWN, in_xml=in_xml)
    if in_xml:
        assert answer.body.count(b"<code>unknown_product</code>") == 2
        assert b"<path>/data/1/lines/1/product</path>" in answer.body
        assert b"<line>" in answer.body
    else:
        good, bad = json.loads(answer.body)["result"]
        assert "warnings" not in good
        assert bad["error"] == 0
        assert [each["path"] for each in bad["warnings"]] == POINTERS
        assert bad["warnings"][0]["message"] == (
            'product must be in the account\'s catalogue; got "hat"'
        )
    assert len(shop.orders) == 2
    assert shop.catalogue.reads == 1


def test_unknown_products_fail_their_order_alone() -> None:
    shop = Shop()
    shop.declare(unknown_products=UnknownProducts.REJECT)
    good, bad = json.loads(shop.send(KNOWN, UNKNOWN).body)["result"]
    assert good == {"error": 0, "external_id": "known"}
    assert bad["error"] == 400
    assert [(each["code"], each["path"]) for each in bad["errors"]] == [
        ("unknown_product", pointer) for pointer in POINTERS
    ]
    assert list(shop.orders.orders) == [("demo", "known")]


def test_the_products_of_another_account_are_unknown() -> None:
    shop = Shop()
    shop.declare(unknown_products=UnknownProducts.REJECT)
    shop.catalogue.entries = {
        ("other", kind, number): each for (_, kind, number), each in shop.catalogue.entries.items()
    }
    assert json.loads(shop.send(KNOWN).body)["error"] == 400


def test_without_the_catalogue_no_order_is_imported_if_a_policy_needs_it() -> None:
    shop = Shop()
    shop.declare(unknown_products=UnknownProducts.WARN)
    shop.catalogue.available = False
    assert shop.send(KNOWN).status == 503
    assert shop.send_draft(line(variant={"sku": "hat"})).status == 503
    assert len(shop.orders) == 0


def test_a_draft_is_warned_of_in_a_header() -> None:
    shop = Shop()
    shop.declare(unknown_products=UnknownProducts.WARN)
    known = shop.send_draft(line(variant={"sku": "mug-red"}))
    assert "X-Unknown-Products" not in known.headers
    lines = [
        line(variant={"sku": "hat"}),
        line(productId="mug", variant={"id": 7}),
        line(productId="cap", variant={"id": 1}),
    ]
    warned = shop.send_draft(*lines, orderNumber="warned")
    assert warned.status == 201
    assert warned.headers["X-Unknown-Products"] == "/lineItems/0, /lineItems/2"
    many = shop.send_draft(*(line(variant={"sku": "hat"}) for _ in range(100)), orderNumber="many")
    assert len(many.headers["X-Unknown-Products"].split(", ")) == 20


def test_a_draft_of_unknown_products_is_rejected_with_the_errors_of_the_protocol() -> None:
    shop = Shop()
    shop.declare(unknown_products=UnknownProducts.REJECT)
    answer = shop.send_draft(
        line(variant={"sku": "hat"}), line(productId="cap", variant={"id": 1, "sku": "mug-red"})
    )
    assert answer.status == 400
    errors = json.loads(answer.body)["errors"]
    assert [each["code"] for each in errors] == ["ReferencedResourceNotFound"] * 2
    assert "sku 'hat'" in errors[0]["message"]
    assert errors[1]["id"] == "cap"
    assert len(shop.orders) == 0


def test_the_catalogue_takes_the_place_of_the_products_of_the_settings() -> None:
    shop = Shop()
    stored = shop.settings.stored["demo"]
    hat = Product("hat-id", (Variant(1, "hat"),))
    shop.settings.stored["demo"] = replace(
        stored, settings=replace(stored.settings, products={"hat-id": hat})
    )
    assert shop.send_draft(line(variant={"sku": "hat"}), orderNumber="1").status == 201
    shop.declare(products_from_catalogue=ProductsFromCatalogue.ON)
    assert shop.send_draft(line(variant={"sku": "hat"}), orderNumber="2").status == 400
    answer = shop.send_draft(line(variant={"sku": "mug-red"}), orderNumber="3")
    [item] = json.loads(answer.body)["lineItems"]
    assert (item["productId"], item["variant"]["id"]) == ("mug", 1)
    assert item["variant"]["sku"] == "mug-red"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"productId": "mug", "variant": {"id": 2}}, None),
        ({"productId": "mug", "variant": {"id": 2, "sku": "mug-red"}}, None),
        ({"productId": "cap", "variant": {"id": 1}}, "ReferencedResourceNotFound"),
        ({"variant": {"sku": "hat"}}, "ReferencedResourceNotFound"),
        ({"productId": "mug", "variant": {"id": 1, "sku": "hat"}}, "ReferencedResourceNotFound"),
        ({"productId": "hat", "variant": {"id": 1, "sku": "mug-red"}}, "InvalidField"),
    ],
)
def test_a_line_must_name_what_was_imported(sent: Tree, code: str | None) -> None:
    shop = Shop()
    hat = CatalogueEntry(EntryName(EntryKind.PRODUCT, "hat"), "hat", "{}")
    shop.catalogue.entries["demo", EntryKind.PRODUCT, hat.name.number] = hat, 1
    shop.declare(products_from_catalogue=ProductsFromCatalogue.ON)
    answer = shop.send_draft(line(**sent))
    if code is None:
        assert answer.status == 201
        [item] = json.loads(answer.body)["lineItems"]
        assert (item["productId"], item["variant"]["id"]) == ("mug", 2)
        return
    assert answer.status == 400
    assert [each["code"] for each in json.loads(answer.body)["errors"]] == [code]


def test_policies_of_the_cache_are_held_against_the_current_ones() -> None:
    """A rejection reads the settings again, and with them the policies about products."""
    shop = Shop()
    shop.declare(unknown_products=UnknownProducts.REJECT)
    old = shop.settings.stored["demo"]
    fresh = replace(old.settings.policies, unknown_products=UnknownProducts.ACCEPT)
    current = replace(old, settings=replace(old.settings, policies=fresh))
    load = shop.settings.load

    def cached(*args: Any, **options: Any) -> StoredSettings:  # noqa: ANN401 - those of load
        return current if options.get("fresh") else load(*args)

    shop.settings.load = cached  # type: ignore[method-assign]
    assert json.loads(shop.send(UNKNOWN).body)["error"] == 0
