import pytest

from orders.domain.file_records import FileOptions
from orders.domain.problems import Code
from orders.file_formats.mappings import MappingError, convert, overridden, read_mapping

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
    "Quantity": "3",
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
            {
                "external_id": "#1-2",
                "sku": "cup",
                "count": "3",
                "final_price_per_item": "166.66666667",
            },
        ],
    }
    assert converted.source_of["/lines/1/final_price_per_item"] == "column Price"


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
        ({"group_by": "A", "line_if": {"is": []}, "order": {}, "line": {}}, "have column and is"),
        (
            {"group_by": "A", "line_if": {"column": "B", "not": 1}, "order": {}, "line": {}},
            "have column and is",
        ),
        (
            {"group_by": "A", "line_if": {"column": "B", "is": [1]}, "order": {}, "line": {}},
            "line_if.is must be the text",
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
