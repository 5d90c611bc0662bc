"""Exports of shops with all their columns, as the systems and spreadsheet programs write them."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.file_records import UNCHOSEN, FileOptions
from orders.domain.problems import NOTHING_REPORTED, Problem
from orders.domain.settings import Endpoint, Rulebook, Settings
from orders.domain.submissions import Rejection
from orders.file_formats.registry import Registry, format_named
from tests.support.files import read_whole, result_file

RULES = Rulebook.of(Settings(currencies=("USD", "EUR"), endpoints={"website": Endpoint("website")}))
SHOPIFY = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,"
    "Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,"
    "Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,"
    "Lineitem sku,Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,"
    "Billing Name,Billing Street,Billing Zip,Billing Country,Billing Phone,Shipping Name,"
    "Shipping Street,Shipping Zip,Shipping Country,Shipping Phone,Notes,Note Attributes,"
    "Cancelled at,Payment Method,Payment Reference,Refunded Amount,Vendor,Outstanding Balance,"
    "Employee,Location,Device ID,Id,Tags,Risk Level,Source,Lineitem discount,Tax 1 Name,"
    "Tax 1 Value,Phone,Receipt Number,Duties,Payment ID,Payment References"
)
MATRIXIFY = (
    "ID,Name,Command,Send Receipt,Number,Phone,Email,Note,Tags,Created At,Updated At,Cancelled At,"
    "Cancel: Reason,Processed At,Currency,Source,Price: Total Line Items,Price: Subtotal,"
    "Tax: Included,Tax: Total,Price: Total Discount,Price: Total Shipping,Price: Total Refund,"
    "Price: Total Outstanding,Price: Current Total,Price: Total,Payment: Status,"
    "Order Fulfillment Status,Customer: ID,Customer: Email,Customer: Phone,Billing: Zip,"
    "Shipping: Zip,Row #,Top Row,Line: Type,Line: ID,Line: Product Handle,Line: Title,Line: Name,"
    "Line: Variant Title,Line: SKU,Line: Quantity,Line: Price,Line: Discount,Line: Total,"
    "Line: Gift Card,Line: Taxable,Refund: ID,Transaction: Kind,Transaction: Amount,"
    "Fulfillment: ID,Fulfillment: Status"
)
WOOCOMMERCE = (
    "order_id,order_number_formatted,order_number,order_date,status,shipping_total,"
    "shipping_tax_total,fee_total,fee_tax_total,tax_total,discount_total,order_total,"
    "refunded_total,order_currency,payment_method,shipping_method,customer_id,billing_email,"
    "billing_phone,billing_postcode,shipping_postcode,customer_note,shipping_items,fee_items,"
    "tax_items,coupon_items,refunds,order_notes,download_permissions,line_items"
)
ORDER = {
    "Name": "#1001",
    "Email": "ada@example.com",
    "Financial Status": "paid",
    "Currency": "EUR",
    "Subtotal": "20.00",
    "Shipping": "4.90",
    "Taxes": "3.98",
    "Total": "24.90",
    "Discount Amount": "0.00",
    "Created at": "2025-10-07 09:50:26 +0200",
    "Lineitem quantity": "2",
    "Lineitem name": "Mug - White",
    "Lineitem price": "10.00",
    "Lineitem sku": "mug",
    "Lineitem discount": "0.00",
    "Billing Zip": "'01069",
    "Phone": "'+49351000",
}
SHEET = {
    "ID": "450789469",
    "Name": "#1001",
    "Command": "UPDATE",
    "Number": "1001",
    "Email": "ada@example.com",
    "Created At": "2025-10-07 09:50:26 +0200",
    "Currency": "EUR",
    "Price: Total Shipping": "4.90",
    "Price: Total": "24.90",
    "Payment: Status": "paid",
    "Line: Type": "Line Item",
    "Line: ID": "11",
    "Line: Title": "Mug",
    "Line: SKU": "mug",
    "Line: Quantity": "2",
    "Line: Price": "10.00",
    "Line: Total": "20.00",
}
ROW = {
    "order_id": "71",
    "order_number_formatted": "71",
    "order_date": "2025-10-07 09:50:26",
    "status": "completed",
    "shipping_total": "4.90",
    "order_total": "24.90",
    "order_currency": "EUR",
    "billing_email": "ada@example.com",
    "line_items": "id:9|name:Mug|product_id:5|sku:mug|quantity:2|subtotal:20.00|total:20.00|meta:",
}

type Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Read:
    """An order of a file, and the problems of its import by their path below the order."""

    key: str | None
    tree: Mapping[str, Any]
    problems: Mapping[str, str]

    @property
    def lines(self) -> Sequence[tuple[str, str, str]]:
        """Return SKU, count and price of each line."""
        return [
            (each["sku"], each["count"], each["final_price_per_item"])
            for each in self.tree["lines"]
        ]


def _file(header: str, rows: Sequence[Row], delimiter: str = ",") -> str:
    text = io.StringIO()
    columns = header.split(",")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows([columns, *([row.get(name, "") for name in columns] for row in rows)])
    return text.getvalue()


def _read(
    text: str | bytes, name: str = "export.csv", chosen: FileOptions = UNCHOSEN
) -> list[Read]:
    data = text.encode() if isinstance(text, str) else text
    options = Registry().detect(name, data, chosen)
    frame, records = read_whole(data, options)
    sent = Registry().sent_orders(records, frame, options, skip_triggers=True)
    found = []
    for record, order in zip(records, sent, strict=True):
        tree = format_named(options.format).convert(record, frame, options).tree
        checked = order.submit(RULES, NOTHING_REPORTED)
        problems = checked.problems if isinstance(checked, Rejection) else ()
        found.append(Read(record.key, tree, {_path(each): each.message for each in problems}))
    return found


def _path(problem: Problem) -> str:
    return "".join(f"/{step}" for step in problem.path[2:])


def _shopify(*rows: Row) -> list[Read]:
    return _read(_file(SHOPIFY, rows))


def _matrixify(*rows: Row) -> list[Read]:
    return _read(_file(MATRIXIFY, rows))


def _woocommerce(*rows: Row) -> list[Read]:
    return _read(_file(WOOCOMMERCE, rows))


@pytest.mark.parametrize(
    ("header", "row", "external_id"),
    [(SHOPIFY, ORDER, "#1001"), (MATRIXIFY, SHEET, "#1001"), (WOOCOMMERCE, ROW, "71")],
)
def test_an_export_with_all_columns_has_the_money_the_time_and_the_customer(
    header: str, row: Row, external_id: str
) -> None:
    [found] = _read(_file(header, [row]))
    assert found.problems == {}
    assert found.key == found.tree["external_id"] == external_id
    assert (found.tree["total_price"], found.tree["delivery_cost"]) == ("24.90", "4.90")
    assert found.tree["currency"] == "EUR"
    assert found.tree["email"] == "ada@example.com"
    assert found.lines == [("mug", "2", "10")]


@pytest.mark.parametrize("header", [SHOPIFY, MATRIXIFY, WOOCOMMERCE])
@pytest.mark.parametrize("change", [str.upper, str.lower, lambda name: f"  {name}\u00a0"])
def test_names_of_columns_may_be_in_any_case_and_have_spaces(
    header: str, change: Callable[[str], str]
) -> None:
    row = {SHOPIFY: ORDER, MATRIXIFY: SHEET, WOOCOMMERCE: ROW}[header]
    text = _file(header, [row])
    changed = ",".join(change(name) for name in header.split(","))
    assert _read(text.replace(header, changed)) == _read(text)


@pytest.mark.parametrize("header", [SHOPIFY, MATRIXIFY, WOOCOMMERCE])
def test_columns_may_be_in_another_order_with_others_between(header: str) -> None:
    row = {SHOPIFY: ORDER, MATRIXIFY: SHEET, WOOCOMMERCE: ROW}[header]
    columns = ["Mine", *reversed(header.split(",")), "mine 2"]
    assert _read(_file(",".join(columns), [row])) == _read(_file(header, [row]))


@pytest.mark.parametrize(
    "save",
    [
        lambda rows: _file(SHOPIFY, rows, ";").encode("windows-1252"),
        lambda rows: ("\ufeff" + _file(SHOPIFY, rows, ";")).encode(),
        lambda rows: _file(SHOPIFY, rows, "\t").encode("utf-16"),
        lambda rows: ("sep=;\r\n" + _file(SHOPIFY, rows, ";") + ";;;\r\n" * 3).encode("utf-16"),
    ],
)
def test_a_file_that_a_spreadsheet_program_has_saved_is_read(
    save: Callable[[list[Row]], bytes],
) -> None:
    german = ORDER | {
        "Lineitem sku": "Becher grün",
        "Total": "1.024,90",
        "Lineitem price": "510,00",
        "Shipping": "4,90",
        "Lineitem discount": "0,00",
        "Created at": "07.10.2025 09:50",
    }
    [found] = _read(save([german]))
    assert found.problems == {}
    assert (found.tree["total_price"], found.tree["delivery_cost"]) == ("1024.90", "4.90")
    assert found.tree["create_time"] == "2025-10-07T09:50:00Z"
    assert found.lines == [("Becher grün", "2", "510")]


def test_thousands_are_not_taken_for_a_decimal_comma() -> None:
    [found] = _shopify(ORDER | {"Total": "1,024", "Lineitem price": "510"})
    assert (found.tree["total_price"], found.lines) == ("1024", [("mug", "2", "510")])


def test_a_date_that_has_two_meanings_is_a_problem_where_the_export_has_iso_dates() -> None:
    [found] = _shopify(ORDER | {"Created at": "10/07/2025 09:50"})
    assert [*found.problems] == ["/create_time"]


def test_dates_that_begin_with_the_day_are_detected_in_a_file_of_woocommerce() -> None:
    dates = ("07/10/2025 09:50", "31/07/2025 09:50")
    found = _woocommerce(
        *(ROW | {"order_date": each, "order_number_formatted": each} for each in dates)
    )
    assert [each.tree["create_time"] for each in found] == [
        "2025-10-07T09:50:00Z",
        "2025-07-31T09:50:00Z",
    ]


def test_a_template_adds_the_offset_of_the_shop() -> None:
    mapping = {"order": {"create_time": {"template": "{order_date} +0300"}}}
    [found] = _read(_file(WOOCOMMERCE, [ROW]), chosen=replace(UNCHOSEN, mapping=mapping))
    assert found.tree["create_time"] == "2025-10-07T06:50:26Z"


@pytest.mark.parametrize(
    ("header", "row", "column", "path"),
    [
        (SHOPIFY, ORDER, "Phone", "/phone"),
        (SHOPIFY, ORDER, "Lineitem sku", "/lines/0/sku"),
        (MATRIXIFY, SHEET, "Line: ID", "/lines/0/external_id"),
        (WOOCOMMERCE, ROW, "order_number_formatted", "/external_id"),
    ],
)
def test_a_number_that_a_spreadsheet_program_has_shortened_is_a_problem(
    header: str, row: Row, column: str, path: str
) -> None:
    [found] = _read(_file(header, [{**row, column: "4.91512E+11"}]))
    assert "a spreadsheet program has changed" in found.problems[path]
    assert f'column "{column}"' in found.problems[path]


def test_an_order_number_with_a_decimal_point_is_a_problem() -> None:
    [order] = _woocommerce(ROW | {"order_number_formatted": "1001.0"})
    [phone] = _shopify(ORDER | {"Phone": "491512000000.0"})
    [sku] = _shopify(ORDER | {"Lineitem sku": "12.0"})
    assert ([*order.problems], [*phone.problems], sku.problems) == (
        ["/external_id"],
        ["/phone"],
        {},
    )


def test_a_formula_that_keeps_leading_zeros_is_its_text() -> None:
    [found] = _shopify(ORDER | {"Phone": '="0351000"', "Lineitem sku": '="007"'})
    assert (found.tree["phone"], found.lines[0][0]) == ("0351000", "007")


def test_a_row_with_too_many_cells_is_a_problem_and_keeps_its_bytes() -> None:
    header = "Name,Email,Financial Status,Currency,Total,Lineitem quantity,Lineitem name"
    good = f"{header},Lineitem price\n#1,a@example.com,paid,EUR,5.00,1,Mug,5.00\n"
    bad = "#2,a@example.com,paid,EUR,5.00,1,Mug, white,5.00\n"
    first, second = _read(good + bad)
    assert first.problems == {}
    [(path, message)] = second.problems.items()
    assert (path, message[:43]) == ("", "Row 3 must have at most 8 cells; got 9. Put")

    data = (good + bad).encode()
    for _ in range(2):
        options = Registry().detect("export.csv", data)
        frame, records = read_whole(data, options)
        data = result_file(frame, records, options)
        assert bad.encode().strip() in data


def test_two_columns_with_one_name_must_not_contradict() -> None:
    header = f"{SHOPIFY},Total,Notes"
    text = _file(header, [ORDER])
    [same] = _read(text)
    [other] = _read(text.replace(",24.90,\r\n", ",30.00,\r\n"))
    assert same.problems == {}
    assert 'must have one value in the columns "Total"; got 24.90, 30.00' in other.problems[""]


def test_a_missing_value_names_its_column() -> None:
    [found] = _shopify(ORDER | {"Total": "", "Lineitem quantity": ""})
    assert found.problems["/total_price"] == "total_price is required (column Total)"
    assert "(column Lineitem quantity)" in found.problems["/lines/0/count"]


@pytest.mark.parametrize("status", ["paid", "refunded", "voided", "pending"])
def test_a_cancelled_order_is_canceled(status: str) -> None:
    time = "2025-10-08 10:00:00 +0200"
    [one] = _shopify(ORDER | {"Financial Status": status, "Cancelled at": time})
    [other] = _matrixify(SHEET | {"Payment: Status": status, "Cancelled At": time})
    assert (one.tree["status"], other.tree["status"]) == ("canceled", "canceled")


@pytest.mark.parametrize("discount", ["5.00", "-5.00"])
def test_a_discount_lowers_the_price_with_and_without_a_minus_sign(discount: str) -> None:
    [one] = _shopify(ORDER | {"Lineitem discount": discount})
    [other] = _matrixify(SHEET | {"Line: Discount": discount})
    assert one.lines == other.lines == [("mug", "2", "7.5")]
    assert one.tree["lines"][0]["base_price_per_item"] == "10.00"


def test_no_row_with_a_price_is_lost_because_its_name_is_blank() -> None:
    tip = {"Name": "#1001", "Lineitem quantity": "1", "Lineitem price": "3.00"}
    other = tip | {"Lineitem name": "Tip"}
    payment = {"Name": "#1001", "Payment ID": "c1"}
    [found] = _shopify(ORDER, other, payment)
    [nameless] = _shopify(ORDER, tip | {"Lineitem sku": "tip"})
    assert found.lines == [("mug", "2", "10"), ("Tip", "1", "3")]
    assert nameless.lines == [("mug", "2", "10"), ("tip", "1", "3")]


def test_an_order_that_follows_itself_is_not_imported_with_its_lines_twice() -> None:
    card = {"Name": "#1001", "Lineitem quantity": "1", "Lineitem name": "Card"} | {
        "Lineitem price": "3.00"
    }
    [one] = _shopify(ORDER, ORDER)
    [other] = _shopify(ORDER, card, ORDER, card)
    assert [*one.problems] == [*other.problems] == [""]
    assert "The file has the order twice" in one.problems[""]
    # Some tools repeat the values of the order in the rows of its lines.
    [repeated] = _shopify(ORDER, ORDER | card)
    [blank] = _shopify(ORDER, card)
    assert repeated.problems == blank.problems == {}
    assert len(repeated.lines) == len(blank.lines) == 2


def test_a_line_of_matrixify_that_the_file_has_twice_is_a_problem() -> None:
    [found] = _matrixify(SHEET, SHEET)
    assert [*found.problems] == ["/lines/1/external_id"]


def test_a_row_of_matrixify_without_a_type_is_a_line_if_it_has_values_of_one() -> None:
    head = {name: value for name, value in SHEET.items() if not name.startswith("Line:")}
    line = SHEET | {"Line: Type": ""}
    kinds = ("Discount", "Shipping Line", "Refund Line", "Transaction", "Fulfillment Line")
    others = (SHEET | {"Line: Type": each, "Line: Price": "-3.00"} for each in kinds)
    [found] = _matrixify(head, line, *others)
    assert (found.problems, found.lines) == ({}, [("mug", "2", "10")])


def test_lines_of_matrixify_without_an_id_have_numbers() -> None:
    card = SHEET | {"Line: ID": "", "Line: SKU": "", "Line: Title": "Card"}
    [found] = _matrixify(SHEET | {"Line: ID": ""}, card)
    assert found.problems == {}
    assert [each["external_id"] for each in found.tree["lines"]] == ["1", "2"]


@pytest.mark.parametrize("command", ["DELETE", "delete", "IGNORE"])
def test_an_order_that_should_be_deleted_or_omitted_is_not_imported(command: str) -> None:
    first, second = _matrixify(
        SHEET | {"Command": command}, SHEET | {"Number": "1002", "Name": "#1002"}
    )
    assert f'got "{command.upper()}"' in first.problems[""]
    assert second.problems == {}


def test_two_orders_of_matrixify_with_one_name_have_one_key() -> None:
    found = _matrixify(SHEET, SHEET | {"Number": "1002", "Email": "bob@example.com"})
    assert [each.key for each in found] == ["#1001", "#1001"]


def test_two_rows_of_woocommerce_with_one_number_are_two_orders() -> None:
    found = _woocommerce(ROW, ROW, ROW | {"order_id": "72"})
    assert [each.key for each in found] == ["71", "71", "71"]


@pytest.mark.parametrize("status", ["completed", "Completed", "wc-completed"])
def test_a_status_of_woocommerce_may_have_the_prefix_of_the_database(status: str) -> None:
    [found] = _woocommerce(ROW | {"status": status})
    assert found.tree["status"] == "delivered"


def test_a_deleted_product_of_woocommerce_has_its_name_only() -> None:
    gone = "id:9|name:Gone|product_id:0|sku:unknown_product|quantity:1|total:20.00"
    in_json = (
        '[{"id":9,"name":"Mug &quot;A&quot;","product_id":0,"sku":"unknown_product",'
        '"quantity":1,"total":"20.00","meta":{"Size":"L"},"tax_data":{"total":[]}}]'
    )
    one, other = _woocommerce(
        ROW | {"line_items": gone}, ROW | {"line_items": in_json, "order_number_formatted": "72"}
    )
    assert (one.lines, other.lines) == ([("Gone", "1", "20")], [('Mug "A"', "1", "20")])
    assert "product" not in {**one.tree["lines"][0], **other.tree["lines"][0]}


@pytest.mark.parametrize(
    ("cell", "path"),
    [
        ("name:Mug; white|sku:x|quantity:1|total:1.00", "/lines"),
        ("name:Mug; kind:white|sku:x|quantity:1|total:1.00", "/lines/0/count"),
        ("name:Mug|big|sku:x|quantity:1|total:1.00", "/lines"),
        ("name:Mug|quantity:1|total:1.00|quantity:2", "/lines"),
        ("name:Mug|sku:x|quantity:0|total:1.00", "/lines/0/final_price_per_item"),
        ("name:Mug|sku:x|quantity:|total:1.00", "/lines/0/final_price_per_item"),
        ("name:Mug|sku:x|quantity:1|total:", "/lines/0/final_price_per_item"),
        ("name:Mug|sku:x|quantity:1|total:-1.00", "/lines/0/final_price_per_item"),
        ("name:Mug|sku:x|quantity:1.5|total:1.00", "/lines/0/count"),
        ("", "/lines"),
        ("[]", "/lines"),
        ("[1]", "/lines"),
    ],
)
def test_a_cell_of_woocommerce_that_is_damaged_is_a_problem(cell: str, path: str) -> None:
    [found] = _woocommerce(ROW | {"line_items": cell})
    assert path in found.problems


def _escaped(text: str) -> str:
    """Escape as the export does: a backslash before each separator, and none before itself."""
    for each in ":|;":
        text = text.replace(each, f"\\{each}")
    return text


@given(st.lists(st.text("ab:|;\\=, \n\"'").map(lambda text: f"x{text}x"), min_size=1))
def test_names_of_products_may_have_separators_and_backslashes(names: list[str]) -> None:
    # A backslash before a separator looks like an escape in this export.
    clear = [name for name in names if not any(f"\\{each}" in name for each in ":|;")]
    cell = ";".join(f"name:a|sku:{_escaped(name)}|quantity:1|total:1" for name in clear)
    [found] = _woocommerce(ROW | {"line_items": cell})
    assert [sku for sku, _, _ in found.lines] == [name.strip() for name in clear]


def test_a_total_that_its_items_do_not_share_stays_exact() -> None:
    cell = "name:Mug|sku:mug|quantity:3|total:20.00"
    [one] = _woocommerce(ROW | {"line_items": cell})
    [other] = _shopify(ORDER | {"Lineitem quantity": "3", "Lineitem discount": "10.00"})
    assert one.problems == other.problems == {}
    assert one.lines == other.lines == [("mug", "1", "6.66"), ("mug", "2", "6.67")]
