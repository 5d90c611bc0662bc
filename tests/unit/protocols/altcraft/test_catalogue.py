"""Altcraft's calls about products and SKUs."""

import json
from typing import Any

import pytest

from orders.application.ports import WriteOutcome
from orders.domain.custom_fields import EntityType
from orders.domain.known_products import EntryKind, EntryName
from orders.domain.settings import DefinitionsByImport, UnknownMembers
from orders.protocols.altcraft import catalogue_submissions
from tests.support.altcraft_catalogue import Catalogue
from tests.support.catalogue import (
    PRODUCTS_SAMPLE,
    SKUS_SAMPLE,
    FakeCatalogue,
    product,
    sku,
    sku_sample,
)
from tests.support.deadlines import FixedDeadline
from tests.support.samples import to_xml

type Tree = dict[str, Any]

OK = {"error": 0, "error_text": ""}
IMPORTS = ("products/import", "sku/import")
CALLS = tuple(f"{folder}/{call}" for folder in ("products", "sku") for call in ("list", "delete"))
LISTED_SKU = {
    "id": EntryName(EntryKind.SKU, "sku_test_1").number,
    "name": "Apple iPhone 13 256GB",
    "external_id": "sku_test_1",
}
LISTED_PRODUCT = {
    "id": EntryName(EntryKind.PRODUCT, "iphone_test_1").number,
    "name": "Apple iPhone 13",
    "external_id": "iphone_test_1",
    "sku": [LISTED_SKU],
}


def _outcomes(answer: Tree) -> list[str]:
    return [each["outcome"] for each in answer["result"]]


def _import(shop: Catalogue, call: str, *data: object, **members: object) -> Tree:
    return shop.send(call, {"data": list(data), "result_details": True, **members})


def _refusal(shop: Catalogue, call: str, body: Tree, status: int = 400) -> Tree:
    answer = shop.post(call, json.dumps(body).encode())
    assert answer.status == status, answer.body
    tree: Tree = json.loads(answer.body)
    return tree


@pytest.mark.parametrize("in_xml", [False, True])
def test_the_samples_of_the_documentation_are_imported(in_xml: bool) -> None:  # noqa: FBT001
    shop = Catalogue()
    for call, sample, external_id in (
        ("products/import", PRODUCTS_SAMPLE, "iphone_test_1"),
        ("sku/import", SKUS_SAMPLE, "sku_test_1"),
    ):
        if in_xml:
            assert shop.send_xml(call, sample) == (
                "<xml><error>0</error><error_text></error_text><result><error>0</error>"
                f"<external_id>{external_id}</external_id></result></xml>"
            )
        else:
            answer = {**OK, "result": [{"error": 0, "external_id": external_id}]}
            assert shop.send(call, sample) == answer
    assert shop.listed("products") == [LISTED_PRODUCT]
    assert shop.listed("sku") == [LISTED_SKU]
    [listed] = shop.listed("sku", result_details=True)
    assert listed == {
        **LISTED_SKU,
        **sku_sample(),
        "price": "1000",
    }
    fields = shop.settings.stored["demo"].settings.custom_fields
    assert (EntityType.PRODUCT, "test_field_1") in fields
    categories = [key for key in shop.catalogue.entries if key[1] is EntryKind.CATEGORY]
    assert len(categories) == 2


def test_json_and_xml_are_stored_equally() -> None:
    shop = Catalogue()
    shop.send("products/import", PRODUCTS_SAMPLE)
    answer = shop.send_xml("products/import", {**PRODUCTS_SAMPLE, "result_details": "true"})
    assert "<outcome>unchanged</outcome>" in answer


def test_the_samples_of_lists_and_deletions_are_answered_in_the_documented_shape() -> None:
    shop = Catalogue()
    shop.send("products/import", PRODUCTS_SAMPLE)
    xml = shop.send_xml("products/list", {"from_id": "", "limit": 3})
    assert (
        "<name>Apple iPhone 13</name><external_id>iphone_test_1</external_id>"
        f"<sku><id>{LISTED_SKU['id']}</id><name>Apple iPhone 13 256GB</name>"
        "<external_id>sku_test_1</external_id></sku></result></xml>"
    ) in xml
    body = {"ids": [1, 2], "external_ids": ["sku_test_1"]}
    assert shop.send("sku/delete", body) == {"deleted_count": 1, **OK}
    assert shop.send_xml("sku/delete", body) == (
        "<xml><error>0</error><error_text></error_text><deleted_count>0</deleted_count></xml>"
    )
    [listed] = shop.listed("products")
    assert "sku" not in listed


