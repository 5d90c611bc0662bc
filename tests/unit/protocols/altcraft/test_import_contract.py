"""The documented contract of the orders import, in both formats (Altcraft v74)."""

import hashlib
import json
import time
from dataclasses import replace
from typing import Any

import pytest

from orders.domain.custom_fields import EntityType
from orders.domain.settings import (
    DefinitionsByImport,
    Endpoint,
    LineStatusType,
    Policies,
    Region,
    StoredSettings,
    TotalCheck,
)
from orders.protocols.altcraft.profile_matching import MODES
from tests.support.altcraft import JSON, XML, Shop, read_json
from tests.support.samples import line, order, request, settings, to_xml

SEED = request(
    order(
        tags=["one", "two"],
        status="delivered",
        create_time="2022-01-02T15:04:05.141Z",
        custom_fields={"order_field_id_123": "data"},
        region="region_YnCrJj8Y1",
        lines=[line(status="status_id_123", custom_fields={"line_field_id_123": "data"})],
    ),
    token="token",
    custom_fields=[
        {
            "external_id": "order_field_id_123",
            "name": "Дополнительное поле заказа",
            "entity_type": "order",
            "required": False,
            "value_type": "unicode",
            "default_value": "значение",
        },
        {
            "external_id": "line_field_id_123",
            "name": "Custom order item field",
            "entity_type": "line_order",
            "required": False,
            "value_type": "unicode",
            "default_value": "Custom field value",
        },
    ],
    custom_line_statuses=[
        {"external_id": "status_id_123", "name": "Доставлен в пункт выдачи", "type": "in_process"}
    ],
    skip_triggers=True,
)
STORED_SEED = {
    "external_id": "1234000",
    "matching": "email",
    "email": "johndoe@example.com",
    "endpoint": "website",
    "tags": ["one", "two"],
    "status": "delivered",
    "delivery_cost": "100",
    "total_price": "1000",
    "currency": "USD",
    "create_time": "2022-01-02T15:04:05.141Z",
    "custom_fields": {"order_field_id_123": "data"},
    "region": "region_YnCrJj8Y1",
    "lines": [
        {
            "external_id": "line_01",
            "status": "status_id_123",
            "product": "iphone_test_1",
            "base_price_per_item": "900",
            "min_price_per_item": "900",
            "final_price_per_item": "900",
            "count": 1,
            "custom_fields": {"line_field_id_123": "data"},
        }
    ],
}


def test_the_documented_json_answer_byte_for_byte() -> None:
    shop = Shop()
    answer = shop.post(SEED, authorization="")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert (
        answer.body == b'{"error":0,"error_text":"","result":[{"error":0,"external_id":"1234000"}]}'
    )
    assert shop.documents() == {"1234000": STORED_SEED}


def test_the_documented_xml_answer_byte_for_byte() -> None:
    shop = Shop()
    answer = shop.post(to_xml(SEED), XML, authorization="")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/xml; charset=utf-8"
    assert answer.body == (
        b"<xml><error>0</error><error_text></error_text>"
        b"<result><error>0</error><external_id>1234000</external_id></result></xml>"
    )
    assert shop.documents() == {"1234000": STORED_SEED}


def test_definitions_are_stored_for_later_requests() -> None:
    shop = Shop()
    shop.post(SEED)
    again = request(
        order(custom_fields={"order_field_id_123": 5}, lines=[line(status="status_id_123")])
    )
    assert read_json(shop.post(again))["error"] == 0
    stored = shop.documents()["1234000"]
    assert stored["custom_fields"] == {"order_field_id_123": "5"}
    assert stored["lines"][0]["custom_fields"] == {"line_field_id_123": "Custom field value"}
    status = shop.settings.stored["demo"].settings.line_statuses["status_id_123"]
    assert status.type is LineStatusType.IN_PROCESS


@pytest.mark.parametrize("skip", [True, False])
def test_triggers_are_sent_unless_they_are_skipped(*, skip: bool) -> None:
    shop = Shop()
    shop.post(request(order(), skip_triggers=skip))
    assert len(shop.publisher.sent) == (0 if skip else 1)


def test_one_order_can_skip_its_trigger() -> None:
    shop = Shop()
    shop.post(request(order(external_id="A", skip_triggers=True), order(external_id="B")))
    assert [trigger.order.external_id for trigger in shop.publisher.sent] == ["B"]
    assert "skip_triggers" not in shop.documents()["A"]


MATCHING = {
    "email": {"email": "a@b.c"},
    "email_profile": {"email": "a@b.c"},
    "email_sub": {"email": "a@b.c"},
    "phone": {"phone": "+70000000000"},
    "phone_sub": {"phone": "+70000000000"},
    "profile_id": {"profile_id": "17"},
    "push_sub": {"provider": "ios-firebase", "subscription_id": "s"},
    "custom": {"field_name": "card", "field_value": "5"},
    "custom_sub": {"field_name": "card", "field_value": "5"},
    "email_phone": {"email": "a@b.c", "phone": "+70000000000"},
    "email_phone_sub": {"email": "a@b.c", "phone": "+70000000000"},
}


@pytest.mark.parametrize(("mode", "fields"), MATCHING.items())
def test_each_matching_mode_is_stored_with_its_fields(mode: str, fields: dict[str, str]) -> None:
    shop = Shop()
    sent = order(matching=mode, email=None) | fields
    assert read_json(shop.post(request(sent)))["error"] == 0
    stored = shop.documents()["1234000"]
    assert {name: stored[name] for name in ("matching", *fields)} == {"matching": mode, **fields}


@pytest.mark.parametrize(
    ("mode", "left_out"), [(mode, name) for mode, names in MODES.items() for name in names]
)
def test_each_matching_mode_requires_its_fields(mode: str, left_out: str) -> None:
    shop = Shop()
    fields = MATCHING[mode] | {left_out: ""}
    [entry] = read_json(shop.post(request(order(matching=mode, email=None) | fields)))["result"]
    if mode.startswith("email_phone"):
        assert entry["error"] == 0
        fields = dict.fromkeys(fields, "")
        [entry] = read_json(shop.post(request(order(matching=mode, email=None) | fields)))["result"]
        left_out = "email"
    assert entry["errors"][0]["code"] == "required"
    assert entry["errors"][0]["path"] == f"/data/0/{left_out}"
    assert f"is required for matching {mode}" in entry["error_text"]


