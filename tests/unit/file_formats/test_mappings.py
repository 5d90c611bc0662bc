from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.file_records import FileOptions
from orders.domain.problems import Code
from orders.file_formats.mapped_orders import LatestOrders, convert
from orders.file_formats.mappings import MONEY, ColumnMapping
from orders.file_formats.written_mappings import MappingError, overridden, read_mapping

MAPPING = read_mapping(
    {
        "group_by": "Name",
        "line_if": "Item",
        "order": {
            "external_id": "Name",
            "endpoint": {"constant": "website"},
            "email": "Email",
            "status": {"column": "State", "lookup": {"paid": "completed"}, "default": "new"},
            "currency": "Currency",
            "total_price": "Total",
            "create_time": "Created",
            "tags": {"column": "Tags", "split": ","},
            "custom_fields.note": "Note",
        },
        "line": {
            "external_id": {"template": "{Name}-{#}"},
            "sku": {"column": ["SKU", "Item"]},
            "count": "Quantity",
            "final_price_per_item": {"column": "Price", "less": ["Off"], "divide_by": "Quantity"},
        },
    }
)
OPTIONS = FileOptions("shop_csv", decimal_comma=True, date_form="dmy")
FIRST = {
    "Name": "#1",
    "Email": "a@example.com",
    "State": "paid",
    "Currency": "руб",
    "Total": "1 000,00",
    "Created": "31.01.2026 10:00",
    "Tags": "a, b",
    "Note": "'0123",
    "Item": "mug",
    "SKU": "m-1",
    "Quantity": "2",
    "Price": "500,00",
    "Off": "",
}
SECOND = dict.fromkeys(FIRST, "") | {
    "Name": "#1",
    "Item": "cup",
    "Quantity": "4",
    "Price": "510,50",
    "Off": "10,50",
}


def test_rows_become_one_order() -> None:
    converted = convert(MAPPING, [FIRST, SECOND, dict.fromkeys(FIRST, "")], OPTIONS)

    assert converted.faults == ()
    assert converted.tree == {
        "external_id": "#1",
        "endpoint": "website",
        "email": "a@example.com",
        "status": "completed",
        "currency": "RUB",
        "total_price": "1000.00",
        "create_time": "2026-01-31T10:00:00Z",
        "tags": ["a", "b"],
        "custom_fields": {"note": "0123"},
        "lines": [
            {"external_id": "#1-1", "sku": "m-1", "count": "2", "final_price_per_item": "250"},
            {"external_id": "#1-2", "sku": "cup", "count": "4", "final_price_per_item": "125"},
        ],
    }
    assert converted.source_of["/lines/1/final_price_per_item"] == "column Price"


def test_a_total_that_items_do_not_share_exactly_is_two_lines() -> None:
    converted = convert(MAPPING, [SECOND | {"Quantity": "3"}, FIRST], OPTIONS)

    assert converted.faults == ()
    assert converted.tree["lines"] == [
        {"external_id": "#1-1", "sku": "cup", "count": "1", "final_price_per_item": "166.66"},
        {"external_id": "#1-1_2", "sku": "cup", "count": "2", "final_price_per_item": "166.67"},
        {"external_id": "#1-2", "sku": "m-1", "count": "2", "final_price_per_item": "250"},
    ]
    assert converted.source_of["/lines/2/final_price_per_item"] == "column Price"


@given(
    amount=st.decimals("0", "99999", places=3),
    off=st.decimals("0", "99", places=2),
    count=st.integers(1, 1000),
)
def test_lines_cost_what_the_export_says(amount: Decimal, off: Decimal, count: int) -> None:
    row = FIRST | {"Price": str(amount), "Off": str(off), "Quantity": str(count)}
    converted = convert(MAPPING, [row], FileOptions("shop_csv"))
    lines = converted.tree["lines"]

    assert sum(int(line["count"]) for line in lines) == count
    total = sum(Decimal(line["final_price_per_item"]) * int(line["count"]) for line in lines)
    assert total == amount - off