def test_an_import_replaces_what_it_names_and_nothing_else() -> None:
    shop = Catalogue()
    first = product("p", price="1", sku=[product("a"), product("b")])
    assert _outcomes(_import(shop, "products/import", first)) == ["created"]
    assert _outcomes(_import(shop, "products/import", first)) == ["unchanged"]
    changed = product("p", price="1", sku=[product("a", price=2)])
    assert _outcomes(_import(shop, "products/import", changed)) == ["updated"]
    assert _outcomes(_import(shop, "products/import", product("p"))) == ["updated"]
    [listed] = shop.listed("products", result_details=True)
    assert "price" not in listed
    assert {each["external_id"] for each in listed["sku"]} == {"a", "b"}


def test_elements_of_one_name_are_decided_in_the_order_of_the_request() -> None:
    shop = Catalogue()
    sent = [product("p", price=1), product("p", price=2), product("p", price=2)]
    assert _outcomes(_import(shop, "products/import", *sent)) == ["created", "updated", "unchanged"]
    [listed] = shop.listed("products", result_details=True)
    assert listed["price"] == "2"
    back = [product("p", price=3), product("p", price=2)]
    assert _outcomes(_import(shop, "products/import", *back)) == ["updated", "updated"]
    assert (
        shop.catalogue.find("demo", [EntryName(EntryKind.PRODUCT, "p")], FixedDeadline())[
            EntryName(EntryKind.PRODUCT, "p")
        ].version
        == 1
    )


def test_a_sku_moves_to_another_product() -> None:
    shop = Catalogue()
    _import(shop, "products/import", product("p", sku=[product("a")]), product("q"))
    _import(shop, "sku/import", sku("a", "q"))
    of = {each["external_id"]: each.get("sku", []) for each in shop.listed("products")}
    assert of["p"] == []
    assert [each["external_id"] for each in of["q"]] == ["a"]


def test_a_sku_may_come_before_its_product_and_stays_after_it() -> None:
    shop = Catalogue()
    assert _outcomes(_import(shop, "sku/import", sku("a", "p"))) == ["created"]
    assert shop.listed("products") == []
    _import(shop, "products/import", product("p"))
    assert shop.send("products/delete", {"external_ids": ["p"]})["deleted_count"] == 1
    assert [each["external_id"] for each in shop.listed("sku")] == ["a"]


@pytest.mark.parametrize(
    ("change", "pointer", "code", "text"),
    [
        ({"name": ""}, "/name", "required", "name is required"),
        ({"external_id": None}, "/external_id", "required", "external_id is required"),
        ({"price": "1,5"}, "/price", "invalid_value", "price must be"),
        ({"old_price": -1}, "/old_price", "invalid_value", "old_price must be"),
        ({"currency": "DOGE"}, "/currency", "unknown_currency", "allowed values: USD"),
        ({"tags": "phone"}, "/tags", "wrong_type", "tags must be an array"),
        ({"tags": ["x"] * 1001}, "/tags", "invalid_value", "at most 1000 elements"),
        ({"description": "x" * 1001}, "/description", "invalid_value", "at most 1000 characters"),
        ({"count": 1.5}, "/count", "invalid_value", "a whole number from 0"),
        ({"count": -1}, "/count", "invalid_value", "a whole number from 0"),
        ({"is_available": "maybe"}, "/is_available", "invalid_value", "true or false"),
        ({"barcode": [1, "x"]}, "/barcode/1", "invalid_value", "barcode[1] must be"),
        ({"categories": [True]}, "/categories/0", "wrong_type", "categories[0] must be a string"),
        ({"custom_fields": {"x": 1}}, "/custom_fields/x", "unknown_custom_field", "not defined"),
        (
            {"regional_data": [{"external_id": "nowhere"}]},
            "/regional_data/0/external_id",
            "unknown_region",
            "region_YnCrJj8Y1",
        ),
        (
            {"regional_data": [{"external_id": "region_YnCrJj8Y1", "currency": "X"}]},
            "/regional_data/0/currency",
            "unknown_currency",
            "USD",
        ),
        ({"regional_data": [{}]}, "/regional_data/0/external_id", "required", "is required"),
    ],
)
@pytest.mark.parametrize("place", ["product", "nested", "sku"])
def test_an_invalid_member_fails_its_element_alone(
    place: str, change: Tree, pointer: str, code: str, text: str
) -> None:
    shop = Catalogue()
    if place == "product":
        call, bad, prefix = "products/import", {**product("p"), **change}, "/data/0"
    elif place == "nested":
        call, prefix = "products/import", "/data/0/sku/1"
        bad = product("p", sku=[product("a"), {**product("b"), **change}])
    else:
        call, bad, prefix = "sku/import", {**sku("a", "p"), **change}, "/data/0"
    good = product("good", product_external_id="p") if place == "sku" else product("good")
    answer = shop.send(call, {"data": [bad, good]})
    assert answer["error"] == 400
    failed, passed = answer["result"]
    [problem] = failed["errors"]
    assert (problem["path"], problem["code"]) == (prefix + pointer, code)
    assert text in problem["message"]
    assert passed == {"error": 0, "external_id": "good"}
    assert answer["error_text"].endswith("SKUs failed; see result") is (place == "sku")
    assert len(shop.catalogue.entries) == 1