def test_matching_is_email_by_default_and_all_eleven_modes_are_known() -> None:
    shop = Shop()
    shop.post(request(order(matching=None)))
    assert shop.documents()["1234000"]["matching"] == "email"
    assert set(MODES) == set(MATCHING)
    [entry] = read_json(shop.post(request(order(matching="merge"))))["result"]
    assert "email_phone_sub" in entry["error_text"]


@pytest.mark.parametrize("name", ["profile_id", "field_value"])
def test_identifiers_of_other_systems_may_be_numbers(name: str) -> None:
    shop = Shop()
    sent = order(matching="profile_id", profile_id="1", field_value="1") | {name: 17}
    assert read_json(shop.post(request(sent)))["error"] == 0
    assert shop.documents()["1234000"][name] == "17"


def _without(tree: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in tree.items() if key != name}


@pytest.mark.parametrize("empty", [None, ""])
@pytest.mark.parametrize(
    "name", ["external_id", "endpoint", "status", "total_price", "currency", "lines"]
)
def test_a_missing_member_of_an_order_is_required(name: str, empty: object) -> None:
    for sent in (_without(order(), name), order() | {name: empty}):
        [entry] = read_json(Shop().post(request(sent)))["result"]
        assert entry["error"] == 400
        assert entry["errors"] == [
            {"code": "required", "path": f"/data/0/{name}", "message": f"{name} is required"}
        ]


@pytest.mark.parametrize("name", ["external_id", "name", "entity_type", "value_type", "required"])
@pytest.mark.parametrize("empty", [None, "", " "])
def test_a_missing_member_of_a_definition_is_required(name: str, empty: object) -> None:
    for field in (_without(FIELD, name), FIELD | {name: empty}):
        [error] = read_json(Shop().post(request(custom_fields=[field])))["errors"]
        assert (error["code"], error["message"]) == ("required", f"{name} is required")


@pytest.mark.parametrize("empty", [None, "", " "])
def test_data_is_required(empty: object) -> None:
    for tree in ({}, {"data": empty}):
        [error] = read_json(Shop().post(json.dumps(tree)))["errors"]
        assert (error["code"], error["message"]) == ("required", "data is required")


@pytest.mark.parametrize("empty", [None, "", " \n"])
@pytest.mark.parametrize(
    "name",
    [
        *("matching", "phone", "profile_id", "field_name", "field_value", "provider"),
        *("subscription_id", "tags", "delivery_cost", "create_time", "update_time"),
        *("custom_fields", "region", "skip_triggers"),
    ],
)
def test_each_optional_member_of_an_order_may_be_blank(name: str, empty: object) -> None:
    shop = Shop()
    assert read_json(shop.post(request(order(delivery_cost=None) | {name: empty})))["error"] == 0
    assert shop.documents()["1234000"].get(name) == ("email" if name == "matching" else None)


@pytest.mark.parametrize("empty", [None, "", " \n"])
@pytest.mark.parametrize(
    "name", ["status", "sku", "base_price_per_item", "min_price_per_item", "custom_fields"]
)
def test_each_optional_member_of_a_line_may_be_blank(name: str, empty: object) -> None:
    shop = Shop()
    assert read_json(shop.post(request(order(lines=[line() | {name: empty}]))))["error"] == 0
    [stored] = shop.documents()["1234000"]["lines"]
    assert stored.get(name) == ("new" if name == "status" else None)


@pytest.mark.parametrize("empty", [None, "", " \n"])
@pytest.mark.parametrize(
    "name",
    ["custom_fields", "custom_line_statuses", "skip_triggers", "result_details", "format"],
)
def test_each_optional_member_of_the_root_may_be_blank(name: str, empty: object) -> None:
    assert read_json(Shop().post(request(order()) | {name: empty}))["error"] == 0


@pytest.mark.parametrize("empty", [None, "", " ", [], {}])
def test_an_empty_map_may_be_an_empty_array(empty: object) -> None:
    shop = Shop()
    sent = order(lines=[line() | {"custom_fields": empty}]) | {"custom_fields": empty}
    field = FIELD | {"enum_values": empty, "default_value": empty}
    assert read_json(shop.post(request(sent, custom_fields=[field])))["error"] == 0
    stored = shop.documents()["1234000"]
    assert "custom_fields" not in stored
    assert "custom_fields" not in stored["lines"][0]


SPACED = {
    "matching": " email ",
    "email": "\tjohndoe@example.com\n",
    "phone": " +70000000000 ",
    "profile_id": " 17 ",
    "endpoint": " website ",
    "tags": [" one ", " ", "two\n"],
    "status": "\n paid \n",
    "currency": " USD ",
    "region": " region_YnCrJj8Y1 ",
    "total_price": " 1000 ",
    "create_time": " 2022-01-02 ",
}


@pytest.mark.parametrize("as_xml", [True, False])
def test_white_space_around_values_does_not_count(*, as_xml: bool) -> None:
    plain, spaced = Shop(), Shop()
    goods = line(external_id=" 1 ", status=" 0001\n", product="\tp ", sku=" s ", count=" 2 ")
    sent = request(order(external_id=" A ", **SPACED, lines=[goods]))
    answer = spaced.post(to_xml(sent) if as_xml else sent, XML if as_xml else JSON, accept=JSON)
    assert read_json(answer) == {
        "error": 0,
        "error_text": "",
        "result": [{"error": 0, "external_id": " A "}],
    }
    trimmed = {
        name: [tag.strip() for tag in value if tag.strip()]
        if isinstance(value, list)
        else str(value).strip()
        for name, value in SPACED.items()
    }
    same_goods = line(external_id=" 1 ", status="0001", product="p", sku="s", count=2)
    plain.post(request(order(external_id=" A ", **trimmed, lines=[same_goods])))
    assert spaced.documents() == plain.documents()
    assert spaced.documents()[" A "]["lines"][0]["external_id"] == " 1 "


def test_white_space_in_other_texts_is_kept() -> None:
    shop = Shop()
    sent = request(
        order(custom_fields={"f": " a "}),
        custom_fields=[FIELD | {"value_type": "unicode", "default_value": None}],
    )
    assert read_json(shop.post(sent))["error"] == 0
    assert shop.documents()["1234000"]["custom_fields"] == {"f": " a "}


@pytest.mark.parametrize("as_xml", [True, False])
def test_the_ids_of_definitions_lose_their_white_space(*, as_xml: bool) -> None:
    shop = Shop()
    sent = request(
        order(custom_fields={"f": "5"}, lines=[line(status=" packed ")]),
        custom_fields=[FIELD | {"external_id": " f ", "value_type": " int ", "required": " true "}],
        custom_line_statuses=[{"external_id": " packed", "name": "P", "type": "in_process "}],
    )
    answer = shop.post(to_xml(sent) if as_xml else sent, XML if as_xml else JSON, accept=JSON)
    assert read_json(answer)["error"] == 0
    assert shop.documents()["1234000"]["lines"][0]["status"] == "packed"


