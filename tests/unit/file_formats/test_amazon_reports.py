"""The order reports of Amazon, with what real ones have in their cells."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from orders.domain.file_records import UNCHOSEN, FileOptions, UnreadableFileError
from orders.domain.problems import NOTHING_REPORTED
from orders.domain.settings import Endpoint, Rulebook, Settings
from orders.domain.submissions import Rejection
from orders.file_formats.charsets import guess_charset
from orders.file_formats.interface import Converted
from orders.file_formats.registry import Registry, format_named
from tests.support.files import read_whole, result_file, together

NAMES = (
    "amazon-order-id merchant-order-id purchase-date last-updated-date order-status "
    "fulfillment-channel sales-channel ship-service-level product-name sku asin item-status "
    "quantity currency item-price item-tax shipping-price shipping-tax gift-wrap-price "
    "gift-wrap-tax item-promotion-discount ship-promotion-discount ship-city ship-country"
)
ALL_ORDERS = NAMES.split()
NAMES_OF_NEW_ORDERS = (
    "order-id order-item-id purchase-date payments-date buyer-email buyer-name "
    "buyer-phone-number sku product-name quantity-purchased currency item-price item-tax "
    "shipping-price shipping-tax"
)
NEW_ORDERS = NAMES_OF_NEW_ORDERS.split()
RULES = Rulebook.of(
    Settings(currencies=("EUR", "USD", "JPY"), endpoints={"website": Endpoint("website")})
)
ROW = {
    "amazon-order-id": "302-1",
    "purchase-date": "2025-10-07T09:50:26+00:00",
    "last-updated-date": "2025-10-08T23:30:00-08:00",
    "order-status": "Shipped",
    "product-name": "Mug",
    "sku": "mug",
    "quantity": "1",
    "currency": "EUR",
    "item-price": "10.00",
}


def _report(
    *rows: Mapping[str, str], columns: Sequence[str] = ALL_ORDERS, charset: str = "windows-1252"
) -> bytes:
    lines = [columns, *([row.get(name, "") for name in columns] for row in rows)]
    return "".join("\t".join(line) + "\r\n" for line in lines).encode(charset)


def _converted(data: bytes, chosen: FileOptions = UNCHOSEN) -> list[Converted]:
    options = Registry().detect("report.txt", data, chosen)
    assert options.format == "amazon_orders"
    frame, records = read_whole(data, options)
    return [format_named(options.format).convert(each, frame, options) for each in records]


def _tree(data: bytes, chosen: FileOptions = UNCHOSEN) -> dict[str, Any]:
    [found] = _converted(data, chosen)
    assert found.faults == ()
    return found.tree


def _warnings(data: bytes) -> list[str]:
    """Return the codes of the warnings of an order that is accepted."""
    options = Registry().detect("report.txt", data)
    frame, records = read_whole(data, options)
    [order] = Registry().sent_orders(records, frame, options, skip_triggers=True)
    checked = order.submit(RULES, NOTHING_REPORTED)
    assert not isinstance(checked, Rejection), checked.problems
    return [each.code for each in checked.warnings]


def test_the_report_of_all_orders_needs_no_buyers_and_no_ids_of_lines() -> None:
    data = _report(ROW, ROW | {"sku": "card", "item-price": "5.00"})
    tree = _tree(data)
    customer = {"matching": "custom", "field_name": "amazon_order_id", "field_value": "302-1"}
    assert customer.items() <= tree.items()
    assert tree["update_time"] == "2025-10-09T07:30:00Z"
    assert [(each["external_id"], each["sku"]) for each in tree["lines"]] == [
        ("1", "mug"),
        ("2", "card"),
    ]
    assert _warnings(data) == []


def test_a_customer_of_the_mapping_is_kept() -> None:
    mapping = {
        "order": {"matching": {"constant": "profile_id"}, "profile_id": {"constant": "amazon"}}
    }
    tree = _tree(_report(ROW), replace(UNCHOSEN, mapping=mapping))
    assert (tree["matching"], tree["profile_id"], "field_name" in tree) == (
        "profile_id",
        "amazon",
        False,
    )


def test_the_report_of_new_orders_names_the_order_and_its_buyer() -> None:
    row = {
        "order-id": "302-9",
        "order-item-id": "77",
        "purchase-date": "2010-06-14T13:42:29-07:00",
        "buyer-email": "ada@example.com",
        "buyer-phone-number": "+1 347-448-3190 ext. 12345",
        "sku": "mug",
        "quantity-purchased": "2",
        "currency": "USD",
        "item-price": "1,250.50",
        "shipping-price": "4.00",
    }
    data = _report(row, columns=NEW_ORDERS)
    tree = _tree(data)
    assert tree == {
        "external_id": "302-9",
        "endpoint": "website",
        "matching": "email_phone",
        "email": "ada@example.com",
        "phone": "+1 347-448-3190 ext. 12345",
        "status": "new",
        "currency": "USD",
        "total_price": "1254.5",
        "delivery_cost": "4",
        "create_time": "2010-06-14T20:42:29Z",
        "lines": [
            {"external_id": "77", "sku": "mug", "count": "2", "final_price_per_item": "625.25"}
        ],
    }
    assert _warnings(data) == []


@pytest.mark.parametrize("sign", ["", "-"])
def test_promotions_and_gift_wraps_belong_to_the_amounts(sign: str) -> None:
    data = _report(
        ROW
        | {
            "quantity": "3",
            "gift-wrap-price": "2.50",
            "item-promotion-discount": f"{sign}1.00",
            "shipping-price": "4.99",
            "ship-promotion-discount": f"{sign}4.99",
        },
        ROW | {"sku": "card", "shipping-price": "1.00"},
    )
    tree = _tree(data)
    assert (tree["total_price"], tree["delivery_cost"]) == ("22.5", "1")
    lines = [(each["count"], each["final_price_per_item"]) for each in tree["lines"]]
    assert lines == [("2", "3.83"), ("1", "3.84"), ("1", "10")]
    assert _warnings(data) == []


def test_a_cancelled_item_is_no_line() -> None:
    gone = ROW | {"sku": "gone", "quantity": "0", "item-price": "", "item-status": "Cancelled"}
    data = _report(ROW, gone)
    assert [each["sku"] for each in _tree(data)["lines"]] == ["mug"]
    assert _warnings(data) == []


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("Pending", "new"),
        ("Unshipped", "new"),
        ("Shipped - Delivered to Buyer", "delivered"),
        ("Shipped - Returned to Seller", "canceled"),
        ("Cancelled", "canceled"),
        ("Shipped - Lost", "new"),
    ],
)
def test_the_status_of_an_order(status: str, expected: str) -> None:
    assert _tree(_report(ROW | {"order-status": status}))["status"] == expected


@pytest.mark.parametrize("name", ['"24 inch screen', '19" rack', '"A" and "B"', 'x "', '""'])
def test_quotes_in_names_do_not_join_rows(name: str) -> None:
    data = _report(ROW | {"product-name": name}, ROW | {"amazon-order-id": "302-2"})
    options = Registry().detect("report.txt", data)
    frame, records = read_whole(data, options)
    assert [each.key for each in records] == ["302-1", "302-2"]
    assert together(frame, records) == data

    written = result_file(frame, records, options, message='got "x"\tand\nmore')
    assert written.count(b"\n") == 3
    again = Registry().detect("report.txt", written)
    new_frame, found = read_whole(written, again)
    assert [each.key for each in found] == ["302-1", "302-2"]
    assert result_file(new_frame, found, again, message='got "x"\tand\nmore') == written


def test_a_cell_that_a_spreadsheet_program_has_quoted_is_read_without_quotes() -> None:
    data = _report(ROW | {"sku": '"a, ""b"""', "item-price": '"1,234.50"'})
    [line] = _tree(data)["lines"]
    assert (line["sku"], line["final_price_per_item"]) == ('a, "b"', "1234.5")