def test_a_price_that_is_not_exact_and_has_no_count_is_a_problem() -> None:
    source = {"column": "Price", "divide_by": "Quantity"}
    mapping = overridden(MAPPING, {"line": {"base_price_per_item": source, "count": "Email"}})
    faults = convert(mapping, [SECOND | {"Email": "x", "Quantity": "7"}], OPTIONS).faults

    assert [each.pointer for each in faults] == [
        "/lines/0/count",
        "/lines/0/base_price_per_item",
        "/lines/0/final_price_per_item",
    ]
    assert faults[1].message == (
        'column "Price" must be an amount that its items share exactly; got "510,50"'
    )


def test_an_unknown_value_of_a_lookup_without_a_default_is_a_problem() -> None:
    mapping = overridden(MAPPING, {"order": {"status": {"column": "State", "lookup": {"x": "y"}}}})
    [fault] = convert(mapping, [FIRST], OPTIONS).faults

    assert (fault.code, fault.pointer) == (Code.INVALID_VALUE, "/status")
    assert fault.message == 'column "State" must be one of x; got "paid"'


def test_all_problems_of_a_record_are_reported_with_their_columns() -> None:
    row = FIRST | {"Total": "12.5x", "Created": "soon", "Quantity": "0"}
    faults = convert(MAPPING, [row], OPTIONS).faults

    assert [each.pointer for each in faults] == [
        "/total_price",
        "/create_time",
        "/lines/0/final_price_per_item",
    ]
    assert faults[0].message.startswith('column "Total" must be an amount with a decimal comma')


def test_values_of_an_order_that_contradict_are_a_problem() -> None:
    [fault] = convert(MAPPING, [FIRST, SECOND | {"Email": "b@example.com"}], OPTIONS).faults

    assert fault.pointer == "/email"
    assert "one value in all rows of an order" in fault.message


@pytest.mark.parametrize(
    ("line_if", "lines"),
    [
        ({"column": "Kind", "is": ["ITEM", "gift"]}, 2),
        ({"column": "Kind", "is": "item"}, 1),
        ({"column": "Kind"}, 3),
        ("Kind", 3),
        (None, 4),
    ],
)
def test_a_row_is_a_line_by_the_value_of_a_column(line_if: object, lines: int) -> None:
    mapping = read_mapping({"group_by": "A", "line_if": line_if, "order": {}, "line": {}})
    rows = [{"Kind": kind} for kind in (" Item", "gift", "refund", " ")]
    assert len(convert(mapping, rows, OPTIONS).tree["lines"]) == lines


def test_an_override_may_change_which_rows_are_lines() -> None:
    changed = overridden(MAPPING, {"line_if": {"column": "Kind", "is": ["x"]}})
    assert changed.line_if == ("Kind",)
    assert changed.line_values == {"x"}
    assert overridden(changed, {}).line_values == {"x"}


def test_a_negative_price_keeps_its_sign() -> None:
    converted = convert(MAPPING, [FIRST | {"Price": "(5,00)"}], OPTIONS)
    assert converted.tree["lines"][0]["final_price_per_item"] == "-2.5"


NOTHING: dict[str, object] = {"order": {}, "line": {}}


def _of_email(source: object) -> dict[str, object]:
    return {"group_by": "A", "order": {"email": source}, "line": {}}


