"""Rules for external ids, account names and client ids."""

import pytest

from orders.domain.identifiers import is_account, is_client_id, is_external_id


@pytest.mark.parametrize(
    "name", ["1", "№ 17/я", " padded ", "a" * 255, "я" * 255, "😀" * 128, "A#1", "a\u00a0b"]
)
def test_any_short_text_is_a_valid_external_id(name: str) -> None:
    assert is_external_id(name)


@pytest.mark.parametrize(
    "name", ["", "a" * 256, "я" * 257, "😀" * 129, "a\nb", "a\x00", "a\x7f", "a\x85", "\ud800"]
)
def test_an_external_id_beyond_the_limits_is_invalid(name: str) -> None:
    assert not is_external_id(name)


@pytest.mark.parametrize("name", ["demo", "a1", "shop_2-eu", "1shop", "a" * 36])
def test_an_account_name_fits_in_a_path_segment(name: str) -> None:
    assert is_account(name)
    assert is_client_id(name)


@pytest.mark.parametrize("name", ["", "a", "a" * 37, "Demo", "_a", "-a", "a#b", "a/b", "a b", "я1"])
def test_other_account_names_are_invalid(name: str) -> None:
    assert not is_account(name)
    assert not is_client_id(name)


@pytest.mark.parametrize(
    "name", ["api", "campaigns", "v2", "oauth", "docs", "console", "hub", "openapi.json"]
)
def test_the_first_path_segments_of_the_api_are_reserved(name: str) -> None:
    assert not is_account(name)