@pytest.mark.parametrize("number", ["2.0", "2e0", "20e-1", "2.000"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_number_without_a_fraction_is_a_whole_number(number: str, quote: str) -> None:
    shop = Shop()
    sent = order(
        profile_id="@",
        field_value="@",
        custom_fields={"f": "@", "e": "@", "b": "#"},
        lines=[line(count="@")],
    )
    body = json.dumps(
        request(
            sent,
            custom_fields=[
                FIELD,
                FIELD
                | {
                    "external_id": "e",
                    "value_type": "enum",
                    "enum_values": {"red": 1, "blue": 2.0},
                    "default_value": 2.0,
                },
                FIELD | {"external_id": "b", "value_type": "bool", "default_value": 0.0},
            ],
        )
    )
    body = body.replace('"@"', quote + number + quote).replace('"#"', f"{quote}1.0{quote}")
    assert read_json(shop.post(body))["error"] == 0
    stored = shop.documents()["1234000"]
    assert stored["custom_fields"] == {"f": 2, "e": "blue", "b": True}
    assert stored["lines"][0]["count"] == 2
    # As a text, an id of another system is what was sent.
    assert stored["profile_id"] == stored["field_value"] == (number if quote else "2")


def test_a_number_that_is_too_long_fails_its_order_alone() -> None:
    shop = Shop()
    sent = request(*(order(external_id=name, total_price="@") for name in "AB"), order())
    body = json.dumps(sent).replace('"@"', "9" * 5000, 1).replace('"@"', "1e99999999999999999999")
    first, second, third = read_json(shop.post(body))["result"]
    for entry, path in ((first, "/data/0/total_price"), (second, "/data/1/total_price")):
        assert (entry["error"], entry["errors"][0]["code"], entry["errors"][0]["path"]) == (
            400,
            "invalid_value",
            path,
        )
        assert "at most 4300 digits" in entry["error_text"]
    assert third["error"] == 0
    assert list(shop.documents()) == ["1234000"]


@pytest.mark.parametrize("sent", ["-0", "-0.0", "-0.00", '"-0.0"', '"-0"'])
def test_a_negative_zero_is_zero(sent: str) -> None:
    shop = Shop()
    body = json.dumps(request(order(total_price="@", delivery_cost="@"))).replace('"@"', sent)
    assert read_json(shop.post(body))["error"] == 0
    assert shop.documents()["1234000"]["total_price"] == "0"


@pytest.mark.parametrize(
    "sent",
    [
        "2016-12-31T23:59:60Z",
        "2016-12-31T23:59:60.5+00:00",
        "2016-12-31T18:59:60-0500",
        "2017-01-01T03:00:00.0000000000001+0300",
    ],
)
@pytest.mark.parametrize("name", ["create_time", "update_time"])
def test_every_rfc_3339_time_is_accepted(name: str, sent: str) -> None:
    shop = Shop()
    field = FIELD | {"value_type": "date", "default_value": None}
    answer = shop.post(
        request(order(custom_fields={"f": sent}) | {name: sent}, custom_fields=[field])
    )
    assert read_json(answer)["error"] == 0
    stored = shop.documents()["1234000"]
    expected = "2017-01-01T00:00:00.5Z" if ".5" in sent else "2017-01-01T00:00:00Z"
    assert stored[name] == stored["custom_fields"]["f"] == expected


def test_a_field_or_a_status_of_orders_on_a_line_is_named() -> None:
    field = FIELD | {"external_id": "gift"}
    shelf = FIELD | {"external_id": "shelf", "entity_type": "line_order"}
    bad = order(
        status="processing",
        custom_fields={"shelf": 1},
        lines=[line(status="paid", custom_fields={"gift": 1, "none": 1})],
    )
    [entry] = read_json(Shop().post(request(bad, custom_fields=[field, shelf])))["result"]
    messages = {error["path"][8:]: error["message"] for error in entry["errors"]}
    assert messages == {
        "status": 'Unknown order status "processing"; allowed values: '
        "new, delivered, paid, canceled, part_refunded",
        "custom_fields/shelf": 'Custom field "shelf" is a field of lines, not of orders; '
        "use one of: gift",
        "lines/0/status": 'Unknown line status "paid"; allowed values: '
        "new, processing, delivering, delivered, canceled, refunded, 0001",
        "lines/0/custom_fields/gift": 'Custom field "gift" is a field of orders, not of lines; '
        "use one of: shelf",
        "lines/0/custom_fields/none": 'Custom field "none" is not defined as a field of lines; '
        "use one of: shelf",
    }


@pytest.mark.parametrize("as_default", [True, False])
def test_an_enum_with_one_number_for_two_names_is_rejected(*, as_default: bool) -> None:
    values = {"red": 1, "blue": 2, "scarlet": 1.0}
    rest = {"default_value": values} if as_default else {"enum_values": values, "default_value": 1}
    answer = Shop().post(request(custom_fields=[FIELD | {"value_type": "enum"} | rest]))
    assert answer.status == 400
    [error] = read_json(answer)["errors"]
    assert error["path"] == "/custom_fields/0/enum_values"
    assert error["message"] == (
        'enum_values must have a different number for each name; "red" and "scarlet" have 1'
    )


def test_an_import_adds_no_name_with_the_number_of_a_stored_one() -> None:
    shop = Shop()
    enum = FIELD | {"value_type": "enum", "default_value": None}
    shop.post(request(custom_fields=[enum | {"enum_values": {"red": 1}}]))
    answer = shop.post(request(custom_fields=[enum | {"enum_values": {"scarlet": 1}}]))
    assert answer.status == 400
    assert read_json(answer)["errors"][0]["path"] == "/custom_fields/0/enum_values"


def _define(shop: Shop, **change: Any) -> None:  # noqa: ANN401 - any member
    """Change the stored definition of `f`, as an operator does."""
    stored = shop.settings.stored["demo"]
    key = (EntityType.ORDER, "f")
    changed = replace(stored.settings.custom_fields[key], **change)
    fields = {**stored.settings.custom_fields, key: changed}
    shop.settings.stored["demo"] = StoredSettings(
        replace(stored.settings, custom_fields=fields), stored.version + 1
    )


def _outcome(shop: Shop, *orders: object, **root: object) -> str:
    answer = shop.post(request(*orders, result_details=True, **root))
    return str(read_json(answer)["result"][0]["outcome"])


def test_a_later_default_does_not_alter_an_old_order() -> None:
    shop = Shop()
    assert _outcome(shop, order(), custom_fields=[FIELD]) == "created"
    _define(shop, default_value=200)
    assert _outcome(shop, order()) == "unchanged"
    assert len(shop.publisher.sent) == 1
    assert _outcome(shop, order(status="paid")) == "updated"
    assert shop.documents()["1234000"]["custom_fields"] == {"f": 100}
    assert set(shop.publisher.sent[-1].changed) == {"status"}
    assert _outcome(shop, order(external_id="B")) == "created"
    assert shop.documents()["B"]["custom_fields"] == {"f": 200}


def test_a_default_that_is_defined_later_does_not_alter_an_old_order() -> None:
    shop = Shop()
    shelf = FIELD | {"external_id": "shelf", "entity_type": "line_order"}
    assert _outcome(shop, order()) == "created"
    assert _outcome(shop, order(), custom_fields=[FIELD, shelf]) == "unchanged"
    lines = [line(count=2), line(external_id="2")]
    assert _outcome(shop, order(lines=lines)) == "updated"
    stored = shop.documents()["1234000"]
    assert "custom_fields" not in stored
    assert [each.get("custom_fields") for each in stored["lines"]] == [None, {"shelf": 100}]


def test_a_value_that_is_no_longer_sent_gives_way_to_the_default() -> None:
    shop = Shop()
    _outcome(shop, order(custom_fields={"f": 5}), custom_fields=[FIELD])
    assert _outcome(shop, order()) == "updated"
    assert shop.documents()["1234000"]["custom_fields"] == {"f": 100}
    assert _outcome(shop, order()) == "unchanged"
    assert _outcome(shop, order(custom_fields={"f": 6})) == "updated"
    assert shop.documents()["1234000"]["custom_fields"] == {"f": 6}


def test_an_import_without_update_time_keeps_the_guard() -> None:
    shop = Shop()
    assert _outcome(shop, order(update_time="2026-01-02")) == "created"
    assert _outcome(shop, order(status="paid")) == "updated"
    assert _outcome(shop, order(status="delivered", update_time="2026-01-01")) == "failed"
    assert _outcome(shop, order(status="delivered", update_time="2026-01-02")) == "updated"


def test_an_order_that_is_too_large_names_its_largest_part() -> None:
    tags = [f"{n} " + "x" * 1000 for n in range(395)]
    [entry] = read_json(Shop().post(request(order(tags=tags))))["result"]
    assert entry["error"] == 413
    assert entry["errors"][0]["message"] == (
        "The order must have at most 388 KB; got 389 KB; the largest part is tags with 389 KB"
    )


@pytest.mark.parametrize("name", ["external_id", "final_price_per_item", "count"])
def test_a_missing_member_of_a_line_is_required(name: str) -> None:
    sent = order(lines=[line(), _without(line(external_id="2"), name)])
    [entry] = read_json(Shop().post(request(sent)))["result"]
    assert entry["errors"] == [
        {"code": "required", "path": f"/data/0/lines/1/{name}", "message": f"{name} is required"}
    ]


def test_a_line_requires_a_product_or_a_sku() -> None:
    [entry] = read_json(Shop().post(request(order(lines=[line(product=None)]))))["result"]
    assert entry["errors"][0]["path"] == "/data/0/lines/0/product"
    for goods in ({"sku": "s"}, {"product": "p"}, {"sku": "s", "product": "p"}):
        shop = Shop()
        shop.post(request(order(lines=[line(product=None) | goods])))
        stored = shop.documents()["1234000"]["lines"][0]
        assert {name: stored.get(name) for name in goods} == goods


@pytest.mark.parametrize("empty", [None, ""])
@pytest.mark.parametrize(
    "name", ["delivery_cost", "create_time", "update_time", "region", "phone", "custom_fields"]
)
def test_an_empty_optional_member_counts_as_absent(name: str, empty: object) -> None:
    shop = Shop()
    answer = shop.post(request(order(delivery_cost=None) | {name: empty}))
    assert read_json(answer)["error"] == 0
    assert name not in shop.documents()["1234000"]


def test_a_line_without_a_status_is_new() -> None:
    shop = Shop()
    shop.post(request(order(lines=[line(status=None)])))
    assert shop.documents()["1234000"]["lines"][0]["status"] == "new"


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        ("external_id", 1234.0, "wrong_type"),
        ("external_id", True, "wrong_type"),
        ("endpoint", 1e3, "wrong_type"),
        ("external_id", "a" * 256, "invalid_value"),
        ("external_id", "a\nb", "invalid_value"),
        ("status", "confirmed", "unknown_status"),
        ("currency", "XXX", "unknown_currency"),
        ("endpoint", "nowhere", "unknown_endpoint"),
        ("region", "nowhere", "unknown_region"),
        ("total_price", "12,50", "invalid_value"),
        ("total_price", -1, "invalid_value"),
        ("delivery_cost", "free", "invalid_value"),
        ("create_time", "yesterday", "invalid_value"),
        ("update_time", 5, "invalid_value"),
        ("tags", "one", "wrong_type"),
        ("tags", [1], "wrong_type"),
        ("lines", [], "required"),
        ("lines", {}, "wrong_type"),
        ("lines", [5], "wrong_type"),
        ("custom_fields", [1], "wrong_type"),
        ("custom_fields", "x", "wrong_type"),
        ("custom_fields", {"x": 1}, "unknown_custom_field"),
        ("email", "", "required"),
        ("skip_triggers", "maybe", "invalid_value"),
    ],
)
def test_an_invalid_member_is_reported_with_its_path(member: str, value: object, code: str) -> None:
    shop = Shop()
    tree = read_json(shop.post(request(order(external_id="good"), order() | {member: value})))
    good, bad = tree["result"]
    assert good == {"error": 0, "external_id": "good"}
    assert bad["errors"][0]["code"] == code
    assert bad["errors"][0]["path"].startswith(f"/data/1/{member}")
    assert list(shop.documents()) == ["good"]


