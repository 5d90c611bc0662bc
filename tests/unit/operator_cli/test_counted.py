"""Counts with their nouns."""

import pytest

from operator_cli.counted import counted


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 orders"), (1, "1 order"), (2, "2 orders"), (1234, "1,234 orders")]
)
def test_only_one_has_a_noun_without_an_s(number: int, text: str) -> None:
    assert counted(number, "order") == text
