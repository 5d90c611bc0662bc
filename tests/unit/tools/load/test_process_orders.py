"""A reading of all orders must have each order that was committed before, once."""

from tools.load.process_orders import Read, reading_differences


def kinds(orders: list[int], deleted: set[int] = frozenset()) -> list[str]:  # type: ignore[assignment]
    read = Read(orders, [len(orders)], [1])
    return [each.kind for each in reading_differences("shop", [1, 2, 3], deleted, read)]


def test_orders_that_were_imported_or_deleted_meanwhile_may_be_read_or_not() -> None:
    assert kinds([1, 2, 3]) == []
    assert kinds([1, 2, 3, 4]) == []
    assert kinds([1, 3], {2}) == []
    assert kinds([1, 2, 3], {2}) == []


def test_a_committed_order_that_was_not_read_is_found() -> None:
    assert kinds([1, 3]) == ["not read"]


def test_an_order_that_was_read_twice_is_found() -> None:
    assert kinds([1, 2, 3, 2]) == ["read twice"]
    assert kinds([1, 2, 3, 4, 4], {2}) == ["read twice"]