@pytest.mark.parametrize("count", [0, -1, "x", 1.5, True, 10**10])
def test_a_count_must_be_a_positive_whole_number(count: object) -> None:
    [entry] = read_json(Shop().post(request(order(lines=[line(count=count)]))))["result"]
    assert entry["errors"][0]["path"] == "/data/0/lines/0/count"


@pytest.mark.parametrize("sent", ["not an order", 5, None, []])
def test_an_order_must_be_an_object(sent: object) -> None:
    tree = read_json(Shop().post({"data": [sent]}))
    assert tree["result"][0]["errors"][0]["path"] == "/data/0"
    assert tree["result"][0]["external_id"] is None


def test_all_problems_of_an_order_are_reported_at_once() -> None:
    bad = order(email="", total_price="x", lines=[line(count=0), line(external_id="2", status=5.5)])
    [entry] = read_json(Shop().post(request(bad)))["result"]
    assert {error["path"] for error in entry["errors"]} == {
        "/data/0/email",
        "/data/0/total_price",
        "/data/0/lines/0/count",
        "/data/0/lines/1/status",
    }
    assert entry["error_text"].endswith(" and 3 more")


def test_problems_of_one_order_are_limited() -> None:
    lines = [line(external_id=str(n), count=0) for n in range(100)]
    for bad in (
        order(lines=lines),
        order(lines=[line(external_id=str(n), status="x") for n in range(100)]),
        order(custom_fields={str(n): 1 for n in range(100)}),
        order(status=5, lines=[{}] * 20),
    ):
        [entry] = read_json(Shop().post(request(bad)))["result"]
        assert len(entry["errors"]) == 20
    unknown = {f"unknown{n}": 1 for n in range(100)}
    tree = read_json(Shop().post({**request(order(**unknown), result_details=True), **unknown}))
    assert len(tree["result"][0]["warnings"]) == len(tree["warnings"]) == 20


