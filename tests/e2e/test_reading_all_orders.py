"""All orders of an account are read through the deployed stack, while other clients write."""

from tools.load.process_orders import process_run
from tools.load.reads import audit_reads
from tools.local_stack.stack import LocalStack

# `python -m tools.load --process 25000` does the same with more orders.
ORDERS = 2000
FEW_ORDERS = 120


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


def test_all_lists_changes_and_histories_are_complete_after_concurrent_writes(
    stack: LocalStack,
) -> None:
    run = process_run(stack, "audited")
    assert run(FEW_ORDERS).differences == []
    reads = audit_reads(stack, [run.shop], limit=50)
    assert reads.differences == []
    assert reads.compared["lists read to their end"] == "10"