def test_a_sku_needs_its_product() -> None:
    shop = Catalogue()
    answer = shop.send("sku/import", {"data": [product("a"), 7]})
    assert [each["errors"][0]["path"] for each in answer["result"]] == [
        "/data/0/product_external_id",
        "/data/1",
    ]
    other = product("p", sku=[sku("a", "q"), sku("b", "p")])
    [result] = shop.send("products/import", {"data": [other]})["result"]
    assert [each["path"] for each in result["errors"]] == ["/data/0/sku/0/product_external_id"]
    assert "must be that of the product" in result["error_text"]


def test_ids_lose_the_white_space_around_them() -> None:
    shop = Catalogue()
    _import(shop, "products/import", product(" p ", sku=[sku(" a", "p\n")]), product(17))
    assert sorted(each["external_id"] for each in shop.listed("products")) == ["17", "p"]
    assert shop.send("sku/delete", {"external_ids": ["a "]})["deleted_count"] == 1


def test_problems_in_xml_have_their_lines() -> None:
    shop = Catalogue()
    body = (
        b"<xml>\n<data>\n<name>P</name>\n<external_id>p</external_id>\n<sku>\n<name>A</name>\n"
        b"<external_id>a</external_id>\n<price>x</price>\n</sku></data></xml>"
    )
    answer = shop.post("products/import", body, "application/xml").body
    assert b"<path>/data/0/sku/0/price</path>" in answer
    assert b"<line>8</line>" in answer


def test_custom_fields_are_those_of_the_kind_of_entry() -> None:
    shop = Catalogue()
    fields: list[Tree] = [
        {
            "external_id": "size",
            "name": "Size",
            "entity_type": entity,
            "required": required,
            "value_type": "int",
            "default_value": None,
        }
        for entity, required in (("sku", True), ("product", False))
    ]
    only_of_skus = _import(shop, "products/import", product("p"), custom_fields=fields[:1])
    assert _outcomes(only_of_skus) == ["created"]
    wrong = _import(
        shop, "products/import", product("p", custom_fields={"size": 1}, sku=[product("a")])
    )
    assert [each["path"] for each in wrong["result"][0]["errors"]] == [
        "/data/0/custom_fields/size",
        "/data/0/sku/0/custom_fields/size",
    ]
    region = {"external_id": "region_YnCrJj8Y1"}
    good = sku("a", "p", custom_fields={"size": "42"}, regional_data=[region])
    assert _outcomes(_import(shop, "sku/import", good)) == ["created"]
    [listed] = shop.listed("sku", result_details=True)
    assert listed["custom_fields"] == {"size": 42}
    shop.declare(definitions_by_import=DefinitionsByImport.OFF)
    refused = _refusal(shop, "products/import", {"data": [], "custom_fields": fields[1:]})
    assert refused["errors"][0]["path"] == "/custom_fields/0/external_id"


