"""Rows of an export: no cell is a formula, and what was exported can be read back."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operator_cli.export_rows import COLUMNS, csv_row, harmless, header, json_row, original
from tests.support.hub_worlds import memory_world

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "'=1", "''-1")
HARMLESS = ("1001", "a=b", "'a", "", "№ 1", " =1")


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_begins_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", HARMLESS)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text == original(text)


@given(st.text() | st.sampled_from(FORMULAS) | st.from_regex("'*[=+@\t\r\n-].*"))
def test_a_harmless_text_can_be_read_back(text: str) -> None:
    assert original(harmless(text)) == text
    assert harmless(text)[:1] not in {"=", "+", "-", "@", "\t", "\r"}


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20))
def test_every_external_id_survives_csv(external_id: str) -> None:
    world = memory_world()
    world.create("A")
    order = {**world.reads.order_named("A"), "external_id": external_id}  # type: ignore[dict-item]
    text = (header() + csv_row(order)).decode()
    [row] = csv.DictReader(io.StringIO(text, newline=""))
    assert original(row["external_id"]) == external_id


def test_a_csv_row_has_the_documented_columns() -> None:
    world = memory_world()
    stored = world.create("=A", status="paid", total_price="-5")
    order = world.reads.order_named("=A")
    assert order is not None
    text = (header() + csv_row(order)).decode()
    [row] = csv.DictReader(io.StringIO(text, newline=""))
    assert tuple(row) == COLUMNS
    assert (row["external_id"], row["status"], row["lines"]) == ("'=A", "paid", "1")
    assert (row["total_price"], row["update_time"]) == ("-5", "")
    assert (row["order_id"], row["digest"]) == (str(stored.order_id), stored.digest)
    assert row["fulfilment_status"] == order["fulfilment"]["status"]


def test_a_json_row_is_the_order_of_the_api_with_all_digits() -> None:
    world = memory_world()
    world.create("A", points=9007199254740993)
    order = world.reads.order_named("A")
    assert order is not None
    line = json_row(order)
    assert line.count(b"\n") == 1
    assert json.loads(line)["document"]["points"] == 9007199254740993