def test_warnings_are_sorted() -> None:
    sent = request(order(zeta=1, alpha=1, mid=1), result_details=True)
    [entry] = read_json(Shop().post(sent))["result"]
    assert [each["path"][8:] for each in entry["warnings"]] == ["alpha", "mid", "zeta"]


@pytest.mark.parametrize("as_xml", [True, False])
def test_a_stale_order_is_reported_with_its_path(*, as_xml: bool) -> None:
    shop = Shop()
    shop.post(request(order(external_id="B", update_time="2026-01-02")))
    sent = request(
        order(external_id="A"), order(external_id="B", status="paid", update_time="2026-01-01")
    )
    body = to_xml(sent).replace(b"<data>", b"\n<data>") if as_xml else json.dumps(sent).encode()
    tree = read_json(shop.post(body, XML if as_xml else JSON, accept=JSON))
    [error] = tree["result"][1]["errors"]
    assert (error["code"], error["path"]) == ("stale", "/data/1/update_time")
    assert error.get("line") == (3 if as_xml else None)
    assert tree["result"][1]["error"] == 409


@pytest.mark.parametrize(
    "sent",
    [
        "1000",
        *("1000.0", "1e3", "-0.0", "true", "[]"),
        pytest.param("1" * 300, id="more digits than an id may have"),
    ],
)
@pytest.mark.parametrize("of_line", [True, False])
def test_an_external_id_may_be_a_whole_number_in_plain_digits(sent: str, *, of_line: bool) -> None:
    shop = Shop()
    tree = order(lines=[line(external_id="@")]) if of_line else order(external_id="@")
    body = json.dumps(request(tree)).replace('"@"', sent)
    [entry] = read_json(shop.post(body))["result"]
    assert entry["error"] == (0 if sent == "1000" else 400)
    if sent == "1000":
        [stored] = shop.documents().values()
        assert (stored["lines"][0] if of_line else stored)["external_id"] == "1000"
    else:
        place = "lines/0/external_id" if of_line else "external_id"
        assert entry["errors"][0]["path"] == f"/data/0/{place}"


@pytest.mark.parametrize("name", ["endpoint", "region"])
def test_an_id_of_the_settings_may_be_a_whole_number(name: str) -> None:
    shop = Shop()
    known = settings()
    shop.settings.stored["demo"] = StoredSettings(
        replace(
            known, endpoints={**known.endpoints, "7": Endpoint("7")}, regions={"7": Region("7")}
        ),
        1,
    )
    assert read_json(shop.post(request(order() | {name: 7})))["error"] == 0
    assert shop.documents()["1234000"][name] == "7"


def test_ids_of_goods_and_statuses_may_be_whole_numbers() -> None:
    shop = Shop()
    sent = request(
        order(lines=[line(product=5, sku=6, status=7)]),
        custom_line_statuses=[{"external_id": 7, "name": "Packed", "type": "in_process"}],
    )
    assert read_json(shop.post(sent))["error"] == 0
    [stored] = shop.documents()["1234000"]["lines"]
    assert (stored["product"], stored["sku"], stored["status"]) == ("5", "6", "7")


def test_an_error_text_contains_the_path() -> None:
    [entry] = read_json(Shop().post(request(order(currency="XXX"))))["result"]
    assert entry["error_text"].endswith("allowed values: USD, EUR (/data/0/currency)")
    [entry] = read_json(Shop().post({"data": [None]}))["result"]
    assert entry["error_text"] == "The order must be an object (/data/0)"


def test_all_missing_members_of_a_line_are_reported() -> None:
    [entry] = read_json(Shop().post(request(order(lines=[{}]))))["result"]
    assert [error["path"][16:] for error in entry["errors"]] == [
        "external_id",
        "final_price_per_item",
        "count",
        "product",
    ]


def test_a_returned_external_id_is_shortened() -> None:
    [entry] = read_json(Shop().post(request(order(external_id="x" * 100_000))))["result"]
    assert entry["external_id"] == "x" * 255


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("lines", [line(external_id=str(n)) for n in range(5001)]),
        ("tags", ["a"] * 1001),
    ],
)
def test_the_number_of_tags_and_lines_is_limited(member: str, value: list[object]) -> None:
    [entry] = read_json(Shop().post(request(order() | {member: value})))["result"]
    assert (entry["errors"][0]["code"], entry["errors"][0]["path"]) == (
        "invalid_value",
        f"/data/0/{member}",
    )


def test_the_number_of_definitions_is_limited() -> None:
    answer = Shop().post(request(custom_fields=[FIELD] * 1001))
    assert read_json(answer)["errors"][0]["path"] == "/custom_fields"


def test_definitions_beyond_the_settings_limit_are_rejected() -> None:
    shop = Shop()
    shop.settings.room = 0
    answer = shop.post(request(custom_fields=[FIELD]))
    assert (answer.status, read_json(answer)["error"]) == (413, 413)