def test_a_report_that_was_saved_as_csv_has_quoted_cells() -> None:
    text = _report(ROW | {"product-name": '"Mug, white\nand ""blue"""'}).decode()
    [line] = _tree(text.replace("\t", ",").encode())["lines"]
    assert line["sku"] == "mug"


def test_a_japanese_report_keeps_its_letters_and_bytes() -> None:
    row = ROW | {"product-name": "マグカップ、とても良い∵", "currency": "JPY", "item-price": "1980"}
    # Two codes have the same character, of which one is that of the encoder.
    data = _report(row, charset="cp932").replace("∵".encode("cp932"), b"\x87\x9a")
    mapping = {"line": {"custom_fields.name": "product-name"}}
    options = replace(Registry().detect("report.txt", data), mapping=mapping)
    frame, records = read_whole(data, options)
    assert options.charset == "cp932"
    tree = format_named(options.format).convert(records[0], frame, options).tree
    assert tree["lines"][0]["custom_fields"] == {"name": "マグカップ、とても良い∵"}
    assert b"\x87\x9a" in result_file(frame, records, options, "x")
    assert _warnings(data) == []


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("Кружка белая, доставка курьером", "windows-1251"),
        ("ДОСТАВКА", "windows-1251"),
        ("Größe für naïve Käufer", "windows-1252"),
        ("日本語のマグカップ", "cp932"),
    ],
)
def test_letters_suggest_a_charset(text: str, charset: str) -> None:
    assert guess_charset(text.encode(charset)) == charset


def test_a_report_without_prices_is_not_known() -> None:
    data = b"order-id\torder-item-id\tpurchase-date\tsku\tquantity-to-ship\r\n1\t2\t3\t4\t5\r\n"
    with pytest.raises(UnreadableFileError) as raised:
        Registry().detect("report.txt", data)
    assert "A file with other columns must have a mapping" in str(raised.value)
