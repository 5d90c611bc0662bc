"""The contract of CatalogueRepository. The fake and the DynamoDB adapter must both pass."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_catalogue import DynamoCatalogue
from orders.adapters.table_keys import link_key
from orders.application.errors import StorageUnavailableError
from orders.application.ports import CatalogueRepository, WriteOutcome
from orders.application.remove_from_catalogue import Named, Removal, RemoveFromCatalogue
from orders.domain.catalogue_entries import CatalogueEntry, EntryWrite
from orders.domain.known_products import EntryKind, EntryName
from tests.support.aws_faults import Parsed, answering
from tests.support.catalogue import FakeCatalogue
from tests.support.deadlines import DEADLINE, CountingPause, FixedDeadline
from tests.support.template_tables import create_table

PRODUCT, SKU = EntryKind.PRODUCT, EntryKind.SKU
COMMITTED, CONFLICT = WriteOutcome.COMMITTED, WriteOutcome.CONFLICT


@pytest.fixture(params=["memory", "dynamodb"])
def catalogue(request: pytest.FixtureRequest) -> CatalogueRepository:
    if request.param == "memory":
        return FakeCatalogue()
    client: DynamoDBClient = request.getfixturevalue("dynamodb")
    return DynamoCatalogue(client, create_table(client))


def entry(
    kind: EntryKind, name: str, product: str | None = None, text: str = "{}"
) -> CatalogueEntry:
    return CatalogueEntry(EntryName(kind, name), f"The {name}", text, product)


def save(
    catalogue: CatalogueRepository, *entries: CatalogueEntry, account: str = "demo"
) -> list[WriteOutcome]:
    known = catalogue.find(account, [each.name for each in entries], DEADLINE)
    writes = [EntryWrite(each, known.get(each.name)) for each in entries]
    return list(catalogue.save(account, writes, DEADLINE))


class HasName(Protocol):
    @property
    def name(self) -> EntryName: ...


def names(entries: Iterable[HasName]) -> list[str]:
    return [each.name.external_id for each in entries]


def test_an_entry_is_found_by_its_name_and_by_its_number(catalogue: CatalogueRepository) -> None:
    product, sku = entry(PRODUCT, "x#é/1"), entry(SKU, "x#é/1", "x#é/1")
    assert save(catalogue, product, sku) == [COMMITTED, COMMITTED]
    missing = EntryName(PRODUCT, "y")
    found = catalogue.find("demo", [product.name, sku.name, missing], DEADLINE)
    assert found.keys() == {product.name, sku.name}
    assert (found[sku.name].product, found[product.name].product) == ("x#é/1", None)
    assert (found[sku.name].digest, found[sku.name].version) == (sku.digest, 1)
    numbers = [sku.name.number, missing.number, sku.name.number]
    assert names(catalogue.find_numbers("demo", SKU, numbers, DEADLINE)) == ["x#é/1"]
    assert catalogue.find_numbers("demo", SKU, [product.name.number], DEADLINE) == []
    assert catalogue.find("other", [product.name], DEADLINE) == {}


def test_a_write_is_conditional_on_what_was_read(catalogue: CatalogueRepository) -> None:
    product = entry(PRODUCT, "p")
    assert save(catalogue, product) == [COMMITTED]
    known = catalogue.find("demo", [product.name], DEADLINE)[product.name]
    changed = replace(product, document='{"price":"1"}', title="new")
    writes = [EntryWrite(product, None), EntryWrite(entry(PRODUCT, "q"), None)]
    assert list(catalogue.save("demo", writes, DEADLINE)) == [CONFLICT, COMMITTED]
    assert list(catalogue.save("demo", [EntryWrite(changed, known)], DEADLINE)) == [COMMITTED]
    assert list(catalogue.save("demo", [EntryWrite(product, known)], DEADLINE)) == [CONFLICT]
    gone = replace(known, name=EntryName(PRODUCT, "gone"))
    lost = EntryWrite(entry(PRODUCT, "gone"), gone)
    assert list(catalogue.save("demo", [lost], DEADLINE)) == [CONFLICT]
    page = catalogue.page("demo", PRODUCT, product.name.number - 1, 1, DEADLINE)
    assert list(page) == [changed]


def test_only_existing_entries_are_removed(catalogue: CatalogueRepository) -> None:
    save(catalogue, entry(PRODUCT, "p"), entry(SKU, "a", "p"))
    wanted = [EntryName(PRODUCT, "p"), EntryName(SKU, "a")]
    known = list(catalogue.find("demo", wanted, DEADLINE).values())
    assert list(catalogue.remove("other", known, DEADLINE)) == [CONFLICT, CONFLICT]
    assert list(catalogue.remove("demo", known, DEADLINE)) == [COMMITTED, COMMITTED]
    assert list(catalogue.remove("demo", known, DEADLINE)) == [CONFLICT, CONFLICT]
    assert catalogue.find("demo", wanted, DEADLINE) == {}


def test_an_entry_that_does_not_exist_delays_others_at_most(
    catalogue: CatalogueRepository,
) -> None:
    save(catalogue, entry(PRODUCT, "p"), entry(PRODUCT, "q"))
    wanted = [EntryName(PRODUCT, "p"), EntryName(PRODUCT, "q")]
    p, q = catalogue.find("demo", wanted, DEADLINE).values()
    assert list(catalogue.remove("demo", [q], DEADLINE)) == [COMMITTED]
    outcomes = list(catalogue.remove("demo", [p, q], DEADLINE))
    assert outcomes[1] is CONFLICT
    if outcomes[0] is WriteOutcome.UNTRIED:
        outcomes = list(catalogue.remove("demo", [p], DEADLINE))
    assert outcomes[0] is COMMITTED


def test_many_entries_are_removed_and_counted(catalogue: CatalogueRepository) -> None:
    save(catalogue, *(entry(PRODUCT, f"p{number}") for number in range(60)))
    named = Named(PRODUCT, [f"p{number}" for number in range(30, 90)])
    remove = RemoveFromCatalogue(catalogue, CountingPause(3))
    assert remove("demo", named, DEADLINE) == Removal(30)
    assert len(catalogue.page("demo", PRODUCT, 0, 100, DEADLINE)) == 30


def test_pages_are_sorted_by_number_and_complete(catalogue: CatalogueRepository) -> None:
    entries = [entry(PRODUCT, f"p{i}") for i in range(60)]
    save(catalogue, *entries, entry(SKU, "a", "p1"))
    expected = sorted(entries, key=lambda each: each.name.number)
    read: list[CatalogueEntry] = []
    while page := catalogue.page(
        "demo", PRODUCT, read[-1].name.number if read else 0, 25, DEADLINE
    ):
        read += page
    assert read == expected
    assert list(catalogue.page("demo", SKU, 0, 1000, DEADLINE)) == [entry(SKU, "a", "p1")]
    assert list(catalogue.page("other", PRODUCT, 0, 10, DEADLINE)) == []


def test_the_skus_of_a_page_follow_their_products(catalogue: CatalogueRepository) -> None:
    products = [entry(PRODUCT, f"p{i}") for i in range(20)]
    skus = [entry(SKU, f"s{i}-{n}", f"p{i}") for i in range(10) for n in range(3)]
    save(catalogue, *products, *skus)
    page = catalogue.page("demo", PRODUCT, 0, 100, DEADLINE)
    found = catalogue.skus_of("demo", page, 100, DEADLINE)
    assert list(found) == [each.name for each in page]
    for product in products:
        wanted = [sku for sku in skus if sku.product == product.name.external_id]
        expected = sorted(wanted, key=lambda each: each.name.number)
        assert names(found[product.name]) == names(expected)
    assert {sku.title for each in found.values() for sku in each} == {sku.title for sku in skus}


def test_a_page_of_few_skus_has_the_first_product_in_any_case(
    catalogue: CatalogueRepository,
) -> None:
    products = [entry(PRODUCT, f"p{i}") for i in range(6)]
    save(catalogue, *products, *(entry(SKU, f"s{i}-{n}", f"p{i}") for i in range(6) for n in "abc"))
    page = catalogue.page("demo", PRODUCT, 0, 100, DEADLINE)
    for limit, counts in ((2, [2]), (3, [3]), (7, [3, 3]), (18, [3] * 6)):
        found = catalogue.skus_of("demo", page, limit, DEADLINE)
        assert [len(each) for each in found.values()] == counts
        assert list(found) == [each.name for each in page[: len(counts)]]


def test_a_moved_or_removed_sku_is_listed_where_it_is(catalogue: CatalogueRepository) -> None:
    p, q = entry(PRODUCT, "p"), entry(PRODUCT, "q")
    save(catalogue, p, q, entry(SKU, "a", "p"), entry(SKU, "b", "p"))
    save(catalogue, entry(SKU, "a", "q", '{"moved":true}'))
    removed = catalogue.find("demo", [EntryName(SKU, "b")], DEADLINE)
    catalogue.remove("demo", list(removed.values()), DEADLINE)
    page = catalogue.page("demo", PRODUCT, 0, 10, DEADLINE)
    found = catalogue.skus_of("demo", page, 10, DEADLINE)
    assert {name.external_id: names(each) for name, each in found.items()} == {"p": [], "q": ["a"]}
    save(catalogue, entry(SKU, "a", "p"), entry(SKU, "b", "p"))
    found = catalogue.skus_of("demo", page, 10, DEADLINE)
    assert {name.external_id: len(each) for name, each in found.items()} == {"p": 2, "q": 0}


def test_no_call_is_made_after_the_deadline(catalogue: CatalogueRepository) -> None:
    save(catalogue, entry(PRODUCT, "p"))
    late = FixedDeadline(0)
    name = EntryName(PRODUCT, "p")
    known = catalogue.find("demo", [name], DEADLINE)[name]
    for call in (
        lambda: catalogue.find("demo", [name], late),
        lambda: catalogue.find_numbers("demo", PRODUCT, [name.number], late),
        lambda: catalogue.page("demo", PRODUCT, 0, 1, late),
    ):
        with pytest.raises(StorageUnavailableError):
            call()
    write = EntryWrite(entry(PRODUCT, "q"), None)
    assert list(catalogue.save("demo", [write], late)) == [WriteOutcome.UNTRIED]
    assert list(catalogue.remove("demo", [known], late)) == [WriteOutcome.UNTRIED]


def test_a_moved_sku_leaves_no_link_behind(dynamodb: DynamoDBClient) -> None:
    catalogue = DynamoCatalogue(dynamodb, create_table(dynamodb))
    save(catalogue, entry(PRODUCT, "a"), entry(PRODUCT, "b"), entry(SKU, "1", "a"))
    save(catalogue, entry(SKU, "1", "b"))
    save(catalogue, entry(SKU, "1", "b", '{"changed":1}'))
    items = dynamodb.scan(TableName=catalogue.table, ConsistentRead=True)["Items"]
    links = [item["sk"]["S"] for item in items if item["type"]["S"] == "link"]
    expected = link_key("demo", EntryName(PRODUCT, "b").number, EntryName(SKU, "1").number)
    assert links == [expected["sk"]["S"]]


def test_a_late_removal_leaves_the_link_of_a_sku_that_was_created_again(
    dynamodb: DynamoDBClient, table: str
) -> None:
    """The removal deletes the SKU, another request creates it again, then the link is deleted."""
    catalogue = DynamoCatalogue(dynamodb, table)
    product, sku = entry(PRODUCT, "p"), entry(SKU, "a", "p")
    save(catalogue, product, sku)
    known = catalogue.find("demo", [sku.name], DEADLINE)[sku.name]

    def create_again(_call: int, _parsed: Parsed) -> None:
        save(catalogue, sku)

    with answering(dynamodb, "TransactWriteItems", create_again):
        assert list(catalogue.remove("demo", [known], DEADLINE)) == [COMMITTED]
    found = catalogue.skus_of("demo", [product], 10, DEADLINE)
    assert names(found[product.name]) == ["a"]