def test_an_invalid_root_rejects_the_request() -> None:
    shop = Catalogue()
    for body, pointer in (
        ({}, "/data"),
        ({"data": {}}, "/data"),
        ({"data": [], "categories": [{"external_id": "c"}]}, "/categories/0/name"),
        (
            {"data": [], "categories": [{"external_id": "c", "name": "x" * 256}]},
            "/categories/0/name",
        ),
        ({"data": [], "custom_fields": [{}]}, "/custom_fields/0/external_id"),
        ({"data": [{}] * 10_001}, "/data"),
    ):
        for call in IMPORTS:
            assert _refusal(shop, call, body)["errors"][0]["path"] == pointer
    assert shop.catalogue.entries == {}


def test_products_and_their_skus_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue_submissions, "MAX_ENTRIES", 3)
    shop = Catalogue()
    few = product("p", sku=[product("a"), product("b")])
    assert shop.send("products/import", {"data": [few]})["error"] == 0
    refused = _refusal(shop, "products/import", {"data": [few, product("q")]})
    assert "at most 3 products and SKUs together; got 4" in refused["error_text"]


def test_an_entry_that_is_too_large_fails_alone() -> None:
    shop = Catalogue()
    large = product("p", pictures=["x" * 100_000] * 4)
    answer = shop.send("products/import", {"data": [large, product("q")]})
    assert [each["error"] for each in answer["result"]] == [413, 0]
    [problem] = answer["result"][0]["errors"]
    assert (problem["code"], problem["path"]) == ("entry_too_large", "/data/0")


def test_the_policy_decides_about_unknown_members() -> None:
    shop = Catalogue()
    body = {"data": [product("p", pirce=1, sku=[product("a", extra=1)])], "categoriez": []}
    answer = shop.send("products/import", body)
    assert [each["path"] for each in answer["warnings"]] == ["/categoriez"]
    assert [each["path"] for each in answer["result"][0]["warnings"]] == ["/data/0/pirce"]
    shop.declare(unknown_members=UnknownMembers.REJECT)
    assert _refusal(shop, "products/import", body)["errors"][0]["path"] == "/categoriez"
    [result] = shop.send("products/import", {"data": body["data"]})["result"]
    assert [each["path"] for each in result["errors"]] == ["/data/0/pirce", "/data/0/sku/0/extra"]
    for call in CALLS:
        refused = _refusal(shop, call, {"external_ids": ["p"], "limit": 1, "zzz": 1})
        assert "/zzz" in [each["path"] for each in refused["errors"]]


def test_pages_follow_each_other() -> None:
    shop = Catalogue()
    _import(shop, "products/import", *(product(f"p{i}") for i in range(25)))
    whole = shop.listed("products")
    assert shop.listed("products", limit="7") == whole
    assert len({each["external_id"] for each in whole}) == 25
    end = shop.send("products/list", {"limit": 1000})["next_from_id"]
    empty = shop.send("products/list", {"from_id": end})
    assert (empty["result"], empty["next_from_id"]) == ([], end)


def test_a_page_holds_no_more_than_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.protocols.altcraft.list_catalogue.MAX_ANSWER_BYTES", 101_000)
    shop = Catalogue()
    _import(shop, "products/import", *(product(f"p{i}", url="x" * 400) for i in range(5)))
    page = shop.send("products/list", {"result_details": True})
    assert len(page["result"]) == 2
    assert len(shop.listed("products", result_details=True)) == 5


def test_products_beyond_the_skus_of_a_page_come_with_the_next_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("orders.application.list_catalogue.MAX_SKUS", 3)
    shop = Catalogue()
    for i in range(3):
        skus = [product(f"{i}-{n}") for n in range(2)]
        _import(shop, "products/import", product(f"p{i}", sku=skus))
    assert len(shop.send("products/list", {})["result"]) == 1
    assert [len(each["sku"]) for each in shop.listed("products")] == [2, 2, 2]