def _of_line(member: str, source: object) -> dict[str, object]:
    return {"group_by": "A", "order": {}, "line": {member: source}}


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ([], "The mapping must be an object"),
        ({"order": {}, "line": {}}, "group_by must name"),
        ({"group_by": "A", "order": {}, "line": None}, "line must be an object"),
        ({"group_by": "A", "order": {"mail": "B"}, "line": {}}, 'got "mail"'),
        ({"group_by": "A", "order": {"email": 5}, "line": {}}, "order.email must be the name"),
        ({"group_by": "A", "order": {"email": {}}, "line": {}}, "exactly one of"),
        ({"group_by": "A", "order": {"email": {"col": "B"}}, "line": {}}, 'got "col"'),
        ({"group_by": "A", "order": {"email": {"column": 1}}, "line": {}}, "must be the text"),
        (
            {"group_by": "A", "order": {"email": {"column": "B", "lookup": []}}, "line": {}},
            "order.email.lookup must be an object",
        ),
        ({"group_by": "A", "line_if": 1, "order": {}, "line": {}}, "line_if must name a column"),
        ({"group_by": "A", "line_if": {"is": []}, "order": {}, "line": {}}, "have column, and is"),
        (
            {"group_by": "A", "line_if": {"column": "B", "not": 1}, "order": {}, "line": {}},
            "have column, and is",
        ),
        (
            {"group_by": "A", "line_if": {"column": "B", "is": [], "is_not": []}, **NOTHING},
            "line_if must have only one of is and is_not",
        ),
        ({"group_by": ["A", 1], "order": {}, "line": {}}, "group_by must name"),
        ({"group_by": [], "order": {}, "line": {}}, "group_by must name"),
        (_of_email({"column": []}), "order.email.column must be the text"),
        (_of_email({"column": ""}), "order.email.column must be the text"),
        (_of_email({"constant": None}), "order.email.constant must be text or a number; got"),
        (_of_email({"constant": {}}), "order.email.constant must be text or a number; got"),
        (_of_email({"column": "A", "default": True}), 'must be text or a number; got "true"'),
        (
            _of_email({"column": "A", "lookup": {"x": None}}),
            'order.email.lookup.x must be text or a number; got "null"',
        ),
        (_of_email({"template": "Mail"}), 'names of columns in braces, such as "{Date} {Time}"'),
        (_of_email({"template": "{Mail"}), "names of columns in braces"),
        (_of_email({"template": "{Mail}}"}), "names of columns in braces"),
        (_of_email({"constant": "x", "default": "y"}), "must have nothing beside constant"),
        (
            _of_email({"column": "A", "divide_by": "B"}),
            "order.email must have only default, if_filled, lookup beside column; got divide_by",
        ),
        (_of_email({"sum": ["A"]}), "order.email must not have sum: only"),
        (_of_email({"column": "A", "split": ","}), "beside column; got split"),
        (_of_line("count", {"column": "A", "less": "B"}), "beside column; got less"),
        (
            _of_line("base_price_per_item", {"column": "A", "less": "B", "lookup": {"free": "0"}}),
            "beside column; got lookup",
        ),
        (
            _of_line("final_price_per_item", {"column": "A", "divide_by": 0}),
            "line.final_price_per_item.divide_by must be 1 or more; got 0",
        ),
        (
            {"group_by": "A", "line_if": {"column": "B", "is": [1]}, "order": {}, "line": {}},
            "line_if.is must be text",
        ),
    ],
)
def test_a_fault_of_a_mapping_names_the_member(tree: object, message: str) -> None:
    with pytest.raises(MappingError) as raised:
        read_mapping(tree)
    assert message in str(raised.value)


def test_the_columns_that_a_mapping_needs() -> None:
    assert {"Name", "Off", "Quantity", "Item", "Note"} <= MAPPING.columns
    assert "#" not in MAPPING.columns
    assert MAPPING.columns_of(MONEY) == {"Total", "Price", "Off"}


def test_the_number_of_a_line_is_an_id_where_a_column_has_none() -> None:
    mapping = overridden(MAPPING, {"line": {"external_id": {"column": "SKU", "default": "{#}"}}})
    lines = convert(mapping, [FIRST, SECOND | {"SKU": ""}], OPTIONS).tree["lines"]

    assert [each["external_id"] for each in lines] == ["m-1", "2"]


def test_a_template_of_blank_columns_is_no_value() -> None:
    mapping = overridden(MAPPING, {"order": {"create_time": {"template": "{Created} {Note}:00"}}})
    converted = convert(mapping, [FIRST | {"Created": "", "Note": ""}], OPTIONS)
    assert (converted.faults, "create_time" in converted.tree) == ((), False)


@pytest.mark.parametrize("cell", ["PAID", " Paid ", "paid"])
def test_a_lookup_ignores_the_case_of_values(cell: str) -> None:
    source = {"column": "State", "lookup": {"Paid": "delivered"}}
    mapping = overridden(MAPPING, {"order": {"status": source}})
    assert convert(mapping, [FIRST | {"State": cell}], OPTIONS).tree["status"] == "delivered"