@pytest.mark.parametrize("as_xml", [True, False])
def test_requests_with_many_problems_are_answered_in_bounded_time(*, as_xml: bool) -> None:
    """Each request once took a minute or gigabytes. Now the work is linear in its size."""
    started = time.process_time()
    for tree in (
        request(*(order(external_id=str(n), currency="XXX") for n in range(1500))),
        request(order(**{f"unknown{n}": 1 for n in range(4000)}), result_details=True),
        request(order(lines=[{}] * 100_000)),
        request(custom_fields=[{}] * 50_000),
    ):
        body = to_xml(tree) if as_xml else json.dumps(tree).encode()
        Shop().post(body, XML if as_xml else JSON)
    assert time.process_time() - started < 20


def test_reading_lines_stops_at_the_limit_of_problems() -> None:
    body = json.dumps(request(*[order(lines=[{}] * 5000)] * 200)).encode()
    started = time.process_time()
    assert len(read_json(Shop().post(body))["result"]) == 200
    assert time.process_time() - started < 5, "each of a million hopeless lines was read"


def test_a_rejected_request_reports_a_limited_number_of_problems() -> None:
    answer = Shop().post(
        b'{"data":[],"custom_fields":[' + b",".join([b'{"a":1,"a":1}'] * 500) + b"]}"
    )
    assert answer.status == 400
    assert len(read_json(answer)["errors"]) == 20


def test_the_order_of_members_does_not_matter() -> None:
    shop = Shop()
    definitions = [FIELD | {"external_id": name} for name in ("a", "b")]
    one = order(custom_fields={"a": 1, "b": 2})
    other = {name: one[name] for name in reversed(one)} | {"custom_fields": {"b": 2, "a": 1}}
    for sent, outcome in ((one, "created"), (other, "unchanged")):
        tree = read_json(shop.post(request(sent, custom_fields=definitions, result_details=True)))
        assert tree["result"][0]["outcome"] == outcome


def test_one_invalid_order_of_fifty_fails_alone() -> None:
    shop = Shop()
    orders = [order(external_id=str(n)) for n in range(50)]
    orders[17] = order(external_id="17", currency="XXX")
    answer = shop.post(request(*orders, result_details=True))
    tree = read_json(answer)
    assert (answer.status, tree["error"]) == (200, 400)
    assert tree["error_text"] == "1 of 50 orders failed; see result"
    assert tree["counts"] == {
        "received": 50,
        "created": 49,
        "updated": 0,
        "unchanged": 0,
        "failed": 1,
    }
    assert tree["result"][17]["external_id"] == "17"
    assert tree["result"][17]["errors"] == [
        {
            "code": "unknown_currency",
            "path": "/data/17/currency",
            "message": 'Unknown currency "XXX"; allowed values: USD, EUR',
        }
    ]
    assert len(shop.documents()) == 49


def test_details_are_added_on_request() -> None:
    shop = Shop()
    details = {"result_details": True}
    [created] = read_json(shop.post(request(**details)))["result"]
    [stored] = shop.orders.orders.values()
    assert created == {
        "error": 0,
        "external_id": "1234000",
        "outcome": "created",
        "order_id": 1,
        "version": 1,
        "digest": hashlib.sha256(stored.document.encode()).hexdigest(),
        "warnings": [],
    }
    [unchanged] = read_json(shop.post(request(**details)))["result"]
    assert (unchanged["outcome"], unchanged["version"]) == ("unchanged", 1)
    assert unchanged["digest"] == created["digest"]
    [updated] = read_json(shop.post(request(order(status="paid"), **details)))["result"]
    assert (updated["outcome"], updated["order_id"], updated["version"]) == ("updated", 1, 2)
    [failed] = read_json(shop.post(request(order(status="x"), **details)))["result"]
    assert failed["outcome"] == "failed"
    assert "order_id" not in failed
    assert "digest" not in failed


def test_unknown_members_are_ignored_with_a_warning() -> None:
    shop = Shop()
    sent = order(payment="card", lines=[line(colour="red")])
    [entry] = read_json(shop.post(request(sent, result_details=True)))["result"]
    assert entry["error"] == 0
    assert sorted((each["code"], each["path"]) for each in entry["warnings"]) == [
        ("unknown_member", "/data/0/lines/0/colour"),
        ("unknown_member", "/data/0/payment"),
    ]


def test_a_misspelt_option_causes_a_warning() -> None:
    for body, content_type in (
        (request(skip_trigger=True, result_details=True), JSON),
        (to_xml(request(skip_trigger=True, result_details=True)), XML),
    ):
        tree = read_json(Shop().post(body, content_type, accept=JSON))
        assert [each["path"] for each in tree["warnings"]] == ["/skip_trigger"]
    assert (
        read_json(Shop().post(request(token="x", format="json", result_details=1)))["warnings"]
        == []
    )


@pytest.mark.parametrize(
    ("policy", "error", "warnings"),
    [(TotalCheck.OFF, 0, 0), (TotalCheck.WARN, 0, 1), (TotalCheck.REJECT, 400, 0)],
)
def test_a_wrong_total_is_an_error_or_a_warning(
    policy: TotalCheck, error: int, warnings: int
) -> None:
    shop = Shop()
    shop.settings.stored["demo"] = StoredSettings(settings(policy), 1)
    sent = request(order(total_price="3000"), result_details=True)
    [entry] = read_json(shop.post(sent))["result"]
    assert (entry["error"], len(entry["warnings"])) == (error, warnings)


@pytest.mark.parametrize("value", ["1000.10", 1000.10, "1000.1000"])
def test_money_may_be_a_json_number_and_keeps_its_digits(value: object) -> None:
    shop = Shop()
    shop.post(request(order(total_price=value)))
    assert shop.documents()["1234000"]["total_price"] == "1000.1"


def test_long_amounts_are_not_rounded() -> None:
    shop = Shop()
    body = json.dumps(request(order(total_price="@"))).replace('"@"', "123456789012345.12345678")
    shop.post(body)
    assert shop.documents()["1234000"]["total_price"] == "123456789012345.12345678"


@pytest.mark.parametrize(
    ("token", "header", "status"),
    [
        ("token", "", 200),
        (None, "Bearer token", 200),
        ("wrong", "Bearer token", 200),
        ("token", "Bearer wrong", 401),
        (None, "", 401),
        ("", "", 401),
        ("wrong", "", 401),
        (5, "", 401),
        (None, "Basic token", 401),
        ("reader", "", 403),
        (None, "bearer reader", 403),
    ],
)
def test_a_token_with_a_sufficient_role_is_required(
    token: object, header: str, status: int
) -> None:
    shop = Shop()
    sent = request() if token is None else request(token=token)
    answer = shop.post(sent, authorization=header)
    assert answer.status == status
    assert read_json(answer)["error"] == (0 if status == 200 else status)
    assert len(shop.documents()) == (1 if status == 200 else 0)


