import pytest

from orders.file_formats.cells import plain_amount


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("12,50", "12.50"),
        ("1.234,50", "1234.50"),
        ("1 234,50", "1234.50"),
        ("1.234", "1234"),
        ("1234", "1234"),
        ("12.50", "12.50"),
        ("1.23.456", "1.23.456"),
        ("1,5,0", "1,5,0"),
    ],
)
def test_a_decimal_comma_never_multiplies_an_amount(cell: str, amount: str) -> None:
    assert plain_amount(cell, decimal_comma=True) == amount