@pytest.mark.parametrize(
    ("call", "body", "pointer"),
    [
        ("products/list", {"limit": 0}, "/limit"),
        ("sku/list", {"limit": 1001}, "/limit"),
        ("products/list", {"from_id": "x"}, "/from_id"),
        ("products/delete", {}, "/external_ids"),
        ("sku/delete", {"ids": [], "external_ids": [""]}, "/external_ids"),
        ("products/delete", {"ids": ["x"]}, "/ids/0"),
        ("products/delete", {"ids": 1}, "/ids"),
        ("products/delete", {"ids": [1] * 10_001}, "/ids"),
        ("sku/delete", {"external_ids": ["x" * 256]}, "/external_ids/0"),
    ],
)
def test_an_invalid_parameter_rejects_the_call(call: str, body: Tree, pointer: str) -> None:
    assert _refusal(Catalogue(), call, body)["errors"][0]["path"] == pointer


def test_a_page_of_another_list_is_no_page_of_this_one() -> None:
    shop = Catalogue()
    from_id = shop.send("products/list", {})["next_from_id"]
    assert shop.send("products/list", {"from_id": from_id})["result"] == []
    _refusal(shop, "sku/list", {"from_id": from_id})
    other = shop.post("products/list", json.dumps({"from_id": from_id}).encode(), token="stranger")
    assert other.status == 400


def test_each_entry_is_deleted_by_either_id_and_counted_once() -> None:
    shop = Catalogue()
    _import(shop, "products/import", *map(product, "abcd"))
    ids = {each["external_id"]: each["id"] for each in shop.listed("products")}
    body = {"ids": [ids["a"], ids["a"], ids["b"], 2**59], "external_ids": ["b", "b", "c", "zz"]}
    assert shop.send("products/delete", body)["deleted_count"] == 3
    assert shop.send("products/delete", body)["deleted_count"] == 0
    assert [each["external_id"] for each in shop.listed("products")] == ["d"]


def test_accounts_never_see_the_catalogues_of_others() -> None:
    shop = Catalogue()
    shop.send("products/import", PRODUCTS_SAMPLE)
    for folder, name in (("products", "iphone_test_1"), ("sku", "sku_test_1")):
        [listed] = shop.listed(folder)
        body = {"ids": [listed["id"]], "external_ids": [name]}
        assert shop.send(f"{folder}/delete", body, token="stranger")["deleted_count"] == 0
        assert shop.send(f"{folder}/list", {}, token="stranger")["result"] == []
        assert len(shop.listed(folder)) == 1


@pytest.mark.parametrize("call", [*IMPORTS, *CALLS])
def test_each_call_needs_a_token_with_its_role(call: str) -> None:
    shop = Catalogue()
    right, wrong = ("reader", "writer") if call.endswith("list") else ("writer", "reader")
    body: Tree = {"data": []} if call in IMPORTS else {}
    if call.endswith("delete"):
        body = {"external_ids": ["p"]}
    for media, write in (
        ("application/json", lambda tree: json.dumps(tree).encode()),
        ("application/xml", to_xml),
    ):
        if body.get("data") == [] and media == "application/xml":
            body = {"data": [product("p", product_external_id="p")]}
        for token, status in ((right, 200), (wrong, 403), ("unknown", 401)):
            assert shop.post(call, write(body), media, token).status == status
            in_body = write({"token": token, **body})
            assert shop.post(call, in_body, media, token="").status == status
        assert shop.post(call, write(body), media, token="").status == 401


def test_an_import_survives_a_lost_race_and_a_lost_answer() -> None:
    shop = Catalogue()
    shop.catalogue.faults = [lambda: WriteOutcome.CONFLICT]
    assert _outcomes(_import(shop, "products/import", product("p"))) == ["created"]
    store = shop.catalogue

    def write_and_lose() -> WriteOutcome:
        other = FakeCatalogue()
        helper = Catalogue(catalogue=other, settings=shop.settings)
        _import(helper, "products/import", product("q"))
        store.entries |= other.entries
        return WriteOutcome.UNKNOWN

    store.faults = [write_and_lose]
    assert _outcomes(_import(shop, "products/import", product("q"))) == ["created"]


