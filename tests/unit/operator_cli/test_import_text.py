"""The text of a preview and of an import."""

from pathlib import Path

import pytest

from operator_cli.import_reports import ImportReport
from operator_cli.import_text import file_lines, preview_lines, result_lines
from orders.domain.import_jobs import Counts

COUNTS = Counts(created=1, failed=2, unprocessed=4)
ONE = ImportReport(Counts(failed=1))


@pytest.mark.parametrize("stem", ["orders", "orders.failed", "orders.success.unprocessed.2"])
@pytest.mark.parametrize("end", [".csv", ".2.csv", ".jsonl.gz", ""])
def test_each_result_file_has_its_own_count(stem: str, end: str) -> None:
    names = [Path(f"{stem}.{kind}{end}") for kind in ("success", "failed", "unprocessed")]
    assert list(file_lines(names, COUNTS)) == [
        f"{names[0]}  1 order",
        f"{names[1]}  2 orders",
        f"{names[2]}  4 orders",
    ]


def test_one_order_is_not_a_plural() -> None:
    assert next(preview_lines(ONE, skip_triggers=True)).startswith("Preview of 1 order. ")
    assert next(result_lines(ONE)) == "Imported 0 of 1 order."
