"""Result files have the extension of the file that they are like."""

import pytest

from orders.domain.file_records import FileOptions
from orders.domain.import_jobs import FileInfo, extension_of
from tests.support.import_jobs import import_job


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        ("orders.csv", ".csv"),
        ("Orders.CSV.gz", ".csv"),
        ("orders.2026.xml.zip", ".xml"),
        # A name may be anything: what is no extension is not used.
        ('orders.a"b', ".jsonl"),
        ("orders.gz", ".jsonl"),
        ("orders", ".jsonl"),
    ],
)
def test_the_extension_is_that_of_the_file_without_its_compression(
    name: str, extension: str
) -> None:
    job = import_job(file=FileInfo(name, 1), options=FileOptions("json_lines"))
    assert extension_of(job) == extension


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        ("altcraft_csv", ".csv"),
        ("altcraft_xml", ".xml"),
        ("commerceml", ".xml"),
        ("json_array", ".json"),
        ("json_lines", ".jsonl"),
        ("amazon_orders", ".txt"),
    ],
)
def test_a_file_without_an_extension_has_that_of_its_format(name: str, extension: str) -> None:
    job = import_job(file=FileInfo("orders.zip", 1), options=FileOptions(name))
    assert extension_of(job) == extension


def test_an_undo_of_a_job_without_a_file_has_an_extension() -> None:
    assert extension_of(import_job(file=None, options=None)) == ".txt"
