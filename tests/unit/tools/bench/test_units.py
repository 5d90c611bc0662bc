from typing import Any

import pytest

from tools.bench.units import index_writes

OLD, NEW = {"changed_at": {"S": "1"}}, {"changed_at": {"S": "2"}}


@pytest.mark.parametrize(
    ("before", "after", "writes"), [({}, {}, 0), ({}, NEW, 1), (OLD, NEW, 2), (OLD, OLD, 0)]
)
def test_another_key_in_a_secondary_index_is_two_writes(
    before: dict[str, Any], after: dict[str, Any], writes: int
) -> None:
    assert index_writes(before, after) == writes
