"""All orders of an account are read through the deployed stack, while other clients write."""

from collections.abc import Iterator

import pytest
from ya_market_api.order.dataclass import OrderGetRequest, OrderListRequest
from ya_market_api.sync_api import SyncAPI

from tools.load.process_orders import Read, process_run
from tools.load.reads import audit_reads
from tools.local_stack.stack import LocalStack

# `python -m tools.load --process 25000` does the same with more orders.
ORDERS = 2000
FEW_ORDERS = 120
PAGE = 20


def test_process_of_the_typescript_sdk_reads_every_order_once(stack: LocalStack) -> None:
    measured = process_run(stack, "reader")(ORDERS)
    meanwhile = measured.meanwhile
    assert measured.committed == ORDERS
    assert measured.differences == []
    assert min(meanwhile.imported, meanwhile.renamed, meanwhile.moved) > 0
    assert meanwhile.deleted
    *full, last = measured.read.page_counts
    assert set(full) == {500}
    assert last <= 500


@pytest.mark.filterwarnings("ignore:Function .* is deprecated:DeprecationWarning")
def test_ya_market_api_reads_every_order_once(stack: LocalStack) -> None:
    run = process_run(stack, "pythonic")
    api = SyncAPI.build(
        api_key=run.shop.token,
        base_url=run.base_url,
        business_id=run.shop.business_id,
        campaign_id=run.shop.campaign_id,
    )
    measured = run.measured(FEW_ORDERS, lambda: _read_with(api))
    meanwhile = measured.meanwhile
    assert measured.committed == FEW_ORDERS
    assert measured.differences == []
    assert min(meanwhile.imported, meanwhile.renamed, meanwhile.moved) > 0
    assert meanwhile.deleted
    *full, last = measured.read.page_counts
    assert set(full) == {PAGE}
    assert last <= PAGE
    for order_id in set(measured.read.orders[::10]) - meanwhile.deleted:
        shown = api.order.get_order(OrderGetRequest(order_id=order_id)).order
        assert shown is not None
        assert shown.id == order_id


def _read_with(api: SyncAPI) -> Read:
    """List all orders with the unmodified client."""
    orders: list[int] = []
    sizes: list[int] = []
    for page in _pages(api):
        orders += page
        sizes.append(len(page))
    return Read(orders, sizes, ())


def _pages(api: SyncAPI) -> Iterator[list[int]]:
    token: str | None = None
    while True:
        listed = api.order.get_order_list(OrderListRequest(limit=PAGE, page_token=token))
        yield [order.order_id for order in listed.orders]
        token = listed.paging.next_page_token if listed.paging else None
        if token is None:
            return


def test_all_lists_changes_and_histories_are_complete_after_concurrent_writes(
    stack: LocalStack,
) -> None:
    run = process_run(stack, "audited")
    assert run(FEW_ORDERS).differences == []
    reads = audit_reads(stack, [run.shop], limit=50)
    assert reads.differences == []
    assert reads.compared["lists read to their end"] == "11"
