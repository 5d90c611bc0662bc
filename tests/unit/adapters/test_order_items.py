"""An order is read from its item exactly as it was written."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.adapters.order_items import (
    OPTIONAL_ATTRIBUTES,
    order_item,
    read_order,
    tombstone_item,
)
from orders.domain.fulfilment import Fulfilment
from orders.domain.order import Order
from orders.domain.triggers import trigger_of

TIMES = st.datetimes(timezones=st.just(UTC))
BEGUN = Order(
    "demo",
    "A",
    7,
    1,
    "delivered",
    "altcraft",
    "{}",
    datetime(2026, 1, 2, tzinfo=UTC),
    datetime(2026, 1, 2, tzinfo=UTC),
    "request",
)


@given(
    st.builds(
        Order,
        account=st.just("demo"),
        external_id=st.text(min_size=1),
        order_id=st.integers(1, 2**53 - 1),
        version=st.integers(1),
        status=st.text(min_size=1),
        protocol=st.sampled_from(["altcraft", "commercetools"]),
        document=st.text(),
        created_at=TIMES,
        updated_at=TIMES,
        request_id=st.text(),
        update_time=st.none() | TIMES,
        fulfilment=st.sampled_from(Fulfilment),
        endpoint=st.none() | st.text(min_size=1),
        defaults=st.text(),
    )
)
def test_the_written_form_is_read_back(order: Order) -> None:
    assert read_order("demo", order_item(order, None)) == order


@pytest.mark.parametrize("name", OPTIONAL_ATTRIBUTES)
def test_absent_values_are_not_stored(name: str) -> None:
    assert name not in order_item(BEGUN, None)


def test_a_tombstone_outlives_every_record_of_the_stream() -> None:
    item = tombstone_item(BEGUN, trigger_of(None, BEGUN))
    kept = datetime.fromtimestamp(int(item["expires_at"]["N"]), UTC) - BEGUN.updated_at
    assert kept == timedelta(days=2)