def test_the_columns_of_a_line_are_added_and_those_of_discounts_subtracted() -> None:
    source = {"sum": ["Price", "Wrap"], "less": ["Off"], "divide_by": "Quantity"}
    mapping = overridden(MAPPING, {"line": {"final_price_per_item": source}})
    for off in ("10,50", "-10,50"):
        row = SECOND | {"Wrap": "8,00", "Off": off}
        converted = convert(mapping, [row], OPTIONS)
        assert converted.tree["lines"][0]["final_price_per_item"] == "127"
        assert converted.source_of["/lines/0/final_price_per_item"] == "columns Price, Wrap"


def test_amounts_in_cents_are_divided_by_a_number() -> None:
    mapping = overridden(MAPPING, {"order": {"total_price": {"column": "Total", "divide_by": 100}}})
    assert convert(mapping, [FIRST | {"Total": "1990"}], OPTIONS).tree["total_price"] == "19.9"


def test_a_problem_names_the_column_of_the_discount() -> None:
    [fault] = convert(MAPPING, [FIRST | {"Off": "ten"}], OPTIONS).faults
    assert fault.message.startswith('column "Off" must be an amount')
    assert fault.message.endswith('got "ten"')


@pytest.mark.parametrize(("kind", "lines"), [("0", 0), ("1", 1), ("", 1)])
def test_a_row_is_no_line_by_the_value_of_a_column(kind: str, lines: int) -> None:
    line_if = {"column": "Kind", "is_not": ["0"]}
    mapping = read_mapping({"group_by": "A", "line_if": line_if, "order": {}, "line": {}})
    assert len(convert(mapping, [{"Kind": kind}], OPTIONS).tree["lines"]) == lines


def test_the_amounts_of_all_rows_are_added_exactly() -> None:
    mapping = overridden(MAPPING, {"order": {"total_price": {"sum": ["Price", "Off"]}}})
    converted = convert(mapping, [FIRST, SECOND], OPTIONS)

    assert converted.faults == ()
    assert converted.tree["total_price"] == "1021"


def test_an_amount_that_cannot_be_added_is_a_problem() -> None:
    mapping = overridden(MAPPING, {"order": {"total_price": {"sum": ["Email"]}}})
    [fault] = convert(mapping, [FIRST], OPTIONS).faults

    assert fault.pointer == "/total_price"
    assert fault.message.startswith('column "Email" must be an amount')


def test_the_first_of_equal_words_of_a_lookup_counts() -> None:
    status = {"column": "State", "lookup": {"Paid": "completed", "PAID": "new"}}
    mapping = overridden(MAPPING, {"order": {"status": status}})

    for sent, read in {"paid": "completed", "PAID": "new", "pAID": "completed"}.items():
        assert convert(mapping, [FIRST | {"State": sent}], OPTIONS).tree["status"] == read


def test_a_mapping_is_read_once_for_a_file() -> None:
    read: list[FileOptions] = []

    def mapping_of(options: FileOptions) -> ColumnMapping:
        read.append(options)
        return MAPPING

    latest = LatestOrders(mapping_of)
    other = FileOptions("shop_csv", decimal_comma=False)
    found = [latest.of(OPTIONS).convert([FIRST, SECOND]).tree for _ in range(2)]
    assert found == [convert(MAPPING, [FIRST, SECOND], OPTIONS).tree] * 2
    assert latest.of(other) is latest.of(other)
    assert read == [OPTIONS, other]


def test_the_problems_of_a_member_are_together() -> None:
    mapping = read_mapping(
        {
            "group_by": "Id",
            "order": {"total_price": "Sum", "currency": "Currency"},
            "line": {"sku": "Sku"},
        }
    )
    rows = [{"Id": "1", "Sum": "x", "Currency": "EUR"}, {"Id": "1", "Sum": "y", "Currency": "USD"}]
    found = convert(mapping, rows, OPTIONS).faults
    assert [each.path for each in found] == [("total_price",), ("total_price",), ("currency",)]
