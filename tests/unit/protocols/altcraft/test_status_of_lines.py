import pytest

from orders.domain.settings import LineStatusType
from orders.protocols.altcraft.states import ORDER_STATUSES, fulfilment_of, status_of_lines

IN_PROCESS, DELIVERED = LineStatusType.IN_PROCESS, LineStatusType.DELIVERED
CANCELED, REFUNDED = LineStatusType.CANCELED, LineStatusType.REFUNDED


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ([DELIVERED, DELIVERED], "delivered"),
        ([CANCELED, CANCELED], "canceled"),
        ([DELIVERED, CANCELED], "delivered"),
        ([REFUNDED, DELIVERED], "part_refunded"),
        ([REFUNDED, IN_PROCESS], "part_refunded"),
        ([REFUNDED, REFUNDED], "part_refunded"),
        ([IN_PROCESS, DELIVERED], None),
        ([IN_PROCESS, CANCELED], None),
        ([IN_PROCESS], None),
        ([], None),
    ],
)
def test_the_status_of_an_order_follows_from_its_lines(
    types: list[LineStatusType], expected: str | None
) -> None:
    derived = status_of_lines(types)
    assert (derived.status if derived else None) == expected
    if derived:
        assert derived.status in ORDER_STATUSES
        assert derived.fulfilment is fulfilment_of(derived.status)