def test_a_token_in_the_header_is_checked_before_the_body_is_read() -> None:
    assert Shop().post("[[[", authorization="Bearer wrong").status == 401


@pytest.mark.parametrize("header", ["token", "Basic token", "Bearer"])
def test_an_authorization_header_without_a_token_is_explained(header: str) -> None:
    answer = Shop().post(request(), authorization=header)
    text = read_json(answer)["error_text"]
    assert answer.status == 401
    assert text.startswith("The header Authorization must be `Bearer <token>`; got ")
    assert text.endswith("; or send the token in the body")
    assert Shop().post(request(token="token"), authorization=header).status == 200


def test_unknown_and_revoked_tokens_get_the_same_answer() -> None:
    assert (
        Shop().post(request(), authorization="Bearer wrong").body
        == Shop().post(request(token="other"), authorization="").body
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        *((text, "The body is not valid JSON: ") for text in ("", "[", "nonsense", '{"data":[}')),
        *((text, "The body must be a JSON object or an array") for text in ('"text"', "5", "null")),
    ],
)
def test_a_body_without_a_json_object_is_rejected(body: str, reason: str) -> None:
    answer = Shop().post(body)
    assert answer.status == 400
    assert read_json(answer)["error_text"].startswith(reason)
    assert read_json(answer)["result"] == []


@pytest.mark.parametrize(
    ("tree", "path"),
    [
        ({}, "/data"),
        ({"data": {}}, "/data"),
        ({"data": "x"}, "/data"),
        ({"data": [], "custom_fields": {}}, "/custom_fields"),
        ({"data": [], "skip_triggers": "x"}, "/skip_triggers"),
        ({"data": [], "result_details": 5}, "/result_details"),
        ({"data": [], "custom_line_statuses": [{}]}, "/custom_line_statuses/0/external_id"),
    ],
)
def test_an_invalid_root_member_rejects_the_request(tree: object, path: str) -> None:
    answer = Shop().post(json.dumps(tree))
    assert answer.status == 400
    assert read_json(answer)["errors"][0]["path"] == path


def test_more_orders_than_the_limit_are_rejected() -> None:
    answer = Shop().post({"data": [{}] * 10_001})
    assert answer.status == 400
    assert "10000" in read_json(answer)["error_text"]


def test_an_empty_array_of_orders_is_accepted() -> None:
    assert read_json(Shop().post({"data": []})) == {"error": 0, "error_text": "", "result": []}


def test_an_array_at_the_root_is_accepted_with_a_token_in_the_header() -> None:
    shop = Shop()
    assert read_json(shop.post([order()]))["error"] == 0
    assert list(shop.documents()) == ["1234000"]


FIELD = {
    "external_id": "f",
    "name": "F",
    "entity_type": "order",
    "required": False,
    "value_type": "int",
    "default_value": 100,
}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"entity_type": "order_line"}, "/custom_fields/0/entity_type"),
        ({"value_type": "json"}, "/custom_fields/0/value_type"),
        ({"required": "maybe"}, "/custom_fields/0/required"),
        ({"default_value": "x"}, "/custom_fields/0/default_value"),
        ({"external_id": ""}, "/custom_fields/0/external_id"),
        ({"name": None}, "/custom_fields/0/name"),
        ({"value_type": "enum"}, "/custom_fields/0/enum_values"),
        ({"value_type": "enum", "enum_values": {"a": "x"}}, "/custom_fields/0/enum_values/a"),
        ({"value_type": "enum", "enum_values": {"a": True}}, "/custom_fields/0/enum_values/a"),
    ],
)
def test_an_invalid_definition_rejects_the_request(change: dict[str, Any], path: str) -> None:
    shop = Shop()
    answer = shop.post(request(custom_fields=[FIELD | change]))
    assert answer.status == 400
    assert read_json(answer)["errors"][0]["path"] == path
    assert shop.documents() == {}
    assert shop.settings.stored["demo"].version == 1


def test_a_changed_value_type_rejects_the_request() -> None:
    shop = Shop()
    shop.post(request(custom_fields=[FIELD]))
    answer = shop.post(
        request(custom_fields=[FIELD | {"value_type": "unicode", "default_value": ""}])
    )
    assert answer.status == 400
    assert read_json(answer)["errors"][0]["code"] == "definition_conflict"


def test_an_import_does_not_change_a_default_that_other_orders_get() -> None:
    shop = Shop()
    shop.post(request(custom_fields=[FIELD]))
    answer = shop.post(
        request(order(external_id="B"), custom_fields=[FIELD | {"default_value": 101}])
    )
    assert read_json(answer)["error"] == 0
    [field] = shop.settings.stored["demo"].settings.fields_of(EntityType.ORDER).values()
    assert field.default_value == FIELD["default_value"]


def test_an_import_cannot_change_a_field_that_other_orders_use() -> None:
    path = "/custom_fields/0/required"
    shop = Shop()
    shop.post(request(custom_fields=[FIELD]))
    answer = shop.post(request(order(external_id="B"), custom_fields=[FIELD | {"required": True}]))
    assert answer.status == 400
    [problem] = read_json(answer)["errors"]
    assert (problem["code"], problem["path"]) == ("definition_conflict", path)
    assert "definitions_by_import: add" in problem["message"]
    assert list(shop.documents()) == ["1234000"]


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        (DefinitionsByImport.OFF, 400),
        (DefinitionsByImport.ADD, 200),
        (DefinitionsByImport.CHANGE, 200),
    ],
)
def test_the_policy_decides_about_new_definitions(policy: DefinitionsByImport, status: int) -> None:
    shop = Shop()
    stored = shop.settings.stored["demo"].settings
    policies = Policies(definitions_by_import=policy)
    shop.settings.stored["demo"] = StoredSettings(replace(stored, policies=policies), 1)
    answer = shop.post(request(custom_fields=[FIELD]))
    assert answer.status == status
    assert ("f" in shop.settings.stored["demo"].settings.fields_of(EntityType.ORDER)) is (
        status == 200
    )


@pytest.mark.parametrize("member", ["name", "default_value"])
def test_a_definition_that_is_too_long_rejects_the_request(member: str) -> None:
    field = FIELD | {"value_type": "unicode", "default_value": "", member: "x" * 256}
    answer = Shop().post(request(custom_fields=[field]))
    assert answer.status == 400
    assert read_json(answer)["errors"][0]["path"] == f"/custom_fields/0/{member}"


