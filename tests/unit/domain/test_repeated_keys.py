"""Keys that are in a file more than once are found, in little memory."""

import sys

from hypothesis import given
from hypothesis import strategies as st

from orders.domain.repeated_keys import RepeatedKeys

_KEYS = st.lists(st.text(st.characters(exclude_categories=()), max_size=3))


@given(_KEYS)
def test_the_first_row_of_a_key_is_known(keys: list[str]) -> None:
    table = RepeatedKeys()
    first: dict[str, int] = {}
    for row, key in enumerate(keys, 1):
        assert table.first_row(key, row) == first.get(key)
        first.setdefault(key, row)


def test_many_keys_take_little_memory() -> None:
    table = RepeatedKeys()
    count = 200_000
    assert not any(table.first_row(str(row), row) for row in range(1, count))
    parts = [part for each in table._tables for part in (each.hashes, each.rows)]  # noqa: SLF001
    assert sum(map(sys.getsizeof, parts)) < 32 * count
    assert table.first_row("77", count) == 77
