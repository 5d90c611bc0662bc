"""What exports have in their cells that other importers stumble over."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orders.domain.file_records import UNCHOSEN, FileOptions
from orders.domain.problems import NOTHING_REPORTED, Problem
from orders.domain.settings import Endpoint, Rulebook, Settings
from orders.domain.submissions import Rejection
from orders.file_formats.registry import Registry, format_named
from orders.file_formats.xml_marks import order_start
from tests.support.files import read_whole

EXPORTS = Path(__file__).parent / "exports"
RULES = Rulebook.of(
    Settings(currencies=("USD", "EUR", "RUB"), endpoints={"website": Endpoint("website")})
)
MAPPING = {
    "group_by": "No",
    "line_if": {"column": "Kind", "is": ["Item"]},
    "order": {
        "external_id": "No",
        "endpoint": {"constant": "website"},
        "email": "Mail",
        "status": {"constant": "paid"},
        "currency": "Currency",
        "total_price": "Total",
        "create_time": "Date",
    },
    "line": {
        "external_id": {"template": "{#}"},
        "sku": "SKU",
        "count": "Qty",
        "final_price_per_item": "Price",
    },
}
HEADER = "No;Mail;Currency;Total;Date;Kind;SKU;Qty;Price\n"


def _read(
    data: bytes, name: str = "a.csv", chosen: FileOptions = UNCHOSEN
) -> list[tuple[dict[str, Any], Sequence[Problem]]]:
    """Return the orders of a file, each with the problems of its import."""
    options = Registry().detect(name, data, chosen)
    frame, records = read_whole(data, options)
    sent = Registry().sent_orders(records, frame, options, skip_triggers=True)
    found: list[tuple[dict[str, Any], Sequence[Problem]]] = []
    for record, order in zip(records, sent, strict=True):
        tree = format_named(options.format).convert(record, frame, options).tree
        checked = order.submit(RULES, NOTHING_REPORTED)
        found.append((tree, checked.problems if isinstance(checked, Rejection) else ()))
    return found


def _mapped(text: str | bytes, **options: object) -> list[tuple[dict[str, Any], Sequence[Problem]]]:
    data = text if isinstance(text, bytes) else (HEADER + text).encode()
    guessed = tuple(each for each in UNCHOSEN.guessed if each not in options)
    chosen = replace(UNCHOSEN, mapping=MAPPING, guessed=guessed, **options)  # type: ignore[arg-type]
    return _read(data, chosen=chosen)


def _pointers(problems: Sequence[Problem]) -> list[str]:
    return ["/" + "/".join(map(str, each.path[2:])) for each in problems]


def test_values_of_an_order_may_be_blank_in_its_later_rows() -> None:
    text = (EXPORTS / "matrixify.csv").read_text(encoding="utf-8")
    blank = text.replace(
        "1001,NEW,#1001,ada@example.com,USD,25.00,5.00,paid,2025-10-07 09:50:26 -0400,Line Item,12",
        "1001,,,,,,,,,Line Item,12",
    )
    assert blank != text
    assert _read(blank.encode()) == _read(text.encode())


def test_rows_of_other_kinds_are_no_lines() -> None:
    text = (EXPORTS / "matrixify.csv").read_text(encoding="utf-8")
    rows = (
        "1002,,,,,,,,,Refund Line,14,Mug,mug,-1,10.00\n"
        "1002,,,,,,,,,Transaction,15,,,,\n"
        "1002,,,,,,,,,Fulfillment Line,16,Mug,mug,1,10.00\n"
    )
    assert _read((text + rows).encode()) == _read(text.encode())


@pytest.mark.parametrize(
    ("status", "expected"), [("partially_refunded", "part_refunded"), ("refunded", "canceled")]
)
def test_a_refund_is_the_status_of_an_order(status: str, expected: str) -> None:
    text = (EXPORTS / "shopify.csv").read_text(encoding="utf-8").replace(",paid,", f",{status},", 1)
    [(tree, problems), _] = _read(text.encode())
    assert (tree["status"], problems) == (expected, ())


@pytest.mark.parametrize(
    ("total", "expected"),
    [("1.234.567,50", "1234567.50"), ("1 234,50", "1234.50"), ("1\u00a0234,50 €", "1234.50")],
)
def test_amounts_may_have_thousands_separators(total: str, expected: str) -> None:
    [(tree, problems)] = _mapped(
        f"1;a@example.com;EUR;{total};2026-01-31;Item;mug;1;1234,50\n", decimal_comma=True
    )
    assert (tree["total_price"], problems) == (expected, ())


@pytest.mark.parametrize("total", ["1,00 €", "EUR 1,00", "1,00 kr", "1,00 $", "1,00 руб."])
def test_the_currency_of_the_order_may_be_beside_an_amount(total: str) -> None:
    [(tree, problems)] = _mapped(
        f"1;a@example.com;EUR;{total};2026-01-31;Item;mug;1;1,00\n", decimal_comma=True
    )
    assert (tree["total_price"], problems) == ("1.00", ())


@pytest.mark.parametrize("total", ["1,00 USD", "£1,00", "1,00 zł", "PLN 1,00"])
def test_another_currency_beside_an_amount_is_a_problem(total: str) -> None:
    [(_, problems)] = _mapped(
        f"1;a@example.com;EUR;{total};2026-01-31;Item;mug;1;1,00\n", decimal_comma=True
    )
    assert _pointers(problems) == ["/total_price"]
    assert problems[0].message.startswith(
        f'column "Total" must be an amount in the currency of the order, EUR; got "{total}"'
    )


def test_a_separator_in_the_wrong_place_is_not_guessed() -> None:
    [(_, problems)] = _mapped(
        "1;a@example.com;EUR;1.23;2026-01-31;Item;mug;1;1,00\n", decimal_comma=True
    )
    assert _pointers(problems) == ["/total_price"]


def test_iso_dates_are_read_beside_those_of_the_form_of_the_file() -> None:
    dates = ("2026-01-31 10:00:00", "31.01.2026 10:00", "2026-01-31T13:00:00+03:00", "31/01/2026")
    found = _mapped(
        "".join(f"{n};a@example.com;EUR;1;{d};Item;mug;1;1\n" for n, d in enumerate(dates, 1)),
        date_form="dmy",
    )
    assert [problems for _, problems in found] == [()] * 4
    assert [tree["create_time"] for tree, _ in found] == [
        *["2026-01-31T10:00:00Z"] * 3,
        "2026-01-31T00:00:00Z",
    ]


def test_a_date_that_is_no_day_of_the_form_is_a_problem() -> None:
    [(_, problems), (_, others)] = _mapped(
        "1;a@example.com;EUR;1;01/31/2026;Item;mug;1;1\n"
        "2;a@example.com;EUR;1;12/11/2026;Item;mug;1;1\n",
        date_form="dmy",
    )
    assert (_pointers(problems), others) == (["/create_time"], ())


def test_quotes_line_breaks_and_delimiters_belong_to_their_cells() -> None:
    [(tree, problems)] = _mapped(
        '1;a@example.com;EUR;1;2026-01-31;Item;"a ""b""; c\r\nd";1;1\r\n', delimiter=";"
    )
    assert problems == ()
    assert tree["lines"][0]["sku"] == 'a "b"; c\r\nd'


def test_bytes_of_another_charset_are_a_problem_of_their_order_only() -> None:
    data = (HEADER + "1;a@example.com;EUR;1;2026-01-31;Item;Кружка;1;1\n").encode()
    other = "2;a@example.com;EUR;1;2026-01-31;Item;Кружка;1;1\n".encode("windows-1251")
    [(tree, problems), (_, others)] = _mapped(data + other, charset="utf-8")
    assert (tree["lines"][0]["sku"], problems) == ("Кружка", ())
    assert _pointers(others) == ["/lines/0/sku"]


def test_a_free_line_is_imported_and_a_negative_one_is_a_problem() -> None:
    [(free, problems), (_, others)] = _mapped(
        "1;a@example.com;EUR;0;2026-01-31;Item;mug;1;0\n"
        "2;a@example.com;EUR;-5;2026-01-31;Item;mug;1;-5\n"
    )
    assert (free["lines"][0]["final_price_per_item"], problems) == ("0", ())
    assert _pointers(others) == ["/total_price", "/lines/0/final_price_per_item"]


def test_a_returned_item_is_a_problem_of_its_order() -> None:
    [(_, problems)] = _mapped("1;a@example.com;EUR;5;2026-01-31;Item;mug;-1;5\n")
    assert _pointers(problems) == ["/lines/0/count"]


def test_the_columns_that_a_mapping_does_not_read_are_named() -> None:
    data = b"No,Mail,Total,Price,Note,_row,Note\n1,a@example.com,1,1,x,2,y\n"
    options = Registry().detect("a.csv", data, replace(UNCHOSEN, mapping=MAPPING))
    assert options.format == "mapped_csv"
    assert read_whole(data, options)[0].ignored == ("Note",)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("\n <a><b>1</b></a>\n", 2),
        ("<a/><a>1</a>", 4),
        ("<b>1</b><a>1</a>", 8),
        ("<a>1</a><a>2</a>", 8),
        ("<a x='1'><![CDATA[</a>]]></a>", 0),
        ("<!-- <a> --><a>1</a>", 12),
        ("<ab>1</ab><a>1</a>", 10),
        ("<a/>", 0),
    ],
)
def test_the_order_is_the_last_element_of_its_record(text: str, start: int) -> None:
    assert order_start(text) == start
