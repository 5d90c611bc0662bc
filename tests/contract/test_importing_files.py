"""The page about files agrees with the formats and the limits."""

import io
import re
from pathlib import Path

import pytest
import yaml

from orders.domain.import_jobs import (
    DEFAULT_STOP_ABOVE_PERCENT,
    MAX_CHUNK_ORDERS,
    MAX_FILE_BYTES,
    MIN_JUDGED_ORDERS,
)
from orders.domain.problems import NOTHING_REPORTED, Code
from orders.domain.settings import Rulebook
from orders.domain.submissions import Rejection
from orders.file_formats.bounds import MAX_COLUMNS, MAX_KEPT_BYTES, MAX_RECORD_BYTES
from orders.file_formats.compression import JUDGED_FROM_BYTES, MAX_RATIO
from orders.file_formats.registry import NAMES, Registry
from orders.file_formats.table_format import RESULT_COLUMNS
from orders.protocols.altcraft.requests import LINE_MEMBERS, ORDER_MEMBERS
from orders.protocols.settings_document import SettingsDocument
from tests.support.template_tables import load_template

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "importing-files.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
SETTINGS = ROOT / "examples" / "demo" / "settings.yaml"
RULES = Rulebook.of(
    SettingsDocument.model_validate(yaml.safe_load(SETTINGS.read_text(encoding="utf-8"))).settings()
)
WORDS = " ".join(PAGE.split())
EXAMPLES = {
    media: re.findall(rf"```{media}\n(.*?)```", PAGE, re.DOTALL)[0].encode()
    for media in ("csv", "json", "xml")
}
FORMATS = {"csv": "altcraft_csv", "json": "json_lines", "xml": "altcraft_xml"}
# Members that have columns of their own kind, or none.
_NESTED = {"lines", "custom_fields"}


def _outcomes(data: bytes) -> tuple[str, dict[str | None, list[str]]]:
    """Return the format of a file, and the codes of the problems of its orders by external id."""
    registry = Registry()
    options = registry.detect("orders", data)
    found = registry.open(io.BytesIO(data), options)
    records = list(found.records)
    orders = registry.sent_orders(records, found.frame, options, skip_triggers=True)
    checked = [(each.external_id, each.submit(RULES, NOTHING_REPORTED)) for each in orders]
    return options.format, {
        external_id: [each.code for each in order.problems] if isinstance(order, Rejection) else []
        for external_id, order in checked
    }


@pytest.mark.parametrize("media", FORMATS)
def test_an_example_is_a_valid_file_of_its_format(media: str) -> None:
    expected: dict[str | None, list[str]] = {"1001": []}
    if media == "csv":
        expected["1002"] = []
    assert _outcomes(EXAMPLES[media]) == (FORMATS[media], expected)


def test_the_demo_file_has_three_orders_with_one_mistake() -> None:
    data = (ROOT / "examples" / "demo" / "orders.csv").read_bytes()
    outcomes = {"2001": [], "2002": [], "2003": [Code.UNKNOWN_CURRENCY]}
    assert _outcomes(data) == ("altcraft_csv", outcomes)
    assert "three orders, one of them with a mistake" in README


def test_every_format_is_listed() -> None:
    assert [name for name in NAMES if f"| `{name}` |" not in PAGE] == []


def test_the_columns_are_the_members_of_orders_and_lines() -> None:
    of_order, of_line = (
        set(re.findall(r"`(\w+)`", row))
        for row in re.findall(
            r"^\| of (?:the order|a line, after `line\.`) \| (.*) \|$", PAGE, re.MULTILINE
        )
    )
    assert of_order == set(ORDER_MEMBERS) - _NESTED
    assert of_line == set(LINE_MEMBERS) - _NESTED


def test_the_added_columns_are_named() -> None:
    assert [name for name in RESULT_COLUMNS if f"column `{name}`" not in PAGE] == []


@pytest.mark.parametrize(
    "sentence",
    [
        f"| {MAX_FILE_BYTES // 1024**3} GB |",
        (
            f"| {MAX_RECORD_BYTES // 1024**2} MB; a longer one fails alone, "
            f"one of more than {MAX_KEPT_BYTES // 1024**2} MB ends the import |"
        ),
        f"| {MAX_COLUMNS:,} |",
        f"| at most {MAX_RATIO} to 1 after the first {JUDGED_FROM_BYTES // 1024**2} MB |",
        f"If more than {DEFAULT_STOP_ABOVE_PERCENT} percent of the orders fail",
        f"It judges from {MIN_JUDGED_ORDERS} orders on.",
    ],
)
def test_the_limits_are_those_of_the_code(sentence: str) -> None:
    assert sentence in WORDS


def test_the_page_agrees_with_the_stack() -> None:
    stack = load_template()
    concurrency = stack["Parameters"]["ImportConcurrency"]["Default"]
    assert (concurrency, MAX_CHUNK_ORDERS) == (2, 500)
    assert "each works on two chunks of 500 orders at once" in WORDS
    rules = stack["Resources"]["ImportFilesBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    [kept] = [each["ExpirationInDays"] for each in rules if "ExpirationInDays" in each]
    aborted = [each.get("AbortIncompleteMultipartUpload") for each in rules]
    assert f"| {kept} days, then they are deleted |" in WORDS
    assert {"DaysAfterInitiation": 2} in aborted
    assert "| an upload | 2 days |" in WORDS