def test_a_fault_fails_what_it_keeps_out() -> None:
    shop = Catalogue()
    shop.catalogue.faults = [lambda: WriteOutcome.COMMITTED] + [lambda: WriteOutcome.UNTRIED] * 3
    answer = shop.send("products/import", {"data": [product("p"), product("q")]})
    assert [each.get("retryable") for each in answer["result"]] == [None, True]
    assert answer["error"] == 503
    shop.catalogue.faults = [lambda: WriteOutcome.UNTRIED] * 3
    _refusal_503 = shop.post("products/import", json.dumps({"data": [product("r")]}).encode())
    assert _refusal_503.status == 503
    shop.catalogue.faults = [lambda: WriteOutcome.REFUSED]
    answer = shop.send("products/import", {"data": [product("r")]})
    assert answer["result"][0]["errors"][0]["code"] == "not_storable"


def test_an_unavailable_store_is_answered_with_503() -> None:
    shop = Catalogue()
    shop.catalogue.available = False
    for call, body in (
        ("products/import", {"data": [product("p")]}),
        ("products/list", {}),
        ("sku/delete", {"external_ids": ["a"]}),
    ):
        assert _refusal(shop, call, body, 503)["error"] == 503


def test_categories_that_cannot_be_written_keep_the_products_out() -> None:
    categories = [{"external_id": name, "name": name} for name in "cd"]
    body = {"data": [product("p")], "categories": categories}
    untried = [lambda: WriteOutcome.UNTRIED]
    shop = Catalogue()
    shop.catalogue.faults = untried * 6
    assert "nothing was written" in _refusal(shop, "products/import", body, 503)["error_text"]
    shop.catalogue.faults = [lambda: WriteOutcome.COMMITTED, *untried * 3]
    answer = shop.send("products/import", body)
    assert [each["retryable"] for each in answer["result"]] == [True]
    assert not shop.catalogue.entries
    shop.catalogue.faults = [lambda: WriteOutcome.REFUSED, lambda: WriteOutcome.COMMITTED]
    _refusal(shop, "products/import", body, 500)
    assert not any(key[1] is EntryKind.PRODUCT for key in shop.catalogue.entries)


def test_a_deletion_that_is_not_finished_does_not_claim_that_nothing_was_written() -> None:
    shop = Catalogue()
    _import(shop, "products/import", product("p"), product("q"))
    body = {"external_ids": ["p", "q"]}
    shop.catalogue.faults = [lambda: WriteOutcome.UNTRIED] * 6
    assert "nothing was written" in _refusal(shop, "products/delete", body, 503)["error_text"]
    for fault in (WriteOutcome.COMMITTED, WriteOutcome.UNKNOWN):
        outcomes = [fault, *[WriteOutcome.UNTRIED] * 5]
        shop.catalogue.faults = [lambda each=each: each for each in outcomes]  # type: ignore[misc]
        text = _refusal(shop, "products/delete", body, 503)["error_text"]
        assert text == "The change may or may not be stored; send the request again"


def test_a_deletion_whose_answer_is_lost_counts() -> None:
    shop = Catalogue()
    _import(shop, "products/import", product("p"), product("q"))

    def remove_and_lose() -> WriteOutcome:
        key = ("demo", EntryKind.PRODUCT, EntryName(EntryKind.PRODUCT, "p").number)
        del shop.catalogue.entries[key]
        return WriteOutcome.UNKNOWN

    shop.catalogue.faults = [remove_and_lose]
    assert shop.send("products/delete", {"external_ids": ["p", "q"]})["deleted_count"] == 2


def test_the_failed_products_come_back_as_they_were_sent() -> None:
    bad = '{"external_id": "B", "name": 5, "price": 1.10}'
    body = '{"failed_only": true, "data": [%s]}'
    good = '{"external_id": "A", "name": "A"}, '
    answer = json.loads(Catalogue().post("products/import", (body % (good + bad)).encode()).body)
    assert answer["failed_document"] == body % bad


def test_products_are_never_rejected_together() -> None:
    shop = Catalogue()
    refusal = _refusal(shop, "products/import", {"data": [], "error_policy": "reject_all"})
    assert refusal["error_text"] == (
        "error_policy must be import_valid for products and SKUs; got reject_all (/error_policy)"
    )
    assert shop.send("sku/import", {"data": [], "error_policy": "import_valid"})["error"] == 0
