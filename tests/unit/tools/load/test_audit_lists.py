"""The audit of lists finds every kind of difference, and reports none for correct pages."""

from dataclasses import replace

import pytest

from tools.load.audit_lists import Page, ReadList, Row, Wanted, list_differences

ROWS = [Row(number, f"order {number}", 1) for number in range(1, 6)]
WANTED = Wanted(ROWS)


def pages_of(*rows: Row, limit: int = 2, total: int | None = 5) -> list[Page]:
    return [Page(limit, rows[start : start + limit], total) for start in range(0, len(rows), limit)]


def kinds(pages: list[Page], wanted: Wanted = WANTED) -> set[str]:
    read = ReadList("north", "orders by id", pages)
    return {each.kind for each in list_differences(read, wanted)}


def test_a_list_with_exactly_the_orders_has_no_differences() -> None:
    assert kinds(pages_of(*ROWS)) == set()
    assert kinds([Page(2, [], 0)], Wanted([])) == set()
    assert kinds([*pages_of(*ROWS[:4], total=4), Page(2, [], 4)], Wanted(ROWS[:4])) == set()


def test_a_missing_order_is_found() -> None:
    assert kinds(pages_of(*ROWS[:2], *ROWS[3:])) == {"not listed"}


def test_an_order_that_is_listed_twice_is_found() -> None:
    assert kinds(pages_of(*ROWS[:2], ROWS[1], *ROWS[2:])) == {"listed twice"}


@pytest.mark.parametrize(
    "row",
    [
        replace(ROWS[2], version=2),
        replace(ROWS[2], external_id="former"),
        replace(ROWS[2], is_deleted=True),
    ],
)
def test_an_order_in_another_version_or_with_another_id_is_found(row: Row) -> None:
    assert kinds(pages_of(*ROWS[:2], row, *ROWS[3:])) == {"wrongly listed"}


def test_an_order_that_is_not_in_the_table_is_found() -> None:
    assert kinds(pages_of(*ROWS, Row(6, "order 6", 1))) == {"wrongly listed"}


def test_orders_in_another_sequence_are_found() -> None:
    swapped = pages_of(ROWS[0], ROWS[2], ROWS[1], *ROWS[3:])
    assert kinds(swapped) == {"sequence"}
    assert kinds(swapped, replace(WANTED, is_sorted=False)) == set()


def test_a_short_page_before_the_last_one_is_found() -> None:
    first, second, last = pages_of(*ROWS)
    short = [first, replace(second, rows=ROWS[2:3]), replace(last, rows=ROWS[3:])]
    assert kinds(short) == {"page size"}
    assert kinds([first, Page(2, [], 5), *pages_of(*ROWS[2:])]) == {"page size"}


def test_a_page_with_more_orders_than_its_limit_is_found() -> None:
    assert kinds([Page(4, ROWS, 5)]) == {"page size"}


@pytest.mark.parametrize("total", [4, 6, None])
def test_a_wrong_or_missing_total_is_found(total: int | None) -> None:
    assert kinds(pages_of(*ROWS, total=total)) == {"total"}


def test_a_total_is_without_deleted_orders() -> None:
    rows = [*ROWS[:4], replace(ROWS[4], is_deleted=True)]
    assert kinds(pages_of(*rows, total=4), Wanted(rows)) == set()
    assert kinds(pages_of(*rows, total=5), Wanted(rows)) == {"total"}


def test_a_list_without_totals_may_not_have_one() -> None:
    assert kinds(pages_of(*ROWS, total=None), Wanted(ROWS, counted=False)) == set()