@pytest.mark.parametrize("policy", [DefinitionsByImport.ADD, DefinitionsByImport.CHANGE])
def test_a_client_cannot_fill_up_the_settings(policy: DefinitionsByImport) -> None:
    shop = Shop()
    shop.settings.room = 10**6
    stored = shop.settings.stored["demo"].settings
    policies = Policies(definitions_by_import=policy)
    shop.settings.stored["demo"] = StoredSettings(replace(stored, policies=policies), 1)
    answers = [
        shop.post(
            request(
                custom_fields=[
                    FIELD | {"external_id": f"{n}-{i}", "name": "x" * 255, "default_value": None}
                    for i in range(250)
                ]
            )
        ).status
        for n in range(4)
    ]
    assert answers == [200, 200, 413, 413]


@pytest.mark.parametrize("as_default", [True, False])
def test_an_enum_can_be_defined_in_both_documented_ways(*, as_default: bool) -> None:
    shop = Shop()
    values = {"red": 1, "blue": 2}
    rest = {"default_value": values} if as_default else {"enum_values": values, "default_value": 1}
    shop.post(request(custom_fields=[FIELD | {"value_type": "enum"} | rest]))
    shop.post(request(order(custom_fields={"f": 2})))
    assert shop.documents()["1234000"]["custom_fields"] == {"f": "blue"}


@pytest.mark.parametrize("default", [None, ""])
def test_the_default_of_a_definition_is_optional(default: object) -> None:
    shop = Shop()
    assert (
        read_json(shop.post(request(custom_fields=[FIELD | {"default_value": default}])))["error"]
        == 0
    )
    assert "custom_fields" not in shop.documents()["1234000"]


def test_an_unavailable_store_returns_503_with_retry_after() -> None:
    shop = Shop()
    shop.orders.unread = {"1234000"}
    answer = shop.post(request())
    tree = read_json(answer)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert (tree["error"], tree["result"][0]["retryable"]) == (503, True)
    assert tree["result"][0]["errors"][0]["code"] == "storage_unavailable"


@pytest.mark.parametrize("what", ["tokens", "settings"])
def test_a_request_is_rejected_if_settings_or_tokens_are_unavailable(what: str) -> None:
    shop = Shop()
    getattr(shop, what).available = False
    answer = shop.post(request(custom_fields=[FIELD]))
    assert (answer.status, read_json(answer)["error"]) == (503, 503)
    assert answer.headers["Retry-After"] == "5"


def test_a_partly_stored_request_marks_the_retryable_orders() -> None:
    shop = Shop()
    shop.orders.unread = {"B"}
    answer = shop.post(request(order(external_id="A"), order(external_id="B")))
    tree = read_json(answer)
    assert (answer.status, tree["error"]) == (200, 503)
    assert [entry.get("retryable") for entry in tree["result"]] == [None, True]


def test_an_answer_that_is_too_large_omits_details_but_no_order() -> None:
    shop = Shop()
    answer = shop.post({"data": [{"lines": [{}] * 7}] * 100})
    assert len(answer.body) < 125_000
    tree = read_json(answer)
    assert tree["details_omitted"] is True
    assert len(tree["result"]) == 100
    assert all(entry["error_text"] and "errors" not in entry for entry in tree["result"])


def test_long_allowed_values_fit_into_an_answer() -> None:
    shop = Shop()
    regions = {f"region {n} " + "я" * 60: Region(f"region {n}") for n in range(25)}
    shop.settings.stored["demo"] = StoredSettings(replace(settings(), regions=regions), 1)
    orders = [order(external_id=str(n), region="x") for n in range(4000)]
    answer = shop.post(request(*orders, result_details=True))
    assert len(answer.body) < 4 * 1024 * 1024
    assert read_json(answer)["result"][0]["error_text"] == "unknown_region"


@pytest.mark.parametrize("as_xml", [False, True])
def test_every_order_with_a_fault_fails_however_many_there_are(*, as_xml: bool) -> None:
    shop = Shop()
    bad, good = 150, order(external_id="good")
    orders = [order(external_id=str(n), email="@@") for n in range(bad)]
    if as_xml:
        repeated = b"<email/>" * 30
        body = to_xml(request(*orders, good)).replace(b"<email>@@</email>", repeated)
        answer = shop.post(body, XML, query={"format": "json"})
    else:
        texts = b"[%s]" % b",".join([rb'"\u0001"'] * 30)
        body = json.dumps(request(*orders, good)).encode().replace(b'"@@"', texts)
        answer = shop.post(body)
    entries = read_json(answer)["result"]
    assert [entry["error"] for entry in entries] == [400] * bad + [0]


def test_after_many_problems_each_order_reports_only_its_first() -> None:
    answer = Shop().post({"data": [{"lines": [{}] * 7, "x": "y" * 500}] * 120})
    entries = read_json(answer)["result"]
    assert [len(entry["errors"]) for entry in entries] == [20] * 100 + [1] * 20


def test_after_many_problems_orders_have_no_warnings() -> None:
    unknown = {f"x{n}": "y" * 50 for n in range(30)}
    orders = [order(external_id=str(n), **unknown) for n in range(102)]
    answer = Shop().post(request(*orders, result_details=True))
    entries = read_json(answer)["result"]
    assert [len(entry["warnings"]) for entry in entries] == [20] * 100 + [0] * 2


def test_an_answer_with_many_long_ids_cuts_them() -> None:
    ids = [f"{n:05}" + "\\" * 250 for n in range(7000)]
    answer = Shop().post({"data": [{"external_id": each} for each in ids]})
    tree = read_json(answer)
    assert [entry["external_id"] for entry in tree["result"]] == [f"{each[:60]}…" for each in ids]
    assert tree["details_omitted"] is True


def test_an_xml_body_has_a_limited_number_of_tags() -> None:
    answer = Shop().post(b"<xml>" + b"<a/>" * 500_001 + b"</xml>", XML)
    assert answer.status == 400
    assert b"at most 500000 XML tags" in answer.body


def test_a_very_long_amount_is_rejected_at_once() -> None:
    begun = time.process_time()
    amount = "0" * 20 + "." + "0" * 3_000_000 + "x"
    answer = Shop().post(request(order(total_price=amount)))
    assert read_json(answer)["result"][0]["errors"][0]["path"] == "/data/0/total_price"
    assert time.process_time() - begun < 0.5
