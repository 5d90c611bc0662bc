"""The exports of other systems. The files are made by hand from the public descriptions."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.file_records import (
    UNCHOSEN,
    FileOptions,
    Frame,
    Record,
    UnreadableFileError,
)
from orders.domain.problems import NOTHING_REPORTED, Code
from orders.domain.settings import Rulebook, Settings
from orders.domain.submissions import Rejection
from orders.file_formats.formats import (
    amazon_orders,
    commerceml,
    matrixify_csv,
    shopify_csv,
    woocommerce_csv,
)
from orders.file_formats.registry import Registry, format_named
from orders.file_formats.written_mappings import read_mapping
from tests.support.files import read_whole, result_file, together

EXPORTS = Path(__file__).parent / "exports"
MAPPINGS = Path(__file__).parents[3] / "examples" / "mappings"
FORMATS = {
    "shopify.csv": "shopify_csv",
    "matrixify.csv": "matrixify_csv",
    "woocommerce.csv": "woocommerce_csv",
    "amazon.txt": "amazon_orders",
    "commerceml.xml": "commerceml",
    "commercetools.jsonl": "commercetools_drafts",
    "commercetools.json": "commercetools_array",
}
PRESETS = {
    "amazon_orders": amazon_orders.PRESET.mapping,
    "matrixify_csv": matrixify_csv.PRESET.mapping,
    "shopify_csv": shopify_csv.PRESET.mapping,
    "woocommerce_csv": woocommerce_csv.PRESET.mapping,
    "commerceml": commerceml.MAPPING_TREE,
}
ORDERS: dict[str, list[tuple[str, str, str, str, str, list[tuple[str, str, str]]]]] = {
    # external id, status, currency, total, time of creation, lines: sku, count, final price
    "shopify.csv": [
        (
            "#1001",
            "paid",
            "EUR",
            "34.75",
            "2025-10-07T07:50:26Z",
            [("mug-white", "2", "9.95"), ('Poster "A3"', "1", "9.95")],
        ),
        ("#1002", "new", "EUR", "5.00", "2025-10-08T08:00:00Z", [("card", "1", "5")]),
    ],
    "matrixify.csv": [
        (
            "#1001",
            "paid",
            "USD",
            "25.00",
            "2025-10-07T13:50:26Z",
            [("mug", "1", "10"), ("Card", "2", "5")],
        ),
        ("#1002", "canceled", "USD", "10.00", "2025-10-08T13:00:00Z", [("mug", "1", "10")]),
    ],
    "woocommerce.csv": [
        ("71", "delivered", "USD", "24.90", "2025-10-07T09:50:26Z", [("mug", "2", "9.95")]),
        ("72", "paid", "USD", "15.00", "2025-12-31T23:59:59Z", [("6", "3", "5")]),
    ],
    "amazon.txt": [
        (
            "302-1",
            "new",
            "EUR",
            "29.8",
            "2025-10-07T09:50:26Z",
            [("mug", "2", "9.95"), ("card", "1", "5")],
        ),
        ("302-2", "new", "EUR", "9.95", "2025-10-08T10:00:00Z", [("mug", "1", "9.95")]),
    ],
    "commerceml.xml": [
        (
            "ЗК-0001",
            "paid",
            "RUB",
            "1990.50",
            "2025-10-07T09:50:26Z",
            [("mug", "2", "900.25")],
        ),
        ("ЗК-0002", "new", "USD", "10.00", "2025-10-08T00:00:00Z", [("card", "1", "10")]),
    ],
}


def _data(name: str) -> bytes:
    return (EXPORTS / name).read_bytes()


def _trees(name: str, data: bytes) -> list[dict[str, Any]]:
    options = Registry().detect(name, data)
    frame, records = read_whole(data, options)
    found = [format_named(options.format).convert(each, frame, options) for each in records]
    assert [each.faults for each in found] == [()] * len(found)
    return [each.tree for each in found]


@pytest.mark.parametrize("name", FORMATS)
def test_an_export_is_detected_by_its_beginning(name: str) -> None:
    assert Registry().detect(name, _data(name)).format == FORMATS[name]


@pytest.mark.parametrize("name", ORDERS)
def test_the_orders_of_an_export(name: str) -> None:
    found = [
        (
            tree["external_id"],
            tree["status"],
            tree["currency"],
            tree["total_price"],
            tree["create_time"],
            [(each["sku"], each["count"], each["final_price_per_item"]) for each in tree["lines"]],
        )
        for tree in _trees(name, _data(name))
    ]
    assert found == ORDERS[name]


def test_the_customer_of_an_order_is_taken_from_its_first_row() -> None:
    first, second = _trees("shopify.csv", _data("shopify.csv"))
    assert (first["email"], first["phone"], first["tags"]) == (
        "ada@example.com",
        "+49 351 000",
        ["vip", "first"],
    )
    assert second["phone"] == "+44 20 0000"


@pytest.mark.parametrize("name", FORMATS)
@given(sizes=st.lists(st.integers(1, 400), min_size=1, max_size=8))
def test_any_cutting_of_an_export_gives_the_same_records(name: str, sizes: list[int]) -> None:
    data = _data(name)
    options = Registry().detect(name, data)
    assert read_whole(data, options, sizes) == read_whole(data, options)


@pytest.mark.parametrize("name", FORMATS)
def test_the_records_are_the_bytes_of_the_file(name: str) -> None:
    data = _data(name)
    frame, records = read_whole(data, Registry().detect(name, data))
    assert together(frame, records) == data


@pytest.mark.parametrize("name", FORMATS)
def test_a_result_file_can_be_imported_again(name: str) -> None:
    data = _data(name)
    options = Registry().detect(name, data)
    frame, records = read_whole(data, options)
    written = result_file(frame, records, options, message="=1+1")

    again = Registry().detect(name, written)
    assert again.format == options.format
    new_frame, found = read_whole(written, again)
    assert _converted(again.format, found, new_frame, again) == _converted(
        options.format, records, frame, options
    )


def _converted(
    name: str, records: list[Record], frame: Frame, options: FileOptions
) -> list[object]:
    return [format_named(name).convert(each, frame, options).tree for each in records]


@pytest.mark.parametrize(
    ("name", "good", "bad", "code", "path"),
    [
        ("shopify.csv", b"34.75", b'"34,75"', Code.INVALID_VALUE, "/total_price"),
        ("shopify.csv", b",2,Mug", b",two,Mug", Code.INVALID_VALUE, "/lines/0/count"),
        ("matrixify.csv", b"25.00,5.00,paid", b"x,5.00,paid", Code.INVALID_VALUE, "/total_price"),
        ("woocommerce.csv", b"10/07/2025", b"31/07/2025", Code.INVALID_VALUE, "/create_time"),
        ("woocommerce.csv", b"name:Mug", b"Mug", Code.MALFORMED, "/lines"),
        ("woocommerce.csv", b'"[{', b'"[', Code.MALFORMED, "/lines"),
        ("amazon.txt", b"4.90", b"free", Code.INVALID_VALUE, "/total_price"),
        ("commerceml.xml", b"1990.50", b"1990.50.1", Code.INVALID_VALUE, "/total_price"),
    ],
)
def test_a_fault_names_the_member(
    name: str, good: bytes, bad: bytes, code: Code, path: str
) -> None:
    data = _data(name).replace(good, bad, 1)
    options = Registry().detect(name, data)
    frame, records = read_whole(data, options)
    faults = [
        fault
        for each in records
        for fault in format_named(options.format).convert(each, frame, options).faults
    ]
    assert (code, path) in [(each.code, each.pointer) for each in faults]


def test_a_discount_of_a_line_lowers_the_price_of_each_item() -> None:
    data = _data("shopify.csv").replace(b",9.95,mug-white,0.00,", b",9.95,mug-white,3.90,")
    line = _trees("shopify.csv", data)[0]["lines"][0]
    assert (line["base_price_per_item"], line["final_price_per_item"]) == ("9.95", "8")


def test_orders_with_one_name_and_different_customers_are_a_problem() -> None:
    data = _data("shopify.csv").replace(b"#1001,,,", b"#1001,eve@example.com,,")
    options = Registry().detect("shopify.csv", data)
    frame, records = read_whole(data, options)
    [fault] = format_named(options.format).convert(records[0], frame, options).faults
    assert fault.pointer == "/email"


def test_a_mapping_of_the_user_overrides_that_of_the_preset() -> None:
    options = replace(
        Registry().detect("shopify.csv", _data("shopify.csv")),
        mapping={"order": {"endpoint": {"constant": "outlet"}}},
    )
    frame, records = read_whole(_data("shopify.csv"), options)
    assert format_named("shopify_csv").convert(records[0], frame, options).tree["endpoint"] == (
        "outlet"
    )


def test_a_file_without_the_column_of_the_mapping_is_refused() -> None:
    data = b"Number,Total\n1,2\n"
    options = replace(
        Registry().detect("a.csv", data, _chosen("mapped_csv")),
        mapping={"group_by": "Order", "order": {"external_id": "Order"}, "line": {}},
    )
    with pytest.raises(UnreadableFileError) as raised:
        read_whole(data, options)
    assert raised.value.code == "missing_column"


def _chosen(name: str) -> FileOptions:
    return replace(UNCHOSEN, format=name)


@pytest.mark.parametrize("name", PRESETS)
def test_the_example_mapping_is_that_of_the_preset(name: str) -> None:
    assert yaml.safe_load((MAPPINGS / f"{name}.yaml").read_text()) == PRESETS[name]


def test_a_value_that_cannot_be_read_is_not_reported_as_missing_too() -> None:
    data = _data("matrixify.csv").replace(b"25.00,5.00,paid", b"x,5.00,paid")
    options = Registry().detect("matrixify.csv", data)
    frame, records = read_whole(data, options)
    order, *_ = Registry().sent_orders(records, frame, options, skip_triggers=True)
    rejection = order.submit(Rulebook.of(Settings()), NOTHING_REPORTED)
    assert isinstance(rejection, Rejection)
    assert [(each.code, each.pointer) for each in rejection.problems] == [
        (Code.INVALID_VALUE, "/data/0/total_price")
    ]


def test_a_customer_without_email_and_phone_is_matched_by_the_counterparty() -> None:
    text = _data("commerceml.xml").decode("windows-1251").replace("Почта", "Адрес")
    first, second = _trees("commerceml.xml", text.encode("windows-1251"))
    matching = {"matching": "custom", "field_name": "counterparty_id", "field_value": "7"}
    assert matching.items() <= first.items()
    assert second["matching"] == "email_phone"


PAGES = Path(__file__).parents[3] / "docs" / "sources"


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("amazon", "amazon_orders"),
        ("commerceml", "commerceml"),
        ("matrixify", "matrixify_csv"),
        ("shopify", "shopify_csv"),
        ("woocommerce", "woocommerce_csv"),
    ],
)
def test_the_page_of_a_source_has_the_members_of_its_preset(page: str, name: str) -> None:
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([a-z_.]+)` \| (.*) \|$", text, re.MULTILINE))
    mapping = read_mapping(PRESETS[name])
    sources = {**mapping.order, **{f"line.{each}": s for each, s in mapping.line.items()}}
    assert rows.keys() == sources.keys()
    for member, source in sources.items():
        # The page says of some members in words how they are computed.
        for column in source.columns:
            assert f"`{column}`" in rows[member], (member, column)
    assert f"](sources/{page}.md)" in (PAGES.parent / "importing-files.md").read_text("utf-8")
